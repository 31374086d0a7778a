/// @file
/// An SMTP or LMTP server: `serve_session` speaks the protocol on one connection, and asks a handler at each
/// stage.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/reply.hpp>
#include <tidewire/smtp/session.hpp>
#include <tidewire/smtp/transcript.hpp>
#include <tidewire/tls/context.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// Where a session is.
enum class session_stage : unsigned char {
  greeting,  ///< A client has connected.
  hello,     ///< HELO, EHLO, LHLO.
  starttls,  ///< STARTTLS.
  tls,       ///< The handshake of TLS is about to begin.
  auth,      ///< AUTH, or a response in it.
  mail,      ///< MAIL.
  rcpt,      ///< RCPT.
  data,      ///< DATA, or the first BDAT.
  content,   ///< A piece of the message.
  message,   ///< The message is whole. With LMTP: for each recipient.
  quit,      ///< QUIT, or the session was ended.
  other,     ///< What a session answers by itself: NOOP, RSET, what is wrong.
};

/// What a `session_gate` is told.
struct gate_info {
  session_stage where = session_stage::other;
  std::string_view recipient{};  ///< Of `rcpt`; of `message`, with LMTP.
  std::size_t piece = 0;         ///< Of `content`: its bytes.
};

/// Stands between a session and its connection, and may do there what no server should: for servers that
/// clients are tested with. Whatever it does to the connection, the session believes to have gone well,
/// unless it closes it, which ends the session without a word.
class TIDEWIRE_SMTP_API session_gate {
 public:
  session_gate() = default;
  session_gate(const session_gate&) = delete;
  session_gate& operator=(const session_gate&) = delete;
  virtual ~session_gate();

  /// The session is there; nobody was asked yet.
  /// @return What to answer, without asking the handler; nothing: as usual. Not looked at for `tls`,
  /// `content` and `quit`.
  [[nodiscard]] virtual task<std::optional<reply>> reached(const gate_info& at, stream& peer);
  /// An answer is to leave. By default it is written.
  /// @param bytes As they would go over the wire; valid until the task ends.
  [[nodiscard]] virtual task<> answer(const gate_info& at, stream& peer, std::string_view bytes);
};

/// How a session is served.
struct server_options : session_options {
  /// The server's certificate: then STARTTLS is offered. Null: no TLS. Must live until the session ends.
  const tidewire::tls::server_context* tls = nullptr;
  /// TLS from the first byte, instead of STARTTLS.
  bool implicit_tls = false;
  /// How long a client may be silent. RFC 5321 section 4.5.3.2.7 asks for 5 min, the default.
  duration idle_timeout = std::chrono::minutes(5);
  /// Told every line, secrets masked; null for none. Must outlive the session.
  smtp::transcript* transcript = nullptr;
  /// Stands before the connection; null for none. Must outlive the session.
  session_gate* gate = nullptr;
};

/// Who is there, and what was said so far. Valid while a handler is asked.
struct peer_info {
  std::string_view address;                ///< Whom the stream leads to.
  std::string_view name;                   ///< What HELO, EHLO or LHLO said.
  std::string_view user;                   ///< Who signed in; empty: nobody.
  bool tls;                                ///< Is there TLS?
  const command& sender;                   ///< MAIL, once it was accepted.
  const std::vector<command>& recipients;  ///< Each RCPT that was accepted.
};

/// Decides at each stage of a session. Each function may wait; the client waits meanwhile. By default all is
/// accepted, and the message dropped: override what matters. What they throw ends the session by 421.
///
/// One handler serves one session at a time; where sessions share something, make a handler for each that
/// refers to it.
class TIDEWIRE_SMTP_API session_handler {
 public:
  session_handler() = default;
  session_handler(const session_handler&) = delete;
  session_handler& operator=(const session_handler&) = delete;
  virtual ~session_handler();

  /// A client has connected. 220 lets it in; all else ends the session.
  [[nodiscard]] virtual task<reply> connected(const peer_info& peer);
  /// HELO, EHLO, LHLO.
  [[nodiscard]] virtual task<reply> hello(const peer_info& peer, const command& what);
  /// AUTH: the password of `user`, for every mechanism that needs one; nothing: there is no such user, which
  /// the client is not told. Default: there are no users.
  [[nodiscard]] virtual task<std::optional<secret>> password(const peer_info& peer, std::string_view user);
  /// AUTH with OAuth 2: is the token good for `user`? Default: none is.
  [[nodiscard]] virtual task<bool> token(const peer_info& peer, std::string_view user, const secret& token);
  /// AUTH: may `user` act as `identity`, who is somebody else? Also EXTERNAL, where `user` is empty: may
  /// whoever is at the other end of TLS? Default: no.
  [[nodiscard]] virtual task<bool> act_as(const peer_info& peer, std::string_view user,
                                          std::string_view identity);
  /// MAIL.
  [[nodiscard]] virtual task<reply> mail(const peer_info& peer, const command& what);
  /// RCPT.
  [[nodiscard]] virtual task<reply> rcpt(const peer_info& peer, const command& what);
  /// A message is about to come: 354 takes it.
  [[nodiscard]] virtual task<reply> data(const peer_info& peer);
  /// A piece of it, line ends as they came, dots no longer doubled. Valid until the task ends: a slow one
  /// slows the client down.
  [[nodiscard]] virtual task<> body(const peer_info& peer, byte_view piece);
  /// It is whole: 250 takes responsibility for it. With LMTP, this is asked for each recipient in turn.
  [[nodiscard]] virtual task<reply> message(const peer_info& peer, std::size_t recipient);
  /// It is void: refused for its size or form, or the session ended within it.
  virtual void discarded() noexcept;
  /// VRFY.
  [[nodiscard]] virtual task<reply> verify(const peer_info& peer, std::string_view what);
};

/// Serves one session, to its end.
/// @param peer    Owned from now on, and closed at the end.
/// @param handler Must live until the operation has ended.
/// @param options The texts in it are copied.
/// @par Completes when the client said QUIT or closed, or was sent away. TLS is ended by close_notify.
/// @par Errors What breaks the connection; a client that closes without QUIT is no error. `condition::tls`:
/// the handshake failed, or plain text came where TLS should have begun. `condition::timeout`, and what the
/// handler threw, after 421 was said.
/// @par Cancellation Says 421, waiting a second at most, and closes.
[[nodiscard]] TIDEWIRE_SMTP_API task<> serve_session(stream peer, session_handler& handler,
                                                     server_options options = {});

}  // namespace tidewire::smtp
