#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/mime/editor.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

#include "header_writer.hpp"

namespace tidewire::mime {

namespace {

// A field as it is written into a message whose lines end as those of `source`.
std::string field_text(std::string_view source, std::string_view name, std::string_view text) {
  detail::require_field_name(name);
  detail::require_line(name, text);
  std::string field;
  detail::header_writer(field, false).unstructured(name, text);
  if (source.find("\r\n") == std::string_view::npos) std::erase(field, '\r');
  return field;
}

// The bytes of a field, with its last line break.
std::uint64_t size_of(std::string_view source, const header_field& field) {
  const auto value_end = static_cast<std::uint64_t>(field.value.data() + field.value.size() - source.data());
  const std::size_t feed = source.find('\n', static_cast<std::size_t>(value_end));
  const std::uint64_t end = feed == std::string_view::npos ? source.size() : feed + 1;
  return end - field.offset;
}

}  // namespace

editor& editor::replace(std::uint64_t offset, std::uint64_t size, std::string text) {
  changes_.push_back({offset, size, std::move(text)});
  return *this;
}

editor& editor::set_header(const part& where, std::string_view name, std::string_view text) {
  const std::string_view source = original_->source();
  std::string field = field_text(source, name, text);
  const std::vector<header_field> old = where.headers(name);
  if (old.empty()) return replace(where.offset() + where.raw_header().size(), 0, std::move(field));
  for (std::size_t i = 0; i < old.size(); ++i)
    replace(old[i].offset, size_of(source, old[i]), i == 0 ? std::move(field) : std::string());
  return *this;
}

editor& editor::prepend_header(const part& where, std::string_view name, std::string_view text) {
  const std::vector<header_field> all = where.headers();
  const std::uint64_t first = all.empty() ? where.offset() : all.front().offset;
  return replace(first, 0, field_text(original_->source(), name, text));
}

editor& editor::remove_header(const part& where, std::string_view name) {
  for (const header_field& field : where.headers(name))
    replace(field.offset, size_of(original_->source(), field), {});
  return *this;
}

editor& editor::set_raw_body(const part& where, std::string_view bytes) {
  return replace(where.body_offset(), where.raw_body().size(), std::string(bytes));
}

editor& editor::set_body(const part& where, std::string_view bytes) {
  if (where.kind() != part_kind::leaf)
    throw error(errc::misuse, "editor: the body of a part with parts in it");
  switch (where.transfer_encoding()) {
    case transfer_encoding::base64: return set_raw_body(where, base64::encode(bytes, base64::mime));
    case transfer_encoding::quoted_printable: {
      const bool is_text = where.content_type().type == "text";
      return set_raw_body(where,
                          quoted_printable::encode(bytes, {.binary = !is_text, .guard_line_start = true}));
    }
    case transfer_encoding::seven_bit:
      if (!ascii::is_ascii(bytes)) throw error(errc::misuse, "editor: bytes of 128 and above in a 7bit part");
      break;
    default: break;
  }
  return set_raw_body(where, bytes);
}

editor& editor::remove(const part& where) {
  if (!where.parent().is_multipart()) throw error(errc::misuse, "editor: the part is in no multipart");
  // From the boundary line before it to the line break before the next one.
  const std::string_view source = original_->source();
  const std::size_t line_end = static_cast<std::size_t>(where.offset());
  const std::size_t line = source.rfind("--", source.rfind('\n', line_end - 2) + 2);
  std::size_t end = static_cast<std::size_t>(where.body_offset()) + where.raw_body().size();
  if (source.substr(end).starts_with("\r\n")) {
    end += 2;
  } else if (source.substr(end).starts_with('\n')) {
    end += 1;
  }
  return replace(line, end - line, {});
}

std::string editor::str() const {
  std::vector<const change*> order;
  for (const change& one : changes_) order.push_back(&one);
  // At one place, what was asked for first comes first: changes lie in that order.
  std::ranges::sort(order, {}, [](const change* one) { return std::pair(one->offset, one); });
  const std::string_view source = original_->source();
  std::string out;
  std::uint64_t at = 0;
  for (const change* one : order) {
    // What is within something that is gone is gone too.
    if (one->offset < at) continue;
    out += source.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(one->offset - at));
    out += one->text;
    at = one->offset + one->size;
  }
  return out += source.substr(static_cast<std::size_t>(at));
}

}  // namespace tidewire::mime
