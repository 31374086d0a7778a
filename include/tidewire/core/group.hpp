/// @file
/// `task_group`: any number of child tasks, started one by one, that end before their parent goes on.
#pragma once

#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tidewire {

class task_group;

namespace detail {

class group_child;
class group_scope;

/// Waits until a group has room for another child.
class TIDEWIRE_CORE_API wait_below_operation final : public leaf<wait_below_operation, queued_wait> {
 public:
  wait_below_operation(task_group& group, std::size_t limit) noexcept
      : group_(&group), limit_(limit > 0 ? limit : 1) {}

  bool start(promise_base& p);
  void await_resume() const { require_done("wait for room in a task group"); }
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  task_group* group_;
  std::size_t limit_;
};

}  // namespace detail

/// The children of one `with_group`, which is the only way to get one: hence no child outlives its parent.
///
/// A child runs on the loop of its parent, beside everything else there; when it ends, it is freed at once.
/// An idle child costs its frame and some 100 bytes, both from the thread's pool: a server keeps each
/// connection in one. For the loop's thread only. Valid until its `with_group` ends: what the children call
/// may use it.
class TIDEWIRE_CORE_API task_group {
 public:
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Starts `child`, which runs when the running coroutine next waits. The body, a child, or anything else on
  /// the loop may spawn while the `with_group` lasts.
  ///
  /// In a group that failed or was canceled nothing starts any more: the child is dropped, and with it what
  /// it holds. What the child throws makes the group fail; a server catches the errors of one connection
  /// inside the child. May throw `std::bad_alloc`.
  void spawn(task<> child);

  /// How many children have not ended yet.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Waits until fewer than `limit` children are left: `co_await group.wait_below(100); group.spawn(...);`
  /// bounds the group at 100, as long as one task spawns; several share a `semaphore` instead.
  /// `wait_below(1)` waits for all children (a child that does so waits for itself, until it is canceled); 0
  /// counts as 1.
  /// @par Errors condition::canceled
  [[nodiscard]] detail::wait_below_operation wait_below(std::size_t limit) noexcept { return {*this, limit}; }

  /// Cancels every child, and starts no more; the body is left alone. That a child ends by this is no error
  /// of the group.
  void cancel() noexcept;
  /// Is it canceled, from inside or outside, or has it failed? Nothing starts any more then.
  [[nodiscard]] bool canceled() const noexcept { return stopped_; }

 private:
  friend class detail::group_child;
  friend class detail::group_scope;
  friend class detail::wait_below_operation;

  explicit task_group(detail::group_scope& scope) noexcept : scope_(scope) {}
  ~task_group() { drop_children(); }
  void cancel_children() noexcept;
  void drop_children() noexcept;
  void child_ended(const std::exception_ptr& thrown) noexcept;

  detail::group_scope& scope_;
  detail::group_child* first_ = nullptr;
  std::size_t size_ = 0;
  bool stopped_ = false;
  detail::wait_queue waiting_for_room_;
};

namespace detail {

/// What a coroutine waits at while the body and the children of its group run.
class TIDEWIRE_CORE_API group_scope : public suspension {
 public:
  /// The body or a child threw. `expected`: it was canceled on purpose.
  void failed(const std::exception_ptr& thrown, bool expected) noexcept;
  void child_ended() noexcept { end_if_over(); }
  [[nodiscard]] bool canceled_from_outside() const noexcept { return canceled_from_outside_; }

 protected:
  group_scope() noexcept : group_(*this), body_(*this) {}
  ~group_scope() = default;

  [[nodiscard]] task_group& group() noexcept { return group_; }
  /// Starts to wait, or answers false where the waiter is canceled already.
  bool begin(promise_base& waiter) noexcept;
  void start_body(promise_base& body) noexcept;
  void body_failed_to_start(const std::exception_ptr& thrown) noexcept;
  /// The body ended: what it threw, if it did.
  [[nodiscard]] virtual std::exception_ptr body_thrown() const noexcept = 0;
  /// Throws the first error, if there was one; or that nothing began.
  void require_success() const;
  /// The loop ends: the children, which may refer to what the body holds, go before it.
  void drop_children() noexcept { group_.drop_children(); }

 private:
  class body_chain final : public chain {
   public:
    explicit body_chain(group_scope& scope) noexcept : scope_(scope) {}
    using chain::adopt;

   private:
    void finished() noexcept override { scope_.body_ended(); }
    group_scope& scope_;
  };

  void cancel() noexcept override;
  void body_ended() noexcept;
  void end_if_over() noexcept;

  task_group group_;
  body_chain body_;
  std::exception_ptr thrown_;
  bool begun_ = false;
  bool body_running_ = false;
  bool canceled_from_outside_ = false;
};

template <class F>
class group_operation final : public native_awaitable, private group_scope {
  using body_task = std::invoke_result_t<F&, task_group&>;
  using value = typename body_task::value_type;

 public:
  explicit group_operation(F body) : function_(std::move(body)) {}
  /// Before it started.
  group_operation(group_operation&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : group_scope(), function_(std::move(other.function_)) {}
  ~group_operation() { drop_children(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    if (!begin(waiter.promise())) return false;
    try {
      body_.emplace(function_(group()));
    } catch (...) {
      body_failed_to_start(std::current_exception());
      return true;
    }
    start_body(body_->handle().promise());
    return true;
  }
  value await_resume() {
    require_success();
    return body_->handle().promise().take();
  }

 private:
  std::exception_ptr body_thrown() const noexcept override { return body_->handle().promise().thrown(); }

  F function_;
  std::optional<body_task> body_;
};

}  // namespace detail

/// Runs `body`, a function that takes a `task_group&` and returns a task, and then waits for the children
/// that it and they spawned:
///
/// @code
/// co_await with_group([&](task_group& group) -> task<> {
///   for (const std::string& url : urls) {
///     co_await group.wait_below(10);
///     group.spawn(fetch(url, pages));
///   }
/// });
/// @endcode
///
/// Gives what the body gave. What the children refer to must be declared outside of `with_group`: the body's
/// own variables end with the body (or else it waits for the children itself: `co_await
/// group.wait_below(1)`). The function object, with what it captured, is kept until the end.
/// @par Completes when
/// the body and every child have ended. The first error, of the body or of a child, cancels the body and the
/// other children.
/// @par Errors
/// The first error. A child that ends by `task_group::cancel()` is none.
/// @par Cancellation
/// Cancels the body and the children, and waits for them; starts nothing if the task is canceled already.
template <class F>
requires(std::invocable<std::decay_t<F>&, task_group&> &&
         detail::is_task<std::invoke_result_t<std::decay_t<F>&, task_group&>>)
[[nodiscard]] auto with_group(F&& body) {
  return detail::group_operation<std::decay_t<F>>(std::forward<F>(body));
}

}  // namespace tidewire
