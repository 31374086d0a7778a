/// @file
/// X.509 certificates (RFC 5280): read, typed, compared with a host name, and verified up to a root.
///
/// @code
/// auto leaf = crypto::certificate::from_pem(text).value();
/// leaf.dns_names();                                     // {"example.org", "*.example.org"}
/// leaf.not_after();                                     // std::chrono::sys_seconds
/// if (auto covers = leaf.covers("smtp.example.org"); !covers) puts(covers.error().message().c_str());
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>
#include <tidewire/crypto/key.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// OpenSSL's X509.
struct x509_st;

namespace tidewire::crypto {

/// The most certificates that one PEM text may hold. One more is `tidewire::errc::limit_exceeded`.
inline constexpr std::size_t max_certificates = 1000;

/// What a certificate may be used for.
enum class certificate_purpose : unsigned char {
  server,          ///< To be a TLS server: the extended key usage `serverAuth`, or none at all.
  client,          ///< To be a TLS client: `clientAuth`, or none at all.
  any,             ///< Nobody asks.
  ocsp_responder,  ///< To sign OCSP responses for its issuer: `OCSPSigning` (RFC 6960 section 4.2.2.2).
};

/// An extension as it stands in the certificate.
struct certificate_extension {
  std::string oid;               ///< `2.5.29.17`
  std::string name;              ///< OpenSSL's short name: `subjectAltName`; the OID where it knows none.
  bool critical = false;         ///< Who does not understand it must refuse the certificate.
  std::vector<std::byte> value;  ///< The DER inside.
};

/// One certificate. A value that cannot be changed: copies share it, also between threads.
///
/// Texts in it were written by whoever asked for it, and are returned as they are: they may hold control
/// characters and anything else, unless they are said to be escaped.
class TIDEWIRE_CRYPTO_API certificate {
 public:
  /// Reads the first certificate of a PEM text; what else is there is passed over.
  /// @return `errc::malformed_certificate` if there is none, or it is none; `tidewire::errc::limit_exceeded`
  /// beyond
  ///         `max_key_file_size`.
  [[nodiscard]] static result<certificate> from_pem(std::string_view text);
  /// Reads all certificates of a PEM text, in their order: a chain, or a bundle of roots. @return As
  /// `from_pem`.
  [[nodiscard]] static result<std::vector<certificate>> all_from_pem(std::string_view text);
  /// Reads all certificates of a PEM file. @return As `from_pem`, and what the system says of a file that
  /// cannot be read; `with` the path.
  [[nodiscard]] static result<std::vector<certificate>> all_from_file(const std::filesystem::path& path);
  /// Reads DER; nothing may follow. @return As `from_pem`.
  [[nodiscard]] static result<certificate> from_der(byte_view bytes);

  /// The subject as RFC 4514 writes it: `CN=example.org,O=Example`, control characters escaped, cut at 1,000
  /// bytes.
  [[nodiscard]] std::string subject() const;
  /// The issuer, written alike.
  [[nodiscard]] std::string issuer() const;
  /// The last common name of the subject, in UTF-8; empty if it has none. It names no host: `covers` does not
  /// look at it.
  [[nodiscard]] std::string common_name() const;
  /// The serial number in hexadecimal.
  [[nodiscard]] std::string serial() const;
  /// The first second at which it is valid.
  [[nodiscard]] std::chrono::sys_seconds not_before() const;
  /// The last second at which it is valid.
  [[nodiscard]] std::chrono::sys_seconds not_after() const;
  /// Is it valid at that moment?
  [[nodiscard]] bool is_valid_at(std::chrono::sys_seconds when) const {
    return not_before() <= when && when <= not_after();
  }

  /// The DNS names of the subject, as `*.example.org`.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// The IP addresses of the subject, as `192.0.2.1` and `2001:db8::1`.
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
  /// The mail addresses of the subject.
  [[nodiscard]] std::vector<std::string> email_addresses() const;
  /// The URIs of the subject.
  [[nodiscard]] std::vector<std::string> uris() const;

  /// Its key. @return `errc::malformed_key` if it is none, or one that OpenSSL does not know.
  [[nodiscard]] result<public_key> key() const;
  /// How it is signed: `ecdsa-with-SHA256`, `sha256WithRSAEncryption`.
  [[nodiscard]] std::string signature_algorithm() const;
  /// The digest of the whole certificate, which others call its thumbprint.
  [[nodiscard]] digest fingerprint(hash_algorithm algorithm = hash_algorithm::sha256) const;

  /// May it sign other certificates?
  [[nodiscard]] bool is_ca() const;
  /// How many intermediates may follow below it; nothing if that is not limited, or it is no CA.
  [[nodiscard]] std::optional<long> path_length() const;
  /// What the key may do, as OpenSSL and RFC 5280 call it: `digitalSignature`, `keyCertSign`. Empty: not
  /// limited.
  [[nodiscard]] std::vector<std::string> key_usage() const;
  /// What it is for: `serverAuth`, `clientAuth`, or the OID of what has no name. Empty: not limited.
  [[nodiscard]] std::vector<std::string> extended_key_usage() const;
  /// May it be used for that?
  [[nodiscard]] bool allows(certificate_purpose purpose) const;
  /// Does it demand that servers show an OCSP response with it ("must-staple", RFC 7633)?
  [[nodiscard]] bool requires_status() const;
  /// All its extensions.
  [[nodiscard]] std::vector<certificate_extension> extensions() const;

