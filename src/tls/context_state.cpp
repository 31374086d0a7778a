#include "context_state.hpp"

#include <tidewire/base/words.hpp>
#include <tidewire/crypto/random.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "explain.hpp"
#include "peer_check.hpp"

namespace tidewire::tls::detail {
namespace {

void free_certificates(STACK_OF(X509) * chain) noexcept {
  sk_X509_pop_free(chain, X509_free);
}
using certificates_ptr = openssl_ptr<STACK_OF(X509), free_certificates>;

[[noreturn]] void refuse(errc code, std::string_view doing) {
  throw error(openssl_failure(code, doing).during("set up TLS"));
}

int verify_peer(X509_STORE_CTX* chain, void*) {
  const auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return peer_check::of(ssl)->verify(chain) ? 1 : 0;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  if (peer_check* const check = peer_check::of(ssl)) check->keep_session(session);
  return 0;  // it is still OpenSSL's
}

void log_key(const SSL* ssl, const char* line) {
  try {
    if (const peer_check* const check = peer_check::of(ssl)) check->context().key_log(line);
  } catch (...) {  // a log that fails must not end the connection
  }
}

int choose_certificate(SSL* ssl, int* alert, void*) {
  peer_check& check = *peer_check::of(ssl);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  try {
    SSL_CTX* const found = check.contexts().find(name);
    if (found != nullptr) {
      if (found != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, found);
      return SSL_TLSEXT_ERR_OK;
    }
    if (!check.context().refuses_unknown_names) return SSL_TLSEXT_ERR_NOACK;
    check.refusal =
        failure(make_error_code(errc::handshake_failed), "no certificate covers the name asked for");
    check.refusal->peer_said(name);
  } catch (...) {
  }
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                unsigned int offered_size, void*) {
  peer_check& check = *peer_check::of(ssl);
  const std::vector<unsigned char>& ours = check.context().alpn;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours.data(), static_cast<unsigned>(ours.size()), offered,
                            offered_size) == OPENSSL_NPN_NEGOTIATED) {
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
  }
  try {
    check.refusal = failure(make_error_code(errc::no_common_application_protocol),
                            "this server speaks " + alpn_text(ours.data(), ours.size()));
    check.refusal->peer_said(alpn_text(offered, offered_size));
  } catch (...) {
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int require_alpn(SSL* ssl, int* alert, void*) {
  const unsigned char* offered = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &offered, &size) ==
      1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  try {
    peer_check::of(ssl)->refusal =
        failure(make_error_code(errc::no_common_application_protocol), "the client offers none at all");
  } catch (...) {
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

int check_status(SSL* ssl, void*) {
  return peer_check::of(ssl)->check_status(ssl) ? 1 : 0;
}

int show_status(SSL* ssl, void*) {
  try {
    const auto response = peer_check::of(ssl)->context().stapled_to(SSL_get_certificate(ssl));
    if (!response) return SSL_TLSEXT_ERR_NOACK;
    const byte_view der = response->der();
    // OpenSSL frees it.
    auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(der.data(), der.size()));
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size()));
    return SSL_TLSEXT_ERR_OK;
  } catch (...) {
    return SSL_TLSEXT_ERR_NOACK;
  }
}

void set_trust(SSL_CTX* ssl, const context_state& state) {
  if (!state.is_server && state.accepts_any_certificate) return;
  const trust_store trusted = state.trust ? *state.trust : trust_store::system();
  SSL_CTX_set1_cert_store(ssl, trusted.state().store.get());
  // Also what is no root may be trusted by itself.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
  if (!state.is_server) return;
  for (const crypto::certificate& each : trusted.state().further) {
    SSL_CTX_add_client_CA(ssl, each.native_handle());
  }
}

void set_up_client(SSL_CTX* ssl, const context_state& state) {
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  set_trust(ssl, state);
  if (state.checks_status()) {
    SSL_CTX_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(ssl, &check_status);
  }
  if (state.sessions != nullptr) {
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, &keep_session);
  }
}

