#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/detached.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

constexpr run_options in_thread{.handle_signals = false};

TEST(Mailbox, GivesValuesInTheOrderInWhichTheyWerePosted) {
  const auto check = []() -> task<> {
    mailbox<int> box(3);
    const auto to_box = box.sender();
    EXPECT_TRUE(to_box.try_post(1));
    co_await to_box.post(2);
    EXPECT_TRUE(to_box.try_post(3));
    EXPECT_FALSE(to_box.try_post(4));
    EXPECT_EQ(box.size(), 3u);
    EXPECT_EQ(box.capacity(), 3u);
    EXPECT_EQ(co_await box.receive(), 1);
    EXPECT_EQ(co_await box.receive(), 2);
    EXPECT_EQ(box.try_receive(), 3);
    EXPECT_EQ(box.try_receive(), std::nullopt);
  };
  run(check());
}

class MailboxOfCapacity : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Mailbox, MailboxOfCapacity, ::testing::Values(0, 1, 64),
                         ::testing::PrintToStringParamName());

// Loops and bare threads post into one mailbox; each sender's values must come once and in its order.
TEST_P(MailboxOfCapacity, TakesFromLoopsAndThreadsAtTheSameTime) {
  constexpr int senders = 4;
  constexpr int each = 500;
  mailbox<std::pair<int, int>> box(GetParam());
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([sender, to_box = box.sender()] {
      if (sender % 2 == 0) {
        const auto posts = [&]() -> task<> {
          for (int i = 0; i < each; ++i) co_await to_box.post({sender, i});
        };
        run(posts(), in_thread);
      } else {
        for (int i = 0; i < each; ++i) {
          while (!to_box.try_post({sender, i})) std::this_thread::yield();
        }
      }
    });
  }
  std::vector<int> next(senders, 0);
  const auto receives = [&]() -> task<> {
    for (int n = 0; n < senders * each; ++n) {
      const auto value = co_await box.receive();
      EXPECT_EQ(value->second, next[static_cast<std::size_t>(value->first)]++);
    }
    EXPECT_EQ(box.try_receive(), std::nullopt);
  };
  run(receives());
  for (std::thread& each_thread : threads) each_thread.join();
}

TEST(Mailbox, LoopsTalkToEachOther) {
  mailbox<int> questions(4);
  mailbox<int> answers(4);
  const auto to_answers = answers.sender();
  std::thread other([&, to_answers] {
    const auto doubles = [&]() -> task<> {
      while (const auto question = co_await questions.receive()) co_await to_answers.post(2 * *question);
    };
    run(doubles(), in_thread);
  });
  const auto asks = [&]() -> task<> {
    const auto to_questions = questions.sender();
    for (int i = 0; i < 300; ++i) {
      co_await to_questions.post(i);
      EXPECT_EQ(co_await answers.receive(), 2 * i);
    }
    to_questions.close();
  };
  run(asks());
  other.join();
}

TEST(Mailbox, ARunIsTheBlockingFormForAThreadWithoutALoop) {
  mailbox<std::string> box(0);
  std::thread other([to_box = box.sender()] { run(to_box.post("hello"), in_thread); });
  const auto receives = [&]() -> task<> { EXPECT_EQ(co_await box.receive(), "hello"); };
  run(receives());
  other.join();
}

TEST(Mailbox, ASenderWaitsUntilThereIsRoom) {
  std::string log;
  const auto check = [&]() -> task<> {
    mailbox<int> box(1);
    const auto posts = [&]() -> task<> {
      const auto to_box = box.sender();
      co_await to_box.post(1);
      log += "posted 1;";
      co_await to_box.post(2);
      log += "posted 2;";
    };
    const auto receives = [&]() -> task<> {
      co_await yield();
      log += "receive;";
      EXPECT_EQ(co_await box.receive(), 1);
      EXPECT_EQ(co_await box.receive(), 2);
    };
    co_await when_all(posts(), receives());
  };
  run(check());
  EXPECT_EQ(log, "posted 1;receive;posted 2;");
}

TEST(Mailbox, TakesValuesThatOnlyMove) {
  const auto check = []() -> task<> {
    mailbox<std::unique_ptr<int>> box(1);
    const auto to_box = box.sender();
    co_await to_box.post(std::make_unique<int>(1));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(to_box.try_post(std::move(second)));
    EXPECT_NE(second, nullptr) << "a value that was not posted stays with its owner";
    EXPECT_EQ(**co_await box.receive(), 1);
  };
  run(check());
}

