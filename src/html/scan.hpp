// Finding the next byte that matters, sixteen at a time where the processor allows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define TIDEWIRE_HTML_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define TIDEWIRE_HTML_NEON 1
#endif

namespace tidewire::html::detail {

// The first byte of [at, end) that is one of Stops, or `end`.
template <char... Stops>
inline const char* find_any(const char* at, const char* end) noexcept {
#if defined(TIDEWIRE_HTML_SSE2)
  while (end - at >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i found = _mm_setzero_si128();
    ((found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8(Stops)))), ...);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#elif defined(TIDEWIRE_HTML_NEON)
  while (end - at >= 16) {
    const uint8x16_t block = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
    uint8x16_t found = vdupq_n_u8(0);
    ((found = vorrq_u8(found, vceqq_u8(block, vdupq_n_u8(static_cast<std::uint8_t>(Stops))))), ...);
    const std::uint64_t mask =
        vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    if (mask != 0) return at + (std::countr_zero(mask) >> 2);
    at += 16;
  }
#endif
  while (at != end && !((*at == Stops) || ...)) ++at;
  return at;
}

// The first byte of [at, end) that is not white space of HTML (space, tab, LF, FF), or `end`.
inline bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}
inline const char* skip_space(const char* at, const char* end) noexcept {
  while (at != end && is_space(*at)) ++at;
  return at;
}

inline constexpr bool is_ascii_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
inline constexpr bool is_ascii_alpha(char c) noexcept {
  return static_cast<unsigned char>((static_cast<unsigned char>(c) | 0x20) - 'a') < 26;
}
inline constexpr bool is_ascii_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
inline constexpr bool is_ascii_alnum(char c) noexcept {
  return is_ascii_alpha(c) || is_ascii_digit(c);
}
inline constexpr char ascii_lower(char c) noexcept {
  return is_ascii_upper(c) ? static_cast<char>(c | 0x20) : c;
}

}  // namespace tidewire::html::detail
