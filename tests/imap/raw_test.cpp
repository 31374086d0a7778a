#include <tidewire/imap/raw.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::exact_block;
using std::string_literals::operator""s;

std::string shown(std::string_view line, const token_limits& limits = {}) {
  const exact_block block(line);
  const auto tokens = parse_tokens(block.text(), limits);
  if (!tokens) return tokens.error().message();
  return token::list(*tokens).to_string();
}

TEST(Tokens, AreOfFiveKinds) {
  const auto tokens = parse_tokens("NIL \"NIL\" {3}\r\nNIL ~{2}\r\na\0 (a (b) ()) \\Seen 42"s);
  ASSERT_TRUE(tokens);
  EXPECT_EQ(*tokens, (std::vector<token>{
                         token(), token::string("NIL"), token::string("NIL"), token::literal8("a\0"s),
                         token::list({token::atom("a"), token::list({token::atom("b")}), token::list({})}),
                         token::atom("\\Seen"), token::number(42)}));
  EXPECT_EQ(tokens->back().to_number(), 42U);
  EXPECT_TRUE(tokens->front().is_nil());
}

TEST(Tokens, HaveEscapesInQuotesAndBracketsInAtoms) {
  EXPECT_EQ(shown(R"("a \"b\" \\c")"), R"(("a "b" \c"))");
  EXPECT_EQ(shown("BODY[HEADER.FIELDS (\"Date\" From)]<0> x"), "(BODY[HEADER.FIELDS (\"Date\" From)]<0> x)");
  EXPECT_EQ(shown("a[b c"), "(a[b c)");
  EXPECT_EQ(shown("\"{3}\" x"), "(\"{3}\" x)") << "a literal within quotes is none";
}

TEST(Tokens, ShowNoControlCharacters) {
  EXPECT_EQ(token::string("a\r\n\x1B[2J").to_string(), "\"a\\x0d\\x0a\\x1b[2J\"");
  EXPECT_EQ(token::string(std::string(300, 'x')).to_string().size(), 205U);
}

TEST(Tokens, ThatAreNoneAreRefused) {
  for (const std::string_view bad : {"(", "(a", ")", "\"a", "{3}\r\nab", "{3}", "{x}\r\n", "a (b))",
                                     "{99999999999999999999}\r\nabc", "\"a\\"}) {
    const auto tokens = parse_tokens(bad);
    EXPECT_EQ(tokens.code(), condition::protocol) << bad;
  }
}

TEST(Tokens, HaveLimits) {
  EXPECT_EQ(shown("((a))", {.nesting = 2}), "(((a)))");
  EXPECT_EQ(parse_tokens("(((a)))", {.nesting = 2}).code(), condition::limit_exceeded);
  EXPECT_EQ(shown("a b c", {.items = 3}), "(a b c)");
  EXPECT_EQ(parse_tokens("a b c d", {.items = 3}).code(), condition::limit_exceeded);
  EXPECT_EQ(parse_tokens(std::string(1'000'000, '(')).code(), condition::limit_exceeded);
}

TEST(Tokens, AreWrittenSoThatTheyAreReadAgain) {
  const std::vector<token> all{token(),
                               token::string("NIL"),
                               token::string("a \"b\" \\"),
                               token::string("line\r\nline"),
                               token::string(std::string(2000, 'x')),
                               token::string("\xC3\xA9"),
                               token::literal8("\0\r\n"s),
                               token::list({token::atom("x"), token::list({})})};
  for (const token& one : all) {
    std::string wire;
    append_token(wire, one);
    const auto again = parse_tokens(wire);
    ASSERT_TRUE(again) << wire;
    EXPECT_EQ(*again, std::vector<token>{one});
  }
}

TEST(Strings, TakeTheFormThatTheyNeed) {
  const auto written = [](std::string_view text, bool utf8 = false) {
    std::string wire;
    append_astring(wire, text, utf8);
    return wire;
  };
  EXPECT_EQ(written("INBOX"), "INBOX");
  EXPECT_EQ(written(""), "\"\"");
  EXPECT_EQ(written("nil"), "\"nil\"");
  EXPECT_EQ(written("a b"), "\"a b\"");
  EXPECT_EQ(written("100%"), "\"100%\"");
  EXPECT_EQ(written("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(written("\xC3\xA9"), "{2}\r\n\xC3\xA9");
  EXPECT_EQ(written("\xC3\xA9", true), "\"\xC3\xA9\"");
  std::string wire;
  append_nstring(wire, std::nullopt);
  append_nstring(wire, "x");
  EXPECT_EQ(wire, "NIL\"x\"");
}

}  // namespace
}  // namespace tidewire::imap
