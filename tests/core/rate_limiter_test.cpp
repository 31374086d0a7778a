#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// How long `n` acquisitions of `count` tokens take.
duration time_for(rate_limiter_options options, int n, std::uint64_t count) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter(options);
    for (int i = 0; i < n; ++i) co_await limiter.acquire(count);
  };
  run(check(), {.clock = &time});
  return time.elapsed();
}

TEST(RateLimiter, LetsABurstPassAndThenTheRate) {
  EXPECT_EQ(time_for({.rate = 10, .burst = 5}, 5, 1), 0s);
  EXPECT_EQ(time_for({.rate = 10, .burst = 5}, 6, 1), 100ms);
  EXPECT_EQ(time_for({.rate = 10, .burst = 5}, 25, 1), 2s);
}

TEST(RateLimiter, TheBurstIsAsLargeAsTheRateUnlessToldOtherwise) {
  EXPECT_EQ(time_for({.rate = 10}, 10, 1), 0s);
  EXPECT_EQ(time_for({.rate = 10}, 11, 1), 100ms);
}

TEST(RateLimiter, TheSpanMayBeAny) {
  EXPECT_EQ(time_for({.rate = 1, .per = 1min, .burst = 1}, 11, 1), 10min);
  EXPECT_EQ(time_for({.rate = 5, .per = 1ms, .burst = 1}, 11, 1), 2ms);
}

TEST(RateLimiter, IsExactInTheLongRunThoughARateDoesNotDivideASecond) {
  // The last token comes when its share of the time has passed, rounded up to a nanosecond once.
  EXPECT_EQ(time_for({.rate = 3, .burst = 1}, 3'001, 1), 1000s);
  EXPECT_EQ(time_for({.rate = 7, .burst = 1}, 2, 1), duration(142'857'143));
  EXPECT_EQ(time_for({.rate = 7, .burst = 1}, 7'001, 1), 1000s);
}

TEST(RateLimiter, ShapesBytes) {
  EXPECT_EQ(time_for({.rate = 1'000'000, .burst = 1500}, 1001, 1500), 1500ms);
  EXPECT_EQ(time_for({.rate = 12'500'000'000, .burst = 65'536}, 190'736, 65'536), 1'000'000'717ns);
}

TEST(RateLimiter, MoreThanTheBurstWaitsForAFullBucketAndLeavesADebt) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 10, .burst = 5});
    co_await limiter.acquire(25);
    EXPECT_EQ(time.elapsed(), 0s) << "the bucket was full";
    co_await limiter.acquire(1);
    EXPECT_EQ(time.elapsed(), 2100ms) << "20 tokens were owed";
    co_await limiter.acquire(6);
    EXPECT_EQ(time.elapsed(), 2600ms) << "it waited until the bucket was full";
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, NoMoreThanTheBurstGathers) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 10, .burst = 5});
    co_await sleep_for(24h * 365 * 200);
    for (int i = 0; i < 6; ++i) co_await limiter.acquire();
    EXPECT_EQ(time.elapsed(), 24h * 365 * 200 + 100ms);
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, ServesInTheOrderInWhichTheyCame) {
  virtual_clock time;
  std::string order;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 10, .burst = 10});
    co_await limiter.acquire(10);
    const auto wants = [&](char name, std::uint64_t n) -> task<> {
      co_await limiter.acquire(n);
      order += name;
      order += std::to_string(time.elapsed() / 100ms) + ";";
    };
    co_await when_all(wants('a', 8), wants('b', 1), wants('c', 1), wants('d', 5));
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(order, "a8;b9;c10;d15;");
}

