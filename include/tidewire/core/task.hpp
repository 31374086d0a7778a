/// @file
/// `task<T>`: the coroutine that every operation returns, and what turns its outcome into a value.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace tidewire {

template <class T>
class task;

namespace detail {

/// What a `task` can await besides tasks derives from this.
struct native_awaitable {};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

/// Specialised by <tidewire/asio.hpp> for Asio's operations.
template <class A>
struct foreign_awaitable {
  static constexpr bool known = false;
};

/// Rethrows what is not an error of an operation; else gives it as a value.
[[nodiscard]] TIDEWIRE_CORE_API failure to_failure(const std::exception_ptr& thrown);
/// Was `thrown` an `error` that satisfies `wanted`?
[[nodiscard]] TIDEWIRE_CORE_API bool satisfies(const std::exception_ptr& thrown, condition wanted) noexcept;

struct final_awaiter {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> ended) const noexcept {
    promise_base& p = ended.promise();
    loop& home = p.owner->home();
    if (p.awaiter != nullptr) {
      home.transfer_to(p.awaiter->self);
    } else {
      home.transfer_to_joiner(*p.owner);
    }
  }
  void await_resume() const noexcept {}
};

template <class T>
class task_awaiter;

/// Awaits something where it is. GCC 12 copies an awaiter that `await_transform` returns by reference.
template <class A>
struct awaiter_reference {
  A* awaited;

  [[nodiscard]] bool await_ready() const noexcept { return awaited->await_ready(); }
  template <class P>
  auto await_suspend(std::coroutine_handle<P> waiter) const {
    return awaited->await_suspend(waiter);
  }
  decltype(auto) await_resume() const { return awaited->await_resume(); }
};

/// The part of the promise that does not depend on the result.
class task_promise_base : public promise_base {
 public:
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { deallocate_frame(memory, size); }

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

  template <class A>
  decltype(auto) await_transform(A&& awaited, std::source_location at = std::source_location::current()) {
    using plain = std::remove_cvref_t<A>;
    where = at;
    if constexpr (is_task<plain>) {
      static_assert(!std::is_lvalue_reference_v<A>,
                    "a task is awaited once, and given up by that: co_await std::move(the_task)");
      return task_awaiter<typename plain::value_type>(awaited);
    } else if constexpr (std::derived_from<plain, native_awaitable>) {
      return awaiter_reference<plain>{std::addressof(awaited)};
    } else {
      static_assert(foreign_awaitable<plain>::known,
                    "a tidewire::task can await tasks, operations of tidewire and, with <tidewire/asio.hpp> "
                    "included, operations of Asio; this is none of them");
      return foreign_awaitable<plain>::wrap(static_cast<A&&>(awaited));
    }
  }
};

template <class T>
class task_promise final : public task_promise_base {
 public:
  task_promise() noexcept { self = std::coroutine_handle<task_promise>::from_promise(*this); }
  task_promise(const task_promise&) = delete;
  task_promise& operator=(const task_promise&) = delete;
  ~task_promise() {
    if (state_ == state::value) {
      value_.~stored();
    } else if (state_ == state::thrown) {
      thrown_.~exception_ptr();
    }
  }

  [[nodiscard]] task<T> get_return_object() noexcept;

  template <class U>
  requires std::constructible_from<T, U>
  void return_value(U&& value) noexcept(std::is_nothrow_constructible_v<T, U>) {
    if constexpr (std::is_reference_v<T>) {
      ::new (static_cast<void*>(std::addressof(value_))) stored(std::addressof(value));
    } else {
      ::new (static_cast<void*>(std::addressof(value_))) stored(std::forward<U>(value));
    }
    state_ = state::value;
  }
  void return_value(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
  requires(!std::is_reference_v<T>)
  {
    ::new (static_cast<void*>(std::addressof(value_))) stored(std::move(value));
    state_ = state::value;
  }
  void unhandled_exception() noexcept {
    ::new (static_cast<void*>(std::addressof(thrown_))) std::exception_ptr(std::current_exception());
    state_ = state::thrown;
  }

  [[nodiscard]] std::exception_ptr thrown() const noexcept {
    return state_ == state::thrown ? thrown_ : std::exception_ptr();
  }
  /// The value, or throws: once.
  [[nodiscard]] T take() {
    if (state_ == state::thrown) std::rethrow_exception(thrown_);
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*value_);
    } else {
      return std::move(value_);
    }
  }

 private:
  using stored =
      std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>, T>;
  enum class state : unsigned char { empty, value, thrown };
  union {
    stored value_;
    std::exception_ptr thrown_;
  };
  state state_ = state::empty;
};

template <>
class task_promise<void> final : public task_promise_base {
 public:
  task_promise() noexcept { self = std::coroutine_handle<task_promise>::from_promise(*this); }

