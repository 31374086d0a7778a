#include "openssl.hpp"

#include <openssl/err.h>

#include <array>
#include <atomic>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace tidewire::crypto {
namespace {

struct names {
  std::string_view ours;
  const char* openssl;
};
constexpr std::array<names, hash_algorithm_count> table{{
    {"md5", "MD5"},
    {"sha1", "SHA1"},
    {"sha224", "SHA2-224"},
    {"sha256", "SHA2-256"},
    {"sha384", "SHA2-384"},
    {"sha512", "SHA2-512"},
    {"sha512-224", "SHA2-512/224"},
    {"sha512-256", "SHA2-512/256"},
    {"sha3-224", "SHA3-224"},
    {"sha3-256", "SHA3-256"},
    {"sha3-384", "SHA3-384"},
    {"sha3-512", "SHA3-512"},
    {"shake128", "SHAKE-128"},
    {"shake256", "SHAKE-256"},
    {"blake2b", "BLAKE2B-512"},
    {"blake2s", "BLAKE2S-256"},
}};

// Contexts that this thread has used. Two are as many as the digest of a digest takes at a time; more serve
// those who hash several things at once. Trivially destructible: objects with static storage may hash, and be
// destroyed, when those of the thread are gone.
struct context_cache {
  std::array<EVP_MD_CTX*, 8> kept;
  std::size_t count;
  bool closed;
};
constinit thread_local context_cache contexts{};

struct cache_closer {
  ~cache_closer() {
    while (contexts.count > 0) EVP_MD_CTX_free(contexts.kept[--contexts.count]);
    contexts.closed = true;
  }
  void is_needed() const noexcept {}
};
thread_local cache_closer closer;

// Handles are kept for good: a program may hash until its very end.
std::array<std::atomic<EVP_MD*>, hash_algorithm_count> handles{};

}  // namespace

secret take_key(digest&& value) {
  secret key(value.bytes());
  static_assert(std::is_trivially_copyable_v<digest>);
  wipe(std::as_writable_bytes(std::span(&value, 1)));
  return key;
}

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

failure openssl_failure(errc code, std::string_view doing) {
  return failure(code, std::string(doing) + ": " + openssl_reason());
}

std::string_view to_string(hash_algorithm algorithm) noexcept {
  return table[static_cast<std::size_t>(algorithm)].ours;
}

const char* openssl_name(hash_algorithm algorithm) noexcept {
  return table[static_cast<std::size_t>(algorithm)].openssl;
}

const EVP_MD* fetched(hash_algorithm algorithm) {
  std::atomic<EVP_MD*>& handle = handles[static_cast<std::size_t>(algorithm)];
  if (const EVP_MD* const known = handle.load(std::memory_order_acquire)) return known;
  EVP_MD* const fresh = EVP_MD_fetch(nullptr, openssl_name(algorithm), nullptr);
  if (fresh == nullptr) throw error(openssl_failure(errc::unavailable, to_string(algorithm)));
  EVP_MD* expected = nullptr;
  if (handle.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel)) return fresh;
  EVP_MD_free(fresh);
  return expected;
}

EVP_MD_CTX* take_context() {
  if (contexts.count > 0) return contexts.kept[--contexts.count];
  EVP_MD_CTX* const fresh = EVP_MD_CTX_new();
  if (fresh == nullptr) throw std::bad_alloc();
  return fresh;
}

void give_back_context(EVP_MD_CTX* context) noexcept {
  if (contexts.closed || contexts.count == contexts.kept.size()) return EVP_MD_CTX_free(context);
  closer.is_needed();
  contexts.kept[contexts.count++] = context;
}

}  // namespace tidewire::crypto
