#include <tidewire/core/run.hpp>
#include <tidewire/core/tcp.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>

tidewire::task<> talk(std::uint16_t port) {
  const tidewire::endpoint to(tidewire::ip_address::loopback_v4(), port);
  tidewire::tcp::stream peer = co_await tidewire::tcp::connect(to);
  co_await peer.write("hello\n");
  const std::string line = co_await peer.read_line();
  std::puts(line.c_str());
}

int main(int, char** argv) try {
  tidewire::run(talk(static_cast<std::uint16_t>(std::atoi(argv[1]))));
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
