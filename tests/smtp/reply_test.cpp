#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/reply.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"
#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::smtp {
namespace {

using tidewire::testing::exact_block;

// What a parser makes of a stream: the replies, and how it ended ("" between two replies, "within" one, or a
// failure).
struct outcome {
  std::vector<reply> replies;
  std::string end;
  bool operator==(const outcome&) const = default;
};

void PrintTo(const outcome& what, std::ostream* out) {
  for (const reply& one : what.replies) *out << '[' << one.to_string() << "] ";
  *out << "then '" << what.end << '\'';
}

outcome parse(const std::vector<std::string_view>& chunks, reply_limits limits = {}) {
  outcome out;
  reply_parser parser(limits);
  for (const std::string_view chunk : chunks) {
    std::string_view rest = chunk;
    do {
      exact_block block(rest);
      const auto taken = parser.feed(as_bytes(block.text()));
      if (!taken) {
        out.end = taken.error().message();
        EXPECT_EQ(parser.feed(as_bytes("250 ok\r\n")).code(), taken.code()) << "a failure did not stay";
        return out;
      }
      EXPECT_LE(*taken, rest.size());
      EXPECT_TRUE(*taken == rest.size() || parser.complete());
      rest.remove_prefix(*taken);
      if (parser.complete()) out.replies.push_back(parser.take());
    } while (!rest.empty());
  }
  out.end = parser.within() ? "within" : "";
  return out;
}

// The same in one piece, byte by byte and in every two-way split; a truncation gives fewer replies, never
// others.
outcome parse_every_way(std::string_view input, reply_limits limits = {}) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return parse(pieces, limits); };
  return tidewire::testing::every_way(input, take, [](const outcome& whole, const outcome& part) {
    EXPECT_LE(part.replies.size(), whole.replies.size());
    EXPECT_TRUE(std::equal(part.replies.begin(), part.replies.end(), whole.replies.begin()));
    if (whole.end.empty()) {
      EXPECT_TRUE(part.end.empty() || part.end == "within") << part.end;
    }
  });
}

outcome replies(std::vector<reply> all, std::string end = "") {
  return {std::move(all), std::move(end)};
}

std::string failure_of(std::string_view input, reply_limits limits = {}) {
  const outcome all = parse_every_way(input, limits);
  EXPECT_TRUE(all.replies.empty());
  return all.end;
}

TEST(SmtpReply, IsReadOneAfterTheOther) {
  EXPECT_EQ(
      parse_every_way("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go on\r\n"),
      replies(
          {{250, enhanced_code{2, 1, 0}, "Ok"}, {250, enhanced_code{2, 1, 5}, "Ok"}, {354, {}, "go on"}}));
  EXPECT_EQ(parse_every_way(""), replies({}));
}

TEST(SmtpReply, MayHaveManyLinesAndNoText) {
  EXPECT_EQ(parse_every_way("250-mx.example.org greets you\r\n250-SIZE 100\r\n250 HELP\r\n"),
            replies({{250, {}, "mx.example.org greets you\nSIZE 100\nHELP"}}));
  EXPECT_EQ(parse_every_way("250\r\n"), replies({{250, {}, ""}}));
  EXPECT_EQ(parse_every_way("250-\r\n250-\r\n250 \r\n"), replies({{250, {}, "\n\n"}}));
  EXPECT_EQ(parse_every_way("550-5.7.1 first\r\n550-second\r\n550 5.7.1 third\r\n"),
            replies({{550, enhanced_code{5, 7, 1}, "first\nsecond\nthird"}}));
}

TEST(SmtpReply, TakesAnEnhancedCodeOnlyWhereItAgreesWithTheCode) {
  const auto text = [](std::string_view wire) { return parse({wire}).replies.at(0); };
  EXPECT_EQ(text("550 5.1.1 gone\r\n"), (reply{550, enhanced_code{5, 1, 1}, "gone"}));
  EXPECT_EQ(text("550 5.1.1\r\n"), (reply{550, enhanced_code{5, 1, 1}, ""}));
  EXPECT_EQ(text("250 5.1.1 gone\r\n"), (reply{250, {}, "5.1.1 gone"}));
  EXPECT_EQ(text("354 3.0.0 on\r\n"), (reply{354, {}, "3.0.0 on"}));
  for (const char* no : {"5.1", "5.1.", "5..1", "5.01.1", "5.1.1000", "5.1.1.1", "5.1.x", "51.1", "5-1-1"}) {
    EXPECT_FALSE(enhanced_code::parse(no)) << no;
    const std::string line = std::string("550 ") + no + " x\r\n";
    EXPECT_EQ(text(line), (reply{550, {}, std::string(no) + " x"}));
  }
  EXPECT_EQ(enhanced_code::parse("4.999.0"), (enhanced_code{4, 999, 0}));
  EXPECT_EQ((enhanced_code{4, 999, 0}.to_string()), "4.999.0");
}

TEST(SmtpReply, EndsWithCrlfAndNothingElse) {
  EXPECT_EQ(failure_of("250 ok\n"), "malformed reply: LF without CR in a reply");
  EXPECT_EQ(failure_of("250-a\n250 b\r\n"), "malformed reply: LF without CR in a reply");
  EXPECT_EQ(failure_of("250 o\rk\r\n"), "malformed reply: CR without LF in a reply");
  EXPECT_EQ(failure_of("250 ok\r\r\n"), "malformed reply: CR without LF in a reply");
}

