// BODYSTRUCTURE (RFC 9051 section 7.5.2), as servers send it.

#include <tidewire/base/words.hpp>

#include <algorithm>
#include <utility>

#include "decoded.hpp"
#include "message_parser.hpp"

namespace tidewire::imap::detail {
namespace {

std::string joined(const std::string& prefix, std::size_t index) {
  return prefix.empty() ? std::to_string(index) : prefix + '.' + std::to_string(index);
}

// A parameter that is told in pieces or in another charset (RFC 2231, or encoded words where none may be) is
// put together as mime does it for a header.
bool needs_decoding(const mime::parameter& one) {
  return one.name.find('*') != npos || one.value.find("=?") != npos || !ascii::is_ascii(one.value);
}

void append_parameter(std::string& field, const mime::parameter& one) {
  field += "; ";
  field += one.name;
  field += '=';
  if (one.name.ends_with('*')) {
    field += one.value;
    return;
  }
  field += '"';
  for (const char c : one.value) {
    if (c == '"' || c == '\\') field += '\\';
    field += c == '\r' || c == '\n' ? ' ' : c;
  }
  field += '"';
}

void set_parameters(mime::parameter_list& out, std::vector<mime::parameter> all) {
  if (std::ranges::none_of(all, needs_decoding)) {
    for (mime::parameter& one : all) out.add(std::move(one));
    return;
  }
  std::string field = "a/b";
  for (const mime::parameter& one : all) append_parameter(field, one);
  if (auto read = mime::parse_content_type(field)) out = std::move(read->parameters);
}

// `("charset" "utf-8" ...)`, whose parenthesis may or may not be there.
bool read_parameters(lexer& in, mime::parameter_list& out) {
  in.skip_spaces();
  if (in.skip_nil()) return true;
  if (!in.skip('(')) return in.fail("no parameters of a part");
  std::vector<mime::parameter> all;
  while (!close_list(in)) {
    in.skip_spaces();
    piece value;
    mime::parameter one;
    if (!in.read(value)) return false;
    one.name = ascii::lower(value.text);
    in.skip_spaces();
    if (in.peek() != ')') {
      if (!in.read(value)) return false;
      if (!value.is_nil()) one.value = value.text;
    }
    all.push_back(std::move(one));
  }
  set_parameters(out, std::move(all));
  return true;
}

bool read_disposition(lexer& in, std::optional<mime::content_disposition>& out) {
  if (in.skip_nil()) return true;
  mime::content_disposition found;
  piece type;
  if (!in.skip('(')) {
    if (!in.read(type)) return false;  // its type alone
    if (!type.text.empty()) out = mime::content_disposition{ascii::lower(type.text), {}};
    return true;
  }
  if (close_list(in)) return true;
  if (!in.read(type)) return false;
  found.type = type.is_nil() ? std::string() : ascii::lower(type.text);
  in.skip_spaces();
  if (in.peek() != ')' && !read_parameters(in, found.parameters)) return false;
  if (!close_list(in)) return in.fail("a disposition that does not end");
  if (!found.type.empty() || !found.parameters.empty()) out = std::move(found);
  return true;
}

bool read_languages(lexer& in, std::vector<std::string>& out) {
  if (in.skip_nil()) return true;
  piece one;
  if (!in.skip('(')) {
    if (!in.read(one)) return false;
    if (!one.text.empty()) out.emplace_back(one.text);
    return true;
  }
  for (; !close_list(in); in.skip_spaces()) {
    if (!in.read(one)) return false;
    if (!one.is_nil() && !one.text.empty()) out.emplace_back(one.text);
  }
  return true;
}

bool read_location(lexer& in, std::string& out) {
  if (!in.skip('(')) return read_text(in, out);
  // Exchange has () here for none.
  std::vector<token> ignored;
  return in.read_list(ignored);
}

// What follows the fields that every part has: of a leaf its MD5, then the same for both.
bool read_extensions(lexer& in, body_part& out, bool leaf, std::size_t depth) {
  for (std::size_t i = leaf ? 0 : 1;; ++i) {
    in.skip_spaces();
    if (close_list(in)) return true;
    if (i == 0 && in.peek() == '(') {
      // A multipart that is told as a leaf has its parameters once more, where MD5 should be.
      if (!in.read(out.extensions.emplace_back(), depth + 1)) return false;
      continue;
    }
    const bool read = i == 0   ? read_text(in, out.md5)
                      : i == 1 ? read_disposition(in, out.disposition)
                      : i == 2 ? read_languages(in, out.languages)
                      : i == 3 ? read_location(in, out.location)
                               : in.read(out.extensions.emplace_back(), depth + 1);
    if (!read) return false;
  }
}

// Bytes and lines. Some servers say -1, NIL, or 9.3736e+06.
bool read_size(lexer& in, std::uint64_t& out) {
  in.skip_spaces();
  const std::string_view word = in.word();
  if (word.empty()) return in.fail("no size of a part");
  const auto value = ascii::parse_unsigned<std::uint64_t>(word);
  const bool odd = word.starts_with('-') || ascii::is_digit(word.front()) || ascii::iequals(word, "NIL");
  if (!value && !odd) return in.fail("no size of a part");
  out = value.value_or(0);
  return in.count();
}

struct place_in_tree {
  std::string prefix;     // of the numbers of its parts
  std::size_t index = 0;  // among its siblings; 0: the outermost of a message
};

bool read_part(lexer& in, body_part& out, const place_in_tree& where, std::size_t depth);

bool read_multipart(lexer& in, body_part& out, const place_in_tree& where, std::size_t depth) {
  out.section = where.index == 0 ? std::string() : joined(where.prefix, where.index);
  out.type.type = "multipart";
  out.type.subtype = "mixed";
  place_in_tree below{where.index == 0 ? where.prefix : out.section, 0};
  for (; in.peek() == '('; in.skip_spaces()) {
    ++below.index;
    if (!read_part(in, out.parts.emplace_back(), below, depth + 1)) return false;
  }
  if (close_list(in)) return true;
  std::string subtype;
  if (!read_text(in, subtype)) return false;
  if (!subtype.empty()) out.type.subtype = ascii::lower(subtype);
  in.skip_spaces();
  if (close_list(in)) return true;
  if (in.peek() == '(' || in.at_nil()) {
    if (!read_parameters(in, out.type.parameters)) return false;
  }
  return read_extensions(in, out, false, depth);
}

// The message in a message/rfc822, if the server tells of it.
bool read_inner_message(lexer& in, body_part& out, std::size_t depth) {
  in.skip_spaces();
  envelope inner;
  if (!in.skip_nil() && !read_envelope(in, inner, depth + 1)) return false;
  out.envelope = std::make_shared<const envelope>(std::move(inner));
  in.skip_spaces();
  if (!in.skip_nil() && !read_part(in, out.parts.emplace_back(), {out.section, 0}, depth + 1)) return false;
  return true;
}

bool read_leaf(lexer& in, body_part& out, std::size_t depth) {
  std::string type;
  std::string subtype;
  std::string text;
  if (!read_text(in, type) || !read_text(in, subtype)) return false;
  const bool known = !type.empty() && !subtype.empty();
  out.type.type = known ? ascii::lower(type) : "application";
  out.type.subtype = known ? ascii::lower(subtype) : "octet-stream";
  if (!read_parameters(in, out.type.parameters) || !read_text(in, out.id) || !read_text(in, text))
    return false;
  out.description = decoded(text);
  if (!read_text(in, text)) return false;
  out.encoding = ascii::lower(text);
  if (!read_size(in, out.size)) return false;
  in.skip_spaces();
  const bool message =
      out.type.type == "message" && (out.type.subtype == "rfc822" || out.type.subtype == "global");
  if (message && in.peek() == '(' && !read_inner_message(in, out, depth)) return false;
  in.skip_spaces();
  if (ascii::is_digit(in.peek()) || in.peek() == '-') {
    if (!read_size(in, out.lines)) return false;
  }
  return read_extensions(in, out, true, depth);
}

// A leaf that is not of the grammar, by its tokens: what is certain of it.
void understand_odd(const std::vector<token>& tokens, body_part& out) {
  out.type.type = "application";
  out.type.subtype = "octet-stream";
  const auto is_size = [](const token& one) {
    return one.kind() == token::kind_type::atom && one.to_number().has_value();
  };
  const auto size = std::ranges::find_if(tokens, is_size);
  const bool has_type = tokens.size() > 1 && !tokens[0].text().empty();
  const bool has_subtype =
      has_type && !tokens[1].text().empty() && tokens[1].kind() != token::kind_type::atom;
  if (has_subtype) {
    out.type.type = ascii::lower(tokens[0].text());
    out.type.subtype = ascii::lower(tokens[1].text());
  }
  if (size != tokens.end()) {
    out.size = size->to_number().value_or(0);
    if (size != tokens.begin()) out.encoding = ascii::lower((size - 1)->text());
  } else if (has_type && !has_subtype) {
    // Gmail tells a multipart without parts by what follows them: `("RELATED" NIL ("ATTACHMENT" NIL) NIL)`.
    out.type.type = "multipart";
    out.type.subtype = ascii::lower(tokens[0].text());
  }
  out.extensions = tokens;
}

bool read_part(lexer& in, body_part& out, const place_in_tree& where, std::size_t depth) {
  if (!in.skip('(')) return in.fail("a part that does not begin with a parenthesis");
  if (!in.count() || !in.may_nest(depth)) return false;
  in.skip_spaces();
  if (in.peek() == '(') return read_multipart(in, out, where, depth);
  out.section = joined(where.prefix, std::max<std::size_t>(where.index, 1));
  const std::size_t begin = in.place();
  if (read_leaf(in, out, depth)) return true;
  in.forgive();
  if (in.why() != nullptr) return false;
  body_part odd;
  odd.section = std::move(out.section);
  in.go_to(begin);
  std::vector<token> tokens;
  if (!in.read_list(tokens, depth + 1)) return false;
  understand_odd(tokens, odd);
  out = std::move(odd);
  return true;
}

}  // namespace

bool read_body_structure(lexer& in, body_part& out) {
  return read_part(in, out, {}, 0);
}

}  // namespace tidewire::imap::detail