TEST(Mailbox, ClosedGivesWhatIsLeftAndThenNothing) {
  const auto check = []() -> task<> {
    mailbox<int> box(2);
    const auto to_box = box.sender();
    co_await to_box.post(1);
    box.close();
    EXPECT_TRUE(to_box.closed());
    EXPECT_FALSE(to_box.try_post(2));
    const auto r = co_await as_result(to_box.post(2));
    EXPECT_EQ(r.code(), errc::closed);
    EXPECT_EQ(r.error().operation(), "post to a mailbox");
    EXPECT_EQ(co_await box.receive(), 1);
    EXPECT_EQ(co_await box.receive(), std::nullopt);
  };
  run(check());
}

TEST(Mailbox, ClosingWakesWhoeverWaits) {
  const auto check = []() -> task<> {
    mailbox<int> full(1);
    mailbox<int> empty(1);
    const auto waits_to_post = [&]() -> task<> {
      const auto to_box = full.sender();
      co_await to_box.post(1);
      const auto r = co_await as_result(to_box.post(2));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto waits_to_receive = [&]() -> task<> { EXPECT_EQ(co_await empty.receive(), std::nullopt); };
    const auto closes = [&]() -> task<> {
      full.close();
      empty.sender().close();
      co_return;
    };
    co_await when_all(waits_to_post(), waits_to_receive(), closes());
  };
  run(check());
}

TEST(Mailbox, ItsSendersOutliveIt) {
  auto box = std::make_unique<mailbox<std::shared_ptr<int>>>(1);
  const auto to_box = box->sender();
  auto value = std::make_shared<int>(0);
  EXPECT_TRUE(to_box.try_post(value));
  std::thread posts([&] {
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(to_box.post(value));
      EXPECT_EQ(r.code(), errc::closed);
    };
    run(waits(), in_thread);
  });
  box.reset();
  posts.join();
  EXPECT_FALSE(to_box.try_post(value));
  EXPECT_TRUE(to_box.closed());
  EXPECT_EQ(value.use_count(), 1) << "what it held went with it";
}

TEST(Mailbox, ASecondReceiverIsAMistake) {
  const auto check = []() -> task<> {
    mailbox<int> box(1);
    const auto second = [&]() -> task<> {
      const auto r = co_await as_result(box.receive());
      EXPECT_EQ(r.error(), condition::misuse);
      EXPECT_EQ(r.error().detail(), "another task does so already");
      EXPECT_TRUE(box.sender().try_post(4));
    };
    const auto [value, done] = co_await when_all(box.receive(), second());
    EXPECT_EQ(value, 4);
  };
  run(check());
}

TEST(Mailbox, ACanceledTaskNeitherPostsNorReceives) {
  const auto check = []() -> task<> {
    mailbox<int> box(2);
    const auto to_box = box.sender();
    co_await to_box.post(1);
    const auto body = [&]() -> task<> {
      (void)co_await as_result(sleep_for(24h));
      const auto posted = co_await as_result(to_box.post(2));
      EXPECT_EQ(posted.error(), condition::canceled);
      const auto received = co_await as_result(box.receive());
      EXPECT_EQ(received.error(), condition::canceled);
    };
    (void)co_await when_any(body(), yield());
    EXPECT_EQ(box.size(), 1u);
  };
  run(check());
}

TEST(Mailbox, WaitsEndWhenTheyAreCanceled) {
  const auto check = []() -> task<> {
    mailbox<std::shared_ptr<int>> box(0);
    auto value = std::make_shared<int>(0);
    const auto posts = [&]() -> task<> {
      const auto r = co_await as_result(box.sender().post(value));
      EXPECT_EQ(r.error(), condition::canceled);
    };
    (void)co_await when_any(posts(), yield());
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_EQ(box.try_receive(), std::nullopt) << "a canceled post posts nothing";
    const auto receives = [&]() -> task<> {
      const auto r = co_await as_result(box.receive());
      EXPECT_EQ(r.error(), condition::canceled);
      EXPECT_EQ(r.error().operation(), "receive from a mailbox");
    };
    (void)co_await when_any(receives(), yield());
    EXPECT_FALSE(box.sender().try_post(value)) << "nobody waits any more";
  };
  run(check());
}

