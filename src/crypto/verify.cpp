#include <tidewire/base/date.hpp>
#include <tidewire/crypto/certificate.hpp>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <new>

#include "pem.hpp"

namespace tidewire::crypto {
namespace {

void free_certificates(STACK_OF(X509) * stack) noexcept {
  sk_X509_free(stack);
}

using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;
using store_context_ptr = openssl_ptr<X509_STORE_CTX, X509_STORE_CTX_free>;
using stack_ptr = openssl_ptr<STACK_OF(X509), free_certificates>;

std::string date_text(std::chrono::sys_seconds when) {
  return date::format_iso8601({.time = when});
}

certificate_problem problem_of(int code) noexcept {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return certificate_problem::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return certificate_problem::not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return certificate_problem::self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return certificate_problem::unknown_root;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return certificate_problem::missing_issuer;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return certificate_problem::wrong_host;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return certificate_problem::wrong_purpose;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return certificate_problem::weak;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return certificate_problem::bad_signature;
    case X509_V_ERR_CERT_REVOKED: return certificate_problem::revoked;
    default: return certificate_problem::other;
  }
}

std::string in_words(int code, certificate_problem problem, const certificate& culprit,
                     std::chrono::sys_seconds when) {
  const std::string subject = "the certificate for " + shown(culprit.subject());
  const std::string issuer = shown(culprit.issuer());
  switch (problem) {
    case certificate_problem::expired:
      return subject + " expired at " + date_text(culprit.not_after()) + "; it is " + date_text(when);
    case certificate_problem::not_yet_valid:
      return subject + " is not valid before " + date_text(culprit.not_before()) + "; it is " +
             date_text(when);
    case certificate_problem::self_signed: return subject + " signs itself, and is not trusted";
    case certificate_problem::unknown_root: return "the root " + shown(culprit.subject()) + " is not trusted";
    case certificate_problem::missing_issuer:
      return subject + " is issued by " + issuer +
             ", which was neither sent nor is it trusted: an intermediate is missing, or the root is unknown";
    case certificate_problem::bad_signature: return subject + " is not signed by its issuer, " + issuer;
    case certificate_problem::weak: {
      const auto key = culprit.key();
      return subject + " is too weak: " + (key ? key->description() : "an unknown key") + ", " +
             culprit.signature_algorithm();
    }
    case certificate_problem::wrong_host:
    case certificate_problem::wrong_purpose:
    case certificate_problem::revoked:
    case certificate_problem::other: break;
  }
  return subject + ": " + X509_verify_cert_error_string(code);
}

int purpose_of(certificate_purpose purpose) noexcept {
  switch (purpose) {
    case certificate_purpose::server: return X509_PURPOSE_SSL_SERVER;
    case certificate_purpose::client: return X509_PURPOSE_SSL_CLIENT;
    case certificate_purpose::ocsp_responder: return X509_PURPOSE_OCSP_HELPER;
    case certificate_purpose::any: break;
  }
  return X509_PURPOSE_ANY;
}

certificate shared_of(X509* x509) {
  X509_up_ref(x509);
  return certificate::adopt(x509).value();
}

stack_ptr stack_of(std::span<const certificate> certificates) {
  stack_ptr stack(sk_X509_new_null());
  if (stack == nullptr) throw std::bad_alloc();
  for (const certificate& each : certificates) {
    if (sk_X509_push(stack.get(), each.native_handle()) <= 0) throw std::bad_alloc();
  }
  return stack;
}

}  // namespace

std::string_view to_string(certificate_problem problem) noexcept {
  switch (problem) {
    case certificate_problem::expired: return "expired";
    case certificate_problem::not_yet_valid: return "not yet valid";
    case certificate_problem::self_signed: return "self-signed";
    case certificate_problem::unknown_root: return "unknown root";
    case certificate_problem::missing_issuer: return "missing issuer";
    case certificate_problem::wrong_host: return "wrong host";
    case certificate_problem::wrong_purpose: return "wrong purpose";
    case certificate_problem::weak: return "weak";
    case certificate_problem::bad_signature: return "bad signature";
    case certificate_problem::revoked: return "revoked";
    case certificate_problem::other: break;
  }
  return "other";
}

failure verification_failure::to_failure() const {
  return failure(problem == certificate_problem::wrong_host ? errc::wrong_host : errc::untrusted_certificate,
                 detail);
}

verification_failure explain_verification(int code, int depth, const certificate* culprit,
                                          std::chrono::sys_seconds when) {
  const certificate_problem problem = problem_of(code);
  return {.problem = problem,
          .depth = depth,
          .detail = culprit != nullptr ? in_words(code, problem, *culprit, when)
                                       : std::string(X509_verify_cert_error_string(code))};
}

result<std::vector<certificate>> verify_chain(std::span<const certificate> chain,
                                              std::span<const certificate> roots, verify_options options,
                                              certificate_problem* problem) {
  certificate_problem unused;
  certificate_problem& what = problem != nullptr ? *problem : unused;
  what = certificate_problem::other;
  if (chain.empty()) return failure(errc::malformed_certificate, "there is none");

  const store_ptr store(X509_STORE_new());
  const store_context_ptr context(X509_STORE_CTX_new());
  if (store == nullptr || context == nullptr) throw std::bad_alloc();
  for (const certificate& root : roots) {
    if (X509_STORE_add_cert(store.get(), root.native_handle()) != 1) {
      throw error(openssl_failure(errc::failed, "trust a root"));
    }
  }
  const stack_ptr untrusted = stack_of(chain.subspan(1));
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.front().native_handle(), untrusted.get()) != 1) {
    throw error(openssl_failure(errc::failed, "verify a certificate"));
  }
  const auto when =
      options.when.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(when.time_since_epoch().count()));
  X509_VERIFY_PARAM_set_auth_level(parameters, options.security_level);
  if (options.purpose != certificate_purpose::any) {
    X509_VERIFY_PARAM_set_purpose(parameters, purpose_of(options.purpose));
  }
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    (void)openssl_reason();
    X509* const at = X509_STORE_CTX_get_current_cert(context.get());
    const auto culprit = at != nullptr ? std::optional(shared_of(at)) : std::nullopt;
    const verification_failure why = explain_verification(code, X509_STORE_CTX_get_error_depth(context.get()),
                                                          culprit ? &*culprit : nullptr, when);
    what = why.problem;
    return why.to_failure();
  }
  if (!options.host.empty()) {
    if (const auto covers = chain.front().covers(options.host); !covers) {
      what = certificate_problem::wrong_host;
      return covers.error();
    }
  }
  std::vector<certificate> verified;
  STACK_OF(X509)* const whole = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(whole); ++i) verified.push_back(shared_of(sk_X509_value(whole, i)));
  return verified;
}

}  // namespace tidewire::crypto
