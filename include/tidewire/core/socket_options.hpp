/// @file
/// Options of sockets as types: `peer.set(option::no_delay(false));`, `peer.get<option::keep_alive>()`. Each
/// is set and read on whatever has a socket of the system (`tcp::stream`, `tcp::listener`, UDP and Unix
/// sockets), and given to `connect` and `listen` in a list.
///
/// What this system does not have, or not on this kind of socket, is `errc::unsupported`, naming the option;
/// nothing is ignored in silence.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/core/export.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire {

/// A socket as the system names it: a file descriptor, or a `SOCKET` of Windows.
#ifdef _WIN32
using native_socket = std::uintptr_t;
#else
using native_socket = int;
#endif

namespace detail {

enum class option_id : std::uint8_t {
  no_delay,
  quick_ack,
  keep_alive,
  linger,
  reuse_address,
  reuse_port,
  receive_buffer,
  send_buffer,
  not_sent_low_water,
  user_timeout,
  fast_open,
  fast_open_connect,
  traffic_class,
  dscp,
  hop_limit,
  v6_only,
  mark,
  bind_to_device,
  broadcast,
  multicast_loop,
  multicast_hops,
};

/// The value of any option in the one form that fits all: what goes to the system, in the option's unit.
struct option_value {
  option_id id{};
  std::array<int, 4> numbers{};
  std::array<char, 16> text{};  ///< An interface, whose names are that long at most with their final zero.
};

/// A number in the range of the system's: one that is larger is as large as it gets.
template <std::integral N>
[[nodiscard]] constexpr int to_option_number(N number) noexcept {
  if constexpr (!std::same_as<N, bool>) {
    if (std::cmp_greater(number, std::numeric_limits<int>::max())) return std::numeric_limits<int>::max();
    if (std::cmp_less(number, std::numeric_limits<int>::min())) return std::numeric_limits<int>::min();
  }
  return static_cast<int>(number);
}

/// Sets an option. The failure tells what was being set, but not on what.
[[nodiscard]] TIDEWIRE_CORE_API result<void> set_socket_option(native_socket on, const option_value& value);
[[nodiscard]] TIDEWIRE_CORE_API result<option_value> get_socket_option(native_socket of, option_id id);

template <option_id Id, class T>
class plain_option {
 public:
  using value_type = T;
  static constexpr option_id id = Id;

  constexpr explicit plain_option(T value) noexcept : value_(value) {}
  [[nodiscard]] constexpr T value() const noexcept { return value_; }

  [[nodiscard]] constexpr option_value to_system() const noexcept {
    return {Id, {to_option_number(value_)}, {}};
  }
  [[nodiscard]] static constexpr T from_system(const option_value& value) noexcept {
    return static_cast<T>(value.numbers[0]);
  }

 private:
  T value_;
};

}  // namespace detail

/// An option of a socket: one of `tidewire::option`.
template <class O>
concept socket_option = requires(const O& option, const detail::option_value& value) {
  { O::id } -> std::convertible_to<detail::option_id>;
  { option.to_system() } -> std::same_as<detail::option_value>;
  { O::from_system(value) } -> std::same_as<typename O::value_type>;
};

/// The options. `value_type` is what `get` gives.
namespace option {

/// TCP_NODELAY: small writes leave at once instead of waiting for the acknowledgement of the one before
/// (Nagle's algorithm). On by default for every stream of tidewire, connected or accepted.
struct no_delay : detail::plain_option<detail::option_id::no_delay, bool> {
  using plain_option::plain_option;
};

/// TCP_QUICKACK (Linux): acknowledge at once. The system turns it off again when it sees fit.
struct quick_ack : detail::plain_option<detail::option_id::quick_ack, bool> {
  using plain_option::plain_option;
};

/// SO_KEEPALIVE and the three numbers of it: probes find a peer that is gone while a connection is idle.
/// `set(option::keep_alive{.idle = 30s, .interval = 5s, .count = 3})`; off: `{.on = false}`.
struct keep_alive {
  using value_type = keep_alive;
  static constexpr detail::option_id id = detail::option_id::keep_alive;

  bool on = true;                ///< Send probes at all.
  std::chrono::seconds idle{0};  ///< Idle for so long, the first is sent; 0: the system's default (2 hours).
  std::chrono::seconds interval{0};  ///< Between probes that are not answered; 0: the system's (75 s).
  int count = 0;                     ///< So many unanswered ones end the connection; 0: the system's (9).

  [[nodiscard]] friend bool operator==(const keep_alive&, const keep_alive&) = default;

