#include <tidewire/imap/flags.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidewire::imap {
namespace {

TEST(Flags, AreThoseOfTheSystemAndKeywords) {
  flags set{flag::seen, flag::flagged};
  set.add("$Forwarded").add("\\Answered").add("\\XSomething");
  EXPECT_TRUE(set.seen());
  EXPECT_TRUE(set.flagged());
  EXPECT_TRUE(set.answered());
  EXPECT_FALSE(set.deleted());
  EXPECT_TRUE(set.contains("$forwarded"));
  EXPECT_TRUE(set.contains("\\seen"));
  EXPECT_FALSE(set.contains("Seen")) << "a keyword, not a flag of the system";
  EXPECT_EQ(set.keywords(), (std::vector<std::string>{"$Forwarded", "\\XSomething"}));
  EXPECT_EQ(set.to_string(), "\\Seen \\Answered \\Flagged $Forwarded \\XSomething");
}

TEST(Flags, HaveEachKeywordOnceInAnyCase) {
  flags set;
  set.add("Work").add("work").add("").add("WORK");
  EXPECT_EQ(set.keywords(), (std::vector<std::string>{"Work"}));
  set.remove("wORK").remove("gone").remove("\\Seen").remove(flag::draft);
  EXPECT_TRUE(set.empty());
}

TEST(Flags, AreEqualInAnyOrder) {
  EXPECT_EQ(flags().add("a").add("\\Seen").add("B"), flags(flag::seen).add("b").add("A"));
  EXPECT_NE(flags().add("a"), flags().add("b"));
  EXPECT_NE(flags().add("a"), flags().add("a").add("b"));
  EXPECT_NE(flags(flag::seen), flags(flag::draft));
}

}  // namespace
}  // namespace tidewire::imap
