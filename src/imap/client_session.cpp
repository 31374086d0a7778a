#include "client_session.hpp"

#include <tidewire/core/executor.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/imap/compress.hpp>
#include <tidewire/tls/stream.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include "session_parts.hpp"

namespace tidewire::imap::detail {
namespace {

constexpr duration good_bye_timeout = std::chrono::seconds(2);
// Of IDLE that ends because another command comes.
constexpr duration idle_end_timeout = std::chrono::seconds(30);
// A message that is larger waits for the server's word, whatever it offers: a refusal should not cost so
// much.
constexpr std::uint64_t large_upload = 64 * 1024;

}  // namespace

task<> pending::body(byte_view) {
  co_return;
}

task<> pending::work() {
  co_return;
}

client_session::client_session(connector connect, const client_options& options, bool can_reconnect)
    : connect_(std::move(connect)),
      options_(options),
      host_(options.host),
      can_reconnect_(can_reconnect),
      reader_(options.limits) {
  options_.host = {};
}

client_session::~client_session() = default;

failure client_session::named(const failure& why, std::string_view doing) const {
  failure out(why.code());
  if (!why.detail().empty()) out.because(why.detail());
  if (!why.peer_text().empty()) out.peer_said(why.peer_text());
  return out.during(std::string(doing) + " at")
      .with(peer_name_.empty() ? why.peer() : std::string_view(peer_name_));
}

void client_session::fail(const failure& why, std::string_view doing) const {
  throw error(named(why, doing));
}

void client_session::require(bool offered, std::string_view extension, std::string_view doing) const {
  if (offered) return;
  fail(failure(make_error_code(errc::extension_missing), "the server has no " + std::string(extension)),
       doing);
}

std::string client_session::in_mailbox(std::string_view doing) const {
  if (!selected_) return std::string(doing);
  return std::string(doing) + " in " + selected_->name;
}

// The transcript.

void client_session::log_sent(std::string_view shown) const {
  if (options_.transcript == nullptr) return;
  while (!shown.empty()) {
    const std::size_t end = std::min(shown.find("\r\n"), shown.size());
    options_.transcript->sent(shown.substr(0, end));
    shown.remove_prefix(std::min(end + 2, shown.size()));
  }
}

void client_session::log_received(byte_view bytes, const read_step& step) {
  if (options_.transcript == nullptr) return;
  if (step.event == reader_event::body_data) return;
  received_ += as_text(bytes.first(step.consumed));
  if (step.event == reader_event::body_end) {
    received_ += "(" + std::to_string(reader_.body().size) + " bytes of a message)";
  }
  if (step.event != reader_event::complete) return;
  std::string_view rest = received_;
  if (hide_challenges_ && rest.starts_with("+ ") && rest != "+ \r\n") rest = "+ ***\r\n";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    options_.transcript->received(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  received_.clear();
}

// Commands under way.

class client_session::idle_command final : public pending {
 public:
  idle_command() noexcept : pending(command_kind::alone) {}
};

void client_session::remove(const pending& mine) noexcept {
  std::erase(pending_, &mine);
  if (challenged_ == &mine) challenged_ = nullptr;
  if (body_for_ == &mine) body_for_ = nullptr;
  if (reading_ == &mine) pass_on_reading(mine);
  ended_.set();
}

void client_session::pass_on_reading(const pending& mine) noexcept {
  reading_ = nullptr;
  // Whichever of them comes first: some may be writing.
  for (pending* one : pending_) {
    if (one != &mine) one->wake_.set();
  }
}

void client_session::break_off(failure why) noexcept {
  if (broken_) return;
  broken_ = std::move(why);
  if (peer_ && peer_->is_open()) peer_->close();
  for (pending* one : pending_) one->wake_.set();
  ended_.set();
  interrupted_.set();
}

bool client_session::may_join(command_kind kind) const noexcept {
  return std::ranges::none_of(pending_, [kind](const pending* one) {
    const bool alone = kind == command_kind::alone || one->kind() == command_kind::alone;
    return alone || (kind == one->kind() && kind != command_kind::plain);
  });
}

task<mutex_guard> client_session::turn_to_send(command_kind kind) {
  mutex_guard turn = co_await sending_.lock();
  for (;;) {
    if (!is_open()) {
      failure closed(tidewire::errc::closed, "the session is closed");
      if (broken_) closed.because("the session is closed: " + broken_->message());
      throw error(closed);
    }
    if (idling_ != nullptr) {
      co_await with_timeout(idle_end_timeout, stop_idle());
      continue;
    }
    if (may_join(kind)) break;
    ended_.reset();
    co_await ended_.wait();
  }
  co_return turn;
}

task<status_response> client_session::run(pending& mine, command what, std::string doing,
                                          std::vector<upload>* uploads) {
  std::optional<failure> failed;
  try {
    mutex_guard turn = co_await turn_to_send(mine.kind());
    co_return co_await exchange(mine, std::move(what), doing, uploads, &turn);
  } catch (const error& e) {
    failed = named(e.failure(), doing);
  }
  throw error(*failed);
}

task<status_response> client_session::succeed(pending& mine, command what, std::string doing,
                                              std::vector<upload>* uploads) {
  status_response end = co_await run(mine, std::move(what), doing, uploads);
  if (!end.is_ok()) fail(end.to_failure(), doing);
  co_return end;
}

task<status_response> client_session::exchange(pending& mine, command what, std::string doing,
                                               std::vector<upload>* uploads, mutex_guard* turn) {
  wire_options how = wire_;
  if (uploads != nullptr) {
    const bool large =
        std::ranges::any_of(*uploads, [](const upload& one) { return one.size() > large_upload; });
    if (large) how.literal_plus = false;
  }
  mine.tag_ = "a" + std::to_string(next_tag_++);
  const result<encoded_command> wire = what.encode(mine.tag_, how);
  if (!wire) fail(wire.error(), doing);
  take_early();
  const under_way registered(*this, mine);
  log_sent(wire->shown());
  std::optional<failure> failed;
  try {
    if (broken_) throw error(*broken_);
    co_await write_segments(mine, *wire, uploads);
    if (turn != nullptr) turn->unlock();
    co_await read_until(mine, has_ended);
  } catch (const error& e) {
    const bool canceled = e.code() == condition::canceled;
    failed = broken_ && !canceled ? *broken_ : e.failure();
  }
  if (failed) throw error(named(*failed, doing));
  co_return *mine.end_;
}

task<status_response> client_session::exchange_well(pending& mine, command what, std::string doing) {
  status_response end = co_await exchange(mine, std::move(what), doing);
  if (!end.is_ok()) fail(end.to_failure(), doing);
  co_return end;
}

task<> client_session::write_segments(pending& mine, const encoded_command& wire,
                                      std::vector<upload>* uploads) {
  std::size_t next_upload = 0;
  for (const segment& part : wire.segments()) {
    // Another task may read the answer before this one goes on.
    if (part.wait) {
      mine.challenge_.reset();
      challenged_ = &mine;
    }
    if (&part == &wire.segments().back()) mine.sent_ = true;
    co_await peer_->write(part.bytes);
    if (part.wait) {
      co_await read_until(mine, was_answered);
      challenged_ = nullptr;
      if (mine.end_) co_return;  // it was refused: the rest must not be sent
    }
    if (part.source && uploads != nullptr) co_await write_upload((*uploads)[next_upload++]);
  }
}

task<> client_session::write_upload(upload& one) {
  std::uint64_t left = one.size();
  if (options_.transcript != nullptr) {
    options_.transcript->sent("(" + std::to_string(left) + " bytes of a message)");
  }
  for (;;) {
    const byte_view piece = co_await one.next();
    if (piece.size() > left || (piece.empty() && left > 0)) {
      throw error(tidewire::errc::misuse, "the message has not as many bytes as were announced");
    }
    if (piece.empty()) co_return;
    left -= piece.size();
    co_await peer_->write(piece);
  }
}

// Reading.

task<> client_session::read_until(pending& mine, bool (*holds)(const pending& mine)) {
  // Whoever stops reading lets another go on, whether it ends well or not.
  struct reader_role {
    client_session& of;
    pending& mine;
    ~reader_role() {
      if (of.reading_ == &mine) of.pass_on_reading(mine);
    }
  } const role{*this, mine};
  read_step step;
  while (!holds(mine)) {
    if (broken_) throw error(*broken_);
    if (reading_ == nullptr) reading_ = &mine;
    if (reading_ != &mine) {
      mine.wake_.reset();
      co_await mine.wake_.wait();
      continue;
    }
    switch (advance(&mine, step)) {
      case progress::event:
        while (mine.has_work()) co_await mine.work();
        break;
      case progress::needs_more: co_await fill(); break;
      case progress::body_piece:
        if (body_for_ == &mine) co_await mine.body(step.data);
        if (!broken_) peer_->consume(step.consumed);
        break;
      case progress::handed_over: break;
    }
  }
}

task<> client_session::fill() {
  std::optional<failure> failed;
  try {
    if (co_await peer_->fill() > 0) co_return;
    failed = failure(tidewire::errc::end_of_stream, reader_.within() ? "in the middle of a response" : "");
  } catch (const error& e) {
    if (e.code() == condition::canceled) throw;  // nothing is lost by that
    failed = e.failure();
  }
  break_off(*failed);
  throw error(*broken_);
}

// What came before a command leaves is no answer to it.
void client_session::take_early() {
  if (!pending_.empty()) return;
  read_step step;
  while (!broken_ && !peer_->buffered().empty()) {
    const progress got = advance(nullptr, step);
    if (got == progress::needs_more) return;
    if (got == progress::body_piece) peer_->consume(step.consumed);
  }
}

client_session::progress client_session::advance(const pending* mine, read_step& step) {
  // What has to be awaited is awaited by the task that it is for.
  if (in_body_ && body_for_ != nullptr && body_for_ != mine) {
    reading_ = body_for_;
    body_for_->wake_.set();
    return progress::handed_over;
  }
  const byte_view bytes = peer_->buffered();
  const result<read_step> read = reader_.read(bytes);
  if (!read) {
    break_off(read.error());
    return progress::event;
  }
  step = *read;
  log_received(bytes, step);
  if (step.event == reader_event::body_data) return progress::body_piece;
  peer_->consume(step.consumed);
  switch (step.event) {
    case reader_event::none: return progress::needs_more;
    case reader_event::complete: {
      response what = reader_.take();
      if (auto* status = std::get_if<status_response>(&what)) {
        route(std::move(*status));
      } else {
        route(std::move(what));
      }
      break;
    }
    case reader_event::body_begin: {
      in_body_ = true;
      const auto owner =
          std::ranges::find_if(pending_, [&](pending* one) { return one->wants(reader_.body()); });
      body_for_ = owner != pending_.end() ? *owner : nullptr;
      break;
    }
    case reader_event::body_end:
      in_body_ = false;
      body_for_ = nullptr;
      break;
    case reader_event::body_data: break;
  }
  return progress::event;
}

void client_session::route(response what) {
  if (auto* challenge = std::get_if<continuation>(&what)) {
    if (challenged_ == nullptr) {
      break_off(failure(make_error_code(errc::unexpected_response), "a continuation that nothing waits for"));
      return;
    }
    challenged_->challenge_ = std::move(*challenge);
    std::exchange(challenged_, nullptr)->wake_.set();
    return;
  }
  note(what);
  for (pending* one : pending_) {
    if (!one->take(what)) continue;
    // What it makes of that it does itself, before more is read.
    if (one->has_work() && reading_ != one) {
      reading_ = one;
      one->wake_.set();
    }
    return;
  }
  tell(what);
}

void client_session::route(status_response what) {
  note_code(what.code);
  if (!what.is_tagged()) {
    if (what.kind == status_kind::bye) {
      if (!leaving_) break_off(what.to_failure());
      return;
    }
    response untagged(std::move(what));
    for (pending* one : pending_) {
      if (one->take(untagged)) return;
    }
    tell(untagged);
    return;
  }
  const auto ended = std::ranges::find(pending_, what.tag, &pending::tag_);
  if (ended == pending_.end() || (*ended)->end_ || (what.is_ok() && !(*ended)->sent_)) {
    break_off(failure(make_error_code(errc::unexpected_response), "the end of a command that was not sent")
                  .peer_said(what.to_string()));
    return;
  }
  pending& one = **ended;
  one.end_ = std::move(what);
  one.wake_.set();
}

void client_session::note_code(const response_code& what) {
  const auto number = static_cast<std::uint32_t>(what.number);
  switch (what.what) {
    case code::capability: take_capabilities(imap::capabilities::from(what.words)); break;
    case code::uid_next:
      if (selected_) selected_->uid_next = number;
      break;
    case code::highest_modseq:
      if (selected_) selected_->highest_modseq = what.number;
      break;
    case code::no_modseq:
      if (selected_) selected_->highest_modseq.reset();
      break;
    case code::read_only:
      if (selected_) selected_->read_only = true;
      break;
    case code::read_write:
      if (selected_) selected_->read_only = false;
      break;
    default: break;
  }
}

// Keeps what is known of the session up to date.
void client_session::note(const response& what) {
  if (const auto* server = std::get_if<capability_response>(&what)) take_capabilities(server->capabilities);
  if (const auto* on = std::get_if<enabled_response>(&what)) enabled(on->capabilities);
  if (!selected_) return;
  if (const auto* exists = std::get_if<exists_response>(&what)) selected_->exists = exists->count;
  if (std::holds_alternative<expunge_response>(what) && selected_->exists > 0) --selected_->exists;
  if (const auto* vanished = std::get_if<vanished_response>(&what);
      vanished != nullptr && !vanished->earlier) {
    const std::uint64_t gone = vanished->uids.count();
    selected_->exists -= static_cast<std::uint32_t>(std::min<std::uint64_t>(gone, selected_->exists));
  }
}

void client_session::tell(const response& what) {
  // What comes in plain text before TLS may be anybody's.
  if (opening_ && !secure_ && options_.security != security::plaintext_dangerous) return;
  if (observer_ != nullptr) observer_->observe(what);
  if (options_.handler != nullptr) options_.handler->unsolicited(what);
}

// Opening.

task<> client_session::begin(bool again) {
  constexpr std::string_view doing = "open an IMAP session";
  if (options_.security != security::plaintext_dangerous && host_.empty()) {
    fail(failure(tidewire::errc::misuse, "no host to check the certificate by"), doing);
  }
  const bool compress_again = compressed_;
  const mutex_guard turn = co_await sending_.lock();
  std::optional<failure> failed;
  bool connected = false;
  try {
    opening_ = true;
    co_await open_and_greet();
    opening_ = false;
    connected = true;
    if (again && !authenticated_) co_await sign_in_again();
    if (again && compress_again) co_await compress_now();
  } catch (const error& e) {
    failed = e.failure();
  }
  opening_ = false;
  if (!failed) co_return;
  break_off(*failed);
  // Who could not be connected to, and who was not let in, is told already.
  throw error(peer_ && !connected ? named(*failed, doing) : *failed);
}

task<> client_session::reconnect() {
  break_off(failure(tidewire::errc::closed, "the connection is made anew"));
  if (idling_ != nullptr && !ending_idle_) {
    remove(*idling_);
    idling_.reset();
  }
  while (!pending_.empty()) {
    ended_.reset();
    co_await ended_.wait();
  }
  co_await begin(true);
}

task<> client_session::open_and_greet() {
  peer_.reset();
  broken_.reset();
  reader_ = response_reader(options_.limits);
  reading_ = challenged_ = body_for_ = nullptr;
  in_body_ = ending_idle_ = leaving_ = secure_ = authenticated_ = compressed_ = false;
  idling_.reset();
  received_.clear();
  binding_.clear();
  enabled_.clear();
  selected_.reset();
  ++selections_;
  server_ = {};
  knows_server_ = false;
  wire_ = {};

  peer_.emplace(co_await connect_());
  peer_name_ = peer_->peer_name();
  peer_->set_timeout(options_.reply_timeout);
  if (options_.security == security::implicit) co_await begin_tls();

  greeting_command first;
  {
    const under_way registered(*this, first);
    co_await read_until(
        first, [](const pending& mine) { return static_cast<const greeting_command&>(mine).came(); });
    first.finish();
  }
  const status_response* const said = first.greeting();
  if (said == nullptr) {
    throw error(failure(make_error_code(errc::unexpected_response), "what came first is no greeting"));
  }
  greeting_ = *said;
  const bool preauth = greeting_.kind == status_kind::preauth;
  if (!preauth && !greeting_.is_ok()) throw error(greeting_.to_failure());
  // Whoever sits in between may have said so, lest TLS begins.
  if (preauth && options_.security == security::starttls) {
    throw error(failure(make_error_code(errc::starttls_unavailable),
                        "the server says PREAUTH, behind which no STARTTLS is possible"));
  }
  authenticated_ = preauth;
  if (!knows_server_) co_await ask_capabilities();
  const bool wanted = options_.security == security::starttls ||
                      (options_.security == security::opportunistic && server_.starttls && !preauth);
  if (wanted) co_await starttls();
}

task<> client_session::starttls() {
  const bool required = options_.security == security::starttls;
  if (!server_.starttls) {
    throw error(failure(make_error_code(errc::starttls_unavailable), "the server does not offer STARTTLS"));
  }
  plain_command mine(command_kind::alone);
  const status_response end = co_await exchange(mine, commands::starttls(), "begin TLS");
  if (!end.is_ok()) {
    if (!required) co_return;
    throw error(failure(make_error_code(errc::starttls_unavailable)).peer_said(end.text));
  }
  // Whoever sits in between may have sent it, to be taken for what came by TLS.
  if (!peer_->buffered().empty() || reader_.within()) {
    throw error(failure(make_error_code(errc::injected_plaintext), "bytes behind the answer to STARTTLS"));
  }
  reader_ = response_reader(options_.limits);
  co_await begin_tls();
  co_await ask_capabilities();
}

task<> client_session::begin_tls() {
  server_ = {};
  knows_server_ = false;
  tls::client_options options;
  options.context = options_.tls;
  options.timeout = options_.timeout;
  tls::stream secured = co_await tls::start_tls(std::move(*peer_), host_, options);
  for (const tls::binding kind : {tls::binding::exporter, tls::binding::unique}) {
    binding_ = secured.channel_binding(kind);
    binding_name_ = tls::name_of(kind);
    if (!binding_.empty()) break;
  }
  *peer_ = std::move(secured);
  peer_->set_timeout(options_.reply_timeout);
  secure_ = true;
}

task<> client_session::ask_capabilities() {
  answers<capability_response> mine(command_kind::alone);
  (void)co_await exchange_well(mine, commands::capability(), "ask what the server can do");
}

void client_session::take_capabilities(const imap::capabilities& server) {
  server_ = server;
  knows_server_ = true;
  const bool utf8 = server_.imap4rev2 && !server_.imap4rev1;
  const bool utf8_enabled = has_enabled("UTF8=ACCEPT") || has_enabled("IMAP4REV2");
  if (has_enabled("IMAP4REV2")) server_.enable_rev2();
  wire_ = wire_options::of(server_);
  if (!utf8 && !utf8_enabled) return;
  wire_.utf8 = true;
  wire_.names = name_form::utf8;
  reader_.set_name_form(name_form::utf8);
}

bool client_session::has_enabled(std::string_view extension) const noexcept {
  return std::ranges::any_of(enabled_, [extension](const std::string& one) { return one == extension; });
}

void client_session::enabled(const std::vector<std::string>& extensions) {
  enabled_.insert(enabled_.end(), extensions.begin(), extensions.end());
  const imap::capabilities server = server_;
  const bool known = knows_server_;
  take_capabilities(server);
  knows_server_ = known;
}

task<std::vector<std::string>> client_session::enable(std::vector<std::string> extensions) {
  constexpr const char* doing = "enable extensions";
  require(server_.enable, "ENABLE", doing);
  answers<enabled_response> mine(command_kind::alone);
  (void)co_await succeed(mine, commands::enable(extensions), doing);
  std::vector<std::string> names;
  for (enabled_response& one : mine.all()) std::ranges::move(one.capabilities, std::back_inserter(names));
  co_return names;
}

task<bool> client_session::compress() {
  const mutex_guard turn = co_await turn_to_send(command_kind::alone);
  co_await compress_now();
  co_return compressed_;
}

// For whoever has the turn to send.
task<> client_session::compress_now() {
  if (!server_.compress_deflate || !can_compress() || compressed_) co_return;
  plain_command mine(command_kind::alone);
  const status_response end = co_await exchange(mine, commands::compress(), "compress the connection");
  if (!end.is_ok()) co_return;
  *peer_ = compressed(std::move(*peer_));
  peer_->set_timeout(options_.reply_timeout);
  compressed_ = true;
}

task<> client_session::logout() {
  if (is_open()) {
    leaving_ = true;
    const auto say = [](client_session& self) -> task<> {
      plain_command mine(command_kind::alone);
      (void)co_await self.run(mine, commands::logout(), "log out");
    };
    const auto bounded = [&say](client_session& self) -> task<> {
      // What becomes of it makes no difference: the connection is closed.
      (void)co_await as_result(with_timeout(good_bye_timeout, say(self)));
    };
    co_await shield(bounded(*this));
  }
  break_off(failure(tidewire::errc::closed, "it was logged out"));
}

// IDLE.

task<> client_session::begin_idle(duration answer_timeout) {
  const auto begin = [](client_session& self) -> task<> {
    const mutex_guard turn = co_await self.turn_to_send(command_kind::alone);
    auto mine = std::make_unique<idle_command>();
    mine->tag_ = "a" + std::to_string(self.next_tag_++);
    const encoded_command wire = commands::idle().encode(mine->tag_, self.wire_).value();
    under_way registered(self, *mine);
    self.log_sent(wire.shown());
    self.challenged_ = mine.get();
    mine->sent_ = true;
    co_await self.peer_->write(wire.segments().front().bytes);
    co_await self.read_until(*mine, was_answered);
    if (mine->end_) throw error(mine->end_->to_failure());
    registered.release();
    self.idling_ = std::move(mine);
  };
  const std::string doing = in_mailbox("wait for changes");
  const auto begun = co_await as_result(with_timeout(answer_timeout, begin(*this)));
  if (!begun) fail(begun.error(), doing);
}

task<bool> client_session::idle(const bool& news, time_point until) {
  if (ending_idle_) {
    (void)co_await sending_.lock();  // until whoever ends it has done so
    co_return false;
  }
  struct inside {
    client_session& of;
    ~inside() {
      of.in_idle_ = false;
      of.idle_left_.set();
      if (of.is_open()) of.peer_->set_read_timeout(of.options_.reply_timeout);
    }
  } const marked{*this};
  in_idle_ = true;
  interrupted_.reset();
  peer_->set_read_timeout(no_timeout);
  read_step step;
  while (!news && !interrupted_.is_set() && idling_ != nullptr) {
    const progress got = advance(idling_.get(), step);
    if (broken_) throw error(named(*broken_, in_mailbox("wait for changes")));
    if (idling_->end_) {  // the server ended it
      remove(*idling_);
      idling_.reset();
      co_return true;
    }
    if (got == progress::body_piece) peer_->consume(step.consumed);
    if (got != progress::needs_more) continue;
    const auto first = co_await as_result(when_any(fill(), interrupted_.wait(), sleep_until(until)));
    if (!first) fail(first.error(), in_mailbox("wait for changes"));
    if (first->index() == 2) break;
  }
  if (broken_) throw error(named(*broken_, in_mailbox("wait for changes")));
  co_return false;
}

task<> client_session::end_idle(duration answer_timeout) {
  const auto end = [](client_session& self) -> task<> {
    const mutex_guard turn = co_await self.sending_.lock();
    if (self.idling_ != nullptr && !self.broken_) co_await self.stop_idle();
  };
  const auto ended = co_await as_result(with_timeout(answer_timeout, end(*this)));
  if (!ended) fail(ended.error(), in_mailbox("end waiting for changes"));
}

// For whoever has the turn to send.
task<> client_session::stop_idle() {
  struct at_last {
    client_session& of;
    ~at_last() {
      of.ending_idle_ = false;
      if (of.idling_ == nullptr) return;
      if (!of.idling_->end_) {
        of.break_off(failure(tidewire::errc::timed_out, "no answer to DONE, which ends IDLE"));
      }
      of.remove(*of.idling_);
      of.idling_.reset();
    }
  } const always{*this};
  ending_idle_ = true;
  interrupted_.set();
  while (in_idle_) {
    idle_left_.reset();
    co_await idle_left_.wait();
  }
  if (idling_ == nullptr) co_return;
  if (!idling_->end_) {
    log_sent("DONE");
    co_await peer_->write("DONE\r\n");
    co_await read_until(*idling_, has_ended);
  }
}

}  // namespace tidewire::imap::detail
