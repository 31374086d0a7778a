/// @file
/// What is said about a message beside its content: from whom, to whom, and what the server should do with
/// it.
#pragma once

#include <tidewire/smtp/address.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/export.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::smtp {

/// One who gets the message.
struct recipient {
  address to{};
  rcpt_parameters parameters{};  ///< Reports that are wanted (RFC 3461), and what else RCPT takes.
};

/// The envelope of a message (RFC 5321 section 2.3.1). A value.
///
/// @code
/// smtp::envelope mail("robot@example.org");
/// mail.to("ada@example.org").to("bob@example.net");
/// @endcode
class TIDEWIRE_SMTP_API envelope {
 public:
  /// From the null path, as delivery reports are.
  envelope() = default;
  /// @param from "" is the null path.
  /// @throw error `tidewire::errc::malformed` if it is no address; the text is what the peer said.
  explicit envelope(std::string_view from);
  /// From an address that was read before.
  explicit envelope(address from) : from_(std::move(from)) {}

  /// Adds a recipient.
  /// @throw error As the constructor.
  envelope& to(std::string_view text);
  /// @copydoc to(std::string_view)
  envelope& to(recipient one) {
    recipients_.push_back(std::move(one));
    return *this;
  }

  [[nodiscard]] const address& from() const noexcept { return from_; }
  [[nodiscard]] const std::vector<recipient>& recipients() const noexcept { return recipients_; }
  [[nodiscard]] std::vector<recipient>& recipients() noexcept { return recipients_; }
  /// What MAIL says. SIZE, BODY and SMTPUTF8 are seen to by the client: what is set here is kept.
  [[nodiscard]] const mail_parameters& parameters() const noexcept { return parameters_; }
  /// @copydoc parameters
  [[nodiscard]] mail_parameters& parameters() noexcept { return parameters_; }

 private:
  address from_;
  std::vector<recipient> recipients_;
  mail_parameters parameters_;
};

}  // namespace tidewire::smtp
