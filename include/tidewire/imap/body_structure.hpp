/// @file
/// BODYSTRUCTURE: the parts of a message as a tree (RFC 9051 section 7.5.2).
#pragma once

#include <tidewire/imap/envelope.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/mime/content_type.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// One part, with those that are in it. A value.
struct TIDEWIRE_IMAP_API body_part {
  /// The number by which FETCH names it: "1.2"; of a message that is not multipart, "1". Empty for the
  /// outermost multipart, and for what holds the parts of a message in a message, which has no number of its
  /// own.
  std::string section{};
  /// In lower case, with its parameters decoded (RFC 2231). `multipart` if there are `parts`, but for
  /// message/rfc822.
  mime::content_type type{};
  std::string id{};           ///< Content-ID, as it came.
  std::string description{};  ///< Content-Description, decoded.
  std::string encoding{};     ///< Content-Transfer-Encoding in lower case: "base64".
  std::uint64_t size = 0;     ///< Bytes as it travels, encoded. 0 for multipart.
  std::uint64_t lines = 0;    ///< Of text and message/rfc822: lines, as far as the server counts them.
  std::string md5{};          ///< Content-MD5, as it came.
  std::optional<mime::content_disposition> disposition{};
  std::vector<std::string> languages{};  ///< Content-Language
  std::string location{};                ///< Content-Location
  std::vector<body_part> parts{};        ///< Of multipart: its parts. Of message/rfc822: the one body in it.
  /// Of message/rfc822: the envelope of the message in it. Shared by copies, and never changed.
  std::shared_ptr<const imap::envelope> envelope{};
  std::vector<token> extensions{};  ///< What came behind all that is known.

  [[nodiscard]] bool is_multipart() const noexcept { return type.type == "multipart"; }
  /// Does it hold another message, whose parts FETCH can name?
  [[nodiscard]] bool is_message() const noexcept { return envelope != nullptr; }
  /// Is it meant to be saved: Content-Disposition attachment, or a file name and no text to show?
  [[nodiscard]] bool is_attachment() const noexcept;
  /// The name of the file that it is, from Content-Disposition or else the `name` of Content-Type; mostly
  /// empty. It is the sender's: not to be trusted with a name on disk.
  [[nodiscard]] std::string_view filename() const noexcept;
  /// How it travels, for `mime::body_decoder`; 8bit if nobody knows the encoding.
  [[nodiscard]] mime::transfer_encoding transfer_encoding() const noexcept;
  /// This part, or the one below it, of that number; null if there is none.
  [[nodiscard]] const body_part* find(std::string_view number) const noexcept;
  /// All leaves below it in their order, itself if it is one. Those of messages within are among them.
  [[nodiscard]] std::vector<const body_part*> leaves() const;

  /// The same structure.
  friend TIDEWIRE_IMAP_API bool operator==(const body_part& a, const body_part& b);
};

}  // namespace tidewire::imap
