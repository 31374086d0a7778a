#include <tidewire/crypto/key.hpp>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "input_file.hpp"
#include "pem.hpp"

namespace tidewire::crypto {
namespace {

using key_ptr = openssl_ptr<EVP_PKEY, EVP_PKEY_free>;
using key_context_ptr = openssl_ptr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using decoder_ptr = openssl_ptr<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free>;

constexpr std::size_t ed25519_size = 32;

std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) {
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

bool is(const EVP_PKEY* key, const char* type) noexcept {
  return EVP_PKEY_is_a(key, type) == 1;
}

// The password that OpenSSL asks for, and whether it did.
struct password_question {
  const secret* password = nullptr;
  bool asked = false;
};

int answer(char* buffer, int size, int /*writing*/, void* data) {
  auto& question = *static_cast<password_question*>(data);
  question.asked = true;
  const std::string_view password = question.password->reveal();
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::ranges::copy(password, buffer);
  return static_cast<int>(password.size());
}

failure not_decrypted(const secret& password) {
  (void)openssl_reason();
  return failure(errc::wrong_password, password.empty() ? "the key is encrypted, and no password was given"
                                                        : "the key cannot be decrypted with this password");
}

result<key_ptr> decode(byte_view bytes, int selection) {
  if (const auto fits = check_key_file_size(bytes.size()); !fits) return fits.error();
  EVP_PKEY* key = nullptr;
  const decoder_ptr decoder(
      OSSL_DECODER_CTX_new_for_pkey(&key, "DER", nullptr, nullptr, selection, nullptr, nullptr));
  if (decoder == nullptr) throw error(openssl_failure(errc::failed, "make a decoder"));
  const unsigned char* at = raw(bytes);
  std::size_t left = bytes.size();
  const bool decoded = !bytes.empty() && OSSL_DECODER_from_data(decoder.get(), &at, &left) == 1;
  key_ptr owned(key);
  if (!decoded || owned == nullptr) return openssl_failure(errc::malformed_key, "DER");
  if (left != 0)
    return failure(errc::malformed_key, std::to_string(left) + " bytes after the end of the key");
  return owned;
}

result<key_ptr> raw_ed25519(byte_view bytes, decltype(&EVP_PKEY_new_raw_public_key_ex) make) {
  if (bytes.size() != ed25519_size) {
    return failure(errc::malformed_key, "an Ed25519 key has 32 bytes, not " + std::to_string(bytes.size()));
  }
  key_ptr key(make(nullptr, "ED25519", nullptr, raw(bytes), bytes.size()));
  if (key == nullptr) return openssl_failure(errc::malformed_key, "Ed25519");
  return key;
}

std::string curve_of(EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return "EC";
  if (std::strcmp(name, "prime256v1") == 0) return "P-256";
  if (std::strcmp(name, "secp384r1") == 0) return "P-384";
  if (std::strcmp(name, "secp521r1") == 0) return "P-521";
  return name;
}

// Ed25519 takes the message as it is, without a digest.
const char* digest_name(key_kind kind, hash_algorithm hash) noexcept {
  return kind == key_kind::ed25519 ? nullptr : openssl_name(hash);
}

void require_fixed_size(hash_algorithm hash) {
  if (is_extendable(hash)) {
    throw error(tidewire::errc::misuse, "no signature is made with " + std::string(to_string(hash)));
  }
}

// PSS says so at each signature, PKCS#1 by saying nothing.
bool set_padding(EVP_PKEY_CTX* context, key_kind kind, rsa_padding padding) {
  if (kind != key_kind::rsa || padding == rsa_padding::pkcs1) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

key_ptr generated(key_spec spec) {
  switch (spec) {
    case key_spec::ec_p256: return key_ptr(EVP_EC_gen("P-256"));
    case key_spec::ec_p384: return key_ptr(EVP_EC_gen("P-384"));
    case key_spec::ed25519: return key_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case key_spec::rsa_2048: return key_ptr(EVP_RSA_gen(2048));
    case key_spec::rsa_3072: return key_ptr(EVP_RSA_gen(3072));
    case key_spec::rsa_4096: return key_ptr(EVP_RSA_gen(4096));
    case key_spec::rsa_1024_dangerous: return key_ptr(EVP_RSA_gen(1024));
  }
  throw error(tidewire::errc::misuse, "no such kind of key");
}

}  // namespace

result<public_key> public_key::from_pem(std::string_view text) {
  if (const auto fits = check_key_file_size(text.size()); !fits) return fits.error();
  const bio_ptr stream = reading_from(as_bytes(text));
  key_ptr key(PEM_read_bio_PUBKEY(stream.get(), nullptr, nullptr, nullptr));
  if (key != nullptr) return public_key(shared(key.release()));
  // PKCS#1, which the function above does not know.
  (void)openssl_reason();
  EVP_PKEY* older = nullptr;
  const decoder_ptr decoder(
      OSSL_DECODER_CTX_new_for_pkey(&older, "PEM", nullptr, "RSA", EVP_PKEY_PUBLIC_KEY, nullptr, nullptr));
  const bio_ptr again = reading_from(as_bytes(text));
  if (decoder == nullptr || OSSL_DECODER_from_bio(decoder.get(), again.get()) != 1 || older == nullptr) {
    key.reset(older);
    (void)openssl_reason();
    return failure(errc::malformed_key, "no public key; " + labels_of(text));
  }
  return public_key(shared(older));
}

result<public_key> public_key::from_der(byte_view bytes) {
  return decode(bytes, EVP_PKEY_PUBLIC_KEY).transform([](key_ptr key) {
    return public_key(shared(key.release()));
  });
}

result<public_key> public_key::from_ed25519(byte_view bytes) {
  return raw_ed25519(bytes, EVP_PKEY_new_raw_public_key_ex).transform([](key_ptr key) {
    return public_key(shared(key.release()));
  });
}

public_key public_key::adopt(evp_pkey_st* key) {
  return public_key(shared(key));
}

key_kind public_key::kind() const noexcept {
  if (is(key_.get(), "RSA")) return key_kind::rsa;
  if (is(key_.get(), "EC")) return key_kind::ec;
  if (is(key_.get(), "ED25519")) return key_kind::ed25519;
  return key_kind::other;
}

unsigned public_key::bits() const noexcept {
  return static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(key_.get())));
}

