/// @file
/// TCP: `connect`, `listen`, and the streams that come of them.
#pragma once

#include <tidewire/core/address.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tidewire::tcp {

namespace detail {
class accept_operation;
class listener_state;
}  // namespace detail

/// A TCP connection. Everything a `stream` can, the options of a socket, and what only TCP has.
class TIDEWIRE_CORE_API stream : public tidewire::stream, public tidewire::detail::socket_options_of<stream> {
 public:
  /// For the library.
  using tidewire::stream::stream;

  /// Our end. Throws `error` once closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer's end, as it was when connected.
  [[nodiscard]] endpoint remote_endpoint() const;
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
  explicit listener(detail::listener_state* state) noexcept : state_(state) {}
  detail::listener_state* state_;
};

/// Listens at an endpoint; port 0 lets the system choose.
/// @par Errors Throws `error` that names the endpoint: in use, not permitted, no such address.
[[nodiscard]] TIDEWIRE_CORE_API listener listen(const endpoint& at, listen_options options = {});
/// Listens on every address of this host, IPv6 and IPv4.
[[nodiscard]] TIDEWIRE_CORE_API listener listen(std::uint16_t port, listen_options options = {});

/// How `connect` connects.
struct connect_options {
  /// The whole act may take this long.
  duration timeout = std::chrono::seconds(30);
};

/// Connects to an address.
/// @par Errors What the system gives: refused, unreachable, ...; `condition::timeout`, `canceled`.
/// @par Cancellation At once; the attempt is given up.
[[nodiscard]] TIDEWIRE_CORE_API task<stream> connect(endpoint to, connect_options options = {});

namespace detail {

/// What `accept` returns.
class TIDEWIRE_CORE_API accept_operation final : public tidewire::detail::leaf<accept_operation> {
 public:
  explicit accept_operation(listener_state* from) noexcept : from_(from) {}
  accept_operation(accept_operation&& other) noexcept : leaf(other), from_(other.from_) {}

  bool start(tidewire::detail::promise_base& p);
  [[nodiscard]] stream await_resume();

 private:
  friend class listener_state;
  void cancel() noexcept override;

  listener_state* from_;
  std::error_code code_;
  const char* why_ = "";
  bool pending_ = false;
};

}  // namespace detail
}  // namespace tidewire::tcp