void set_up_server(SSL_CTX* ssl, const context_state& state) {
  constexpr std::array<unsigned char, 8> sessions_of = {'t', 'i', 'd', 'e', 'w', 'i', 'r', 'e'};
  SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);  // the tickets hold what is needed
  SSL_CTX_set_session_id_context(ssl, sessions_of.data(), static_cast<unsigned>(sessions_of.size()));
  SSL_CTX_set_num_tickets(ssl, 0);  // those of TLS 1.3 go out with what is written first
  if (state.tickets == 0) SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
  std::string keys(state.ticket_keys.reveal());
  SSL_CTX_set_tlsext_ticket_keys(ssl, keys.data(), static_cast<long>(keys.size()));
  wipe(keys);
  SSL_CTX_set_tlsext_servername_callback(ssl, &choose_certificate);
  SSL_CTX_set_tlsext_status_cb(ssl, &show_status);
  if (!state.alpn.empty()) SSL_CTX_set_alpn_select_cb(ssl, &choose_alpn, nullptr);
  if (state.requires_alpn) SSL_CTX_set_client_hello_cb(ssl, &require_alpn, nullptr);
  if (state.trust) {
    SSL_CTX_set_verify(
        ssl, SSL_VERIFY_PEER | (state.requires_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    set_trust(ssl, state);
  }
}

void use_identity(SSL_CTX* ssl, const crypto::identity& who) {
  if (who.chain.empty()) {
    throw error(failure(make_error_code(errc::bad_identity), "there is no certificate").during("set up TLS"));
  }
  const certificates_ptr further(sk_X509_new_null());
  for (std::size_t i = 1; i < who.chain.size(); ++i) {
    sk_X509_push(further.get(), share(who.chain[i].native_handle()).release());
  }
  ERR_clear_error();
  if (SSL_CTX_use_cert_and_key(ssl, who.leaf().native_handle(), who.key.native_handle(), further.get(), 1) !=
      1) {
    refuse(errc::bad_identity, "the certificate of " + who.leaf().subject());
  }
}

using identities = std::vector<const crypto::identity*>;

ssl_context_ptr make_context(const context_state& state, const identities& who) {
  ssl_context_ptr ssl = make_plain_context(state);
  state.is_server ? set_up_server(ssl.get(), state) : set_up_client(ssl.get(), state);
  std::vector<crypto::key_kind> kinds;
  for (const crypto::identity* each : who) {
    // OpenSSL has room for one of each kind.
    if (std::ranges::find(kinds, each->key.kind()) != kinds.end()) continue;
    kinds.push_back(each->key.kind());
    use_identity(ssl.get(), *each);
  }
  return ssl;
}

bool share_a_name(const crypto::identity& one, const crypto::identity& other) {
  const auto names = one.leaf().dns_names();
  const auto others = other.leaf().dns_names();
  if (names.empty() || others.empty()) return names.empty() && others.empty();
  return std::ranges::any_of(
      names, [&](const std::string& name) { return std::ranges::find(others, name) != others.end(); });
}

std::shared_ptr<const ssl_contexts> make_contexts(const context_state& state,
                                                  const std::vector<crypto::identity>& who) {
  auto made = std::make_shared<ssl_contexts>();
  identities first;
  std::map<std::string, identities> by_name;
  for (const crypto::identity& each : who) {
    if (first.empty() || share_a_name(*first.front(), each)) first.push_back(&each);
    if (!state.is_server) continue;
    for (const std::string& name : each.leaf().dns_names()) by_name[ascii::lower(name)].push_back(&each);
  }
  made->first = make_context(state, first);
  std::map<identities, SSL_CTX*> contexts = {{first, made->first.get()}};
  for (const auto& [name, those] : by_name) {
    SSL_CTX*& context = contexts[those];
    if (context == nullptr) context = made->others.emplace_back(make_context(state, those)).get();
    made->names.emplace(name, context);
  }
  return made;
}

}  // namespace

SSL_CTX* ssl_contexts::find(std::string_view name) const {
  std::string wanted = ascii::lower(name);
  if (const auto found = names.find(wanted); found != names.end()) return found->second;
  const std::size_t dot = wanted.find('.');
  if (dot == std::string::npos) return nullptr;
  wanted.replace(0, dot, "*");
  const auto found = names.find(wanted);
  return found != names.end() ? found->second : nullptr;
}

std::shared_ptr<const ssl_contexts> context_state::contexts() const {
  const std::scoped_lock hold(lock);
  if (made == nullptr) made = make_contexts(*this, identities);
  return made;
}

