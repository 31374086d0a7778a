#include "hex_kernels.hpp"

#include <tidewire/base/bytes.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(TIDEWIRE_SIMD_SSSE3)
#include <immintrin.h>
#endif

namespace tidewire::detail {
namespace {

constexpr std::string_view digits_of_case[] = {"0123456789abcdef", "0123456789ABCDEF"};

namespace portable {

using encode_table = std::array<std::array<char, 2>, 256>;

constexpr encode_table make_encode_table(std::string_view digits) {
  encode_table table{};
  for (std::size_t byte = 0; byte < 256; ++byte) table[byte] = {digits[byte >> 4], digits[byte & 15]};
  return table;
}

constexpr encode_table pairs_of_case[] = {make_encode_table(digits_of_case[0]),
                                          make_encode_table(digits_of_case[1])};

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  for (std::size_t c = 0; c < 256; ++c)
    values[c] = static_cast<std::int8_t>(ascii::hex_value(static_cast<char>(c)));
  return values;
}

constexpr std::array<std::int8_t, 256> values = make_values();

void encode(const unsigned char* in, std::size_t size, char* out, bool upper) {
  const encode_table& pairs = pairs_of_case[upper];
  for (std::size_t i = 0; i < size; ++i) std::memcpy(out + 2 * i, &pairs[in[i]], 2);
}

std::size_t decode(const char* in, std::size_t size, unsigned char* out) {
  for (std::size_t i = 0; i < size; ++i) {
    const int high = values[static_cast<unsigned char>(in[2 * i])];
    const int low = values[static_cast<unsigned char>(in[2 * i + 1])];
    if ((high | low) < 0) return i;
    out[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return size;
}

constexpr hex_kernels kernels = {encode, decode};

}  // namespace portable

#if defined(TIDEWIRE_SIMD_SSSE3)
namespace ssse3 {

#define TIDEWIRE_TARGET __attribute__((target("ssse3")))

TIDEWIRE_TARGET void encode(const unsigned char* in, std::size_t size, char* out, bool upper) {
  const __m128i digits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(digits_of_case[upper].data()));
  const __m128i low_half = _mm_set1_epi8(0x0f);
  for (; size >= 16; size -= 16, in += 16, out += 32) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const __m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(bytes, 4), low_half));
    const __m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(bytes, low_half));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_unpackhi_epi8(high, low));
  }
  portable::encode(in, size, out, upper);
}

// The values of sixteen digits; in `good`, which of them are some.
TIDEWIRE_TARGET inline __m128i values_of(__m128i text, __m128i& good) {
  const __m128i decimal = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(text, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i is_decimal = _mm_cmpeq_epi8(_mm_min_epu8(decimal, _mm_set1_epi8(9)), decimal);
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  good = _mm_or_si128(is_decimal, is_letter);
  return _mm_or_si128(_mm_and_si128(is_decimal, decimal),
                      _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
}

TIDEWIRE_TARGET std::size_t decode(const char* in, std::size_t size, unsigned char* out) {
  const __m128i weights = _mm_set1_epi16(0x0110);
  std::size_t done = 0;
  for (; size - done >= 16; done += 16) {
    const auto* text = reinterpret_cast<const __m128i*>(in + 2 * done);
    __m128i first_good;
    __m128i second_good;
    const __m128i first = values_of(_mm_loadu_si128(text), first_good);
    const __m128i second = values_of(_mm_loadu_si128(text + 1), second_good);
    if (_mm_movemask_epi8(_mm_and_si128(first_good, second_good)) != 0xffff) break;
    const __m128i bytes =
        _mm_packus_epi16(_mm_maddubs_epi16(first, weights), _mm_maddubs_epi16(second, weights));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done), bytes);
  }
  return done + portable::decode(in + 2 * done, size - done, out + done);
}

#undef TIDEWIRE_TARGET

constexpr hex_kernels kernels = {encode, decode};

}  // namespace ssse3
#endif

#if defined(TIDEWIRE_SIMD_AVX)
namespace avx2 {

#define TIDEWIRE_TARGET __attribute__((target("avx2")))

TIDEWIRE_TARGET void encode(const unsigned char* in, std::size_t size, char* out, bool upper) {
  const __m256i digits = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(digits_of_case[upper].data())));
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  for (; size >= 16; size -= 16, in += 16, out += 32) {
    // Each byte in the low half of sixteen bits; its digits in the order of memory.
    const __m256i bytes = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
    const __m256i halves =
        _mm256_and_si256(_mm256_or_si256(_mm256_srli_epi16(bytes, 4), _mm256_slli_epi16(bytes, 8)), low_half);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_shuffle_epi8(digits, halves));
  }
  portable::encode(in, size, out, upper);
}

TIDEWIRE_TARGET inline __m256i values_of(__m256i text, __m256i& good) {
  const __m256i decimal = _mm256_sub_epi8(text, _mm256_set1_epi8('0'));
  const __m256i letter =
      _mm256_sub_epi8(_mm256_or_si256(text, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
  const __m256i is_decimal = _mm256_cmpeq_epi8(_mm256_min_epu8(decimal, _mm256_set1_epi8(9)), decimal);
  const __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
  good = _mm256_or_si256(is_decimal, is_letter);
  return _mm256_or_si256(_mm256_and_si256(is_decimal, decimal),
                         _mm256_and_si256(is_letter, _mm256_add_epi8(letter, _mm256_set1_epi8(10))));
}

TIDEWIRE_TARGET std::size_t decode(const char* in, std::size_t size, unsigned char* out) {
  const __m256i weights = _mm256_set1_epi16(0x0110);
  std::size_t done = 0;
  for (; size - done >= 32; done += 32) {
    const auto* text = reinterpret_cast<const __m256i*>(in + 2 * done);
    __m256i first_good;
    __m256i second_good;
    const __m256i first = values_of(_mm256_loadu_si256(text), first_good);
    const __m256i second = values_of(_mm256_loadu_si256(text + 1), second_good);
    if (_mm256_movemask_epi8(_mm256_and_si256(first_good, second_good)) != -1) break;
    const __m256i lanes =
        _mm256_packus_epi16(_mm256_maddubs_epi16(first, weights), _mm256_maddubs_epi16(second, weights));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + done),
                        _mm256_permute4x64_epi64(lanes, 0b11'01'10'00));
  }
  return done + ssse3::decode(in + 2 * done, size - done, out + done);
}

#undef TIDEWIRE_TARGET

constexpr hex_kernels kernels = {encode, decode};

}  // namespace avx2
#endif

}  // namespace

const hex_kernels& hex_kernels_of(simd_level level) noexcept {
#if defined(TIDEWIRE_SIMD_AVX)
  if (level >= simd_level::avx2) return avx2::kernels;
#endif
#if defined(TIDEWIRE_SIMD_SSSE3)
  if (level >= simd_level::ssse3) return ssse3::kernels;
#endif
  return portable::kernels;
}

}  // namespace tidewire::detail
