/// @file
/// Connections through proxies: SOCKS 4a and 5 (RFC 1928, RFC 1929), HTTP CONNECT (RFC 9110 section 9.3.6),
/// one behind another, over any stream; and whom to connect to without one.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace tidewire::proxy {

/// Why a proxy gives no tunnel, where there is no code of the system that says it (a refused connection, a
/// host that is unreachable).
enum class errc {
  refused = 1,  ///< It is not allowed there, or not in this way (`condition::permanent`).
  failed,       ///< The proxy could not do it (`condition::transient`).
  auth,         ///< The credentials are missing or wrong (`condition::auth`).
};

/// The category of `errc`.
[[nodiscard]] TIDEWIRE_CORE_API const std::error_category& category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

}  // namespace tidewire::proxy

template <>
struct std::is_error_code_enum<tidewire::proxy::errc> : std::true_type {};

namespace tidewire::proxy {

/// What a proxy speaks.
enum class protocol : std::uint8_t {
  socks4a,  ///< SOCKS 4 with names; no IPv6 addresses, no passwords.
  socks5,   ///< SOCKS 5.
  http,     ///< HTTP/1.1 CONNECT, with basic authentication.
};

/// How a tunnel is asked for.
struct tunnel_options {
  /// Who asks. SOCKS 4a: the user id. SOCKS 5: at most 255 bytes. HTTP: without a colon. Default: nobody.
  std::string_view user{};
  /// The password of the user. Not with SOCKS 4a; SOCKS 5: at most 255 bytes.
  std::string_view password{};
  /// How long to wait for all of it. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
  /// Bytes of the head of an HTTP answer, at most. Default: 16 KiB.
  std::size_t head_limit = 16 * 1024;
  /// Bytes of the body of an HTTP answer that refuses; what is longer is cut. Default: 16 KiB.
  std::size_t body_limit = 16 * 1024;
};

/// The client's side of the exchange that opens a tunnel: bytes out, bytes in, no socket. For one tunnel.
///
/// @code
/// auto exchange = proxy::handshake::begin(proxy::protocol::socks5, "example.org", 443);
/// while (!exchange->done()) {
///   send(exchange->output()), exchange->sent();
///   receive more behind `buffer`; then, or exchange->finish() at the end of the stream:
///   buffer.consume(exchange->receive(buffer).value());
/// }
/// @endcode
class TIDEWIRE_CORE_API handshake {
 public:
  /// Begins to ask for a tunnel to a host, by name or address; names are resolved by the proxy. What is
  /// passed is copied, and wiped with this object.
  /// @return `errc::malformed` if no host is named so; `condition::misuse` if the credentials cannot be sent
  /// by this protocol; `errc::unsupported` for an IPv6 address by SOCKS 4a.
  [[nodiscard]] static result<handshake> begin(protocol speaks, std::string_view host, std::uint16_t port,
                                               const tunnel_options& options = {});

  /// Begins to ask a SOCKS 5 proxy to pass on datagrams, as `associate` (udp_proxy.hpp) does.
  /// @return As `begin`.
  [[nodiscard]] static result<handshake> begin_association(const tunnel_options& options = {});

  /// What is to be sent now; it may hold the password. Empty: the proxy is to answer first.
  [[nodiscard]] std::string_view output() const noexcept { return output_.reveal(); }
  /// It was sent, and is wiped.
  void sent() noexcept { output_.clear(); }
  /// Shown all bytes that came and were not taken yet, takes those that it is done with: none while there is
  /// output, and never one of what follows the exchange.
  /// @return How many bytes to consume. Or why there is no tunnel: `proxy::errc`, a portable code
  /// (`std::errc::connection_refused`, ...), `errc::malformed`, `errc::limit_exceeded`; what an HTTP proxy
  /// wrote is the peer text. A failure is final.
  [[nodiscard]] result<std::size_t> receive(byte_view shown);
  /// The stream ended: why there is no tunnel.
  [[nodiscard]] failure finish() const;
  /// Is the tunnel open? What is read and written from now on is the host's.
  [[nodiscard]] bool done() const noexcept { return stage_ == stage::done; }
  /// Once it is done by SOCKS 5: the end that the proxy has for it, which is where the datagrams of an
  /// association go to. None if it has a name instead of an address.
  [[nodiscard]] const std::optional<endpoint>& proxy_end() const noexcept { return proxy_end_; }

