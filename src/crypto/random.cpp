#include <tidewire/base/base64.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/random.hpp>

#include <openssl/rand.h>

#include <array>

#include "openssl.hpp"

namespace tidewire::crypto {

void fill_random(byte_span out) {
  if (RAND_bytes_ex(nullptr, raw(out), out.size(), 0) != 1) {
    wipe(out);
    throw error(openssl_failure(errc::no_randomness, "OpenSSL"));
  }
}

std::vector<std::byte> random_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  fill_random(bytes);
  return bytes;
}

secret random_secret(std::size_t size) {
  std::string bytes(size, '\0');
  fill_random(as_writable_bytes(bytes));
  return secret::take(std::move(bytes));
}

std::string token_hex(std::size_t size) {
  return hex::encode(random_secret(size).reveal_bytes());
}

std::string token_urlsafe(std::size_t size) {
  return base64::encode(random_secret(size).reveal_bytes(), base64::url);
}

std::uint64_t random_below(std::uint64_t limit) {
  if (limit == 0) throw error(tidewire::errc::misuse, "there is no integer below 0 to choose");
  // Numbers below this are one too many for some of the answers: they are drawn again.
  const std::uint64_t unfair = (0 - limit) % limit;
  for (;;) {
    const std::uint64_t drawn = random_generator()();
    if (drawn >= unfair) return drawn % limit;
  }
}

random_generator::result_type random_generator::operator()() const {
  std::array<std::byte, sizeof(result_type)> bytes;
  fill_random(bytes);
  return load_big<result_type>(std::span<const std::byte, sizeof(result_type)>(bytes));
}

}  // namespace tidewire::crypto
