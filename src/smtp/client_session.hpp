// What a client refers to: it stays where it is while the client moves.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/smtp/client.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transaction.hpp"

namespace tidewire::smtp::detail {

class client_session {
 public:
  client_session(stream to, const client_options& options);

  // Greeting, EHLO, and TLS as the options ask for it.
  task<> begin();
  task<> login(crypto::sasl_credentials credentials);
  task<> submit(submission_queue& queue);
  // One line, one reply.
  task<reply> command(std::string line);
  task<> quit();

  [[nodiscard]] bool is_open() const noexcept { return peer_.is_open(); }
  [[nodiscard]] bool is_secure() const noexcept { return secure_; }
  [[nodiscard]] const smtp::capabilities& server() const noexcept { return server_; }
  [[nodiscard]] const reply& greeting() const noexcept { return greeting_; }
  [[nodiscard]] duration opening_timeout() const noexcept { return options_.timeout; }

 private:
  // A message between its first command and its last reply.
  struct active {
    submission* what;
    transaction steps;
    bool chunks;
  };
  class operation;

  task<> hello();
  task<> starttls();
  task<> begin_tls();
  task<reply> converse(crypto::sasl_client& sasl);
  task<reply> exchange(std::string line);
  task<reply> exchange_secret(secret line, std::string shown);
  task<reply> read_reply();
  [[nodiscard]] bool take_reply(reply& into);
  void require_quiet();
  [[nodiscard]] std::optional<active> next_message(submission_queue& queue);
  task<> run(submission_queue& queue, std::optional<active>& current, std::optional<active>& ahead);
  task<> send_body(active& one);
  void append_commands(active& one);
  void end_of_body(active& one, bool last);
  [[noreturn]] void fail(failure why, const char* doing) const;
  void log_sent(std::string_view lines) const;
  void log_message(std::size_t bytes) const;

  stream peer_;
  client_options options_;
  std::string name_;
  std::string host_;
  reply_parser parser_;
  smtp::capabilities server_;
  reply greeting_;
  std::string out_;                 // what leaves with the next write
  std::string body_;                // a chunk, whose size comes before it
  std::vector<std::byte> binding_;  // of TLS, for SCRAM-...-PLUS
  std::string_view binding_name_;
  bool busy_ = false;
  bool hide_challenges_ = false;  // from the transcript
  bool secure_ = false;
};

// Keeps a second operation out, and closes what is left out of step.
class client_session::operation {
 public:
  explicit operation(client_session& of) : of_(of) {
    if (!of_.is_open())
      of_.fail(failure(tidewire::errc::closed, "the session is closed"), "use an SMTP session");
    if (of_.busy_) {
      of_.fail(failure(tidewire::errc::misuse, "another operation is under way"), "use an SMTP session");
    }
    of_.busy_ = true;
  }
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;
  ~operation() {
    of_.busy_ = false;
    if (!in_step_ && of_.is_open()) of_.peer_.close();
  }
  // Both sides know whose turn it is.
  void in_step() noexcept { in_step_ = true; }

 private:
  client_session& of_;
  bool in_step_ = false;
};

}  // namespace tidewire::smtp::detail
