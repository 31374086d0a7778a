#include <tidewire/imap/sequence_set.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {
namespace {

constexpr std::uint32_t largest = std::numeric_limits<std::uint32_t>::max();

sequence_set parsed(std::string_view text) {
  const auto out = sequence_set::parse(text);
  EXPECT_TRUE(out) << text;
  return out.value_or(sequence_set());
}

TEST(SequenceSet, PutsNumbersThatFollowTogether) {
  EXPECT_EQ(sequence_set::of(std::array<std::uint32_t, 6>{1, 2, 3, 7, 9, 10}).to_string(), "1:3,7,9:10");
  EXPECT_EQ(sequence_set(5).to_string(), "5");
  EXPECT_EQ(sequence_set(5, 2).to_string(), "2:5");
  EXPECT_EQ(sequence_set::all().to_string(), "1:*");
  EXPECT_EQ(sequence_set(sequence_set::star).to_string(), "*");
  EXPECT_EQ(sequence_set(largest - 1).add(largest).to_string(), "4294967294:4294967295");
  EXPECT_EQ(sequence_set(largest).add(1).to_string(), "4294967295,1");
  EXPECT_EQ(sequence_set::saved().to_string(), "$");
  EXPECT_EQ(sequence_set().to_string(), "");
}

TEST(SequenceSet, ReadsWhatItWrites) {
  for (const std::string_view text : {"1", "1:3,7,9:10", "2,4:7,9,12:*", "*", "$", "4294967295", "9,1:3"}) {
    EXPECT_EQ(parsed(text).to_string(), text);
  }
  EXPECT_EQ(parsed("*:4").to_string(), "4:*");
  EXPECT_EQ(parsed("5:3").to_string(), "3:5");
}

TEST(SequenceSet, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "0", "1,", ",1", "1,,2", "1:", ":1", "1:2:3", "a", "-1", "1 2",
                                      "4294967296", "1:0", "$,1", "+1"}) {
    EXPECT_FALSE(sequence_set::parse(text)) << text;
  }
  EXPECT_TRUE(sequence_set::parse("1,3,5", 3));
  EXPECT_FALSE(sequence_set::parse("1,3,5,7", 3));
}

TEST(SequenceSet, KnowsWhatIsInIt) {
  const sequence_set set = parsed("2,4:7,12:*");
  EXPECT_TRUE(set.contains(2));
  EXPECT_TRUE(set.contains(5));
  EXPECT_FALSE(set.contains(3));
  EXPECT_FALSE(set.contains(0));
  EXPECT_TRUE(set.has_star());
  EXPECT_TRUE(set.contains(15, 20));
  EXPECT_FALSE(set.contains(21, 20));
  EXPECT_FALSE(set.contains(15)) << "nobody said what * is";
  // Where there are fewer messages than twelve, 12:* is the last one up to 12 (RFC 9051 section 9).
  EXPECT_TRUE(set.contains(10, 10));
  EXPECT_EQ(set.count(), 5U);
  EXPECT_EQ(parsed("1:4294967295").count(), 4294967295U);
}

TEST(SequenceSet, ListsItsNumbersInTheirOrder) {
  EXPECT_EQ(parsed("9,1:3").numbers(), (std::vector<std::uint32_t>{9, 1, 2, 3}));
  EXPECT_EQ(parsed("1:4294967295").numbers(2), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(parsed("4294967294:4294967295").numbers(), (std::vector<std::uint32_t>{largest - 1, largest}));
  EXPECT_TRUE(parsed("7:*").numbers().empty());
}

TEST(SequenceSet, IsSortedWithoutRepetition) {
  EXPECT_EQ(parsed("9,1:3,2:5,6,20:*,30").sorted().to_string(), "1:6,9,20:*");
  EXPECT_EQ(parsed("*,1").sorted().to_string(), "1,*");
  EXPECT_EQ(parsed("5,5,5").sorted().to_string(), "5");
  EXPECT_EQ(parsed("1:4294967295,7").sorted().to_string(), "1:4294967295");
  EXPECT_EQ(parsed("7:*,*").sorted().to_string(), "7:*");
}

}  // namespace
}  // namespace tidewire::imap
