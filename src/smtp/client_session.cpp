#include "client_session.hpp"

#include <tidewire/core/timeout.hpp>
#include <tidewire/smtp/data.hpp>
#include <tidewire/tls/stream.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace tidewire::smtp::detail {
namespace {

// Of a message that is sent in pieces: bytes of one write, or of one chunk.
constexpr std::size_t piece_size = 64 * 1024;
constexpr duration good_bye_timeout = std::chrono::seconds(2);

// What was thrown, as far as it is an error of an operation.
failure failure_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const error& e) {
    return e.failure();
  } catch (const std::system_error& e) {
    return failure(e.code(), e.what());
  } catch (const std::exception& e) {
    return failure(tidewire::errc::misuse, e.what());  // the content's own: it is rethrown as it is
  } catch (...) {
    return tidewire::errc::misuse;
  }
}

}  // namespace

client_session::client_session(stream to, const client_options& options)
    : peer_(std::move(to)),
      options_(options),
      name_(options.name),
      host_(options.host),
      parser_(options.limits) {
  options_.name = options_.host = {};
  if (name_.empty()) name_ = "localhost";
  peer_.set_timeout(options.reply_timeout);
}

void client_session::fail(failure why, const char* doing) const {
  throw error(why.during(doing).with(peer_.peer_name()));
}

