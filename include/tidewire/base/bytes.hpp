/// @file
/// Bytes as the wire has them: spans, big- and little-endian integers, sizes that cannot overflow, and the
/// part of ASCII that protocols use. All of it is free of locale, allocation and exceptions.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tidewire {

/// Bytes to read. It borrows: what it points at must outlive it.
using byte_view = std::span<const std::byte>;
/// Bytes to write. It borrows: what it points at must outlive it.
using byte_span = std::span<std::byte>;

namespace detail {
template <class T>
concept byte_sized = std::is_trivially_copyable_v<T> && sizeof(T) == 1 && !std::same_as<T, bool>;
template <class R>
concept byte_range = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                     byte_sized<std::remove_cv_t<std::ranges::range_value_t<R>>>;
}  // namespace detail

/// The bytes of a text. They are those of `text`, which must outlive the view.
[[nodiscard]] inline byte_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
/// The bytes of a contiguous range of one-byte elements (`char`, `unsigned char`, `char8_t`, `std::byte`): a
/// vector, an array, a span. They are those of `range`, which must outlive the view. For a string literal
/// the text is meant, without its final NUL.
template <detail::byte_range R>
requires(!std::convertible_to<const R&, std::string_view>)
[[nodiscard]] byte_view as_bytes(const R& range) noexcept {
  return {reinterpret_cast<const std::byte*>(std::ranges::data(range)), std::ranges::size(range)};
}
/// The bytes of a range, to be written to.
template <detail::byte_range R>
requires(!std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>)
[[nodiscard]] byte_span as_writable_bytes(R& range) noexcept {
  return {reinterpret_cast<std::byte*>(std::ranges::data(range)), std::ranges::size(range)};
}
/// Bytes seen as characters; no character set is implied. They are those of `bytes`.
[[nodiscard]] inline std::string_view as_text(byte_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace detail {
template <std::unsigned_integral T>
constexpr T byte_swap(T value) noexcept {
#if defined(__GNUC__)
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
#endif
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const auto byte = static_cast<T>((value >> (8 * i)) & 0xff);
    swapped = static_cast<T>(swapped | static_cast<T>(byte << (8 * (sizeof(T) - 1 - i))));
  }
  return swapped;
}
// Whole widths are one load and one swap by construction: GCC 12 does not see that in the loop.
template <std::unsigned_integral T, std::size_t N>
constexpr T load(std::span<const std::byte, N> bytes, std::endian order) noexcept {
  if (N == sizeof(T) && !std::is_constant_evaluated()) {
    T value;
    std::memcpy(&value, bytes.data(), N);
    return order == std::endian::native ? value : byte_swap(value);
  }
  T value = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t place = order == std::endian::big ? N - 1 - i : i;
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes[i]) << (8 * place)));
  }
  return value;
}
template <std::unsigned_integral T, std::size_t N>
constexpr void store(std::span<std::byte, N> bytes, T value, std::endian order) noexcept {
  if (N == sizeof(T) && !std::is_constant_evaluated()) {
    const T ordered = order == std::endian::native ? value : byte_swap(value);
    std::memcpy(bytes.data(), &ordered, N);
    return;
  }
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t place = order == std::endian::big ? N - 1 - i : i;
    bytes[i] = static_cast<std::byte>((value >> (8 * place)) & 0xff);
  }
}
}  // namespace detail

