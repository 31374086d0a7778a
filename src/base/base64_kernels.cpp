// The vector algorithms are those of Wojciech Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding
// using AVX2 Instructions" (2018) and "Base64 encoding and decoding at almost the speed of a memory copy"
// (2020).
#include "base64_kernels.hpp"

#include <tidewire/base/bytes.hpp>

#include <bit>
#include <cstring>
#include <span>

#if defined(TIDEWIRE_SIMD_SSSE3)
#include <immintrin.h>
#endif

namespace tidewire::detail {
namespace {

namespace portable {

// The value of each character, shifted to its place in the group; the top byte marks what is none.
constexpr std::uint32_t not_of_the_alphabet = 0xff00'0000;

using decode_table = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr decode_table make_decode_table(std::string_view alphabet) {
  decode_table table{};
  for (unsigned place = 0; place < 4; ++place) {
    table[place].fill(not_of_the_alphabet);
    for (std::uint32_t value = 0; value < 64; ++value) {
      table[place][static_cast<unsigned char>(alphabet[value])] = value << (6 * (3 - place));
    }
  }
  return table;
}

template <bool Url>
constexpr decode_table decode_values = make_decode_table(base64_alphabets[Url]);

// The two characters of each twelve bits.
using encode_table = std::array<std::array<char, 2>, 4096>;

constexpr encode_table make_encode_table(std::string_view alphabet) {
  encode_table table{};
  for (std::size_t bits = 0; bits < table.size(); ++bits) {
    table[bits] = {alphabet[bits >> 6], alphabet[bits & 0x3f]};
  }
  return table;
}

template <bool Url>
constexpr encode_table encode_pairs = make_encode_table(base64_alphabets[Url]);

template <bool Url>
void encode(const unsigned char* in, std::size_t size, const unsigned char* in_limit, char* out, char*) {
  const encode_table& pairs = encode_pairs<Url>;
  for (; size >= 6 && in_limit - in >= 8; size -= 6, in += 6, out += 8) {
    const std::uint64_t bits =
        load_big<std::uint64_t>(std::as_bytes(std::span<const unsigned char, 8>(in, 8)));
    for (std::size_t i = 0; i < 4; ++i) std::memcpy(out + 2 * i, &pairs[bits >> (52 - 12 * i) & 0xfff], 2);
  }
  const char* const letters = base64_alphabets[Url].data();
  for (; size >= 3; size -= 3, in += 3, out += 4) {
    out[0] = letters[in[0] >> 2];
    out[1] = letters[(in[0] & 0x03) << 4 | in[1] >> 4];
    out[2] = letters[(in[1] & 0x0f) << 2 | in[2] >> 6];
    out[3] = letters[in[2] & 0x3f];
  }
}

template <bool Url>
base64_progress decode(const char* in, const char* end, unsigned char* out, unsigned char* out_limit) {
  const decode_table& values = decode_values<Url>;
  for (; end - in >= 4 && out_limit - out >= 3; in += 4, out += 3) {
    const std::uint32_t group =
        values[0][static_cast<unsigned char>(in[0])] | values[1][static_cast<unsigned char>(in[1])] |
        values[2][static_cast<unsigned char>(in[2])] | values[3][static_cast<unsigned char>(in[3])];
    if (group >= not_of_the_alphabet) break;
    out[0] = static_cast<unsigned char>(group >> 16);
    out[1] = static_cast<unsigned char>(group >> 8 & 0xff);
    out[2] = static_cast<unsigned char>(group & 0xff);
  }
  return {in, out};
}

// The size of the line break at `in`; 0 if there is none, or half of one.
inline std::size_t line_break_at(const char* in, const char* end) {
  if (in == end) return 0;
  if (*in == '\n') return 1;
  return end - in >= 2 && in[0] == '\r' && in[1] == '\n' ? 2 : 0;
}

template <bool Url>
base64_progress decode_lines(const char* in, const char* end, unsigned char* out, unsigned char* out_limit) {
  while (true) {
    const base64_progress stop = decode<Url>(in, end, out, out_limit);
    const std::size_t line_break = line_break_at(stop.in, end);
    if (line_break == 0) return stop;
    in = stop.in + line_break;
    out = stop.out;
  }
}

constexpr base64_kernels kernels[] = {{encode<false>, decode<false>, decode_lines<false>},
                                      {encode<true>, decode<true>, decode_lines<true>}};

}  // namespace portable

#if defined(TIDEWIRE_SIMD_SSSE3)

#define TIDEWIRE_TARGET __attribute__((target("ssse3")))
namespace ssse3 {

namespace lower = portable;

constexpr std::size_t encode_reads = 16;
constexpr std::size_t encode_in = 12;
constexpr std::size_t encode_out = 16;
constexpr std::size_t decode_in = 16;
constexpr std::size_t decode_writes = 16;
constexpr std::size_t decode_out = 12;

template <bool Url>
TIDEWIRE_TARGET inline void encode_step(const unsigned char* in, char* out) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  // Each group of three as b a c b in a lane of 32 bits, then its four sextets each to a byte, by products.
  const __m128i lanes =
      _mm_shuffle_epi8(bytes, _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  const __m128i odd =
      _mm_mulhi_epu16(_mm_and_si128(lanes, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
  const __m128i even =
      _mm_mullo_epi16(_mm_and_si128(lanes, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
  const __m128i sextets = _mm_or_si128(odd, even);
  // 0 for a-z, 1 to 10 for the digits, 11 and 12 for the last two, 13 for A-Z: what is to be added.
  const __m128i beyond = _mm_subs_epu8(sextets, _mm_set1_epi8(51));
  const __m128i capital = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), sextets), _mm_set1_epi8(13));
  constexpr char digit = '0' - 52;
  constexpr char last[] = {Url ? '-' - 62 : '+' - 62, Url ? '_' - 63 : '/' - 63};
  const __m128i shifts = _mm_setr_epi8('a' - 26, digit, digit, digit, digit, digit, digit, digit, digit,
                                       digit, digit, last[0], last[1], 'A', 0, 0);
  const __m128i shift = _mm_shuffle_epi8(shifts, _mm_or_si128(beyond, capital));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_add_epi8(shift, sextets));
}

template <bool Url>
TIDEWIRE_TARGET inline std::uint64_t decode_step(const char* in, unsigned char* out) {
  __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  __m128i bad = _mm_setzero_si128();
  if constexpr (Url) {
    const __m128i plus_or_slash =
        _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('+')), _mm_cmpeq_epi8(text, _mm_set1_epi8('/')));
    const __m128i dash = _mm_cmpeq_epi8(text, _mm_set1_epi8('-'));
    const __m128i underscore = _mm_cmpeq_epi8(text, _mm_set1_epi8('_'));
    text = _mm_add_epi8(text, _mm_or_si128(_mm_and_si128(dash, _mm_set1_epi8('+' - '-')),
                                           _mm_and_si128(underscore, _mm_set1_epi8('/' - '_'))));
    bad = plus_or_slash;
  }
  // A character is of the alphabet where the classes of its two halves share no bit.
  const __m128i low_class = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13,
                                          0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m128i high_class = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10,
                                           0x10, 0x10, 0x10, 0x10, 0x10);
  const __m128i shifts = _mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i slash = _mm_set1_epi8('/');
  const __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), _mm_set1_epi8(0x0f));
  const __m128i low = _mm_and_si128(text, _mm_set1_epi8(0x0f));
  const __m128i clash = _mm_and_si128(_mm_shuffle_epi8(low_class, low), _mm_shuffle_epi8(high_class, high));
  const __m128i good = _mm_cmpeq_epi8(_mm_or_si128(clash, bad), _mm_setzero_si128());
  const __m128i shift = _mm_shuffle_epi8(shifts, _mm_add_epi8(_mm_cmpeq_epi8(text, slash), high));
  const __m128i sextets = _mm_add_epi8(text, shift);
  const __m128i pairs = _mm_maddubs_epi16(sextets, _mm_set1_epi32(0x01400140));
  const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
  const __m128i bytes =
      _mm_shuffle_epi8(groups, _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  return static_cast<std::uint64_t>(_mm_movemask_epi8(good) ^ 0xffff);
}

