/// @file
/// TCP: `connect`, `listen`, and the streams that come of them.
#pragma once

#include <tidewire/core/address.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/detail/accept.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/resolver.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tidewire::tcp {

namespace detail {
class accept_operation;
class listener_state;
}  // namespace detail

/// How a connection is doing, as the system sees it. What a system does not tell is missing.
struct connection_info {
  duration round_trip{};                           ///< Smoothed round-trip time.
  std::optional<duration> round_trip_deviation{};  ///< Its mean deviation. Not on Windows.
  std::uint64_t segment_size = 0;                  ///< Bytes of a segment that is sent, at most.
  std::uint64_t congestion_window = 0;             ///< Bytes that may be under way at a time.
  std::uint64_t retransmitted = 0;                 ///< Segments that were sent again.
  std::uint64_t unacknowledged =
      0;  ///< Bytes written that the peer has not acknowledged. Windows: those sent.
  std::optional<std::uint64_t> unsent{};  ///< Of these, bytes that have not even been sent. Linux only.
};

/// A TCP connection. Everything a `stream` can, the options of a socket, and what only TCP has.
class TIDEWIRE_CORE_API stream : public tidewire::stream, public tidewire::detail::socket_options_of<stream> {
 public:
  /// For the library.
  using tidewire::stream::stream;

  /// Our end. Throws `error` once closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer's end, as it was when connected.
  [[nodiscard]] endpoint remote_endpoint() const;
  /// How the connection is doing now: TCP_INFO on Linux, TCP_CONNECTION_INFO on macOS, SIO_TCP_INFO on
  /// Windows 10 and later. Throws `error`: `errc::unsupported` on what has none of them, `errc::closed`.
  [[nodiscard]] connection_info info() const;
  /// The system's socket, still owned here; all ones once closed.
  [[nodiscard]] native_socket native_handle() const noexcept;
  /// For messages.
  [[nodiscard]] std::string socket_name() const;
};

/// How `listen` listens.
struct listen_options {
  /// Connections that the system holds until they are accepted. The system may allow fewer.
  int backlog = 1024;
  /// Several listeners on one endpoint, among which the system shares out connections (Linux, FreeBSD).
  bool reuse_port = false;
  /// An IPv6 listener on the unspecified address takes IPv4 connections, too.
  bool dual_stack = true;
  /// Options of the listener. Accepted streams inherit those that a connection has: `no_delay`, `keep_alive`,
  /// buffers, `user_timeout`, ... On by themselves: `no_delay`, and `reuse_address` but on Windows.
  socket_option_list options{};
};

/// A TCP endpoint that accepts connections. It listens from its creation on, on no loop yet: the first
/// `accept` takes it to the loop of its task. Moves; not thread-safe.
class TIDEWIRE_CORE_API listener : public tidewire::detail::socket_options_of<listener> {
 public:
  listener(listener&& other) noexcept;
  listener& operator=(listener&& other) noexcept;
  ~listener();

  /// Waits for a connection.
  /// @par Errors `condition::canceled`, `misuse` (another accept waits, or another loop); what the system
  /// gives, such as no descriptors left: the connection then stays in the backlog, and accept can be called
  /// again.
  /// @par Cancellation No connection is lost.
  [[nodiscard]] detail::accept_operation accept() noexcept;
  /// Where it listens: the port is the one that the system chose if 0 was asked for.
  [[nodiscard]] endpoint local_endpoint() const;
  /// What it was made with.
  [[nodiscard]] const listen_options& options() const noexcept;
  /// Stops listening. An `accept` that waits gets `errc::closed`. Twice is once.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept;
  /// The system's socket, still owned here; all ones once closed.
  [[nodiscard]] native_socket native_handle() const noexcept;
  /// For messages.
  [[nodiscard]] std::string socket_name() const;

 private:
  friend TIDEWIRE_CORE_API listener listen(const endpoint& at, listen_options options);
  friend TIDEWIRE_CORE_API listener adopt_listener(native_socket owned);
  explicit listener(detail::listener_state* state) noexcept : state_(state) {}
  detail::listener_state* state_;
};

/// Listens at an endpoint; port 0 lets the system choose.
/// @par Errors Throws `error` that names the endpoint: in use, not permitted, no such address.
[[nodiscard]] TIDEWIRE_CORE_API listener listen(const endpoint& at, listen_options options = {});
/// Listens on every address of this host, IPv6 and IPv4.
[[nodiscard]] TIDEWIRE_CORE_API listener listen(std::uint16_t port, listen_options options = {});

