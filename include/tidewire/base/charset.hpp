/// @file
/// The character encodings of the web and of mail (WHATWG Encoding), by their labels, to UTF-8.
#pragma once

#include <tidewire/base/export.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire {

/// One of the encodings of the WHATWG Encoding standard. A small value, UTF-8 by default.
class TIDEWIRE_BASE_API charset {
 public:
  constexpr charset() noexcept = default;
  /// The encoding that a label names, as in `charset=` of a header or of `<meta>`: "utf-8", "latin1",
  /// "x-sjis". White space around it and the case of ASCII letters do not count. Nothing if there is no such
  /// label (section 4.2).
  [[nodiscard]] static std::optional<charset> for_label(std::string_view label) noexcept;

  /// The standard's name: "UTF-8", "windows-1252", "Shift_JIS".
  [[nodiscard]] std::string_view name() const noexcept;
  /// Can this system decode it? True of UTF-8, UTF-16, the encodings of one byte a character and
  /// x-user-defined everywhere; the others are left to the system's converter.
  [[nodiscard]] bool is_supported() const noexcept;
  /// The encoding of HTML output for it, and of what `<meta>` may declare: UTF-8 for UTF-16 and
  /// "replacement".
  [[nodiscard]] charset output() const noexcept;

  friend constexpr bool operator==(charset, charset) noexcept = default;

 private:
  friend class charset_decoder;
  constexpr explicit charset(std::uint8_t index) noexcept : index_(index) {}
  std::uint8_t index_ = 0;
};

/// The encoding that a byte-order mark at the start of `bytes` says, and the mark's length: UTF-8, UTF-16LE
/// or UTF-16BE (section 6, BOM sniff).
[[nodiscard]] TIDEWIRE_BASE_API std::optional<std::pair<charset, std::size_t>> byte_order_mark(
    std::string_view bytes) noexcept;

/// Decodes a stream of bytes, in pieces cut anywhere. What is malformed becomes U+FFFD, as the standard's
/// error mode "replacement" has it; nothing fails. A byte-order mark is decoded like anything else: look for
/// it first. One decoder, one user.
class TIDEWIRE_BASE_API charset_decoder {
 public:
  explicit charset_decoder(charset from);
  charset_decoder(charset_decoder&&) noexcept;
  charset_decoder& operator=(charset_decoder&&) noexcept;
  ~charset_decoder();

  /// Appends to `out` what `bytes` give, as UTF-8. `last`: the stream ends with them; the decoder can then be
  /// used for another.
  void decode(std::string_view bytes, bool last, std::string& out);
  /// Was anything malformed so far?
  [[nodiscard]] bool had_errors() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Decodes a whole text. @see charset_decoder
[[nodiscard]] TIDEWIRE_BASE_API std::string decode(charset from, std::string_view bytes);

}  // namespace tidewire
