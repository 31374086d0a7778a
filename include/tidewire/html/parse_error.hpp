/// @file
/// What the HTML parser found wrong with its input: the standard's codes, and where.
#pragma once

#include <tidewire/html/export.hpp>

#include <cstdint>
#include <string_view>

namespace tidewire::html {

/// A parse error of the WHATWG HTML standard (13.2.2). A parse error never stops the parser: it says that the
/// author made a mistake, and that the standard has told us what to do about it.
///
/// The codes of the tokenizer and of the input stream are the standard's own. The standard has no codes for
/// most errors of the tree construction stage: those at the end of this list are ours.
enum class parse_error_code : std::uint16_t {
  abrupt_closing_of_empty_comment = 1,
  abrupt_doctype_public_identifier,
  abrupt_doctype_system_identifier,
  absence_of_digits_in_numeric_character_reference,
  cdata_in_html_content,
  character_reference_outside_unicode_range,
  control_character_in_input_stream,
  control_character_reference,
  duplicate_attribute,
  end_tag_with_attributes,
  end_tag_with_trailing_solidus,
  eof_before_tag_name,
  eof_in_cdata,
  eof_in_comment,
  eof_in_doctype,
  eof_in_script_html_comment_like_text,
  eof_in_tag,
  incorrectly_closed_comment,
  incorrectly_opened_comment,
  invalid_character_sequence_after_doctype_name,
  invalid_first_character_of_tag_name,
  missing_attribute_value,
  missing_doctype_name,
  missing_doctype_public_identifier,
  missing_doctype_system_identifier,
  missing_end_tag_name,
  missing_quote_before_doctype_public_identifier,
  missing_quote_before_doctype_system_identifier,
  missing_semicolon_after_character_reference,
  missing_whitespace_after_doctype_public_keyword,
  missing_whitespace_after_doctype_system_keyword,
  missing_whitespace_before_doctype_name,
  missing_whitespace_between_attributes,
  missing_whitespace_between_doctype_public_and_system_identifiers,
  nested_comment,
  noncharacter_character_reference,
  noncharacter_in_input_stream,
  non_void_html_element_start_tag_with_trailing_solidus,
  null_character_reference,
  surrogate_character_reference,
  surrogate_in_input_stream,
  unexpected_character_after_doctype_system_identifier,
  unexpected_character_in_attribute_name,
  unexpected_character_in_unquoted_attribute_value,
  unexpected_equals_sign_before_attribute_name,
  unexpected_null_character,
  unexpected_question_mark_instead_of_tag_name,
  unexpected_solidus_in_tag,
  unknown_named_character_reference,

  missing_doctype,       ///< Ours: the document does not begin with a DOCTYPE.
  unexpected_doctype,    ///< Ours: a DOCTYPE where none may be, or one that is not `<!DOCTYPE html>`.
  unexpected_start_tag,  ///< Ours: a start tag that may not be here; ignored, or moved, or it closed others.
  unexpected_end_tag,    ///< Ours: an end tag that closes nothing, or closes what is not the current node.
  unexpected_text,       ///< Ours: characters where only elements may be, as directly in a table.
  unexpected_end_of_file,  ///< Ours: the input ended with elements open that need their end tag.
};

/// The standard's spelling of a code: `eof-in-tag`.
[[nodiscard]] TIDEWIRE_HTML_API std::string_view to_string(parse_error_code code) noexcept;

/// One error, and where it was found. Lines and columns count from 1, columns in UTF-16 code units, as the
/// html5lib tests and browsers' consoles do.
struct parse_error {
  parse_error_code code{};   ///< What.
  std::uint32_t line = 0;    ///< Line of the character at which it was found.
  std::uint32_t column = 0;  ///< Column of that character.
  std::uint64_t offset = 0;  ///< Byte offset in the input as it was given (before newlines were normalised).

  friend bool operator==(const parse_error&, const parse_error&) = default;
};

}  // namespace tidewire::html
