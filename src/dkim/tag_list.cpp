#include "tag_list.hpp"

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/dkim/signature.hpp>
#include <tidewire/mime/charset.hpp>

#include <algorithm>

namespace tidewire::dkim::detail {

namespace {

bool is_tag_name(std::string_view name) noexcept {
  return !name.empty() && ascii::is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

}  // namespace

std::string_view tag::value() const noexcept {
  return ascii::trim(raw);
}

result<tag_list> tag_list::parse(std::string_view text, std::size_t max_size) {
  if (text.size() > max_size)
    return failure(errc::limit_exceeded, "more than " + std::to_string(max_size) + " bytes");
  const bool clean = std::ranges::all_of(
      text, [](char c) { return !ascii::is_control(c) || c == '\t' || c == '\r' || c == '\n'; });
  if (!clean || !mime::is_utf8(text)) return failure(errc::malformed, "a byte that no tag has");
  tag_list list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view spec = text.substr(0, end);
    // A semicolon may end the list.
    if (end == text.size() && ascii::trim(spec).empty() && !list.tags_.empty()) break;
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = spec.find('=');
    const std::string_view name = ascii::trim(spec.substr(0, equals));
    if (equals == std::string_view::npos || !is_tag_name(name))
      return failure(errc::malformed, "no tag of the form name=value");
    if (list.find(name) != nullptr)
      return failure(errc::malformed, "the tag " + std::string(name) + "= twice");
    if (list.tags_.size() == max_tags)
      return failure(errc::limit_exceeded, "more than " + std::to_string(max_tags) + " tags");
    list.tags_.push_back({name, spec.substr(equals + 1)});
  }
  if (list.tags_.empty()) return failure(errc::malformed, "no tag at all");
  return list;
}

const tag* tag_list::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(tags_, name, &tag::name);
  return found != tags_.end() ? &*found : nullptr;
}

std::optional<std::string_view> tag_list::get(std::string_view name) const noexcept {
  const tag* const found = find(name);
  return found != nullptr ? std::optional(found->value()) : std::nullopt;
}

std::vector<std::string_view> split_colons(std::string_view value) {
  std::vector<std::string_view> items;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find(':', at), value.size());
    items.push_back(ascii::trim(value.substr(at, end - at)));
    at = end + 1;
  }
  return items;
}

std::string without_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return !ascii::is_space(c); });
  return out;
}

std::string decode_quoted(std::string_view value) {
  return quoted_printable::decode(without_space(value));
}

}  // namespace tidewire::dkim::detail
