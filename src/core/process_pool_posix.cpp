#include <tidewire/core/process_pool.hpp>
#include <tidewire/core/runtime.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform.hpp"

namespace tidewire {
namespace detail {
namespace {

constexpr char ready_mark = 'R';
constexpr char failed_mark = 'F';
constexpr int failed_status = 70;  // EX_SOFTWARE
constexpr std::array handled_signals = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

error system_failure(const char* what) {
  return error(
      failure(std::error_code(errno, std::system_category())).during("run worker processes").because(what));
}

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_ = -1;
};

struct pipe_ends {
  descriptor out;
  descriptor in;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw system_failure("no pipe");
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  return {descriptor(ends[0]), descriptor(ends[1])};
}

void put(int into, std::string_view bytes) noexcept {
  while (::write(into, bytes.data(), bytes.size()) < 0 && errno == EINTR) continue;
}

// A signal handler knows nothing but what is global: where to write what came. -1: nobody runs processes.
std::atomic<int> signals_go_to = -1;

extern "C" void pass_signal_on(int number) {
  const int before = errno;
  const char byte = static_cast<char>(number);
  put(signals_go_to.load(std::memory_order_relaxed), {&byte, 1});
  errno = before;
}

/// Signals as bytes of a pipe, while this lives.
class signal_pipe {
 public:
  signal_pipe() : pipe_(make_pipe()) {
    int nobody = -1;
    if (!signals_go_to.compare_exchange_strong(nobody, pipe_.in.get())) {
      throw error(failure(errc::misuse).during("run worker processes").because("they run already"));
    }
    struct sigaction action{};
    action.sa_handler = pass_signal_on;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < before_.size(); ++i) ::sigaction(handled_signals[i], &action, &before_[i]);
  }
  signal_pipe(const signal_pipe&) = delete;
  signal_pipe& operator=(const signal_pipe&) = delete;
  ~signal_pipe() { restore(); }

  /// As it was before. Also in a fork.
  void restore() noexcept {
    if (pipe_.in.get() < 0) return;
    for (std::size_t i = 0; i < before_.size(); ++i) {
      ::sigaction(handled_signals[i], &before_[i], nullptr);
    }
    signals_go_to.store(-1);
    pipe_.out.close();
    pipe_.in.close();
  }
  [[nodiscard]] int get() const noexcept { return pipe_.out.get(); }

 private:
  pipe_ends pipe_;
  std::array<struct sigaction, handled_signals.size()> before_{};
};

/// No signal is delivered while this lives: the master's handlers must not run in a fork.
class signals_blocked {
 public:
  signals_blocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace
}  // namespace detail

using detail::descriptor;

/// The one that forks. It has no loop and no thread, so that it can do so at any time.
class process_master {
 public:
  process_master(const std::function<int(worker_process&)>& body, const process_options& options)
      : body_(body), options_(options), slots_(options.workers != 0 ? options.workers : usable_cores()) {
    for (slot& each : slots_) each.delay = options_.first_restart_delay;
  }

  int run() {
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].start_at = now();
    while (!stopping_ || !workers_.empty()) {
      wait();
      take_signals();
      for (worker& each : workers_) take_report(each);
      reap();
      keep_time();
      begin_to_roll();
    }
    if (given_up_) throw error(*given_up_);
    return killed_ ? 1 : 0;
  }

 private:
  struct worker {
    std::size_t slot;
    pid_t pid;
    descriptor report;
    time_point started;
    bool ready = false;
    bool stopping = false;
    time_point kill_at = time_point::max();
    std::string cause{};
  };
  struct slot {
    time_point start_at = time_point::max();  // when it is free
    duration delay{};
  };

  [[nodiscard]] static time_point now() noexcept { return std::chrono::steady_clock::now(); }
  [[nodiscard]] time_point after(duration limit) const noexcept {
    return now() + std::min<duration>(limit, std::chrono::hours(24 * 365));
  }

