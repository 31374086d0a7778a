#include <tidewire/base/base64.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::crypto {
namespace {

TEST(Random, FillsAllOfItAndNoMore) {
  for (std::size_t size = 0; size < 70; ++size) {
    // In 20 draws of each byte, one that stays zero all the time is one that is not written.
    tidewire::testing::exact_block block(size);
    std::string seen(size, '\0');
    for (int draw = 0; draw < 20; ++draw) {
      fill_random(block.bytes());
      for (std::size_t i = 0; i < size; ++i) seen[i] = static_cast<char>(seen[i] | block.text()[i]);
    }
    EXPECT_EQ(seen.find('\0'), std::string::npos) << size;
  }
}

TEST(Random, NeverGivesTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(seen.insert(token_hex(16)).second);
    EXPECT_TRUE(seen.insert(token_urlsafe(16)).second);
    EXPECT_TRUE(seen.insert(hex::encode(random_bytes(16))).second);
    EXPECT_TRUE(seen.insert(hex::encode(random_secret(16).reveal())).second);
  }
}

TEST(Random, TokensAreText) {
  EXPECT_EQ(token_hex().size(), 64U);
  EXPECT_EQ(hex::decode(token_hex(7)).value().size(), 7U);
  EXPECT_EQ(token_urlsafe().size(), 43U);
  for (int i = 0; i < 50; ++i) {
    const std::string token = token_urlsafe(48);
    EXPECT_EQ(base64::decode(token, base64::url).value().size(), 48U);
    EXPECT_TRUE(std::ranges::all_of(token, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; }))
        << token;
  }
  EXPECT_EQ(token_hex(0), "");
  EXPECT_EQ(token_urlsafe(0), "");
}

TEST(Random, IntegersStayBelowTheirLimitAndReachEachValue) {
  std::array<int, 6> counts{};
  for (int i = 0; i < 6000; ++i) {
    const std::uint64_t drawn = random_below(6);
    ASSERT_LT(drawn, 6U);
    ++counts[drawn];
  }
  // 1000 each are expected; 7 standard deviations are 202. It fails once in 10^11 runs.
  for (const int count : counts) EXPECT_NEAR(count, 1000, 202);
  EXPECT_EQ(random_below(1), 0U);
  EXPECT_LT(random_below(std::uint64_t{1} << 63), std::uint64_t{1} << 63);
}

TEST(Random, LargeLimitsAreNotBiased) {
  // With the plain remainder, two thirds of the draws would fall into the first half.
  constexpr std::uint64_t limit = std::uint64_t{3} << 62;
  int low = 0;
  for (int i = 0; i < 6000; ++i) low += random_below(limit) < limit / 2 ? 1 : 0;
  EXPECT_NEAR(low, 3000, 280);
}

TEST(Random, ThereIsNoIntegerBelowZero) {
  EXPECT_THROW((void)random_below(0), error);
}

TEST(Random, ServesTheStandardLibrary) {
  std::vector<int> cards(52);
  std::iota(cards.begin(), cards.end(), 0);
  std::vector<int> shuffled = cards;
  std::shuffle(shuffled.begin(), shuffled.end(), random_generator());
  EXPECT_NE(shuffled, cards);
  EXPECT_TRUE(std::ranges::is_permutation(shuffled, cards));
}

}  // namespace
}  // namespace tidewire::crypto
