/// @file
/// Base64: RFC 4648 sections 4 and 5, the lines of MIME (RFC 2045 section 6.8), and the forgiving decoder of
/// the WHATWG Infra standard. Whole or in pieces, into new or into given memory, at the speed of memory.
///
/// @code
/// std::string text = base64::encode("any bytes");                        // "YW55IGJ5dGVz"
/// auto bytes = base64::decode(text);                                     // result<std::vector<std::byte>>
/// auto token = base64::decode_text("eyJhbGciOiJub25lIn0", base64::url);  // result<std::string>
/// std::string body = base64::encode(photo, base64::mime);                // lines of 76
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

namespace tidewire::base64 {

/// The 64 characters.
enum class alphabet : unsigned char {
  standard,  ///< The last two are `+` and `/`: RFC 4648 section 4.
  url,       ///< The last two are `-` and `_`: RFC 4648 section 5.
};

/// What a decoder wants to see at the end of what does not fill a group of four.
enum class padding : unsigned char {
  required,   ///< `=` up to four.
  optional,   ///< `=` up to four, or none at all.
  forbidden,  ///< None: `=` is an error, as in JOSE (RFC 7515 section 2).
};

/// What a decoder passes over.
enum class ignore : unsigned char {
  nothing,     ///< Anything else than the alphabet and the padding is an error.
  whitespace,  ///< Space, tab, LF, FF and CR.
  rubbish,  ///< Whatever is not of the alphabet (RFC 2045 section 6.8). Such a decoder fails for nothing but
            ///< want of room, whatever `expects` and `stray_bits` say: what comes after padding is decoded as
            ///< well (some mailers join pieces encoded one by one), and a lone character at the end is
            ///< dropped.
};

/// How text is written and what is accepted. Ready-made: `standard`, `url`, `mime`, `forgiving`.
struct format {
  alphabet letters = alphabet::standard;  ///< For both directions.
  bool padded = true;                     ///< Encoding: fill the last group of four with `=`.
  std::size_t line_length = 0;  ///< Encoding: CR LF between lines of so many characters (rounded down to a
                                ///< multiple of 4, at least 4); 0 for one line. None after the last line.
  padding expects = padding::required;  ///< Decoding.
  ignore ignores = ignore::nothing;     ///< Decoding.
  bool stray_bits = false;  ///< Decoding: accept a last character whose unused bits are not zero. There
                            ///< are then several texts for the same bytes (RFC 4648 section 3.5).
};

/// RFC 4648 section 4, strictly: padded, one spelling of each value.
inline constexpr format standard{};
/// RFC 4648 section 5: written without padding, read with or without it, strictly otherwise.
inline constexpr format url{.letters = alphabet::url, .padded = false, .expects = padding::optional};
/// RFC 2045 section 6.8: lines of 76 characters; reading skips whatever is not of the alphabet.
inline constexpr format mime{
    .line_length = 76, .expects = padding::optional, .ignores = ignore::rubbish, .stray_bits = true};
/// The "forgiving-base64 decode" of the WHATWG Infra standard: what `atob` and `data:` URLs read.
inline constexpr format forgiving{
    .expects = padding::optional, .ignores = ignore::whitespace, .stray_bits = true};

/// How many characters `size` bytes make; the largest `size_t` where that overflows.
[[nodiscard]] constexpr std::size_t encoded_size(std::size_t size, format how = standard) noexcept {
  const std::size_t rest = size % 3;
  const std::size_t last = rest == 0 ? 0 : how.padded ? 4 : rest + 1;
  const std::size_t characters = saturating_add(saturating_multiply(size / 3, 4), last);
  if (how.line_length == 0 || characters == 0) return characters;
  const std::size_t line = how.line_length < 4 ? 4 : how.line_length / 4 * 4;
  return saturating_add(characters, saturating_multiply((characters - 1) / line, 2));
}
/// How many bytes `size` characters make at most; exactly so many if all are of the alphabet.
[[nodiscard]] constexpr std::size_t decoded_size_max(std::size_t size) noexcept {
  return size / 4 * 3 + size % 4 * 3 / 4;
}

/// Encodes `bytes`.
[[nodiscard]] TIDEWIRE_BASE_API std::string encode(byte_view bytes, format how = standard);
/// @copydoc encode
[[nodiscard]] inline std::string encode(std::string_view bytes, format how = standard) {
  return encode(as_bytes(bytes), how);
}
/// Encodes `bytes` into memory of the caller, which may not overlap them.
/// @return The number of characters written: `encoded_size(bytes.size(), how)`. `errc::misuse` if `out` is
/// smaller.
[[nodiscard]] TIDEWIRE_BASE_API result<std::size_t> encode_into(byte_view bytes, std::span<char> out,
                                                                format how = standard);

/// Decodes `text`.
/// @return `errc::malformed` where it is not of the format; the detail says what is wrong at which offset.
[[nodiscard]] TIDEWIRE_BASE_API result<std::vector<std::byte>> decode(std::string_view text,
                                                                      format how = standard);
/// Decodes `text` to characters; otherwise as `decode`. What they mean is not looked at.
[[nodiscard]] TIDEWIRE_BASE_API result<std::string> decode_text(std::string_view text, format how = standard);
/// Decodes `text` into memory of the caller, which may not overlap it. What it holds beyond the answer, or
/// after an error, is of no meaning.
/// @return The number of bytes written. `errc::malformed` as `decode`; `errc::limit_exceeded` if there are
/// more bytes
///         than `out` has room for.
[[nodiscard]] TIDEWIRE_BASE_API result<std::size_t> decode_into(std::string_view text, byte_span out,
                                                                format how = standard);

/// Encodes what comes in pieces: the text is the same for any split. Not thread-safe: one object, one user.
class TIDEWIRE_BASE_API encoder {
 public:
  explicit encoder(format how = standard) noexcept;

