/// @file
/// What goes wrong in `tidewire::crypto`.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/crypto/export.hpp>

#include <system_error>

namespace tidewire::crypto {

/// The codes of `crypto`. What is no matter of cryptography (a limit, a wrong call, a file that is not there)
/// has the codes of `base` and of the system.
enum class errc {
  unknown_algorithm = 1,  ///< No algorithm of that name; the detail lists those there are.
  unavailable,            ///< The OpenSSL of this system does not offer it, or does not allow it (FIPS).
  no_randomness,          ///< The system gave no random bytes. Nothing that needs them may go on.
  malformed_key,          ///< Not a key, or one of a kind that cannot be used for this.
  wrong_password,         ///< The key is encrypted, and the password is wrong or missing.
  malformed_certificate,  ///< Not an X.509 certificate.
  untrusted_certificate,  ///< The certificate is not to be trusted; the detail says why.
  wrong_host,             ///< The certificate is for other hosts; the detail says for which.
  bad_status_response,    ///< OCSP: not a response that counts for the certificate; the detail says why.
  wrong_tag,              ///< The tag or signature is not that of the message: one of them was changed.
  failed,                 ///< OpenSSL failed; the detail says at what.

  malformed_message,      ///< SASL: what the other side sent is not of the mechanism.
  authentication_failed,  ///< SASL: the credentials are wrong, or the account does not exist.
  server_not_authentic,   ///< SASL: the server does not know the password: it is not who it seems to be.
  no_common_mechanism,    ///< SASL: none of the mechanisms offered can be used.
  prohibited_character,   ///< A name or password with a character that the protocol forbids.
};

/// The category of `errc`. `wrong_password`, `wrong_tag`, `authentication_failed`, `server_not_authentic` and
/// `no_common_mechanism` satisfy `condition::auth`; what is malformed, `condition::protocol`;
/// `untrusted_certificate`, `wrong_host` and `bad_status_response`, `condition::tls`; names and characters
/// that the caller chose, `condition::misuse`. All of them are `condition::permanent`, but
/// `no_randomness`.
[[nodiscard]] TIDEWIRE_CRYPTO_API const std::error_category& category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

}  // namespace tidewire::crypto

template <>
struct std::is_error_code_enum<tidewire::crypto::errc> : std::true_type {};