#include "base64_loops.inl"

}  // namespace ssse3
#undef TIDEWIRE_TARGET

#endif
#if defined(TIDEWIRE_SIMD_AVX)

#define TIDEWIRE_TARGET __attribute__((target("avx2")))
namespace avx2 {

namespace lower = ssse3;

constexpr std::size_t encode_reads = 28;
constexpr std::size_t encode_in = 24;
constexpr std::size_t encode_out = 32;
constexpr std::size_t decode_in = 32;
constexpr std::size_t decode_writes = 32;
constexpr std::size_t decode_out = 24;

TIDEWIRE_TARGET inline __m256i both_lanes(__m128i half) {
  return _mm256_broadcastsi128_si256(half);
}

// As for SSSE3, in two lanes of twelve bytes each.
template <bool Url>
TIDEWIRE_TARGET inline void encode_step(const unsigned char* in, char* out) {
  const __m256i bytes =
      _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))),
                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 12)), 1);
  const __m256i lanes = _mm256_shuffle_epi8(
      bytes, both_lanes(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)));
  const __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x0fc0fc00)),
                                         _mm256_set1_epi32(0x04000040));
  const __m256i even = _mm256_mullo_epi16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x003f03f0)),
                                          _mm256_set1_epi32(0x01000010));
  const __m256i sextets = _mm256_or_si256(odd, even);
  const __m256i beyond = _mm256_subs_epu8(sextets, _mm256_set1_epi8(51));
  const __m256i capital =
      _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), sextets), _mm256_set1_epi8(13));
  constexpr char digit = '0' - 52;
  constexpr char last[] = {Url ? '-' - 62 : '+' - 62, Url ? '_' - 63 : '/' - 63};
  const __m256i shifts = both_lanes(_mm_setr_epi8('a' - 26, digit, digit, digit, digit, digit, digit, digit,
                                                  digit, digit, digit, last[0], last[1], 'A', 0, 0));
  const __m256i shift = _mm256_shuffle_epi8(shifts, _mm256_or_si256(beyond, capital));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_add_epi8(shift, sextets));
}

