/// @file
/// Requests for certificates (PKCS#10, RFC 2986): names and a key, signed with that key.
///
/// @code
/// auto key = crypto::private_key::generate();
/// send_to_authority(crypto::certificate_request::make(key, {"example.org", "www.example.org"}).to_pem());
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/key.hpp>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// OpenSSL's X509_REQ.
struct X509_req_st;

namespace tidewire::crypto {

/// A request. A value that cannot be changed: copies share it, also between threads.
///
/// Texts in it were written by whoever asks, as with `certificate`.
class TIDEWIRE_CRYPTO_API certificate_request {
 public:
  /// Asks for a certificate of `key` for these names: what is an IP address becomes one, what has an `@` a
  /// mail address, anything else a DNS name; the first is the common name, too.
  /// @par Errors
  /// Throws `error` with `tidewire::errc::misuse` for a name that is empty, not ASCII, or has a control
  /// character or a space, and where there is none; as `private_key::sign` does.
  [[nodiscard]] static certificate_request make(const private_key& key,
                                                std::span<const std::string_view> names);
  /// @copydoc make
  [[nodiscard]] static certificate_request make(const private_key& key,
                                                std::initializer_list<std::string_view> names) {
    return make(key, std::span(names.begin(), names.size()));
  }
  /// Reads the first `CERTIFICATE REQUEST` of a PEM text; what else is there is passed over.
  /// @return `errc::malformed_certificate` if there is none, or it is none, or it is not signed with its own
  ///         key; `tidewire::errc::limit_exceeded` beyond `max_key_file_size`.
  [[nodiscard]] static result<certificate_request> from_pem(std::string_view text);
  /// Reads DER; nothing may follow. @return As `from_pem`.
  [[nodiscard]] static result<certificate_request> from_der(byte_view bytes);

  /// The subject, as `certificate::subject` writes it.
  [[nodiscard]] std::string subject() const;
  /// All names that are asked for: DNS names, IP addresses and mail addresses, as `make` takes them.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The key that it is signed with. @return `errc::malformed_key` for one that OpenSSL does not know.
  [[nodiscard]] result<public_key> key() const;
  /// As DER.
  [[nodiscard]] std::vector<std::byte> to_der() const;
  /// As PEM.
  [[nodiscard]] std::string to_pem() const;

 private:
  explicit certificate_request(std::shared_ptr<X509_req_st> request) noexcept
      : request_(std::move(request)) {}
  static result<certificate_request> checked(X509_req_st* request);

  std::shared_ptr<X509_req_st> request_;
};

}  // namespace tidewire::crypto
