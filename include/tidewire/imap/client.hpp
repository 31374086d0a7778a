/// @file
/// The IMAP client (RFC 9051, RFC 3501 and what servers have beyond them): a session over any stream.
///
/// @code
/// auto imap = co_await imap::connect("mail.example.org");
/// co_await imap.login("ada", password);
/// co_await imap.select("INBOX");
/// const auto found = co_await imap.search(imap::search::unseen());
/// const auto messages = co_await imap.fetch(found.uids, imap::fetch_request().envelope().flags());
/// @endcode
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/transcript.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/imap/capabilities.hpp>
#include <tidewire/imap/command.hpp>
#include <tidewire/imap/error.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/fetch.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/mailbox.hpp>
#include <tidewire/imap/mailbox_state.hpp>
#include <tidewire/imap/response.hpp>
#include <tidewire/imap/response_reader.hpp>
#include <tidewire/imap/search.hpp>
#include <tidewire/imap/search_result.hpp>
#include <tidewire/imap/sequence_set.hpp>
#include <tidewire/imap/upload.hpp>
#include <tidewire/imap/watch.hpp>
#include <tidewire/tls/context.hpp>
#include <tidewire/tls/security.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// How the connection is protected: by TLS from the first byte (RFC 8314) unless said otherwise.
using tls::security;

/// Is told what a server says without having been asked: messages that come and go, flags that others change,
/// words for people.
class TIDEWIRE_IMAP_API unsolicited_handler {
 public:
  unsolicited_handler() = default;
  unsolicited_handler(const unsolicited_handler&) = delete;
  unsolicited_handler& operator=(const unsolicited_handler&) = delete;
  virtual ~unsolicited_handler();

  /// A response that no command asked for, in the order in which they come. EXISTS, EXPUNGE and VANISHED are
  /// told whoever caused them, so that message numbers can be followed. Must not throw, nor use the client.
  virtual void unsolicited(const response& what) = 0;
};

/// How a session is opened.
struct client_options {
  /// How it is protected.
  imap::security security = imap::security::implicit;
  /// Where to connect to; 0 (the default): 993 for `security::implicit`, else 143. Not for `open`.
  std::uint16_t port = 0;
  /// Whom the certificate has to be for. Default: the host that `connect` was given. `open` needs it, but for
  /// plain text.
  std::string_view host{};
  /// Trust and identity; null: that of the loop, with the system's authorities. Must outlive the client.
  const tidewire::tls::client_context* tls = nullptr;
  /// The whole opening may take this long, TLS included. Default: 1 min.
  duration timeout = std::chrono::minutes(1);
  /// How long the server may be silent while an answer is waited for. Default: 5 min.
  duration reply_timeout = std::chrono::minutes(5);
  /// How long responses may be.
  reader_options limits{};
  /// Told what comes unasked; null for nobody. Must outlive the client.
  unsolicited_handler* handler = nullptr;
  /// Told every line, secrets masked; null for none. Must outlive the client.
  tidewire::transcript* transcript = nullptr;
};

/// How `select` opens a mailbox.
struct select_options {
  /// EXAMINE: nothing can be changed, and no message loses \Recent.
  bool read_only = false;
  /// What the UIDs that the caller kept belong to; `select` throws `errc::uid_validity_changed` if they mean
  /// nothing any more. 0 (the default): none were kept.
  std::uint32_t uid_validity = 0;
};

/// A mailbox that was selected.
struct mailbox_info {
  std::string name{};  ///< UTF-8.
  bool read_only = false;
  std::uint32_t exists = 0;        ///< How many messages there are.
  std::uint32_t uid_validity = 0;  ///< 0: this server has no UIDs that last.
  std::uint32_t uid_next = 0;      ///< No message has this UID or a larger one; 0: not told.
  /// The highest mod-sequence (RFC 7162); nothing if this mailbox has none.
  std::optional<std::uint64_t> highest_modseq{};
  imap::flags flags{};                           ///< Those that messages here can have.
  std::optional<imap::flags> permanent_flags{};  ///< Those that can be changed for good; nothing: all.
  std::string mailbox_id{};                      ///< MAILBOXID, RFC 8474; empty: not told.
};

