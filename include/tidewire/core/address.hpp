/// @file
/// Internet addresses as values: `ip_address`, `endpoint` (address and port), and the split of what a person
/// types as "host:port". Text is parsed and written here, in one strict form on every system; nothing asks
/// the system or the network.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/core/export.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire {

/// An IPv4 or IPv6 address; the latter with its scope (RFC 4007). A trivially copyable value of 24 bytes.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is a distinct value from the
/// IPv4 address it carries; `unmapped` makes them one. The predicates look through it, so that a check such
/// as `is_loopback` is not fooled by the other spelling.
class ip_address {
 public:
  /// 0.0.0.0.
  constexpr ip_address() noexcept = default;

  /// The IPv4 address of this number: `from_v4(0x7f000001)` is 127.0.0.1.
  [[nodiscard]] static constexpr ip_address from_v4(std::uint32_t number) noexcept {
    ip_address address;
    for (std::size_t i = 0; i < 4; ++i) address.bytes_[i] = static_cast<std::byte>(number >> (24 - 8 * i));
    return address;
  }
  /// The IPv4 address of these bytes, in network order.
  [[nodiscard]] static constexpr ip_address from_v4(std::span<const std::byte, 4> bytes) noexcept {
    ip_address address;
    for (std::size_t i = 0; i < 4; ++i) address.bytes_[i] = bytes[i];
    return address;
  }
  /// The IPv6 address of these bytes, in network order. `scope_id` is the number of the zone (the index of an
  /// interface, for a link-local address); 0: the default zone.
  [[nodiscard]] static constexpr ip_address from_v6(std::span<const std::byte, 16> bytes,
                                                    std::uint32_t scope_id = 0) noexcept {
    ip_address address;
    address.family_ = family::v6;
    for (std::size_t i = 0; i < 16; ++i) address.bytes_[i] = bytes[i];
    address.scope_id_ = scope_id;
    return address;
  }
  /// 127.0.0.1.
  [[nodiscard]] static constexpr ip_address loopback_v4() noexcept { return from_v4(0x7f000001); }
  /// 0.0.0.0: every IPv4 address of this host, when listening.
  [[nodiscard]] static constexpr ip_address any_v4() noexcept { return {}; }
  /// ::1.
  [[nodiscard]] static constexpr ip_address loopback_v6() noexcept {
    ip_address address;
    address.family_ = family::v6;
    address.bytes_[15] = std::byte{1};
    return address;
  }
  /// `::`: every IPv6 address of this host, when listening.
  [[nodiscard]] static constexpr ip_address any_v6() noexcept {
    ip_address address;
    address.family_ = family::v6;
    return address;
  }

  /// Parses an address and nothing else: no space, port or bracket around it.
  ///
  /// IPv4 is four decimal numbers without leading zeros, as `inet_pton` takes them: neither `127.1`, `0x7f.1`
  /// nor `010.0.0.1`, which systems read in different ways. IPv6 is RFC 4291 section 2.2 in all its forms (an
  /// embedded IPv4 address too), and may be followed by `%` and a scope of RFC 4007 section 11 as a decimal
  /// number. A scope by name (`%eth0`) is refused, as only the system knows its number: the resolver takes
  /// it.
  /// @return `errc::malformed` with the reason otherwise.
  [[nodiscard]] TIDEWIRE_CORE_API static result<ip_address> parse(std::string_view text);

  /// The address as text, which `parse` takes back. IPv6 is in the canonical form of RFC 5952: lower case,
  /// the first longest run of two or more zero groups as `::`, dotted only if IPv4-mapped; `%` and the scope
  /// follow unless it is 0.
  [[nodiscard]] TIDEWIRE_CORE_API std::string to_string() const;

