#include <tidewire/base/bytes.hpp>
#include <tidewire/core/framing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::framing {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

static_assert(decoder<line_codec> && encoder<line_codec>);
static_assert(decoder<delimiter_codec> && encoder<delimiter_codec>);
static_assert(decoder<fixed_codec> && encoder<fixed_codec>);
static_assert(decoder<length_codec> && encoder<length_codec>);
static_assert(decoder<varint_codec> && encoder<varint_codec>);
static_assert(decoder<netstring_codec> && encoder<netstring_codec>);
static_assert(std::is_trivially_destructible_v<line_options> &&
              std::is_trivially_destructible_v<length_options>);

constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();

// What came out of a stream: the payloads, how it ended ("" at a boundary, else the failure), and how many of
// the payloads were found only because it ended.
struct outcome {
  std::vector<std::string> frames;
  std::string end;
  std::size_t unfinished = 0;
  bool operator==(const outcome&) const = default;
};

void PrintTo(const outcome& what, std::ostream* out) {
  *out << testing::PrintToString(what.frames) << " (" << what.unfinished << " unfinished) then "
       << testing::PrintToString(what.end);
}

std::string text_of(const failure& why) {
  return why.code().message() + ": " + std::string(why.detail());
}

// Plays a stream that arrives in these chunks. Each call sees a heap block of exactly the bytes buffered, of
// which those that an earlier call saw are overwritten but for the last one: a decoder that searched them
// again would be misled. What was promised by `missing`, and that failures stay, is checked on the way.
template <decoder Codec>
outcome decode(Codec codec, const std::vector<std::string_view>& chunks) {
  outcome out;
  std::string buffered;
  std::size_t seen = 0;    // bytes that an earlier call saw
  std::size_t wanted = 1;  // no frame before so many bytes
  const auto ask = [&](char scrub, auto&& question) {
    const auto shown = std::make_unique<std::byte[]>(buffered.size());
    std::memcpy(shown.get(), buffered.data(), buffered.size());
    if (seen > 1) std::memset(shown.get(), scrub, seen - 1);
    return question(byte_view(shown.get(), buffered.size()));
  };
  // Handles an answer; false: no more frames now.
  const auto take = [&](const result<frame>& found) {
    if (!found) {
      out.end = text_of(found.error());
      const auto again = ask('\n', [&](byte_view shown) { return codec.next(shown); });
      EXPECT_TRUE(!again && text_of(again.error()) == out.end) << "a failure did not stay";
      return false;
    }
    if (!found->complete()) {
      seen = buffered.size();
      wanted = seen + found->missing;
      return false;
    }
    EXPECT_LE(found->begin, found->end);
    EXPECT_LE(found->end, found->size);
    EXPECT_LE(found->size, buffered.size());
    EXPECT_LE(found->size, codec.max_size());
    EXPECT_GE(buffered.size(), wanted) << "a frame before the bytes said to be missing";
    out.frames.emplace_back(as_text(found->payload(as_bytes(buffered))));
    buffered.erase(0, found->size);
    seen = 0;
    wanted = 1;
    return true;
  };
  std::size_t turn = 0;
  for (const std::string_view chunk : chunks) {
    buffered += chunk;
    while (!buffered.empty()) {
      const char scrub = "\n\r,9:a\xff"[turn++ % 7];
      const auto found = ask(scrub, [&](byte_view shown) { return codec.next(shown); });
      if (found && !found->complete()) {
        EXPECT_GE(found->missing, 1u);
        EXPECT_LT(buffered.size(), codec.max_size()) << "a buffer of max_size() gave no answer";
      }
      if (!take(found)) break;
    }
    if (!out.end.empty()) return out;
  }
  for (;;) {
    const auto last = ask('\n', [&](byte_view shown) { return codec.finish(shown); });
    if (!last) {
      out.end = text_of(last.error());
      return out;
    }
    if (!last->complete()) {
      EXPECT_TRUE(buffered.empty()) << "the end hid bytes";
      return out;
    }
    wanted = 1;  // the end completes what more bytes would have made longer
    take(*last);
    ++out.unfinished;
  }
}

