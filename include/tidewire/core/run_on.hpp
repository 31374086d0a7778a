/// @file
/// `run_on`: a task on another loop, awaited on this one.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tidewire {
namespace detail {

class run_on_base;

/// A task that runs on one loop while a coroutine of another waits for it. Whichever of the two loops ends
/// first, this stays until both have let go of it.
class TIDEWIRE_CORE_API remote_chain : public chain {
 protected:
  remote_chain() = default;
  virtual ~remote_chain();

 private:
  friend class run_on_base;
  enum class ending : unsigned char { none, ended, canceled, loop_ended };
  struct start_call final : posted_call {
    explicit start_call(remote_chain& chain) noexcept : owner(chain) {}
    void call() noexcept override { owner.begin(); }
    void abandon() noexcept override { owner.conclude(ending::loop_ended); }
    remote_chain& owner;
  };
  struct cancel_call final : posted_call {
    explicit cancel_call(remote_chain& chain) noexcept : owner(chain) {}
    void call() noexcept override;
    void abandon() noexcept override { owner.release(); }
    remote_chain& owner;
  };
  struct end_call final : posted_call {
    explicit end_call(remote_chain& chain) noexcept : owner(chain) {}
    void call() noexcept override;
    void abandon() noexcept override;
    remote_chain& owner;
  };

  [[nodiscard]] virtual promise_base& root() noexcept = 0;
  /// Destroys the coroutine.
  virtual void drop_child() noexcept = 0;

  // On the target's loop.
  void begin() noexcept;
  void finished() noexcept override { conclude(ending::ended); }
  void abandon() noexcept override;
  void conclude(ending how) noexcept;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

  std::atomic<int> references_ = 2;  // the operation, and the target's loop
  start_call start_{*this};
  cancel_call cancel_{*this};
  end_call end_{*this};
  std::shared_ptr<void> work_;  // keeps the target's context running

  std::mutex lock_;
  loop* target_ = nullptr;
  loop* origin_ = nullptr;
  run_on_base* operation_ = nullptr;  // null once its loop ended
  ending ending_ = ending::none;
  bool cancel_sent_ = false;
};

class TIDEWIRE_CORE_API run_on_base : public suspension {
 protected:
  explicit run_on_base(loop& target) noexcept : target_(&target) {}
  /// Before it started.
  run_on_base(run_on_base&& other) noexcept : suspension(), target_(other.target_) {}
  ~run_on_base();

  /// `chain` is this one's and the other loop's from then on; if it throws, still its maker's.
  void begin(promise_base& waiter, remote_chain& chain);
  /// Throws if the task did not run to its end.
  void require_end() const;

 private:
  friend class remote_chain;
  void cancel() noexcept override;
  void ended() noexcept;

  loop* target_;
  remote_chain* chain_ = nullptr;
  bool waiting_ = false;
};

template <class T>
class remote_task final : public remote_chain {
 public:
  explicit remote_task(task<T> child) noexcept : child_(std::move(child)) {}
  [[nodiscard]] task_promise<T>& promise() noexcept { return child_->handle().promise(); }

 private:
  promise_base& root() noexcept override { return promise(); }
  void drop_child() noexcept override { child_.reset(); }

  std::optional<task<T>> child_;
};

template <class T>
class run_on_operation final : public native_awaitable, private run_on_base {
 public:
  run_on_operation(loop& target, task<T> child) noexcept : run_on_base(target), child_(std::move(child)) {}
  run_on_operation(run_on_operation&&) = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    if (waiter.promise().owner->canceled()) return false;
    auto remote = std::make_unique<remote_task<T>>(std::move(child_));
    begin(waiter.promise(), *remote);
    remote_ = remote.release();
    return true;
  }
  T await_resume() {
    require_end();
    return remote_->promise().take();
  }

 private:
  task<T> child_;
  remote_task<T>* remote_ = nullptr;
};

}  // namespace detail

/// `auto total = co_await run_on(other, count(words));` runs a task on another loop, and gives its value, or
/// throws what it threw, on the loop of the awaiting task, which waits meanwhile.
///
/// The task runs between the other tasks there, and may use what belongs to that loop. What it refers to of
/// the awaiting task stays alive; its own frame is made and destroyed on this loop, and runs on the other.
/// One allocation. `backtrace` in it ends at the border of the loops.
/// @param where Its loop must be there when this is awaited; its end is noticed.
/// @par Errors
/// What the task threw. `errc::closed`: the other loop ended before the task did.
/// @par Cancellation
/// Cancels the task on its loop, and waits for it: a value that it gives after all is not lost. A task that
/// is canceled already starts nothing. A loop that ends does not wait for the other: the task is canceled,
/// and goes on to its end there without its parent.
template <awaitable A>
requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] auto run_on(executor where, A&& operation) {
  return detail::run_on_operation<awaited_t<A>>(where.loop(), as_task(std::move(operation)));
}

}  // namespace tidewire
