/// @file
/// A message that was parsed: its parts, headers and texts, read where they stand in the source, and decoded
/// when they are asked for.
///
/// @code
/// auto mail = mime::parse(bytes);
/// mail.subject();                                        // decoded, UTF-8
/// for (auto& sender : mail.from()) sender.address;
/// mail.text();                                           // of whatever should be shown
/// for (auto part : mail.attachments()) save(part.filename(), part.decode());
/// @endcode
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/mime/address.hpp>
#include <tidewire/mime/charset.hpp>
#include <tidewire/mime/content_type.hpp>
#include <tidewire/mime/defect.hpp>
#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::mime {

class parsed_message;
namespace detail {
struct message_store;
}

/// What a part holds.
enum class part_kind : std::uint8_t {
  leaf,       ///< Bytes: text, an image, a file.
  multipart,  ///< Other parts.
  message,    ///< One message (message/rfc822, message/global): its one child.
};

/// A field of a header. It views the source.
struct TIDEWIRE_MIME_API header_field {
  std::string_view name;     ///< As written.
  std::string_view value;    ///< Raw: what is after the colon, folds included.
  std::uint64_t offset = 0;  ///< Of the field in the source.

  /// The value as the text of an unstructured field: see `decode_unstructured`.
  [[nodiscard]] std::string text() const;
};

/// A part of a message: the message itself, a part of a multipart, a message in a message. A small value that
/// points into its `parsed_message`, which must outlive it; a null one is false and answers nothing to
/// everything. Any number of threads may read one message.
class TIDEWIRE_MIME_API part {
 public:
  part() noexcept = default;
  [[nodiscard]] explicit operator bool() const noexcept { return store_ != nullptr; }

  [[nodiscard]] part_kind kind() const noexcept;
  [[nodiscard]] bool is_multipart() const noexcept { return kind() == part_kind::multipart; }
  /// The part that this one is in; null for the message itself.
  [[nodiscard]] part parent() const noexcept;
  /// The parts in it: those of a multipart; of a message in a message the one that it is.
  [[nodiscard]] std::vector<part> children() const;
  /// Its number in the order of the source; the message itself is 0.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

  /// All its fields, in order.
  [[nodiscard]] std::vector<header_field> headers() const;
  /// The first field of that name, in any case.
  [[nodiscard]] std::optional<header_field> header(std::string_view name) const noexcept;
  /// All fields of that name, in order.
  [[nodiscard]] std::vector<header_field> headers(std::string_view name) const;
  /// The text of the first field of that name; "" if there is none.
  [[nodiscard]] std::string header_text(std::string_view name) const;
  /// The addresses of all fields of that name.
  [[nodiscard]] address_list header_addresses(std::string_view name) const;

  /// Its media type: what the header says, or what RFC 2045 section 5.2 and RFC 2046 section 5.1.5 say in its
  /// place.
  [[nodiscard]] mime::content_type content_type() const;
  /// Its disposition, if the header has one.
  [[nodiscard]] std::optional<content_disposition> disposition() const;
  /// How its bytes travel. What is unknown counts as binary.
  [[nodiscard]] mime::transfer_encoding transfer_encoding() const noexcept;
  /// The name of the file that it is: `filename` of the disposition, else `name` of the type; "" if none. It
  /// is the sender's word: see `safe_filename`.
  [[nodiscard]] std::string filename() const;
  /// `filename()` as a name to create a file by: no path, no control characters, no name that a system keeps
  /// for itself, 200 bytes at most; `otherwise` if nothing is left.
  [[nodiscard]] std::string safe_filename(std::string_view otherwise = "attachment") const;
  /// Its Content-ID without angle brackets; "" if there is none.
  [[nodiscard]] std::string content_id() const;

  /// All its bytes in the source: header, blank line, body.
  [[nodiscard]] std::string_view raw() const noexcept;
  /// Its header, up to and without the blank line.
  [[nodiscard]] std::string_view raw_header() const noexcept;
  /// Its body as it travels. The line break before a boundary is not of it.
  [[nodiscard]] std::string_view raw_body() const noexcept;
  /// Where `raw`, and where `raw_body`, begins in the source.
  [[nodiscard]] std::uint64_t offset() const noexcept;
  /// @copydoc offset
  [[nodiscard]] std::uint64_t body_offset() const noexcept;

