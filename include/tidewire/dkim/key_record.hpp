/// @file
/// The key of a domain, as a TXT record of its DNS has it (RFC 6376 section 3.6).
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/crypto/key.hpp>
#include <tidewire/dkim/export.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::dkim {

/// The largest record that is read: 16 KiB. More is `errc::limit_exceeded`.
inline constexpr std::size_t max_key_record_size = std::size_t{16} * 1024;

/// A key record.
struct key_record {
  /// p=; nothing if that is empty: the key was revoked.
  std::optional<crypto::public_key> key;
  std::string notes;          ///< n=, decoded: for people.
  bool testing = false;       ///< t=y: the domain tries DKIM out. Treat its mail as if it had no signature.
  bool exact_domain = false;  ///< t=s: i= may not name a subdomain of d=.
  bool allows_sha256 = true;  ///< h= is not there, or has it.
  bool is_for_mail = true;    ///< s= is not there, or has `email` or `*`.
};

/// Reads a key record: the text of one TXT record, its strings joined without anything between them. Tags and
/// flags that are not known are passed over. An RSA key may be in either of the forms that are met:
/// SubjectPublicKeyInfo, or the RSAPublicKey that RFC 6376 names.
/// @return `errc::malformed` for what is not of the grammar, has another version, or has no p=; also where p=
///         is no key of the kind that k= says. `errc::unsupported` for a k= that is not known.
///         `errc::limit_exceeded` beyond the limits.
[[nodiscard]] TIDEWIRE_DKIM_API result<key_record> parse_key_record(std::string_view text);

/// The record to publish for a key: "v=DKIM1; k=rsa; p=...". A TXT record holds strings of 255 bytes: longer
/// ones are to be split where the zone file is written. Throws `error` (`errc::misuse`) for a key that is
/// neither RSA nor Ed25519.
[[nodiscard]] TIDEWIRE_DKIM_API std::string format_key_record(const crypto::public_key& key);

}  // namespace tidewire::dkim
