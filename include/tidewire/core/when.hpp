/// @file
/// Several operations at once, in one coroutine: all of them, or the first.
#pragma once

#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tidewire {
namespace detail {

class fan_out;

/// One of several child chains that a coroutine waits for.
class TIDEWIRE_CORE_API branch_base : public chain {
 public:
  /// Once it ended: what it threw, if it did.
  [[nodiscard]] virtual std::exception_ptr thrown() const noexcept = 0;

 protected:
  branch_base() = default;
  ~branch_base() = default;

 private:
  friend class fan_out;
  void finished() noexcept final;

  fan_out* parent_ = nullptr;
  branch_base* next_branch_ = nullptr;
};

/// What a coroutine waits at while its branches run.
class TIDEWIRE_CORE_API fan_out : public suspension {
 protected:
  /// What ends the others: a failure, or any end.
  enum class decided_by : unsigned char { failure, end };

  explicit fan_out(decided_by rule) noexcept : rule_(rule) {}
  /// Before it started.
  fan_out(fan_out&& other) noexcept : suspension(), rule_(other.rule_) {}
  ~fan_out() = default;

  /// Starts to wait, or answers false where the waiter is canceled already.
  bool begin(promise_base& waiter) noexcept;
  void start(branch_base& branch, promise_base& root) noexcept;
  /// Throws unless `begin` answered true.
  void require_begun() const;
  /// The branch that decided the outcome, if one did.
  [[nodiscard]] const branch_base* decider() const noexcept { return decider_; }

 private:
  friend class branch_base;
  void cancel() noexcept override;
  void ended(branch_base& branch) noexcept;

  branch_base* first_ = nullptr;
  branch_base* last_ = nullptr;
  branch_base* decider_ = nullptr;
  std::size_t unfinished_ = 0;
  decided_by rule_;
};

template <class T>
class branch final : public branch_base {
 public:
  explicit branch(task<T> child) noexcept : child_(std::move(child)) {}
  /// Before it started.
  branch(branch&& other) noexcept : branch_base(), child_(std::move(other.child_)) {}

  [[nodiscard]] task_promise<T>& promise() const noexcept { return child_.handle().promise(); }
  [[nodiscard]] std::exception_ptr thrown() const noexcept override { return promise().thrown(); }
  T take() { return promise().take(); }

 private:
  task<T> child_;
};

/// What stands for a `T` inside of a variant or a vector.
template <class T>
struct stored_value {
  using type = T;
};
template <>
struct stored_value<void> {
  using type = std::monostate;
};
template <class T>
struct stored_value<T&> {
  using type = std::reference_wrapper<T>;
};
template <class T>
using stored_value_t = typename stored_value<T>::type;

/// What stands for a `T` inside of a tuple.
template <class T>
using tuple_value_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
tuple_value_t<T> take_value(branch<T>& from) {
  if constexpr (std::is_void_v<T>) {
    from.take();
    return {};
  } else {
    return from.take();
  }
}

template <class... Ts>
class variadic_fan_out : public native_awaitable, protected fan_out {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    if (!begin(waiter.promise())) return false;
    std::apply([this](branch<Ts>&... each) { (start(each, each.promise()), ...); }, branches_);
    return true;
  }

 protected:
  variadic_fan_out(decided_by rule, task<Ts>... children) noexcept
      : fan_out(rule), branches_(branch<Ts>(std::move(children))...) {}

  std::tuple<branch<Ts>...> branches_;
};

template <class... Ts>
class when_all_operation final : public variadic_fan_out<Ts...> {
 public:
  explicit when_all_operation(task<Ts>... children) noexcept
      : variadic_fan_out<Ts...>(fan_out::decided_by::failure, std::move(children)...) {}

  auto await_resume() {
    this->require_begun();
    if (this->decider() != nullptr) std::rethrow_exception(this->decider()->thrown());
    if constexpr (!(std::is_void_v<Ts> && ...)) {
      return std::apply(
          [](branch<Ts>&... each) { return std::tuple<tuple_value_t<Ts>...>{take_value(each)...}; },
          this->branches_);
    }
  }
};

template <class... Ts>
class when_any_operation final : public variadic_fan_out<Ts...> {
 public:
  using outcome = std::variant<stored_value_t<Ts>...>;

  explicit when_any_operation(task<Ts>... children) noexcept
      : variadic_fan_out<Ts...>(fan_out::decided_by::end, std::move(children)...) {}

  outcome await_resume() {
    this->require_begun();
    return take(std::integral_constant<std::size_t, 0>());
  }

 private:
  template <std::size_t I>
  outcome take(std::integral_constant<std::size_t, I>) {
    auto& candidate = std::get<I>(this->branches_);
    if constexpr (I + 1 < sizeof...(Ts)) {
      if (this->decider() != &candidate) return take(std::integral_constant<std::size_t, I + 1>());
    }
    return outcome(std::in_place_index<I>, take_value(candidate));
  }
};

