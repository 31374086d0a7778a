#include <tidewire/imap/response_reader.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::outcome;
using testing::read_every_way;
using testing::read_one;
using testing::read_pieces;
using testing::streamed_body;
using std::string_literals::operator""s;

reader_options streaming(std::size_t inline_body = 4) {
  reader_options options;
  options.inline_body = inline_body;
  return options;
}

TEST(ResponseReader, TakesOneResponseAfterTheOther) {
  const outcome out = read_every_way("* OK ready\r\n* 3 EXISTS\r\n+ go on\r\nA1 OK done\r\n");
  ASSERT_EQ(out.responses.size(), 4U);
  EXPECT_EQ(out.end, "");
  EXPECT_EQ(std::get<status_response>(out.responses[0]).text, "ready");
  EXPECT_EQ(std::get<exists_response>(out.responses[1]).count, 3U);
  EXPECT_EQ(std::get<continuation>(out.responses[2]).text, "go on");
  EXPECT_EQ(std::get<status_response>(out.responses[3]).tag, "A1");
}

TEST(ResponseReader, KeepsSmallBodiesInTheResponse) {
  const auto data =
      read_one<message_data>("* 1 FETCH (UID 7 BODY[] {12}\r\n)\r\nA1 OK x\r\n FLAGS (\\Seen))\r\n");
  ASSERT_EQ(data.sections.size(), 1U);
  EXPECT_EQ(data.body(), ")\r\nA1 OK x\r\n") << "content is no protocol";
  EXPECT_FALSE(data.sections[0].streamed);
  EXPECT_EQ(data.sections[0].size, 12U);
  ASSERT_TRUE(data.flags);
  EXPECT_TRUE(data.flags->seen());
}

TEST(ResponseReader, StreamsLargeBodiesBeforeTheirResponse) {
  const outcome out = read_every_way(
      "* 3 FETCH (UID 7 BODY[1.2]<100> {8}\r\n)\r\nA1 OK FLAGS (\\Seen) BODY[HEADER] {3}\r\nabc BINARY[2] "
      "~{5}\r\n"
      "a\0b\0c)\r\n* 1 EXPUNGE\r\n"s,
      streaming());
  EXPECT_EQ(out.end, "");
  EXPECT_EQ(out.bodies, (std::vector<streamed_body>{{"3 uid 7 BODY[1.2]<100> 8", ")\r\nA1 OK", true},
                                                    {"3 uid 7 BINARY[2] 5 binary", "a\0b\0c"s, true}}));
  ASSERT_EQ(out.responses.size(), 2U);
  const auto& data = std::get<message_data>(out.responses[0]);
  ASSERT_EQ(data.sections.size(), 3U);
  EXPECT_TRUE(data.sections[0].streamed);
  EXPECT_EQ(data.sections[0].origin, 100U);
  EXPECT_EQ(data.sections[0].size, 8U);
  EXPECT_FALSE(data.sections[0].content);
  EXPECT_EQ(data.body(section::header()), "abc");
  EXPECT_TRUE(data.sections[2].streamed);
  EXPECT_EQ(data.sections[2].section, section::binary("2"));
}

TEST(ResponseReader, StreamsEveryNameThatABodyHas) {
  for (const std::string_view name :
       {"BODY[]", "body[1]", "BODY[HEADER.FIELDS (Date \"From\")]", "RFC822", "RFC822.TEXT", "RFC822.HEADER",
        "BINARY[1]", "BODY[1.MIME]", "BODY[2.HEADER.FIELDS.NOT (X)]<0>"}) {
    const outcome out =
        read_every_way("* 9 FETCH (" + std::string(name) + " {6}\r\nabcdef UID 4)\r\n", streaming());
    EXPECT_EQ(out.end, "") << name;
    ASSERT_EQ(out.bodies.size(), 1U) << name;
    EXPECT_EQ(out.bodies[0].bytes, "abcdef");
    EXPECT_TRUE(out.bodies[0].complete);
    EXPECT_EQ(std::get<message_data>(out.responses.at(0)).uid, 4U);
  }
}

