#include <tidewire/core/clock.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/testing/mail_host.hpp>
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "imap_dialogue.hpp"
#include "support/child_process.hpp"
#include "support/oracle.hpp"
#include "support/temporary_folder.hpp"

namespace tidewire::testing {
namespace {

TEST(TestingMailHost, BringsWhatIsSentToWhoeverIdles) {
  mail_host host;
  host.add_user("ada", "ada@example.org", "secret");
  const tls::client_context context = host.client_tls();
  virtual_clock time;
  host.run(
      [&]() -> task<> {
        tls::client_options options;
        options.context = &context;
        imap_dialogue inbox(co_await tls::start_tls(host.imap().connect(), "localhost", options));
        (void)co_await inbox.until("* ");
        (void)co_await inbox.say("a LOGIN ada secret");
        (void)co_await inbox.say("b SELECT INBOX");
        co_await inbox.send("c IDLE");
        (void)co_await inbox.until("+");

        smtp::client_options how;
        how.host = "localhost";
        how.tls = &context;
        smtp::client session = co_await smtp::open(host.smtp().connect(), how);
        co_await session.login("ada", "secret");
        smtp::envelope mail("robot@example.org");
        mail.to("ADA@example.org").to("nobody@example.org");
        (void)co_await session.send(mail, "Subject: high tide\r\n\r\nat noon\r\n");

        EXPECT_EQ(co_await inbox.until("* 1 EXISTS"), "* 1 EXISTS\r\n");
        (void)co_await inbox.until("* 0 RECENT");
        co_await inbox.send("DONE");
        EXPECT_EQ(co_await inbox.until("c "), "c OK no longer idle\r\n");
      },
      {.clock = &time});
  const auto kept = host.imap().messages("ada");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].content, "Return-Path: <robot@example.org>\r\nSubject: high tide\r\n\r\nat noon\r\n");
  EXPECT_EQ(host.smtp().messages().size(), 1u);
}

TEST(TestingMailHost, FailsTheTestWhenAFaultOfEitherNeverFires) {
  mail_host host;
  host.imap().add_fault({.at = imap_stage::fetch, .text = "NO not now"});
  const auto nothing = []() -> task<> { co_return; };
  EXPECT_THROW(host.run(nothing), error);
  host.imap().clear_faults();
  host.smtp().add_fault({.at = smtp_stage::rcpt, .text = "450 not now"});
  EXPECT_THROW(host.run(nothing), error);
  host.smtp().clear_faults();
  EXPECT_NO_THROW(host.run(nothing));
}

#ifndef _WIN32

// Each step prints what imaplib made of it.
constexpr std::string_view program = R"(
import imaplib, smtplib, ssl, sys, time
imap_port, smtp_port, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca)
mail = imaplib.IMAP4_SSL('localhost', imap_port, ssl_context=context)
print(mail.login_cram_md5('ada', 'secret')[0])
print(mail.select('INBOX'))
with smtplib.SMTP('localhost', smtp_port) as out:
    out.starttls(context=context)
    out.login('ada', 'secret')
    out.sendmail('robot@example.org', ['ada@example.org'], 'Subject: high tide\r\n\r\nat noon\r\n')
print(mail.noop()[0], mail.response('EXISTS'))
print(mail.search(None, 'UNSEEN', 'SUBJECT', '"tide"'))
status, data = mail.fetch('1', '(FLAGS BODY[TEXT])')
print(status, data)
print(mail.store('1', '+FLAGS', '(\\Deleted)'))
print(mail.uid('SEARCH', None, 'DELETED'))
print(mail.append('Drafts', '(\\Draft)', None, b'Subject: draft\r\n\r\ntext\r\n'))
print(mail.copy('1', 'Sent'))
print(mail.expunge())
print(mail.status('Sent', '(MESSAGES UIDNEXT)'))
print(mail.list('""', 'D*'))
print(mail.create('Box'), mail.rename('Box', 'Bax'), mail.subscribe('Bax'), mail.delete('Bax'))
print(mail.namespace())
print(mail.sort('(SUBJECT)', 'UTF-8', 'ALL'))
print(mail.close(), mail.logout()[0])
)";

constexpr std::string_view expected = R"(OK
('OK', [b'0'])
OK ('EXISTS', [b'0', b'1'])
('OK', [b'1'])
OK [(b'1 (FLAGS (\\Seen) BODY[TEXT] {9}', b'at noon\r\n'), b')']
('OK', [b'1 (FLAGS (\\Seen \\Deleted))'])
('OK', [b'1'])
('OK', [b'[APPENDUID 1001 1] appended'])
('OK', [b'[COPYUID 1002 1 1] done'])
('OK', [b'1'])
('OK', [b'"Sent" (MESSAGES 1 UIDNEXT 2)'])
('OK', [b'(\\HasNoChildren \\Drafts) "/" "Drafts"'])
('OK', [b'done']) ('OK', [b'done']) ('OK', [b'done']) ('OK', [b'done'])
('OK', [b'(("" "/")) NIL NIL'])
('OK', [b''])
('OK', [b'done']) BYE
)";

TEST(TestingMailHost, ServesImaplibAndSmtplib) {
  if (!find_program("python3")) TIDEWIRE_SKIP_OR_FAIL("no python3");
  const temporary_folder folder;
  mail_host host;
  host.add_user("ada", "ada@example.org", "secret");
  const auto ca = folder.path() / "ca.pem";
  std::ofstream(ca) << host.authority().pem();
  host.start();
  child_process python(folder.path(),
                       {"python3", "-c", std::string(program), std::to_string(host.imap().port()),
                        std::to_string(host.smtp().port()), ca.string()});
  const int status = python.wait();
  host.stop();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(python.output(), expected) << host.imap().transcript();
}

#endif

}  // namespace
}  // namespace tidewire::testing
