/// @file
/// The server's half of IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051), without a socket: bytes in, events out,
/// answers in, bytes out.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/command_reader.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/response.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire::imap {

/// What a server offers, and what it bears with.
struct session_options {
  /// Its capabilities, with blanks between. Commands of an extension that is not among them are refused. What
  /// depends on TLS and on whom is signed in (STARTTLS, LOGINDISABLED, AUTH=) is seen to by the session.
  std::string_view capabilities = "IMAP4rev1";
  /// Mechanisms of AUTHENTICATE, with blanks between; empty (the default): none.
  std::string_view mechanisms{};
  bool login = true;              ///< Offer LOGIN.
  bool starttls = false;          ///< Offer STARTTLS, until there is TLS.
  bool sign_in_needs_tls = true;  ///< Offer LOGIN and AUTHENTICATE only with TLS.
  command_limits limits{};        ///< How much a client may say.
  /// Commands that were no use (unknown, out of order, malformed) until the session is ended by BYE.
  /// Default: 20.
  std::size_t max_errors = 20;
};

/// How far a session is (RFC 9051 section 3).
enum class session_state : unsigned char {
  not_authenticated,
  authenticated,
  selected,
  over,
};

/// What a `session` found in the bytes that it was shown.
enum class session_event {
  more,          ///< Nothing yet: send what is in `output`, receive more, and ask again.
  command,       ///< A command that may be given now. Answer by `ok`, `no` or `bad`.
  login,         ///< LOGIN; two strings are its arguments. Answer by `signed_in`, or `no`.
  authenticate,  ///< AUTHENTICATE with a mechanism that is offered. Answer by `challenge`, `signed_in`, `no`.
  auth_response,  ///< The response to a challenge is in `line`; "*" cancels. Answer as to `authenticate`.
  starttls,       ///< Answer by `ok`, send it, begin TLS; then call `tls_started`.
  idle,           ///< IDLE. Answer by `begin_idle`, or `no`.
  idle_done,      ///< IDLE ends. Answer by `ok`.
  logout,         ///< LOGOUT was answered: send what is in `output`, and close.
  closed,         ///< The client broke the rules once too often, and was told so. The same.
};

/// The server's half of one connection.
///
/// It keeps the states and their commands, the capabilities, and answers CAPABILITY, LOGOUT and all that is
/// wrong by itself; one command is answered before the next is looked at, so that a client may send several
/// at once. What mailboxes have in them is the business of whoever answers. Not thread-safe.
class TIDEWIRE_IMAP_API session {
 public:
  /// Copies the texts of `options`.
  explicit session(const session_options& options);

  /// The greeting: OK with the capabilities. `preauth`: the client is somebody already.
  void greet(std::string_view text, bool preauth = false);
  /// BYE instead, and the session is over; also at any later time.
  void bye(std::string_view text);

  /// Looks at the bytes that are buffered. An event that wants an answer must have got it before.
  [[nodiscard]] session_event next(byte_view shown);
  /// How many of the bytes last shown are to be consumed.
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

  /// The command of the last event.
  [[nodiscard]] received_command& command() noexcept { return command_; }
  /// Of `session_event::auth_response`.
  [[nodiscard]] const std::string& line() const noexcept { return reader_.line(); }
  /// What came with the last event as text for a log: secrets are `***`, literals their sizes.
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

  /// Tells `listener` of each command and line that comes, as `shown` has it: also of those that the session
  /// answers by itself.
  void tell(std::function<void(std::string_view)> listener) { listener_ = std::move(listener); }

  /// An untagged response: "5 EXISTS". Must be legal as it is.
  void untagged(std::string_view text);
  /// The command is done. `code` is what is between the brackets: "READ-WRITE"; empty: none.
  void ok(std::string_view text, std::string_view code = {}) { finish(status_kind::ok, text, code); }
  /// It is not.
  void no(std::string_view text, std::string_view code = {}) { finish(status_kind::no, text, code); }
  /// It was not understood.
  void bad(std::string_view text, std::string_view code = {});
  /// A challenge in base64.
  void challenge(std::string_view base64);
  /// The client idles from now on: `untagged` may be said at any time until `session_event::idle_done`.
  void begin_idle();
  /// The client is somebody from now on; the answer has the capabilities.
  void signed_in();
  /// A mailbox is selected now, or none.
  void select(bool selected) noexcept;
  /// TLS has begun: the client has to ask for capabilities again.
  void tls_started() noexcept { tls_ = true; }

  /// What is to be sent. Clear what was.
  [[nodiscard]] std::string& output() noexcept { return output_; }
  [[nodiscard]] session_state state() const noexcept { return state_; }
  [[nodiscard]] bool has_tls() const noexcept { return tls_; }
  [[nodiscard]] bool is_idling() const noexcept { return idling_; }
  /// Is it among the capabilities? In any case.
  [[nodiscard]] bool offers(std::string_view capability) const noexcept;
  /// The capabilities as they are told now.
  [[nodiscard]] std::string capabilities() const;

 private:
  void finish(status_kind how, std::string_view text, std::string_view code);
  session_event on_command_event(command_event event);
  void heard(std::string what);
  session_event on_command();
  session_event on_sign_in();
  session_event complain(std::string_view text);
  session_event ask(session_event what) noexcept;
  [[nodiscard]] bool may_sign_in() const noexcept;

  session_options options_;
  std::string capabilities_;
  std::string mechanisms_;
  command_reader reader_;
  received_command command_;
  std::string output_;
  std::string shown_;
  std::function<void(std::string_view)> listener_;
  std::size_t taken_ = 0;
  std::size_t errors_ = 0;
  session_state state_ = session_state::not_authenticated;
  bool waits_for_answer_ = false;
  bool authenticating_ = false;
  bool idling_ = false;
  bool tls_ = false;
};

}  // namespace tidewire::imap
