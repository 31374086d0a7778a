/// @file
/// Keys from passwords (PBKDF2, scrypt) and from other keys (HKDF). What they give is wiped when it is freed.
/// To store passwords, see `password.hpp`.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <cstddef>
#include <cstdint>

namespace tidewire::crypto {

/// How `pbkdf2` works.
struct pbkdf2_options {
  hash_algorithm hash = hash_algorithm::sha256;  ///< What HMAC stands on; not SHAKE.
  std::uint32_t iterations = 600'000;            ///< 1 to 2^31 - 1. More is slower for both sides.
};

/// `size` bytes from a password: PBKDF2 of RFC 8018 section 5.2. It holds the thread for as long as it takes:
/// use `offload` on a loop.
/// @par Errors
/// `tidewire::errc::misuse` for a size of 0 or beyond 2^31 - 1, for no iteration and for SHAKE.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret pbkdf2(const secret& password, byte_view salt, std::size_t size,
                                                pbkdf2_options options = {});

/// How `scrypt` works. The defaults take 64 MiB and a fraction of a second.
struct scrypt_options {
  std::uint64_t n = 1 << 16;                              ///< The cost: a power of two, at least 2.
  std::uint32_t r = 8;                                    ///< Block size: memory is 128 * n * r bytes.
  std::uint32_t p = 2;                                    ///< How often that is done, one after the other.
  std::uint64_t memory_limit = std::uint64_t{256} << 20;  ///< What would take more fails. Default: 256 MiB.
};

/// `size` bytes from a password: scrypt of RFC 7914. It holds the thread for as long as it takes: use
/// `offload` on a loop.
/// @par Errors
/// `tidewire::errc::limit_exceeded` if it would take more than `memory_limit`; `tidewire::errc::misuse` for
/// parameters that RFC 7914 section 2 does not allow.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret scrypt(const secret& password, byte_view salt, std::size_t size,
                                                scrypt_options options = {});

/// How `hkdf` works. The views must be good until it returns.
struct hkdf_options {
  hash_algorithm hash = hash_algorithm::sha256;  ///< What HMAC stands on; not SHAKE.
  byte_view salt{};                              ///< Random, not secret; may be empty.
  byte_view info{};                              ///< What the key is for; may be empty.
};

/// `size` bytes from a key that is random but not uniform, as that of a key exchange: HKDF of RFC 5869,
/// extract and expand. A password is no such key.
/// @par Errors
/// `tidewire::errc::misuse` for more than 255 digests, and for SHAKE.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret hkdf(byte_view key, std::size_t size, hkdf_options options = {});
/// The first half, RFC 5869 section 2.2: one digest. `options.info` is of no meaning.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret hkdf_extract(byte_view key, hkdf_options options = {});
/// The second half, RFC 5869 section 2.3. `options.salt` is of no meaning.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret hkdf_expand(byte_view extracted, std::size_t size,
                                                     hkdf_options options = {});

}  // namespace tidewire::crypto
