#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// Fails with `why` so many times, and then gives how often it was made.
class flaky {
 public:
  explicit flaky(int failures, errc why = errc::resolver_failed, duration takes = 0s)
      : failures_(failures), why_(why), takes_(takes) {}

  task<int> operator()() {
    ++made_;
    if (takes_ > 0s) co_await sleep_for(takes_);
    if (made_ <= failures_) throw error(why_, "attempt " + std::to_string(made_));
    co_return made_;
  }
  [[nodiscard]] int made() const { return made_; }

 private:
  int failures_;
  errc why_;
  duration takes_;
  int made_ = 0;
};

double longest() {
  return 1.0;
}
double half() {
  return 0.5;
}

TEST(Retry, GivesTheValueOfTheFirstAttemptThatSucceeds) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(3);
    EXPECT_EQ(co_await retry({}, [&] { return operation(); }), 4);
  };
  run(check(), {.clock = &time});
}

TEST(Retry, DoesNotPauseWithoutAFailure) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(0);
    EXPECT_EQ(co_await retry({.random = longest}, [&] { return operation(); }), 1);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 0s);
}

TEST(Retry, ThrowsTheLastErrorAfterTheLastAttempt) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100);
    const auto r = co_await as_result(retry({.attempts = 5}, [&] { return operation(); }));
    EXPECT_EQ(r.error().detail(), "attempt 5");
    EXPECT_EQ(operation.made(), 5);
  };
  run(check(), {.clock = &time});
}

TEST(Retry, MakesAtLeastOneAttempt) {
  const auto check = []() -> task<> {
    flaky operation(100);
    (void)co_await as_result(retry({.attempts = 0}, [&] { return operation(); }));
    EXPECT_EQ(operation.made(), 1);
  };
  run(check());
}

std::vector<duration> pauses_of(retry_options options) {
  virtual_clock time;
  std::vector<duration> pauses;
  const auto check = [&]() -> task<> {
    flaky operation(100);
    const auto observe = [&](const retry_notice& notice) {
      EXPECT_EQ(notice.attempt, pauses.size() + 1);
      EXPECT_EQ(notice.why.detail(), "attempt " + std::to_string(notice.attempt));
      pauses.push_back(notice.delay);
    };
    (void)co_await as_result(retry(options, [&] { return operation(); }, observe));
  };
  run(check(), {.clock = &time});
  duration sum{};
  for (const duration each : pauses) sum += each;
  EXPECT_EQ(time.elapsed(), sum) << "it pauses as long as it says";
  return pauses;
}

TEST(Retry, PausesGrowUpToTheLongest) {
  EXPECT_EQ(pauses_of({.attempts = 6, .first_delay = 100ms, .longest_delay = 1s, .random = longest}),
            (std::vector<duration>{100ms, 200ms, 400ms, 800ms, 1s}));
  EXPECT_EQ(pauses_of({.attempts = 4, .first_delay = 1s, .longest_delay = 1min, .growth = 3, .random = half}),
            (std::vector<duration>{500ms, 1500ms, 4500ms}));
}

TEST(Retry, OddOptionsAreTakenAsWellAsTheyCan) {
  EXPECT_EQ(pauses_of({.attempts = 3, .first_delay = 5s, .longest_delay = 2s, .random = longest}),
            (std::vector<duration>{2s, 2s}));
  EXPECT_EQ(pauses_of({.attempts = 3, .first_delay = -1s, .longest_delay = -2s, .random = longest}),
            (std::vector<duration>{0s, 0s}));
  EXPECT_EQ(pauses_of({.attempts = 3, .first_delay = 1s, .growth = 0, .random = longest}),
            (std::vector<duration>{1s, 1s}));
  EXPECT_EQ(pauses_of({.attempts = 70,
                       .first_delay = 1s,
                       .longest_delay = duration::max(),
                       .timeout = 100h,
                       .random = [] { return 0.0; }})
                .size(),
            69u);
}

TEST(Retry, JitterIsFullAndDiffersFromOneRetryToTheNext) {
  const retry_options options{.attempts = 40, .first_delay = 1s, .longest_delay = 1s};
  const std::vector<duration> first = pauses_of(options);
  const std::vector<duration> second = pauses_of(options);
  EXPECT_NE(first, second);
  duration least = 1s;
  duration most = 0s;
  for (const duration each : first) {
    EXPECT_GE(each, 0s);
    EXPECT_LE(each, 1s);
    least = std::min(least, each);
    most = std::max(most, each);
  }
  EXPECT_LT(least, 300ms);
  EXPECT_GT(most, 700ms);
}

