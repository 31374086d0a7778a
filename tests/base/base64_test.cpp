#include <tidewire/base/base64.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../src/base/base64_kernels.hpp"
#include "support/conformance.hpp"
#include "support/exact.hpp"

namespace tidewire {
namespace {

using testing::exact_block;

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// What a decoder made of a text: the bytes, or the message of the failure.
struct outcome {
  std::string bytes;
  std::string error;
  bool operator==(const outcome&) const = default;
};
void PrintTo(const outcome& what, std::ostream* out) {
  *out << (what.error.empty() ? "\"" + what.bytes + "\"" : "error: " + what.error);
}

outcome decode_whole(std::string_view text, base64::format how) {
  const exact_block copy(text);
  const auto bytes = base64::decode_text(copy.text(), how);
  return bytes ? outcome{*bytes, ""} : outcome{"", bytes.error().message()};
}

outcome decode_pieces(const std::vector<std::string_view>& pieces, base64::format how) {
  base64::decoder decoder(how);
  std::string bytes;
  for (const std::string_view piece : pieces) {
    const exact_block copy(piece);
    const auto done = decoder.update(copy.text(), bytes);
    if (!done) return {"", done.error().message()};
  }
  const auto done = decoder.finish(bytes);
  if (!done) return {"", done.error().message()};
  return {bytes, ""};
}

std::vector<std::string_view> one_by_one(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
  return pieces;
}

// Decodes whole, byte by byte and in every two pieces: the answer must be one.
outcome decode_every_way(std::string_view text, base64::format how) {
  const outcome whole = decode_whole(text, how);
  EXPECT_EQ(decode_pieces(one_by_one(text), how), whole) << text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(decode_pieces({text.substr(0, i), text.substr(i)}, how), whole) << text << " split at " << i;
  }
  return whole;
}

std::string encode_every_way(std::string_view bytes, base64::format how) {
  const std::string whole = base64::encode(bytes, how);
  EXPECT_EQ(whole.size(), base64::encoded_size(bytes.size(), how));

  exact_block out(whole.size());
  const exact_block in(bytes);
  EXPECT_EQ(base64::encode_into(as_bytes(in.text()), out.chars(), how).value(), whole.size());
  EXPECT_EQ(out.text(), whole);

  base64::encoder encoder(how);
  std::string pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t size = encoder.update_size(1);
    const std::size_t before = pieces.size();
    encoder.update(as_bytes(bytes.substr(i, 1)), pieces);
    EXPECT_EQ(pieces.size(), before + size);
  }
  encoder.finish(pieces);
  EXPECT_EQ(pieces, whole) << "byte by byte";
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    std::string halves;
    encoder.update(as_bytes(bytes.substr(0, i)), halves);
    encoder.update(as_bytes(bytes.substr(i)), halves);
    encoder.finish(halves);
    EXPECT_EQ(halves, whole) << "split at " << i;
  }
  return whole;
}

// RFC 4648 section 10.
const std::pair<std::string_view, std::string_view> rfc4648_vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, EncodesAndDecodesTheVectorsOfRfc4648) {
  for (const auto& [bytes, text] : rfc4648_vectors) {
    EXPECT_EQ(encode_every_way(bytes, base64::standard), text);
    EXPECT_EQ(decode_every_way(text, base64::standard), (outcome{std::string(bytes), ""}));
  }
}

TEST(Base64, TheUrlAlphabetHasItsOwnLastTwoCharactersAndNoPadding) {
  const std::string_view bytes = "\xfb\xff\xfe\xff";
  EXPECT_EQ(encode_every_way(bytes, base64::standard), "+//+/w==");
  EXPECT_EQ(encode_every_way(bytes, base64::url), "-__-_w");
  EXPECT_EQ(decode_every_way("-__-_w", base64::url).bytes, bytes);
  EXPECT_EQ(decode_every_way("-__-_w==", base64::url).bytes, bytes) << "padding is accepted";
  EXPECT_EQ(decode_every_way("+//+/w==", base64::url).error,
            "malformed input: base64, offset 0: byte 0x2b is not of the alphabet");
  EXPECT_EQ(decode_every_way("-__-_w==", base64::standard).error,
            "malformed input: base64, offset 0: byte 0x2d is not of the alphabet");
  base64::format padded_url = base64::url;
  padded_url.padded = true;
  EXPECT_EQ(encode_every_way(bytes, padded_url), "-__-_w==");
}

