/// @file
/// Work that would hold a loop up, on threads of a pool: `co_await offload([&] { return sha256(file); })`.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tidewire {

namespace detail {
class pool_state;
class offloaded_call;
}  // namespace detail

/// How a `thread_pool` works.
struct thread_pool_options {
  /// Threads at the most; 0 (the default): one per processor, but two at the least. Each is started when
  /// there is work and none is idle, and kept until the pool ends.
  std::size_t threads = 0;
  /// Calls that may wait for a thread. One more fails at once with `condition::limit_exceeded`. Default:
  /// 4096.
  std::size_t queue_limit = 4096;
};

/// Threads for `offload`. One pool may serve any number of loops. Its threads take none of the program's
/// signals.
///
/// Distinct threads may use one pool at the same time. Destroying it waits for the calls that run; those that
/// still wait for a thread fail with `errc::closed`. Threads do not survive `fork`: in a process that forks,
/// make the pool after it; a pool that has threads must neither be used nor destroyed in the child.
class TIDEWIRE_CORE_API thread_pool {
 public:
  explicit thread_pool(thread_pool_options options = {});
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;
  ~thread_pool();

  /// Threads at the most.
  [[nodiscard]] std::size_t threads() const noexcept;
  /// Calls that wait for a thread now. Any thread.
  [[nodiscard]] std::size_t queued() const noexcept;

 private:
  friend class detail::offloaded_call;
  std::shared_ptr<detail::pool_state> state_;
};

/// What `offload` does with one call.
struct offload_options {
  /// A call that no thread began within this time is dropped, with `errc::timed_out`: work that nobody waits
  /// for any more is not done. Default: no limit. What has begun runs to its end.
  duration start_within = duration::max();
};

namespace detail {

/// A call on its way through a pool. It lives in the frame of the coroutine that waits for it.
class TIDEWIRE_CORE_API offloaded_call : public suspension, private posted_call, private timer {
 public:
  offloaded_call& operator=(const offloaded_call&) = delete;

 protected:
  /// Without a pool: that of the loop.
  offloaded_call(thread_pool* pool, const offload_options& options);
  /// Before it started.
  offloaded_call(offloaded_call&& other) noexcept;
  ~offloaded_call() = default;

  bool begin(promise_base& p);
  /// Throws if the call was not made.
  void require_made() const;
  /// The loop ends: the call is taken back, or waited for. Before the function is destroyed.
  void leave_pool() noexcept;

 private:
  friend class pool_state;
  enum class stage : unsigned char { fresh, queued, running, ended };

  /// On a thread of the pool.
  virtual void make() noexcept = 0;
  /// On the loop's thread, while `make` may be running.
  virtual void ask_to_stop() noexcept {}

  void cancel() noexcept override;
  void fired() noexcept override;
  void call() noexcept override;
  void abandon() noexcept override { waiting_ = false; }
  void drop(errc why) noexcept;
  void conclude() noexcept;

  std::shared_ptr<pool_state> pool_;
  duration start_within_;
  loop* home_ = nullptr;
  bool waiting_ = false;  // the loop's side: for the pool, or for the pool's post
  std::error_code refused_;

  // What follows is the pool's, under its lock.
  offloaded_call* previous_ = nullptr;
  offloaded_call* next_ = nullptr;
  steady_time deadline_ = steady_time::max();
  stage stage_ = stage::fresh;
  bool orphaned_ = false;
};

/// What a function gives, or threw.
template <class T>
class outcome_of_call {
 public:
  template <class F, class... Args>
  void from(F&& function, Args&&... args) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
      } else if constexpr (std::is_reference_v<T>) {
        value_ = std::addressof(std::invoke(std::forward<F>(function), std::forward<Args>(args)...));
      } else {
        value_.emplace(std::invoke(std::forward<F>(function), std::forward<Args>(args)...));
      }
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }
  T take() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*value_);
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*value_);
    }
  }

 private:
  struct nothing {};
  using stored = std::conditional_t<
      std::is_void_v<T>, nothing,
      std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>,
                         std::optional<std::remove_reference_t<T>>>>;
  [[no_unique_address]] stored value_{};
  std::exception_ptr thrown_;
};

template <class F>
inline constexpr bool takes_stop_token = std::is_invocable_v<F, std::stop_token>;

template <class F>
struct offload_result {
  using type = std::invoke_result_t<F>;
};
template <class F>
requires(takes_stop_token<F>)
struct offload_result<F> {
  using type = std::invoke_result_t<F, std::stop_token>;
};

template <class F>
class offload_operation final : public leaf<offload_operation<F>, offloaded_call> {
  using value = typename offload_result<F>::type;
  static_assert(!is_task<std::remove_cvref_t<value>>,
                "offload runs a plain function on another thread; a task runs on a loop: see run_on");
  using stop_source = std::conditional_t<takes_stop_token<F>, std::stop_source, std::monostate>;

 public:
  offload_operation(thread_pool* pool, const offload_options& options, F function)
      : leaf<offload_operation<F>, offloaded_call>(pool, options), function_(std::move(function)) {}

  /// Before it started.
  offload_operation(offload_operation&&) = default;
  ~offload_operation() { this->leave_pool(); }

  bool start(promise_base& p) { return this->begin(p); }
  value await_resume() {
    this->require_made();
    return outcome_.take();
  }

 private:
  void make() noexcept override {
    if constexpr (takes_stop_token<F>) {
      outcome_.from(std::move(function_), stop_.get_token());
    } else {
      outcome_.from(std::move(function_));
    }
  }
  void ask_to_stop() noexcept override {
    if constexpr (takes_stop_token<F>) stop_.request_stop();
  }

  F function_;
  outcome_of_call<value> outcome_;
  [[no_unique_address]] stop_source stop_;
};

template <class F>
concept offloadable = std::invocable<F> || std::invocable<F, std::stop_token>;

}  // namespace detail

/// `auto digest = co_await offload(pool, [&] { return hash(file); });` runs `function` on a thread of the
/// pool, and gives its value, or throws what it threw, on the loop of the awaiting task, which waits
/// meanwhile: what the function refers to stays alive. The function must not touch what belongs to a loop. It
/// may take a `std::stop_token`, to be told of a cancellation.
///
/// No allocation, but for what a `std::stop_source` and starting a thread take.
/// @param pool     Must outlive the call, but may be destroyed while it waits for a thread.
/// @param function Kept until the call is over; called once, as an rvalue.
/// @par Errors
/// `condition::limit_exceeded`: the queue is full, nothing was done. `errc::timed_out`: not begun in time.
/// `errc::closed`: the pool ended first. What the system gives if it allows no thread. What the function
/// threw.
/// @par Cancellation
/// A call that waits for a thread is taken back at once. One that runs is asked to stop, if it takes a
/// `std::stop_token`, and is waited for: its value, if it gives one after all, is not lost. A task that is
/// canceled already starts nothing. A loop that ends waits for the calls that it has running.
template <class F>
requires detail::offloadable<std::decay_t<F>>
[[nodiscard]] auto offload(thread_pool& pool, F&& function, offload_options options = {}) {
  return detail::offload_operation<std::decay_t<F>>(&pool, options, std::forward<F>(function));
}

/// The same, on a pool that belongs to the loop: made by the first call, with the default options, and ended
/// with the loop.
template <class F>
requires detail::offloadable<std::decay_t<F>>
[[nodiscard]] auto offload(F&& function, offload_options options = {}) {
  return detail::offload_operation<std::decay_t<F>>(nullptr, options, std::forward<F>(function));
}

}  // namespace tidewire
