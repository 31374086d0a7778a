// Each fault of an imap_server, as a client sees it.
#include <tidewire/core/clock.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/testing/imap_server.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "imap_dialogue.hpp"

namespace tidewire::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view message = "Subject: x\r\n\r\ntext\r\n";

// What the server answers to the last of these commands, all of a user who has one message in his inbox, with
// one thing gone wrong.
std::string with_fault(const imap_fault& fault, const std::vector<std::string>& commands) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.deliver("ada", message);
  server.add_fault(fault);
  std::string answer = answer_to(server, commands);
  EXPECT_EQ(server.faults_fired(), 1u) << server.transcript();
  return answer;
}

// What is said to a client that just connects.
std::string greeting_with(const imap_fault& fault) {
  imap_server server(in_plain_text());
  server.add_fault(fault);
  virtual_clock time;
  const auto body = [&]() -> task<std::string> {
    imap_dialogue client(server.connect());
    co_return co_await client.until("* ");
  };
  return server.run(body, {.clock = &time});
}

TEST(TestingImapFaults, RefuseCommandsOfEachKind) {
  const auto refused = [](imap_stage at, const std::string& command) {
    EXPECT_EQ(with_fault({.at = at, .text = "NO [INUSE] busy"}, {"s SELECT INBOX", command}),
              "a NO [INUSE] busy\r\n")
        << command;
  };
  refused(imap_stage::list, "a LIST \"\" *");
  refused(imap_stage::status, "a STATUS INBOX (MESSAGES)");
  refused(imap_stage::fetch, "a UID FETCH 1 FLAGS");
  refused(imap_stage::store, "a STORE 1 +FLAGS (\\Seen)");
  refused(imap_stage::search, "a SEARCH ALL");
  refused(imap_stage::copy, "a COPY 1 Sent");
  refused(imap_stage::move, "a MOVE 1 Sent");
  refused(imap_stage::expunge, "a EXPUNGE");
  refused(imap_stage::append, "a APPEND INBOX {1+}\r\nx");
  refused(imap_stage::noop, "a NOOP");
  refused(imap_stage::other, "a CHECK");
  EXPECT_EQ(with_fault({.at = imap_stage::select, .text = "BAD no"}, {"a SELECT INBOX"}), "a BAD no\r\n");
}

TEST(TestingImapFaults, RefuseASignIn) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::login, .text = "NO [UNAVAILABLE] later"});
  EXPECT_EQ(answer_to(server, {"a SELECT INBOX"}), "a BAD sign in first\r\n");
}

TEST(TestingImapFaults, SayByeAtAnyStage) {
  EXPECT_EQ(greeting_with({.at = imap_stage::greeting, .what = misdeed::bye, .text = "full"}),
            "* BYE full\r\n");
  EXPECT_EQ(with_fault({.at = imap_stage::select, .what = misdeed::bye}, {"a SELECT INBOX"}),
            "* BYE going down\r\n");
  EXPECT_EQ(
      with_fault({.at = imap_stage::fetch, .what = misdeed::bye}, {"s SELECT INBOX", "a FETCH 1 FLAGS"}),
      "* BYE going down\r\n");
}

TEST(TestingImapFaults, CutAndKeepSilent) {
  EXPECT_EQ(greeting_with({.at = imap_stage::greeting, .what = misdeed::cut}), "");
  EXPECT_EQ(with_fault({.at = imap_stage::select, .what = misdeed::cut}, {"a SELECT INBOX"}), "");
  EXPECT_EQ(with_fault({.at = imap_stage::noop, .what = misdeed::cut, .when = moment::amid}, {"a NOOP"}),
            "a OK ");
  EXPECT_EQ(with_fault({.at = imap_stage::noop, .what = misdeed::cut, .when = moment::after}, {"a NOOP"}),
            "a OK done\r\n");
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::append, .what = misdeed::cut, .when = moment::instead});
  EXPECT_EQ(answer_to(server, {"a APPEND INBOX {1+}\r\nx"}), "");
  EXPECT_EQ(server.messages("ada").size(), 1u) << "it was taken, and the answer was lost";

  imap_server silent(in_plain_text());
  silent.add_user("ada", "secret");
  silent.add_fault({.at = imap_stage::noop, .what = misdeed::silence});
  virtual_clock time;
  const auto body = [&]() -> task<> {
    imap_dialogue client(silent.connect());
    (void)co_await client.until("* ");
    client.peer().set_timeout(1min);
    EXPECT_EQ(co_await client.say("a NOOP"), "");
  };
  silent.run(body, {.clock = &time});
  EXPECT_GE(time.elapsed(), 1min);
}

