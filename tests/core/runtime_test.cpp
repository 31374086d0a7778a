#include <tidewire/asio.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/runtime.hpp>
#include <tidewire/core/timeout.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <unistd.h>
#endif

namespace tidewire {
namespace {

using namespace std::chrono_literals;

TEST(Runtime, HasALoopForEachCoreUnlessToldOtherwise) {
  EXPECT_EQ(runtime().size(), usable_cores());
  EXPECT_EQ(runtime({.loops = 3}).size(), 3u);
}

TEST(Runtime, RunsATaskOnEachLoopEachOnAThreadOfItsOwn) {
  runtime loops({.loops = 4});
  std::vector<std::thread::id> threads(4);
  std::vector<executor> where(4);
  const auto note = [&](std::size_t index) -> task<> {
    threads[index] = std::this_thread::get_id();
    co_await sleep_for(1ms);
    EXPECT_EQ(threads[index], std::this_thread::get_id());
    where[index] = co_await this_executor();
  };
  run(loops.on_each(note));
  threads.push_back(std::this_thread::get_id());
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 5u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(where[i], loops[i]);
}

TEST(Runtime, RunsATaskOnOneLoop) {
  runtime loops({.loops = 2});
  const auto add = [](int a, int b) -> task<int> { co_return a + b; };
  EXPECT_EQ(run(run_on(loops[1], add(2, 3))), 5);
}

TEST(Runtime, TheFirstErrorCancelsTheOthersWhichAreWaitedFor) {
  runtime loops({.loops = 3});
  std::atomic<int> canceled = 0;
  std::atomic<int> waiting = 0;
  const auto work = [&](std::size_t index) -> task<> {
    while (index == 1 && waiting < 2) co_await yield();
    if (index == 1) throw std::runtime_error("the second one failed");
    ++waiting;
    const auto slept = co_await as_result(sleep_for(1h));
    EXPECT_EQ(slept.error(), condition::canceled);
    ++canceled;
  };
  try {
    run(loops.on_each(work));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "the second one failed");
  }
  EXPECT_EQ(canceled, 2);
}

TEST(Runtime, IsCanceledFromOutside) {
  runtime loops({.loops = 2});
  std::atomic<int> waiting = 0;
  std::atomic<int> canceled = 0;
  const auto work = [&](std::size_t) -> task<> {
    ++waiting;
    if (!co_await as_result(sleep_for(1h))) ++canceled;
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(loops.on_each(work));
      while (waiting < 2) co_await yield();
      group.cancel();
    });
  };
  run(check());
  EXPECT_EQ(canceled, 2);
}

#ifndef _WIN32
TEST(Runtime, ASignalCancelsWhatRunsOnEveryLoopOnce) {
  std::atomic<int> canceled = 0;
  std::atomic<int> running = 0;
  const auto program = [&]() -> task<> {
    runtime loops({.loops = 3});
    co_await loops.on_each([&](std::size_t) -> task<> {
      if (++running == 3) ::kill(::getpid(), SIGTERM);
      const auto slept = co_await as_result(sleep_for(1h));
      if (!slept) ++canceled;
      if (!slept) throw error(slept.error());
    });
  };
  try {
    run(program());
    FAIL() << "nothing was thrown";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), condition::canceled);
    EXPECT_EQ(e.detail(), "stopped by SIGTERM");
  }
  EXPECT_EQ(canceled, 3);
}
#endif

TEST(Runtime, EndsWhatWasSpawnedThere) {
  std::atomic<bool> canceled = false;
  std::atomic<bool> waits = false;
  const auto forever = [&]() -> task<> {
    waits = true;
    const auto slept = co_await as_result(sleep_for(1h));
    co_await shield(sleep_for(2ms));  // a good-bye is said
    canceled = !slept;
  };
  {
    const runtime loops({.loops = 1});
    spawn(loops[0], forever(), asio::detached);
    while (!waits) std::this_thread::yield();
  }
  EXPECT_TRUE(canceled);
}

TEST(Runtime, LoopsThatDidNothingEnd) {
  for (int i = 0; i < 20; ++i) {
    const runtime loops({.loops = 4});
  }
}

}  // namespace
}  // namespace tidewire