  /// Its body, decoded: the bytes of the file. Malformed input gives what can be made of it.
  [[nodiscard]] std::string decode() const;
  /// The same in pieces, without all of it in memory at once. `sink` is called with up to 64 KiB at a time.
  void decode(const std::function<void(std::string_view)>& sink) const;
  /// Its body as UTF-8: decoded, from its charset; format=flowed text is joined again (RFC 3676), if `flow`.
  [[nodiscard]] std::string text(bool flow = false) const;
  /// `text()`, and how well it went.
  [[nodiscard]] decoded_text decode_text() const;
  /// The message that is in this part, where it had to be decoded first: message/rfc822 or message/global in
  /// base64 or quoted-printable. Nothing otherwise: see `children`.
  [[nodiscard]] std::optional<parsed_message> embedded_message() const;

  friend bool operator==(const part&, const part&) noexcept = default;

 private:
  friend class parsed_message;
  part(const detail::message_store* store, std::uint32_t index) noexcept : store_(store), index_(index) {}
  const detail::message_store* store_ = nullptr;
  std::uint32_t index_ = 0;
};

/// A message and the source that it was read from. It moves; its parts and views stay good.
class TIDEWIRE_MIME_API parsed_message {
 public:
  parsed_message(parsed_message&&) noexcept;
  parsed_message& operator=(parsed_message&&) noexcept;
  ~parsed_message();

  /// All bytes, as they came.
  [[nodiscard]] std::string_view source() const noexcept;
  /// The message as a part.
  [[nodiscard]] part root() const noexcept;
  /// All parts in the order of the source; the first is `root()`.
  [[nodiscard]] std::vector<part> parts() const;
  /// How many there are.
  [[nodiscard]] std::size_t part_count() const noexcept;
  /// The `index`th part; null if there are not as many.
  [[nodiscard]] part part_at(std::size_t index) const noexcept;

  /// What was wrong with headers and structure, in the order in which it was found.
  [[nodiscard]] const std::vector<defect>& defects() const noexcept;
  /// How many there were, those that were not kept included.
  [[nodiscard]] std::size_t defect_count() const noexcept;
  /// Decodes all bodies, and says what is wrong with them.
  [[nodiscard]] std::vector<defect> check() const;

  /// The field Subject, decoded.
  [[nodiscard]] std::string subject() const { return root().header_text("subject"); }
  [[nodiscard]] std::vector<mailbox> from() const { return addresses("from"); }
  [[nodiscard]] std::vector<mailbox> to() const { return addresses("to"); }
  [[nodiscard]] std::vector<mailbox> cc() const { return addresses("cc"); }
  [[nodiscard]] std::vector<mailbox> bcc() const { return addresses("bcc"); }
  [[nodiscard]] std::vector<mailbox> reply_to() const { return addresses("reply-to"); }
  /// The mailboxes of all fields of that name.
  [[nodiscard]] std::vector<mailbox> addresses(std::string_view field) const;
  /// The field Date; nothing if it is missing, or no date.
  [[nodiscard]] std::optional<date_time> date() const;
  /// The field Message-ID without angle brackets; "" if there is none.
  [[nodiscard]] std::string message_id() const;
  /// The identifiers of In-Reply-To.
  [[nodiscard]] std::vector<std::string> in_reply_to() const;
  /// The identifiers of References, the oldest first.
  [[nodiscard]] std::vector<std::string> references() const;

  /// The parts to show as a text, in order: the algorithm of RFC 8621 section 4.1.4 (textBody). It may name
  /// HTML where there is no other text, and images that belong between the texts.
  [[nodiscard]] std::vector<part> text_body() const;
  /// The parts to show as HTML (htmlBody).
  [[nodiscard]] std::vector<part> html_body() const;
  /// All other parts (attachments).
  [[nodiscard]] std::vector<part> attachments() const;
  /// The texts of `text_body()`, text/plain only, joined by line breaks. "" where the message has HTML only.
  [[nodiscard]] std::string text() const;
  /// The texts of `html_body()`, text/html only, joined. "" where the message has plain text only.
  [[nodiscard]] std::string html() const;

  /// The part that a `cid:` URL names; null if there is none.
  [[nodiscard]] part find_content_id(std::string_view id) const;

 private:
  friend class parser;
  friend class part;
  friend struct detail::message_store;
  explicit parsed_message(std::unique_ptr<detail::message_store> store) noexcept;
  void split_bodies(std::vector<part>* text, std::vector<part>* html, std::vector<part>* attachments) const;
  std::unique_ptr<detail::message_store> store_;
};

}  // namespace tidewire::mime
