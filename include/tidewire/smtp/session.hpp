/// @file
/// The server's half of SMTP and LMTP (RFC 5321, RFC 2033, RFC 2920, RFC 3030), without a socket: bytes in,
/// events out, replies in, bytes out.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/framing.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/data.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/reply.hpp>
#include <tidewire/smtp/transcript.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// What a server offers, and what it bears with.
struct session_options {
  /// SMTP, or LMTP.
  dialect protocol = dialect::smtp;
  /// Whom the server says it is. Default: "localhost".
  std::string_view name{};
  /// The largest message in bytes. Default: 32 MiB.
  std::uint64_t max_size = std::uint64_t{32} << 20;
  /// Recipients of one message. Default: 1000; RFC 5321 asks for 100 at least.
  std::size_t max_recipients = 1000;
  /// Messages of one session; 0: any number (the default).
  std::size_t max_messages = 0;
  /// Bytes of a command line without its end; also of a response in AUTH. Default: 12 KiB, as RFC 4954 asks
  /// for.
  std::size_t max_line = 12 * 1024;
  /// Commands that were no use (unknown, out of order, malformed) until the session is ended by 421.
  /// Default: 20.
  std::size_t max_errors = 20;
  bool pipelining = true;         ///< Offer PIPELINING.
  bool chunking = true;           ///< Offer CHUNKING and BINARYMIME.
  bool smtputf8 = true;           ///< Offer SMTPUTF8.
  bool eight_bit_mime = true;     ///< Offer 8BITMIME.
  bool dsn = true;                ///< Offer DSN.
  bool starttls = false;          ///< Offer STARTTLS, until there is TLS. `serve_session` sets it by itself.
  bool require_starttls = false;  ///< Refuse mail before STARTTLS, by 530.
  /// Mechanisms of AUTH, with blanks between; empty (the default): no AUTH.
  std::string_view auth{};
  /// Offer AUTH only with TLS.
  bool auth_needs_tls = true;
  /// Refuse mail before AUTH, by 530.
  bool require_auth = false;
  /// What becomes of a message with a CR or LF that stands alone: refused by 554 (the default), or kept as it
  /// is.
  bool accept_bare_line_ends_dangerous = false;
};

/// What a `session` found in the bytes that it was shown.
enum class session_event {
  more,           ///< Nothing yet: send what is in `output`, receive more, and ask again.
  hello,          ///< HELO, EHLO, LHLO. Answer by `respond`: 250, and the capabilities are added.
  mail,           ///< MAIL. Answer: 250, or a refusal.
  rcpt,           ///< RCPT. The same.
  data,           ///< A message is about to come, by DATA or BDAT. Answer: 354 to take it, or a refusal.
  body,           ///< A piece of the message is in `body`. No answer.
  message,        ///< The message is whole. Answer: one reply; for LMTP, one for each recipient.
  discarded,      ///< The message was refused for its size or form; what came of it is void. No answer.
  verify,         ///< VRFY. Answer: 250, 252, or a refusal.
  auth,           ///< AUTH. Answer: 334 with a challenge, 235, or a refusal.
  auth_response,  ///< The response to a challenge is in `response`; "*" cancels. Answer as to `auth`.
  starttls,       ///< STARTTLS. Answer: 220, send it, and begin TLS; then call `tls_started`.
  quit,           ///< QUIT was answered: send what is in `output`, and close.
  closed,         ///< The client broke the rules once too often, and was told so. The same.
};

/// The server's half of one connection.
///
/// @code
/// smtp::session session(options);
/// session.greet({220, {}, "ready"});
/// for (;;) {
///   const auto event = session.next(peer.buffered());
///   peer.consume(session.taken());
///   ... answer by session.respond(...), send session.output() when there is `more` to wait for
/// }
/// @endcode
///
/// It keeps the order of commands (503), the limits, and what needs TLS or AUTH first (530), and answers
/// NOOP, RSET, HELP and all that is wrong by itself. Replies gather in `output`, one for each command, in
/// order: a pipelining client gets them in one write. A line that does not end with CRLF alone ends the
/// session. Not thread-safe.
class TIDEWIRE_SMTP_API session {
 public:
  /// Copies the texts of `options`.
  explicit session(const session_options& options);

