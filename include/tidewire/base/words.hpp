/// @file
/// Words of protocols, which are ASCII and mostly compared without regard to case. Free of locale.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace tidewire::ascii {

/// `text` with its ASCII letters in upper case; all else stays as it is, UTF-8 as well.
[[nodiscard]] inline std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_upper(c);
  return out;
}

/// `text` with its ASCII letters in lower case; all else stays as it is, UTF-8 as well.
[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

/// Is `word` one of the words of `list`, which have single spaces between them? Without regard to ASCII case.
[[nodiscard]] inline bool has_word(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (iequals(list.substr(0, end), word)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace tidewire::ascii