TEST(TestingImapFaults, CutBeforeALiteralIsAskedFor) {
  EXPECT_EQ(with_fault({.at = imap_stage::literal, .what = misdeed::cut}, {"a APPEND INBOX {1}\r\nx"}), "");
}

TEST(TestingImapFaults, DelayAndDrip) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::noop, .what = misdeed::delay, .time = 30s});
  server.add_fault({.at = imap_stage::noop, .what = misdeed::drip, .time = 1s, .size = 2});
  virtual_clock time;
  const auto body = [&]() -> task<> {
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    EXPECT_EQ(co_await client.say("a NOOP"), "a OK done\r\n");
  };
  server.run(body, {.clock = &time});
  EXPECT_EQ(time.elapsed(), 35s);
}

TEST(TestingImapFaults, AnswerWithTheWrongTag) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::noop, .what = misdeed::wrong_tag, .text = "zz"});
  server.add_fault({.at = imap_stage::noop, .what = misdeed::wrong_tag, .nth = 2});
  const auto body = [&]() -> task<> {
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    co_await client.send("a NOOP");
    EXPECT_EQ(co_await client.until("zz "), "zz OK done\r\n");
    co_await client.send("b NOOP");
    EXPECT_EQ(co_await client.until("NOBODYS1 "), "NOBODYS1 OK done\r\n");
  };
  server.run(body);
}

TEST(TestingImapFaults, LieAboutTheLengthOfALiteral) {
  const std::vector<std::string> fetch{"s SELECT INBOX", "a FETCH 1 BODY.PEEK[TEXT]"};
  EXPECT_EQ(with_fault({.at = imap_stage::fetch, .what = misdeed::longer_literal, .size = 10}, fetch),
            "* 1 FETCH (BODY[TEXT] {16}\r\ntext\r\n)\r\na OK done\r\n");
  EXPECT_EQ(with_fault({.at = imap_stage::fetch, .what = misdeed::shorter_literal, .size = 2}, fetch),
            "* 1 FETCH (BODY[TEXT] {4}\r\ntext\r\n)\r\na OK done\r\n");
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::noop, .what = misdeed::longer_literal});
  EXPECT_THROW((void)answer_to(server, {"a NOOP"}), error) << "there is none to lie about";
}

TEST(TestingImapFaults, FloodTheClient) {
  EXPECT_EQ(with_fault({.at = imap_stage::noop, .what = misdeed::flood, .size = 3}, {"a NOOP"}),
            "* OK still here\r\n* OK still here\r\n* OK still here\r\na OK done\r\n");
  EXPECT_EQ(
      with_fault({.at = imap_stage::noop, .what = misdeed::flood, .text = "9 EXISTS", .size = 1}, {"a NOOP"}),
      "* 9 EXISTS\r\na OK done\r\n");
}

TEST(TestingImapFaults, RemoveTheMailbox) {
  EXPECT_EQ(
      with_fault({.at = imap_stage::fetch, .what = misdeed::gone}, {"s SELECT INBOX", "a FETCH 1 FLAGS"}),
      "a NO [NONEXISTENT] the mailbox is gone\r\n");
}

