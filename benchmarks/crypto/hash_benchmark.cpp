// Digests and HMACs against OpenSSL's: by name, as most programs call it; with a handle fetched once and a
// context that is used again; HMAC() and EVP_MAC.

#include <tidewire/crypto/hash.hpp>
#include <tidewire/crypto/hmac.hpp>

#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace {

namespace crypto = tidewire::crypto;
using tag = std::array<unsigned char, 32>;

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";

std::string message_of(const benchmark::State& state) {
  std::string message(static_cast<std::size_t>(state.range(0)), '\0');
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i * 131);
  return message;
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

tag tag_of(const crypto::digest& value) {
  tag bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::to_integer<unsigned char>(value.bytes()[i]);
  return bytes;
}

// Runs `once`, which gives a tag, until time is up; first checks that it is the one that tidewire gives.
template <class F>
void measure(benchmark::State& state, const crypto::digest& expected, F once) {
  if (once() != tag_of(expected)) return state.SkipWithError("wrong answer");
  for (auto _ : state) benchmark::DoNotOptimize(once());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

// What it has to be, by OpenSSL's plainest call.
tag by_openssl(std::string_view message) {
  tag out{};
  EVP_Digest(message.data(), message.size(), out.data(), nullptr, EVP_sha256(), nullptr);
  return out;
}
tag hmac_by_openssl(std::string_view message) {
  tag out{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(message), message.size(), out.data(),
       nullptr);
  return out;
}

void sha256_ours(benchmark::State& state) {
  const std::string message = message_of(state);
  if (tag_of(crypto::sha256(message).finish()) != by_openssl(message)) {
    return state.SkipWithError("wrong answer");
  }
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(message).finish());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void sha256_by_name(benchmark::State& state) {
  const std::string message = message_of(state);
  measure(state, crypto::sha256(message).finish(), [&] {
    tag out{};
    EVP_Digest(message.data(), message.size(), out.data(), nullptr, EVP_get_digestbyname("sha256"), nullptr);
    return out;
  });
}

void sha256_reused(benchmark::State& state) {
  const std::string message = message_of(state);
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> function(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                 &EVP_MD_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  measure(state, crypto::sha256(message).finish(), [&] {
    tag out{};
    EVP_DigestInit_ex2(context.get(), function.get(), nullptr);
    EVP_DigestUpdate(context.get(), message.data(), message.size());
    EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
    return out;
  });
}

void hmac_ours(benchmark::State& state) {
  const std::string message = message_of(state);
  crypto::hmac<crypto::sha256> mac(key);
  if (tag_of(mac.update(message).finish()) != hmac_by_openssl(message)) {
    return state.SkipWithError("wrong answer");
  }
  for (auto _ : state) benchmark::DoNotOptimize(mac.update(message).finish());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void hmac_function(benchmark::State& state) {
  const std::string message = message_of(state);
  measure(state, crypto::hmac<crypto::sha256>(key).update(message).finish(),
          [&] { return hmac_by_openssl(message); });
}

void hmac_evp_mac(benchmark::State& state) {
  const std::string message = message_of(state);
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> function(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                                   &EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(function.get()),
                                                                          &EVP_MAC_CTX_free);
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                   OSSL_PARAM_construct_end()};
  EVP_MAC_init(context.get(), raw(key), key.size(), parameters);
  measure(state, crypto::hmac<crypto::sha256>(key).update(message).finish(), [&] {
    tag out{};
    std::size_t size = 0;
    EVP_MAC_init(context.get(), nullptr, 0, nullptr);
    EVP_MAC_update(context.get(), raw(message), message.size());
    EVP_MAC_final(context.get(), out.data(), &size, out.size());
    return out;
  });
}

BENCHMARK(sha256_ours)->Name("crypto/sha256/ours")->Arg(64)->Arg(16 * 1024);
BENCHMARK(sha256_by_name)->Name("crypto/sha256/by-name")->Arg(64)->Arg(16 * 1024);
BENCHMARK(sha256_reused)->Name("crypto/sha256/evp-reused")->Arg(64)->Arg(16 * 1024);
BENCHMARK(hmac_ours)->Name("crypto/hmac-sha256/ours")->Arg(64)->Arg(16 * 1024);
BENCHMARK(hmac_function)->Name("crypto/hmac-sha256/HMAC()")->Arg(64)->Arg(16 * 1024);
BENCHMARK(hmac_evp_mac)->Name("crypto/hmac-sha256/evp-mac")->Arg(64)->Arg(16 * 1024);

}  // namespace