/// A mailbox that `list` found.
struct listed_mailbox : list_entry {
  /// How it is, if the request asked for that, and the server knows LIST-STATUS.
  std::optional<mailbox_status> status{};
};

/// What `search` found.
struct found {
  sequence_set uids{};                    ///< Ascending; empty if nothing was found.
  std::optional<std::uint64_t> modseq{};  ///< The highest of them, if a mod-sequence was searched for.

  [[nodiscard]] bool empty() const noexcept { return uids.empty(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return uids.count(); }
};

/// What `store` did.
struct store_result {
  std::vector<message_data> messages{};  ///< Their flags now, as far as the server tells.
  sequence_set modified{};               ///< UIDs that were left as they are: somebody else changed them.
};

/// What `copy` and `move` did.
struct copy_result {
  std::uint32_t uid_validity = 0;  ///< Of the destination; 0: the server does not tell (UIDPLUS).
  sequence_set source{};           ///< These UIDs...
  sequence_set destination{};      ///< ... became these there, in the same order.
};

/// What `append` did.
struct append_result {
  std::uint32_t uid_validity = 0;  ///< Of the mailbox; 0: the server does not tell (UIDPLUS).
  sequence_set uids{};             ///< Of the messages, in their order.
};

/// The answer to a command of any name.
struct command_result {
  std::vector<response> responses{};  ///< All that came before its end, solicited or not.
  status_response status{};           ///< Its end: OK, NO or BAD.
};

/// Where the bytes of a message go: called with each piece, and awaited before more is read, so that a slow
/// sink slows the server down and nothing piles up. The piece is good until the task ends. What it throws
/// closes the connection. It must not use the client that the bytes come from.
using body_sink = std::function<task<>(byte_view piece)>;

/// Writes into a file that is made or emptied now, on the threads of `offload`.
/// @throw error if it cannot be opened.
[[nodiscard]] TIDEWIRE_IMAP_API body_sink to_file(const std::filesystem::path& path);

/// Gets a token of OAuth 2: from a cache if `refused` is false, else a fresh one.
using token_provider = std::function<task<secret>(bool refused)>;
/// Connects to the server: once for `open`, and whenever a `watch` lost the connection.
using connector = std::function<task<stream>()>;

namespace detail {
class client_session;
}

/// An open session. It owns its connection and moves.
///
/// Any number of tasks of its loop may have commands under way: they leave at once, one behind the other, and
/// each gets its own answer, but where RFC 9051 section 5.5 has one wait for another: what selects a mailbox,
/// signs in or could be confused with what is under way. Nothing runs between operations: what the server
/// says meanwhile is read by the next one.
///
/// Messages are named by UID, never by number. After an error that leaves the session out of step with the
/// server (a time-out, a broken rule, a cancellation once the command began to leave), the connection is
/// closed, and every other command under way fails: `is_open()` tells. A refusal (`NO`, `BAD`) breaks
/// nothing. Errors name the operation, the mailbox, the peer, and what the server said.
class TIDEWIRE_IMAP_API client {
 public:
  client(client&& other) noexcept;
  client& operator=(client&& other) noexcept;
  /// Closes the connection without a good-bye: see `logout`.
  ~client();

  /// Can commands be sent? Not once it was logged out, or an error broke it.
  [[nodiscard]] bool is_open() const noexcept;
  /// Is the connection protected by TLS?
  [[nodiscard]] bool is_secure() const noexcept;
  /// Is somebody signed in: by `login`, or because the server said PREAUTH?
  [[nodiscard]] bool is_authenticated() const noexcept;
  /// What the server said it can do, last: after TLS, after the login.
  [[nodiscard]] const imap::capabilities& capabilities() const noexcept;
  /// The greeting of the server.
  [[nodiscard]] const status_response& greeting() const noexcept;
  /// The mailbox that is selected, as it is now by all that the server told; null if there is none.
  [[nodiscard]] const mailbox_info* selected() const noexcept;

