#include <tidewire/html/encoding.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scan.hpp"
#include "selector_state.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

constexpr std::size_t prescan_bytes = 1024;

// 13.2.3.2: what a declaration may really mean.
charset declared(charset found) noexcept {
  if (found.name() == "x-user-defined") return *charset::for_label("windows-1252");
  return found.name().starts_with("UTF-16") ? charset() : found;
}

// 2.4.4, "extracting a character encoding from a meta element"
std::string_view charset_parameter(std::string_view content) noexcept {
  constexpr std::string_view word = "charset";
  std::size_t at = 0;
  for (;;) {
    while (at + word.size() <= content.size() && !ascii::iequals(content.substr(at, word.size()), word)) ++at;
    if (at + word.size() > content.size()) return {};
    at += word.size();
    while (at < content.size() && is_space(content[at])) ++at;
    if (at < content.size() && content[at] == '=') break;
  }
  ++at;
  while (at < content.size() && is_space(content[at])) ++at;
  if (at == content.size()) return {};
  if (content[at] == '"' || content[at] == '\'') {
    const std::size_t end = content.find(content[at], at + 1);
    return end == std::string_view::npos ? std::string_view() : content.substr(at + 1, end - at - 1);
  }
  std::size_t end = at;
  while (end < content.size() && !is_space(content[end]) && content[end] != ';') ++end;
  return content.substr(at, end - at);
}

// "prescan a byte stream to determine its encoding"
class prescan {
 public:
  explicit prescan(std::string_view bytes) : bytes_(bytes.substr(0, prescan_bytes)) {}

