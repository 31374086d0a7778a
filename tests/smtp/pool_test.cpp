#include <tidewire/core.hpp>
#include <tidewire/smtp/pool.hpp>
#include <tidewire/smtp/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace tidewire::smtp {
namespace {

using namespace std::chrono_literals;

// A server in memory to which any number of connections can be opened, and what it saw.
class world {
 public:
  struct behaviour {
    std::size_t close_after = 0;         // messages of a connection; 0: never
    std::size_t refuse_connections = 0;  // the first so many
    bool bad_password = false;
    bool close_before_answer = false;  // of the first message
    duration take = 0s;                // for each message
  };

  explicit world(task_group& group, behaviour how) : group_(group), how_(how) {}
  world(task_group& group) : world(group, behaviour()) {}

  task<client> connect() {
    ++attempts;
    if (how_.bad_password) throw error(make_error_code(errc::auth_refused), "535");
    if (attempts <= how_.refuse_connections)
      throw error(std::make_error_code(std::errc::connection_refused), "");
    auto ends = memory_stream_pair();
    group_.spawn(serve(std::move(ends.second)));
    const client_options plain{.security = security::plaintext_dangerous};
    auto opened = co_await open(std::move(ends.first), plain);
    co_return opened;
  }

  std::size_t attempts = 0;
  std::size_t open_now = 0;
  std::size_t most_open = 0;
  std::size_t sessions = 0;
  std::vector<std::string> texts;
  std::vector<time_point> times;

 private:
  class handler final : public session_handler {
   public:
    explicit handler(world& of) : of_(of) {}
    task<> body(const peer_info&, byte_view piece) override {
      text_ += as_text(piece);
      co_return;
    }
    task<reply> mail(const peer_info&, const command&) override {
      text_.clear();
      const bool enough = of_.how_.close_after != 0 && messages_ >= of_.how_.close_after;
      if (enough) throw error(tidewire::errc::closed, "enough");
      co_return reply{250, {}, "ok"};
    }
    task<reply> rcpt(const peer_info&, const command& what) override {
      const std::string_view who = what.path.local_part();
      co_return who == "no" ? reply{550, {}, "no"}
      : who == "later"      ? reply{451, {}, "later"}
                            : reply{250, {}, "ok"};
    }
    task<reply> message(const peer_info&, std::size_t) override {
      ++messages_;
      if (of_.how_.take > 0s) co_await sleep_for(of_.how_.take);
      const executor here = co_await this_executor();
      of_.times.push_back(here.now());
      of_.texts.push_back(text_);
      if (of_.how_.close_before_answer && of_.texts.size() == 1) throw error(tidewire::errc::closed, "gone");
      co_return reply{250, {}, "taken"};
    }

   private:
    world& of_;
    std::string text_;
    std::size_t messages_ = 0;
  };

  task<> serve(stream peer) {
    ++sessions;
    most_open = std::max(most_open, ++open_now);
    handler decides(*this);
    (void)co_await as_result(serve_session(std::move(peer), decides));
    --open_now;
  }

  task_group& group_;
  behaviour how_;
};

// Runs `body(pool, world)`.
void with_world(
    world::behaviour how, pool_options options, const std::function<task<>(pool&, world&)>& body,
    const std::function<void(const world&)>& afterwards = [](const world&) {}) {
  virtual_clock time;
  const auto all = [&]() -> task<> {
    const auto run = [&](task_group& group) -> task<> {
      world w(group, how);
      const session_opener opener = [&]() { return w.connect(); };
      const auto use = [&](pool& p) -> task<> { co_await body(p, w); };
      co_await with_pool(opener, options, use);
      co_await group.wait_below(1);
      EXPECT_EQ(w.open_now, 0u) << "a connection was left open";
      afterwards(w);
    };
    co_await with_group(run);
  };
  run(all(), {.clock = &time});
}

envelope mail_to(const char* whom = "b@y") {
  envelope mail("a@x");
  mail.to(whom);
  return mail;
}

task<> send_text(pool& to, std::string text) {
  const send_report report = co_await to.send(mail_to(), std::move(text));
  EXPECT_TRUE(report.complete());
}

// So many tasks send at once.
task<> send_many(pool& to, std::size_t count) {
  const auto all = [&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < count; ++i) group.spawn(send_text(to, "message " + std::to_string(i)));
    co_return;
  };
  co_await with_group(all);
}

