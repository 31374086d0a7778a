#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/data.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::smtp {
namespace {

using tidewire::testing::exact_block;

std::string encode(const std::vector<std::string_view>& pieces, data_encoding how = {}) {
  data_encoder encoder(how);
  std::string out;
  for (const std::string_view piece : pieces) {
    exact_block block(piece);
    if (!encoder.update(as_bytes(block.text()), out)) {
      EXPECT_FALSE(encoder.finish(out)) << "a failure did not stay";
      return "refused";
    }
  }
  if (!encoder.finish(out)) return "refused";
  std::string again;
  EXPECT_TRUE(encoder.finish(again));
  EXPECT_EQ(again, how.dots ? ".\r\n" : "") << "not as new";
  return out;
}

std::string encode_every_way(std::string_view message, data_encoding how = {}) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return encode(pieces, how); };
  return tidewire::testing::every_way(message, take);
}

struct decoded {
  std::string message;
  std::string rest;  // what was left behind the end
  bool ended = false;
  bool bare = false;
  bool operator==(const decoded&) const = default;
};

void PrintTo(const decoded& what, std::ostream* out) {
  *out << ::testing::PrintToString(what.message) << (what.ended ? " ended, rest " : " open, rest ")
       << ::testing::PrintToString(what.rest) << (what.bare ? " bare" : "");
}

decoded decode(const std::vector<std::string_view>& pieces) {
  decoded out;
  data_decoder decoder;
  std::string buffered;
  for (const std::string_view piece : pieces) {
    buffered += piece;
    while (!out.ended && !buffered.empty()) {
      exact_block block(buffered);
      const data_piece got = decoder.next(as_bytes(block.text()));
      EXPECT_LE(got.taken, buffered.size());
      out.message += as_text(got.body);
      out.ended = got.end;
      buffered.erase(0, got.taken);
      if (got.taken == 0) {
        EXPECT_LT(buffered.size(), 3u) << "three bytes must be enough";
        break;
      }
    }
  }
  out.rest = buffered;
  out.bare = decoder.saw_bare_line_end();
  return out;
}

decoded decode_every_way(std::string_view wire) {
  return tidewire::testing::every_way(wire, decode, [](const decoded& whole, const decoded& cut) {
    EXPECT_TRUE(whole.message.starts_with(cut.message));
  });
}

TEST(SmtpDataEncoder, EndsWithADotOnALineOfItsOwn) {
  EXPECT_EQ(encode_every_way("Subject: x\r\n\r\nbody\r\n"), "Subject: x\r\n\r\nbody\r\n.\r\n");
  EXPECT_EQ(encode_every_way("no line end"), "no line end\r\n.\r\n");
  EXPECT_EQ(encode_every_way(""), ".\r\n");
  EXPECT_EQ(encode_every_way("\r\n"), "\r\n.\r\n");
}

TEST(SmtpDataEncoder, DoublesDotsAtTheBeginningOfLinesOnly) {
  EXPECT_EQ(encode_every_way(".\r\n"), "..\r\n.\r\n");
  EXPECT_EQ(encode_every_way("."), "..\r\n.\r\n");
  EXPECT_EQ(encode_every_way("..a.\r\nb.c\r\n...\r\n"), "...a.\r\nb.c\r\n....\r\n.\r\n");
}

TEST(SmtpDataEncoder, LeavesNoLineEndAloneOnTheWire) {
  EXPECT_EQ(encode_every_way("a\nb\rc\r\nd\n\re"), "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n.\r\n");
  EXPECT_EQ(encode_every_way("a\r"), "a\r\n.\r\n");
  EXPECT_EQ(encode_every_way("a\r\r\n"), "a\r\n\r\n.\r\n");
  // Each of these ends the message for some server, if it goes out as it is.
  for (const char* smuggled : {"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r"}) {
    const std::string wire = encode_every_way("a" + std::string(smuggled) + "MAIL FROM:<b@c>\r\n");
    EXPECT_EQ(decode({wire}).rest, "") << smuggled;
    EXPECT_TRUE(decode({wire}).message.starts_with("a\r\n.\r\n")) << smuggled;
    EXPECT_FALSE(decode({wire}).bare);
  }
}

TEST(SmtpDataEncoder, RefusesThemIfAsked) {
  const data_encoding strict{.bare = bare_line_ends::refuse};
  EXPECT_EQ(encode_every_way("a\r\n.b\r\n", strict), "a\r\n..b\r\n.\r\n");
  for (const char* no : {"\n", "\r", "a\nb", "a\rb", "a\r\r\n", "\r\n\n"}) {
    EXPECT_EQ(encode_every_way(no, strict), "refused") << no;
  }
}

TEST(SmtpDataEncoder, LeavesDotsAloneForBdat) {
  const data_encoding chunk{.dots = false};
  EXPECT_EQ(encode_every_way(".a\n.\r\nb", chunk), ".a\r\n.\r\nb\r\n");
  EXPECT_EQ(encode_every_way("", chunk), "");
}

TEST(SmtpDataDecoder, StopsAtTheEndAndNoFurther) {
  EXPECT_EQ(decode_every_way("a\r\nb\r\n.\r\nQUIT\r\n"), (decoded{"a\r\nb\r\n", "QUIT\r\n", true, false}));
  EXPECT_EQ(decode_every_way(".\r\n"), (decoded{"", "", true, false}));
  EXPECT_EQ(decode_every_way("\r\n.\r\n.\r\n"), (decoded{"\r\n", ".\r\n", true, false}));
}

TEST(SmtpDataDecoder, TakesDoubledDotsAway) {
  EXPECT_EQ(decode_every_way("..\r\n.a\r\n...b..\r\n.\r\n"),
            (decoded{".\r\na\r\n..b..\r\n", "", true, false}));
}

TEST(SmtpDataDecoder, EndsAtCrlfDotCrlfAndNothingElse) {
  for (const char* not_the_end :
       {"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r.", "\n.\r", "\r\n.\r\r\n"}) {
    const decoded got = decode_every_way("a" + std::string(not_the_end) + "b\r\n.\r\n");
    EXPECT_TRUE(got.ended) << not_the_end;
    EXPECT_TRUE(got.bare) << not_the_end;
    EXPECT_EQ(got.rest, "") << not_the_end;
    EXPECT_TRUE(got.message.ends_with("b\r\n")) << not_the_end;
  }
}

TEST(SmtpDataDecoder, GivesBackWhatTheEncoderWasGiven) {
  std::mt19937 random(5321);
  for (int turn = 0; turn < 3000; ++turn) {
    std::string message(random() % 40, '\0');
    for (char& c : message) c = "ab.\r\n"[random() % 5];
    const std::string wire = encode({message});
    const decoded got = decode_every_way(wire + "Q");
    ASSERT_TRUE(got.ended && !got.bare && got.rest == "Q") << ::testing::PrintToString(message);
    // What the lines are, whatever they ended with.
    std::string lines;
    for (std::size_t i = 0; i < message.size(); ++i) {
      if (message[i] == '\r' || message[i] == '\n') {
        if (message[i] == '\r' && i + 1 < message.size() && message[i + 1] == '\n') ++i;
        lines += "\r\n";
      } else {
        lines += message[i];
      }
    }
    if (!lines.empty() && !lines.ends_with("\r\n")) lines += "\r\n";
    ASSERT_EQ(got.message, lines) << ::testing::PrintToString(message);
  }
}

}  // namespace
}  // namespace tidewire::smtp
