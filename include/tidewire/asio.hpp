/// @file
/// tidewire in an Asio program, and Asio in a tidewire task. The one public header that includes Asio.
///
/// - `spawn(context, task, token)` starts a task on an `io_context` you already run; the token (a callback,
///   `asio::use_awaitable`, `asio::use_future`, `asio::detached`, ...) gets its outcome.
/// - In an `asio::awaitable`, `co_await to_awaitable(a_task())`; with Asio 1.24 and newer `co_await a_task()`
/// will
///   do. A task is an asynchronous operation of Asio, and takes any completion token.
/// - In a `task`, `co_await timer.async_wait(use_task)` and, with a deferred operation, no token at all.
///
/// The `io_context` must be run by one thread at a time: each tidewire loop has one thread.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/task.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

#include <exception>
#include <optional>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

// The library holds the same inline functions of Asio as the program: they have to be the same ones.
#if ASIO_VERSION != TIDEWIRE_CORE_ASIO_VERSION
#error "This is another version of Asio than tidewire was compiled with: build tidewire against this one."
#endif
#if !defined(ASIO_HAS_CO_AWAIT)
#error \
    "Asio has no coroutines here. Clang before Asio 1.23 needs -DASIO_HAS_CO_AWAIT=1 (CMake's tidewire::core sets it)."
#endif

namespace tidewire {

/// The executor of an Asio `io_context`; makes the context's tidewire loop when first called.
[[nodiscard]] inline executor executor_of(asio::io_context& context) {
  return executor(detail::loop::of(&context));
}
/// @copydoc executor_of(asio::io_context&)
[[nodiscard]] inline executor executor_of(const asio::io_context::executor_type& ex) {
  return executor_of(asio::query(ex, asio::execution::context));
}
/// The Asio `io_context` under an executor.
[[nodiscard]] inline asio::io_context& context_of(executor ex) {
  return *static_cast<asio::io_context*>(ex.loop().native());
}

namespace detail {

template <class T>
struct completion_signature {
  using type = void(std::exception_ptr, T);
};
template <>
struct completion_signature<void> {
  using type = void(std::exception_ptr);
};

/// A task that nobody joins: its outcome goes to a handler of Asio's kind. Deletes itself.
template <class T, class Handler>
class spawned_chain final : public chain, public posted_call {
  using work = asio::executor_work_guard<asio::io_context::executor_type>;
  using handler_executor = asio::associated_executor_t<Handler, asio::io_context::executor_type>;

 public:
  spawned_chain(loop& home, task<T> child, Handler handler)
      : target_(home),
        child_(std::move(child)),
        handler_(std::move(handler)),
        work_(asio::make_work_guard(*static_cast<asio::io_context*>(home.native()))) {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) {
      slot.assign([this](asio::cancellation_type_t type) {
        if (type != asio::cancellation_type::none) cancel();
      });
    }
  }

  void call() noexcept override {
    adopt(target_, child_.handle().promise(), nullptr);
    target_.schedule(child_.handle().promise());
  }

 private:
  void finished() noexcept override {
    auto& promise = child_.handle().promise();
    std::exception_ptr thrown = promise.thrown();
    asio::get_associated_cancellation_slot(handler_).clear();
    const auto executor = asio::get_associated_executor(
        handler_, static_cast<asio::io_context*>(target_.native())->get_executor());
    if constexpr (std::is_void_v<T>) {
      deliver(executor, [handler = std::move(handler_), thrown]() mutable { std::move(handler)(thrown); });
    } else {
      std::optional<T> value;
      if (!thrown) value.emplace(promise.take());
      deliver(executor, [handler = std::move(handler_), thrown, value = std::move(value)]() mutable {
        if (value) {
          std::move(handler)(thrown, std::move(*value));
        } else if constexpr (std::is_default_constructible_v<T>) {
          std::move(handler)(thrown, T());
        }
      });
    }
  }
  template <class Executor, class Function>
  void deliver(const Executor& executor, Function function) noexcept {
    delete this;
    asio::post(executor, std::move(function));
  }
  void abandon() noexcept override { delete this; }

