/// @file
/// ENVELOPE: what a server read in the header of a message (RFC 9051 section 7.5.2).
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/mime/address.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tidewire::imap {

/// The envelope of a message. What the message does not have is empty. Texts are UTF-8, their encoded words
/// decoded; what does not decode is kept as it is.
///
/// Groups are groups again. Where a server made up a domain (`MISSING_DOMAIN`), it is kept; a mailbox without
/// one is its local part alone.
struct envelope {
  /// When it was written; nothing if the text is none that mail has.
  std::optional<date_time> date{};
  std::string date_text{};  ///< The field as it came.
  std::string subject{};
  std::vector<mime::address_entry> from{};
  std::vector<mime::address_entry> sender{};
  std::vector<mime::address_entry> reply_to{};
  std::vector<mime::address_entry> to{};
  std::vector<mime::address_entry> cc{};
  std::vector<mime::address_entry> bcc{};
  std::string in_reply_to{};  ///< As it came: `<a@x> <b@x>`. `mime::parse_message_ids` splits it.
  std::string message_id{};   ///< As it came, with its angle brackets: `<a@x>`.

  [[nodiscard]] friend bool operator==(const envelope&, const envelope&) = default;
};

}  // namespace tidewire::imap
