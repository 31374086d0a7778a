/// @file
/// Random values that nobody can guess, as `secrets` has them: for keys, tokens, nonces and passwords.
///
/// All of it is from OpenSSL's generator, which the system seeds, and anew after `fork`. Whatever cannot get
/// random bytes throws `error` with `errc::no_randomness`; nothing is ever returned that is less than random.
/// Any thread.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/export.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tidewire::crypto {

/// Fills `out`.
TIDEWIRE_CRYPTO_API void fill_random(byte_span out);
/// `size` bytes.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::vector<std::byte> random_bytes(std::size_t size);
/// `size` bytes for a key: wiped when they are freed.
[[nodiscard]] TIDEWIRE_CRYPTO_API secret random_secret(std::size_t size);
/// `size` bytes as hexadecimal text of twice that length.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::string token_hex(std::size_t size = 32);
/// `size` bytes as text for URLs, file names and cookies: base64url without padding, 4 characters for 3
/// bytes.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::string token_urlsafe(std::size_t size = 32);
/// An integer of 0 to `limit - 1`, each as likely as the others. `limit` may not be 0
/// (`tidewire::errc::misuse`).
[[nodiscard]] TIDEWIRE_CRYPTO_API std::uint64_t random_below(std::uint64_t limit);

/// A generator for the algorithms and distributions of the standard library:
/// `std::shuffle(names.begin(), names.end(), crypto::random_generator())`.
struct random_generator {
  using result_type = std::uint64_t;
  [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
  [[nodiscard]] static constexpr result_type max() noexcept {
    return std::numeric_limits<result_type>::max();
  }
  /// The next one.
  [[nodiscard]] TIDEWIRE_CRYPTO_API result_type operator()() const;
};

}  // namespace tidewire::crypto
