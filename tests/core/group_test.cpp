#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

template <class T>
T in_virtual_time(task<T> t) {
  virtual_clock time;
  return run(std::move(t), {.clock = &time});
}

task<> fails_after(duration time, const char* why) {
  co_await sleep_for(time);
  throw error(errc::malformed, why);
}
task<> logs_its_end(std::string& log, std::string name) {
  const auto slept = co_await as_result(sleep_for(24h));
  log += name + (slept ? " slept;" : " canceled;");
  if (!slept) throw error(slept.error());
}

TEST(TaskGroup, WaitsForItsChildrenAfterTheBodyEnded) {
  virtual_clock time;
  int ended = 0;
  const auto child = [&](duration wait) -> task<> {
    co_await sleep_for(wait);
    ++ended;
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(child(1s));
      group.spawn(child(3s));
      group.spawn(child(2s));
      EXPECT_EQ(group.size(), 3u);
      co_return;
    });
    EXPECT_EQ(ended, 3);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 3s);
}

TEST(TaskGroup, GivesWhatTheBodyGave) {
  const auto check = []() -> task<int> {
    co_return co_await with_group([](task_group&) -> task<int> { co_return 5; });
  };
  EXPECT_EQ(run(check()), 5);
}

TEST(TaskGroup, AnEmptyBodyEndsIt) {
  const auto check = []() -> task<> { co_await with_group([](task_group&) -> task<> { co_return; }); };
  run(check());
}

TEST(TaskGroup, ABodyThatIsNoCoroutineMaySpawnBeforeItReturns) {
  int ran = 0;
  const auto child = [&]() -> task<> {
    ++ran;
    co_return;
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) {
      group.spawn(child());
      return child();
    });
  };
  run(check());
  EXPECT_EQ(ran, 2);
}

TEST(TaskGroup, ABodyThatThrowsBeforeItReturnsATaskFailsTheGroup) {
  std::string log;
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "child"));
      throw std::runtime_error("never began");
    });
  };
  const auto body = [&](task_group& group) -> task<> {
    if (group.size() == 0) {
      group.spawn(logs_its_end(log, "child"));
      throw std::runtime_error("never began");
    }
    return logs_its_end(log, "body");
  };
  const auto plain = [&]() -> task<> { co_await with_group(body); };
  EXPECT_THROW(run(check()), std::runtime_error);
  EXPECT_THROW(run(plain()), std::runtime_error);
  EXPECT_EQ(log, "child canceled;child canceled;");
}

TEST(TaskGroup, FreesAChildAsSoonAsItEnds) {
  auto witness = std::make_shared<int>(0);
  const auto holds = [](std::shared_ptr<int>, duration time) -> task<> { co_await sleep_for(time); };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 1; i <= 10; ++i) group.spawn(holds(witness, i * 1s));
      co_await sleep_for(4500ms);
      EXPECT_EQ(group.size(), 6u);
      EXPECT_EQ(witness.use_count(), 7);
    });
    EXPECT_EQ(witness.use_count(), 1);
  };
  in_virtual_time(check());
}

TEST(TaskGroup, AFailingChildCancelsTheBodyAndItsSiblings) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "sibling"));
      group.spawn(fails_after(1s, "child broke"));
      group.spawn(fails_after(2s, "too late"));
      co_await logs_its_end(log, "body");
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "child broke");
    EXPECT_NE(log.find("sibling canceled;"), std::string::npos);
    EXPECT_NE(log.find("body canceled;"), std::string::npos);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(TaskGroup, AFailingBodyCancelsTheChildren) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "child"));
      co_await sleep_for(1s);
      throw error(errc::malformed, "body broke");
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "body broke");
    EXPECT_EQ(log, "child canceled;");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(TaskGroup, AChildThatFailsAfterTheBodyEndedStillCounts) {
  const auto check = []() -> task<> {
    const auto body = [](task_group& group) -> task<> {
      group.spawn(fails_after(1s, "late"));
      co_return;
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "late");
  };
  in_virtual_time(check());
}

