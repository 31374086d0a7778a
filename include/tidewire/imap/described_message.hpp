/// @file
/// What a server tells of a message that it has: ENVELOPE, BODYSTRUCTURE, the bytes of sections (RFC 9051
/// section 7.5.2, RFC 3516), made from the message as `mime` reads it. Pure.
#pragma once

#include <tidewire/imap/export.hpp>
#include <tidewire/imap/section.hpp>
#include <tidewire/mime/parsed_message.hpp>

#include <optional>
#include <string>

namespace tidewire::imap {

/// Appends the envelope of a message, parentheses included.
/// @param message A message itself, or one that is in another: `mime::parsed_message::root()`, the child of a
/// part of `mime::part_kind::message`.
TIDEWIRE_IMAP_API void append_envelope(std::string& wire, const mime::part& message);

/// Appends the structure of a message or part, parentheses included.
/// @param extended BODYSTRUCTURE; else BODY, without what RFC 9051 calls extension data.
TIDEWIRE_IMAP_API void append_body_structure(std::string& wire, const mime::part& of, bool extended = true);

/// The part of that number, "1.2"; "" is the message itself. Null if there is none.
[[nodiscard]] TIDEWIRE_IMAP_API mime::part find_part(const mime::part& message, const std::string& number);

/// The bytes that a section names; nothing if there is no such part, or it cannot have that.
[[nodiscard]] TIDEWIRE_IMAP_API std::optional<std::string> section_bytes(const mime::part& message,
                                                                         const section& what);

}  // namespace tidewire::imap
