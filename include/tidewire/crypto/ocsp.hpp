/// @file
/// OCSP responses (RFC 6960): what an authority says of one of its certificates, and until when that counts.
/// Read and verified here, not asked for: TLS servers staple them to their handshakes.
///
/// @code
/// auto response = crypto::ocsp_response::from_der(bytes).value();
/// auto statement = response.verify(leaf, issuer);
/// if (statement && statement->status == crypto::certificate_status::revoked)
/// puts(statement->reason.c_str());
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// OpenSSL's OCSP_BASICRESP.
struct ocsp_basic_response_st;

namespace tidewire::crypto {

/// The largest response that is read: 64 KiB. More is `tidewire::errc::limit_exceeded`.
inline constexpr std::size_t max_ocsp_response_size = std::size_t{64} << 10;

/// What an authority says of a certificate.
enum class certificate_status : unsigned char {
  good,     ///< It was not revoked.
  revoked,  ///< It was taken back.
  unknown,  ///< The authority does not know it.
};

/// One answer of a response.
struct ocsp_statement {
  certificate_status status = certificate_status::unknown;
  std::chrono::sys_seconds this_update{};               ///< So it was known at that moment.
  std::optional<std::chrono::sys_seconds> next_update;  ///< It counts until then; nothing: not said.
  std::optional<std::chrono::sys_seconds> revoked_at;   ///< Since when it is revoked.
  std::string reason;  ///< Why, as RFC 5280 calls it: `keyCompromise`. Empty: not said.
};

/// A response. A value that cannot be changed: copies share it, also between threads.
class TIDEWIRE_CRYPTO_API ocsp_response {
 public:
  /// Reads DER; nothing may follow.
  /// @return `errc::bad_status_response` if it is none, or one by which the responder says that it cannot
  ///         answer; `tidewire::errc::limit_exceeded` beyond `max_ocsp_response_size`.
  [[nodiscard]] static result<ocsp_response> from_der(byte_view bytes);

  /// What it says of `subject`, whoever signed it and whenever.
  /// @return `errc::bad_status_response` if it is about other certificates.
  [[nodiscard]] result<ocsp_statement> statement_about(const certificate& subject) const;
  /// What it says of `subject`, if that counts: `issuer`, or a responder that `issuer` certified for this
  /// (section 4.2.2.2), signed it, and `when` lies in its time, give or take five minutes for clocks that
  /// differ. That the certificate was revoked is an answer, and no failure.
  /// @param when Nothing: now.
  /// @return `errc::bad_status_response`; the detail says what is wrong with it.
  [[nodiscard]] result<ocsp_statement> verify(
      const certificate& subject, const certificate& issuer,
      std::optional<std::chrono::sys_seconds> when = std::nullopt) const;

  /// As DER; the bytes are those of this object.
  [[nodiscard]] byte_view der() const noexcept { return der_; }

 private:
  ocsp_response(std::shared_ptr<ocsp_basic_response_st> basic, byte_view der)
      : basic_(std::move(basic)), der_(der.begin(), der.end()) {}

  std::shared_ptr<ocsp_basic_response_st> basic_;
  std::vector<std::byte> der_;
};

}  // namespace tidewire::crypto
