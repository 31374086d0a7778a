#include <tidewire/imap/envelope.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::read_one;

envelope read(std::string_view text) {
  const auto data = read_one<message_data>("* 1 FETCH (ENVELOPE " + std::string(text) + ")\r\n");
  EXPECT_TRUE(data.envelope);
  return data.envelope.value_or(envelope());
}

std::vector<mime::address_entry> one(std::string name, std::string address) {
  return {mime::mailbox{std::move(name), std::move(address)}};
}

TEST(Envelope, IsThatOfTheRfc) {
  const envelope found = read(
      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" "
      "\"cac.washington.edu\")) "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) "
      "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
      "\"<B27397-0100000@cac.washington.edu>\")");
  EXPECT_EQ(date::format_rfc5322(found.date.value()), "Wed, 17 Jul 1996 02:23:25 -0700");
  EXPECT_EQ(found.subject, "IMAP4rev1 WG mtg summary and minutes");
  EXPECT_EQ(found.from, one("Terry Gray", "gray@cac.washington.edu"));
  EXPECT_EQ(found.to, one("", "imap@cac.washington.edu"));
  EXPECT_EQ(found.cc.size(), 2U);
  EXPECT_TRUE(found.bcc.empty());
  EXPECT_EQ(found.in_reply_to, "");
  EXPECT_EQ(found.message_id, "<B27397-0100000@cac.washington.edu>");
}

TEST(Envelope, DecodesItsTexts) {
  const envelope found = read(
      "(NIL {24}\r\n=?utf-8?Q?T=C3=A4glich?= ((\"=?iso-8859-1?Q?J=F6rg?= (x)\" NIL \"j\" \"x.org\")) NIL NIL "
      "NIL NIL NIL NIL NIL)");
  EXPECT_EQ(found.subject, "T\xC3\xA4glich");
  EXPECT_EQ(found.from, one("J\xC3\xB6rg (x)", "j@x.org"));
  EXPECT_FALSE(found.date);
  EXPECT_EQ(read("(\"yesterday\" NIL NIL NIL NIL NIL NIL NIL NIL NIL)").date_text, "yesterday");
}

TEST(Envelope, QuotesALocalPartThatNeedsIt) {
  EXPECT_EQ(read("(NIL NIL ((NIL NIL \"a b\" \"x.org\")) NIL NIL NIL NIL NIL NIL NIL)").from,
            one("", "\"a b\"@x.org"));
  EXPECT_EQ(read("(NIL NIL ((NIL NIL \"ada.l+x\" \"x.org\")) NIL NIL NIL NIL NIL NIL NIL)").from,
            one("", "ada.l+x@x.org"));
}

TEST(Envelope, HasGroups) {
  const envelope found = read(
      "(NIL NIL NIL NIL NIL ((NIL NIL \"boys\" NIL)(NIL NIL \"aaron\" \"x\")(NIL NIL NIL NIL)(NIL NIL \"z\" "
      "\"y\")"
      "(NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL)");
  ASSERT_EQ(found.to.size(), 3U);
  EXPECT_EQ(std::get<mime::group>(found.to[0]), (mime::group{"boys", {{"", "aaron@x"}}}));
  EXPECT_EQ(std::get<mime::mailbox>(found.to[1]).address, "z@y");
  EXPECT_TRUE(std::get<mime::group>(found.to[2]).members.empty());
}

}  // namespace
}  // namespace tidewire::imap
