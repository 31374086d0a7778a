#include <tidewire/base/hex.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "../src/base/hex_kernels.hpp"
#include "support/exact.hpp"

namespace tidewire {
namespace {

using testing::exact_block;

struct outcome {
  std::string bytes;
  std::string error;
  bool operator==(const outcome&) const = default;
};
void PrintTo(const outcome& what, std::ostream* out) {
  *out << (what.error.empty() ? "\"" + what.bytes + "\"" : "error: " + what.error);
}

outcome decode_pieces(const std::vector<std::string_view>& pieces, hex::format how) {
  hex::decoder decoder(how);
  std::string bytes;
  for (const std::string_view piece : pieces) {
    const exact_block text(piece);
    exact_block room(piece.size() / 2 + 1);
    const auto written = decoder.update(text.text(), room.bytes());
    if (!written) return {"", written.error().message()};
    bytes += room.text().substr(0, *written);
  }
  const auto whole = decoder.finish();
  return whole ? outcome{bytes, ""} : outcome{"", whole.error().message()};
}

// Decodes whole, byte by byte and in every two pieces: the answer must be one.
outcome decode_every_way(std::string_view text, hex::format how = {}) {
  const exact_block copy(text);
  const auto bytes = hex::decode_text(copy.text(), how);
  const outcome whole = bytes ? outcome{*bytes, ""} : outcome{"", bytes.error().message()};
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < text.size(); ++i) single.push_back(text.substr(i, 1));
  EXPECT_EQ(decode_pieces(single, how), whole) << text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(decode_pieces({text.substr(0, i), text.substr(i)}, how), whole) << text << " split at " << i;
  }
  return whole;
}

TEST(Hex, WritesEveryByteInBothCases) {
  for (int byte = 0; byte < 256; ++byte) {
    char lower[3];
    char upper[3];
    std::snprintf(lower, sizeof lower, "%02x", static_cast<unsigned>(byte));
    std::snprintf(upper, sizeof upper, "%02X", static_cast<unsigned>(byte));
    const std::string bytes(40, static_cast<char>(byte));
    std::string expected_lower;
    std::string expected_upper;
    for (int i = 0; i < 40; ++i) {
      expected_lower += lower;
      expected_upper += upper;
    }
    EXPECT_EQ(hex::encode(bytes), expected_lower);
    EXPECT_EQ(hex::encode(bytes, {.upper = true}), expected_upper);
    EXPECT_EQ(decode_every_way(expected_lower), (outcome{bytes, ""}));
    EXPECT_EQ(decode_every_way(expected_upper), (outcome{bytes, ""}));
  }
}

TEST(Hex, DecodesTheVectorsOfRfc4648) {
  EXPECT_EQ(decode_every_way(""), (outcome{"", ""}));
  EXPECT_EQ(decode_every_way("66"), (outcome{"f", ""}));
  EXPECT_EQ(decode_every_way("666F6F626172"), (outcome{"foobar", ""}));
  EXPECT_EQ(decode_every_way("666f6F626172"), (outcome{"foobar", ""})) << "cases mixed";
}

TEST(Hex, RefusesWhatIsNoDigitAndHalfAByte) {
  EXPECT_EQ(decode_every_way("6").error, "malformed input: hex, offset 1: half a byte at the end");
  EXPECT_EQ(decode_every_way("666").error, "malformed input: hex, offset 3: half a byte at the end");
  EXPECT_EQ(decode_every_way("6g").error, "malformed input: hex, offset 1: 'g' is no hexadecimal digit");
  EXPECT_EQ(decode_every_way("0x66").error, "malformed input: hex, offset 1: 'x' is no hexadecimal digit");
  EXPECT_EQ(decode_every_way("66 6f").error,
            "malformed input: hex, offset 2: byte 0x20 is no hexadecimal digit");
  EXPECT_EQ(decode_every_way("66\xff\xff").error,
            "malformed input: hex, offset 2: byte 0xff is no hexadecimal digit");
}

TEST(Hex, ErrorsDeepInALongTextHaveTheirOffset) {
  for (std::size_t at = 0; at < 200; ++at) {
    std::string text(200, 'a');
    text[at] = '/';
    EXPECT_EQ(hex::decode(text).error().detail(),
              "hex, offset " + std::to_string(at) + ": '/' is no hexadecimal digit");
  }
}

