/// @file
/// What goes wrong in SMTP and LMTP, beyond what `tidewire::errc` has.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/smtp/export.hpp>

#include <system_error>

namespace tidewire::smtp {

/// The codes of `smtp`. Their failures carry what the server said as `peer_text`.
enum class errc {
  malformed_reply = 1,   ///< The server's bytes are no reply (RFC 5321 section 4.2): `protocol`.
  malformed_command,     ///< The client's bytes are no command (section 4.1): `protocol`.
  unexpected_reply,      ///< A reply that the command cannot have, or one that nothing asked for: `protocol`.
  refused_for_now,       ///< A reply 4yz: `transient`.
  refused,               ///< A reply 5yz: `permanent`.
  shutting_down,         ///< A reply 421, the server ends the session: `transient`.
  auth_refused,          ///< The credentials were refused: `auth`, `permanent`.
  auth_refused_for_now,  ///< They could not be checked now: `auth`, `transient`.
  auth_unavailable,      ///< No mechanism in common, or none that may be used here: `auth`, `permanent`.
  starttls_unavailable,  ///< TLS was required, and the server does not offer or refuses it: `tls`,
                         ///< `permanent`.
  injected_plaintext,    ///< Bytes came in plain text that TLS should have protected: `tls`, `protocol`.
  message_too_large,     ///< More than the server said it takes; nothing was sent: `permanent`.
  extension_missing,     ///< The message needs an extension that the server lacks; nothing was sent:
                         ///< `permanent`.
  some_recipients_refused,  ///< Accepted for some recipients and not for others; the report says which.
  outcome_unknown,          ///< The whole message was sent, but no answer came: it may have been accepted.
};

}  // namespace tidewire::smtp

template <>
struct std::is_error_code_enum<tidewire::smtp::errc> : std::true_type {};

namespace tidewire::smtp {

/// The category of `errc`.
[[nodiscard]] TIDEWIRE_SMTP_API const std::error_category& smtp_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), smtp_category()};
}

}  // namespace tidewire::smtp
