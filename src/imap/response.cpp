#include <tidewire/imap/error.hpp>
#include <tidewire/imap/response.hpp>

namespace tidewire::imap {
namespace {

std::string_view name_of(status_kind kind) noexcept {
  switch (kind) {
    case status_kind::ok: return "OK";
    case status_kind::no: return "NO";
    case status_kind::bad: return "BAD";
    case status_kind::preauth: return "PREAUTH";
    case status_kind::bye: return "BYE";
  }
  return {};
}

errc cause_of(const status_response& said) noexcept {
  if (said.kind == status_kind::bye) return errc::shutting_down;
  if (said.kind != status_kind::no && said.kind != status_kind::bad) return errc::unexpected_response;
  switch (said.code.what) {
    case code::authentication_failed:
    case code::authorization_failed:
    case code::expired:
    case code::privacy_required: return errc::auth_refused;
    case code::unavailable:
    case code::in_use:
    case code::limit:
    case code::server_bug:
    case code::temp_fail:
    case code::expunge_issued: return errc::refused_for_now;
    case code::nonexistent:
    case code::try_create: return errc::mailbox_missing;
    case code::too_big: return errc::message_too_large;
    default: return said.kind == status_kind::bad ? errc::rejected : errc::refused;
  }
}

}  // namespace

std::string status_response::to_string() const {
  std::string out(name_of(kind));
  if (code.what != code::none) {
    out += " [";
    out += code.name;
    if (!code.text.empty()) out += ' ' + code.text;
    out += ']';
  }
  if (!text.empty()) out += ' ' + text;
  return out;
}

failure status_response::to_failure() const {
  failure why(make_error_code(cause_of(*this)));
  why.because(code.what == code::none ? std::string(name_of(kind))
                                      : std::string(name_of(kind)) + " [" + code.name + ']');
  why.peer_said(text);
  return why;
}

}  // namespace tidewire::imap
