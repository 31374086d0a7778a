#include <tidewire/base/words.hpp>
#include <tidewire/smtp/session.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::smtp {
namespace {

constexpr enhanced_code syntax_error{5, 5, 2};
constexpr enhanced_code bad_arguments{5, 5, 4};
constexpr enhanced_code bad_sequence{5, 5, 1};

}  // namespace

session::session(const session_options& options)
    : options_(options),
      name_(options.name.empty() ? "localhost" : options.name),
      auth_(options.auth),
      lines_({.limit = options.max_line, .strict = true}) {
  options_.name = name_;
  options_.auth = auth_;
}

void session::greet(const reply& greeting) {
  reply first = greeting;
  first.text = first.text.empty() ? name_ : name_ + ' ' + first.text;
  first.append_to(output_);
  if (first.code != 220) state_ = state::over;
}

session_event session::say(std::uint16_t code, enhanced_code enhanced, std::string_view text) {
  reply{code, enhanced, std::string(text)}.append_to(output_);
  return session_event::more;
}

// The same for what the client should not have said.
session_event session::complain(std::uint16_t code, enhanced_code enhanced, std::string_view text) {
  say(code, enhanced, text);
  if (++errors_ <= options_.max_errors) return session_event::more;
  say(421, {4, 7, 0}, "too many errors");
  state_ = state::over;
  return session_event::closed;
}

session_event session::ask(session_event what) noexcept {
  asked_ = what;
  state_ = state::wants_answer;
  return what;
}

void session::shut_down(const reply& answer) {
  answer.append_to(output_);
  state_ = state::over;
}

void session::tls_started() noexcept {
  tls_ = true;
  authenticated_ = false;
  client_name_.clear();
  forget_message();
  state_ = state::commands;
}

void session::forget_message() noexcept {
  has_sender_ = false;
  recipients_.clear();
  received_ = 0;
  in_chunks_ = false;
  discarding_ = false;
  told_ = false;
  data_.reset();
}

session_event session::next(byte_view shown) {
  taken_ = 0;
  body_ = {};
  for (;;) {
    const byte_view rest = shown.subspan(taken_);
    session_event event = session_event::more;
    const state before = state_;
    const std::size_t taken_before = taken_;
    switch (state_) {
      case state::over: return session_event::closed;
      case state::wants_answer: return session_event::more;
      case state::commands:
      case state::auth: event = rest.empty() ? session_event::more : next_line(rest); break;
      case state::data: event = rest.empty() ? session_event::more : next_data(rest); break;
      case state::chunk:
        event = rest.empty() && chunk_left_ > 0 ? session_event::more : next_chunk(rest);
        break;
    }
    if (event != session_event::more) return event;
    if (taken_ == taken_before && state_ == before) return session_event::more;
  }
}

void session::tell_of(std::string_view line) const {
  if (state_ == state::auth) {
    transcript_->received("***");
    return;
  }
  std::string shown(line);
  if (ascii::iequals(line.substr(0, 5), "AUTH ")) {
    const std::size_t credentials = line.find(' ', 5);
    if (credentials != std::string_view::npos) shown.replace(credentials + 1, std::string::npos, "***");
  }
  transcript_->received(shown);
}

session_event session::next_line(byte_view shown) {
  const auto found = lines_.next(shown);
  if (!found) {
    taken_ += shown.size();
    say(500, syntax_error, found.error().detail());
    say(421, {4, 7, 0}, "closing: where commands end is not certain any more");
    state_ = state::over;
    return session_event::closed;
  }
  if (!found->complete()) return session_event::more;
  const std::string_view line = as_text(found->payload(shown));
  taken_ += found->size;
  if (transcript_ != nullptr) tell_of(line);
  if (state_ == state::auth) {
    response_ = line;
    return ask(session_event::auth_response);
  }
  auto parsed = parse_command(line);
  if (!parsed) return complain(501, bad_arguments, parsed.error().detail());
  command_ = std::move(*parsed);
  return on_command();
}

session_event session::on_command() {
  switch (command_.what) {
    case verb::helo:
    case verb::ehlo:
    case verb::lhlo: return on_hello();
    case verb::mail: return on_mail();
    case verb::rcpt: return on_rcpt();
    case verb::data: return on_data();
    case verb::bdat: return on_bdat();
    case verb::auth: return on_auth();
    case verb::rset: forget_message(); return say(250, {2, 0, 0}, "forgotten");
    case verb::noop: return say(250, {2, 0, 0}, "here");
    case verb::help: return say(214, {2, 0, 0}, "RFC 5321");
    case verb::vrfy: return ask(session_event::verify);
    case verb::quit:
      say(221, {2, 0, 0}, "good-bye");
      state_ = state::over;
      return session_event::quit;
    case verb::starttls:
      if (!options_.starttls || tls_) return complain(503, bad_sequence, "no STARTTLS here");
      return ask(session_event::starttls);
    case verb::expn: return complain(502, bad_sequence, "no lists are shown");
    case verb::unknown: break;
  }
  return complain(500, syntax_error, "unknown command");
}

