// Random trees and selectors, the engine against the naive matcher.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "naive_select.hpp"

namespace tidewire::html {
namespace {

TEST(HtmlSelector, AgreesWithANaiveMatcherOnRandomTrees) {
  std::minstd_rand random(20);
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::uint8_t> bytes(40 + random() % 200);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 8);
    ASSERT_EQ(test::disagreement(bytes.data(), bytes.size()), "") << "round " << round;
  }
}

}  // namespace
}  // namespace tidewire::html
