/// @file
/// `rate_limiter`: so many in a span of time.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <chrono>
#include <cstdint>

namespace tidewire {

class rate_limiter;

/// How fast a `rate_limiter` lets pass.
struct rate_limiter_options {
  /// Tokens that come in each `per`; at least 1.
  std::uint64_t rate = 1;
  /// The span that `rate` is for. Default: a second.
  duration per = std::chrono::seconds(1);
  /// Tokens that gather at the most while nobody takes any, and that can then be taken at once; 0 (the
  /// default): as many as `rate`. Times `per`, it may be 73 years: two billion tokens where `per` is a
  /// second.
  std::uint64_t burst = 0;
};

namespace detail {

class TIDEWIRE_CORE_API token_operation final : public leaf<token_operation, queued_wait>, private timer {
 public:
  token_operation(rate_limiter& from, std::uint64_t count) noexcept : from_(&from), count_(count) {}
  /// Before it started.
  token_operation(token_operation&& other) noexcept
      : leaf(std::move(other)), timer(), from_(other.from_), count_(other.count_) {}

  bool start(promise_base& p);
  void await_resume() const;

 private:
  friend class tidewire::rate_limiter;
  void cancel() noexcept override;
  void fired() noexcept override;

  rate_limiter* from_;
  std::uint64_t count_;
  bool too_many_ = false;
};

class TIDEWIRE_CORE_API try_token_operation final : public leaf<try_token_operation> {
 public:
  try_token_operation(rate_limiter& from, std::uint64_t count) noexcept : from_(&from), count_(count) {}

  bool start(promise_base& p);
  [[nodiscard]] bool await_resume() const noexcept { return taken_; }

 private:
  void cancel() noexcept override {}

  rate_limiter* from_;
  std::uint64_t count_;
  bool taken_ = false;
};

}  // namespace detail

/// A bucket into which tokens drip at a rate, and from which tasks take some before they act: requests a
/// second, bytes a second.
///
/// @code
/// rate_limiter bytes({.rate = 1'000'000, .burst = 64 * 1024});
/// ...
/// co_await bytes.acquire(chunk.size());
/// co_await peer.write(chunk);
/// @endcode
///
/// It begins full. First come, first served: a task that wants many is not passed by those that want few.
/// More tokens than the burst may be taken at once: it then needs a full bucket, and those who come next wait
/// until the rest has come, too. Exact to the nanosecond in the long run. Goes by the clock of the loop.
/// Nothing is allocated but the place of a timer.
///
/// For one loop, on its thread. When it is destroyed those who wait get `errc::closed`.
class TIDEWIRE_CORE_API rate_limiter {
 public:
  /// Throws `condition::misuse` if the rate or its span is not positive, or the burst too large.
  explicit rate_limiter(rate_limiter_options options);
  rate_limiter(const rate_limiter&) = delete;
  rate_limiter& operator=(const rate_limiter&) = delete;
  ~rate_limiter();

  /// Waits for `count` tokens, and takes them.
  /// @par Errors `condition::canceled`. `condition::misuse`: more tokens than a burst may have at the most;
  /// others wait on another loop.
  /// @par Cancellation At once. Tokens that were taken are not put back.
  [[nodiscard]] detail::token_operation acquire(std::uint64_t count = 1) noexcept { return {*this, count}; }
  /// `if (!co_await limiter.try_acquire()) ...` takes the tokens if they are there and nobody waits. Never
  /// waits.
  [[nodiscard]] detail::try_token_operation try_acquire(std::uint64_t count = 1) noexcept {
    return {*this, count};
  }

 private:
  friend class detail::token_operation;
  friend class detail::try_token_operation;

  /// Is it so many that the arithmetic would not hold?
  [[nodiscard]] bool too_many(std::uint64_t count) const noexcept;
  void refill(time_point now) noexcept;
  bool take(std::uint64_t count) noexcept;
  /// How long it takes until `count` can be taken, as it stands.
  [[nodiscard]] duration time_until(std::uint64_t count) const noexcept;
  /// Serves who can be served, and has the next one wait by its timer.
  void serve(detail::loop& home);

  // A token is as many drops as its span has nanoseconds, so that `rate` drops come in each.
  std::int64_t rate_ = 0;
  std::int64_t token_ = 0;
  std::int64_t full_ = 0;
  std::int64_t level_ = 0;
  time_point filled_at_{};
  detail::wait_queue waiting_;
};

}  // namespace tidewire
