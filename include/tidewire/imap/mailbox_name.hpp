/// @file
/// Names of mailboxes: UTF-8 here, modified UTF-7 on the wire (RFC 3501 section 5.1.3), unless UTF8=ACCEPT or
/// IMAP4rev2 is enabled (RFC 9755, RFC 9051 section 5.1).
///
/// @code
/// imap::encode_mailbox_name("Caf\u00e9 & Bar")       // "Caf&AOk- &- Bar"
/// imap::decode_mailbox_name("Caf&AOk- &- Bar")    // the same again
/// @endcode
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/imap/export.hpp>

#include <string>
#include <string_view>

namespace tidewire::imap {

/// How names of mailboxes travel.
enum class name_form {
  utf7,   ///< Modified UTF-7, as it is until something else is enabled.
  utf8,   ///< UTF-8.
  as_is,  ///< The bytes that were given: for a name that came from a server and is neither.
};

/// `name`, which is UTF-8, in modified UTF-7. What is not printable ASCII is encoded, control characters too.
/// @return `tidewire::errc::misuse` if it is no UTF-8.
[[nodiscard]] TIDEWIRE_IMAP_API result<std::string> encode_mailbox_name(std::string_view name);

/// A name in modified UTF-7 as UTF-8. Never fails: an encoded part that is none (bad characters, half a
/// surrogate pair, no `-` at its end, bits left over) stays as it came, as does UTF-8, which many servers
/// send. INBOX in any case becomes `INBOX`, also as the first level of a name: `Inbox/x` is `INBOX/x`.
/// @param delimiter What is between the levels of the name, 0 if there are none.
[[nodiscard]] TIDEWIRE_IMAP_API std::string decode_mailbox_name(std::string_view wire, char delimiter = '/');

/// Is `encode_mailbox_name(decode_mailbox_name(wire))` that name again, but for the case of INBOX? If not,
/// the mailbox can be named as it came (`name_form::as_is`) only.
[[nodiscard]] TIDEWIRE_IMAP_API bool is_canonical_mailbox_name(std::string_view wire);

/// Is it the inbox? Its name has any case (RFC 9051 section 5.1).
[[nodiscard]] TIDEWIRE_IMAP_API bool is_inbox(std::string_view name) noexcept;

}  // namespace tidewire::imap
