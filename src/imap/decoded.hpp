// Texts of messages, as servers quote them.
#pragma once

#include <string>
#include <string_view>

namespace tidewire::imap::detail {

// The text of a header field as UTF-8, its encoded words decoded.
[[nodiscard]] std::string decoded(std::string_view raw);

}  // namespace tidewire::imap::detail
