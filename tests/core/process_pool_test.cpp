#include <tidewire/core/process_pool.hpp>
#include <tidewire/core/serve.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace tidewire {
namespace {

using namespace std::chrono_literals;

#ifdef _WIN32

TEST(ProcessPool, IsNotThereOnWindows) {
  try {
    run_processes([](worker_process&) { return 0; });
    FAIL() << "nothing was thrown";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::unsupported);
  }
}

#else

const endpoint loopback(ip_address::loopback_v4(), 0);

/// A program of its own, whose exit status is what `main` returns; killed if it is still there at the end.
class program {
 public:
  template <class Main>
  explicit program(Main main) : pid_(::fork()) {
    if (pid_ != 0) return;
    int status = 99;
    try {
      status = main();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "the program threw: %s\n", e.what());
    }
    std::fflush(nullptr);
    std::_Exit(status);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void signal(int number) const { ::kill(pid_, number); }
  /// Its exit status, or minus the signal that ended it. Waits 20 s at most, and sends `again` meanwhile, for
  /// signals that come close to each other are one.
  int wait(int again = 0) {
    int status = 0;
    for (int i = 0; i < 20'000; ++i) {
      if (i % 50 == 49) signal(again);
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      }
      std::this_thread::sleep_for(1ms);
    }
    return -1000;
  }

 private:
  pid_t pid_;
};

task<std::string> ask(endpoint server, std::string_view question) {
  auto peer = co_await tcp::connect(server);
  peer.set_timeout(10s);
  co_await peer.write(question, "\n");
  co_return co_await peer.read_line();
}

/// Answers "pid" with the process that answers, and what else there is as it came.
task<> answer_line(tcp::stream& peer, std::string line) {
  if (line == "die") ::raise(SIGKILL);
  if (line == "pid") line = std::to_string(::getpid());
  co_await peer.write(line, "\n");
}
task<> answer(tcp::stream peer) {
  while (auto line = co_await peer.next_line()) co_await answer_line(peer, std::move(*line));
}

pid_t pid_of_worker(endpoint at) {
  return static_cast<pid_t>(std::stol(run(ask(at, "pid"))));
}

serve_options in_processes(std::size_t workers) {
  serve_options options{.mode = serve_mode::processes, .workers = workers};
  options.supervision.first_restart_delay = 5ms;
  return options;
}

/// Collects the events that a master tells of, as text.
class master_notes final : public observer {
 public:
  std::vector<std::string> lines;

 private:
  void happened(time_point, severity, std::string_view event, attributes what) noexcept override {
    std::string line(event);
    for (const attribute& each : what) {
      const auto* text = std::get_if<std::string_view>(&each.value());
      if (text != nullptr) line += ": " + std::string(*text);
    }
    lines.push_back(std::move(line));
  }
};

TEST(ProcessPool, ServesInWorkersAndEndsWhenItIsTold) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(2))); });
  listener.close();
  EXPECT_EQ(run(ask(at, "hello")), "hello");
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
}

TEST(ProcessPool, EveryWorkerServes) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(2))); });
  listener.close();
  std::set<pid_t> workers;
  for (int i = 0; i < 200 && workers.size() < 2; ++i) workers.insert(pid_of_worker(at));
  EXPECT_EQ(workers.size(), 2u);
}

TEST(ProcessPool, AKilledWorkerIsReplacedAndServiceGoesOn) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(1))); });
  listener.close();
  std::set<pid_t> workers;
  for (int i = 0; i < 3; ++i) {
    const pid_t worker = pid_of_worker(at);
    EXPECT_TRUE(workers.insert(worker).second) << "this one was killed";
    if (i == 1) {
      EXPECT_FALSE(run(as_result(ask(at, "die")))) << "it ends with its worker";
    } else {
      ::kill(worker, SIGKILL);
    }
  }
  EXPECT_EQ(run(ask(at, "still there")), "still there");
  master.signal(SIGINT);
  EXPECT_EQ(master.wait(), 0);
}

