// Finding the next byte that matters, sixteen at a time where the processor allows.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define TIDEWIRE_HTML_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define TIDEWIRE_HTML_NEON 1
#endif

namespace tidewire::html::detail {

// White space of HTML: space, tab, LF, FF, CR.
inline bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}

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

// The length of the name at `at` if it is such as most are: it ends within sixteen bytes, by white space,
// '/', '>' or one of Stops, and has neither capitals nor control characters in it. Else 0: look at each byte.
template <char... Stops>
inline std::size_t plain_name_length([[maybe_unused]] const char* at,
                                     [[maybe_unused]] const char* end) noexcept {
#if defined(TIDEWIRE_HTML_SSE2)
  if (end - at < 16) return 0;
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i from_a = _mm_sub_epi8(block, _mm_set1_epi8('A'));
  __m128i found = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a);
  found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(' ')), block));
  ((found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8(Stops)))), ...);
  found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8('/')));
  found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8('>')));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
  if (mask == 0) return 0;
  const auto length = static_cast<std::size_t>(std::countr_zero(mask));
  const char after = at[length];
  return is_space(after) || after == '/' || after == '>' || ((after == Stops) || ...) ? length : 0;
#else
  return 0;
#endif
}

// The first byte of [at, end) that is not white space, or `end`.
inline const char* skip_space(const char* at, const char* end) noexcept {
  while (at != end && is_space(*at)) ++at;
  return at;
}

// Is there nothing but white space?
inline bool is_blank(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return skip_space(text.data(), end) == end;
}

}  // namespace tidewire::html::detail
