/// @file
/// `runtime`: loops on threads of their own, one per core, to run tasks on beside the loop of `run`.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/run_on.hpp>
#include <tidewire/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace tidewire {

/// How a `runtime` is made.
struct runtime_options {
  /// Loops, each with a thread; 0 (the default): one for each core that this process may use.
  std::size_t loops = 0;
};

/// How many cores this process may use; at least 1.
[[nodiscard]] TIDEWIRE_CORE_API std::size_t usable_cores() noexcept;

namespace detail {

class runtime_loop;

/// Called on the loop where its task runs, so that what it makes there belongs to that loop.
template <class F>
task<> make_there(F& make, std::size_t index) {
  co_await make(index);
}

}  // namespace detail

/// So many loops, each run by one thread from its creation on. Each is an `executor`, and tasks go there by
/// `run_on`: hence they are joined by the task that started them, on its own loop.
///
/// @code
/// task<> program() {
///   runtime loops({.loops = 4});
///   co_await loops.on_each([](std::size_t index) -> task<> { ... });
/// }
/// int main() { run(program()); }      // SIGTERM cancels program(), and so what it runs on each loop
/// @endcode
///
/// The threads take none of the program's signals: those are `run`'s. What a task makes belongs to the loop
/// it runs on; nothing is shared, so nothing is locked, and loops talk through a `mailbox`. May be used from
/// any thread, but for its destruction, which is for the thread that made it.
class TIDEWIRE_CORE_API runtime {
 public:
  /// Starts the threads. Throws what the system gives if it allows no more; none is left then.
  explicit runtime(runtime_options options = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  /// Cancels what still runs on the loops, such as what was `spawn`ed there, and waits for it and for the
  /// threads. What was awaited by `run_on` has ended before.
  ~runtime();

  /// How many loops there are.
  [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }
  /// A loop, of those from 0 to `size() - 1`.
  [[nodiscard]] executor operator[](std::size_t index) const noexcept;

  /// Runs a task on each loop, and waits for all of them: `make(index)` is called on each loop, on several at
  /// a time, and gives the task that runs there.
  /// @param make Copied; kept until the end.
  /// @par Errors What the first task (in time) that failed threw; it cancels the others, which are waited
  /// for.
  /// @par Cancellation Cancels all of them, and waits for them.
  template <class F>
  requires(std::invocable<F&, std::size_t> && detail::is_task<std::invoke_result_t<F&, std::size_t>>)
  [[nodiscard]] task<> on_each(F make) {
    co_await with_group([&](task_group& group) -> task<> {
      for (std::size_t index = 0; index < size(); ++index) {
        group.spawn(as_task(run_on((*this)[index], detail::make_there(make, index))));
      }
      co_return;
    });
  }

 private:
  std::vector<std::unique_ptr<detail::runtime_loop>> loops_;
};

}  // namespace tidewire