TEST(Retry, WhatIsNotTransientIsNotTriedAgain) {
  const auto check = []() -> task<> {
    flaky operation(100, errc::malformed);
    const auto r = co_await as_result(retry({}, [&] { return operation(); }));
    EXPECT_EQ(r.error().detail(), "attempt 1");
  };
  run(check());
}

TEST(Retry, TheCallerMaySayWhatIsWorthAnotherAttempt) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100, errc::malformed);
    const auto r = co_await as_result(
        retry({.attempts = 3, .worth = [](const failure& why) { return why == condition::protocol; }},
              [&] { return operation(); }));
    EXPECT_EQ(r.error().detail(), "attempt 3");
  };
  run(check(), {.clock = &time});
}

TEST(Retry, ForeignExceptionsAreThrownAtOnce) {
  int made = 0;
  const auto throws = [&]() -> task<> {
    ++made;
    throw std::runtime_error("mine");
    co_return;
  };
  const auto check = [&]() -> task<> { co_await retry({}, throws); };
  EXPECT_THROW(run(check()), std::runtime_error);
  EXPECT_EQ(made, 1);
}

TEST(Retry, APauseThatWouldOutlastTheTimeIsNotBegun) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100);
    const auto r = co_await as_result(
        retry({.attempts = 100, .first_delay = 1s, .growth = 1, .timeout = 3500ms, .random = longest},
              [&] { return operation(); }));
    EXPECT_EQ(r.error().detail(), "attempt 4") << "the error of the operation, not one of the clock";
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 3s);
}

TEST(Retry, AnAttemptThatWouldOutlastTheTimeIsCutOff) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100, errc::resolver_failed, 2s);
    const auto r = co_await as_result(retry(
        {.attempts = 100, .first_delay = 0s, .timeout = 5s, .random = longest}, [&] { return operation(); }));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(operation.made(), 3);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 5s);
}

TEST(Retry, ATimeoutOfOneAttemptIsWorthAnother) {
  virtual_clock time;
  const auto check = []() -> task<> {
    int made = 0;
    const auto slow_at_first = [&]() -> task<int> {
      co_await sleep_for(++made < 3 ? 1h : 1s);
      co_return made;
    };
    const auto bounded = [&] { return with_timeout(2s, slow_at_first()); };
    EXPECT_EQ(co_await retry({.first_delay = 0s}, bounded), 3);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 5s);
}

TEST(Retry, MayHaveNoBoundInTime) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(9, errc::resolver_failed, 24h);
    EXPECT_EQ(co_await retry({.attempts = 10, .timeout = duration::max()}, [&] { return operation(); }), 10);
  };
  run(check(), {.clock = &time});
  EXPECT_GE(time.elapsed(), 240h);
}

TEST(Retry, KeepsWhatItWasGiven) {
  virtual_clock time;
  const auto check = []() -> task<> {
    auto counter = std::make_shared<int>(0);
    auto make = [counter]() -> task<std::unique_ptr<int>> {
      const auto mine = counter;
      co_await yield();
      if (++*mine < 3) throw error(errc::resolver_failed, "");
      co_return std::make_unique<int>(*mine);
    };
    auto operation = retry({}, std::move(make));
    const auto value = co_await std::move(operation);
    EXPECT_EQ(*value, 3);
  };
  run(check(), {.clock = &time});
}

TEST(Retry, CancellationEndsThePause) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100);
    const auto r = co_await as_result(
        with_timeout(1s, retry({.first_delay = 1min, .random = longest}, [&] { return operation(); })));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(operation.made(), 1);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(Retry, CancellationEndsTheAttempt) {
  virtual_clock time;
  const auto check = []() -> task<> {
    flaky operation(100, errc::resolver_failed, 1h);
    const auto r = co_await as_result(with_timeout(1s, retry({}, [&] { return operation(); })));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(operation.made(), 1);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(Retry, ACanceledTaskMakesAnAttemptThatFailsAtItsFirstWait) {
  const auto check = []() -> task<> {
    flaky operation(100, errc::resolver_failed, 1h);
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(retry({}, [&] { return operation(); }));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
    EXPECT_LE(operation.made(), 1);
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
