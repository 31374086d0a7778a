/// @file
/// Deadlines over whole acts, and their opposite, `shield`.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/task.hpp>

#include <exception>
#include <functional>
#include <utility>

namespace tidewire {
namespace detail {

/// A child chain that one coroutine waits for: what with_timeout and shield share.
class TIDEWIRE_CORE_API joined_chain : public chain, public suspension {
 protected:
  joined_chain() = default;
  ~joined_chain() = default;
  /// Starts the child, or answers false where the waiter is canceled already.
  bool start_child(promise_base& waiter, promise_base& root, bool even_if_canceled) noexcept;
  void finished() noexcept override;
};

class TIDEWIRE_CORE_API timeout_base : public joined_chain, private timer {
 protected:
  timeout_base(duration limit, time_point until, bool relative) noexcept
      : limit_(limit), until_(until), relative_(relative) {}
  timeout_base(timeout_base&& other) noexcept : timeout_base(other.limit_, other.until_, other.relative_) {}
  ~timeout_base() = default;
  bool begin(promise_base& waiter, promise_base& root);
  /// Throws what became of a child that threw, or never ran (`thrown` is null).
  [[noreturn]] void fail(const std::exception_ptr& thrown) const;
  [[nodiscard]] bool ran() const noexcept { return ran_; }

 private:
  void cancel() noexcept override;  // from outside
  void fired() noexcept override;   // from the clock
  void finished() noexcept override;

  duration limit_;
  time_point until_;
  bool relative_;
  bool ran_ = false;
  bool timed_out_ = false;
  bool canceled_from_outside_ = false;
};

template <class T>
class timeout_operation final : public native_awaitable, private timeout_base {
 public:
  timeout_operation(duration limit, time_point until, bool relative, task<T> child) noexcept
      : timeout_base(limit, until, relative), child_(std::move(child)) {}
  timeout_operation(timeout_operation&&) noexcept = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), child_.handle().promise());
  }
  T await_resume() const {
    if (!ran()) fail({});
    auto& promise = child_.handle().promise();
    if (const std::exception_ptr thrown = promise.thrown()) fail(thrown);
    return promise.take();
  }

 private:
  task<T> child_;
};

template <class T>
class shield_operation final : public native_awaitable, private joined_chain {
 public:
  explicit shield_operation(task<T> child) noexcept : child_(std::move(child)) {}
  shield_operation(shield_operation&& other) noexcept : joined_chain(), child_(std::move(other.child_)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return start_child(waiter.promise(), child_.handle().promise(), true);
  }
  T await_resume() const { return child_.handle().promise().take(); }

 private:
  void cancel() noexcept override {}
  task<T> child_;
};

}  // namespace detail

/// `co_await with_timeout(5s, operation)`: the outcome of `operation`, which is canceled when it takes
/// longer.
///
/// | what happens first | outcome |
/// | --- | --- |
/// | the operation gives a value | the value |
/// | the operation throws | what it threw |
/// | the time is over | the operation is canceled; if it then ends by that, `errc::timed_out`, which names
/// what was waiting; if it ends with a value or another error after all, that | | the awaiting task is
/// canceled | the operation is canceled; what it then throws (`condition::canceled`) |
///
/// It returns when the operation has ended, so an operation that will not be canceled holds it up. `limit`
/// counts by the loop's clock from the `co_await` on; zero or less is over at once, yet the operation runs
/// until it first waits. Allocates nothing.
/// @par Cancellation Cancels the operation, and waits for it.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] auto with_timeout(duration limit, A&& operation) {
  return detail::timeout_operation<awaited_t<A>>(limit, {}, true, as_task(std::move(operation)));
}

/// The same as `with_timeout`, with the end as a point in time: one budget for several acts.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] auto with_deadline(time_point until, A&& operation) {
  return detail::timeout_operation<awaited_t<A>>({}, until, false, as_task(std::move(operation)));
}

/// `co_await shield(operation)`: runs `operation` to its end even if the awaiting task is, or gets, canceled;
/// the next wait after it then fails. For good-byes that must be said: bound them with a time-out inside:
/// `co_await shield(with_timeout(2s, client.quit()))`.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] auto shield(A&& operation) {
  return detail::shield_operation<awaited_t<A>>(as_task(std::move(operation)));
}

/// Calls a function when it was not fed for a time: the idle limit of a connection. Feeding costs a few
/// instructions, since the timer below is moved only when it comes due; so the call comes late by a few
/// milliseconds, and never early by more than the length of one turn of the loop.
///
/// For the loop's thread. Stays where it is; must not outlive the loop. The function is called once, with no
/// task running, and may destroy the watchdog; it must not throw.
class TIDEWIRE_CORE_API watchdog final : private detail::timer {
 public:
  /// Begins to count. `limit` is at least a few milliseconds.
  watchdog(executor where, duration limit, std::function<void()> call);
  ~watchdog();

  /// Counts from now on.
  void feed() noexcept { deadline_ = home_.coarse_now() + limit_; }
  /// Counts no more.
  void stop() noexcept { home_.disarm(*this); }

 private:
  void fired() noexcept override;

  detail::loop& home_;
  duration limit_;
  time_point deadline_;
  std::function<void()> call_;
};

}  // namespace tidewire
