#include <tidewire/base/error.hpp>
#include <tidewire/mime/mbox.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace tidewire::mime {
namespace {

const date_time when = *date::parse_rfc5322("Fri, 21 Nov 1997 09:55:06 -0600");

std::vector<std::string> read_all(const std::string& text, mbox_quoting quoting = mbox_quoting::mboxrd) {
  std::istringstream in(text);
  mbox_reader reader(in, quoting);
  std::vector<std::string> messages;
  while (auto one = reader.next()) messages.push_back(one->bytes);
  return messages;
}

TEST(MimeMbox, ReadsBackWhatItWrote) {
  const std::vector<std::string> messages = {
      "Subject: a\n\nFrom me\n>From you\n>>From them\n\nFrom after an empty line\n", "Subject: empty\n\n",
      "Subject: ends with an empty line\n\nx\n\n"};
  for (const mbox_quoting quoting : {mbox_quoting::mboxrd, mbox_quoting::mboxcl, mbox_quoting::mboxcl2}) {
    std::ostringstream out;
    for (const std::string& one : messages) write_mbox(out, one, "ada@example.org", when, quoting);
    const auto found = read_all(out.str(), quoting);
    ASSERT_EQ(found.size(), messages.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      // The field that says how long the body is stays in.
      std::string text = found[i];
      if (const std::size_t at = text.find("Content-Length"); at != std::string::npos)
        text.erase(at, text.find('\n', at) + 1 - at);
      EXPECT_EQ(text, messages[i]);
    }
  }
}

TEST(MimeMbox, WritesSeparatorsInUtcAndLinesOfUnix) {
  std::ostringstream out;
  write_mbox(out, "A: b\r\n\r\nFrom x\r\nno end", "", when);
  EXPECT_EQ(out.str(), "From MAILER-DAEMON Fri Nov 21 15:55:06 1997\nA: b\n\n>From x\nno end\n\n");
  std::ostringstream old;
  write_mbox(old, "A: b\n\nFrom x\n>From y\n", "a@b.c", when, mbox_quoting::mboxo);
  EXPECT_EQ(old.str(), "From a@b.c Fri Nov 21 15:55:06 1997\nA: b\n\n>From x\n>From y\n\n");
  EXPECT_EQ(read_all(old.str(), mbox_quoting::mboxo)[0], "A: b\n\nFrom x\nFrom y\n");
}

TEST(MimeMbox, ReadsTheSeparator) {
  std::istringstream in("From ada@example.org Fri Nov 21 15:55:06 1997\nA: b\n\nFrom b@c\n\n");
  mbox_reader reader(in);
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sender, "ada@example.org");
  ASSERT_TRUE(first->date);
  EXPECT_EQ(first->date->time, when.time);
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->sender, "b@c");
  EXPECT_FALSE(second->date);
  EXPECT_FALSE(reader.next());
}

TEST(MimeMbox, ReadsWhatEveryMailboxMayBe) {
  using list = std::vector<std::string>;
  EXPECT_EQ(read_all(""), list{});
  EXPECT_EQ(read_all("no mailbox\nat all\n"), list{});
  EXPECT_EQ(read_all("rubbish\nFrom a\nA: b\n\nx"), list{"A: b\n\nx"});
  EXPECT_EQ(read_all("From a\n"), list{""});
  // Without an empty line before it, it is no separator.
  EXPECT_EQ(read_all("From a\nA: b\n\nx\nFrom b\n"), list{"A: b\n\nx\nFrom b\n"});
  EXPECT_EQ(read_all("From a\r\nA: b\r\n\r\nx\r\n\r\nFrom b\r\nC: d\r\n\r\n"),
            (list{"A: b\r\n\r\nx\r\n", "C: d\r\n\r\n"}));
  // A length that leads nowhere is not believed.
  EXPECT_EQ(read_all("From a\nContent-Length: 1\n\nx\ny\n\nFrom b\nA: b\n\n", mbox_quoting::mboxcl),
            (list{"Content-Length: 1\n\nx\ny\n", "A: b\n\n"}));
  EXPECT_EQ(read_all("From a\nContent-Length: 99999999999\n\nx\n", mbox_quoting::mboxcl),
            list{"Content-Length: 99999999999\n\nx\n"});
}

TEST(MimeMbox, CutsAMessageAtItsLimit) {
  std::istringstream in("From a\nA: b\n\n" + std::string(1'000'000, 'x') + "\n\nFrom b\nC: d\n\n");
  mbox_reader reader(in, mbox_quoting::mboxrd, 100);
  const auto first = reader.next();
  EXPECT_EQ(first->bytes.size(), 100U);
  EXPECT_TRUE(first->truncated);
  const auto second = reader.next();
  EXPECT_EQ(second->bytes, "C: d\n\n");
  EXPECT_FALSE(second->truncated);
}

TEST(MimeMbox, RefusesASenderThatWouldBreakTheSeparator) {
  std::ostringstream out;
  for (const char* sender : {"a b", "a\nFrom b", "a\r"})
    EXPECT_THROW(write_mbox(out, "x", sender, when), error);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace tidewire::mime
