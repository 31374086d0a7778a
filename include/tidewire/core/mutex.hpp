/// @file
/// `mutex`: one task at a time, across its waits.
#pragma once

#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <optional>
#include <utility>

namespace tidewire {

class mutex;

namespace detail {
class lock_operation;
}

/// A locked mutex, unlocked when this is destroyed. Moves. Must not outlive its mutex.
class TIDEWIRE_CORE_API mutex_guard {
 public:
  mutex_guard(mutex_guard&& other) noexcept : locked_(std::exchange(other.locked_, nullptr)) {}
  mutex_guard& operator=(mutex_guard&& other) noexcept {
    std::swap(locked_, other.locked_);
    return *this;
  }
  ~mutex_guard() { unlock(); }

  /// Unlocks now. Twice is once.
  void unlock() noexcept;
  /// Does it hold the mutex? Not once unlocked or moved from.
  [[nodiscard]] bool owns_lock() const noexcept { return locked_ != nullptr; }

 private:
  friend class mutex;
  friend class detail::lock_operation;
  explicit mutex_guard(mutex& locked) noexcept : locked_(&locked) {}

  mutex* locked_;
};

namespace detail {

class TIDEWIRE_CORE_API lock_operation final : public leaf<lock_operation, queued_wait> {
 public:
  explicit lock_operation(mutex& wanted) noexcept : wanted_(&wanted) {}

  bool start(promise_base& p);
  [[nodiscard]] mutex_guard await_resume() const;

 private:
  mutex* wanted_;
};

}  // namespace detail

/// Keeps tasks apart that would get into each other's way between two waits, such as a request and its reply
/// on one connection. What does not wait in between needs none: a loop runs one task at a time.
///
/// @code
/// const auto guard = co_await exchange.lock();
/// co_await peer.write(request);
/// reply = co_await peer.read_line();
/// @endcode
///
/// First come, first served; not recursive. Nothing is allocated. For one loop, on its thread. It must
/// outlive its guards, and those who wait for them.
class TIDEWIRE_CORE_API mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  /// Waits until nobody holds it.
  /// @par Errors `condition::canceled`. `condition::misuse`: others wait on another loop.
  /// @par Cancellation At once. A lock that was handed over is returned though the task is canceled.
  [[nodiscard]] detail::lock_operation lock() noexcept { return detail::lock_operation(*this); }
  /// The lock, if nobody holds it.
  [[nodiscard]] std::optional<mutex_guard> try_lock() noexcept;
  /// Does anybody hold it?
  [[nodiscard]] bool locked() const noexcept { return locked_; }

 private:
  friend class mutex_guard;
  friend class detail::lock_operation;
  void unlock() noexcept;

  detail::wait_queue waiting_;
  bool locked_ = false;
};

}  // namespace tidewire
