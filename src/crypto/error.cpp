#include <tidewire/crypto/error.hpp>

#include <string>

namespace tidewire::crypto {
namespace {

class category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.crypto"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::unknown_algorithm: return "unknown algorithm";
      case errc::unavailable: return "not available in the OpenSSL of this system";
      case errc::no_randomness: return "the system gives no random bytes";
      case errc::malformed_key: return "not a usable key";
      case errc::wrong_password: return "wrong password";
      case errc::malformed_certificate: return "not a certificate";
      case errc::untrusted_certificate: return "the certificate is not trusted";
      case errc::wrong_host: return "the certificate is for another host";
      case errc::bad_status_response: return "not a valid OCSP response";
      case errc::wrong_tag: return "not authentic";
      case errc::failed: return "OpenSSL failed";
      case errc::malformed_message: return "malformed message";
      case errc::authentication_failed: return "authentication failed";
      case errc::server_not_authentic: return "the server is not authentic";
      case errc::no_common_mechanism: return "no common mechanism";
      case errc::prohibited_character: return "prohibited character";
    }
    return "unknown error";
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    const auto value = static_cast<errc>(code);
    if (asked == condition::permanent) return value != errc::no_randomness;
    switch (value) {
      case errc::unknown_algorithm:
      case errc::prohibited_character: return asked == condition::misuse;
      case errc::unavailable:
      case errc::failed: return false;
      case errc::no_randomness: return asked == condition::transient;
      case errc::malformed_key:
      case errc::malformed_certificate:
      case errc::malformed_message: return asked == condition::protocol;
      case errc::untrusted_certificate:
      case errc::bad_status_response:
      case errc::wrong_host: return asked == condition::tls;
      case errc::wrong_password:
      case errc::wrong_tag:
      case errc::authentication_failed:
      case errc::server_not_authentic:
      case errc::no_common_mechanism: return asked == condition::auth;
    }
    return false;
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const category_type instance;
  return instance;
}

}  // namespace tidewire::crypto
