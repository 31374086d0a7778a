#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/mime/flowed.hpp>
#include <tidewire/mime/header.hpp>
#include <tidewire/mime/parsed_message.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <utility>

#include "message_store.hpp"

namespace tidewire::mime {

namespace {

constexpr std::size_t piece_size = std::size_t{64} * 1024;

using detail::message_store;
using detail::part_record;

}  // namespace

std::string header_field::text() const {
  return decode_unstructured(value);
}

// --- parts ---------------------------------------------------------------------------------------------

part_kind part::kind() const noexcept {
  return store_ != nullptr ? store_->parts[index_].kind : part_kind::leaf;
}

part part::parent() const noexcept {
  if (store_ == nullptr || store_->parts[index_].parent == detail::no_part) return {};
  return {store_, store_->parts[index_].parent};
}

std::vector<part> part::children() const {
  std::vector<part> list;
  if (store_ == nullptr) return list;
  for (std::uint32_t at = index_ + 1; at < store_->parts[index_].next; at = store_->parts[at].next)
    list.push_back({store_, at});
  return list;
}

std::vector<header_field> part::headers() const {
  std::vector<header_field> list;
  if (store_ == nullptr) return list;
  const part_record& record = store_->parts[index_];
  list.reserve(record.fields);
  for (std::uint32_t i = 0; i < record.fields; ++i) list.push_back(store_->field(record.first_field + i));
  return list;
}

std::optional<header_field> part::header(std::string_view name) const noexcept {
  if (store_ == nullptr) return std::nullopt;
  const part_record& record = store_->parts[index_];
  for (std::uint32_t i = 0; i < record.fields; ++i) {
    const header_field field = store_->field(record.first_field + i);
    if (ascii::iequals(field.name, name)) return field;
  }
  return std::nullopt;
}

std::vector<header_field> part::headers(std::string_view name) const {
  std::vector<header_field> list = headers();
  std::erase_if(list, [&](const header_field& field) { return !ascii::iequals(field.name, name); });
  return list;
}

std::string part::header_text(std::string_view name) const {
  const auto field = header(name);
  return field ? field->text() : std::string();
}

address_list part::header_addresses(std::string_view name) const {
  address_list all;
  for (const header_field& field : headers(name)) {
    address_list some = parse_addresses(field.value);
    all.well_formed = all.well_formed && some.well_formed;
    std::ranges::move(some.entries, std::back_inserter(all.entries));
  }
  return all;
}

content_type part::content_type() const {
  if (store_ == nullptr) return {};
  if (const auto field = header("content-type")) {
    if (auto type = parse_content_type(field->value)) return std::move(*type);
    return {};
  }
  if (store_->parts[index_].default_is_message) return {"message", "rfc822", {}};
  return {};
}

std::optional<content_disposition> part::disposition() const {
  const auto field = header("content-disposition");
  if (!field) return std::nullopt;
  auto value = parse_content_disposition(field->value);
  if (!value) return std::nullopt;
  return std::move(*value);
}

transfer_encoding part::transfer_encoding() const noexcept {
  return store_ != nullptr ? store_->parts[index_].encoding : mime::transfer_encoding::seven_bit;
}

std::string part::filename() const {
  if (const auto shown = disposition(); shown && !shown->filename().empty())
    return std::string(shown->filename());
  if (const auto field = header("content-type")) {
    // A type without a subtype is of no use, but its parameters are: read it as the other field of that form.
    if (const auto type = parse_content_type(field->value)) return std::string(type->parameters.get("name"));
    if (const auto rest = parse_content_disposition(field->value))
      return std::string(rest->parameters.get("name"));
  }
  return {};
}

std::string part::safe_filename(std::string_view otherwise) const {
  std::string name = filename();
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string::npos)
    name.erase(0, slash + 1);
  for (char& c : name)
    if (ascii::is_control(c) || std::string_view("<>:\"|?*").find(c) != std::string_view::npos) c = '_';
  while (!name.empty() && (name.front() == '.' || name.front() == ' ')) name.erase(0, 1);
  if (name.size() > 200) {
    std::size_t cut = 200;
    while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0U) == 0x80) --cut;
    name.resize(cut);
  }
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.pop_back();
  // Names that Windows keeps for devices, whatever comes after the first dot.
  const std::string_view stem = std::string_view(name).substr(0, name.find('.'));
  static constexpr std::string_view devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
  for (const std::string_view device : devices) {
    if (!ascii::istarts_with(stem, device)) continue;
    const std::string_view rest = stem.substr(3);
    if (device == "com" || device == "lpt" ? rest.size() == 1 && ascii::is_digit(rest[0]) : rest.empty()) {
      name.insert(0, 1, '_');
      break;
    }
  }
  return name.empty() ? std::string(otherwise) : name;
}

