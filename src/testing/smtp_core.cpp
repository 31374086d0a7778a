#include "smtp_core.hpp"

#include <tidewire/smtp/server.hpp>

#include <algorithm>
#include <utility>

#include "smtp_gate.hpp"
#include "smtp_handler.hpp"

namespace tidewire::testing::detail {
namespace {

core_options core_of(const smtp_server_options& options) {
  return {options.tls, options.certificate, options.client_certificates, options.authority};
}

// The lines of a session, for the log.
class logging_transcript final : public smtp::transcript {
 public:
  logging_transcript(server_core& core, const connection& on) : core_(core), number_(on.number()) {}
  void sent(std::string_view line) override { core_.note(number_, speaker::server, line); }
  void received(std::string_view line) override { core_.note(number_, speaker::client, line); }

 private:
  server_core& core_;
  std::size_t number_;
};

}  // namespace

smtp_core::smtp_core(const smtp_server_options& options)
    : server_core(core_of(options)), options_(options), name_(options.name), mechanisms_(options.mechanisms) {
  if (options.client_certificates) mechanisms_ += mechanisms_.empty() ? "EXTERNAL" : " EXTERNAL";
  options_.name = name_;
  options_.mechanisms = mechanisms_;
  options_.authority = nullptr;
}

task<> smtp_core::serve(stream peer, connection& on) {
  smtp_handler handler(*this);
  smtp_gate gate(*this, on);
  logging_transcript transcript(*this, on);
  smtp::server_options how;
  how.protocol = options_.protocol;
  how.name = options_.name;
  how.max_size = options_.max_size;
  how.max_recipients = options_.max_recipients;
  how.max_messages = options_.max_messages;
  how.pipelining = options_.pipelining;
  how.chunking = options_.chunking;
  how.smtputf8 = options_.smtputf8;
  how.eight_bit_mime = options_.eight_bit_mime;
  how.dsn = options_.dsn;
  how.auth = options_.mechanisms;
  how.auth_needs_tls = options_.auth_needs_tls && options_.tls != tls_mode::none;
  how.require_auth = options_.require_auth;
  how.require_starttls = options_.require_starttls;
  how.tls = tls();
  how.implicit_tls = options_.tls == tls_mode::implicit;
  how.transcript = &transcript;
  how.gate = &gate;
  co_await smtp::serve_session(std::move(peer), handler, how);
}

void smtp_core::on_message(std::function<void(const received_message&)> call) {
  const std::lock_guard guard(lock());
  call_ = std::move(call);
}

void smtp_core::keep(received_message message) {
  std::function<void(const received_message&)> call;
  {
    const std::lock_guard guard(lock());
    messages_.push_back(message);
    call = call_;
  }
  if (call) call(message);
  changed();
}

}  // namespace tidewire::testing::detail