void context_state::use_identities(std::vector<crypto::identity> certificates) {
  if (is_server && certificates.empty()) {
    throw error(failure(make_error_code(errc::bad_identity), "there is no certificate").during("set up TLS"));
  }
  // Before it is settled, what is too weak may still be allowed.
  if (!settled) {
    const ssl_context_ptr tried(SSL_CTX_new(TLS_method()));
    if (tried == nullptr) throw std::bad_alloc();
    SSL_CTX_set_security_level(tried.get(), 0);
    for (const crypto::identity& each : certificates) use_identity(tried.get(), each);
  }
  const auto fresh = settled ? make_contexts(*this, certificates) : nullptr;
  const std::scoped_lock hold(lock);
  identities = std::move(certificates);
  made = fresh;
  std::erase_if(stapled, [&](const stapled_response& each) {
    return std::ranges::none_of(identities, [&](const auto& who) { return who.leaf() == each.of; });
  });
}

void context_state::staple(const crypto::certificate& of, const crypto::ocsp_response& response) {
  const auto statement = response.statement_about(of);
  if (!statement) {
    failure why = statement.error();
    throw error(why.during("staple an OCSP response"));
  }
  const std::scoped_lock hold(lock);
  std::erase_if(stapled, [&](const stapled_response& each) { return each.of == of; });
  stapled.push_back({of, response, statement->next_update});
}

std::optional<crypto::ocsp_response> context_state::stapled_to(const X509* certificate) const {
  const std::scoped_lock hold(lock);
  const auto found = std::ranges::find_if(
      stapled, [&](const auto& each) { return X509_cmp(each.of.native_handle(), certificate) == 0; });
  if (found == stapled.end()) return std::nullopt;
  if (found->good_until && *found->good_until < std::chrono::system_clock::now()) return std::nullopt;
  return found->response;
}

ssl_context_ptr make_plain_context(const context_state& state) {
  ERR_clear_error();
  ssl_context_ptr ssl(SSL_CTX_new(state.is_server ? TLS_server_method() : TLS_client_method()));
  if (ssl == nullptr) refuse(errc::out_of_resources, "cannot make a context");
  SSL_CTX_set_security_level(ssl.get(), state.allows_weak_keys ? 0 : 2);
  SSL_CTX_set_min_proto_version(ssl.get(), static_cast<int>(state.lowest));
  SSL_CTX_set_max_proto_version(ssl.get(), static_cast<int>(state.highest));
  SSL_CTX_set_options(ssl.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ssl.get(), SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_cert_verify_callback(ssl.get(), &verify_peer, nullptr);
  if (state.key_log) SSL_CTX_set_keylog_callback(ssl.get(), &log_key);
  if (!state.suites.empty() && SSL_CTX_set_ciphersuites(ssl.get(), state.suites.c_str()) != 1) {
    refuse(errc::unknown_setting, "the cipher suites of TLS 1.3");
  }
  if (!state.old_suites.empty() && SSL_CTX_set_cipher_list(ssl.get(), state.old_suites.c_str()) != 1) {
    refuse(errc::unknown_setting, "the cipher suites of TLS 1.2");
  }
  if (SSL_CTX_set1_groups_list(ssl.get(), state.groups.c_str()) != 1) {
    refuse(errc::unknown_setting, "the groups");
  }
  return ssl;
}

std::vector<unsigned char> alpn_on_wire(std::string_view protocols) {
  std::vector<unsigned char> wire;
  while (!protocols.empty()) {
    const std::string_view each = protocols.substr(0, protocols.find(','));
    if (each.empty() || each.size() > 255 || wire.size() + each.size() > 65'000) {
      throw error(
          failure(tidewire::errc::misuse, "an application protocol has 1 to 255 bytes").during("set up TLS"));
    }
    wire.push_back(static_cast<unsigned char>(each.size()));
    wire.insert(wire.end(), each.begin(), each.end());
    protocols.remove_prefix(std::min(protocols.size(), each.size() + 1));
  }
  return wire;
}

std::string alpn_text(const unsigned char* wire, std::size_t size) {
  std::string text;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min<std::size_t>(wire[at], size - at - 1);
    if (!text.empty()) text += ',';
    text.append(reinterpret_cast<const char*>(wire + at + 1), length);
    at += length + 1;
  }
  return text;
}

}  // namespace tidewire::tls::detail
