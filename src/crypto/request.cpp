#include <tidewire/crypto/request.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <new>
#include <utility>

#include "certificate_names.hpp"
#include "pem.hpp"

namespace tidewire::crypto {
namespace {

void free_extensions(STACK_OF(X509_EXTENSION) * stack) noexcept {
  sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}

using request_ptr = openssl_ptr<X509_REQ, X509_REQ_free>;
using extensions_ptr = openssl_ptr<STACK_OF(X509_EXTENSION), free_extensions>;

void require(int done) {
  if (done != 1) throw error(openssl_failure(errc::failed, "make a certificate request"));
}

failure none(std::string detail) {
  (void)openssl_reason();
  return failure(errc::malformed_certificate, std::move(detail));
}

}  // namespace

certificate_request certificate_request::make(const private_key& key,
                                              std::span<const std::string_view> names) {
  if (names.empty()) throw error(tidewire::errc::misuse, "a certificate request without a name");
  request_ptr request(X509_REQ_new());
  if (request == nullptr) throw std::bad_alloc();
  const general_names_ptr all = general_names(names);
  set_common_name(X509_REQ_get_subject_name(request.get()), names.front());
  require(X509_REQ_set_pubkey(request.get(), key.native_handle()));
  STACK_OF(X509_EXTENSION)* made = nullptr;
  const int added = X509V3_add1_i2d(&made, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT);
  const extensions_ptr extensions(made);
  require(added);
  require(X509_REQ_add_extensions(request.get(), extensions.get()));
  const EVP_MD* const hash = key.kind() == key_kind::ed25519 ? nullptr : fetched(hash_algorithm::sha256);
  require(X509_REQ_sign(request.get(), key.native_handle(), hash) > 0 ? 1 : 0);
  return certificate_request(std::shared_ptr<X509_req_st>(request.release(), X509_REQ_free));
}

result<certificate_request> certificate_request::checked(X509_req_st* request) {
  std::shared_ptr<X509_req_st> owned(request, X509_REQ_free);
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request);
  if (key == nullptr || X509_REQ_verify(request, key) != 1) return none("it is not signed with its own key");
  return certificate_request(std::move(owned));
}

result<certificate_request> certificate_request::from_pem(std::string_view text) {
  if (const auto fits = check_key_file_size(text.size()); !fits) return fits.error();
  const bio_ptr stream = reading_from(as_bytes(text));
  X509_REQ* const request = PEM_read_bio_X509_REQ(stream.get(), nullptr, nullptr, nullptr);
  if (request == nullptr) return none("no certificate request; " + labels_of(text));
  return checked(request);
}

result<certificate_request> certificate_request::from_der(byte_view bytes) {
  if (const auto fits = check_key_file_size(bytes.size()); !fits) return fits.error();
  const unsigned char* at = raw(bytes);
  X509_REQ* const request = d2i_X509_REQ(nullptr, &at, static_cast<long>(bytes.size()));
  if (request == nullptr) return openssl_failure(errc::malformed_certificate, "DER");
  auto read = checked(request);
  const auto used = static_cast<std::size_t>(at - raw(bytes));
  if (read && used != bytes.size()) return none(std::to_string(bytes.size() - used) + " bytes after its end");
  return read;
}

std::string certificate_request::subject() const {
  return name_text(X509_REQ_get_subject_name(request_.get()));
}

std::vector<std::string> certificate_request::names() const {
  const extensions_ptr extensions(X509_REQ_get_extensions(request_.get()));
  const general_names_ptr all(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  (void)openssl_reason();
  std::vector<std::string> names;
  for (const int kind : {GEN_DNS, GEN_IPADD, GEN_EMAIL}) {
    for (std::string& each : texts_of(all.get(), kind)) names.push_back(std::move(each));
  }
  return names;
}

result<public_key> certificate_request::key() const {
  EVP_PKEY* const key = X509_REQ_get_pubkey(request_.get());
  if (key == nullptr) return openssl_failure(errc::malformed_key, "the key of the request");
  return public_key::adopt(key);
}

std::vector<std::byte> certificate_request::to_der() const {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_REQ(request_.get(), &encoded);
  require(size > 0 ? 1 : 0);
  const encoded_ptr owner(encoded);
  const auto bytes = as_bytes(std::span(encoded, static_cast<std::size_t>(size)));
  return {bytes.begin(), bytes.end()};
}

std::string certificate_request::to_pem() const {
  const bio_ptr stream = memory_stream();
  require(PEM_write_bio_X509_REQ(stream.get(), request_.get()));
  return std::string(written_to(stream.get()));
}

}  // namespace tidewire::crypto
