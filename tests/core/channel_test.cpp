#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

task<> send_all(channel<int>& to, int from, int count) {
  for (int i = from; i < from + count; ++i) co_await to.send(i);
}
task<> receive_all(channel<int>& from, std::vector<int>& into) {
  while (const auto value = co_await from.receive()) into.push_back(*value);
}

class ChannelOfCapacity : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Channel, ChannelOfCapacity, ::testing::Values(0, 1, 2, 7, 1000),
                         ::testing::PrintToStringParamName());

TEST_P(ChannelOfCapacity, DeliversEveryValueInOrder) {
  std::vector<int> got;
  const auto check = [&]() -> task<> {
    channel<int> c(GetParam());
    const auto sends = [&]() -> task<> {
      co_await send_all(c, 0, 500);
      c.close();
    };
    co_await when_all(sends(), receive_all(c, got));
  };
  run(check());
  EXPECT_EQ(got.size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(got.at(static_cast<std::size_t>(i)), i);
}

TEST_P(ChannelOfCapacity, HoldsNoMoreThanItsCapacity) {
  const auto check = [&]() -> task<> {
    channel<int> c(GetParam());
    std::size_t sent = 0;
    while (c.try_send(1)) ++sent;
    EXPECT_EQ(sent, GetParam());
    EXPECT_EQ(c.size(), GetParam());
    std::size_t received = 0;
    while (c.try_receive()) ++received;
    EXPECT_EQ(received, GetParam());
    co_return;
  };
  run(check());
}

TEST_P(ChannelOfCapacity, ManySendersAndReceiversLoseAndDoubleNothing) {
  std::vector<int> got;
  const auto check = [&]() -> task<> {
    channel<int> c(GetParam());
    const auto senders = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 10; ++i) group.spawn(send_all(c, 100 * i, 100));
        co_return;
      });
      c.close();
    };
    co_await when_all(senders(), receive_all(c, got), receive_all(c, got), receive_all(c, got));
  };
  run(check());
  std::sort(got.begin(), got.end());
  ASSERT_EQ(got.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
}

TEST(Channel, ASenderWaitsUntilThereIsRoom) {
  std::string log;
  const auto check = [&]() -> task<> {
    channel<int> c(1);
    const auto sends = [&]() -> task<> {
      co_await c.send(1);
      log += "sent 1;";
      co_await c.send(2);
      log += "sent 2;";
    };
    const auto receives = [&]() -> task<> {
      co_await yield();
      log += "receive;";
      EXPECT_EQ(co_await c.receive(), 1);
      EXPECT_EQ(co_await c.receive(), 2);
    };
    co_await when_all(sends(), receives());
  };
  run(check());
  EXPECT_EQ(log, "sent 1;receive;sent 2;");
}

TEST(Channel, AtCapacityNoneASenderWaitsUntilItsValueIsTaken) {
  std::string log;
  const auto check = [&]() -> task<> {
    channel<int> c(0);
    const auto sends = [&]() -> task<> {
      co_await c.send(1);
      log += "sent;";
    };
    const auto receives = [&]() -> task<> {
      co_await yield();
      log += "receive;";
      EXPECT_EQ(co_await c.receive(), 1);
    };
    co_await when_all(sends(), receives());
  };
  run(check());
  EXPECT_EQ(log, "receive;sent;");
}

TEST(Channel, ReceiversAreServedInTheOrderInWhichTheyCame) {
  std::string order;
  const auto check = [&]() -> task<> {
    channel<int> c(4);
    const auto receives = [&](char name) -> task<> {
      const auto value = co_await c.receive();
      order += name + std::to_string(*value);
    };
    const auto sends = [&]() -> task<> {
      for (int i = 1; i <= 3; ++i) EXPECT_TRUE(c.try_send(i));
      // They were handed over: whoever comes now does not get them.
      EXPECT_FALSE(c.try_receive());
      co_return;
    };
    co_await when_all(receives('a'), receives('b'), receives('c'), sends());
  };
  run(check());
  EXPECT_EQ(order, "a1b2c3");
}

TEST(Channel, SendersAreServedInTheOrderInWhichTheyCame) {
  const auto check = []() -> task<> {
    channel<int> c(1);
    const auto receives = [&]() -> task<> {
      for (int i = 1; i <= 4; ++i) EXPECT_EQ(co_await c.receive(), i);
    };
    co_await when_all(c.send(1), c.send(2), c.send(3), c.send(4), receives());
  };
  run(check());
}

