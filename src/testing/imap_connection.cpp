#include "imap_connection.hpp"

#include <tidewire/base/base64.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/tls/stream.hpp>

#include <algorithm>
#include <utility>

#include "imap_faults.hpp"
#include "misdeeds.hpp"

namespace tidewire::testing::detail {
namespace {

constexpr duration good_bye_timeout = std::chrono::seconds(1);

imap::session_options session_of(const imap_server_options& options) {
  imap::session_options out;
  out.capabilities = options.capabilities;
  out.mechanisms = options.mechanisms;
  out.login = options.login;
  out.starttls = options.tls == tls_mode::starttls;
  out.sign_in_needs_tls = options.sign_in_needs_tls && options.tls != tls_mode::none;
  out.limits.message = options.max_message;
  return out;
}

bool waits_for_literal(std::string_view output) {
  return output.ends_with("+ go on\r\n");
}

}  // namespace

imap_connection::imap_connection(imap_core& core, connection& on, stream peer)
    : core_(core), on_(on), peer_(std::move(peer)), session_(session_of(core.options())) {
  session_.tell([this](std::string_view line) { log(speaker::client, line); });
}

task<> imap_connection::run() {
  mailbox<int> news(1);
  core_.watch(news.sender());
  const auto both = [&](task_group& group) -> task<> {
    group.spawn(tell_news(news));
    const auto ended = co_await as_result(converse());
    group.cancel();
    ended.value();
  };
  co_await with_group(both);
  if (!peer_.is_open()) co_return;
  peer_.set_write_timeout(good_bye_timeout);
  (void)co_await as_result(peer_.shutdown());
  peer_.close();
}

task<> imap_connection::converse() {
  if (core_.protection() == tls_mode::implicit) co_await begin_tls();
  if (!peer_.is_open()) co_return;
  const bool answered = co_await pass_faults(imap_stage::greeting);
  if (!peer_.is_open()) co_return;
  if (!answered) {
    const std::string_view somebody = core_.options().preauthenticated;
    if (!somebody.empty()) user_ = somebody;
    session_.greet("ready", !somebody.empty());
  }
  co_await send(imap_stage::greeting);
  while (peer_.is_open()) {
    const imap::session_event event = session_.next(peer_.buffered());
    peer_.consume(session_.taken());
    if (waits_for_literal(session_.output())) {
      (void)co_await pass_faults(imap_stage::literal);
      if (!peer_.is_open()) co_return;
      co_await send(imap_stage::literal);
      if (!peer_.is_open()) co_return;
    }
    if (event == imap::session_event::more) {
      co_await send(imap_stage::other);
      if (!peer_.is_open()) co_return;
      const std::size_t came = co_await peer_.fill();
      if (came == 0) co_return;
      continue;
    }
    const bool go_on = co_await handle(event);
    if (!go_on) co_return;
  }
}

// False: the session is over.
task<bool> imap_connection::handle(imap::session_event event) {
  imap_stage at = stage_of(session_.command().name);
  if (event == imap::session_event::idle_done) at = imap_stage::idle_done;
  if (event == imap::session_event::auth_response) at = imap_stage::authenticate;
  if (event == imap::session_event::closed) {
    co_await send(imap_stage::other);
    co_return false;
  }
  const bool answered = co_await pass_faults(at);
  if (!peer_.is_open() || session_.state() == imap::session_state::over) {
    if (peer_.is_open()) co_await send(at);
    co_return false;
  }
  if (!answered) {
    switch (event) {
      case imap::session_event::starttls: co_await starttls(); co_return true;
      case imap::session_event::authenticate: authenticate(true); break;
      case imap::session_event::auth_response: authenticate(false); break;
      case imap::session_event::login: {
        const auto known = core_.users().password_of(args()[0].text());
        if (known && *known == secret(args()[1].text())) {
          sign_in(args()[0].text());
        } else {
          session_.no("not let in", "AUTHENTICATIONFAILED");
        }
        break;
      }
      default: {
        const std::lock_guard guard(core_.lock());
        answered_ = false;
        if (event == imap::session_event::idle) session_.begin_idle();
        if (event == imap::session_event::command) {
          execute();
        } else {
          report_changes(true);
        }
        if (event == imap::session_event::idle_done) session_.ok("no longer idle");
        break;
      }
    }
    core_.changed();
  }
  co_await send(at);
  co_return session_.state() != imap::session_state::over;
}

task<> imap_connection::tell_news(mailbox<int>& news) {
  for (;;) {
    (void)co_await news.receive();
    if (!session_.is_idling()) continue;
    {
      const std::lock_guard guard(core_.lock());
      report_changes(true);
    }
    if (session_.output().empty()) continue;
    // What goes wrong with it must not cut short what the client is being told meanwhile.
    (void)co_await as_result(pass_faults(imap_stage::update));
    if (!peer_.is_open()) co_return;
    (void)co_await as_result(send(imap_stage::update));
  }
}

task<bool> imap_connection::pass_faults(imap_stage at) {
  now_ = core_.faults_at(on_, static_cast<unsigned>(at), {});
  if (now_.empty()) co_return false;
  const std::vector<planned_fault> now = now_;
  co_await misbehave_before(core_, on_, peer_, now);
  if (!peer_.is_open()) co_return true;
  if (at == imap_stage::tls) {
    co_await misbehave_instead_of_tls(core_, on_, peer_, now);
    co_return true;
  }
  for (const planned_fault& one : now) {
    switch (one.what) {
      case misdeed::bye:
        core_.fire(on_, one);
        session_.bye(one.text.empty() ? std::string_view("going down") : std::string_view(one.text));
        co_return true;
      case misdeed::refuse: {
        core_.fire(on_, one);
        const std::size_t blank = one.text.find(' ');
        const std::string_view text = std::string_view(one.text).substr(blank + 1);
        if (ascii::istarts_with(one.text, "NO")) {
          session_.no(text);
        } else {
          session_.bad(text);
        }
        co_return true;
      }
      case misdeed::gone: {
        const std::lock_guard guard(core_.lock());
        if (selected_ == nullptr) break;
        core_.store().of(user_).erase(selected_->name());
        selected_->remove();
        break;
      }
      default: break;
    }
    if (one.what == misdeed::gone && selected_ != nullptr) core_.fire(on_, one);
  }
  co_return false;
}

task<> imap_connection::send(imap_stage) {
  if (session_.output().empty()) co_return;
  const auto guard = co_await writing_.lock();
  const std::vector<planned_fault> now = std::exchange(now_, {});
  const std::string answer = std::exchange(session_.output(), std::string());
  log(speaker::server, answer);
  const std::string altered = alter_answer(core_, on_, answer, now);
  co_await answer_badly(core_, on_, peer_, altered, now);
}

void imap_connection::log(speaker from, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    std::string_view line = lines.substr(0, end);
    if (sasl_ && from == speaker::server && line.starts_with("+ ")) line = "+ ***";
    core_.note(on_.number(), from, line);
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
}

task<> imap_connection::begin_tls() {
  const bool instead = co_await pass_faults(imap_stage::tls);
  if (instead || !peer_.is_open()) co_return;
  tls::stream secured = co_await tls::accept(std::move(peer_), *core_.tls());
  for (const tls::binding kind : {tls::binding::exporter, tls::binding::unique}) {
    binding_ = secured.channel_binding(kind);
    binding_name_ = tls::name_of(kind);
    if (!binding_.empty()) break;
  }
  peer_ = std::move(secured);
  session_.tls_started();
}

task<> imap_connection::starttls() {
  // What is buffered came in plain text, from anybody, to be taken for what came by TLS.
  if (!peer_.buffered().empty()) {
    throw error(failure(make_error_code(imap::errc::injected_plaintext), "bytes behind STARTTLS")
                    .during("serve an IMAP session"));
  }
  session_.ok("begin");
  co_await send(imap_stage::starttls);
  if (peer_.is_open()) co_await begin_tls();
}

void imap_connection::sign_in(std::string user) {
  user_ = std::move(user);
  session_.signed_in();
}

void imap_connection::authenticate(bool first) {
  result<crypto::sasl_step> step = failure(imap::errc::malformed_command);
  const auto decoded = [](const std::string& text) -> result<std::string> {
    if (text == "=") return std::string();  // a response of no bytes
    return base64::decode_text(text);
  };
  if (first) {
    crypto::sasl_server_options options;
    const bool offers_binding = core_.options().mechanisms.find("-PLUS") != std::string_view::npos;
    if (offers_binding && !binding_.empty()) options.binding = {binding_name_, binding_};
    auto made = crypto::sasl_server::make(args()[0].text(), options);
    if (!made) return session_.no("unknown mechanism", "CANNOT");
    sasl_.emplace(std::move(*made));
    if (args().size() == 1) {
      step = sasl_->step(std::nullopt);
    } else if (const auto response = decoded(args()[1].text())) {
      step = sasl_->step(*response);
    }
  } else if (session_.line() == "*") {
    sasl_.reset();
    return session_.bad("as you like");
  } else if (const auto response = decoded(session_.line())) {
    step = sasl_->step(*response);
  }
  bool failed = !step.has_value();
  crypto::sasl_step next;
  if (step) next = std::move(*step);
  while (!failed && next.wants != crypto::sasl_wants::response && next.wants != crypto::sasl_wants::nothing) {
    next = settle(next.wants, failed);
  }
  if (failed) {
    sasl_.reset();
    session_.no("not let in", "AUTHENTICATIONFAILED");
  } else if (next.wants == crypto::sasl_wants::response) {
    session_.challenge(base64::encode(next.data.reveal_bytes()));
  } else {
    std::string who(sasl_->identity().empty() ? sasl_->user() : sasl_->identity());
    sasl_.reset();
    sign_in(std::move(who));
  }
}

// Answers what the mechanism asks for.
crypto::sasl_step imap_connection::settle(crypto::sasl_wants wants, bool& failed) {
  const std::string user(sasl_->user());
  const std::string identity(sasl_->identity());
  const auto given = [&](result<crypto::sasl_step> step) {
    failed = !step.has_value();
    return failed ? crypto::sasl_step() : std::move(*step);
  };
  const std::optional<secret> known = core_.users().password_of(user);
  switch (wants) {
    case crypto::sasl_wants::password: return given(sasl_->give_password(known));
    case crypto::sasl_wants::record: {
      std::optional<crypto::scram_record> record;
      if (known) {
        const bool sha1 = sasl_->mechanism().starts_with("SCRAM-SHA-1");
        auto made = crypto::scram_record::from_password(
            *known, sha1 ? crypto::hash_algorithm::sha1 : crypto::hash_algorithm::sha256);
        if (made) record = std::move(*made);
      }
      return given(sasl_->give_record(record));
    }
    case crypto::sasl_wants::password_check:
      return given(
          sasl_->decide(known && *known == sasl_->password() && (identity.empty() || identity == user)));
    case crypto::sasl_wants::token_check:
      return given(sasl_->decide(core_.users().is_token(user, sasl_->password())));
    case crypto::sasl_wants::identity_check: {
      const bool shown = user.empty() && session_.has_tls() && core_.options().client_certificates;
      return given(sasl_->decide(shown && core_.users().password_of(identity).has_value()));
    }
    case crypto::sasl_wants::response:
    case crypto::sasl_wants::nothing: break;
  }
  failed = true;
  return {};
}

void imap_connection::ok(std::string_view text, std::string_view code) {
  answered_ = true;
  session_.ok(text, code);
}

void imap_connection::no(std::string_view text, std::string_view code) {
  answered_ = true;
  session_.no(text, code);
}

void imap_connection::bad(std::string_view text) {
  answered_ = true;
  session_.bad(text);
}

void imap_connection::execute() {
  const std::string name = session_.command().name;
  const bool by_uid = name.starts_with("UID ");
  const std::string_view verb = by_uid ? std::string_view(name).substr(4) : std::string_view(name);
  if (selected_ != nullptr && selected_->is_gone()) {
    selected_.reset();
    view_.clear();
    session_.select(false);
    return no("the mailbox is gone", "NONEXISTENT");
  }
  if (verb == "SELECT") select(false);
  if (verb == "EXAMINE") select(true);
  if (verb == "CLOSE") unselect(true);
  if (verb == "UNSELECT") unselect(false);
  if (verb == "CREATE") create();
  if (verb == "DELETE") remove();
  if (verb == "RENAME") rename();
  if (verb == "SUBSCRIBE") subscribe(true);
  if (verb == "UNSUBSCRIBE") subscribe(false);
  if (verb == "LIST") list(false);
  if (verb == "LSUB") list(true);
  if (verb == "STATUS") status();
  if (verb == "APPEND") append();
  if (verb == "ENABLE") enable();
  if (verb == "ID") identify();
  if (verb == "NAMESPACE") session_.untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
  if (verb == "FETCH") fetch(by_uid);
  if (verb == "STORE") store(by_uid);
  if (verb == "COPY") copy(by_uid, false);
  if (verb == "MOVE") copy(by_uid, true);
  if (verb == "EXPUNGE") expunge(by_uid && !args().empty() ? &args()[0] : nullptr);
  if (verb == "SEARCH") search(by_uid, false);
  if (verb == "SORT") search(by_uid, true);
  if (is_answered()) return;
  // RFC 9051 section 7.5.1: no message may go while these are under way, as their numbers would change.
  const bool by_number =
      !by_uid && (verb == "FETCH" || verb == "STORE" || verb == "SEARCH" || verb == "SORT");
  report_changes(!by_number);
  ok("done");
}

void imap_connection::report_changes(bool may_expunge) {
  if (selected_ == nullptr || selected_->is_gone()) return;
  std::vector<std::uint32_t> gone;
  for (std::size_t i = 0; may_expunge && i < view_.size();) {
    if (selected_->find(view_[i].uid) != nullptr) {
      ++i;
      continue;
    }
    if (qresync_) {
      gone.push_back(view_[i].uid);
    } else {
      session_.untagged(std::to_string(i + 1) + " EXPUNGE");
    }
    view_.erase(view_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (!gone.empty()) session_.untagged("VANISHED " + imap::sequence_set::of(gone).to_string());
  const std::uint32_t last = view_.empty() ? 0 : view_.back().uid;
  const std::size_t known = view_.size();
  for (const kept_message& one : selected_->messages()) {
    if (one.uid > last) view_.push_back({one.uid, one.modseq});
  }
  if (view_.size() > known) {
    session_.untagged(std::to_string(view_.size()) + " EXISTS");
    if (!rev2_) session_.untagged("0 RECENT");
  }
  for (std::size_t i = 0; i < known; ++i) {
    const kept_message* one = selected_->find(view_[i].uid);
    if (one != nullptr && one->modseq > view_[i].modseq) tell_flags(i, qresync_ || rev2_);
  }
}

}  // namespace tidewire::testing::detail
