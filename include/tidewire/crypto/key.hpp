/// @file
/// Private and public keys: made, read and written (PEM, DER), and the signatures they make and check: RSA,
/// ECDSA, Ed25519.
///
/// @code
/// auto key = crypto::private_key::from_pem(pem, password).value();
/// std::vector<std::byte> signature = key.sign(message);                       // RSA or ECDSA with SHA-256,
/// or Ed25519 if (!key.public_part().verify(message, signature)) ...
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// OpenSSL's EVP_PKEY.
struct evp_pkey_st;

namespace tidewire::crypto {

/// The largest text or file that keys and certificates are read from: 1 MiB. More is
/// `tidewire::errc::limit_exceeded`.
inline constexpr std::size_t max_key_file_size = std::size_t{1} << 20;

/// What a key is of.
enum class key_kind : unsigned char {
  rsa,      ///< RSA, for PKCS#1 or PSS.
  ec,       ///< A key on an elliptic curve, for ECDSA.
  ed25519,  ///< RFC 8032.
  other,    ///< Something else that OpenSSL knows: it can be read and written, but not sign here.
};

/// What `private_key::generate` makes.
enum class key_spec : unsigned char {
  ec_p256,             ///< NIST P-256: small, fast, and accepted everywhere.
  ec_p384,             ///< NIST P-384.
  ed25519,             ///< Ed25519; few TLS clients take it in certificates.
  rsa_2048,            ///< For peers that know nothing else. Takes a fraction of a second to make.
  rsa_3072,            ///< As strong as P-256.
  rsa_4096,            ///< Takes seconds to make.
  rsa_1024_dangerous,  ///< Too weak to be used: for tests of what refuses it.
};

/// How RSA pads what it signs. Other kinds of key pay no attention to it.
enum class rsa_padding : unsigned char {
  pkcs1,  ///< RSASSA-PKCS1-v1_5 of RFC 8017 section 8.2: what DKIM and JWT's RS256 have.
  pss,    ///< RSASSA-PSS of RFC 8017 section 8.1, the salt as long as the digest.
};

/// How a signature is made. Ed25519 pays no attention to any of it.
struct signature_options {
  hash_algorithm hash = hash_algorithm::sha256;  ///< Which digest of the message is signed.
  rsa_padding padding = rsa_padding::pkcs1;      ///< RSA only.
};

/// A key that checks signatures. A value that cannot be changed: copies share it, also between threads.
class TIDEWIRE_CRYPTO_API public_key {
 public:
  /// Reads the first `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1) of a PEM text.
  /// @return `errc::malformed_key` if there is none, or it is none; `tidewire::errc::limit_exceeded` beyond
  ///         `max_key_file_size`.
  [[nodiscard]] static result<public_key> from_pem(std::string_view text);
  /// Reads DER: a SubjectPublicKeyInfo, or an RSAPublicKey of PKCS#1; nothing may follow. What the `p=` of a
  /// DKIM record with `k=rsa` holds (RFC 6376 section 3.6.1).
  /// @return As `from_pem`.
  [[nodiscard]] static result<public_key> from_der(byte_view bytes);
  /// The Ed25519 key of these 32 bytes: what the `p=` of a DKIM record with `k=ed25519` holds (RFC 8463
  /// section 4).
  /// @return `errc::malformed_key` for another size.
  [[nodiscard]] static result<public_key> from_ed25519(byte_view bytes);

  [[nodiscard]] key_kind kind() const noexcept;
  /// The size that tells its strength: of the modulus for RSA, of the field for a curve.
  [[nodiscard]] unsigned bits() const noexcept;
  /// For people: "RSA, 2048 bits", "P-256", "Ed25519".
  [[nodiscard]] std::string description() const;
  /// As SubjectPublicKeyInfo.
  [[nodiscard]] std::vector<std::byte> to_der() const;
  /// As `PUBLIC KEY`.
  [[nodiscard]] std::string to_pem() const;

  /// Is `signature` that of `message` by the owner of this key?
  /// @return `errc::wrong_tag` if not; `errc::malformed_key` if a key of this kind makes no signatures.
  [[nodiscard]] result<void> verify(byte_view message, byte_view signature,
                                    signature_options options = {}) const;
  /// @copydoc verify
  [[nodiscard]] result<void> verify(std::string_view message, byte_view signature,
                                    signature_options options = {}) const {
    return verify(as_bytes(message), signature, options);
  }

