#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/pool.hpp>
#include <tidewire/core/run.hpp>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using testing::outcome_if_canceled_before;
using testing::outcome_if_canceled_midway;

using stream_pool = connection_pool<stream>;

class counters final : public observer {
 public:
  std::map<std::string, std::int64_t> all;

 private:
  void counted(std::string_view name, std::int64_t by) noexcept override { all[std::string(name)] += by; }
};

/// The servers' ends of the connections that a pool makes, in order.
struct world {
  std::vector<stream> servers;
  std::vector<std::string> keys;
  std::size_t failures = 0;  // of the next so many connects
  duration to_connect{};
  counters told;
  virtual_clock clock;

  task<stream> connect(std::string key) {
    co_await sleep_for(to_connect);
    if (failures > 0) {
      --failures;
      throw error(
          failure(std::make_error_code(std::errc::connection_refused)).during("connect to").with(key));
    }
    auto [client, server] = memory_stream_pair();
    servers.push_back(std::move(server));
    keys.push_back(std::move(key));
    co_return std::move(client);
  }

  /// Runs `body` with a pool.
  template <class Body>
  void with_pool(pool_options options, Body body) {
    options.told = &told;
    const auto all = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        stream_pool pool(group, [this](const std::string& key) { return connect(key); }, options);
        co_await body(pool);
      });
    };
    run(all(), {.clock = &clock});
  }
};

/// Says something by a connection: which of the servers hears it?
task<std::size_t> server_of(world& w, stream& client) {
  co_await client.write("?");
  for (std::size_t i = 0; i < w.servers.size(); ++i) {
    std::array<char, 1> byte;
    const auto got = co_await as_result(with_timeout(1ms, w.servers[i].read_some(byte)));
    if (got && *got == 1) co_return i;
  }
  co_return w.servers.size();
}

TEST(Pool, LendsTheOneThatCameBackLast) {
  world w;
  w.with_pool({}, [&](stream_pool& pool) -> task<> {
    auto first = co_await pool.acquire("a");
    auto second = co_await pool.acquire("a");
    EXPECT_EQ(pool.size(), 2u);
    EXPECT_EQ(pool.idle(), 0u);
    second.give_back();
    EXPECT_FALSE(second);
    first.give_back();
    EXPECT_EQ(pool.idle(), 2u);
    auto again = co_await pool.acquire("a");
    EXPECT_EQ(co_await server_of(w, *again), 0u);
    again.give_back();
    EXPECT_EQ(w.servers.size(), 2u);
  });
  EXPECT_EQ(w.told.all["pool.connected"], 2);
  EXPECT_EQ(w.told.all["pool.reused"], 1);
}

TEST(Pool, KeepsTheKeysApart) {
  world w;
  w.with_pool({}, [&](stream_pool& pool) -> task<> {
    auto a = co_await pool.acquire("a");
    a.give_back();
    auto b = co_await pool.acquire("b");
    EXPECT_EQ(pool.idle(), 1u);
    EXPECT_EQ(w.keys, (std::vector<std::string>{"a", "b"}));
  });
}

TEST(Pool, WhatIsNotGivenBackIsClosed) {
  world w;
  w.with_pool({}, [&](stream_pool& pool) -> task<> {
    {
      auto lease = co_await pool.acquire("a");
      co_await lease->write("half an exch");
    }
    EXPECT_EQ(pool.size(), 0u);
    EXPECT_EQ(co_await w.servers[0].read_all(), "half an exch");
  });
  EXPECT_EQ(w.told.all["pool.dropped"], 1);
}

TEST(Pool, NoticesAPeerThatEndsAConnectionThatIsKept) {
  world w;
  w.with_pool({}, [&](stream_pool& pool) -> task<> {
    auto lease = co_await pool.acquire("a");
    lease.give_back();
    co_await yield();
    w.servers[0].close();
    co_await sleep_for(1ms);
    EXPECT_EQ(pool.size(), 0u) << "before anybody asks";
    auto fresh = co_await pool.acquire("a");
    EXPECT_EQ(co_await server_of(w, *fresh), 1u);
  });
  EXPECT_EQ(w.told.all["pool.lost"], 1);
}

TEST(Pool, NeverLendsAConnectionWhosePeerSpokeUnasked) {
  for (const bool before : {false, true}) {
    world w;
    w.with_pool({}, [&](stream_pool& pool) -> task<> {
      auto lease = co_await pool.acquire("a");
      if (before) {  // what came is in the buffer already when it is given back
        co_await w.servers[0].write("answer, and more");
        std::array<std::byte, 6> answer;
        co_await lease->read_exactly(answer);
      }
      lease.give_back();
      co_await yield();
      if (!before) co_await w.servers[0].write("408 Request Timeout");
      co_await sleep_for(1ms);
      EXPECT_EQ(pool.size(), 0u);
    });
    EXPECT_EQ(w.told.all["pool.lost"], 1);
  }
}