void expect_each_once(const world& w, std::size_t count) {
  EXPECT_EQ(w.texts.size(), count);
  EXPECT_EQ(std::set<std::string>(w.texts.begin(), w.texts.end()).size(), count) << "one was sent twice";
}

TEST(SmtpPool, SendsForManyTasksOverAFewConnections) {
  with_world(
      {.take = 10ms}, {.connections = 3, .messages_per_connection = 0},
      [](pool& p, world&) -> task<> {
        co_await send_many(p, 100);
        EXPECT_EQ(p.statistics().done, 100u);
        EXPECT_EQ(p.statistics().waiting, 0u);
        EXPECT_EQ(p.statistics().open, 3u);
      },
      [](const world& w) {
        expect_each_once(w, 100);
        EXPECT_EQ(w.most_open, 3u);
        EXPECT_EQ(w.sessions, 3u);
      });
}

TEST(SmtpPool, OpensNoConnectionThatIsNotNeeded) {
  with_world(
      {}, {},
      [](pool& p, world&) -> task<> {
        EXPECT_EQ(p.statistics().opened, 0u);
        for (int i = 0; i < 5; ++i) co_await send_many(p, 1);
      },
      [](const world& w) {
        EXPECT_EQ(w.texts.size(), 5u);
        EXPECT_EQ(w.sessions, 1u);
      });
}

TEST(SmtpPool, RenewsConnectionsByCountByAgeAndByRest) {
  with_world(
      {}, {.connections = 1, .messages_per_connection = 4},
      [](pool& p, world&) -> task<> { co_await send_many(p, 10); },
      [](const world& w) {
        expect_each_once(w, 10);
        EXPECT_EQ(w.sessions, 3u);
      });
  with_world({}, {.connections = 1, .max_age = 10s, .max_idle = 1min}, [](pool& p, world& w) -> task<> {
    co_await send_many(p, 1);
    co_await sleep_for(5s);
    co_await send_many(p, 1);
    EXPECT_EQ(w.sessions, 1u);
    co_await sleep_for(6s);
    co_await send_many(p, 1);
    EXPECT_EQ(w.sessions, 2u);
  });
  with_world({}, {.connections = 1, .max_idle = 5s}, [](pool& p, world& w) -> task<> {
    co_await send_many(p, 1);
    co_await sleep_for(6s);
    EXPECT_EQ(w.open_now, 0u);
    EXPECT_EQ(p.statistics().open, 0u);
    co_await send_many(p, 1);
    EXPECT_EQ(w.sessions, 2u);
  });
}

TEST(SmtpPool, KeepsToARate) {
  with_world(
      {}, {.connections = 4, .rate = 10}, [](pool& p, world&) -> task<> { co_await send_many(p, 31); },
      [](const world& w) {
        expect_each_once(w, 31);
        EXPECT_GE(w.times.back() - w.times.front(), 2900ms);
        EXPECT_LE(w.times.back() - w.times.front(), 3200ms);
      });
}

TEST(SmtpPool, SendsAgainWhatCannotHaveBeenAccepted) {
  // The server goes after each second message: those that were begun and not sent are sent over the next
  // connection.
  with_world(
      {.close_after = 2}, {.connections = 1},
      [](pool& p, world&) -> task<> {
        co_await send_many(p, 9);
        EXPECT_GT(p.statistics().retried, 0u);
      },
      [](const world& w) {
        expect_each_once(w, 9);
        EXPECT_EQ(w.sessions, 5u);
      });
}

TEST(SmtpPool, SendsNothingAgainThatMayHaveBeenAccepted) {
  with_world(
      {.close_before_answer = true}, {.connections = 1},
      [](pool& p, world&) -> task<> {
        bool unknown = false;
        try {
          (void)co_await p.send(mail_to(), "only once");
        } catch (const send_error& e) {
          // 421 came instead of an answer: the server says that it did not take the message.
          unknown = e.report().count(delivery::unknown) == 1 || e.report().count(delivery::refused) == 1;
        }
        EXPECT_TRUE(unknown);
        co_await send_text(p, "the next");
      },
      [](const world& w) { expect_each_once(w, 2); });
}