TEST(Channel, TakesValuesThatOnlyMove) {
  const auto check = []() -> task<> {
    channel<std::unique_ptr<int>> c(1);
    co_await c.send(std::make_unique<int>(1));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(c.try_send(std::move(second)));
    EXPECT_NE(second, nullptr) << "a value that was not sent stays with its owner";
    EXPECT_EQ(**co_await c.receive(), 1);
    EXPECT_TRUE(c.try_send(std::move(second)));
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(**c.try_receive(), 2);
  };
  run(check());
}

TEST(Channel, ClosedGivesWhatIsLeftAndThenNothing) {
  const auto check = []() -> task<> {
    channel<int> c(3);
    co_await c.send(1);
    co_await c.send(2);
    c.close();
    c.close();
    EXPECT_TRUE(c.closed());
    EXPECT_EQ(co_await c.receive(), 1);
    EXPECT_EQ(c.try_receive(), 2);
    EXPECT_EQ(co_await c.receive(), std::nullopt);
    EXPECT_EQ(co_await c.receive(), std::nullopt);
    EXPECT_EQ(c.try_receive(), std::nullopt);
  };
  run(check());
}

TEST(Channel, ClosedTakesNothingMore) {
  const auto check = []() -> task<> {
    channel<int> c(3);
    c.close();
    const auto r = co_await as_result(c.send(1));
    EXPECT_EQ(r.code(), errc::closed);
    EXPECT_EQ(r.error().operation(), "send to a channel");
    EXPECT_FALSE(c.try_send(1));
  };
  run(check());
}

