#include <tidewire/crypto/hmac.hpp>
#include <tidewire/crypto/kdf.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "openssl.hpp"

namespace tidewire::crypto {
namespace {

constexpr std::size_t int_limit = std::numeric_limits<int>::max();

[[noreturn]] void misuse(std::string why) {
  throw error(failure(tidewire::errc::misuse, std::move(why)).during("derive a key"));
}

void require_sizes(const secret& password, byte_view salt, std::size_t size) {
  if (size == 0 || size > int_limit) misuse("a key of " + std::to_string(size) + " bytes");
  if (password.size() > int_limit || salt.size() > int_limit) misuse("a password or salt of 2 GiB or more");
}

// For what OpenSSL takes for absent if it is null.
const char* text_of(std::string_view text) noexcept {
  return text.empty() ? "" : text.data();
}

}  // namespace

secret pbkdf2(const secret& password, byte_view salt, std::size_t size, pbkdf2_options options) {
  require_sizes(password, salt, size);
  if (options.iterations == 0 || options.iterations > int_limit)
    misuse("PBKDF2 without an iteration, or with too many");
  if (is_extendable(options.hash)) misuse(std::string(to_string(options.hash)) + " has no HMAC");
  std::string key(size, '\0');
  if (PKCS5_PBKDF2_HMAC(text_of(password.reveal()), static_cast<int>(password.size()), raw(salt),
                        static_cast<int>(salt.size()), static_cast<int>(options.iterations),
                        fetched(options.hash), static_cast<int>(size), raw(as_writable_bytes(key))) != 1) {
    throw error(openssl_failure(errc::failed, "PBKDF2"));
  }
  return secret::take(std::move(key));
}

secret scrypt(const secret& password, byte_view salt, std::size_t size, scrypt_options options) {
  require_sizes(password, salt, size);
  const auto [n, r, p, limit] = options;
  if (!std::has_single_bit(n) || n < 2) misuse("scrypt wants a power of two for n, not " + std::to_string(n));
  if (r == 0 || p == 0) misuse("scrypt wants at least 1 for r and p");
  if (std::uint64_t{r} * p >= (1U << 30)) misuse("scrypt wants r * p below 2^30");
  if (r < 4 && n >= std::uint64_t{1} << (16 * r)) misuse("scrypt wants n below 2^(16 * r)");
  // B, V and T of RFC 7914 section 6.
  const std::uint64_t memory = saturating_add(
      saturating_multiply(std::uint64_t{128} * r, saturating_add(n, 2)), std::uint64_t{128} * r * p);
  if (memory > limit) {
    throw error(failure(tidewire::errc::limit_exceeded,
                        "scrypt with n = " + std::to_string(n) + ", r = " + std::to_string(r) +
                            ", p = " + std::to_string(p) + " takes " + std::to_string(memory) +
                            " bytes; the limit is " + std::to_string(limit))
                    .during("derive a key"));
  }
  std::string key(size, '\0');
  if (EVP_PBE_scrypt(text_of(password.reveal()), password.size(), raw(salt), salt.size(), n, r, p,
                     memory + 4096, raw(as_writable_bytes(key)), size) != 1) {
    throw error(openssl_failure(errc::failed, "scrypt"));
  }
  return secret::take(std::move(key));
}

secret hkdf_extract(byte_view key, hkdf_options options) {
  return take_key(hmac_hasher(options.hash, options.salt).update(key).finish());
}

secret hkdf_expand(byte_view extracted, std::size_t size, hkdf_options options) {
  const std::size_t block = digest_size(options.hash);
  if (size > 255 * block) {
    misuse("HKDF with " + std::string(to_string(options.hash)) + " gives " + std::to_string(255 * block) +
           " bytes at the most, not " + std::to_string(size));
  }
  hmac_hasher mac(options.hash, extracted);
  secret key;
  secret last;
  for (unsigned char count = 1; key.size() < size; ++count) {
    const std::byte counter{count};
    last = take_key(mac.update(last.reveal()).update(options.info).update(byte_view(&counter, 1)).finish());
    key.append(last.reveal().substr(0, size - key.size()));
  }
  return key;
}

secret hkdf(byte_view key, std::size_t size, hkdf_options options) {
  return hkdf_expand(hkdf_extract(key, options).reveal_bytes(), size, options);
}

}  // namespace tidewire::crypto