  /// How many characters `update` with `size` bytes writes next.
  [[nodiscard]] std::size_t update_size(std::size_t size) const noexcept;
  /// How many characters `finish` writes: up to 6.
  [[nodiscard]] std::size_t finish_size() const noexcept;

  /// Writes the characters that are complete with `bytes`.
  /// @return How many. `errc::misuse` if `out` is smaller than `update_size(bytes.size())`; nothing happened
  /// then.
  [[nodiscard]] result<std::size_t> update(byte_view bytes, std::span<char> out);
  /// Writes the rest. The encoder is then as new.
  /// @return How many characters. `errc::misuse` if `out` is smaller than `finish_size()`; nothing happened
  /// then.
  [[nodiscard]] result<std::size_t> finish(std::span<char> out);
  /// Appends the characters that are complete with `bytes` to `out`.
  void update(byte_view bytes, std::string& out);
  /// Appends the rest to `out`. The encoder is then as new.
  void finish(std::string& out);

 private:
  char* write_groups(const unsigned char* in, std::size_t size, const unsigned char* in_limit, char* out,
                     char* out_limit) noexcept;
  char* write_update(byte_view bytes, char* out, char* out_limit) noexcept;
  char* write_finish(char* out) noexcept;

  format format_;
  std::size_t column_ = 0;
  unsigned char carry_[3] = {};
  unsigned char carried_ = 0;
};

/// Decodes what comes in pieces: bytes and errors are the same for any split; offsets count from the first
/// piece. After an error it is of no use. Not thread-safe: one object, one user.
class TIDEWIRE_BASE_API decoder {
 public:
  explicit decoder(format how = standard) noexcept : decoder(how, 0) {}

  /// Writes the bytes that are complete with `text`. `out` may not overlap it.
  /// @return How many; `decoded_size_max(text.size() + 3)` is room enough. `errc::malformed` as
  /// `base64::decode`;
  ///         `errc::limit_exceeded` if there are more bytes than `out` has room for; `errc::misuse` after an
  ///         error.
  [[nodiscard]] result<std::size_t> update(std::string_view text, byte_span out);
  /// Writes the rest, up to 2 bytes, and checks that the text was whole. The decoder is then as new, but for
  /// `ignored`.
  /// @return As `update`.
  [[nodiscard]] result<std::size_t> finish(byte_span out);
  /// Appends the bytes that are complete with `text` to `out`.
  [[nodiscard]] result<void> update(std::string_view text, std::string& out);
  /// Appends the rest to `out`; otherwise as the other form.
  [[nodiscard]] result<void> finish(std::string& out);

  /// How many bytes were passed over that are neither of the alphabet, nor padding, nor white space. More
  /// than none says that the text was damaged, or not base64.
  [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }

 private:
  decoder(format how, std::uint64_t ignored) noexcept;
  failure fail(std::uint64_t offset, errc code, std::string_view why);
  result<std::size_t> write_rest(std::uint64_t offset, unsigned char* out, const unsigned char* limit);

  format format_;
  std::uint64_t offset_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint32_t group_ = 0;    // the sextets that wait for their group
  unsigned char pending_ = 0;  // how many
  unsigned char pads_ = 0;     // how many `=` came after them
  bool ended_ = false;         // the padding is complete: nothing may follow
  bool failed_ = false;
};

}  // namespace tidewire::base64
