/// @file
/// Datagrams through a SOCKS 5 proxy: UDP ASSOCIATE (RFC 1928 sections 4 and 7).
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/proxy.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/udp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tidewire::proxy {

/// What goes before the bytes of a datagram on its way to the relay of a proxy: whom it is for.
/// @param host A name or an address; names are resolved by the proxy.
/// @return `errc::malformed` if no host is named so.
[[nodiscard]] TIDEWIRE_CORE_API result<std::string> relay_header(std::string_view host, std::uint16_t port);

/// A datagram that came through a relay.
struct relayed_datagram {
  endpoint from;    ///< Who sent it.
  byte_view bytes;  ///< What was sent: a part of what the relay sent.
};

/// Takes apart what a relay sent.
/// @return `errc::malformed` if it is no datagram of a relay; `errc::unsupported` if it is a fragment, which
/// RFC 1928 leaves to choice, or names its sender by a name.
[[nodiscard]] TIDEWIRE_CORE_API result<relayed_datagram> parse_relayed(byte_view datagram);

/// Datagrams by way of a proxy, for as long as the connection to it lasts. Moves; for one loop, not
/// thread-safe. One task may receive while another sends.
class TIDEWIRE_CORE_API udp_association {
 public:
  udp_association(udp_association&& other) noexcept;
  udp_association& operator=(udp_association&& other) noexcept;
  ~udp_association();

  /// Sends a datagram to a host by name or address.
  /// @param datagram Copied, as is the name. 65,507 bytes less up to 262 at most.
  /// @par Errors What `relay_header` gives, and what `udp::socket::send` throws. That the proxy does not pass
  /// it on is not told.
  /// @par Cancellation It was not sent.
  [[nodiscard]] task<> send_to(byte_view datagram, std::string_view host, std::uint16_t port);
  /// The same to an address.
  [[nodiscard]] task<> send_to(byte_view datagram, const endpoint& to);

  /// Waits for a datagram from any host; what comes from the relay and is none is passed over.
  /// @param buffer Not empty; alive until the operation ends. What is longer is cut, and said to be.
  /// @return `from` is the host, not the relay.
  /// @par Errors `condition::eof` if the proxy ended the association; what the connection to it gives;
  /// `condition::canceled`, `misuse`.
  /// @par Cancellation No datagram is lost.
  [[nodiscard]] task<udp::received> recv_from(byte_span buffer);

  /// Where the datagrams are sent to.
  [[nodiscard]] endpoint relay() const;
  /// Ends it at once, on both sides. Whoever waits gets `errc::closed`. Twice is once.
  void close() noexcept;

 private:
  struct state;
  friend TIDEWIRE_CORE_API task<udp_association> associate(const server& by, tcp::connect_options options);
  explicit udp_association(std::shared_ptr<state> made) noexcept;
  static task<udp_association> open(protocol speaks, std::string host, std::uint16_t port, secret user,
                                    secret password, tcp::connect_options options);

  std::shared_ptr<state> state_;
};

/// Asks a proxy to pass on datagrams.
/// @param by      It has to speak SOCKS 5. Copied, as is what it refers to.
/// @param options As for `tcp::connect`; the time-out is for all of it, the rest for the connection to the
/// proxy.
/// @par Errors As `proxy::connect`; the error names the proxy. `condition::misuse`: a proxy that does not
/// speak SOCKS 5. `errc::unsupported`: its relay has a name instead of an address.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_CORE_API task<udp_association> associate(const server& by,
                                                                tcp::connect_options options = {});

}  // namespace tidewire::proxy
