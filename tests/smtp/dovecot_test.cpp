// A real server that asks who is there: Dovecot takes submissions of users, and hands them on to our server.
// By LMTP it takes messages into the Maildirs of its users.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/conformance.hpp"
#include "support/with_dovecot.hpp"

namespace tidewire::smtp {
namespace {

using crypto::sasl_credentials;

// What the server behind Dovecot got.
class relay final : public session_handler {
 public:
  explicit relay(std::string& got) : got_(got) {}
  task<> body(const peer_info&, byte_view piece) override {
    got_ += as_text(piece);
    co_return;
  }

 private:
  std::string& got_;
};

class SmtpDovecot : public tidewire::testing::with_dovecot {
 protected:
  // Serves Dovecot, until it is canceled.
  static task<> serve_relay(tcp::listener& listener, std::string& got) {
    const auto one = [&](stream peer) -> task<> {
      relay handler(got);
      co_await serve_session(std::move(peer), handler);
    };
    const auto accept_all = [&](task_group& sessions) -> task<> {
      for (;;) {
        stream peer = co_await listener.accept();
        sessions.spawn(one(std::move(peer)));
      }
    };
    co_await with_group(accept_all);
  }
  // Signs in over TLS and submits a message; gives what came of it and what was said, and checks that the
  // message arrived.
  static result<void> submit(const sasl_credentials& who, std::string& said,
                             const tls::client_context& context = trusting()) {
    std::string got;
    memory_transcript log;
    const auto talk = [&]() -> task<> {
      client_options options;
      options.port = port("SUBMISSION_PORT");
      options.tls = &context;
      options.transcript = &log;
      client session = co_await connect("localhost", options);
      co_await session.login(who);
      envelope mail("alice@example.test");
      mail.to("ada@example.org");
      const send_report report = co_await session.send(mail, "Subject: submitted\r\n\r\n.\r\nby Alice\r\n");
      EXPECT_TRUE(report.complete());
      co_await session.quit();
      EXPECT_TRUE(got.ends_with("Subject: submitted\r\n\r\n.\r\nby Alice\r\n")) << got;
    };
    const auto both = [&]() -> task<result<void>> {
      const endpoint at(ip_address::loopback_v4(), port("RELAY_PORT"));
      tcp::listener listener = tcp::listen(at);
      const auto ended = co_await when_any(as_result(talk()), serve_relay(listener, got));
      co_return std::get<0>(ended);
    };
    result<void> outcome = run(both());
    said = log.text();
    return outcome;
  }
};

TEST_F(SmtpDovecot, TakesMessagesOfWhoKnowsThePassword) {
  std::string said;
  const auto right = submit({setting("USER2"), setting("PASSWORD2")}, said);
  EXPECT_TRUE(right) << right.error().message();
  EXPECT_NE(said.find("C: AUTH SCRAM-SHA-256 "), npos) << said;
  const auto wrong = submit({setting("USER2"), setting("PASSWORD1")}, said);
  EXPECT_EQ(wrong.code(), errc::auth_refused);
}

TEST_F(SmtpDovecot, TakesMessagesOfWhoHasAToken) {
  std::string said;
  const auto right = submit(sasl_credentials::bearer(setting("USER1"), setting("USER1_TOKEN")), said);
  EXPECT_TRUE(right) << right.error().message();
  EXPECT_NE(said.find("C: AUTH OAUTHBEARER "), npos) << said;
  const auto expired =
      submit(sasl_credentials::bearer(setting("USER1"), setting("USER1_EXPIRED_TOKEN")), said);
  EXPECT_EQ(expired.code(), errc::auth_refused);
}

TEST_F(SmtpDovecot, TakesMessagesOfWhoHasACertificate) {
  std::string said;
  tls::client_context known = trusting();
  known.identity(tls::load_identity(setting("USER1_CERTIFICATE"), setting("USER1_KEY")));
  const auto right = submit(sasl_credentials::external(), said, known);
  EXPECT_TRUE(right) << right.error().message();
  EXPECT_NE(said.find("C: AUTH EXTERNAL "), npos) << said;
  const auto without = submit(sasl_credentials::external(), said);
  EXPECT_EQ(without.code(), errc::auth_refused);
}

TEST_F(SmtpDovecot, TakesMessagesByLmtpForTheUsersThatItHas) {
  const tls::client_context context = trusting();
  const std::string text = "Subject: delivered\r\n\r\n..\r\nby LMTP\r\n";
  const auto talk = [&]() -> task<> {
    client_options options;
    options.protocol = dialect::lmtp;
    options.port = port("LMTP_PORT");
    options.tls = &context;
    client session = co_await connect("localhost", options);
    envelope mail("robot@example.org");
    mail.to("alice@example.test").to("nobody@example.test").to("bob+tag@example.test");
    const send_options with{.return_report = true};
    const send_report report = co_await session.send(mail, text, with);
    EXPECT_EQ(report.count(delivery::accepted), 2u);
    EXPECT_EQ(report.recipients.at(1).answer.enhanced, (enhanced_code{5, 1, 1}));
    co_await session.quit();
  };
  run(talk());
  for (const char* user : {"alice", "bob"}) {
    std::vector<std::string> messages;
    const std::filesystem::path maildir = std::filesystem::path(setting("MAIL")) / user / "Maildir" / "new";
    for (const auto& entry : std::filesystem::directory_iterator(maildir)) {
      messages.push_back(tidewire::testing::read_file(entry.path()));
    }
    ASSERT_EQ(messages.size(), 1u) << user;
    EXPECT_TRUE(messages.front().ends_with("Subject: delivered\n\n..\nby LMTP\n")) << messages.front();
  }
}

}  // namespace
}  // namespace tidewire::smtp
