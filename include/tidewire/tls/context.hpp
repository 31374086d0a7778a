/// @file
/// What many TLS connections have in common: whom they trust, who they are, which versions they speak.
///
/// A context is set up first, by calls that can be chained, and used afterwards. With its first connection it
/// is settled: what would change it then throws `condition::misuse`. Copies are the same context. Once
/// settled it may be used by connections of any number of loops and threads.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/crypto/ocsp.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/export.hpp>
#include <tidewire/tls/session_store.hpp>
#include <tidewire/tls/trust.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::tls {

/// Versions of the protocol, by their numbers on the wire. Older ones are broken (RFC 8996) and not offered.
enum class version : std::uint16_t {
  tls1_2 = 0x0303,  ///< RFC 5246.
  tls1_3 = 0x0304,  ///< RFC 8446.
};

/// What a check of one's own is shown of a peer.
struct verification {
  /// The name or address that was asked for; empty where a client is checked.
  std::string host;
  /// The certificates that the peer sent, its own first.
  std::vector<crypto::certificate> sent;
  /// The chain that was built, from the peer's own to a trusted one; as far as it goes, if there are
  /// problems.
  std::vector<crypto::certificate> chain;
  /// What the usual checks found wrong. Empty: nothing.
  std::vector<crypto::verification_failure> problems;
};

/// A check of one's own. Success accepts; a failure refuses, and is what the handshake fails with. Called on
/// the thread of the connection, within the handshake; it must not wait. What it throws is a refusal as well.
using verify_function = std::function<result<void>(const verification& peer)>;

/// Is told the secrets of connections, line by line in the format that Wireshark reads (NSS key log, RFC
/// 9850). Called on the threads of the connections.
using key_log_function = std::function<void(std::string_view line)>;

namespace detail {

struct context_state;

/// What contexts of both sides can be told.
class TIDEWIRE_TLS_API context_base {
 public:
  /// For the library: settles it.
  [[nodiscard]] std::shared_ptr<const context_state> settled() const;

 protected:
  explicit context_base(std::shared_ptr<context_state> state) noexcept : state_(std::move(state)) {}
  /// To be changed; throws once it is settled.
  [[nodiscard]] context_state& open() const;

  void set_versions(version lowest, version highest) const;
  void set_cipher_suites(std::string_view tls1_3, std::string_view tls1_2) const;
  void set_groups(std::string_view names) const;
  void set_verify(verify_function check, bool instead) const;
  void set_key_log(key_log_function log) const;
  void set_key_log_file(const std::filesystem::path& path) const;
  void set_key_log_from_environment() const;
  void allow_weak_keys() const;
  void accept_truncation() const;

  std::shared_ptr<context_state> state_;
};

template <class Derived>
class context_of : public context_base {
 public:
  using context_base::context_base;

  /// The versions that are allowed. Default: TLS 1.2 and 1.3.
  Derived& versions(version lowest, version highest = version::tls1_3) {
    set_versions(lowest, highest);
    return self();
  }
  /// The cipher suites, in OpenSSL's notation, best first: those of TLS 1.3 ("TLS_AES_128_GCM_SHA256:...")
  /// and those of TLS 1.2 ("ECDHE+AESGCM:..."). Empty: as they are. Default: OpenSSL's, at its security
  /// level 2; a server prefers AES-128-GCM in TLS 1.3.
  /// @par Errors Throws `errc::unknown_setting` if nothing in it is known.
  Derived& cipher_suites(std::string_view tls1_3, std::string_view tls1_2 = {}) {
    set_cipher_suites(tls1_3, tls1_2);
    return self();
  }
  /// The groups for the exchange of keys, best first. Default: "X25519:P-256:X448:P-521:P-384".
  /// @par Errors Throws `errc::unknown_setting` if one is not known.
  Derived& groups(std::string_view names) {
    set_groups(names);
    return self();
  }
  /// A check of one's own beside the usual ones: it is asked only when they found nothing wrong, so it can
  /// refuse, and not allow.
  Derived& verify(verify_function check) {
    set_verify(std::move(check), false);
    return self();
  }
  /// A check that decides alone, whatever the usual ones found wrong: an accepted peer may be anybody, if
  /// this function says so.
  Derived& verify_dangerous(verify_function check) {
    set_verify(std::move(check), true);
    return self();
  }
  /// Gives the secrets of each connection to `log`: whoever reads them can decrypt what was captured.
  Derived& key_log(key_log_function log) {
    set_key_log(std::move(log));
    return self();
  }
  /// The same, appended to a file that only its owner may read.
  /// @par Errors Throws `errc::key_log_failed` if it cannot be opened. Later failures are passed over.
  Derived& key_log_file(const std::filesystem::path& path) {
    set_key_log_file(path);
    return self();
  }
  /// The same, to the file that the environment variable `SSLKEYLOGFILE` names, if it is set. It has no
  /// effect on programs that do not ask for it by this.
  Derived& key_log_from_environment() {
    set_key_log_from_environment();
    return self();
  }
  /// Allows keys, signatures and cipher suites that are too weak to be safe (OpenSSL's security level 0).
  Derived& allow_weak_keys_dangerous() {
    allow_weak_keys();
    return self();
  }
  /// Reads the end of the connection as the end of the stream, even without close_notify: whoever can cut the
  /// connection can cut what is read, unseen, unless the protocol above tells its own end.
  Derived& accept_truncation_dangerous() {
    accept_truncation();
    return self();
  }