template <bool Url>
TIDEWIRE_TARGET inline std::uint64_t decode_step(const char* in, unsigned char* out) {
  __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
  __m256i bad = _mm256_setzero_si256();
  if constexpr (Url) {
    const __m256i plus_or_slash = _mm256_or_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('+')),
                                                  _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/')));
    const __m256i dash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('-'));
    const __m256i underscore = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_'));
    text = _mm256_add_epi8(text, _mm256_or_si256(_mm256_and_si256(dash, _mm256_set1_epi8('+' - '-')),
                                                 _mm256_and_si256(underscore, _mm256_set1_epi8('/' - '_'))));
    bad = plus_or_slash;
  }
  const __m256i low_class = both_lanes(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                     0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i high_class = both_lanes(_mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10,
                                                      0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  const __m256i shifts = both_lanes(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i slash = _mm256_set1_epi8('/');
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), _mm256_set1_epi8(0x0f));
  const __m256i low = _mm256_and_si256(text, _mm256_set1_epi8(0x0f));
  const __m256i clash =
      _mm256_and_si256(_mm256_shuffle_epi8(low_class, low), _mm256_shuffle_epi8(high_class, high));
  const __m256i good = _mm256_cmpeq_epi8(_mm256_or_si256(clash, bad), _mm256_setzero_si256());
  const __m256i shift = _mm256_shuffle_epi8(shifts, _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), high));
  const __m256i sextets = _mm256_add_epi8(text, shift);
  const __m256i pairs = _mm256_maddubs_epi16(sextets, _mm256_set1_epi32(0x01400140));
  const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
  const __m256i halves = _mm256_shuffle_epi8(
      groups, both_lanes(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)));
  const __m256i bytes = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  return static_cast<std::uint32_t>(~_mm256_movemask_epi8(good));
}

#include "base64_loops.inl"

}  // namespace avx2
#undef TIDEWIRE_TARGET

