// One connection of a server: the protocol in `session`, its bytes, and who decides.
#pragma once

#include <tidewire/crypto/sasl.hpp>
#include <tidewire/smtp/server.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::smtp {

class served {
 public:
  served(stream peer, session_handler& handler, const server_options& options)
      : peer_(std::move(peer)),
        handler_(handler),
        session_(with_starttls(options)),
        tls_(options.tls),
        implicit_tls_(options.implicit_tls),
        offers_binding_(options.auth.find("-PLUS") != std::string_view::npos),
        idle_timeout_(options.idle_timeout),
        address_(peer_.peer_name()),
        transcript_(options.transcript),
        gate_(options.gate) {
    peer_.set_timeout(options.idle_timeout);
    session_.tell(transcript_);
  }

  task<> run();
  // 421, if it can be said.
  task<> dismiss(std::string_view why);
  [[nodiscard]] stream& peer() noexcept { return peer_; }
  [[nodiscard]] session_handler& handler() noexcept { return handler_; }
  [[nodiscard]] bool within_message() const noexcept { return within_message_; }

 private:
  static session_options with_starttls(const server_options& options) {
    session_options out = options;
    out.starttls = options.tls != nullptr && !options.implicit_tls;
    return out;
  }
  task<> flush(const gate_info& at);
  // What the gate says instead of the handler.
  task<std::optional<reply>> pass_gate(const gate_info& at);
  task<> starttls();
  task<> begin_tls();
  // A step of AUTH: the first, or a response.
  task<> authenticate(bool first);
  task<result<crypto::sasl_step>> settle(crypto::sasl_wants wants);
  task<bool> handle(session_event event);
  task<> finish_message();
  // A gate that closed the connection has ended the session.
  void require_open() const;
  [[nodiscard]] peer_info info() const noexcept {
    return {address_,           session_.client_name(), user_,
            session_.has_tls(), session_.sender(),      session_.recipients()};
  }

  stream peer_;
  session_handler& handler_;
  session session_;
  const tls::server_context* tls_;
  bool implicit_tls_;
  bool offers_binding_;
  duration idle_timeout_;
  std::string address_;
  std::string user_;
  std::string recipient_;  // whom the gate is told of
  std::vector<reply> answers_;
  transcript* transcript_;
  session_gate* gate_;
  std::vector<std::byte> binding_;  // of TLS, for SCRAM-...-PLUS
  std::string_view binding_name_;
  std::optional<crypto::sasl_server> sasl_;
  bool within_message_ = false;
};

}  // namespace tidewire::smtp