  [[nodiscard]] constexpr detail::option_value to_system() const noexcept {
    return {id,
            {on, detail::to_option_number(idle.count()), detail::to_option_number(interval.count()), count},
            {}};
  }
  [[nodiscard]] static constexpr keep_alive from_system(const detail::option_value& value) noexcept {
    return {value.numbers[0] != 0, std::chrono::seconds(value.numbers[1]),
            std::chrono::seconds(value.numbers[2]), value.numbers[3]};
  }
};

/// SO_LINGER: what happens to data that is not yet sent when a socket is closed. Nothing (the default of
/// every system): it is sent in the background. Zero: it is dropped and the peer gets a reset. More: as by
/// default, for so long; do not use that here, as some systems then wait inside of the call.
struct linger {
  using value_type = std::optional<std::chrono::seconds>;
  static constexpr detail::option_id id = detail::option_id::linger;

  constexpr explicit linger(value_type time) noexcept : time_(time) {}
  [[nodiscard]] constexpr value_type value() const noexcept { return time_; }

  [[nodiscard]] constexpr detail::option_value to_system() const noexcept {
    return {id, {time_.has_value(), time_ ? detail::to_option_number(time_->count()) : 0}, {}};
  }
  [[nodiscard]] static constexpr value_type from_system(const detail::option_value& value) noexcept {
    return value.numbers[0] != 0 ? value_type(value.numbers[1]) : std::nullopt;
  }

 private:
  value_type time_;
};

/// SO_REUSEADDR: bind to a port that old connections still use. `tcp::listen` sets it, except on Windows,
/// where it would let another program take the port over.
struct reuse_address : detail::plain_option<detail::option_id::reuse_address, bool> {
  using plain_option::plain_option;
};

/// SO_REUSEPORT: several sockets on one endpoint, among which Linux and FreeBSD share out what comes.
struct reuse_port : detail::plain_option<detail::option_id::reuse_port, bool> {
  using plain_option::plain_option;
};

/// SO_RCVBUF, in bytes. Linux reserves, and tells, twice as much. To be set before connect or listen if the
/// TCP window is to profit.
struct receive_buffer : detail::plain_option<detail::option_id::receive_buffer, std::size_t> {
  using plain_option::plain_option;
};

/// SO_SNDBUF, in bytes. Linux reserves, and tells, twice as much.
struct send_buffer : detail::plain_option<detail::option_id::send_buffer, std::size_t> {
  using plain_option::plain_option;
};

/// TCP_NOTSENT_LOWAT (Linux, macOS), in bytes: a socket takes no more while so much is not yet sent, which
/// leaves less in front of what is written later.
struct not_sent_low_water : detail::plain_option<detail::option_id::not_sent_low_water, std::size_t> {
  using plain_option::plain_option;
};

/// TCP_USER_TIMEOUT (RFC 5482; Linux, Windows): data that stays unacknowledged for so long ends the
/// connection. 0: the system's default.
struct user_timeout {
  using value_type = std::chrono::milliseconds;
  static constexpr detail::option_id id = detail::option_id::user_timeout;

  constexpr explicit user_timeout(value_type time) noexcept : time_(time) {}
  [[nodiscard]] constexpr value_type value() const noexcept { return time_; }

  [[nodiscard]] constexpr detail::option_value to_system() const noexcept {
    return {id, {detail::to_option_number(time_.count())}, {}};
  }
  [[nodiscard]] static constexpr value_type from_system(const detail::option_value& value) noexcept {
    return value_type(value.numbers[0]);
  }

 private:
  value_type time_;
};

/// TCP_FASTOPEN (RFC 7413) of a listener: take data with the first segment, for at most so many connections
/// that are not yet established. The system must allow it, too. Requests may then come twice.
struct fast_open : detail::plain_option<detail::option_id::fast_open, int> {
  using plain_option::plain_option;
};

/// TCP_FASTOPEN_CONNECT (Linux): a connect ends at once, before the peer was asked, and the first write goes
/// out with the first segment if the peer allowed that before. Write before you read. What is wrong with the
/// connection is told by the first write or read then; `tcp::connect` can compare no addresses.
struct fast_open_connect : detail::plain_option<detail::option_id::fast_open_connect, bool> {
  using plain_option::plain_option;
};

/// IP_TOS, IPV6_TCLASS: the traffic class byte of what is sent, for the family of the socket (for both on a
/// dual-stack one). TCP keeps the two lowest bits, ECN, for itself on Linux.
struct traffic_class : detail::plain_option<detail::option_id::traffic_class, std::uint8_t> {
  using plain_option::plain_option;
};

/// The upper six bits of the traffic class (RFC 2474): 46 is EF, 0 the default. 63 at most.
struct dscp : detail::plain_option<detail::option_id::dscp, std::uint8_t> {
  using plain_option::plain_option;
};

/// IP_TTL, IPV6_UNICAST_HOPS: how many routers what is sent may pass. 1 to 255.
struct hop_limit : detail::plain_option<detail::option_id::hop_limit, int> {
  using plain_option::plain_option;
};

/// IPV6_V6ONLY: an IPv6 socket that takes no IPv4. Before bind; `listen_options::dual_stack` sets it.
struct v6_only : detail::plain_option<detail::option_id::v6_only, bool> {
  using plain_option::plain_option;
};

/// SO_MARK (Linux; wants CAP_NET_ADMIN): a number that routing and filters see.
struct mark {
  using value_type = std::uint32_t;
  static constexpr detail::option_id id = detail::option_id::mark;

