// Endpoints as the system has them, and back.
#pragma once

#include <tidewire/core/address.hpp>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include <cstddef>
#include <cstring>

namespace tidewire::detail {

// A socket address of IPv4 or IPv6, to be shown to the system: `::connect(fd, address.get(), address.size)`.
struct native_address {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] inline native_address to_sockaddr(const endpoint& from) noexcept {
  const std::span<const std::byte> bytes = from.address().bytes();
  const std::array<std::uint8_t, 2> port = {static_cast<std::uint8_t>(from.port() >> 8),
                                            static_cast<std::uint8_t>(from.port() & 0xff)};
  native_address to;
  if (from.address().is_v4()) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_port, port.data(), port.size());
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&to.storage, &address, sizeof(address));
    to.size = sizeof(address);
  } else {
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    std::memcpy(&address.sin6_port, port.data(), port.size());
    std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
    address.sin6_scope_id = from.address().scope_id();
    std::memcpy(&to.storage, &address, sizeof(address));
    to.size = sizeof(address);
  }
  return to;
}

// `errc::unsupported` if it is of another family (or of none: an unbound Unix socket), `errc::malformed` if
// it is shorter than its family says.
[[nodiscard]] inline result<endpoint> from_sockaddr(const sockaddr* from, socklen_t size) {
  const auto length = static_cast<std::size_t>(size);
  decltype(sockaddr_storage::ss_family) family = 0;
  const std::size_t family_end = offsetof(sockaddr, sa_family) + sizeof(family);
  if (length < family_end) return errc::unsupported;
  std::memcpy(&family, reinterpret_cast<const char*>(from) + offsetof(sockaddr, sa_family), sizeof(family));

  std::array<std::uint8_t, 2> port;
  const auto number = [&port] { return static_cast<std::uint16_t>(port[0] << 8 | port[1]); };
  if (family == AF_INET) {
    sockaddr_in address;
    if (length < sizeof(address)) return errc::malformed;
    std::memcpy(&address, from, sizeof(address));
    std::memcpy(port.data(), &address.sin_port, port.size());
    std::array<std::byte, 4> bytes;
    std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
    return endpoint(ip_address::from_v4(bytes), number());
  }
  if (family == AF_INET6) {
    sockaddr_in6 address;
    if (length < sizeof(address)) return errc::malformed;
    std::memcpy(&address, from, sizeof(address));
    std::memcpy(port.data(), &address.sin6_port, port.size());
    std::array<std::byte, 16> bytes;
    std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    return endpoint(ip_address::from_v6(bytes, address.sin6_scope_id), number());
  }
  return errc::unsupported;
}

}  // namespace tidewire::detail