TEST(ResponseReader, StreamsNothingThatIsNoBody) {
  // In an envelope, in a list of labels, in a name of a field; in quotes that look like an item.
  for (const std::string_view items :
       {"ENVELOPE (NIL {6}\r\nabcdef NIL NIL NIL NIL NIL NIL NIL NIL)", "X-GM-LABELS (BODY[] {6}\r\nabcdef)",
        "X-FOO {6}\r\nabcdef", "X-FOO \"BODY[] {6}\"", "X-FOO (\"BODY[\" {6}\r\nBODY[])",
        "BODYSTRUCTURE (\"text\" \"plain\" NIL NIL {6}\r\nBODY[] \"7bit\" 1 1)"}) {
    const outcome out = read_every_way("* 1 FETCH (" + std::string(items) + ")\r\n", streaming(0));
    EXPECT_EQ(out.end, "") << items;
    EXPECT_TRUE(out.bodies.empty()) << items;
    ASSERT_EQ(out.responses.size(), 1U) << items;
    EXPECT_TRUE(std::holds_alternative<message_data>(out.responses[0])) << items;
  }
  const outcome listed = read_every_way("* LIST () \"/\" {6}\r\nBODY[]\r\n", streaming(0));
  EXPECT_EQ(std::get<list_entry>(listed.responses.at(0)).name, "BODY[]");
}

TEST(ResponseReader, KnowsTheUidOnlyIfItCameBefore) {
  const auto name = [](std::string_view items) {
    const outcome out = read_every_way("* 2 FETCH (" + std::string(items) + ")\r\n", streaming());
    return out.bodies.empty() ? std::string("none") : out.bodies.back().what;
  };
  EXPECT_EQ(name("UID 5 BODY[] {5}\r\nabcde"), "2 uid 5 BODY[] 5");
  EXPECT_EQ(name("FLAGS (UID 9) BODY[] {5}\r\nabcde UID 5"), "2 BODY[] 5");
  EXPECT_EQ(name("X \"UID 9\" UID 5 BODY[1] {2}\r\nab BODY[2] {5}\r\nabcde"), "2 uid 5 BODY[2] 5");
  EXPECT_EQ(name("BODY[1] {7}\r\nUID 9 x BODY[2] {5}\r\nabcde"), "2 BODY[2] 5");
}

TEST(ResponseReader, StreamsABodyOfNoBytesAsNone) {
  const auto data = read_one<message_data>("* 1 FETCH (BODY[] {0}\r\n UID 3)\r\n", streaming(0));
  ASSERT_EQ(data.sections.size(), 1U);
  EXPECT_EQ(data.sections[0].content, "");
  EXPECT_EQ(data.uid, 3U);
}

TEST(ResponseReader, TakesFourGigabytesWithoutHoldingThem) {
  response_reader reader;
  const std::string head = "* 1 FETCH (BODY[] {4294967296}\r\n";
  auto step = reader.read(as_bytes(head));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->event, reader_event::body_begin);
  EXPECT_EQ(reader.body().size, 4294967296U);
  const std::string block(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 4096; ++i) {
    step = reader.read(as_bytes(block));
    ASSERT_TRUE(step);
    ASSERT_EQ(step->data.size(), block.size());
    ASSERT_EQ(step->consumed, block.size());
  }
  step = reader.read(as_bytes(")\r\n"));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->event, reader_event::body_end);
  EXPECT_EQ(step->consumed, 0U);
  step = reader.read(as_bytes(")\r\n"));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->event, reader_event::complete);
  const response whole = reader.take();
  EXPECT_EQ(std::get<message_data>(whole).sections.at(0).size, 4294967296U);
}

