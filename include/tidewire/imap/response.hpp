/// @file
/// The responses of a server (RFC 9051 section 7), each with a type.
#pragma once

#include <tidewire/imap/capabilities.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/fetch.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/mailbox.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/search_result.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidewire::imap {

/// Response codes (RFC 9051 section 7.1, RFC 5530, and the extensions that are named).
enum class code : std::uint8_t {
  none,     ///< There is none.
  unknown,  ///< One without a name here.
  alert,    ///< ALERT: the text must be shown to a person.
  already_exists,
  append_uid,  ///< APPENDUID, RFC 4315: `number` is UIDVALIDITY, `uids` where the messages are.
  authentication_failed,
  authorization_failed,
  bad_charset,  ///< BADCHARSET: `words` are those that the server knows.
  bad_comparator,
  bad_event,   ///< BADEVENT, RFC 5465: `words` are those that it knows.
  bad_url,     ///< BADURL, RFC 4469: `text` is the URL.
  cannot,      ///< CANNOT: it can never be done.
  capability,  ///< CAPABILITY: `words` are for `capabilities::from`.
  client_bug,  ///< CLIENTBUG
  closed,      ///< CLOSED, RFC 7162: what follows is of the mailbox now selected.
  compression_active,
  contact_admin,
  copy_uid,  ///< COPYUID, RFC 4315: `number` is UIDVALIDITY, `source` became `uids`, in that order.
  corruption,
  expired,
  expunge_issued,
  has_children,
  highest_modseq,  ///< HIGHESTMODSEQ, RFC 7162: `number`.
  in_use,
  limit,
  mailbox_id,     ///< MAILBOXID, RFC 8474: `text`.
  message_limit,  ///< MESSAGELIMIT, RFC 9738: `number` is the limit, `uids` the last UID done, if told.
  metadata_long_entries,  ///< METADATA LONGENTRIES, RFC 5464: `number` is the size of the longest.
  metadata_max_size,      ///< METADATA MAXSIZE: `number`.
  metadata_no_private,
  metadata_too_many,
  modified,   ///< MODIFIED, RFC 7162: `uids` are not changed, as they have been meanwhile.
  no_modseq,  ///< NOMODSEQ, RFC 7162: the mailbox has none.
  no_perm,
  no_update,  ///< NOUPDATE, RFC 5267: `text` is the tag of the search that is no longer kept up.
  nonexistent,
  not_saved,              ///< NOTSAVED, RFC 5182: `$` is empty now.
  notification_overflow,  ///< NOTIFICATIONOVERFLOW, RFC 5465: NOTIFY is off.
  over_quota,
  parse,
  permanent_flags,  ///< PERMANENTFLAGS: `flags` can be changed for good.
  privacy_required,
  read_only,
  read_write,
  referral,  ///< REFERRAL, RFC 2221: `text` is the URL.
  server_bug,
  temp_fail,
  too_big,  ///< TOOBIG, RFC 4469 and RFC 7889.
  try_create,
  uid_next,        ///< UIDNEXT: `number`.
  uid_not_sticky,  ///< UIDNOTSTICKY: UIDs will not be the same next time.
  uid_required,    ///< UIDREQUIRED, RFC 9586
  uid_validity,    ///< UIDVALIDITY: `number`.
  unavailable,
  unknown_cte,
  unseen,       ///< UNSEEN: `number` of the first unseen message.
  use_attr,     ///< USEATTR, RFC 6154
  in_progress,  ///< INPROGRESS, RFC 9585
  web_alert,    ///< WEBALERT of Gmail: `text` is the URL.
};

/// A response code with its arguments. Which members say something depends on `what`.
struct response_code {
  code what = code::none;
  std::string name{};                ///< As the server wrote it, in upper case: "UIDNEXT".
  std::string text{};                ///< All that follows the name, as it came.
  std::uint64_t number = 0;          ///< Numbers.
  imap::flags flags{};               ///< Of PERMANENTFLAGS.
  std::vector<std::string> words{};  ///< Of CAPABILITY, BADCHARSET, BADEVENT.
  sequence_set source{};             ///< Of COPYUID.
  sequence_set uids{};               ///< Of APPENDUID, COPYUID, MODIFIED, MESSAGELIMIT.

