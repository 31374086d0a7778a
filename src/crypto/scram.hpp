// What both sides of SCRAM (RFC 5802) share: its messages and its arithmetic.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/hash.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::crypto::scram {

/// A mechanism of the family.
struct kind {
  hash_algorithm hash = hash_algorithm::sha256;
  bool plus = false;  // with channel binding
};
/// Nothing if it is none of them.
std::optional<kind> kind_of(std::string_view mechanism) noexcept;

/// `a=b,c=d`: takes the next attribute of a message, which has to have that name. Nothing if it has not.
std::optional<std::string_view> take_attribute(std::string_view& message, char name) noexcept;

/// A saslname: `=` and `,` written as `=3D` and `=2C`.
std::string escaped(std::string_view name);
/// The other way round; nothing if it is none, or is empty.
std::optional<std::string> unescaped(std::string_view name);

/// Is it a nonce: visible ASCII without a comma, not empty?
bool is_nonce(std::string_view text) noexcept;

/// 18 random bytes in base64.
std::string random_nonce();

/// Iterations, without leading zeros.
std::optional<std::uint32_t> iterations(std::string_view text) noexcept;

/// The keys of RFC 5802 section 3.
struct keys {
  secret client_key;
  secret stored_key;
  secret server_key;
};
keys derive(hash_algorithm hash, const secret& prepared_password, byte_view salt, std::uint32_t iterations);

/// HMAC(key, message).
digest signature(hash_algorithm hash, byte_view key, std::string_view message);
/// Both, bit by bit.
std::string exclusive_or(byte_view left, byte_view right);

failure malformed(std::string_view what);

}  // namespace tidewire::crypto::scram