TEST(Base64, EveryLengthComesBack) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string bytes = random_bytes(random, size);
    for (const auto& how : {base64::standard, base64::url, base64::mime}) {
      const std::string text = encode_every_way(bytes, how);
      EXPECT_EQ(decode_every_way(text, how), (outcome{bytes, ""}));
    }
  }
}

TEST(Base64, EveryTruncationOfAPaddedTextIsRefusedBetweenGroups) {
  const std::string text = base64::encode(std::string(100, 'x'));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const outcome what = decode_whole(std::string_view(text).substr(0, size), base64::standard);
    EXPECT_EQ(what.error.empty(), size % 4 == 0) << size;
  }
}

TEST(Base64, StrictDecodingRefusesWhatIsNotTheOneSpelling) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"Z", "offset 1: the padding is missing or incomplete"},
      {"Zg", "offset 2: the padding is missing or incomplete"},
      {"Zg=", "offset 3: the padding is missing or incomplete"},
      {"Zm8", "offset 3: the padding is missing or incomplete"},
      {"Zm9vY", "offset 5: the padding is missing or incomplete"},
      {"=", "offset 0: padding where none belongs"},
      {"Z===", "offset 1: padding where none belongs"},
      {"Zm9v=", "offset 4: padding where none belongs"},
      {"Zm9v====", "offset 4: padding where none belongs"},
      {"Zg===", "offset 4: padding where none belongs"},
      {"Zm8==", "offset 4: padding where none belongs"},
      {"Zg==Zg==", "offset 4: data after padding"},
      {"Zg=v", "offset 3: data after padding"},
      {"Zg==\r\n", "offset 4: byte 0x0d is not of the alphabet"},
      {"Zm9v\nZm9v", "offset 4: byte 0x0a is not of the alphabet"},
      {" Zm9v", "offset 0: byte 0x20 is not of the alphabet"},
      {"Zm9-", "offset 3: byte 0x2d is not of the alphabet"},
      {"Zm\x80v", "offset 2: byte 0x80 is not of the alphabet"},
      {std::string_view("Z\0m9", 4), "offset 1: byte 0x00 is not of the alphabet"},
      {"Zh==", "offset 3: unused bits of the last character are not zero"},
      {"Zm9=", "offset 3: unused bits of the last character are not zero"},
      {"Zm8*", "offset 3: byte 0x2a is not of the alphabet"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(decode_every_way(text, base64::standard).error,
              "malformed input: base64, " + std::string(error))
        << text;
  }
  EXPECT_EQ(base64::decode("Z").error(), condition::protocol);
}

TEST(Base64, PaddingCanBeOptionalOrForbidden) {
  base64::format optional{.expects = base64::padding::optional};
  EXPECT_EQ(decode_every_way("Zg", optional).bytes, "f");
  EXPECT_EQ(decode_every_way("Zg==", optional).bytes, "f");
  EXPECT_EQ(decode_every_way("Zm8", optional).bytes, "fo");
  EXPECT_EQ(decode_every_way("Zg=", optional).error,
            "malformed input: base64, offset 3: the padding is missing or incomplete");
  EXPECT_EQ(decode_every_way("Zm9vY", optional).error,
            "malformed input: base64, offset 5: a lone character at the end");
  EXPECT_EQ(decode_every_way("Zh", optional).error,
            "malformed input: base64, offset 2: unused bits of the last character are not zero");

  base64::format forbidden{.expects = base64::padding::forbidden};
  EXPECT_EQ(decode_every_way("Zm8", forbidden).bytes, "fo");
  EXPECT_EQ(decode_every_way("Zm8=", forbidden).error,
            "malformed input: base64, offset 3: padding is not allowed");
}

TEST(Base64, StrayBitsAreAcceptedWhereAllowed) {
  base64::format loose{.stray_bits = true};
  EXPECT_EQ(decode_every_way("Zh==", loose).bytes, "f");
  EXPECT_EQ(decode_every_way("Zm9=", loose).bytes, "fo");
}

