// One response that is in memory, to its type.
#pragma once

#include <tidewire/imap/mailbox_name.hpp>
#include <tidewire/imap/response.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "lexer.hpp"

namespace tidewire::imap::detail {

// A response without the CRLF that ends it.
struct response_text {
  std::string_view text;
  // The places of the marks of literals that were streamed.
  std::span<const std::size_t> streamed{};
  bool has_literals = false;
};

// Reads it into `out`. What fails is not of the grammar in a way that leaves open where it ends, or beyond a
// limit.
[[nodiscard]] std::optional<failure> parse_response_text(const response_text& from, name_form names,
                                                         const lexer_limits& limits, response& out);

// The first words of a response, which say of what it is made.
enum class shape {
  tokens,  // literals are possible
  text,    // a status or a continuation: text for people, up to the end of the line
  fetch,   // a FETCH response: there may be bodies in it
};
struct heading {
  shape what = shape::tokens;
  std::uint32_t number = 0;  // of FETCH
  std::size_t size = 0;      // of FETCH: up to the parenthesis
};
[[nodiscard]] heading heading_of(std::string_view line) noexcept;

}  // namespace tidewire::imap::detail
