#include <tidewire/mime/defect.hpp>

namespace tidewire::mime {

std::string_view describe(defect_kind kind) noexcept {
  switch (kind) {
    case defect_kind::header_separator: return "a header line is no field, the body was taken to begin there";
    case defect_kind::header_name_space: return "white space before the colon of a field";
    case defect_kind::header_lost: return "a continuation line without a field before it";
    case defect_kind::byte_order_mark: return "a byte-order mark before the header";
    case defect_kind::header_line_length: return "a header line of more than 998 characters";
    case defect_kind::header_nul: return "a NUL in a header";
    case defect_kind::header_bare_cr: return "a CR without LF in a header";
    case defect_kind::header_duplicate: return "a field that may be there once came again";
    case defect_kind::bare_line_feed: return "lines end with LF alone";
    case defect_kind::content_type: return "a Content-Type is not of the form type/subtype";
    case defect_kind::transfer_encoding: return "an unknown Content-Transfer-Encoding";
    case defect_kind::multipart_encoding: return "a multipart with a transfer encoding";
    case defect_kind::boundary_missing: return "a multipart without a boundary parameter";
    case defect_kind::boundary_malformed: return "a boundary parameter that RFC 2046 does not allow";
    case defect_kind::start_boundary_missing: return "a multipart in which its boundary never came";
    case defect_kind::end_boundary_missing: return "a multipart ended without its last boundary";
    case defect_kind::too_deep: return "parts nested more deeply than the limit";
    case defect_kind::too_many_parts: return "more parts than the limit";
    case defect_kind::too_many_headers: return "more fields in a header than the limit";
    case defect_kind::header_too_large: return "a header larger than the limit";
    case defect_kind::base64: return "malformed base64";
    case defect_kind::quoted_printable: return "malformed quoted-printable";
    case defect_kind::charset: return "an unknown charset, or bytes that are not of it";
    case defect_kind::body_line_length: return "a body line of more than 998 characters";
    case defect_kind::body_eight_bit: return "bytes of 128 and above in a 7bit body";
  }
  return "unknown defect";
}

}  // namespace tidewire::mime