  /// Signs in, by the strongest mechanism that the server offers and the credentials fit, else by LOGIN if
  /// the server does not forbid it (LOGINDISABLED). Without TLS none is used that shows the password, unless
  /// the session was opened by `plaintext_dangerous`.
  /// @param user     Copied, as is the password. Both are kept, for `watch` to sign in again, and wiped with
  /// the client.
  /// @par Errors
  /// `errc::auth_refused`, `auth_refused_for_now` with what the server said; `errc::auth_unavailable`:
  /// nothing was sent; `crypto::errc::server_not_authentic`: the server does not know the password; what
  /// breaks the connection.
  /// @par Cancellation Closes the connection.
  [[nodiscard]] task<> login(std::string_view user, secret password);
  /// The same with credentials of any kind: OAuth 2 tokens by OAUTHBEARER or XOAUTH2, EXTERNAL, somebody to
  /// act as.
  [[nodiscard]] task<> login(crypto::sasl_credentials credentials);
  /// The same with a token of OAuth 2 that is asked for when it is needed, and once more, fresh, if the
  /// server refuses it.
  /// @param provide Kept as long as the client. Called with whether its last token was refused.
  [[nodiscard]] task<> login(std::string_view user, token_provider provide);

  /// CAPABILITY: asks once more what the server can do.
  [[nodiscard]] task<> refresh_capabilities();
  /// ENABLE (RFC 5161): gives what was enabled. What `sync` and `watch` need they enable themselves.
  [[nodiscard]] task<std::vector<std::string>> enable(std::vector<std::string> extensions);
  /// ID (RFC 2971): says who we are, and gives who the server says it is.
  [[nodiscard]] task<identity> id(identity own = {});
  /// COMPRESS=DEFLATE (RFC 4978): from now on, all that passes is compressed. True if it is: not if the
  /// server does not offer it, or this library was built without zlib.
  [[nodiscard]] task<bool> compress();
  /// NOOP: is the server there? What happened meanwhile is told to the handler.
  [[nodiscard]] task<> noop();
  /// Says LOGOUT, waits at most two seconds for the answer, and closes. Never fails, even if the task is
  /// canceled.
  [[nodiscard]] task<> logout();

  /// SELECT or EXAMINE. The one that was selected before is left.
  /// @param mailbox UTF-8; copied.
  /// @par Errors
  /// `errc::mailbox_missing` and other refusals: none is selected then. `errc::uid_validity_changed` if it is
  /// not `options.uid_validity`, or not what it was when this session selected that mailbox last: it is
  /// selected, and all UIDs that are known mean nothing.
  [[nodiscard]] task<mailbox_info> select(std::string_view mailbox, select_options options = {});
  /// CLOSE: removes what is \Deleted, and leaves the mailbox.
  [[nodiscard]] task<> close_mailbox();
  /// UNSELECT (RFC 3691): leaves the mailbox as it is.
  [[nodiscard]] task<> unselect();

