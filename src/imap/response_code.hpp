// Response codes (RFC 9051 section 7.1).
#pragma once

#include <tidewire/imap/response.hpp>

#include <string_view>

namespace tidewire::imap::detail {

// Takes the code in brackets off the beginning of the text of a status. Text that only looks like one stays.
[[nodiscard]] response_code take_code(std::string_view& text);

}  // namespace tidewire::imap::detail
