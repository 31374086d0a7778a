// What a context was told, and what is made of it for OpenSSL.
#pragma once

#include <tidewire/tls/context.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "openssl.hpp"

namespace tidewire::tls::detail {

struct trust_state {
  store_ptr store;
  bool system = false;                       // it has what the system trusts
  std::vector<crypto::certificate> further;  // added here
};

/// OpenSSL's contexts, which are not changed any more.
struct ssl_contexts {
  ssl_context_ptr first;
  std::vector<ssl_context_ptr> others;
  /// The names of SNI; lower case. "*.example.org" covers one label.
  std::map<std::string, SSL_CTX*, std::less<>> names;

  [[nodiscard]] SSL_CTX* find(std::string_view name) const;
};

/// What a server shows with one of its certificates.
struct stapled_response {
  crypto::certificate of;
  crypto::ocsp_response response;
  std::optional<std::chrono::sys_seconds> good_until;
};

struct context_state {
  explicit context_state(bool server) : is_server(server) {
    // A server chooses: the hash of the first is the fastest for the handshake, and its cipher for what
    // follows.
    if (server) suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
  }

  const bool is_server;

  version lowest = version::tls1_2;
  version highest = version::tls1_3;
  std::string suites;      // of TLS 1.3
  std::string old_suites;  // of TLS 1.2
  std::string groups = "X25519:P-256:X448:P-521:P-384";
  bool allows_weak_keys = false;
  bool accepts_truncation = false;
  verify_function verify;
  bool verify_decides = false;  // alone
  key_log_function key_log;
  std::vector<crypto::identity> identities;
  std::optional<trust_store> trust;  // client: none is the system's; server: none asks for no certificate

  // A client's.
  bool accepts_any_certificate = false;
  bool accepts_any_host = false;
  bool requires_status = false;
  bool ignores_status = false;
  std::shared_ptr<session_store> sessions;

  // A server's.
  bool requires_certificate = false;
  bool refuses_unknown_names = false;
  std::vector<unsigned char> alpn;  // as on the wire
  bool requires_alpn = false;
  unsigned tickets = 1;
  secret ticket_keys;

  std::atomic<bool> settled = false;
  mutable std::mutex lock;  // of what follows
  mutable std::shared_ptr<const ssl_contexts> made;
  std::vector<stapled_response> stapled;

  [[nodiscard]] bool verifies_fully() const noexcept {
    return !accepts_any_certificate && !accepts_any_host && !verify_decides && !allows_weak_keys &&
           !ignores_status;
  }
  /// Does it look at what servers show of revocation?
  [[nodiscard]] bool checks_status() const noexcept {
    return !is_server && !accepts_any_certificate && !verify_decides && !ignores_status;
  }
  /// What connections are made from now.
  [[nodiscard]] std::shared_ptr<const ssl_contexts> contexts() const;
  /// Has these certificates from now on. Throws, and has those it had, if they cannot be used.
  void use_identities(std::vector<crypto::identity> certificates);
  void staple(const crypto::certificate& of, const crypto::ocsp_response& response);
  /// What is to be shown with that certificate; nothing if there is none, or it is out of date.
  [[nodiscard]] std::optional<crypto::ocsp_response> stapled_to(const X509* certificate) const;
};

/// Tickets after one handshake.
inline constexpr unsigned max_tickets = 16;
/// AES and HMAC keys of tickets, and their name, as OpenSSL takes them.
inline constexpr std::size_t ticket_keys_size = 80;

/// A context of OpenSSL as the settings of ours want it, without certificates.
[[nodiscard]] ssl_context_ptr make_plain_context(const context_state& state);
/// "h2,http/1.1" as it is on the wire (RFC 7301 section 3.1). Throws misuse.
[[nodiscard]] std::vector<unsigned char> alpn_on_wire(std::string_view protocols);
/// And back.
[[nodiscard]] std::string alpn_text(const unsigned char* wire, std::size_t size);

}  // namespace tidewire::tls::detail
