// A duration as people write it, for messages.
#pragma once

#include <chrono>
#include <string>

namespace tidewire::detail {

/// "1500 ms", "5 s", "2 min": the largest unit that divides it, milliseconds at the least.
[[nodiscard]] inline std::string duration_text(std::chrono::nanoseconds time) {
  using std::chrono::duration_cast;
  const auto milliseconds = duration_cast<std::chrono::milliseconds>(time).count();
  if (milliseconds != 0 && milliseconds % 60'000 == 0) return std::to_string(milliseconds / 60'000) + " min";
  if (milliseconds != 0 && milliseconds % 1000 == 0) return std::to_string(milliseconds / 1000) + " s";
  return std::to_string(milliseconds) + " ms";
}

}  // namespace tidewire::detail
