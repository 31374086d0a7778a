// Sends back whatever comes, to any number of clients at a time, until it is interrupted.
//
//   echo_server [ADDRESS:PORT]        (default: 127.0.0.1, at a port that the system chooses)
#include <tidewire/core.hpp>

#include <array>
#include <cstdio>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

tw::task<> echo(tw::tcp::stream peer) {
  try {
    peer.set_timeout(1min);  // who says nothing for so long is sent away
    std::array<std::byte, 16 * 1024> buffer;
    while (const std::size_t n = co_await peer.read_some(buffer)) {
      co_await peer.write(std::span(buffer).first(n));
    }
  } catch (const tw::error& e) {  // is an end of this connection only
    std::fprintf(stderr, "%s\n", e.what());
  }
}

tw::task<> serve(tw::endpoint at) {
  auto listener = tw::tcp::listen(at);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  co_await tw::with_group([&](tw::task_group& connections) -> tw::task<> {
    for (;;) {
      co_await connections.wait_below(1000);
      connections.spawn(echo(co_await listener.accept()));
    }
  });
}

}  // namespace

int main(int argc, char** argv) try {
  tw::run(serve(tw::endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:0").value()));
} catch (const tw::error& e) {
  if (e.code() == tw::condition::canceled) return 0;  // SIGINT or SIGTERM
  std::fprintf(stderr, "echo_server: %s\n", e.what());
  return 1;
}
