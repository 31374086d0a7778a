#include "explain.hpp"

#include <openssl/sslerr.h>

#include <cctype>

#include "peer_check.hpp"

namespace tidewire::tls::detail {
namespace {

// RFC 8446 section 5.1: a record begins with its kind, 20 to 23 (24: heartbeat), and a version of 3.x.
bool looks_like_tls(std::string_view bytes) {
  if (bytes.empty()) return true;
  const auto kind = static_cast<unsigned char>(bytes[0]);
  if (kind < 20 || kind > 24) return false;
  return bytes.size() < 2 || bytes[1] == 3;
}

failure not_tls(std::string_view bytes) {
  failure why(make_error_code(errc::not_tls));
  if (bytes.starts_with("HTTP/") || bytes.starts_with("GET ") || bytes.starts_with("POST ") ||
      bytes.starts_with("HEAD ")) {
    why.because("it speaks HTTP without TLS");
  } else if (bytes.starts_with("220") || bytes.starts_with("* OK") || bytes.starts_with("+OK")) {
    why.because("it greets in plaintext: use STARTTLS, or the port for TLS");
  } else {
    why.because("is this the right port?");
  }
  return why.peer_said(bytes.substr(0, bytes.find_first_of("\r\n")));
}

errc code_of(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return errc::no_common_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SHARED_GROUPS: return errc::no_common_cipher_suite;
    case SSL_R_NO_APPLICATION_PROTOCOL: return errc::no_common_application_protocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return errc::client_certificate_missing;
    case SSL_R_DECRYPTION_FAILED:
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_BLOCK_CIPHER_PAD_IS_WRONG: return errc::bad_record;
    case ERR_R_MALLOC_FAILURE: return errc::out_of_resources;
    case ERR_R_INTERNAL_ERROR:
    case SSL_R_LIBRARY_BUG: return errc::handshake_failed;
    default: return errc::peer_violation;
  }
}

}  // namespace

std::string openssl_words() {
  const unsigned long first = ERR_peek_error();
  const char* const reason = first != 0 ? ERR_reason_error_string(first) : nullptr;
  std::string words = reason != nullptr ? reason : "no reason given";
  ERR_clear_error();
  return words;
}

failure openssl_failure(errc code, std::string_view doing) {
  std::string detail(doing);
  detail += ": ";
  detail += openssl_words();
  return failure(make_error_code(code), std::move(detail));
}

failure explain(SSL* ssl, std::string_view first_bytes) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (peer_check* const check = peer_check::of(ssl); check != nullptr && check->refusal) {
    return *check->refusal;
  }
  if (SSL_is_init_finished(ssl) == 0 && !looks_like_tls(first_bytes)) return not_tls(first_bytes);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
    return failure(make_error_code(static_cast<alert>(reason - SSL_AD_REASON_OFFSET)));
  }
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return openssl_failure(errc::handshake_failed, "OpenSSL");
  errc code = code_of(reason);
  // Of a record, that is; the versions were agreed on.
  if (SSL_is_init_finished(ssl) == 1 && reason == SSL_R_WRONG_VERSION_NUMBER) code = errc::bad_record;
  return failure(make_error_code(code), openssl_words());
}

}  // namespace tidewire::tls::detail
