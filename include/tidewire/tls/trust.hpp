/// @file
/// `trust_store`: the authorities whose certificates are believed.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/export.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace tidewire::tls {

namespace detail {
struct trust_state;
}

/// Certificates that a chain may end at. A small value: copies share what was read, until one of them is
/// added to. Distinct objects may be used from distinct threads.
class TIDEWIRE_TLS_API trust_store {
 public:
  /// Trusts nobody.
  trust_store();

  /// What the system trusts: OpenSSL's file and folder of certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR`
  /// change them), else the first of the places where systems have them. The file is read once in a program,
  /// by whoever asks first, and shared by all.
  /// @par Errors Throws `errc::bad_trust` if there is none.
  [[nodiscard]] static trust_store system();
  /// The certificates of a PEM file.
  /// @par Errors Throws what the system says, `errc::bad_trust` if there is no certificate in it.
  [[nodiscard]] static trust_store from_file(const std::filesystem::path& pem);

  /// Adds one certificate. It need not be a root: a chain may end at an intermediate, or at the certificate
  /// of a peer itself.
  trust_store& add(const crypto::certificate& trusted);
  /// Adds the certificates of a PEM text.
  /// @par Errors Throws `errc::bad_trust` if there is none in it, or one that cannot be read.
  trust_store& add_pem(std::string_view pem);

  /// For the library.
  [[nodiscard]] const detail::trust_state& state() const noexcept { return *state_; }

 private:
  explicit trust_store(std::shared_ptr<detail::trust_state> state) noexcept : state_(std::move(state)) {}
  detail::trust_state& own();

  std::shared_ptr<detail::trust_state> state_;
};

}  // namespace tidewire::tls