TEST(Channel, ClosingWakesWhoeverWaits) {
  const auto check = []() -> task<> {
    channel<int> full(1);
    channel<int> empty(1);
    const auto waits_to_send = [&]() -> task<> {
      co_await full.send(1);
      const auto r = co_await as_result(full.send(2));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto waits_to_receive = [&]() -> task<> { EXPECT_EQ(co_await empty.receive(), std::nullopt); };
    const auto closes = [&]() -> task<> {
      full.close();
      empty.close();
      co_return;
    };
    co_await when_all(waits_to_send(), waits_to_receive(), waits_to_receive(), closes());
    EXPECT_EQ(full.try_receive(), 1);
    EXPECT_EQ(full.try_receive(), std::nullopt) << "the value of the sender that waited was not sent";
  };
  run(check());
}

TEST(Channel, DestroyingItClosesIt) {
  const auto check = []() -> task<> {
    auto c = std::make_unique<channel<int>>(0);
    const auto receives = [&]() -> task<> { EXPECT_EQ(co_await c->receive(), std::nullopt); };
    const auto destroys = [&]() -> task<> {
      c.reset();
      co_return;
    };
    co_await when_all(receives(), receives(), destroys());
    c = std::make_unique<channel<int>>(0);
    const auto sends = [&]() -> task<> {
      const auto r = co_await as_result(c->send(1));
      EXPECT_EQ(r.code(), errc::closed);
    };
    co_await when_all(sends(), destroys());
  };
  run(check());
}

TEST(Channel, ACanceledTaskNeitherSendsNorReceives) {
  const auto check = []() -> task<> {
    channel<int> c(2);
    co_await c.send(1);
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto sent = co_await as_result(c.send(2));
      EXPECT_EQ(sent.error(), condition::canceled);
      const auto received = co_await as_result(c.receive());
      EXPECT_EQ(received.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
    EXPECT_EQ(c.size(), 1u);
  };
  run(check());
}

TEST(Channel, ACanceledReceiverLeavesTheValueToTheNext) {
  const auto check = []() -> task<> {
    channel<int> c(1);
    std::optional<int> got;
    const auto gives_up = [&]() -> task<> {
      const auto r = co_await as_result(c.receive());
      EXPECT_EQ(r.error(), condition::canceled);
      EXPECT_EQ(r.error().operation(), "receive from a channel");
    };
    const auto receives = [&]() -> task<> { got = co_await c.receive(); };
    const auto cancels_the_first = [&]() -> task<> { (void)co_await when_any(gives_up(), yield()); };
    const auto sends = [&]() -> task<> {
      co_await yield();
      co_await yield();
      EXPECT_TRUE(c.try_send(5));
    };
    co_await when_all(cancels_the_first(), receives(), sends());
    EXPECT_EQ(got, 5);
  };
  run(check());
}

TEST(Channel, ACanceledSenderSendsNothing) {
  const auto check = []() -> task<> {
    channel<std::shared_ptr<int>> c(0);
    auto value = std::make_shared<int>(1);
    const auto gives_up = [&]() -> task<> {
      const auto r = co_await as_result(c.send(value));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(gives_up(), yield());
    EXPECT_EQ(c.try_receive(), std::nullopt);
    EXPECT_EQ(value.use_count(), 1);
  };
  run(check());
}

TEST(Channel, AValueThatWasHandedOverIsNotLostToACancellation) {
  const auto check = []() -> task<> {
    channel<int> c(0);
    std::optional<int> got;
    const auto receives = [&]() -> task<> {
      got = co_await c.receive();
      EXPECT_TRUE(co_await is_canceled());
    };
    // Its end, which cancels the receiver, comes right after it handed the value over.
    const auto sends = [&]() -> task<> {
      EXPECT_TRUE(c.try_send(9));
      co_return;
    };
    (void)co_await when_any(receives(), sends());
    EXPECT_EQ(got, 9);
  };
  run(check());
}

TEST(Channel, AValueThatWasTakenIsSentInSpiteOfACancellation) {
  const auto check = []() -> task<> {
    channel<int> c(0);
    bool sent = false;
    const auto sends = [&]() -> task<> {
      co_await c.send(3);
      sent = true;
    };
    const auto takes = [&]() -> task<> {
      EXPECT_EQ(c.try_receive(), 3);
      co_return;
    };
    (void)co_await when_any(sends(), takes());
    EXPECT_TRUE(sent);
  };
  run(check());
}

TEST(Channel, WorksUnderATimeout) {
  virtual_clock time;
  const auto check = []() -> task<> {
    channel<int> c(1);
    const auto r = co_await as_result(with_timeout(1s, c.receive()));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "receive from a channel");
    co_await c.send(1);
    EXPECT_EQ(co_await with_timeout(1s, c.receive()), 1);
  };
  run(check(), {.clock = &time});
}

// Operations that never wait must let others run now and then.
TEST(Channel, OneTaskThatSendsToItselfDoesNotStarveTheOthers) {
  const auto check = []() -> task<> {
    channel<int> c(1);
    bool stop = false;
    const auto spins = [&]() -> task<> {
      while (!stop) {
        co_await c.send(1);
        (void)co_await c.receive();
      }
    };
    const auto stops = [&]() -> task<> {
      co_await sleep_for(1ms);
      stop = true;
    };
    co_await when_all(spins(), stops());
  };
  run(check());
}

TEST(Channel, UseFromAnotherLoopIsRefusedWhileOthersWait) {
  channel<int> c(0);
  asio::io_context context;
  const auto waits = [&]() -> task<> { (void)co_await c.receive(); };
  spawn(context, waits(), asio::detached);
  context.poll();
  const auto intrudes = [&]() -> task<> {
    const auto sent = co_await as_result(c.send(1));
    EXPECT_EQ(sent.error(), condition::misuse);
    const auto received = co_await as_result(c.receive());
    EXPECT_EQ(received.error(), condition::misuse);
  };
  run(intrudes());
}

TEST(Channel, CallbacksMayUseItOutsideOfAnyTask) {
  asio::io_context context;
  channel<int> c(0);
  std::vector<int> got;
  spawn(context, receive_all(c, got), asio::detached);
  context.poll();
  asio::post(context, [&] {
    EXPECT_TRUE(c.try_send(1));
    EXPECT_TRUE(got.empty()) << "the receiver goes on later, never inside of try_send";
  });
  context.restart();
  context.poll();
  EXPECT_EQ(got, std::vector<int>{1});
  c.close();
  context.restart();
  context.run();
}

TEST(Channel, EverythingDiesWithTheLoopInAnyOrder) {
  auto witness = std::make_shared<int>(0);
  const auto owner = [](std::shared_ptr<int>, channel<int>*& out) -> task<> {
    channel<int> mine(0);
    out = &mine;
    co_await sleep_for(24h);
  };
  const auto waits = [](std::shared_ptr<int>, channel<int>& c, bool sends) -> task<> {
    if (sends) {
      co_await c.send(1);
    } else {
      (void)co_await c.receive();
    }
  };
  for (const bool sends : {false, true}) {
    for (int first = 0; first < 2; ++first) {
      asio::io_context context;
      channel<int>* c = nullptr;
      channel<int> outside(0);
      spawn(context, owner(witness, c), asio::detached);
      context.poll();
      for (int i = 0; i < 3; ++i) spawn(context, waits(witness, *c, sends), asio::detached);
      spawn(context, waits(witness, outside, sends), asio::detached);
      context.restart();
      context.poll();
    }
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