TEST(Pool, AConnectionThatEndsInTheMomentItIsTakenIsReplaced) {
  world w;
  w.with_pool({}, [&](stream_pool& pool) -> task<> {
    auto lease = co_await pool.acquire("a");
    lease.give_back();
    w.servers[0].close();  // and the task that keeps it has not run yet
    auto other = co_await pool.acquire("a");
    EXPECT_EQ(co_await server_of(w, *other), 1u);
  });
}

TEST(Pool, ClosesWhatIsIdleForTooLongOrTooOld) {
  world w;
  w.with_pool({.idle_timeout = 10s, .max_age = 25s}, [&](stream_pool& pool) -> task<> {
    for (int i = 0; i < 3; ++i) {
      auto lease = co_await pool.acquire("a");
      EXPECT_EQ(w.servers.size(), 1u);
      lease.give_back();
      co_await sleep_for(8s);
    }
    EXPECT_EQ(pool.idle(), 1u);
    co_await sleep_for(2s);
    EXPECT_EQ(pool.idle(), 0u) << "it is 26 s old";
    auto lease = co_await pool.acquire("a");
    lease.give_back();
    co_await sleep_for(10s + 1ms);
    EXPECT_EQ(pool.size(), 0u) << "nobody wanted it";
    auto old = co_await pool.acquire("a");
    co_await sleep_for(25s);
    old.give_back();
    EXPECT_EQ(pool.size(), 0u) << "too old to be kept";
  });
  EXPECT_EQ(w.told.all["pool.expired"], 3);
}

TEST(Pool, ThoseWhoWaitAreServedInOrder) {
  world w;
  w.with_pool({.max_per_key = 2}, [&](stream_pool& pool) -> task<> {
    std::vector<int> order;
    const auto use = [&](int number) -> task<> {
      auto lease = co_await pool.acquire("a");
      order.push_back(number);
      co_await sleep_for(1s);
      lease.give_back();
    };
    std::vector<task<>> all;
    for (int i = 0; i < 7; ++i) all.push_back(use(i));
    co_await when_all(std::move(all));
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(w.servers.size(), 2u);
    EXPECT_EQ(w.clock.elapsed(), 4s);
  });
}

TEST(Pool, AWaitHasADeadline) {
  world w;
  w.with_pool({.max_per_key = 1, .wait_timeout = 3s}, [&](stream_pool& pool) -> task<> {
    auto lease = co_await pool.acquire("a");
    const auto none = co_await as_result(pool.acquire("a"));
    EXPECT_EQ(none.error(), condition::timeout);
    EXPECT_EQ(none.error().detail(), "none was free within 3 s");
    EXPECT_EQ(w.clock.elapsed(), 3s);
    EXPECT_EQ(pool.waiting(), 0u);
  });
}

TEST(Pool, APlaceThatIsGivenUpGoesToWhoWaits) {
  world w;
  w.with_pool({.max_per_key = 1}, [&](stream_pool& pool) -> task<> {
    std::optional<stream_pool::lease> first(co_await pool.acquire("a"));
    const auto other = [&]() -> task<> {
      auto lease = co_await pool.acquire("a");
      EXPECT_EQ(co_await server_of(w, *lease), 1u);
    };
    const auto drop = [&]() -> task<> {
      co_await yield();
      EXPECT_EQ(pool.waiting(), 1u);
      first.reset();
    };
    co_await when_all(other(), drop());
  });
}

TEST(Pool, AConnectThatFailsTellsWhoWantedItAndLetsTheNextTry) {
  world w;
  w.failures = 1;
  w.to_connect = 1s;
  w.with_pool({.max_per_key = 1}, [&](stream_pool& pool) -> task<> {
    const auto fails = [&]() -> task<> {
      const auto r = co_await as_result(pool.acquire("a"));
      EXPECT_EQ(r.code(), std::errc::connection_refused);
    };
    const auto waits = [&]() -> task<> {
      auto lease = co_await pool.acquire("a");
      EXPECT_EQ(co_await server_of(w, *lease), 0u);
    };
    co_await when_all(fails(), waits());
    EXPECT_EQ(pool.size(), 0u);
  });
}

