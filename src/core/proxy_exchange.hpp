// What tunnels and associations have in common.
#pragma once

#include <tidewire/core/proxy.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tidewire::proxy::detail {

/// A host as SOCKS 5 has it: ATYP and what it announces (RFC 1928 section 5).
[[nodiscard]] result<std::string> socks5_address(const std::optional<ip_address>& address,
                                                 std::string_view host, std::uint16_t port);
/// The size of such a one at the start of `shown`: 0 if that cannot be told yet.
[[nodiscard]] result<std::size_t> size_of_socks5_address(byte_view shown);
/// The same as an endpoint, if it is whole and no name.
[[nodiscard]] std::optional<endpoint> socks5_endpoint(byte_view whole);

/// A host that has no meaning of its own in one of the protocols, and its address if it is one.
struct named_host {
  std::string name;
  std::optional<ip_address> address;
};
[[nodiscard]] result<named_host> check_host(std::string_view host, std::uint16_t port);
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

/// Asks through a stream until what is asked for is there; throws `error` if it is not to be had.
[[nodiscard]] task<> exchange(stream& through, handshake& asking);

}  // namespace tidewire::proxy::detail