void client_session::log_sent(std::string_view lines) const {
  if (options_.transcript == nullptr) return;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    options_.transcript->sent(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
}

void client_session::log_message(std::size_t bytes) const {
  if (options_.transcript != nullptr) {
    options_.transcript->sent("(" + std::to_string(bytes) + " bytes of the message)");
  }
}

// Takes a reply of what has come; false if there is none yet.
bool client_session::take_reply(reply& into) {
  const auto taken = parser_.feed(peer_.buffered());
  if (!taken) throw error(failure(taken.error()).during("read a reply").with(peer_.peer_name()));
  peer_.consume(*taken);
  if (!parser_.complete()) return false;
  into = parser_.take();
  if (options_.transcript != nullptr) {
    const bool hidden = hide_challenges_ && into.intermediate() && !into.text.empty();
    options_.transcript->received(hidden ? std::to_string(into.code) + " ***" : into.to_string());
  }
  return true;
}

task<reply> client_session::read_reply() {
  reply answer;
  while (!take_reply(answer)) {
    const std::size_t came = co_await peer_.fill();
    if (came == 0) fail(tidewire::errc::end_of_stream, "read a reply");
  }
  co_return answer;
}

// Nothing may have come that was not asked for, but that the server goes.
void client_session::require_quiet() {
  if (peer_.buffered().empty() && !parser_.within()) return;
  reply uncalled;
  if (take_reply(uncalled) && uncalled.code == 421) fail(uncalled.to_failure(), "use an SMTP session");
  fail(failure(make_error_code(errc::unexpected_reply), "the server spoke before it was asked"),
       "use an SMTP session");
}

task<reply> client_session::exchange(std::string line) {
  require_quiet();
  log_sent(line);
  co_await peer_.write(line);
  co_return co_await read_reply();
}

task<> client_session::begin() {
  operation begun(*this);
  const bool plain = options_.security == security::plaintext_dangerous;
  if (!plain && host_.empty()) {
    fail(failure(tidewire::errc::misuse, "no host to check the certificate by"), "open an SMTP session");
  }
  if (options_.security == security::implicit) co_await begin_tls();
  greeting_ = co_await read_reply();
  if (greeting_.code != 220) fail(greeting_.to_failure(), "open an SMTP session");
  co_await hello();
  const bool wanted = options_.security == security::starttls ||
                      (options_.security == security::opportunistic && server_.starttls);
  if (wanted) co_await starttls();
  begun.in_step();
}

task<> client_session::starttls() {
  const bool required = options_.security == security::starttls;
  if (!server_.starttls) {
    fail(failure(make_error_code(errc::starttls_unavailable), "the server does not offer STARTTLS"),
         "open an SMTP session");
  }
  const reply answer = co_await exchange("STARTTLS\r\n");
  if (answer.code != 220) {
    if (!required && answer.code != 421) co_return;
    fail(failure(make_error_code(errc::starttls_unavailable)).peer_said(answer.text), "open an SMTP session");
  }
  // Whoever sits in between may have sent it, to be taken for what came by TLS.
  if (!peer_.buffered().empty()) {
    fail(failure(make_error_code(errc::injected_plaintext), "bytes behind the answer to STARTTLS"),
         "open an SMTP session");
  }
  co_await begin_tls();
  co_await hello();
}

task<> client_session::begin_tls() {
  server_ = {};
  tls::client_options options;
  options.context = options_.tls;
  options.timeout = options_.timeout;
  tls::stream secured = co_await tls::start_tls(std::move(peer_), host_, options);
  for (const tls::binding kind : {tls::binding::exporter, tls::binding::unique}) {
    binding_ = secured.channel_binding(kind);
    binding_name_ = tls::name_of(kind);
    if (!binding_.empty()) break;
  }
  peer_ = std::move(secured);
  peer_.set_timeout(options_.reply_timeout);
  secure_ = true;
}

task<> client_session::hello() {
  const bool lmtp = options_.protocol == dialect::lmtp;
  std::string line;
  if (auto written = append_hello(line, lmtp ? verb::lhlo : verb::ehlo, name_); !written) {
    fail(written.error(), "open an SMTP session");
  }
  reply answer = co_await exchange(line);
  if (answer.positive()) {
    server_ = smtp::capabilities::parse(answer);
    co_return;
  }
  if (answer.permanent() && !lmtp) {
    line.clear();
    (void)append_hello(line, verb::helo, name_);
    answer = co_await exchange(line);
    server_ = {};
    if (answer.positive()) {
      server_.domain = answer.text.substr(0, answer.text.find_first_of(" \n"));
      co_return;
    }
  }
  fail(answer.to_failure(), "open an SMTP session");
}

task<reply> client_session::command(std::string line) {
  operation begun(*this);
  reply answer = co_await exchange(std::move(line));
  if (answer.code != 421) begun.in_step();
  co_return answer;
}

task<> client_session::quit() {
  if (!is_open()) co_return;
  if (!busy_) {
    const auto say = [](client_session& self) -> task<> { (void)co_await self.command("QUIT\r\n"); };
    const auto bounded = [&say](client_session& self) -> task<> {
      // What becomes of it makes no difference: the connection is closed.
      (void)co_await as_result(with_timeout(good_bye_timeout, say(self)));
    };
    co_await shield(bounded(*this));
  }
  if (is_open()) peer_.close();
}

task<> client_session::submit(submission_queue& queue) {
  operation begun(*this);
  std::optional<active> current;
  std::optional<active> ahead;
  std::exception_ptr thrown;
  try {
    co_await run(queue, current, ahead);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown) {
    begun.in_step();
    co_return;
  }
  if (is_open()) peer_.close();
  const failure why = failure_of(thrown);
  for (std::optional<active>* one : {&current, &ahead}) {
    if (!*one) continue;
    (*one)->steps.broken(why);
    (*one)->what->report = (*one)->steps.take_report();
    queue.done(*(*one)->what);
  }
  std::rethrow_exception(thrown);
}

// The next message that this server can take; those that it cannot are done.
std::optional<client_session::active> client_session::next_message(submission_queue& queue) {
  for (;;) {
    submission* const one = queue.next();
    if (one == nullptr) return std::nullopt;
    const message_traits traits = one->content->traits();
    auto parameters = fit_parameters(one->envelope, traits, server_, secure_);
    if (parameters && traits.binary && one->options.chunking == chunking::never) {
      parameters = failure(make_error_code(errc::extension_missing), "a binary message, and no BDAT wanted");
    }
    const bool chunks =
        traits.binary || (one->options.chunking == chunking::when_offered && server_.chunking);
    const transaction_settings settings{.protocol = options_.protocol,
                                        .pipelining = server_.pipelining,
                                        .chunks = chunks,
                                        .dsn = server_.dsn,
                                        .all_or_none = one->options.all_or_none};
    transaction steps(one->envelope, parameters ? std::move(*parameters) : mail_parameters(), settings);
    if (parameters && steps.next() != transaction::step::done) {
      one->content->rewind();
      return active{one, std::move(steps), chunks};
    }
    one->report = steps.take_report();
    if (!parameters) one->report.broken = parameters.error();
    queue.done(*one);
  }
}

void client_session::append_commands(active& one) {
  const std::size_t begin = out_.size();
  one.steps.append_commands(out_);
  log_sent(std::string_view(out_).substr(begin));
}

// Whatever it throws, `current` and `ahead` are what has to be settled.
task<> client_session::run(submission_queue& queue, std::optional<active>& current,
                           std::optional<active>& ahead) {
  out_.clear();
  reply answer;
  current = next_message(queue);
  while (current) {
    switch (current->steps.next()) {
      case transaction::step::write:
        require_quiet();
        append_commands(*current);
        co_await peer_.write(out_);
        out_.clear();
        break;
      case transaction::step::read:
        while (!take_reply(answer)) {
          const std::size_t came = co_await peer_.fill();
          if (came == 0) fail(tidewire::errc::end_of_stream, "read a reply");
        }
        current->steps.received(answer);
        if (current->steps.violation()) fail(*current->steps.violation(), "send a message");
        if (answer.code == 421) fail(answer.to_failure(), "send a message");
        break;
      case transaction::step::send_body:
        // What is here already would be taken for the answer to the message.
        require_quiet();
        co_await send_body(*current);
        if (current->steps.body_refused()) break;
        // The next envelope leaves together with the end of this message.
        if (server_.pipelining) ahead = next_message(queue);
        if (ahead) append_commands(*ahead);
        co_await peer_.write(out_);
        out_.clear();
        break;
      case transaction::step::done: {
        submission& one = *current->what;
        one.report = current->steps.take_report();
        current.reset();
        queue.done(one);
        current = std::move(ahead);
        ahead.reset();
        if (!current) current = next_message(queue);
        break;
      }
    }
  }
}

// Sends all but the last piece, which it leaves in `out_`; from then on it is not known whether the server
// has it all.
task<> client_session::send_body(active& one) {
  message_source& content = *one.what->content;
  const std::optional<byte_view> whole = content.whole();
  const bool binary = content.traits().binary;
  data_encoder encoder({.dots = !one.chunks});
  std::string& encoded = one.chunks ? body_ : out_;
  encoded.clear();
  byte_view rest = whole.value_or(byte_view());
  for (;;) {
    byte_view piece;
    if (whole) {
      piece = rest.first(std::min(rest.size(), piece_size));
      rest = rest.subspan(piece.size());
    } else {
      piece = co_await content.next();
    }
    if (piece.empty()) break;
    if (binary) {
      encoded += as_text(piece);
    } else {
      (void)encoder.update(piece, encoded);  // it refuses nothing
    }
    if (encoded.size() < piece_size || (whole && rest.empty())) continue;
    end_of_body(one, false);
    co_await peer_.write(out_);
    out_.clear();
    // One chunk is on its way while the one before is answered.
    while (one.steps.chunks_unanswered() > 1 && !one.steps.body_refused()) {
      const reply answer = co_await read_reply();
      one.steps.received(answer);
      if (one.steps.violation()) fail(*one.steps.violation(), "send a message");
      if (answer.code == 421) fail(answer.to_failure(), "send a message");
    }
    if (one.steps.body_refused()) co_return;
  }
  if (!binary) (void)encoder.finish(encoded);
  end_of_body(one, true);
  one.steps.body_complete();
}

// What is encoded goes to `out_`, as a chunk if it is one.
void client_session::end_of_body(active& one, bool last) {
  if (!one.chunks) {
    log_message(out_.size());
    return;
  }
  const std::size_t begin = out_.size();
  append_bdat(out_, body_.size(), last);
  log_sent(std::string_view(out_).substr(begin));
  log_message(body_.size());
  out_ += body_;
  body_.clear();
  if (!last) one.steps.chunk_sent();
}

}  // namespace tidewire::smtp::detail
