// LOGIN and AUTHENTICATE (RFC 9051 section 6.2): the mechanisms are of `crypto`, the lines are here.
#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "client_session.hpp"
#include "session_parts.hpp"

namespace tidewire::imap::detail {
namespace {

constexpr const char* doing = "sign in by IMAP";

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
failure refusal(const status_response& answer, const crypto::sasl_client& sasl) {
  const bool for_now = answer.to_failure() == condition::transient;
  failure why(make_error_code(for_now ? errc::auth_refused_for_now : errc::auth_refused));
  why.because(std::string(sasl.mechanism()) + (answer.kind == status_kind::bad ? ": BAD" : ": NO"));
  std::string said = answer.to_string();
  if (!sasl.server_error().empty()) said.append(": ").append(sasl.server_error());
  return why.peer_said(said);
}

// Is the mechanism the trouble, and not who comes with it?
bool is_about_mechanism(const status_response& answer) {
  return answer.kind == status_kind::bad || answer.code.what == code::cannot ||
         answer.code.what == code::privacy_required;
}

}  // namespace

task<> client_session::ask_secretly(pending& mine, secret line, std::string_view shown) {
  if (options_.transcript != nullptr) options_.transcript->sent(shown);
  mine.challenge_.reset();
  challenged_ = &mine;
  hide_challenges_ = true;
  co_await peer_->write(line.reveal_bytes());
  co_await read_until(mine, was_answered);
  hide_challenges_ = false;
}

task<> client_session::login(crypto::sasl_credentials credentials) {
  std::optional<failure> failed;
  try {
    const mutex_guard turn = co_await turn_to_send(command_kind::alone);
    co_await sign_in(credentials);
    credentials_.emplace(std::move(credentials));
    provide_ = nullptr;
    co_return;
  } catch (const error& e) {
    failed = e.failure();
  }
  fail(*failed, doing);
}

task<> client_session::login(std::string user, token_provider provide) {
  std::optional<failure> failed;
  try {
    const mutex_guard turn = co_await turn_to_send(command_kind::alone);
    co_await sign_in(user, provide);
    user_ = std::move(user);
    provide_ = std::move(provide);
    credentials_.reset();
    co_return;
  } catch (const error& e) {
    failed = e.failure();
  }
  fail(*failed, doing);
}

task<> client_session::sign_in_again() {
  if (credentials_) {
    co_await sign_in(*credentials_);
  } else if (provide_) {
    co_await sign_in(user_, provide_);
  }
}

task<> client_session::sign_in(const std::string& user, const token_provider& provide) {
  for (const bool again : {false, true}) {
    secret token = co_await provide(again);
    auto credentials = crypto::sasl_credentials::bearer(user, std::move(token));
    const auto done = co_await as_result(sign_in(std::move(credentials)));
    if (done) co_return;
    if (again || done.code() != make_error_code(errc::auth_refused)) throw error(done.error());
  }
}

task<> client_session::sign_in(crypto::sasl_credentials credentials) {
  if (authenticated_) fail(failure(tidewire::errc::misuse, "somebody is signed in already"), doing);
  credentials.encrypted(secure_ || options_.security == security::plaintext_dangerous);
  if (!binding_.empty()) credentials.bind({binding_name_, binding_});
  if (!host_.empty()) credentials.server(host_, options_.port);
  const std::vector<std::string> mechanisms = server_.auth;
  std::vector<std::string_view> offered(mechanisms.begin(), mechanisms.end());
  knows_server_ = false;
  std::optional<failure> refused;
  for (;;) {
    auto sasl = crypto::sasl_client::strongest(offered, credentials);
    const bool by_mechanism = sasl.has_value();
    if (!by_mechanism) {
      if (sasl.code() != make_error_code(crypto::errc::no_common_mechanism)) fail(sasl.error(), doing);
      const failure none(make_error_code(errc::auth_unavailable), std::string(sasl.error().detail()));
      // LOGIN is the same as PLAIN, for servers that know of no mechanisms.
      const std::string_view plain[] = {"PLAIN"};
      sasl = crypto::sasl_client::strongest(plain, credentials);
      if (refused || server_.login_disabled || !sasl) fail(refused ? *refused : none, doing);
    }
    status_response answer;
    if (by_mechanism) {
      answer = co_await authenticate(*sasl);
    } else {
      answer = co_await log_in_plainly(*sasl);
    }
    if (answer.is_ok()) {
      // A server that does not prove that it knows the password is not the one that was meant.
      if (const auto sure = sasl->finish(); by_mechanism && !sure) {
        break_off(sure.error());
        fail(sure.error(), doing);
      }
      break;
    }
    refused = refusal(answer, *sasl);
    if (!by_mechanism || !is_about_mechanism(answer)) fail(*refused, doing);
    std::erase(offered, sasl->mechanism());
  }
  authenticated_ = true;
  if (!knows_server_) co_await ask_capabilities();
}

// The whole exchange of one mechanism: gives the status that ends it.
task<status_response> client_session::authenticate(crypto::sasl_client& sasl) {
  command what = commands::authenticate(sasl.mechanism());
  secret waiting;  // a first response that may not go along
  bool has_waiting = false;
  if (sasl.sends_first()) {
    auto first = sasl.first();
    if (!first) fail(first.error(), doing);
    const secret text = encoded(*first);
    if (server_.sasl_ir) {
      what = commands::authenticate(sasl.mechanism(), text.empty() ? secret("=") : text);
    } else {
      waiting = text;
      has_waiting = true;
    }
  }
  plain_command plain(command_kind::alone);
  pending& mine = plain;
  mine.tag_ = "a" + std::to_string(next_tag_++);
  const result<encoded_command> wire = what.encode(mine.tag_, wire_);
  if (!wire) fail(wire.error(), doing);
  const under_way registered(*this, mine);
  mine.sent_ = true;
  std::string_view shown = wire->shown();
  if (shown.ends_with("\r\n")) shown.remove_suffix(2);
  co_await ask_secretly(mine, secret(wire->segments().front().bytes), shown);
  while (!mine.end_) {
    const std::string text = std::move(mine.challenge_->text);
    if (std::exchange(has_waiting, false)) {
      co_await ask_secretly(mine, line_of(waiting.reveal()), "***");
      continue;
    }
    failure why(make_error_code(errc::unexpected_response), "a challenge that is no base64");
    if (const auto challenge = base64::decode_text(text)) {
      const auto response = sasl.reply(*challenge);
      if (response) {
        co_await ask_secretly(mine, line_of(encoded(*response).reveal()), "***");
        continue;
      }
      why = response.error();
    }
    // What we cannot answer is given up in an orderly way (RFC 9051 section 6.2.2).
    co_await ask_secretly(mine, line_of("*"), "*");
    if (mine.end_) fail(why.peer_said(mine.end_->text), doing);
    fail(why, doing);
  }
  co_return *mine.end_;
}

// The message of PLAIN is: whom to act as, NUL, who, NUL, the password (RFC 4616).
task<status_response> client_session::log_in_plainly(crypto::sasl_client& plain) {
  const auto message = plain.first();
  if (!message) fail(message.error(), doing);
  std::string_view rest = message->reveal();
  rest.remove_prefix(std::min(rest.find('\0') + 1, rest.size()));
  const std::string_view user = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(user.size() + 1, rest.size()));
  const command what = commands::login(user, secret(rest));
  plain_command mine(command_kind::alone);
  co_return co_await exchange(mine, what, doing);
}

}  // namespace tidewire::imap::detail
