#include "peer_check.hpp"

#include <tidewire/base/date.hpp>
#include <tidewire/core/address.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "explain.hpp"

namespace tidewire::tls::detail {
namespace {

errc code_of(crypto::certificate_problem problem) {
  using crypto::certificate_problem;
  switch (problem) {
    case certificate_problem::expired: return errc::certificate_expired;
    case certificate_problem::not_yet_valid: return errc::certificate_not_yet_valid;
    case certificate_problem::self_signed: return errc::self_signed;
    case certificate_problem::unknown_root: return errc::unknown_root;
    case certificate_problem::missing_issuer: return errc::missing_issuer;
    case certificate_problem::wrong_host: return errc::wrong_host;
    case certificate_problem::wrong_purpose: return errc::bad_purpose;
    case certificate_problem::weak: return errc::weak_key;
    case certificate_problem::bad_signature: return errc::certificate_invalid;
    case certificate_problem::revoked: return errc::certificate_revoked;
    case certificate_problem::other: return errc::certificate_invalid;
  }
  return errc::certificate_invalid;
}

// One code, that of the first, and all of them in words.
failure refusal_for(const std::vector<crypto::verification_failure>& problems) {
  std::string detail;
  for (const auto& each : problems) {
    if (!detail.empty()) detail += "; ";
    detail += each.detail;
  }
  return failure(make_error_code(code_of(problems.front().problem)), std::move(detail));
}

std::vector<crypto::certificate> certificates_of(const STACK_OF(X509) * chain) {
  std::vector<crypto::certificate> all;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    auto each = crypto::certificate::adopt(share(sk_X509_value(chain, i)).release());
    if (each) all.push_back(std::move(*each));
  }
  return all;
}

std::string revocation_text(const crypto::certificate& leaf, const crypto::ocsp_statement& statement) {
  std::string text = "the certificate for " + leaf.subject() + " was revoked";
  if (statement.revoked_at) text += " at " + date::format_iso8601({.time = *statement.revoked_at});
  if (!statement.reason.empty()) text += ": " + statement.reason;
  return text;
}

// What RFC 6066 section 3 lets a client ask for, and nothing that could end a line or a string.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

peer_check::peer_check(std::shared_ptr<const context_state> context)
    : context_(std::move(context)), contexts_(context_->contexts()) {}

peer_check::peer_check(std::shared_ptr<const context_state> context, std::string_view host)
    : peer_check(std::move(context)) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  is_address_ = ip_address::parse(host).has_value();
  if (!is_address_ && host.ends_with('.')) host.remove_suffix(1);
  if (!is_address_ && !is_host_name(host)) {
    throw error(failure(tidewire::errc::misuse, "the host to verify is neither a name nor an address")
                    .during("start TLS"));
  }
  host_ = host;
}

peer_check* peer_check::of(const SSL* ssl) noexcept {
  return static_cast<peer_check*>(SSL_get_app_data(ssl));
}

ssl_ptr peer_check::make_ssl() const {
  ssl_ptr ssl(SSL_new(contexts_->first.get()));
  if (ssl == nullptr) throw error(openssl_failure(errc::out_of_resources, "cannot make a connection"));
  if (context_->is_server) {
    SSL_set_accept_state(ssl.get());
    return ssl;
  }
  SSL_set_connect_state(ssl.get());
  if (!is_address_ && SSL_set_tlsext_host_name(ssl.get(), host_.c_str()) != 1) {
    throw error(openssl_failure(errc::out_of_resources, "cannot set the server name"));
  }
  return ssl;
}

void peer_check::attach_to(SSL* ssl) noexcept {
  SSL_set_app_data(ssl, this);
}

std::string peer_check::peer_name(std::string below) const {
  if (host_.empty() || below.starts_with(host_)) return below;
  return host_ + " (" + below + ')';
}

