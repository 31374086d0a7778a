/// @file
/// Messages in: the parser of RFC 5322 and MIME (RFC 2045, 2046), fed in any pieces, and its events.
///
/// `parse` makes a message to look at (`parsed_message`); `event_parser` tells what it sees as it comes, for
/// bodies of any size.
#pragma once

#include <tidewire/mime/content_type.hpp>
#include <tidewire/mime/defect.hpp>
#include <tidewire/mime/export.hpp>
#include <tidewire/mime/parsed_message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// How much of a message is looked at. What a limit cuts off is a defect; the bytes are still there.
struct parse_options {
  /// Parts in parts in parts: a multipart or message below that is taken for one part. Default 100.
  std::size_t max_depth = 100;
  /// Parts in all. Default 10,000.
  std::size_t max_parts = 10'000;
  /// Fields of one part. Default 1,000.
  std::size_t max_headers = 1'000;
  /// Bytes of the header of one part. Default 256 KiB.
  std::size_t max_header_bytes = std::size_t{256} * 1024;
  /// Defects that are kept; further ones are counted. Default 100.
  std::size_t max_defects = 100;
  /// Take the input for the inside of a part without its header, of this Content-Type: the body of an HTTP
  /// message. Empty: the input begins with a header.
  std::string_view body_of{};
};

/// Parses a message, which is copied once. Never fails: every input is a message; `parsed_message::defects`
/// says what was wrong with it. Time is linear in the size of the input.
[[nodiscard]] TIDEWIRE_MIME_API parsed_message parse(std::string_view source,
                                                     const parse_options& options = {});
/// The same without a copy: the message keeps the string.
[[nodiscard]] TIDEWIRE_MIME_API parsed_message parse(std::string&& source, const parse_options& options = {});
/// A literal is a view.
[[nodiscard]] inline parsed_message parse(const char* source, const parse_options& options = {}) {
  return parse(std::string_view(source), options);
}
/// The same without a copy: `source` must outlive the message, and what is taken from it as a view.
[[nodiscard]] TIDEWIRE_MIME_API parsed_message parse_in_place(std::string_view source,
                                                              const parse_options& options = {});
/// Parses a message that must be without defect: the bodies are checked as well (`parsed_message::check`).
/// @return `errc::malformed` for the first defect; `errc::limit_exceeded` if it is a limit of `options`. The
/// detail says which, and at which offset.
[[nodiscard]] TIDEWIRE_MIME_API result<parsed_message> parse_strict(std::string source,
                                                                    const parse_options& options = {});

/// A parser that is fed as the bytes arrive. The message does not depend on how the input was cut.
/// Not thread-safe: one parser, one user.
class TIDEWIRE_MIME_API parser {
 public:
  explicit parser(const parse_options& options = {});
  parser(parser&&) noexcept;
  parser& operator=(parser&&) noexcept;
  ~parser();

  /// Appends bytes of the current message, cut anywhere. They are copied.
  void feed(std::string_view chunk);
  /// Ends the input and takes the message. The parser is ready for the next.
  [[nodiscard]] parsed_message finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// What `event_parser` tells, in the order of the source. The views are good during the call. Whatever is not
/// overridden does nothing.
class TIDEWIRE_MIME_API event_handler {
 public:
  /// A field of a header.
  struct field {
    std::string_view name;   ///< As written.
    std::string_view value;  ///< What is after the colon, folds included, without the last line break.
    std::string_view whole;  ///< All of the field, with its last line break.
    std::uint64_t offset;    ///< Of its first byte in the source.
  };
  /// What the header of a part says about its body.
  struct shape {
    part_kind kind = part_kind::leaf;
    transfer_encoding encoding = transfer_encoding::seven_bit;
    std::string_view content_type;    ///< Raw; empty if there is none.
    bool default_is_message = false;  ///< Without Content-Type it is message/rfc822 (multipart/digest).
    std::uint64_t offset;             ///< Of the first byte of the body.
  };

  virtual ~event_handler();
  /// A part begins: the message itself, a part of a multipart, a message in a message. It is within the one
  /// that began last and has not ended.
  virtual void on_part(std::uint64_t offset);
  virtual void on_field(const field& what);
  /// Its header is complete. What follows is its body, or its parts.
  virtual void on_header_end(const shape& what);
  /// Bytes of the body of a leaf, as they travel. Not told of the text around the parts of a multipart.
  virtual void on_body(std::string_view bytes);
  /// The part ended: its last byte is before `offset`. The line break before a boundary is not of it.
  virtual void on_part_end(std::uint64_t offset);
  virtual void on_defect(const defect& what);
};

/// Tells what a message is made of while it comes, and holds no more of it than the current header: what
/// streams a message of any size. The events do not depend on how the input was cut, but for how the bytes
/// of a body are cut into `on_body`. Not thread-safe: one parser, one user.
class TIDEWIRE_MIME_API event_parser {
 public:
  /// @param handler Must outlive the parser.
  explicit event_parser(event_handler& handler, const parse_options& options = {});
  event_parser(event_parser&&) noexcept;
  event_parser& operator=(event_parser&&) noexcept;
  ~event_parser();

  /// The next bytes, cut anywhere.
  void feed(std::string_view chunk);
  /// The input ends. Each part that is open ends. The parser is ready for the next message.
  void finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Decodes the body of one part while it comes: the bytes that `transfer_encoding` stands for. Not
/// thread-safe: one decoder, one user.
class TIDEWIRE_MIME_API body_decoder {
 public:
  explicit body_decoder(transfer_encoding encoding);
  body_decoder(body_decoder&&) noexcept;
  body_decoder& operator=(body_decoder&&) noexcept;
  ~body_decoder();

  /// Appends to `out` what is complete with `bytes`.
  void update(std::string_view bytes, std::string& out);
  /// Appends the rest. The decoder is then as new, but for `malformed`.
  void finish(std::string& out);
  /// Was anything not of the encoding so far?
  [[nodiscard]] bool malformed() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::mime