std::string public_key::description() const {
  switch (kind()) {
    case key_kind::rsa: return "RSA, " + std::to_string(bits()) + " bits";
    case key_kind::ec: return curve_of(key_.get());
    case key_kind::ed25519: return "Ed25519";
    case key_kind::other: break;
  }
  const char* const name = EVP_PKEY_get0_type_name(key_.get());
  return name != nullptr ? name : "unknown";
}

std::vector<std::byte> public_key::to_der() const {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &encoded);
  if (size <= 0) throw error(openssl_failure(errc::failed, "write a public key"));
  const auto bytes = as_bytes(std::span(encoded, static_cast<std::size_t>(size)));
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  OPENSSL_free(encoded);
  return out;
}

std::string public_key::to_pem() const {
  const bio_ptr stream = memory_stream();
  if (PEM_write_bio_PUBKEY(stream.get(), key_.get()) != 1) {
    throw error(openssl_failure(errc::failed, "write a public key"));
  }
  return std::string(written_to(stream.get()));
}

result<void> public_key::verify(byte_view message, byte_view signature, signature_options options) const {
  const key_kind what = kind();
  if (what == key_kind::other)
    return failure(errc::malformed_key, description() + " makes no signatures here");
  require_fixed_size(options.hash);
  const md_context_ptr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (context == nullptr) throw std::bad_alloc();
  if (EVP_DigestVerifyInit_ex(context.get(), &parameters, digest_name(what, options.hash), nullptr, nullptr,
                              key_.get(), nullptr) != 1 ||
      !set_padding(parameters, what, options.padding)) {
    throw error(openssl_failure(errc::failed, "check a signature"));
  }
  if (EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1)
    return {};
  (void)openssl_reason();
  return failure(errc::wrong_tag, "the signature is not that of the message with this key");
}