int peer_check::collect(int good, X509_STORE_CTX* chain) noexcept {
  if (good == 1) return 1;
  const auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  peer_check& self = *of(ssl);
  const int code = X509_STORE_CTX_get_error(chain);
  const int depth = X509_STORE_CTX_get_error_depth(chain);
  try {
    std::optional<crypto::certificate> culprit;
    if (X509* const current = X509_STORE_CTX_get_current_cert(chain); current != nullptr) {
      if (auto adopted = crypto::certificate::adopt(share(current).release())) culprit = std::move(*adopted);
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto problem = crypto::explain_verification(code, depth, culprit ? &*culprit : nullptr, now);
    // OpenSSL has several codes for one lack: of an issuer, for one.
    const bool known = std::ranges::any_of(self.problems_, [&](const auto& each) {
      return each.problem == problem.problem && each.depth == problem.depth;
    });
    if (!known) self.problems_.push_back(std::move(problem));
  } catch (...) {
    return 0;
  }
  if (self.first_code_ == X509_V_OK) self.first_code_ = code;
  return 1;  // to hear of the others, too
}

bool peer_check::verify(X509_STORE_CTX* chain) noexcept {
  problems_.clear();
  first_code_ = X509_V_OK;
  try {
    judge(chain);
  } catch (const error& thrown) {
    refusal = thrown.failure();
  } catch (const std::exception& thrown) {
    refusal = failure(make_error_code(errc::certificate_refused), thrown.what());
  } catch (...) {
    refusal = failure(make_error_code(errc::certificate_refused));
  }
  if (!refusal) {
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return true;
  }
  // OpenSSL makes its alert of this code.
  X509_STORE_CTX_set_error(chain,
                           first_code_ != X509_V_OK ? first_code_ : X509_V_ERR_APPLICATION_VERIFICATION);
  return false;
}

void peer_check::judge(X509_STORE_CTX* chain) {
  if (context_->accepts_any_certificate) return;
  X509_STORE_CTX_set_verify_cb(chain, &collect);
  const int verified = X509_verify_cert(chain);
  if (verified <= 0 && problems_.empty()) {
    throw error(openssl_failure(errc::out_of_resources, "cannot verify the certificate"));
  }
  if (!context_->is_server && !context_->accepts_any_host) {
    const auto own = crypto::certificate::adopt(share(X509_STORE_CTX_get0_cert(chain)).release());
    const result<void> covers = own ? own->covers(host_) : result<void>(own.error());
    if (!covers) {
      problems_.push_back({crypto::certificate_problem::wrong_host, 0, std::string(covers.error().detail())});
      if (first_code_ == X509_V_OK) first_code_ = X509_V_ERR_HOSTNAME_MISMATCH;
    }
  }
  if (!context_->verify || (!problems_.empty() && !context_->verify_decides)) {
    if (!problems_.empty()) refusal = refusal_for(problems_);
    return;
  }
  const verification seen{host_, certificates_of(X509_STORE_CTX_get0_untrusted(chain)),
                          certificates_of(X509_STORE_CTX_get0_chain(chain)), problems_};
  if (const result<void> answer = context_->verify(seen); !answer) refusal = answer.error();
}

bool peer_check::check_status(SSL* ssl) noexcept {
  try {
    judge_status(ssl);
  } catch (...) {
    refusal = failure(make_error_code(errc::out_of_resources));
  }
  return !refusal;
}

void peer_check::judge_status(SSL* ssl) {
  // A session rests on what was shown when it began.
  if (!context_->checks_status() || SSL_session_reused(ssl) == 1) return;
  const auto chain = certificates_of(SSL_get0_verified_chain(ssl));
  // Whoever is trusted by himself has no authority that could take that back.
  if (chain.empty() || (chain.size() == 1 && !context_->requires_status)) return;
  const crypto::certificate& leaf = chain.front();
  const unsigned char* shown = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &shown);
  if (shown == nullptr || size <= 0) {
    if (!context_->requires_status && !leaf.requires_status()) return;
    refusal = failure(make_error_code(errc::certificate_status_missing),
                      "none for " + leaf.subject() + ", and " +
                          (context_->requires_status ? "this client requires one"
                                                     : "the certificate demands one (must-staple)"));
    return;
  }
  const crypto::certificate& issuer = chain.size() > 1 ? chain[1] : leaf;
  const auto statement =
      crypto::ocsp_response::from_der(as_bytes(std::span(shown, static_cast<std::size_t>(size))))
          .and_then([&](const crypto::ocsp_response& response) { return response.verify(leaf, issuer); });
  if (!statement) {
    refusal =
        failure(make_error_code(errc::certificate_status_invalid), std::string(statement.error().detail()));
  } else if (statement->status == crypto::certificate_status::unknown) {
    refusal = failure(make_error_code(errc::certificate_status_invalid),
                      "the authority does not know the certificate for " + leaf.subject());
  } else if (statement->status == crypto::certificate_status::revoked) {
    refusal = failure(make_error_code(errc::certificate_revoked), revocation_text(leaf, *statement));
  }
}

void peer_check::resume(SSL* ssl, std::string_view service) {
  if (context_->sessions == nullptr) return;
  session_key_ = host_;
  session_key_ += ' ';
  session_key_ += service;
  // A store may be shared by contexts; what this one believes is not good enough for others.
  if (!context_->verifies_fully()) session_key_ += " unverified";
  if (context_->requires_status) session_key_ += " with status";
  const std::optional<secret> kept = context_->sessions->take(session_key_);
  if (!kept) return;
  const unsigned char* at = raw(kept->reveal_bytes());
  const session_ptr session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(kept->size())));
  if (session == nullptr || SSL_SESSION_is_resumable(session.get()) != 1) {
    ERR_clear_error();
    return;
  }
  SSL_set_session(ssl, session.get());
  // Before TLS 1.3 a session is not used up.
  if (SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION) {
    context_->sessions->put(session_key_, *kept);
  }
}

void peer_check::keep_session(SSL_SESSION* session) noexcept {
  if (session_key_.empty() || SSL_SESSION_is_resumable(session) != 1) return;
  try {
    const int size = i2d_SSL_SESSION(session, nullptr);
    if (size <= 0) return;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(bytes.data());
    i2d_SSL_SESSION(session, &at);
    context_->sessions->put(session_key_, secret::take(std::move(bytes)));
  } catch (...) {  // the next handshake is a full one
  }
}

}  // namespace tidewire::tls::detail
