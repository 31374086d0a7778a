// Lists of words with blanks between.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace tidewire::testing::detail {

[[nodiscard]] inline std::vector<std::string_view> words_of(std::string_view list) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0) words.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

}  // namespace tidewire::testing::detail
