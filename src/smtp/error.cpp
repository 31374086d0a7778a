#include <tidewire/smtp/error.hpp>

#include <string>

namespace tidewire::smtp {
namespace {

class smtp_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.smtp"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::malformed_reply: return "malformed reply";
      case errc::malformed_command: return "malformed command";
      case errc::unexpected_reply: return "unexpected reply";
      case errc::refused_for_now: return "refused for now";
      case errc::refused: return "refused";
      case errc::shutting_down: return "the server ends the session";
      case errc::auth_refused: return "authentication refused";
      case errc::auth_refused_for_now: return "authentication refused for now";
      case errc::auth_unavailable: return "no usable authentication mechanism";
      case errc::starttls_unavailable: return "TLS is required and not to be had";
      case errc::injected_plaintext: return "plain text where TLS should have begun";
      case errc::message_too_large: return "the message is larger than the server takes";
      case errc::extension_missing: return "the server lacks an extension that the message needs";
      case errc::some_recipients_refused: return "some recipients were refused";
      case errc::outcome_unknown: return "no answer to the message: it may have been accepted";
    }
    return "unknown error";
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    switch (static_cast<errc>(code)) {
      case errc::malformed_reply:
      case errc::malformed_command:
      case errc::unexpected_reply: return asked == condition::protocol;
      case errc::refused_for_now:
      case errc::shutting_down: return asked == condition::transient;
      case errc::refused:
      case errc::extension_missing: return asked == condition::permanent;
      case errc::message_too_large:
        return asked == condition::permanent || asked == condition::limit_exceeded;
      case errc::auth_refused:
      case errc::auth_unavailable: return asked == condition::auth || asked == condition::permanent;
      case errc::auth_refused_for_now: return asked == condition::auth || asked == condition::transient;
      case errc::starttls_unavailable: return asked == condition::tls || asked == condition::permanent;
      case errc::injected_plaintext: return asked == condition::tls || asked == condition::protocol;
      case errc::some_recipients_refused:
      case errc::outcome_unknown: return false;  // what to do depends on the recipient
    }
    return false;
  }
};

}  // namespace

const std::error_category& smtp_category() noexcept {
  static const smtp_category_type category;
  return category;
}

}  // namespace tidewire::smtp