/// Opens connections, fifty at least, until more than one worker has some; `workers` is told which has each.
task<> connect_to_several(endpoint at, std::vector<tcp::stream>& peers, std::vector<pid_t>& workers) {
  const auto one_has_all = [&] { return std::ranges::count(workers, workers[0]) == std::ssize(workers); };
  while (peers.size() < 50 || (peers.size() < 500 && one_has_all())) {
    tcp::stream& peer = peers.emplace_back(co_await tcp::connect(at));
    co_await peer.write("pid\n");
    workers.push_back(static_cast<pid_t>(std::stol(co_await peer.read_line())));
  }
}

TEST(ProcessPool, AKilledWorkerTakesItsConnectionsWithItAndNoOthers) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(2))); });
  listener.close();
  std::vector<tcp::stream> peers;
  std::vector<pid_t> workers;
  run(connect_to_several(at, peers, workers));
  const pid_t killed = workers[0];
  ASSERT_NE(std::ranges::count(workers, killed), std::ssize(workers)) << "one worker got them all";
  ::kill(killed, SIGKILL);
  const auto check = [&]() -> task<> {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (workers[i] == killed) {
        const auto got = co_await as_result(peers[i].read_line());
        EXPECT_FALSE(got) << "nobody is there any more";
        if (!got) {
          EXPECT_EQ(got.error().peer(), at.to_string());
        }
      } else {
        co_await peers[i].write("still there\n");
        EXPECT_EQ(co_await peers[i].read_line(), "still there");
      }
    }
  };
  run(check());
  peers.clear();
  for (int i = 0; i < 20; ++i) EXPECT_NE(pid_of_worker(at), killed);
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
}

TEST(ProcessPool, ASignalAmidAThousandConnectionsDrainsThemInEveryProcess) {
  constexpr std::size_t clients = 1000;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto handler = [](tcp::stream peer, serving& server) -> task<> {
    co_await peer.write(co_await peer.read_line(), "\n");
    co_await server.drain();  // all of them are at this point when the signal comes
    co_await peer.write("end\n");
  };
  program master([&] { return run(serve(std::move(listener), handler, in_processes(2))); });
  listener.close();
  std::size_t began = 0;
  std::size_t ended = 0;
  const auto one = [&]() -> task<> {
    auto peer = co_await tcp::connect(at);
    co_await peer.write("begin\n");
    EXPECT_EQ(co_await peer.read_line(), "begin");
    if (++began == clients) master.signal(SIGTERM);
    if (co_await peer.read_line() == "end") ++ended;
    EXPECT_EQ(co_await peer.read_all(), "");
  };
  const auto all = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < clients; ++i) group.spawn(one());
      co_return;
    });
  };
  run(all());
  EXPECT_EQ(ended, clients);
  EXPECT_EQ(master.wait(), 0);
  EXPECT_EQ(run(as_result(tcp::connect(at))).code(), std::errc::connection_refused);
}

TEST(ProcessPool, AHandlerThatThrowsEndsItsConnectionAndNothingElse) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto moody = [](tcp::stream peer) -> task<> {
    const std::string line = co_await peer.read_line();
    if (line == "throw") throw std::runtime_error("a mood");
    co_await answer_line(peer, line);
  };
  program master([&] { return run(serve(std::move(listener), moody, in_processes(1))); });
  listener.close();
  const std::string worker = run(ask(at, "pid"));
  EXPECT_EQ(run(as_result(ask(at, "throw"))).error(), condition::eof);
  EXPECT_EQ(run(ask(at, "pid")), worker) << "it went on";
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
}

