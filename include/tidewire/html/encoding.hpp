/// @file
/// HTML in bytes: which encoding they are in, and parsing them (WHATWG HTML 13.2.3).
#pragma once

#include <tidewire/base/charset.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>
#include <tidewire/html/parser.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tidewire::html {

/// What said which encoding it is.
enum class encoding_source : std::uint8_t {
  forced,            ///< `encoding_options::force`
  byte_order_mark,   ///< The first bytes.
  transport,         ///< `encoding_options::transport`
  declaration,       ///< `<meta charset>` and its like, or an XML declaration, in the first 1024 bytes.
  late_declaration,  ///< A `<meta>` further down, found while parsing; the input was parsed again.
  fallback,          ///< Nothing did.
};

/// What is known of the encoding from outside. It borrows its texts.
struct encoding_options {
  /// The label of the `charset` parameter of `Content-Type`, if there was one. A label that nobody knows is
  /// as none.
  std::string_view transport{};
  /// Overrides all else, byte-order marks too.
  std::optional<charset> force{};
  /// Where nothing is said. The web's default is windows-1252.
  std::string_view fallback = "windows-1252";
};

/// An encoding, and how it is known.
struct encoding_guess {
  charset encoding;
  encoding_source source = encoding_source::fallback;
};

/// Says which encoding `bytes` are in, looking at 1024 of them at most.
[[nodiscard]] TIDEWIRE_HTML_API encoding_guess sniff_encoding(std::string_view bytes,
                                                              const encoding_options& options = {});

/// The encoding that a `Content-Type` value's `charset` parameter names, as `<meta http-equiv>` has it:
/// "text/html; charset=utf-8". Nothing if there is none, or if nobody knows it.
[[nodiscard]] TIDEWIRE_HTML_API std::optional<charset> charset_of_content_type(
    std::string_view content_type) noexcept;

/// Parses HTML in bytes of an encoding that the bytes, or `encoding`, tell. `document::encoding` says which
/// it was.
[[nodiscard]] TIDEWIRE_HTML_API document parse_bytes(std::string_view bytes,
                                                     const encoding_options& encoding = {},
                                                     const parse_options& options = {});

/// `parser`, fed with bytes in an encoding that they tell: it waits for 1024 of them, or the end, before it
/// decides. A declaration further down does not change its mind. One parser, one user.
class TIDEWIRE_HTML_API byte_parser {
 public:
  /// The texts of `encoding` are copied.
  explicit byte_parser(const encoding_options& encoding = {}, const parse_options& options = {});
  byte_parser(byte_parser&&) noexcept;
  byte_parser& operator=(byte_parser&&) noexcept;
  ~byte_parser();

  /// Appends bytes of the current document, cut anywhere.
  void feed(std::string_view bytes);
  /// Ends the input and takes the document. The parser is ready for the next.
  [[nodiscard]] document finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::html
