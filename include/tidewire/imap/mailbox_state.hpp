/// @file
/// What is known of a mailbox, to be kept between sessions, and what changed since.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// What a client knows of a mailbox: `client::sync` takes it, and gives the next one. By default, nothing is
/// known. A value, small even for a large mailbox.
struct TIDEWIRE_IMAP_API mailbox_state {
  std::uint32_t uid_validity = 0;  ///< What the UIDs belong to; 0: nothing is known.
  std::uint64_t modseq = 0;        ///< All changes up to this mod-sequence are known; 0: there are none.
  sequence_set uids{};             ///< The messages, ascending.

  /// One line of ASCII, to be kept in a file: "1 67890007 715194045007 1:5,7".
  [[nodiscard]] std::string to_string() const;
  /// Reads that line. @return `tidewire::errc::malformed` for any other.
  [[nodiscard]] static result<mailbox_state> parse(std::string_view line);

  [[nodiscard]] friend bool operator==(const mailbox_state&, const mailbox_state&) = default;
};

/// The flags of a message.
struct message_flags {
  std::uint32_t uid = 0;
  imap::flags flags{};
  std::uint64_t modseq = 0;  ///< 0: not told.

  [[nodiscard]] friend bool operator==(const message_flags&, const message_flags&) = default;
};

/// What `client::sync` found.
struct mailbox_changes {
  /// The UIDs that were known mean nothing any more: forget them. All messages have arrived anew.
  bool reset = false;
  sequence_set arrived{};   ///< UIDs that were not known.
  sequence_set vanished{};  ///< UIDs that were known and are gone.
  /// The flags of what has arrived, and of what was known and changed.
  std::vector<message_flags> flags{};
  /// Are the flags of all that changed in `flags`? Not where the server has no CONDSTORE: then those that
  /// were known may have others now.
  bool flags_complete = false;
  mailbox_state state{};  ///< What is known now.

  /// Nothing changed, as far as the server can tell.
  [[nodiscard]] bool empty() const noexcept {
    return !reset && arrived.empty() && vanished.empty() && flags.empty();
  }
};

}  // namespace tidewire::imap
