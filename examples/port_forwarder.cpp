// Listens at one port and carries every connection on to another host.
//
//   port_forwarder ADDRESS:PORT HOST PORT
#include <tidewire/core.hpp>

#include <array>
#include <cstdio>
#include <string>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

// One way, up to the end of the stream, which is passed on as well.
tw::task<> carry(tw::tcp::stream& from, tw::tcp::stream& to) {
  std::array<std::byte, 64 * 1024> buffer;
  while (const std::size_t n = co_await from.read_some(buffer)) co_await to.write(std::span(buffer).first(n));
  co_await to.shutdown();
}

tw::task<> forward(tw::tcp::stream client, const std::string& host, std::uint16_t port) {
  try {
    auto server = co_await tw::tcp::connect(host, port, {.timeout = 10s});
    co_await tw::when_all(carry(client, server), carry(server, client));  // an error of one ends the other
  } catch (const tw::error& e) {
    std::fprintf(stderr, "%s\n", e.what());
  }
}

tw::task<> forward_all(tw::endpoint at, std::string host, std::uint16_t port) {
  auto listener = tw::tcp::listen(at);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  co_await tw::with_group([&](tw::task_group& connections) -> tw::task<> {
    for (;;) {
      co_await connections.wait_below(1000);
      connections.spawn(forward(co_await listener.accept(), host, port));
    }
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: port_forwarder ADDRESS:PORT HOST PORT\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[3]));
  tw::run(forward_all(tw::endpoint::parse(argv[1]).value(), argv[2], port));
} catch (const tw::error& e) {
  if (e.code() == tw::condition::canceled) return 0;  // SIGINT or SIGTERM
  std::fprintf(stderr, "port_forwarder: %s\n", e.what());
  return 1;
}