/// The unsigned integer that `bytes` hold in network order. The extent is the width and must be known to
/// the compiler, which is the check of bounds: `load_big<std::uint16_t>(packet.subspan<12, 2>())`. Odd widths
/// fit as well: `load_big<std::uint32_t>(frame.first<3>())` is the 24-bit length of HTTP/2.
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
[[nodiscard]] constexpr T load_big(std::span<const std::byte, N> bytes) noexcept {
  return detail::load<T, N>(bytes, std::endian::big);
}
/// @copydoc load_big
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
[[nodiscard]] constexpr T load_big(std::span<std::byte, N> bytes) noexcept {
  return detail::load<T, N>(std::span<const std::byte, N>(bytes), std::endian::big);
}
/// The unsigned integer that `bytes` hold, least significant byte first; otherwise as `load_big`.
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
[[nodiscard]] constexpr T load_little(std::span<const std::byte, N> bytes) noexcept {
  return detail::load<T, N>(bytes, std::endian::little);
}
/// @copydoc load_little
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
[[nodiscard]] constexpr T load_little(std::span<std::byte, N> bytes) noexcept {
  return detail::load<T, N>(std::span<const std::byte, N>(bytes), std::endian::little);
}
/// Writes `value` in network order. The extent is the width; what does not fit in it is cut off.
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
constexpr void store_big(std::span<std::byte, N> bytes, T value) noexcept {
  detail::store<T, N>(bytes, value, std::endian::big);
}
/// Writes `value` least significant byte first; otherwise as `store_big`.
template <std::unsigned_integral T, std::size_t N>
requires(N >= 1 && N <= sizeof(T))
constexpr void store_little(std::span<std::byte, N> bytes, T value) noexcept {
  detail::store<T, N>(bytes, value, std::endian::little);
}

/// `a + b`, or nothing if that is more than `T` holds.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, std::type_identity_t<T> b) noexcept {
  if (b > std::numeric_limits<T>::max() - a) return std::nullopt;
  return static_cast<T>(a + b);
}
/// `a * b`, or nothing if that is more than `T` holds.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, std::type_identity_t<T> b) noexcept {
  if (b != 0 && a > std::numeric_limits<T>::max() / b) return std::nullopt;
  return static_cast<T>(a * b);
}
/// `a + b`, or the largest `T`.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_add(T a, std::type_identity_t<T> b) noexcept {
  return checked_add(a, b).value_or(std::numeric_limits<T>::max());
}
/// `a - b`, or zero.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_subtract(T a, std::type_identity_t<T> b) noexcept {
  return a > b ? static_cast<T>(a - b) : T{0};
}
/// `a * b`, or the largest `T`.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_multiply(T a, std::type_identity_t<T> b) noexcept {
  return checked_multiply(a, b).value_or(std::numeric_limits<T>::max());
}
/// `value` as a `To`, or nothing if `To` cannot hold it.
template <std::integral To, std::integral From>
[[nodiscard]] constexpr std::optional<To> checked_cast(From value) noexcept {
  if (!std::in_range<To>(value)) return std::nullopt;
  return static_cast<To>(value);
}

/// No position: what the functions that look for something return when it is not there.
inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// Where `wanted` is first in `bytes` at or after `from`; `npos` if nowhere.
[[nodiscard]] inline std::size_t find_byte(byte_view bytes, std::byte wanted, std::size_t from = 0) noexcept {
  if (from >= bytes.size()) return npos;
  const void* found =
      std::memchr(bytes.data() + from, std::to_integer<unsigned char>(wanted), bytes.size() - from);
  return found ? static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data()) : npos;
}
/// Where the first CR LF begins at or after `from`; `npos` if nowhere. A bare CR or LF is passed over.
[[nodiscard]] inline std::size_t find_crlf(byte_view bytes, std::size_t from = 0) noexcept {
  for (std::size_t at = from; (at = find_byte(bytes, std::byte{'\n'}, at)) != npos; ++at) {
    if (at > from && bytes[at - 1] == std::byte{'\r'}) return at - 1;
  }
  return npos;
}
/// @copydoc find_crlf
[[nodiscard]] inline std::size_t find_crlf(std::string_view text, std::size_t from = 0) noexcept {
  return find_crlf(as_bytes(text), from);
}

