/// @file
/// TLS streams: `connect` to a server, `start_tls` on a connection that began in plaintext, `accept` a
/// client.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/tls/context.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::tls {

/// What both sides agreed on.
struct connection_report {
  tls::version version = tls::version::tls1_3;
  /// RFC name: "TLS_AES_128_GCM_SHA256".
  std::string cipher_suite;
  /// The group of the key exchange: "x25519"; empty where there was none.
  std::string group;
  /// How the server signed: "ECDSA-SHA256"; empty where a session was resumed.
  std::string signature;
  /// The application protocol (ALPN); empty if none was agreed on.
  std::string alpn;
  /// The name that the client asked for (SNI); empty if none.
  std::string server_name;
  /// Was a session resumed, without certificates?
  bool resumed = false;
};

/// A value that belongs to one connection alone, for logins that are bound to it (SCRAM-SHA-256-PLUS).
enum class binding : unsigned char {
  exporter,          ///< `tls-exporter`, RFC 9266. TLS 1.3, and 1.2 with the extended master secret.
  unique,            ///< `tls-unique`, RFC 5929. TLS 1.2 only.
  server_end_point,  ///< `tls-server-end-point`, RFC 5929. Of the server's certificate.
};

/// The registered name: "tls-exporter".
[[nodiscard]] TIDEWIRE_TLS_API std::string_view name_of(binding kind) noexcept;

/// A TLS connection. Everything a `tidewire::stream` can, and what only TLS has.
///
/// `read_some` gives 0 when the peer said that it ends (close_notify). A connection that ends without that
/// was cut, by a fault or by somebody: reading throws `errc::truncated`. `shutdown` says that this side ends;
/// reading goes on. `close`, or the end of the object, says nothing, unless the peer ended first: it looks
/// to the peer as what it is, the end in the middle. `finish` is the polite end.
///
/// A renegotiation that the peer asks for is refused. Memory: an idle connection holds OpenSSL's state and 4
/// KiB to read into; what records need beyond that is given back after a second or two without any.
class TIDEWIRE_TLS_API stream : public tidewire::stream {
 public:
  /// For the library.
  using tidewire::stream::stream;

  /// What both sides agreed on.
  [[nodiscard]] connection_report report() const;
  [[nodiscard]] tls::version version() const noexcept;
  /// The application protocol; empty if none was agreed on. Good as long as the stream.
  [[nodiscard]] std::string_view alpn() const noexcept;
  /// Was a session resumed?
  [[nodiscard]] bool resumed() const noexcept;

  /// The peer's own certificate; nothing if it showed none.
  [[nodiscard]] std::optional<crypto::certificate> peer_certificate() const;
  /// The certificates that the peer sent, its own first. After a resumption, its own alone.
  [[nodiscard]] std::vector<crypto::certificate> peer_chain() const;
  /// The chain that was verified, from the peer's own to the trusted one. Empty where nothing was verified
  /// (`..._dangerous`), and after a resumption, which rests on the verification of the first handshake.
  [[nodiscard]] std::vector<crypto::certificate> verified_chain() const;

  /// Bytes that both sides can derive and nobody else (RFC 5705, RFC 8446 section 7.5).
  /// @par Errors Throws `errc::handshake_failed` if OpenSSL refuses.
  [[nodiscard]] std::vector<std::byte> export_keying_material(std::string_view label, byte_view context,
                                                              std::size_t length) const;
  /// The value for channel binding; empty if this connection has none of that kind.
  [[nodiscard]] std::vector<std::byte> channel_binding(binding kind) const;

  /// Ends the connection: sends what was staged and close_notify, waits for that of the peer, and closes.
  /// What the peer still sends before is read and dropped.
  /// @param within How long the peer may take; many never answer. Default: 2 seconds.
  /// @return Did the peer answer? False if it did not in time, or cut the connection: what was written
  /// before may not have arrived.
  /// @par Errors `condition::canceled`, `misuse`. The stream is closed then, too.
  /// @par Cancellation At once; it is closed.
  [[nodiscard]] task<bool> finish(duration within = std::chrono::seconds(2));
};

/// How clients connect.
struct client_options {
  /// Null: the default of the loop, made for its first connection and shared by all. Alive until the
  /// operation ends.
  const client_context* context = nullptr;
  /// The whole act may take this long. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
  /// Application protocols (ALPN) to offer, best first, separated by commas: "h2,http/1.1". Default: none.
  std::string_view alpn{};
  /// Fail with `errc::no_common_application_protocol` if the server chooses none of them.
  bool require_alpn = false;
  /// The name or address that the certificate must be for, and the name that is asked for, where that is not
  /// the host connected to.
  std::string_view server_name{};
};

/// How servers accept.
struct server_options {
  /// The handshake may take this long. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
};

/// Connects to a server: resolves, connects, shakes hands, verifies. `auto secure = co_await
/// tls::connect("example.org", 443);` is all it takes to be safe.
/// @param host A name or an address.
/// @par Errors
/// What `tcp::connect` throws. Of TLS, all `condition::tls`: `errc::wrong_host`, `certificate_expired`,
/// `unknown_root` and the others of a certificate; `not_tls`, `no_common_version`, `closed_in_handshake`; an
/// `alert` that the server sent. `condition::timeout`, `canceled`; `misuse` for a host that is no name.
///
/// Where the server wants a client certificate, TLS 1.3 lets a client without one connect: the first read
/// fails, with `alert::certificate_required`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_TLS_API task<stream> connect(std::string_view host, std::uint16_t port,
                                                    client_options options = {});

/// Turns a connection into TLS, as a client: after STARTTLS was agreed on, over a proxy, over TLS, over
/// whatever stream there is.
///
/// What was read before and is still buffered came in plaintext, from whoever can write into the connection:
/// that is an error (`errc::plaintext_before_tls`), and nothing of it is used. Forget, too, what the peer
/// said before about its capabilities.
/// @param plain Is given away, whatever comes of it. Nothing may be pending on it, or staged.
/// @param host  What the certificate must be for.
/// @par Errors As `connect`.
[[nodiscard]] TIDEWIRE_TLS_API task<stream> start_tls(tidewire::stream plain, std::string_view host,
                                                      client_options options = {});

/// The same, as a server.
[[nodiscard]] TIDEWIRE_TLS_API task<stream> start_tls(tidewire::stream plain, const server_context& context,
                                                      server_options options = {});

/// Takes a client on a connection that begins with TLS. What of its first message is buffered already (after
/// a look at its first bytes, or the header of a proxy) is used.
/// @par Errors `condition::tls`: what the client did wrong, `closed_in_handshake`,
/// `client_certificate_missing`, an `alert` by which it refused us; `condition::timeout`, `canceled`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_TLS_API task<stream> accept(tidewire::stream plain, const server_context& context,
                                                   server_options options = {});

}  // namespace tidewire::tls
