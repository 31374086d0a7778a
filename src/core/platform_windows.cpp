#include "platform.hpp"

namespace tidewire::detail::platform {

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

}  // namespace tidewire::detail::platform
