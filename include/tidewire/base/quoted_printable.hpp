/// @file
/// Quoted-printable, RFC 2045 section 6.7: text and binary, whole or in pieces; a decoder that makes the best
/// of anything and counts what was wrong.
///
/// @code
/// quoted_printable::encode("50% = half \n");   // "50% =3D half=20\r\n"
/// quoted_printable::decode("caf=C3=\r\n=A9");  // "caf\xC3\xA9"
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/export.hpp>
#include <tidewire/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire::quoted_printable {

/// How bytes are written.
struct format {
  /// CR and LF are bytes as any other. Otherwise CR LF and LF alone are line breaks, written as CR LF, and
  /// only a lone CR is encoded.
  bool binary = false;
  /// Encode `.` and `F` at the beginning of a line, so that no mail program on the way takes it for the end
  /// of the message, or for the `From ` that separates messages in a mailbox file.
  bool guard_line_start = false;
  /// Characters of a line at most, without its CR LF, with the `=` of a soft break: 4 to 76; others are
  /// brought there.
  std::size_t line_length = 76;
};

/// Encodes `bytes`. Spaces and tabs before a line break and at the end are encoded; no line break is added at
/// the end.
[[nodiscard]] TIDEWIRE_BASE_API std::string encode(std::string_view bytes, format how = {});
/// @copydoc encode
[[nodiscard]] inline std::string encode(byte_view bytes, format how = {}) {
  return encode(as_text(bytes), how);
}

/// Decodes `text` whatever it is: see `decoder`.
[[nodiscard]] TIDEWIRE_BASE_API std::string decode(std::string_view text);
/// Decodes `text`.
/// @return `errc::malformed` for the first defect; the detail says which, and at which offset.
[[nodiscard]] TIDEWIRE_BASE_API result<std::string> decode_strict(std::string_view text);

/// Encodes what comes in pieces: the text is the same for any split. Holds a few bytes. Not thread-safe: one
/// object, one user.
class TIDEWIRE_BASE_API encoder {
 public:
  explicit encoder(format how = {}) noexcept;

  /// Appends to `out` what can be written of `bytes`.
  void update(std::string_view bytes, std::string& out);
  /// Appends the rest to `out`. The encoder is then as new.
  void finish(std::string& out);

 private:
  void add(char c, std::string& out);
  void write_held(bool last_of_line, std::string& out);
  void end_line(std::string& out);

  format format_;
  std::size_t column_ = 0;
  char held_ = '\0';  // the last character, which is written when it is known whether it ends the line
  bool holds_ = false;
  bool after_cr_ = false;  // a CR came that may be half of a line break
};

/// Decodes what comes in pieces: bytes and defects are the same for any split. Holds at most 998 bytes of
/// white space. Not thread-safe: one object, one user.
///
/// It is never at a loss. White space at the end of a line, as mail programs on the way add it, is dropped
/// (runs of more than 998 are kept); line breaks, CR LF or LF alone, come out as they were. The rest are
/// defects, which are counted and passed on as they came:
/// - `=` that is not followed by two hexadecimal digits or the end of the line;
/// - hexadecimal digits in lower case (decoded);
/// - a CR without LF, other control characters but tab, DEL, bytes of 128 and above;
/// - a line of more than 76 characters (one defect a line);
/// - `=` as the last character of all (taken for a soft line break).
class TIDEWIRE_BASE_API decoder {
 public:
  /// @param strict Stop at the first defect.
  explicit decoder(bool strict = false) noexcept : strict_(strict) {}

  /// Appends to `out` what is complete with `text`.
  /// @return Failure only if strict: `errc::malformed` at the first defect, `errc::misuse` after one. Nothing
  /// was
  ///         appended then.
  result<void> update(std::string_view text, std::string& out);
  /// Appends the rest to `out`. The decoder is then as new, but for `defects`.
  /// @return As `update`.
  result<void> finish(std::string& out);

  /// How many defects there were.
  [[nodiscard]] std::uint64_t defects() const noexcept { return defects_; }

 private:
  // What came last.
  enum class state : unsigned char { text, cr, equals, equals_digit, equals_blank, equals_cr };
  void take(std::string_view text, std::string& out);
  void take_run(std::string_view run, std::uint64_t offset, std::string& out);
  void write_blanks(std::string& out);
  void end_line(std::string_view line_break, std::string& out);
  void count_column(std::size_t characters, std::uint64_t offset);
  void defect(std::uint64_t offset, const char* what) noexcept;
  result<void> failed_or_not(std::string& out, std::size_t before);

  bool strict_;
  bool failed_ = false;
  bool blanks_are_data_ = false;  // the run of white space is too long to be held
  state state_ = state::text;
  char digit_ = '\0';   // the first after `=`
  std::string blanks_;  // white space that is data only if the line goes on
  std::size_t column_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t equals_offset_ = 0;
  std::uint64_t defects_ = 0;
  std::uint64_t first_defect_offset_ = 0;
  const char* first_defect_ = nullptr;
};

}  // namespace tidewire::quoted_printable
