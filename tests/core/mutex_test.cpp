#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

TEST(Mutex, KeepsTasksApartAcrossTheirWaits) {
  virtual_clock time;
  std::string log;
  const auto check = [&]() -> task<> {
    mutex m;
    const auto works = [&](char name) -> task<> {
      const auto guard = co_await m.lock();
      log += name;
      co_await sleep_for(1s);
      log += name;
    };
    co_await when_all(works('a'), works('b'), works('c'));
    EXPECT_FALSE(m.locked());
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(log, "aabbcc");
  EXPECT_EQ(time.elapsed(), 3s);
}

TEST(Mutex, IsHandedOverSoThatNobodySlipsInBetween) {
  std::string order;
  const auto check = [&]() -> task<> {
    mutex m;
    auto guard = co_await m.lock();
    const auto waits = [&]() -> task<> {
      const auto mine = co_await m.lock();
      order += "waiter;";
    };
    const auto slips_in = [&]() -> task<> {
      guard.unlock();
      EXPECT_TRUE(m.locked());
      EXPECT_FALSE(m.try_lock());
      const auto mine = co_await m.lock();
      order += "late comer;";
    };
    co_await when_all(waits(), slips_in());
  };
  run(check());
  EXPECT_EQ(order, "waiter;late comer;");
}

TEST(Mutex, AGuardUnlocksOnce) {
  const auto check = []() -> task<> {
    mutex m;
    auto guard = co_await m.lock();
    EXPECT_TRUE(guard.owns_lock());
    auto moved = std::move(guard);
    EXPECT_FALSE(guard.owns_lock());
    guard.unlock();
    EXPECT_TRUE(m.locked());
    moved.unlock();
    EXPECT_FALSE(m.locked());
    const auto other = m.try_lock();
    EXPECT_TRUE(other);
    moved.unlock();
    EXPECT_TRUE(m.locked()) << "it is the other one's now";
  };
  run(check());
}

TEST(Mutex, ACanceledTaskDoesNotLockIt) {
  const auto check = []() -> task<> {
    mutex m;
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(m.lock());
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
    EXPECT_FALSE(m.locked());
  };
  run(check());
}

TEST(Mutex, WhoeverGivesUpWaitingLeavesItToTheNext) {
  std::string order;
  const auto check = [&]() -> task<> {
    mutex m;
    auto guard = co_await m.lock();
    const auto gives_up = [&]() -> task<> {
      const auto r = co_await as_result(m.lock());
      EXPECT_EQ(r.error(), condition::canceled);
      EXPECT_EQ(r.error().operation(), "lock a mutex");
      order += "gave up;";
    };
    const auto canceled = [&]() -> task<> {
      (void)co_await when_any(gives_up(), yield());
      guard.unlock();
    };
    const auto next = [&]() -> task<> {
      const auto mine = co_await m.lock();
      order += "next;";
    };
    co_await when_all(canceled(), next());
    EXPECT_FALSE(m.locked());
  };
  run(check());
  EXPECT_EQ(order, "gave up;next;");
}

TEST(Mutex, ALockThatWasHandedOverIsNotLostToACancellation) {
  const auto check = []() -> task<> {
    mutex m;
    auto guard = co_await m.lock();
    bool locked = false;
    const auto waits = [&]() -> task<> {
      const auto mine = co_await m.lock();
      locked = true;
    };
    const auto unlocks = [&]() -> task<> {
      guard.unlock();
      co_return;
    };
    (void)co_await when_any(waits(), unlocks());
    EXPECT_TRUE(locked);
    EXPECT_FALSE(m.locked());
  };
  run(check());
}

TEST(Mutex, EverythingDiesWithTheLoopInAnyOrder) {
  auto witness = std::make_shared<int>(0);
  const auto owner = [](std::shared_ptr<int>, mutex*& out) -> task<> {
    mutex mine;
    const auto guard = co_await mine.lock();
    out = &mine;
    co_await sleep_for(24h);
  };
  const auto waits = [](std::shared_ptr<int>, mutex& m) -> task<> {
    const auto guard = co_await m.lock();
    co_await sleep_for(24h);
  };
  mutex outside;
  {
    asio::io_context context;
    mutex* inside = nullptr;
    spawn(context, owner(witness, inside), asio::detached);
    context.poll();
    for (int i = 0; i < 3; ++i) {
      spawn(context, waits(witness, *inside), asio::detached);
      spawn(context, waits(witness, outside), asio::detached);
    }
    context.restart();
    context.poll();
    EXPECT_TRUE(outside.locked());
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
