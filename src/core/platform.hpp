// What differs between systems. Each platform_<system>.cpp implements all of it.
#pragma once

#include <chrono>

namespace tidewire::detail::platform {

/// The steady clock, read as cheaply as the system can, up to a few milliseconds late.
[[nodiscard]] std::chrono::steady_clock::time_point coarse_now() noexcept;

}  // namespace tidewire::detail::platform