  [[nodiscard]] constexpr bool is_v4() const noexcept { return family_ == family::v4; }
  [[nodiscard]] constexpr bool is_v6() const noexcept { return family_ == family::v6; }
  /// Of ::ffff:0:0/96: an IPv4 address in IPv6 clothes, as a socket of both families shows its peers.
  [[nodiscard]] constexpr bool is_v4_mapped() const noexcept {
    if (!is_v6() || bytes_[10] != std::byte{0xff} || bytes_[11] != std::byte{0xff}) return false;
    for (std::size_t i = 0; i < 10; ++i) {
      if (bytes_[i] != std::byte{0}) return false;
    }
    return true;
  }
  /// 127.0.0.0/8, ::1, and the former when mapped.
  [[nodiscard]] constexpr bool is_loopback() const noexcept {
    if (const auto number = v4()) return *number >> 24 == 127;
    return tail_is(std::byte{1});
  }
  /// 0.0.0.0, `::`, and the former when mapped.
  [[nodiscard]] constexpr bool is_unspecified() const noexcept {
    if (const auto number = v4()) return *number == 0;
    return tail_is(std::byte{0});
  }
  /// 224.0.0.0/4, ff00::/8, and the former when mapped.
  [[nodiscard]] constexpr bool is_multicast() const noexcept {
    if (const auto number = v4()) return *number >> 28 == 0xe;
    return bytes_[0] == std::byte{0xff};
  }
  /// 169.254.0.0/16 (RFC 3927), fe80::/10, and the former when mapped.
  [[nodiscard]] constexpr bool is_link_local() const noexcept {
    if (const auto number = v4()) return *number >> 16 == 0xa9fe;
    return bytes_[0] == std::byte{0xfe} && (bytes_[1] & std::byte{0xc0}) == std::byte{0x80};
  }
  /// 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 (RFC 1918), fc00::/7 (RFC 4193), and the former when
  /// mapped.
  [[nodiscard]] constexpr bool is_private() const noexcept {
    if (const auto number = v4()) {
      return *number >> 24 == 10 || *number >> 20 == 0xac1 || *number >> 16 == 0xc0a8;
    }
    return (bytes_[0] & std::byte{0xfe}) == std::byte{0xfc};
  }

  /// The IPv4 address as a number (127.0.0.1 is 0x7f000001): of an IPv4 address, and of the one that an
  /// IPv4-mapped address carries; nothing for any other.
  [[nodiscard]] constexpr std::optional<std::uint32_t> v4() const noexcept {
    if (is_v6() && !is_v4_mapped()) return std::nullopt;
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      number = number << 8 | std::to_integer<std::uint32_t>(bytes_[(is_v6() ? 12 : 0) + i]);
    }
    return number;
  }
  /// The IPv4 address that an IPv4-mapped address carries; any other address as it is.
  [[nodiscard]] constexpr ip_address unmapped() const noexcept {
    const auto number = v4();
    return number ? from_v4(*number) : *this;
  }
  /// The 4 or 16 bytes in network order; a view of this object.
  [[nodiscard]] constexpr std::span<const std::byte> bytes() const noexcept {
    return std::span(bytes_).first(is_v4() ? 4 : 16);
  }
  /// The scope of an IPv6 address; 0 if it has none.
  [[nodiscard]] constexpr std::uint32_t scope_id() const noexcept { return scope_id_; }

  /// The same family, bytes and scope. In order, IPv4 comes first, then bytes decide, then the scope.
  [[nodiscard]] friend constexpr bool operator==(const ip_address&, const ip_address&) noexcept = default;
  /// @copydoc operator==
  [[nodiscard]] friend constexpr std::strong_ordering operator<=>(const ip_address&,
                                                                  const ip_address&) noexcept = default;

 private:
  enum class family : std::uint8_t { v4, v6 };

  // All bytes are zero but the last, which is this.
  [[nodiscard]] constexpr bool tail_is(std::byte last) const noexcept {
    for (std::size_t i = 0; i < 15; ++i) {
      if (bytes_[i] != std::byte{0}) return false;
    }
    return bytes_[15] == last;
  }

  family family_ = family::v4;
  std::array<std::byte, 16> bytes_ = {};
  std::uint32_t scope_id_ = 0;
};

