#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/imap/described_message.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/mime/header.hpp>

#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

namespace tidewire::imap {
namespace {

constexpr std::string_view crlf = "\r\n";

void append_nil(std::string& wire) {
  wire += "NIL";
}

// A field as it stands in the header, on one line; NIL if there is none.
void append_field(std::string& wire, const mime::part& of, std::string_view name) {
  const auto field = of.header(name);
  if (!field) return append_nil(wire);
  std::string text = mime::unfold(field->value);
  const std::size_t begin = text.find_first_not_of(" \t");
  text.erase(0, std::min(begin, text.size()));
  append_string(wire, text);
}

// A name of a person: an encoded word, where it is not ASCII.
void append_name(std::string& wire, const std::string& name) {
  if (name.empty()) return append_nil(wire);
  if (ascii::is_ascii(name)) return append_string(wire, name);
  append_string(wire, "=?utf-8?B?" + base64::encode(as_bytes(name)) + "?=");
}

void append_address(std::string& wire, const mime::mailbox& one) {
  wire += '(';
  append_name(wire, one.name);
  wire += " NIL ";
  append_string(wire, one.local_part());
  wire += ' ';
  if (one.domain().empty()) {
    append_nil(wire);
  } else {
    append_string(wire, one.domain());
  }
  wire += ')';
}

void append_addresses(std::string& wire, const mime::part& of, std::string_view name) {
  const mime::address_list list = of.header_addresses(name);
  if (list.entries.empty()) return append_nil(wire);
  wire += '(';
  for (const mime::address_entry& entry : list.entries) {
    if (const auto* one = std::get_if<mime::mailbox>(&entry)) {
      append_address(wire, *one);
      continue;
    }
    const mime::group& group = std::get<mime::group>(entry);
    wire += "(NIL NIL ";
    append_string(wire, group.name);
    wire += " NIL)";
    for (const mime::mailbox& member : group.members) append_address(wire, member);
    wire += "(NIL NIL NIL NIL)";
  }
  wire += ')';
}

// RFC 9051 section 7.5.2: Sender and Reply-To are From where they are missing.
void append_addresses_or_from(std::string& wire, const mime::part& of, std::string_view name) {
  append_addresses(wire, of, of.header_addresses(name).entries.empty() ? std::string_view("from") : name);
}

void append_parameters(std::string& wire, const mime::parameter_list& parameters) {
  if (parameters.empty()) return append_nil(wire);
  wire += '(';
  bool first = true;
  for (const mime::parameter& one : parameters) {
    if (!std::exchange(first, false)) wire += ' ';
    if (ascii::is_ascii(one.value)) {
      append_string(wire, one.name);
      wire += ' ';
      append_string(wire, one.value);
    } else {
      append_string(wire, one.name + '*');
      wire += ' ';
      append_string(wire, "utf-8''" + percent::encode(one.value));
    }
  }
  wire += ')';
}

void append_disposition(std::string& wire, const mime::part& of) {
  const auto disposition = of.disposition();
  if (!disposition) return append_nil(wire);
  wire += '(';
  append_string(wire, disposition->type);
  wire += ' ';
  append_parameters(wire, disposition->parameters);
  wire += ')';
}

void append_languages(std::string& wire, const mime::part& of) {
  std::string text = of.header_text("content-language");
  std::erase_if(text, ascii::is_space);
  if (text.empty()) return append_nil(wire);
  wire += '(';
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    if (wire.back() != '(') wire += ' ';
    append_string(wire, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  wire += ')';
}

// What comes at the end of each part.
void append_extension(std::string& wire, const mime::part& of) {
  wire += ' ';
  append_disposition(wire, of);
  wire += ' ';
  append_languages(wire, of);
  wire += ' ';
  append_field(wire, of, "content-location");
}

void append_leaf(std::string& wire, const mime::part& of, bool extended) {
  mime::content_type type = of.content_type();
  const bool message = of.kind() == mime::part_kind::message;
  // What is encoded, too deep to be looked into, or a multipart without parts, has no structure to be told.
  if (!message && (type.is("message", "rfc822") || type.is("message", "global") || type.is("multipart"))) {
    type.type = "application";
    type.subtype = "octet-stream";
  }
  append_string(wire, type.type);
  wire += ' ';
  append_string(wire, type.subtype);
  wire += ' ';
  append_parameters(wire, type.parameters);
  wire += ' ';
  append_field(wire, of, "content-id");
  wire += ' ';
  append_field(wire, of, "content-description");
  wire += ' ';
  append_string(wire, mime::name_of(of.transfer_encoding()));
  wire += ' ';
  const std::string_view body = of.raw_body();
  wire += std::to_string(body.size());
  if (message) {
    const std::vector<mime::part> inner = of.children();
    wire += ' ';
    append_envelope(wire, inner.front());
    wire += ' ';
    append_body_structure(wire, inner.front(), extended);
  }
  if (message || type.type == "text") wire += ' ' + std::to_string(std::ranges::count(body, '\n'));
  if (!extended) return;
  wire += ' ';
  append_field(wire, of, "content-md5");
  append_extension(wire, of);
}

bool is_number_of(std::string_view digits, std::size_t& out) {
  const auto value = ascii::parse_unsigned<std::size_t>(digits);
  if (!value || *value == 0) return false;
  out = *value;
  return true;
}

// What the numbers below a part count: the parts of a multipart, or itself.
std::vector<mime::part> numbered_below(mime::part of) {
  if (of.kind() == mime::part_kind::message) {
    const std::vector<mime::part> inner = of.children();
    if (inner.empty()) return {};
    of = inner.front();
    if (!of.is_multipart() || of.children().empty()) return {of};
  }
  if (of.is_multipart()) return of.children();
  return {};
}

// The header with the blank line that ends it.
std::string_view whole_header(const mime::part& of) {
  return of.raw().substr(0, static_cast<std::size_t>(of.body_offset() - of.offset()));
}

std::string some_fields(const mime::part& of, const std::vector<std::string>& names, bool among) {
  std::string out;
  const std::vector<mime::header_field> fields = of.headers();
  const std::string_view header = of.raw_header();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool named = std::ranges::any_of(
        names, [&](const std::string& name) { return ascii::iequals(name, fields[i].name); });
    if (named != among) continue;
    const auto begin = static_cast<std::size_t>(fields[i].offset - of.offset());
    const std::size_t end =
        i + 1 < fields.size() ? static_cast<std::size_t>(fields[i + 1].offset - of.offset()) : header.size();
    out += header.substr(begin, end - begin);
    if (!out.ends_with('\n')) out += crlf;
  }
  out += crlf;
  return out;
}

}  // namespace

void append_envelope(std::string& wire, const mime::part& message) {
  wire += '(';
  append_field(wire, message, "date");
  wire += ' ';
  append_field(wire, message, "subject");
  wire += ' ';
  append_addresses(wire, message, "from");
  wire += ' ';
  append_addresses_or_from(wire, message, "sender");
  wire += ' ';
  append_addresses_or_from(wire, message, "reply-to");
  for (const std::string_view name : {"to", "cc", "bcc"}) {
    wire += ' ';
    append_addresses(wire, message, name);
  }
  wire += ' ';
  append_field(wire, message, "in-reply-to");
  wire += ' ';
  append_field(wire, message, "message-id");
  wire += ')';
}

void append_body_structure(std::string& wire, const mime::part& of, bool extended) {
  wire += '(';
  const std::vector<mime::part> parts = of.is_multipart() ? of.children() : std::vector<mime::part>();
  if (parts.empty()) {
    append_leaf(wire, of, extended);
    wire += ')';
    return;
  }
  for (const mime::part& one : parts) append_body_structure(wire, one, extended);
  const mime::content_type type = of.content_type();
  wire += ' ';
  append_string(wire, type.subtype);
  if (extended) {
    wire += ' ';
    append_parameters(wire, type.parameters);
    append_extension(wire, of);
  }
  wire += ')';
}

mime::part find_part(const mime::part& message, const std::string& number) {
  if (number.empty()) return message;
  std::string_view rest = number;
  // "1" of a message that is not multipart is its body.
  std::vector<mime::part> choices;
  if (message.is_multipart()) choices = message.children();
  if (choices.empty()) choices.push_back(message);
  for (;;) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    std::size_t wanted = 0;
    if (!is_number_of(rest.substr(0, end), wanted) || wanted > choices.size()) return {};
    const mime::part found = choices[wanted - 1];
    if (end == rest.size()) return found;
    rest.remove_prefix(end + 1);
    choices = numbered_below(found);
  }
}