TEST(SmtpPool, DoesNotAskAgainForWhatWasRefused) {
  with_world({}, {}, [](pool& p, world& w) -> task<> {
    for (const char* whom : {"no@y", "later@y"}) {
      const auto sent = co_await as_result(p.send(mail_to(whom), "x"));
      EXPECT_FALSE(sent);
      EXPECT_EQ(sent.code() == make_error_condition(condition::transient),
                std::string_view(whom) == "later@y");
    }
    EXPECT_EQ(p.statistics().retried, 0u);
    EXPECT_TRUE(w.texts.empty());
  });
}

TEST(SmtpPool, TriesToConnectAgainAndGivesUpInTheEnd) {
  with_world({.refuse_connections = 2}, {.connections = 1}, [](pool& p, world& w) -> task<> {
    const executor here = co_await this_executor();
    const time_point begin = here.now();
    co_await send_text(p, "x");
    EXPECT_EQ(w.attempts, 3u);
    EXPECT_GE(here.now() - begin, 3s);  // a pause of 1 s, and one of 2
  });
  with_world({.refuse_connections = 1000}, {.connections = 1, .attempts = 3},
             [](pool& p, world& w) -> task<> {
               const auto sent = co_await as_result(p.send(mail_to(), "x"));
               EXPECT_EQ(sent.code(), condition::transient);
               EXPECT_EQ(w.attempts, 3u);
             });
}

TEST(SmtpPool, DoesNotHammerAServerThatRefusesThePassword) {
  with_world({.bad_password = true}, {.connections = 1}, [](pool& p, world& w) -> task<> {
    std::size_t refused = 0;
    const auto one = [&]() -> task<> {
      const auto sent = co_await as_result(p.send(mail_to(), "x"));
      if (sent.code() == make_error_condition(condition::auth)) ++refused;
    };
    const auto all = [&](task_group& group) -> task<> {
      for (int i = 0; i < 20; ++i) group.spawn(one());
      co_return;
    };
    co_await with_group(all);
    EXPECT_EQ(refused, 20u);
    EXPECT_EQ(w.attempts, 1u);
  });
}

TEST(SmtpPool, RefusesMoreThanItsQueueHolds) {
  with_world({.take = 1s}, {.connections = 1, .queue_limit = 3}, [](pool& p, world&) -> task<> {
    std::size_t refused = 0;
    const auto one = [&](std::string text) -> task<> {
      const auto sent = co_await as_result(p.send(mail_to(), std::move(text)));
      if (sent.code() == make_error_condition(condition::limit_exceeded)) ++refused;
    };
    const auto all = [&](task_group& group) -> task<> {
      for (int i = 0; i < 5; ++i) group.spawn(one(std::to_string(i)));
      co_return;
    };
    co_await with_group(all);
    EXPECT_EQ(refused, 2u);
  });
}

TEST(SmtpPool, TakesBackWhatIsCanceledBeforeItsTurn) {
  with_world(
      {.take = 10s}, {.connections = 1},
      [](pool& p, world&) -> task<> {
        const auto first = [&]() -> task<> { co_await send_text(p, "first"); };
        const auto second = [&]() -> task<> {
          co_await sleep_for(1s);
          const auto sent = co_await as_result(with_timeout(1s, p.send(mail_to(), "second")));
          EXPECT_EQ(sent.code(), condition::timeout);
        };
        const auto third = [&]() -> task<> {
          co_await sleep_for(2s);
          const send_options options{.timeout = 1s, .return_report = true};
          const send_report report = co_await p.send(mail_to(), "third", options);
          EXPECT_EQ(report.count(delivery::not_sent), 1u);
          EXPECT_EQ(*report.broken, condition::timeout);
        };
        co_await when_all(first(), second(), third());
      },
      [](const world& w) { EXPECT_EQ(w.texts, std::vector<std::string>{"first\r\n"}); });
}

TEST(SmtpPool, SaysThatItDoesNotKnowWhatBecameOfAMessageUnderWay) {
  with_world({.take = 10s}, {.connections = 1}, [](pool& p, world&) -> task<> {
    const send_options options{.timeout = 1s, .return_report = true};
    const send_report report = co_await p.send(mail_to(), "x", options);
    EXPECT_EQ(report.count(delivery::unknown), 1u);
    EXPECT_EQ(report.why().code(), errc::outcome_unknown);
  });
}

}  // namespace
}  // namespace tidewire::smtp
