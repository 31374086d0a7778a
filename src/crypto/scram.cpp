#include "scram.hpp"

#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/hmac.hpp>
#include <tidewire/crypto/kdf.hpp>
#include <tidewire/crypto/random.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <utility>

#include "openssl.hpp"

namespace tidewire::crypto {
namespace scram {

std::optional<kind> kind_of(std::string_view mechanism) noexcept {
  kind found;
  if (ascii::iends_with(mechanism, "-PLUS")) {
    found.plus = true;
    mechanism.remove_suffix(5);
  }
  if (ascii::iequals(mechanism, "SCRAM-SHA-256")) return found;
  if (!ascii::iequals(mechanism, "SCRAM-SHA-1")) return std::nullopt;
  found.hash = hash_algorithm::sha1;
  return found;
}

std::optional<std::string_view> take_attribute(std::string_view& message, char name) noexcept {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const std::size_t comma = message.find(',');
  const std::string_view value = message.substr(2, comma == npos ? npos : comma - 2);
  message.remove_prefix(comma == npos ? message.size() : comma + 1);
  return value;
}

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '=') {
      out += "=3D";
    } else if (c == ',') {
      out += "=2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      out += name[i];
      continue;
    }
    const std::string_view code = name.substr(i, 3);
    if (code != "=3D" && code != "=2C") return std::nullopt;
    out += code == "=3D" ? '=' : ',';
    i += 2;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool is_nonce(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return ascii::is_visible(c) && c != ','; });
}

std::string random_nonce() {
  return base64::encode(random_bytes(18));
}

std::optional<std::uint32_t> iterations(std::string_view text) noexcept {
  if (text.empty() || text.front() == '0') return std::nullopt;
  return ascii::parse_unsigned<std::uint32_t>(text);
}

keys derive(hash_algorithm hash, const secret& prepared_password, byte_view salt, std::uint32_t iterations) {
  const secret salted =
      pbkdf2(prepared_password, salt, digest_size(hash), {.hash = hash, .iterations = iterations});
  hmac_hasher mac(hash, salted);
  keys derived;
  derived.client_key = take_key(mac.update("Client Key").finish());
  derived.server_key = take_key(mac.update("Server Key").finish());
  derived.stored_key = take_key(hasher(hash).update(derived.client_key.reveal_bytes()).finish());
  return derived;
}

digest signature(hash_algorithm hash, byte_view key, std::string_view message) {
  return hmac_hasher(hash, key).update(message).finish();
}

std::string exclusive_or(byte_view left, byte_view right) {
  std::string out;
  for (std::size_t i = 0; i < left.size(); ++i) out += static_cast<char>(left[i] ^ right[i]);
  return out;
}

failure malformed(std::string_view what) {
  return failure(errc::malformed_message, "SCRAM: " + std::string(what));
}

}  // namespace scram

result<scram_record> scram_record::from_password(const secret& password, hash_algorithm hash,
                                                 std::uint32_t iterations, byte_view salt) {
  const auto prepared = saslprep(password.reveal());
  if (!prepared) return prepared.error();
  scram_record record;
  record.hash = hash;
  record.iterations = iterations;
  record.salt = salt.empty() ? random_bytes(16) : std::vector<std::byte>(salt.begin(), salt.end());
  scram::keys keys = scram::derive(hash, *prepared, record.salt, iterations);
  record.stored_key = std::move(keys.stored_key);
  record.server_key = std::move(keys.server_key);
  return record;
}

}  // namespace tidewire::crypto
