#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

template <class T>
T in_virtual_time(task<T> t) {
  virtual_clock time;
  return run(std::move(t), {.clock = &time});
}

task<std::string> after(duration time, std::string value) {
  co_await sleep_for(time);
  co_return value;
}
task<> nothing_after(duration time) {
  co_await sleep_for(time);
}
task<int> fails_after(duration time, const char* why) {
  co_await sleep_for(time);
  throw error(errc::malformed, why);
}
task<int> at_once(int n) {
  co_return n;
}
// Waits for a day, and logs how that went.
task<int> logs_its_end(std::string& log) {
  const auto slept = co_await as_result(sleep_for(24h));
  log += slept ? "slept;" : slept.error() == condition::canceled ? "canceled;" : "failed;";
  if (!slept) throw error(slept.error());
  co_return 0;
}
// Does not let itself be canceled for a while.
task<std::string> stubborn(duration time, std::string value) {
  co_await shield(nothing_after(time));
  co_return value;
}

TEST(WhenAll, GivesEveryValueInOrder) {
  const auto check = []() -> task<> {
    const auto [slow, fast, number] = co_await when_all(after(2s, "slow"), after(1s, "fast"), at_once(3));
    EXPECT_EQ(slow, "slow");
    EXPECT_EQ(fast, "fast");
    EXPECT_EQ(number, 3);
  };
  in_virtual_time(check());
}

TEST(WhenAll, RunsThemSideBySide) {
  virtual_clock time;
  const auto check = []() -> task<> {
    co_await when_all(nothing_after(3s), nothing_after(2s), nothing_after(1s));
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 3s);
}

TEST(WhenAll, StartsThemInOrder) {
  std::string order;
  const auto note = [&](char c) -> task<> {
    order += c;
    co_return;
  };
  const auto check = [&]() -> task<> { co_await when_all(note('a'), note('b'), note('c')); };
  run(check());
  EXPECT_EQ(order, "abc");
}

TEST(WhenAll, HasAMonostateWhereThereIsNoValueAndIsVoidIfThereIsNone) {
  const auto check = []() -> task<> {
    const auto mixed = co_await when_all(at_once(1), nothing_after(1ms));
    static_assert(std::is_same_v<decltype(mixed), const std::tuple<int, std::monostate>>);
    EXPECT_EQ(std::get<0>(mixed), 1);
    static_assert(std::is_void_v<awaited_t<decltype(when_all(nothing_after(1ms), nothing_after(1ms)))>>);
  };
  run(check());
}

TEST(WhenAll, TakesLeafOperationsReferencesAndValuesThatOnlyMove) {
  int target = 0;
  const auto refer = [](int& to) -> task<int&> { co_return to; };
  const auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
  const auto check = [&]() -> task<> {
    auto [slept, reference, pointer] = co_await when_all(sleep_for(1ms), refer(target), make());
    reference = 7;
    EXPECT_EQ(*pointer, 4);
  };
  run(check());
  EXPECT_EQ(target, 7);
}

TEST(WhenAll, TheFirstErrorCancelsTheOthersAndIsThrown) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto r = co_await as_result(
        when_all(logs_its_end(log), fails_after(2s, "second"), fails_after(1s, "first"), logs_its_end(log)));
    EXPECT_EQ(r.error().detail(), "first");
    EXPECT_EQ(log, "canceled;canceled;");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(WhenAll, WaitsForThoseThatAreSlowToEnd) {
  virtual_clock time;
  const auto check = []() -> task<> {
    const auto r = co_await as_result(when_all(fails_after(1s, "no"), stubborn(5s, "late")));
    EXPECT_EQ(r.error().detail(), "no");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 5s);
}

TEST(WhenAll, LetsForeignExceptionsThrough) {
  const auto throws = []() -> task<int> {
    throw std::runtime_error("mine");
    co_return 0;
  };
  const auto check = [&]() -> task<> { (void)co_await when_all(throws(), at_once(1)); };
  EXPECT_THROW(run(check()), std::runtime_error);
}

