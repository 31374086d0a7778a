#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

TEST(Semaphore, LetsNoMoreThanItsPermitsRunAtATime) {
  virtual_clock time;
  const auto check = []() -> task<> {
    semaphore three(3);
    int running = 0;
    int most = 0;
    const auto works = [&]() -> task<> {
      const auto permit = co_await three.acquire();
      most = std::max(most, ++running);
      co_await sleep_for(1s);
      --running;
    };
    std::vector<task<>> all;
    for (int i = 0; i < 12; ++i) all.push_back(works());
    co_await when_all(std::move(all));
    EXPECT_EQ(most, 3);
    EXPECT_EQ(three.available(), 3u);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 4s);
}

TEST(Semaphore, APermitIsGivenBackOnce) {
  const auto check = []() -> task<> {
    semaphore s(5);
    auto permit = co_await s.acquire(2);
    EXPECT_EQ(permit.count(), 2u);
    EXPECT_EQ(s.available(), 3u);
    auto moved = std::move(permit);
    EXPECT_EQ(permit.count(), 0u);
    permit.release();
    EXPECT_EQ(s.available(), 3u);
    moved.release();
    moved.release();
    EXPECT_EQ(s.available(), 5u);
    EXPECT_EQ(s.total(), 5u);
  };
  run(check());
}

TEST(Semaphore, AnAssignedPermitGivesBackWhatItHeld) {
  const auto check = []() -> task<> {
    semaphore s(5);
    auto permit = co_await s.acquire(2);
    {
      auto other = co_await s.acquire(3);
      permit = std::move(other);
    }
    EXPECT_EQ(permit.count(), 3u);
    EXPECT_EQ(s.available(), 2u);
  };
  run(check());
}

TEST(Semaphore, TryAcquireNeverWaitsNorPassesThoseWhoDo) {
  const auto check = []() -> task<> {
    semaphore s(3);
    auto two = s.try_acquire(2);
    EXPECT_TRUE(two);
    EXPECT_FALSE(s.try_acquire(2));
    const auto waits = [&]() -> task<> { const auto all = co_await s.acquire(3); };
    const auto tries = [&]() -> task<> {
      EXPECT_EQ(s.available(), 1u);
      EXPECT_FALSE(s.try_acquire(1));
      two.reset();
      co_return;
    };
    co_await when_all(waits(), tries());
    EXPECT_TRUE(s.try_acquire(3));
  };
  run(check());
}

TEST(Semaphore, WhoeverWantsManyIsNotPassedByThoseWhoWantFew) {
  std::string order;
  const auto check = [&]() -> task<> {
    semaphore s(3);
    auto held = co_await s.acquire(2);
    const auto wants = [&](std::size_t n, char name) -> task<> {
      const auto permit = co_await s.acquire(n);
      order += name;
    };
    const auto releases = [&]() -> task<> {
      held.release();
      co_return;
    };
    co_await when_all(wants(3, 'a'), wants(1, 'b'), wants(1, 'c'), releases());
  };
  run(check());
  EXPECT_EQ(order, "abc");
}

TEST(Semaphore, WhenOneThatWantsManyGivesUpThoseBehindItAreServed) {
  std::string order;
  const auto check = [&]() -> task<> {
    semaphore s(3);
    const auto held = co_await s.acquire(2);
    const auto wants = [&](std::size_t n, char name) -> task<> {
      const auto r = co_await as_result(s.acquire(n));
      if (r) {
        order += name;
      } else {
        EXPECT_EQ(r.error(), condition::canceled);
      }
    };
    const auto gives_up = [&]() -> task<> { (void)co_await when_any(wants(3, 'a'), yield()); };
    co_await when_all(gives_up(), wants(1, 'b'));
  };
  run(check());
  EXPECT_EQ(order, "b");
}

TEST(Semaphore, MoreThanThereAreInAllIsAMistake) {
  const auto check = []() -> task<> {
    semaphore s(3);
    const auto r = co_await as_result(s.acquire(4));
    EXPECT_EQ(r.error(), condition::misuse);
    EXPECT_EQ(r.error().detail(), "4 permits are wanted, and there are 3 in all");
    EXPECT_EQ(s.available(), 3u);
  };
  run(check());
}

TEST(Semaphore, ACanceledTaskTakesNothing) {
  const auto check = []() -> task<> {
    semaphore s(1);
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(s.acquire());
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
    EXPECT_EQ(s.available(), 1u);
  };
  run(check());
}

TEST(Semaphore, APermitThatWasGrantedIsNotLostToACancellation) {
  const auto check = []() -> task<> {
    semaphore s(1);
    auto held = co_await s.acquire();
    bool got = false;
    const auto waits = [&]() -> task<> {
      const auto permit = co_await s.acquire();
      got = true;
    };
    const auto releases = [&]() -> task<> {
      held.release();
      co_return;
    };
    (void)co_await when_any(waits(), releases());
    EXPECT_TRUE(got);
    EXPECT_EQ(s.available(), 1u);
  };
  run(check());
}

TEST(Semaphore, EverythingDiesWithTheLoopInAnyOrder) {
  auto witness = std::make_shared<int>(0);
  const auto owner = [](std::shared_ptr<int>, semaphore*& out) -> task<> {
    semaphore mine(1);
    const auto permit = co_await mine.acquire();
    out = &mine;
    co_await sleep_for(24h);
  };
  const auto waits = [](std::shared_ptr<int>, semaphore& s) -> task<> {
    const auto permit = co_await s.acquire();
    co_await sleep_for(24h);
  };
  semaphore outside(1);
  {
    asio::io_context context;
    semaphore* inside = nullptr;
    spawn(context, owner(witness, inside), asio::detached);
    context.poll();
    for (int i = 0; i < 3; ++i) {
      spawn(context, waits(witness, *inside), asio::detached);
      spawn(context, waits(witness, outside), asio::detached);
    }
    context.restart();
    context.poll();
    EXPECT_EQ(outside.available(), 0u);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
