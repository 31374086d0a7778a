#include "smtp_handler.hpp"

#include <utility>

namespace tidewire::testing::detail {
namespace {

smtp::recipient recipient_of(const smtp::command& said) {
  return {said.path, said.rcpt};
}

}  // namespace

task<std::optional<secret>> smtp_handler::password(const smtp::peer_info&, std::string_view user) {
  co_return core_.users().password_of(user);
}

task<bool> smtp_handler::token(const smtp::peer_info&, std::string_view user, const secret& token) {
  co_return core_.users().is_token(user, token);
}

// Whoever has shown a certificate may be any user; nobody else may be somebody else.
task<bool> smtp_handler::act_as(const smtp::peer_info& peer, std::string_view user,
                                std::string_view identity) {
  const bool shown = user.empty() && peer.tls && core_.asks_for_certificates();
  co_return shown&& core_.users().password_of(identity).has_value();
}

task<smtp::reply> smtp_handler::data(const smtp::peer_info&) {
  content_.clear();
  co_return smtp::reply{354, {}, "go on"};
}

task<> smtp_handler::body(const smtp::peer_info&, byte_view piece) {
  content_ += as_text(piece);
  co_return;
}

// With LMTP each recipient is asked for, and gets a copy of his own.
task<smtp::reply> smtp_handler::message(const smtp::peer_info& peer, std::size_t recipient) {
  received_message taken;
  taken.envelope = smtp::envelope(peer.sender.path);
  taken.envelope.parameters() = peer.sender.mail;
  if (core_.is_lmtp()) {
    taken.envelope.to(recipient_of(peer.recipients[recipient]));
  } else {
    for (const smtp::command& one : peer.recipients) taken.envelope.to(recipient_of(one));
  }
  taken.content = content_;
  taken.client = peer.name;
  taken.user = peer.user;
  taken.tls = peer.tls;
  core_.keep(std::move(taken));
  co_return smtp::reply{250, smtp::enhanced_code{2, 0, 0}, "taken"};
}

void smtp_handler::discarded() noexcept {
  content_.clear();
}

}  // namespace tidewire::testing::detail