bool public_key::same(const public_key& other) const noexcept {
  return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

private_key private_key::generate(key_spec spec) {
  key_ptr key = generated(spec);
  if (key == nullptr) throw error(openssl_failure(errc::unavailable, "make a key"));
  return private_key(shared(key.release()));
}

result<private_key> private_key::from_pem(std::string_view text, const secret& password) {
  if (const auto fits = check_key_file_size(text.size()); !fits) return fits.error();
  const bio_ptr stream = reading_from(as_bytes(text));
  password_question question{.password = &password};
  key_ptr key(PEM_read_bio_PrivateKey(stream.get(), nullptr, answer, &question));
  if (key != nullptr) return private_key(shared(key.release()));
  if (question.asked) return not_decrypted(password);
  (void)openssl_reason();
  return failure(errc::malformed_key, "no private key; " + labels_of(text));
}

result<private_key> private_key::from_file(const std::filesystem::path& path, const secret& password) {
  auto key =
      read_key_file(path).and_then([&](const secret& text) { return from_pem(text.reveal(), password); });
  if (!key) key.error().during("read key").with(name_of(path));
  return key;
}

result<private_key> private_key::from_der(byte_view bytes) {
  return decode(bytes, EVP_PKEY_KEYPAIR).transform([](key_ptr key) {
    return private_key(shared(key.release()));
  });
}

result<private_key> private_key::from_ed25519(byte_view bytes) {
  return raw_ed25519(bytes, EVP_PKEY_new_raw_private_key_ex).transform([](key_ptr key) {
    return private_key(shared(key.release()));
  });
}

private_key private_key::adopt(evp_pkey_st* key) {
  return private_key(shared(key));
}

public_key private_key::public_part() const {
  EVP_PKEY_up_ref(key_.get());
  return public_key::adopt(key_.get());
}

secret private_key::to_pem() const {
  const bio_ptr stream = memory_stream();
  if (PEM_write_bio_PKCS8PrivateKey(stream.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw error(openssl_failure(errc::failed, "write a private key"));
  }
  return secret(written_to(stream.get()));
}

std::string private_key::to_encrypted_pem(const secret& password) const {
  if (password.empty()) throw error(tidewire::errc::misuse, "an empty password for a key");
  const bio_ptr stream = memory_stream();
  const std::string_view text = password.reveal();
  if (PEM_write_bio_PKCS8PrivateKey(stream.get(), key_.get(), EVP_aes_256_cbc(), text.data(),
                                    static_cast<int>(text.size()), nullptr, nullptr) != 1) {
    throw error(openssl_failure(errc::failed, "write a private key"));
  }
  return std::string(written_to(stream.get()));
}

std::vector<std::byte> private_key::sign(byte_view message, signature_options options) const {
  const key_kind what = kind();
  if (what == key_kind::other) throw error(errc::malformed_key, description() + " makes no signatures here");
  require_fixed_size(options.hash);
  const md_context_ptr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (context == nullptr) throw std::bad_alloc();
  std::size_t size = 0;
  if (EVP_DigestSignInit_ex(context.get(), &parameters, digest_name(what, options.hash), nullptr, nullptr,
                            key_.get(), nullptr) != 1 ||
      !set_padding(parameters, what, options.padding) ||
      EVP_DigestSign(context.get(), nullptr, &size, raw(message), message.size()) != 1) {
    throw error(openssl_failure(errc::malformed_key, "sign"));
  }
  std::vector<std::byte> signature(size);
  if (EVP_DigestSign(context.get(), raw(byte_span(signature)), &size, raw(message), message.size()) != 1) {
    throw error(openssl_failure(errc::malformed_key, "sign"));
  }
  signature.resize(size);
  return signature;
}

}  // namespace tidewire::crypto
