#include <tidewire/base/quoted_printable.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/conformance.hpp"
#include "support/exact.hpp"

namespace tidewire {
namespace {

namespace qp = quoted_printable;
using testing::exact_block;

struct outcome {
  std::string bytes;
  std::uint64_t defects;
  bool operator==(const outcome&) const = default;
};
void PrintTo(const outcome& what, std::ostream* out) {
  *out << '"' << what.bytes << "\", " << what.defects << " defects";
}

outcome decode_pieces(const std::vector<std::string_view>& pieces) {
  qp::decoder decoder;
  std::string bytes;
  for (const std::string_view piece : pieces) {
    const exact_block copy(piece);
    EXPECT_TRUE(decoder.update(copy.text(), bytes));
  }
  EXPECT_TRUE(decoder.finish(bytes));
  return {bytes, decoder.defects()};
}

std::string strict_error(const std::vector<std::string_view>& pieces) {
  qp::decoder decoder(true);
  std::string bytes;
  for (const std::string_view piece : pieces) {
    if (const auto done = decoder.update(piece, bytes); !done) return std::string(done.error().detail());
  }
  const auto done = decoder.finish(bytes);
  return done ? "" : std::string(done.error().detail());
}

std::vector<std::string_view> one_by_one(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
  return pieces;
}

// Decodes whole, byte by byte and in every two pieces, tolerantly and strictly: the answer must be one.
outcome decode_every_way(std::string_view text) {
  const outcome whole = decode_pieces({text});
  const exact_block copy(text);
  EXPECT_EQ(qp::decode(copy.text()), whole.bytes);
  const auto strict = qp::decode_strict(copy.text());
  EXPECT_EQ(strict.has_value(), whole.defects == 0) << text;
  if (strict) {
    EXPECT_EQ(*strict, whole.bytes);
  }
  const std::string error = strict ? "" : std::string(strict.error().detail());

  EXPECT_EQ(decode_pieces(one_by_one(text)), whole) << text;
  EXPECT_EQ(strict_error(one_by_one(text)), error) << text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(decode_pieces({text.substr(0, i), text.substr(i)}), whole) << text << " split at " << i;
    EXPECT_EQ(strict_error({text.substr(0, i), text.substr(i)}), error) << text << " split at " << i;
  }
  return whole;
}

std::string encode_every_way(std::string_view bytes, qp::format how = {}) {
  const exact_block copy(bytes);
  const std::string whole = qp::encode(copy.text(), how);
  qp::encoder encoder(how);
  std::string pieces;
  for (const char c : bytes) encoder.update({&c, 1}, pieces);
  encoder.finish(pieces);
  EXPECT_EQ(pieces, whole) << "byte by byte";
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    std::string halves;
    encoder.update(bytes.substr(0, i), halves);
    encoder.update(bytes.substr(i), halves);
    encoder.finish(halves);
    EXPECT_EQ(halves, whole) << "split at " << i;
  }
  return whole;
}

// Rules 1 to 5 of RFC 2045 section 6.7, seen from outside.
void expect_well_formed(std::string_view text, std::size_t longest = 76) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(find_crlf(text, begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    EXPECT_LE(line.size(), longest) << line;
    EXPECT_FALSE(line.ends_with(' ') || line.ends_with('\t')) << line;
    for (const char c : line) EXPECT_TRUE(ascii::is_visible(c) || ascii::is_blank(c)) << line;
    begin = end + 2;
  }
  EXPECT_TRUE(qp::decode_strict(text)) << text;
}

TEST(QuotedPrintable, EncodesWhatIsNotPrintable) {
  EXPECT_EQ(encode_every_way("caf\xc3\xa9 = \x7f\x01"), "caf=C3=A9 =3D =7F=01");
  EXPECT_EQ(encode_every_way(""), "");
  EXPECT_EQ(encode_every_way(std::string_view("\0", 1)), "=00");
}

TEST(QuotedPrintable, LineBreaksOfTextBecomeCrLf) {
  EXPECT_EQ(encode_every_way("a\nb\r\nc"), "a\r\nb\r\nc");
  EXPECT_EQ(encode_every_way("a\n"), "a\r\n");
  EXPECT_EQ(encode_every_way("\r\n\n"), "\r\n\r\n");
  EXPECT_EQ(encode_every_way("a\rb\r"), "a=0Db=0D") << "a CR alone is no line break";
  EXPECT_EQ(encode_every_way("\r\r\n"), "=0D\r\n");
}

