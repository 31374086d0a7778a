// Bytes of the heap that one end of a TLS connection holds while it waits to read. The cost of a case is that
// number; nothing is timed.
#include <tidewire/core.hpp>
#include <tidewire/tls/stream.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "measure.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::benchmarks;

constexpr std::size_t idle_connections = 200;

double idle_with_tidewire() {
  const tls::server_context server(server_identity());
  tls::client_context client;
  client.accept_any_certificate_dangerous().sessions(nullptr);
  const auto all = [&]() -> task<double> {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    tls::client_options how;
    how.context = &client;
    std::vector<tls::stream> streams;
    streams.reserve(2 * idle_connections + 2);
    const auto accepting = [&]() -> task<tls::stream> {
      tidewire::stream plain = co_await listener.accept();
      co_return co_await tls::accept(std::move(plain), server);
    };
    const auto reading = [](tls::stream& from) -> task<> {
      std::array<char, 1> byte{};
      (void)co_await as_result(from.read_some(byte));
    };
    double each = 0;
    const auto body = [&](task_group& readers) -> task<> {
      double before = 0;
      for (std::size_t i = 0; i <= idle_connections; ++i) {
        // The first brings what all share.
        if (i == 1) before = bytes_in_use();
        auto [near, far] =
            co_await when_all(tls::connect("127.0.0.1", listener.local_endpoint().port(), how), accepting());
        streams.push_back(std::move(near));
        readers.spawn(reading(streams.back()));
        streams.push_back(std::move(far));
        readers.spawn(reading(streams.back()));
      }
      co_await sleep_for(std::chrono::seconds(3));
      each = (bytes_in_use() - before) / (2.0 * idle_connections);
      for (tls::stream& open : streams) open.close();
    };
    co_await with_group(body);
    co_return each;
  };
  return run(all(), {.handle_signals = false});
}

void idle(benchmark::State& state) {
  for (auto _ : state) {
    state.counters["cost"] = idle_with_tidewire();
    state.SetIterationTime(1e-9);
    state.SetLabel("bytes");
  }
}

BENCHMARK(idle)->Name("tls/idle/ours")->UseManualTime()->Iterations(1);

}  // namespace