TEST(ResponseReader, IgnoresLiteralsWithinQuotesAndText) {
  EXPECT_EQ(read_one<list_entry>("* LIST () \"/\" \"a {3}\"\r\n").name, "a {3}");
  EXPECT_EQ(read_one<status_response>("* OK [ALERT] look here {3}\r\n").text, "look here {3}");
  EXPECT_EQ(read_one<status_response>("A1 NO \"unbalanced {3}\r\n").text, "\"unbalanced {3}");
  EXPECT_EQ(read_one<continuation>("+ {3}\r\n").text, "{3}");
  EXPECT_EQ(read_one<status_response>("* BYE {3}\r\n").text, "{3}");
}

TEST(ResponseReader, EndsWhereAQuoteIsNotClosed) {
  // Whatever follows may be content.
  for (const std::string_view line :
       {"* 1 FETCH (ENVELOPE (NIL \"a\r\n* 5 EXPUNGE\r\n\" NIL))\r\n", "* LIST () \"/\" \"a {3}\r\nabc\"\r\n",
        "* 1 FETCH (BODY[HEADER.FIELDS (\"Da\r\n)] NIL)\r\n", "* STATUS \"a\\\" (MESSAGES 3)\r\n"}) {
    const outcome out = read_every_way(line);
    EXPECT_TRUE(out.responses.empty()) << line;
    EXPECT_NE(out.end, "") << line;
    EXPECT_NE(out.end, "within") << line;
  }
}

TEST(ResponseReader, EndsWhereALiteralLiesAboutItsLength) {
  // Too short: the rest of the content would be protocol. Too long: the protocol would be content.
  for (const std::string_view line :
       {"* 1 FETCH (BODY[] {3}\r\nabcdef)\r\n", "* 1 FETCH (BODY[] {3}\r\nabc\r\n* 5 EXPUNGE\r\n)\r\n",
        "* 1 FETCH (BODY[] {3}\r\nabc def)\r\n", "* 1 FETCH (BODY[] {8}\r\nabcdef)\r\n* 2 EXISTS\r\n",
        "* LIST () \"/\" {3}\r\nabcdef\r\n", "* 1 FETCH (BODY[] {3}\r\nabc) x\r\n"}) {
    for (const std::size_t inline_body : {std::size_t{0}, std::size_t{100}}) {
      const outcome out = read_every_way(line, streaming(inline_body));
      EXPECT_NE(out.end, "") << line;
      EXPECT_NE(out.end, "within") << line;
      for (const response& one : out.responses) {
        EXPECT_FALSE(std::holds_alternative<exists_response>(one)) << line;
      }
    }
  }
}

TEST(ResponseReader, RefusesLineEndsThatAreNone) {
  EXPECT_EQ(read_every_way("* OK a\n* OK b\r\n").end, "malformed response: LF without CR in a response");
  EXPECT_EQ(read_every_way("* OK a\rb\r\n").end, "malformed response: CR without LF in a response");
  EXPECT_EQ(read_every_way("* OK a\0b\r\n"s).end, "malformed response: NUL in a response");
  EXPECT_EQ(read_every_way("\n").end, "malformed response: LF without CR in a response");
}

TEST(ResponseReader, RefusesLinesThatAreNoResponse) {
  for (const std::string_view line :
       {"hello\r\n", "A1\r\n", "A1 MAYBE\r\n", "(\r\n", "*\t5 EXISTS\r\n", "A+1 OK\r\n"}) {
    EXPECT_EQ(read_every_way(line).end, "malformed response: a line that is no response") << line;
  }
}

