/// @file
/// Text of mail in any charset to UTF-8: the encodings of the WHATWG Encoding standard, and UTF-7.
#pragma once

#include <tidewire/mime/export.hpp>

#include <string>
#include <string_view>

namespace tidewire::mime {

/// UTF-8, and whether the bytes were what their charset says.
struct decoded_text {
  std::string text;
  /// The label is of a charset that this system can decode.
  bool known_charset = true;
  /// Nothing was malformed.
  bool well_formed = true;
};

/// Decodes `bytes` from the charset that `label` names ("iso-8859-1", "utf-7"; case, quotes and white space
/// around it do not count). Never fails: what is malformed becomes U+FFFD.
///
/// Mail says less than the truth: where the label is empty, "us-ascii" or unknown, bytes that are UTF-8 are
/// taken for that, others for windows-1252. A byte-order mark is a character as any other. The labels
/// are those of the WHATWG standard, by which "iso-8859-1" is windows-1252; and "utf-7", "unicode-1-1-utf-7"
/// (RFC 2152).
[[nodiscard]] TIDEWIRE_MIME_API decoded_text decode_charset(std::string_view label, std::string_view bytes);

/// Is it well-formed UTF-8 (RFC 3629)?
[[nodiscard]] TIDEWIRE_MIME_API bool is_utf8(std::string_view bytes) noexcept;

}  // namespace tidewire::mime
