#include <tidewire/imap/error.hpp>

#include <string>

namespace tidewire::imap {
namespace {

class imap_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.imap"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::malformed_response: return "malformed response";
      case errc::malformed_command: return "malformed command";
      case errc::unexpected_response: return "unexpected response";
      case errc::refused: return "refused";
      case errc::refused_for_now: return "refused for now";
      case errc::rejected: return "rejected as not understood or not allowed";
      case errc::shutting_down: return "the server ends the session";
      case errc::auth_refused: return "authentication refused";
      case errc::auth_refused_for_now: return "authentication refused for now";
      case errc::auth_unavailable: return "no usable authentication mechanism";
      case errc::starttls_unavailable: return "TLS is required and not to be had";
      case errc::injected_plaintext: return "plain text where TLS should have begun";
      case errc::extension_missing: return "the server lacks a capability that the command needs";
      case errc::message_too_large: return "the message is larger than the server takes";
      case errc::mailbox_missing: return "no such mailbox";
      case errc::message_missing: return "no such message";
      case errc::uid_validity_changed: return "the UIDs of the mailbox have changed";
      case errc::outcome_unknown: return "no answer to the command: it may have been done";
    }
    return "unknown error";
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    switch (static_cast<errc>(code)) {
      case errc::malformed_response:
      case errc::malformed_command:
      case errc::unexpected_response: return asked == condition::protocol;
      case errc::refused_for_now:
      case errc::shutting_down: return asked == condition::transient;
      case errc::refused:
      case errc::rejected:
      case errc::mailbox_missing:
      case errc::message_missing:
      case errc::extension_missing: return asked == condition::permanent;
      case errc::message_too_large:
        return asked == condition::permanent || asked == condition::limit_exceeded;
      case errc::auth_refused:
      case errc::auth_unavailable: return asked == condition::auth || asked == condition::permanent;
      case errc::auth_refused_for_now: return asked == condition::auth || asked == condition::transient;
      case errc::starttls_unavailable: return asked == condition::tls || asked == condition::permanent;
      case errc::injected_plaintext: return asked == condition::tls || asked == condition::protocol;
      case errc::uid_validity_changed:
      case errc::outcome_unknown: return false;  // what to do depends on the caller
    }
    return false;
  }
};

}  // namespace

const std::error_category& imap_category() noexcept {
  static const imap_category_type category;
  return category;
}

}  // namespace tidewire::imap