std::string part::content_id() const {
  const auto field = header("content-id");
  if (!field) return {};
  std::vector<std::string> ids = parse_message_ids(field->value, 1);
  return ids.empty() ? std::string() : std::move(ids.front());
}

std::string_view part::raw() const noexcept {
  if (store_ == nullptr) return {};
  const part_record& record = store_->parts[index_];
  return store_->source.substr(record.begin, record.end - record.begin);
}

std::string_view part::raw_header() const noexcept {
  if (store_ == nullptr) return {};
  const part_record& record = store_->parts[index_];
  return store_->source.substr(record.begin, record.header_end - record.begin);
}

std::string_view part::raw_body() const noexcept {
  if (store_ == nullptr) return {};
  const part_record& record = store_->parts[index_];
  return store_->source.substr(record.body, record.end - record.body);
}

std::uint64_t part::offset() const noexcept {
  return store_ != nullptr ? store_->parts[index_].begin : 0;
}

std::uint64_t part::body_offset() const noexcept {
  return store_ != nullptr ? store_->parts[index_].body : 0;
}

std::string part::decode() const {
  const std::string_view body = raw_body();
  switch (transfer_encoding()) {
    case mime::transfer_encoding::base64: {
      auto bytes = base64::decode_text(body, base64::mime);
      return bytes ? std::move(*bytes) : std::string();
    }
    case mime::transfer_encoding::quoted_printable: return quoted_printable::decode(body);
    default: return std::string(body);
  }
}

void part::decode(const std::function<void(std::string_view)>& sink) const {
  std::string_view body = raw_body();
  if (transfer_encoding() == mime::transfer_encoding::base64) {
    base64::decoder decoder(base64::mime);
    const auto room = std::make_unique_for_overwrite<std::byte[]>(piece_size);
    const byte_span out(room.get(), piece_size);
    while (!body.empty()) {
      const std::string_view piece = body.substr(0, piece_size);
      if (const auto size = decoder.update(piece, out); size && *size > 0) sink(as_text(out.first(*size)));
      body.remove_prefix(piece.size());
    }
    if (const auto size = decoder.finish(out); size && *size > 0) sink(as_text(out.first(*size)));
    return;
  }
  body_decoder decoder(transfer_encoding());
  std::string out;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, piece_size);
    decoder.update(piece, out);
    if (!out.empty()) sink(out);
    out.clear();
    body.remove_prefix(piece.size());
  }
  decoder.finish(out);
  if (!out.empty()) sink(out);
}

decoded_text part::decode_text() const {
  decoded_text decoded = decode_charset(content_type().charset(), decode());
  // A byte-order mark is no part of a text.
  if (decoded.text.starts_with("\xEF\xBB\xBF")) decoded.text.erase(0, 3);
  return decoded;
}

std::string part::text(bool flow) const {
  std::string decoded = decode_text().text;
  if (!flow) return decoded;
  const auto type = content_type();
  if (!ascii::iequals(type.parameters.get("format"), "flowed")) return decoded;
  return unflow(decoded, ascii::iequals(type.parameters.get("delsp"), "yes"));
}

