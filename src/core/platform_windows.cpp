#include <winsock2.h>

#include "platform.hpp"

namespace tidewire::detail::platform {

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

std::thread start_quiet_thread(void (*body)(void*), void* argument) {
  return std::thread(body, argument);
}

std::error_code shutdown_write(native_socket s) noexcept {
  if (::shutdown(static_cast<SOCKET>(s), SD_SEND) == 0) return {};
  return std::error_code(::WSAGetLastError(), std::system_category());
}

void close(native_socket s) noexcept {
  ::closesocket(static_cast<SOCKET>(s));
}

}  // namespace tidewire::detail::platform
