#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/command.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/exact.hpp"

namespace tidewire::smtp {
namespace {

using namespace std::string_literals;

command parse(std::string_view line) {
  // No cut of a line is read past its end.
  for (std::size_t i = 0; i < line.size(); ++i) {
    const testing::exact_block block(line.substr(0, i));
    (void)parse_command(block.text());
  }
  const testing::exact_block block(line);
  auto parsed = parse_command(block.text());
  EXPECT_TRUE(parsed) << line << ": " << (parsed ? "" : parsed.error().message());
  return parsed ? *parsed : command();
}

std::string why_not(std::string_view line) {
  const auto parsed = parse_command(line);
  EXPECT_FALSE(parsed) << line;
  if (parsed) return {};
  EXPECT_EQ(parsed.code(), errc::malformed_command);
  return std::string(parsed.error().detail());
}

address at(std::string_view text) {
  return address::parse(text).value();
}

TEST(SmtpCommand, VerbsAreReadInAnyCase) {
  EXPECT_EQ(parse("ehlo mx.example.org").what, verb::ehlo);
  EXPECT_EQ(parse("EHLO mx.example.org ").argument, "mx.example.org");
  EXPECT_EQ(parse("HELO x").what, verb::helo);
  EXPECT_EQ(parse("LHLO x").what, verb::lhlo);
  EXPECT_EQ(parse("Data").what, verb::data);
  EXPECT_EQ(parse("RSET ").what, verb::rset);
  EXPECT_EQ(parse("NOOP anything at all").what, verb::noop);
  EXPECT_EQ(parse("VRFY ada lovelace").argument, "ada lovelace");
  EXPECT_EQ(parse("STARTTLS").what, verb::starttls);
  EXPECT_EQ(parse("QUIT").what, verb::quit);
  EXPECT_EQ(parse("MAILFROM:<a@b>").what, verb::unknown);
  EXPECT_EQ(parse("MAILFROM:<a@b>").argument, "MAILFROM:<a@b>");
  EXPECT_EQ(parse("").what, verb::unknown);
}

TEST(SmtpCommand, MailHasAPathAndParameters) {
  const command plain = parse("MAIL FROM:<ada@example.org>");
  EXPECT_EQ(plain.what, verb::mail);
  EXPECT_EQ(plain.path.text(), "ada@example.org");
  EXPECT_FALSE(plain.mail.size);
  EXPECT_TRUE(parse("mail from: <>").path.empty());
  const command full = parse(
      "MAIL FROM:<ada@example.org> SIZE=12345 body=8bitmime SMTPUTF8 REQUIRETLS RET=HDRS ENVID=QQ+2B314 "
      "AUTH=a+40b "
      "MT-PRIORITY=4 XVERP");
  EXPECT_EQ(full.mail.size, 12345u);
  EXPECT_EQ(full.mail.body, body_type::eight_bit);
  EXPECT_TRUE(full.mail.smtputf8 && full.mail.require_tls);
  EXPECT_EQ(full.mail.returned, dsn_return::headers);
  EXPECT_EQ(full.mail.envelope_id, "QQ+314");
  EXPECT_EQ(full.mail.auth, "a@b");
  ASSERT_EQ(full.mail.others.size(), 2u);
  EXPECT_EQ(full.mail.others[0].keyword, "MT-PRIORITY");
  EXPECT_EQ(full.mail.others[0].value, "4");
  EXPECT_EQ(full.mail.others[1].value, "");
  EXPECT_EQ(parse("MAIL FROM:<a@b> AUTH=<>").mail.auth, "");
  EXPECT_EQ(parse("MAIL FROM:<a@b> BODY=BINARYMIME").mail.body, body_type::binary);
}

TEST(SmtpCommand, RcptHasAPathAndParameters) {
  const command full =
      parse("RCPT TO:<bob@example.org> NOTIFY=success,DELAY ORCPT=rfc822;Bob+40example.org X=1");
  EXPECT_EQ(full.path.text(), "bob@example.org");
  EXPECT_EQ(full.rcpt.notify, dsn_notify::success | dsn_notify::delay);
  EXPECT_EQ(full.rcpt.original_recipient, "rfc822;Bob@example.org");
  EXPECT_EQ(full.rcpt.others.size(), 1u);
  EXPECT_EQ(parse("RCPT TO:<postmaster>").path.local_part(), "postmaster");
}

TEST(SmtpCommand, BdatSaysHowMuchFollows) {
  EXPECT_EQ(parse("BDAT 86").chunk_size, 86u);
  EXPECT_FALSE(parse("BDAT 86").last_chunk);
  EXPECT_TRUE(parse("BDAT 0 last").last_chunk);
  EXPECT_EQ(parse("BDAT 18446744073709551615").chunk_size, ~std::uint64_t{0});
  for (const char* no :
       {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 2", "BDAT 1 LAST x", "BDAT 18446744073709551616"}) {
    why_not(no);
  }
}

TEST(SmtpCommand, AuthMayHaveAnInitialResponse) {
  EXPECT_EQ(parse("AUTH plain").argument, "PLAIN");
  EXPECT_FALSE(parse("AUTH PLAIN").initial_response);
  EXPECT_EQ(parse("AUTH PLAIN AHVzZXI=").initial_response, "AHVzZXI=");
  EXPECT_EQ(parse("AUTH EXTERNAL =").initial_response, "=");
  EXPECT_EQ(why_not("AUTH"), "AUTH without a mechanism");
  why_not("AUTH PLAIN a b");
}

TEST(SmtpCommand, BadOnesSayWhatIsWrong) {
  EXPECT_EQ(why_not("MAIL TO:<a@b>"), "neither FROM: nor TO: behind the command");
  EXPECT_EQ(why_not("MAIL FROM:a@b"), "a path begins with <");
  EXPECT_EQ(why_not("MAIL FROM:<a@b"), "a path ends with >");
  EXPECT_EQ(why_not("MAIL FROM:<a@b>SIZE=1"), "something directly behind a path");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> SIZE=x"), "SIZE is no number");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> SIZE="), "a parameter that is none");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> a=b=c"), "a parameter that is none");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> BODY=9BIT"), "BODY is none that is known");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> RET=ALL"), "RET is neither FULL nor HDRS");
  EXPECT_EQ(why_not("MAIL FROM:<a@b> ENVID=+4"), "ENVID is no xtext");
  EXPECT_EQ(why_not("RCPT TO:<>"), "RCPT with an empty path");
  EXPECT_EQ(why_not("RCPT TO:<a@b> NOTIFY=NEVER,DELAY"), "NOTIFY is none that is known");
  EXPECT_EQ(why_not("RCPT TO:<a@b> ORCPT=a"), "ORCPT is no address with a type");
  EXPECT_EQ(why_not("DATA now"), "an argument where none is allowed");
  EXPECT_EQ(why_not("EHLO"), "a greeting without a name");
  EXPECT_EQ(why_not("VRFY"), "nothing to look up");
  EXPECT_EQ(why_not("NOOP \x01"), "a control character in a command");
  EXPECT_EQ(why_not("NOOP \0"s), "a control character in a command");
  EXPECT_EQ(why_not("MAIL FROM:<a@b>\r"), "a control character in a command");
}

