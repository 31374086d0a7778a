#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

task<int> value(int n) {
  co_return n;
}
task<int> fails(const char* why) {
  throw std::runtime_error(why);
  co_return 0;
}

TEST(Task, GivesItsValue) {
  EXPECT_EQ(run(value(7)), 7);
}

TEST(Task, ThrowsWhatItsBodyThrew) {
  EXPECT_THROW(run(fails("no")), std::runtime_error);
}

TEST(Task, MovesItsValueOut) {
  const auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  EXPECT_EQ(*run(make()), 5);
}

TEST(Task, GivesReferences) {
  int target = 1;
  const auto refer = [](int& to) -> task<int&> { co_return to; };
  run(refer(target)) = 2;
  EXPECT_EQ(target, 2);
}

TEST(Task, DoesNotRunUntilAwaited) {
  bool ran = false;
  const auto set = [&]() -> task<> {
    ran = true;
    co_return;
  };
  {
    task<> dropped = set();
  }
  EXPECT_FALSE(ran);
  run(set());
  EXPECT_TRUE(ran);
}

// The address of a local tells how deep the stack is.
task<std::size_t> stack_spread(int rounds) {
  std::uintptr_t lowest = UINTPTR_MAX;
  std::uintptr_t highest = 0;
  const auto probe = [&]() -> task<int> {
    volatile char here = 0;
    const auto at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, at);
    highest = std::max(highest, at);
    co_return here;
  };
  for (int i = 0; i < rounds; ++i) co_await probe();
  co_return highest - lowest;
}

TEST(Task, AMillionChildrenThatCompleteAtOnceDoNotGrowTheStack) {
  EXPECT_LT(run(stack_spread(1'000'000)), 4096u);
}

TEST(Task, AMillionLeafOperationsThatCompleteAtOnceDoNotGrowTheStack) {
  const auto loop = []() -> task<int> {
    int sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      const executor ex = co_await this_executor();
      if (ex) ++sum;
    }
    co_return sum;
  };
  EXPECT_EQ(run(loop()), 1'000'000);
}

task<int> deep(int levels) {
  if (levels == 0) {
    co_await yield();
    co_return 0;
  }
  const int below = co_await deep(levels - 1);
  co_return below + 1;
}

TEST(Task, AHundredThousandNestedTasksNeedNoStack) {
  EXPECT_EQ(run(deep(100'000)), 100'000);
}

TEST(AsResult, GivesAValueOrAFailure) {
  const auto check = []() -> task<> {
    const result<int> good = co_await as_result(value(3));
    EXPECT_EQ(*good, 3);
    const auto bad_task = []() -> task<> {
      throw error(errc::closed, "because");
      co_return;
    };
    const result<void> bad = co_await as_result(bad_task());
    EXPECT_EQ(bad.error().detail(), "because");
  };
  run(check());
}

TEST(AsResult, LetsForeignExceptionsThrough) {
  const auto check = []() -> task<> { (void)co_await as_result(fails("mine")); };
  EXPECT_THROW(run(check()), std::runtime_error);
}

task<std::vector<trace_entry>> inner_trace() {
  co_await yield();
  co_return co_await backtrace();
}
task<std::vector<trace_entry>> outer_trace() {
  co_return co_await with_timeout(1h, inner_trace());
}

TEST(Backtrace, NamesEachAwaitingCoroutineThroughATimeout) {
  const auto trace = run(outer_trace());
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_NE(trace[0].function.find("inner_trace"), std::string::npos) << trace[0].function;
  EXPECT_NE(trace[1].function.find("outer_trace"), std::string::npos) << trace[1].function;
  EXPECT_NE(trace[0].file.find("task_test.cpp"), std::string::npos);
  EXPECT_GT(trace[0].line, 0u);
}

TEST(DescribeTasks, ListsWhatEveryTaskWaitsFor) {
  const auto check = []() -> task<std::string> {
    const executor here = co_await this_executor();
    co_return describe_tasks(here);
  };
  EXPECT_NE(run(check()).find("task 1:\n"), std::string::npos);
}

}  // namespace
}  // namespace tidewire