  constexpr explicit mark(value_type number) noexcept : number_(number) {}
  [[nodiscard]] constexpr value_type value() const noexcept { return number_; }

  [[nodiscard]] constexpr detail::option_value to_system() const noexcept {
    return {id, {static_cast<int>(number_)}, {}};
  }
  [[nodiscard]] static constexpr value_type from_system(const detail::option_value& value) noexcept {
    return static_cast<value_type>(value.numbers[0]);
  }

 private:
  value_type number_;
};

/// SO_BROADCAST: a UDP socket may send to broadcast addresses. Off by default.
struct broadcast : detail::plain_option<detail::option_id::broadcast, bool> {
  using plain_option::plain_option;
};

/// IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: members of the group on this host get what is sent, too. On by
/// default. On Windows it is the receiver's socket that decides this, elsewhere the sender's.
struct multicast_loop : detail::plain_option<detail::option_id::multicast_loop, bool> {
  using plain_option::plain_option;
};

/// IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS: how many routers a multicast may pass; 1, the default, keeps it on
/// the link, 0 on this host. 255 at most.
struct multicast_hops : detail::plain_option<detail::option_id::multicast_hops, int> {
  using plain_option::plain_option;
};

/// Use one interface, by name ("eth0"), and no other: SO_BINDTODEVICE on Linux, IP_BOUND_IF on macOS,
/// IP_UNICAST_IF on Windows (which binds what is sent only). Empty: any. Names are of 15 bytes at most.
struct bind_to_device {
  using value_type = std::string;
  static constexpr detail::option_id id = detail::option_id::bind_to_device;

  /// `name` is copied. A name that is too long is one of no interface.
  constexpr explicit bind_to_device(std::string_view name) noexcept {
    if (name.size() >= name_.size()) name = "(name too long)";
    for (std::size_t i = 0; i < name.size(); ++i) name_[i] = name[i];
  }
  [[nodiscard]] constexpr std::string_view value() const noexcept { return name_.data(); }

  [[nodiscard]] constexpr detail::option_value to_system() const noexcept { return {id, {}, name_}; }
  [[nodiscard]] static value_type from_system(const detail::option_value& value) { return value.text.data(); }

 private:
  std::array<char, 16> name_{};
};

}  // namespace option

/// A few options, set in order: `{option::keep_alive(), option::dscp(46)}`. What is pointed to is copied.
class socket_option_list {
 public:
  /// Options that a list holds at most.
  static constexpr std::size_t capacity = 8;

  constexpr socket_option_list() noexcept = default;
  template <socket_option... O>
  requires(sizeof...(O) > 0)
  constexpr socket_option_list(const O&... options) noexcept  // NOLINT: so that braces make one
      : values_{options.to_system()...}, size_(sizeof...(O)) {
    static_assert(sizeof...(O) <= capacity, "a list holds 8 options; set more on the stream, once connected");
  }

  /// For the library.
  [[nodiscard]] constexpr std::span<const detail::option_value> values() const noexcept {
    return std::span(values_).first(size_);
  }

 private:
  std::array<detail::option_value, capacity> values_{};
  std::size_t size_ = 0;
};

namespace detail {

/// `set` and `get` for whatever has `native_handle()` and `socket_name()`, the name for messages. Throws
/// `error`: `errc::unsupported`, `errc::closed`, or what the system gives; it names the option and the
/// socket.
template <class Socket>
class socket_options_of {
 public:
  /// Sets an option: `peer.set(option::user_timeout(10s));`
  template <socket_option O>
  void set(const O& option) {
    if (auto done = detail::set_socket_option(self().native_handle(), option.to_system()); !done) {
      throw error(done.error().with(self().socket_name()));
    }
  }
  /// Reads an option: `bool on = peer.get<option::no_delay>();`
  template <socket_option O>
  [[nodiscard]] typename O::value_type get() const {
    auto value = detail::get_socket_option(self().native_handle(), O::id);
    if (!value) throw error(value.error().with(self().socket_name()));
    return O::from_system(*value);
  }

 protected:
  socket_options_of() = default;
  ~socket_options_of() = default;
  socket_options_of(const socket_options_of&) = default;
  socket_options_of& operator=(const socket_options_of&) = default;

 private:
  [[nodiscard]] const Socket& self() const noexcept { return static_cast<const Socket&>(*this); }
};

}  // namespace detail
}  // namespace tidewire
