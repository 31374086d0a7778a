#include <tidewire/base/date.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/certificate.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "certificate_names.hpp"
#include "input_file.hpp"
#include "pem.hpp"

namespace tidewire::crypto {
namespace {

std::string object_text(const ASN1_OBJECT* object, bool number) {
  if (!number) {
    const int nid = OBJ_obj2nid(object);
    if (nid != NID_undef) return OBJ_nid2sn(nid);
  }
  std::array<char, 256> text{};
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return size > 0 ? std::string(text.data()) : std::string();
}

template <class T, void (*Free)(T*)>
openssl_ptr<T, Free> extension(const X509* x509, int nid) {
  // Of two, neither: X509_get_ext_d2i gives none then. So it is with one that cannot be read.
  return openssl_ptr<T, Free>(static_cast<T*>(X509_get_ext_d2i(x509, nid, nullptr, nullptr)));
}

// The bytes of the moment; checked when the certificate was read.
std::chrono::sys_seconds moment_of(const ASN1_TIME* time) {
  return date::parse_asn1(text_of(time)).value().time;
}

// Is it a PEM text that has simply come to its end?
bool at_end_of_pem() noexcept {
  const unsigned long last = ERR_peek_last_error();
  return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

std::vector<std::string> alternative_names(const X509* x509, int wanted) {
  const auto all = extension<GENERAL_NAMES, GENERAL_NAMES_free>(x509, NID_subject_alt_name);
  (void)openssl_reason();
  return texts_of(all.get(), wanted);
}

result<identity> joined(result<std::vector<certificate>> certificates, result<private_key> key) {
  if (!certificates) return certificates.error();
  if (!key) return key.error();
  if (X509_check_private_key(certificates->front().native_handle(), key->native_handle()) != 1) {
    (void)openssl_reason();
    return failure(errc::malformed_key,
                   "the key is not that of the certificate for " + shown(certificates->front().subject()));
  }
  return identity{*std::move(certificates), *std::move(key)};
}

}  // namespace

result<certificate> certificate::adopt(x509_st* x509) {
  auto owned = std::shared_ptr<x509_st>(x509, X509_free);
  for (const ASN1_TIME* time : {X509_get0_notBefore(x509), X509_get0_notAfter(x509)}) {
    if (!date::parse_asn1(text_of(time))) {
      return failure(errc::malformed_certificate, shown(text_of(time), 30) + " is no date");
    }
  }
  return certificate(std::move(owned));
}

result<certificate> certificate::from_pem(std::string_view text) {
  if (const auto fits = check_key_file_size(text.size()); !fits) return fits.error();
  const bio_ptr stream = reading_from(as_bytes(text));
  X509* const x509 = PEM_read_bio_X509(stream.get(), nullptr, nullptr, nullptr);
  if (x509 != nullptr) return adopt(x509);
  (void)openssl_reason();
  return failure(errc::malformed_certificate, "no certificate; " + labels_of(text));
}

result<std::vector<certificate>> certificate::all_from_pem(std::string_view text) {
  if (const auto fits = check_key_file_size(text.size()); !fits) return fits.error();
  const bio_ptr stream = reading_from(as_bytes(text));
  std::vector<certificate> all;
  (void)openssl_reason();
  while (X509* const x509 = PEM_read_bio_X509(stream.get(), nullptr, nullptr, nullptr)) {
    auto next = adopt(x509);
    if (!next) return next.error();
    if (all.size() == max_certificates) {
      return failure(tidewire::errc::limit_exceeded,
                     "more than " + std::to_string(max_certificates) + " certificates");
    }
    all.push_back(*std::move(next));
  }
  const bool ended = at_end_of_pem();
  const std::string reason = openssl_reason();
  if (!ended) {
    return failure(errc::malformed_certificate,
                   "certificate " + std::to_string(all.size() + 1) + ": " + reason);
  }
  if (all.empty()) return failure(errc::malformed_certificate, "no certificate; " + labels_of(text));
  return all;
}

result<std::vector<certificate>> certificate::all_from_file(const std::filesystem::path& path) {
  auto all = read_key_file(path).and_then([](const secret& text) { return all_from_pem(text.reveal()); });
  if (!all) all.error().during("read certificates").with(name_of(path));
  return all;
}

result<certificate> certificate::from_der(byte_view bytes) {
  if (const auto fits = check_key_file_size(bytes.size()); !fits) return fits.error();
  const unsigned char* at = raw(bytes);
  X509* const x509 = d2i_X509(nullptr, &at, static_cast<long>(bytes.size()));
  if (x509 == nullptr) return openssl_failure(errc::malformed_certificate, "DER");
  auto read = adopt(x509);
  const auto used = static_cast<std::size_t>(at - raw(bytes));
  if (read && used != bytes.size()) {
    return failure(errc::malformed_certificate, std::to_string(bytes.size() - used) + " bytes after its end");
  }
  return read;
}

std::string certificate::subject() const {
  return name_text(X509_get_subject_name(x509_.get()));
}

std::string certificate::issuer() const {
  return name_text(X509_get_issuer_name(x509_.get()));
}

std::string certificate::common_name() const {
  const X509_NAME* const name = X509_get_subject_name(x509_.get());
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
  if (size < 0) {
    (void)openssl_reason();
    return {};
  }
  std::string text(as_text(as_bytes(std::span(utf8, static_cast<std::size_t>(size)))));
  OPENSSL_free(utf8);
  return text;
}

std::string certificate::serial() const {
  return hex::encode(text_of(X509_get0_serialNumber(x509_.get())));
}

std::chrono::sys_seconds certificate::not_before() const {
  return moment_of(X509_get0_notBefore(x509_.get()));
}

std::chrono::sys_seconds certificate::not_after() const {
  return moment_of(X509_get0_notAfter(x509_.get()));
}

std::vector<std::string> certificate::dns_names() const {
  return alternative_names(x509_.get(), GEN_DNS);
}

std::vector<std::string> certificate::ip_addresses() const {
  return alternative_names(x509_.get(), GEN_IPADD);
}

std::vector<std::string> certificate::email_addresses() const {
  return alternative_names(x509_.get(), GEN_EMAIL);
}

std::vector<std::string> certificate::uris() const {
  return alternative_names(x509_.get(), GEN_URI);
}

result<public_key> certificate::key() const {
  EVP_PKEY* const key = X509_get_pubkey(x509_.get());
  if (key == nullptr) return openssl_failure(errc::malformed_key, "the key of the certificate");
  return public_key::adopt(key);
}

std::string certificate::signature_algorithm() const {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, x509_.get());
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return object_text(object, false);
}

digest certificate::fingerprint(hash_algorithm algorithm) const {
  return hasher(algorithm).update(to_der()).finish();
}

bool certificate::is_ca() const {
  // 1: it says so itself. Others are certificates of the last century, or of no extension at all.
  return X509_check_ca(x509_.get()) == 1;
}

std::optional<long> certificate::path_length() const {
  const auto constraints =
      extension<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(x509_.get(), NID_basic_constraints);
  if (constraints == nullptr || !constraints->ca || constraints->pathlen == nullptr) return std::nullopt;
  return ASN1_INTEGER_get(constraints->pathlen);
}

std::vector<std::string> certificate::key_usage() const {
  constexpr std::array<std::string_view, 9> names{"digitalSignature", "nonRepudiation", "keyEncipherment",
                                                  "dataEncipherment", "keyAgreement",   "keyCertSign",
                                                  "cRLSign",          "encipherOnly",   "decipherOnly"};
  std::vector<std::string> usages;
  const auto bits = extension<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(x509_.get(), NID_key_usage);
  for (std::size_t i = 0; bits != nullptr && i < names.size(); ++i) {
    if (ASN1_BIT_STRING_get_bit(bits.get(), static_cast<int>(i)) == 1) usages.emplace_back(names[i]);
  }
  return usages;
}

std::vector<std::string> certificate::extended_key_usage() const {
  std::vector<std::string> usages;
  const auto all = extension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(x509_.get(), NID_ext_key_usage);
  for (int i = 0; i < sk_ASN1_OBJECT_num(all.get()); ++i) {
    usages.push_back(object_text(sk_ASN1_OBJECT_value(all.get(), i), false));
  }
  return usages;
}

bool certificate::allows(certificate_purpose purpose) const {
  switch (purpose) {
    case certificate_purpose::server: return X509_check_purpose(x509_.get(), X509_PURPOSE_SSL_SERVER, 0) == 1;
    case certificate_purpose::client: return X509_check_purpose(x509_.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1;
    case certificate_purpose::ocsp_responder: {
      const auto usages = extended_key_usage();
      return std::ranges::find(usages, "OCSPSigning") != usages.end();
    }
    case certificate_purpose::any: break;
  }
  return true;
}

bool certificate::requires_status() const {
  constexpr long status_request = 5;  // the extension of TLS, RFC 6066
  const auto features = extension<TLS_FEATURE, TLS_FEATURE_free>(x509_.get(), NID_tlsfeature);
  for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i) {
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == status_request) return true;
  }
  return false;
}

