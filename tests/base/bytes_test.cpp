#include <tidewire/base/bytes.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

namespace tidewire {
namespace {

constexpr std::array<std::byte, 9> counted = {std::byte{0x81}, std::byte{0x82}, std::byte{0x83},
                                              std::byte{0x84}, std::byte{0x85}, std::byte{0x86},
                                              std::byte{0x87}, std::byte{0x88}, std::byte{0x89}};

TEST(Bytes, ViewsAreOfTheObjectItself) {
  const std::string text = "abc";
  EXPECT_EQ(static_cast<const void*>(as_bytes(text).data()), text.data());
  EXPECT_EQ(as_bytes(text).size(), 3u);
  EXPECT_EQ(as_text(as_bytes(text)), "abc");

  std::vector<unsigned char> bytes = {1, 2, 3, 4};
  EXPECT_EQ(static_cast<const void*>(as_bytes(bytes).data()), bytes.data());
  as_writable_bytes(bytes)[2] = std::byte{9};
  EXPECT_EQ(bytes[2], 9);
}

TEST(Bytes, ALiteralIsSeenWithoutItsNul) {
  EXPECT_EQ(as_bytes("abc").size(), 3u);
}

TEST(Bytes, SpansOfAnyExtentAreBytes) {
  const byte_view view = counted;
  EXPECT_EQ(tidewire::as_bytes(view).data(), view.data());
  EXPECT_EQ(as_bytes(std::span(counted).first<3>()).size(), 3u);
}

TEST(Bytes, BigEndianLoadsOfEveryWidth) {
  const std::span all(counted);
  EXPECT_EQ(load_big<std::uint8_t>(all.first<1>()), 0x81);
  EXPECT_EQ(load_big<std::uint16_t>(all.first<2>()), 0x8182);
  EXPECT_EQ(load_big<std::uint32_t>(all.first<3>()), 0x818283u);
  EXPECT_EQ(load_big<std::uint32_t>(all.first<4>()), 0x81828384u);
  EXPECT_EQ(load_big<std::uint64_t>(all.first<6>()), 0x818283848586u);
  EXPECT_EQ(load_big<std::uint64_t>(all.first<8>()), 0x8182838485868788u);
  EXPECT_EQ(load_big<std::uint32_t>(all.subspan<1, 4>()), 0x82838485u);
}

TEST(Bytes, LittleEndianLoadsOfEveryWidth) {
  const std::span all(counted);
  EXPECT_EQ(load_little<std::uint8_t>(all.first<1>()), 0x81);
  EXPECT_EQ(load_little<std::uint16_t>(all.first<2>()), 0x8281);
  EXPECT_EQ(load_little<std::uint32_t>(all.first<3>()), 0x838281u);
  EXPECT_EQ(load_little<std::uint32_t>(all.first<4>()), 0x84838281u);
  EXPECT_EQ(load_little<std::uint64_t>(all.first<8>()), 0x8887868584838281u);
}

TEST(Bytes, StoresAreTheInverseOfLoads) {
  std::array<std::byte, 8> room{};
  const std::span all(room);
  store_big(all, std::uint64_t{0x8182838485868788u});
  EXPECT_TRUE(std::equal(room.begin(), room.end(), counted.begin()));
  store_little(all.first<4>(), std::uint32_t{0xa1b2c3d4u});
  EXPECT_EQ(load_little<std::uint32_t>(all.first<4>()), 0xa1b2c3d4u);
  EXPECT_EQ(load_big<std::uint32_t>(all.first<4>()), 0xd4c3b2a1u);
  store_big(all.first<3>(), std::uint32_t{0x01020304u});
  EXPECT_EQ(load_big<std::uint32_t>(all.first<4>()), 0x020304a1u)
      << "a width of three cuts off and stays within";
}

TEST(Bytes, LoadsAndStoresWorkForTheCompilerToo) {
  constexpr auto stored = [] {
    std::array<std::byte, 4> room{};
    store_big(std::span(room), std::uint32_t{0x01020304});
    return room;
  }();
  static_assert(stored[0] == std::byte{1} && stored[3] == std::byte{4});
  static_assert(load_big<std::uint32_t>(std::span(stored)) == 0x01020304);
  static_assert(load_little<std::uint16_t>(std::span(stored).first<2>()) == 0x0201);
}

TEST(Bytes, ArithmeticStopsAtTheEdge) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(checked_add(most - 1, 1), most);
  EXPECT_EQ(checked_add(most, 1), std::nullopt);
  EXPECT_EQ(saturating_add(most, 1), most);
  EXPECT_EQ(checked_multiply(most / 2, 2), most - 1);
  EXPECT_EQ(checked_multiply(most / 2 + 1, 2), std::nullopt);
  EXPECT_EQ(checked_multiply(most, 0), 0u);
  EXPECT_EQ(saturating_multiply(most, 2), most);
  EXPECT_EQ(saturating_subtract(std::size_t{3}, 4), 0u);
  EXPECT_EQ(saturating_subtract(std::size_t{4}, 3), 1u);
  EXPECT_EQ(checked_add(std::uint8_t{200}, 55), std::uint8_t{255});
  EXPECT_EQ(checked_add(std::uint8_t{200}, 56), std::nullopt) << "narrow types are not widened";
  EXPECT_EQ(checked_multiply(std::uint16_t{0xffff}, 0xffff), std::nullopt);
}

TEST(Bytes, CastsAreRefusedWhereTheyWouldLose) {
  EXPECT_EQ(checked_cast<std::uint8_t>(255), std::uint8_t{255});
  EXPECT_EQ(checked_cast<std::uint8_t>(256), std::nullopt);
  EXPECT_EQ(checked_cast<unsigned>(-1), std::nullopt);
  EXPECT_EQ(checked_cast<int>(std::size_t{1} << 40), std::nullopt);
}

TEST(Bytes, FindsAByteFromAPlace) {
  const auto text = as_bytes("a,b,c");
  EXPECT_EQ(find_byte(text, std::byte{','}), 1u);
  EXPECT_EQ(find_byte(text, std::byte{','}, 2), 3u);
  EXPECT_EQ(find_byte(text, std::byte{','}, 4), npos);
  EXPECT_EQ(find_byte(text, std::byte{','}, 5), npos);
  EXPECT_EQ(find_byte(text, std::byte{','}, 500), npos);
  EXPECT_EQ(find_byte({}, std::byte{','}), npos);
}

TEST(Bytes, FindsTheEndOfALine) {
  EXPECT_EQ(find_crlf("ab\r\ncd\r\n"), 2u);
  EXPECT_EQ(find_crlf("ab\r\ncd\r\n", 3), 6u) << "the LF at the start belongs to what was before";
  EXPECT_EQ(find_crlf("a\nb\rc\r\r\n"), 6u) << "bare CR and LF are not line ends";
  EXPECT_EQ(find_crlf("\r\n"), 0u);
  EXPECT_EQ(find_crlf("\n"), npos);
  EXPECT_EQ(find_crlf("abc\r"), npos);
  EXPECT_EQ(find_crlf(""), npos);
}

TEST(Ascii, ClassesAgreeWithTheCLocaleOnEveryByte) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool ascii_range = i < 128;
    EXPECT_EQ(ascii::is_digit(c), ascii_range && std::isdigit(i)) << i;
    EXPECT_EQ(ascii::is_upper(c), ascii_range && std::isupper(i)) << i;
    EXPECT_EQ(ascii::is_lower(c), ascii_range && std::islower(i)) << i;
    EXPECT_EQ(ascii::is_alpha(c), ascii_range && std::isalpha(i)) << i;
    EXPECT_EQ(ascii::is_alnum(c), ascii_range && std::isalnum(i)) << i;
    EXPECT_EQ(ascii::is_xdigit(c), ascii_range && std::isxdigit(i)) << i;
    EXPECT_EQ(ascii::is_space(c), ascii_range && std::isspace(i)) << i;
    EXPECT_EQ(ascii::is_control(c), ascii_range && std::iscntrl(i)) << i;
    EXPECT_EQ(ascii::is_visible(c), ascii_range && std::isgraph(i)) << i;
    EXPECT_EQ(ascii::is_ascii(c), ascii_range) << i;
    EXPECT_EQ(ascii::is_blank(c), i == ' ' || i == '\t') << i;
    EXPECT_EQ(ascii::to_lower(c), ascii_range ? static_cast<char>(std::tolower(i)) : c) << i;
    EXPECT_EQ(ascii::to_upper(c), ascii_range ? static_cast<char>(std::toupper(i)) : c) << i;
    const auto digit = std::string_view("0123456789abcdef").find(ascii::to_lower(c));
    EXPECT_EQ(ascii::hex_value(c), digit == std::string_view::npos ? -1 : static_cast<int>(digit)) << i;
  }
}

