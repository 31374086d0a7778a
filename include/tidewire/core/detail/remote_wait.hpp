/// @file
/// Waits that are ended from other threads: not for users.
#pragma once

#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>

#include <mutex>
#include <string_view>

namespace tidewire::detail {

class remote_wait;

/// Those who wait, first come, first served. All of it under a lock of its owner.
struct remote_line {
  remote_wait* first = nullptr;
  remote_wait* last = nullptr;
  [[nodiscard]] bool empty() const noexcept { return first == nullptr; }
};

/// A wait on a loop for what another thread does. Whoever ends it holds the lock of what is waited for, and
/// so does whoever leaves: hence a loop is only posted to while it lives.
class TIDEWIRE_CORE_API remote_wait : public suspension, private posted_call {
 public:
  enum class outcome : unsigned char { done, canceled, closed, misuse };

  /// Leaves the line; the waiter goes on soon, on its loop. Any thread, under the lock.
  void end(outcome how) noexcept;

 protected:
  remote_wait() = default;
  /// Before it started.
  remote_wait(remote_wait&&) noexcept : suspension(), posted_call() {}
  ~remote_wait() = default;

  /// Waits in `line`, which `lock`, held by the caller, guards.
  bool wait_in(remote_line& line, std::mutex& lock, promise_base& p) noexcept;
  /// Leaves the line, or takes back the call that is on its way: for the destructors of operations, while the
  /// lock exists.
  void leave() noexcept;
  void set_outcome(outcome how) noexcept { outcome_ = how; }
  [[nodiscard]] outcome how() const noexcept { return outcome_; }
  /// Throws unless the outcome is `done`.
  void require_done(std::string_view operation) const {
    if (outcome_ != outcome::done) fail(operation);
  }

 private:
  void cancel() noexcept override;
  void call() noexcept override;
  void abandon() noexcept override { waiting_ = false; }
  void unlink() noexcept;
  [[noreturn]] void fail(std::string_view operation) const;

  std::mutex* lock_ = nullptr;
  bool waiting_ = false;  // the loop's side: in the line, or for the call that ends it
  outcome outcome_ = outcome::done;

  // Under the lock.
  remote_line* line_ = nullptr;
  remote_wait* previous_ = nullptr;
  remote_wait* next_ = nullptr;
};

}  // namespace tidewire::detail
