#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/session.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::smtp {
namespace {

using tidewire::testing::exact_block;

// What a session makes of a client's bytes: what it says, and what it tells whoever decides.
struct outcome {
  std::string said;
  std::vector<std::string> told;
  bool operator==(const outcome&) const = default;
};

void PrintTo(const outcome& what, std::ostream* out) {
  *out << "said " << ::testing::PrintToString(what.said) << "\ntold " << ::testing::PrintToString(what.told);
}

// Accepts all but what has "no" in its local part; with LMTP, the second recipient is over quota.
outcome serve(const session_options& options, const std::vector<std::string_view>& chunks) {
  outcome out;
  session server(options);
  server.greet({220, {}, "ready"});
  std::string buffered;
  std::string message;
  const auto tell = [&](std::string what) { out.told.push_back(std::move(what)); };
  bool over = false;
  for (const std::string_view chunk : chunks) {
    buffered += chunk;
    while (!over) {
      const exact_block block(buffered);
      const session_event event = server.next(as_bytes(block.text()));
      EXPECT_LE(server.taken(), buffered.size());
      const command& what = server.last_command();
      const bool no = what.path.local_part().find("no") != std::string_view::npos;
      const reply verdict = no ? reply{550, enhanced_code{5, 7, 1}, "no"} : reply{250, {}, "ok"};
      if (event == session_event::body) message += as_text(server.body());
      buffered.erase(0, server.taken());
      if (event == session_event::more) break;
      switch (event) {
        case session_event::hello:
          tell("hello " + what.argument);
          server.respond({250, {}, ""});
          break;
        case session_event::mail:
          tell("mail " + what.path.text());
          server.respond(verdict);
          break;
        case session_event::rcpt:
          tell("rcpt " + what.path.text());
          server.respond(verdict);
          break;
        case session_event::data:
          message.clear();
          server.respond(server.sender().path.local_part() == "full" ? reply{452, {}, "full"}
                                                                     : reply{354, {}, "go"});
          break;
        case session_event::message: {
          tell("message " + message);
          std::vector<reply> answers(server.recipients().size(), reply{250, {}, "taken"});
          if (answers.size() > 1) answers[1] = {452, {}, "over quota"};
          server.respond(answers);
          break;
        }
        case session_event::discarded: tell("discarded"); break;
        case session_event::verify: server.respond({252, {}, "maybe"}); break;
        case session_event::auth:
          tell("auth " + what.argument + ' ' + what.initial_response.value_or("(none)"));
          server.respond(what.initial_response ? reply{235, {}, "welcome"} : reply{334, {}, ""});
          break;
        case session_event::auth_response:
          tell("response " + server.response());
          server.respond(server.response() == "*" ? reply{501, {}, "as you like"}
                                                  : reply{235, {}, "welcome"});
          break;
        case session_event::starttls:
          tell("starttls");
          server.respond({220, {}, "go"});
          server.tls_started();
          break;
        case session_event::quit:
          tell("quit");
          over = true;
          break;
        case session_event::closed:
          tell("closed");
          over = true;
          break;
        case session_event::body:
        case session_event::more: break;
      }
    }
  }
  out.said = server.output();
  return out;
}

outcome serve_every_way(const session_options& options, std::string_view wire) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return serve(options, pieces); };
  return tidewire::testing::every_way(wire, take, [](const outcome& whole, const outcome& cut) {
    EXPECT_TRUE(whole.said.starts_with(cut.said));
  });
}

using told = std::vector<std::string>;

const std::string hello = "EHLO me\r\n";
const std::string greeted =
    "220 localhost ready\r\n250-localhost\r\n250-PIPELINING\r\n250-SIZE "
    "33554432\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    "250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n";
const std::string envelope = "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n";

// What is said behind the opening.
std::string answers(std::string_view wire, const session_options& options = {}, told* events = nullptr) {
  const outcome all = serve_every_way(options, hello + std::string(wire));
  if (events != nullptr) *events = all.told;
  const std::size_t begin = all.said.find("250 ENHANCEDSTATUSCODES\r\n");
  return all.said.substr(std::min(begin == std::string::npos ? 0 : begin + 25, all.said.size()));
}

