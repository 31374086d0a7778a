// The two calls that each message makes, where the compiler can see them.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "platform.hpp"

namespace tidewire::detail::platform {

// macOS has SO_NOSIGPIPE instead, set when a socket is made.
#ifdef MSG_NOSIGNAL
inline constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
inline constexpr int send_flags = MSG_DONTWAIT;
#endif

[[nodiscard]] inline attempt outcome_of(ssize_t n) noexcept {
  if (n >= 0) return {static_cast<std::size_t>(n)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, 0, true};
  return {0, errno};
}

[[nodiscard]] inline attempt try_receive(native_socket from, byte_span into) noexcept {
  ssize_t n = 0;
  do {
    n = ::recv(from, into.data(), into.size(), MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  return outcome_of(n);
}

/// Several buffers, in one call; `control` goes with the first byte.
[[nodiscard]] attempt try_gather(native_socket to, std::span<const byte_view> buffers, std::size_t skip,
                                 byte_span control = {}) noexcept;

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

[[nodiscard]] inline attempt try_send(native_socket to, std::span<const byte_view> buffers,
                                      std::size_t skip) noexcept {
  if (buffers.size() != 1) return try_gather(to, buffers, skip);
  const byte_view rest = buffers[0].subspan(skip);
  if (rest.empty()) return {0, 0, false, true};
  ssize_t n = 0;
  do {
    n = ::send(to, rest.data(), rest.size(), send_flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return outcome_of(n);
  return {static_cast<std::size_t>(n), 0, false, static_cast<std::size_t>(n) == rest.size()};
}

}  // namespace tidewire::detail::platform
