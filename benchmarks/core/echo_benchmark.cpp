// CPU that a server uses per message of 64 bytes, in nanoseconds. The load runs on another thread.
#include <benchmark/benchmark.h>

#include <atomic>
#include <future>
#include <thread>

#include "echo_load.hpp"
#include "echo_servers.hpp"

namespace {

using namespace tidewire::benchmarks;

using server = double (*)(std::size_t, const on_listening&);

void echo(benchmark::State& state, server serve, std::size_t connections) {
  constexpr std::size_t messages = 60'000;
  for (auto _ : state) {
    std::promise<std::uint16_t> port;
    double used = 0;
    std::thread serving([&] { used = serve(connections, [&](std::uint16_t at) { port.set_value(at); }); });
    const long wrong = exchange(port.get_future().get(), connections, messages);
    serving.join();
    if (wrong != 0) return state.SkipWithError("wrong answer");
    state.SetIterationTime(used / static_cast<double>(messages));
  }
}

void add(const char* name, server serve, std::size_t connections) {
  benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { echo(state, serve, connections); })
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kNanosecond);
}

[[maybe_unused]] const bool added = [] {
  add("core/echo/50/ours", serve_with_tidewire, 50);
  add("core/echo/50/epoll", serve_with_epoll, 50);
  add("core/echo/50/asio", serve_with_asio_coroutines, 50);
  add("core/echo/500/ours", serve_with_tidewire, 500);
  add("core/echo/500/epoll", serve_with_epoll, 500);
  add("core/echo/500/asio", serve_with_asio_coroutines, 500);
  return true;
}();

}  // namespace