std::vector<certificate_extension> certificate::extensions() const {
  std::vector<certificate_extension> all;
  const int count = X509_get_ext_count(x509_.get());
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* const each = X509_get_ext(x509_.get(), i);
    const ASN1_OBJECT* const object = X509_EXTENSION_get_object(each);
    const byte_view value = as_bytes(text_of(X509_EXTENSION_get_data(each)));
    all.push_back({.oid = object_text(object, true),
                   .name = object_text(object, false),
                   .critical = X509_EXTENSION_get_critical(each) == 1,
                   .value = {value.begin(), value.end()}});
  }
  return all;
}

bool certificate::is_self_issued() const noexcept {
  return X509_NAME_cmp(X509_get_subject_name(x509_.get()), X509_get_issuer_name(x509_.get())) == 0;
}

bool certificate::is_signed_by(const certificate& issuer) const noexcept {
  const bool is = X509_verify(x509_.get(), X509_get0_pubkey(issuer.x509_.get())) == 1;
  ERR_clear_error();
  return is;
}

result<void> certificate::covers(std::string_view host) const {
  const host_to_check wanted(host);
  if (wanted.matches(x509_.get())) return {};
  return failure(errc::wrong_host, names_other_hosts(*this, host));
}

std::vector<std::byte> certificate::to_der() const {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509(x509_.get(), &encoded);
  if (size <= 0) throw error(openssl_failure(errc::failed, "write a certificate"));
  const auto bytes = as_bytes(std::span(encoded, static_cast<std::size_t>(size)));
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  OPENSSL_free(encoded);
  return out;
}

std::string certificate::to_pem() const {
  const bio_ptr stream = memory_stream();
  if (PEM_write_bio_X509(stream.get(), x509_.get()) != 1) {
    throw error(openssl_failure(errc::failed, "write a certificate"));
  }
  return std::string(written_to(stream.get()));
}

bool certificate::same(const certificate& other) const noexcept {
  return X509_cmp(x509_.get(), other.x509_.get()) == 0;
}

std::string identity::chain_pem() const {
  std::string text;
  for (const certificate& each : chain) text += each.to_pem();
  return text;
}

result<identity> identity_from_pem(std::string_view chain, std::string_view key, const secret& password) {
  return joined(certificate::all_from_pem(chain), private_key::from_pem(key, password));
}

result<identity> identity_from_files(const std::filesystem::path& chain, const std::filesystem::path& key,
                                     const secret& password) {
  auto made = joined(certificate::all_from_file(chain), private_key::from_file(key, password));
  if (!made && made.error().peer().empty()) made.error().during("read key").with(name_of(key));
  return made;
}

}  // namespace tidewire::crypto
