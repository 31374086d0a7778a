// The server as README shows it, with an end.
#include <tidewire/core.hpp>

#include <array>

#include "echo_load.hpp"
#include "echo_servers.hpp"

namespace tidewire::benchmarks {
namespace {

task<> echo(tcp::stream peer) {
  std::array<std::byte, 16 * 1024> buffer;
  while (const std::size_t n = co_await peer.read_some(buffer)) {
    co_await peer.write(std::span(buffer).first(n));
  }
}

task<double> serve_until_closed(std::size_t connections, const on_listening& listening) {
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  listening(listener.local_endpoint().port());
  double start = 0;
  co_await with_group([&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < connections; ++i) {
      tcp::stream peer = co_await listener.accept();
      group.spawn(echo(std::move(peer)));
    }
    start = thread_cpu_seconds();
  });
  co_return thread_cpu_seconds() - start;
}

}  // namespace

double serve_with_tidewire(std::size_t connections, const on_listening& listening) {
  return run(serve_until_closed(connections, listening), {.handle_signals = false});
}

}  // namespace tidewire::benchmarks
