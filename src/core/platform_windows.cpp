#include <winsock2.h>

#include "platform.hpp"

namespace tidewire::detail::platform {

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

// Windows completes operations instead of telling that a socket is ready: everything is left to Asio.
attempt try_receive(native_socket, byte_span) noexcept {
  return {0, {}, true, false};
}
bool tell_rest(native_socket) noexcept {
  return false;
}
attempt try_receive_and_tell(native_socket from, byte_span into) noexcept {
  return try_receive(from, into);
}
attempt try_send(native_socket, std::span<const byte_view>, std::size_t) noexcept {
  return {0, {}, true, false};
}

std::error_code shutdown_write(native_socket s) noexcept {
  if (::shutdown(static_cast<SOCKET>(s), SD_SEND) == 0) return {};
  return std::error_code(::WSAGetLastError(), std::system_category());
}

void close(native_socket s) noexcept {
  ::closesocket(static_cast<SOCKET>(s));
}

}  // namespace tidewire::detail::platform
