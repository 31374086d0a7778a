/// @file
/// Time as a parameter: every timer, deadline and back-off of a loop asks the loop's clock.
#pragma once

#include <tidewire/core/export.hpp>

#include <chrono>
#include <vector>

namespace tidewire {

namespace detail {
class loop;
}

/// Points in time, durations: those of `std::chrono::steady_clock`.
using time_point = std::chrono::steady_clock::time_point;
/// A span of time.
using duration = std::chrono::steady_clock::duration;

/// Tells a loop the time. The default is the system's steady clock; derive from it to bring another.
class TIDEWIRE_CORE_API clock {
 public:
  clock() = default;
  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;
  virtual ~clock();

  /// The time now; never goes back. Called on the thread of each loop that uses this clock.
  [[nodiscard]] virtual time_point now() const noexcept = 0;

  /// Asked by `run` when a loop has nothing left to do until `next`: a clock that can leap goes there and
  /// answers true; one that cannot answers false, and the loop waits for `next` by the system's clock.
  [[nodiscard]] virtual bool leap_to(time_point next) noexcept;

 protected:
  /// Fires what became due in every loop that uses this clock.
  void time_has_passed() noexcept;
  /// The earliest timer of every loop that uses this clock; `time_point::max()` if there is none.
  [[nodiscard]] time_point next_timer() const noexcept;

 private:
  friend class detail::loop;
  std::vector<detail::loop*> loops_;
};

/// A clock for tests: it stands still until it is moved, and, unless told otherwise, leaps to the next timer
/// whenever the loop has nothing else to do, so that an hour of time-outs passes in no time.
///
/// Time leaps only while no work is out on other threads (off-loaded calls, look-ups). What comes from other
/// processes is not waited for: use in-memory streams where the order of events matters.
/// Not thread-safe: for the thread of the one loop that uses it.
class TIDEWIRE_CORE_API virtual_clock final : public clock {
 public:
  /// Starts at an arbitrary time. `leaps`: go to the next timer when idle.
  explicit virtual_clock(bool leaps = true) noexcept : leaps_(leaps) {}

  [[nodiscard]] time_point now() const noexcept override { return now_; }
  /// Moves on by `by` (negative: not at all) and fires what became due, in order.
  void advance(duration by) noexcept;
  [[nodiscard]] bool leap_to(time_point next) noexcept override;
  /// How far it has moved since it was made.
  [[nodiscard]] duration elapsed() const noexcept { return now_ - start_; }

 private:
  static constexpr time_point start_ = time_point(std::chrono::hours(24));
  time_point now_ = start_;
  bool leaps_;
};

}  // namespace tidewire
