#include <tidewire/core/group.hpp>
#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/reconnect.hpp>
#include <tidewire/core/run.hpp>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using testing::outcome_if_canceled_midway;

class counters final : public observer {
 public:
  std::map<std::string, std::size_t> all;

 private:
  void happened(time_point, severity, std::string_view event, attributes) noexcept override {
    ++all[std::string(event)];
  }
};

/// A server that can be gone: the ends of its connections, and how it answers those who connect.
struct world {
  std::vector<stream> servers;
  std::vector<duration> attempts;
  std::optional<std::error_code> refuses;
  counters told;
  virtual_clock clock;

  task<stream> connect() {
    attempts.push_back(clock.elapsed());
    co_await yield();
    if (refuses) throw error(failure(*refuses).during("connect to").with("the server"));
    auto [client, server] = memory_stream_pair();
    servers.push_back(std::move(server));
    co_return std::move(client);
  }

  /// Runs `body` with a client that is kept connected.
  template <class Body>
  void with_client(reconnect_options options, Body body) {
    options.told = &told;
    options.random = [] { return 0.999'999'999; };
    reconnecting<stream> client([this] { return connect(); }, options);
    const auto all = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        group.spawn(client.run());
        co_await body(client);
        group.cancel();
      });
    };
    run(all(), {.clock = &clock});
  }
};

task<> say(stream& peer) {
  co_await peer.write("hello\n");
}

TEST(Reconnect, WaitsForTheConnectionAndUsesIt) {
  world w;
  w.with_client({}, [&](reconnecting<stream>& client) -> task<> {
    EXPECT_FALSE(client.connected());
    co_await client.use(say);
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(co_await w.servers[0].read_line(), "hello");
    const auto ask = [&](stream& peer) -> task<std::string> {
      co_await w.servers[0].write("answer\n");
      co_return co_await peer.read_line();
    };
    EXPECT_EQ(co_await client.use(ask), "answer");
    EXPECT_EQ(client.connects(), 1u);
  });
}

TEST(Reconnect, ExchangesTakeTurns) {
  world w;
  w.with_client({}, [&](reconnecting<stream>& client) -> task<> {
    std::size_t now = 0;
    std::size_t done = 0;
    const auto exchange = [&](stream&) -> task<> {
      EXPECT_EQ(++now, 1u);
      co_await sleep_for(1s);
      --now;
      ++done;
    };
    std::vector<task<>> all;
    for (int i = 0; i < 5; ++i) all.push_back(client.use(exchange));
    co_await when_all(std::move(all));
    EXPECT_EQ(done, 5u);
    EXPECT_EQ(client.connects(), 1u);
  });
}

TEST(Reconnect, NoticesAPeerThatEndsWhileNobodyUsesTheConnection) {
  world w;
  w.with_client({}, [&](reconnecting<stream>& client) -> task<> {
    co_await client.use(say);
    co_await sleep_for(15s);
    w.servers[0].close();
    co_await sleep_for(1ms);
    EXPECT_FALSE(client.connected());
    co_await sleep_for(100ms);
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(client.connects(), 2u);
  });
  EXPECT_EQ(w.told.all["reconnect.lost"], 1u);
}

TEST(Reconnect, AnExchangeThatThrowsCostsTheConnectionAndIsNotRepeated) {
  world w;
  w.with_client({}, [&](reconnecting<stream>& client) -> task<> {
    std::size_t times = 0;
    const auto throws = [&](stream& peer) -> task<> {
      ++times;
      co_await peer.write("half a requ");
      throw std::runtime_error("out of words");
    };
    std::string why;
    try {
      co_await client.use(throws);
    } catch (const std::runtime_error& e) {
      why = e.what();
    }
    EXPECT_EQ(why, "out of words");
    EXPECT_EQ(times, 1u);
    EXPECT_FALSE(client.connected());
    co_await client.use(say);
    EXPECT_EQ(client.connects(), 2u);
    EXPECT_EQ(co_await w.servers[0].read_all(), "half a requ");
    EXPECT_EQ(co_await w.servers[1].read_line(), "hello");
  });
}

