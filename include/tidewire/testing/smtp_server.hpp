/// @file
/// `smtp_server`: an SMTP or LMTP server inside of a test, that keeps what it takes and misbehaves as it is
/// told.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/mime/parser.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/mail_transport.hpp>
#include <tidewire/smtp/server.hpp>
#include <tidewire/testing/export.hpp>
#include <tidewire/testing/fault.hpp>
#include <tidewire/testing/local_server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::testing {

/// The stages of a session, where faults happen.
using smtp_stage = smtp::session_stage;
/// What an `smtp_server` does wrong, as `server.add_fault({.at = smtp_stage::rcpt, .text = "450 later"});`
using smtp_fault = fault_at<smtp_stage>;

/// The mechanisms that an `smtp_server` offers by default.
inline constexpr std::string_view all_password_mechanisms =
    "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN OAUTHBEARER XOAUTH2";

/// What an `smtp_server` offers.
struct smtp_server_options {
  tls_mode tls = tls_mode::starttls;                      ///< How connections are protected.
  certificate_kind certificate = certificate_kind::good;  ///< Which certificate is shown.
  /// Asks clients for a certificate of the server's authority, and takes nobody without; for EXTERNAL, which
  /// then lets in whoever is a user.
  bool client_certificates = false;
  smtp::dialect protocol = smtp::dialect::smtp;           ///< SMTP, or LMTP.
  std::string_view name = "localhost";                    ///< Whom it says it is.
  std::string_view mechanisms = all_password_mechanisms;  ///< Of AUTH; with blanks between. Empty: no AUTH.
  bool auth_needs_tls = true;     ///< AUTH is offered only with TLS; not looked at for `tls_mode::none`.
  bool require_auth = false;      ///< Mail before AUTH is refused, by 530.
  bool require_starttls = false;  ///< Mail before STARTTLS is refused, by 530.
  std::uint64_t max_size = std::uint64_t{32} << 20;  ///< The largest message in bytes.
  std::size_t max_recipients = 1000;                 ///< Recipients of one message.
  std::size_t max_messages = 0;                      ///< Messages of one session; 0: any number.
  bool pipelining = true;                            ///< Offer PIPELINING.
  bool chunking = true;                              ///< Offer CHUNKING and BINARYMIME.
  bool smtputf8 = true;                              ///< Offer SMTPUTF8.
  bool eight_bit_mime = true;                        ///< Offer 8BITMIME.
  bool dsn = true;                                   ///< Offer DSN.
  /// Whose certificate is shown and trusted; null: an authority of its own. Copied.
  const crypto::authority* authority = nullptr;
};

/// A message that was taken.
struct received_message : smtp::kept_message {
  std::string client{};  ///< Whom the client said it is.
  std::string user{};    ///< Who had signed in; empty: nobody.
  bool tls = false;      ///< Did it come by TLS?

  /// The message as a tree of parts; it has a copy of the content.
  [[nodiscard]] mime::parsed_message parse() const { return mime::parse(content); }
};

/// An SMTP server for tests: every message is taken and kept, unless a fault says otherwise.
///
/// @code
/// testing::smtp_server server;
/// server.add_user("robot", "secret");
/// server.add_fault({.at = testing::smtp_stage::rcpt, .text = "550 5.1.1 no", .recipient =
/// "bob@example.org"}); server.run([&] { return send_newsletter("127.0.0.1", server.port(),
/// server.client_tls()); }); assert(server.messages().size() == 1);
/// @endcode
///
/// A message is kept when the server takes responsibility for it, before its answer leaves: a client whose
/// connection is cut then (`smtp_stage::message`, `moment::instead`) cannot know, and sends it twice, or
/// says that it does not know.
class TIDEWIRE_TESTING_API smtp_server final : public local_server {
 public:
  /// Listens. The texts of `options` are copied.
  /// @par Errors Throws what the system gives for a socket, a key.
  explicit smtp_server(const smtp_server_options& options = {});
  ~smtp_server() override;

  /// Adds a user, or gives him another password.
  void add_user(std::string_view name, secret password);
  /// Adds a token of OAuth 2 that is good for a user.
  void add_token(std::string_view name, secret token);
  /// Adds something that goes wrong; the texts are copied. Faults of one stage happen together.
  /// @par Errors Throws `condition::misuse` for what cannot happen there.
  void add_fault(const smtp_fault& fault);
  /// Is told each message when it was kept, on the thread that serves. It must not throw.
  void on_message(std::function<void(const received_message&)> call);

  /// The messages that were taken, in their order.
  [[nodiscard]] std::vector<received_message> messages() const;
  /// Forgets them.
  void clear_messages();
  /// Waits until `count` messages were taken since the last `clear_messages`, and gives them. In a task of
  /// any loop, or by `tidewire::run(server.wait_for(2))` where there is none.
  /// @param within How long, by the clock of the loop. Default: 10 seconds.
  /// @par Errors `condition::timeout`, with how many came; `canceled`.
  /// @par Cancellation At once.
  [[nodiscard]] task<std::vector<received_message>> wait_for(std::size_t count,
                                                             duration within = std::chrono::seconds(10));
};

}  // namespace tidewire::testing
