// Attributes of mailboxes by their names.
#pragma once

#include <tidewire/imap/mailbox.hpp>

#include <string_view>

namespace tidewire::imap::detail {

// `\Sent` in any case, and what XLIST calls it; none for a name that has no member.
[[nodiscard]] mailbox_attribute attribute_of(std::string_view name) noexcept;

}  // namespace tidewire::imap::detail