TEST(TestingImapFaults, SayGarbageAndRepeat) {
  EXPECT_EQ(with_fault({.at = imap_stage::noop, .what = misdeed::garbage, .text = "a HM\r\n"}, {"a NOOP"}),
            "a HM\r\n");
  EXPECT_EQ(greeting_with({.at = imap_stage::greeting, .what = misdeed::garbage, .text = "* 220 SMTP\r\n"}),
            "* 220 SMTP\r\n");
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.add_fault({.at = imap_stage::noop, .what = misdeed::repeat});
  const auto answers = answers_to(server, {"a NOOP", "b NOOP"});
  EXPECT_EQ(answers[0], "a OK done\r\n");
  EXPECT_EQ(answers[1], "a OK done\r\nb OK done\r\n");
}

TEST(TestingImapFaults, HappenWhileAClientIdles) {
  const auto seen = [](const imap_fault& fault) {
    imap_server server(in_plain_text());
    server.add_user("ada", "secret");
    server.add_fault(fault);
    virtual_clock time;
    const auto body = [&]() -> task<std::string> {
      imap_dialogue client(server.connect());
      (void)co_await client.until("* ");
      (void)co_await client.say("a LOGIN ada secret");
      (void)co_await client.say("b SELECT INBOX");
      co_await client.send("c IDLE");
      std::string all = co_await client.until("+");
      server.deliver("ada", message);
      all += co_await client.until("nothing begins like that");
      co_return all;
    };
    return server.run(body, {.clock = &time});
  };
  EXPECT_EQ(seen({.at = imap_stage::idle, .what = misdeed::cut}), "");
  EXPECT_EQ(seen({.at = imap_stage::idle, .what = misdeed::cut, .when = moment::after}), "+ idling\r\n");
  EXPECT_EQ(seen({.at = imap_stage::idle, .what = misdeed::bye}), "* BYE going down\r\n");
  EXPECT_EQ(seen({.at = imap_stage::idle, .text = "NO not here"}), "c NO not here\r\n");
  EXPECT_EQ(seen({.at = imap_stage::update, .what = misdeed::cut}), "+ idling\r\n");
  EXPECT_EQ(seen({.at = imap_stage::update, .what = misdeed::cut, .when = moment::after}),
            "+ idling\r\n* 1 EXISTS\r\n* 0 RECENT\r\n");
}

TEST(TestingImapFaults, SpoilTls) {
  const auto code_of = [](const imap_fault& fault) {
    imap_server server({.tls = tls_mode::starttls});
    server.add_fault(fault);
    const tls::client_context context = server.client_tls();
    virtual_clock time;
    const auto body = [&]() -> task<std::error_code> {
      imap_dialogue client(server.connect());
      (void)co_await client.until("* ");
      (void)co_await client.say("a STARTTLS");
      tls::client_options options;
      options.context = &context;
      const auto secured = co_await as_result(tls::start_tls(std::move(client.peer()), "localhost", options));
      co_return secured.code();
    };
    return server.run(body, {.clock = &time});
  };
  EXPECT_EQ(code_of({.at = imap_stage::tls}), condition::tls);
  EXPECT_EQ(code_of({.at = imap_stage::tls, .what = misdeed::garbage}), condition::tls);
  EXPECT_EQ(code_of({.at = imap_stage::tls, .what = misdeed::silence}), condition::timeout);
  EXPECT_EQ(code_of({.at = imap_stage::starttls, .what = misdeed::inject, .text = "* OK x\r\n"}),
            tls::errc::plaintext_before_tls);
}

TEST(TestingImapFaults, ThatCannotHappenAreRefused) {
  imap_server server;
  const auto refused = [&](const imap_fault& fault) {
    try {
      server.add_fault(fault);
    } catch (const error& e) {
      return e.code() == condition::misuse;
    }
    return false;
  };
  EXPECT_TRUE(refused({.at = imap_stage::select})) << "no answer";
  EXPECT_TRUE(refused({.at = imap_stage::select, .text = "OK"}));
  EXPECT_TRUE(refused({.at = imap_stage::select, .text = "NO x\r\n* OK"}));
  EXPECT_TRUE(refused({.at = imap_stage::greeting, .text = "NO x"}));
  EXPECT_TRUE(refused({.at = imap_stage::tls, .what = misdeed::repeat}));
  EXPECT_TRUE(server.faults().empty());
}

}  // namespace
}  // namespace tidewire::testing
