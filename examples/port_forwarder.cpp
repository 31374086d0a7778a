// Listens at one port and carries every connection on to another host.
//
//   port_forwarder ADDRESS:PORT HOST PORT
#include <tidewire/core.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

// One way, up to the end of the stream, which is passed on as well.
tw::task<> carry(tw::tcp::stream& from, tw::tcp::stream& to) {
  std::array<std::byte, 64 * 1024> buffer;
  while (const std::size_t n = co_await from.read_some(buffer)) co_await to.write(std::span(buffer).first(n));
  co_await to.shutdown();
}

tw::task<> forward(tw::tcp::stream client, std::string host, std::uint16_t port) {
  auto server = co_await tw::tcp::connect(host, port, {.timeout = 10s});
  co_await tw::when_all(carry(client, server), carry(server, client));  // an error of one ends the other
}

void log(const tw::connection_error& e) {  // is an end of that connection only
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(e.peer.size()), e.peer.data(),
               static_cast<int>(e.cause.size()), e.cause.data());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: port_forwarder ADDRESS:PORT HOST PORT\n", stderr);
    return 2;
  }
  const std::string host = argv[2];
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[3]));
  auto listener = tw::tcp::listen(tw::endpoint::parse(argv[1]).value());
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  const auto handle = [=](tw::tcp::stream client) { return forward(std::move(client), host, port); };
  return tw::run(tw::serve(std::move(listener), handle, {.on_error = log}));
} catch (const std::exception& e) {
  std::fprintf(stderr, "port_forwarder: %s\n", e.what());
  return 1;
}
