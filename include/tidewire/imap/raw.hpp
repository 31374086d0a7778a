/// @file
/// The tokens that commands and responses are made of (RFC 9051 section 4): what is left of a response that
/// has no type here, and what a command without a function of its own is made from.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/imap/error.hpp>
#include <tidewire/imap/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// A token, or a list of them. A value.
class TIDEWIRE_IMAP_API token {
 public:
  /// What it is on the wire.
  enum class kind_type : std::uint8_t {
    nil,       ///< NIL, which is not the string "NIL".
    atom,      ///< A word without quotes: a number, a flag, `BODY[1.TEXT]<0>`.
    string,    ///< A string: quoted, or a literal; which of both says nothing.
    literal8,  ///< A literal that may hold NUL: `~{5}` (RFC 3516, RFC 9051 section 4.3).
    list,      ///< Tokens in parentheses.
  };

  /// NIL.
  token() noexcept = default;
  [[nodiscard]] static token atom(std::string text) { return {kind_type::atom, std::move(text)}; }
  [[nodiscard]] static token string(std::string text) { return {kind_type::string, std::move(text)}; }
  [[nodiscard]] static token literal8(std::string bytes) { return {kind_type::literal8, std::move(bytes)}; }
  [[nodiscard]] static token number(std::uint64_t value) { return atom(std::to_string(value)); }
  [[nodiscard]] static token list(std::vector<token> items);

  [[nodiscard]] kind_type kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == kind_type::nil; }
  [[nodiscard]] bool is_list() const noexcept { return kind_ == kind_type::list; }
  /// Is it that atom, in any case?
  [[nodiscard]] bool is_atom(std::string_view text) const noexcept;
  /// Of an atom or a string, what it says; else empty. Of a server it is untrusted.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Of an atom or a string that is nothing but digits: their number; nothing if 64 bits do not hold it.
  [[nodiscard]] std::optional<std::uint64_t> to_number() const noexcept;
  /// Of a list, what is in it; else empty.
  [[nodiscard]] const std::vector<token>& items() const noexcept { return items_; }
  /// @copydoc items
  [[nodiscard]] std::vector<token>& items() noexcept { return items_; }
  /// For people: `(FLAGS (\Seen) "a b" NIL)`. Control characters are escaped, long strings cut.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] friend bool operator==(const token&, const token&) = default;

 private:
  token(kind_type kind, std::string text) noexcept : kind_(kind), text_(std::move(text)) {}

  kind_type kind_ = kind_type::nil;
  std::string text_;
  std::vector<token> items_;
};

/// How much `parse_tokens` reads.
struct token_limits {
  /// Lists in lists. Default 100.
  std::size_t nesting = 100;
  /// Tokens in all. Default 100,000.
  std::size_t items = 100'000;
};

/// Reads the tokens of a line, literals included (`{3}` CR LF and the three bytes), without the CRLF that
/// ends it. A section with its brackets is one atom: `BODY[HEADER.FIELDS ("Date")]`.
/// @return `errc::malformed_response` for what is no token, or a list that does not end;
/// `tidewire::errc::limit_exceeded`.
[[nodiscard]] TIDEWIRE_IMAP_API result<std::vector<token>> parse_tokens(std::string_view line,
                                                                        const token_limits& limits = {});

/// Appends a string as a server, or a client that knows of no literals, writes it: in quotes if it is
/// printable ASCII of at most 1,000 characters (or UTF-8, if `utf8`), as a literal `{n}` otherwise.
TIDEWIRE_IMAP_API void append_string(std::string& wire, std::string_view text, bool utf8 = false);
/// Appends a string as `append_string`, or NIL if there is none.
TIDEWIRE_IMAP_API void append_nstring(std::string& wire, const std::optional<std::string>& text,
                                      bool utf8 = false);
/// Appends an atom if `text` can be one, a string otherwise: the `astring` of RFC 9051 section 9.
TIDEWIRE_IMAP_API void append_astring(std::string& wire, std::string_view text, bool utf8 = false);
/// Appends what `parse_tokens` reads as this token.
TIDEWIRE_IMAP_API void append_token(std::string& wire, const token& what);

/// Can all of `text` be sent as an atom? Not empty, visible ASCII, none of `( ) { % * " \ ]`, and not NIL.
[[nodiscard]] TIDEWIRE_IMAP_API bool is_atom(std::string_view text) noexcept;

}  // namespace tidewire::imap