TEST(RateLimiter, TryAcquireNeverWaitsNorPassesThoseWhoDo) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 10, .burst = 2});
    EXPECT_TRUE(co_await limiter.try_acquire());
    EXPECT_TRUE(co_await limiter.try_acquire());
    EXPECT_FALSE(co_await limiter.try_acquire());
    co_await sleep_for(100ms);
    EXPECT_FALSE(co_await limiter.try_acquire(2));
    const auto waits = [&]() -> task<> { co_await limiter.acquire(2); };
    const auto tries = [&]() -> task<> { EXPECT_FALSE(co_await limiter.try_acquire(1)); };
    co_await when_all(waits(), tries());
    EXPECT_EQ(time.elapsed(), 200ms);
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, ACanceledTaskTakesNothing) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 1, .burst = 1});
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(limiter.acquire());
      EXPECT_EQ(r.error(), condition::canceled);
      EXPECT_EQ(r.error().operation(), "wait for tokens");
    };
    (void)co_await when_any(body(), yield());
    EXPECT_TRUE(co_await limiter.try_acquire());
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, WhenOneThatWantsManyGivesUpThoseBehindItAreServed) {
  virtual_clock time;
  const auto check = [&]() -> task<> {
    rate_limiter limiter({.rate = 10, .burst = 10});
    co_await limiter.acquire(10);
    const auto gives_up = [&]() -> task<> {
      const auto r = co_await as_result(with_timeout(500ms, limiter.acquire(10)));
      EXPECT_EQ(r.error(), condition::timeout);
    };
    const auto wants = [&](std::uint64_t n, duration expected) -> task<> {
      co_await limiter.acquire(n);
      EXPECT_EQ(time.elapsed(), expected);
    };
    // Five tokens are there when the first gives up: the second is served at once, the third by a timer.
    co_await when_all(gives_up(), wants(4, 500ms), wants(3, 700ms));
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, GoesByTheSystemsClockToo) {
  const auto check = []() -> task<> {
    rate_limiter limiter({.rate = 1000, .burst = 1});
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i) co_await limiter.acquire();
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 5ms);
  };
  run(check());
}

TEST(RateLimiter, RefusesRatesThatMakeNoSense) {
  EXPECT_THROW(rate_limiter({.rate = 0}), error);
  EXPECT_THROW(rate_limiter({.rate = 1, .per = 0s}), error);
  EXPECT_THROW(rate_limiter({.rate = 1, .per = -1s}), error);
  EXPECT_THROW(rate_limiter({.rate = 1, .burst = std::numeric_limits<std::uint64_t>::max()}), error);
  EXPECT_THROW(rate_limiter({.rate = 1, .per = duration::max()}), error);
  EXPECT_NO_THROW(rate_limiter({.rate = std::numeric_limits<std::uint64_t>::max()}));
}

TEST(RateLimiter, RefusesWhatWouldNeverCome) {
  const auto check = []() -> task<> {
    rate_limiter limiter({.rate = 1});
    for (const std::uint64_t n : {std::uint64_t{2'305'843'010}, std::numeric_limits<std::uint64_t>::max()}) {
      const auto r = co_await as_result(limiter.acquire(n));
      EXPECT_EQ(r.error(), condition::misuse);
      EXPECT_FALSE(co_await limiter.try_acquire(n));
    }
    co_await limiter.acquire(2'305'843'009);
  };
  run(check());
}

TEST(RateLimiter, DestroyingItEndsTheWaits) {
  virtual_clock time;
  const auto check = []() -> task<> {
    auto limiter = std::make_unique<rate_limiter>(rate_limiter_options{.rate = 1, .burst = 1});
    co_await limiter->acquire();
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(limiter->acquire());
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto destroys = [&]() -> task<> {
      limiter.reset();
      co_return;
    };
    co_await when_all(waits(), waits(), destroys());
    co_await sleep_for(10s);
  };
  run(check(), {.clock = &time});
}

TEST(RateLimiter, EverythingDiesWithTheLoopInAnyOrder) {
  auto witness = std::make_shared<int>(0);
  rate_limiter outside({.rate = 1});
  const auto owner = [](std::shared_ptr<int>, rate_limiter*& out) -> task<> {
    rate_limiter mine({.rate = 1});
    out = &mine;
    co_await sleep_for(24h);
  };
  const auto waits = [](std::shared_ptr<int>, rate_limiter& limiter) -> task<> {
    for (;;) co_await limiter.acquire();
  };
  {
    asio::io_context context;
    rate_limiter* inside = nullptr;
    spawn(context, owner(witness, inside), asio::detached);
    context.poll();
    for (int i = 0; i < 3; ++i) {
      spawn(context, waits(witness, *inside), asio::detached);
      spawn(context, waits(witness, outside), asio::detached);
    }
    context.restart();
    context.poll();
  }
  EXPECT_EQ(witness.use_count(), 1);
  // It can be used again on another loop.
  virtual_clock time;
  const auto again = [&]() -> task<> { co_await outside.acquire(2); };
  run(again(), {.clock = &time});
}

}  // namespace
}  // namespace tidewire
