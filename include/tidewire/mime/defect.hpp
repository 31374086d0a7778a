/// @file
/// What was wrong with a message: the list that a tolerant parser keeps.
#pragma once

#include <tidewire/mime/export.hpp>

#include <cstdint>
#include <string_view>

namespace tidewire::mime {

/// What a parser saw that the RFCs do not allow, or that a limit of ours cut short.
enum class defect_kind : std::uint8_t {
  header_separator,    ///< A line in a header that is no field: the body was taken to begin with it.
  header_name_space,   ///< White space before the colon of a field (RFC 5322 section 4.5, obsolete).
  header_lost,         ///< A continuation line without a field before it; passed over.
  byte_order_mark,     ///< The file begins with one; passed over.
  header_line_length,  ///< A header line of more than 998 characters (RFC 5322 section 2.1.1).
  header_nul,          ///< A NUL in a header.
  header_bare_cr,      ///< A CR in a header that no LF follows (RFC 5322 section 2.2).
  header_duplicate,    ///< A field that may be there once came again (RFC 5322 section 3.6).
  bare_line_feed,      ///< Lines end with LF alone (RFC 5322 section 2.3); said once.
  content_type,        ///< `Content-Type` is not of the form type/subtype; taken for text/plain.
  transfer_encoding,   ///< A `Content-Transfer-Encoding` that nobody knows; the bytes are left as they are.
  multipart_encoding,  ///< A multipart with an encoding other than 7bit, 8bit, binary (RFC 2045 6.4).
  boundary_missing,    ///< A multipart without `boundary`; taken for one part.
  boundary_malformed,  ///< `boundary` is empty, longer than 70, or ends with a space (RFC 2046 5.1.1).
  start_boundary_missing,  ///< A multipart in which its boundary never came.
  end_boundary_missing,    ///< A multipart that ended without its last boundary.
  too_deep,                ///< `max_depth` was reached: a multipart or message was taken for one part.
  too_many_parts,          ///< `max_parts` was reached: no more parts were made.
  too_many_headers,        ///< `max_headers` was reached: further fields of that part were passed over.
  header_too_large,        ///< `max_header_bytes` was reached: further fields of that part were passed over.
  base64,                  ///< Characters in base64 that are not of its alphabet, or its end is missing.
  quoted_printable,        ///< Quoted-printable that is not of RFC 2045 section 6.7.
  charset,                 ///< A charset that nobody knows, or bytes that are not of it.
  body_line_length,        ///< A line of more than 998 characters in a 7bit or 8bit body.
  body_eight_bit,          ///< Bytes of 128 and above in a 7bit body.
};

/// One of them, and where.
struct defect {
  defect_kind kind{};
  std::uint64_t offset = 0;  ///< Into the source: the line or the part that has it.

  friend bool operator==(const defect&, const defect&) noexcept = default;
};

/// A sentence about `kind`, for logs: "a multipart ended without its last boundary".
[[nodiscard]] TIDEWIRE_MIME_API std::string_view describe(defect_kind kind) noexcept;

}  // namespace tidewire::mime
