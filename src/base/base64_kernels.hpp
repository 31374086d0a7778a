// The inner loops of base64, one set for each level of vector instructions. Each set gives the same answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "simd.hpp"

namespace tidewire::detail {

inline constexpr std::array<std::string_view, 2> base64_alphabets = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

// Where a decoding kernel stopped.
struct base64_progress {
  const char* in;
  unsigned char* out;
};

struct base64_kernels {
  // Encodes the `size` bytes at `in`, a multiple of three, as size / 3 * 4 characters at `out`. Up to
  // `in_limit` may be read and up to `out_limit` written besides (to any value).
  void (*encode)(const unsigned char* in, std::size_t size, const unsigned char* in_limit, char* out,
                 char* out_limit);
  // Decodes groups of four up to the first that is incomplete, has a character that is not of the alphabet,
  // or does not fit below `out_limit`. May write anything up to `out_limit`.
  base64_progress (*decode)(const char* in, const char* end, unsigned char* out, unsigned char* out_limit);
  // The same, but passes over the line breaks (CR LF or LF) that stand between groups.
  base64_progress (*decode_lines)(const char* in, const char* end, unsigned char* out,
                                  unsigned char* out_limit);
};

// Those of `level` (or of the best below it that is compiled in), for the standard or the URL alphabet.
[[nodiscard]] TIDEWIRE_BASE_API const base64_kernels& base64_kernels_of(simd_level level, bool url) noexcept;

}  // namespace tidewire::detail
