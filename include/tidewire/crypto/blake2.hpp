/// @file
/// BLAKE2 with a key (RFC 7693): a MAC of any length, with a salt and a purpose, as
/// `hashlib.blake2b(key=...)`. Without a key, see `blake2b` and `blake2s` in `hash.hpp`.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

// OpenSSL's EVP_MAC_CTX.
struct evp_mac_ctx_st;

namespace tidewire::crypto {

/// How `blake2_mac` works. The views must be good until its constructor returns.
struct blake2_options {
  std::size_t size = 0;  ///< Bytes of the tag: 1 to 64 for BLAKE2b, to 32 for BLAKE2s; 0: all.
  byte_view salt{};  ///< Up to 16 bytes for BLAKE2b, 8 for BLAKE2s; shorter ones are filled up with zeros.
  byte_view personal{};  ///< What it is for, of the same sizes: tags of one purpose are good for no other.
};

/// A MAC by BLAKE2b or BLAKE2s. Copying copies the state. Moved from, it may only be assigned to or
/// destroyed. Not thread-safe: one object, one user.
class TIDEWIRE_CRYPTO_API blake2_mac {
 public:
  /// @param algorithm `hash_algorithm::blake2b` or `blake2s`.
  /// @param key       1 to 64 bytes for BLAKE2b, to 32 for BLAKE2s.
  /// @par Errors
  /// Throws `error` with `tidewire::errc::misuse` for another algorithm, and for what has another size.
  blake2_mac(hash_algorithm algorithm, byte_view key, blake2_options options = {});
  blake2_mac(hash_algorithm algorithm, std::string_view key, blake2_options options = {})
      : blake2_mac(algorithm, as_bytes(key), options) {}
  template <std::same_as<secret> Secret>
  blake2_mac(hash_algorithm algorithm, const Secret& key, blake2_options options = {})
      : blake2_mac(algorithm, key.reveal_bytes(), options) {}
  blake2_mac(const blake2_mac& other);
  blake2_mac(blake2_mac&& other) noexcept
      : keyed_(std::exchange(other.keyed_, nullptr)),
        context_(std::exchange(other.context_, nullptr)),
        size_(other.size_) {}
  blake2_mac& operator=(blake2_mac other) noexcept {
    std::swap(keyed_, other.keyed_);
    std::swap(context_, other.context_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~blake2_mac();

  /// How many bytes `finish` gives.
  [[nodiscard]] std::size_t digest_size() const noexcept { return size_; }
  /// Takes in more.
  blake2_mac& update(byte_view bytes);
  /// @copydoc update
  blake2_mac& update(std::string_view text) { return update(as_bytes(text)); }
  /// The tag of all that was taken in. It is then as new, with the same key.
  [[nodiscard]] digest finish();
  /// Is `tag` that of what was taken in? As `hmac_hasher::verify`.
  [[nodiscard]] result<void> verify(byte_view tag);
  /// @copydoc verify
  [[nodiscard]] result<void> verify(const digest& tag) { return verify(tag.bytes()); }

 private:
  evp_mac_ctx_st* started();

  evp_mac_ctx_st* keyed_ = nullptr;    // after the key: never written to
  evp_mac_ctx_st* context_ = nullptr;  // null: nothing was taken in
  std::size_t size_ = 0;
};

}  // namespace tidewire::crypto