  [[nodiscard]] task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
  [[nodiscard]] std::exception_ptr thrown() const noexcept { return thrown_; }
  void take() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

}  // namespace detail

/// A coroutine that gives a `T`, or throws. Lazy: it runs when it is awaited, on the loop of the coroutine
/// that awaits it, or when it is handed to `run`, `spawn`, a group or a combinator. It inherits the
/// cancellation of what awaits it.
///
/// Owns its coroutine: dropped before it was awaited, it never ran. Moving is cheap, copying impossible. Not
/// thread-safe. A frame comes from a pool of the thread.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited: write co_await")]] task {
 public:
  using value_type = T;
  using promise_type = detail::task_promise<T>;

  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      reset();
      coroutine_ = std::exchange(other.coroutine_, {});
    }
    return *this;
  }
  ~task() { reset(); }

  /// Does it own a coroutine? False once moved from.
  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(coroutine_); }

  /// Makes a task an asynchronous operation of Asio, to be awaited in an `asio::awaitable`. Defined in
  /// <tidewire/asio.hpp>.
  template <class CompletionToken>
  requires(!std::is_pointer_v<std::remove_cvref_t<CompletionToken>>)
  auto operator()(CompletionToken&& token) &&;

  /// For the library: the coroutine, still owned here.
  [[nodiscard]] std::coroutine_handle<promise_type> handle() const noexcept { return coroutine_; }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  void reset() noexcept {
    if (coroutine_) std::exchange(coroutine_, {}).destroy();
  }

  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// Starts the child by handing it to the loop, which resumes it when the parent has returned: no build, not
/// even GCC's at -O0, stacks a child on its parent, or a parent on its child.
template <class T>
class task_awaiter {
 public:
  explicit task_awaiter(const task<T>& child) noexcept : child_(child.handle()) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  void await_suspend(std::coroutine_handle<P> parent) const noexcept {
    promise_base& p = parent.promise();
    promise_base& c = child_.promise();
    c.awaiter = &p;
    c.owner = p.owner;
    p.owner->home().transfer_to(child_);
  }
  T await_resume() const { return child_.promise().take(); }

 private:
  std::coroutine_handle<task_promise<T>> child_;
};

/// A wait of one coroutine for one event, from which operations are made. `Derived` has
/// `bool start(promise_base&)`: true if it waits, false if it is done at once; and `await_resume()`.
template <class Derived, std::derived_from<suspension> Suspension = suspension>
class leaf : public native_awaitable, public Suspension {
 public:
  using Suspension::Suspension;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return static_cast<Derived*>(this)->start(static_cast<promise_base&>(waiter.promise()));
  }
};

template <class A>
struct awaited_value {
  using type = decltype(std::declval<A&>().await_resume());
};
template <class T>
struct awaited_value<task<T>> {
  using type = T;
};

}  // namespace detail

/// What a task can await and a combinator can take: a `task`, or an operation such as `stream::read_some`.
template <class A>
concept awaitable = detail::is_task<std::remove_cvref_t<A>> ||
                    std::derived_from<std::remove_cvref_t<A>, detail::native_awaitable>;

/// What awaiting an `A` gives.
template <awaitable A>
using awaited_t = typename detail::awaited_value<std::remove_cvref_t<A>>::type;

namespace detail {
template <class A>
task<awaited_t<A>> wrap_in_task(A operation) {
  co_return co_await std::move(operation);
}
}  // namespace detail

/// Any awaitable as a task.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] task<awaited_t<A>> as_task(A&& operation) {
  if constexpr (detail::is_task<A>) {
    return std::move(operation);
  } else {
    return detail::wrap_in_task<A>(std::move(operation));
  }
}

namespace detail {

template <class T>
class as_result_awaiter : public native_awaitable {
 public:
  explicit as_result_awaiter(task<T> child) noexcept : child_(std::move(child)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  void await_suspend(std::coroutine_handle<P> parent) const noexcept {
    task_awaiter<T>(child_).await_suspend(parent);
  }
  result<T> await_resume() const {
    auto& promise = child_.handle().promise();
    if (const std::exception_ptr thrown = promise.thrown()) return to_failure(thrown);
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return promise.take();
    }
  }

 private:
  task<T> child_;
};

}  // namespace detail

/// `co_await as_result(operation)`: the outcome as a value instead of an exception.
///
/// An `error` or any other `std::system_error` becomes the `failure`; whatever else was thrown (no memory, an
/// exception of yours) is still thrown. Cancellation is a failure too, and stays in force: the next wait
/// fails at once.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] auto as_result(A&& operation) {
  return detail::as_result_awaiter<awaited_t<A>>(as_task(std::move(operation)));
}

}  // namespace tidewire