TEST(QuotedPrintable, LineBreaksOfBinaryAreBytes) {
  EXPECT_EQ(encode_every_way("a\r\nb\n", {.binary = true}), "a=0D=0Ab=0A");
}

TEST(QuotedPrintable, BlanksBeforeALineBreakAndAtTheEndAreEncoded) {
  EXPECT_EQ(encode_every_way("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20");
  EXPECT_EQ(encode_every_way("a  \n"), "a =20\r\n");
  EXPECT_EQ(encode_every_way("a \rb"), "a =0Db");
  EXPECT_EQ(encode_every_way(" "), "=20");
  EXPECT_EQ(encode_every_way("a b\tc"), "a b\tc");
}

TEST(QuotedPrintable, LongLinesAreBrokenAt76) {
  const std::string x75(75, 'x');
  EXPECT_EQ(encode_every_way(x75 + "y"), x75 + "y") << "76 fit if the line ends there";
  EXPECT_EQ(encode_every_way(x75 + "y\nz"), x75 + "y\r\nz");
  EXPECT_EQ(encode_every_way(x75 + "yz"), x75 + "=\r\nyz");
  EXPECT_EQ(encode_every_way(std::string(73, 'x') + "=\n"), std::string(73, 'x') + "=3D\r\n");
  EXPECT_EQ(encode_every_way(std::string(73, 'x') + "=y"), std::string(73, 'x') + "=\r\n=3Dy");
  EXPECT_EQ(encode_every_way(std::string(72, 'x') + "=yz"), std::string(72, 'x') + "=3D=\r\nyz");
  EXPECT_EQ(encode_every_way(x75 + " \n"), x75 + "=\r\n=20\r\n");
  EXPECT_EQ(encode_every_way(std::string(73, 'x') + " \n"), std::string(73, 'x') + "=20\r\n");
  expect_well_formed(encode_every_way(std::string(1000, 'x')));
  expect_well_formed(encode_every_way(std::string(1000, ' ')));
  expect_well_formed(encode_every_way(std::string(1000, '=')));
}

TEST(QuotedPrintable, LinesMayBeShorter) {
  for (std::size_t length = 0; length < 100; ++length) {
    const std::size_t longest = std::clamp<std::size_t>(length, 4, 76);
    const std::string text = encode_every_way("abc def\xff ghi   \njkl=mno\n", {.line_length = length});
    expect_well_formed(text, longest);
    EXPECT_EQ(qp::decode(text), "abc def\xff ghi   \r\njkl=mno\r\n");
  }
}

TEST(QuotedPrintable, TheBeginningOfALineCanBeGuarded) {
  const qp::format guarded{.guard_line_start = true};
  EXPECT_EQ(encode_every_way(".\nFrom me\n.x.\n", guarded), "=2E\r\n=46rom me\r\n=2Ex.\r\n");
  EXPECT_EQ(encode_every_way(".\n"), ".\r\n");
  const std::string text = encode_every_way(std::string(75, 'x') + std::string(80, '.'), guarded);
  EXPECT_EQ(text.substr(0, 82), std::string(75, 'x') + "=\r\n=2E.") << "after a soft break as well";
  expect_well_formed(text);
}

TEST(QuotedPrintable, EveryByteComesBack) {
  std::mt19937 random(1);
  const std::string_view likely =
      " \t\r\n=.F\xff"
      "ab";
  for (int round = 0; round < 60; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = round % 2 ? likely[random() % likely.size()] : static_cast<char>(random());
    for (const bool guard : {false, true}) {
      const std::string text = encode_every_way(bytes, {.binary = true, .guard_line_start = guard});
      expect_well_formed(text);
      EXPECT_EQ(qp::decode(text), bytes);
      expect_well_formed(encode_every_way(bytes, {.guard_line_start = guard}));
    }
  }
}

TEST(QuotedPrintable, DecodesEscapesAndSoftBreaks) {
  EXPECT_EQ(decode_every_way("caf=C3=A9"), (outcome{"caf\xc3\xa9", 0}));
  EXPECT_EQ(decode_every_way("ab=\r\ncd"), (outcome{"abcd", 0}));
  EXPECT_EQ(decode_every_way("ab=\ncd"), (outcome{"abcd", 0}));
  EXPECT_EQ(decode_every_way("=00=0D=0A"), (outcome{std::string("\0\r\n", 3), 0}));
  EXPECT_EQ(decode_every_way(""), (outcome{"", 0}));
  // The example of RFC 2045.
  EXPECT_EQ(
      decode_every_way("Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.").bytes,
      "Now's the time for all folk to come to the aid of their country.");
}

TEST(QuotedPrintable, LineBreaksComeOutAsTheyWere) {
  EXPECT_EQ(decode_every_way("a\r\nb\nc\r\n"), (outcome{"a\r\nb\nc\r\n", 0}));
  EXPECT_EQ(decode_every_way("\r\n\r\n\n"), (outcome{"\r\n\r\n\n", 0}));
}

TEST(QuotedPrintable, BlanksAtTheEndOfALineAreDropped) {
  EXPECT_EQ(decode_every_way("a \t \r\nb \nc  "), (outcome{"a\r\nb\nc", 0}));
  EXPECT_EQ(decode_every_way("a= \t\r\nb= \nc"), (outcome{"abc", 0})) << "after the = of a soft break too";
  EXPECT_EQ(decode_every_way("a =20\r\n"), (outcome{"a  \r\n", 0})) << "but not if one is encoded";
  EXPECT_EQ(decode_every_way(" a  b"), (outcome{" a  b", 0}));
  EXPECT_EQ(decode_every_way(" \r\n"), (outcome{"\r\n", 0}));
}

TEST(QuotedPrintable, RunsOfBlanksTooLongToBeHeldAreKept) {
  const std::string fits(998, ' ');
  const std::string too_long(999, ' ');
  for (const std::size_t split : {0u, 1u, 500u, 997u, 998u, 999u}) {
    const auto decode = [&](std::string_view text) {
      return decode_pieces({text.substr(0, split), text.substr(split)}).bytes;
    };
    EXPECT_EQ(decode(fits + "\n"), "\n") << split;
    EXPECT_EQ(decode(too_long + "\n"), too_long + "\n") << split;
    EXPECT_EQ(decode(too_long + "x \n"), too_long + "x\n") << split;
    EXPECT_EQ(decode("=" + fits + "\nx"), "x") << split;
    EXPECT_EQ(decode("=" + too_long + "\nx"), "=" + too_long + "\nx") << split;
  }
  EXPECT_EQ(decode_pieces(one_by_one(too_long + "\n")).bytes, too_long + "\n");
  EXPECT_EQ(decode_pieces(one_by_one("=" + too_long + "\n")).bytes, "=" + too_long + "\n");
}

TEST(QuotedPrintable, DefectsAreCountedAndPassedOn) {
  const std::tuple<std::string_view, std::string_view, std::uint64_t, std::string_view> cases[] = {
      {"=c3=A9", "\xc3\xa9", 1, "offset 0: hexadecimal digits in lower case"},
      {"a=4Zb", "a=4Zb", 1, "offset 1: '=' without two hexadecimal digits"},
      {"a=Zb", "a=Zb", 1, "offset 1: '=' without two hexadecimal digits"},
      {"==41", "=A", 1, "offset 0: '=' without two hexadecimal digits"},
      {"=4=41", "=4A", 1, "offset 0: '=' without two hexadecimal digits"},
      {"= x", "= x", 1, "offset 0: '=' without two hexadecimal digits"},
      {"= =41", "= A", 1, "offset 0: '=' without two hexadecimal digits"},
      {"=\rx", "=\rx", 2, "offset 0: '=' without two hexadecimal digits"},
      {"= \r\r\n", "= \r\r\n", 2, "offset 0: '=' without two hexadecimal digits"},
      {"a\rb", "a\rb", 1, "offset 1: CR without LF"},
      {"a \rb", "a \rb", 1, "offset 2: CR without LF"},
      {"\r\r\n", "\r\r\n", 1, "offset 0: CR without LF"},
      {"a\r", "a\r", 1, "offset 1: CR without LF"},
      {"a=", "a", 1, "offset 1: '=' at the end"},
      {"a= ", "a", 1, "offset 1: '=' at the end"},
      {"a=\r", "a", 1, "offset 1: '=' at the end"},
      {"a=4", "a=4", 1, "offset 1: '=' without two hexadecimal digits"},
      {"\xc3\xa9", "\xc3\xa9", 2, "offset 0: a byte that must be encoded"},
      {"a \x7f", "a \x7f", 1, "offset 2: a byte that must be encoded"},
      {std::string_view("a\0", 2), std::string_view("a\0", 2), 1, "offset 1: a byte that must be encoded"},
  };
  for (const auto& [text, bytes, defects, error] : cases) {
    EXPECT_EQ(decode_every_way(text), (outcome{std::string(bytes), defects})) << text;
    EXPECT_EQ(qp::decode_strict(text).error().detail(), "quoted-printable, " + std::string(error)) << text;
  }
  EXPECT_EQ(qp::decode_strict("=").error(), condition::protocol);
}

TEST(QuotedPrintable, LinesOfMoreThan76AreADefectEach) {
  const std::string fits(76, 'x');
  EXPECT_EQ(decode_every_way(fits + "\r\n" + fits).defects, 0u);
  EXPECT_EQ(decode_every_way(std::string(75, 'x') + "=\r\n" + fits).defects, 0u);
  EXPECT_EQ(decode_every_way(std::string(73, 'x') + "=41\r\n").defects, 0u);
  EXPECT_EQ(decode_every_way(fits + "x").defects, 1u);
  EXPECT_EQ(decode_every_way(fits + "=\r\n").defects, 1u);
  EXPECT_EQ(decode_every_way(std::string(74, 'x') + "=41").defects, 1u);
  EXPECT_EQ(decode_every_way(fits + fits + fits + "\n" + fits + "yyy\n").defects, 2u);
  EXPECT_EQ(qp::decode_strict(fits + "yz").error().detail(),
            "quoted-printable, offset 76: a line of more than 76 characters");
  EXPECT_EQ(qp::decode_strict(fits + "\r\n" + fits + "=20").error().detail(),
            "quoted-printable, offset 154: a line of more than 76 characters");
}

TEST(QuotedPrintable, EveryTextOfAFewCharactersIsTheSameInEverySplit) {
  const std::string_view letters = "=4z \r\n";
  std::vector<std::string> texts = {""};
  for (std::size_t first = 0, length = 0; length < 5; ++length) {
    const std::size_t last = texts.size();
    for (; first < last; ++first) {
      for (const char c : letters) texts.push_back(texts[first] + c);
    }
  }
  ASSERT_EQ(texts.size(), 9331u);
  for (const std::string& text : texts) decode_every_way(text);
}

TEST(QuotedPrintable, AStrictDecoderThatFailedStaysFailed) {
  qp::decoder decoder(true);
  std::string out = "kept";
  EXPECT_FALSE(decoder.update("abc\xff", out));
  EXPECT_EQ(out, "kept");
  EXPECT_EQ(decoder.update("abc", out).code(), condition::misuse);
  EXPECT_EQ(decoder.finish(out).code(), condition::misuse);
}

TEST(QuotedPrintable, EncoderAndDecoderCanBeUsedAgainAfterFinish) {
  qp::encoder encoder;
  qp::decoder decoder;
  for (int i = 0; i < 2; ++i) {
    std::string text;
    encoder.update("a\xff \r", text);
    encoder.finish(text);
    EXPECT_EQ(text, "a=FF =0D");
    std::string bytes;
    EXPECT_TRUE(decoder.update(text + "= \r", bytes));
    EXPECT_TRUE(decoder.finish(bytes));
    EXPECT_EQ(bytes, "a\xff \r");
    EXPECT_EQ(decoder.defects(), static_cast<std::uint64_t>(i) + 1) << "defects are counted on";
  }
}

TEST(QuotedPrintableConformance, ATextOfMimeKitIsTheSameBothWays) {
  TIDEWIRE_NEEDS_CONFORMANCE("mimekit/encoders");
  std::string bytes = testing::read_file(testing::conformance_path("mimekit/encoders/wikipedia.txt"));
  std::string text = testing::read_file(testing::conformance_path("mimekit/encoders/wikipedia.qp"));
  std::erase(bytes, '\r');
  std::erase(text, '\r');
  EXPECT_EQ(decode_pieces({text}), (outcome{bytes, 0}));
  std::string ours = qp::encode(bytes);
  std::erase(ours, '\r');
  EXPECT_EQ(ours, text);
}

}  // namespace
}  // namespace tidewire