// The algorithm of the Infra standard, section 7, word for word and slow.
outcome forgiving_decode_of_the_standard(std::string text) {
  std::erase_if(text, [](char c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; });
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.pop_back();
  }
  if (text.size() % 4 == 1) return {"", "failure"};
  std::string out;
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t value = tidewire::detail::base64_alphabets[0].find(c);
    if (value == std::string_view::npos) return {"", "failure"};
    buffer = buffer << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits == 24) {
      for (const int shift : {16, 8, 0}) out += static_cast<char>(buffer >> shift & 0xff);
      buffer = 0;
      bits = 0;
    }
  }
  if (bits == 12) out += static_cast<char>(buffer >> 4 & 0xff);
  if (bits == 18) {
    out += static_cast<char>(buffer >> 10 & 0xff);
    out += static_cast<char>(buffer >> 2 & 0xff);
  }
  return {out, ""};
}

TEST(Base64, ForgivingDecodingIsThatOfTheInfraStandard) {
  // Every text of up to six of these characters.
  const std::string_view letters = "Zh= *";
  std::vector<std::string> texts = {""};
  for (std::size_t first = 0, length = 0; length < 6; ++length) {
    const std::size_t last = texts.size();
    for (; first < last; ++first) {
      for (const char c : letters) texts.push_back(texts[first] + c);
    }
  }
  ASSERT_EQ(texts.size(), 19531u);
  for (const std::string& text : texts) {
    const outcome expected = forgiving_decode_of_the_standard(text);
    const outcome whole = decode_whole(text, base64::forgiving);
    EXPECT_EQ(whole.bytes, expected.bytes) << text;
    EXPECT_EQ(whole.error.empty(), expected.error.empty()) << text;
    EXPECT_EQ(decode_pieces(one_by_one(text), base64::forgiving), whole) << text;
  }
  EXPECT_EQ(decode_every_way(" Z\tm\n9\f\rv ", base64::forgiving).bytes, "foo");
  EXPECT_FALSE(decode_every_way("Zm\v9v", base64::forgiving).error.empty()) << "VT is no white space there";
}

TEST(Base64, MimeLinesHave76CharactersAndNoBreakAtTheEnd) {
  const std::string bytes(57 * 2 + 1, '\0');
  EXPECT_EQ(base64::encode(bytes, base64::mime),
            std::string(76, 'A') + "\r\n" + std::string(76, 'A') + "\r\nAA==");
  EXPECT_EQ(base64::encode(std::string(57, '\0'), base64::mime), std::string(76, 'A'));
  EXPECT_EQ(base64::encode("", base64::mime), "");
}

TEST(Base64, LinesOfAnyLengthAreEncoded) {
  std::mt19937 random(2);
  const std::string bytes = random_bytes(random, 100);
  const std::string plain = base64::encode(bytes);
  for (std::size_t length = 1; length < 140; ++length) {
    const std::size_t line = length < 4 ? 4 : length / 4 * 4;
    std::string expected;
    for (std::size_t i = 0; i < plain.size(); i += line) {
      if (i > 0) expected += "\r\n";
      expected += plain.substr(i, line);
    }
    EXPECT_EQ(encode_every_way(bytes, {.line_length = length}), expected) << length;
  }
}

TEST(Base64, MimeDecodingSkipsWhateverIsNotOfTheAlphabet) {
  EXPECT_EQ(decode_every_way("Zm\r\n9v\r\nYm\nFy\r\n", base64::mime).bytes, "foobar");
  EXPECT_EQ(decode_every_way("Zm-9_v* \x80Y!mFy", base64::mime).bytes, "foobar");
  EXPECT_EQ(decode_every_way("Zg==", base64::mime).bytes, "f");
  EXPECT_EQ(decode_every_way("Zg", base64::mime).bytes, "f");
  EXPECT_EQ(decode_every_way("Zh=", base64::mime).bytes, "f");
  EXPECT_EQ(decode_every_way("Zm9vZ", base64::mime).bytes, "foo") << "a lone character is dropped";
  EXPECT_EQ(decode_every_way("=", base64::mime).bytes, "");
  EXPECT_EQ(decode_every_way("Z=m9v", base64::mime).bytes, "foo") << "padding after one character is rubbish";
}