TEST(Pool, TheLimitOfAllKeysClosesWhatIsKeptLongest) {
  world w;
  w.with_pool({.max_in_all = 2}, [&](stream_pool& pool) -> task<> {
    auto a = co_await pool.acquire("a");
    a.give_back();
    auto b = co_await pool.acquire("b");
    b.give_back();
    auto c = co_await pool.acquire("c");
    EXPECT_EQ(pool.size(), 2u);
    EXPECT_EQ(co_await w.servers[0].read_all(), "") << "that of a";
    auto again = co_await pool.acquire("b");
    EXPECT_EQ(co_await server_of(w, *again), 1u);
  });
}

TEST(Pool, ProbesWhatWasKeptForLong) {
  world w;
  bool answer = true;
  std::size_t asked = 0;
  w.with_pool({.probe_after = 5s}, [&](stream_pool& pool) -> task<> {
    pool.set_probe([&](stream& each) -> task<bool> {
      ++asked;
      if (!answer) throw error(failure(errc::malformed));
      co_await each.write("PING\n");
      co_return true;
    });
    for (const auto pause : {1s, 6s}) {
      auto lease = co_await pool.acquire("a");
      lease.give_back();
      co_await sleep_for(pause);
    }
    EXPECT_EQ(asked, 0u);
    auto lease = co_await pool.acquire("a");
    EXPECT_EQ(asked, 1u);
    EXPECT_EQ(co_await w.servers[0].read_line(), "PING");
    lease.give_back();
    answer = false;
    co_await sleep_for(6s);
    auto fresh = co_await pool.acquire("a");
    EXPECT_EQ(asked, 2u);
    EXPECT_EQ(w.servers.size(), 2u);
    EXPECT_EQ(pool.size(), 1u);
  });
}

TEST(Pool, CanBeClosed) {
  world w;
  std::optional<stream_pool::lease> outlives;
  w.with_pool({.max_per_key = 2}, [&](stream_pool& pool) -> task<> {
    outlives.emplace(co_await pool.acquire("a"));
    auto kept = co_await pool.acquire("a");
    kept.give_back();
    auto second = co_await pool.acquire("a");
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(pool.acquire("a"));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto close = [&]() -> task<> {
      co_await yield();
      pool.close();
      co_return;
    };
    co_await when_all(waits(), close());
    EXPECT_EQ((co_await as_result(pool.acquire("a"))).code(), errc::closed);
    second.give_back();
    EXPECT_EQ(pool.idle(), 0u);
    EXPECT_EQ(co_await w.servers[1].read_all(), "");
    co_await outlives->operator*().write("still mine");
    std::array<char, 20> buffer;
    EXPECT_EQ(co_await w.servers[0].read_some(buffer), 10u);
  });
}

TEST(Pool, LosesNothingWhenItIsCanceled) {
  world w;
  w.to_connect = 10s;
  w.with_pool({.max_per_key = 1}, [&](stream_pool& pool) -> task<> {
    const auto acquire = [&] { return pool.acquire("a"); };
    EXPECT_EQ((co_await outcome_if_canceled_before(acquire)).error(), condition::canceled);
    EXPECT_EQ((co_await outcome_if_canceled_midway(acquire)).error(), condition::canceled);
    EXPECT_EQ(pool.size(), 0u) << "while it connected";
    auto lease = co_await pool.acquire("a");
    EXPECT_EQ((co_await outcome_if_canceled_midway(acquire)).error(), condition::canceled);
    EXPECT_EQ(pool.waiting(), 0u);
    lease.give_back();
    EXPECT_EQ(pool.idle(), 1u);
    auto again = co_await pool.acquire("a");
    EXPECT_TRUE(again);
  });
}

TEST(Pool, KeepsNothingInAGroupThatWasCanceled) {
  world w;
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      stream_pool pool(group, [&](const std::string& key) { return w.connect(key); });
      auto kept = co_await pool.acquire("a");
      auto lease = co_await pool.acquire("a");
      kept.give_back();
      group.cancel();
      lease.give_back();
      co_await yield();
      EXPECT_EQ(pool.size(), 0u);
    });
  };
  run(check(), {.clock = &w.clock});
}

TEST(Pool, HoldsWhatIsNoStreamToo) {
  struct session {
    int number;
  };
  const auto check = []() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      int made = 0;
      connection_pool<session, int> pool(
          group, [&](const int& key) -> task<session> { co_return session{100 * key + made++}; });
      auto one = co_await pool.acquire(3);
      EXPECT_EQ(one->number, 300);
      one.give_back();
      auto again = co_await pool.acquire(3);
      EXPECT_EQ(again->number, 300);
      auto other = co_await pool.acquire(4);
      EXPECT_EQ(other->number, 401);
      pool.close();
    });
  };
  virtual_clock clock;
  run(check(), {.clock = &clock});
}

}  // namespace
}  // namespace tidewire
