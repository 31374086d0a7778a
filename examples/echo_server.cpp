// Sends back whatever comes, to any number of clients at a time. Who says nothing for a minute is sent away;
// Ctrl-C or SIGTERM ends it, when those who are there have gone.
//
//   echo_server [ADDRESS:PORT]        (default: 127.0.0.1, at a port that the system chooses)
#include <tidewire/core.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

tw::task<> echo(tw::tcp::stream peer) {
  std::array<std::byte, 16 * 1024> buffer;
  while (const std::size_t n = co_await peer.read_some(buffer)) {
    co_await peer.write(std::span(buffer).first(n));
  }
}

void log(const tw::connection_error& e) {  // is an end of that connection only
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(e.peer.size()), e.peer.data(),
               static_cast<int>(e.cause.size()), e.cause.data());
}

}  // namespace

int main(int argc, char** argv) try {
  auto listener = tw::tcp::listen(tw::endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:0").value());
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  return tw::run(tw::serve(std::move(listener), echo, {.idle_timeout = 1min, .on_error = log}));
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo_server: %s\n", e.what());
  return 1;
}
