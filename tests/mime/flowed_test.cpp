#include <tidewire/mime/flowed.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire::mime {
namespace {

TEST(MimeFlowed, JoinsTheLinesOfAParagraph) {
  EXPECT_EQ(unflow("one \r\ntwo \r\nthree\r\nnext\r\n"), "one two three\nnext\n");
  EXPECT_EQ(unflow("to \r\ngether\r\n", true), "together\n");
  EXPECT_EQ(unflow(" >not quoted\r\n From here\r\n"), ">not quoted\nFrom here\n");
}

TEST(MimeFlowed, KeepsTheDepthOfQuotes) {
  // RFC 3676 section 4.5: a change of depth ends the paragraph.
  EXPECT_EQ(unflow("> a \r\n> b\r\n>> c \r\nd\r\n"), "> a b\n>> c \nd\n");
}

TEST(MimeFlowed, LeavesTheLineOfASignature) {
  EXPECT_EQ(unflow("text \r\n-- \r\nname\r\n"), "text \n-- \nname\n");
}

TEST(MimeFlowed, BreaksLinesThatComeTogetherAgain) {
  const std::string text =
      "A paragraph that is a good deal longer than any line of mail should be, so it has to be broken "
      "somewhere.\n"
      "> Quoted text that is also much longer than it should be, and that has to keep its mark on every "
      "line.\n"
      " indented\n>\nFrom the start\n-- \nname\n";
  const std::string flowed = flow(text, 40);
  for (std::size_t at = 0; at < flowed.size();) {
    const std::size_t end = flowed.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 41U) << flowed.substr(at, end - at);
    at = end + 2;
  }
  EXPECT_EQ(unflow(flowed),
            "A paragraph that is a good deal longer than any line of mail should be, so it has to be "
            "broken somewhere.\n> Quoted text that is also much longer than it should be, and that "
            "has to keep its mark on every line.\n indented\n> \nFrom the start\n-- \nname\n");
}

TEST(MimeFlowed, LeavesAWordThatNothingBreaks) {
  const std::string word(200, 'x');
  EXPECT_EQ(unflow(flow(word)), word + "\n");
  EXPECT_EQ(flow(""), "");
}

}  // namespace
}  // namespace tidewire::mime
