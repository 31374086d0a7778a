/// @file
/// `semaphore`: so many at a time.
#pragma once

#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace tidewire {

class semaphore;

namespace detail {
class acquire_operation;
}

/// Permits of a semaphore, given back when this is destroyed. Moves. Must not outlive its semaphore.
class TIDEWIRE_CORE_API semaphore_permit {
 public:
  semaphore_permit(semaphore_permit&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), count_(other.count_) {}
  semaphore_permit& operator=(semaphore_permit&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~semaphore_permit() { release(); }

  /// Gives them back now. Twice is once.
  void release() noexcept;
  /// How many it holds; 0 once given back or moved from.
  [[nodiscard]] std::size_t count() const noexcept { return from_ != nullptr ? count_ : 0; }

 private:
  friend class semaphore;
  friend class detail::acquire_operation;
  semaphore_permit(semaphore& from, std::size_t count) noexcept : from_(&from), count_(count) {}

  semaphore* from_;
  std::size_t count_;
};

namespace detail {

class TIDEWIRE_CORE_API acquire_operation final : public leaf<acquire_operation, queued_wait> {
 public:
  acquire_operation(semaphore& from, std::size_t count) noexcept : from_(&from), count_(count) {}

  bool start(promise_base& p);
  [[nodiscard]] semaphore_permit await_resume() const;

 private:
  friend class tidewire::semaphore;
  void cancel() noexcept override;

  semaphore* from_;
  std::size_t count_;
  bool too_many_ = false;
};

}  // namespace detail

/// A number of permits, of which each task takes some and gives them back: bounds what runs at the same time.
///
/// @code
/// semaphore at_once(10);
/// ...
/// const auto permit = co_await at_once.acquire();
/// co_await fetch(url);
/// @endcode
///
/// First come, first served: a task that wants many is not passed by those that want few. Nothing is
/// allocated. For one loop, on its thread. It must outlive its permits, and those who wait for them.
class TIDEWIRE_CORE_API semaphore {
 public:
  explicit semaphore(std::size_t permits) noexcept : total_(permits), available_(permits) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Waits for `count` permits.
  /// @par Errors `condition::canceled`. `condition::misuse`: more than there are in all; others wait on
  /// another loop.
  /// @par Cancellation No permit is lost: one that was granted is returned though the task is canceled.
  [[nodiscard]] detail::acquire_operation acquire(std::size_t count = 1) noexcept { return {*this, count}; }
  /// The permits, if they are there and nobody waits.
  [[nodiscard]] std::optional<semaphore_permit> try_acquire(std::size_t count = 1) noexcept;

  /// Permits that nobody holds.
  [[nodiscard]] std::size_t available() const noexcept { return available_; }
  /// Permits in all.
  [[nodiscard]] std::size_t total() const noexcept { return total_; }

 private:
  friend class semaphore_permit;
  friend class detail::acquire_operation;
  bool take(std::size_t count) noexcept;
  void put_back(std::size_t count) noexcept;
  void serve() noexcept;

  std::size_t total_;
  std::size_t available_;
  detail::wait_queue waiting_;
};

}  // namespace tidewire
