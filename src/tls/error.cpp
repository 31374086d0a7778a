#include <tidewire/tls/error.hpp>

#include <string>

namespace tidewire::tls {
namespace {

class category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.tls"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::handshake_failed: return "the TLS handshake failed";
      case errc::closed_in_handshake: return "the peer closed the connection during the TLS handshake";
      case errc::not_tls: return "the peer does not speak TLS";
      case errc::plaintext_before_tls: return "plaintext came before TLS began";
      case errc::no_common_version: return "no version of TLS in common";
      case errc::no_common_cipher_suite: return "no cipher suite in common";
      case errc::no_common_application_protocol: return "no application protocol in common";
      case errc::peer_violation: return "the peer broke the TLS protocol";
      case errc::bad_record: return "a TLS record was changed on its way";
      case errc::truncated:
        return "the connection ended without the end of TLS (close_notify): data may be missing";
      case errc::certificate_expired: return "the certificate has expired";
      case errc::certificate_not_yet_valid: return "the certificate is not valid yet";
      case errc::wrong_host: return "the certificate is for another host";
      case errc::self_signed: return "the certificate is self-signed and not trusted";
      case errc::unknown_root: return "the certificate was issued by an authority that is not trusted";
      case errc::missing_issuer: return "an issuer of the certificate was neither sent nor is it trusted";
      case errc::bad_purpose: return "the certificate is not meant for this use";
      case errc::weak_key: return "a key or signature of the certificates is too weak";
      case errc::certificate_revoked: return "the certificate was revoked";
      case errc::certificate_status_missing: return "the server shows no OCSP response";
      case errc::certificate_status_invalid: return "the OCSP response of the server does not count";
      case errc::certificate_invalid: return "the chain of certificates is not valid";
      case errc::certificate_refused: return "the certificate was refused";
      case errc::client_certificate_missing: return "the client sent no certificate";
      case errc::bad_identity: return "the certificate and key cannot be used";
      case errc::bad_trust: return "no trusted certificates";
      case errc::key_log_failed: return "the key log cannot be written";
      case errc::unknown_setting: return "OpenSSL does not know this setting";
      case errc::out_of_resources: return "OpenSSL ran out of memory or random bytes";
    }
    return "unknown TLS error";
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    if (asked == condition::tls) return true;
    switch (static_cast<errc>(code)) {
      case errc::closed_in_handshake:
      case errc::truncated: return asked == condition::eof || asked == condition::transient;
      case errc::out_of_resources: return asked == condition::transient;
      case errc::not_tls:
      case errc::plaintext_before_tls:
      case errc::peer_violation:
      case errc::bad_record: return asked == condition::protocol || asked == condition::permanent;
      case errc::certificate_expired:
      case errc::certificate_not_yet_valid:
      case errc::wrong_host:
      case errc::self_signed:
      case errc::unknown_root:
      case errc::missing_issuer:
      case errc::bad_purpose:
      case errc::weak_key:
      case errc::certificate_revoked:
      case errc::certificate_status_missing:
      case errc::certificate_status_invalid:
      case errc::certificate_invalid:
      case errc::certificate_refused:
      case errc::client_certificate_missing: return asked == condition::auth || asked == condition::permanent;
      case errc::bad_identity:
      case errc::bad_trust:
      case errc::key_log_failed:
      case errc::unknown_setting: return asked == condition::misuse || asked == condition::permanent;
      case errc::handshake_failed:
      case errc::no_common_version:
      case errc::no_common_cipher_suite:
      case errc::no_common_application_protocol: return asked == condition::permanent;
    }
    return false;
  }
};

const char* text_of(alert value) noexcept {
  switch (value) {
    case alert::close_notify: return "it closes the connection";
    case alert::unexpected_message: return "it got a message out of order";
    case alert::bad_record_mac: return "it got a record that was changed on its way";
    case alert::decryption_failed: return "it could not decrypt a record";
    case alert::record_overflow: return "it got a record that is too long";
    case alert::decompression_failure: return "it could not decompress a record";
    case alert::handshake_failure: return "it found nothing in common, or wants a client certificate";
    case alert::no_certificate: return "it has no certificate";
    case alert::bad_certificate: return "it found our certificate corrupt or not acceptable";
    case alert::unsupported_certificate: return "it does not support the kind of our certificate";
    case alert::certificate_revoked: return "it says that our certificate was revoked";
    case alert::certificate_expired: return "it says that our certificate has expired";
    case alert::certificate_unknown: return "it does not accept our certificate";
    case alert::illegal_parameter: return "it got a value that is out of range";
    case alert::unknown_ca: return "it does not trust the authority that issued our certificate";
    case alert::access_denied: return "our certificate is valid, but we are not allowed in";
    case alert::decode_error: return "it could not read a message";
    case alert::decrypt_error: return "a signature or a check of the handshake failed";
    case alert::export_restriction: return "export restriction";
    case alert::protocol_version: return "it does not allow the versions of TLS that we offer";
    case alert::insufficient_security: return "it wants stronger ciphers than we offer";
    case alert::internal_error: return "it has an error of its own";
    case alert::inappropriate_fallback: return "it refuses the fallback to an older version";
    case alert::user_canceled: return "it was canceled";
    case alert::no_renegotiation: return "it refuses to renegotiate";
    case alert::missing_extension: return "it misses an extension";
    case alert::unsupported_extension: return "it got an extension that it did not ask for";
    case alert::certificate_unobtainable: return "it could not get a certificate";
    case alert::unrecognized_name: return "it does not serve the name that we asked for";
    case alert::bad_certificate_status_response: return "it got a bad certificate status";
    case alert::bad_certificate_hash_value: return "it got a certificate of another hash";
    case alert::unknown_psk_identity: return "it does not know our pre-shared key";
    case alert::certificate_required: return "it requires a client certificate, and we sent none";
    case alert::no_application_protocol: return "it speaks none of the application protocols that we offer";
  }
  return nullptr;
}

class alert_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.tls.alert"; }

  std::string message(int value) const override {
    const char* const text = text_of(static_cast<alert>(value));
    std::string whole = "the peer ended TLS with an alert: ";
    whole += text != nullptr ? text : "one that is not known";
    return whole + " (" + std::to_string(value) + ')';
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    if (asked == condition::tls) return true;
    switch (static_cast<alert>(code)) {
      case alert::internal_error: return asked == condition::transient;
      case alert::no_certificate:
      case alert::bad_certificate:
      case alert::unsupported_certificate:
      case alert::certificate_revoked:
      case alert::certificate_expired:
      case alert::certificate_unknown:
      case alert::unknown_ca:
      case alert::access_denied:
      case alert::certificate_required: return asked == condition::auth || asked == condition::permanent;
      default: return asked == condition::permanent;
    }
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const category_type category;
  return category;
}

const std::error_category& alert_category() noexcept {
  static const alert_category_type category;
  return category;
}

}  // namespace tidewire::tls
