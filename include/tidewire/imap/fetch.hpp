/// @file
/// FETCH: what is asked for (RFC 9051 section 6.4.5), and what a response tells of a message (section 7.5.2).
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/imap/body_structure.hpp>
#include <tidewire/imap/envelope.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/section.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidewire::imap {

/// What FETCH is to bring. UIDs come without being asked for where the command is UID FETCH.
///
/// @code
/// imap::fetch_request{}.flags().envelope().body(imap::section::header_fields({"List-Id"}))
/// @endcode
class TIDEWIRE_IMAP_API fetch_request {
 public:
  fetch_request& flags() { return item("FLAGS"); }
  fetch_request& uid() { return item("UID"); }
  fetch_request& envelope() { return item("ENVELOPE"); }
  fetch_request& body_structure() { return item("BODYSTRUCTURE"); }
  fetch_request& internal_date() { return item("INTERNALDATE"); }
  fetch_request& size() { return item("RFC822.SIZE"); }  ///< Of the whole message.
  fetch_request& modseq() { return item("MODSEQ"); }     ///< RFC 7162
  fetch_request& email_id() { return item("EMAILID"); }  ///< RFC 8474, and the next.
  fetch_request& thread_id() { return item("THREADID"); }
  fetch_request& save_date() { return item("SAVEDATE"); }  ///< RFC 8514
  /// PREVIEW, RFC 8970. `lazy`: only if the server has it at hand.
  fetch_request& preview(bool lazy = false);
  fetch_request& gmail_labels() { return item("X-GM-LABELS"); }
  fetch_request& gmail_message_id() { return item("X-GM-MSGID"); }
  fetch_request& gmail_thread_id() { return item("X-GM-THRID"); }
  /// Bytes of the message, or of a part. \Seen is not set.
  fetch_request& body(const section& what);
  /// Some of them: at most `count` bytes from `origin` on.
  fetch_request& body(const section& what, std::uint64_t origin, std::uint64_t count);
  /// The same, and sets \Seen.
  fetch_request& body_and_set_seen(const section& what);
  /// The size of a decoded part: BINARY.SIZE, RFC 3516.
  fetch_request& binary_size(const std::string& part);
  /// Any item by its name: "X-FOO".
  fetch_request& item(std::string name);

  /// Only of messages that changed since that mod-sequence (RFC 7162). With `vanished`, which needs QRESYNC
  /// and UID FETCH, also which UIDs are gone.
  fetch_request& changed_since(std::uint64_t modseq, bool vanished = false);
  /// Only of the `first`th to the `last`th of those named; negative counts from the end (RFC 9394).
  fetch_request& partial(std::int64_t first, std::int64_t last);

  /// Nothing is asked for.
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  /// The items as they are sent.
  [[nodiscard]] const std::vector<token>& items() const noexcept { return items_; }
  /// The modifiers, which follow them.
  [[nodiscard]] const std::vector<token>& modifiers() const noexcept { return modifiers_; }

 private:
  std::vector<token> items_;
  std::vector<token> modifiers_;
};

/// Bytes of a message, as they came.
struct section_data {
  imap::section section{};
  /// From where on, if only some were asked for.
  std::optional<std::uint64_t> origin{};
  /// Were they streamed? Then `content` is nothing, and the reader told of them before this response.
  bool streamed = false;
  /// How many bytes there are.
  std::uint64_t size = 0;
  /// The bytes. Nothing if they were streamed, or NIL: there is no such part, or the message is gone.
  std::optional<std::string> content{};

  [[nodiscard]] friend bool operator==(const section_data&, const section_data&) = default;
};

/// What a FETCH response tells of a message: what was asked for, or what changed. What it does not tell is
/// nothing.
struct TIDEWIRE_IMAP_API message_data {
  std::uint32_t sequence = 0;  ///< Its number; 0 in a UIDFETCH (RFC 9586), which has none.
  std::optional<std::uint32_t> uid{};
  std::optional<imap::flags> flags{};
  std::optional<imap::envelope> envelope{};
  std::optional<body_part> structure{};  ///< BODYSTRUCTURE, or BODY without a section.
  std::optional<date_time> internal_date{};
  std::optional<std::uint64_t> size{};
  std::optional<std::uint64_t> modseq{};
  std::vector<section_data> sections{};
  std::vector<std::pair<std::string, std::uint64_t>> binary_sizes{};  ///< By part.
  std::string email_id{};
  std::string thread_id{};
  std::optional<std::string> preview{};
  std::optional<date_time> save_date{};
  std::optional<std::vector<std::string>> gmail_labels{};  ///< UTF-8; those of the system with `\`.
  std::optional<std::uint64_t> gmail_message_id{};
  std::optional<std::uint64_t> gmail_thread_id{};
  std::vector<std::pair<std::string, token>> others{};  ///< All else, by its name in upper case.

  /// The section that `what` names; null if the response has none.
  [[nodiscard]] const section_data* find(const section& what) const noexcept;
  /// Its bytes; empty if there are none, or they were streamed.
  [[nodiscard]] std::string_view body(const section& what = {}) const noexcept;

  [[nodiscard]] friend bool operator==(const message_data&, const message_data&) = default;
};

}  // namespace tidewire::imap