 private:
  enum class stage : std::uint8_t {
    socks4_reply,
    socks5_method,
    socks5_auth,
    socks5_reply,
    head,
    body,
    done
  };

  handshake() = default;
  static result<handshake> begin_socks5(std::string request, const tunnel_options& options);
  result<std::size_t> socks4_reply(byte_view shown);
  result<std::size_t> socks5_method(byte_view shown);
  result<std::size_t> socks5_auth(byte_view shown);
  result<std::size_t> socks5_reply(byte_view shown);
  result<std::size_t> head(byte_view shown);
  result<std::size_t> body(byte_view shown);
  [[nodiscard]] failure refusal() const;

  stage stage_ = stage::done;
  secret output_;
  secret next_;  // what follows the choice of a method
  secret credentials_;
  std::optional<endpoint> proxy_end_;
  std::size_t head_limit_ = 0;
  std::size_t body_limit_ = 0;
  // Of an HTTP answer that refuses.
  unsigned status_ = 0;
  bool chunked_ = false;
  std::optional<std::uint64_t> length_;
  std::string body_;
};

/// Opens a tunnel through a proxy that `through` leads to: afterwards the stream leads to the host, as if it
/// were connected to it. Through that tunnel, another can be opened.
/// @param host A name or an address; names are resolved by the proxy. All that is passed is copied.
/// @par Errors What `handshake` gives; `condition::eof` if the proxy leaves; what the stream throws;
/// `condition::timeout`, `canceled`. The stream is of no use then: close it.
/// @par Cancellation At once; the stream is of no use.
[[nodiscard]] TIDEWIRE_CORE_API task<> tunnel(stream& through, protocol speaks, std::string_view host,
                                              std::uint16_t port, tunnel_options options = {});

/// A proxy: where it is, what it speaks, and who we are to it.
struct server {
  protocol speaks = protocol::socks5;  ///< What it speaks.
  std::string_view host{};             ///< Where it is: a name or an address.
  std::uint16_t port = 1080;           ///< At which port.
  std::string_view user{};             ///< See `tunnel_options::user`.
  std::string_view password{};         ///< See `tunnel_options::password`.
};

/// Connects to a host through proxies, the first of which is connected to directly, and each next one, at
/// last the host, through those before it; directly if there are none.
/// @param chain   At most 8. Copied, as is what it refers to.
/// @param options As for `tcp::connect`; the time-out is for all of it, the rest for the first connection.
/// @par Errors As `tcp::connect` and `tunnel`; the error names the proxy. `condition::misuse`: more than 8.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_CORE_API task<tcp::stream> connect(std::span<const server> chain,
                                                          std::string_view host, std::uint16_t port,
                                                          tcp::connect_options options = {});

/// Is a host to be connected to without a proxy, by a list such as people keep in NO_PROXY? The list is
/// separated by commas or spaces; each entry is one of:
/// - `*`: every host;
/// - a name, with or without a dot before it: that host, and all below it;
/// - an address: that address, however it is written;
/// - a network, `10.0.0.0/8` or `fd00::/8`: every address in it;
/// - any of these but a network with a port, `example.org:8080`, `[::1]:80`: only at that port.
///
/// Names are compared without regard to case or a final dot; nothing is resolved. What is none of these
/// matches nothing.
[[nodiscard]] TIDEWIRE_CORE_API bool is_exempt(std::string_view list, std::string_view host,
                                               std::uint16_t port);

}  // namespace tidewire::proxy
