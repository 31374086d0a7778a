// The two calls that each message makes, where the compiler can see them.
#pragma once

#include <sys/socket.h>

#include <cerrno>

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

/// Several buffers, in one call.
[[nodiscard]] attempt try_gather(native_socket to, std::span<const byte_view> buffers,
                                 std::size_t skip) noexcept;

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
