/// @file
/// `retry`: the same operation again, after a pause, when it failed for a reason that may pass.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/timeout.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

namespace tidewire {

/// How `retry` goes about it.
struct retry_options {
  /// Attempts in all; at least one is made. Default: 4.
  std::size_t attempts = 4;
  /// The first pause is at most this long. Default: 100 ms.
  duration first_delay = std::chrono::milliseconds(100);
  /// No pause is longer. Default: 10 s.
  duration longest_delay = std::chrono::seconds(10);
  /// Each pause is at most so many times as long as the one before; 1 or more. Default: 2.
  double growth = 2;
  /// Bound for all of it, attempts and pauses; `duration::max()` for none. A pause that would outlast it is
  /// not begun. Default: 2 min.
  duration timeout = std::chrono::minutes(2);
  /// Is it worth another attempt? Null (the default): what satisfies `condition::transient` is.
  bool (*worth)(const failure& why) = nullptr;
  /// Numbers in [0, 1), of which each pause takes its share of the longest that it may be; null (the
  /// default): a generator of its own, seeded by the system. For tests.
  double (*random)() = nullptr;
};

/// An attempt that failed and will be followed by another, as the observer of a `retry` is told.
struct retry_notice {
  std::size_t attempt;  ///< The number of the attempt; the first is 1.
  const failure& why;   ///< Why it failed.
  duration delay;       ///< The pause that comes now.
};

namespace detail {

/// Which pauses come between the attempts.
class TIDEWIRE_CORE_API retry_schedule {
 public:
  retry_schedule(const retry_options& options, time_point now) noexcept;

  /// All of it must be over by then; `time_point::max()` if there is no bound.
  [[nodiscard]] time_point deadline() const noexcept { return deadline_; }
  /// The attempts that were made.
  [[nodiscard]] std::size_t attempts() const noexcept { return attempts_; }
  /// An attempt failed: the pause until the next, or a negative one if there shall be none.
  [[nodiscard]] duration next(const failure& why, time_point now);

 private:
  [[nodiscard]] double random();

  retry_options options_;
  time_point deadline_;
  duration longest_{};
  std::size_t attempts_ = 0;
  std::uint64_t state_ = 0;
};

struct unobserved {
  void operator()(const retry_notice&) const noexcept {}
};

template <class T, class F, class Observer>
task<T> retry_task(retry_options options, F make, Observer observe) {
  const executor here = co_await this_executor();
  retry_schedule schedule(options, here.now());
  for (;;) {
    std::exception_ptr thrown;
    try {
      if (schedule.deadline() == time_point::max()) {
        co_return co_await make();
      } else {
        co_return co_await with_deadline(schedule.deadline(), make());
      }
    } catch (...) {
      thrown = std::current_exception();
    }
    const failure why = to_failure(thrown);
    const duration pause = schedule.next(why, here.now());
    if (pause < duration::zero()) std::rethrow_exception(thrown);
    observe(retry_notice{schedule.attempts(), why, pause});
    co_await sleep_for(pause);
  }
}

template <class F>
concept makes_awaitable = std::invocable<F&> && awaitable<std::invoke_result_t<F&>> &&
                          !std::is_reference_v<std::invoke_result_t<F&>>;

}  // namespace detail

/// `auto page = co_await retry({.attempts = 5}, [&] { return fetch(url); });` makes an operation and awaits
/// it, again and again until one succeeds or it is not worth it any more.
///
/// Before attempt n + 1 it pauses for a random time between nothing and `first_delay` times `growth` to the
/// power of n - 1, but `longest_delay` at the most, so that many who fail at once do not come back at once.
/// To bound each attempt, make a `with_timeout`. Only what can be repeated without harm should be.
/// @param options Copied.
/// @param make    Called for each attempt; gives a task or another operation. Kept until the end.
/// @param observe Called with a `retry_notice` before each pause: to count, to log. Kept until the end.
/// @par Errors
/// What the last attempt threw; `errc::timed_out` if the time was over before it ended. What is not an error
/// of an operation (an exception of yours) is thrown at once.
/// @par Cancellation Cancels the attempt, or ends the pause.
template <class F, std::invocable<const retry_notice&> Observer = detail::unobserved>
requires detail::makes_awaitable<std::decay_t<F>>
[[nodiscard]] auto retry(retry_options options, F&& make, Observer&& observe = {}) {
  using value = awaited_t<std::invoke_result_t<std::decay_t<F>&>>;
  return detail::retry_task<value, std::decay_t<F>, std::decay_t<Observer>>(options, std::forward<F>(make),
                                                                            std::forward<Observer>(observe));
}

}  // namespace tidewire