session_event session::on_hello() {
  const bool lmtp = options_.protocol == dialect::lmtp;
  if (lmtp != (command_.what == verb::lhlo)) {
    return complain(500, syntax_error, lmtp ? "this is LMTP: say LHLO" : "this is SMTP: say EHLO");
  }
  return ask(session_event::hello);
}

session_event session::on_mail() {
  const mail_parameters& asked = command_.mail;
  if (client_name_.empty()) return complain(503, bad_sequence, "say who you are first");
  if (options_.require_starttls && !tls_) return complain(530, {5, 7, 0}, "STARTTLS first");
  if (options_.require_auth && !authenticated_) return complain(530, {5, 7, 0}, "AUTH first");
  if (has_sender_) return complain(503, bad_sequence, "a message was begun already");
  if (options_.max_messages != 0 && messages_ >= options_.max_messages) {
    return complain(452, {4, 5, 3}, "enough messages for one session");
  }
  if (!asked.others.empty()) return complain(555, bad_arguments, "unknown parameter of MAIL");
  if (asked.require_tls && !tls_) return complain(530, {5, 7, 0}, "REQUIRETLS without TLS");
  const bool extension_off =
      (asked.smtputf8 && !options_.smtputf8) || (asked.body == body_type::binary && !options_.chunking) ||
      (asked.body == body_type::eight_bit && !options_.eight_bit_mime) ||
      (!options_.dsn && (asked.returned != dsn_return::unspecified || !asked.envelope_id.empty()));
  if (extension_off) return complain(555, bad_arguments, "a parameter that was not offered");
  if (command_.path.needs_smtputf8() && !asked.smtputf8)
    return complain(553, {5, 6, 7}, "SMTPUTF8 was not said");
  if (asked.size && *asked.size > options_.max_size) return say(552, {5, 3, 4}, "the message is too large");
  return ask(session_event::mail);
}

session_event session::on_rcpt() {
  const rcpt_parameters& asked = command_.rcpt;
  if (!has_sender_ || in_chunks_) return complain(503, bad_sequence, "MAIL first");
  if (!asked.others.empty()) return complain(555, bad_arguments, "unknown parameter of RCPT");
  if (!options_.dsn && (asked.notify != dsn_notify::unspecified || !asked.original_recipient.empty())) {
    return complain(555, bad_arguments, "a parameter that was not offered");
  }
  if (command_.path.needs_smtputf8() && !sender_.mail.smtputf8) {
    return complain(553, {5, 6, 7}, "SMTPUTF8 was not said");
  }
  if (recipients_.size() >= options_.max_recipients) return say(452, {4, 5, 3}, "too many recipients");
  return ask(session_event::rcpt);
}

session_event session::on_data() {
  if (!has_sender_ || in_chunks_) return complain(503, bad_sequence, "MAIL first");
  if (recipients_.empty()) return say(554, bad_sequence, "no valid recipients");
  if (sender_.mail.body == body_type::binary) return complain(503, bad_sequence, "BINARYMIME needs BDAT");
  return ask(session_event::data);
}

// The bytes of a chunk follow whatever becomes of it.
session_event session::on_bdat() {
  if (!options_.chunking) return complain(502, bad_sequence, "CHUNKING was not offered");
  chunk_left_ = command_.chunk_size;
  last_chunk_ = command_.last_chunk;
  if (!has_sender_ || recipients_.empty()) {
    if (!discarding_) refusal_ = {503, bad_sequence, "no valid recipients"};
    discarding_ = true;
  }
  if (discarding_ || in_chunks_) {
    in_chunks_ = true;
    state_ = state::chunk;
    return session_event::more;
  }
  in_chunks_ = true;
  return ask(session_event::data);
}

session_event session::on_auth() {
  if (auth_.empty() || (options_.auth_needs_tls && !tls_)) {
    return complain(503, bad_sequence, "no AUTH here");
  }
  if (client_name_.empty() || has_sender_ || authenticated_) return complain(503, bad_sequence, "not now");
  if (!ascii::has_word(auth_, command_.argument)) return complain(504, bad_arguments, "unknown mechanism");
  return ask(session_event::auth);
}

