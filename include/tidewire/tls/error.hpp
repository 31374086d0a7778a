/// @file
/// What goes wrong in `tidewire::tls`, and the alerts by which a peer says what went wrong for it.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/tls/export.hpp>

#include <system_error>

namespace tidewire::tls {

/// The codes of `tls`. All of them satisfy `condition::tls`.
enum class errc {
  handshake_failed = 1,    ///< The handshake failed; the detail says why.
  closed_in_handshake,     ///< The peer closed the connection before the handshake was complete.
  not_tls,                 ///< What the peer sent is not TLS: a plaintext server, another protocol.
  plaintext_before_tls,    ///< Something was read before the handshake that should have been encrypted.
  no_common_version,       ///< No version of TLS that both sides allow.
  no_common_cipher_suite,  ///< No cipher suite, or no kind of key, that both sides allow.
  no_common_application_protocol,  ///< No application protocol (ALPN) that both sides speak.
  peer_violation,                  ///< The peer broke the protocol.
  bad_record,                      ///< A record was changed on its way: it cannot be decrypted.
  truncated,                       ///< The connection ended without the close_notify that ends TLS.

  certificate_expired,        ///< A certificate of the chain is no longer valid.
  certificate_not_yet_valid,  ///< A certificate of the chain is not valid yet.
  wrong_host,                 ///< The certificate is for other names or addresses.
  self_signed,                ///< The certificate vouches for itself, and is not trusted.
  unknown_root,               ///< The chain ends at an authority that is not trusted.
  missing_issuer,  ///< An issuer was neither sent nor is it trusted: an intermediate, or an unknown root.
  bad_purpose,     ///< The certificate is not meant for this use.
  weak_key,        ///< A key or a signature of the chain is too weak.
  certificate_revoked,         ///< A certificate of the chain was revoked.
  certificate_status_missing,  ///< The server shows no OCSP response, and one is required.
  certificate_status_invalid,  ///< What it shows does not count; the detail says why.
  certificate_invalid,         ///< The chain breaks the rules of RFC 5280; the detail says which.
  certificate_refused,         ///< The program's own check refused the certificate.
  client_certificate_missing,  ///< The client sent no certificate, and one is required.

  bad_identity,      ///< The certificate and the private key cannot be used for TLS, or not together.
  bad_trust,         ///< There is no certificate in what should be trusted.
  key_log_failed,    ///< The key log cannot be written.
  unknown_setting,   ///< A list of cipher suites or groups with nothing in it that OpenSSL knows.
  out_of_resources,  ///< OpenSSL got no memory, or no random bytes.
};

/// The alerts of RFC 8446 section 6 and its extensions, by their numbers. As an error code: what the peer
/// said when it gave the connection up.
enum class alert {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  decryption_failed = 21,
  record_overflow = 22,
  decompression_failure = 30,
  handshake_failure = 40,
  no_certificate = 41,
  bad_certificate = 42,
  unsupported_certificate = 43,
  certificate_revoked = 44,
  certificate_expired = 45,
  certificate_unknown = 46,
  illegal_parameter = 47,
  unknown_ca = 48,
  access_denied = 49,
  decode_error = 50,
  decrypt_error = 51,
  export_restriction = 60,
  protocol_version = 70,
  insufficient_security = 71,
  internal_error = 80,
  inappropriate_fallback = 86,
  user_canceled = 90,
  no_renegotiation = 100,
  missing_extension = 109,
  unsupported_extension = 110,
  certificate_unobtainable = 111,
  unrecognized_name = 112,
  bad_certificate_status_response = 113,
  bad_certificate_hash_value = 114,
  unknown_psk_identity = 115,
  certificate_required = 116,
  no_application_protocol = 120,
};

/// The category of `errc`. Beside `condition::tls`: the two ends without a good-bye are `eof` and
/// `transient`, what the peer sent against the rules is `protocol`, what is about a certificate of the peer
/// is `auth`, what the caller gave is `misuse`; all but the ends and `out_of_resources` are `permanent`.
[[nodiscard]] TIDEWIRE_TLS_API const std::error_category& category() noexcept;
/// The category of `alert`. Beside `condition::tls`, alerts about our certificate are `auth`, and
/// `internal_error` is `transient`; the others are `permanent`.
[[nodiscard]] TIDEWIRE_TLS_API const std::error_category& alert_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}
[[nodiscard]] inline std::error_code make_error_code(alert value) noexcept {
  return {static_cast<int>(value), alert_category()};
}

}  // namespace tidewire::tls

template <>
struct std::is_error_code_enum<tidewire::tls::errc> : std::true_type {};
template <>
struct std::is_error_code_enum<tidewire::tls::alert> : std::true_type {};