  loop& target_;
  task<T> child_;
  Handler handler_;
  work work_;
};

template <class T>
struct spawn_initiation {
  template <class Handler>
  void operator()(Handler&& handler, loop* home, task<T> child) const {
    static_assert(std::is_void_v<T> || std::is_default_constructible_v<T>,
                  "the value of a spawned task must be default constructible, since Asio's handlers get one "
                  "beside the exception");
    auto* spawned =
        new spawned_chain<T, std::decay_t<Handler>>(*home, std::move(child), std::forward<Handler>(handler));
    home->post(*spawned);
  }
};

}  // namespace detail

/// Starts `child` on `ex`, soon, and gives its outcome to `token`, as `asio::co_spawn` does: the signature is
/// `void(std::exception_ptr, T)`, or `void(std::exception_ptr)` for a `task<>`. Any thread. The token's
/// cancellation slot cancels the task (emit on the loop's thread). The loop stays busy until the task ends.
template <class T, class CompletionToken>
auto spawn(executor ex, task<T> child, CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, typename detail::completion_signature<T>::type>(
      detail::spawn_initiation<T>(), token, &ex.loop(), std::move(child));
}
/// @copydoc spawn(executor, task<T>, CompletionToken&&)
template <class T, class CompletionToken>
auto spawn(asio::io_context& context, task<T> child, CompletionToken&& token) {
  return spawn(executor_of(context), std::move(child), std::forward<CompletionToken>(token));
}
/// @copydoc spawn(executor, task<T>, CompletionToken&&)
template <class T, class CompletionToken>
auto spawn(const asio::io_context::executor_type& ex, task<T> child, CompletionToken&& token) {
  return spawn(executor_of(ex), std::move(child), std::forward<CompletionToken>(token));
}

namespace detail {

/// Where a task started as an operation of Asio runs: the loop of the handler's executor.
template <class T>
struct operation_initiation {
  template <class Handler>
  void operator()(Handler&& handler, task<T> child) const {
    const auto ex = asio::get_associated_executor(handler);
    spawn_initiation<T>()(std::forward<Handler>(handler), &loop_below(ex), std::move(child));
  }
  template <class Executor>
  static loop& loop_below(const Executor& ex) {
    if constexpr (std::is_same_v<Executor, asio::io_context::executor_type>) {
      return loop::of(&asio::query(ex, asio::execution::context));
    } else {
      static_assert(!std::is_same_v<Executor, asio::system_executor>,
                    "give the handler an executor, or use spawn(context, task, token)");
      return loop::of(static_cast<asio::io_context*>(&asio::query(ex, asio::execution::context)));
    }
  }
};

}  // namespace detail

template <class T>
template <class CompletionToken>
requires(!std::is_pointer_v<std::remove_cvref_t<CompletionToken>>)
auto task<T>::operator()(CompletionToken&& token) && {
  return asio::async_initiate<CompletionToken, typename detail::completion_signature<T>::type>(
      detail::operation_initiation<T>(), token, std::move(*this));
}

/// A task, or another awaitable of tidewire, as an `asio::awaitable`, on the loop below the awaiting
/// coroutine's executor: `std::string line = co_await to_awaitable(peer.read_line());`
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] asio::awaitable<awaited_t<A>> to_awaitable(A&& operation) {
  return as_task(std::move(operation))(asio::use_awaitable);
}

/// The completion token that makes any operation of Asio awaitable in a `task`:
/// `std::size_t n = co_await socket.async_read_some(buffer, use_task);`
/// An `error_code` or `exception_ptr` that comes first is thrown (as `error`), the rest is returned: nothing,
/// a value, or a tuple.
/// @par Cancellation Asks the operation for terminal cancellation, and waits for it.
struct use_task_t {
  constexpr use_task_t() = default;
};
inline constexpr use_task_t use_task{};

