/// @file
/// Content-Type and Content-Disposition (RFC 2045, 2183) with their parameters (RFC 2231).
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// `name=value` of a structured field.
struct parameter {
  std::string name;      ///< In lower case.
  std::string value;     ///< As UTF-8, decoded and put together (RFC 2231).
  std::string language;  ///< Of an RFC 2231 value: "en"; mostly empty.

  friend bool operator==(const parameter&, const parameter&) = default;
};

/// The parameters of a field, in the order in which they came. Of two with one name, the first counts.
class TIDEWIRE_MIME_API parameter_list {
 public:
  /// The value, or nothing. `name` in any case.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// The value, or "".
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Sets or adds one.
  void set(std::string_view name, std::string_view value);
  /// Adds one at the end.
  void add(parameter item);

  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] auto begin() const noexcept { return items_.begin(); }
  [[nodiscard]] auto end() const noexcept { return items_.end(); }

  friend bool operator==(const parameter_list&, const parameter_list&) = default;

 private:
  std::vector<parameter> items_;
};

/// A media type: "text/plain; charset=utf-8".
struct TIDEWIRE_MIME_API content_type {
  std::string type = "text";      ///< In lower case.
  std::string subtype = "plain";  ///< In lower case.
  parameter_list parameters;

  /// Is it `type/subtype`? Both in lower case; "*" for any subtype.
  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype = "*") const noexcept;
  /// "text/plain", without parameters.
  [[nodiscard]] std::string essence() const { return type + '/' + subtype; }
  /// The parameter `charset`, or "".
  [[nodiscard]] std::string_view charset() const noexcept { return parameters.get("charset"); }
};

/// What to do with a part: "attachment; filename=report.pdf".
struct content_disposition {
  std::string type;  ///< "inline", "attachment", or another, in lower case.
  parameter_list parameters;

  [[nodiscard]] bool is_attachment() const noexcept { return type == "attachment"; }
  [[nodiscard]] bool is_inline() const noexcept { return type == "inline"; }
  /// The parameter `filename`, or "". It is the sender's: no path, but not to be trusted with a name on disk.
  [[nodiscard]] std::string_view filename() const noexcept { return parameters.get("filename"); }
};

/// Parameters of one field that are read; further ones are dropped.
inline constexpr std::size_t max_parameters = 256;

/// Reads a Content-Type value, folds and comments included, as RFC 2045 section 5.1 has it, and what mailers
/// make of it: missing semicolons, values with spaces or without closing quote, encoded words in parameters,
/// segments of RFC 2231 in any order.
/// @return `errc::malformed` if it has no type and subtype; RFC 2045 section 5.2 then says text/plain.
[[nodiscard]] TIDEWIRE_MIME_API result<content_type> parse_content_type(std::string_view raw);
/// Reads a Content-Disposition value in the same way.
/// @return `errc::malformed` if it has no type; RFC 2183 section 2.8 then says "attachment".
[[nodiscard]] TIDEWIRE_MIME_API result<content_disposition> parse_content_disposition(std::string_view raw);

/// How the bytes of a part travel (RFC 2045 section 6).
enum class transfer_encoding : std::uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64 };
/// "7bit", "8bit", "binary", "quoted-printable", "base64".
[[nodiscard]] TIDEWIRE_MIME_API std::string_view name_of(transfer_encoding encoding) noexcept;
/// Reads a Content-Transfer-Encoding value, comments included.
/// @return `errc::malformed` for one that nobody knows.
[[nodiscard]] TIDEWIRE_MIME_API result<transfer_encoding> parse_transfer_encoding(std::string_view raw);

}  // namespace tidewire::mime
