#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/section.hpp>

#include <algorithm>
#include <array>

#include "lexer.hpp"

namespace tidewire::imap {
namespace {

struct named_content {
  std::string_view name;
  section::content_type what;
};
constexpr std::array<named_content, 5> contents{
    {{"HEADER.FIELDS.NOT", section::content_type::header_fields_not},
     {"HEADER.FIELDS", section::content_type::header_fields},
     {"HEADER", section::content_type::header},
     {"TEXT", section::content_type::text},
     {"MIME", section::content_type::mime}}};

std::string_view name_of(section::content_type what) noexcept {
  for (const named_content& one : contents) {
    if (one.what == what) return one.name;
  }
  return {};
}

// "1.2" at the beginning of a specifier, without the dot before a word.
std::string_view part_number(std::string_view text) noexcept {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size() && ascii::is_digit(text[at]); ++at) {
    while (at < text.size() && ascii::is_digit(text[at])) ++at;
    end = at;
    if (at == text.size() || text[at] != '.') break;
  }
  return text.substr(0, end);
}

bool same_fields(const std::vector<std::string>& a, const std::vector<std::string>& b) noexcept {
  return std::ranges::equal(
      a, b, [](const std::string& one, const std::string& other) { return ascii::iequals(one, other); });
}

}  // namespace

section section::header_fields(std::vector<std::string> fields, std::string part) {
  section out(std::move(part), content_type::header_fields);
  out.fields_ = std::move(fields);
  return out;
}

section section::header_fields_not(std::vector<std::string> fields, std::string part) {
  section out(std::move(part), content_type::header_fields_not);
  out.fields_ = std::move(fields);
  return out;
}

section section::binary(std::string part) {
  section out(std::move(part));
  out.item_ = item_type::binary;
  return out;
}

std::string section::specifier() const {
  switch (item_) {
    case item_type::rfc822: return "RFC822";
    case item_type::rfc822_header: return "RFC822.HEADER";
    case item_type::rfc822_text: return "RFC822.TEXT";
    case item_type::body:
    case item_type::binary: break;
  }
  std::string out = part_;
  const std::string_view word = name_of(content_);
  if (!out.empty() && !word.empty()) out += '.';
  out += word;
  if (content_ != content_type::header_fields && content_ != content_type::header_fields_not) return out;
  out += " (";
  for (const std::string& field : fields_) {
    if (&field != &fields_.front()) out += ' ';
    append_astring(out, field);
  }
  out += ')';
  return out;
}

std::string section::to_string() const {
  switch (item_) {
    case item_type::body: return "BODY[" + specifier() + ']';
    case item_type::binary: return "BINARY[" + specifier() + ']';
    default: return specifier();
  }
}

std::optional<section> section::parse(std::string_view name) {
  section out;
  const std::size_t open = std::min(name.find('['), name.size());
  const std::string_view word = name.substr(0, open);
  if (open == name.size()) {
    if (ascii::iequals(word, "RFC822")) {
      out.item_ = item_type::rfc822;
    } else if (ascii::iequals(word, "RFC822.HEADER")) {
      out.item_ = item_type::rfc822_header;
      out.content_ = content_type::header;
    } else if (ascii::iequals(word, "RFC822.TEXT")) {
      out.item_ = item_type::rfc822_text;
      out.content_ = content_type::text;
    } else {
      return std::nullopt;
    }
    return out;
  }
  if (ascii::iequals(word, "BINARY") || ascii::iequals(word, "BINARY.PEEK")) {
    out.item_ = item_type::binary;
  } else if (!ascii::iequals(word, "BODY") && !ascii::iequals(word, "BODY.PEEK")) {
    return std::nullopt;
  }
  if (!name.ends_with(']')) return std::nullopt;
  std::string_view inside = name.substr(open + 1, name.size() - open - 2);
  const std::string_view part = part_number(inside);
  out.part_ = part;
  inside.remove_prefix(part.size());
  if (!part.empty() && inside.starts_with('.')) inside.remove_prefix(1);
  if (inside.empty()) return out;
  detail::lexer in(inside);
  const std::string_view what = in.word();
  const auto* found = std::ranges::find_if(
      contents, [&](const named_content& one) { return ascii::iequals(one.name, what); });
  if (found == contents.end()) return std::nullopt;
  out.content_ = found->what;
  in.skip_spaces();
  if (in.skip('(')) {
    std::vector<token> fields;
    if (!in.read_list(fields)) return std::nullopt;
    for (const token& one : fields) {
      if (one.is_list()) return std::nullopt;
      out.fields_.push_back(one.is_nil() ? "NIL" : one.text());
    }
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

bool operator==(const section& a, const section& b) noexcept {
  const bool binary = a.item_ == section::item_type::binary;
  return a.part_ == b.part_ && a.content_ == b.content_ &&
         binary == (b.item_ == section::item_type::binary) && same_fields(a.fields_, b.fields_);
}

}  // namespace tidewire::imap