TEST(WhenAll, ACanceledTaskStartsNothing) {
  const auto check = []() -> task<> {
    bool started = false;
    const auto child = [&]() -> task<> {
      started = true;
      co_return;
    };
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(when_all(child(), child()));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await as_result(with_timeout(1s, body()));
    EXPECT_FALSE(started);
  };
  in_virtual_time(check());
}

TEST(WhenAll, CancellationReachesEveryoneAndWaitsForThem) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto r = co_await as_result(
        with_timeout(1s, when_all(logs_its_end(log), logs_its_end(log), stubborn(3s, "late"))));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(log, "canceled;canceled;");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 3s);
}

TEST(WhenAll, CancellationByTheSystemsTimerIsSafeThoughNoCoroutineRuns) {
  const auto check = []() -> task<> {
    std::string log;
    const auto r = co_await as_result(with_timeout(1ms, when_all(logs_its_end(log), logs_its_end(log))));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(log, "canceled;canceled;");
  };
  run(check());
}

TEST(WhenAll, GivesTheValuesThatCameInSpiteOfACancellation) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(with_timeout(1s, when_all(stubborn(2s, "a"), stubborn(3s, "b"))));
    EXPECT_EQ(*r, std::tuple(std::string("a"), std::string("b")));
  };
  in_virtual_time(check());
}

TEST(WhenAll, OfAVectorGivesAVector) {
  const auto check = []() -> task<> {
    std::vector<task<std::string>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(after(1ms * (100 - i), std::to_string(i)));
    const std::vector<std::string> values = co_await when_all(std::move(tasks));
    EXPECT_EQ(values.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], std::to_string(i));
  };
  in_virtual_time(check());
}

TEST(WhenAll, OfAVectorOfTasksWithoutValueGivesNone) {
  const auto check = []() -> task<> {
    std::vector<task<>> tasks;
    tasks.push_back(nothing_after(1s));
    static_assert(std::is_void_v<awaited_t<decltype(when_all(std::move(tasks)))>>);
    co_await when_all(std::move(tasks));
  };
  in_virtual_time(check());
}

TEST(WhenAll, OfAnEmptyVectorIsDoneAtOnce) {
  const auto check = []() -> task<std::size_t> {
    const auto values = co_await when_all(std::vector<task<int>>());
    co_return values.size();
  };
  EXPECT_EQ(run(check()), 0u);
}

TEST(WhenAll, OfAVectorThrowsTheFirstError) {
  const auto check = []() -> task<> {
    std::string log;
    std::vector<task<int>> tasks;
    tasks.push_back(logs_its_end(log));
    tasks.push_back(fails_after(1s, "vector"));
    const auto r = co_await as_result(when_all(std::move(tasks)));
    EXPECT_EQ(r.error().detail(), "vector");
    EXPECT_EQ(log, "canceled;");
  };
  in_virtual_time(check());
}

TEST(WhenAll, ChildrenDieWithTheirLoop) {
  auto witness = std::make_shared<int>(1);
  const auto holds = [](std::shared_ptr<int>) -> task<> { co_await sleep_for(24h); };
  const auto parent = [&]() -> task<> { co_await when_all(holds(witness), holds(witness)); };
  {
    asio::io_context context;
    spawn(context, parent(), asio::detached);
    context.poll();
    EXPECT_EQ(witness.use_count(), 3);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(WhenAll, IsSeenInTheBacktraceOfItsChildren) {
  const auto child = []() -> task<std::size_t> {
    const auto trace = co_await backtrace();
    co_return trace.size();
  };
  const auto parent = [&]() -> task<std::size_t> {
    const auto [depth] = co_await when_all(child());
    co_return depth;
  };
  EXPECT_EQ(run(parent()), 2u);
}

TEST(WhenAny, TheFirstToEndDecides) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto first = co_await when_any(logs_its_end(log), after(1s, "text"), nothing_after(2s));
    static_assert(std::is_same_v<decltype(first), const std::variant<int, std::string, std::monostate>>);
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(first), "text");
    EXPECT_EQ(log, "canceled;");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(WhenAny, AnErrorThatComesFirstIsThrown) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(when_any(after(2s, "late"), fails_after(1s, "early")));
    EXPECT_EQ(r.error().detail(), "early");
  };
  in_virtual_time(check());
}

