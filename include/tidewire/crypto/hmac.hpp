/// @file
/// HMAC (RFC 2104): proof that a message is whole and from somebody who knows the key.
///
/// @code
/// auto tag = crypto::hmac<crypto::sha256>(key).update(a).update(b).finish();
/// if (!crypto::hmac<crypto::sha256>(key).update(message).verify(tag)) ...
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace tidewire::crypto {

/// Tags may be cut to so many bytes, and to no fewer: the 80 bits of RFC 2104 section 5.
inline constexpr std::size_t min_tag_size = 10;

/// HMAC over a hash that is known at run time; `hmac<sha256>` has it in the type.
///
/// The key is worked in once. Copies share what came of it, which costs next to nothing, and may be used from
/// other threads; one object has one user. Moved from, it may only be assigned to or destroyed. What came of
/// the key is wiped with the last copy. Nothing is allocated by it in steady state; OpenSSL 3.0 itself
/// allocates the state of the hash (some hundred bytes) twice for each tag.
///
/// @par Errors
/// The constructors throw `error` with `tidewire::errc::misuse` for SHAKE, which has no HMAC, and with
/// `errc::unavailable` as `hasher` does.
class TIDEWIRE_CRYPTO_API hmac_hasher {
 public:
  /// @param key Of any size; what is longer than `block_size` is hashed first.
  hmac_hasher(hash_algorithm algorithm, byte_view key);
  hmac_hasher(hash_algorithm algorithm, std::string_view key) : hmac_hasher(algorithm, as_bytes(key)) {}
  template <std::same_as<secret> Secret>
  hmac_hasher(hash_algorithm algorithm, const Secret& key) : hmac_hasher(algorithm, key.reveal_bytes()) {}
  hmac_hasher(const hmac_hasher& other);
  hmac_hasher(hmac_hasher&& other) noexcept
      : key_(std::move(other.key_)),
        context_(std::exchange(other.context_, nullptr)),
        algorithm_(other.algorithm_) {}
  hmac_hasher& operator=(hmac_hasher other) noexcept {
    std::swap(key_, other.key_);
    std::swap(context_, other.context_);
    std::swap(algorithm_, other.algorithm_);
    return *this;
  }
  ~hmac_hasher() {
    if (context_ != nullptr) reset();
  }

  [[nodiscard]] hash_algorithm algorithm() const noexcept { return algorithm_; }
  /// How many bytes `finish` gives.
  [[nodiscard]] std::size_t digest_size() const noexcept { return crypto::digest_size(algorithm_); }

  /// Takes in more.
  hmac_hasher& update(byte_view bytes);
  /// @copydoc update
  hmac_hasher& update(std::string_view text) { return update(as_bytes(text)); }

  /// The tag of all that was taken in. It is then as new, with the same key.
  [[nodiscard]] digest finish();
  /// Is `tag` that of what was taken in? Compared in constant time. It is then as new, with the same key.
  /// @return `errc::wrong_tag` if not; the detail says so, or, of a tag that was cut or has another length,
  /// which
  ///         length it has to have.
  [[nodiscard]] result<void> verify(byte_view tag);
  /// @copydoc verify
  [[nodiscard]] result<void> verify(const digest& tag) { return verify(tag.bytes()); }
  /// The same for a protocol that cuts its tags to the first `size` bytes. How many these are is a matter of
  /// the protocol, never of the message.
  /// @par Errors
  /// Throws `error` with `tidewire::errc::misuse` unless `size` is `min_tag_size` to `digest_size()`.
  [[nodiscard]] result<void> verify_truncated(byte_view tag, std::size_t size);
  /// Forgets what was taken in.
  void reset() noexcept;

 private:
  struct keyed_states;
  evp_md_ctx_st* started();

  std::shared_ptr<const keyed_states> key_;
  evp_md_ctx_st* context_ = nullptr;  // null: nothing was taken in
  hash_algorithm algorithm_;
};

/// HMAC over `Hash`: `hmac<sha256>(key)`.
template <class Hash>
class hmac : public hmac_hasher {
 public:
  static constexpr std::size_t size = Hash::size;  ///< Bytes of its tag.

  explicit hmac(byte_view key) : hmac_hasher(Hash::algorithm_value, key) {}
  explicit hmac(std::string_view key) : hmac_hasher(Hash::algorithm_value, key) {}
  template <std::same_as<secret> Secret>
  explicit hmac(const Secret& key) : hmac_hasher(Hash::algorithm_value, key) {}
};

}  // namespace tidewire::crypto
