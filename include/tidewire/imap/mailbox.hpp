/// @file
/// What servers tell of mailboxes: LIST, STATUS, NAMESPACE (RFC 9051), QUOTA (RFC 9208), ACL (RFC 4314),
/// METADATA (RFC 5464), and ID (RFC 2971). Names of mailboxes are UTF-8.
#pragma once

#include <tidewire/imap/export.hpp>
#include <tidewire/imap/raw.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::imap {

/// An attribute of a mailbox (RFC 9051 section 7.3.1, RFC 5258, RFC 6154, RFC 8457). Joined by `|`.
enum class mailbox_attribute : std::uint32_t {
  none = 0,
  no_inferiors = 1U << 0,     ///< \Noinferiors: it can have no children.
  no_select = 1U << 1,        ///< \Noselect, or \NonExistent: it cannot be selected.
  nonexistent = 1U << 2,      ///< \NonExistent: there is no such mailbox.
  marked = 1U << 3,           ///< \Marked
  unmarked = 1U << 4,         ///< \Unmarked
  subscribed = 1U << 5,       ///< \Subscribed
  remote = 1U << 6,           ///< \Remote: on another server.
  has_children = 1U << 7,     ///< \HasChildren
  has_no_children = 1U << 8,  ///< \HasNoChildren
  all = 1U << 9,              ///< \All, \AllMail: every message.
  archive = 1U << 10,         ///< \Archive
  drafts = 1U << 11,          ///< \Drafts
  flagged = 1U << 12,         ///< \Flagged, \Starred: the messages that are flagged.
  important = 1U << 13,       ///< \Important
  junk = 1U << 14,            ///< \Junk, \Spam
  sent = 1U << 15,            ///< \Sent
  trash = 1U << 16,           ///< \Trash
  inbox = 1U << 17,           ///< \Inbox, of XLIST.
};
[[nodiscard]] constexpr mailbox_attribute operator|(mailbox_attribute a, mailbox_attribute b) noexcept {
  return static_cast<mailbox_attribute>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// Is `one` among `set`?
[[nodiscard]] constexpr bool includes(mailbox_attribute set, mailbox_attribute one) noexcept {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(one)) != 0;
}
/// `\Sent` of `mailbox_attribute::sent`; empty for none or several.
[[nodiscard]] TIDEWIRE_IMAP_API std::string_view name_of(mailbox_attribute one) noexcept;

/// A mailbox in the answer to LIST, LSUB or XLIST, or one that a server tells of by itself (NOTIFY).
struct list_entry {
  /// Which of the three it was.
  enum class origin_type : std::uint8_t { list, lsub, xlist };

  std::string name{};       ///< UTF-8.
  std::string wire_name{};  ///< As it came: what a name that is not canonical is selected by.
  char delimiter = 0;       ///< Between the levels of the name; 0: it has none.
  mailbox_attribute attributes = mailbox_attribute::none;
  std::vector<std::string> other_attributes{};  ///< Those without a member above, as they came.
  std::vector<std::string> child_info{};        ///< CHILDINFO, RFC 5258: which options match below it.
  std::string old_name{};                       ///< OLDNAME, RFC 9051: what it was before it was renamed.
  std::vector<std::pair<std::string, token>> extensions{};  ///< All else, by its tag.
  origin_type origin = origin_type::list;

  [[nodiscard]] bool has(mailbox_attribute one) const noexcept { return includes(attributes, one); }
  [[nodiscard]] bool selectable() const noexcept { return !has(mailbox_attribute::no_select); }
  [[nodiscard]] friend bool operator==(const list_entry&, const list_entry&) = default;
};

/// The answer to STATUS (RFC 9051 section 7.3.4). What was not asked, or not told, is nothing.
struct mailbox_status {
  std::string mailbox{};
  std::optional<std::uint32_t> messages{};
  std::optional<std::uint32_t> recent{};
  std::optional<std::uint32_t> uid_next{};
  std::optional<std::uint32_t> uid_validity{};
  std::optional<std::uint32_t> unseen{};
  std::optional<std::uint32_t> deleted{};
  std::optional<std::uint64_t> size{};             ///< SIZE, RFC 8438: bytes of all messages.
  std::optional<std::uint64_t> deleted_storage{};  ///< DELETED-STORAGE, RFC 9208: bytes EXPUNGE would free.
  std::optional<std::uint64_t> highest_modseq{};   ///< HIGHESTMODSEQ, RFC 7162; 0: there are none.
  std::optional<std::uint64_t> append_limit{};     ///< APPENDLIMIT, RFC 7889: bytes; NIL is nothing.
  std::string mailbox_id{};                        ///< MAILBOXID, RFC 8474; empty: not told.
  std::vector<std::pair<std::string, token>> others{};  ///< All else, by its name in upper case.