TEST(SmtpSession, TakesAMessage) {
  const outcome all = serve_every_way(
      {}, hello + envelope + "RCPT TO:<no@y>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
  EXPECT_EQ(all.said,
            greeted + "250 ok\r\n250 ok\r\n550 5.7.1 no\r\n354 go\r\n250 taken\r\n221 2.0.0 good-bye\r\n");
  EXPECT_EQ(all.told, (told{"hello me", "mail a@x", "rcpt b@y", "rcpt no@y",
                            "message Subject: x\r\n\r\n.dot\r\n", "quit"}));
}

TEST(SmtpSession, TakesAMessageInChunks) {
  told events;
  EXPECT_EQ(answers(envelope + "BDAT 5\r\n.\r\n.\r"
                               "BDAT 3 LAST\r\nabcNOOP\r\n",
                    {}, &events),
            "250 ok\r\n250 ok\r\n250 2.0.0 5 bytes taken\r\n250 taken\r\n250 2.0.0 here\r\n");
  EXPECT_EQ(events.back(), "message .\r\n.\rabc");
  EXPECT_EQ(answers(envelope + "BDAT 0 LAST\r\n", {}, &events), "250 ok\r\n250 ok\r\n250 taken\r\n");
  EXPECT_EQ(events.back(), "message ");
}

TEST(SmtpSession, PassesOverChunksThatItRefuses) {
  EXPECT_EQ(answers("BDAT 5\r\nQUIT\rBDAT 2 LAST\r\n\r\nNOOP\r\n"),
            "503 5.5.1 no valid recipients\r\n503 5.5.1 no valid recipients\r\n250 2.0.0 here\r\n");
  EXPECT_EQ(answers("MAIL FROM:<full@x>\r\nRCPT TO:<b@y>\r\nBDAT 4\r\nabcdBDAT 1 LAST\r\nxRSET\r\n"),
            "250 ok\r\n250 ok\r\n452 full\r\n452 full\r\n250 2.0.0 forgotten\r\n");
  EXPECT_EQ(answers(envelope + "BDAT 1\r\naDATA\r\nRCPT TO:<c@y>\r\nMAIL FROM:<d@x>\r\n"),
            "250 ok\r\n250 ok\r\n250 2.0.0 1 bytes taken\r\n503 5.5.1 MAIL first\r\n503 5.5.1 MAIL first\r\n"
            "503 5.5.1 a message was begun already\r\n");
}

TEST(SmtpSession, KeepsTheOrder) {
  EXPECT_EQ(serve_every_way({}, "MAIL FROM:<a@x>\r\nNOOP\r\n").said,
            "220 localhost ready\r\n503 5.5.1 say who you are first\r\n250 2.0.0 here\r\n");
  EXPECT_EQ(answers("RCPT TO:<b@y>\r\n"), "503 5.5.1 MAIL first\r\n");
  EXPECT_EQ(answers("DATA\r\n"), "503 5.5.1 MAIL first\r\n");
  EXPECT_EQ(answers("MAIL FROM:<a@x>\r\nDATA\r\n"), "250 ok\r\n554 5.5.1 no valid recipients\r\n");
  EXPECT_EQ(answers("MAIL FROM:<a@x>\r\nMAIL FROM:<b@x>\r\n"),
            "250 ok\r\n503 5.5.1 a message was begun already\r\n");
  EXPECT_EQ(answers(envelope + "RSET\r\nDATA\r\n"),
            "250 ok\r\n250 ok\r\n250 2.0.0 forgotten\r\n503 5.5.1 MAIL first\r\n");
  EXPECT_EQ(answers("MAIL FROM:<no@x>\r\nRCPT TO:<b@y>\r\n"), "550 5.7.1 no\r\n503 5.5.1 MAIL first\r\n");
  EXPECT_EQ(answers(envelope + "EHLO again\r\nDATA\r\n").find("503 5.5.1 MAIL first\r\n"),
            answers(envelope + "EHLO again\r\n").size());
}

TEST(SmtpSession, AnswersWhatIsWrong) {
  EXPECT_EQ(
      answers(
          "WHAT\r\nMAIL FROM:a@x\r\nEXPN list\r\nLHLO me\r\nSTARTTLS\r\nAUTH PLAIN\r\nHELP\r\nVRFY b\r\n"),
      "500 5.5.2 unknown command\r\n501 5.5.4 a path begins with <\r\n502 5.5.1 no lists are shown\r\n"
      "500 5.5.2 this is SMTP: say EHLO\r\n503 5.5.1 no STARTTLS here\r\n503 5.5.1 no AUTH here\r\n"
      "214 2.0.0 RFC 5321\r\n252 maybe\r\n");
  EXPECT_EQ(answers("MAIL FROM:<a@x> X=1\r\nMAIL FROM:<\xc3\xb6@x>\r\nMAIL FROM:<a@x> REQUIRETLS\r\n"),
            "555 5.5.4 unknown parameter of MAIL\r\n553 5.6.7 SMTPUTF8 was not said\r\n530 5.7.0 REQUIRETLS "
            "without TLS\r\n");
  EXPECT_EQ(answers("MAIL FROM:<\xc3\xb6@x> SMTPUTF8\r\nRCPT TO:<\xc3\xb6@y>\r\n"), "250 ok\r\n250 ok\r\n");
  session_options bare;
  bare.smtputf8 = bare.eight_bit_mime = bare.dsn = bare.chunking = bare.pipelining = false;
  EXPECT_EQ(serve_every_way(bare, hello + "MAIL FROM:<a@x> SMTPUTF8\r\nMAIL FROM:<a@x> BODY=8BITMIME\r\n"
                                          "MAIL FROM:<a@x> RET=FULL\r\nMAIL FROM:<a@x>\r\nBDAT 1\r\n")
                .said,
            "220 localhost ready\r\n250-localhost\r\n250-SIZE 33554432\r\n250 ENHANCEDSTATUSCODES\r\n"
            "555 5.5.4 a parameter that was not offered\r\n555 5.5.4 a parameter that was not offered\r\n"
            "555 5.5.4 a parameter that was not offered\r\n250 ok\r\n502 5.5.1 CHUNKING was not offered\r\n");
}

TEST(SmtpSession, KeepsToItsLimits) {
  session_options small;
  small.max_size = 10;
  small.max_recipients = 1;
  small.max_messages = 1;
  small.max_errors = 2;
  told events;
  const std::string size10 = "1234567\n\r\n";
  EXPECT_EQ(
      answers(
          "MAIL FROM:<a@x> SIZE=11\r\nMAIL FROM:<a@x> SIZE=10\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"
          "12345678\r\n.\r\nMAIL FROM:<a@x>\r\n",
          small, &events),
      "552 5.3.4 the message is too large\r\n250 ok\r\n250 ok\r\n452 4.5.3 too many recipients\r\n354 go\r\n"
      "250 taken\r\n452 4.5.3 enough messages for one session\r\n");
  EXPECT_EQ(events.back(), "message 12345678\r\n");
  EXPECT_EQ(answers(envelope + "DATA\r\n123456789\r\nmore\r\n.\r\nNOOP\r\n", small, &events),
            "250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 the message is too large\r\n250 2.0.0 here\r\n");
  EXPECT_EQ(events.back(), "discarded");
  EXPECT_EQ(answers(envelope + "BDAT 11 LAST\r\n12345678901NOOP\r\n", small, &events),
            "250 ok\r\n250 ok\r\n552 5.3.4 the message is too large\r\n250 2.0.0 here\r\n");
  EXPECT_EQ(events.back(), "discarded");
  EXPECT_EQ(answers("A\r\nB\r\nC\r\nNOOP\r\n", small, &events),
            "500 5.5.2 unknown command\r\n500 5.5.2 unknown command\r\n500 5.5.2 unknown command\r\n"
            "421 4.7.0 too many errors\r\n");
  EXPECT_EQ(events.back(), "closed");
  small.max_line = 20;
  const std::string longest = "NOOP " + std::string(15, 'x') + "\r\n";
  EXPECT_EQ(answers(longest, small), "250 2.0.0 here\r\n");
  EXPECT_EQ(answers("x" + longest, small, &events),
            "500 5.5.2 line longer than 20 bytes\r\n421 4.7.0 closing: where commands end is not certain any "
            "more\r\n");
  EXPECT_EQ(events.back(), "closed");
}

TEST(SmtpSession, IsNotSmuggledInto) {
  told events;
  // A command line that ends otherwise than with CRLF ends the session.
  EXPECT_TRUE(answers("NOOP\nMAIL FROM:<a@x>\r\n", {}, &events)
                  .starts_with("500 5.5.2 LF without CR in a line\r\n421 "));
  EXPECT_EQ(events.back(), "closed");
  EXPECT_TRUE(answers("NOOP\rMAIL FROM:<a@x>\r\n", {}, &events)
                  .starts_with("500 5.5.2 CR without LF in a line\r\n421 "));
  // An end of the message that is none for us: the message is refused, and nothing in it is a command.
  for (const char* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r"}) {
    EXPECT_EQ(answers(envelope + "DATA\r\ntext" + end + "MAIL FROM:<evil@x>\r\n.\r\n", {}, &events),
              "250 ok\r\n250 ok\r\n354 go\r\n554 5.6.0 CR or LF alone in the message\r\n")
        << ::testing::PrintToString(std::string(end));
    EXPECT_EQ(events.back(), "discarded");
    session_options lenient;
    lenient.accept_bare_line_ends_dangerous = true;
    answers(envelope + "DATA\r\ntext" + end + "MAIL FROM:<evil@x>\r\n.\r\n", lenient, &events);
    EXPECT_TRUE(events.back().ends_with("MAIL FROM:<evil@x>\r\n")) << "it was taken for a command";
  }
}

TEST(SmtpSession, SpeaksLmtp) {
  session_options lmtp;
  lmtp.protocol = dialect::lmtp;
  const outcome all =
      serve_every_way(lmtp, "EHLO me\r\nLHLO me\r\n" + envelope + "RCPT TO:<c@y>\r\nDATA\r\nm\r\n.\r\n" +
                                envelope + "RCPT TO:<c@y>\r\nDATA\r\nm\n\r\n.\r\n");
  EXPECT_NE(all.said.find("500 5.5.2 this is LMTP: say LHLO\r\n"), std::string::npos);
  EXPECT_TRUE(all.said.ends_with(
      "354 go\r\n250 taken\r\n452 over quota\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"
      "554 5.6.0 CR or LF alone in the message\r\n554 5.6.0 CR or LF alone in the message\r\n"));
}

TEST(SmtpSession, ForgetsWhatWasSaidBeforeTls) {
  session_options options;
  options.starttls = options.require_starttls = true;
  told events;
  const std::string said =
      serve_every_way(options, hello + "MAIL FROM:<a@x>\r\nSTARTTLS\r\nMAIL FROM:<a@x>\r\n" + hello +
                                   "MAIL FROM:<a@x>\r\nSTARTTLS\r\n")
          .said;
  EXPECT_NE(said.find("250 STARTTLS\r\n"), std::string::npos);
  EXPECT_NE(
      said.find("530 5.7.0 STARTTLS first\r\n220 go\r\n503 5.5.1 say who you are first\r\n250-localhost\r\n"),
      std::string::npos);
  EXPECT_TRUE(said.ends_with("250 REQUIRETLS\r\n250 ok\r\n503 5.5.1 no STARTTLS here\r\n"));
}

TEST(SmtpSession, AsksForCredentials) {
  session_options options;
  options.auth = "PLAIN SCRAM-SHA-256";
  options.require_auth = true;
  EXPECT_EQ(answers("AUTH PLAIN AGEAYg==\r\n", options), "503 5.5.1 no AUTH here\r\n") << "without TLS";
  options.auth_needs_tls = false;
  told events;
  const std::string said =
      serve_every_way(
          options,
          hello +
              "MAIL FROM:<a@x>\r\nAUTH LOGIN\r\nAUTH SCRAM-SHA-256\r\n*\r\nAUTH PLAIN\r\nAGEAYg==\r\n"
              "AUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@x>\r\n")
          .said;
  EXPECT_TRUE(said.ends_with(
      "250 AUTH PLAIN SCRAM-SHA-256\r\n530 5.7.0 AUTH first\r\n504 5.5.4 unknown mechanism\r\n334 \r\n"
      "501 as you like\r\n334 \r\n235 welcome\r\n503 5.5.1 not now\r\n250 ok\r\n"))
      << said;
}

}  // namespace
}  // namespace tidewire::smtp
