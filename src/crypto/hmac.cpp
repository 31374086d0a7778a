#include <tidewire/crypto/hmac.hpp>

#include <algorithm>
#include <array>
#include <string>

#include "openssl.hpp"
#include "tag.hpp"

namespace tidewire::crypto {
namespace {

constexpr std::size_t max_block_size = 144;

void require_done(int done) {
  if (done != 1) throw error(openssl_failure(errc::failed, "compute an HMAC"));
}

// The state of a hash that has taken in the key, each byte of which was changed by `pad`.
md_context_ptr state_after_key(const EVP_MD* function, byte_span key, std::byte pad) {
  for (std::byte& byte : key) byte ^= pad;
  md_context_ptr state(EVP_MD_CTX_new());
  if (state == nullptr) throw std::bad_alloc();
  require_done(EVP_DigestInit_ex2(state.get(), function, nullptr));
  require_done(EVP_DigestUpdate(state.get(), key.data(), key.size()));
  for (std::byte& byte : key) byte ^= pad;
  return state;
}

}  // namespace

// OpenSSL's own HMAC goes through its parameters, and mostly hashes the key anew, for each message: keeping
// the two states after the key makes it several times as fast. Never written to after the constructor: copies
// share them.
struct hmac_hasher::keyed_states {
  md_context_ptr inner;
  md_context_ptr outer;
};

hmac_hasher::hmac_hasher(hash_algorithm algorithm, byte_view key) : algorithm_(algorithm) {
  if (is_extendable(algorithm)) {
    throw error(tidewire::errc::misuse, std::string(to_string(algorithm)) + " has no HMAC");
  }
  std::array<std::byte, max_block_size> padded{};
  const byte_span block = byte_span(padded).first(block_size(algorithm));
  if (key.size() > block.size()) {
    hasher(algorithm).update(key).finish(block.first(digest_size()));
  } else {
    std::ranges::copy(key, block.begin());
  }
  const EVP_MD* const function = fetched(algorithm);
  auto states = std::make_shared<keyed_states>();
  states->inner = state_after_key(function, block, std::byte{0x36});
  states->outer = state_after_key(function, block, std::byte{0x5c});
  wipe(block);
  key_ = std::move(states);
}

hmac_hasher::hmac_hasher(const hmac_hasher& other) : key_(other.key_), algorithm_(other.algorithm_) {
  if (other.context_ == nullptr) return;
  md_context_ptr copy(take_context());
  require_done(EVP_MD_CTX_copy_ex(copy.get(), other.context_));
  context_ = copy.release();
}

void hmac_hasher::reset() noexcept {
  EVP_MD_CTX_free(std::exchange(context_, nullptr));
}

EVP_MD_CTX* hmac_hasher::started() {
  if (context_ != nullptr) return context_;
  md_context_ptr context(take_context());
  require_done(EVP_MD_CTX_copy_ex(context.get(), key_->inner.get()));
  return context_ = context.release();
}

hmac_hasher& hmac_hasher::update(byte_view bytes) {
  require_done(EVP_DigestUpdate(started(), bytes.data(), bytes.size()));
  return *this;
}

digest hmac_hasher::finish() {
  digest value;
  value.size_ = static_cast<unsigned char>(digest_size());
  EVP_MD_CTX* const context = started();
  require_done(EVP_DigestFinal_ex(context, raw(byte_span(value.bytes_)), nullptr));
  require_done(EVP_MD_CTX_copy_ex(context, key_->outer.get()));
  require_done(EVP_DigestUpdate(context, value.bytes_.data(), value.size_));
  require_done(EVP_DigestFinal_ex(context, raw(byte_span(value.bytes_)), nullptr));
  give_back_context(std::exchange(context_, nullptr));
  return value;
}

result<void> check_tag(byte_view right, byte_view tag) {
  if (tag.size() != right.size()) {
    return failure(errc::wrong_tag, "the tag has " + std::to_string(tag.size()) + " bytes; it has to have " +
                                        std::to_string(right.size()));
  }
  if (!equal_in_constant_time(right, tag)) {
    return failure(errc::wrong_tag, "the tag is not that of the message with this key");
  }
  return {};
}

result<void> hmac_hasher::verify(byte_view tag) {
  const digest right = finish();
  return check_tag(right.bytes(), tag);
}

result<void> hmac_hasher::verify_truncated(byte_view tag, std::size_t size) {
  if (size < min_tag_size || size > digest_size()) {
    throw error(tidewire::errc::misuse, "a tag of HMAC with " + std::string(to_string(algorithm_)) + " has " +
                                            std::to_string(min_tag_size) + " to " +
                                            std::to_string(digest_size()) + " bytes, not " +
                                            std::to_string(size));
  }
  const digest right = finish();
  return check_tag(right.bytes().first(size), tag);
}

}  // namespace tidewire::crypto
