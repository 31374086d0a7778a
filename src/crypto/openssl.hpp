// OpenSSL's objects with owners, its errors in words, and its hash functions fetched once.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/hash.hpp>

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidewire::crypto {

template <auto Free>
struct openssl_deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
template <class T, auto Free>
using openssl_ptr = std::unique_ptr<T, openssl_deleter<Free>>;

using md_context_ptr = openssl_ptr<EVP_MD_CTX, EVP_MD_CTX_free>;

inline const unsigned char* raw(byte_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* raw(byte_span bytes) noexcept {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// The bytes of a digest that is a key; those of `value` are wiped.
secret take_key(digest&& value);

// Why the last call failed, in OpenSSL's words; the thread's queue of errors is empty afterwards. These words
// are of OpenSSL's own making: they hold neither input nor keys.
std::string openssl_reason();
// `code` because of that; `doing` says at what.
failure openssl_failure(errc code, std::string_view doing);

// The hash function, fetched at its first use and kept for the life of the program: fetching takes thousands
// of instructions, and is what makes a digest "by name" slow. Any thread. Throws errc::unavailable.
const EVP_MD* fetched(hash_algorithm algorithm);

// OpenSSL's own name for it.
const char* openssl_name(hash_algorithm algorithm) noexcept;

// A context for one digest: one that this thread has used before, if there is one left. What is given back
// must hold nothing that is secret: the state after a digest was finished.
EVP_MD_CTX* take_context();
void give_back_context(EVP_MD_CTX* context) noexcept;

}  // namespace tidewire::crypto
