#include <tidewire/core/timeout.hpp>
#include <tidewire/smtp/server.hpp>
#include <tidewire/tls/stream.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "served.hpp"

namespace tidewire::smtp {
namespace {

constexpr std::size_t most_output = 16 * 1024;  // replies that gather before they are sent
constexpr duration good_bye_timeout = std::chrono::seconds(1);

session_stage stage_of(session_event event) {
  switch (event) {
    case session_event::hello: return session_stage::hello;
    case session_event::mail: return session_stage::mail;
    case session_event::rcpt: return session_stage::rcpt;
    case session_event::data: return session_stage::data;
    case session_event::body: return session_stage::content;
    case session_event::message: return session_stage::message;
    case session_event::auth:
    case session_event::auth_response: return session_stage::auth;
    case session_event::starttls: return session_stage::starttls;
    case session_event::quit:
    case session_event::closed: return session_stage::quit;
    case session_event::verify:
    case session_event::discarded:
    case session_event::more: break;
  }
  return session_stage::other;
}

bool wants_answer(session_event event) {
  return event != session_event::body && event != session_event::discarded && event != session_event::quit &&
         event != session_event::closed;
}

reply ok(const char* text) {
  return {250, enhanced_code{2, 0, 0}, text};
}

task<> serve(std::unique_ptr<served> one) {
  std::exception_ptr thrown;
  try {
    co_await one->run();
  } catch (...) {
    thrown = std::current_exception();
  }
  if (one->within_message()) one->handler().discarded();
  if (thrown && one->peer().is_open()) {
    const auto bounded = [](served& self) -> task<> {
      (void)co_await as_result(with_timeout(good_bye_timeout, self.dismiss("the session ends here")));
    };
    co_await shield(bounded(*one));
  }
  if (!thrown && one->peer().is_open()) {
    // The end of a session of TLS is said; that it cannot be is no error any more.
    one->peer().set_write_timeout(good_bye_timeout);
    (void)co_await as_result(one->peer().shutdown());
  }
  if (one->peer().is_open()) one->peer().close();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

task<> served::flush(const gate_info& at) {
  if (session_.output().empty()) co_return;
  if (transcript_ != nullptr) {
    std::string_view rest = session_.output();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find("\r\n"), rest.size());
      const bool challenge = rest.starts_with("334 ");
      transcript_->sent(challenge ? "334 ***" : rest.substr(0, end));
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
  }
  if (gate_ == nullptr) {
    co_await peer_.write(session_.output());
    session_.output().clear();
    co_return;
  }
  const std::string answer = std::exchange(session_.output(), std::string());
  co_await gate_->answer(at, peer_, answer);
  require_open();
}

task<std::optional<reply>> served::pass_gate(const gate_info& at) {
  if (gate_ == nullptr) co_return std::nullopt;
  std::optional<reply> instead = co_await gate_->reached(at, peer_);
  require_open();
  co_return instead;
}

void served::require_open() const {
  if (peer_.is_open()) return;
  throw error(failure(tidewire::errc::closed, "by the gate").during("serve an SMTP session").with(address_));
}

task<> served::begin_tls() {
  co_await pass_gate({.where = session_stage::tls});
  tls::server_options options;
  options.timeout = idle_timeout_;
  tls::stream secured = co_await tls::accept(std::move(peer_), *tls_, options);
  for (const tls::binding kind : {tls::binding::exporter, tls::binding::unique}) {
    binding_ = secured.channel_binding(kind);
    binding_name_ = tls::name_of(kind);
    if (!binding_.empty()) break;
  }
  peer_ = std::move(secured);
  peer_.set_timeout(idle_timeout_);
  user_.clear();
  session_.tls_started();
}

task<> served::starttls() {
  peer_.consume(session_.taken());
  // What is buffered came in plain text, from anybody, to be taken for what came by TLS.
  if (!peer_.buffered().empty()) {
    throw error(failure(make_error_code(errc::injected_plaintext), "bytes behind STARTTLS")
                    .during("serve an SMTP session")
                    .with(address_));
  }
  session_.respond({220, enhanced_code{2, 0, 0}, "begin"});
  co_await flush({.where = session_stage::starttls});
  co_await begin_tls();
}

task<> served::run() {
  if (implicit_tls_ && tls_ != nullptr) co_await begin_tls();
  std::optional<reply> greeting = co_await pass_gate({.where = session_stage::greeting});
  if (!greeting) greeting = co_await handler_.connected(info());
  session_.greet(*greeting);
  if (gate_ != nullptr) co_await flush({.where = session_stage::greeting});
  for (;;) {
    const session_event event = session_.next(peer_.buffered());
    bool go_on = true;
    if (event == session_event::more) {
      peer_.consume(session_.taken());
      co_await flush({.where = session_stage::other});
      const std::size_t came = co_await peer_.fill();
      if (came == 0) co_return;
    } else {
      go_on = co_await handle(event);
    }
    if (!go_on) {
      co_await flush({.where = session_stage::quit});
      co_return;
    }
    if (gate_ != nullptr || session_.output().size() > most_output) {
      const gate_info at{stage_of(event), recipient_, 0};
      co_await flush(at);
    }
  }
}

// False: the session is over.
task<bool> served::handle(session_event event) {
  const peer_info who = info();
  reply answer;
  // What the event shows is in the bytes that are consumed when it was dealt with.
  if (gate_ != nullptr && event != session_event::more && event != session_event::message) {
    recipient_ = event == session_event::rcpt ? session_.last_command().path.text() : std::string();
    const gate_info at{stage_of(event), recipient_, session_.body().size()};
    const std::optional<reply> instead = co_await pass_gate(at);
    if (instead && wants_answer(event)) {
      peer_.consume(session_.taken());
      session_.respond(*instead);
      co_return true;
    }
  }
  switch (event) {
    case session_event::hello: answer = co_await handler_.hello(who, session_.last_command()); break;
    case session_event::mail: answer = co_await handler_.mail(who, session_.last_command()); break;
    case session_event::rcpt: answer = co_await handler_.rcpt(who, session_.last_command()); break;
    case session_event::data:
      answer = co_await handler_.data(who);
      within_message_ = answer.intermediate();
      break;
    case session_event::body:
      co_await handler_.body(who, session_.body());
      peer_.consume(session_.taken());
      co_return true;
    case session_event::message:
      peer_.consume(session_.taken());
      co_await finish_message();
      co_return true;
    case session_event::discarded:
      within_message_ = false;
      handler_.discarded();
      peer_.consume(session_.taken());
      co_return true;
    case session_event::verify:
      answer = co_await handler_.verify(who, session_.last_command().argument);
      break;
    case session_event::quit:
    case session_event::closed: peer_.consume(session_.taken()); co_return false;
    case session_event::more: co_return true;
    case session_event::starttls: co_await starttls(); co_return true;
    case session_event::auth: co_await authenticate(true); co_return true;
    case session_event::auth_response: co_await authenticate(false); co_return true;
  }
  peer_.consume(session_.taken());
  session_.respond(answer);
  co_return true;
}

task<> served::finish_message() {
  answers_.clear();
  const std::size_t count = std::max<std::size_t>(session_.recipients().size(), 1);
  for (std::size_t i = 0; i < count; ++i) {
    const bool has_recipient = session_.is_lmtp() && i < session_.recipients().size();
    recipient_ = has_recipient ? session_.recipients()[i].path.text() : std::string();
    std::optional<reply> answer = co_await pass_gate({session_stage::message, recipient_, 0});
    if (!answer) answer = co_await handler_.message(info(), i);
    answers_.push_back(std::move(*answer));
    if (session_.is_lmtp()) continue;
    break;
  }
  within_message_ = false;
  session_.respond(answers_);
}

task<> served::dismiss(std::string_view why) {
  session_.shut_down({421, enhanced_code{4, 3, 2}, std::string(why)});
  co_await flush({.where = session_stage::quit});
}

session_gate::~session_gate() = default;

task<std::optional<reply>> session_gate::reached(const gate_info&, stream&) {
  co_return std::nullopt;
}
task<> session_gate::answer(const gate_info&, stream& peer, std::string_view bytes) {
  co_await peer.write(bytes);
}

session_handler::~session_handler() = default;

task<reply> session_handler::connected(const peer_info&) {
  co_return reply{220, {}, "ready"};
}
task<reply> session_handler::hello(const peer_info&, const command&) {
  co_return reply{250, {}, ""};
}
task<std::optional<secret>> session_handler::password(const peer_info&, std::string_view) {
  co_return std::nullopt;
}
task<bool> session_handler::token(const peer_info&, std::string_view, const secret&) {
  co_return false;
}
task<bool> session_handler::act_as(const peer_info&, std::string_view, std::string_view) {
  co_return false;
}
task<reply> session_handler::mail(const peer_info&, const command&) {
  co_return reply{250, enhanced_code{2, 1, 0}, "sender ok"};
}
task<reply> session_handler::rcpt(const peer_info&, const command&) {
  co_return reply{250, enhanced_code{2, 1, 5}, "recipient ok"};
}
task<reply> session_handler::data(const peer_info&) {
  co_return reply{354, {}, "go on; end with a dot on a line of its own"};
}
task<> session_handler::body(const peer_info&, byte_view) {
  co_return;
}
task<reply> session_handler::message(const peer_info&, std::size_t) {
  co_return ok("taken");
}
void session_handler::discarded() noexcept {}
task<reply> session_handler::verify(const peer_info&, std::string_view) {
  co_return reply{252, enhanced_code{2, 5, 0}, "send mail and see"};
}

task<> serve_session(stream peer, session_handler& handler, server_options options) {
  return serve(std::make_unique<served>(std::move(peer), handler, options));
}

}  // namespace tidewire::smtp