TEST(WhenAny, AnErrorThatComesLaterIsDropped) {
  const auto check = []() -> task<> {
    const auto throws_when_canceled = []() -> task<int> {
      (void)co_await as_result(sleep_for(24h));
      throw std::runtime_error("late");
    };
    const auto first = co_await when_any(throws_when_canceled(), after(1s, "early"));
    EXPECT_EQ(first.index(), 1u);
  };
  in_virtual_time(check());
}

TEST(WhenAny, WaitsForTheLosers) {
  virtual_clock time;
  const auto check = []() -> task<> {
    const auto first = co_await when_any(after(1s, "winner"), stubborn(4s, "loser"));
    EXPECT_EQ(std::get<0>(first), "winner");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 4s);
}

TEST(WhenAny, OfTwoThatEndAtOnceTheFirstWins) {
  const auto check = []() -> task<> {
    const auto first = co_await when_any(at_once(1), at_once(2));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_EQ(std::get<0>(first), 1);
  };
  run(check());
}

TEST(WhenAny, GivesAReferenceAsAReferenceWrapper) {
  int target = 0;
  const auto refer = [](int& to) -> task<int&> { co_return to; };
  const auto check = [&]() -> task<> {
    const auto first = co_await when_any(refer(target), sleep_for(1h));
    std::get<0>(first).get() = 5;
  };
  run(check());
  EXPECT_EQ(target, 5);
}

// What yields schedules itself; canceling its chain after it ended, or while it waits for its turn, must find
// nothing to cancel.
TEST(WhenAny, CancelsTasksThatOnlyLetOthersRun) {
  const auto yields = [](int times) -> task<int> {
    for (int i = 0; i < times; ++i) co_await yield();
    co_return times;
  };
  const auto naps = [](int times) -> task<int> {
    for (int i = 0; i < times; ++i) co_await sleep_for(0s);
    co_return times;
  };
  const auto check = [&]() -> task<> {
    const auto first = co_await when_any(yields(1), yields(3), naps(2));
    EXPECT_EQ(first.index(), 0u);
    const auto second = co_await as_result(when_all(yields(2), naps(1), fails_after(0s, "no")));
    EXPECT_EQ(second.error().detail(), "no");
  };
  run(check());
}

TEST(WhenAny, CancellationReachesEveryone) {
  const auto check = []() -> task<> {
    std::string log;
    const auto r = co_await as_result(with_timeout(1s, when_any(logs_its_end(log), logs_its_end(log))));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(log, "canceled;canceled;");
  };
  in_virtual_time(check());
}

TEST(WhenAny, ACanceledTaskStartsNothing) {
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(when_any(logs_its_end(log)));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await as_result(with_timeout(1s, body()));
    EXPECT_EQ(log, "");
  };
  in_virtual_time(check());
}

TEST(WhenAny, OfAVectorTellsTheIndex) {
  const auto check = []() -> task<> {
    std::vector<task<std::string>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(after(i == 6 ? 1s : 1min, std::to_string(i)));
    const any_of<std::string> first = co_await when_any(std::move(tasks));
    EXPECT_EQ(first.index, 6u);
    EXPECT_EQ(first.value, "6");
    std::vector<task<>> silent;
    silent.push_back(nothing_after(2s));
    silent.push_back(nothing_after(1s));
    const any_of<void> second = co_await when_any(std::move(silent));
    EXPECT_EQ(second.index, 1u);
  };
  in_virtual_time(check());
}

TEST(WhenAny, OfAnEmptyVectorIsAMistake) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(when_any(std::vector<task<int>>()));
    EXPECT_EQ(r.error(), condition::misuse);
  };
  run(check());
}

TEST(WhenAny, NestsDeeply) {
  const auto check = []() -> task<> {
    std::string log;
    const auto inner = [&]() -> task<std::size_t> {
      const auto r = co_await when_any(logs_its_end(log), when_all(logs_its_end(log), nothing_after(1h)));
      co_return r.index();
    };
    const auto first = co_await when_any(inner(), when_any(inner(), after(1s, "deep")));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(std::get<1>(first)), "deep");
    EXPECT_EQ(log, "canceled;canceled;canceled;canceled;");
  };
  in_virtual_time(check());
}

}  // namespace
}  // namespace tidewire
