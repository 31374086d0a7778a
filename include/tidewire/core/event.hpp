/// @file
/// `event`: something that has happened, or not yet.
#pragma once

#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

namespace tidewire {

class event;

namespace detail {

class TIDEWIRE_CORE_API event_operation final : public leaf<event_operation, queued_wait> {
 public:
  explicit event_operation(event& awaited) noexcept : awaited_(&awaited) {}

  bool start(promise_base& p);
  void await_resume() const { require_done("wait for an event"); }

 private:
  event* awaited_;
};

}  // namespace detail

/// A flag that tasks wait for: set, it lets everyone pass until it is reset. Nothing is allocated. For one
/// loop, on its thread. When it is destroyed those who wait get `errc::closed`.
class event {
 public:
  /// `set`: has it happened already?
  explicit event(bool set = false) noexcept : set_(set) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Lets those who wait, and all who come, pass. Those who waited pass even if it is reset before they run.
  void set() noexcept {
    set_ = true;
    waiting_.end_all(detail::queued_wait::outcome::done);
  }
  /// Those who come from now on wait.
  void reset() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  /// Waits until it is set.
  /// @par Errors `condition::canceled`. `condition::misuse`: others wait on another loop.
  /// @par Cancellation At once.
  [[nodiscard]] detail::event_operation wait() noexcept { return detail::event_operation(*this); }

 private:
  friend class detail::event_operation;
  detail::wait_queue waiting_;
  bool set_;
};

}  // namespace tidewire
