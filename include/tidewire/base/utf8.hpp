/// @file
/// UTF-8, one character at a time: what decoders are made of. Free of locale, allocation and exceptions.
#pragma once

#include <cstddef>

namespace tidewire {

/// What stands at a place in UTF-8.
struct utf8_step {
  unsigned length = 0;      ///< Bytes of the well-formed sequence (1 to 4), or 0 if there is none.
  unsigned bad = 0;         ///< If none: the bytes that one U+FFFD stands for (Unicode, maximal subparts).
  bool incomplete = false;  ///< If none: more bytes could still make it well-formed.
};

/// Looks at the sequence at `at`, which must be before `end`. Surrogates, overlong forms and what lies beyond
/// U+10FFFF are not well-formed (RFC 3629).
[[nodiscard]] inline utf8_step read_utf8(const char* at, const char* end) noexcept {
  const auto byte = [&](std::ptrdiff_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, 0, false};
  unsigned length;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {0, 1, false};
  }
  for (unsigned i = 1; i < length; ++i) {
    if (end - at <= static_cast<std::ptrdiff_t>(i)) return {0, i, true};
    if (byte(i) < low || byte(i) > high) return {0, i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, 0, false};
}

/// The code point of a well-formed sequence of `length` bytes.
[[nodiscard]] inline char32_t utf8_code_point(const char* at, unsigned length) noexcept {
  char32_t point = static_cast<unsigned char>(*at);
  if (length > 1) point &= 0xFFU >> (length + 1);
  for (unsigned i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(at[i]) & 0x3FU);
  return point;
}

/// Writes a code point, at most U+10FFFF, to `out`, which has room for 4 bytes; returns how many were
/// written. A surrogate becomes the three bytes of WTF-8.
inline std::size_t write_utf8(char32_t point, char* out) noexcept {
  const auto put = [&](std::size_t i, char32_t byte) { out[i] = static_cast<char>(byte); };
  if (point < 0x80) {
    put(0, point);
    return 1;
  }
  if (point < 0x800) {
    put(0, 0xC0 | point >> 6);
    put(1, 0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    put(0, 0xE0 | point >> 12);
    put(1, 0x80 | (point >> 6 & 0x3F));
    put(2, 0x80 | (point & 0x3F));
    return 3;
  }
  put(0, 0xF0 | point >> 18);
  put(1, 0x80 | (point >> 12 & 0x3F));
  put(2, 0x80 | (point >> 6 & 0x3F));
  put(3, 0x80 | (point & 0x3F));
  return 4;
}

}  // namespace tidewire