  /// LIST: the mailboxes whose names fit. `%` is anything within a level, `*` across levels.
  [[nodiscard]] task<std::vector<listed_mailbox>> list(std::string_view pattern = "*");
  /// The same with all that LIST can be asked for: `list_request("*").subscribed().return_status(...)`.
  [[nodiscard]] task<std::vector<listed_mailbox>> list(list_request what);
  /// The mailbox of that use: `mailbox_attribute::sent`; nothing if the server tells of none.
  [[nodiscard]] task<std::optional<std::string>> find_special(mailbox_attribute use);
  /// STATUS: messages, unseen, UIDNEXT, UIDVALIDITY, and what else the server has (its size, HIGHESTMODSEQ).
  /// Not for the mailbox that is selected.
  [[nodiscard]] task<mailbox_status> status(std::string_view mailbox);
  /// The same for what is asked.
  [[nodiscard]] task<mailbox_status> status(std::string_view mailbox, status_item items);
  /// CREATE. `use`: as what (RFC 6154); `none` for nothing in particular.
  [[nodiscard]] task<> create(std::string_view mailbox, mailbox_attribute use = mailbox_attribute::none);
  /// DELETE: the mailbox and all that is in it.
  [[nodiscard]] task<> remove(std::string_view mailbox);
  /// RENAME
  [[nodiscard]] task<> rename(std::string_view from, std::string_view to);
  /// SUBSCRIBE
  [[nodiscard]] task<> subscribe(std::string_view mailbox);
  /// UNSUBSCRIBE
  [[nodiscard]] task<> unsubscribe(std::string_view mailbox);
  /// NAMESPACE (RFC 2342)
  [[nodiscard]] task<imap::name_spaces> name_spaces();
  /// GETQUOTAROOT (RFC 9208): the quotas that the mailbox counts for.
  [[nodiscard]] task<std::vector<quota>> quotas(std::string_view mailbox);
  /// GETMETADATA (RFC 5464): annotations by their names. An empty mailbox means the server.
  [[nodiscard]] task<metadata> get_metadata(std::string_view mailbox, std::vector<std::string> entries);
  /// SETMETADATA: an entry without a value is removed.
  [[nodiscard]] task<> set_metadata(std::string_view mailbox, std::vector<metadata_entry> entries);

  /// UID SEARCH: `co_await imap.search(search::unseen() && search_key::from("ada"))`. As ESEARCH where the
  /// server has it, so that a million messages are a few ranges.
  [[nodiscard]] task<found> search(search_key what = {});
  /// UID SORT (RFC 5256): UIDs in that order.
  [[nodiscard]] task<std::vector<std::uint32_t>> sort(std::vector<sort_key> order, search_key what = {});
  /// UID THREAD (RFC 5256): "REFERENCES", "ORDEREDSUBJECT".
  [[nodiscard]] task<thread_forest> thread(std::string_view algorithm, search_key what = {});

  /// UID FETCH, all of it at once: for what is small. Bodies are in memory; those above
  /// `client_options::limits.literal` are refused with `condition::limit_exceeded`. Nothing is sent for an
  /// empty set.
  /// @return One for each message that is there, in the order of the server.
  [[nodiscard]] task<std::vector<message_data>> fetch(sequence_set uids, fetch_request what);
  /// The same, each message given to `each` as it comes, which is awaited before more is read: memory does
  /// not grow with their number. `each` must not use this client.
  [[nodiscard]] task<> fetch(sequence_set uids, fetch_request what,
                             std::function<task<>(message_data& one)> each);

  /// The bytes of a message, or of a section of it, as they came. \Seen is not set.
  /// @par Errors `errc::message_missing`: there is none of that UID, or no such part.
  /// `condition::limit_exceeded` beyond `limit`.
  [[nodiscard]] task<std::string> download(std::uint32_t uid, section what = {},
                                           std::size_t limit = std::size_t{64} << 20);
  /// The same into a sink: of any size, in flat memory. Gives the number of bytes.
  [[nodiscard]] task<std::uint64_t> download(std::uint32_t uid, section what, body_sink sink);
  /// A part that `fetch_request::body_structure` told of, decoded: an attachment as it was before it was
  /// mailed. Only this part travels.
  [[nodiscard]] task<std::string> download(std::uint32_t uid, const body_part& part,
                                           std::size_t limit = std::size_t{64} << 20);
  /// @copydoc download(std::uint32_t, const body_part&, std::size_t)
  [[nodiscard]] task<std::uint64_t> download(std::uint32_t uid, const body_part& part, body_sink sink);

  /// UID STORE: adds flags, removes them, or sets these and no others.
  [[nodiscard]] task<store_result> store(sequence_set uids, store_action action, flags which,
                                         store_options options = {});
  /// UID COPY.
  [[nodiscard]] task<copy_result> copy(sequence_set uids, std::string_view mailbox);
  /// UID MOVE (RFC 6851). Where the server has none, UID COPY, \Deleted and UID EXPUNGE, which needs UIDPLUS.
  [[nodiscard]] task<copy_result> move(sequence_set uids, std::string_view mailbox);
  /// EXPUNGE: removes what is \Deleted.
  [[nodiscard]] task<> expunge();
  /// UID EXPUNGE (RFC 4315): of these only.
  /// @par Errors `errc::extension_missing` where the server has no UIDPLUS: nothing was sent.
  [[nodiscard]] task<> expunge(sequence_set uids);

