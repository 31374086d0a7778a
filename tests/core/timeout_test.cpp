#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

enum class ending { value, failure, never };
enum class after_cancel { obeys, value_all_the_same, fails_otherwise };

// An operation that ends after a second as told, and, when it is canceled before, as told too.
task<std::string> act(ending how, after_cancel then) {
  const result<void> waited = co_await as_result(sleep_for(how == ending::never ? 24h : 1s));
  if (!waited) {
    if (then == after_cancel::value_all_the_same) co_return "late value";
    if (then == after_cancel::fails_otherwise) throw error(errc::malformed, "broke while being canceled");
    throw error(failure(errc::canceled).during("act").with("nobody"));
  }
  if (how == ending::failure) throw error(errc::malformed, "broke by itself");
  co_return "value";
}

std::string outcome_of(const result<std::string>& r) {
  return r ? *r : r.error().message();
}

task<std::string> bounded(duration limit, ending how, after_cancel then) {
  const auto r = co_await as_result(with_timeout(limit, act(how, then)));
  co_return outcome_of(r);
}

std::string in_virtual_time(task<std::string> t) {
  virtual_clock time;
  return run(std::move(t), {.clock = &time});
}

TEST(WithTimeout, TheValueComesFirst) {
  EXPECT_EQ(in_virtual_time(bounded(2s, ending::value, after_cancel::obeys)), "value");
}

TEST(WithTimeout, TheErrorComesFirst) {
  EXPECT_EQ(in_virtual_time(bounded(2s, ending::failure, after_cancel::obeys)),
            "malformed input: broke by itself");
}

TEST(WithTimeout, TheTimeComesFirstAndTheErrorNamesWhatWasWaiting) {
  EXPECT_EQ(in_virtual_time(bounded(500ms, ending::value, after_cancel::obeys)),
            "act nobody: timed out: no result within 500 ms");
}

TEST(WithTimeout, AValueThatComesAllTheSameIsNotLost) {
  EXPECT_EQ(in_virtual_time(bounded(500ms, ending::value, after_cancel::value_all_the_same)), "late value");
}

TEST(WithTimeout, AnErrorOtherThanCanceledIsNotHiddenByTheTimeout) {
  EXPECT_EQ(in_virtual_time(bounded(500ms, ending::value, after_cancel::fails_otherwise)),
            "malformed input: broke while being canceled");
}

// Outer cancellation, made by an outer time-out that comes first.
task<std::string> canceled_from_outside(duration inner, duration outer, after_cancel then) {
  std::string seen = "nothing";
  const auto observed = [&]() -> task<> {
    const auto r = co_await as_result(with_timeout(inner, act(ending::never, then)));
    seen = outcome_of(r);
  };
  (void)co_await as_result(with_timeout(outer, observed()));
  co_return seen;
}

TEST(WithTimeout, OuterCancellationIsCanceledAndNotTimedOut) {
  EXPECT_EQ(in_virtual_time(canceled_from_outside(2s, 1s, after_cancel::obeys)), "act nobody: canceled");
}

TEST(WithTimeout, OuterCancellationLetsAValueThrough) {
  EXPECT_EQ(in_virtual_time(canceled_from_outside(2s, 1s, after_cancel::value_all_the_same)), "late value");
}

TEST(WithTimeout, OuterCancellationLetsAnErrorThrough) {
  EXPECT_EQ(in_virtual_time(canceled_from_outside(2s, 1s, after_cancel::fails_otherwise)),
            "malformed input: broke while being canceled");
}

TEST(WithTimeout, WhenBothComeAtOnceTheOuterCancellationWins) {
  const auto both = []() -> task<std::string> {
    std::string seen = "nothing";
    const auto observed = [&]() -> task<> {
      const auto r = co_await as_result(with_timeout(1s, act(ending::never, after_cancel::obeys)));
      seen = outcome_of(r);
    };
    // The outer timer was armed first and is as late: it fires first.
    (void)co_await as_result(with_timeout(1s, observed()));
    co_return seen;
  };
  const std::string seen = in_virtual_time(both());
  EXPECT_TRUE(seen == "act nobody: canceled" || seen == "act nobody: timed out: no result within 1 s")
      << seen;
}