// The outcome of `input`, which must be the same in one piece, byte by byte and in every two-way split; after
// every truncation there are no other frames than those.
template <decoder Codec>
outcome decode_every_way(const Codec& codec, std::string_view input) {
  const outcome whole = decode(codec, {input});
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  EXPECT_EQ(decode(codec, bytes), whole) << "byte by byte";
  for (std::size_t i = 1; i < input.size(); ++i) {
    EXPECT_EQ(decode(codec, {input.substr(0, i), input.substr(i)}), whole) << "split at " << i;
  }
  for (std::size_t i = 0; i < input.size(); ++i) {
    const outcome part = decode(codec, {input.substr(0, i)});
    const std::size_t sure = part.frames.size() - part.unfinished;
    const std::size_t all = std::min(sure, whole.frames.size());
    EXPECT_LE(sure, whole.frames.size() - whole.unfinished) << "cut at " << i;
    EXPECT_TRUE(std::equal(part.frames.begin(), part.frames.begin() + static_cast<std::ptrdiff_t>(all),
                           whole.frames.begin()))
        << "cut at " << i;
    if (whole.end.empty()) {
      EXPECT_TRUE(part.end.empty() || part.end.starts_with(make_error_code(errc::end_of_stream).message()))
          << "cut at " << i << ": " << part.end;
    }
  }
  return whole;
}

outcome frames(std::vector<std::string> payloads, std::size_t unfinished = 0) {
  return {std::move(payloads), "", unfinished};
}

template <encoder Codec>
result<std::string> encode(const Codec& codec, std::string_view payload) {
  header_room room;
  const auto made = codec.encode(as_bytes(payload), room);
  if (!made) return made.error();
  EXPECT_EQ((*made)[1].data(), as_bytes(payload).data()) << "the payload was copied";
  EXPECT_EQ((*made)[1].size(), payload.size());
  std::string wire;
  for (const byte_view piece : *made) wire += as_text(piece);
  EXPECT_LE(wire.size(), codec.max_size());
  return wire;
}

// The payloads survive the wire together, however they are split.
template <class Codec>
void expect_round_trip(const Codec& codec, const std::vector<std::string>& payloads) {
  std::string wire;
  for (const auto& payload : payloads) {
    const auto one = encode(codec, payload);
    ASSERT_TRUE(one) << one.error().message();
    wire += *one;
  }
  EXPECT_EQ(decode_every_way(codec, wire), frames(payloads));
}

// `encode` accepts exactly what `next` would give back.
template <class Codec>
void expect_encodes_what_it_decodes(const Codec& codec, std::string_view payload, std::string_view trailer) {
  const auto wire = encode(codec, payload);
  const bool decodable =
      decode(codec, {std::string(payload) + std::string(trailer)}) == frames({std::string(payload)});
  EXPECT_EQ(wire.has_value(), decodable) << testing::PrintToString(payload);
  if (wire) {
    EXPECT_EQ(*wire, std::string(payload) + std::string(trailer));
  }
}

// A random text of these characters.
std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
  std::string text(random() % (longest + 1), '\0');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

TEST(LineCodec, EndsLinesWithLfAndDropsACrBeforeIt) {
  const line_codec lines({.limit = 10});
  EXPECT_EQ(decode_every_way(lines, ""), frames({}));
  EXPECT_EQ(decode_every_way(lines, "one\ntwo\r\n\n\r\nthree\n"), frames({"one", "two", "", "", "three"}));
  EXPECT_EQ(decode_every_way(lines, "a\rb\n\rc\n\r\r\n"), frames({"a\rb", "\rc", "\r"}));
  EXPECT_EQ(decode_every_way(lines, "\0\xff\n"sv), frames({"\0\xff"s}));
}

TEST(LineCodec, WantsALastLineFinishedUnlessToldOtherwise) {
  const line_codec lines({.limit = 10});
  EXPECT_EQ(decode_every_way(lines, "one\ntwo").frames, std::vector<std::string>{"one"});
  EXPECT_NE(decode(lines, {"one\ntwo"}).end.find("the stream ended within a line"), std::string::npos);
  EXPECT_NE(decode(lines, {"one\r"}).end, "");

  const line_codec relaxed({.limit = 10, .allow_unfinished = true});
  EXPECT_EQ(decode_every_way(relaxed, "one\ntwo"), frames({"one", "two"}, 1));
  EXPECT_EQ(decode_every_way(relaxed, "one\n"), frames({"one"}));
  EXPECT_EQ(decode_every_way(relaxed, "one\r"), frames({"one"}, 1));
  EXPECT_EQ(decode_every_way(relaxed, "0123456789\r"), frames({"0123456789"}, 1));
  EXPECT_EQ(decode_every_way(relaxed, "\r"), frames({""}, 1));

  const line_codec strict({.limit = 10, .strict = true, .allow_unfinished = true});
  EXPECT_EQ(decode_every_way(strict, "one\r\ntwo"), frames({"one", "two"}, 1));
  EXPECT_NE(decode(strict, {"one\r"}).end.find("the stream ended within a line"), std::string::npos);
}