TEST(Base64, WhoIgnoresRubbishFailsForNothing) {
  for (const auto expects : {base64::padding::required, base64::padding::forbidden}) {
    const base64::format how{.expects = expects, .ignores = base64::ignore::rubbish};
    EXPECT_EQ(decode_every_way("Zh", how), (outcome{"f", ""}));
    EXPECT_EQ(decode_every_way("Zg==", how), (outcome{"f", ""}));
    EXPECT_EQ(decode_every_way("Z", how), (outcome{"", ""}));
  }
}

TEST(Base64, MimeDecodingGoesOnAfterPadding) {
  EXPECT_EQ(decode_every_way("Zm8=\r\nb2Jhcg==\r\n", base64::mime).bytes, "foobar");
  EXPECT_EQ(decode_every_way("Zg==Zg==", base64::mime).bytes, "ff");
}

TEST(Base64, ADecoderCountsTheRubbishItSkipped) {
  const auto rubbish_in = [](std::string_view text) {
    base64::decoder decoder(base64::mime);
    std::string out;
    EXPECT_TRUE(decoder.update(text, out));
    EXPECT_TRUE(decoder.finish(out));
    return decoder.ignored();
  };
  EXPECT_EQ(rubbish_in("Zm9v\r\n Zg==\t\r\n"), 0u);
  EXPECT_EQ(rubbish_in("Zm9v*\r\n-Zg==\x80"), 3u);
  EXPECT_EQ(rubbish_in("Zm9vZ"), 1u);
}

TEST(Base64, LongLinesOfAnyWidthAndBreakAreDecoded) {
  std::mt19937 random(3);
  const std::string bytes = random_bytes(random, 1000);
  const std::string plain = base64::encode(bytes);
  for (const std::string_view line_break : {"\r\n", "\n", "\r", " \r\n", "\r\n\r\n", "\t", "\r\r\n"}) {
    for (std::size_t line = 1; line < 140; ++line) {
      std::string text;
      for (std::size_t i = 0; i < plain.size(); i += line)
        text.append(plain.substr(i, line)).append(line_break);
      EXPECT_EQ(decode_whole(text, base64::mime).bytes, bytes) << line;
      EXPECT_EQ(decode_whole(text, base64::forgiving).bytes, bytes) << line;
    }
  }
}

TEST(Base64, ErrorsDeepInALongTextHaveTheirOffset) {
  for (std::size_t at = 0; at < 400; ++at) {
    std::string text(400, 'A');
    text[at] = '*';
    const std::string expected =
        "malformed input: base64, offset " + std::to_string(at) + ": byte 0x2a is not of the alphabet";
    EXPECT_EQ(decode_whole(text, base64::standard).error, expected);
    EXPECT_EQ(decode_pieces({text.substr(0, 201), text.substr(201)}, base64::standard).error, expected);
  }
}

TEST(Base64, GivenMemoryMayBeOfExactlyTheSize) {
  std::mt19937 random(4);
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string bytes = random_bytes(random, size);
    const exact_block text(base64::encode(bytes));
    exact_block room(size);
    const auto written = base64::decode_into(text.text(), room.bytes());
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(*written, size);
    EXPECT_EQ(room.text(), bytes);
  }
}

TEST(Base64, TooLittleRoomIsAnErrorAndNotAnOverrun) {
  std::mt19937 random(5);
  for (std::size_t size = 1; size < 300; ++size) {
    const std::string text = base64::encode(random_bytes(random, size));
    exact_block room(size - 1);
    const auto written = base64::decode_into(text, room.bytes());
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), condition::limit_exceeded) << size;
    exact_block short_text(text.size() - 1);
    EXPECT_EQ(base64::encode_into(as_bytes(std::string(size, 'x')), short_text.chars()).code(),
              condition::misuse);
  }
}