  /// Are both the same key?
  [[nodiscard]] friend bool operator==(const public_key& left, const public_key& right) noexcept {
    return left.same(right);
  }

  /// OpenSSL's `EVP_PKEY`, for what is not here. It lives as long as this object or a copy of it, unless its
  /// count is raised, and may not be changed.
  [[nodiscard]] evp_pkey_st* native_handle() const noexcept { return key_.get(); }
  /// The other way round: takes over one count of `key`, which may not be null.
  [[nodiscard]] static public_key adopt(evp_pkey_st* key);

 private:
  explicit public_key(std::shared_ptr<evp_pkey_st> key) noexcept : key_(std::move(key)) {}
  [[nodiscard]] bool same(const public_key& other) const noexcept;

  std::shared_ptr<evp_pkey_st> key_;
};

/// A key that signs. A value that cannot be changed: copies share it, also between threads; OpenSSL wipes it
/// when the last one is gone. It cannot be printed.
class TIDEWIRE_CRYPTO_API private_key {
 public:
  /// Makes a new one. Throws `error` with `errc::no_randomness` or `errc::unavailable`.
  [[nodiscard]] static private_key generate(key_spec spec = key_spec::ec_p256);
  /// Reads the first private key of a PEM text: PKCS#8, also encrypted, or the older forms (`RSA PRIVATE
  /// KEY`, `EC PRIVATE KEY`). Certificates before it are passed over.
  /// @param password For an encrypted key; others do not look at it.
  /// @return `errc::wrong_password` if the key is encrypted and the password is missing or wrong;
  ///         `errc::malformed_key` if there is no key, or it is none; the detail says what there is instead;
  ///         `tidewire::errc::limit_exceeded` beyond `max_key_file_size`.
  [[nodiscard]] static result<private_key> from_pem(std::string_view text, const secret& password = {});
  /// Reads a PEM file. @return As `from_pem`, and what the system says of a file that cannot be read; `with`
  /// the path.
  [[nodiscard]] static result<private_key> from_file(const std::filesystem::path& path,
                                                     const secret& password = {});
  /// Reads DER: PKCS#8 or the older forms, not encrypted; nothing may follow. @return As `from_pem`.
  [[nodiscard]] static result<private_key> from_der(byte_view bytes);
  /// The Ed25519 key of these 32 bytes (RFC 8032). @return `errc::malformed_key` for another size.
  [[nodiscard]] static result<private_key> from_ed25519(byte_view bytes);

  [[nodiscard]] key_kind kind() const noexcept { return public_part().kind(); }
  /// As `public_key::bits`.
  [[nodiscard]] unsigned bits() const noexcept { return public_part().bits(); }
  /// As `public_key::description`.
  [[nodiscard]] std::string description() const { return public_part().description(); }
  /// The other half.
  [[nodiscard]] public_key public_part() const;
  /// As `PRIVATE KEY` (PKCS#8).
  [[nodiscard]] secret to_pem() const;
  /// As `ENCRYPTED PRIVATE KEY` (PKCS#8, AES-256 with PBKDF2), for that password, which may not be empty
  /// (`tidewire::errc::misuse`).
  [[nodiscard]] std::string to_encrypted_pem(const secret& password) const;

  /// Signs a message. ECDSA gives the DER form (RFC 3279 section 2.2.3).
  /// @par Errors
  /// Throws `error`: `errc::malformed_key` if a key of this kind makes no signatures, or RSA is too small for
  /// the digest; `tidewire::errc::misuse` for a hash that signatures are not made with.
  [[nodiscard]] std::vector<std::byte> sign(byte_view message, signature_options options = {}) const;
  /// @copydoc sign
  [[nodiscard]] std::vector<std::byte> sign(std::string_view message, signature_options options = {}) const {
    return sign(as_bytes(message), options);
  }

  /// As `public_key::native_handle`.
  [[nodiscard]] evp_pkey_st* native_handle() const noexcept { return key_.get(); }
  /// As `public_key::adopt`.
  [[nodiscard]] static private_key adopt(evp_pkey_st* key);

  /// A key is not printed.
  template <class Stream>
  friend Stream& operator<<(Stream& out, const private_key&) = delete;

 private:
  explicit private_key(std::shared_ptr<evp_pkey_st> key) noexcept : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace tidewire::crypto