TEST(LineCodec, AcceptsOnlyCrLfWhenStrict) {
  const line_codec lines({.limit = 10, .strict = true});
  EXPECT_EQ(decode_every_way(lines, "one\r\n\r\n two \r\n"), frames({"one", "", " two "}));
  for (const std::string_view text : {"ok\r\na\nb\r\n"sv, "ok\r\n\n"sv, "ok\r\na\n\r\n"sv}) {
    const outcome got = decode_every_way(lines, text);
    EXPECT_EQ(got.frames, std::vector<std::string>{"ok"});
    EXPECT_NE(got.end.find("LF without CR in a line"), std::string::npos) << got.end;
  }
  for (const std::string_view text :
       {"ok\r\na\rb\r\n"sv, "ok\r\n\r\r\n"sv, "ok\r\na\r\r\n"sv, "ok\r\n\ra"sv}) {
    const outcome got = decode_every_way(lines, text);
    EXPECT_EQ(got.frames, std::vector<std::string>{"ok"});
    EXPECT_NE(got.end.find("CR without LF in a line"), std::string::npos) << got.end;
  }
}

TEST(LineCodec, RefusesALineLongerThanTheLimit) {
  for (const bool strict : {false, true}) {
    for (const std::size_t limit : {0u, 1u, 5u}) {
      const line_codec lines({.limit = limit, .strict = strict});
      const std::string longest(limit, 'x');
      EXPECT_EQ(decode_every_way(lines, longest + "\r\n" + longest + "\r\n"), frames({longest, longest}));
      const std::string told = "line longer than " + std::to_string(limit) + " bytes";
      for (const std::string& tail : {"x\r\n"s, "xx\r\n"s, "x"s, "x\r"s, "xx"s}) {
        const outcome got = decode_every_way(lines, longest + tail);
        EXPECT_EQ(got.frames.size(), 0u);
        EXPECT_NE(got.end.find(told), std::string::npos) << got.end;
      }
      if (!strict) {
        EXPECT_EQ(decode_every_way(lines, longest + "\n"), frames({longest}));
        EXPECT_NE(decode_every_way(lines, longest + "x\n").end.find(told), std::string::npos);
        EXPECT_NE(decode_every_way(lines, longest + "\rx").end.find(told), std::string::npos);
        EXPECT_NE(decode_every_way(lines, longest + "\r\r\n").end.find(told), std::string::npos);
      }
    }
  }
}

TEST(LineCodec, SaysSoAsSoonAsTheLineIsTooLong) {
  line_codec lines({.limit = 3});
  EXPECT_TRUE(lines.next(as_bytes("abc"sv)));
  const auto found = lines.next(as_bytes("abcd"sv));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), condition::limit_exceeded);

  // A CR may be the beginning of the end.
  line_codec others({.limit = 3});
  EXPECT_TRUE(others.next(as_bytes("abc\r"sv)));
  EXPECT_FALSE(others.next(as_bytes("abc\r\r"sv)));
}

TEST(LineCodec, TakesTheSameLinesAsASplitAtEachLf) {
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_text(random, "ab\r\n", 12);
    std::vector<std::string> expected;
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const bool crlf = end > begin && text[end - 1] == '\r';
      expected.push_back(text.substr(begin, end - begin - (crlf ? 1 : 0)));
    }
    EXPECT_EQ(decode_every_way(line_codec(), text).frames, expected);
  }
}

TEST(LineCodec, WritesOnlyWhatItWouldRead) {
  std::mt19937 random(5);
  for (int i = 0; i < 5000; ++i) {
    const std::string payload = random_text(random, "ab\r\n", 5);
    expect_encodes_what_it_decodes(line_codec({.limit = 4}), payload, "\n");
    expect_encodes_what_it_decodes(line_codec({.limit = 4, .strict = true}), payload, "\r\n");
  }
  EXPECT_EQ(encode(line_codec({.limit = 4}), "abcde").code(), errc::limit_exceeded);
  EXPECT_EQ(encode(line_codec(), "a\nb").code(), errc::misuse);
  EXPECT_EQ(encode(line_codec(), "a\r").code(), errc::misuse);
  EXPECT_EQ(encode(line_codec({.strict = true}), "a\rb").code(), errc::misuse);
  expect_round_trip(line_codec(), {"", "one", "a\rb", "", "two"});
  expect_round_trip(line_codec({.strict = true}), {"", "one", "", "two"});
}