/// An address and a port: one end of a TCP connection or a UDP flow. A trivially copyable value.
class endpoint {
 public:
  /// 0.0.0.0:0.
  constexpr endpoint() noexcept = default;
  constexpr endpoint(ip_address address, std::uint16_t port) noexcept : address_(address), port_(port) {}

  /// Parses "192.0.2.1:80" or "[2001:db8::1]:80": an address as `ip_address::parse` takes it, IPv6 always in
  /// brackets, and a decimal port of 0 to 65535 without leading zeros. No names: see `split_host_port`.
  /// @return `errc::malformed` with the reason otherwise.
  [[nodiscard]] TIDEWIRE_CORE_API static result<endpoint> parse(std::string_view text);
  /// "192.0.2.1:80", "[2001:db8::1]:80".
  [[nodiscard]] TIDEWIRE_CORE_API std::string to_string() const;

  [[nodiscard]] constexpr const ip_address& address() const noexcept { return address_; }
  [[nodiscard]] constexpr std::uint16_t port() const noexcept { return port_; }

  /// By address, then by port.
  [[nodiscard]] friend constexpr bool operator==(const endpoint&, const endpoint&) noexcept = default;
  /// @copydoc operator==
  [[nodiscard]] friend constexpr std::strong_ordering operator<=>(const endpoint&,
                                                                  const endpoint&) noexcept = default;

 private:
  ip_address address_;
  std::uint16_t port_ = 0;
};

/// A host, by name or by address, and a port: what `split_host_port` finds.
struct host_port {
  host_port(std::string the_host, std::uint16_t the_port) : host(std::move(the_host)), port(the_port) {}

  /// A name, an IPv4 address, or an IPv6 address without brackets. As typed: case, a final dot and characters
  /// outside ASCII are kept.
  std::string host;
  /// The port typed, or the default one.
  std::uint16_t port;
};

/// Splits what a person types where a server is wanted: "example.org:443", "example.org", "192.0.2.1:80",
/// "[2001:db8::1]:53", "[::1]", "::1". The last, an IPv6 address without brackets, never has a port.
///
/// Between brackets, and where there is more than one colon, an IPv6 address is required; its scope may be a
/// name here ("fe80::1%eth0"), for the resolver to look up. The host is not checked to be a valid name, but
/// what no host can contain is refused (the forbidden domain code points of the WHATWG URL standard): NUL,
/// CR, LF, space and the other control characters, and each of `# % / : < > ? @ [ \ ] ^ |`. So is an empty
/// host, an empty port after a colon, and a host longer than 1024 bytes.
/// @param default_port The port if none is typed; without it, a missing port is refused.
/// @return `errc::malformed` with the reason otherwise.
[[nodiscard]] TIDEWIRE_CORE_API result<host_port> split_host_port(
    std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt);

}  // namespace tidewire

/// Not keyed: a table that strangers fill with addresses of their choice wants a bound on its size.
template <>
struct std::hash<tidewire::ip_address> {
  [[nodiscard]] std::size_t operator()(const tidewire::ip_address& address) const noexcept {
    // FNV-1a, then the finalizer of splitmix64, as FNV leaves its low bits poor.
    std::uint64_t state = 0xcbf29ce484222325;
    for (const std::byte octet : address.bytes()) {
      state = (state ^ std::to_integer<std::uint64_t>(octet)) * 0x100000001b3;
    }
    state ^= address.scope_id();
    state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    state = (state ^ state >> 27) * 0x94d049bb133111eb;
    return static_cast<std::size_t>(state ^ state >> 31);
  }
};

template <>
struct std::hash<tidewire::endpoint> {
  [[nodiscard]] std::size_t operator()(const tidewire::endpoint& value) const noexcept {
    const std::uint64_t state = std::hash<tidewire::ip_address>()(value.address()) + value.port();
    const std::uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    return static_cast<std::size_t>(mixed ^ mixed >> 29);
  }
};
