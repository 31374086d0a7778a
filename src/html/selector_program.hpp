// A compiled selector: flat arrays that refer to each other by number.
#pragma once

#include <tidewire/html/selector.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "names.hpp"

namespace tidewire::html::detail {

enum class combinator : std::uint8_t { none, descendant, child, next, subsequent };

enum class test_kind : std::uint8_t {
  nothing,  // matches no element
  type,
  space_only,  // a namespace and any name
  id,
  class_,
  attribute,
  is,
  not_,
  has,
  root,
  empty,
  scope,
  nth_child,
  nth_last_child,
  nth_of_type,
  nth_last_of_type,
  only_child,
  only_of_type,
  lang,
  dir,
  link,
  checked,
  default_,
  disabled,
  enabled,
  indeterminate,
  in_range,
  out_of_range,
  optional,
  required,
  placeholder_shown,
  read_only,
  read_write,
  muted,
  open,
  defined,
  contains,
  contains_own,
};

enum class attribute_operator : std::uint8_t { present, equal, word, dash, prefix, suffix, substring };
enum class value_case : std::uint8_t { by_attribute, ignored, exact };

inline constexpr std::uint32_t no_list = UINT32_MAX;
inline constexpr std::uint16_t any_space = UINT16_MAX;
inline constexpr std::uint16_t unknown_space = UINT16_MAX - 1;  // a prefix that was not declared

struct simple_test {
  test_kind kind = test_kind::nothing;
  attribute_operator compare = attribute_operator::present;
  value_case folding = value_case::by_attribute;
  bool right_to_left = false;       // of :dir
  std::uint16_t space = any_space;  // index into strings: the namespace
  std::uint32_t name = 0;           // index into strings: as written
  std::uint32_t lower_name = 0;     // index into strings
  std::uint32_t value = 0;          // index into strings
  std::uint32_t list = no_list;     // :is, :not, :has, of S
  std::uint32_t memo = 0;           // number of its memory in a query
  std::int32_t a = 0;               // An+B
  std::int32_t b = 0;
  std::uint32_t first_text = 0;  // :lang and :contains: their strings
  std::uint32_t text_count = 0;
};

struct compound_selector {
  std::uint32_t first = 0;  // of its tests
  std::uint32_t count = 0;
  combinator left = combinator::none;  // to the compound before it, or to the anchor of :has
  std::uint32_t memo = 0;              // number of its memory in a query
};

struct complex_selector {
  std::uint32_t first = 0;  // of its compounds
  std::uint32_t count = 0;
};

struct selector_list {
  std::vector<std::uint32_t> members;  // complex selectors
};

struct selector_program {
  std::string text;
  std::vector<std::string> strings{""};
  std::vector<simple_test> tests;
  std::vector<compound_selector> compounds;
  std::vector<complex_selector> complexes;
  std::vector<selector_list> lists;  // [top] is the selector itself
  std::uint32_t top = 0;
  std::uint32_t memos = 0;
  selector::output wants = selector::output::elements;
  std::string wanted_attribute;
};

// The steps that a selection in a whole document takes, for tests.
std::uint64_t work_of_select(const selector& compiled, const document& tree);

// An+B (CSS Syntax 6): false if `text` is none.
bool read_an_plus_b(std::string_view text, std::int32_t& a, std::int32_t& b) noexcept;

}  // namespace tidewire::html::detail