  void wait() {
    time_point until = time_point::max();
    for (const slot& each : slots_) until = std::min(until, each.start_at);
    for (const worker& each : workers_) until = std::min(until, each.kill_at);
    int timeout = -1;
    if (until != time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
      timeout = static_cast<int>(std::clamp<decltype(left)>(left, 0, 3'600'000));
    }
    std::vector<pollfd> watched{{signals_.get(), POLLIN, 0}};
    for (const worker& each : workers_) {
      if (each.report.get() >= 0) watched.push_back({each.report.get(), POLLIN, 0});
    }
    ::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout);
  }

  void take_signals() {
    char number = 0;
    while (::read(signals_.get(), &number, 1) == 1) {
      if (number == SIGHUP) {
        roll_wanted_ = true;
      } else if (number != SIGCHLD) {
        stop(/*at_once=*/stopping_);
      }
    }
  }

  void stop(bool at_once) {
    stopping_ = true;
    rolling_ = slots_.size();
    for (slot& each : slots_) each.start_at = time_point::max();
    for (worker& each : workers_) {
      if (at_once) {
        kill(each);
      } else {
        stop(each);
      }
    }
  }
  void stop(worker& one) {
    if (std::exchange(one.stopping, true)) return;
    one.kill_at = after(options_.stop_timeout);
    ::kill(one.pid, SIGTERM);
  }
  void kill(worker& one) {
    killed_ = killed_ || stopping_;
    one.stopping = true;
    one.kill_at = time_point::max();
    tell("process.killed", severity::warning, one.slot, {{"pid", one.pid}});
    ::kill(one.pid, SIGKILL);
  }

  void take_report(worker& one) {
    std::array<char, 512> text;
    for (;;) {
      const ssize_t n = ::read(one.report.get(), text.data(), text.size());
      if (n < 0) return;
      if (n == 0) return one.report.close();
      std::string_view rest(text.data(), static_cast<std::size_t>(n));
      if (!one.ready && one.cause.empty() && rest.front() == detail::ready_mark) {
        rest.remove_prefix(1);
        became_ready(one);
      }
      if (one.cause.size() < text.size()) one.cause.append(rest);
    }
  }

  void became_ready(worker& one) {
    one.ready = true;
    failed_starts_ = 0;
    if (!one.stopping) one.kill_at = time_point::max();
    tell("process.ready", severity::info, one.slot, {{"pid", one.pid}});
    if (one.pid != successor_) return;
    for (worker& other : workers_) {
      if (other.slot == one.slot && other.pid != one.pid) stop(other);
    }
    successor_ = -1;
    ++rolling_;
    roll();
  }

  /// What was asked for while workers are renewed is done after that.
  void begin_to_roll() {
    if (!roll_wanted_ || stopping_ || rolling_ != slots_.size()) return;
    roll_wanted_ = false;
    tell("process.rolling", severity::info, 0, {});
    rolling_ = 0;
    roll();
  }
  /// Starts the successor of the next worker; without one there, it is started in any case.
  void roll() {
    for (; rolling_ < slots_.size(); ++rolling_) {
      if (slots_[rolling_].start_at != time_point::max()) continue;
      if (start(rolling_)) successor_ = workers_.back().pid;
      return;
    }
  }

  void reap() {
    for (auto next = workers_.begin(); next != workers_.end();) {
      const auto each = next++;
      int status = 0;
      if (::waitpid(each->pid, &status, WNOHANG) != each->pid) continue;
      take_report(*each);
      const worker ended = std::move(*each);
      workers_.erase(each);
      has_ended(ended, status);
    }
  }

  void has_ended(const worker& one, int status) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    std::string cause = one.cause;
    if (cause.starts_with(detail::failed_mark)) cause.erase(0, 1);
    if (cause.empty() && signal != 0) cause = "it was ended by signal " + std::to_string(signal);
    if (cause.empty()) cause = "its exit status was " + std::to_string(code);
    tell("process.ended", one.stopping ? severity::info : severity::error, one.slot,
         {{"pid", one.pid}, {"status", code}, {"signal", signal}, {"cause", cause}});
    if (stopping_) return;
    if (one.pid == successor_) roll_failed(one.slot, cause);
    const bool has_another = std::ranges::any_of(
        workers_, [&](const worker& each) { return each.slot == one.slot && !each.stopping; });
    if (has_another) return;
    if (!one.ready) failed_to_start(cause);
    if (stopping_) return;
    replace(one.slot, now() - one.started >= options_.healthy_after);
  }

  void roll_failed(std::size_t at, std::string_view cause) {
    tell("process.roll_failed", severity::error, at, {{"cause", cause}});
    successor_ = -1;
    rolling_ = slots_.size();
  }

  void failed_to_start(const std::string& cause) {
    if (++failed_starts_ < std::max<std::size_t>(options_.most_failed_starts, 1)) return;
    given_up_.emplace(failure(std::make_error_code(std::errc::no_child_process))
                          .during("run worker processes")
                          .because(std::to_string(failed_starts_) +
                                   " in a row ended before they were ready, the last because " + cause));
    stop(/*at_once=*/false);
  }

  void replace(std::size_t at, bool was_well) {
    slot& place = slots_[at];
    if (was_well) place.delay = options_.first_restart_delay;
    place.start_at = after(place.delay);
    place.delay = std::min(2 * place.delay, options_.longest_restart_delay);
  }

  void keep_time() {
    const time_point current = now();
    for (worker& each : workers_) {
      if (each.kill_at <= current) kill(each);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].start_at > current) continue;
      slots_[i].start_at = time_point::max();
      start(i);
    }
  }

  /// False if it could not be: what follows from that has been done.
  bool start(std::size_t at) {
    std::optional<detail::pipe_ends> report;
    pid_t pid = -1;
    try {
      report.emplace(detail::make_pipe());
      std::fflush(nullptr);  // or what is buffered is written twice
      const detail::signals_blocked meanwhile;
      pid = ::fork();
      if (pid == 0) become_worker(at, *report);
      if (pid < 0) throw detail::system_failure("no fork");
    } catch (const error& e) {
      const bool has_another = std::ranges::any_of(
          workers_, [&](const worker& each) { return each.slot == at && !each.stopping; });
      if (has_another) {
        roll_failed(at, e.what());
      } else {
        failed_to_start(e.what());
        if (!stopping_) replace(at, false);
      }
      return false;
    }
    workers_.push_back({at, pid, std::move(report->out), now()});
    workers_.back().kill_at = after(options_.start_timeout);
    tell("process.started", severity::info, at, {{"pid", pid}});
    return true;
  }

  // In the fork, with every signal blocked: what came before is the master's.
  [[noreturn]] void become_worker(std::size_t at, detail::pipe_ends& report) {
    report.out.close();
    for (worker& each : workers_) each.report.close();
    signals_.restore();
    ::signal(SIGHUP, SIG_IGN);
    ::setpgid(0, 0);
    detail::platform::end_with_parent(master_);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    int status = detail::failed_status;
    worker_process self(at, report.in.get());
    try {
      status = body_(self);
    } catch (const std::exception& e) {
      detail::put(report.in.get(), std::string(1, detail::failed_mark) + e.what());
    } catch (...) {
      detail::put(report.in.get(),
                  std::string(1, detail::failed_mark) + "what it threw is no std::exception");
    }
    std::fflush(nullptr);
    std::_Exit(status);
  }

  void tell(std::string_view event, severity how, std::size_t at,
            std::initializer_list<attribute> more) const {
    if (options_.told == nullptr) return;
    std::vector<attribute> all{{"slot", at}};
    all.insert(all.end(), more.begin(), more.end());
    options_.told->happened(now(), how, event, all);
  }

  [[nodiscard]] static sigset_t current_mask() noexcept {
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    return mask;
  }

  const std::function<int(worker_process&)>& body_;
  const process_options options_;
  const pid_t master_ = ::getpid();
  const sigset_t mask_ = current_mask();
  detail::signal_pipe signals_;
  std::vector<slot> slots_;
  std::list<worker> workers_;            // stay where they are while others are started
  std::size_t rolling_ = slots_.size();  // the slot that is renewed; that many: none
  bool roll_wanted_ = false;
  pid_t successor_ = -1;  // what is to be ready there
  std::size_t failed_starts_ = 0;
  std::optional<failure> given_up_;
  bool stopping_ = false;
  bool killed_ = false;
};

void worker_process::ready() noexcept {
  detail::put(report_, {&detail::ready_mark, 1});
}

int run_processes(const std::function<int(worker_process&)>& body, process_options options) {
  if (detail::platform::has_other_threads()) {
    throw error(failure(errc::misuse)
                    .during("run worker processes")
                    .because("this process has threads already, which a fork would not have"));
  }
  process_master master(body, options);
  return master.run();
}

}  // namespace tidewire