#define TIDEWIRE_TARGET __attribute__((target("avx512f,avx512bw,avx512vbmi")))
namespace avx512vbmi {

namespace lower = avx2;

constexpr std::size_t encode_reads = 64;
constexpr std::size_t encode_in = 48;
constexpr std::size_t encode_out = 64;
constexpr std::size_t decode_in = 64;
constexpr std::size_t decode_writes = 64;
constexpr std::size_t decode_out = 48;

// GCC 12 warns of its own header (bug 105593) where the forms without a mask are used; the code is the same.
constexpr __mmask64 all = ~__mmask64{0};

using vector_table = std::array<unsigned char, 64>;

// b a c b for each group of three.
constexpr vector_table make_spread() {
  vector_table table{};
  for (unsigned char i = 0; i < 16; ++i) {
    const auto first = static_cast<unsigned char>(3 * i);
    table[4u * i] = static_cast<unsigned char>(first + 1);
    table[4u * i + 1] = first;
    table[4u * i + 2] = static_cast<unsigned char>(first + 2);
    table[4u * i + 3] = static_cast<unsigned char>(first + 1);
  }
  return table;
}
// The three low bytes of each lane of 32 bits, highest first.
constexpr vector_table make_gather() {
  vector_table table{};
  for (unsigned char i = 0; i < 16; ++i) {
    for (unsigned char j = 0; j < 3; ++j) table[3u * i + j] = static_cast<unsigned char>(4 * i + 2 - j);
  }
  return table;
}
// The values of 64 characters from `first` on; 0x80 where it is none.
constexpr vector_table make_values(std::string_view alphabet, unsigned first) {
  vector_table table{};
  table.fill(0x80);
  for (unsigned char value = 0; value < 64; ++value) {
    const auto letter = static_cast<unsigned char>(alphabet[value]);
    if (letter / 64 == first / 64) table[letter % 64] = value;
  }
  return table;
}

constexpr vector_table spread = make_spread();
constexpr vector_table gather = make_gather();
template <bool Url>
constexpr vector_table values_below_64 = make_values(base64_alphabets[Url], 0);
template <bool Url>
constexpr vector_table values_from_64 = make_values(base64_alphabets[Url], 64);

template <bool Url>
TIDEWIRE_TARGET inline void encode_step(const unsigned char* in, char* out) {
  const __m512i bytes = _mm512_loadu_si512(in);
  const __m512i lanes = _mm512_maskz_permutexvar_epi8(all, _mm512_loadu_si512(spread.data()), bytes);
  const __m512i sextets =
      _mm512_maskz_multishift_epi64_epi8(all, _mm512_set1_epi64(0x3036242a1016040a), lanes);
  const __m512i letters = _mm512_loadu_si512(base64_alphabets[Url].data());
  _mm512_storeu_si512(out, _mm512_maskz_permutexvar_epi8(all, sextets, letters));
}

template <bool Url>
TIDEWIRE_TARGET inline std::uint64_t decode_step(const char* in, unsigned char* out) {
  const __m512i text = _mm512_loadu_si512(in);
  const __m512i sextets = _mm512_permutex2var_epi8(_mm512_loadu_si512(values_below_64<Url>.data()), text,
                                                   _mm512_loadu_si512(values_from_64<Url>.data()));
  const __m512i pairs = _mm512_maddubs_epi16(sextets, _mm512_set1_epi32(0x01400140));
  const __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
  _mm512_storeu_si512(out, _mm512_maskz_permutexvar_epi8(all, _mm512_loadu_si512(gather.data()), groups));
  return _mm512_movepi8_mask(_mm512_or_si512(sextets, text));
}

#include "base64_loops.inl"

}  // namespace avx512vbmi
#undef TIDEWIRE_TARGET

#endif

}  // namespace

const base64_kernels& base64_kernels_of(simd_level level, bool url) noexcept {
  switch (level) {
#if defined(TIDEWIRE_SIMD_AVX)
    case simd_level::avx512vbmi: return avx512vbmi::kernels[url];
    case simd_level::avx2: return avx2::kernels[url];
#endif
#if defined(TIDEWIRE_SIMD_SSSE3)
    case simd_level::ssse3: return ssse3::kernels[url];
#endif
    default: return portable::kernels[url];
  }
}

}  // namespace tidewire::detail
