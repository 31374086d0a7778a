#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// Holds a thread until it is opened.
class gate {
 public:
  void open() {
    {
      const std::lock_guard guard(lock_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock guard(lock_);
    opened_.wait(guard, [this] { return open_; });
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;
};

// Lets a loop go round until `is` holds: for what another thread is about to do.
task<> until(const std::atomic<bool>& is) {
  while (!is) co_await yield();
}
task<> until_queued(const thread_pool& pool, std::size_t n) {
  while (pool.queued() != n) co_await yield();
}

TEST(Offload, GivesTheValueOfTheFunction) {
  const auto check = []() -> task<> {
    const int number = co_await offload([] { return 6; });
    EXPECT_EQ(number, 6);
    const std::unique_ptr<int> moved = co_await offload([] { return std::make_unique<int>(7); });
    EXPECT_EQ(*moved, 7);
    co_await offload([] {});
  };
  run(check());
}

TEST(Offload, GivesReferences) {
  int target = 0;
  const auto check = [&]() -> task<> {
    int& got = co_await offload([&]() -> int& { return target; });
    got = 3;
  };
  run(check());
  EXPECT_EQ(target, 3);
}

TEST(Offload, CallsTheFunctionAsAnRvalue) {
  struct once {
    std::unique_ptr<int> held;
    std::unique_ptr<int> operator()() && { return std::move(held); }
  };
  const auto check = []() -> task<> {
    once function{std::make_unique<int>(9)};
    const auto got = co_await offload(std::move(function));
    EXPECT_EQ(*got, 9);
  };
  run(check());
}

TEST(Offload, ThrowsWhatTheFunctionThrew) {
  const auto check = []() -> task<> { co_await offload([] { throw std::runtime_error("over there"); }); };
  EXPECT_THROW(run(check()), std::runtime_error);
}

TEST(Offload, RunsOnAnotherThreadAndComesBack) {
  const auto check = []() -> task<> {
    const auto here = std::this_thread::get_id();
    const auto there = co_await offload([] { return std::this_thread::get_id(); });
    EXPECT_NE(here, there);
    EXPECT_EQ(here, std::this_thread::get_id());
  };
  run(check());
}

TEST(Offload, DoesNotHoldUpTheLoop) {
  gate closed;
  const auto opens = [&]() -> task<> {
    co_await yield();
    closed.open();
  };
  const auto check = [&]() -> task<> { co_await when_all(offload([&] { closed.pass(); }), opens()); };
  run(check());
}

TEST(Offload, ManyCallsShareThePool) {
  thread_pool pool({.threads = 4, .queue_limit = 10'000});
  const auto check = [&]() -> task<> {
    std::vector<task<int>> calls;
    for (int i = 0; i < 10'000; ++i) calls.push_back(as_task(offload(pool, [i] { return i; })));
    const std::vector<int> values = co_await when_all(std::move(calls));
    for (int i = 0; i < 10'000; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  };
  run(check());
  EXPECT_EQ(pool.queued(), 0u);
}

TEST(Offload, OnePoolServesSeveralLoops) {
  thread_pool pool({.threads = 2});
  std::atomic<int> made = 0;
  const auto calls = [&]() -> task<> {
    const auto here = std::this_thread::get_id();
    for (int i = 0; i < 500; ++i) {
      co_await offload(pool, [&] { ++made; });
      EXPECT_EQ(here, std::this_thread::get_id());
    }
  };
  std::vector<std::thread> loops;
  for (int i = 0; i < 3; ++i) loops.emplace_back([&] { run(calls(), {.handle_signals = false}); });
  for (std::thread& each : loops) each.join();
  EXPECT_EQ(made, 1500);
}

TEST(Offload, StartsNoThreadWhileOneIsIdle) {
  thread_pool pool({.threads = 8});
  std::set<std::thread::id> threads;
  const auto check = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) {
      const auto id = co_await offload(pool, [] { return std::this_thread::get_id(); });
      threads.insert(id);
    }
  };
  run(check());
  EXPECT_EQ(threads.size(), 1u);
}

TEST(Offload, TheThreadsOfAPoolTakeNoSignals) {
#ifndef _WIN32
  const auto check = []() -> task<> {
    co_await offload([] {
      sigset_t blocked;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      EXPECT_TRUE(sigismember(&blocked, SIGTERM));
      EXPECT_TRUE(sigismember(&blocked, SIGCHLD));
      EXPECT_FALSE(sigismember(&blocked, SIGSEGV));
    });
  };
  run(check());
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_FALSE(sigismember(&blocked, SIGTERM));
#else
  GTEST_SKIP() << "no POSIX signals here";
#endif
}

TEST(Offload, ACanceledTaskStartsNothing) {
  bool ran = false;
  const auto body = [&]() -> task<> {
    (void)co_await as_result(sleep_for(24h));
    const auto r = co_await as_result(offload([&] { ran = true; }));
    EXPECT_EQ(r.error(), condition::canceled);
  };
  const auto check = [&]() -> task<> { (void)co_await when_any(body(), yield()); };
  run(check());
  EXPECT_FALSE(ran);
}

TEST(Offload, ACallThatWaitsForAThreadIsTakenBackAtOnce) {
  thread_pool pool({.threads = 1});
  gate closed;
  bool ran = false;
  const auto queued = [&]() -> task<> {
    const auto r = co_await as_result(offload(pool, [&] { ran = true; }));
    EXPECT_EQ(r.error(), condition::canceled);
    closed.open();
  };
  const auto check = [&]() -> task<> {
    const auto canceled_soon = [&]() -> task<> { (void)co_await when_any(queued(), until_queued(pool, 1)); };
    co_await when_all(offload(pool, [&] { closed.pass(); }), canceled_soon());
  };
  run(check());
  EXPECT_FALSE(ran);
  EXPECT_EQ(pool.queued(), 0u);
}

TEST(Offload, ARunningFunctionIsToldToStopAndItsValueIsNotLost) {
  std::atomic<bool> running = false;
  std::string got;
  const auto waits = [&]() -> task<> {
    got = co_await offload([&](std::stop_token stop) {
      running = true;
      while (!stop.stop_requested()) std::this_thread::yield();
      return std::string("what there was till then");
    });
    EXPECT_TRUE(co_await is_canceled());
  };
  const auto check = [&]() -> task<> { (void)co_await when_any(waits(), until(running)); };
  run(check());
  EXPECT_EQ(got, "what there was till then");
}

TEST(Offload, ARunningFunctionThatCannotBeToldIsWaitedFor) {
  std::atomic<bool> running = false;
  gate closed;
  bool ended = false;
  const auto waits = [&]() -> task<> {
    co_await offload([&] {
      running = true;
      closed.pass();
    });
    ended = true;
  };
  const auto opens_late = [&]() -> task<> {
    (void)co_await as_result(sleep_for(24h));
    EXPECT_FALSE(ended);
    closed.open();
  };
  const auto check = [&]() -> task<> { (void)co_await when_any(waits(), opens_late(), until(running)); };
  run(check());
  EXPECT_TRUE(ended);
}

TEST(Offload, OneCallMoreThanTheQueueHoldsFailsAtOnce) {
  thread_pool pool({.threads = 1, .queue_limit = 2});
  gate closed;
  const auto blocks = [&]() -> task<> { co_await offload(pool, [&] { closed.pass(); }); };
  const auto one_more = [&]() -> task<> {
    co_await until_queued(pool, 2);
    const auto r = co_await as_result(offload(pool, [] {}));
    EXPECT_EQ(r.error(), condition::limit_exceeded);
    EXPECT_EQ(r.error().message(), "offload: limit exceeded: too many calls wait for a thread");
    closed.open();
  };
  const auto check = [&]() -> task<> { co_await when_all(blocks(), blocks(), blocks(), one_more()); };
  run(check());
}

TEST(Offload, AQueueOfNoneTakesWhatAThreadIsFreeFor) {
  thread_pool pool({.threads = 2, .queue_limit = 0});
  gate closed;
  const auto blocks = [&]() -> task<bool> {
    const auto r = co_await as_result(offload(pool, [&] { closed.pass(); }));
    co_return r.has_value();
  };
  const auto opens = [&]() -> task<> {
    closed.open();
    co_return;
  };
  const auto check = [&]() -> task<> {
    const auto [one, two, three, opened] = co_await when_all(blocks(), blocks(), blocks(), opens());
    EXPECT_TRUE(one);
    EXPECT_TRUE(two);
    EXPECT_FALSE(three);
  };
  run(check());
}

TEST(Offload, WhatNoThreadBeganInTimeIsDropped) {
  thread_pool pool({.threads = 1});
  gate closed;
  bool ran = false;
  const auto in_time = [&]() -> task<> {
    co_await until_queued(pool, 0);
    const auto r = co_await as_result(offload(pool, [&] { ran = true; }, {.start_within = 1ms}));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().message(), "offload: timed out: no thread was free within 1 ms");
    closed.open();
  };
  const auto check = [&]() -> task<> { co_await when_all(offload(pool, [&] { closed.pass(); }), in_time()); };
  run(check());
  EXPECT_FALSE(ran);
}

// The loop is busy, so that its timer cannot tell in time: the thread that takes the call sees for itself.
TEST(Offload, AThreadDropsWhatIsLateThoughTheLoopIsBusy) {
  thread_pool pool({.threads = 1});
  gate closed;
  bool ran = false;
  const auto late = [&]() -> task<> {
    const auto r = co_await as_result(offload(pool, [&] { ran = true; }, {.start_within = 1ms}));
    EXPECT_EQ(r.error(), condition::timeout);
  };
  const auto holds_the_loop = [&]() -> task<> {
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < begun + 3ms) std::this_thread::yield();
    closed.open();
    while (pool.queued() != 0) std::this_thread::yield();
    co_return;
  };
  const auto check = [&]() -> task<> {
    co_await when_all(offload(pool, [&] { closed.pass(); }), late(), holds_the_loop());
  };
  run(check());
  EXPECT_FALSE(ran);
}

TEST(Offload, TheDeadlineOfTheQueueGoesByTheClockOfTheLoop) {
  virtual_clock time(false);
  thread_pool pool({.threads = 1});
  gate closed;
  bool dropped = false;
  const auto waits = [&]() -> task<> {
    const auto r = co_await as_result(offload(pool, [] {}, {.start_within = 1h}));
    EXPECT_EQ(r.error(), condition::timeout);
    dropped = true;
    closed.open();
  };
  const auto moves = [&]() -> task<> {
    co_await until_queued(pool, 1);
    time.advance(59min);
    co_await yield();
    EXPECT_FALSE(dropped);
    time.advance(1min);
    co_await yield();
    EXPECT_TRUE(dropped);
  };
  const auto check = [&]() -> task<> {
    co_await when_all(offload(pool, [&] { closed.pass(); }), waits(), moves());
  };
  run(check(), {.clock = &time});
}

TEST(Offload, AStartInTimeIsAllThatIsAskedFor) {
  thread_pool pool({.threads = 1});
  virtual_clock time(false);
  gate closed;
  std::atomic<bool> running = false;
  const auto moves = [&]() -> task<> {
    co_await until(running);
    time.advance(2h);
    closed.open();
  };
  const auto check = [&]() -> task<> {
    const auto function = [&] {
      running = true;
      closed.pass();
      return 4;
    };
    const auto [value, moved] = co_await when_all(offload(pool, function, {.start_within = 1h}), moves());
    EXPECT_EQ(value, 4);
  };
  run(check(), {.clock = &time});
}

TEST(Offload, VirtualTimeStandsStillMeanwhile) {
  virtual_clock time;
  const auto check = []() -> task<int> {
    co_return co_await with_timeout(1h, offload([] {
                                      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
                                      return 8;
                                    }));
  };
  EXPECT_EQ(run(check(), {.clock = &time}), 8);
  EXPECT_EQ(time.elapsed(), 0s);
}

TEST(Offload, AnEndingPoolFailsWhatStillWaits) {
  auto pool = std::make_unique<thread_pool>(thread_pool_options{.threads = 1});
  gate closed;
  std::thread ends;
  const auto queued = [&]() -> task<> {
    const auto r = co_await as_result(offload(*pool, [] {}));
    EXPECT_EQ(r.code(), errc::closed);
    closed.open();
  };
  const auto end = [&]() -> task<> {
    co_await until_queued(*pool, 1);
    ends = std::thread([&] { pool.reset(); });
  };
  const auto check = [&]() -> task<> {
    co_await when_all(offload(*pool, [&] { closed.pass(); }), queued(), end());
  };
  run(check());
  ends.join();
}

// What a task holds, and sees in its destructor that the function is over.
struct held {
  std::shared_ptr<std::atomic<int>> running;
  ~held() {
    if (running) {
      EXPECT_EQ(*running, 0);
    }
  }
};

task<> off_and_on(thread_pool* pool, std::shared_ptr<std::atomic<int>> running, gate* begun) {
  const held frame{running};
  const auto function = [&running = *running, begun](std::stop_token stop) {
    ++running;
    begun->open();
    while (!stop.stop_requested()) std::this_thread::yield();
    --running;
  };
  if (pool != nullptr) {
    co_await offload(*pool, function);
  } else {
    co_await offload(function);
  }
}

TEST(Offload, ALoopThatEndsStopsWhatRunsInAPool) {
  thread_pool pool({.threads = 2});
  for (thread_pool* const each : {static_cast<thread_pool*>(nullptr), &pool}) {
    auto running = std::make_shared<std::atomic<int>>(0);
    gate begun;
    {
      asio::io_context context;
      spawn(context, off_and_on(each, running, &begun), asio::detached);
      context.poll();
      begun.pass();
    }
    EXPECT_EQ(running.use_count(), 1);
  }
}

TEST(Offload, ALoopThatEndsTakesBackWhatWaits) {
  thread_pool pool({.threads = 1});
  gate closed;
  gate begun;
  auto witness = std::make_shared<int>(0);
  bool ran = false;
  std::thread other([&] {
    const auto blocks = [&]() -> task<> {
      co_await offload(pool, [&] {
        begun.open();
        closed.pass();
      });
    };
    run(blocks(), {.handle_signals = false});
  });
  begun.pass();
  const auto waits = [&](std::shared_ptr<int>) -> task<> { co_await offload(pool, [&] { ran = true; }); };
  {
    asio::io_context context;
    spawn(context, waits(witness), asio::detached);
    context.poll();
    EXPECT_EQ(pool.queued(), 1u);
  }
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(pool.queued(), 0u);
  closed.open();
  other.join();
  EXPECT_FALSE(ran);
}

// The function ends, and its outcome is on its way or there, when the loop ends.
TEST(Offload, ALoopMayEndWhileAnOutcomeIsOnItsWay) {
  thread_pool pool({.threads = 1});
  auto witness = std::make_shared<int>(0);
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> done = false;
    const auto quick = [&](std::shared_ptr<int>) -> task<> { co_await offload(pool, [&] { done = true; }); };
    asio::io_context context;
    spawn(context, quick(witness), asio::detached);
    context.poll();
    while (!done && round % 2 == 0) std::this_thread::yield();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(ThreadPool, HasTwoThreadsAtLeastUnlessToldOtherwise) {
  EXPECT_GE(thread_pool().threads(), 2u);
  EXPECT_EQ(thread_pool({.threads = 1}).threads(), 1u);
}

TEST(ThreadPool, EndsWithoutEverHavingBeenUsed) {
  const thread_pool pool;
  EXPECT_EQ(pool.queued(), 0u);
}

}  // namespace
}  // namespace tidewire
