// Prints the message on standard input as one JSON object: headers and texts decoded, the tree of its parts,
// and what was wrong with it.
//
//   mime_dump < message.eml
#include <tidewire/crypto.hpp>
#include <tidewire/mime.hpp>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace mime = tidewire::mime;

namespace {

// Writes `text`, which is UTF-8, as a JSON string.
void put_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(byte));
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

void put_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    put_string(out, text);
  }
}

// What JSON can hold: a header may have bytes that are no text.
std::string as_utf8(std::string text) {
  return mime::is_utf8(text) ? std::move(text) : mime::decode_charset("utf-8", text).text;
}

void put_part(std::string& out, const mime::part& part, const std::vector<mime::defect>& defects);

void put_children(std::string& out, const mime::part& part) {
  out += ", \"children\": [";
  bool first = true;
  for (const mime::part& child : part.children()) {
    if (!first) out += ", ";
    first = false;
    put_part(out, child, {});
  }
  // A message that travels in base64 is no part of this one: it is decoded and parsed by itself.
  if (const auto inner = part.embedded_message()) put_part(out, inner->root(), inner->defects());
  out += ']';
}

void put_part(std::string& out, const mime::part& part, const std::vector<mime::defect>& defects) {
  out += "{\"headers\": [";
  bool first = true;
  for (const mime::header_field& field : part.headers()) {
    if (!first) out += ", ";
    first = false;
    out += '[';
    put_string(out, as_utf8(std::string(field.name)));
    out += ", ";
    put_string(out, as_utf8(field.text()));
    out += ']';
  }
  const mime::content_type type = part.content_type();
  out += "], \"content_type\": ";
  put_string(out, as_utf8(type.essence()));
  out += ", \"parameters\": {";
  first = true;
  for (const mime::parameter& one : type.parameters) {
    if (!first) out += ", ";
    first = false;
    put_string(out, as_utf8(one.name));
    out += ": ";
    put_string(out, as_utf8(one.value));
  }
  const auto disposition = part.disposition();
  out += "}, \"disposition\": ";
  put_string_or_null(out, disposition ? as_utf8(disposition->type) : std::string());
  out += ", \"filename\": ";
  put_string_or_null(out, as_utf8(part.filename()));
  out += ", \"transfer_encoding\": ";
  put_string(out, name_of(part.transfer_encoding()));

  // Of a multipart or a message in it, the body is its parts.
  std::uint64_t size = 0;
  tidewire::crypto::sha256 hash;
  if (part.kind() == mime::part_kind::leaf) {
    part.decode([&](std::string_view bytes) {
      size += bytes.size();
      hash.update(bytes);
    });
  } else {
    size = part.raw_body().size();
    hash.update(part.raw_body());
  }
  out += ", \"size\": " + std::to_string(size) + ", \"sha256\": ";
  put_string(out, hash.finish().hex());
  out += ", \"text\": ";
  if (part.kind() == mime::part_kind::leaf && type.type == "text") {
    put_string(out, part.text());
  } else {
    out += "null";
  }
  put_children(out, part);
  out += ", \"defects\": [";
  first = true;
  for (const mime::defect& one : defects) {
    if (!first) out += ", ";
    first = false;
    put_string(out, std::string(describe(one.kind)) + " at offset " + std::to_string(one.offset));
  }
  out += "]}";
}

}  // namespace

int main() {
  std::string source{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const mime::parsed_message message = mime::parse(std::move(source));
  std::vector<mime::defect> defects = message.defects();
  for (const mime::defect& one : message.check()) defects.push_back(one);
  std::string out;
  put_part(out, message.root(), defects);
  out += '\n';
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
