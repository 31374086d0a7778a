#include <tidewire/crypto/blake2.hpp>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <new>
#include <string>

#include "openssl.hpp"
#include "tag.hpp"

namespace tidewire::crypto {
namespace {

using mac_ptr = openssl_ptr<EVP_MAC, EVP_MAC_free>;
using mac_context_ptr = openssl_ptr<EVP_MAC_CTX, EVP_MAC_CTX_free>;

void require_done(int done) {
  if (done != 1) throw error(openssl_failure(errc::failed, "compute a keyed BLAKE2"));
}

void require_size(std::string_view what, std::size_t size, std::size_t least, std::size_t most) {
  if (size >= least && size <= most) return;
  throw error(tidewire::errc::misuse, std::string(what) + " of BLAKE2 has " + std::to_string(least) + " to " +
                                          std::to_string(most) + " bytes, not " + std::to_string(size));
}

EVP_MAC_CTX* copy_of(const EVP_MAC_CTX* context) {
  if (context == nullptr) return nullptr;
  EVP_MAC_CTX* const copy = EVP_MAC_CTX_dup(context);
  if (copy == nullptr) throw std::bad_alloc();
  return copy;
}

// OpenSSL reads what its parameters point at, and has no const in them.
OSSL_PARAM octets(const char* name, byte_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());
}

}  // namespace

blake2_mac::blake2_mac(hash_algorithm algorithm, byte_view key, blake2_options options) {
  if (algorithm != hash_algorithm::blake2b && algorithm != hash_algorithm::blake2s) {
    throw error(tidewire::errc::misuse, std::string(to_string(algorithm)) + " is no BLAKE2");
  }
  const bool wide = algorithm == hash_algorithm::blake2b;
  const std::size_t most = crypto::digest_size(algorithm);
  size_ = options.size == 0 ? most : options.size;
  require_size("a key", key.size(), 1, most);
  require_size("a tag", size_, 1, most);
  require_size("a salt", options.salt.size(), 0, most / 4);
  require_size("a purpose", options.personal.size(), 0, most / 4);

  const mac_ptr function(EVP_MAC_fetch(nullptr, wide ? "BLAKE2BMAC" : "BLAKE2SMAC", nullptr));
  if (function == nullptr) throw error(openssl_failure(errc::unavailable, to_string(algorithm)));
  mac_context_ptr context(EVP_MAC_CTX_new(function.get()));
  if (context == nullptr) throw std::bad_alloc();
  std::array<OSSL_PARAM, 4> parameters{OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size_)};
  std::size_t count = 1;
  if (!options.salt.empty()) parameters[count++] = octets(OSSL_MAC_PARAM_SALT, options.salt);
  if (!options.personal.empty()) parameters[count++] = octets(OSSL_MAC_PARAM_CUSTOM, options.personal);
  parameters[count] = OSSL_PARAM_construct_end();
  require_done(EVP_MAC_init(context.get(), raw(key), key.size(), parameters.data()));
  keyed_ = context.release();
}

blake2_mac::blake2_mac(const blake2_mac& other) : size_(other.size_) {
  mac_context_ptr keyed(copy_of(other.keyed_));
  context_ = copy_of(other.context_);
  keyed_ = keyed.release();
}

blake2_mac::~blake2_mac() {
  EVP_MAC_CTX_free(context_);
  EVP_MAC_CTX_free(keyed_);
}

EVP_MAC_CTX* blake2_mac::started() {
  if (context_ == nullptr) context_ = copy_of(keyed_);
  return context_;
}

blake2_mac& blake2_mac::update(byte_view bytes) {
  require_done(EVP_MAC_update(started(), raw(bytes), bytes.size()));
  return *this;
}

digest blake2_mac::finish() {
  std::array<std::byte, max_digest_size> tag;
  std::size_t size = 0;
  require_done(EVP_MAC_final(started(), raw(byte_span(tag)), &size, tag.size()));
  EVP_MAC_CTX_free(std::exchange(context_, nullptr));
  return digest::from_bytes(byte_view(tag).first(size)).value();
}

result<void> blake2_mac::verify(byte_view tag) {
  const digest right = finish();
  return check_tag(right.bytes(), tag);
}

}  // namespace tidewire::crypto
