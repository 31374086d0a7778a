// Finding the lines that may be boundaries, sixteen bytes at a time where the processor allows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define TIDEWIRE_MIME_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define TIDEWIRE_MIME_NEON 1
#endif

namespace tidewire::mime::detail {

// The first LF of [at, end) that a hyphen follows, or `end`.
inline const char* find_line_of_hyphen(const char* at, const char* end) noexcept {
#if defined(TIDEWIRE_MIME_SSE2)
  const __m128i line_feed = _mm_set1_epi8('\n');
  const __m128i hyphen = _mm_set1_epi8('-');
  while (end - at > 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 1));
    const __m128i found = _mm_and_si128(_mm_cmpeq_epi8(here, line_feed), _mm_cmpeq_epi8(next, hyphen));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#elif defined(TIDEWIRE_MIME_NEON)
  const uint8x16_t line_feed = vdupq_n_u8('\n');
  const uint8x16_t hyphen = vdupq_n_u8('-');
  while (end - at > 16) {
    const uint8x16_t here = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
    const uint8x16_t next = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at + 1));
    const uint8x16_t found = vandq_u8(vceqq_u8(here, line_feed), vceqq_u8(next, hyphen));
    const std::uint64_t mask =
        vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    if (mask != 0) return at + (std::countr_zero(mask) >> 2);
    at += 16;
  }
#endif
  for (; end - at > 1; ++at)
    if (at[0] == '\n' && at[1] == '-') return at;
  return end;
}

}  // namespace tidewire::mime::detail