  std::optional<charset> run() {
    if (bytes_.starts_with(std::string_view("<\0?\0x\0", 6))) return charset::for_label("utf-16le");
    if (bytes_.starts_with(std::string_view("\0<\0?\0x", 6))) return charset::for_label("utf-16be");
    for (; at_ < bytes_.size(); ++at_) {
      if (bytes_[at_] != '<') continue;
      const std::string_view rest = bytes_.substr(at_);
      if (rest.starts_with("<!--")) {
        const std::size_t end = bytes_.find("-->", at_ + 2);
        if (end == std::string_view::npos) break;
        at_ = end + 2;
      } else if (rest.size() > 5 && ascii::iequals(rest.substr(0, 5), "<meta") &&
                 (is_space(rest[5]) || rest[5] == '/')) {
        at_ += 5;
        if (const auto found = meta()) return found;
        --at_;
      } else if (rest.size() > 1 && (ascii::is_alpha(rest[1]) ||
                                     (rest[1] == '/' && rest.size() > 2 && ascii::is_alpha(rest[2])))) {
        while (at_ < bytes_.size() && !is_space(bytes_[at_]) && bytes_[at_] != '>') ++at_;
        std::pair<std::string, std::string> ignored;
        while (attribute(ignored)) {
        }
        --at_;
      } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '/' || rest[1] == '?')) {
        const std::size_t end = bytes_.find('>', at_);
        if (end == std::string_view::npos) break;
        at_ = end;
      }
    }
    return xml_declaration();
  }

 private:
  // "get an attribute": false where the tag ends.
  bool attribute(std::pair<std::string, std::string>& found) {
    found = {};
    const auto more = [&] { return at_ < bytes_.size(); };
    while (more() && (is_space(bytes_[at_]) || bytes_[at_] == '/')) ++at_;
    if (!more() || bytes_[at_] == '>') return false;
    while (more() && (bytes_[at_] != '=' || found.first.empty())) {
      const char c = bytes_[at_];
      if (is_space(c)) {
        while (more() && is_space(bytes_[at_])) ++at_;
        if (!more() || bytes_[at_] != '=') return true;
        break;
      }
      if (c == '/' || c == '>') return true;
      found.first += ascii::to_lower(c);
      ++at_;
    }
    if (!more()) return false;
    ++at_;  // '='
    while (more() && is_space(bytes_[at_])) ++at_;
    if (!more()) return false;
    if (bytes_[at_] == '"' || bytes_[at_] == '\'') {
      const char quote = bytes_[at_++];
      while (more() && bytes_[at_] != quote) found.second += ascii::to_lower(bytes_[at_++]);
      if (!more()) return false;
      ++at_;
      return true;
    }
    while (more() && !is_space(bytes_[at_]) && bytes_[at_] != '>')
      found.second += ascii::to_lower(bytes_[at_++]);
    return more();
  }

  std::optional<charset> meta() {
    std::vector<std::string> seen;
    bool pragma = false;
    std::optional<bool> needs_pragma;
    std::optional<charset> found;
    std::pair<std::string, std::string> each;
    while (attribute(each)) {
      if (std::find(seen.begin(), seen.end(), each.first) != seen.end()) continue;
      seen.push_back(each.first);
      if (each.first == "http-equiv") {
        pragma = pragma || each.second == "content-type";
      } else if (each.first == "content") {
        const auto named = charset::for_label(charset_parameter(each.second));
        if (named && !found) {
          found = named;
          needs_pragma = true;
        }
      } else if (each.first == "charset") {
        found = charset::for_label(each.second);
        needs_pragma = false;
      }
    }
    if (!needs_pragma || (*needs_pragma && !pragma) || !found) return std::nullopt;
    return declared(*found);
  }

  // "get an XML encoding"
  std::optional<charset> xml_declaration() const {
    if (!bytes_.starts_with("<?xml")) return std::nullopt;
    const std::string_view declaration = bytes_.substr(0, bytes_.find('>'));
    std::size_t at = declaration.find("encoding");
    if (declaration.size() == bytes_.size() || at == std::string_view::npos) return std::nullopt;
    at += 8;
    const auto skip = [&] {
      while (at < declaration.size() && static_cast<unsigned char>(declaration[at]) <= 0x20) ++at;
    };
    skip();
    if (at >= declaration.size() || declaration[at] != '=') return std::nullopt;
    ++at;
    skip();
    if (at >= declaration.size() || (declaration[at] != '"' && declaration[at] != '\'')) return std::nullopt;
    const std::size_t end = declaration.find(declaration[at], at + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto found = charset::for_label(declaration.substr(at + 1, end - at - 1));
    return found ? std::optional(found->name().starts_with("UTF-16") ? charset() : *found) : std::nullopt;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

// What a <meta> of the finished tree declares, where nothing was declared in time.
std::optional<charset> late_declaration(const document_store& store) {
  for (std::uint32_t at = document_store::root; (at = store.next_in(at, document_store::root)) != 0;) {
    const node_record& record = store[at];
    if (!record.is_html(names::meta_)) continue;
    std::optional<charset> found;
    if (const auto attr = store.find_attr(record, names::charset_))
      found = charset::for_label(store.value(*attr));
    else if (ascii::iequals(store.attr_value(record, names::http_equiv_), "content-type"))
      found = charset::for_label(charset_parameter(store.attr_value(record, names::content_)));
    if (found) return declared(*found);
  }
  return std::nullopt;
}

document parse_as(std::string_view bytes, charset encoding, bool marked, const parse_options& options) {
  parse_options decoded_options = options;
  if (bytes.size() > options.max_bytes)
    bytes = bytes.substr(0, static_cast<std::size_t>(options.max_bytes) + 1);
  std::string text;
  if (encoding == charset()) {
    text = bytes;
  } else {
    if (marked) bytes.remove_prefix(byte_order_mark(bytes)->second);
    text = decode(encoding, bytes);
  }
  document tree = parse(std::move(text), decoded_options);
  access::store(tree)->encoding = encoding.name();
  return tree;
}

}  // namespace

std::optional<charset> charset_of_content_type(std::string_view content_type) noexcept {
  const std::string_view label = charset_parameter(content_type);
  return label.empty() ? std::nullopt : charset::for_label(label);
}

encoding_guess sniff_encoding(std::string_view bytes, const encoding_options& options) {
  if (options.force) return {*options.force, encoding_source::forced};
  if (const auto mark = byte_order_mark(bytes)) return {mark->first, encoding_source::byte_order_mark};
  if (const auto named = charset::for_label(options.transport)) return {*named, encoding_source::transport};
  if (const auto found = prescan(bytes).run()) return {*found, encoding_source::declaration};
  return {charset::for_label(options.fallback).value_or(charset()), encoding_source::fallback};
}

document parse_bytes(std::string_view bytes, const encoding_options& encoding, const parse_options& options) {
  const encoding_guess guess = sniff_encoding(bytes, encoding);
  document tree = parse_as(bytes, guess.encoding, guess.source == encoding_source::byte_order_mark, options);
  if (guess.source != encoding_source::fallback) return tree;
  // 13.2.3.4, changing the encoding while parsing.
  const auto late = late_declaration(*access::store(tree));
  return !late || *late == guess.encoding ? std::move(tree) : parse_as(bytes, *late, false, options);
}

struct byte_parser::impl {
  impl(const encoding_options& wanted, const parse_options& options)
      : transport(wanted.transport), fallback(wanted.fallback), force(wanted.force), inner(options) {}

  std::string transport;
  std::string fallback;
  std::optional<charset> force;
  parser inner;
  std::string waiting;
  std::optional<charset> encoding;
  std::optional<charset_decoder> decoder;
  std::string decoded;

  void decide() {
    const encoding_guess guess = sniff_encoding(waiting, {transport, force, fallback});
    encoding = guess.encoding;
    const bool utf8 = guess.encoding == charset();
    if (!utf8) decoder.emplace(guess.encoding);
    std::string_view bytes = waiting;
    if (!utf8 && guess.source == encoding_source::byte_order_mark)
      bytes.remove_prefix(byte_order_mark(bytes)->second);
    pass(bytes, false);
    waiting.clear();
  }
  void pass(std::string_view bytes, bool last) {
    if (!decoder) {
      inner.feed(bytes);
      return;
    }
    decoded.clear();
    decoder->decode(bytes, last, decoded);
    inner.feed(decoded);
  }
};

byte_parser::byte_parser(const encoding_options& encoding, const parse_options& options)
    : impl_(std::make_unique<impl>(encoding, options)) {}
byte_parser::byte_parser(byte_parser&&) noexcept = default;
byte_parser& byte_parser::operator=(byte_parser&&) noexcept = default;
byte_parser::~byte_parser() = default;

void byte_parser::feed(std::string_view bytes) {
  impl& self = *impl_;
  if (self.encoding) return self.pass(bytes, false);
  self.waiting += bytes;
  if (self.waiting.size() >= prescan_bytes) self.decide();
}

document byte_parser::finish() {
  impl& self = *impl_;
  if (!self.encoding) self.decide();
  self.pass({}, true);
  document tree = self.inner.finish();
  access::store(tree)->encoding = self.encoding->name();
  self.encoding.reset();
  self.decoder.reset();
  return tree;
}

}  // namespace tidewire::html