  /// Are subject and issuer the same? So it is with roots, and with what signs itself.
  [[nodiscard]] bool is_self_issued() const noexcept;
  /// Was it signed with the key of `issuer`? Nothing else about the two is looked at: see `verify_chain`.
  [[nodiscard]] bool is_signed_by(const certificate& issuer) const noexcept;
  /// Is it for this host? Names are compared as RFC 9525 says: with the DNS names, or, if `host` is an IP
  /// address (IPv6 also in brackets), with the IP addresses; a wildcard is a whole first label. The common
  /// name does not count.
  /// @return `errc::wrong_host`; the detail has the names it is for.
  [[nodiscard]] result<void> covers(std::string_view host) const;

  /// As DER.
  [[nodiscard]] std::vector<std::byte> to_der() const;
  /// As PEM.
  [[nodiscard]] std::string to_pem() const;

  /// Are both the same, byte for byte?
  [[nodiscard]] friend bool operator==(const certificate& left, const certificate& right) noexcept {
    return left.same(right);
  }

  /// OpenSSL's `X509`, for what is not here. It lives as long as this object or a copy of it, unless its
  /// count is raised, and may not be changed.
  [[nodiscard]] x509_st* native_handle() const noexcept { return x509_.get(); }
  /// The other way round: takes over one count of `x509`, which may not be null.
  /// @return `errc::malformed_certificate` if its dates are no dates.
  [[nodiscard]] static result<certificate> adopt(x509_st* x509);

 private:
  explicit certificate(std::shared_ptr<x509_st> x509) noexcept : x509_(std::move(x509)) {}
  [[nodiscard]] bool same(const certificate& other) const noexcept;

  std::shared_ptr<x509_st> x509_;
};

/// A private key and the certificates that speak for it, the one with its public half first: what a server or
/// a client shows.
struct identity {
  std::vector<certificate>
      chain;        ///< The certificate of the key, then its issuer, and so on; the root is not needed.
  private_key key;  ///< What the first one is for.

  /// The certificate of the key.
  [[nodiscard]] const certificate& leaf() const { return chain.front(); }
  /// The chain, as the files of servers have it.
  [[nodiscard]] TIDEWIRE_CRYPTO_API std::string chain_pem() const;
};

/// Reads what an `identity` is made of: a PEM text with the chain, one with the key (both may be one text),
/// and the password of the key, if it has one.
/// @return As `certificate::all_from_pem` and `private_key::from_pem`; `errc::malformed_key` if the key is
/// not that of
///         the first certificate.
[[nodiscard]] TIDEWIRE_CRYPTO_API result<identity> identity_from_pem(std::string_view chain,
                                                                     std::string_view key,
                                                                     const secret& password = {});

/// The same of PEM files, which may be one and the same.
/// @return As `identity_from_pem`, and what the system says of a file that cannot be read; `with` the path of
///         the file that is wrong.
[[nodiscard]] TIDEWIRE_CRYPTO_API result<identity> identity_from_files(const std::filesystem::path& chain,
                                                                       const std::filesystem::path& key,
                                                                       const secret& password = {});

/// What is wrong with a chain of certificates.
enum class certificate_problem : unsigned char {
  expired,         ///< One of them was valid, and is no more.
  not_yet_valid,   ///< One of them is not valid yet.
  self_signed,     ///< The certificate signs itself, and is none of the roots.
  unknown_root,    ///< The chain ends at a root that is none of ours.
  missing_issuer,  ///< The issuer of one of them is not there: an intermediate was not sent, or a root is
                   ///< unknown.
  wrong_host,      ///< It is for other names.
  wrong_purpose,   ///< It may not be used for this, or an issuer may not issue.
  weak,            ///< A key or a digest is too weak.
  bad_signature,   ///< One of them is not signed by its issuer.
  revoked,         ///< It was taken back.
  other,           ///< The detail says what.
};
/// In a word or two: "expired", "unknown root".
[[nodiscard]] TIDEWIRE_CRYPTO_API std::string_view to_string(certificate_problem problem) noexcept;

/// One problem: which, with which certificate, and in words.
struct verification_failure {
  certificate_problem problem = certificate_problem::other;
  int depth = 0;       ///< Which certificate: 0 is the first one, 1 its issuer, ...
  std::string detail;  ///< In words that a person can act on, with names and dates.

  /// As a failure with `errc::untrusted_certificate`, or `errc::wrong_host`.
  [[nodiscard]] TIDEWIRE_CRYPTO_API failure to_failure() const;
};

/// What OpenSSL's verification says by a number of its own (`X509_V_ERR_...`), in our words.
/// @param code   The number; not 0.
/// @param depth  Which certificate.
/// @param culprit That certificate, if there is one.
/// @param when   The moment it was verified for.
[[nodiscard]] TIDEWIRE_CRYPTO_API verification_failure explain_verification(int code, int depth,
                                                                            const certificate* culprit,
                                                                            std::chrono::sys_seconds when);

/// What `verify_chain` checks, besides signatures and constraints.
struct verify_options {
  std::string_view host{};                                    ///< Empty: for no host in particular.
  certificate_purpose purpose = certificate_purpose::server;  ///< What it is to be used for.
  std::optional<std::chrono::sys_seconds> when{};             ///< Nothing: now.
  int security_level = 2;  ///< OpenSSL's: 2 wants 112 bits (RSA of 2048, no SHA-1); 0 to 5.
};

/// Verifies a certificate up to one of `roots`, as RFC 5280 section 6 says, without revocation.
/// @param chain The certificate, and intermediates in any order: what a peer sent.
/// `errc::malformed_certificate` if
///              it is empty.
/// @return The chain that was verified, the root last. `errc::untrusted_certificate` or `errc::wrong_host`,
/// as
///         `verification_failure::to_failure`; `problem` is set to which it was.
[[nodiscard]] TIDEWIRE_CRYPTO_API result<std::vector<certificate>> verify_chain(
    std::span<const certificate> chain, std::span<const certificate> roots, verify_options options = {},
    certificate_problem* problem = nullptr);

}  // namespace tidewire::crypto