TEST(LineCodec, HasALimitOf64KiBByDefault) {
  EXPECT_EQ(line_codec().max_size(), 65536u + 2);
  EXPECT_EQ(decode(line_codec(), {std::string(65536, 'x') + "\r\n"}).frames.size(), 1u);
  EXPECT_NE(decode(line_codec(), {std::string(65537, 'x') + "\r\n"}).end, "");
}

TEST(DelimiterCodec, EndsFramesAtEachDelimiter) {
  EXPECT_EQ(decode_every_way(delimiter_codec("\0"sv, 9), "one\0\0two\0"sv), frames({"one", "", "two"}));
  EXPECT_EQ(decode_every_way(delimiter_codec("\r\n.\r\n", 9), "a\r\n.\r\n\r\n\r\n.\r\n\r\n.\r\n"),
            frames({"a", "\r\n", ""}));
  EXPECT_EQ(decode_every_way(delimiter_codec("--", 9), "a---b--"), frames({"a", "-b"}));
  EXPECT_EQ(decode_every_way(delimiter_codec("aab", 9), "aaaab"), frames({"aa"}));
  EXPECT_EQ(decode_every_way(delimiter_codec("aaabb", 9), "aaabaabbaaabb"), frames({"aaabaabb"}));
  const outcome cut = decode_every_way(delimiter_codec("--", 9), "a--b-");
  EXPECT_EQ(cut.frames, std::vector<std::string>{"a"});
  EXPECT_NE(cut.end.find("the stream ended within a frame"), std::string::npos) << cut.end;
}

TEST(DelimiterCodec, FindsTheFirstDelimiterAsASearchFromEachPlaceDoes) {
  std::mt19937 random(6);
  for (int i = 0; i < 3000; ++i) {
    std::string delimiter = random_text(random, "ab", 5);
    if (delimiter.empty()) delimiter = "ababa";
    const std::string text = random_text(random, "ab", 20);
    std::vector<std::string> expected;
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find(delimiter, begin)) != std::string::npos;) {
      expected.push_back(text.substr(begin, end - begin));
      begin = end + delimiter.size();
    }
    EXPECT_EQ(decode_every_way(delimiter_codec(delimiter), text).frames, expected)
        << delimiter << " in " << text;
  }
}

TEST(DelimiterCodec, SaysHowMuchOfTheDelimiterIsMissing) {
  delimiter_codec codec("abac");
  EXPECT_EQ(codec.next(as_bytes("x"sv))->missing, 4u);
  EXPECT_EQ(codec.next(as_bytes("xaba"sv))->missing, 1u);
  EXPECT_EQ(codec.next(as_bytes("xabab"sv))->missing, 2u);
  const auto found = codec.next(as_bytes("xababac"sv));
  ASSERT_TRUE(found && found->complete());
  EXPECT_EQ(found->end, 3u);
  EXPECT_EQ(found->size, 7u);
}

TEST(DelimiterCodec, RefusesAFrameLongerThanTheLimit) {
  const delimiter_codec codec("--", 3);
  EXPECT_EQ(codec.max_size(), 5u);
  EXPECT_EQ(decode_every_way(codec, "abc--a----"), frames({"abc", "a", ""}));
  for (const std::string_view text : {"abcd--", "abcd", "abc-d", "abcdefghijk", "abc-d--"}) {
    const outcome got = decode_every_way(codec, text);
    EXPECT_EQ(got.frames.size(), 0u);
    EXPECT_NE(got.end.find("frame longer than 3 bytes"), std::string::npos) << got.end;
  }
  EXPECT_EQ(decode_every_way(delimiter_codec("--", 0), "----"), frames({"", ""}));
  EXPECT_NE(decode_every_way(delimiter_codec("--", 0), "-x").end, "");
}

