#include <tidewire/base/date.hpp>
#include <tidewire/crypto/ocsp.hpp>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "certificate_names.hpp"
#include "pem.hpp"

namespace tidewire::crypto {
namespace {

using namespace std::chrono_literals;

void free_stack(STACK_OF(X509) * stack) noexcept {
  sk_X509_free(stack);
}

using response_ptr = openssl_ptr<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using id_ptr = openssl_ptr<OCSP_CERTID, OCSP_CERTID_free>;
using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;
using stack_ptr = openssl_ptr<STACK_OF(X509), free_stack>;

constexpr auto clock_difference = 5min;

failure bad(std::string detail) {
  (void)openssl_reason();
  return failure(errc::bad_status_response, std::move(detail));
}

result<std::chrono::sys_seconds> moment_of(const ASN1_GENERALIZEDTIME* time) {
  return date::parse_asn1(text_of(time)).transform([](const date_time& read) { return read.time; });
}

std::string date_text(std::chrono::sys_seconds when) {
  return date::format_iso8601({.time = when});
}

// The hash that an answer names its certificate by; null if it is none that we know.
const EVP_MD* hash_of(const ASN1_OBJECT* algorithm) noexcept {
  const EVP_MD* const hash = EVP_get_digestbynid(OBJ_obj2nid(algorithm));
  return hash != nullptr && EVP_MD_get_size(hash) > 0 ? hash : nullptr;
}

// An answer names its certificate by the serial number and the hashes of the issuer's name and key. The key
// is only known with the issuer.
bool is_for(OCSP_CERTID* id, X509* subject, const X509* issuer) {
  ASN1_OCTET_STRING* name_hash = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  if (OCSP_id_get0_info(&name_hash, &algorithm, nullptr, &serial, id) != 1) return false;
  const EVP_MD* const hash = hash_of(algorithm);
  if (hash == nullptr || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(subject)) != 0) return false;
  if (issuer != nullptr) {
    const id_ptr ours(OCSP_cert_to_id(hash, subject, issuer));
    return ours != nullptr && OCSP_id_cmp(ours.get(), id) == 0;
  }
  std::array<std::byte, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  return X509_NAME_digest(X509_get_issuer_name(subject), hash, raw(byte_span(value)), &size) == 1 &&
         std::ranges::equal(byte_view(value).first(size), as_bytes(text_of(name_hash)));
}

result<ocsp_statement> read_statement(OCSP_SINGLERESP* answer) {
  int reason = -1;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  const int status = OCSP_single_get0_status(answer, &reason, &revoked, &from, &until);
  ocsp_statement statement;
  statement.status = status == V_OCSP_CERTSTATUS_GOOD      ? certificate_status::good
                     : status == V_OCSP_CERTSTATUS_REVOKED ? certificate_status::revoked
                                                           : certificate_status::unknown;
  const auto this_update = moment_of(from);
  if (!this_update) return bad("its date is none");
  statement.this_update = *this_update;
  for (auto [time, into] :
       {std::pair(until, &statement.next_update), std::pair(revoked, &statement.revoked_at)}) {
    if (time == nullptr) continue;
    const auto moment = moment_of(time);
    if (!moment) return bad("one of its dates is none");
    *into = *moment;
  }
  if (statement.status == certificate_status::revoked && reason >= 0) {
    statement.reason = OCSP_crl_reason_str(reason);
  }
  return statement;
}

result<ocsp_statement> find_statement(OCSP_BASICRESP* basic, const certificate& subject,
                                      const certificate* issuer) {
  const int count = OCSP_resp_count(basic);
  for (int i = 0; i < count; ++i) {
    OCSP_SINGLERESP* const each = OCSP_resp_get0(basic, i);
    // It asks for no constant OCSP_CERTID further on.
    auto* const id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(each));
    if (is_for(id, subject.native_handle(), issuer != nullptr ? issuer->native_handle() : nullptr)) {
      return read_statement(each);
    }
  }
  return bad("it is about " + std::string(count == 0 ? "no" : "another") + " certificate, not that for " +
             shown(subject.subject()));
}

// Nobody is trusted but the issuer, whoever certified him.
bool is_signed_for(OCSP_BASICRESP* basic, const certificate& issuer, std::chrono::sys_seconds when) {
  const store_ptr store(X509_STORE_new());
  const stack_ptr known(sk_X509_new_null());
  if (store == nullptr || known == nullptr || X509_STORE_add_cert(store.get(), issuer.native_handle()) != 1 ||
      sk_X509_push(known.get(), issuer.native_handle()) <= 0) {
    throw std::bad_alloc();
  }
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                             static_cast<std::time_t>(when.time_since_epoch().count()));
  return OCSP_basic_verify(basic, known.get(), store.get(), 0) == 1;
}

}  // namespace

result<ocsp_response> ocsp_response::from_der(byte_view bytes) {
  if (bytes.size() > max_ocsp_response_size) {
    return failure(tidewire::errc::limit_exceeded,
                   std::to_string(bytes.size()) + " bytes; an OCSP response has " +
                       std::to_string(max_ocsp_response_size) + " at the most");
  }
  const unsigned char* at = raw(bytes);
  const response_ptr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(bytes.size())));
  if (response == nullptr) return bad("it is no OCSP response");
  const auto used = static_cast<std::size_t>(at - raw(bytes));
  if (used != bytes.size()) return bad(std::to_string(bytes.size() - used) + " bytes after its end");
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return bad("the responder gave no answer: " + std::string(OCSP_response_status_str(status)));
  }
  OCSP_BASICRESP* const basic = OCSP_response_get1_basic(response.get());
  if (basic == nullptr) return bad("its kind is not known");
  return ocsp_response(std::shared_ptr<ocsp_basic_response_st>(basic, OCSP_BASICRESP_free), bytes);
}

result<ocsp_statement> ocsp_response::statement_about(const certificate& subject) const {
  return find_statement(basic_.get(), subject, nullptr);
}

result<ocsp_statement> ocsp_response::verify(const certificate& subject, const certificate& issuer,
                                             std::optional<std::chrono::sys_seconds> at) const {
  auto statement = find_statement(basic_.get(), subject, &issuer);
  if (!statement) return statement;
  const auto when = at.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  if (statement->this_update > when + clock_difference) {
    return bad("it is from " + date_text(statement->this_update) + "; it is " + date_text(when));
  }
  if (statement->next_update && *statement->next_update < when - clock_difference) {
    return bad("it was good until " + date_text(*statement->next_update) + "; it is " + date_text(when));
  }
  if (!is_signed_for(basic_.get(), issuer, when)) {
    return bad("it is signed neither by " + shown(issuer.subject()) +
               " nor by whom that authorised: " + openssl_reason());
  }
  return statement;
}

}  // namespace tidewire::crypto
