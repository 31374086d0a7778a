// The inner loops of hex, one set for each level of vector instructions. Each set gives the same answers.
#pragma once

#include <cstddef>

#include "simd.hpp"

namespace tidewire::detail {

struct hex_kernels {
  // Writes the 2 * size digits of `size` bytes, nothing beyond.
  void (*encode)(const unsigned char* in, std::size_t size, char* out, bool upper);
  // Decodes pairs of digits to at most `size` bytes, nothing beyond; returns how many: fewer if a pair has
  // what is no digit. Reads 2 * size characters.
  std::size_t (*decode)(const char* in, std::size_t size, unsigned char* out);
};

// Those of `level`, or of the best below it that is compiled in.
[[nodiscard]] TIDEWIRE_BASE_API const hex_kernels& hex_kernels_of(simd_level level) noexcept;

}  // namespace tidewire::detail
