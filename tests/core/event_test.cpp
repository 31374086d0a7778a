#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

TEST(Event, LetsEverybodyPassOnceItIsSet) {
  std::string log;
  const auto check = [&]() -> task<> {
    event happened;
    const auto waits = [&](char name) -> task<> {
      co_await happened.wait();
      log += name;
    };
    const auto sets = [&]() -> task<> {
      co_await yield();
      EXPECT_EQ(log, "");
      happened.set();
      EXPECT_EQ(log, "") << "they go on later, never inside of set";
    };
    co_await when_all(waits('a'), waits('b'), waits('c'), sets());
    EXPECT_TRUE(happened.is_set());
    co_await happened.wait();
  };
  run(check());
  EXPECT_EQ(log, "abc");
}

TEST(Event, HoldsThoseWhoComeAfterItWasReset) {
  const auto check = []() -> task<> {
    event happened(true);
    co_await happened.wait();
    happened.reset();
    EXPECT_FALSE(happened.is_set());
    const auto first = co_await when_any(happened.wait(), yield());
    EXPECT_EQ(first.index(), 1u);
  };
  run(check());
}

TEST(Event, ThoseWhoWaitedPassThoughItIsResetAtOnce) {
  const auto check = []() -> task<> {
    event happened;
    const auto pulses = [&]() -> task<> {
      happened.set();
      happened.reset();
      co_return;
    };
    co_await when_all(happened.wait(), happened.wait(), pulses());
  };
  run(check());
}

TEST(Event, ACanceledTaskDoesNotPass) {
  const auto check = []() -> task<> {
    event happened(true);
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto r = co_await as_result(happened.wait());
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
  };
  run(check());
}

TEST(Event, AWaitEndsWhenItIsCanceled) {
  virtual_clock time;
  const auto check = []() -> task<> {
    event happened;
    const auto r = co_await as_result(with_timeout(1s, happened.wait()));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "wait for an event");
    happened.set();
  };
  run(check(), {.clock = &time});
}

TEST(Event, DestroyingItEndsTheWaits) {
  const auto check = []() -> task<> {
    auto happened = std::make_unique<event>();
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(happened->wait());
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto destroys = [&]() -> task<> {
      happened.reset();
      co_return;
    };
    co_await when_all(waits(), waits(), destroys());
  };
  run(check());
}

TEST(Event, IsRefusedOnAnotherLoopWhileOthersWait) {
  event happened;
  asio::io_context context;
  const auto waits = [&]() -> task<> { co_await happened.wait(); };
  spawn(context, waits(), asio::detached);
  context.poll();
  const auto intrudes = [&]() -> task<> {
    const auto r = co_await as_result(happened.wait());
    EXPECT_EQ(r.error(), condition::misuse);
    EXPECT_EQ(r.error().detail(), "it is in use on another loop");
  };
  run(intrudes());
}

TEST(Event, CallbacksMaySetItAndATaskThatPassedMayDestroyIt) {
  asio::io_context context;
  auto happened = std::make_unique<event>();
  const auto waits_and_destroys = [&]() -> task<> {
    co_await happened->wait();
    happened.reset();
  };
  const auto waits = [&]() -> task<> { co_await happened->wait(); };
  spawn(context, waits_and_destroys(), asio::detached);
  spawn(context, waits(), asio::detached);
  context.poll();
  happened->set();
  EXPECT_NE(happened, nullptr);
  context.restart();
  context.run();
  EXPECT_EQ(happened, nullptr);
}

TEST(Event, EverythingDiesWithTheLoopInAnyOrder) {
  auto witness = std::make_shared<int>(0);
  const auto owner = [](std::shared_ptr<int>, event*& out) -> task<> {
    event mine;
    out = &mine;
    co_await sleep_for(24h);
  };
  const auto waits = [](std::shared_ptr<int>, event& e) -> task<> { co_await e.wait(); };
  {
    asio::io_context context;
    event* inside = nullptr;
    spawn(context, owner(witness, inside), asio::detached);
    context.poll();
    event outside;
    for (int i = 0; i < 3; ++i) {
      spawn(context, waits(witness, *inside), asio::detached);
      spawn(context, waits(witness, outside), asio::detached);
    }
    context.restart();
    context.poll();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