TEST(WithTimeout, ACanceledTaskStartsNothing) {
  const auto check = []() -> task<std::string> {
    bool started = false;
    std::string seen;
    const auto child = [&]() -> task<> {
      started = true;
      co_return;
    };
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(with_timeout(1s, child()));
      seen = r ? "ran" : r.error().message();
    };
    (void)co_await as_result(with_timeout(1s, body()));
    co_return seen + (started ? ", started" : ", not started");
  };
  EXPECT_EQ(in_virtual_time(check()), "canceled, not started");
}

TEST(WithTimeout, AnHourPassesInNoTime) {
  virtual_clock time;
  const auto check = []() -> task<int> {
    int timeouts = 0;
    for (int i = 0; i < 60; ++i) {
      const auto r = co_await as_result(with_timeout(1min, sleep_for(1h)));
      if (!r && r.error() == condition::timeout) ++timeouts;
    }
    co_return timeouts;
  };
  EXPECT_EQ(run(check(), {.clock = &time}), 60);
  EXPECT_EQ(time.elapsed(), 1h);
}

TEST(WithTimeout, WorksWithTheSystemsClock) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(with_timeout(5ms, sleep_for(1h)));
    EXPECT_FALSE(r);
    EXPECT_EQ(r.error(), condition::timeout);
  };
  run(check());
}

TEST(WithDeadline, OneBudgetServesSeveralActs) {
  const auto check = []() -> task<std::string> {
    const executor here = co_await this_executor();
    const time_point until = here.now() + 1500ms;
    const auto first = co_await as_result(with_deadline(until, act(ending::value, after_cancel::obeys)));
    const auto second = co_await as_result(with_deadline(until, act(ending::value, after_cancel::obeys)));
    co_return outcome_of(first) + "; " + outcome_of(second);
  };
  EXPECT_EQ(in_virtual_time(check()), "value; act nobody: timed out: no result within 500 ms");
}

TEST(Shield, RunsToItsEndThoughTheTaskIsCanceled) {
  const auto check = []() -> task<std::string> {
    std::string log;
    const auto goodbye = [&]() -> task<> {
      co_await sleep_for(3s);
      log += "said goodbye";
    };
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      co_await shield(goodbye());
      const auto next = co_await as_result(sleep_for(1s));
      log += next ? ", went on" : ", then stopped";
    };
    (void)co_await as_result(with_timeout(1s, body()));
    co_return log;
  };
  EXPECT_EQ(in_virtual_time(check()), "said goodbye, then stopped");
}

TEST(Sleep, EndsAtOnceWhenCanceledBefore) {
  virtual_clock time;
  const auto check = []() -> task<> {
    const auto body = []() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(sleep_for(24h));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await as_result(with_timeout(1s, body()));
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(Sleep, TimersFireInOrder) {
  virtual_clock time;
  const auto check = []() -> task<std::string> {
    std::string order;
    for (const auto wait : {3ms, 1ms, 2ms}) {
      co_await sleep_for(wait);
      order += std::to_string(wait.count());
    }
    co_return order;
  };
  EXPECT_EQ(run(check(), {.clock = &time}), "312");
  EXPECT_EQ(time.elapsed(), 6ms);
}

TEST(Watchdog, CallsOnceWhenItWasNotFedForItsTime) {
  virtual_clock time;
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    int calls = 0;
    watchdog dog(here, 10s, [&] { ++calls; });
    for (int i = 0; i < 5; ++i) {
      co_await sleep_for(9s);
      dog.feed();
    }
    EXPECT_EQ(calls, 0);
    co_await sleep_for(9999ms);
    EXPECT_EQ(calls, 0);
    co_await sleep_for(1h);
    EXPECT_EQ(calls, 1);
  };
  run(check(), {.clock = &time});
}

TEST(Watchdog, CallsNothingOnceStoppedOrGone) {
  virtual_clock time;
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    int calls = 0;
    watchdog stopped(here, 1s, [&] { ++calls; });
    stopped.stop();
    {
      const watchdog gone(here, 1s, [&] { ++calls; });
    }
    co_await sleep_for(1h);
    EXPECT_EQ(calls, 0);
  };
  run(check(), {.clock = &time});
}

}  // namespace
}  // namespace tidewire