/// Takes over a listening socket of the system, that another program passed on for example
/// (`unix_socket::stream::receive_descriptors`). From now on it does not block, and is not inherited by child
/// processes.
/// @par Errors Throws `error` (`condition::misuse`) if it is no listening TCP socket; it is not taken over
/// then.
[[nodiscard]] TIDEWIRE_CORE_API listener adopt_listener(native_socket owned);
/// The same for a connection.
[[nodiscard]] TIDEWIRE_CORE_API stream adopt(native_socket owned);

/// One try of `connect` to reach one address.
struct connect_attempt {
  endpoint to;           ///< The address tried.
  endpoint from;         ///< The address of this host; 0.0.0.0:0 if it came to none.
  duration began{};      ///< When it began, from the call of `connect` on.
  duration took{};       ///< How long it lasted.
  std::error_code code;  ///< What became of it. `errc::canceled`: another was faster, or the time was over.
};

/// What `connect` did, in the order in which it did it.
struct connect_report {
  duration look_up{};                     ///< How long it took to resolve the host.
  duration took{};                        ///< How long all of it took.
  std::vector<connect_attempt> attempts;  ///< The addresses tried. Those that it did not come to are missing.

  /// The attempts as one line: "[::1]:80: Connection refused after 0 ms; 127.0.0.1:80: connected after 1 ms".
  [[nodiscard]] TIDEWIRE_CORE_API std::string to_string() const;
};

/// How `connect` connects.
struct connect_options {
  /// The whole act, with the look-up of the host, may take this long. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
  /// How long an attempt is alone before the next address is tried beside it (RFC 8305 section 5). At least
  /// 10 ms. Default: 250 ms.
  duration attempt_delay = std::chrono::milliseconds(250);
  /// Which addresses of the host are tried, and which family is tried first.
  address_preference prefer = address_preference::system;
  /// The end of this host: an address of it, and a port, or 0 to let the system choose. Addresses of the
  /// other family are not tried. Default: the system chooses.
  std::optional<endpoint> local{};
  /// Options of the socket, set before it connects; `option::bind_to_device` chooses an interface.
  /// `no_delay` is on by itself.
  socket_option_list options{};
  /// Who resolves the host. Not owned. Default: the resolver of the loop.
  const tidewire::resolver* resolver = nullptr;
  /// Where to tell what was done, after success and failure alike. Not owned; untouched until the end.
  connect_report* report = nullptr;
};

/// Connects to an address.
/// @par Errors What the system gives: refused, unreachable, no descriptors left, ...; that an option cannot
/// be set; `condition::timeout`, `canceled`.
/// @par Cancellation At once; the attempt is given up.
[[nodiscard]] TIDEWIRE_CORE_API task<stream> connect(endpoint to, connect_options options = {});

/// Connects to a host by its name: `co_await tcp::connect("example.org", 443)`.
///
/// Resolves the host, and tries its addresses with the families in turn, the next when the one before failed
/// or got no answer within `attempt_delay`; the first that connects wins, and the others are given up (Happy
/// Eyeballs, RFC 8305 sections 4 and 5).
/// @param host A name or an address, as `resolver` takes it. Copied.
/// @par Errors
/// What `resolve` throws. `errc::connection_refused_by_all` (`condition::transient`): no address could be
/// connected to, even if there was but one; the detail tells of each what became of it, and when. What the
/// system gives if it gives no socket, or an option cannot be set. `condition::timeout`, with the addresses
/// tried so far; `condition::canceled`.
/// @par Cancellation At once; every attempt is given up.
/// @see RFC 8305, connect_report
[[nodiscard]] TIDEWIRE_CORE_API task<stream> connect(std::string_view host, std::uint16_t port,
                                                     connect_options options = {});

namespace detail {

/// What `accept` returns.
class TIDEWIRE_CORE_API accept_operation final
    : public tidewire::detail::leaf<accept_operation, tidewire::detail::accept_wait> {
 public:
  explicit accept_operation(listener_state* from) noexcept;
  [[nodiscard]] stream await_resume();
};

}  // namespace detail
}  // namespace tidewire::tcp
