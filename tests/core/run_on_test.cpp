#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// A loop on a thread of its own.
class other_loop {
 public:
  other_loop() : work_(asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~other_loop() { join(); }
  void join() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }
  void stop() {
    context_.stop();
    thread_.join();
  }
  [[nodiscard]] executor get() { return executor_of(context_); }
  [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

TEST(RunOn, GivesTheValueOfATaskOnAnotherLoop) {
  other_loop other;
  const executor there = other.get();
  const auto works = [](executor expected) -> task<std::string> {
    EXPECT_EQ(co_await this_executor(), expected);
    co_await sleep_for(1ms);
    co_return "from there";
  };
  const auto check = [&]() -> task<> {
    const auto here = std::this_thread::get_id();
    EXPECT_EQ(co_await run_on(there, works(there)), "from there");
    EXPECT_EQ(std::this_thread::get_id(), here);
  };
  run(check());
}

TEST(RunOn, RunsOnTheThreadOfThatLoop) {
  other_loop other;
  const auto where = []() -> task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto check = [&]() -> task<> { EXPECT_EQ(co_await run_on(other.get(), where()), other.id()); };
  run(check());
}

TEST(RunOn, ThrowsWhatTheTaskThrew) {
  other_loop other;
  const auto throws = []() -> task<> {
    co_await yield();
    throw std::runtime_error("over there");
  };
  const auto check = [&]() -> task<> { co_await run_on(other.get(), throws()); };
  EXPECT_THROW(run(check()), std::runtime_error);
}

TEST(RunOn, WorksOnTheOwnLoopToo) {
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    const auto number = []() -> task<int> { co_return 5; };
    EXPECT_EQ(co_await run_on(here, number()), 5);
  };
  run(check());
}

TEST(RunOn, TakesLeafOperations) {
  other_loop other;
  const auto check = [&]() -> task<> { co_await run_on(other.get(), sleep_for(1ms)); };
  run(check());
}

TEST(RunOn, TheFrameIsGoneWhenTheAwaitingTaskGoesOn) {
  other_loop other;
  auto witness = std::make_shared<int>(0);
  const auto holds = [](std::shared_ptr<int>) -> task<> { co_return; };
  const auto check = [&]() -> task<> {
    for (int i = 0; i < 200; ++i) {
      co_await run_on(other.get(), holds(witness));
      EXPECT_EQ(witness.use_count(), 1);
    }
  };
  run(check());
}

TEST(RunOn, ManyTasksGoBackAndForth) {
  other_loop other;
  int there = 0;  // belongs to the other loop
  const auto counts = [&]() -> task<int> {
    ++there;
    co_await yield();
    co_return 1;
  };
  const auto calls = [&]() -> task<int> {
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += co_await run_on(other.get(), counts());
    co_return sum;
  };
  const auto check = [&]() -> task<> {
    std::vector<task<int>> all;
    for (int i = 0; i < 10; ++i) all.push_back(calls());
    for (const int sum : co_await when_all(std::move(all))) EXPECT_EQ(sum, 100);
  };
  run(check());
  other.join();
  EXPECT_EQ(there, 1000);
}

TEST(RunOn, ACanceledTaskStartsNothing) {
  other_loop other;
  bool ran = false;
  const auto child = [&]() -> task<> {
    ran = true;
    co_return;
  };
  const auto body = [&]() -> task<> {
    (void)co_await as_result(sleep_for(24h));
    const auto r = co_await as_result(run_on(other.get(), child()));
    EXPECT_EQ(r.error(), condition::canceled);
  };
  const auto check = [&]() -> task<> { (void)co_await when_any(body(), yield()); };
  run(check());
  other.join();
  EXPECT_FALSE(ran);
}

TEST(RunOn, CancellationGoesOverAndComesBack) {
  other_loop other;
  std::atomic<bool> waiting = false;
  std::string seen;
  const auto child = [&]() -> task<std::string> {
    waiting = true;
    const auto slept = co_await as_result(sleep_for(24h));
    co_return slept ? "slept" : slept.error().message();
  };
  const auto waits = [&]() -> task<> { seen = co_await run_on(other.get(), child()); };
  const auto until_it_waits = [&]() -> task<> {
    while (!waiting) co_await yield();
  };
  const auto check = [&]() -> task<> { (void)co_await when_any(waits(), until_it_waits()); };
  run(check());
  EXPECT_EQ(seen, "sleep: canceled");
}

TEST(RunOn, CancellationAtAnyMomentIsSafe) {
  other_loop other;
  const auto child = []() -> task<int> {
    co_await yield();
    co_return 1;
  };
  int values = 0;
  int canceled = 0;
  const auto tries = [&]() -> task<> {
    const auto r = co_await as_result(run_on(other.get(), child()));
    if (r) {
      ++values;
    } else {
      EXPECT_EQ(r.error(), condition::canceled);
      ++canceled;
    }
  };
  const auto check = [&]() -> task<> {
    for (int i = 0; i < 300; ++i) {
      const auto a_moment = [](int length) -> task<> {
        for (int n = 0; n < length; ++n) co_await yield();
      };
      (void)co_await when_any(tries(), a_moment(i % 10));
    }
  };
  run(check());
  EXPECT_EQ(values + canceled, 300);
}

TEST(RunOn, VirtualTimeStandsStillMeanwhile) {
  other_loop other;
  virtual_clock time;
  const auto child = []() -> task<int> {
    co_await sleep_for(2ms);
    co_return 3;
  };
  const auto check = [&]() -> task<int> {
    co_return co_await with_timeout(1h, run_on(other.get(), child()));
  };
  EXPECT_EQ(run(check(), {.clock = &time}), 3);
  EXPECT_EQ(time.elapsed(), 0s);
}

TEST(RunOn, TellsThatTheOtherLoopEnded) {
  auto other = std::make_unique<other_loop>();
  auto witness = std::make_shared<int>(0);
  std::atomic<bool> waiting = false;
  const auto child = [&](std::shared_ptr<int>) -> task<> {
    waiting = true;
    co_await sleep_for(24h);
  };
  std::thread ends([&] {
    while (!waiting) std::this_thread::yield();
    other->stop();
    other.reset();
  });
  const auto check = [&]() -> task<> {
    const executor there = other->get();
    const auto r = co_await as_result(run_on(there, child(witness)));
    EXPECT_EQ(r.code(), errc::closed);
    EXPECT_EQ(r.error().detail(), "the other loop ended");
    EXPECT_EQ(witness.use_count(), 1);
  };
  run(check());
  ends.join();
}

TEST(RunOn, TellsThatTheOtherLoopEndedBeforeItCouldStart) {
  auto context = std::make_unique<asio::io_context>();
  bool ran = false;
  const auto child = [&]() -> task<> {
    ran = true;
    co_return;
  };
  const auto ends = [&]() -> task<> {
    co_await yield();
    context.reset();
  };
  const auto waits = [&]() -> task<> {
    const auto r = co_await as_result(run_on(executor_of(*context), child()));
    EXPECT_EQ(r.code(), errc::closed);
  };
  const auto check = [&]() -> task<> { co_await when_all(waits(), ends()); };
  run(check());
  EXPECT_FALSE(ran);
}

TEST(RunOn, ALoopThatEndsCancelsItsTaskOverThere) {
  other_loop other;
  auto witness = std::make_shared<std::atomic<int>>(0);
  const auto child = [](std::shared_ptr<std::atomic<int>> state) -> task<> {
    *state = 1;
    const auto slept = co_await as_result(sleep_for(24h));
    *state = slept ? 2 : 3;
  };
  const auto waits = [&]() -> task<> { co_await run_on(other.get(), child(witness)); };
  {
    asio::io_context context;
    spawn(context, waits(), asio::detached);
    context.poll();
    while (*witness == 0) std::this_thread::yield();
  }
  other.join();
  EXPECT_EQ(*witness, 3);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(RunOn, EitherLoopMayEndWhileTheOutcomeIsOnItsWay) {
  auto witness = std::make_shared<int>(0);
  const auto child = [](std::shared_ptr<int>, std::atomic<bool>& ran) -> task<> {
    ran = true;
    co_return;
  };
  for (int round = 0; round < 100; ++round) {
    std::atomic<bool> ran = false;
    auto other = std::make_unique<other_loop>();
    const executor there = other->get();
    const auto waits = [&]() -> task<> { co_await run_on(there, child(witness, ran)); };
    {
      asio::io_context context;
      spawn(context, waits(), asio::detached);
      context.poll();
      if (round % 3 == 0) {
        while (!ran) std::this_thread::yield();
      } else if (round % 3 == 1) {
        other.reset();
      }
    }
    other.reset();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