TEST(Reconnect, PausesGrowWhileItCannotConnectAndBeginAnewWhenItWasWell) {
  world w;
  w.refuses = std::make_error_code(std::errc::connection_refused);
  w.with_client({.first_delay = 1s, .longest_delay = 5s}, [&](reconnecting<stream>& client) -> task<> {
    co_await sleep_for(18s);
    const auto rounded = [&](std::size_t i) {
      return std::chrono::round<std::chrono::seconds>(w.attempts[i]);
    };
    EXPECT_EQ(w.attempts.size(), 6u);
    EXPECT_EQ(rounded(1), 1s);
    EXPECT_EQ(rounded(2), 3s);
    EXPECT_EQ(rounded(3), 7s);
    EXPECT_EQ(rounded(4), 12s);
    EXPECT_EQ(rounded(5), 17s);
    w.refuses.reset();
    co_await client.use(say);
    co_await sleep_for(15s);
    const duration lost_at = w.clock.elapsed();
    w.servers[0].close();
    co_await sleep_for(1ms);  // it is noticed
    co_await client.use(say);
    EXPECT_LE(w.clock.elapsed() - lost_at, 1s);
  });
}

TEST(Reconnect, AServerThatAcceptsAndHangsUpMeetsGrowingPauses) {
  world w;
  w.with_client({.first_delay = 1s}, [&](reconnecting<stream>&) -> task<> {
    for (std::size_t i = 0; i < 4; ++i) {
      while (w.servers.size() <= i) co_await sleep_for(10ms);
      w.servers[i].close();
    }
  });
  ASSERT_EQ(w.attempts.size(), 4u);
  EXPECT_GE(w.attempts[3], 6900ms);
}

TEST(Reconnect, EndsWhenItIsNotWorthAnotherAttemptAndTellsThoseWhoWait) {
  world w;
  w.refuses = make_error_code(errc::unsupported);
  reconnecting<stream> client([&] { return w.connect(); }, {});
  const auto waits = [&]() -> task<> {
    EXPECT_EQ((co_await as_result(client.use(say))).code(), errc::closed);
  };
  const auto runs = [&]() -> task<> {
    const auto r = co_await as_result(client.run());
    EXPECT_EQ(r.code(), errc::unsupported);
    EXPECT_EQ(r.error().peer(), "the server");
  };
  const auto both = [&]() -> task<> { co_await when_all(waits(), runs()); };
  run(both(), {.clock = &w.clock});
  EXPECT_EQ(w.attempts.size(), 1u);
}

TEST(Reconnect, ChecksTheServerWhileNobodyUsesTheConnection) {
  world w;
  std::size_t checks = 0;
  w.with_client({.check_after = 30s, .check_timeout = 2s}, [&](reconnecting<stream>& client) -> task<> {
    client.set_check([&](stream& peer) -> task<> {
      ++checks;
      co_await peer.write("PING\n");
      EXPECT_EQ(co_await peer.read_line(), "PONG");
    });
    co_await client.use(say);
    EXPECT_EQ(co_await w.servers[0].read_line(), "hello");
    EXPECT_EQ(co_await w.servers[0].read_line(), "PING");
    co_await w.servers[0].write("PONG\n");
    co_await sleep_for(1s);
    EXPECT_TRUE(client.connected());
    co_await sleep_for(33s);  // nobody answers the second one
    EXPECT_EQ(checks, 2u);
    EXPECT_EQ(client.connects(), 2u);
  });
}

TEST(Reconnect, AnExchangeThatIsCanceledCostsTheConnection) {
  world w;
  w.with_client({}, [&](reconnecting<stream>& client) -> task<> {
    const auto never = [](stream&) -> task<> { co_await sleep_for(1h); };
    const auto outcome = co_await outcome_if_canceled_midway([&] { return client.use(never); });
    EXPECT_EQ(outcome.error(), condition::canceled);
    co_await client.use(say);
    EXPECT_EQ(client.connects(), 2u);
  });
}

TEST(Reconnect, LeavesAnExchangeAloneWhenItIsCanceled) {
  world w;
  reconnecting<stream> client([&] { return w.connect(); }, {});
  const auto exchange = [](stream& peer) -> task<> {
    co_await sleep_for(5s);
    co_await peer.write("done\n");
  };
  const auto check = [&]() -> task<> {
    const auto runs = [&]() -> task<> { (void)co_await as_result(with_timeout(1s, client.run())); };
    co_await when_all(runs(), client.use(exchange));
    EXPECT_EQ(co_await w.servers[0].read_line(), "done");
    EXPECT_EQ((co_await as_result(client.use(say))).code(), errc::closed);
  };
  run(check(), {.clock = &w.clock});
}

}  // namespace
}  // namespace tidewire
