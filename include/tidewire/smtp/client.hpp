/// @file
/// The SMTP and LMTP client (RFC 5321, RFC 6409, RFC 2033): a session over any stream.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/smtp/capabilities.hpp>
#include <tidewire/smtp/envelope.hpp>
#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/report.hpp>
#include <tidewire/smtp/source.hpp>
#include <tidewire/smtp/transcript.hpp>
#include <tidewire/tls/context.hpp>
#include <tidewire/tls/security.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// How the connection is protected: by STARTTLS (RFC 3207) unless said otherwise; `implicit` is RFC 8314.
using tls::security;

/// How a session is opened.
struct client_options {
  /// How it is protected.
  smtp::security security = smtp::security::starttls;
  /// SMTP, or LMTP.
  dialect protocol = dialect::smtp;
  /// Whom we say we are: a domain or an address in brackets. Default: for `connect`, our address, as in
  /// "[192.0.2.1]"; else "localhost". Nothing is looked up for it.
  std::string_view name{};
  /// Where to connect to; 0 (the default): 465 for `security::implicit`, 587 for STARTTLS, 25 for plain text,
  /// 24 for LMTP. Not for `open`.
  std::uint16_t port = 0;
  /// Whom the certificate has to be for. Default: the host that `connect` was given. `open` needs it, but for
  /// plain text.
  std::string_view host{};
  /// Trust and identity; null: that of the loop, with the system's authorities. Must live until the session
  /// is open.
  const tidewire::tls::client_context* tls = nullptr;
  /// The whole opening may take this long, TLS included. Default: 1 min.
  duration timeout = std::chrono::minutes(1);
  /// How long each reply may be waited for. RFC 5321 section 4.5.3.2 asks for 5 min, and 10 for the answer to
  /// a message. Default: 5 min.
  duration reply_timeout = std::chrono::minutes(5);
  /// How long replies may be.
  reply_limits limits{};
  /// Told every line, secrets masked; null for none. Must outlive the client.
  smtp::transcript* transcript = nullptr;
};

/// How a message is sent by BDAT (RFC 3030) instead of DATA.
enum class chunking {
  when_needed,   ///< For binary messages. The default: BDAT has its troubles in the field.
  when_offered,  ///< Whenever the server offers CHUNKING: saves a round trip and the doubling of dots.
  never,         ///< Never; a binary message is refused.
};

/// How `send` sends.
struct send_options {
  /// The whole exchange may take this long. Default: 15 min, as a server may look at a message for ten.
  duration timeout = std::chrono::minutes(15);
  /// What a recipient that is refused means for the others. False (the default): the message is sent to those
  /// that were accepted. True: it is sent to nobody.
  bool all_or_none = false;
  /// False (the default): whatever is less than accepted for every recipient is thrown, as `send_error`.
  /// True: the report is returned, whatever it says; only cancellation is thrown.
  bool return_report = false;
  /// When to use BDAT.
  smtp::chunking chunking = smtp::chunking::when_needed;
};

/// A message on its way through `client::submit`.
struct submission {
  smtp::envelope envelope{};
  message_source* content = nullptr;  ///< Not owned; must live until it is done.
  send_options options{};             ///< `timeout` and `return_report` are not looked at.
  send_report report{};               ///< What became of it.
};

/// What `client::submit` takes messages from.
class TIDEWIRE_SMTP_API submission_queue {
 public:
  submission_queue() = default;
  submission_queue(const submission_queue&) = delete;
  submission_queue& operator=(const submission_queue&) = delete;
  virtual ~submission_queue();

  /// The next message if there is one now; null ends `submit`. It is asked for early: the commands of a
  /// message go out together with the content of the one before.
  [[nodiscard]] virtual submission* next() = 0;
  /// It is done: the report is in it. Called once for each that `next` gave.
  virtual void done(submission& one) = 0;
};

/// Gets a token of OAuth 2: from a cache if `refused` is false, else a fresh one.
using token_provider = std::function<task<secret>(bool refused)>;

namespace detail {
class client_session;
}

/// An open session. It owns its connection and moves.
///
/// One operation at a time: a second one is refused with `condition::misuse`, and nothing is sent (a `pool`
/// lets many tasks send at once). For the loop's thread, as the stream is. After an error that leaves the
/// session out of step with the server (a time-out, a cancellation, a broken rule), the connection is closed:
/// `is_open()` tells.
class TIDEWIRE_SMTP_API client {
 public:
  client(client&& other) noexcept;
  client& operator=(client&& other) noexcept;
  /// Closes the connection without a good-bye: see `quit`.
  ~client();

  /// Can messages be sent? Not once it was quit, or an error broke it.
  [[nodiscard]] bool is_open() const noexcept;
  /// What the server said it can do, last: after TLS, if there is TLS.
  [[nodiscard]] const smtp::capabilities& capabilities() const noexcept;
  /// The greeting of the server.
  [[nodiscard]] const reply& greeting() const noexcept;
  /// Is the connection protected by TLS?
  [[nodiscard]] bool is_secure() const noexcept;

