#include <tidewire/base/base64.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/hash.hpp>

#include <algorithm>
#include <memory>

#include "openssl.hpp"

namespace tidewire::crypto {
namespace {

// So much of an input goes through one hash after the other while it is in the cache of the processor.
constexpr std::size_t multi_hash_piece = 16 * 1024;

// A name without what people write differently: "SHA-512/256" and "sha512_256" are one.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != '/' && c != ' ') plain += ascii::to_lower(c);
  }
  return plain;
}

std::string known_names() {
  std::string names;
  for (std::size_t i = 0; i < hash_algorithm_count; ++i) {
    if (i > 0) names += ", ";
    names += to_string(static_cast<hash_algorithm>(i));
  }
  return names;
}

void finish_context(EVP_MD_CTX* context, hash_algorithm algorithm, byte_span out) {
  const int done = is_extendable(algorithm) ? EVP_DigestFinalXOF(context, raw(out), out.size())
                                            : EVP_DigestFinal_ex(context, raw(out), nullptr);
  if (done != 1) throw error(openssl_failure(errc::failed, "finish a digest"));
}

}  // namespace

result<hash_algorithm> hash_algorithm_by_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  const std::string wanted = plain_name(name.substr(0, longest));
  for (std::size_t i = 0; i < hash_algorithm_count; ++i) {
    const auto algorithm = static_cast<hash_algorithm>(i);
    if (wanted == plain_name(to_string(algorithm))) return algorithm;
  }
  // What OpenSSL and RFC 7693 call the two.
  if (wanted == "blake2b512") return hash_algorithm::blake2b;
  if (wanted == "blake2s256") return hash_algorithm::blake2s;
  return failure(errc::unknown_algorithm, "no hash is called '" + std::string(name.substr(0, longest)) +
                                              "'; known are " + known_names());
}

result<digest> digest::from_hex(std::string_view text) {
  digest value;
  const auto size = hex::decode_into(text, value.bytes_);
  if (!size) return size.error();
  value.size_ = static_cast<unsigned char>(*size);
  return value;
}

result<digest> digest::from_bytes(byte_view bytes) {
  digest value;
  if (bytes.size() > value.bytes_.size()) {
    return failure(tidewire::errc::limit_exceeded,
                   "a digest has " + std::to_string(max_digest_size) + " bytes at the most");
  }
  std::ranges::copy(bytes, value.bytes_.begin());
  value.size_ = static_cast<unsigned char>(bytes.size());
  return value;
}

std::string digest::hex() const {
  return hex::encode(bytes());
}

std::string digest::base64() const {
  return base64::encode(bytes());
}

bool digest::equal(const digest& left, const digest& right) noexcept {
  return equal_in_constant_time(left.bytes(), right.bytes());
}

result<hasher> hasher::by_name(std::string_view name) {
  return hash_algorithm_by_name(name).transform([](hash_algorithm algorithm) { return hasher(algorithm); });
}

hasher::hasher(const hasher& other) : algorithm_(other.algorithm_) {
  if (other.context_ == nullptr) return;
  md_context_ptr copy(take_context());
  if (EVP_MD_CTX_copy_ex(copy.get(), other.context_) != 1) {
    throw error(openssl_failure(errc::failed, "copy a hash"));
  }
  context_ = copy.release();
}

// A state that was not finished may hold the end of something secret: freeing it wipes it.
void hasher::reset() noexcept {
  EVP_MD_CTX_free(std::exchange(context_, nullptr));
}

EVP_MD_CTX* hasher::started() {
  if (context_ != nullptr) return context_;
  const EVP_MD* const function = fetched(algorithm_);
  EVP_MD_CTX* const context = take_context();
  if (EVP_DigestInit_ex2(context, function, nullptr) != 1) {
    EVP_MD_CTX_free(context);
    throw error(openssl_failure(errc::failed, "begin a digest"));
  }
  return context_ = context;
}

hasher& hasher::update(byte_view bytes) {
  if (EVP_DigestUpdate(started(), bytes.data(), bytes.size()) != 1) {
    throw error(openssl_failure(errc::failed, "take in bytes"));
  }
  return *this;
}

digest hasher::finish() {
  digest value;
  value.size_ = static_cast<unsigned char>(digest_size());
  finish(byte_span(value.bytes_).first(value.size_));
  return value;
}

void hasher::finish(byte_span out) {
  if (out.size() != digest_size() && !is_extendable(algorithm_)) {
    throw error(tidewire::errc::misuse, std::string(to_string(algorithm_)) + " gives " +
                                            std::to_string(digest_size()) + " bytes, not " +
                                            std::to_string(out.size()));
  }
  if (out.empty()) return reset();
  finish_context(started(), algorithm_, out);
  give_back_context(std::exchange(context_, nullptr));
}

digest hasher::peek() const {
  return hasher(*this).finish();
}

std::string hasher::hex() const& {
  return peek().hex();
}

std::string hasher::hex() && {
  return finish().hex();
}

multi_hasher::multi_hasher(std::span<const hash_algorithm> algorithms) {
  hashers_.reserve(algorithms.size());
  for (const hash_algorithm algorithm : algorithms) hashers_.emplace_back(algorithm);
}

multi_hasher& multi_hasher::update(byte_view bytes) {
  while (!bytes.empty()) {
    const byte_view piece = bytes.first(std::min(bytes.size(), multi_hash_piece));
    for (hasher& each : hashers_) each.update(piece);
    bytes = bytes.subspan(piece.size());
  }
  return *this;
}

std::vector<digest> multi_hasher::finish() {
  std::vector<digest> digests;
  digests.reserve(hashers_.size());
  for (hasher& each : hashers_) digests.push_back(each.finish());
  return digests;
}

}  // namespace tidewire::crypto
