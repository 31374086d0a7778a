#include <tidewire/base/bytes.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/base/words.hpp>
#include <tidewire/mime/charset.hpp>
#include <tidewire/mime/content_type.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "encoded_word.hpp"
#include "lexer.hpp"

namespace tidewire::mime {

namespace {

using detail::lexer;

// One `name=value` as it came: `name*0*=value` is a segment of `name`.
struct segment {
  std::string name;
  std::string value;
  unsigned index = 0;
  bool numbered = false;
  bool extended = false;  // percent-encoded, the first with charset and language
  bool quoted = false;
};

// Splits `name*1*` (RFC 2231 section 7). What is no such name is a name as it stands.
void split_name(segment& part) {
  std::string_view name = part.name;
  if (name.ends_with('*')) {
    part.extended = true;
    name.remove_suffix(1);
  }
  if (const std::size_t star = name.rfind('*'); star != std::string_view::npos) {
    const auto index = ascii::parse_unsigned<unsigned>(name.substr(star + 1));
    if (index && *index < max_parameters) {
      part.index = *index;
      part.numbered = true;
      name = name.substr(0, star);
    }
  }
  part.name = std::string(name);
}

// Does the text go on with `token=`? Then what stands before it is a value, and its semicolon was forgotten.
bool parameter_follows(lexer in) {
  in.skip_cfws();
  const std::string_view name = in.run(detail::is_token);
  if (name.empty()) return false;
  in.skip_cfws();
  return in.peek() == '=';
}

// A value without quotes: a token, or what mailers write without the quotes that it would need.
std::string unquoted_value(lexer& in, std::string_view name) {
  const bool is_file_name = name.starts_with("name") || name.starts_with("filename");
  std::string value;
  for (;;) {
    value += in.run([&](char c) { return !ascii::is_space(c) && c != ';' && (c != '(' || is_file_name); });
    if (in.at_end() || in.peek() == ';') break;
    const std::size_t before = in.position();
    if (!is_file_name) {
      in.skip_cfws();
      break;
    }
    in.skip_space();
    if (in.at_end() || in.peek() == ';' || parameter_follows(in)) break;
    // "name=my file.pdf"
    lexer blanks = in;
    blanks.seek(before);
    for (; blanks.position() != in.position(); blanks.skip())
      if (ascii::is_blank(blanks.peek())) value += blanks.peek();
  }
  return value;
}

std::vector<segment> read_segments(lexer& in) {
  std::vector<segment> segments;
  while (segments.size() < max_parameters) {
    in.skip_cfws();
    while (in.take(';')) in.skip_cfws();
    if (in.at_end()) break;
    segment part;
    part.name = ascii::lower(in.run([](char c) { return detail::is_token(c) || !ascii::is_ascii(c); }));
    in.skip_cfws();
    if (!in.take('=')) {
      // No parameter: on to the next semicolon, or past a character that nothing begins with.
      if (part.name.empty()) in.skip();
      continue;
    }
    in.skip_cfws();
    if (in.peek() == '"') {
      part.quoted = true;
      in.quoted(part.value);
    } else {
      part.value = unquoted_value(in, part.name);
    }
    if (part.name.empty()) continue;
    split_name(part);
    segments.push_back(std::move(part));
  }
  return segments;
}

// The charset and language in front of an extended value, which are cut off.
std::pair<std::string, std::string> take_charset(std::string& value) {
  const std::size_t first = value.find('\'');
  if (first == std::string::npos) return {};
  const std::size_t second = value.find('\'', first + 1);
  if (second == std::string::npos) return {};
  std::pair<std::string, std::string> prefix(value.substr(0, first),
                                             value.substr(first + 1, second - first - 1));
  value.erase(0, second + 1);
  return prefix;
}

// Puts the segments of one name together. They come in the order in which they were found.
parameter assemble(std::vector<segment*>& parts) {
  // Where a name came both ways, the extended form is the one that was meant (as RFC 6266 section 4.3).
  const bool any_extended = std::ranges::any_of(parts, [](const segment* part) { return part->extended; });
  const bool any_plain_first = !parts.front()->numbered && !parts.front()->extended;
  if (any_plain_first && !any_extended && parts.size() > 1 && parts[1]->numbered) parts.erase(parts.begin());
  if (any_extended)
    std::erase_if(parts, [](const segment* part) { return !part->numbered && !part->extended; });
  if (!parts.front()->numbered) parts.resize(1);
  // Of the same number, the one that came first goes first: they lie in that order.
  std::ranges::sort(parts, {}, [](const segment* part) { return std::pair(part->index, part); });

  parameter result{parts.front()->name, {}, {}};
  if (!any_extended && !parts.front()->numbered) {
    result.value = detail::decode_encoded_words(parts.front()->value);
    return result;
  }
  std::string charset;
  std::string bytes;
  unsigned expected = parts.front()->index;
  for (segment* part : parts) {
    if (part->numbered && part->index != expected) {
      if (part->index < expected) continue;  // the same segment once more
      break;                                 // one is missing: what follows is of no use
    }
    ++expected;
    if (part == parts.front() && part->extended)
      std::tie(charset, result.language) = take_charset(part->value);
    bytes += part->extended ? percent::decode(part->value) : part->value;
  }
  result.value = any_extended ? decode_charset(charset, bytes).text : detail::decode_encoded_words(bytes);
  return result;
}

parameter_list read_parameters(lexer& in) {
  std::vector<segment> segments = read_segments(in);
  std::vector<std::string_view> order;
  std::map<std::string_view, std::vector<segment*>> by_name;
  for (segment& part : segments) {
    auto& same = by_name[part.name];
    if (same.empty()) order.push_back(part.name);
    same.push_back(&part);
  }
  parameter_list list;
  for (const std::string_view name : order) {
    list.add(assemble(by_name[name]));
  }
  return list;
}

constexpr bool is_type_character(char c) noexcept {
  return !ascii::is_space(c) && c != ';' && c != '(' && c != '/' && c != '"' && c != '=' && c != ',';
}

}  // namespace

std::optional<std::string_view> parameter_list::find(std::string_view name) const noexcept {
  for (const parameter& item : items_)
    if (ascii::iequals(item.name, name)) return item.value;
  return std::nullopt;
}

std::string_view parameter_list::get(std::string_view name) const noexcept {
  return find(name).value_or(std::string_view());
}

void parameter_list::set(std::string_view name, std::string_view value) {
  for (parameter& item : items_) {
    if (ascii::iequals(item.name, name)) {
      item.value = value;
      return;
    }
  }
  items_.push_back({ascii::lower(name), std::string(value), {}});
}

void parameter_list::add(parameter item) {
  items_.push_back(std::move(item));
}

bool content_type::is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept {
  return type == wanted_type && (wanted_subtype == "*" || subtype == wanted_subtype);
}

result<content_type> parse_content_type(std::string_view raw) {
  lexer in(raw);
  content_type value;
  in.skip_cfws();
  value.type = ascii::lower(in.run(is_type_character));
  in.skip_cfws();
  if (value.type.empty() || !in.take('/')) return failure(errc::malformed, "no type/subtype");
  in.skip_cfws();
  value.subtype = ascii::lower(in.run(is_type_character));
  // "text/plain/format": nobody knows what that is.
  if (value.subtype.empty()) return failure(errc::malformed, "no type/subtype");
  value.parameters = read_parameters(in);
  return value;
}

result<content_disposition> parse_content_disposition(std::string_view raw) {
  lexer in(raw);
  content_disposition value;
  in.skip_cfws();
  value.type = ascii::lower(in.run(is_type_character));
  if (value.type.empty()) return failure(errc::malformed, "no disposition");
  in.skip_cfws();
  if (in.peek() == '=') {
    // "Content-Disposition: filename=x": the type was forgotten.
    in.seek(0);
    value.type = "attachment";
  }
  value.parameters = read_parameters(in);
  return value;
}

std::string_view name_of(transfer_encoding encoding) noexcept {
  switch (encoding) {
    case transfer_encoding::seven_bit: return "7bit";
    case transfer_encoding::eight_bit: return "8bit";
    case transfer_encoding::binary: return "binary";
    case transfer_encoding::quoted_printable: return "quoted-printable";
    case transfer_encoding::base64: return "base64";
  }
  return "binary";
}

result<transfer_encoding> parse_transfer_encoding(std::string_view raw) {
  lexer in(raw);
  in.skip_cfws();
  std::string quoted;
  if (in.peek() == '"') in.quoted(quoted);
  const std::string_view name =
      quoted.empty() ? in.run([](char c) { return !ascii::is_space(c) && c != '(' && c != ';'; })
                     : std::string_view(quoted);
  static constexpr std::pair<std::string_view, transfer_encoding> names[] = {
      {"7bit", transfer_encoding::seven_bit},
      {"8bit", transfer_encoding::eight_bit},
      {"binary", transfer_encoding::binary},
      {"quoted-printable", transfer_encoding::quoted_printable},
      {"base64", transfer_encoding::base64},
      // What mailers write for them.
      {"7-bit", transfer_encoding::seven_bit},
      {"8-bit", transfer_encoding::eight_bit},
      {"quotedprintable", transfer_encoding::quoted_printable},
      {"base-64", transfer_encoding::base64},
  };
  for (const auto& [known, encoding] : names)
    if (ascii::iequals(name, known)) return encoding;
  return failure(errc::malformed, "unknown transfer encoding");
}

}  // namespace tidewire::mime