void session::respond(std::span<const reply> answers) {
  if (state_ != state::wants_answer) return;
  state_ = state::commands;
  const reply answer = answers.empty() ? reply{451, enhanced_code{4, 3, 0}, "no answer"} : answers.front();
  switch (asked_) {
    case session_event::hello:
      if (answer.positive()) {
        say_hello(answer);
        return;
      }
      break;
    case session_event::mail:
      if (answer.positive()) {
        forget_message();
        sender_ = command_;
        has_sender_ = true;
      }
      break;
    case session_event::rcpt:
      if (answer.positive()) recipients_.push_back(command_);
      break;
    case session_event::data:
      if (in_chunks_) {
        state_ = state::chunk;
        if (!answer.intermediate()) {
          discarding_ = told_ = true;
          refusal_ = answer;
        }
        return;
      }
      if (answer.intermediate()) state_ = state::data;
      break;
    case session_event::message:
      ++messages_;
      if (options_.protocol == dialect::lmtp) {
        for (std::size_t i = 0; i < recipients_.size(); ++i) {
          const reply missing{451, enhanced_code{4, 3, 0}, "no answer"};
          (i < answers.size() ? answers[i] : missing).append_to(output_);
        }
        forget_message();
        return;
      }
      forget_message();
      break;
    case session_event::auth:
    case session_event::auth_response:
      if (answer.intermediate()) state_ = state::auth;
      if (answer.positive()) authenticated_ = true;
      break;
    default: break;
  }
  answer.append_to(output_);
}

void session::say_hello(const reply& answer) {
  client_name_ = command_.argument;
  forget_message();
  reply hello{250, {}, name_ + (answer.text.empty() ? "" : ' ' + answer.text)};
  if (command_.what == verb::helo) {
    hello.append_to(output_);
    return;
  }
  const auto offer = [&](bool offered, std::string_view what) {
    if (offered) hello.text.append("\n").append(what);
  };
  offer(options_.pipelining, "PIPELINING");
  offer(true, "SIZE " + std::to_string(options_.max_size));
  offer(options_.eight_bit_mime, "8BITMIME");
  offer(options_.smtputf8, "SMTPUTF8");
  offer(options_.chunking, "CHUNKING");
  offer(options_.chunking, "BINARYMIME");
  offer(options_.dsn, "DSN");
  offer(true, "ENHANCEDSTATUSCODES");
  offer(options_.starttls && !tls_, "STARTTLS");
  offer(tls_, "REQUIRETLS");
  offer(!auth_.empty() && (tls_ || !options_.auth_needs_tls), "AUTH " + auth_);
  hello.append_to(output_);
}

// A piece of the message has come: is it still wanted?
session_event session::take_body(byte_view piece) {
  received_ = saturating_add(received_, std::uint64_t{piece.size()});
  if (!discarding_ && received_ > options_.max_size) {
    discarding_ = true;
    refusal_ = {552, enhanced_code{5, 3, 4}, "the message is too large"};
  }
  if (discarding_) {
    if (std::exchange(told_, true)) return session_event::more;
    return session_event::discarded;
  }
  if (piece.empty()) return session_event::more;
  body_ = piece;
  return session_event::body;
}

session_event session::next_data(byte_view shown) {
  const data_piece piece = data_.next(shown);
  taken_ += piece.taken;
  if (!piece.end) return take_body(piece.body);
  if (data_.saw_bare_line_end() && !options_.accept_bare_line_ends_dangerous && !discarding_) {
    discarding_ = true;
    refusal_ = {554, enhanced_code{5, 6, 0}, "CR or LF alone in the message"};
  }
  return end_of_message();
}

session_event session::end_of_message() {
  if (transcript_ != nullptr) {
    transcript_->received("(" + std::to_string(received_) + " bytes of the message)");
  }
  if (!discarding_) return ask(session_event::message);
  const bool tell = !told_;
  refusal_.append_to(output_);
  if (options_.protocol == dialect::lmtp) {
    for (std::size_t i = 1; i < recipients_.size(); ++i) refusal_.append_to(output_);
  }
  forget_message();
  state_ = state::commands;
  return tell ? session_event::discarded : session_event::more;
}

session_event session::next_chunk(byte_view shown) {
  if (chunk_left_ > 0) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, shown.size()));
    chunk_left_ -= size;
    taken_ += size;
    return take_body(shown.first(size));
  }
  return chunk_over();
}

session_event session::chunk_over() {
  if (last_chunk_) {
    if (discarding_ && recipients_.empty()) {
      refusal_.append_to(output_);
      forget_message();
      state_ = state::commands;
      return session_event::more;
    }
    return end_of_message();
  }
  state_ = state::commands;
  if (discarding_) {
    refusal_.append_to(output_);
  } else {
    say(250, {2, 0, 0}, std::to_string(command_.chunk_size) + " bytes taken");
  }
  return session_event::more;
}

}  // namespace tidewire::smtp
