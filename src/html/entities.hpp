// Character references (WHATWG HTML 13.2.5.72 and following).
#pragma once

#include <tidewire/html/export.hpp>
#include <tidewire/html/parse_error.hpp>

#include <cstddef>
#include <string_view>

namespace tidewire::html::detail {

struct character_reference {
  std::size_t consumed = 0;         // bytes after the '&' that belong to it; 0: the '&' is only itself
  std::size_t length = 0;           // bytes of `text`
  char text[8] = {};                // UTF-8
  parse_error_code error{};         // 0 if none
  parse_error_code second_error{};  // at the same place, after `error`
  std::size_t error_at = 0;         // bytes after the '&'
};

// Reads the reference whose '&' stands before `at`.
TIDEWIRE_HTML_API character_reference read_character_reference(const char* at, const char* end,
                                                               bool in_attribute) noexcept;

}  // namespace tidewire::html::detail