TEST(Base64, NothingIsWrittenBeyondTheLargestAnswer) {
  exact_block room(200);
  std::ranges::fill(room.chars(), '#');
  ASSERT_TRUE(base64::decode_into(base64::encode(std::string(30, 'x')), room.bytes()));
  EXPECT_EQ(room.text().substr(30), std::string(170, '#'));
  std::ranges::fill(room.chars(), '#');
  ASSERT_TRUE(base64::encode_into(as_bytes(std::string(30, 'x')), room.chars()));
  EXPECT_EQ(room.text().substr(40), std::string(160, '#'));
}

TEST(Base64, SizesSaturate) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(base64::encoded_size(most), most);
  EXPECT_EQ(base64::encoded_size(most / 4 * 3 - 3, base64::mime), most);
  EXPECT_EQ(base64::decoded_size_max(most), most / 4 * 3 + 2);
  static_assert(base64::encoded_size(57, base64::mime) == 76);
  static_assert(base64::encoded_size(58, base64::mime) == 82);
  static_assert(base64::encoded_size(4, base64::url) == 6);
  static_assert(base64::decoded_size_max(3) == 2 && base64::decoded_size_max(1) == 0);
}

TEST(Base64, AnEncoderAndADecoderCanBeUsedAgainAfterFinish) {
  base64::encoder encoder;
  base64::decoder decoder;
  for (int i = 0; i < 2; ++i) {
    std::string text;
    encoder.update(as_bytes("fooba"), text);
    encoder.finish(text);
    EXPECT_EQ(text, "Zm9vYmE=");
    std::string bytes;
    ASSERT_TRUE(decoder.update(text, bytes));
    ASSERT_TRUE(decoder.finish(bytes));
    EXPECT_EQ(bytes, "fooba");
  }
}

TEST(Base64, AFailedDecoderStaysFailed) {
  base64::decoder decoder;
  std::string out = "kept";
  EXPECT_FALSE(decoder.update("Zm9v*", out));
  EXPECT_EQ(out, "kept");
  EXPECT_EQ(decoder.update("Zm9v", out).code(), condition::misuse);
  EXPECT_EQ(decoder.finish(out).code(), condition::misuse);
}

TEST(Base64, AnEncoderWithTooLittleRoomChangesNothing) {
  base64::encoder encoder;
  exact_block room(3);
  EXPECT_EQ(encoder.update(as_bytes("foo"), room.chars()).code(), condition::misuse);
  std::string out;
  encoder.update(as_bytes("f"), out);
  EXPECT_EQ(encoder.finish(room.chars()).code(), condition::misuse);
  encoder.finish(out);
  EXPECT_EQ(out, "Zg==");
}

// Each level of vector instructions that this machine has, against the portable one.
class Base64Kernels : public ::testing::TestWithParam<std::tuple<detail::simd_level, bool>> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) > detail::best_simd_level())
      GTEST_SKIP() << "this processor has not that level";
  }
  const detail::base64_kernels& portable =
      detail::base64_kernels_of(detail::simd_level::portable, std::get<1>(GetParam()));
  const detail::base64_kernels& vector =
      detail::base64_kernels_of(std::get<0>(GetParam()), std::get<1>(GetParam()));
  std::string_view alphabet = detail::base64_alphabets[std::get<1>(GetParam())];
  std::mt19937 random{6};
};

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

TEST_P(Base64Kernels, EncodeAlike) {
  for (std::size_t size = 0; size < 400; size += 3) {
    const exact_block bytes(random_bytes(random, size));
    exact_block expected(size / 3 * 4);
    exact_block text(size / 3 * 4);
    const unsigned char* in = raw(bytes.text());
    portable.encode(in, size, in + size, expected.chars().data(),
                    expected.chars().data() + expected.text().size());
    vector.encode(in, size, in + size, text.chars().data(), text.chars().data() + text.text().size());
    EXPECT_EQ(text.text(), expected.text());
  }
}