TEST(TaskGroup, StartsNothingMoreOnceItFailed) {
  const auto check = []() -> task<> {
    auto witness = std::make_shared<int>(0);
    bool ran = false;
    const auto child = [&](std::shared_ptr<int>) -> task<> {
      ran = true;
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fails_after(1s, "broke"));
      (void)co_await as_result(sleep_for(24h));
      EXPECT_TRUE(group.canceled());
      group.spawn(child(witness));
      EXPECT_EQ(witness.use_count(), 1);
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "broke");
    EXPECT_FALSE(ran);
  };
  in_virtual_time(check());
}

TEST(TaskGroup, CancelEndsTheChildrenButNotTheBodyAndIsNoError) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<std::string> {
      group.spawn(logs_its_end(log, "one"));
      group.spawn(logs_its_end(log, "two"));
      co_await sleep_for(1s);
      group.cancel();
      co_await group.wait_below(1);
      EXPECT_EQ(log.size(), std::string("one canceled;two canceled;").size());
      co_await sleep_for(1s);
      co_return "body went on";
    };
    const std::string said = co_await with_group(body);
    EXPECT_EQ(said, "body went on");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 2s);
}

TEST(TaskGroup, AfterCancelAnErrorThatIsNotCanceledStillCounts) {
  const auto check = []() -> task<> {
    const auto breaks_when_canceled = []() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      throw error(errc::malformed, "broke while ending");
    };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(breaks_when_canceled());
      co_await yield();
      group.cancel();
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "broke while ending");
  };
  run(check());
}

TEST(TaskGroup, AChildThatIsCanceledByItselfFailsTheGroup) {
  const auto check = []() -> task<> {
    const auto gives_up = []() -> task<> {
      throw error(failure(errc::canceled).during("give up"));
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(gives_up());
      co_await sleep_for(24h);
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().operation(), "give up");
  };
  in_virtual_time(check());
}

TEST(TaskGroup, OuterCancellationReachesTheBodyAndEveryChild) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "child"));
      co_await logs_its_end(log, "body");
    };
    const auto r = co_await as_result(with_timeout(1s, with_group(body)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "sleep");
    EXPECT_NE(log.find("child canceled;"), std::string::npos);
    EXPECT_NE(log.find("body canceled;"), std::string::npos);
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(TaskGroup, OuterCancellationAfterTheBodyEndedIsTold) {
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "child"));
      co_return;
    };
    const auto r = co_await as_result(with_timeout(1s, with_group(body)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(log, "child canceled;");
  };
  in_virtual_time(check());
}

// Many wakes from one callback of the system's timer: the first child to end must not pull the ground from
// under the loop that cancels the others.
TEST(TaskGroup, CancellationByTheSystemsTimerIsSafeThoughNoCoroutineRuns) {
  const auto check = []() -> task<> {
    std::string log;
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < 5; ++i) group.spawn(logs_its_end(log, "c"));
      co_return;
    };
    const auto r = co_await as_result(with_timeout(1ms, with_group(body)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(log, "c canceled;c canceled;c canceled;c canceled;c canceled;");
  };
  run(check());
}

TEST(TaskGroup, CancellationByAnAsioSignalIsSafeThoughNoCoroutineRuns) {
  asio::io_context context;
  asio::cancellation_signal stop;
  std::string log;
  std::exception_ptr failed;
  const auto parent = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 3; ++i) group.spawn(logs_its_end(log, "c"));
      co_return;
    });
  };
  spawn(context, parent(),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr e) { failed = e; }));
  context.poll();
  stop.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(log, "") << "canceling resumes nothing by itself";
  context.run();
  EXPECT_EQ(log, "c canceled;c canceled;c canceled;");
  ASSERT_TRUE(failed);
  EXPECT_TRUE(detail::satisfies(failed, condition::canceled));
}

TEST(TaskGroup, ACanceledTaskDoesNotEvenRunTheBody) {
  const auto check = []() -> task<> {
    bool ran = false;
    const auto group_body = [&](task_group&) -> task<> {
      ran = true;
      co_return;
    };
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(with_group(group_body));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await as_result(with_timeout(1s, body()));
    EXPECT_FALSE(ran);
  };
  in_virtual_time(check());
}

task<> spawns_more(task_group& group, int depth, int& count) {
  ++count;
  co_await sleep_for(1ms);
  if (depth == 0) co_return;
  group.spawn(spawns_more(group, depth - 1, count));
  group.spawn(spawns_more(group, depth - 1, count));
}

