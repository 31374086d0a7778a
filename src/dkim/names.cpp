#include "names.hpp"

#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/address.hpp>

#include <algorithm>

namespace tidewire::dkim::detail {

namespace {

constexpr std::size_t longest_domain = 253;
constexpr std::size_t longest_label = 63;

bool is_label(std::string_view label) noexcept {
  return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

}  // namespace

result<std::string> read_domain(std::string_view domain, bool single) {
  if (domain.size() > 4 * longest_domain) return failure(errc::malformed, "longer than any domain");
  auto ascii_form = mime::domain_to_ascii(domain);
  if (!ascii_form) return ascii_form;
  if (ascii_form->size() > longest_domain) return failure(errc::malformed, "longer than any domain");
  const std::string_view text = *ascii_form;
  std::size_t labels = 0;
  for (std::size_t at = 0; at <= text.size(); ++labels) {
    const std::size_t end = std::min(text.find('.', at), text.size());
    if (!is_label(text.substr(at, end - at))) return failure(errc::malformed, "no domain");
    at = end + 1;
  }
  if (labels < 2 && !single) return failure(errc::malformed, "a domain without a dot");
  return ascii_form;
}

bool is_field_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 256 &&
         std::ranges::all_of(name, [](char c) { return ascii::is_visible(c) && c != ':' && c != ';'; });
}

bool is_within(std::string_view identity, std::string_view domain, bool exact) {
  const std::size_t at = identity.rfind('@');
  if (at == std::string_view::npos) return false;
  const auto inner = read_domain(identity.substr(at + 1));
  const auto outer = read_domain(domain);
  if (!inner || !outer) return false;
  return *inner == *outer || (!exact && inner->ends_with('.' + *outer));
}

}  // namespace tidewire::dkim::detail
