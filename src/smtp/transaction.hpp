// One message on a session, without the session's bytes: which commands come next, what each reply means, and
// what is known of each recipient at any moment. The client drives it; nothing here waits.
#pragma once

#include <tidewire/smtp/capabilities.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/envelope.hpp>
#include <tidewire/smtp/report.hpp>
#include <tidewire/smtp/source.hpp>

#include <cstddef>
#include <string>

namespace tidewire::smtp {

// What a transaction needs to know about the session and the wishes of the sender.
struct transaction_settings {
  dialect protocol = dialect::smtp;
  bool pipelining = false;
  bool chunks = false;       // the message goes by BDAT
  bool dsn = false;          // the server knows NOTIFY and ORCPT
  bool all_or_none = false;  // a refused recipient ends it before the message is sent
};

// What MAIL says of this message to this server; a failure if the server cannot take it, or if a parameter of
// the user's is not allowed.
[[nodiscard]] result<mail_parameters> fit_parameters(const envelope& of, const message_traits& traits,
                                                     const capabilities& server, bool over_tls);

class transaction {
 public:
  enum class step {
    write,      // `append_commands`, and send them
    read,       // a reply, for `received`
    send_body,  // the message; `body_complete` before its last bytes leave
    done,       // `take_report`
  };

  transaction(const envelope& mail, mail_parameters parameters, transaction_settings settings);

  [[nodiscard]] step next() const noexcept;
  void append_commands(std::string& wire);
  void received(reply answer);
  // From here on the server may have the whole message.
  void body_complete() noexcept;
  // A chunk that is not the last was sent: it has a reply of its own.
  void chunk_sent() noexcept { ++chunks_unanswered_; }
  [[nodiscard]] std::size_t chunks_unanswered() const noexcept { return chunks_unanswered_; }
  // Was a chunk refused? Then no more of the message is to be sent.
  [[nodiscard]] bool body_refused() const noexcept { return phase_ == phase::reset; }
  // The exchange is over before its end.
  void broken(failure why);
  // Did the server break the rules, so that the session cannot go on?
  [[nodiscard]] const std::optional<failure>& violation() const noexcept { return violation_; }
  [[nodiscard]] stage at() const noexcept;

  [[nodiscard]] send_report take_report() noexcept { return std::move(report_); }

 private:
  enum class phase : unsigned char { envelope, body, final_replies, reset, done };

  void answered_envelope(reply answer);
  void envelope_over();
  void answered_message(reply answer);
  void accept_open(const reply& answer);
  void refuse_open(const reply& answer, stage at);
  void skip_refused() noexcept;
  [[nodiscard]] std::size_t commands() const noexcept {
    return mail_->recipients().size() + (settings_.chunks ? 1 : 2);
  }

  const envelope* mail_;
  mail_parameters parameters_;
  transaction_settings settings_;
  send_report report_;
  std::optional<failure> violation_;
  std::size_t written_ = 0;         // commands of the envelope: MAIL, each RCPT, DATA
  std::size_t answered_ = 0;        // and the replies to them
  std::size_t accepted_ = 0;        // recipients
  std::size_t next_recipient_ = 0;  // LMTP: whom the next reply is for
  std::size_t chunks_unanswered_ = 0;
  bool mail_refused_ = false;
  bool reset_written_ = false;
  bool empty_body_ = false;  // DATA was accepted although no recipient was
  bool body_complete_ = false;
  phase phase_ = phase::envelope;
};

}  // namespace tidewire::smtp
