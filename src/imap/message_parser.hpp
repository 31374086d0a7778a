// What FETCH tells of a message, read from its tokens.
#pragma once

#include <tidewire/imap/fetch.hpp>

#include <string>
#include <string_view>

#include "lexer.hpp"

namespace tidewire::imap::detail {

// Reads the items of a FETCH response, from the parenthesis that begins them to the end.
bool read_message_data(lexer& in, message_data& out);
bool read_envelope(lexer& in, envelope& out, std::size_t depth);
bool read_body_structure(lexer& in, body_part& out);
// Flags in parentheses.
bool read_flags(lexer& in, flags& out);
// A string or an atom; NIL is the empty one.
bool read_text(lexer& in, std::string& out);
// Takes the parenthesis that ends a list. Some servers forget those at the end of a response.
bool close_list(lexer& in) noexcept;

}  // namespace tidewire::imap::detail