  /// The first reply: 220; or 554, 421, and the session is over.
  void greet(const reply& greeting);
  /// Looks at the bytes that are buffered. An event that wants an answer must have got it before.
  [[nodiscard]] session_event next(byte_view shown);
  /// How many of the bytes last shown are to be consumed.
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
  /// Answers the last event.
  void respond(const reply& answer) { respond(std::span(&answer, 1)); }
  /// Answers a message that is whole, with LMTP: a reply for each of `recipients()`. Too few: 451 for the
  /// others.
  void respond(std::span<const reply> answers);
  /// TLS has begun: the client has to say EHLO again, and all that it said before is forgotten (RFC 3207
  /// section 4.2).
  void tls_started() noexcept;
  /// Ends the session by 421: a server that goes, a client that waits too long.
  void shut_down(const reply& answer);
  /// Tells `listener` each line that comes from now on, secrets masked; null for none. It must outlive the
  /// session.
  void tell(transcript* listener) noexcept { transcript_ = listener; }

  /// What is to be sent. Clear what was.
  [[nodiscard]] std::string& output() noexcept { return output_; }
  /// The command of the last event.
  [[nodiscard]] const command& last_command() const noexcept { return command_; }
  /// Of `session_event::body`: in the bytes that were shown.
  [[nodiscard]] byte_view body() const noexcept { return body_; }
  /// Of `session_event::auth_response`.
  [[nodiscard]] const std::string& response() const noexcept { return response_; }

  /// Whom the client said it is; empty before.
  [[nodiscard]] const std::string& client_name() const noexcept { return client_name_; }
  /// MAIL as it was accepted.
  [[nodiscard]] const command& sender() const noexcept { return sender_; }
  /// Each RCPT that was accepted.
  [[nodiscard]] const std::vector<command>& recipients() const noexcept { return recipients_; }
  [[nodiscard]] bool is_lmtp() const noexcept { return options_.protocol == dialect::lmtp; }
  [[nodiscard]] bool has_tls() const noexcept { return tls_; }
  [[nodiscard]] bool is_authenticated() const noexcept { return authenticated_; }

 private:
  enum class state : unsigned char { commands, wants_answer, auth, data, chunk, over };

  session_event next_line(byte_view shown);
  void tell_of(std::string_view line) const;
  session_event on_command();
  session_event on_hello();
  session_event on_mail();
  session_event on_rcpt();
  session_event on_data();
  session_event on_bdat();
  session_event on_auth();
  session_event next_data(byte_view shown);
  session_event next_chunk(byte_view shown);
  session_event take_body(byte_view piece);
  session_event end_of_message();
  session_event chunk_over();
  session_event say(std::uint16_t code, enhanced_code enhanced, std::string_view text);
  session_event complain(std::uint16_t code, enhanced_code enhanced, std::string_view text);
  session_event ask(session_event what) noexcept;
  void say_hello(const reply& answer);
  void forget_message() noexcept;

  session_options options_;
  std::string name_;
  std::string auth_;
  framing::line_codec lines_;
  data_decoder data_;
  std::string output_;
  command command_;
  command sender_;
  std::vector<command> recipients_;
  std::string client_name_;
  std::string response_;
  byte_view body_;
  std::size_t taken_ = 0;
  std::size_t errors_ = 0;
  std::size_t messages_ = 0;
  std::uint64_t received_ = 0;    // bytes of the message
  std::uint64_t chunk_left_ = 0;  // bytes of the chunk
  state state_ = state::commands;
  session_event asked_ = session_event::more;  // what `respond` answers
  bool has_sender_ = false;
  bool tls_ = false;
  bool authenticated_ = false;
  bool in_chunks_ = false;  // BDAT was begun
  bool last_chunk_ = false;
  bool discarding_ = false;  // the message that is coming is not wanted
  bool told_ = false;        // and whoever asks was told that it is void
  reply refusal_;            // of the message that is discarded
  transcript* transcript_ = nullptr;
};

}  // namespace tidewire::smtp
