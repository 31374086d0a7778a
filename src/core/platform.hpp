// What differs between systems. Each platform_<system>.cpp, with platform_posix.cpp for what POSIX systems
// share, implements all of it.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/core/socket_options.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace tidewire {
struct file_part;
namespace tcp {
struct connection_info;
}
namespace detail {
struct native_address;
}
}  // namespace tidewire

namespace tidewire::detail::platform {

using tidewire::native_socket;
inline constexpr native_socket no_socket = static_cast<native_socket>(-1);
/// The steady clock, read as cheaply as the system can, up to a few milliseconds late.
[[nodiscard]] std::chrono::steady_clock::time_point coarse_now() noexcept;

/// An error number of the system's socket calls as a code that compares with `std::errc`.
#ifdef _WIN32
[[nodiscard]] std::error_code system_code(int error) noexcept;
#else
[[nodiscard]] inline std::error_code system_code(int error) noexcept {
  return std::error_code(error, std::system_category());
}
#endif

/// What a call that does not wait gave.
struct attempt {
  std::size_t bytes = 0;
  int error = 0;  // of the system
  bool would_block = false;
  bool drained = false;  // sent all that one call can be shown
  bool more = false;     // there are more buffers than that

  [[nodiscard]] std::error_code code() const noexcept {
    return error == 0 ? std::error_code() : system_code(error);
  }
};

// try_receive and try_send, which each message makes, are in platform_posix.hpp and platform_windows.hpp.

/// Begins to connect; `would_block` if that goes on, and is over when the socket can be written.
[[nodiscard]] attempt try_connect(native_socket s, const native_address& to) noexcept;
/// What became of such a connect.
[[nodiscard]] std::error_code connect_outcome(native_socket s) noexcept;
/// Accepts a connection that is there. It is non-blocking, and not inherited by child processes.
struct accepted {
  native_socket socket = no_socket;
  std::error_code code;
  bool would_block = false;
};
[[nodiscard]] accepted try_accept(native_socket listener, native_address& peer) noexcept;

/// What receiving one datagram without waiting gave.
struct datagram_attempt : attempt {
  std::size_t full_size = 0;  // of the datagram; one more than came of it, where the system only tells that
};
[[nodiscard]] datagram_attempt try_receive_from(native_socket s, byte_span into,
                                                native_address& sender) noexcept;
/// Lets a socket that is not connected know nothing of ports that nobody is on, as systems but Windows do.
#ifdef _WIN32
void ignore_refusals(native_socket s) noexcept;
#else
inline void ignore_refusals(native_socket) noexcept {}
#endif
/// `to` null: to the connected peer.
[[nodiscard]] attempt try_send_to(native_socket s, byte_view datagram, const native_address* to) noexcept;

struct datagram_slot;
class datagram_backlog;
/// What receiving or sending several datagrams without waiting gave. An error means that there was none
/// before it, or `count` would be told first.
struct batch_attempt : attempt {
  std::size_t count = 0;
};
/// In one call of the system where it has one. `drained`: the next would block.
[[nodiscard]] batch_attempt try_receive_many(native_socket s, std::span<datagram_slot> into) noexcept;
[[nodiscard]] batch_attempt try_send_many(native_socket s, std::span<const datagram_slot> from) noexcept;
/// Makes the system hand over datagrams of one sender and size in one message from now on, which cannot be
/// undone: what is queued would come uncut. Null where it cannot, or memory is short.
[[nodiscard]] std::unique_ptr<datagram_backlog> coalesce_datagrams(native_socket s) noexcept;

/// A new socket: non-blocking, not inherited by child processes, never raising SIGPIPE.
/// `family` and `type` are the system's (AF_INET, SOCK_STREAM, ...).
[[nodiscard]] native_socket open_socket(int family, int type, std::error_code& failed) noexcept;
/// Makes a socket from elsewhere like those of `open_socket`.
std::error_code prepare(native_socket s) noexcept;
std::error_code bind(native_socket s, const native_address& to) noexcept;
std::error_code listen(native_socket s, int backlog) noexcept;
[[nodiscard]] native_address local_address(native_socket s, std::error_code& failed) noexcept;
[[nodiscard]] native_address remote_address(native_socket s, std::error_code& failed) noexcept;
std::error_code set_option(native_socket s, int level, int name, int value) noexcept;
std::error_code get_option(native_socket s, int level, int name, int& value) noexcept;

/// Can what a dual-stack socket sends by IPv4 be told apart by options?
#ifdef __APPLE__
inline constexpr bool v6_sockets_have_v4_options = false;
#else
inline constexpr bool v6_sockets_have_v4_options = true;
#endif

/// Where the system keeps an option that is one number.
struct option_place {
  int level = 0;
  int name = 0;
  bool known = false;
  int unit = 1;  ///< What the option's number is divided by (rounding up) to be the system's.
};
/// The one of keep-alive is that of its switch.
[[nodiscard]] option_place place_of(option_id id, bool v6) noexcept;
/// The idle time, interval and count of keep-alive, in that order.
[[nodiscard]] std::array<option_place, 3> keep_alive_places() noexcept;
std::error_code set_linger(native_socket s, bool on, int seconds) noexcept;
std::error_code get_linger(native_socket s, bool& on, int& seconds) noexcept;
/// An interface by name, none if empty; `errc::unsupported` where there is no such thing.
std::error_code bind_to_device(native_socket s, bool v6, const char* name) noexcept;
std::error_code get_bound_device(native_socket s, bool v6, std::span<char, 16> name) noexcept;
/// Is it a socket of IPv6?
[[nodiscard]] bool is_v6(native_socket s) noexcept;
/// `errc::unsupported` where the system tells nothing of its connections.
std::error_code get_connection_info(native_socket s, tcp::connection_info& info) noexcept;

/// Can the system send files by itself? If so: sends some of a part of one. No bytes and no error: it ends
/// before.
#if defined(__linux__) || defined(__APPLE__)
inline constexpr bool sends_files = true;
#else
inline constexpr bool sends_files = false;
#endif
[[nodiscard]] attempt try_send_file(native_socket to, const file_part& part) noexcept;

/// Can descriptors be passed over a Unix socket?
#ifdef _WIN32
inline constexpr bool passes_descriptors = false;
#else
inline constexpr bool passes_descriptors = true;
#endif
/// What passes descriptors, as the system wants it.
[[nodiscard]] std::vector<std::byte> rights_of(std::span<const native_socket> descriptors);
/// What receives them.
struct incoming_rights {
  explicit incoming_rights(std::size_t limit);
  std::vector<std::byte> control;
  std::vector<native_socket> descriptors;  // owned by whoever made this
  bool truncated = false;                  // there were more
};
[[nodiscard]] attempt try_receive_rights(native_socket from, byte_span into,
                                         incoming_rights& rights) noexcept;
/// As `try_send`; the rights go with the first byte.
[[nodiscard]] attempt try_send_rights(native_socket to, std::span<const byte_view> buffers, std::size_t skip,
                                      byte_span rights) noexcept;

/// Two connected sockets without a name; `errc::unsupported` where there is no such thing.
std::error_code open_unix_pair(int type, std::array<native_socket, 2>& made) noexcept;
/// Who is at the other end of a Unix socket; `process` is 0 where the system does not tell.
struct peer_identity {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::int64_t process = 0;
};
std::error_code identify_peer(native_socket s, peer_identity& peer) noexcept;
/// Sets the access rights that the file of a socket will have, where that can be told before it is bound.
std::error_code set_file_mode(native_socket s, unsigned permissions) noexcept;
/// Which file it is that a path leads to; equal for equal files.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t file = 0;
  friend bool operator==(const file_identity&, const file_identity&) = default;
};
[[nodiscard]] file_identity identify_file(const char* path, std::error_code& failed) noexcept;

/// The index of an interface by its name, or by one of its addresses; 0 for an empty text.
[[nodiscard]] unsigned find_interface(std::string_view device, std::error_code& failed) noexcept;
/// Joins or leaves a multicast group (RFC 3678): only what `source` sends, unless that is null. Index 0: the
/// system chooses.
std::error_code set_membership(native_socket s, bool join, unsigned index, const native_address& group,
                               const native_address* source) noexcept;
/// Where multicasts leave from, by IPv4 with `own` as their sender if that is not null.
std::error_code set_multicast_interface(native_socket s, bool v6, unsigned index,
                                        const native_address* own) noexcept;

std::error_code shutdown_write(native_socket s) noexcept;
void close(native_socket s) noexcept;

#ifndef _WIN32
/// Has this process more threads than the calling one? False where that cannot be told.
[[nodiscard]] bool has_other_threads() noexcept;
/// Asks for SIGTERM when the parent, the process `parent`, ends; nothing where the system has no such thing.
void end_with_parent(int parent) noexcept;
#endif

/// Starts a thread that takes none of the signals of the program. Throws what `std::thread` throws.
[[nodiscard]] std::thread start_quiet_thread(void (*body)(void*), void* argument);

}  // namespace tidewire::detail::platform
