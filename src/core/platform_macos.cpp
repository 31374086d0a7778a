#include "platform.hpp"

namespace tidewire::detail::platform {

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

bool tell_rest(native_socket) noexcept {
  return false;
}
attempt try_receive_and_tell(native_socket from, byte_span into) noexcept {
  return try_receive(from, into);
}

}  // namespace tidewire::detail::platform