TEST(ResponseReader, GoesOnBehindWhatItDoesNotUnderstand) {
  const outcome out = read_every_way(
      "* XFOO a (b \"c\")\r\n* 5 XBAR {3}\r\nabc\r\n* SEARCH 1 two 3\r\n\r\n* \r\n* 99999999999 EXISTS\r\n* "
      "2 EXISTS\r\n");
  EXPECT_EQ(out.end, "");
  ASSERT_EQ(out.responses.size(), 7U);
  const auto& foo = std::get<unknown_response>(out.responses[0]);
  EXPECT_EQ(foo.name, "XFOO");
  EXPECT_EQ(foo.text, "a (b \"c\")");
  EXPECT_EQ(foo.tokens.size(), 2U);
  EXPECT_EQ(foo.problem, "");
  const auto& bar = std::get<unknown_response>(out.responses[1]);
  EXPECT_EQ(bar.number, 5U);
  EXPECT_EQ(bar.tokens, (std::vector<token>{token::string("abc")}));
  for (std::size_t i = 2; i < 6; ++i) EXPECT_NE(std::get<unknown_response>(out.responses[i]).problem, "");
  EXPECT_EQ(std::get<exists_response>(out.responses[6]).count, 2U);
}

TEST(ResponseReader, HasALimitForEachThing) {
  reader_options options;
  options.line = 20;
  EXPECT_EQ(read_every_way("* OK 678901234567890\r\n", options).end, "");
  EXPECT_EQ(read_every_way("* OK 6789012345678901\r\n", options).end,
            "limit exceeded: a line of more than 20 bytes");
  EXPECT_EQ(read_every_way("* LIST () NIL {3}\r\nabc\r\n", options).end, "");

  options = {};
  options.literal = 3;
  EXPECT_EQ(read_every_way("* LIST () NIL {3}\r\nabc\r\n", options).end, "");
  EXPECT_EQ(read_every_way("* LIST () NIL {4}\r\nabcd\r\n", options).end,
            "limit exceeded: a literal of more than 3 bytes");
  EXPECT_EQ(read_every_way("* 1 FETCH (BODY[] {5}\r\nabcde)\r\n", options).end, "");

  options = {};
  options.total = 24;
  EXPECT_EQ(read_every_way("* LIST () NIL {5}\r\nabcde\r\n", options).end, "");
  EXPECT_EQ(read_every_way("* LIST () NIL {6}\r\nabcdef\r\n", options).end,
            "limit exceeded: a response of more than 24 bytes");

  options = {};
  options.streamed_body = 10;
  options.inline_body = 0;
  EXPECT_EQ(read_every_way("* 1 FETCH (BODY[] {10}\r\n0123456789)\r\n", options).end, "");
  EXPECT_EQ(read_every_way("* 1 FETCH (BODY[] {11}\r\n01234567890)\r\n", options).end,
            "limit exceeded: a body of more than 10 bytes");

  options = {};
  options.nesting = 3;
  EXPECT_EQ(read_every_way("* XFOO (((a)))\r\n", options).end, "");
  EXPECT_NE(read_every_way("* XFOO ((((a))))\r\n", options).end, "");

  options = {};
  options.items = 3;
  EXPECT_EQ(read_every_way("* SEARCH 1 2 3\r\n", options).end, "");
  EXPECT_NE(read_every_way("* SEARCH 1 2 3 4\r\n", options).end, "");
  EXPECT_NE(read_every_way("* THREAD (1)(2)\r\n", options).end, "");
}

TEST(ResponseReader, RefusesLiteralsThatNobodyCanHold) {
  EXPECT_NE(read_every_way("* LIST () \"/\" {4294967296}\r\n").end, "");
  EXPECT_NE(read_every_way("* LIST () \"/\" {99999999999999999999}\r\n").end, "");
  EXPECT_NE(read_every_way("* 1 FETCH (BODY[] {99999999999999999999}\r\n").end, "");
  EXPECT_EQ(read_every_way("* LIST () \"/\" {-1}\r\n").end, "") << "no literal, and an odd name";
}

