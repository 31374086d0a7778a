#include <tidewire/imap/raw.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "lexer.hpp"

namespace tidewire::imap {
namespace {

// Of a string in quotes. RFC 9051 section 4.3 sets no limit, but lines should not be endless.
constexpr std::size_t longest_quoted = 1000;
// Of a string that is shown.
constexpr std::size_t longest_shown = 200;

bool fits_quotes(std::string_view text, bool utf8) {
  return text.size() <= longest_quoted &&
         std::ranges::all_of(text, [&](char c) { return ascii::is_ascii(c) ? !ascii::is_control(c) : utf8; });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_literal(std::string& out, std::string_view bytes) {
  out += '{';
  out += std::to_string(bytes.size());
  out += "}\r\n";
  out += bytes;
}

void append_shown(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : text.substr(0, longest_shown)) {
    if (ascii::is_control(c)) {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  if (text.size() > longest_shown) out += "...";
}

void append_readable(std::string& out, const token& what) {
  switch (what.kind()) {
    case token::kind_type::nil: out += "NIL"; return;
    case token::kind_type::atom: append_shown(out, what.text()); return;
    case token::kind_type::string:
    case token::kind_type::literal8:
      out += '"';
      append_shown(out, what.text());
      out += '"';
      return;
    case token::kind_type::list: break;
  }
  out += '(';
  for (const token& one : what.items()) {
    if (&one != &what.items().front()) out += ' ';
    append_readable(out, one);
  }
  out += ')';
}

}  // namespace

token token::list(std::vector<token> items) {
  token out;
  out.kind_ = kind_type::list;
  out.items_ = std::move(items);
  return out;
}

bool token::is_atom(std::string_view text) const noexcept {
  return kind_ == kind_type::atom && ascii::iequals(text_, text);
}

std::optional<std::uint64_t> token::to_number() const noexcept {
  return ascii::parse_unsigned<std::uint64_t>(text_);
}

std::string token::to_string() const {
  std::string out;
  append_readable(out, *this);
  return out;
}

result<std::vector<token>> parse_tokens(std::string_view line, const token_limits& limits) {
  detail::lexer in(line, {.nesting = limits.nesting, .items = limits.items});
  std::vector<token> out;
  for (in.skip_spaces(); !in.at_end(); in.skip_spaces()) {
    if (!in.read(out.emplace_back())) {
      return in.over_limit() ? failure(tidewire::errc::limit_exceeded, in.why())
                             : failure(make_error_code(errc::malformed_response), in.why());
    }
  }
  return out;
}

void append_string(std::string& wire, std::string_view text, bool utf8) {
  if (fits_quotes(text, utf8)) {
    append_quoted(wire, text);
  } else {
    append_literal(wire, text);
  }
}

void append_nstring(std::string& wire, const std::optional<std::string>& text, bool utf8) {
  if (text) {
    append_string(wire, *text, utf8);
  } else {
    wire += "NIL";
  }
}

void append_astring(std::string& wire, std::string_view text, bool utf8) {
  if (is_atom(text)) {
    wire += text;
  } else {
    append_string(wire, text, utf8);
  }
}

void append_token(std::string& wire, const token& what) {
  switch (what.kind()) {
    case token::kind_type::nil: wire += "NIL"; return;
    case token::kind_type::atom: wire += what.text(); return;
    case token::kind_type::string: append_string(wire, what.text()); return;
    case token::kind_type::literal8:
      wire += '~';
      append_literal(wire, what.text());
      return;
    case token::kind_type::list: break;
  }
  wire += '(';
  for (const token& one : what.items()) {
    if (&one != &what.items().front()) wire += ' ';
    append_token(wire, one);
  }
  wire += ')';
}

bool is_atom(std::string_view text) noexcept {
  constexpr std::string_view special = "(){%*\"\\]";
  return !text.empty() && !ascii::iequals(text, "NIL") && std::ranges::all_of(text, [&](char c) {
    return ascii::is_visible(c) && special.find(c) == std::string_view::npos;
  });
}

}  // namespace tidewire::imap
