// Words of a line, as commands and capabilities have them.
#pragma once

#include <tidewire/base/words.hpp>

#include <algorithm>
#include <string_view>

namespace tidewire::smtp {

// The next word, which is taken off the text; empty at the end.
[[nodiscard]] inline std::string_view take_word(std::string_view& text) {
  text = ascii::trim_blank_left(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

}  // namespace tidewire::smtp