TEST(ProcessPool, AWorkerWithoutDescriptorsPausesAndLosesNobody) {
  // UndefinedBehaviorSanitizer needs a descriptor to look at a class that it has not seen: show it those of a
  // server, of an error and of a pause while there are some. The worker is a fork, and has seen them too.
  const auto shows = []() -> task<> {
    tcp::listener other = tcp::listen(loopback);
    const endpoint there = other.local_endpoint();
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(serve(std::move(other), answer));
      EXPECT_EQ(co_await ask(there, "hello"), "hello");
      group.cancel();
    });
    const auto refused = co_await as_result(tcp::connect(there));
    EXPECT_EQ(refused.code(), std::errc::connection_refused);
    EXPECT_NE(refused.error(), condition::canceled);
    event never;
    const auto late = co_await as_result(with_timeout(1ms, never.wait()));
    EXPECT_EQ(late.error(), condition::timeout);
  };
  run(shows());

  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::array<int, 2> failures{};
  ASSERT_EQ(::pipe(failures.data()), 0);
  static int told_to = -1;  // of a plain function, in the worker
  told_to = failures[1];
  serve_options options = in_processes(1);
  options.on_error = [](const connection_error& what) {
    const char mark =
        what.code == std::errc::too_many_files_open && what.operation == "accept on" ? 'm' : '?';
    EXPECT_EQ(::write(told_to, &mark, 1), 1);
  };
  program master([&] {
    rlimit few{};
    ::getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 40;
    ::setrlimit(RLIMIT_NOFILE, &few);
    return run(serve(std::move(listener), answer, options));
  });
  listener.close();
  ::close(failures[1]);
  std::vector<tcp::stream> peers;
  const auto check = [&]() -> task<> {
    for (int i = 0; i < 80; ++i) peers.push_back(co_await tcp::connect(at));
    for (tcp::stream& each : peers) co_await each.write("hello\n");
    while (!peers.empty()) {  // in the order in which they were accepted
      EXPECT_EQ(co_await peers.front().read_line(), "hello");
      peers.erase(peers.begin());
    }
  };
  run(check());
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
  std::string marks(1000, ' ');
  const ssize_t n = ::read(failures[0], marks.data(), marks.size());
  ::close(failures[0]);
  ASSERT_GT(n, 0) << "it had enough of them";
  EXPECT_EQ(marks.substr(0, static_cast<std::size_t>(n)), std::string(static_cast<std::size_t>(n), 'm'));
}

/// Asks again and again, each time over a new connection; counts what was answered.
task<> ask_until(const std::atomic<bool>& enough, endpoint at, std::atomic<std::size_t>& answered,
                 std::vector<std::string>& failed) {
  while (!enough) {
    const auto got = co_await as_result(ask(at, "question"));
    if (got && *got == "question") {
      ++answered;
    } else {
      failed.push_back(got ? *got : got.error().message());
    }
  }
}

TEST(ProcessPool, ARollingRestartLosesNoConnection) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(2))); });
  listener.close();
  std::set<pid_t> before;
  for (int i = 0; i < 200 && before.size() < 2; ++i) before.insert(pid_of_worker(at));
  ASSERT_EQ(before.size(), 2u);

  std::atomic<bool> enough = false;
  std::atomic<std::size_t> answered = 0;
  std::vector<std::string> failed;
  tcp::stream kept = run(tcp::connect(at));  // to one of the old workers, which waits for it
  run(kept.write("a\n"));
  EXPECT_EQ(run(kept.read_line()), "a");
  std::thread clients([&] {
    const auto all = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 8; ++i) group.spawn(ask_until(enough, at, answered, failed));
        co_return;
      });
    };
    run(all(), {.handle_signals = false});
  });
  for (int roll = 0; roll < 2 || answered < 200; ++roll) {
    master.signal(SIGHUP);
    std::set<pid_t> after;
    for (int i = 0; i < 5000 && after.size() < 2; ++i) {
      const pid_t worker = pid_of_worker(at);
      if (!before.contains(worker)) after.insert(worker);
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(after.size(), 2u);
    before.insert(after.begin(), after.end());
  }
  enough = true;
  clients.join();
  EXPECT_TRUE(failed.empty()) << failed.size() << " failed, the first: " << failed.front();
  run(kept.write("b\n"));
  EXPECT_EQ(run(kept.read_line()), "b") << "its worker drains, and has not ended";
  kept.close();
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
}

TEST(ProcessPool, AWorkerThatDoesNotEndIsKilled) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto hangs = [](tcp::stream peer) -> task<> {
    co_await peer.write(co_await peer.read_line(), "\n");
    for (;;) std::this_thread::sleep_for(1s);
  };
  serve_options options = in_processes(1);
  options.supervision.stop_timeout = 100ms;
  program master([&] { return run(serve(std::move(listener), hangs, options)); });
  listener.close();
  EXPECT_EQ(run(ask(at, "hang")), "hang");
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 1);
}

TEST(ProcessPool, ASecondSignalEndsItAtOnce) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  program master([&] { return run(serve(std::move(listener), answer, in_processes(2))); });
  listener.close();
  tcp::stream kept = run(tcp::connect(at));
  run(kept.write("a\n"));
  EXPECT_EQ(run(kept.read_line()), "a");
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(SIGTERM), 1);
}