TEST_P(Base64Kernels, EncodePartsOfLargerMemoryAlike) {
  const exact_block bytes(random_bytes(random, 300));
  for (std::size_t size = 0; size <= 300; size += 3) {
    exact_block expected(500);
    exact_block text(500);
    const unsigned char* in = raw(bytes.text());
    portable.encode(in, size, in + 300, expected.chars().data(), expected.chars().data() + 500);
    vector.encode(in, size, in + 300, text.chars().data(), text.chars().data() + 500);
    EXPECT_EQ(text.text().substr(0, size / 3 * 4), expected.text().substr(0, size / 3 * 4));
  }
}

using decode_function = detail::base64_progress (*)(const char*, const char*, unsigned char*, unsigned char*);

void expect_decode_alike(decode_function portable, decode_function vector, std::string_view input,
                         std::size_t room_size) {
  const exact_block text(input);
  exact_block expected(room_size);
  exact_block bytes(room_size);
  const auto run = [&](decode_function function, exact_block& room) {
    auto* out = reinterpret_cast<unsigned char*>(room.chars().data());
    const auto stop =
        function(text.text().data(), text.text().data() + text.text().size(), out, out + room_size);
    return std::pair(stop.in - text.text().data(), stop.out - out);
  };
  const auto expected_stop = run(portable, expected);
  const auto stop = run(vector, bytes);
  ASSERT_EQ(stop, expected_stop) << input;
  const auto size = static_cast<std::size_t>(stop.second);
  EXPECT_EQ(bytes.text().substr(0, size), expected.text().substr(0, size)) << input;
}

TEST_P(Base64Kernels, JudgeEveryByteAtEveryPlaceAlike) {
  for (std::size_t at = 0; at < 72; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(72, alphabet[at % 64]);
      text[at] = static_cast<char>(byte);
      expect_decode_alike(portable.decode, vector.decode, text, 96);
      expect_decode_alike(portable.decode_lines, vector.decode_lines, text, 96);
    }
  }
}

TEST_P(Base64Kernels, DecodeEveryLengthIntoAnyRoomAlike) {
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, ' ');
    for (char& c : text) c = alphabet[random() % 64];
    for (const std::size_t room : {size, base64::decoded_size_max(size), size / 2, std::size_t{0}}) {
      expect_decode_alike(portable.decode, vector.decode, text, room);
      expect_decode_alike(portable.decode_lines, vector.decode_lines, text, room);
    }
  }
}

TEST_P(Base64Kernels, DecodeLinesAlike) {
  const std::string_view breaks[] = {"\r\n", "\n", "\r", "=", "\r\n\r\n", "\n\n", " "};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t line = round % 3 ? 4 * (1 + random() % 40) : 1 + random() % 160;
    const std::size_t lines = random() % 8;
    for (std::size_t i = 0; i < lines; ++i) {
      for (std::size_t j = 0; j < line; ++j) text += alphabet[random() % 64];
      text += random() % 16 ? "\r\n" : breaks[random() % std::size(breaks)];
    }
    expect_decode_alike(portable.decode_lines, vector.decode_lines, text,
                        base64::decoded_size_max(text.size()));
    expect_decode_alike(portable.decode_lines, vector.decode_lines, text, random() % (text.size() + 1));
    expect_decode_alike(portable.decode, vector.decode, text, text.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Base64Kernels,
                         ::testing::Combine(::testing::Values(detail::simd_level::ssse3,
                                                              detail::simd_level::avx2,
                                                              detail::simd_level::avx512vbmi),
                                            ::testing::Bool()));

TEST(Base64Conformance, APhotoOfMimeKitIsTheSameBothWays) {
  TIDEWIRE_NEEDS_CONFORMANCE("mimekit/encoders");
  const std::string photo = testing::read_file(testing::conformance_path("mimekit/encoders/photo.jpg"));
  std::string text = testing::read_file(testing::conformance_path("mimekit/encoders/photo.b64"));
  EXPECT_EQ(decode_whole(text, base64::mime).bytes, photo);
  EXPECT_EQ(decode_pieces(one_by_one(text), base64::mime).bytes, photo);

  std::erase(text, '\r');
  while (text.ends_with('\n')) text.pop_back();
  std::string ours = base64::encode(photo, base64::mime);
  std::erase(ours, '\r');
  EXPECT_EQ(ours, text);
}

}  // namespace
}  // namespace tidewire
