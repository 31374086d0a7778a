// Numbers that look random enough for pauses and pieces, from a state that nobody shares.
#pragma once

#include <cstdint>

namespace tidewire::detail {

/// SplitMix64: the next number of a sequence that any seed begins.
[[nodiscard]] constexpr std::uint64_t split_mix(std::uint64_t& state) noexcept {
  std::uint64_t x = state += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace tidewire::detail
