#include <tidewire/base/charset.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/exact.hpp"

namespace tidewire {
namespace {

charset named(std::string_view label) {
  const auto found = charset::for_label(label);
  EXPECT_TRUE(found.has_value()) << label;
  return found.value_or(charset());
}
std::string decoded(std::string_view label, std::string_view bytes) {
  return decode(named(label), bytes);
}

TEST(Charset, KnowsTheLabelsOfTheStandard) {
  EXPECT_EQ(named("utf8").name(), "UTF-8");
  EXPECT_EQ(named(" \tLatin1\n").name(), "windows-1252");
  EXPECT_EQ(named("ascii").name(), "windows-1252");
  EXPECT_EQ(named("ISO-8859-9").name(), "windows-1254");
  EXPECT_EQ(named("x-sjis").name(), "Shift_JIS");
  EXPECT_EQ(named("ks_c_5601-1987").name(), "EUC-KR");
  EXPECT_EQ(named("unicode").name(), "UTF-16LE");
  EXPECT_EQ(named("iso-2022-kr").name(), "replacement");
  EXPECT_FALSE(charset::for_label("utf-7"));
  EXPECT_FALSE(charset::for_label(""));
  EXPECT_FALSE(charset::for_label("latin 1"));
  EXPECT_FALSE(charset::for_label(std::string(100, 'x')));
  EXPECT_EQ(charset().name(), "UTF-8");
  EXPECT_EQ(named("utf-16").output(), charset());
  EXPECT_EQ(named("koi8-r").output(), named("koi"));
}

TEST(Charset, SeesByteOrderMarks) {
  EXPECT_EQ(byte_order_mark("\xEF\xBB\xBFx")->second, 3U);
  EXPECT_EQ(byte_order_mark("\xFE\xFF")->first.name(), "UTF-16BE");
  EXPECT_EQ(byte_order_mark(std::string_view("\xFF\xFE\0\0", 4))->first.name(), "UTF-16LE");
  EXPECT_FALSE(byte_order_mark("\xEF\xBB"));
  EXPECT_FALSE(byte_order_mark(""));
}

TEST(Charset, DecodesTheEncodingsOfOneByte) {
  EXPECT_EQ(decoded("windows-1252", "caf\xE9 \x80\x81"), "caf\xC3\xA9 \xE2\x82\xAC\xC2\x81");
  EXPECT_EQ(decoded("iso-8859-2", "\xB3"), "\xC5\x82");
  EXPECT_EQ(decoded("koi8-r", "\xF0\xD2\xC9"), "\xD0\x9F\xD1\x80\xD0\xB8");
  EXPECT_EQ(decoded("koi8-u", "\xAE\xBE"), "\xD1\x9E\xD0\x8E");
  EXPECT_EQ(decoded("macintosh", "\xDB"), "\xE2\x82\xAC");
  EXPECT_EQ(decoded("windows-1255", "\xD9"), "\xEF\xBF\xBD");
  EXPECT_EQ(decoded("windows-1255", "\x81"), "\xC2\x81");
  EXPECT_EQ(decoded("iso-8859-8", "\xA1"), "\xEF\xBF\xBD");
  EXPECT_EQ(decoded("x-user-defined", "a\x80\xFF"), "a\xEF\x9E\x80\xEF\x9F\xBF");
  EXPECT_EQ(decoded("replacement", "anything"), "\xEF\xBF\xBD");
  EXPECT_EQ(decoded("replacement", ""), "");
}

TEST(Charset, DecodesUtf16WithItsSurrogates) {
  EXPECT_EQ(decoded("utf-16le", std::string_view("a\0\x3D\xD8\x00\xDE", 6)), "a\xF0\x9F\x98\x80");
  EXPECT_EQ(decoded("utf-16be", std::string_view("\0a\xD8\x3D\xDE\x00", 6)), "a\xF0\x9F\x98\x80");
  EXPECT_EQ(decoded("utf-16be", std::string_view("\xDE\x00\0a", 4)), "\xEF\xBF\xBD\x61");
  EXPECT_EQ(decoded("utf-16be", std::string_view("\xD8\x3D\0a", 4)), "\xEF\xBF\xBD\x61");
  EXPECT_EQ(decoded("utf-16be", std::string_view("\0a\xD8", 3)), "a\xEF\xBF\xBD");
  EXPECT_EQ(decoded("utf-16be", std::string_view("\xD8\x3D", 2)), "\xEF\xBF\xBD");
}

TEST(Charset, DecodesUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(decoded("utf-8", "\xE2\x82\xAC"), "\xE2\x82\xAC");
  EXPECT_EQ(decoded("utf-8", "a\xFF\x62\xE2\x82"), "a\xEF\xBF\xBD\x62\xEF\xBF\xBD");
  EXPECT_EQ(decoded("utf-8", "\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  charset_decoder decoder{charset()};
  std::string out;
  decoder.decode("fine", false, out);
  EXPECT_FALSE(decoder.had_errors());
  decoder.decode("\xFF", false, out);
  EXPECT_TRUE(decoder.had_errors());
}

TEST(Charset, DecodesTheEncodingsOfSeveralBytes) {
  const std::vector<std::pair<std::string_view, std::pair<std::string_view, std::string_view>>> samples = {
      {"shift_jis", {"a\x93\xFA\x96\x7B\x5C\xB1", "a\xE6\x97\xA5\xE6\x9C\xAC\\\xEF\xBD\xB1"}},
      {"shift_jis", {"\x87\x40", "\xE2\x91\xA0"}},
      {"euc-jp", {"\xC6\xFC\xCB\xDC", "\xE6\x97\xA5\xE6\x9C\xAC"}},
      {"iso-2022-jp", {"\x1B$BF|K\\\x1B(Bx", "\xE6\x97\xA5\xE6\x9C\xACx"}},
      {"euc-kr", {"\xC7\xD1\x81\x41", "\xED\x95\x9C\xEA\xB0\x82"}},
      {"gbk", {"\xD6\xD0\xCE\xC4", "\xE4\xB8\xAD\xE6\x96\x87"}},
      {"gb18030", {"\x81\x30\x81\x30", "\xC2\x80"}},
      {"big5", {"\xA4\xA4\xA4\xE5", "\xE4\xB8\xAD\xE6\x96\x87"}},
  };
  for (const auto& [label, sample] : samples) {
    if (!named(label).is_supported()) GTEST_SKIP() << "the system has no converter for " << label;
    EXPECT_EQ(decoded(label, sample.first), sample.second) << label;
  }
  // ASCII after a broken character is kept.
  EXPECT_EQ(decoded("shift_jis", "\x93<b>"), "\xEF\xBF\xBD<b>");
  EXPECT_EQ(decoded("euc-kr", "\xC7"), "\xEF\xBF\xBD");
  EXPECT_EQ(decoded("gbk", "\xD6\xD0\xFF<"), "\xE4\xB8\xAD\xEF\xBF\xBD<");
}

TEST(Charset, DoesNotDependOnHowTheInputIsCut) {
  for (std::string_view label :
       {"utf-8", "utf-16le", "utf-16be", "windows-1252", "shift_jis", "euc-jp", "iso-2022-jp", "euc-kr",
        "gb18030", "big5", "replacement", "x-user-defined"}) {
    static constexpr char sample[] =
        "a\xE2\x82\xAC\x1B$BF|\x1B(B\x93\xFA\xFF\xFE<b>\0\xD8\x3D\xDE\x81\x30\x81\x30\xC3";
    const std::string bytes(sample, sizeof sample - 1);
    const std::string whole = decoded(label, bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      charset_decoder decoder(named(label));
      std::string out;
      const testing::exact_block first(std::string_view(bytes).substr(0, cut));
      const testing::exact_block second(std::string_view(bytes).substr(cut));
      decoder.decode(first.text(), false, out);
      decoder.decode(second.text(), true, out);
      EXPECT_EQ(out, whole) << label << " cut at " << cut;
    }
    charset_decoder decoder(named(label));
    std::string out;
    for (char c : bytes) decoder.decode({&c, 1}, false, out);
    decoder.decode({}, true, out);
    EXPECT_EQ(out, whole) << label << " byte by byte";
    // The same decoder again, from its start.
    out.clear();
    decoder.decode(bytes, true, out);
    EXPECT_EQ(out, whole) << label << " again";
  }
}

}  // namespace
}  // namespace tidewire