std::optional<std::string> section_bytes(const mime::part& message, const section& what) {
  const mime::part part = find_part(message, what.part());
  if (!part) return std::nullopt;
  const bool itself = what.part().empty();
  if (what.item() == section::item_type::binary) {
    if (itself) return std::string(part.raw());
    return part.kind() == mime::part_kind::leaf ? part.decode() : std::string(part.raw_body());
  }
  if (what.content() == section::content_type::whole) {
    return std::string(itself ? part.raw() : part.raw_body());
  }
  if (what.content() == section::content_type::mime) {
    if (itself) return std::nullopt;
    return std::string(whole_header(part));
  }
  // A header or text is of a message: this one, or the one that the part is.
  mime::part of = part;
  if (!itself) {
    const std::vector<mime::part> inner = part.children();
    if (part.kind() != mime::part_kind::message || inner.empty()) return std::nullopt;
    of = inner.front();
  }
  switch (what.content()) {
    case section::content_type::header: return std::string(whole_header(of));
    case section::content_type::header_fields: return some_fields(of, what.fields(), true);
    case section::content_type::header_fields_not: return some_fields(of, what.fields(), false);
    case section::content_type::text: return std::string(of.raw_body());
    case section::content_type::whole:
    case section::content_type::mime: break;
  }
  return std::nullopt;
}

}  // namespace tidewire::imap
