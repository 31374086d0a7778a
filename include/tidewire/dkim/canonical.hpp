/// @file
/// The canonical form of headers and bodies (RFC 6376 section 3.4): the bytes that are hashed. Whoever looks
/// for the reason why a signature fails wants to see them.
///
/// In all of this module a lone LF counts as CR LF: that is what it was on its way, where a line cannot end
/// otherwise, and how mail lies in files.
#pragma once

#include <tidewire/dkim/export.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tidewire::dkim {

/// What may change on the way without harm to a signature.
enum class canonicalization : std::uint8_t {
  simple,   ///< Nothing but empty lines at the end of the body (RFC 6376 sections 3.4.1, 3.4.3).
  relaxed,  ///< White space as well, and the case of field names (sections 3.4.2, 3.4.4).
};

/// Its name in a signature: "simple", "relaxed".
[[nodiscard]] TIDEWIRE_DKIM_API std::string_view to_string(canonicalization how) noexcept;

/// The canonical form of a header field, with the CR LF at its end.
/// @param field All of it: name, colon, value with its folds; with or without the last line break.
[[nodiscard]] TIDEWIRE_DKIM_API std::string canonicalize_field(std::string_view field, canonicalization how);

/// The canonical form of a body that comes in pieces. A few KiB are held, however large the body is, and the
/// output does not depend on how it was cut. Not thread-safe: one object, one user.
class TIDEWIRE_DKIM_API body_canonicalizer {
 public:
  /// Takes the canonical form, in pieces of any size; none is empty.
  using sink = std::function<void(std::string_view)>;

  body_canonicalizer(canonicalization how, sink out);

  /// The next bytes of the body, cut anywhere.
  void update(std::string_view bytes);
  /// The body ends. The object is then as new.
  void finish();

 private:
  void text(std::string_view line);
  void put(std::string_view bytes);
  void put_line_breaks();
  void flush();

  canonicalization how_;
  sink out_;
  std::string buffer_;
  std::uint64_t line_breaks_ = 0;  // that came since the last text: only more text shows that they count
  bool carriage_return_ = false;   // the last byte was one: of a line break, or of the text
  bool space_ = false;             // relaxed: white space that only more text on its line makes count
  bool any_ = false;               // there was text, or a line break that counted
};

}  // namespace tidewire::dkim