TEST(DelimiterCodec, WritesOnlyWhatItWouldRead) {
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    const std::string payload = random_text(random, "ab", 6);
    for (const std::string_view delimiter : {"a", "ab", "aa", "aba", "aab"}) {
      expect_encodes_what_it_decodes(delimiter_codec(delimiter, 5), payload, delimiter);
    }
  }
  EXPECT_EQ(encode(delimiter_codec("\0"sv), "a\0b"sv).code(), errc::misuse);
  EXPECT_EQ(encode(delimiter_codec("--"), "a-").code(), errc::misuse);
  EXPECT_EQ(encode(delimiter_codec("--", 1), "ab").code(), errc::limit_exceeded);
  expect_round_trip(delimiter_codec("\r\n.\r\n"), {"", "one", "\r\n.\r", "two\r\n"});
}

TEST(DelimiterCodec, RefusesAnEmptyDelimiter) {
  try {
    const delimiter_codec codec("");
    FAIL() << "accepted";
  } catch (const error& caught) {
    EXPECT_EQ(caught.code(), errc::misuse);
  }
}

TEST(FixedCodec, CutsTheStreamIntoEqualFrames) {
  EXPECT_EQ(decode_every_way(fixed_codec(3), "abcdef"), frames({"abc", "def"}));
  EXPECT_EQ(decode_every_way(fixed_codec(1), "ab"), frames({"a", "b"}));
  const outcome cut = decode_every_way(fixed_codec(3), "abcde");
  EXPECT_EQ(cut.frames, std::vector<std::string>{"abc"});
  EXPECT_NE(cut.end.find("the stream ended within a frame"), std::string::npos) << cut.end;
  EXPECT_EQ(fixed_codec(3).next(as_bytes("a"sv))->missing, 2u);
  EXPECT_EQ(fixed_codec(3).max_size(), 3u);
}

TEST(FixedCodec, WritesOnlyFramesOfItsSize) {
  EXPECT_EQ(encode(fixed_codec(3), "abc").value(), "abc");
  EXPECT_EQ(encode(fixed_codec(3), "ab").code(), errc::misuse);
  EXPECT_EQ(encode(fixed_codec(3), "abcd").code(), errc::misuse);
  EXPECT_THROW(fixed_codec(0), error);
}

TEST(LengthCodec, ReadsEachWidthAndOrder) {
  using std::endian;
  struct {
    length_options options;
    std::string_view wire;
  } const cases[] = {
      {{.width = 1}, "\x02hi\0\x01!"sv},
      {{.width = 2}, "\0\x02hi\0\0\0\x01!"sv},
      {{.width = 2, .order = endian::little}, "\x02\0hi\0\0\x01\0!"sv},
      {{.width = 3}, "\0\0\x02hi\0\0\0\0\0\x01!"sv},
      {{.width = 4}, "\0\0\0\x02hi\0\0\0\0\0\0\0\x01!"sv},
      {{.width = 4, .order = endian::little}, "\x02\0\0\0hi\0\0\0\0\x01\0\0\0!"sv},
      {{.width = 8}, "\0\0\0\0\0\0\0\x02hi\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01!"sv},
      {{.width = 8, .order = endian::little}, "\x02\0\0\0\0\0\0\0hi\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0!"sv},
      {{.width = 1, .includes_header = true}, "\x03hi\x01\x02!"sv},
      {{.width = 2, .includes_header = true}, "\0\x04hi\0\x02\0\x03!"sv},
      {{.width = 4, .order = endian::little, .includes_header = true}, "\x06\0\0\0hi\x04\0\0\0\x05\0\0\0!"sv},
  };
  for (const auto& [options, wire] : cases) {
    EXPECT_EQ(decode_every_way(length_codec(options), wire), frames({"hi", "", "!"})) << options.width;
    EXPECT_EQ(encode(length_codec(options), "hi").value() + encode(length_codec(options), "").value() +
                  encode(length_codec(options), "!").value(),
              wire);
  }
}

TEST(LengthCodec, HasFourBytesInNetworkOrderByDefault) {
  const std::string payload(0x1234, 'x');
  EXPECT_EQ(encode(length_codec(), payload).value(), "\0\0\x12\x34"s + payload);
  EXPECT_EQ(length_codec().max_size(), 4 + (std::size_t{1} << 20));
}

