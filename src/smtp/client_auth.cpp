// AUTH (RFC 4954): the mechanisms are of `crypto`, the lines are here.
#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "client_session.hpp"

namespace tidewire::smtp::detail {
namespace {

// Of a command line with its CRLF: RFC 5321 section 4.5.3.1.4. Longer responses go behind an empty challenge.
constexpr std::size_t longest_command = 512;

constexpr const char* doing = "sign in by SMTP";

// base64 of a secret, to be wiped.
secret encoded(const secret& message) {
  return secret::take(base64::encode(message.reveal_bytes()));
}

secret line_of(std::string_view text) {
  secret line(text);
  line.append("\r\n");
  return line;
}

// Why the server did not let us in: for good, or for now?
failure refusal(const reply& answer, const crypto::sasl_client& sasl) {
  failure why(make_error_code(answer.transient() ? errc::auth_refused_for_now : errc::auth_refused));
  why.because(std::string(sasl.mechanism()) + ": " + answer.to_string().substr(0, 9));
  std::string said = answer.text;
  if (!sasl.server_error().empty()) said.append(": ").append(sasl.server_error());
  return why.peer_said(said);
}

// Codes by which a server says that the mechanism is the trouble, and not who comes with it.
bool is_about_mechanism(std::uint16_t code) {
  return code == 504 || code == 534 || code == 538;
}

}  // namespace

// A line with credentials, and the reply to it; neither shows in a transcript.
task<reply> client_session::exchange_secret(secret line, std::string shown) {
  require_quiet();
  if (options_.transcript != nullptr) options_.transcript->sent(shown);
  co_await peer_.write(line.reveal_bytes());
  hide_challenges_ = true;
  reply answer = co_await read_reply();
  hide_challenges_ = false;
  co_return answer;
}

task<> client_session::login(crypto::sasl_credentials credentials) {
  operation begun(*this);
  credentials.encrypted(secure_ || options_.security == security::plaintext_dangerous);
  if (!binding_.empty()) credentials.bind({binding_name_, binding_});
  if (!host_.empty()) credentials.server(host_, options_.port);
  std::vector<std::string_view> offered(server_.auth.begin(), server_.auth.end());
  std::optional<failure> refused;
  for (;;) {
    auto sasl = crypto::sasl_client::strongest(offered, credentials);
    if (!sasl) {
      begun.in_step();
      if (refused) fail(*refused, doing);
      const bool nothing_fits = sasl.code() == make_error_code(crypto::errc::no_common_mechanism);
      if (!nothing_fits) fail(sasl.error(), doing);
      fail(failure(make_error_code(errc::auth_unavailable), std::string(sasl.error().detail())), doing);
    }
    const reply answer = co_await converse(*sasl);
    if (answer.positive()) {
      // A server that does not prove that it knows the password is not the one that was meant.
      if (const auto sure = sasl->finish(); !sure) fail(sure.error(), doing);
      begun.in_step();
      co_return;
    }
    refused = refusal(answer, *sasl);
    if (answer.code == 421) fail(answer.to_failure(), doing);
    if (!is_about_mechanism(answer.code)) {
      begun.in_step();
      fail(*refused, doing);
    }
    std::erase(offered, sasl->mechanism());
  }
}

// The whole exchange of one mechanism: gives the reply that ends it.
task<reply> client_session::converse(crypto::sasl_client& sasl) {
  const std::string command = "AUTH " + std::string(sasl.mechanism());
  secret line(command);
  std::string shown = command;
  secret waiting;  // a first response that was too long to go along
  bool has_waiting = false;
  if (sasl.sends_first()) {
    auto first = sasl.first();
    if (!first) fail(first.error(), doing);
    const secret text = encoded(*first);
    if (command.size() + text.size() + 3 <= longest_command) {
      line.append(" ").append(text.empty() ? std::string_view("=") : text.reveal());
      shown += " ***";
    } else {
      waiting = text;
      has_waiting = true;
    }
  }
  line.append("\r\n");
  for (;;) {
    reply answer = co_await exchange_secret(std::move(line), shown);
    if (answer.code != 334) {
      if (answer.positive() || answer.transient() || answer.permanent()) co_return answer;
      fail(answer.to_failure(), doing);
    }
    shown = "***";
    if (std::exchange(has_waiting, false)) {
      line = line_of(waiting.reveal());
      continue;
    }
    failure why = failure(make_error_code(errc::unexpected_reply), "a challenge that is no base64");
    if (auto challenge = base64::decode_text(answer.text)) {
      auto response = sasl.reply(*challenge);
      if (response) {
        line = line_of(encoded(*response).reveal());
        continue;
      }
      why = response.error();
    }
    // What we cannot answer is given up in an orderly way (RFC 4954 section 4).
    const reply canceled = co_await exchange_secret(line_of("*"), "*");
    fail(why.peer_said(canceled.text), doing);
  }
}

}  // namespace tidewire::smtp::detail
