/// @file
/// CSS selectors (Selectors Level 4): compiled once, used on any document, from any thread.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::html {

namespace detail {
struct selector_program;
}

/// What a selector may refer to besides its text.
struct selector_options {
  /// Prefix and URI of each namespace that `prefix|name` may name. The prefix "" is the default namespace,
  /// which then limits type selectors without a prefix. A prefix that is not listed matches nothing.
  std::span<const std::pair<std::string_view, std::string_view>> namespaces{};
};

/// A compiled selector.
///
/// Supported: type, `*`, `.class`, `#id`; `[a]` with `= ~= |= ^= $= *= !=` and the flags `i`, `s`;
/// descendant,
/// `>`, `+`, `~`; lists; namespaces; escapes and comments; `:is :where :matches :not :has`; `:nth-child(An+B
/// of S)`, `:nth-last-child`, `:nth-of-type`, `:nth-last-of-type`, `:first-child`, `:last-child`,
/// `:only-child` and the same `-of-type`; `:root :empty :scope &`; `:lang(...)`, `:dir(ltr|rtl)`; `:link
/// :any-link`; `:checked :default :disabled :enabled :indeterminate :in-range :out-of-range :optional
/// :required :placeholder-shown :read-only :read-write :muted :open :defined`; `:contains("text")` (also
/// `:-soup-contains`, and
/// `-own` for the element's own text); and, last in a selector, `::text` and `::attr(name)`. What only a
/// running browser could tell (`:hover`, `:visited`, `:target`, `:playing`, ...) is accepted and matches
/// nothing.
///
/// Names of HTML elements and attributes are matched without regard to ASCII case, `#id` and `.class`
/// exactly, also in quirks mode. Contents of a `<template>` are not searched unless it is its fragment that
/// is asked.
///
/// Immutable; copies share the program. Any number of threads may use one selector.
class TIDEWIRE_HTML_API selector {
 public:
  /// What the selector asks for beyond the elements.
  enum class output : std::uint8_t {
    elements,   ///< The elements.
    text,       ///< `::text`: their text nodes.
    attribute,  ///< `::attr(name)`: the values of an attribute.
  };

  /// A selector that matches nothing.
  selector();
  /// Compiles. Errors: `condition::misuse`, and the detail says what is wrong and at which byte; that number
  /// is also stored in `*error_position` if given. Limits: 64 KiB of text, 32 levels of parentheses, 4096
  /// parts.
  [[nodiscard]] static result<selector> compile(std::string_view text, const selector_options& options = {},
                                                std::size_t* error_position = nullptr);

  /// The text it was compiled from.
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] output wants() const noexcept;

  /// Does the selector match this element?
  [[nodiscard]] bool matches(const node& element) const;
  /// The matching elements below `scope` in document order, at most `limit`. `:scope` is `scope` itself, or
  /// the document element if it is a document.
  [[nodiscard]] std::vector<node> select(const node& scope,
                                         std::size_t limit = std::numeric_limits<std::size_t>::max()) const;
  /// The first of them, or null.
  [[nodiscard]] node select_one(const node& scope) const;
  /// The element itself or its nearest ancestor that matches, or null.
  [[nodiscard]] node closest(const node& element) const;

  /// What `::text` or `::attr(name)` asks for: the text nodes directly in the matching elements, or the
  /// values of the attribute where it is present. Without either, the text of each matching element.
  [[nodiscard]] std::vector<std::string> extract(const node& scope) const;

 private:
  friend struct detail::access;
  explicit selector(std::shared_ptr<const detail::selector_program> program) noexcept;
  std::shared_ptr<const detail::selector_program> program_;
};

}  // namespace tidewire::html