TEST(LengthCodec, RefusesALengthAboveTheLimitBeforeThePayload) {
  for (const bool includes_header : {false, true}) {
    for (const std::size_t width : {2u, 4u, 8u}) {
      const length_codec codec({.limit = 5, .width = width, .includes_header = includes_header});
      const auto header = [&](std::size_t length) {
        std::string bytes(width, '\0');
        bytes.back() = static_cast<char>(length + (includes_header ? width : 0));
        return bytes;
      };
      EXPECT_EQ(decode_every_way(codec, header(5) + "hello"), frames({"hello"}));
      for (const std::string& wire : {header(6), header(6) + "hello!", std::string(width, '\xff')}) {
        const outcome got = decode_every_way(codec, wire);
        EXPECT_EQ(got.frames.size(), 0u);
        EXPECT_NE(got.end.find("frame longer than 5 bytes"), std::string::npos) << got.end;
      }
      EXPECT_EQ(encode(codec, "hello!").code(), errc::limit_exceeded);
      EXPECT_TRUE(encode(codec, "hello"));
    }
  }
}

TEST(LengthCodec, RefusesALengthLessThanThePrefixItCounts) {
  const length_codec codec({.width = 2, .includes_header = true});
  for (const std::string_view wire : {"\0\0"sv, "\0\1"sv, "\0\1abc"sv}) {
    const outcome got = decode_every_way(codec, wire);
    EXPECT_NE(got.end.find("the length of a frame is less than its prefix"), std::string::npos) << got.end;
  }
  EXPECT_EQ(decode_every_way(codec, "\0\2"sv), frames({""}));
}

TEST(LengthCodec, LowersTheLimitToWhatTheWidthCanSay) {
  const length_codec one({.width = 1});
  EXPECT_EQ(one.max_size(), 1 + 255u);
  EXPECT_EQ(encode(one, std::string(255, 'x')).value(), '\xff' + std::string(255, 'x'));
  EXPECT_EQ(encode(one, std::string(256, 'x')).code(), errc::limit_exceeded);

  const length_codec counting({.width = 1, .includes_header = true});
  EXPECT_EQ(encode(counting, std::string(254, 'x')).value(), '\xff' + std::string(254, 'x'));
  EXPECT_EQ(encode(counting, std::string(255, 'x')).code(), errc::limit_exceeded);
}

TEST(LengthCodec, DoesNotOverflowWithoutALimit) {
  for (const bool includes_header : {false, true}) {
    length_codec codec({.limit = huge, .width = 8, .includes_header = includes_header});
    EXPECT_GT(codec.max_size(), huge / 2);
    EXPECT_EQ(codec.next(as_bytes("\xff\xff\xff\xff\xff\xff\xff\xff"sv)).code(), errc::limit_exceeded);
    codec.reset();
    const auto half = codec.next(as_bytes("\x7f\xff\xff\xff\xff\xff\xff\xff"sv));
    if (sizeof(std::size_t) == 8) {
      ASSERT_TRUE(half);
      EXPECT_EQ(half->missing, huge / 2 - (includes_header ? 8 : 0));
    }
  }
}

TEST(LengthCodec, SaysHowMuchIsMissing) {
  length_codec codec({.width = 2});
  EXPECT_EQ(codec.next(as_bytes("\0"sv))->missing, 1u);
  EXPECT_EQ(codec.next(as_bytes("\0\5"sv))->missing, 5u);
  EXPECT_EQ(codec.next(as_bytes("\0\5hell"sv))->missing, 1u);
}

TEST(LengthCodec, RefusesAWidthThatIsNone) {
  EXPECT_THROW(length_codec({.width = 0}), error);
  EXPECT_THROW(length_codec({.width = 9}), error);
  EXPECT_NO_THROW(length_codec({.width = 7}));
}

TEST(VarintCodec, ReadsLengthsOfProtocolBuffers) {
  const varint_codec codec(1000);
  EXPECT_EQ(decode_every_way(codec, "\x02hi\0\x01!"sv), frames({"hi", "", "!"}));
  const std::string payload(300, 'x');
  EXPECT_EQ(decode_every_way(codec, "\xac\x02" + payload), frames({payload}));
  EXPECT_EQ(encode(codec, payload).value(), "\xac\x02" + payload);
  EXPECT_EQ(encode(codec, std::string(127, 'x')).value(), "\x7f" + std::string(127, 'x'));
  EXPECT_EQ(encode(codec, std::string(128, 'x')).value(), "\x80\x01" + std::string(128, 'x'));
  EXPECT_EQ(encode(codec, "").value(), "\0"s);
}

