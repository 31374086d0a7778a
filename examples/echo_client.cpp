// Sends each argument as a line and prints what comes back.
//
//   echo_client HOST PORT WORD...
#include <tidewire/core.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

tw::task<> talk(std::string host, std::uint16_t port, std::vector<std::string> words) {
  auto peer = co_await tw::tcp::connect(host, port, {.timeout = 5s});  // look-up and all
  for (const std::string& word : words) {
    co_await peer.write(word, "\n");
    const std::string line = co_await peer.read_line({.limit = 1024});
    std::puts(line.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) {
    std::fputs("usage: echo_client HOST PORT WORD...\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[2]));
  tw::run(tw::with_timeout(10s, talk(argv[1], port, {argv + 3, argv + argc})));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo_client: %s\n", e.what());
  return 1;
}
