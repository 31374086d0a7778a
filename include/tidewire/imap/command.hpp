/// @file
/// Commands of a client (RFC 9051 section 6), written. Pure.
///
/// A `command` is what is to be said; how it is said (in quotes, as a literal that waits or does not) depends
/// on the server and is settled by `encode`.
///
/// @code
/// auto wire = imap::commands::select("Entwurf").encode("A7", imap::wire_options::of(server));
/// for (const imap::segment& part : wire->segments()) {
///   co_await peer.write(part.bytes);
///   if (part.wait) co_await continuation();
///   if (part.source) co_await write_source(*part.source);
/// }
/// @endcode
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/imap/capabilities.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/fetch.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/mailbox.hpp>
#include <tidewire/imap/mailbox_name.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/search.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::imap {

/// What commands may make use of.
struct wire_options {
  bool literal_plus = false;   ///< LITERAL+: no literal waits.
  bool literal_minus = false;  ///< LITERAL-: none of at most 4,096 bytes waits.
  bool utf8 = false;           ///< UTF-8 may stand in quotes: UTF8=ACCEPT or IMAP4rev2 is enabled.
  name_form names = name_form::utf7;

  /// What a server takes that has these capabilities, before anything is enabled.
  [[nodiscard]] static wire_options of(const capabilities& server) noexcept {
    return {server.literal_plus, server.literal_minus, false, name_form::utf7};
  }
};

/// A piece of a command: bytes to be written, and what comes before the next piece.
struct segment {
  std::string bytes{};
  /// The server must answer with a continuation first. If it refuses instead, the rest must not be sent.
  bool wait = false;
  /// Then that many bytes, which the caller has, must be sent: neither more nor fewer.
  std::optional<std::uint64_t> source{};

  [[nodiscard]] friend bool operator==(const segment&, const segment&) = default;
};

/// A command as it is sent. What is secret in it is wiped when it is destroyed.
class TIDEWIRE_IMAP_API encoded_command {
 public:
  encoded_command() = default;
  encoded_command(encoded_command&& other) noexcept = default;
  encoded_command& operator=(encoded_command&& other) noexcept;
  ~encoded_command();

  /// In their order. The last ends with CRLF.
  [[nodiscard]] const std::vector<segment>& segments() const noexcept { return segments_; }
  /// The line as people may see it: secrets are `***`, literals are told by their size.
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

 private:
  friend class command;
  void clear() noexcept;

  std::vector<segment> segments_;
  std::string shown_;
  bool is_secret_ = false;
};

/// A command and its arguments. Made by the functions of `imap::commands`; one that has no function there is
/// made from its name and its arguments, one by one.
///
/// No argument can end the line or begin another command: what cannot be sent (a NUL, a control character in
/// an atom, an empty set, a name that is not UTF-8) makes `encode` fail, and nothing is sent.
class TIDEWIRE_IMAP_API command {
 public:
  /// A command by its name: "NOOP", "UID FETCH".
  explicit command(std::string_view name);
  /// The name, for errors.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// A word as it is: printable ASCII.
  command& atom(std::string_view text);
  /// A number.
  command& number(std::uint64_t value);
  /// A text: in quotes, or as a literal if it has to be.
  command& string(std::string_view text);
  /// The same, or NIL for nothing.
  command& nstring(const std::optional<std::string>& text);
  /// An atom if it can be one, else as `string`; no line break.
  command& astring(std::string_view text);
  /// The same, shown as `***`.
  command& password(const secret& text);
  /// A word as it is, shown as `***`.
  command& secret_atom(const secret& text);
  /// The name of a mailbox, in UTF-8.
  command& mailbox(std::string_view name);
  /// A pattern of LIST, in UTF-8: `*` is anything, `%` anything within a level.
  command& pattern(std::string_view text);
  command& set(const sequence_set& what);
  command& set(const imap::flags& what);
  /// The tokens of any argument.
  command& tokens(std::span<const token> what);
  command& tokens(const token& what) { return tokens(std::span(&what, 1)); }
  /// A parenthesis, and its end.
  command& open();
  command& close();
  /// A literal whose `size` bytes the caller sends. `binary`: as literal8, for bytes with NUL.
  command& source(std::uint64_t size, bool binary = false);
  /// A literal in memory, of any bytes; with NUL it must be `binary`.
  command& literal(std::string_view bytes, bool binary = false);
  /// CHARSET UTF-8, unless UTF-8 is enabled, which makes it one that is not allowed (RFC 9755 section 3).
  command& search_charset();
  /// Makes `encode` fail, for what cannot be said.
  command& refuse(std::string_view why);