TEST(VarintCodec, AcceptsTenBytesAndNoMore) {
  const varint_codec codec(9);
  EXPECT_EQ(decode_every_way(codec, "\x82\0hi"sv), frames({"hi"}));
  EXPECT_EQ(decode_every_way(codec, "\x82\x80\x80\x80\x80\x80\x80\x80\x80\0hi"sv), frames({"hi"}));
  for (const std::string_view wire :
       {"\x82\x80\x80\x80\x80\x80\x80\x80\x80\x80\0hi"sv, "\x82\x80\x80\x80\x80\x80\x80\x80\x80\2hi"sv,
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"sv}) {
    const outcome got = decode_every_way(codec, wire);
    EXPECT_NE(got.end.find("a varint of more than 64 bits"), std::string::npos) << got.end;
  }
}

TEST(VarintCodec, RefusesALengthAboveTheLimitBeforeThePayload) {
  const varint_codec codec(200);
  EXPECT_EQ(decode_every_way(codec, "\xc8\x01" + std::string(200, 'x')), frames({std::string(200, 'x')}));
  for (const std::string_view wire :
       {"\xc9\x01"sv, "\xc9\x01xxxx"sv, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv, "\xff\xff\xff\xff"sv}) {
    const outcome got = decode_every_way(codec, wire);
    EXPECT_EQ(got.frames.size(), 0u);
    EXPECT_NE(got.end.find("frame longer than 200 bytes"), std::string::npos) << got.end;
  }
  EXPECT_EQ(encode(codec, std::string(201, 'x')).code(), errc::limit_exceeded);

  varint_codec unlimited(huge);
  EXPECT_EQ(unlimited.next(as_bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv)).code(),
            errc::limit_exceeded);
  EXPECT_GT(unlimited.max_size(), huge / 2);
}

TEST(NetstringCodec, ReadsTheExamplesOfItsDefinition) {
  const netstring_codec codec(100);
  EXPECT_EQ(decode_every_way(codec, "12:hello world!,"), frames({"hello world!"}));
  EXPECT_EQ(decode_every_way(codec, "0:,"), frames({""}));
  EXPECT_EQ(decode_every_way(codec, "3:a,b,0:,1::,"), frames({"a,b", "", ":"}));
  EXPECT_EQ(encode(codec, "hello world!").value(), "12:hello world!,");
  EXPECT_EQ(encode(codec, "").value(), "0:,");
  EXPECT_EQ(encode(codec, std::string(100, 'x')).value(), "100:" + std::string(100, 'x') + ",");
}

TEST(NetstringCodec, RefusesWhatIsNoNetstring) {
  const netstring_codec codec(100);
  struct {
    std::string_view wire;
    std::string_view why;
  } const cases[] = {
      {"a", "the length of a netstring is not a number"},
      {":", "the length of a netstring is not a number"},
      {":a,", "the length of a netstring is not a number"},
      {"+1:a,", "the length of a netstring is not a number"},
      {"-1:a,", "the length of a netstring is not a number"},
      {" 1:a,", "the length of a netstring is not a number"},
      {"1 :a,", "the length of a netstring is not a number"},
      {"1;a,", "the length of a netstring is not a number"},
      {"1a:", "the length of a netstring is not a number"},
      {"\xb2:", "the length of a netstring is not a number"},
      {"01:a,", "a netstring's length begins with a zero"},
      {"00:,", "a netstring's length begins with a zero"},
      {"1:ab", "a netstring does not end with a comma"},
      {"0:0:,", "a netstring does not end with a comma"},
      {"1:a\n,", "a netstring does not end with a comma"},
  };
  for (const auto& [wire, why] : cases) {
    const outcome got = decode_every_way(codec, wire);
    EXPECT_EQ(got.frames.size(), 0u) << wire;
    EXPECT_NE(got.end.find(why), std::string::npos) << wire << " gave " << got.end;
  }
  EXPECT_NE(decode_every_way(codec, "5:hell").end.find("the stream ended within a frame"), std::string::npos);
  EXPECT_NE(decode_every_way(codec, "5").end.find("the stream ended within a frame"), std::string::npos);
}

