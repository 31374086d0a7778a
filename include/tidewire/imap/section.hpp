/// @file
/// Which part of a message FETCH brings (RFC 9051 section 6.4.5, RFC 3516).
#pragma once

#include <tidewire/imap/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// A part of a message, or of a message within it: `BODY[1.2.HEADER.FIELDS (Date)]`.
class TIDEWIRE_IMAP_API section {
 public:
  /// What is brought of it.
  enum class content_type : std::uint8_t {
    whole,              ///< All of it: of a message header and body, of a part the body.
    header,             ///< HEADER: of a message.
    header_fields,      ///< HEADER.FIELDS: these fields.
    header_fields_not,  ///< HEADER.FIELDS.NOT: all others.
    text,               ///< TEXT: of a message without its header.
    mime,               ///< MIME: the header of a part.
  };
  /// By which item it is named.
  enum class item_type : std::uint8_t {
    body,           ///< BODY[...], the bytes as they travel.
    binary,         ///< BINARY[...], the transfer encoding decoded.
    rfc822,         ///< RFC822, as BODY[] (RFC 3501).
    rfc822_header,  ///< RFC822.HEADER, as BODY[HEADER].
    rfc822_text,    ///< RFC822.TEXT, as BODY[TEXT].
  };

  /// `BODY[]`: the whole message.
  section() noexcept = default;
  /// A part by its number, "1.2"; of the message itself, "".
  explicit section(std::string part, content_type content = content_type::whole)
      : part_(std::move(part)), content_(content) {}
  [[nodiscard]] static section whole() { return section(); }
  [[nodiscard]] static section header(std::string part = {}) {
    return section(std::move(part), content_type::header);
  }
  [[nodiscard]] static section text(std::string part = {}) {
    return section(std::move(part), content_type::text);
  }
  [[nodiscard]] static section mime(std::string part) { return section(std::move(part), content_type::mime); }
  /// Some fields of a header.
  [[nodiscard]] static section header_fields(std::vector<std::string> fields, std::string part = {});
  /// A header without some fields.
  [[nodiscard]] static section header_fields_not(std::vector<std::string> fields, std::string part = {});
  /// The decoded body of a part.
  [[nodiscard]] static section binary(std::string part);

  [[nodiscard]] const std::string& part() const noexcept { return part_; }
  [[nodiscard]] content_type content() const noexcept { return content_; }
  [[nodiscard]] item_type item() const noexcept { return item_; }
  [[nodiscard]] const std::vector<std::string>& fields() const noexcept { return fields_; }

  /// What is between the brackets, or the whole name of the item where it has none: "1.HEADER.FIELDS (Date)".
  [[nodiscard]] std::string specifier() const;
  /// "BODY[1.2]"
  [[nodiscard]] std::string to_string() const;
  /// Reads the name of an item, `BODY[1.2]`, without an origin `<0>`; nothing if it is none. `BODY.PEEK` is
  /// understood as well.
  [[nodiscard]] static std::optional<section> parse(std::string_view name);

  /// Do they name the same bytes? Fields are compared in any case; BODY[] is RFC822.
  friend TIDEWIRE_IMAP_API bool operator==(const section& a, const section& b) noexcept;

 private:
  std::string part_;
  std::vector<std::string> fields_;
  content_type content_ = content_type::whole;
  item_type item_ = item_type::body;
};

}  // namespace tidewire::imap
