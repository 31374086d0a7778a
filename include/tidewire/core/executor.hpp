/// @file
/// The one executor: where a task runs, what time it is there, and how to get away from it for a moment.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <string>
#include <vector>

namespace tidewire {

/// Names the loop that a task runs on: an Asio `io_context` that one thread runs. A small value, like a
/// pointer; it must not outlive the loop. Made by `run`, by `runtime`, or from an `asio::io_context` by
/// <tidewire/asio.hpp>. May be copied to and compared in any thread.
class executor {
 public:
  /// No loop.
  executor() = default;
  /// For the library.
  explicit executor(detail::loop& home) noexcept : loop_(&home) {}

  /// Does it name a loop?
  [[nodiscard]] explicit operator bool() const noexcept { return loop_ != nullptr; }
  /// The time by the loop's clock. The loop's thread only.
  [[nodiscard]] time_point now() const noexcept { return loop_->now(); }
  /// For the library.
  [[nodiscard]] detail::loop& loop() const noexcept { return *loop_; }

  [[nodiscard]] friend bool operator==(const executor&, const executor&) = default;

 private:
  detail::loop* loop_ = nullptr;
};

namespace detail {

/// Gives the awaiting coroutine its own promise, without waiting.
class this_promise_operation : public native_awaitable {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> asking) noexcept {
    promise_ = &asking.promise();
    return false;
  }
  [[nodiscard]] promise_base& await_resume() const noexcept { return *promise_; }

 private:
  promise_base* promise_ = nullptr;
};

class this_executor_operation : public this_promise_operation {
 public:
  [[nodiscard]] executor await_resume() const noexcept {
    return executor(this_promise_operation::await_resume().owner->home());
  }
};

class is_canceled_operation : public this_promise_operation {
 public:
  [[nodiscard]] bool await_resume() const noexcept {
    return this_promise_operation::await_resume().owner->canceled();
  }
};

class TIDEWIRE_CORE_API sleep_operation final : public leaf<sleep_operation>, private timer {
 public:
  sleep_operation(duration time, time_point until, bool relative) noexcept
      : duration_(time), until_(until), relative_(relative) {}
  sleep_operation(sleep_operation&& other) noexcept
      : leaf(other), timer(), duration_(other.duration_), until_(other.until_), relative_(other.relative_) {}
  bool start(promise_base& p);
  void await_resume() const;

 private:
  void cancel() noexcept override;
  void fired() noexcept override;

  duration duration_;
  time_point until_;
  bool relative_;
  bool canceled_ = false;
};

class TIDEWIRE_CORE_API yield_operation final : public leaf<yield_operation> {
 public:
  bool start(promise_base& p);
  void await_resume() const;

 private:
  void cancel() noexcept override {}  // it goes on at the loop's next turn in any case
  bool canceled_ = false;
};

}  // namespace detail

/// `executor ex = co_await this_executor();` where this task runs. Never waits.
[[nodiscard]] inline detail::this_executor_operation this_executor() noexcept {
  return {};
}

/// `if (co_await is_canceled())`: was this task asked to stop? For loops that compute and never wait.
[[nodiscard]] inline detail::is_canceled_operation is_canceled() noexcept {
  return {};
}

/// Waits for `time` by the loop's clock. Zero or less: lets others run once.
/// @par Errors condition::canceled
/// @par Cancellation At once; nothing is left behind.
[[nodiscard]] inline detail::sleep_operation sleep_for(duration time) noexcept {
  return {time, {}, true};
}

/// Waits until `when` by the loop's clock; not at all if that is past.
/// @par Errors condition::canceled
/// @par Cancellation At once; nothing is left behind.
[[nodiscard]] inline detail::sleep_operation sleep_until(time_point when) noexcept {
  return {{}, when, false};
}

/// Lets every other task that can run, and every event of the system that is there, have its turn first.
/// @par Errors condition::canceled
[[nodiscard]] inline detail::yield_operation yield() noexcept {
  return {};
}

/// One line of a list of awaiting coroutines.
struct trace_entry {
  std::string function;  ///< The coroutine, as the compiler names it.
  std::string file;      ///< Where it waits.
  unsigned line = 0;     ///< Line of that `co_await`; 0 if it has not waited yet.
};

namespace detail {
[[nodiscard]] TIDEWIRE_CORE_API std::vector<trace_entry> trace_from(const promise_base* innermost);
class backtrace_operation : public this_promise_operation {
 public:
  [[nodiscard]] std::vector<trace_entry> await_resume() const {
    return trace_from(&this_promise_operation::await_resume());
  }
};
}  // namespace detail

/// `auto trace = co_await backtrace();` the chain of coroutines that await this one, innermost first, through
/// groups, time-outs and combinators. Never waits.
[[nodiscard]] inline detail::backtrace_operation backtrace() noexcept {
  return {};
}

/// Every chain of tasks on a loop, one coroutine a line, for a person who asks what a program is waiting for.
/// The loop's thread only.
[[nodiscard]] TIDEWIRE_CORE_API std::string describe_tasks(executor where);
/// A trace as text, one coroutine a line: "  read_all(int) at chat.cpp:42".
[[nodiscard]] TIDEWIRE_CORE_API std::string to_string(const std::vector<trace_entry>& trace);

}  // namespace tidewire
