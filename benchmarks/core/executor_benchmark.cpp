// What tasks cost that only compute: start one, pass a value on, move a deadline.
#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/steady_timer.hpp>
#include <benchmark/benchmark.h>

#include <array>

namespace {

using namespace tidewire;
using namespace std::chrono_literals;
using executor_type = asio::io_context::executor_type;
using token_type = asio::use_awaitable_t<executor_type>;

constexpr std::size_t rounds = 20'000;

// --- spawn: a child that ends at once, joined ---

void spawn_ours(benchmark::State& state) {
  std::size_t ran = 0;
  const auto child = [&]() -> task<> {
    ++ran;
    co_return;
  };
  const auto all = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < rounds; ++i) {
        group.spawn(child());
        if (i % 64 == 63) co_await yield();
      }
    });
  };
  for (auto _ : state) run(all(), {.handle_signals = false});
  if (ran != rounds * static_cast<std::size_t>(state.iterations())) state.SkipWithError("wrong answer");
}

void spawn_asio(benchmark::State& state) {
  std::size_t ran = 0;
  const auto child = [&]() -> asio::awaitable<void, executor_type> {
    ++ran;
    co_return;
  };
  for (auto _ : state) {
    asio::io_context context(1);
    const auto all = [&]() -> asio::awaitable<void, executor_type> {
      for (std::size_t i = 0; i < rounds; ++i) {
        asio::co_spawn(context.get_executor(), child(), asio::detached);
        if (i % 64 == 63) co_await asio::post(context.get_executor(), token_type());
      }
    };
    asio::co_spawn(context.get_executor(), all(), asio::detached);
    context.run();
  }
  if (ran != rounds * static_cast<std::size_t>(state.iterations())) state.SkipWithError("wrong answer");
}

// --- channel: one sends, one receives, at most 16 between them ---

void channel_ours(benchmark::State& state) {
  std::size_t sum = 0;
  const auto all = [&]() -> task<> {
    channel<std::size_t> between(16);
    const auto produce = [&]() -> task<> {
      for (std::size_t i = 1; i <= rounds; ++i) co_await between.send(i);
      between.close();
    };
    const auto consume = [&]() -> task<> {
      while (const auto value = co_await between.receive()) sum += *value;
    };
    co_await when_all(produce(), consume());
  };
  for (auto _ : state) run(all(), {.handle_signals = false});
  if (sum != rounds * (rounds + 1) / 2 * static_cast<std::size_t>(state.iterations())) {
    state.SkipWithError("wrong answer");
  }
}

void channel_asio(benchmark::State& state) {
  std::size_t sum = 0;
  for (auto _ : state) {
    asio::io_context context(1);
    asio::experimental::basic_channel<executor_type, asio::experimental::channel_traits<>,
                                      void(std::error_code, std::size_t)>
        between(context.get_executor(), 16);
    const auto produce = [&]() -> asio::awaitable<void, executor_type> {
      for (std::size_t i = 1; i <= rounds; ++i)
        co_await between.async_send(std::error_code(), i, token_type());
      between.close();
    };
    const auto consume = [&]() -> asio::awaitable<void, executor_type> {
      try {
        for (;;) sum += co_await between.async_receive(token_type());
      } catch (const std::system_error&) {  // closed
      }
    };
    asio::co_spawn(context.get_executor(), produce(), asio::detached);
    asio::co_spawn(context.get_executor(), consume(), asio::detached);
    context.run();
  }
  if (sum != rounds * (rounds + 1) / 2 * static_cast<std::size_t>(state.iterations())) {
    state.SkipWithError("wrong answer");
  }
}

// --- deadline: 64 connections, each of which moves its deadline at each operation ---

constexpr std::size_t deadlines = 64;

void deadline_ours(benchmark::State& state) {
  const auto all = [&]() -> task<> {
    const executor here = co_await this_executor();
    std::size_t expired = 0;
    const auto count = [&] { ++expired; };
    std::vector<std::unique_ptr<watchdog>> watched;
    for (std::size_t i = 0; i < deadlines; ++i) {
      watched.push_back(std::make_unique<watchdog>(here, 30s, count));
    }
    for (auto _ : state) {
      for (auto& each : watched) each->feed();
    }
    if (expired != 0) state.SkipWithError("wrong answer");
  };
  run(all(), {.handle_signals = false});
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(deadlines));
}

void deadline_asio(benchmark::State& state) {
  asio::io_context context(1);
  std::size_t expired = 0;
  std::vector<asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor_type>>
      timers;
  for (std::size_t i = 0; i < deadlines; ++i) timers.emplace_back(context.get_executor());
  for (auto _ : state) {
    for (auto& each : timers) {
      each.expires_after(30s);
      each.async_wait([&](const std::error_code& failed) { expired += failed ? 0 : 1; });
    }
    context.poll();  // the handlers of the waits that were given up
  }
  if (expired != 0) state.SkipWithError("wrong answer");
  for (auto& each : timers) each.cancel();
  context.restart();
  context.poll();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(deadlines));
}

BENCHMARK(spawn_ours)->Name("core/spawn/ours")->UseRealTime();
BENCHMARK(spawn_asio)->Name("core/spawn/asio")->UseRealTime();
BENCHMARK(channel_ours)->Name("core/channel/ours")->UseRealTime();
BENCHMARK(channel_asio)->Name("core/channel/asio")->UseRealTime();
BENCHMARK(deadline_ours)->Name("core/deadline/ours")->UseRealTime();
BENCHMARK(deadline_asio)->Name("core/deadline/asio")->UseRealTime();

}  // namespace
