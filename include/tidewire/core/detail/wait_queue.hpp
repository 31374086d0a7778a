/// @file
/// The line in which coroutines of one loop wait for something that they share: not for users.
#pragma once

#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>

#include <string_view>

namespace tidewire::detail {

class wait_queue;

/// A wait in a line. It leaves the line when it is over, canceled or destroyed. Operations are leaves over
/// it.
class TIDEWIRE_CORE_API queued_wait : public suspension {
 public:
  /// How it went.
  enum class outcome : unsigned char { done, canceled, closed, misuse };

  /// Leaves the line; the waiter goes on soon.
  void end(outcome how) noexcept;
  /// Who is next in the line; null for the last.
  [[nodiscard]] queued_wait* next() const noexcept { return next_; }

 protected:
  queued_wait() = default;
  /// Before it started.
  queued_wait(queued_wait&&) noexcept : suspension() {}
  ~queued_wait() { leave(); }

  /// False, with the outcome set, where `p` must not start anything: it is canceled, or others wait in `line`
  /// on another loop.
  [[nodiscard]] bool may_start(promise_base& p, const wait_queue& line) noexcept;
  /// What `start` returns when it has to wait.
  bool wait_in(wait_queue& line, promise_base& p) noexcept;
  /// Throws unless the outcome is `done`.
  void require_done(std::string_view operation) const {
    if (outcome_ != outcome::done) fail(operation);
  }
  [[nodiscard]] outcome how() const noexcept { return outcome_; }
  void set_outcome(outcome how) noexcept { outcome_ = how; }
  /// Does it wait in a line? Not any more when it was ended.
  [[nodiscard]] bool in_line() const noexcept { return line_ != nullptr; }
  void cancel() noexcept override;

 private:
  friend class wait_queue;
  void leave() noexcept;
  [[noreturn]] void fail(std::string_view operation) const;

  wait_queue* line_ = nullptr;
  queued_wait* previous_ = nullptr;
  queued_wait* next_ = nullptr;
  outcome outcome_ = outcome::done;
};

/// First come, first served. Whoever still waits when it is destroyed is told that it was closed.
class wait_queue {
 public:
  wait_queue() = default;
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;
  ~wait_queue() { end_all(queued_wait::outcome::closed); }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] queued_wait* front() const noexcept { return first_; }
  void end_all(queued_wait::outcome how) noexcept {
    while (first_ != nullptr) first_->end(how);
  }

 private:
  friend class queued_wait;
  queued_wait* first_ = nullptr;
  queued_wait* last_ = nullptr;
};

inline void queued_wait::leave() noexcept {
  if (line_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : line_->first_) = next_;
  (next_ != nullptr ? next_->previous_ : line_->last_) = previous_;
  line_ = nullptr;
  previous_ = next_ = nullptr;
}

inline void queued_wait::end(outcome how) noexcept {
  leave();
  outcome_ = how;
  wake_soon();
}

}  // namespace tidewire::detail