 private:
  Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace detail

/// What connections to servers have in common.
///
/// By default the server's certificate is verified: the chain ends at an authority that the system trusts, it
/// is valid now and meant for servers, its keys are strong, and it names the host or address (RFC 9525: the
/// names of the extension only, no partial wildcards). The server is asked for an OCSP response (RFC 6066
/// section 8): if it shows one, that has to count, and to say that the certificate is good; if the
/// certificate demands one (RFC 7633), it has to show it. Nobody else is asked about revocation.
class TIDEWIRE_TLS_API client_context : public detail::context_of<client_context> {
 public:
  /// The default: the system's trust, no client certificate, sessions in a `session_cache` of its own.
  client_context();

  /// Trusts these authorities, and not those of the system.
  client_context& trust(const trust_store& authorities);
  /// Shows this certificate to servers that ask for one.
  /// @par Errors Throws `errc::bad_identity` if it cannot be used.
  client_context& identity(const crypto::identity& who);
  /// Keeps sessions there; null: nowhere, each handshake is a full one.
  client_context& sessions(std::shared_ptr<session_store> store);
  /// Accepts every certificate, for any host: the connection is encrypted, and it is not known with whom.
  client_context& accept_any_certificate_dangerous();
  /// Accepts certificates of trusted authorities for whatever host.
  client_context& accept_any_host_dangerous();
  /// Refuses servers that show no OCSP response for their certificate, as if each certificate demanded one.
  client_context& require_status();
  /// Pays no attention to OCSP responses: neither to those that say that the certificate was revoked, nor to
  /// certificates that demand one.
  client_context& ignore_status_dangerous();
};

/// What connections of clients have in common.
///
/// It has certificates: which of them a client gets depends on the name that it asks for (SNI) and the kinds
/// of keys that it can check. A client that asks for a name that none covers, or for none, gets the first.
class TIDEWIRE_TLS_API server_context : public detail::context_of<server_context> {
 public:
  /// @par Errors Throws `errc::bad_identity` if it cannot be used. Keys that are too weak are refused by the
  /// first connection, as they may be allowed until then.
  explicit server_context(const crypto::identity& first);

  /// One more certificate: for other names, or with another kind of key (RSA beside ECDSA) for the same. The
  /// names are those in the certificate.
  server_context& add(const crypto::identity& further);
  /// Refuses clients that ask for a name no certificate covers, with the alert `unrecognized_name`.
  server_context& refuse_unknown_names();
  /// The application protocols (ALPN) that are spoken, best first, separated by commas: "h2,http/1.1". A
  /// client that offers only others is refused (RFC 7301). `required`: so is one that offers none.
  server_context& alpn(std::string_view protocols, bool required = false);
  /// Asks clients for a certificate of these authorities. `tls::stream::peer_certificate` tells who it is.
  /// `required`: those without are refused.
  server_context& client_certificates(const trust_store& authorities, bool required = true);
  /// Session tickets that a client gets after a full handshake, with which it can resume; after a resumed one
  /// it gets one more. In TLS 1.3 they go out in front of what the server writes first, in the same write.
  /// Default: 1; 0: no resumption; at most
  /// 16, beyond which it throws `condition::misuse`.
  server_context& tickets(unsigned count);
  /// The keys that tickets are encrypted with, 80 random bytes: processes with the same keys resume each
  /// other's sessions. Default: random ones of this context.
  /// @par Errors Throws `condition::misuse` for any other size.
  server_context& ticket_keys(const secret& keys);

  /// Replaces all certificates, while the server runs: connections that begin from now on get these. Tickets
  /// stay good. Any thread.
  /// @par Errors Throws `errc::bad_identity`; the certificates are then as they were.
  void reload(const std::vector<crypto::identity>& certificates) const;
  /// Shows `response` with the certificate `of` to clients that ask for it (OCSP stapling, RFC 6066 section
  /// 8), until it is out of date or another one takes its place. The certificate may be one that `reload`
  /// brings only afterwards; `reload` forgets the responses of others. While the server runs, from any
  /// thread.
  /// @par Errors Throws `crypto::errc::bad_status_response` if it is about other certificates.
  void staple(const crypto::certificate& of, const crypto::ocsp_response& response) const;
};

}  // namespace tidewire::tls
