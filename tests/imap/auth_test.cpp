// Signing in: which mechanism, what it says, and what is made of a refusal.
#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/imap/client.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "scripted.hpp"
#include "support/cancellation.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::outcome_if_canceled_midway;

turn greets(std::string_view capabilities) {
  return {"", "* OK [CAPABILITY IMAP4rev1 " + std::string(capabilities) + "] hi\r\n"};
}

// What `login("ada", "secret")` comes to.
result<void> log_in(std::vector<turn> script, bool stays_open = true) {
  result<void> outcome;
  against(script, [&](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), plain());
    outcome = co_await as_result(imap.login("ada", "secret"));
    EXPECT_EQ(imap.is_open(), stays_open);
    EXPECT_EQ(imap.is_authenticated(), outcome.has_value());
  });
  return outcome;
}

TEST(ImapAuth, SendsTheFirstResponseAlongWhereItMay) {
  EXPECT_TRUE(
      log_in({greets("AUTH=PLAIN SASL-IR"),
              {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a1 OK [CAPABILITY IMAP4rev1] in\r\n"}}));
  EXPECT_TRUE(log_in({greets("AUTH=PLAIN"),
                      {"a1 AUTHENTICATE PLAIN\r\n", "+ \r\n"},
                      {"AGFkYQBzZWNyZXQ=\r\n", "a1 OK [CAPABILITY IMAP4rev1] in\r\n"}}));
}

TEST(ImapAuth, SaysLoginToAServerWithoutMechanisms) {
  EXPECT_TRUE(
      log_in({greets(""), {"a1 LOGIN ada \"secret\"\r\n", "a1 OK [CAPABILITY IMAP4rev1 MOVE] in\r\n"}}));
}

TEST(ImapAuth, RespectsLogindisabled) {
  const auto outcome = log_in({greets("LOGINDISABLED STARTTLS")});
  EXPECT_EQ(outcome.code(), make_error_code(errc::auth_unavailable));
  EXPECT_EQ(outcome.error().operation(), "sign in by IMAP at");
}

TEST(ImapAuth, AsksForTheCapabilitiesAgainUnlessTheyAreTold) {
  const std::vector<turn> asked = {greets("AUTH=PLAIN SASL-IR"),
                                   {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a1 OK in\r\n"},
                                   {"a2 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 QUOTA\r\na2 OK\r\n"}};
  const std::vector<turn> told = {
      greets("AUTH=PLAIN SASL-IR"),
      {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "* CAPABILITY IMAP4rev1 QUOTA\r\na1 OK in\r\n"}};
  for (const auto& script : {asked, told}) {
    against(script, [](stream peer) -> task<> {
      client imap = co_await open(std::move(peer), plain());
      EXPECT_FALSE(imap.capabilities().quota);
      co_await imap.login("ada", "secret");
      EXPECT_TRUE(imap.capabilities().quota);
    });
  }
}

TEST(ImapAuth, TellsARefusalForGoodFromOneForNow) {
  const auto refused = log_in(
      {greets("AUTH=PLAIN SASL-IR"),
       {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a1 NO [AUTHENTICATIONFAILED] wrong password\r\n"}});
  EXPECT_EQ(refused.code(), make_error_code(errc::auth_refused));
  EXPECT_NE(refused.error().peer_text().find("wrong password"), std::string_view::npos);
  EXPECT_EQ(message_of(refused).find("AGFkYQ"), std::string::npos) << "no secret is in an error";
  const auto later =
      log_in({greets(""), {"a1 LOGIN ada \"secret\"\r\n", "a1 NO [UNAVAILABLE] directory is away\r\n"}});
  EXPECT_EQ(later.code(), make_error_code(errc::auth_refused_for_now));
  EXPECT_EQ(later.code(), condition::transient);
}

TEST(ImapAuth, TriesTheNextMechanismIfTheServerTakesOneBack) {
  const auto outcome =
      log_in({greets("AUTH=CRAM-MD5 AUTH=PLAIN SASL-IR"),
              {"a1 AUTHENTICATE CRAM-MD5\r\n", "a1 BAD no such mechanism\r\n"},
              {"a2 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a2 OK [CAPABILITY IMAP4rev1] in\r\n"}});
  EXPECT_TRUE(outcome) << message_of(outcome);
}

TEST(ImapAuth, GivesUpInAnOrderlyWayWhatItCannotAnswer) {
  const auto outcome = log_in({greets("AUTH=CRAM-MD5"),
                               {"a1 AUTHENTICATE CRAM-MD5\r\n", "+ no base64!\r\n"},
                               {"*\r\n", "a1 BAD canceled\r\n"}});
  EXPECT_EQ(outcome.code(), condition::protocol);
  EXPECT_EQ(outcome.error().peer_text(), "canceled");
}

TEST(ImapAuth, IsOverWhenTheConnectionIs) {
  const auto cut = log_in({greets("AUTH=PLAIN"), {"a1 AUTHENTICATE PLAIN\r\n", "(close)"}}, false);
  EXPECT_EQ(cut.code(), condition::eof);
  const auto hangs = log_in({greets("AUTH=PLAIN"), {"a1 AUTHENTICATE PLAIN\r\n", ""}}, false);
  EXPECT_EQ(hangs.code(), condition::timeout);
  const auto bye = log_in({greets("AUTH=PLAIN"), {"a1 AUTHENTICATE PLAIN\r\n", "* BYE too slow\r\n"}}, false);
  EXPECT_EQ(bye.code(), make_error_code(errc::shutting_down));
}

TEST(ImapAuth, ACanceledLoginClosesTheConnection) {
  against({greets("AUTH=PLAIN"), {"a1 AUTHENTICATE PLAIN\r\n", ""}}, [](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), plain());
    const auto outcome = co_await outcome_if_canceled_midway([&] { return imap.login("ada", "secret"); });
    EXPECT_EQ(outcome.code(), condition::canceled);
    EXPECT_FALSE(imap.is_open());
  });
}

TEST(ImapAuth, ASecondLoginIsMisuse) {
  signed_in("AUTH=PLAIN", {}, [](client& imap) -> task<> {
    const auto outcome = co_await as_result(imap.login("ada", "secret"));
    EXPECT_EQ(outcome.code(), condition::misuse);
  });
}

TEST(ImapAuth, AsksForAFreshTokenOnceIfTheServerRefusesIt) {
  const auto line = [](std::string_view token) {
    const std::string message =
        "user=ada\x01"
        "auth=Bearer " +
        std::string(token) + "\x01\x01";
    return base64::encode(as_bytes(message));
  };
  const std::vector<turn> script = {
      greets("AUTH=XOAUTH2 SASL-IR"),
      {"a1 AUTHENTICATE XOAUTH2 " + line("old") + "\r\n", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"},
      {"\r\n", "a1 NO [AUTHENTICATIONFAILED] expired\r\n"},
      {"a2 AUTHENTICATE XOAUTH2 " + line("new") + "\r\n", "a2 OK [CAPABILITY IMAP4rev1] in\r\n"}};
  against(script, [](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), plain());
    std::vector<bool> asked;
    const token_provider provide = [&asked](bool refused) -> task<secret> {
      asked.push_back(refused);
      co_return secret(refused ? "new" : "old");
    };
    co_await imap.login("ada", provide);
    const std::vector<bool> expected{false, true};
    EXPECT_EQ(asked, expected);
  });
}

// Our own server's side of SASL, as the peer of our client.
TEST(ImapAuth, LetsScramProveTheServer) {
  for (const bool honest : {true, false}) {
    virtual_clock time;
    const auto both = [&]() -> task<> {
      auto ends = memory_stream_pair();
      const auto near = [&]() -> task<> {
        client imap = co_await open(std::move(ends.first), plain());
        const auto outcome = co_await as_result(imap.login("ada", "secret"));
        if (honest) {
          EXPECT_TRUE(outcome) << message_of(outcome);
        } else {
          EXPECT_EQ(outcome.code(), make_error_code(crypto::errc::server_not_authentic));
          EXPECT_FALSE(imap.is_open());
        }
        co_await imap.logout();
      };
      const auto far = [&]() -> task<> {
        stream& peer = ends.second;
        co_await peer.write("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hi\r\n");
        const std::string first = co_await peer.read_line();
        constexpr std::string_view command = "a1 AUTHENTICATE SCRAM-SHA-256 ";
        EXPECT_TRUE(first.starts_with(command)) << first;
        if (!honest) {
          co_await peer.write("a1 OK [CAPABILITY IMAP4rev1] trust me\r\n");
          co_return;
        }
        auto sasl = crypto::sasl_server::make("SCRAM-SHA-256").value();
        const std::string message = base64::decode_text(first.substr(command.size())).value();
        (void)sasl.step(message).value();
        auto step = sasl.give_record(crypto::scram_record::from_password("secret").value()).value();
        while (step.wants == crypto::sasl_wants::response) {
          const std::string challenge = "+ " + base64::encode(step.data.reveal_bytes()) + "\r\n";
          co_await peer.write(challenge);
          const std::string answer = co_await peer.read_line();
          const std::string decoded = base64::decode_text(answer).value();
          step = sasl.step(decoded).value();
        }
        co_await peer.write("a1 OK [CAPABILITY IMAP4rev1] in\r\n");
        EXPECT_EQ(co_await peer.read_line(), "a2 LOGOUT");
      };
      co_await when_all(near(), far());
    };
    run(both(), {.clock = &time});
  }
}

}  // namespace
}  // namespace tidewire::imap
