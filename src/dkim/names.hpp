// The names of domains and fields that signatures have.
#pragma once

#include <tidewire/base/result.hpp>

#include <string>
#include <string_view>

namespace tidewire::dkim::detail {

// `domain` in lower case and ASCII (RFC 8616). A failure if it is no domain of labels of letters, digits,
// hyphens and underscores, or, unless `single` is allowed, has one label only.
[[nodiscard]] result<std::string> read_domain(std::string_view domain, bool single = false);
// May it stand in h=? The name of a field, without a semicolon (RFC 6376 section 2.10).
[[nodiscard]] bool is_field_name(std::string_view name) noexcept;
// Is the domain of `identity` that one, or, unless `exact`, within it? Both in any form.
[[nodiscard]] bool is_within(std::string_view identity, std::string_view domain, bool exact);

}  // namespace tidewire::dkim::detail
