#include <tidewire/base/bytes.hpp>
#include <tidewire/testing/mail_host.hpp>

#include <map>
#include <mutex>

namespace tidewire::testing {
namespace {

smtp_server_options with(smtp_server_options options, const crypto::authority& authority) {
  options.authority = &authority;
  return options;
}

imap_server_options with(imap_server_options options, const crypto::authority& authority) {
  options.authority = &authority;
  return options;
}

}  // namespace

struct mail_host::parts {
  parts(const smtp_server_options& how_smtp, const imap_server_options& how_imap)
      : imap(with(how_imap, authority)), smtp(with(how_smtp, authority)) {}

  void deliver(const received_message& message) {
    for (const smtp::recipient& one : message.envelope.recipients()) {
      std::string user;
      {
        const std::lock_guard guard(lock);
        const auto found = users.find(one.to.text());
        if (found == users.end()) continue;
        user = found->second;
      }
      // RFC 5321 section 4.4: who takes a message says whom it is from.
      imap.deliver(user, "Return-Path: <" + message.envelope.from().text() + ">\r\n" + message.content);
    }
  }

  crypto::authority authority;
  imap_server imap;
  smtp_server smtp;  // last, as it delivers to the other
  std::mutex lock;
  std::map<std::string, std::string, ascii::iless> users;  // by their addresses
};

mail_host::mail_host(const smtp_server_options& smtp, const imap_server_options& imap)
    : parts_(std::make_unique<parts>(smtp, imap)) {
  parts_->smtp.on_message([this](const received_message& message) { parts_->deliver(message); });
}

mail_host::~mail_host() = default;

void mail_host::add_user(std::string_view name, std::string_view address, const secret& password) {
  {
    const std::lock_guard guard(parts_->lock);
    parts_->users.insert_or_assign(std::string(address), std::string(name));
  }
  parts_->smtp.add_user(name, password);
  parts_->imap.add_user(name, password);
}

smtp_server& mail_host::smtp() noexcept {
  return parts_->smtp;
}

imap_server& mail_host::imap() noexcept {
  return parts_->imap;
}

const crypto::authority& mail_host::authority() const noexcept {
  return parts_->authority;
}

tls::client_context mail_host::client_tls() const {
  return parts_->smtp.client_tls();
}

void mail_host::start() {
  parts_->smtp.start();
  parts_->imap.start();
}

void mail_host::stop() {
  parts_->smtp.stop();
  parts_->imap.stop();
}

}  // namespace tidewire::testing
