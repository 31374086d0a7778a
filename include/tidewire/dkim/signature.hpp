/// @file
/// The field DKIM-Signature (RFC 6376 section 3.5), read.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/dkim/canonical.hpp>
#include <tidewire/dkim/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::dkim {

/// How a signature is made (a=).
enum class algorithm : std::uint8_t {
  rsa_sha256,      ///< RFC 6376 section 3.3.2.
  ed25519_sha256,  ///< RFC 8463.
  rsa_sha1,        ///< Read, so that it can be named; never accepted (RFC 8301 section 3.1), never made.
};

/// Its name in a signature: "rsa-sha256".
[[nodiscard]] TIDEWIRE_DKIM_API std::string_view to_string(algorithm value) noexcept;

/// The largest field that is read: 32 KiB. More is `errc::limit_exceeded`.
inline constexpr std::size_t max_signature_size = std::size_t{32} * 1024;
/// How many tags a field or a key record may have: 64. More are `errc::limit_exceeded`.
inline constexpr std::size_t max_tags = 64;
/// How many names h= may list: 1,000. More are `errc::limit_exceeded`.
inline constexpr std::size_t max_signed_fields = 1'000;

/// A signature, as it says of itself. Nothing of it is true before it is verified.
struct TIDEWIRE_DKIM_API signature {
  dkim::algorithm algorithm{};                         ///< a=
  std::vector<std::byte> value;                        ///< b=, decoded.
  std::vector<std::byte> body_hash;                    ///< bh=, decoded.
  canonicalization header = canonicalization::simple;  ///< c=, before the slash.
  canonicalization body = canonicalization::simple;    ///< c=, after the slash.
  std::string domain;                                  ///< d=: who signs, as written.
  std::string selector;                                ///< s=: which key of theirs.
  std::string identity;                                ///< i=, decoded: for whom; "@" and d= if not said.
  std::vector<std::string> fields;                     ///< h=: the names of what is signed, in order.
  std::optional<std::uint64_t> body_length;            ///< l=: how much of the body is signed.
  std::optional<std::chrono::sys_seconds> signed_at;   ///< t=
  std::optional<std::chrono::sys_seconds> expires_at;  ///< x=

  /// Where the key is: `selector._domainkey.domain` in lower case, labels that are not ASCII as `xn--` (RFC
  /// 8616).
  [[nodiscard]] std::string key_name() const;
};

/// Reads the value of a DKIM-Signature field, folds included. Tags that are not known are passed over, z= is
/// not looked at.
/// @return `errc::malformed` for what is not of the grammar, lacks a tag that it must have, has one twice, or
///         contradicts itself: From is not in h=, i= is not within d=, x= is not after t=.
///         `errc::unsupported` for a version, algorithm, canonicalisation or query method (q=) that is not
///         known. `errc::limit_exceeded` beyond the limits above. The detail says what it is.
[[nodiscard]] TIDEWIRE_DKIM_API result<signature> parse_signature(std::string_view value);

}  // namespace tidewire::dkim
