/// @file
/// The values of header fields: unfolding, encoded words, message identifiers. Raw values are what stands
/// between the colon and the end of the field, folds included; nothing here fails, whatever they are.
#pragma once

#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// `raw` as one line: line breaks gone, the white space after them kept, none at either end (RFC 5322 section
/// 2.2.3).
[[nodiscard]] TIDEWIRE_MIME_API std::string unfold(std::string_view raw);

/// The text of an unstructured field (Subject, Comments, any field unknown) as UTF-8: unfolded, encoded words
/// decoded (RFC 2047), raw UTF-8 kept (RFC 6532), other bytes of 128 and above taken for windows-1252.
///
/// Received mail has encoded words that RFC 2047 does not allow; they are read as they were meant: without
/// white space around them, with white space within, with characters cut in half between two words of one
/// charset, with a language (RFC 2231 section 5), with a charset that is not known (by its bytes: see
/// `decode_charset`). What is no encoded word after all stays as it is.
[[nodiscard]] TIDEWIRE_MIME_API std::string decode_unstructured(std::string_view raw);

/// The identifiers of a Message-ID, In-Reply-To, References or Content-ID field, without their angle
/// brackets, comments and folds left out (RFC 5322 section 3.6.4). What has no angle brackets is taken word
/// by word.
/// @param limit How many at most; the first ones.
[[nodiscard]] TIDEWIRE_MIME_API std::vector<std::string> parse_message_ids(std::string_view raw,
                                                                           std::size_t limit = 1000);

}  // namespace tidewire::mime
