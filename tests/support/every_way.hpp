// An input cut in every way: what comes of it must not depend on the cuts.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::testing {

/// What `take` makes of the pieces of `input`: of the whole, which is returned, and the same byte by byte and
/// of every two.
template <class Take>
auto every_way(std::string_view input, Take take) {
  using pieces = std::vector<std::string_view>;
  const auto whole = take(pieces{input});
  pieces bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  EXPECT_EQ(take(bytes), whole) << "byte by byte";
  for (std::size_t i = 1; i < input.size(); ++i) {
    EXPECT_EQ(take(pieces{input.substr(0, i), input.substr(i)}), whole) << "split at " << i;
  }
  return whole;
}

/// The same; and `check_cut(whole, cut)` is shown what it makes of each truncation.
template <class Take, class CheckCut>
auto every_way(std::string_view input, Take take, CheckCut check_cut) {
  const auto whole = every_way(input, take);
  for (std::size_t i = 1; i < input.size(); ++i) {
    SCOPED_TRACE("cut at " + std::to_string(i));
    check_cut(whole, take(std::vector<std::string_view>{input.substr(0, i)}));
  }
  return whole;
}

}  // namespace tidewire::testing
