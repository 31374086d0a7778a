#include <tidewire/crypto/authority.hpp>
#include <tidewire/crypto/random.hpp>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <new>

#include "certificate_names.hpp"
#include "pem.hpp"

namespace tidewire::crypto {
namespace {

using namespace std::chrono_literals;

using x509_ptr = openssl_ptr<X509, X509_free>;
using extension_ptr = openssl_ptr<X509_EXTENSION, X509_EXTENSION_free>;

using time_ptr = openssl_ptr<ASN1_TIME, ASN1_TIME_free>;
using id_ptr = openssl_ptr<OCSP_CERTID, OCSP_CERTID_free>;
using basic_ptr = openssl_ptr<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using response_ptr = openssl_ptr<OCSP_RESPONSE, OCSP_RESPONSE_free>;

struct validity {
  std::chrono::sys_seconds from;
  std::chrono::sys_seconds until;
};

void require(int done, std::string_view doing = "make a certificate") {
  if (done != 1) throw error(openssl_failure(errc::failed, doing));
}

std::chrono::sys_seconds moment(std::optional<std::chrono::sys_seconds> given) {
  return given ? *given : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

validity validity_of(const issue_options& options, std::chrono::sys_seconds now) {
  const validity when{options.not_before.value_or(now - 1h),
                      options.not_after.value_or(now + std::chrono::days(90))};
  if (when.from > when.until) throw error(tidewire::errc::misuse, "a certificate that ends before it begins");
  return when;
}

void set_time(ASN1_TIME* time, std::chrono::sys_seconds when) {
  require(ASN1_TIME_set(time, static_cast<std::time_t>(when.time_since_epoch().count())) != nullptr ? 1 : 0);
}

time_ptr time_of(std::chrono::sys_seconds when) {
  // OCSP has no other form of times.
  time_ptr time(ASN1_GENERALIZEDTIME_set(nullptr, static_cast<std::time_t>(when.time_since_epoch().count())));
  if (time == nullptr) throw std::bad_alloc();
  return time;
}

void add_extension(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  require(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1 ? 1 : 0);
}

void add_names(X509* x509, std::span<const std::string_view> texts) {
  if (texts.empty()) return;
  const general_names_ptr names = general_names(texts);
  require(X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT));
}

// A certificate without its extensions and signature.
x509_ptr begun(std::string_view common_name, const public_key& key, const validity& when) {
  x509_ptr x509(X509_new());
  if (x509 == nullptr) throw std::bad_alloc();
  require(X509_set_version(x509.get(), X509_VERSION_3));
  // 127 random bits and one that is set: positive, and never twice.
  auto serial = random_bytes(16);
  serial.front() = (serial.front() & std::byte{0x7f}) | std::byte{0x40};
  require(ASN1_STRING_set(X509_get_serialNumber(x509.get()), serial.data(), static_cast<int>(serial.size())));
  set_time(X509_getm_notBefore(x509.get()), when.from);
  set_time(X509_getm_notAfter(x509.get()), when.until);
  set_common_name(X509_get_subject_name(x509.get()), common_name);
  require(X509_set_pubkey(x509.get(), key.native_handle()));
  return x509;
}

certificate signed_by(x509_ptr x509, const private_key& key) {
  const EVP_MD* const hash = key.kind() == key_kind::ed25519 ? nullptr : fetched(hash_algorithm::sha256);
  require(X509_sign(x509.get(), key.native_handle(), hash) > 0 ? 1 : 0, "sign a certificate");
  return certificate::adopt(x509.release()).value();
}

void name_issuer(X509* x509, X509* issuer) {
  require(X509_set_issuer_name(x509, X509_get_subject_name(issuer)));
  add_extension(x509, issuer, NID_subject_key_identifier, "hash");
  add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
}

// Of an authority; without an issuer, it is a root.
certificate authority_certificate(const authority_options& options, const private_key& key,
                                  const certificate* issuer, const private_key& signing) {
  if (!std::ranges::all_of(options.name, [](char c) { return ascii::is_visible(c) || c == ' '; }))
    check_name(options.name);
  const auto now = moment(options.now);
  x509_ptr x509 = begun(options.name, key.public_part(), {now - 1h, now + options.valid_for});
  const std::string limit = options.path_length < 0 ? "" : ",pathlen:" + std::to_string(options.path_length);
  add_extension(x509.get(), nullptr, NID_basic_constraints, ("critical,CA:TRUE" + limit).c_str());
  add_extension(x509.get(), nullptr, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!options.permitted_domain.empty()) {
    // A text of OpenSSL's configuration: a comma would begin another one.
    check_name(options.permitted_domain.find(',') == npos ? options.permitted_domain : "");
    const std::string permitted = "critical,permitted;DNS:" + std::string(options.permitted_domain);
    add_extension(x509.get(), nullptr, NID_name_constraints, permitted.c_str());
  }
  name_issuer(x509.get(), issuer == nullptr ? x509.get() : issuer->native_handle());
  return signed_by(std::move(x509), signing);
}

certificate leaf_certificate(std::span<const std::string_view> names, const issue_options& options,
                             const public_key& key, const validity& when, const certificate* issuer,
                             const private_key& signing) {
  const std::string_view common_name = !options.common_name.empty() ? options.common_name
                                       : !names.empty()             ? names.front()
                                                                    : "unnamed";
  x509_ptr x509 = begun(common_name, key, when);
  add_extension(x509.get(), nullptr, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509.get(), nullptr, NID_key_usage,
                key.kind() == key_kind::rsa ? "critical,digitalSignature,keyEncipherment"
                                            : "critical,digitalSignature");
  constexpr std::array usages{"serverAuth", "clientAuth", "serverAuth,clientAuth", "OCSPSigning"};
  add_extension(x509.get(), nullptr, NID_ext_key_usage, usages[static_cast<std::size_t>(options.purpose)]);
  if (options.must_staple) add_extension(x509.get(), nullptr, NID_tlsfeature, "status_request");
  add_names(x509.get(), names);
  name_issuer(x509.get(), issuer == nullptr ? x509.get() : issuer->native_handle());
  return signed_by(std::move(x509), signing);
}

}  // namespace

authority::authority(authority_options options)
    : key_(private_key::generate(options.key)), now_(options.now) {
  chain_.push_back(authority_certificate(options, key_, nullptr, key_));
}

authority authority::intermediate(authority_options options) const {
  if (!options.now) options.now = now_;
  private_key key = private_key::generate(options.key);
  std::vector<certificate> chain{authority_certificate(options, key, &own_certificate(), key_)};
  for (const certificate& each : chain_) {
    if (!each.is_self_issued()) chain.push_back(each);
  }
  return authority(std::move(chain), std::move(key), options.now);
}

identity authority::issue(std::span<const std::string_view> names, issue_options options) const {
  private_key key = private_key::generate(options.key);
  return {issue(names, key.public_part(), options), std::move(key)};
}

std::vector<certificate> authority::issue(const certificate_request& request, issue_options options) const {
  const auto key = request.key();
  if (!key) throw error(key.error());
  const std::vector<std::string> names = request.names();
  const std::vector<std::string_view> views(names.begin(), names.end());
  return issue(views, *key, options);
}

std::vector<certificate> authority::issue(std::span<const std::string_view> names, const public_key& key,
                                          const issue_options& options) const {
  std::vector<certificate> chain{
      leaf_certificate(names, options, key, validity_of(options, moment(now_)), &own_certificate(), key_)};
  for (const certificate& each : chain_) {
    if (!each.is_self_issued()) chain.push_back(each);
  }
  return chain;
}

identity authority::issue_expired(std::initializer_list<std::string_view> names,
                                  issue_options options) const {
  options.not_after = moment(now_) - std::chrono::days(1);
  if (!options.not_before) options.not_before = *options.not_after - std::chrono::days(30);
  return issue(names, options);
}

identity authority::issue_not_yet_valid(std::initializer_list<std::string_view> names,
                                        issue_options options) const {
  options.not_before = moment(now_) + std::chrono::days(1);
  return issue(names, options);
}

ocsp_response authority::status_of(const certificate& of, status_options options) const {
  constexpr std::string_view doing = "make an OCSP response";
  const auto from = options.this_update.value_or(moment(now_) - 1h);
  const bool revoked = options.status == certificate_status::revoked;
  const time_ptr this_update = time_of(from);
  const time_ptr next_update = options.valid_for > 0s ? time_of(from + options.valid_for) : nullptr;
  const time_ptr revoked_at = revoked ? time_of(moment(now_) - 1h) : nullptr;
  X509* const issuer = own_certificate().native_handle();
  const id_ptr id(OCSP_cert_to_id(fetched(hash_algorithm::sha1), of.native_handle(), issuer));
  const basic_ptr basic(OCSP_BASICRESP_new());
  if (id == nullptr || basic == nullptr) throw std::bad_alloc();
  require(OCSP_basic_add1_status(basic.get(), id.get(), static_cast<int>(options.status),
                                 revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : OCSP_REVOKED_STATUS_NOSTATUS,
                                 revoked_at.get(), this_update.get(), next_update.get()) != nullptr
              ? 1
              : 0,
          doing);
  const certificate& signer = options.responder != nullptr ? options.responder->leaf() : own_certificate();
  const private_key& key = options.responder != nullptr ? options.responder->key : key_;
  const EVP_MD* const hash = key.kind() == key_kind::ed25519 ? nullptr : fetched(hash_algorithm::sha256);
  require(OCSP_basic_sign(basic.get(), signer.native_handle(), key.native_handle(), hash, nullptr,
                          options.responder != nullptr ? 0 : OCSP_NOCERTS),
          doing);
  const response_ptr response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  unsigned char* encoded = nullptr;
  const int size = response != nullptr ? i2d_OCSP_RESPONSE(response.get(), &encoded) : -1;
  require(size > 0 ? 1 : 0, doing);
  const encoded_ptr owner(encoded);
  return ocsp_response::from_der(as_bytes(std::span(encoded, static_cast<std::size_t>(size)))).value();
}

identity authority::self_signed(std::initializer_list<std::string_view> names, issue_options options) {
  private_key key = private_key::generate(options.key);
  std::vector<certificate> chain{leaf_certificate(std::span(names.begin(), names.size()), options,
                                                  key.public_part(),
                                                  validity_of(options, moment(std::nullopt)), nullptr, key)};
  return {std::move(chain), std::move(key)};
}

}  // namespace tidewire::crypto