TEST(Ascii, ComparesWithoutCaseAndOnlyLetters) {
  EXPECT_TRUE(ascii::iequals("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(ascii::iequals("a", "ab"));
  EXPECT_FALSE(ascii::iequals("@", "`")) << "differ by the case bit, but are no letters";
  EXPECT_FALSE(ascii::iequals("\xc4", "\xe4")) << "no case above ASCII";
  EXPECT_TRUE(ascii::icompare("abc", "ABD") < 0);
  EXPECT_TRUE(ascii::icompare("ab", "ABC") < 0);
  EXPECT_TRUE(ascii::icompare("\xff", "a") > 0) << "bytes are unsigned";
  EXPECT_TRUE(ascii::icompare("Ab", "aB") == 0);
  EXPECT_TRUE(ascii::istarts_with("HTTPS://x", "https:"));
  EXPECT_FALSE(ascii::istarts_with("ht", "https:"));
  EXPECT_TRUE(ascii::iends_with("photo.JPG", ".jpg"));
  EXPECT_FALSE(ascii::iends_with("jpg", ".jpg"));
  EXPECT_EQ(ascii::ifind("text/html; CharSet=x", "charset="), 11u);
  EXPECT_EQ(ascii::ifind("abc", "d"), npos);
  EXPECT_EQ(ascii::ifind("abc", ""), 0u);
  EXPECT_EQ(ascii::ifind("ab", "abc"), npos);
}

TEST(Ascii, OrdersTheKeysOfAMap) {
  std::map<std::string, int, ascii::iless> headers;
  headers["Content-Type"] = 1;
  headers["content-type"] = 2;
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.find(std::string_view("CONTENT-TYPE"))->second, 2);
}

TEST(Ascii, Trims) {
  EXPECT_EQ(ascii::trim_blank(" \t a b\r\n "), "a b\r\n");
  EXPECT_EQ(ascii::trim("\r\n a b \v\f"), "a b");
  EXPECT_EQ(ascii::trim(" \t "), "");
  EXPECT_EQ(ascii::trim_blank(""), "");
  EXPECT_EQ(ascii::trim_blank_left("  a "), "a ");
  EXPECT_EQ(ascii::trim_blank_right("  a "), "  a");
}

TEST(Ascii, ParsesNumbersOfDigitsOnly) {
  EXPECT_EQ(ascii::parse_unsigned<std::uint8_t>("255"), std::uint8_t{255});
  EXPECT_EQ(ascii::parse_unsigned<std::uint8_t>("256"), std::nullopt);
  EXPECT_EQ(ascii::parse_unsigned<std::uint8_t>("300"), std::nullopt);
  EXPECT_EQ(ascii::parse_unsigned<std::uint64_t>("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(ascii::parse_unsigned<std::uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ascii::parse_unsigned<unsigned>("0007"), 7u);
  EXPECT_EQ(ascii::parse_unsigned<unsigned>("fF", 16), 255u);
  EXPECT_EQ(ascii::parse_unsigned<unsigned>("8", 8), std::nullopt);
  for (const char* bad : {"", "+1", "-1", " 1", "1 ", "0x1", "1.0", "a"}) {
    EXPECT_EQ(ascii::parse_unsigned<unsigned>(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tidewire
