#include <tidewire/mime/header.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/conformance.hpp"
#include "support/exact.hpp"
#include "support/json.hpp"

namespace tidewire::mime {
namespace {

std::string text_of(std::string_view raw) {
  const testing::exact_block copy(raw);
  return decode_unstructured(copy.text());
}

TEST(MimeHeader, UnfoldsByTakingOutLineBreaksAlone) {
  EXPECT_EQ(unfold(" a\r\n b\r\n\tc\r\n"), "a b\tc");
  EXPECT_EQ(unfold("a\n  b"), "a  b");
  EXPECT_EQ(unfold(" \r\n \r\n"), "");
}

TEST(MimeHeader, DecodesTheEncodedWordsOfRfc2047) {
  // Section 8.
  EXPECT_EQ(text_of("(=?ISO-8859-1?Q?a?= b)"), "(a b)");
  EXPECT_EQ(text_of("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)"), "(ab)");
  EXPECT_EQ(text_of("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)"), "(ab)");
  EXPECT_EQ(text_of("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)"), "(ab)");
  EXPECT_EQ(text_of("=?ISO-8859-1?Q?a_b?="), "a b");
  EXPECT_EQ(text_of("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
  EXPECT_EQ(text_of("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
                    " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
            "If you can read this you understand the example.");
  EXPECT_EQ(text_of("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore");
}

TEST(MimeHeader, JoinsACharacterThatWasCutBetweenTwoWords) {
  EXPECT_EQ(text_of("=?utf-8?q?=C3?= =?utf-8?q?=A9?="), "\xC3\xA9");
  EXPECT_EQ(text_of("=?utf-8?b?4oI=?= =?UTF-8?b?rA==?="), "\xE2\x82\xAC");
  // But not across charsets.
  EXPECT_EQ(text_of("=?utf-8?q?=C3?= =?iso-8859-1?q?=A9?="), "\xEF\xBF\xBD\xC2\xA9");
}

TEST(MimeHeader, ReadsEncodedWordsAsTheyWereMeant) {
  EXPECT_EQ(text_of("x=?utf-8?q?a?=y"), "xay");
  EXPECT_EQ(text_of("=?utf-8?Q?Hello there?="), "Hello there");
  EXPECT_EQ(text_of("=?utf-8?Q?why=3F?="), "why?");
  EXPECT_EQ(text_of("=?utf-8?Q?"
                    "?=3D?="),
            "?=");
  EXPECT_EQ(text_of("=?x-unknown?q?=C3=A9?="), "\xC3\xA9");
  EXPECT_EQ(text_of("=?utf-7?q?+ImIDkQ-?="), "\xE2\x89\xA2\xCE\x91");
}

TEST(MimeHeader, LeavesWhatIsNoEncodedWord) {
  for (const char* text : {"=?", "=?utf-8?", "=?utf-8?q", "=?utf-8?q?", "=?utf-8?q?x",
                           "=?utf-8?x?y?=", "=??q?x?=", "=? utf-8?q?x?=", "a =?= b", "?=", "=?utf-8?q?x?"})
    EXPECT_EQ(text_of(text), text);
}

TEST(MimeHeader, KeepsRawUtf8AndGuessesOtherBytes) {
  EXPECT_EQ(text_of("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(text_of("caf\xE9"), "caf\xC3\xA9");
}

TEST(MimeHeader, TakesTimeInProportionToAFieldOfBeginnings) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "=?a?q?";
  EXPECT_EQ(decode_unstructured(text).substr(0, 6), "=?a?q?");
}

TEST(MimeHeader, ReadsMessageIds) {
  using ids = std::vector<std::string>;
  EXPECT_EQ(parse_message_ids(" <a@b> (comment)\r\n <c@d>"), (ids{"a@b", "c@d"}));
  EXPECT_EQ(parse_message_ids("<a@b><c@d>,<e@f>"), (ids{"a@b", "c@d", "e@f"}));
  EXPECT_EQ(parse_message_ids("<a b\r\n @c>"), (ids{"ab@c"}));
  EXPECT_EQ(parse_message_ids("bare@id and"), (ids{"bare@id", "and"}));
  EXPECT_EQ(parse_message_ids("<unclosed@id"), (ids{"unclosed@id"}));
  EXPECT_EQ(parse_message_ids("<\"q uoted\"@x>"), (ids{"\"q uoted\"@x"}));
  EXPECT_EQ(parse_message_ids("> , >>"), ids{});
  EXPECT_EQ(parse_message_ids("<a> <b> <c>", 2), (ids{"a", "b"}));
}

TEST(MimeHeader, AgreesWithTheUnstructuredFieldsOfMailParser) {
  TIDEWIRE_NEEDS_CONFORMANCE("mail-parser/unstructured.json");
  // Where it joins lines by one space and drops the white space around a word without any, RFC 5322
  // section 2.2.3 says: "Unfolding is accomplished by simply removing any CRLF that is immediately followed
  // by WSP."
  const std::map<std::string, std::string> differences = {
      {"Fwd: Saying Hello", "Fwd: \tSaying  Hello"},
      {"from x.y.test by example.net via TCP with ESMTP id ABC12345 for <mary@example.net>;  21 Nov 1997 "
       "10:05:43 "
       "-0600",
       "from x.y.test      by example.net      via TCP      with ESMTP      id ABC12345      for "
       "<mary@example.net>;  21 Nov 1997 10:05:43 -0600"},
      {"Some text  here", "Some text here"},
      {"[SUSPECTED SPAM] This is the original subject", "[SUSPECTED SPAM]This is the original subject"},
      {"Hello there!", ""},
  };
  std::size_t differ = 0;
  const testing::json suite = testing::read_json(testing::conformance_path("mail-parser/unstructured.json"));
  for (const testing::json& each : suite.items()) {
    const std::string& raw = each["header"].string();
    const std::string& wanted = each["expected"].string();
    const std::string found = text_of(raw);
    const auto other = differences.find(wanted);
    if (other == differences.end()) {
      EXPECT_EQ(found, wanted) << raw;
      continue;
    }
    ++differ;
    // An encoded word that was folded: its line break goes, its white space stays.
    if (wanted == "Hello there!") {
      EXPECT_TRUE(found.starts_with("Hello") && found.ends_with(" there!")) << found;
    } else {
      EXPECT_EQ(found, other->second) << raw;
    }
  }
  EXPECT_EQ(differ, 6U);
  EXPECT_EQ(suite.items().size(), 15U);
}

}  // namespace
}  // namespace tidewire::mime