TEST(ResponseReader, EndsAResponseThatNeverEnds) {
  // One line, one list, literal after literal: memory is bounded.
  for (const std::string& more : {"x"s, "("s, " ()"s, " {1}\r\nx"s, " \"a\""s}) {
    reader_options options;
    options.line = 10'000;
    options.total = 100'000;
    response_reader reader(options);
    ASSERT_TRUE(reader.read(as_bytes("* XFOO")));
    std::size_t fed = 0;
    for (;;) {
      const auto step = reader.read(as_bytes(more));
      if (!step) {
        EXPECT_EQ(step.code(), condition::limit_exceeded);
        break;
      }
      ASSERT_EQ(step->event, reader_event::none);
      fed += more.size();
      ASSERT_LT(fed, 200'000U);
    }
  }
}

TEST(ResponseReader, TakesTimeInProportion) {
  // Each of these once took a time that grew with the square of its size.
  std::string keywords = "* FLAGS (";
  std::string mechanisms = "* CAPABILITY";
  std::string brackets = "* XFOO";
  for (int i = 0; i < 300'000; ++i) {
    keywords += 'k' + std::to_string(i) + ' ';
    mechanisms += " AUTH=M" + std::to_string(i);
    brackets += " BODY[";
  }
  EXPECT_EQ(parse_response(keywords + ")\r\n").code(), condition::limit_exceeded);
  EXPECT_TRUE(parse_response(mechanisms + "\r\n"));
  EXPECT_TRUE(parse_response(brackets + "\r\n"));
  EXPECT_TRUE(parse_response("* LIST () \"/\" \"" + std::string(1'000'000, '&') + "-\"\r\n"));
}

TEST(ResponseReader, TakesAFloodOneByOne) {
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += "* 1 EXISTS\r\n";
  response_reader reader;
  std::string_view rest = flood;
  std::size_t count = 0;
  while (!rest.empty()) {
    const auto step = reader.read(as_bytes(rest));
    ASSERT_TRUE(step);
    ASSERT_EQ(step->event, reader_event::complete);
    (void)reader.take();
    rest.remove_prefix(step->consumed);
    ++count;
  }
  EXPECT_EQ(count, 10'000U);
  EXPECT_FALSE(reader.within());
}

TEST(ResponseReader, WantsEachResponseTaken) {
  response_reader reader;
  ASSERT_TRUE(reader.read(as_bytes("* OK\r\n")));
  EXPECT_EQ(reader.read(as_bytes("* OK\r\n")).code(), condition::misuse);
  (void)reader.take();
  EXPECT_TRUE(reader.read(as_bytes("* OK\r\n")));
}

TEST(ResponseReader, TakesNamesAsUtf8OnceThatIsEnabled) {
  response_reader reader;
  const auto name = [&](std::string_view wire) {
    const auto step = reader.read(as_bytes(wire));
    EXPECT_TRUE(step && step->event == reader_event::complete);
    const response taken = reader.take();
    return std::get<list_entry>(taken).name;
  };
  EXPECT_EQ(name("* LIST () \"/\" \"R&AOk-D\"\r\n"),
            "R\xC3\xA9"
            "D");
  reader.set_name_form(name_form::utf8);
  EXPECT_EQ(name("* LIST () \"/\" \"R&AOk-D\"\r\n"), "R&AOk-D");
  EXPECT_EQ(name("* LIST () \"/\" inbox\r\n"), "INBOX");
}

TEST(ParseResponse, WantsOneResponseAndNoMore) {
  EXPECT_TRUE(parse_response("* 1 EXISTS\r\n"));
  EXPECT_TRUE(parse_response("* 1 FETCH (BODY[] {100000}\r\n" + std::string(100'000, 'x') + ")\r\n"));
  EXPECT_EQ(parse_response("* 1 EXISTS").code(), condition::protocol);
  EXPECT_EQ(parse_response("").code(), condition::protocol);
  EXPECT_EQ(parse_response("* 1 EXISTS\r\n* 2 EXISTS\r\n").code(), condition::protocol);
}

}  // namespace
}  // namespace tidewire::imap