std::optional<parsed_message> part::embedded_message() const {
  if (store_ == nullptr || kind() != part_kind::leaf) return std::nullopt;
  const auto type = content_type();
  if (!type.is("message", "rfc822") && !type.is("message", "global")) return std::nullopt;
  return parse(decode());
}

// --- the message ---------------------------------------------------------------------------------------

parsed_message::parsed_message(std::unique_ptr<message_store> store) noexcept : store_(std::move(store)) {}
parsed_message::parsed_message(parsed_message&&) noexcept = default;
parsed_message& parsed_message::operator=(parsed_message&&) noexcept = default;
parsed_message::~parsed_message() = default;

std::string_view parsed_message::source() const noexcept {
  return store_->source;
}

part parsed_message::root() const noexcept {
  return {store_.get(), 0};
}

std::vector<part> parsed_message::parts() const {
  std::vector<part> list;
  list.reserve(part_count());
  for (std::size_t i = 0; i < part_count(); ++i) list.push_back(part_at(i));
  return list;
}

std::size_t parsed_message::part_count() const noexcept {
  return store_->parts.size();
}

part parsed_message::part_at(std::size_t index) const noexcept {
  if (index >= part_count()) return {};
  return {store_.get(), static_cast<std::uint32_t>(index)};
}

const std::vector<defect>& parsed_message::defects() const noexcept {
  return store_->defects;
}

std::size_t parsed_message::defect_count() const noexcept {
  return store_->defect_count;
}

std::vector<defect> parsed_message::check() const {
  std::vector<defect> found;
  for (const part one : parts()) {
    if (one.kind() != part_kind::leaf) continue;
    const std::uint64_t where = one.body_offset();
    const std::string_view body = one.raw_body();
    const auto encoding = one.transfer_encoding();
    body_decoder decoder(encoding);
    std::string bytes;
    decoder.update(body, bytes);
    decoder.finish(bytes);
    if (encoding == transfer_encoding::base64) {
      const std::size_t letters = static_cast<std::size_t>(std::ranges::count_if(
          body, [](char c) { return ascii::is_alnum(c) || c == '+' || c == '/' || c == '='; }));
      if (decoder.malformed() || letters % 4 != 0) found.push_back({defect_kind::base64, where});
    }
    if (encoding == transfer_encoding::quoted_printable && decoder.malformed())
      found.push_back({defect_kind::quoted_printable, where});
    if (encoding == transfer_encoding::seven_bit && !ascii::is_ascii(body))
      found.push_back({defect_kind::body_eight_bit, where});
    if (encoding == transfer_encoding::seven_bit || encoding == transfer_encoding::eight_bit) {
      for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = std::min(body.find('\n', at), body.size());
        if (end - at > 998 + (end > at && body[end - 1] == '\r' ? 1U : 0U)) {
          found.push_back({defect_kind::body_line_length, where + at});
          break;
        }
        at = end + 1;
      }
    }
    const auto type = one.content_type();
    if (type.type == "text") {
      const decoded_text text = decode_charset(type.charset(), bytes);
      if (!text.known_charset || !text.well_formed) found.push_back({defect_kind::charset, where});
    }
  }
  return found;
}

std::vector<mailbox> parsed_message::addresses(std::string_view field) const {
  return root().header_addresses(field).mailboxes();
}

std::optional<date_time> parsed_message::date() const {
  const auto field = root().header("date");
  if (!field) return std::nullopt;
  const auto when = date::parse_rfc5322(unfold(field->value));
  return when ? std::optional(*when) : std::nullopt;
}

std::string parsed_message::message_id() const {
  const auto field = root().header("message-id");
  if (!field) return {};
  std::vector<std::string> ids = parse_message_ids(field->value, 1);
  return ids.empty() ? std::string() : std::move(ids.front());
}

std::vector<std::string> parsed_message::in_reply_to() const {
  const auto field = root().header("in-reply-to");
  return field ? parse_message_ids(field->value) : std::vector<std::string>();
}

