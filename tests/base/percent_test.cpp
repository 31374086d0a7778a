#include <tidewire/base/percent.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/exact.hpp"

namespace tidewire {
namespace {

using testing::exact_block;

std::string characters_of(const percent::encode_set& set) {
  std::string found;
  for (int i = 0x20; i < 0x7f; ++i) {
    if (set.contains(static_cast<char>(i))) found += static_cast<char>(i);
  }
  return found;
}

// The printable part of each set, read off the standard's own prose, sorted.
TEST(Percent, TheSetsAreThoseOfTheUrlStandard) {
  EXPECT_EQ(characters_of(percent::c0_control), "");
  EXPECT_EQ(characters_of(percent::fragment), " \"<>`");
  EXPECT_EQ(characters_of(percent::query), " \"#<>");
  EXPECT_EQ(characters_of(percent::special_query), " \"#'<>");
  EXPECT_EQ(characters_of(percent::path), " \"#<>?^`{}");
  EXPECT_EQ(characters_of(percent::userinfo), " \"#/:;<=>?@[\\]^`{|}");
  EXPECT_EQ(characters_of(percent::component), " \"#$%&+,/:;<=>?@[\\]^`{|}");
  EXPECT_EQ(characters_of(percent::form.inverse()),
            "*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
}

TEST(Percent, TheSetsAreThoseOfRfc3986) {
  const std::string unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
  EXPECT_EQ(characters_of(percent::rfc3986_component.inverse()), unreserved);
  EXPECT_EQ(characters_of(percent::rfc3986_segment), " \"#%/<>?[\\]^`{|}");
  EXPECT_EQ(characters_of(percent::rfc3986_path), " \"#%<>?[\\]^`{|}");
  EXPECT_EQ(characters_of(percent::rfc3986_query), " \"#%<>[\\]^`{|}");
}

TEST(Percent, EverySetHasControlsAndWhatIsNotAscii) {
  for (const auto& set :
       {percent::c0_control, percent::fragment, percent::query, percent::special_query, percent::path,
        percent::userinfo, percent::component, percent::form, percent::rfc3986_component,
        percent::rfc3986_segment, percent::rfc3986_path, percent::rfc3986_query}) {
    for (int i = 0; i < 256; ++i) {
      if (i < 0x20 || i >= 0x7f) {
        EXPECT_TRUE(set.contains(static_cast<char>(i))) << i;
      }
    }
  }
}

TEST(Percent, SetsAreMadeFromOthersAtCompileTime) {
  constexpr auto mine = percent::path.with(";=").without("{}");
  static_assert(mine.contains(';') && !mine.contains('{') && mine.contains('?'));
  static_assert(mine.inverse().inverse() == mine);
  EXPECT_EQ(percent::encode("a;{b}?", mine), "a%3B{b}%3F");
}

TEST(Percent, EncodesInUpperCase) {
  EXPECT_EQ(percent::encode("a b/\xe2\x82\xac"), "a%20b%2F%E2%82%AC");
  EXPECT_EQ(percent::encode("a b/c", percent::path), "a%20b/c");
  EXPECT_EQ(percent::encode(""), "");
  EXPECT_EQ(percent::encode("plain"), "plain");
  EXPECT_EQ(percent::encode(std::string_view("\0\x7f", 2)), "%00%7F");
  std::string out = "x=";
  percent::append_encoded(out, "&");
  EXPECT_EQ(out, "x=%26");
}

TEST(Percent, TheSizeIsKnownBeforehand) {
  for (const std::string_view text : {"", "a", "a b", "%%%", "\xff\xff plain"}) {
    EXPECT_EQ(percent::encoded_size(text), percent::encode(text).size()) << text;
  }
}

TEST(Percent, WhatIsNoEscapeStays) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"%", "%"},
      {"%4", "%4"},
      {"%41", "A"},
      {"%%41", "%A"},
      {"%4g", "%4g"},
      {"%g4", "%g4"},
      {"%zz%41", "%zzA"},
      {"%2541", "%41"},
      {"a%", "a%"},
      {"%e2%82%ac", "\xe2\x82\xac"},
      {"%E2%82%AC", "\xe2\x82\xac"},
      {"a+b", "a+b"},
      {"%41%4", "A%4"},
      {"ab%41cd%42ef", "abAcdBef"},
      {"%-1", "%-1"},
      {"% 1", "% 1"},
  };
  for (const auto& [text, bytes] : cases) {
    EXPECT_EQ(percent::decode(text), bytes) << text;
    exact_block place(text);
    const std::size_t size = percent::decode_in_place(place.chars());
    EXPECT_EQ(place.text().substr(0, size), bytes) << text;
  }
  EXPECT_EQ(percent::decode("%00"), std::string(1, '\0'));
}

TEST(Percent, StrictDecodingSaysWhereTheBadEscapeIs) {
  EXPECT_EQ(percent::decode_strict("a%20b%zz").error().detail(),
            "percent-encoding, offset 5: '%' without two hexadecimal digits");
  EXPECT_EQ(percent::decode_strict("%").error(), condition::protocol);
  EXPECT_FALSE(percent::decode_strict("%4"));
  EXPECT_FALSE(percent::decode_strict("%41%"));
  EXPECT_EQ(percent::decode_strict("%41%42").value(), "AB");
  EXPECT_EQ(percent::decode_strict("").value(), "");
}

TEST(Percent, EveryByteComesBackThroughTheSetsThatHaveThePercentSign) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "%41%zz%";
  for (const auto& set : {percent::component, percent::form, percent::rfc3986_component,
                          percent::rfc3986_segment, percent::rfc3986_path, percent::rfc3986_query}) {
    EXPECT_EQ(percent::decode(percent::encode(bytes, set)), bytes);
  }
  EXPECT_EQ(percent::decode_form(percent::encode_form(bytes)), bytes);
}

TEST(Percent, FormsWriteSpaceAsPlus) {
  EXPECT_EQ(percent::encode_form("a b+c&d=e*~"), "a+b%2Bc%26d%3De*%7E");
  EXPECT_EQ(percent::decode_form("a+b%2Bc%26"), "a b+c&");
  EXPECT_EQ(percent::decode_form("+%20%zz"), "  %zz");
  std::string out = "a b";
  percent::append_form(out, " ");
  EXPECT_EQ(out, "a b+") << "what was there stays as it is";
}

}  // namespace
}  // namespace tidewire
