#include <tidewire/imap/command_reader.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::exact_block;
using texts = std::vector<std::string>;

// What a reader makes of bytes that come in these pieces.
texts read(const std::vector<std::string_view>& pieces, const command_limits& limits = {}) {
  texts out;
  command_reader reader(limits);
  std::string buffered;
  for (const std::string_view piece : pieces) {
    buffered += piece;
    for (;;) {
      const exact_block block(buffered);
      const command_event event = reader.next(as_bytes(block.text()));
      EXPECT_LE(reader.taken(), buffered.size());
      buffered.erase(0, reader.taken());
      if (event == command_event::more) break;
      switch (event) {
        case command_event::literal: out.push_back("+"); break;
        case command_event::command: {
          const received_command& one = reader.command();
          std::string text = one.tag + ' ' + one.name;
          for (const token& each : one.arguments) text += ' ' + each.to_string();
          out.push_back(text);
          if (one.name == "IDLE") reader.expect_line();
          break;
        }
        case command_event::line: out.push_back("line " + reader.line()); break;
        case command_event::malformed: out.push_back("malformed " + reader.command().tag); break;
        case command_event::too_large: out.push_back("too large " + reader.command().tag); break;
        case command_event::broken: out.push_back("broken"); return out;
        case command_event::more: break;
      }
    }
  }
  return out;
}

// The same in every split: whole, byte by byte, each in two. Cut short, it is the beginning of that.
texts read_every_way(std::string_view wire, const command_limits& limits = {}) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return read(pieces, limits); };
  return tidewire::testing::every_way(wire, take, [](const texts& whole, const texts& cut) {
    EXPECT_LE(cut.size(), whole.size());
    for (std::size_t j = 0; j < cut.size(); ++j) EXPECT_EQ(cut[j], whole[j]);
  });
}

TEST(ImapCommandReader, ReadsCommandsWithTheirArguments) {
  EXPECT_EQ(read_every_way("a1 noop\r\na2 LOGIN \"ada l\" {6+}\r\nse}ret\r\na3 uid fetch 1:* (FLAGS "
                           "BODY.PEEK[HEADER.FIELDS (Date From)]<0.10>)\r\n"),
            (texts{"a1 NOOP", "a2 LOGIN \"ada l\" \"se}ret\"",
                   "a3 UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Date From)]<0.10>)"}));
}

TEST(ImapCommandReader, AsksForLiteralsThatWait) {
  EXPECT_EQ(read_every_way("a APPEND INBOX (\\Seen) {5}\r\na\r\nb\n\r\nb LIST {0}\r\n {3}\r\nx*y\r\n"),
            (texts{"+", "a APPEND INBOX (\\Seen) \"a\\x0d\\x0ab\\x0a\"", "+", "+", "b LIST \"\" \"x*y\""}));
}

TEST(ImapCommandReader, TakesWhatIsInQuotesForNoLiteral) {
  EXPECT_EQ(read_every_way("a SEARCH SUBJECT \"x {3}\"\r\nb NOOP\r\n"),
            (texts{"a SEARCH SUBJECT \"x {3}\"", "b NOOP"}));
  EXPECT_EQ(read_every_way("a SEARCH SUBJECT \"\\\"\" {1}\r\nx\r\n"),
            (texts{"+", "a SEARCH SUBJECT \"\"\" \"x\""}));
  EXPECT_EQ(read_every_way("a SEARCH \"open {3}\r\nb NOOP\r\n"), (texts{"malformed a", "b NOOP"}));
}

TEST(ImapCommandReader, ReadsABinaryLiteral) {
  using namespace std::string_view_literals;
  EXPECT_EQ(read_every_way("a APPEND x ~{3+}\r\na\0b\r\n"sv), texts{"a APPEND x \"a\\x00b\""});
}

TEST(ImapCommandReader, ReadsLinesThatAreNoCommands) {
  EXPECT_EQ(read_every_way("a IDLE\r\nDONE\r\nb NOOP\r\n"), (texts{"a IDLE", "line DONE", "b NOOP"}));
}

TEST(ImapCommandReader, TellsWhatIsNoCommand) {
  EXPECT_EQ(read_every_way("\r\na NOOP\r\n"), (texts{"malformed ", "a NOOP"}));
  EXPECT_EQ(read_every_way("a\r\n"), texts{"malformed a"});
  EXPECT_EQ(read_every_way("a \r\n"), texts{"malformed a"});
  EXPECT_EQ(read_every_way("+ NOOP\r\n"), texts{"malformed "});
  EXPECT_EQ(read_every_way("(a) NOOP\r\n"), texts{"malformed "});
  EXPECT_EQ(read_every_way("a (NOOP)\r\n"), texts{"malformed a"});
  EXPECT_EQ(read_every_way("a FETCH 1 (FLAGS\r\n"), texts{"malformed a"});
  EXPECT_EQ(read_every_way("a STORE 1 FLAGS (\\x{3+}\r\nabc)\r\n"), texts{"malformed a"});
}

TEST(ImapCommandReader, BreaksAtALineEndThatIsNone) {
  EXPECT_EQ(read_every_way("a NOOP\nb NOOP\r\n"), texts{"broken"});
  EXPECT_EQ(read_every_way("a NOOP\rb NOOP\r\n"), texts{"broken"});
}

TEST(ImapCommandReader, RefusesLiteralsBeyondTheLimits) {
  const command_limits limits{.line = 40, .literal = 4, .message = 8, .command = 60, .literals = 2};
  EXPECT_EQ(read_every_way("a LOGIN {4}\r\nabcd {5}\r\nb NOOP\r\n", limits),
            (texts{"+", "too large a", "b NOOP"}));
  EXPECT_EQ(read_every_way("a LOGIN {5+}\r\nabcde {1+}\r\nx\r\nb NOOP\r\n", limits),
            (texts{"too large a", "b NOOP"}))
      << "what is announced is dropped";
  EXPECT_EQ(read_every_way("a APPEND x {8+}\r\n12345678\r\n", limits), texts{"a APPEND x \"12345678\""});
  EXPECT_EQ(read_every_way("a APPEND x {9}\r\n", limits), texts{"too large a"});
  EXPECT_EQ(read_every_way("a APPEND x {17+}\r\n", limits), texts{"broken"}) << "more than is worth dropping";
  EXPECT_EQ(read_every_way("a APPEND x {99999999999999999999}\r\n", limits), texts{"too large a"});
  EXPECT_EQ(read_every_way("a APPEND x {99999999999999999999+}\r\n", limits), texts{"broken"});
  EXPECT_EQ(read_every_way("a SEARCH {1+}\r\nx {1+}\r\ny {1+}\r\nz\r\n", limits), texts{"too large a"});
  EXPECT_EQ(read_every_way("a " + std::string(38, 'x') + "\r\n", limits).size(), 1u);
  EXPECT_EQ(read_every_way("a " + std::string(39, 'x') + "\r\n", limits), texts{"broken"});
}

}  // namespace
}  // namespace tidewire::imap
