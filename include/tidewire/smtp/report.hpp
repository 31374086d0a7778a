/// @file
/// What became of a message: for each recipient, what is known and no more.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/reply.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// What is known of a message and one of its recipients.
enum class delivery {
  not_sent,  ///< The message was not sent, or not wholly: it cannot have been accepted.
  refused,   ///< The server answered no: for now (`answer.transient()`) or for good. It was not accepted.
  unknown,   ///< The whole message was sent, and no answer came: it may have been accepted. To send it again
             ///< may be to send it twice.
  accepted,  ///< The server answered that it takes the message for the recipient. It will deliver it, or
             ///< report.
};

/// How far the exchange was.
enum class stage { prepare, connect, greeting, hello, starttls, auth, mail, rcpt, data, body, done };
/// "MAIL", "the message", ...: for messages.
[[nodiscard]] TIDEWIRE_SMTP_API std::string_view name_of(stage at) noexcept;

/// What became of a message for one recipient.
struct recipient_result {
  std::string address{};                  ///< As it was given.
  delivery outcome = delivery::not_sent;  ///< What is known.
  stage at = stage::prepare;              ///< At which stage that was decided.
  reply answer{};                         ///< What the server said to that; no code if it said nothing.
};

/// What became of a message for each of its recipients.
struct send_report {
  std::vector<recipient_result> recipients{};  ///< In the order of the envelope.
  /// The answer to the message itself; its text often names the message in the server's queue. No code if
  /// there was none. With LMTP, the answer for the last recipient.
  reply answer{};
  /// What broke the exchange off, if something did: the connection, a time-out, a limit.
  std::optional<failure> broken{};

  /// Accepted for every recipient?
  [[nodiscard]] bool complete() const noexcept {
    return !recipients.empty() && count(delivery::accepted) == recipients.size();
  }
  /// For how many recipients is this the outcome?
  [[nodiscard]] TIDEWIRE_SMTP_API std::size_t count(delivery outcome) const noexcept;
  /// Those for whom it may be sent again later without being sent twice: refused for now, or not sent for a
  /// reason that may pass.
  [[nodiscard]] TIDEWIRE_SMTP_API std::vector<std::size_t> worth_retrying() const;
  /// Why it is not `complete()`: what `send_error` is made of. Only if nothing was accepted, and nothing may
  /// have been, does it satisfy `condition::transient`.
  [[nodiscard]] TIDEWIRE_SMTP_API failure why() const;
};

/// What `send` throws if a message was not accepted for every recipient: the error, and the whole report.
class TIDEWIRE_SMTP_API send_error : public error {
 public:
  /// @param report Not complete.
  explicit send_error(send_report report);
  send_error(const send_error&) noexcept = default;
  send_error& operator=(const send_error&) noexcept = default;
  ~send_error() override;

  /// What is known of each recipient.
  [[nodiscard]] const send_report& report() const noexcept { return *report_; }

 private:
  std::shared_ptr<const send_report> report_;
};

}  // namespace tidewire::smtp