TEST(SmtpCommand, WhatIsWrittenIsReadAgain) {
  mail_parameters mail;
  mail.size = 99;
  mail.body = body_type::binary;
  mail.smtputf8 = true;
  mail.require_tls = true;
  mail.returned = dsn_return::full;
  mail.envelope_id = "a b+=\xc3\xb6\r\n";
  mail.auth = "";
  mail.others = {{"XVERP", ""}, {"MT-PRIORITY", "-2"}};
  std::string wire;
  ASSERT_TRUE(append_mail(wire, at("ada@example.org"), mail));
  EXPECT_EQ(wire,
            "MAIL FROM:<ada@example.org> SIZE=99 BODY=BINARYMIME SMTPUTF8 REQUIRETLS RET=FULL "
            "ENVID=a+20b+2B+3D+C3+B6+0D+0A AUTH=<> XVERP MT-PRIORITY=-2\r\n");
  const command read = parse(std::string_view(wire).substr(0, wire.size() - 2));
  EXPECT_EQ(read.mail.envelope_id, mail.envelope_id);
  EXPECT_EQ(read.mail.body, mail.body);
  EXPECT_EQ(read.mail.others.size(), 2u);

  wire.clear();
  rcpt_parameters rcpt;
  rcpt.notify = dsn_notify::failure | dsn_notify::success;
  rcpt.original_recipient = "rfc822;b b@c";
  ASSERT_TRUE(append_rcpt(wire, at("bob@example.org"), rcpt));
  EXPECT_EQ(wire, "RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+20b@c\r\n");
  wire.clear();
  ASSERT_TRUE(append_mail(wire, address(), {}));
  append_bdat(wire, 12, false);
  append_bdat(wire, 0, true);
  EXPECT_EQ(wire, "MAIL FROM:<>\r\nBDAT 12\r\nBDAT 0 LAST\r\n");
}

TEST(SmtpCommand, NothingThatEndsALineIsWritten) {
  std::string wire = "before";
  for (const std::string& bad : {"a\r\nRCPT TO:<x@y>"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x7f"s, "\x1b[2J"s}) {
    EXPECT_EQ(append_line(wire, bad).code(), condition::misuse);
    EXPECT_EQ(append_hello(wire, verb::ehlo, bad).code(), condition::misuse);
    mail_parameters mail;
    mail.others = {{"X", bad}};
    EXPECT_EQ(append_mail(wire, at("a@b"), mail).code(), condition::misuse);
    rcpt_parameters rcpt;
    rcpt.others = {{bad, ""}};
    EXPECT_EQ(append_rcpt(wire, at("a@b"), rcpt).code(), condition::misuse);
    rcpt.others.clear();
    rcpt.original_recipient = bad;
    std::string encoded;
    ASSERT_TRUE(append_rcpt(encoded, at("a@b"), rcpt));
    EXPECT_EQ(encoded.find_first_of("\r\n\0"s), encoded.size() - 2);
  }
  EXPECT_EQ(wire, "before");
  ASSERT_TRUE(append_line(wire, "VRFY ada"));
  ASSERT_TRUE(append_hello(wire, verb::lhlo, "[192.0.2.1]"));
  EXPECT_EQ(wire, "beforeVRFY ada\r\nLHLO [192.0.2.1]\r\n");
}

TEST(SmtpXtext, IsDecodedOnlyIfItIsOne) {
  EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
  EXPECT_EQ(xtext_decode("a+2Bb+3Dc+20d"), "a+b=c d");
  for (const char* no : {"+", "+4", "+2b", "+XY", "a b", "a=b", "\xc3\xb6"})
    EXPECT_FALSE(xtext_decode(no)) << no;
}

}  // namespace
}  // namespace tidewire::smtp
