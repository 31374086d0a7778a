#include <tidewire/imap/fetch.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::read_one;

message_data fetched(std::string_view items) {
  return read_one<message_data>("* 12 FETCH (" + std::string(items) + ")\r\n");
}

// "FLAGS ENVELOPE"
std::string words(const std::vector<token>& tokens) {
  std::string out;
  for (const token& one : tokens) out += (out.empty() ? "" : " ") + one.to_string();
  return out;
}

TEST(FetchRequest, NamesItems) {
  EXPECT_EQ(words(fetch_request().flags().uid().envelope().body_structure().internal_date().size().items()),
            "FLAGS UID ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE");
  EXPECT_EQ(words(fetch_request().preview().items()), "PREVIEW");
  EXPECT_EQ(words(fetch_request().preview(true).items()), "PREVIEW (LAZY)");
  EXPECT_EQ(words(fetch_request().binary_size("1.2").body(section::binary("1.2")).items()),
            "BINARY.SIZE[1.2] BINARY.PEEK[1.2]");
  EXPECT_EQ(words(fetch_request().changed_since(17, true).partial(-1, -30).modifiers()),
            "CHANGEDSINCE 17 VANISHED PARTIAL -1:-30");
}

TEST(FetchRequest, DoesNotSetSeenUnlessAsked) {
  EXPECT_EQ(words(fetch_request().body(section::whole()).items()), "BODY.PEEK[]");
  EXPECT_EQ(words(fetch_request().body(section("1.2"), 100, 50).items()), "BODY.PEEK[1.2]<100.50>");
  EXPECT_EQ(words(fetch_request().body_and_set_seen(section::text()).items()), "BODY[TEXT]");
  EXPECT_EQ(words(fetch_request().body(section::header_fields({"Date", "List-Id"})).items()),
            "BODY.PEEK[HEADER.FIELDS (Date List-Id)]");
  EXPECT_EQ(words(fetch_request().body(*section::parse("RFC822.HEADER")).items()), "BODY.PEEK[HEADER]");
}

TEST(MessageData, HasItsItems) {
  const message_data data = fetched(
      "FLAGS (\\Seen $Work) UID 4827313 RFC822.SIZE 44827 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" MODSEQ "
      "(624140003) "
      "EMAILID (M6d99ac3275bb4e) THREADID NIL PREVIEW \"Tides\" SAVEDATE NIL BINARY.SIZE[1.2] 52 X-FOO (1 "
      "\"a\")");
  EXPECT_EQ(data.sequence, 12U);
  EXPECT_EQ(data.uid, 4827313U);
  EXPECT_EQ(data.size, 44827U);
  EXPECT_EQ(data.modseq, 624140003U);
  EXPECT_TRUE(data.flags->contains("$work"));
  EXPECT_EQ(date::format_imap(*data.internal_date), "17-Jul-1996 02:44:25 -0700");
  EXPECT_EQ(data.email_id, "M6d99ac3275bb4e");
  EXPECT_EQ(data.thread_id, "");
  EXPECT_EQ(data.preview, "Tides");
  EXPECT_FALSE(data.save_date);
  EXPECT_EQ(data.binary_sizes.at(0), (std::pair<std::string, std::uint64_t>("1.2", 52)));
  EXPECT_EQ(data.others.at(0).first, "X-FOO");
  EXPECT_FALSE(data.envelope);
}

TEST(MessageData, OfUidOnlyHasNoNumber) {
  const auto data = read_one<message_data>("* 25996 UIDFETCH (FLAGS (\\Seen))\r\n");
  EXPECT_EQ(data.sequence, 0U);
  EXPECT_EQ(data.uid, 25996U);
}

TEST(MessageData, TellsNilFromEmptyAndFromTheWordNil) {
  EXPECT_FALSE(fetched("BODY[1] NIL").sections.at(0).content);
  EXPECT_EQ(fetched("BODY[1] \"\"").sections.at(0).content, "");
  EXPECT_EQ(fetched("BODY[1] \"NIL\"").sections.at(0).content, "NIL");
  EXPECT_EQ(fetched("BODY[1] {3}\r\nNIL").sections.at(0).content, "NIL");
  EXPECT_FALSE(fetched("PREVIEW NIL").preview);
  EXPECT_EQ(fetched("PREVIEW \"NIL\"").preview, "NIL");
}

TEST(MessageData, HasSeveralSections) {
  const message_data data =
      fetched("BODY[HEADER.FIELDS (\"Date\" FROM)] {4}\r\na: b BODY[1]<5> {2}\r\nxy BODY[TEXT] \"quoted\"");
  EXPECT_EQ(data.body(section::header_fields({"date", "from"})), "a: b");
  EXPECT_EQ(data.find(section("1"))->origin, 5U);
  EXPECT_EQ(data.body(section::text()), "quoted");
  EXPECT_EQ(data.body(section("9")), "");
  EXPECT_EQ(data.find(section("9")), nullptr);
}

TEST(MessageData, OfGmailHasLabels) {
  const message_data data = fetched(
      "X-GM-THRID 1278455344230334865 X-GM-MSGID 18446744073709551615 X-GM-LABELS (\\Inbox \"\\\\Sent\" "
      "Important "
      "\"Muy Importante\" \"Gel&APY-scht\")");
  EXPECT_EQ(data.gmail_thread_id, 1278455344230334865U);
  EXPECT_EQ(data.gmail_message_id, 18446744073709551615U);
  EXPECT_EQ(*data.gmail_labels, (std::vector<std::string>{"\\Inbox", "\\Sent", "Important", "Muy Importante",
                                                          "Gel\xC3\xB6scht"}));
}

}  // namespace
}  // namespace tidewire::imap
