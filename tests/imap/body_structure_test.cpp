#include <tidewire/imap/body_structure.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::read_one;

body_part read(std::string_view text) {
  const auto data = read_one<message_data>("* 1 FETCH (BODYSTRUCTURE " + std::string(text) + ")\r\n");
  EXPECT_TRUE(data.structure);
  return data.structure.value_or(body_part());
}

std::vector<std::string> sections(const body_part& root) {
  std::vector<std::string> out;
  for (const body_part* leaf : root.leaves()) out.push_back(leaf->section + ' ' + leaf->type.essence());
  return out;
}

constexpr std::string_view plain = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"7BIT\" 2279 48)";

TEST(BodyStructure, OfOnePartIsALeaf) {
  const body_part part = read(
      "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"name\" \"cc.diff\") \"<960723163407@x>\" \"Compiler "
      "diff\" "
      "\"BASE64\" 4554 73 \"Q2hlY2s=\" (\"attachment\" (\"filename\" \"cc 1.diff\")) (\"en\" \"de\") "
      "\"http://x/\" 7 (\"a\"))");
  EXPECT_EQ(part.section, "1");
  EXPECT_EQ(part.type.essence(), "text/plain");
  EXPECT_EQ(part.type.charset(), "US-ASCII");
  EXPECT_EQ(part.id, "<960723163407@x>");
  EXPECT_EQ(part.description, "Compiler diff");
  EXPECT_EQ(part.encoding, "base64");
  EXPECT_EQ(part.transfer_encoding(), mime::transfer_encoding::base64);
  EXPECT_EQ(part.size, 4554U);
  EXPECT_EQ(part.lines, 73U);
  EXPECT_EQ(part.md5, "Q2hlY2s=");
  EXPECT_TRUE(part.is_attachment());
  EXPECT_EQ(part.filename(), "cc 1.diff");
  EXPECT_EQ(part.languages, (std::vector<std::string>{"en", "de"}));
  EXPECT_EQ(part.location, "http://x/");
  EXPECT_EQ(part.extensions, (std::vector<token>{token::number(7), token::list({token::string("a")})}));
  EXPECT_TRUE(part.leaves() == std::vector<const body_part*>{&part});
}

TEST(BodyStructure, NumbersItsParts) {
  const std::string text(plain);
  const std::string alternative =
      "(" + text + "(\"text\" \"html\" NIL NIL NIL \"7bit\" 1 1) \"alternative\")";
  const std::string message =
      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 342 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) ";
  const body_part root =
      read("(" + alternative + message + "(" + text + text + " \"mixed\") 10)" + message + text +
           " 10 NIL NIL)(\"image\" \"png\" NIL NIL NIL \"base64\" 7) \"mixed\" (\"boundary\" \"b\"))");
  EXPECT_EQ(root.section, "");
  EXPECT_TRUE(root.is_multipart());
  EXPECT_EQ(root.type.essence(), "multipart/mixed");
  EXPECT_EQ(root.type.parameters.get("boundary"), "b");
  EXPECT_EQ(sections(root), (std::vector<std::string>{"1.1 text/plain", "1.2 text/html", "2.1 text/plain",
                                                      "2.2 text/plain", "3.1 text/plain", "4 image/png"}));
  EXPECT_EQ(root.find("1")->type.subtype, "alternative");
  const body_part* inner = root.find("2");
  ASSERT_NE(inner, nullptr);
  EXPECT_TRUE(inner->is_message());
  EXPECT_EQ(inner->envelope->subject, "inner");
  EXPECT_EQ(inner->lines, 10U);
  EXPECT_EQ(inner->parts.at(0).section, "") << "the multipart in it has no number of its own";
  EXPECT_EQ(root.find("9"), nullptr);
  EXPECT_EQ(root.find(""), nullptr);
}

TEST(BodyStructure, DecodesParameters) {
  const body_part part = read(
      "(\"application\" \"pdf\" (\"name*0*\" \"utf-8''Pl%C3%A4\" \"name*1\" \"ne.pdf\") NIL "
      "\"=?utf-8?Q?=C3=A9?=\" "
      "\"base64\" 10 NIL (\"ATTACHMENT\" (\"FILENAME\" \"=?utf-8?B?w6kucGRm?=\")) NIL)");
  EXPECT_EQ(part.type.parameters.get("name"), "Pl\xC3\xA4ne.pdf");
  EXPECT_EQ(part.description, "\xC3\xA9");
  EXPECT_EQ(part.filename(), "\xC3\xA9.pdf");
  EXPECT_TRUE(part.is_attachment());
}

TEST(BodyStructure, SaysWhatIsAnAttachment) {
  EXPECT_FALSE(read(plain).is_attachment());
  EXPECT_TRUE(read("(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 7)").is_attachment());
  EXPECT_FALSE(read("(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 7 NIL (\"inline\" NIL))")
                   .is_attachment());
  EXPECT_FALSE(read("(\"image\" \"png\" NIL NIL NIL \"base64\" 7)").is_attachment());
}

TEST(BodyStructure, IsNestedOnlySoDeep) {
  const auto nested = [](std::size_t depth) {
    return "* 1 FETCH (BODYSTRUCTURE " + std::string(depth, '(') + std::string(plain.substr(1)) + [&] {
      std::string ends;
      for (std::size_t i = 1; i < depth; ++i) ends += " \"mixed\")";
      return ends;
    }() + ")\r\n";
  };
  EXPECT_TRUE(parse_response(nested(100)));
  EXPECT_EQ(parse_response(nested(101)).code(), condition::limit_exceeded);
  EXPECT_EQ(parse_response(nested(100'000)).code(), condition::limit_exceeded);
}

TEST(BodyStructure, IsAValue) {
  const body_part one = read(plain);
  body_part other = one;
  EXPECT_EQ(one, other);
  other.size = 1;
  EXPECT_FALSE(one == other);
}

}  // namespace
}  // namespace tidewire::imap
