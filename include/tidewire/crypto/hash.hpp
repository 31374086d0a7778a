/// @file
/// Hashes, as `hashlib` has them: whole or in pieces, by type or by name, several in one pass.
///
/// @code
/// crypto::sha256(bytes).hex()                                  // "9f86d081..."
/// crypto::sha256 hash;
/// hash.update(first).update(second);
/// crypto::digest value = hash.finish();                        // hash is as new
/// auto chosen = crypto::hasher::by_name("sha3-256");           // result<hasher>
/// @endcode
///
/// MD5 and SHA-1 are broken for signatures and passwords; they are here for the formats that have them.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// OpenSSL's EVP_MD_CTX.
struct evp_md_ctx_st;

namespace tidewire::crypto {

/// A hash function.
enum class hash_algorithm : unsigned char {
  md5,     ///< RFC 1321. Broken.
  sha1,    ///< FIPS 180-4. Broken.
  sha224,  ///< FIPS 180-4, as the next ones.
  sha256,
  sha384,
  sha512,
  sha512_224,  ///< SHA-512/t.
  sha512_256,
  sha3_224,  ///< FIPS 202, as the next ones.
  sha3_256,
  sha3_384,
  sha3_512,
  shake128,  ///< Gives as many bytes as one asks for; 32 unless told otherwise.
  shake256,  ///< The same; 64 unless told otherwise.
  blake2b,   ///< RFC 7693, 64 bytes, no key.
  blake2s,   ///< RFC 7693, 32 bytes, no key.
};

/// How many there are.
inline constexpr std::size_t hash_algorithm_count = 16;

/// What `hasher::finish` gives at the most.
inline constexpr std::size_t max_digest_size = 64;

/// How many bytes the digest has.
[[nodiscard]] constexpr std::size_t digest_size(hash_algorithm algorithm) noexcept {
  constexpr std::array<unsigned char, hash_algorithm_count> sizes{16, 20, 28, 32, 48, 64, 28, 32,
                                                                  28, 32, 48, 64, 32, 64, 64, 32};
  return sizes[static_cast<std::size_t>(algorithm)];
}
/// How many bytes it takes in at once: what HMAC pads its key to.
[[nodiscard]] constexpr std::size_t block_size(hash_algorithm algorithm) noexcept {
  constexpr std::array<unsigned char, hash_algorithm_count> sizes{64,  64,  64,  64, 128, 128, 128, 128,
                                                                  144, 136, 104, 72, 168, 136, 128, 64};
  return sizes[static_cast<std::size_t>(algorithm)];
}
/// Does it give as many bytes as one asks for?
[[nodiscard]] constexpr bool is_extendable(hash_algorithm algorithm) noexcept {
  return algorithm == hash_algorithm::shake128 || algorithm == hash_algorithm::shake256;
}
/// Its name: `md5`, `sha1`, `sha256`, `sha512-256`, `sha3-256`, `shake128`, `blake2b`, ...
[[nodiscard]] TIDEWIRE_CRYPTO_API std::string_view to_string(hash_algorithm algorithm) noexcept;
/// The hash of that name. Case is ignored; so are `-`, `_`, `/` and space, which people put in different
/// places: `SHA-256`, `sha3_256`, `SHA512/256`, `sha-512-256`.
/// @return `errc::unknown_algorithm` for any other name; the detail has the name and those that are known.
[[nodiscard]] TIDEWIRE_CRYPTO_API result<hash_algorithm> hash_algorithm_by_name(std::string_view name);

/// What a hash or a MAC gave: a value of up to `max_digest_size` bytes, kept without allocation.
class TIDEWIRE_CRYPTO_API digest {
 public:
  /// No byte at all.
  digest() noexcept = default;
  /// The digest that `text` spells in hexadecimal, as files of checksums have it.
  /// @return `tidewire::errc::malformed` for what is no hexadecimal text (half a byte at the end, another
  ///         character), `tidewire::errc::limit_exceeded` for more than `max_digest_size` bytes.
  [[nodiscard]] static result<digest> from_hex(std::string_view text);
  /// The digest with these bytes. @return `tidewire::errc::limit_exceeded` for more than `max_digest_size`.
  [[nodiscard]] static result<digest> from_bytes(byte_view bytes);

