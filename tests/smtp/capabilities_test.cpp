#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/capabilities.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire::smtp {
namespace {

using strings = std::vector<std::string>;

capabilities of(std::string_view text) {
  return capabilities::parse(reply{250, {}, std::string(text)});
}

TEST(SmtpCapabilities, AreTyped) {
  const capabilities c =
      of("mx.example.org at your service\nPIPELINING\nSIZE 36700160\nSTARTTLS\nAUTH PLAIN "
         "scram-sha-256\n8BITMIME\nDSN\n"
         "ENHANCEDSTATUSCODES\nCHUNKING\nBINARYMIME\nSMTPUTF8\nREQUIRETLS\nLIMITS MAILMAX=5 RCPTMAX=100");
  EXPECT_EQ(c.domain, "mx.example.org");
  EXPECT_TRUE(c.pipelining && c.starttls && c.eight_bit_mime && c.dsn && c.enhanced_status_codes &&
              c.chunking && c.binary_mime && c.smtputf8 && c.require_tls && c.size_declared);
  EXPECT_EQ(c.max_size, 36700160u);
  EXPECT_EQ(c.auth, (strings{"PLAIN", "SCRAM-SHA-256"}));
  EXPECT_EQ(c.max_messages, 5u);
  EXPECT_EQ(c.max_recipients, 100u);
  EXPECT_EQ(c.all.size(), 12u);
}

TEST(SmtpCapabilities, OfAServerThatSaysNothingAreNone) {
  for (const capabilities& c : {capabilities(), of("mx.example.org"), of("")}) {
    EXPECT_FALSE(c.pipelining || c.starttls || c.eight_bit_mime || c.smtputf8 || c.size_declared || c.dsn);
    EXPECT_TRUE(c.auth.empty() && c.all.empty());
  }
}

TEST(SmtpCapabilities, KeepWhatIsNotKnown) {
  const capabilities c = of("mx\nX-EXPS GSSAPI NTLM\nvrfy");
  ASSERT_NE(c.find("x-exps"), nullptr);
  EXPECT_EQ(c.find("x-exps")->parameters, (strings{"GSSAPI", "NTLM"}));
  EXPECT_NE(c.find("VRFY"), nullptr);
  EXPECT_EQ(c.find("HELP"), nullptr);
}

TEST(SmtpCapabilities, UnderstandSloppyServers) {
  const capabilities c = of("mx\n  pipelining\t\nAUTH=LOGIN PLAIN\nAuth PLAIN CRAM-MD5\n\nSIZE\n =odd");
  EXPECT_TRUE(c.pipelining);
  EXPECT_EQ(c.auth, (strings{"LOGIN", "PLAIN", "CRAM-MD5"}));
  EXPECT_TRUE(c.offers_auth("plain"));
  EXPECT_FALSE(c.offers_auth("XOAUTH2"));
  EXPECT_TRUE(c.size_declared);
  EXPECT_EQ(c.max_size, 0u);
  EXPECT_EQ(of("mx\nSIZE many").max_size, 0u);
  EXPECT_EQ(of("mx\nSIZE 99999999999999999999").max_size, 0u);
}

TEST(SmtpCapabilities, OfRecordedServersAreRead) {
  TIDEWIRE_NEEDS_CONFORMANCE("mailkit-smtp");
  const auto recorded = [](const char* name) {
    std::string wire;
    for (const char c : testing::read_file(testing::conformance_path("mailkit-smtp") / name)) {
      if (c == '\n') wire += '\r';
      wire += c;
    }
    reply_parser parser;
    EXPECT_TRUE(parser.feed(as_bytes(wire)));
    EXPECT_TRUE(parser.complete());
    return capabilities::parse(parser.take());
  };
  const capabilities plain = recorded("comcast-ehlo.txt");
  EXPECT_EQ(plain.domain, "omta06.westchester.pa.mail.comcast.net");
  EXPECT_EQ(plain.max_size, 36700160u);
  EXPECT_EQ(plain.auth, (strings{"LOGIN", "PLAIN"}));
  EXPECT_TRUE(plain.enhanced_status_codes && plain.eight_bit_mime && plain.starttls);
  EXPECT_FALSE(plain.pipelining || plain.chunking || plain.binary_mime || plain.dsn || plain.smtputf8);
  EXPECT_TRUE(recorded("comcast-ehlo+pipelining.txt").pipelining);
  EXPECT_TRUE(recorded("comcast-ehlo+binarymime.txt").binary_mime);
  EXPECT_TRUE(recorded("comcast-ehlo+binarymime.txt").chunking);
  EXPECT_TRUE(recorded("comcast-ehlo+dsn.txt").dsn);
  EXPECT_TRUE(recorded("comcast-ehlo+requiretls.txt").require_tls);
  EXPECT_TRUE(recorded("comcast-ehlo+smtputf8.txt").smtputf8);
  EXPECT_TRUE(recorded("comcast-ehlo+digest-md5.txt").offers_auth("DIGEST-MD5"));
  EXPECT_NE(recorded("comcast-ehlo+x-exps.txt").find("X-EXPS"), nullptr);
}

}  // namespace
}  // namespace tidewire::smtp