  [[nodiscard]] friend bool operator==(const mailbox_status&, const mailbox_status&) = default;
};

/// A name space: where mailboxes of one kind are (RFC 2342).
struct name_space {
  std::string prefix{};       ///< UTF-8, with the delimiter at its end: "INBOX.", "Shared/".
  char delimiter = 0;         ///< 0: none.
  std::string translation{};  ///< TRANSLATION, RFC 5255: what to call it.
  std::vector<std::pair<std::string, token>> extensions{};

  [[nodiscard]] friend bool operator==(const name_space&, const name_space&) = default;
};
/// The answer to NAMESPACE.
struct name_spaces {
  std::vector<name_space> personal{};
  std::vector<name_space> other_users{};
  std::vector<name_space> shared{};

  [[nodiscard]] friend bool operator==(const name_spaces&, const name_spaces&) = default;
};

/// One resource of a quota: STORAGE (in units of 1,024 bytes), MESSAGE, MAILBOX, ANNOTATION-STORAGE.
struct quota_resource {
  std::string name{};       ///< In upper case.
  std::uint64_t usage = 0;  ///< In use.
  std::uint64_t limit = 0;  ///< May be in use.

  [[nodiscard]] friend bool operator==(const quota_resource&, const quota_resource&) = default;
};
/// A quota root and its resources.
struct quota {
  std::string root{};  ///< Often empty.
  std::vector<quota_resource> resources{};

  [[nodiscard]] friend bool operator==(const quota&, const quota&) = default;
};
/// The quota roots of a mailbox.
struct quota_roots {
  std::string mailbox{};
  std::vector<std::string> roots{};

  [[nodiscard]] friend bool operator==(const quota_roots&, const quota_roots&) = default;
};

/// Who may do what: "ada" and "lrswi".
struct acl_entry {
  std::string identifier{};
  std::string rights{};

  [[nodiscard]] friend bool operator==(const acl_entry&, const acl_entry&) = default;
};
/// The answer to GETACL.
struct access_list {
  std::string mailbox{};
  std::vector<acl_entry> entries{};

  [[nodiscard]] friend bool operator==(const access_list&, const access_list&) = default;
};
/// The answer to LISTRIGHTS.
struct available_rights {
  std::string mailbox{};
  std::string identifier{};
  std::string required{};               ///< Always granted.
  std::vector<std::string> optional{};  ///< Each granted or not, those of one text together.

  [[nodiscard]] friend bool operator==(const available_rights&, const available_rights&) = default;
};
/// The answer to MYRIGHTS.
struct own_rights {
  std::string mailbox{};
  std::string rights{};

  [[nodiscard]] friend bool operator==(const own_rights&, const own_rights&) = default;
};

/// An annotation: "/private/comment".
struct metadata_entry {
  std::string name{};
  std::optional<std::string> value{};  ///< Nothing: there is none; to be set: remove it.

  [[nodiscard]] friend bool operator==(const metadata_entry&, const metadata_entry&) = default;
};
/// The answer to GETMETADATA, or news of annotations that changed.
struct metadata {
  std::string mailbox{};                  ///< Empty: of the server.
  std::vector<metadata_entry> entries{};  ///< With their values.
  std::vector<std::string> changed{};     ///< Of news: the names alone.

  [[nodiscard]] friend bool operator==(const metadata&, const metadata&) = default;
};

/// What a server or client says that it is: "name" and "Dovecot". NIL is nothing. Untrusted, and for people
/// and statistics only: RFC 2971 forbids to act on it.
struct identity {
  std::vector<std::pair<std::string, std::optional<std::string>>> fields{};

  /// The value of that field, in any case; empty if there is none.
  [[nodiscard]] TIDEWIRE_IMAP_API std::string_view get(std::string_view field) const noexcept;
  [[nodiscard]] friend bool operator==(const identity&, const identity&) = default;
};

}  // namespace tidewire::imap