TEST(Hex, ASeparatorStandsBetweenBytes) {
  const hex::format colons{.upper = true, .separator = ':'};
  EXPECT_EQ(hex::encode("\x01\xab\xff", colons), "01:AB:FF");
  EXPECT_EQ(hex::encode("\x01", colons), "01");
  EXPECT_EQ(hex::encode("", colons), "");
  EXPECT_EQ(decode_every_way("01:ab:FF", colons), (outcome{"\x01\xab\xff", ""}));
  EXPECT_EQ(decode_every_way("", colons), (outcome{"", ""}));
  EXPECT_EQ(decode_every_way("01ab", colons).error, "malformed input: hex, offset 2: 'a' where ':' belongs");
  EXPECT_EQ(decode_every_way("01:", colons).error, "malformed input: hex, offset 3: a separator at the end");
  EXPECT_EQ(decode_every_way(":01", colons).error,
            "malformed input: hex, offset 0: ':' is no hexadecimal digit");
  EXPECT_EQ(decode_every_way("01:a", colons).error, "malformed input: hex, offset 4: half a byte at the end");
  EXPECT_EQ(decode_every_way("01::02", colons).error,
            "malformed input: hex, offset 3: ':' is no hexadecimal digit");
}

TEST(Hex, GivenMemoryMayBeOfExactlyTheSizeAndNoSmaller) {
  for (std::size_t size = 1; size < 150; ++size) {
    const std::string bytes(size, '\x5a');
    exact_block text(2 * size);
    ASSERT_EQ(hex::encode_into(as_bytes(bytes), text.chars()).value(), 2 * size);
    EXPECT_EQ(text.text(), hex::encode(bytes));
    exact_block room(size);
    ASSERT_EQ(hex::decode_into(text.text(), room.bytes()).value(), size);
    EXPECT_EQ(room.text(), bytes);

    exact_block less_text(2 * size - 1);
    EXPECT_EQ(hex::encode_into(as_bytes(bytes), less_text.chars()).code(), condition::misuse);
    exact_block less_room(size - 1);
    EXPECT_EQ(hex::decode_into(text.text(), less_room.bytes()).code(), condition::limit_exceeded);
  }
}

TEST(Hex, SizesSaturate) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(hex::encoded_size(most), most);
  EXPECT_EQ(hex::encoded_size(most, {.separator = ':'}), most);
  EXPECT_EQ(hex::encoded_size(0, {.separator = ':'}), 0u);
  EXPECT_EQ(hex::encoded_size(3, {.separator = ':'}), 8u);
  EXPECT_EQ(hex::decoded_size_max(8, {.separator = ':'}), 3u);
  EXPECT_EQ(hex::decoded_size_max(7), 3u);
}

TEST(Hex, AFailedDecoderStaysFailedAndAFinishedOneIsNew) {
  hex::decoder decoder;
  exact_block room(4);
  EXPECT_EQ(decoder.update("6162", room.bytes()).value(), 2u);
  EXPECT_TRUE(decoder.finish());
  EXPECT_EQ(decoder.update("63", room.bytes()).value(), 1u);
  EXPECT_EQ(decoder.update("x", room.bytes()).error().detail(), "hex, offset 2: 'x' is no hexadecimal digit");
  EXPECT_EQ(decoder.update("63", room.bytes()).code(), condition::misuse);
  EXPECT_EQ(decoder.finish().code(), condition::misuse);
}

class HexKernels : public ::testing::TestWithParam<detail::simd_level> {
 protected:
  void SetUp() override {
    if (GetParam() > detail::best_simd_level()) GTEST_SKIP() << "this processor has not that level";
  }
  const detail::hex_kernels& portable = detail::hex_kernels_of(detail::simd_level::portable);
  const detail::hex_kernels& vector = detail::hex_kernels_of(GetParam());
};

TEST_P(HexKernels, EncodeAlike) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    exact_block bytes(size);
    for (char& byte : bytes.chars()) byte = static_cast<char>(random());
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.text().data());
    for (const bool upper : {false, true}) {
      exact_block expected(2 * size);
      exact_block text(2 * size);
      portable.encode(in, size, expected.chars().data(), upper);
      vector.encode(in, size, text.chars().data(), upper);
      EXPECT_EQ(text.text(), expected.text());
    }
  }
}

TEST_P(HexKernels, JudgeEveryByteAtEveryPlaceAlike) {
  for (const std::size_t size : {1u, 15u, 16u, 17u, 31u, 32u, 33u, 48u, 70u}) {
    for (std::size_t at = 0; at < 2 * size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        exact_block text(std::string(2 * size, 'C'));
        text.chars()[at] = static_cast<char>(byte);
        exact_block expected(size);
        exact_block room(size);
        const auto decode = [&](const detail::hex_kernels& kernels, exact_block& out) {
          return kernels.decode(text.text().data(), size,
                                reinterpret_cast<unsigned char*>(out.chars().data()));
        };
        const std::size_t done = decode(portable, expected);
        ASSERT_EQ(decode(vector, room), done) << at << " " << byte;
        ASSERT_EQ(room.text().substr(0, done), expected.text().substr(0, done));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, HexKernels,
                         ::testing::Values(detail::simd_level::ssse3, detail::simd_level::avx2));

}  // namespace
}  // namespace tidewire