TEST(NetstringCodec, RefusesALengthAboveTheLimitAtTheFirstDigitTooMany) {
  const netstring_codec codec(25);
  const std::string longest = "25:" + std::string(25, 'x') + ",";
  EXPECT_EQ(codec.max_size(), longest.size());
  EXPECT_EQ(decode_every_way(codec, longest), frames({std::string(25, 'x')}));
  for (const std::string& wire :
       {"26"s, "26:"s, "26:" + std::string(26, 'x') + ",", "250"s, std::string(50, '9')}) {
    const outcome got = decode_every_way(codec, wire);
    EXPECT_EQ(got.frames.size(), 0u);
    EXPECT_NE(got.end.find("frame longer than 25 bytes"), std::string::npos) << got.end;
  }
  EXPECT_EQ(encode(codec, std::string(26, 'x')).code(), errc::limit_exceeded);

  netstring_codec unlimited(huge);
  EXPECT_EQ(unlimited.next(as_bytes("18446744073709551616:"sv)).code(), errc::limit_exceeded);
  unlimited.reset();
  EXPECT_EQ(unlimited.next(as_bytes("99999999999999999999999999"sv)).code(), errc::limit_exceeded);
}

TEST(NetstringCodec, SaysHowMuchIsMissing) {
  netstring_codec codec;
  EXPECT_EQ(codec.next(as_bytes(""sv))->missing, 3u);
  EXPECT_EQ(codec.next(as_bytes("1"sv))->missing, 3u);
  EXPECT_EQ(codec.next(as_bytes("12"sv))->missing, 14u);
  EXPECT_EQ(codec.next(as_bytes("12:"sv))->missing, 13u);
  EXPECT_EQ(codec.next(as_bytes("12:hello world!"sv))->missing, 1u);
}

TEST(EachCodec, GivesBackWhatItWrote) {
  std::mt19937 random(8);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  for (int i = 0; i < 60; ++i) {
    std::vector<std::string> payloads(1 + random() % 4);
    for (auto& payload : payloads) payload = random_text(random, every_byte, 40);
    expect_round_trip(length_codec({.width = 1 + random() % 8,
                                    .order = i % 2 == 0 ? std::endian::big : std::endian::little,
                                    .includes_header = i % 3 == 0}),
                      payloads);
    expect_round_trip(varint_codec(), payloads);
    expect_round_trip(netstring_codec(), payloads);
    for (auto& payload : payloads) payload.resize(17, 'x');
    expect_round_trip(fixed_codec(17), payloads);
  }
}

// Makes a codec begin anew within a frame and expects nothing of that frame to be left.
template <class Codec>
void expect_reset(Codec codec, std::string_view beginning, std::string_view wire, std::string_view payload) {
  const auto begun = codec.next(as_bytes(beginning));
  ASSERT_TRUE(begun && !begun->complete());
  codec.reset();
  const auto found = codec.next(as_bytes(wire));
  ASSERT_TRUE(found && found->complete());
  EXPECT_EQ(as_text(found->payload(as_bytes(wire))), payload);
}

TEST(EachCodec, ForgetsWhatItSawWhenReset) {
  expect_reset(line_codec(), "abcdef", "a\n", "a");
  expect_reset(line_codec({.strict = true}), "abcdef", "a\r\n", "a");
  expect_reset(delimiter_codec("--"), "abcdef-", "a-b--", "a-b");
  expect_reset(fixed_codec(2), "a", "ab", "ab");
  expect_reset(length_codec({.width = 1}),
               "\x05"
               "a",
               "\x01"
               "a",
               "a");
  expect_reset(varint_codec(), "\x85",
               "\x01"
               "a",
               "a");
  expect_reset(netstring_codec(), "5:abc", "1:a,", "a");
}

TEST(EachCodec, SaysNothingIsLeftAtTheEndOfAFrame) {
  const auto expect_end = [](auto codec) {
    const auto last = codec.finish({});
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->complete());
  };
  expect_end(line_codec({.allow_unfinished = true}));
  expect_end(delimiter_codec("x"));
  expect_end(fixed_codec(1));
  expect_end(length_codec());
  expect_end(varint_codec());
  expect_end(netstring_codec());
}

TEST(EachCodec, ReportsTheEndWithinAFrameAsEof) {
  const auto expect_eof = [](auto codec, std::string_view rest) {
    const auto last = codec.finish(as_bytes(rest));
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error(), condition::eof);
  };
  expect_eof(line_codec(), "x");
  expect_eof(delimiter_codec("--"), "-");
  expect_eof(fixed_codec(2), "x");
  expect_eof(length_codec(), "\0\0\0"sv);
  expect_eof(varint_codec(), "\x80");
  expect_eof(netstring_codec(), "1:a");
}

}  // namespace
}  // namespace tidewire::framing