TEST(TaskGroup, ChildrenMaySpawnChildrenEvenAfterTheBodyEnded) {
  int count = 0;
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(spawns_more(group, 9, count));
      co_return;
    });
  };
  in_virtual_time(check());
  EXPECT_EQ(count, 1023);
}

TEST(TaskGroup, WaitBelowBoundsTheNumberOfChildren) {
  virtual_clock time;
  std::size_t running = 0;
  std::size_t most = 0;
  int done = 0;
  const auto child = [&]() -> task<> {
    most = std::max(most, ++running);
    co_await sleep_for(1s);
    --running;
    ++done;
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 100; ++i) {
        co_await group.wait_below(10);
        group.spawn(child());
      }
    });
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(done, 100);
  EXPECT_EQ(most, 10u);
  EXPECT_EQ(time.elapsed(), 10s);
}

TEST(TaskGroup, WaitBelowIsCanceledWithTheGroup) {
  const auto check = []() -> task<> {
    std::string log;
    std::string seen;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(logs_its_end(log, "child"));
      const auto r = co_await as_result(group.wait_below(1));
      seen = r ? "room" : r.error().message();
      const auto again = co_await as_result(group.wait_below(1000));
      EXPECT_EQ(again.error(), condition::canceled);
    };
    (void)co_await as_result(with_timeout(1s, with_group(body)));
    EXPECT_EQ(seen, "wait for room in a task group: canceled");
  };
  in_virtual_time(check());
}

TEST(TaskGroup, GroupsNest) {
  virtual_clock time;
  const auto check = []() -> task<> {
    std::string log;
    const auto inner = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        group.spawn(logs_its_end(log, "grandchild"));
        co_await sleep_for(24h);
      });
    };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(inner());
      group.spawn(inner());
      co_await sleep_for(1s);
      throw error(errc::malformed, "outer broke");
    };
    const auto r = co_await as_result(with_group(body));
    EXPECT_EQ(r.error().detail(), "outer broke");
    EXPECT_EQ(log, "grandchild canceled;grandchild canceled;");
  };
  run(check(), {.clock = &time});
  EXPECT_EQ(time.elapsed(), 1s);
}

TEST(TaskGroup, AHundredThousandChildrenComeAndGo) {
  std::size_t ended = 0;
  const auto child = [&]() -> task<> {
    co_await yield();
    ++ended;
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 100'000; ++i) group.spawn(child());
      EXPECT_EQ(group.size(), 100'000u);
      co_return;
    });
  };
  run(check());
  EXPECT_EQ(ended, 100'000u);
}

TEST(TaskGroup, EverythingDiesWithItsLoop) {
  auto witness = std::make_shared<int>(0);
  const auto holds = [](std::shared_ptr<int>) -> task<> { co_await sleep_for(24h); };
  // A child refers to what the body holds, and looks at it when it is destroyed.
  struct looks_at {
    std::shared_ptr<int>* what;
    ~looks_at() { EXPECT_NE(what->use_count(), 0); }
  };
  const auto refers = [](std::shared_ptr<int>& held) -> task<> {
    const looks_at last{&held};
    co_await sleep_for(24h);
  };
  const auto parent = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      auto mine = witness;
      group.spawn(holds(witness));
      group.spawn(refers(mine));
      group.spawn(holds(witness));
      co_await group.wait_below(1);
    });
  };
  {
    asio::io_context context;
    spawn(context, parent(), asio::detached);
    context.poll();
    EXPECT_EQ(witness.use_count(), 4);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(TaskGroup, IsSeenInTheBacktraceOfItsChildren) {
  std::size_t child_depth = 0;
  std::size_t body_depth = 0;
  const auto child = [&]() -> task<> {
    const auto trace = co_await backtrace();
    child_depth = trace.size();
  };
  const auto parent = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(child());
      const auto trace = co_await backtrace();
      body_depth = trace.size();
    });
  };
  run(parent());
  EXPECT_EQ(child_depth, 2u);
  EXPECT_EQ(body_depth, 2u);
}

}  // namespace
}  // namespace tidewire
