/// @file
/// `imap_server`: an IMAP4rev1 and IMAP4rev2 server inside of a test, with mailboxes in memory, that
/// misbehaves as it is told.
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/mime/parser.hpp>
#include <tidewire/testing/export.hpp>
#include <tidewire/testing/fault.hpp>
#include <tidewire/testing/local_server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::testing {

/// The stages of a session, where faults happen: mostly commands, those by UID too.
enum class imap_stage : unsigned char {
  greeting,      ///< A client has connected.
  starttls,      ///< STARTTLS.
  tls,           ///< The handshake of TLS is about to begin.
  login,         ///< LOGIN.
  authenticate,  ///< AUTHENTICATE, or a response in it.
  select,        ///< SELECT, EXAMINE.
  list,          ///< LIST, LSUB.
  status,        ///< STATUS.
  fetch,         ///< FETCH.
  store,         ///< STORE.
  search,        ///< SEARCH, SORT.
  copy,          ///< COPY.
  move,          ///< MOVE.
  expunge,       ///< EXPUNGE.
  literal,       ///< A client waits to be told to send a literal.
  append,        ///< APPEND, when the message is there.
  idle,          ///< IDLE; its answer is the continuation.
  update,        ///< The server tells something while the client idles.
  idle_done,     ///< DONE.
  noop,          ///< NOOP.
  logout,        ///< LOGOUT.
  other,         ///< Any other command.
};

/// What an `imap_server` does wrong, as
/// `server.add_fault({.at = imap_stage::select, .text = "NO [INUSE] busy"});`
using imap_fault = fault_at<imap_stage>;

/// The capabilities that an `imap_server` has by default.
inline constexpr std::string_view all_imap_capabilities =
    "IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ENABLE ID IDLE NAMESPACE UIDPLUS MOVE UNSELECT ESEARCH SEARCHRES "
    "CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE CHILDREN STATUS=SIZE "
    "MULTIAPPEND BINARY WITHIN SORT UTF8=ACCEPT";

/// What an `imap_server` offers.
struct imap_server_options {
  tls_mode tls = tls_mode::implicit;                      ///< How connections are protected.
  certificate_kind certificate = certificate_kind::good;  ///< Which certificate is shown.
  /// As of an `smtp_server`.
  bool client_certificates = false;
  /// Its capabilities, with blanks between; those of `without` are left out. IMAP4rev2 is left out as well if
  /// one is missing that is part of it (RFC 9051 appendix E).
  std::string_view capabilities = all_imap_capabilities;
  std::string_view without{};  ///< See `capabilities`: "IDLE MOVE".
  /// Mechanisms of AUTHENTICATE; with blanks between. Empty: none.
  std::string_view mechanisms =
      "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN OAUTHBEARER "
      "XOAUTH2";
  bool login = true;              ///< Offer LOGIN.
  bool sign_in_needs_tls = true;  ///< Offer both only with TLS; not looked at for `tls_mode::none`.
  /// Who a client is without signing in: the greeting is PREAUTH then. Empty: nobody.
  std::string_view preauthenticated{};
  /// The largest message in bytes. Default: 64 MiB.
  std::uint64_t max_message = std::uint64_t{64} << 20;
  /// Whose certificate is shown and trusted; null: an authority of its own. Copied.
  const crypto::authority* authority = nullptr;
};

/// A message in a mailbox.
struct mailbox_message {
  std::uint32_t uid = 0;
  imap::flags flags{};
  date_time internal_date{};
  std::uint64_t modseq = 0;
  std::string content{};

  /// The message as a tree of parts; it has a copy of the content.
  [[nodiscard]] mime::parsed_message parse() const { return mime::parse(content); }
};

/// How a message is put into a mailbox.
struct deliver_options {
  std::string_view mailbox = "INBOX";        ///< Made if it is not there.
  std::string_view flags{};                  ///< With blanks between: "\\Seen $Forwarded".
  std::optional<date_time> internal_date{};  ///< Nothing: now, by the clock of the system.
};

/// An IMAP server for tests.
///
/// @code
/// testing::imap_server server;
/// server.add_user("ada", "secret");
/// server.deliver("ada", "Subject: high tide\r\n\r\nat noon\r\n");
/// server.run([&] { return read_mail("127.0.0.1", server.port(), server.client_tls()); });
/// assert(server.messages("ada")[0].flags.seen());
/// @endcode
///
/// Each user has an INBOX, Drafts, Sent, Junk and Trash, of a hierarchy with "/". Whoever changes a mailbox,
/// a session or the functions here, the sessions that have it selected are told, at once if they idle.
class TIDEWIRE_TESTING_API imap_server final : public local_server {
 public:
  /// Listens. The texts of `options` are copied.
  /// @par Errors Throws what the system gives for a socket, a key.
  explicit imap_server(const imap_server_options& options = {});
  ~imap_server() override;

  /// Adds a user, or gives him another password.
  void add_user(std::string_view name, secret password);
  /// Adds a token of OAuth 2 that is good for a user.
  void add_token(std::string_view name, secret token);
  /// Adds something that goes wrong; the texts are copied. Faults of one stage happen together.
  /// @par Errors Throws `condition::misuse` for what cannot happen there.
  void add_fault(const imap_fault& fault);

  /// Puts a message into a mailbox.
  /// @return Its UID.
  /// @par Errors This and the functions below throw `condition::misuse` for a user that is not there, a
  /// mailbox, a message.
  std::uint32_t deliver(std::string_view user, std::string_view content, deliver_options options = {});
  /// The messages of a mailbox, by their UIDs.
  [[nodiscard]] std::vector<mailbox_message> messages(std::string_view user,
                                                      std::string_view mailbox = "INBOX") const;
  /// Replaces the flags of a message, as another client would.
  void set_flags(std::string_view user, std::string_view mailbox, std::uint32_t uid, std::string_view flags);
  /// Removes a message, as another client would.
  void remove_message(std::string_view user, std::string_view mailbox, std::uint32_t uid);

  /// Makes a mailbox. `special_use`: "\\Archive".
  void create_mailbox(std::string_view user, std::string_view name, std::string_view special_use = {});
  /// Removes one, also if sessions have it selected: their next command fails.
  void remove_mailbox(std::string_view user, std::string_view name);
  /// The names of a user's mailboxes.
  [[nodiscard]] std::vector<std::string> mailboxes(std::string_view user) const;
  /// Gives a mailbox another UIDVALIDITY, and its messages other UIDs, as a server that was restored does.
  void renumber(std::string_view user, std::string_view mailbox = "INBOX");

  /// Waits until a mailbox has `count` messages, and gives them. As `smtp_server::wait_for`.
  [[nodiscard]] task<std::vector<mailbox_message>> wait_for(std::string_view user, std::size_t count,
                                                            std::string_view mailbox = "INBOX",
                                                            duration within = std::chrono::seconds(10));
};

}  // namespace tidewire::testing