  /// APPEND: puts a message into a mailbox, of any size in flat memory.
  /// @par Errors
  /// `errc::message_too_large`: more than the server takes; `errc::mailbox_missing`; other refusals.
  /// `errc::outcome_unknown`: the connection broke when all of it had left. `condition::misuse` if `message`
  /// gives more or fewer bytes than it said, which closes the connection.
  [[nodiscard]] task<append_result> append(std::string_view mailbox, upload message);
  /// The same with several: by one command if the server has MULTIAPPEND, all of them or none; else one by
  /// one, and an error leaves those before it there.
  [[nodiscard]] task<append_result> append(std::string_view mailbox, std::vector<upload> messages);

  /// What changed in a mailbox since `known`, which is selected by that: by QRESYNC or CONDSTORE (RFC 7162)
  /// where the server has them. See `mailbox_state`.
  [[nodiscard]] task<mailbox_changes> sync(std::string_view mailbox, mailbox_state known = {},
                                           select_options options = {});
  /// Follows a mailbox by IDLE (RFC 2177): `while (auto change = co_await changes.next())`. Selects it. See
  /// `mailbox_watch`.
  /// @param mailbox Copied.
  [[nodiscard]] mailbox_watch watch(std::string_view mailbox, watch_options options = {});

  /// Sends any command (`imap::command("XFOO").astring("bar")`, or one of `imap::commands`), and gives all
  /// that came until its end, whatever that says: what has no type, as tokens. Not for commands that change
  /// what the session is (SELECT, LOGIN, IDLE, COMPRESS, ...), nor for one with a `source`.
  /// @par Errors `condition::misuse` for arguments that cannot be sent; what breaks the connection.
  [[nodiscard]] task<command_result> run(command what);

 private:
  friend TIDEWIRE_IMAP_API task<client> open(stream peer, client_options options);
  friend TIDEWIRE_IMAP_API task<client> open(connector connect, client_options options);
  friend TIDEWIRE_IMAP_API task<client> connect(std::string_view host, client_options options);
  explicit client(std::unique_ptr<detail::client_session> session) noexcept;
  static task<client> opened(std::unique_ptr<detail::client_session> session);

  std::unique_ptr<detail::client_session> session_;
};

/// Connects to a server and opens a session, protected as `options.security` says: `auto imap = co_await
/// imap::connect("mail.example.org");` speaks TLS with port 993, verifies the certificate, or throws.
/// @param host    A name or an address; copied.
/// @param options The texts in it are copied. `timeout` bounds the look-up and the connection, too.
/// @par Errors What `tcp::connect` throws, and as `open`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_IMAP_API task<client> connect(std::string_view host, client_options options = {});

/// Opens a session over a stream that is connected already. After STARTTLS, what the server said before is
/// forgotten, and it is asked again.
/// @param peer    Owned from now on. A `watch` cannot connect again: see the other overload.
/// @param options The texts in it are copied.
/// @par Errors
/// `errc::shutting_down` if the server says BYE; `condition::protocol` if it is not IMAP;
/// `errc::starttls_unavailable`, also for PREAUTH where STARTTLS is required, as nobody knows who said it;
/// `errc::injected_plaintext`, and what else `condition::tls` is; `condition::timeout`, `eof`;
/// `condition::misuse`: no host to check the certificate by.
/// @par Cancellation Closes the connection.
[[nodiscard]] TIDEWIRE_IMAP_API task<client> open(stream peer, client_options options = {});
/// The same over streams that are made when they are needed.
/// @param connect Kept as long as the client.
[[nodiscard]] TIDEWIRE_IMAP_API task<client> open(connector connect, client_options options = {});

}  // namespace tidewire::imap
