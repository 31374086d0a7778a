/// @file
/// Hexadecimal (base 16, RFC 4648 section 8): whole or in pieces, into new or into given memory, at the speed
/// of memory; with a separator for fingerprints.
///
/// @code
/// std::string text = hex::encode("\x01\xab");                    // "01ab"
/// auto bytes = hex::decode("01AB");                              // result<std::vector<std::byte>>
/// hex::encode(digest, {.upper = true, .separator = ':'});        // "01:AB"
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/export.hpp>
#include <tidewire/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::hex {

/// How text is written, and with what between the bytes it is read. Digits of both cases are always read.
struct format {
  bool upper = false;     ///< Encoding: `A`-`F` rather than `a`-`f`.
  char separator = '\0';  ///< Both: this stands between each two bytes; NUL for nothing. It may be no digit.
};

/// How many characters `size` bytes make; the largest `size_t` where that overflows.
[[nodiscard]] constexpr std::size_t encoded_size(std::size_t size, format how = {}) noexcept {
  if (size == 0) return 0;
  return how.separator == '\0' ? saturating_multiply(size, 2)
                               : saturating_add(saturating_multiply(size - 1, 3), 2);
}
/// How many bytes `size` characters make at most; exactly so many if the text is well-formed.
[[nodiscard]] constexpr std::size_t decoded_size_max(std::size_t size, format how = {}) noexcept {
  return how.separator == '\0' ? size / 2 : size / 3 + (size % 3) / 2;
}

/// Encodes `bytes`.
[[nodiscard]] TIDEWIRE_BASE_API std::string encode(byte_view bytes, format how = {});
/// @copydoc encode
[[nodiscard]] inline std::string encode(std::string_view bytes, format how = {}) {
  return encode(as_bytes(bytes), how);
}
/// Encodes `bytes` into memory of the caller, which may not overlap them. Pieces encoded one after another
/// are the whole encoded, unless there is a separator.
/// @return The number of characters written: `encoded_size(bytes.size(), how)`. `errc::misuse` if `out` is
/// smaller.
[[nodiscard]] TIDEWIRE_BASE_API result<std::size_t> encode_into(byte_view bytes, std::span<char> out,
                                                                format how = {});

/// Decodes `text`.
/// @return `errc::malformed` where it is not of the format: another character, or half a byte at the end; the
/// detail
///         says what is wrong at which offset.
[[nodiscard]] TIDEWIRE_BASE_API result<std::vector<std::byte>> decode(std::string_view text, format how = {});
/// Decodes `text` to characters; otherwise as `decode`. What they mean is not looked at.
[[nodiscard]] TIDEWIRE_BASE_API result<std::string> decode_text(std::string_view text, format how = {});
/// Decodes `text` into memory of the caller, which may not overlap it. What it holds beyond the answer, or
/// after an error, is of no meaning.
/// @return The number of bytes written. `errc::malformed` as `decode`; `errc::limit_exceeded` if there are
/// more bytes
///         than `out` has room for.
[[nodiscard]] TIDEWIRE_BASE_API result<std::size_t> decode_into(std::string_view text, byte_span out,
                                                                format how = {});

/// Decodes what comes in pieces: bytes and errors are the same for any split; offsets count from the first
/// piece. After an error it is of no use. Not thread-safe: one object, one user.
class TIDEWIRE_BASE_API decoder {
 public:
  explicit decoder(format how = {}) noexcept : format_(how) {}

  /// Writes the bytes that are complete with `text`. `out` may not overlap it.
  /// @return How many; `text.size() / 2 + 1` is room enough. `errc::malformed` as `hex::decode`;
  ///         `errc::limit_exceeded` if there are more bytes than `out` has room for; `errc::misuse` after an
  ///         error.
  [[nodiscard]] result<std::size_t> update(std::string_view text, byte_span out);
  /// Checks that the text was whole. The decoder is then as new.
  [[nodiscard]] result<void> finish();

 private:
  // What comes next.
  enum class state : unsigned char {
    first_digit,
    second_digit,
    separator,
    first_digit_after_separator,
    failed
  };
  failure fail(std::uint64_t offset, errc code, std::string_view why);

  format format_;
  std::uint64_t offset_ = 0;
  state state_ = state::first_digit;
  unsigned char high_ = 0;
};

}  // namespace tidewire::hex
