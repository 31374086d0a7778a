#include "entities.hpp"

#include <tidewire/base/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "scan.hpp"

namespace tidewire::html::detail {

namespace {

struct entity {
  std::string_view name;
  std::string_view text;
};

constexpr entity entities[] = {
#define X(name, text) {name, text},
#include "entities.inc"
#undef X
};

const entity* find_entity(std::string_view name) noexcept {
  const entity* found =
      std::lower_bound(std::begin(entities), std::end(entities), name,
                       [](const entity& left, std::string_view right) { return left.name < right; });
  return found != std::end(entities) && found->name == name ? found : nullptr;
}

constexpr std::size_t longest_name = 32;        // CounterClockwiseContourIntegral;
constexpr std::size_t longest_without_end = 6;  // those that may stand without a semicolon

// 13.2.5.80: what the C1 range of windows-1252 means in old pages.
constexpr char16_t c1_replacements[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                          0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                          0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                          0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

void give(character_reference& result, std::string_view text, std::size_t consumed) noexcept {
  std::memcpy(result.text, text.data(), text.size());
  result.length = text.size();
  result.consumed = consumed;
}

character_reference numeric(const char* at, const char* end) noexcept {
  character_reference result;
  const char* const start = at;
  ++at;  // '#'
  const bool hexadecimal = at != end && (*at == 'x' || *at == 'X');
  if (hexadecimal) ++at;
  const char* const digits = at;
  std::uint32_t value = 0;
  for (; at != end; ++at) {
    std::uint32_t digit;
    if (ascii::is_digit(*at)) {
      digit = static_cast<std::uint32_t>(*at - '0');
    } else if (hexadecimal && ascii::to_lower(*at) >= 'a' && ascii::to_lower(*at) <= 'f') {
      digit = static_cast<std::uint32_t>(ascii::to_lower(*at) - 'a' + 10);
    } else {
      break;
    }
    value = std::min<std::uint32_t>(value * (hexadecimal ? 16 : 10) + digit, 0x110000);
  }
  if (at == digits) {
    result.error = parse_error_code::absence_of_digits_in_numeric_character_reference;
    result.error_at = static_cast<std::size_t>(at - start);
    return result;
  }
  if (at != end && *at == ';') {
    ++at;
  } else {
    result.error = parse_error_code::missing_semicolon_after_character_reference;
  }
  result.consumed = result.error_at = static_cast<std::size_t>(at - start);
  char32_t point = value;
  parse_error_code error{};
  if (value == 0) {
    error = parse_error_code::null_character_reference;
    point = 0xFFFD;
  } else if (value > 0x10FFFF) {
    error = parse_error_code::character_reference_outside_unicode_range;
    point = 0xFFFD;
  } else if (value >= 0xD800 && value <= 0xDFFF) {
    error = parse_error_code::surrogate_character_reference;
    point = 0xFFFD;
  } else if ((value >= 0xFDD0 && value <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE) {
    error = parse_error_code::noncharacter_character_reference;
  } else if (value == 0x0D || (value < 0x20 && value != '\t' && value != '\n' && value != '\f') ||
             (value >= 0x7F && value <= 0x9F)) {
    error = parse_error_code::control_character_reference;
    if (value >= 0x80 && value <= 0x9F) point = c1_replacements[value - 0x80];
  }
  (result.error == parse_error_code{} ? result.error : result.second_error) = error;
  result.length = write_utf8(point, result.text);
  return result;
}

}  // namespace

character_reference read_character_reference(const char* at, const char* end, bool in_attribute) noexcept {
  character_reference result;
  if (at == end) return result;
  if (*at == '#') return numeric(at, end);
  if (!ascii::is_alnum(*at)) return result;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  for (const auto& [name, text] : {entity{"amp;", "&"}, entity{"nbsp;", "\xc2\xa0"}, entity{"lt;", "<"},
                                   entity{"gt;", ">"}, entity{"quot;", "\""}}) {
    if (rest.starts_with(name)) {
      give(result, text, name.size());
      return result;
    }
  }
  std::size_t length = 0;
  while (length < rest.size() && length < longest_name && ascii::is_alnum(rest[length])) ++length;
  if (length < rest.size() && rest[length] == ';') {
    if (const entity* found = find_entity(rest.substr(0, length + 1))) {
      give(result, found->text, length + 1);
      return result;
    }
  }
  for (std::size_t tried = std::min(length, longest_without_end); tried >= 2; --tried) {
    const entity* found = find_entity(rest.substr(0, tried));
    if (found == nullptr) continue;
    if (in_attribute && tried < rest.size() && (rest[tried] == '=' || ascii::is_alnum(rest[tried])))
      return result;
    give(result, found->text, tried);
    result.error = parse_error_code::missing_semicolon_after_character_reference;
    result.error_at = tried;
    return result;
  }
  // 13.2.5.74, the ambiguous ampersand.
  while (length < rest.size() && ascii::is_alnum(rest[length])) ++length;
  if (length < rest.size() && rest[length] == ';') {
    result.error = parse_error_code::unknown_named_character_reference;
    result.error_at = length;
  }
  return result;
}

}  // namespace tidewire::html::detail
