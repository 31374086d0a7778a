#include <tidewire/imap/described_message.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire::imap {
namespace {

// The example of RFC 3501 section 8, with the header of its message.
constexpr std::string_view tides =
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    "From: Terry Gray <gray@cac.washington.edu>\r\n"
    "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
    "To: imap@cac.washington.edu\r\n"
    "Cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
    "\r\n"
    "one\r\ntwo\r\n";

// A text, a message with two parts, and a file.
constexpr std::string_view nested =
    "Subject: =?utf-8?Q?caf=C3=A9?=\r\n"
    "From: =?utf-8?Q?Ad=C3=A4?= <a@x>, friends: b@y, c@z;\r\n"
    "Content-Type: multipart/mixed; boundary=out\r\n"
    "\r\n"
    "--out\r\n\r\nfirst\r\n"
    "--out\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    "--in\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
    "--in\r\nContent-Type: text/html\r\n\r\n<p>\r\n"
    "--in--\r\n\r\n"
    "--out\r\nContent-Type: application/pdf; name*=utf-8''%C3%A4.pdf\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment\r\nContent-ID: <id@x>\r\n\r\naGVsbG8=\r\n"
    "--out--\r\n";

std::string envelope_of(std::string_view message) {
  const auto parsed = mime::parse(message);
  std::string wire;
  append_envelope(wire, parsed.root());
  return wire;
}

std::string structure_of(std::string_view message, bool extended) {
  const auto parsed = mime::parse(message);
  std::string wire;
  append_body_structure(wire, parsed.root(), extended);
  return wire;
}

std::string bytes_of(std::string_view message, const section& what) {
  const auto parsed = mime::parse(message);
  return section_bytes(parsed.root(), what).value_or("(none)");
}

TEST(ImapDescribedMessage, TellsTheEnvelope) {
  EXPECT_EQ(envelope_of(tides),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((NIL NIL \"imap\" \"cac.washington.edu\")) "
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
            "NIL NIL \"<B27397-0100000@cac.washington.edu>\")");
  EXPECT_EQ(envelope_of("\r\n"), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(ImapDescribedMessage, TellsOfNamesAndGroups) {
  const std::string wire = envelope_of(nested);
  EXPECT_NE(wire.find("\"=?utf-8?Q?caf=C3=A9?=\""), std::string::npos) << wire;
  EXPECT_NE(wire.find("((\"=?utf-8?B?QWTDpA==?=\" NIL \"a\" \"x\")(NIL NIL \"friends\" NIL)"
                      "(NIL NIL \"b\" \"y\")(NIL NIL \"c\" \"z\")(NIL NIL NIL NIL))"),
            std::string::npos)
      << wire;
  EXPECT_TRUE(parse_tokens(wire));
}

TEST(ImapDescribedMessage, TellsTheStructure) {
  EXPECT_EQ(structure_of(tides, false),
            "(\"text\" \"plain\" (\"charset\" \"US-ASCII\") NIL NIL \"7bit\" 10 2)");
  EXPECT_EQ(structure_of(tides, true),
            "(\"text\" \"plain\" (\"charset\" \"US-ASCII\") NIL NIL \"7bit\" 10 2 NIL NIL NIL NIL)");
  const std::string wire = structure_of(nested, true);
  EXPECT_TRUE(parse_tokens(wire)) << wire;
  EXPECT_TRUE(
      wire.starts_with("((\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 0 NIL NIL NIL NIL)"
                       "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" "))
      << wire;
  EXPECT_NE(wire.find("\"alternative\" (\"boundary\" \"in\") NIL NIL NIL)"), std::string::npos) << wire;
  EXPECT_TRUE(
      wire.ends_with("(\"application\" \"pdf\" (\"name*\" \"utf-8''%C3%A4.pdf\") \"<id@x>\" NIL "
                     "\"base64\" 8 NIL (\"attachment\" NIL) NIL NIL) \"mixed\" (\"boundary\" \"out\") "
                     "NIL NIL NIL)"))
      << wire;
}

TEST(ImapDescribedMessage, TellsOfAMessageThatCannotBeLookedIntoAsBytes) {
  EXPECT_EQ(
      structure_of(
          "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeAoK", false),
      "(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" 16)");
  constexpr std::string_view empty = "Content-Type: multipart/mixed; boundary=b\r\n\r\nno part\r\n";
  EXPECT_EQ(structure_of(empty, false),
            "(\"application\" \"octet-stream\" (\"boundary\" \"b\") NIL NIL \"7bit\" 9)");
  EXPECT_EQ(bytes_of(empty, section("1")), "no part\r\n");
}

TEST(ImapDescribedMessage, GivesTheBytesOfSections) {
  EXPECT_EQ(bytes_of(tides, section::whole()), tides);
  EXPECT_EQ(bytes_of(tides, section::text()), "one\r\ntwo\r\n");
  EXPECT_EQ(bytes_of(tides, section("1")), "one\r\ntwo\r\n");
  EXPECT_EQ(bytes_of(tides, section("2")), "(none)");
  EXPECT_EQ(bytes_of(tides, section("1.1")), "(none)");
  EXPECT_EQ(bytes_of(tides, section::header()), tides.substr(0, tides.size() - 10));
  EXPECT_EQ(bytes_of(tides, section::header_fields({"to", "SUBJECT"})),
            "Subject: IMAP4rev2 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n\r\n");
  EXPECT_EQ(
      bytes_of(tides, section::header_fields_not({"date", "from", "subject", "to", "cc", "message-id"})),
      "MIME-Version: 1.0\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n");
  EXPECT_EQ(bytes_of(tides, section::header_fields({"none"})), "\r\n");
}

TEST(ImapDescribedMessage, FindsPartsOfMessagesInMessages) {
  EXPECT_EQ(bytes_of(nested, section("1")), "first");
  EXPECT_EQ(bytes_of(nested, section("2.1")), "plain");
  EXPECT_EQ(bytes_of(nested, section("2.2")), "<p>");
  EXPECT_EQ(bytes_of(nested, section::mime("2.2")), "Content-Type: text/html\r\n\r\n");
  EXPECT_EQ(bytes_of(nested, section::header("2")),
            "Subject: inner\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n");
  EXPECT_TRUE(bytes_of(nested, section::text("2")).starts_with("--in\r\n"));
  EXPECT_TRUE(bytes_of(nested, section("2")).starts_with("Subject: inner\r\n"));
  EXPECT_EQ(bytes_of(nested, section("3")), "aGVsbG8=");
  EXPECT_EQ(bytes_of(nested, section::binary("3")), "hello");
  EXPECT_EQ(bytes_of(nested, section::header("3")), "(none)") << "it is no message";
  EXPECT_EQ(bytes_of(nested, section::mime("")), "(none)");
  for (const char* missing : {"4", "0", "2.3", "1.1", "2.1.1"}) {
    EXPECT_EQ(bytes_of(nested, section(missing)), "(none)") << missing;
  }
}

}  // namespace
}  // namespace tidewire::imap