  [[nodiscard]] friend bool operator==(const response_code&, const response_code&) = default;
};

/// OK, NO, BAD, PREAUTH, BYE.
enum class status_kind : std::uint8_t {
  ok,       ///< Done; untagged, for information.
  no,       ///< Not done; untagged, a warning.
  bad,      ///< Not understood, or not allowed; untagged, the server does not know of which command.
  preauth,  ///< A greeting: already authenticated.
  bye,      ///< The server ends the session.
};

/// A status: the end of a command, the greeting, or a word of the server's in between.
struct TIDEWIRE_IMAP_API status_response {
  /// Of the command that ends with it; empty if it is untagged.
  std::string tag{};
  status_kind kind = status_kind::ok;
  response_code code{};
  /// For people, untrusted.
  std::string text{};

  [[nodiscard]] bool is_tagged() const noexcept { return !tag.empty(); }
  [[nodiscard]] bool is_ok() const noexcept { return kind == status_kind::ok; }
  /// For people: "NO [TRYCREATE] no such mailbox".
  [[nodiscard]] std::string to_string() const;
  /// NO, BAD and BYE as a failure, with the text as what the peer said: what its code says, or
  /// `errc::refused`, `errc::rejected`, `errc::shutting_down`. `errc::unexpected_response` for the others.
  [[nodiscard]] failure to_failure() const;

  [[nodiscard]] friend bool operator==(const status_response&, const status_response&) = default;
};

/// `+`: the server waits for the rest of a command, or challenges (RFC 9051 section 7.6).
struct continuation {
  /// A challenge in base64, or text for people, which may begin with a code in brackets.
  std::string text{};

  [[nodiscard]] friend bool operator==(const continuation&, const continuation&) = default;
};

/// CAPABILITY
struct capability_response {
  imap::capabilities capabilities{};
  [[nodiscard]] friend bool operator==(const capability_response&, const capability_response&) = default;
};
/// ENABLED: what ENABLE switched on (RFC 9051 section 7.2.1).
struct enabled_response {
  std::vector<std::string> capabilities{};  ///< In upper case.
  [[nodiscard]] friend bool operator==(const enabled_response&, const enabled_response&) = default;
};
/// FLAGS: those that the mailbox has.
struct flags_response {
  imap::flags flags{};
  [[nodiscard]] friend bool operator==(const flags_response&, const flags_response&) = default;
};
/// EXISTS: how many messages there are.
struct exists_response {
  std::uint32_t count = 0;
  [[nodiscard]] friend bool operator==(const exists_response&, const exists_response&) = default;
};
/// RECENT: how many are recent (RFC 3501).
struct recent_response {
  std::uint32_t count = 0;
  [[nodiscard]] friend bool operator==(const recent_response&, const recent_response&) = default;
};
/// EXPUNGE: that message is gone, those behind it are one less.
struct expunge_response {
  std::uint32_t sequence = 0;
  [[nodiscard]] friend bool operator==(const expunge_response&, const expunge_response&) = default;
};
/// VANISHED: these UIDs are gone (RFC 7162).
struct vanished_response {
  bool earlier = false;  ///< Gone before this session knew of them: no message number changes.
  sequence_set uids{};
  [[nodiscard]] friend bool operator==(const vanished_response&, const vanished_response&) = default;
};
/// What is not known, or not of the grammar of its name. Where it ends is certain all the same.
struct unknown_response {
  std::string name{};  ///< In upper case: "XSOMETHING", "FETCH".
  /// Of `* 5 XSOMETHING`.
  std::optional<std::uint32_t> number{};
  std::vector<token> tokens{};  ///< What follows the name, as far as it is tokens.
  std::string text{};           ///< The same as it came.
  std::string problem{};        ///< Why a name that is known was not understood; empty for one that is not.
  [[nodiscard]] friend bool operator==(const unknown_response&, const unknown_response&) = default;
};

/// Any response. A value.
using response = std::variant<unknown_response, status_response, continuation, capability_response,
                              enabled_response, list_entry, mailbox_status, flags_response, search_numbers,
                              search_data, thread_forest, exists_response, recent_response, expunge_response,
                              vanished_response, message_data, name_spaces, quota, quota_roots, access_list,
                              available_rights, own_rights, metadata, identity>;

}  // namespace tidewire::imap