  /// The bytes; they are those of this object.
  [[nodiscard]] byte_view bytes() const noexcept { return byte_view(bytes_).first(size_); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// In lower-case hexadecimal, two characters a byte.
  [[nodiscard]] std::string hex() const;
  /// In base64, padded.
  [[nodiscard]] std::string base64() const;

  /// Compares in constant time: a MAC may be checked by it.
  [[nodiscard]] friend bool operator==(const digest& left, const digest& right) noexcept {
    return equal(left, right);
  }

 private:
  friend class hasher;
  friend class hmac_hasher;
  static bool equal(const digest& left, const digest& right) noexcept;

  std::array<std::byte, max_digest_size> bytes_{};
  unsigned char size_ = 0;
};

/// A hash that takes its input in any pieces; which one is known at run time. `sha256` and its like are the
/// same with the algorithm in the type.
///
/// Copying copies the state. Moved from, it is as new. Nothing is allocated by it in steady state; OpenSSL
/// 3.0 itself allocates the state of the hash (some hundred bytes) once for each digest. Not thread-safe: one
/// object, one user.
///
/// @par Errors
/// Whatever computes throws `error` with `errc::unavailable` if the OpenSSL of this system has no such hash,
/// as MD5 where only FIPS 140 is allowed.
class TIDEWIRE_CRYPTO_API hasher {
 public:
  explicit hasher(hash_algorithm algorithm) noexcept : algorithm_(algorithm) {}
  /// As `hash_algorithm_by_name`.
  [[nodiscard]] static result<hasher> by_name(std::string_view name);
  hasher(const hasher& other);
  hasher(hasher&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)), algorithm_(other.algorithm_) {}
  hasher& operator=(hasher other) noexcept {
    std::swap(context_, other.context_);
    std::swap(algorithm_, other.algorithm_);
    return *this;
  }
  ~hasher() {
    if (context_ != nullptr) reset();
  }

  [[nodiscard]] hash_algorithm algorithm() const noexcept { return algorithm_; }
  /// How many bytes `finish` gives.
  [[nodiscard]] std::size_t digest_size() const noexcept { return crypto::digest_size(algorithm_); }

  /// Takes in more.
  hasher& update(byte_view bytes);
  /// @copydoc update
  hasher& update(std::string_view text) { return update(as_bytes(text)); }

  /// The digest of all that was taken in. The hasher is then as new.
  [[nodiscard]] digest finish();
  /// Fills `out` with the digest. An extendable hash fills any size; of another one, `out` has to have the
  /// size of its digest, or `tidewire::errc::misuse` is thrown and nothing happened.
  void finish(byte_span out);
  /// The digest so far; one may go on.
  [[nodiscard]] digest peek() const;
  /// `peek().hex()`, or, of a temporary, `finish().hex()`.
  [[nodiscard]] std::string hex() const&;
  /// @copydoc hex
  [[nodiscard]] std::string hex() &&;
  /// Forgets what was taken in.
  void reset() noexcept;

 private:
  evp_md_ctx_st* started();

  evp_md_ctx_st* context_ = nullptr;  // null: nothing was taken in
  hash_algorithm algorithm_;
};

/// One hash, known to the compiler: `hash<hash_algorithm::sha256>`, for which the short name is `sha256`.
template <hash_algorithm Algorithm>
class hash : public hasher {
 public:
  static constexpr std::size_t size = crypto::digest_size(Algorithm);  ///< Bytes of its digest.
  static constexpr hash_algorithm algorithm_value = Algorithm;         ///< Which one it is.

  hash() noexcept : hasher(Algorithm) {}
  /// One that has taken in `bytes`: `sha256(bytes).hex()`.
  explicit hash(byte_view bytes) : hash() { update(bytes); }
  /// One that has taken in `text`.
  explicit hash(std::string_view text) : hash() { update(text); }
};

using md5 = hash<hash_algorithm::md5>;                ///< Broken: for formats that have it.
using sha1 = hash<hash_algorithm::sha1>;              ///< Broken: for formats that have it.
using sha224 = hash<hash_algorithm::sha224>;          ///< SHA-224
using sha256 = hash<hash_algorithm::sha256>;          ///< SHA-256
using sha384 = hash<hash_algorithm::sha384>;          ///< SHA-384
using sha512 = hash<hash_algorithm::sha512>;          ///< SHA-512
using sha512_224 = hash<hash_algorithm::sha512_224>;  ///< SHA-512/224
using sha512_256 = hash<hash_algorithm::sha512_256>;  ///< SHA-512/256
using sha3_224 = hash<hash_algorithm::sha3_224>;      ///< SHA3-224
using sha3_256 = hash<hash_algorithm::sha3_256>;      ///< SHA3-256
using sha3_384 = hash<hash_algorithm::sha3_384>;      ///< SHA3-384
using sha3_512 = hash<hash_algorithm::sha3_512>;      ///< SHA3-512
using shake128 = hash<hash_algorithm::shake128>;      ///< SHAKE128: `finish(out)` fills any size.
using shake256 = hash<hash_algorithm::shake256>;      ///< SHAKE256: `finish(out)` fills any size.
using blake2b = hash<hash_algorithm::blake2b>;        ///< BLAKE2b of 64 bytes
using blake2s = hash<hash_algorithm::blake2s>;        ///< BLAKE2s of 32 bytes

/// Several hashes of one input, which is read once.
class TIDEWIRE_CRYPTO_API multi_hasher {
 public:
  explicit multi_hasher(std::span<const hash_algorithm> algorithms);
  multi_hasher(std::initializer_list<hash_algorithm> algorithms)
      : multi_hasher(std::span(algorithms.begin(), algorithms.size())) {}

  /// Takes in more.
  multi_hasher& update(byte_view bytes);
  /// @copydoc update
  multi_hasher& update(std::string_view text) { return update(as_bytes(text)); }
  /// One digest for each algorithm, in the order they were named. It is then as new.
  [[nodiscard]] std::vector<digest> finish();

 private:
  std::vector<hasher> hashers_;
};

}  // namespace tidewire::crypto