TEST(ProcessPool, WorkersEndWithTheirMaster) {
#ifndef __linux__
  GTEST_SKIP() << "only Linux tells them";
#endif
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  {
    const program master([&] { return run(serve(std::move(listener), answer, in_processes(1))); });
    listener.close();
    EXPECT_EQ(run(ask(at, "hello")), "hello");
  }
  bool refused = false;
  for (int i = 0; i < 5000 && !refused; ++i) {
    refused = run(as_result(tcp::connect(at))).code() == std::errc::connection_refused;
    if (!refused) std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(refused);
}

TEST(ProcessPool, GivesUpWhenNoWorkerGetsReadyAndSaysWhy) {
  program master([] {
    master_notes told;
    try {
      run_processes([](worker_process&) -> int { throw std::runtime_error("no configuration"); },
                    {.workers = 2,
                     .first_restart_delay = 1ms,
                     .longest_restart_delay = 4ms,
                     .most_failed_starts = 5,
                     .told = &told});
      return 1;
    } catch (const error& e) {
      if (e.code() != std::errc::no_child_process) return 2;
      if (std::string(e.detail())
              .find("5 in a row ended before they were ready, the last because no "
                    "configuration") == std::string::npos) {
        return 3;
      }
    }
    return std::ranges::count(told.lines, "process.ended: no configuration") >= 5 ? 0 : 4;
  });
  EXPECT_EQ(master.wait(), 0);
}

/// Passes on, through a pipe, that a roll failed.
class roll_notes final : public observer {
 public:
  explicit roll_notes(int to) : to_(to) {}
  bool rolling = false;  // and so in every worker that is forked afterwards

 private:
  void happened(time_point, severity, std::string_view event, attributes what) noexcept override {
    rolling = rolling || event == "process.rolling";
    if (event != "process.roll_failed") return;
    const auto cause = std::get<std::string_view>(what.back().value());
    EXPECT_EQ(::write(to_, cause.data(), cause.size()), static_cast<ssize_t>(cause.size()));
  }

  int to_;
};

TEST(ProcessPool, ARollWhoseNewWorkerFailsKeepsTheOldOne) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  program master([&] {
    roll_notes told(ends[1]);
    const auto body = [&](worker_process& self) {
      if (told.rolling) throw std::runtime_error("a wrong option");
      self.ready();
      return run(serve(std::move(listener), answer));
    };
    return run_processes(body, {.workers = 1, .told = &told});
  });
  listener.close();
  ::close(ends[1]);
  const pid_t worker = pid_of_worker(at);
  master.signal(SIGHUP);
  std::array<char, 100> why{};
  EXPECT_GT(::read(ends[0], why.data(), why.size() - 1), 0);
  EXPECT_STREQ(why.data(), "a wrong option");
  ::close(ends[0]);
  EXPECT_EQ(pid_of_worker(at), worker);
  master.signal(SIGTERM);
  EXPECT_EQ(master.wait(), 0);
}

TEST(ProcessPool, RefusesAProgramThatHasThreads) {
#ifndef __linux__
  GTEST_SKIP() << "only Linux tells";
#endif
  std::atomic<bool> end = false;
  std::thread other([&] {
    while (!end) std::this_thread::sleep_for(1ms);
  });
  try {
    run_processes([](worker_process&) { return 0; }, {.workers = 1});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), condition::misuse);
    EXPECT_EQ(e.operation(), "run worker processes");
  }
  end = true;
  other.join();
}

TEST(ProcessPool, SignalsAreWhatTheyWereAfterwards) {
  program master([] {
    struct sigaction before{};
    ::sigaction(SIGHUP, nullptr, &before);
    run_processes(
        [](worker_process& self) {
          self.ready();
          ::kill(::getppid(), SIGTERM);
          ::pause();
          return 0;
        },
        {.workers = 1});
    struct sigaction after{};
    ::sigaction(SIGHUP, nullptr, &after);
    return before.sa_handler == after.sa_handler ? 0 : 1;
  });
  EXPECT_EQ(master.wait(), 0);
}

#endif

}  // namespace
}  // namespace tidewire