TEST(SmtpReply, HasOneCodeOfThreeDigits) {
  for (const char* no :
       {"\r\n", "25\r\n", "2x0 no\r\n", "150 no\r\n", "650 no\r\n", "050 no\r\n", " 250 no\r\n", "ok\r\n"}) {
    EXPECT_EQ(failure_of(no), "malformed reply: a line of a reply begins with no code") << no;
  }
  EXPECT_EQ(failure_of("2500 no\r\n"), "malformed reply: neither space nor hyphen after the code of a reply");
  EXPECT_EQ(failure_of("250+no\r\n"), "malformed reply: neither space nor hyphen after the code of a reply");
  EXPECT_EQ(failure_of("250-a\r\n251 b\r\n"), "malformed reply: the lines of a reply have different codes");
}

TEST(SmtpReply, KeepsToItsLimits) {
  const reply_limits limits{.line = 10, .lines = 3, .total = 12};
  EXPECT_EQ(parse_every_way("250 123456\r\n", limits), replies({{250, {}, "123456"}}));
  EXPECT_EQ(failure_of("250 1234567\r\n", limits),
            "limit exceeded: a line of a reply is longer than 10 bytes");
  EXPECT_EQ(failure_of("25000000000", limits), "limit exceeded: a line of a reply is longer than 10 bytes");
  EXPECT_EQ(parse_every_way("250-1\r\n250-2\r\n250 3\r\n", limits), replies({{250, {}, "1\n2\n3"}}));
  EXPECT_EQ(failure_of("250-1\r\n250-2\r\n250-3\r\n250 4\r\n", limits),
            "limit exceeded: a reply of more than 3 lines");
  EXPECT_EQ(parse_every_way("250-123456\r\n250 123456\r\n", limits), replies({{250, {}, "123456\n123456"}}));
  EXPECT_EQ(failure_of("250-123456\r\n250-123456\r\n250 1\r\n", limits),
            "limit exceeded: a reply of more than 12 bytes");
}

TEST(SmtpReply, IsOverOnlyWithItsLastLine) {
  EXPECT_EQ(parse({"250-a\r\n"}).end, "within");
  EXPECT_EQ(parse({"250-a\r\n250 b\r"}).end, "within");
  EXPECT_EQ(parse({"250 a\r\n2"}), replies({{250, {}, "a"}}, "within"));
}

TEST(SmtpReply, BecomesAFailureThatSaysWhatTheServerSaid) {
  const failure gone = reply{550, enhanced_code{5, 1, 1}, "no such user"}.to_failure();
  EXPECT_EQ(gone, condition::permanent);
  EXPECT_EQ(gone.detail(), "550 5.1.1");
  EXPECT_EQ(gone.peer_text(), "no such user");
  EXPECT_EQ((reply{451, {}, "later"}.to_failure()), condition::transient);
  EXPECT_EQ((reply{421, {}, "bye"}.to_failure()).code(), errc::shutting_down);
  EXPECT_EQ((reply{250, {}, "what"}.to_failure()), condition::protocol);
}

TEST(SmtpReply, IsWrittenSoThatNoTextMakesAnotherReply) {
  std::string wire;
  reply{250, enhanced_code{2, 0, 0}, "first\nsecond"}.append_to(wire);
  EXPECT_EQ(wire, "250-2.0.0 first\r\n250 2.0.0 second\r\n");
  wire.clear();
  reply{550, {}, "a\r250 b"}.append_to(wire);
  EXPECT_EQ(wire, "550 a 250 b\r\n");
  wire.clear();
  reply{550, {}, std::string(2000, 'x') + "\r\n\0y"}.append_to(wire);
  EXPECT_EQ(wire.find('\n'), 505u);
  EXPECT_EQ(parse_every_way(wire).replies.size(), 1u);
  for (const reply& one : {reply{250, {}, ""}, reply{421, enhanced_code{4, 3, 2}, "a\n\nb"}}) {
    wire.clear();
    one.append_to(wire);
    EXPECT_EQ(parse_every_way(wire), replies({one}));
  }
}

TEST(SmtpReply, ReadsTheRecordedOnes) {
  TIDEWIRE_NEEDS_CONFORMANCE("mailkit-smtp");
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(tidewire::testing::conformance_path("mailkit-smtp"))) {
    if (entry.path().extension() != ".txt") continue;
    ++files;
    // Stored with the line ends of a text file.
    std::string wire;
    std::size_t last_lines = 0;
    std::string line;
    for (const char c : tidewire::testing::read_file(entry.path())) {
      if (c != '\n') {
        line += c;
        continue;
      }
      if (line.size() < 4 || line[3] == ' ') ++last_lines;
      wire += line + "\r\n";
      line.clear();
    }
    const outcome all = parse_every_way(wire);
    EXPECT_EQ(all.end, "") << entry.path();
    EXPECT_EQ(all.replies.size(), last_lines) << entry.path();
    std::string again;
    for (const reply& one : all.replies) one.append_to(again);
    EXPECT_EQ(again, wire) << entry.path();
  }
  EXPECT_EQ(files, 36u);
}

}  // namespace
}  // namespace tidewire::smtp
