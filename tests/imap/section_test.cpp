#include <tidewire/imap/section.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace tidewire::imap {
namespace {

TEST(Section, IsWrittenAsItIsRead) {
  for (const std::string_view name :
       {"BODY[]", "BODY[1]", "BODY[1.2.3]", "BODY[HEADER]", "BODY[1.HEADER]", "BODY[TEXT]", "BODY[4.1.MIME]",
        "BODY[HEADER.FIELDS (Date From)]", "BODY[3.HEADER.FIELDS.NOT (X-Y)]", "BINARY[2]", "RFC822",
        "RFC822.HEADER", "RFC822.TEXT"}) {
    const auto found = section::parse(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->to_string(), name);
  }
  EXPECT_EQ(section::parse("body.peek[1.text]")->to_string(), "BODY[1.TEXT]");
}

TEST(Section, RefusesWhatIsNone) {
  for (const std::string_view name :
       {"", "BODY", "BODY[", "BODY[1", "BODY[FOO]", "FOO[1]", "BODY[1.]x", "ENVELOPE",
        "BODY[HEADER.FIELDS (a]", "BODY[TEXT 1]", "BODY[HEADER.FIELDS ((a))]"}) {
    EXPECT_FALSE(section::parse(name)) << name;
  }
}

TEST(Section, NamesTheSameBytesInSeveralWays) {
  EXPECT_EQ(*section::parse("RFC822"), section::whole());
  EXPECT_EQ(*section::parse("RFC822.HEADER"), section::header());
  EXPECT_EQ(section::header_fields({"DATE"}), section::header_fields({"date"}));
  EXPECT_NE(section::header_fields({"date"}), section::header_fields_not({"date"}));
  EXPECT_NE(section::binary("1"), section("1"));
  EXPECT_NE(section::header_fields({"a"}), section::header_fields({"a", "b"}));
}

TEST(Section, QuotesFieldsThatAreNoAtoms) {
  EXPECT_EQ(section::header_fields({"a b", ")] x"}).to_string(), "BODY[HEADER.FIELDS (\"a b\" \")] x\")]");
}

}  // namespace
}  // namespace tidewire::imap
