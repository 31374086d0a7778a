/// @file
/// `run`: a program around a task, as `asyncio.run` is in Python.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/task.hpp>

namespace tidewire {

/// How `run` runs.
struct run_options {
  /// Cancel the task on SIGINT and SIGTERM (Windows: Ctrl-C and Ctrl-Break). A second signal ends the program
  /// as if it were not caught. Default: yes.
  bool handle_signals = true;
  /// The clock of every timer; null (the default): the system's. Not owned; must outlive the call.
  tidewire::clock* clock = nullptr;
};

namespace detail {

/// A task at the root of its chain, whose outcome somebody else takes.
class TIDEWIRE_CORE_API main_chain : public chain {
 public:
  /// Runs `root` on a loop of its own until it ends.
  void run(promise_base& root, const run_options& options);
  /// Rethrows `thrown`, telling of the signal if one came.
  [[noreturn]] void rethrow(const std::exception_ptr& thrown) const;

 private:
  void finished() noexcept override;
  void* context_ = nullptr;  // of Asio, while it runs
  bool done_ = false;
  int signal_ = 0;
};

}  // namespace detail

/// Runs `main` on a new loop, on this thread, to its end; gives its value or throws what it threw. It is also
/// the blocking form of every operation: `run(smtp::connect(...))`.
///
/// SIGINT or SIGTERM cancels the task, which cleans up and ends; `run` then throws `condition::canceled`,
/// naming the signal, if that is how the task ended. Everything that the task started has ended when `run`
/// returns. May be called in several threads at once, each with its own task (signals then cancel all of
/// them), and again after it returned; not from inside a task.
template <class T>
T run(task<T> main, run_options options = {}) {
  detail::main_chain chain;
  auto& promise = main.handle().promise();
  chain.run(promise, options);
  if (const std::exception_ptr thrown = promise.thrown()) chain.rethrow(thrown);
  return promise.take();
}

/// @copydoc run(task<T>, run_options)
template <awaitable A>
requires(!detail::is_task<A> && !std::is_lvalue_reference_v<A>)
awaited_t<A> run(A&& operation, run_options options = {}) {
  return run(as_task(std::move(operation)), options);
}

}  // namespace tidewire