template <class T>
class vector_fan_out : public native_awaitable, protected fan_out {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    if (branches_.empty() || !begin(waiter.promise())) return false;
    for (branch<T>& each : branches_) start(each, each.promise());
    return true;
  }

 protected:
  vector_fan_out(decided_by rule, std::vector<task<T>> children) : fan_out(rule) {
    branches_.reserve(children.size());  // a branch that started must not move
    for (task<T>& child : children) branches_.emplace_back(std::move(child));
  }

  std::vector<branch<T>> branches_;
};

template <class T>
class when_all_vector_operation final : public vector_fan_out<T> {
 public:
  explicit when_all_vector_operation(std::vector<task<T>> children)
      : vector_fan_out<T>(fan_out::decided_by::failure, std::move(children)) {}

  auto await_resume() {
    if (!this->branches_.empty()) this->require_begun();
    if (this->decider() != nullptr) std::rethrow_exception(this->decider()->thrown());
    if constexpr (!std::is_void_v<T>) {
      std::vector<stored_value_t<T>> values;
      values.reserve(this->branches_.size());
      for (branch<T>& each : this->branches_) values.push_back(each.take());
      return values;
    }
  }
};

[[noreturn]] TIDEWIRE_CORE_API void when_any_of_nothing();

}  // namespace detail

/// What `when_any` over a vector gives.
template <class T>
struct any_of {
  std::size_t index = 0;  ///< Which of them ended first.
  T value;                ///< What it gave; a `std::reference_wrapper` where that was a reference.
};
/// What `when_any` over a vector of `task<>` gives.
template <>
struct any_of<void> {
  std::size_t index = 0;  ///< Which of them ended first.
};

namespace detail {

template <class T>
class when_any_vector_operation final : public vector_fan_out<T> {
 public:
  using outcome = any_of<std::conditional_t<std::is_void_v<T>, void, stored_value_t<T>>>;

  explicit when_any_vector_operation(std::vector<task<T>> children)
      : vector_fan_out<T>(fan_out::decided_by::end, std::move(children)) {}

  outcome await_resume() {
    if (this->branches_.empty()) when_any_of_nothing();
    this->require_begun();
    std::size_t index = 0;
    while (this->decider() != &this->branches_[index]) ++index;
    branch<T>& winner = this->branches_[index];
    if constexpr (std::is_void_v<T>) {
      winner.take();
      return {index};
    } else {
      return {index, winner.take()};
    }
  }
};

}  // namespace detail

/// `auto [page, user] = co_await when_all(fetch(url), find(id));` runs operations side by side on this loop
/// and gives all their values, in the order of the arguments.
///
/// The value is a `std::tuple`, with a `std::monostate` where an operation gives nothing; if none of them
/// gives anything, it is `void`. All operations are started, in order, the first of them first. Allocates
/// nothing.
/// @par Completes when
/// every operation has ended. The first that fails cancels the others, which are waited for all the same.
/// @par Errors
/// What the first one (in time) that failed threw; what the others threw after it, and their values, are
/// dropped.
/// @par Cancellation Cancels all of them, and waits for them; nothing is started if the task is canceled
/// already.
template <awaitable... A>
requires(sizeof...(A) > 0 && (!std::is_lvalue_reference_v<A> && ...))
[[nodiscard]] auto when_all(A&&... operations) {
  return detail::when_all_operation<awaited_t<A>...>(as_task(std::move(operations))...);
}

/// The same for any number of tasks of one kind: `std::vector<page> pages = co_await
/// when_all(std::move(tasks));` gives their values in order (`void` for tasks that give nothing); at once for
/// an empty vector. All of them run at the same time: to bound that, see `task_group::wait_below` and
/// `semaphore`. Allocates two blocks.
template <class T>
[[nodiscard]] auto when_all(std::vector<task<T>> tasks) {
  return detail::when_all_vector_operation<T>(std::move(tasks));
}

/// `auto first = co_await when_any(reply(), hang_up());` runs operations side by side on this loop; the first
/// that ends decides.
///
/// The value is a `std::variant` whose `index()` tells which operation it was, with a `std::monostate` for
/// one that gives nothing and a `std::reference_wrapper` for one that gives a reference. All operations are
/// started, in order, even if the first ends without ever waiting. Allocates nothing.
/// @par Completes when
/// every operation has ended: the others are canceled and waited for. A value that one of them gives after
/// all is dropped: do not race operations that take something which must not be lost.
/// @par Errors What the first threw, if it failed; what the others threw is dropped.
/// @par Cancellation Cancels all of them, and waits for them; nothing is started if the task is canceled
/// already.
template <awaitable... A>
requires(sizeof...(A) > 0 && (!std::is_lvalue_reference_v<A> && ...))
[[nodiscard]] auto when_any(A&&... operations) {
  return detail::when_any_operation<awaited_t<A>...>(as_task(std::move(operations))...);
}

/// The same for any number of tasks of one kind: gives `any_of`, the index and the value of the first.
/// `condition::misuse` for an empty vector. Allocates one block.
template <class T>
[[nodiscard]] auto when_any(std::vector<task<T>> tasks) {
  return detail::when_any_vector_operation<T>(std::move(tasks));
}

}  // namespace tidewire