  /// The command as it is sent with that tag.
  /// @return `tidewire::errc::misuse` for an argument that cannot be sent, or a tag that is none.
  [[nodiscard]] result<encoded_command> encode(std::string_view tag, const wire_options& wire = {}) const;

 private:
  enum class argument_kind : std::uint8_t {
    atom,
    string,
    astring,
    mailbox,
    pattern,
    literal,
    literal8,
    source,
    source8,
    open,
    close,
    charset
  };
  struct argument {
    argument_kind kind;
    std::uint64_t size = 0;
    std::string text{};
    bool is_secret = false;
    secret hidden{};  // the text, if it is secret
  };
  class encoder;
  command& add(argument_kind kind, std::string_view text = {});
  command& add_secret(argument_kind kind, const secret& text);

  std::string name_;
  std::vector<argument> arguments_;
  std::string refused_;  // why, if it is
};

/// How messages are named by a command.
enum class numbered_by : std::uint8_t {
  uid,       ///< By UIDs, which stay: UID FETCH.
  sequence,  ///< By their numbers, which change with every EXPUNGE.
};

/// What STATUS is asked for. Joined by `|`.
enum class status_item : std::uint16_t {
  none = 0,
  messages = 1U << 0,
  recent = 1U << 1,
  uid_next = 1U << 2,
  uid_validity = 1U << 3,
  unseen = 1U << 4,
  deleted = 1U << 5,
  size = 1U << 6,
  highest_modseq = 1U << 7,
  append_limit = 1U << 8,
  mailbox_id = 1U << 9,
  deleted_storage = 1U << 10,
};
[[nodiscard]] constexpr status_item operator|(status_item a, status_item b) noexcept {
  return static_cast<status_item>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// Is `one` among `set`?
[[nodiscard]] constexpr bool includes(status_item set, status_item one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// What is known of a mailbox, for SELECT to tell what changed since: QRESYNC, RFC 7162 section 3.2.5.
class qresync_state {
 public:
  qresync_state(std::uint32_t uid_validity, std::uint64_t modseq, sequence_set known_uids = {})
      : uid_validity_(uid_validity), modseq_(modseq), known_uids_(std::move(known_uids)) {}

  [[nodiscard]] std::uint32_t uid_validity() const noexcept { return uid_validity_; }
  [[nodiscard]] std::uint64_t modseq() const noexcept { return modseq_; }
  /// Empty: all below UIDNEXT.
  [[nodiscard]] const sequence_set& known_uids() const noexcept { return known_uids_; }

 private:
  std::uint32_t uid_validity_;
  std::uint64_t modseq_;
  sequence_set known_uids_;
};

/// What LIST is asked for (RFC 9051 section 6.3.9, RFC 5258, RFC 5819, RFC 6154).
class TIDEWIRE_IMAP_API list_request {
 public:
  /// All mailboxes.
  list_request() = default;
  /// Those of a pattern: "INBOX/%".
  explicit list_request(std::string pattern) { patterns_.push_back(std::move(pattern)); }
  /// One more pattern: LIST-EXTENDED.
  list_request& pattern(std::string text);
  /// What the patterns are below.
  list_request& reference(std::string name);
  /// Only those subscribed to, also where they are gone.
  list_request& subscribed() { return select("SUBSCRIBED"); }
  /// Those on other servers too.
  list_request& remote() { return select("REMOTE"); }
  /// Parents too of those that `subscribed` picks.
  list_request& recursive_match() { return select("RECURSIVEMATCH"); }
  /// Only those of a special use.
  list_request& special_use() { return select("SPECIAL-USE"); }
  /// To be told: whether there are children.
  list_request& return_children() { return returns("CHILDREN"); }
  /// To be told: whether it is subscribed to.
  list_request& return_subscribed() { return returns("SUBSCRIBED"); }
  /// To be told: what it is used for.
  list_request& return_special_use() { return returns("SPECIAL-USE"); }
  /// To be told: the status of each, as STATUS responses (LIST-STATUS).
  list_request& return_status(status_item items) {
    status_ = items;
    return *this;
  }
  /// Any selection option by its name.
  list_request& select(std::string option);
  /// Any return option by its name.
  list_request& returns(std::string option);

  [[nodiscard]] const std::string& reference() const noexcept { return reference_; }
  [[nodiscard]] const std::vector<std::string>& patterns() const noexcept { return patterns_; }
  [[nodiscard]] const std::vector<std::string>& selected() const noexcept { return select_; }
  [[nodiscard]] const std::vector<std::string>& returned() const noexcept { return return_; }
  [[nodiscard]] status_item status() const noexcept { return status_; }

 private:
  std::string reference_;
  std::vector<std::string> patterns_;
  std::vector<std::string> select_;
  std::vector<std::string> return_;
  status_item status_ = status_item::none;
};

/// A message for APPEND (RFC 9051 section 6.3.12), in memory or sent by the caller, whole or put together
/// from parts (CATENATE, RFC 4469).
class TIDEWIRE_IMAP_API append_message {
 public:
  /// A message in memory. It is sent as it is: its lines should end with CRLF.
  explicit append_message(std::string content);
  /// One of that many bytes, which the caller sends where the segments say so.
  [[nodiscard]] static append_message streamed(std::uint64_t size);
  /// One put together from what follows, by `url` and `text`.
  [[nodiscard]] static append_message catenated();

  append_message& flags(imap::flags what);
  /// When it was received, for the server to keep.
  append_message& internal_date(const date_time& when);
  /// It may hold NUL: sent as literal8, which needs BINARY.
  append_message& binary();
  /// Of `catenated`: a part that the server has, by its URL (RFC 5092): "/Drafts;UIDVALIDITY=3/;UID=20".
  append_message& url(std::string_view where);
  /// Of `catenated`: a part in memory.
  append_message& text(std::string_view content);
  /// Of `catenated`: a part of that many bytes, which the caller sends.
  append_message& text_source(std::uint64_t size);

  /// Appends the message to the arguments of a command.
  void append_to(command& to) const;

 private:
  struct part {
    enum class kind_type : std::uint8_t { text, source, url };
    kind_type kind;
    std::uint64_t size = 0;
    std::string text{};
  };
  append_message() = default;

  std::vector<part> parts_;
  imap::flags flags_;
  std::optional<date_time> date_;
  bool binary_ = false;
  bool catenated_ = false;
};

/// What STORE does with flags (RFC 9051 section 6.4.6).
enum class store_action : std::uint8_t {
  add,      ///< +FLAGS
  remove,   ///< -FLAGS
  replace,  ///< FLAGS: all others are removed.
};
/// How STORE does it.
struct store_options {
  /// No FETCH response for each message that was changed.
  bool silent = false;
  /// Only messages that have not changed since that mod-sequence (RFC 7162); the others are told by the
  /// response code MODIFIED. 0 is for those that have no such flag yet; nothing: always.
  std::optional<std::uint64_t> unchanged_since{};
};

/// What NOTIFY tells of some mailboxes (RFC 5465).
class TIDEWIRE_IMAP_API notify_group {
 public:
  /// Of which mailboxes: "SELECTED", "SELECTED-DELAYED", "INBOXES", "PERSONAL", "SUBSCRIBED".
  explicit notify_group(std::string filter) : filter_(std::move(filter)) {}
  /// Of these, and those below them if `subtree`.
  [[nodiscard]] static notify_group of(std::vector<std::string> mailboxes, bool subtree = false);
  /// Messages that come, and what FETCH would tell of them; and those that go.
  notify_group& messages(fetch_request of_new = {});
  /// Flags that change.
  notify_group& flag_changes() { return event("FlagChange"); }
  /// Mailboxes that come, go, or get another name.
  notify_group& mailbox_names() { return event("MailboxName"); }
  /// Any event by its name.
  notify_group& event(std::string name);

  /// Appends it to the arguments of a command.
  void append_to(command& to) const;

 private:
  std::string filter_;
  std::vector<std::string> mailboxes_;
  std::vector<std::vector<token>> events_;
};

/// The commands. Each says what is to be sent; whether the server can do it is for the caller to know.
namespace commands {

/// CAPABILITY, NOOP, LOGOUT, STARTTLS, CHECK, CLOSE, UNSELECT, EXPUNGE, IDLE, NAMESPACE, UNAUTHENTICATE:
/// commands without arguments.
[[nodiscard]] TIDEWIRE_IMAP_API command capability();
[[nodiscard]] TIDEWIRE_IMAP_API command noop();
[[nodiscard]] TIDEWIRE_IMAP_API command logout();
[[nodiscard]] TIDEWIRE_IMAP_API command starttls();
[[nodiscard]] TIDEWIRE_IMAP_API command check();
[[nodiscard]] TIDEWIRE_IMAP_API command close();
[[nodiscard]] TIDEWIRE_IMAP_API command unselect();
[[nodiscard]] TIDEWIRE_IMAP_API command expunge();
[[nodiscard]] TIDEWIRE_IMAP_API command idle();
[[nodiscard]] TIDEWIRE_IMAP_API command name_space();
[[nodiscard]] TIDEWIRE_IMAP_API command unauthenticate();

/// LOGIN
[[nodiscard]] TIDEWIRE_IMAP_API command login(std::string_view user, const secret& password);
/// AUTHENTICATE; the initial response (RFC 4959) is in base64, and `=` if it has no bytes.
[[nodiscard]] TIDEWIRE_IMAP_API command authenticate(std::string_view mechanism);
[[nodiscard]] TIDEWIRE_IMAP_API command authenticate(std::string_view mechanism,
                                                     const secret& initial_response);
/// ENABLE, RFC 5161
[[nodiscard]] TIDEWIRE_IMAP_API command enable(std::span<const std::string> names);
/// COMPRESS DEFLATE, RFC 4978
[[nodiscard]] TIDEWIRE_IMAP_API command compress();
/// ID, RFC 2971; with no fields, NIL. At most 30 fields, of at most 30 and 1,024 bytes.
[[nodiscard]] TIDEWIRE_IMAP_API command id(const identity& ours = {});

/// SELECT, and EXAMINE if `read_only`. `condstore` makes the server tell mod-sequences (RFC 7162).
[[nodiscard]] TIDEWIRE_IMAP_API command select(std::string_view mailbox, bool read_only = false,
                                               bool condstore = false);
/// The same, and what changed since.
[[nodiscard]] TIDEWIRE_IMAP_API command select(std::string_view mailbox, bool read_only,
                                               const qresync_state& known);
/// CREATE, for a special use (RFC 6154) if one is named.
[[nodiscard]] TIDEWIRE_IMAP_API command create(std::string_view mailbox,
                                               mailbox_attribute use = mailbox_attribute::none);
[[nodiscard]] TIDEWIRE_IMAP_API command remove(std::string_view mailbox);  ///< DELETE
[[nodiscard]] TIDEWIRE_IMAP_API command rename(std::string_view mailbox, std::string_view to);
[[nodiscard]] TIDEWIRE_IMAP_API command subscribe(std::string_view mailbox);
[[nodiscard]] TIDEWIRE_IMAP_API command unsubscribe(std::string_view mailbox);
/// LIST
[[nodiscard]] TIDEWIRE_IMAP_API command list(const list_request& what = {});
/// LSUB, RFC 3501, for servers without LIST-EXTENDED.
[[nodiscard]] TIDEWIRE_IMAP_API command lsub(std::string_view reference, std::string_view pattern);
/// XLIST, for Gmail as it was.
[[nodiscard]] TIDEWIRE_IMAP_API command xlist(std::string_view reference, std::string_view pattern);
/// STATUS
[[nodiscard]] TIDEWIRE_IMAP_API command status(std::string_view mailbox, status_item items);
/// APPEND, and MULTIAPPEND (RFC 3502) with several.
[[nodiscard]] TIDEWIRE_IMAP_API command append(std::string_view mailbox,
                                               std::span<const append_message> messages);
[[nodiscard]] TIDEWIRE_IMAP_API command append(std::string_view mailbox, const append_message& message);
/// UID REPLACE, REPLACE: RFC 8508
[[nodiscard]] TIDEWIRE_IMAP_API command replace(std::uint32_t message, std::string_view mailbox,
                                                const append_message& by, numbered_by = numbered_by::uid);

/// UID EXPUNGE: only these, RFC 4315.
[[nodiscard]] TIDEWIRE_IMAP_API command uid_expunge(const sequence_set& uids);
/// FETCH
[[nodiscard]] TIDEWIRE_IMAP_API command fetch(const sequence_set& messages, const fetch_request& what,
                                              numbered_by = numbered_by::uid);
/// STORE
[[nodiscard]] TIDEWIRE_IMAP_API command store(const sequence_set& messages, store_action action,
                                              const flags& what, const store_options& options = {},
                                              numbered_by = numbered_by::uid);
/// STORE of Gmail's labels, in UTF-8.
[[nodiscard]] TIDEWIRE_IMAP_API command store_gmail_labels(const sequence_set& messages, store_action action,
                                                           std::span<const std::string> labels,
                                                           const store_options& options = {},
                                                           numbered_by = numbered_by::uid);
/// COPY
[[nodiscard]] TIDEWIRE_IMAP_API command copy(const sequence_set& messages, std::string_view mailbox,
                                             numbered_by = numbered_by::uid);
/// MOVE, RFC 6851
[[nodiscard]] TIDEWIRE_IMAP_API command move(const sequence_set& messages, std::string_view mailbox,
                                             numbered_by = numbered_by::uid);
/// SEARCH. CHARSET UTF-8 is said where it is needed, and UTF-8 is not enabled.
[[nodiscard]] TIDEWIRE_IMAP_API command search(const search_key& what, const search_return& answer = {},
                                               numbered_by = numbered_by::uid);
/// SORT, RFC 5256
[[nodiscard]] TIDEWIRE_IMAP_API command sort(std::span<const sort_key> order, const search_key& what,
                                             const search_return& answer = {},
                                             numbered_by = numbered_by::uid);
/// THREAD, RFC 5256; the algorithm is "REFERENCES", "ORDEREDSUBJECT" or another that the server knows.
[[nodiscard]] TIDEWIRE_IMAP_API command thread(std::string_view algorithm, const search_key& what,
                                               numbered_by = numbered_by::uid);
/// CANCELUPDATE, RFC 5267: of the searches with these tags.
[[nodiscard]] TIDEWIRE_IMAP_API command cancel_update(std::span<const std::string> tags);

/// QUOTA, RFC 9208
[[nodiscard]] TIDEWIRE_IMAP_API command get_quota(std::string_view root);
[[nodiscard]] TIDEWIRE_IMAP_API command get_quota_root(std::string_view mailbox);
/// The `limit` of each resource counts.
[[nodiscard]] TIDEWIRE_IMAP_API command set_quota(const quota& what);
/// ACL, RFC 4314
[[nodiscard]] TIDEWIRE_IMAP_API command get_acl(std::string_view mailbox);
/// `rights` replace those there are; "+r" adds, "-r" removes.
[[nodiscard]] TIDEWIRE_IMAP_API command set_acl(std::string_view mailbox, std::string_view identifier,
                                                std::string_view rights);
[[nodiscard]] TIDEWIRE_IMAP_API command delete_acl(std::string_view mailbox, std::string_view identifier);
[[nodiscard]] TIDEWIRE_IMAP_API command list_rights(std::string_view mailbox, std::string_view identifier);
[[nodiscard]] TIDEWIRE_IMAP_API command my_rights(std::string_view mailbox);
/// GETMETADATA, RFC 5464, of the server for an empty name. `depth`: 0 the entries alone, 1 those right below
/// too, others all below. `max_size`: no longer values, 0 for any.
[[nodiscard]] TIDEWIRE_IMAP_API command get_metadata(std::string_view mailbox,
                                                     std::span<const std::string> entries, int depth = 0,
                                                     std::uint64_t max_size = 0);
[[nodiscard]] TIDEWIRE_IMAP_API command set_metadata(std::string_view mailbox,
                                                     std::span<const metadata_entry> entries);
/// NOTIFY SET, RFC 5465; `status` asks for the status of each mailbox at once. With no groups, NOTIFY NONE.
[[nodiscard]] TIDEWIRE_IMAP_API command notify(std::span<const notify_group> groups, bool status = false);

}  // namespace commands
}  // namespace tidewire::imap
