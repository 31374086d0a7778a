#include <time.h>

#include "platform.hpp"

namespace tidewire::detail::platform {

// libstdc++ and libc++ read CLOCK_MONOTONIC for steady_clock; the coarse one has the same origin.
std::chrono::steady_clock::time_point coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace tidewire::detail::platform