/// ASCII, whatever the locale: bytes of 128 and above are no letters, no digits and no space, and have no
/// case.
namespace ascii {

/// `0`-`9`
[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') < 10;
}
/// `A`-`Z`
[[nodiscard]] constexpr bool is_upper(char c) noexcept {
  return static_cast<unsigned char>(c - 'A') < 26;
}
/// `a`-`z`
[[nodiscard]] constexpr bool is_lower(char c) noexcept {
  return static_cast<unsigned char>(c - 'a') < 26;
}
/// A letter.
[[nodiscard]] constexpr bool is_alpha(char c) noexcept {
  return static_cast<unsigned char>((c | 0x20) - 'a') < 26;
}
/// A letter or a digit.
[[nodiscard]] constexpr bool is_alnum(char c) noexcept {
  return is_alpha(c) || is_digit(c);
}
/// `0`-`9`, `A`-`F`, `a`-`f`
[[nodiscard]] constexpr bool is_xdigit(char c) noexcept {
  return is_digit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 6;
}
/// Space or tab: the WSP of RFC 5234, the OWS of RFC 9110.
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
/// Space, tab, LF, VT, FF or CR.
[[nodiscard]] constexpr bool is_space(char c) noexcept {
  return c == ' ' || static_cast<unsigned char>(c - '\t') < 5;
}
/// A control character: 0 to 31, and 127.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
/// A visible character, 33 to 126: the VCHAR of RFC 5234.
[[nodiscard]] constexpr bool is_visible(char c) noexcept {
  return static_cast<unsigned char>(c - '!') < 94;
}
/// One of the 128.
[[nodiscard]] constexpr bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80;
}
/// All of them of the 128.
[[nodiscard]] constexpr bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return is_ascii(c); });
}

/// The lower-case form of a letter; anything else as it is.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c | 0x20) : c;
}
/// The upper-case form of a letter; anything else as it is.
[[nodiscard]] constexpr char to_upper(char c) noexcept {
  return is_lower(c) ? static_cast<char>(c & ~0x20) : c;
}
/// The value of a hexadecimal digit of either case; -1 if it is none.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Three-way comparison that ignores the case of letters.
[[nodiscard]] constexpr std::strong_ordering icompare(std::string_view a, std::string_view b) noexcept {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto left = static_cast<unsigned char>(to_lower(a[i]));
    const auto right = static_cast<unsigned char>(to_lower(b[i]));
    if (left != right) return left <=> right;
  }
  return a.size() <=> b.size();
}
/// Are they the same but for the case of letters?
[[nodiscard]] constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}
/// Does `text` begin with `prefix` but for the case of letters?
[[nodiscard]] constexpr bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}
/// Does `text` end with `suffix` but for the case of letters?
[[nodiscard]] constexpr bool iends_with(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() && iequals(text.substr(text.size() - suffix.size()), suffix);
}
/// Where `wanted` is first in `text` but for the case of letters; `npos` if nowhere. Time is the product of
/// both sizes at worst: for short ones.
[[nodiscard]] constexpr std::size_t ifind(std::string_view text, std::string_view wanted) noexcept {
  for (std::size_t at = 0; at + wanted.size() <= text.size(); ++at) {
    if (iequals(text.substr(at, wanted.size()), wanted)) return at;
  }
  return npos;
}
/// Orders the keys of a map without regard to the case of letters: `std::map<std::string, T, ascii::iless>`.
struct iless {
  using is_transparent = void;
  [[nodiscard]] constexpr bool operator()(std::string_view a, std::string_view b) const noexcept {
    return icompare(a, b) < 0;
  }
};

/// `text` without the `is_blank` characters at its beginning.
[[nodiscard]] constexpr std::string_view trim_blank_left(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}
/// `text` without the `is_blank` characters at its end.
[[nodiscard]] constexpr std::string_view trim_blank_right(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
/// `text` without the `is_blank` characters at both ends: what is left of a header value.
[[nodiscard]] constexpr std::string_view trim_blank(std::string_view text) noexcept {
  return trim_blank_right(trim_blank_left(text));
}
/// `text` without the `is_space` characters at both ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The number that all of `text` spells in `base` (2 to 16): digits only, at least one, no sign, no space,
/// leading zeros allowed. Nothing if it spells none, or one that `T` does not hold.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> parse_unsigned(std::string_view text, unsigned base = 10) noexcept {
  if (text.empty()) return std::nullopt;
  T value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    const auto shifted = checked_multiply<T>(value, static_cast<T>(base));
    if (!shifted) return std::nullopt;
    const auto sum = checked_add<T>(*shifted, static_cast<T>(digit));
    if (!sum) return std::nullopt;
    value = *sum;
  }
  return value;
}

}  // namespace ascii
}  // namespace tidewire