TEST(Mailbox, AValueThatWasHandedOverIsNotLostToACancellation) {
  const auto check = []() -> task<> {
    mailbox<int> box(0);
    std::optional<int> got;
    const auto receives = [&]() -> task<> {
      got = co_await box.receive();
      EXPECT_TRUE(co_await is_canceled());
    };
    const auto posts = [&]() -> task<> {
      EXPECT_TRUE(box.sender().try_post(9));
      co_return;
    };
    (void)co_await when_any(receives(), posts());
    EXPECT_EQ(got, 9);
  };
  run(check());
}

// Cancellation on one loop races with posts from another: each value is either received or still in the box.
TEST(Mailbox, NoValueIsLostWhenCancellationAndPostsRace) {
  mailbox<int> box(8);
  std::thread other([to_box = box.sender()] {
    const auto posts = [&]() -> task<> {
      for (int i = 0; i < 2000; ++i) co_await to_box.post(i);
      to_box.close();
    };
    run(posts(), in_thread);
  });
  int expected = 0;
  const auto impatient = [&]() -> task<> {
    const auto takes = [&]() -> task<bool> {
      const auto value = co_await box.receive();
      if (value) {
        EXPECT_EQ(*value, expected++);
      }
      co_return value.has_value();
    };
    const auto tries = [&](bool& more) -> task<> { more = co_await takes(); };
    bool more = true;
    while (more) (void)co_await as_result(when_any(tries(more), yield()));
  };
  run(impatient());
  other.join();
  EXPECT_EQ(expected, 2000);
}

TEST(Mailbox, OneTaskThatPostsToItselfDoesNotStarveTheOthers) {
  const auto check = []() -> task<> {
    mailbox<int> box(1);
    bool stop = false;
    const auto spins = [&]() -> task<> {
      const auto to_box = box.sender();
      while (!stop) {
        co_await to_box.post(1);
        (void)co_await box.receive();
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

TEST(Mailbox, WaitsDieWithTheirLoop) {
  auto witness = std::make_shared<int>(0);
  mailbox<int> outside(0);
  const auto owner = [](std::shared_ptr<int>, std::optional<mailbox_sender<int>>& out) -> task<> {
    mailbox<int> mine(0);
    out = mine.sender();
    (void)co_await mine.receive();
    (void)co_await mine.receive();
  };
  const auto receives = [&](std::shared_ptr<int>) -> task<> { (void)co_await outside.receive(); };
  const auto posts = [](std::shared_ptr<int>, mailbox_sender<int> to) -> task<> {
    co_await to.post(1);
    co_await to.post(2);
    co_await to.post(3);
    co_await to.post(4);
  };
  std::optional<mailbox_sender<int>> to_inside;
  {
    asio::io_context context;
    spawn(context, owner(witness, to_inside), asio::detached);
    spawn(context, receives(witness), asio::detached);
    context.poll();
    for (int i = 0; i < 3; ++i) spawn(context, posts(witness, *to_inside), asio::detached);
    context.restart();
    context.poll();
  }
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_TRUE(to_inside->closed());
  EXPECT_FALSE(outside.sender().try_post(1)) << "nobody waits any more";
}

// Another thread hands values to a loop that ends at any moment.
TEST(Mailbox, ALoopMayEndWhileAValueIsOnItsWay) {
  auto witness = std::make_shared<int>(0);
  for (int round = 0; round < 100; ++round) {
    mailbox<std::shared_ptr<int>> box(1);
    std::atomic<bool> posted = false;
    const auto receives = [&]() -> task<> {
      while (const auto value = co_await box.receive()) {
      }
    };
    std::thread posts;
    {
      asio::io_context context;
      spawn(context, receives(), asio::detached);
      context.poll();
      posts = std::thread([&, to_box = box.sender()] {
        (void)to_box.try_post(witness);
        posted = true;
        while (to_box.try_post(witness)) std::this_thread::yield();
      });
      while (!posted) std::this_thread::yield();
      if (round % 2 == 0) context.poll();
    }
    box.close();
    posts.join();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace tidewire