namespace detail {

template <class... Args>
struct asio_outcome {
  static constexpr bool fails = false;
  using values = std::tuple<Args...>;
};
template <class... Args>
struct asio_outcome<std::error_code, Args...> {
  static constexpr bool fails = true;
  using values = std::tuple<Args...>;
};
template <class... Args>
struct asio_outcome<std::exception_ptr, Args...> {
  static constexpr bool fails = true;
  using values = std::tuple<Args...>;
};

[[nodiscard]] TIDEWIRE_CORE_API std::exception_ptr asio_failure(const std::error_code& code);
[[nodiscard]] inline std::exception_ptr asio_failure(const std::exception_ptr& thrown) {
  return thrown;
}

/// Starts an operation of Asio when awaited and holds what it completes with.
template <class Start, class... Args>
class asio_operation final : public leaf<asio_operation<Start, Args...>> {
  using outcome = asio_outcome<std::decay_t<Args>...>;
  using values = typename outcome::values;

 public:
  explicit asio_operation(Start start) : start_(std::move(start)) {}
  asio_operation(asio_operation&& other) noexcept : start_(std::move(other.start_)) {}

  bool start(promise_base& p) {
    if (p.owner->canceled()) {
      thrown_ = std::make_exception_ptr(error(failure(errc::canceled)));
      return false;
    }
    this->enter(p);
    std::move(start_)(handler{this});
    return true;
  }

  auto await_resume() {
    if (thrown_) std::rethrow_exception(std::move(thrown_));
    if constexpr (std::tuple_size_v<values> == 1) {
      return std::get<0>(std::move(*values_));
    } else if constexpr (std::tuple_size_v<values> > 1) {
      return std::move(*values_);
    }
  }

 private:
  struct handler {
    using executor_type = asio::io_context::executor_type;
    using cancellation_slot_type = asio::cancellation_slot;

    template <class... Given>
    void operator()(Given&&... given) {
      operation->complete(std::forward<Given>(given)...);
    }
    [[nodiscard]] executor_type get_executor() const noexcept {
      return static_cast<asio::io_context*>(operation->waiter_->owner->home().native())->get_executor();
    }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return operation->signal_.slot();
    }
    asio_operation* operation;
  };

  template <class First, class... Rest>
  void complete(First&& first, Rest&&... rest) {
    if constexpr (outcome::fails) {
      if (first) {
        thrown_ = asio_failure(first);
      } else {
        values_.emplace(std::forward<Rest>(rest)...);
      }
    } else {
      values_.emplace(std::forward<First>(first), std::forward<Rest>(rest)...);
    }
    this->wake();
  }
  void complete() { this->wake(); }
  void cancel() noexcept override { signal_.emit(asio::cancellation_type::terminal); }

  Start start_;
  asio::cancellation_signal signal_;
  std::exception_ptr thrown_;
  std::optional<values> values_;
};

struct asio_probe_handler {
  template <class... Args>
  void operator()(Args&&...) {}
};

}  // namespace detail
}  // namespace tidewire

template <class... Args>
class asio::async_result<tidewire::use_task_t, void(Args...)> {
 public:
  template <class Initiation, class... InitArgs>
  static auto initiate(Initiation initiation, tidewire::use_task_t, InitArgs... init) {
    auto start = [initiation = std::move(initiation),
                  init = std::tuple<InitArgs...>(std::move(init)...)](auto handler) mutable {
      std::apply(
          [&](auto&&... args) {
            std::move(initiation)(std::move(handler), std::forward<decltype(args)>(args)...);
          },
          std::move(init));
    };
    return tidewire::detail::asio_operation<decltype(start), Args...>(std::move(start));
  }
};

namespace tidewire::detail {

/// A deferred operation of Asio: something that takes a completion token.
template <class A>
requires(requires(A&& a) { std::forward<A>(a)(use_task); })
struct foreign_awaitable<A> {
  static constexpr bool known = true;
  static auto wrap(A&& operation) { return std::move(operation)(use_task); }
  static auto wrap(A& operation) { return A(operation)(use_task); }
};

}  // namespace tidewire::detail
