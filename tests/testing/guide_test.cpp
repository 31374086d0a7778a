// The test that docs/testing.md begins with, run as it stands there; and the server as Python's smtplib sees
// it.
#include <tidewire/smtp.hpp>
#include <tidewire/testing.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/child_process.hpp"
#include "support/oracle.hpp"
#include "support/temporary_folder.hpp"

namespace tw = tidewire;
using namespace tidewire::testing;

namespace {

tw::task<tw::smtp::send_report> send_newsletter(std::uint16_t port, const tw::tls::client_context& tls) {
  auto session = co_await tw::smtp::connect("localhost", {.port = port, .tls = &tls});
  co_await session.login("robot", "secret");
  tw::mime::message mail;
  mail.from("robot@example.org").to("ada@example.org").to("bob@example.org").subject("News").text("None.");
  co_return co_await session.send(mail, {.return_report = true});
}

TEST(Newsletter, GoesToTheOthersIfOneRecipientIsRefused) {
  smtp_server server;  // STARTTLS, its own test CA, a free port
  server.add_user("robot", "secret");
  server.add_fault({.at = smtp_stage::rcpt, .text = "550 5.1.1 gone", .recipient = "bob@example.org"});
  const auto tls = server.client_tls();  // trusts that CA, and nobody else

  const auto report = server.run([&] { return send_newsletter(server.port(), tls); });

  EXPECT_EQ(report.recipients[1].answer.code, 550);
  ASSERT_EQ(server.messages().size(), 1u);
  EXPECT_EQ(server.messages()[0].parse().subject(), "News");
  EXPECT_EQ(server.messages()[0].user, "robot") << server.transcript();
}

#ifndef _WIN32

constexpr std::string_view program = R"(
import smtplib, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
with smtplib.SMTP('localhost', port, timeout=30) as server:
    server.starttls(context=ssl.create_default_context(cafile=ca))
    server.login('robot', 'secret')
    refused = server.sendmail('robot@example.org', ['ada@example.org', 'bob@example.org'],
                              'Subject: hello\r\n\r\n.dot\r\n')
    print(sorted(refused.items()))
try:
    with smtplib.SMTP('localhost', port, timeout=30) as server:
        server.sendmail('robot@example.org', ['ada@example.org'], 'Subject: lost\r\n\r\n')
except smtplib.SMTPServerDisconnected as e:
    print('disconnected')
)";

TEST(TestingSmtpServer, ServesSmtplib) {
  if (!find_program("python3")) TIDEWIRE_SKIP_OR_FAIL("no python3");
  const temporary_folder folder;
  smtp_server server;
  server.add_user("robot", "secret");
  server.add_fault({.at = smtp_stage::rcpt, .text = "550 5.1.1 no", .recipient = "bob@example.org"});
  server.add_fault({.at = smtp_stage::message, .what = misdeed::cut, .nth = 2, .when = moment::instead});
  const auto ca = folder.path() / "ca.pem";
  std::ofstream(ca) << server.authority().pem();
  server.start();
  child_process python(folder.path(),
                       {"python3", "-c", std::string(program), std::to_string(server.port()), ca.string()});
  EXPECT_EQ(python.wait(), 0);
  EXPECT_EQ(python.output(), "[('bob@example.org', (550, b'5.1.1 no'))]\ndisconnected\n");
  server.stop();
  ASSERT_EQ(server.messages().size(), 2u) << server.transcript();
  EXPECT_EQ(server.messages()[0].content, "Subject: hello\r\n\r\n.dot\r\n");
  EXPECT_TRUE(server.messages()[0].tls);
  EXPECT_EQ(server.messages()[1].parse().subject(), "lost");
}

#endif

}  // namespace
