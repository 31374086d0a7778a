#include "lexer.hpp"

#include <algorithm>
#include <limits>

namespace tidewire::imap::detail {

literal_mark literal_at_end(std::string_view line) noexcept {
  literal_mark mark;
  if (!line.ends_with('}')) return mark;
  std::size_t at = line.size() - 1;
  if (at > 0 && (line[at - 1] == '+' || line[at - 1] == '-')) --at;
  const std::size_t end = at;
  while (at > 0 && ascii::is_digit(line[at - 1])) --at;
  if (at == end || at == 0 || line[at - 1] != '{') return mark;
  const auto bytes = ascii::parse_unsigned<std::uint64_t>(line.substr(at, end - at));
  --at;
  if (at > 0 && line[at - 1] == '~') {
    mark.binary = true;
    --at;
  }
  mark.size_of_mark = line.size() - at;
  mark.overflows = !bytes;
  mark.bytes = bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  return mark;
}

std::size_t end_of_quoted(std::string_view text, std::size_t open) noexcept {
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '"') {
      if (at + 1 == text.size()) return at;
      const char next = text[at + 1];
      if (next == ' ' || next == ')' || next == '(' || next == ']' || next == '\r') return at;
    }
  }
  return npos;
}

bool lexer::at_nil() const noexcept {
  const std::string_view here = text_.substr(at_, 4);
  if (here.size() < 3 || !ascii::iequals(here.substr(0, 3), "NIL")) return false;
  return here.size() == 3 || here[3] == ' ' || here[3] == ')' || here[3] == '(';
}

bool lexer::read(piece& out) {
  if (!count()) return false;
  out.binary = false;
  const char c = peek();
  if (c == '"') return read_quoted(out);
  if (c == '{' || (c == '~' && text_.substr(at_, 2) == "~{")) return read_literal(out);
  out.text = word();
  if (out.text.empty()) return fail("no value where one is due");
  const bool nil = out.text.size() == 3 && ascii::iequals(out.text, "NIL");
  out.kind = nil ? piece::kind_type::nil : piece::kind_type::atom;
  return true;
}

bool lexer::read_quoted(piece& out) {
  const std::size_t end = end_of_quoted(text_, at_);
  if (end == npos) {
    open_ = true;
    return fail("a quote that is not closed");
  }
  out.kind = piece::kind_type::string;
  out.text = text_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  std::size_t escape = out.text.find('\\');
  if (escape == npos) return true;
  unescaped_.clear();
  std::string_view left = out.text;
  for (; escape != npos && escape + 1 < left.size(); escape = left.find('\\')) {
    unescaped_ += left.substr(0, escape);
    // Only these two are ever escaped; a server that escapes nothing has a path here.
    if (left[escape + 1] != '"' && left[escape + 1] != '\\') unescaped_ += '\\';
    unescaped_ += left[escape + 1];
    left.remove_prefix(escape + 2);
  }
  unescaped_ += left;
  out.text = unescaped_;
  return true;
}

bool lexer::read_literal(piece& out) {
  const std::size_t line_end = std::min(text_.find("\r\n", at_), text_.size());
  const std::string_view mark_text = text_.substr(at_, line_end - at_);
  const literal_mark mark = literal_at_end(mark_text);
  if (mark.size_of_mark != mark_text.size() || line_end == text_.size() || mark.overflows) {
    return fail("a brace that begins no literal");
  }
  out.binary = mark.binary;
  if (std::ranges::binary_search(streamed_, at_)) {
    out.kind = piece::kind_type::streamed;
    out.text = {};
    out.bytes = mark.bytes;
    at_ = line_end + 2;
    return true;
  }
  at_ = line_end + 2;
  if (mark.bytes > text_.size() - at_) return fail("a literal that is cut off");
  out.kind = piece::kind_type::string;
  out.text = text_.substr(at_, static_cast<std::size_t>(mark.bytes));
  at_ += out.text.size();
  return true;
}

std::string_view lexer::bracketed_word() noexcept {
  const std::size_t begin = at_;
  const std::string_view name = word('[');
  const bool section = ascii::istarts_with(name, "BODY") || ascii::istarts_with(name, "BINARY");
  if (peek() == '[' && !section) {
    (void)word();
  } else if (peek() == '[') {
    const std::size_t close = no_bracket_ ? npos : text_.find(']', at_);
    no_bracket_ = close == npos;
    at_ = close == npos ? at_ : close + 1;
    (void)word();
  }
  return text_.substr(begin, at_ - begin);
}

bool lexer::read(token& out, std::size_t depth) {
  if (skip('(')) {
    std::vector<token> items;
    if (!count() || !may_nest(depth) || !read_list(items, depth + 1)) return false;
    out = token::list(std::move(items));
    return true;
  }
  const char c = peek();
  if (c == '"' || c == '{' || c == '~') {
    piece value;
    if (!read(value)) return false;
    if (value.kind == piece::kind_type::streamed) return fail("a streamed literal where none can be");
    out = value.binary                             ? token::literal8(std::string(value.text))
          : value.kind == piece::kind_type::string ? token::string(std::string(value.text))
                                                   : token::atom(std::string(value.text));
    return true;
  }
  if (!count()) return false;
  const std::string_view atom = bracketed_word();
  if (atom.empty()) return fail("no value where one is due");
  out = ascii::iequals(atom, "NIL") ? token() : token::atom(std::string(atom));
  return true;
}

bool lexer::read_list(std::vector<token>& out, std::size_t depth) {
  for (;;) {
    skip_spaces();
    if (skip(')')) return true;
    if (at_end()) return fail("a list that does not end");
    if (!read(out.emplace_back(), depth)) return false;
  }
}

}  // namespace tidewire::imap::detail