  /// Signs in, by the strongest mechanism that the server offers and the credentials fit:
  /// SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN. One that the
  /// server takes back is left out, and the next is tried. Without TLS none is used that shows the password,
  /// unless the session was opened by `plaintext_dangerous`.
  /// @param user     Copied, as is the password; both are wiped when they are not needed any more.
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
  /// @param provide Kept until the end. Called with whether its last token was refused.
  [[nodiscard]] task<> login(std::string_view user, token_provider provide);

  /// Sends a message: MAIL, RCPT for each recipient, and DATA or BDAT, in as few writes as PIPELINING allows.
  ///
  /// SIZE, BODY and SMTPUTF8 are said as the message and the server need it. What the server cannot take is
  /// refused before anything is sent.
  /// @param mail    Copied.
  /// @param content The message with its headers; copied. Line ends become CRLF.
  /// @param options By value.
  /// @return The report, complete unless `options.return_report` is set.
  /// @par Errors (send_error)
  /// Its report says for each recipient what is known. Its code: `errc::some_recipients_refused`;
  /// `errc::outcome_unknown` if the message may have been accepted; else nothing was accepted, and it is what
  /// the server said (`condition::transient`, `permanent`), what broke the connection, or
  /// `errc::message_too_large`, `errc::extension_missing`.
  /// @par Errors (error)
  /// `condition::misuse`: closed, or another operation is under way. Nothing was sent.
  /// @par Cancellation Closes the connection. The `send_error` says whether the message may have been
  /// accepted.
  [[nodiscard]] task<send_report> send(envelope mail, std::string content, send_options options = {});
  /// The same with a message that is made while it is sent.
  /// @param content Must live until the operation has ended.
  [[nodiscard]] task<send_report> send(envelope mail, message_source& content, send_options options = {});
  /// The same with a message of `tidewire::mime`, to whom its headers say (Bcc, too, which is not in what is
  /// sent). It is encoded as the server can take it: text as it is, if there is 8BITMIME; attachments as they
  /// are, if there is BINARYMIME and `options.chunking` is `when_offered`; headers in UTF-8 only if an
  /// address needs it.
  /// @param message Copied, which is cheap.
  /// @throw error At once, `condition::misuse`: no sender or no recipient.
  [[nodiscard]] task<send_report> send(const mime::message& message, send_options options = {});
  /// Sends what `queue` gives, one after the other, until it has no more. What is left when the connection
  /// breaks is `done` as not sent.
  /// @par Errors As what broke the connection, after the queue was told of each message; never for a refusal.
  /// @par Cancellation As `send`.
  [[nodiscard]] task<> submit(submission_queue& queue);

  /// NOOP: is the server there?
  /// @par Errors As `command`.
  [[nodiscard]] task<> noop();
  /// RSET: forgets a message that was begun.
  /// @par Errors As `command`; what the server says but 2yz.
  [[nodiscard]] task<> reset();
  /// Sends a line, and gives the one reply to it, whatever it says. For VRFY, EXPN, HELP, what the server
  /// invented: not for commands that change the session.
  /// @param line Copied; without its end.
  /// @par Errors `condition::misuse` for a control character in it, or if the session is closed; what breaks
  /// the connection.
  /// @par Cancellation Closes the connection.
  [[nodiscard]] task<reply> command(std::string_view line);
  /// Says QUIT, waits at most two seconds for the answer, and closes. Never fails, even if the task is
  /// canceled: what the server says to a good-bye is of no account.
  [[nodiscard]] task<> quit();

 private:
  friend TIDEWIRE_SMTP_API task<client> open(stream peer, client_options options);
  explicit client(std::unique_ptr<detail::client_session> session) noexcept;
  static task<client> opened(std::unique_ptr<detail::client_session> session);

  std::unique_ptr<detail::client_session> session_;
};

/// Connects to a server and opens a session, protected as `options.security` says: `auto mail = co_await
/// smtp::connect("mail.example.org");` says STARTTLS on port 587, verifies the certificate, or throws.
/// @param host    A name or an address; copied.
/// @param options The texts in it are copied. `timeout` bounds the look-up and the connection, too.
/// @par Errors What `tcp::connect` throws, and as `open`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_SMTP_API task<client> connect(std::string_view host, client_options options = {});

/// Opens a session over a stream that is connected already: reads the greeting, says EHLO, or HELO to a
/// server that does not know that. After STARTTLS, what the server said before is forgotten, and it is asked
/// again.
/// @param peer    Owned from now on.
/// @param options The texts in it are copied.
/// @par Errors
/// What the server answers: `condition::transient`, `permanent`; `condition::protocol` if it is not SMTP;
/// `errc::starttls_unavailable`, `errc::injected_plaintext`, and what else `condition::tls` is;
/// `condition::timeout`, `eof`; `condition::misuse` for a bad name, or none to check the certificate by.
/// @par Cancellation Closes the connection.
[[nodiscard]] TIDEWIRE_SMTP_API task<client> open(stream peer, client_options options = {});

}  // namespace tidewire::smtp
