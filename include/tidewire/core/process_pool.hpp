/// @file
/// `run_processes`: a master process that keeps worker processes running, and renews them without a gap.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/observer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>

namespace tidewire {

/// How `run_processes` keeps its workers.
struct process_options {
  /// Worker processes; 0 (the default): one for each core that this process may use.
  std::size_t workers = 0;
  /// The pause before a worker that ended is replaced. It doubles each time that one of the same slot ends
  /// before `healthy_after`. Default: 100 ms.
  duration first_restart_delay = std::chrono::milliseconds(100);
  /// No such pause is longer. Default: 10 s.
  duration longest_restart_delay = std::chrono::seconds(10);
  /// A worker that ran so long was well: the pauses begin anew. Default: 10 s.
  duration healthy_after = std::chrono::seconds(10);
  /// A worker that is not ready after that is killed. Default: 30 s.
  duration start_timeout = std::chrono::seconds(30);
  /// A worker that was told to stop is killed if it has not ended after that. Default: 35 s, a little more
  /// than what `serve` gives its handlers.
  duration stop_timeout = std::chrono::seconds(35);
  /// So many workers in a row that ended before they were ready end it all: the program cannot work. At least
  /// 1 (0 counts as 1). Default: 10.
  std::size_t most_failed_starts = 10;
  /// Told, in the master, of the events "process.started", "process.ready" (slot, pid), "process.ended"
  /// (slot, pid, status, signal, cause), "process.killed" (slot, pid), "process.rolling" and
  /// "process.roll_failed" (slot, cause). Null (the default): nobody.
  observer* told = nullptr;
};

/// A worker, as what it runs sees it.
class TIDEWIRE_CORE_API worker_process {
 public:
  worker_process(const worker_process&) = delete;
  worker_process& operator=(const worker_process&) = delete;

  /// Which of the workers it is, from 0; the one that replaces it has the same number.
  [[nodiscard]] std::size_t slot() const noexcept { return slot_; }
  /// Tells the master that this worker does its work from now on. To be called once.
  void ready() noexcept;

 private:
  friend class process_master;
  worker_process(std::size_t slot, int report) noexcept : slot_(slot), report_(report) {}

  std::size_t slot_;
  int report_;
};

/// Runs `body` in worker processes, forked from this one, and replaces each that ends; returns when it was
/// told to stop and all have ended.
///
/// | the master gets | what happens |
/// | --- | --- |
/// | SIGTERM, SIGINT | every worker gets SIGTERM, and is killed after `stop_timeout`; again: is killed now |
/// | SIGHUP | slot by slot, a new worker is started; when it is ready the old one gets SIGTERM |
///
/// A SIGHUP that comes while workers are being renewed has all of them renewed once more.
///
/// A worker is a fork: it has what was made before, such as listeners, and the program as it was then. It is
/// in a process group of its own, so that a terminal's Ctrl-C goes to the master alone; it ignores SIGHUP
/// and, on Linux, gets SIGTERM when the master dies. What `body` returns is its exit status; if it throws,
/// that is 70, and the master is told why. Nothing of the program's `main` is run or destroyed in a worker
/// after `body`.
///
/// Call it before the program has threads or loops, and from one thread: a fork has only the thread that made
/// it. One call at a time; the handlers of these signals and of SIGCHLD are its own meanwhile.
/// @return 0, or 1 if workers had to be killed.
/// @par Errors
/// `condition::misuse`: there are threads already (seen on Linux), or it runs already. `errc::unsupported`:
/// on Windows, which has no fork. `std::errc::no_child_process`: `most_failed_starts` was reached; the detail
/// says why the last worker ended. What the system gives if it has no pipe.
int TIDEWIRE_CORE_API run_processes(const std::function<int(worker_process&)>& body,
                                    process_options options = {});

}  // namespace tidewire
