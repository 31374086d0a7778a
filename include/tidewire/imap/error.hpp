/// @file
/// What goes wrong in IMAP, beyond what `tidewire::errc` has.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/imap/export.hpp>

#include <system_error>

namespace tidewire::imap {

/// The codes of `imap`. Their failures carry what the server said as `peer_text`.
enum class errc {
  malformed_response = 1,  ///< The server's bytes are no response (RFC 9051 section 7): `protocol`.
  malformed_command,       ///< The client's bytes are no command (section 6): `protocol`.
  unexpected_response,     ///< A response that cannot come here, a tag that nobody gave: `protocol`.
  refused,                 ///< NO: `permanent`.
  refused_for_now,         ///< NO with UNAVAILABLE, INUSE, LIMIT or SERVERBUG (RFC 5530): `transient`.
  rejected,                ///< BAD: the server does not understand or allow the command: `permanent`.
  shutting_down,           ///< BYE: the server ends the session: `transient`.
  auth_refused,            ///< The credentials were refused: `auth`, `permanent`.
  auth_refused_for_now,    ///< They could not be checked now: `auth`, `transient`.
  auth_unavailable,        ///< No mechanism in common, or none that may be used here: `auth`, `permanent`.
  starttls_unavailable,    ///< TLS was required, and the server does not offer or refuses it: `tls`,
                           ///< `permanent`.
  injected_plaintext,      ///< Bytes came in plain text that TLS should have protected: `tls`, `protocol`.
  extension_missing,       ///< The command needs a capability that the server lacks; nothing was sent:
                           ///< `permanent`.
  message_too_large,       ///< More than the server takes (APPENDLIMIT, RFC 7889): `permanent`,
                           ///< `limit_exceeded`.
  mailbox_missing,         ///< NO with NONEXISTENT or TRYCREATE: there is no such mailbox: `permanent`.
  message_missing,         ///< There is no message of that UID (any more), or no such part: `permanent`.
  uid_validity_changed,    ///< The UIDs that were known no longer mean what they meant (UIDVALIDITY).
  outcome_unknown,         ///< The connection broke before the server said whether it was done.
};

/// The category of `errc`.
[[nodiscard]] TIDEWIRE_IMAP_API const std::error_category& imap_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), imap_category()};
}

}  // namespace tidewire::imap

template <>
struct std::is_error_code_enum<tidewire::imap::errc> : std::true_type {};