std::vector<std::string> parsed_message::references() const {
  const auto field = root().header("references");
  return field ? parse_message_ids(field->value) : std::vector<std::string>();
}

namespace {

// RFC 8621 section 4.1.4, word by word. A null list is one that nothing more goes to. Parts nest no deeper
// than `parse_options::max_depth`.
struct body_splitter {
  std::vector<part>& attachments;

  static bool is_inline_media(const content_type& type) {
    return type.type == "image" || type.type == "audio" || type.type == "video";
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void split(const std::vector<part>& parts, std::string_view multipart, bool in_alternative,
             std::vector<part>* html, std::vector<part>* text) {
    const std::size_t text_before = text != nullptr ? text->size() : 0;
    const std::size_t html_before = html != nullptr ? html->size() : 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const part& one = parts[i];
      const content_type type = one.content_type();
      if (one.is_multipart()) {
        split(one.children(), type.subtype, in_alternative || type.subtype == "alternative", html, text);
        continue;
      }
      const bool plain = type.is("text", "plain");
      const bool is_html = type.is("text", "html");
      const auto shown = one.disposition();
      const bool is_inline =
          !(shown && shown->is_attachment()) && (plain || is_html || is_inline_media(type)) &&
          (i == 0 || (multipart != "related" && (is_inline_media(type) || one.filename().empty())));
      if (!is_inline) {
        attachments.push_back(one);
        continue;
      }
      if (multipart == "alternative") {
        if (plain && text != nullptr) {
          text->push_back(one);
        } else if (is_html && html != nullptr) {
          html->push_back(one);
        } else if (!plain && !is_html) {
          attachments.push_back(one);
        }
        continue;
      }
      if (in_alternative && plain) html = nullptr;
      if (in_alternative && is_html) text = nullptr;
      if (text != nullptr) text->push_back(one);
      if (html != nullptr) html->push_back(one);
      if ((text == nullptr || html == nullptr) && is_inline_media(type)) attachments.push_back(one);
    }
    if (multipart != "alternative" || text == nullptr || html == nullptr) return;
    const bool no_text = text->size() == text_before;
    const bool no_html = html->size() == html_before;
    if (no_text && !no_html)
      text->insert(text->end(), html->begin() + static_cast<std::ptrdiff_t>(html_before), html->end());
    if (no_html && !no_text)
      html->insert(html->end(), text->begin() + static_cast<std::ptrdiff_t>(text_before), text->end());
  }
};

std::string join(const std::vector<part>& parts, std::string_view subtype) {
  std::string all;
  for (const part& one : parts) {
    if (!one.content_type().is("text", subtype)) continue;
    if (!all.empty() && !all.ends_with('\n')) all += '\n';
    all += one.text();
  }
  return all;
}

}  // namespace

void parsed_message::split_bodies(std::vector<part>* text, std::vector<part>* html,
                                  std::vector<part>* attachments) const {
  std::vector<part> all_text;
  std::vector<part> all_html;
  std::vector<part> others;
  body_splitter{others}.split({root()}, "mixed", false, &all_html, &all_text);
  if (text != nullptr) *text = std::move(all_text);
  if (html != nullptr) *html = std::move(all_html);
  if (attachments != nullptr) *attachments = std::move(others);
}

std::vector<part> parsed_message::text_body() const {
  std::vector<part> list;
  split_bodies(&list, nullptr, nullptr);
  return list;
}

std::vector<part> parsed_message::html_body() const {
  std::vector<part> list;
  split_bodies(nullptr, &list, nullptr);
  return list;
}

std::vector<part> parsed_message::attachments() const {
  std::vector<part> list;
  split_bodies(nullptr, nullptr, &list);
  return list;
}

std::string parsed_message::text() const {
  return join(text_body(), "plain");
}

std::string parsed_message::html() const {
  return join(html_body(), "html");
}

part parsed_message::find_content_id(std::string_view id) const {
  for (const part one : parts())
    if (one.content_id() == id) return one;
  return {};
}

}  // namespace tidewire::mime
