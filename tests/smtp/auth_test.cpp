#include <tidewire/base/base64.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/smtp/server.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scripted.hpp"
#include "secure.hpp"

namespace tidewire::smtp {
namespace {

constexpr std::string_view all_mechanisms =
    "LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER EXTERNAL";

// Knows ada, whose password is "open sesame", and her token; she may act as "robot".
class doorkeeper final : public session_handler {
 public:
  task<std::optional<secret>> password(const peer_info&, std::string_view user) override {
    std::optional<secret> known;
    if (user == "ada") known = secret("open sesame");
    co_return known;
  }
  task<bool> token(const peer_info&, std::string_view user, const secret& token) override {
    co_return user == "ada" && token == secret("fresh");
  }
  task<bool> act_as(const peer_info&, std::string_view user, std::string_view identity) override {
    co_return user == "ada" && identity == "robot";
  }
  task<reply> mail(const peer_info& peer, const command&) override {
    signed_in = peer.user;
    co_return reply{250, {}, "ok"};
  }
  std::string signed_in;
};

client_options by_tls(const tls::client_context& context) {
  client_options options;
  options.host = "localhost";
  options.tls = &context;
  return options;
}

// Signs in over TLS to a server with these mechanisms; gives what came of it, and checks who the server takes
// us for.
template <class Login>
result<void> sign_in(std::string_view mechanisms, Login login, std::string_view user,
                     memory_transcript* log = nullptr) {
  doorkeeper keeper;
  server_options options;
  options.tls = &localhost();
  options.auth = mechanisms;
  options.require_auth = true;
  const tls::client_context context = trusting();
  result<void> outcome;
  (void)with_server(keeper, options, [&](stream peer) -> task<> {
    client_options how = by_tls(context);
    how.transcript = log;
    client session = co_await open(std::move(peer), how);
    outcome = co_await as_result(login(session));
    if (!outcome) co_return;
    envelope mail("a@x");
    mail.to("b@y");
    const send_report report = co_await session.send(mail, "m");
    EXPECT_TRUE(report.complete());
    co_await session.quit();
  });
  if (outcome) {
    EXPECT_EQ(keeper.signed_in, user);
  }
  return outcome;
}

const auto with_password = [](client& session) { return session.login("ada", "open sesame"); };
const auto with_wrong_password = [](client& session) { return session.login("ada", "open barley"); };

TEST(SmtpAuth, SignsInByEachMechanism) {
  for (const char* mechanism :
       {"LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}) {
    const auto let_in = sign_in(mechanism, with_password, "ada");
    EXPECT_TRUE(let_in) << mechanism << ": " << let_in.error().message();
    const auto refused = sign_in(mechanism, with_wrong_password, "");
    EXPECT_EQ(refused.code(), errc::auth_refused) << mechanism;
    EXPECT_EQ(refused.code(), condition::auth) << mechanism;
    EXPECT_EQ(refused.error().message().find("barley"), std::string::npos) << mechanism;
    const auto stranger = sign_in(mechanism, [](client& s) { return s.login("eve", "open sesame"); }, "");
    EXPECT_EQ(stranger.code(), errc::auth_refused) << mechanism;
  }
  for (const char* mechanism : {"XOAUTH2", "OAUTHBEARER"}) {
    const auto good = [](client& s) { return s.login(crypto::sasl_credentials::bearer("ada", "fresh")); };
    const auto bad = [](client& s) { return s.login(crypto::sasl_credentials::bearer("ada", "stale")); };
    const auto let_in = sign_in(mechanism, good, "ada");
    EXPECT_TRUE(let_in) << mechanism << ": " << let_in.error().message();
    EXPECT_EQ(sign_in(mechanism, bad, "").code(), errc::auth_refused) << mechanism;
  }
  const auto as_robot = [](client& s) {
    return s.login(crypto::sasl_credentials("ada", "open sesame").act_as("robot"));
  };
  EXPECT_TRUE(sign_in("PLAIN", as_robot, "robot"));
  EXPECT_TRUE(sign_in("SCRAM-SHA-256", as_robot, "robot"));
  const auto as_root = [](client& s) {
    return s.login(crypto::sasl_credentials("ada", "open sesame").act_as("root"));
  };
  EXPECT_EQ(sign_in("PLAIN", as_root, "").code(), errc::auth_refused);
}

TEST(SmtpAuth, ChoosesTheStrongestAndShowsNoSecret) {
  memory_transcript log;
  EXPECT_TRUE(sign_in(all_mechanisms, with_password, "ada", &log));
  EXPECT_NE(log.text().find("C: AUTH SCRAM-SHA-256-PLUS ***\nS: 334 ***\nC: ***\n"), std::string::npos)
      << log.text();
  memory_transcript plain;
  EXPECT_TRUE(sign_in("LOGIN PLAIN", with_password, "ada", &plain));
  EXPECT_NE(plain.text().find("C: AUTH PLAIN ***\nS: 235 2.7.0 welcome\n"), std::string::npos)
      << plain.text();
  EXPECT_EQ(plain.text().find(base64::encode("open sesame").substr(0, 8)), std::string::npos);
}

TEST(SmtpAuth, ShowsNoPasswordWithoutTls) {
  const std::vector<turn> opening{{"", "220 mx\r\n"},
                                  {"EHLO localhost\r\n", "250-mx\r\n250 AUTH PLAIN LOGIN\r\n"}};
  std::vector<turn> going_on = opening;
  going_on.push_back({"NOOP\r\n", "250 ok\r\n"});
  against(going_on, [](stream peer) -> task<> {
    client_options options;
    options.security = security::opportunistic;
    options.host = "localhost";
    client session = co_await open(std::move(peer), options);
    const auto refused = co_await as_result(session.login("ada", "open sesame"));
    EXPECT_EQ(refused.code(), errc::auth_unavailable);
    co_await session.noop();
  });
  // Who asks for plain text by its dangerous name gets it.
  std::vector<turn> dangerous = opening;
  dangerous.push_back({"AUTH PLAIN AGFkYQBvcGVuIHNlc2FtZQ==\r\n", "235 ok\r\n"});
  against(dangerous, [](stream peer) -> task<> {
    const client_options plain{.security = security::plaintext_dangerous};
    client session = co_await open(std::move(peer), plain);
    co_await session.login("ada", "open sesame");
  });
}

TEST(SmtpAuth, PutsALongTokenBehindTheCommand) {
  const std::string token(5000, 't');
  const std::string response = base64::encode("user=ada\1auth=Bearer " + token + "\1\1");
  against({{"", "220 mx\r\n"},
           {"EHLO localhost\r\n", "250-mx\r\n250 AUTH XOAUTH2\r\n"},
           {"AUTH XOAUTH2\r\n", "334 \r\n"},
           {response + "\r\n", "235 ok\r\n"}},
          [&](stream peer) -> task<> {
            const client_options plain{.security = security::plaintext_dangerous};
            client session = co_await open(std::move(peer), plain);
            auto credentials = crypto::sasl_credentials::bearer("ada", token);
            co_await session.login(std::move(credentials));
          });
}

TEST(SmtpAuth, AsksForAFreshTokenOnceIfTheServerRefusesIt) {
  std::vector<bool> asked;
  const token_provider provide = [&](bool refused) -> task<secret> {
    asked.push_back(refused);
    co_return secret(refused ? "fresh" : "stale");
  };
  const auto let_in = sign_in("XOAUTH2", [&](client& s) { return s.login("ada", provide); }, "ada");
  EXPECT_TRUE(let_in) << let_in.error().message();
  EXPECT_EQ(asked, (std::vector<bool>{false, true}));
  asked.clear();
  const token_provider hopeless = [&](bool refused) -> task<secret> {
    asked.push_back(refused);
    co_return secret("stale");
  };
  EXPECT_EQ(sign_in(
                "OAUTHBEARER", [&](client& s) { return s.login("ada", hopeless); }, "")
                .code(),
            errc::auth_refused);
  EXPECT_EQ(asked, (std::vector<bool>{false, true}));
}

TEST(SmtpAuth, TriesTheNextMechanismIfTheServerTakesOneBack) {
  const client_options plain{.security = security::plaintext_dangerous};
  against({{"", "220 mx\r\n"},
           {"EHLO localhost\r\n", "250-mx\r\n250 AUTH CRAM-MD5 PLAIN\r\n"},
           {"AUTH CRAM-MD5\r\n", "504 5.5.4 not really\r\n"},
           {"AUTH PLAIN AGFkYQBvcGVuIHNlc2FtZQ==\r\n", "235 ok\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            co_await session.login("ada", "open sesame");
          });
  // Not if the credentials were refused: that would be guessing.
  against({{"", "220 mx\r\n"},
           {"EHLO localhost\r\n", "250-mx\r\n250 AUTH LOGIN PLAIN\r\n"},
           {"AUTH PLAIN AGFkYQBvcGVuIHNlc2FtZQ==\r\n", "535 5.7.8 no\r\n"},
           {"NOOP\r\n", "250 ok\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            const auto refused = co_await as_result(session.login("ada", "open sesame"));
            EXPECT_EQ(refused.code(), errc::auth_refused);
            EXPECT_EQ(refused.error().peer_text(), "no");
            co_await session.noop();
          });
}

TEST(SmtpAuth, ToldThatItCannotBeCheckedNowMayBeTriedAgain) {
  const client_options plain{.security = security::plaintext_dangerous};
  against({{"", "220 mx\r\n"},
           {"EHLO localhost\r\n", "250-mx\r\n250 AUTH PLAIN\r\n"},
           {"AUTH PLAIN AGFkYQBvcGVuIHNlc2FtZQ==\r\n", "454 4.7.0 later\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            const auto refused = co_await as_result(session.login("ada", "open sesame"));
            EXPECT_EQ(refused.code(), condition::transient);
            EXPECT_EQ(refused.code(), condition::auth);
          });
}

TEST(SmtpAuth, DoesNotBelieveAServerThatProvesNothing) {
  // It lets us in before it showed that it knows the password, or its challenge is none.
  for (const std::string answer : {"235 welcome\r\n", "334 !!!\r\n", "334 bm9uc2Vuc2U=\r\n"}) {
    const auto both = [&]() -> task<> {
      auto ends = memory_stream_pair();
      const auto far = [&]() -> task<> {
        co_await ends.second.write("220 mx\r\n");
        (void)co_await ends.second.read_line();
        co_await ends.second.write("250-mx\r\n250 AUTH SCRAM-SHA-256\r\n");
        (void)co_await ends.second.read_line();
        co_await ends.second.write(answer);
        if (answer.starts_with("235")) co_return;
        EXPECT_EQ(co_await ends.second.read_line(), "*") << answer;
        co_await ends.second.write("501 canceled\r\n");
      };
      const auto near = [&]() -> task<> {
        const client_options plain{.security = security::plaintext_dangerous};
        client session = co_await open(std::move(ends.first), plain);
        const auto refused = co_await as_result(session.login("ada", "open sesame"));
        EXPECT_FALSE(refused) << answer;
        EXPECT_FALSE(session.is_open()) << answer;
      };
      co_await when_all(near(), far());
    };
    virtual_clock time;
    run(both(), {.clock = &time});
  }
}

}  // namespace
}  // namespace tidewire::smtp
