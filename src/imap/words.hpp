// Words in upper case, as names of responses and capabilities are compared.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <string>
#include <string_view>

namespace tidewire::imap::detail {

[[nodiscard]] inline std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii::to_upper(c);
  return out;
}
[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii::to_lower(c);
  return out;
}

}  // namespace tidewire::imap::detail
