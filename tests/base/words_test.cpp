#include <tidewire/base/words.hpp>

#include <gtest/gtest.h>

namespace tidewire::ascii {
namespace {

TEST(Words, ChangeTheCaseOfAsciiLettersOnly) {
  EXPECT_EQ(upper("aZ[`{09 \xC3\xA4"), "AZ[`{09 \xC3\xA4");
  EXPECT_EQ(lower("aZ[`{@09 \xC3\x84"), "az[`{@09 \xC3\x84");
  EXPECT_EQ(upper(""), "");
}

TEST(Words, AreFoundWholeAndInAnyCase) {
  EXPECT_TRUE(has_word("PLAIN LOGIN", "plain"));
  EXPECT_TRUE(has_word("PLAIN LOGIN", "LOGIN"));
  EXPECT_FALSE(has_word("PLAIN LOGIN", "LOG"));
  EXPECT_FALSE(has_word("PLAIN LOGIN", "PLAIN LOGIN"));
  EXPECT_FALSE(has_word("", "PLAIN"));
  EXPECT_FALSE(has_word("PLAIN", ""));
}

}  // namespace
}  // namespace tidewire::ascii
