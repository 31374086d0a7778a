#include <tidewire/mime/charset.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/exact.hpp"

namespace tidewire::mime {
namespace {

std::string text_of(std::string_view label, std::string_view bytes) {
  const testing::exact_block copy(bytes);
  return decode_charset(label, copy.text()).text;
}

TEST(MimeCharset, DecodesByTheLabelsOfTheWebWhateverIsAroundThem) {
  EXPECT_EQ(text_of("iso-8859-1", "caf\xE9"), "caf\xC3\xA9");
  EXPECT_EQ(text_of(" \"ISO-8859-2\" ", "\xB1"), "\xC4\x85");
  EXPECT_EQ(text_of("'utf-8'", "\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(text_of("windows-1251", "\xCF\xF0"), "\xD0\x9F\xD1\x80");
  EXPECT_TRUE(decode_charset("koi8-r", "x").known_charset);
}

TEST(MimeCharset, TakesUtf8ForWhatItIsWhereNothingBetterIsSaid) {
  for (const char* label : {"", "us-ascii", "x-nobody-knows"}) {
    EXPECT_EQ(text_of(label, "\xC3\xA9"), "\xC3\xA9") << label;
    EXPECT_EQ(text_of(label, "\xE9"), "\xC3\xA9") << label;
  }
  EXPECT_FALSE(decode_charset("x-nobody-knows", "plain").known_charset);
  EXPECT_TRUE(decode_charset("", "plain").well_formed);
  EXPECT_FALSE(decode_charset("us-ascii", "\xC3\xA9").well_formed);
}

TEST(MimeCharset, ReplacesWhatIsMalformedAndSaysSo) {
  const decoded_text decoded = decode_charset("utf-8", "a\xFFz");
  EXPECT_EQ(decoded.text, "a\xEF\xBF\xBDz");
  EXPECT_FALSE(decoded.well_formed);
  EXPECT_TRUE(decoded.known_charset);
  EXPECT_EQ(text_of("utf-8", "\xEF\xBB\xBFx"), "\xEF\xBB\xBFx");
}

TEST(MimeCharset, DecodesUtf7) {
  // The examples of RFC 2152.
  EXPECT_EQ(text_of("utf-7", "A+ImIDkQ."), "A\xE2\x89\xA2\xCE\x91.");
  EXPECT_EQ(text_of("UTF-7", "Hi Mom -+Jjo--!"), "Hi Mom -\xE2\x98\xBA-!");
  EXPECT_EQ(text_of("unicode-1-1-utf-7", "+ZeVnLIqe-"), "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
  EXPECT_EQ(text_of("utf-7", "1 +- 1"), "1 + 1");
  EXPECT_EQ(text_of("utf-7", "+2D3eAA-"), "\xF0\x9F\x98\x80");
  EXPECT_TRUE(decode_charset("utf-7", "+2D3eAA-").well_formed);
}

TEST(MimeCharset, MakesTheBestOfMalformedUtf7) {
  for (const char* text : {"+2D0-", "+3gA-", "+!", "\xE9", "+2D0AQQ-"})
    EXPECT_FALSE(decode_charset("utf-7", text).well_formed) << text;
  EXPECT_EQ(text_of("utf-7", "+2D0-x"), "\xEF\xBF\xBDx");
  for (const std::string_view text : {"+", "+A", "+AA", "a+ZeVnLIq"}) (void)text_of("utf-7", text);
}

TEST(MimeCharset, KnowsUtf8FromOtherBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain text of some length, \xE2\x82\xAC and more of it"));
  EXPECT_FALSE(is_utf8("12345678\xC3"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
}

}  // namespace
}  // namespace tidewire::mime
