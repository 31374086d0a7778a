#include "transaction.hpp"

#include <tidewire/smtp/error.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::smtp {
namespace {

// Commands of one write: so few that their replies fit in the buffers of any connection, else both sides
// could wait for each other to read (RFC 2920 section 3.1).
constexpr std::size_t most_commands_at_once = 100;

failure lacks(const char* extension, const char* why) {
  return failure(make_error_code(errc::extension_missing), std::string(extension) + ": " + why);
}

rcpt_parameters without_dsn(const rcpt_parameters& of) {
  rcpt_parameters out;
  out.others = of.others;
  return out;
}

}  // namespace

result<mail_parameters> fit_parameters(const envelope& of, const message_traits& traits,
                                       const capabilities& server, bool over_tls) {
  mail_parameters out = of.parameters();
  std::string scratch;
  if (auto written = append_mail(scratch, of.from(), out); !written) return written.error();
  for (const recipient& one : of.recipients()) {
    if (one.parameters.others.empty()) continue;
    if (auto written = append_rcpt(scratch, one.to, one.parameters); !written) return written.error();
  }
  if (traits.size && server.max_size != 0 && *traits.size > server.max_size) {
    return failure(
        make_error_code(errc::message_too_large),
        std::to_string(*traits.size) + " bytes, and the server takes " + std::to_string(server.max_size));
  }
  if (!out.size && server.size_declared) out.size = traits.size;
  if (!server.size_declared) out.size.reset();
  const bool international =
      traits.utf8_headers || of.from().needs_smtputf8() ||
      std::ranges::any_of(of.recipients(), [](const recipient& one) { return one.to.needs_smtputf8(); });
  if (international || out.smtputf8) {
    if (!server.smtputf8) return lacks("SMTPUTF8", "an address or a header is not ASCII");
    out.smtputf8 = true;
  }
  if (traits.binary || out.body == body_type::binary) {
    if (!server.binary_mime || !server.chunking) return lacks("BINARYMIME", "the message is binary");
    out.body = body_type::binary;
  } else if (traits.eight_bit || out.body == body_type::eight_bit) {
    if (!server.eight_bit_mime) return lacks("8BITMIME", "the message is not ASCII");
    out.body = body_type::eight_bit;
  } else if (!server.eight_bit_mime) {
    out.body = body_type::unspecified;
  }
  if (server.auth.empty()) out.auth.reset();
  if (out.require_tls && !(server.require_tls && over_tls))
    return lacks("REQUIRETLS", "the envelope asks for it");
  // Reports are a wish: a server without DSN does what it does (RFC 3461 section 5.1).
  if (!server.dsn) {
    out.returned = dsn_return::unspecified;
    out.envelope_id.clear();
  }
  return out;
}

transaction::transaction(const envelope& mail, mail_parameters parameters, transaction_settings settings)
    : mail_(&mail), parameters_(std::move(parameters)), settings_(settings) {
  report_.recipients.reserve(mail.recipients().size());
  for (const recipient& one : mail.recipients()) report_.recipients.push_back({.address = one.to.text()});
  if (mail.recipients().empty()) phase_ = phase::done;
}

transaction::step transaction::next() const noexcept {
  switch (phase_) {
    case phase::envelope: return answered_ < written_ ? step::read : step::write;
    case phase::body: return empty_body_ ? step::write : step::send_body;
    case phase::final_replies: return step::read;
    case phase::reset: return !reset_written_ && chunks_unanswered_ == 0 ? step::write : step::read;
    case phase::done: break;
  }
  return step::done;
}

void transaction::append_commands(std::string& wire) {
  if (phase_ == phase::reset) {
    wire += "RSET\r\n";
    reset_written_ = true;
    return;
  }
  if (empty_body_) {
    wire += ".\r\n";
    phase_ = phase::final_replies;
    return;
  }
  const auto& recipients = mail_->recipients();
  // DATA goes along only if its refusal is all that a refused recipient asks for.
  const std::size_t together = settings_.all_or_none ? recipients.size() + 1 : commands();
  std::size_t end = written_ + 1;
  if (settings_.pipelining && written_ < together) end = std::min(together, written_ + most_commands_at_once);
  for (; written_ < end; ++written_) {
    // What could fail was tried by `fit_parameters`.
    if (written_ == 0) {
      (void)append_mail(wire, mail_->from(), parameters_);
    } else if (written_ <= recipients.size()) {
      const recipient& one = recipients[written_ - 1];
      (void)append_rcpt(wire, one.to, settings_.dsn ? one.parameters : without_dsn(one.parameters));
    } else {
      wire += "DATA\r\n";
    }
  }
}

void transaction::body_complete() noexcept {
  body_complete_ = true;
  if (phase_ == phase::body) phase_ = phase::final_replies;
}

void transaction::received(reply answer) {
  switch (phase_) {
    case phase::envelope: answered_envelope(std::move(answer)); break;
    case phase::body:
    case phase::final_replies: answered_message(std::move(answer)); break;
    case phase::reset:
      if (chunks_unanswered_ > 0) {
        --chunks_unanswered_;
      } else {
        phase_ = phase::done;
      }
      break;
    case phase::done: break;
  }
}

void transaction::answered_envelope(reply answer) {
  const std::size_t which = answered_++;
  const std::size_t recipients = mail_->recipients().size();
  if (answer.code == 421) {
    // It says nothing of this message: the server goes, whatever it was asked.
    --answered_;
    violation_ = answer.to_failure();
    return;
  }
  if (which == 0) {
    if (!answer.positive()) {
      mail_refused_ = true;
      refuse_open(answer, stage::mail);
    }
  } else if (which <= recipients) {
    recipient_result& one = report_.recipients[which - 1];
    if (!mail_refused_) {
      one.at = stage::rcpt;
      // 251: the user is elsewhere, and the server forwards.
      if (answer.positive()) {
        ++accepted_;
      } else {
        one.outcome = delivery::refused;
      }
      one.answer = std::move(answer);
    }
  } else if (answer.code != 354) {
    if (answer.positive() || answer.intermediate()) violation_ = answer.to_failure();
    if (accepted_ > 0) refuse_open(answer, stage::data);
    phase_ = mail_refused_ ? phase::done : phase::reset;  // some servers hold on to the envelope
    return;
  } else if (mail_refused_) {
    // Whatever is sent now might go to somebody.
    violation_ = failure(make_error_code(errc::unexpected_reply), "DATA was accepted though MAIL was not");
    phase_ = phase::done;
    return;
  } else {
    empty_body_ = accepted_ == 0;
    phase_ = phase::body;
    return;
  }
  if (answered_ == written_) envelope_over();
}

// All replies to what was written are there: what next?
void transaction::envelope_over() {
  const std::size_t recipients = mail_->recipients().size();
  if (mail_refused_ && written_ <= recipients + 1) {
    phase_ = phase::done;
    return;
  }
  if (answered_ < recipients + 1) return;
  const bool too_few = settings_.all_or_none && accepted_ < recipients;
  if (written_ == recipients + 1 && (accepted_ == 0 || too_few)) {
    phase_ = phase::reset;
  } else if (settings_.chunks) {
    phase_ = phase::body;
  }
}

void transaction::answered_message(reply answer) {
  if (answer.intermediate()) {
    violation_ = answer.to_failure();
    return;
  }
  if (chunks_unanswered_ > 0) {
    --chunks_unanswered_;
    if (answer.positive()) return;
    // What was sent behind it has replies, too, which say no more than this one.
    if (phase_ == phase::final_replies) ++chunks_unanswered_;
    refuse_open(answer, stage::body);
    phase_ = phase::reset;
    return;
  }
  report_.answer = answer;
  const bool each = settings_.protocol == dialect::lmtp && accepted_ > 0;
  if (!each) {
    if (answer.positive()) {
      accept_open(answer);
    } else {
      refuse_open(answer, stage::body);
    }
  } else {
    skip_refused();
    recipient_result& one = report_.recipients[next_recipient_++];
    one.outcome = answer.positive() ? delivery::accepted : delivery::refused;
    one.at = stage::body;
    one.answer = answer;
    skip_refused();
    if (next_recipient_ < report_.recipients.size()) return;
  }
  // RFC 3030 section 2: what a refused BDAT leaves behind is not defined.
  phase_ = settings_.chunks && !answer.positive() ? phase::reset : phase::done;
}

void transaction::accept_open(const reply& answer) {
  for (recipient_result& one : report_.recipients) {
    if (one.outcome != delivery::not_sent) continue;
    one.outcome = delivery::accepted;
    one.at = stage::body;
    one.answer = answer;
  }
}

void transaction::skip_refused() noexcept {
  while (next_recipient_ < report_.recipients.size() &&
         report_.recipients[next_recipient_].outcome != delivery::not_sent) {
    ++next_recipient_;
  }
}

void transaction::refuse_open(const reply& answer, stage at) {
  for (recipient_result& one : report_.recipients) {
    if (one.outcome != delivery::not_sent) continue;
    one.outcome = delivery::refused;
    one.at = at;
    one.answer = answer;
  }
}

void transaction::broken(failure why) {
  for (recipient_result& one : report_.recipients) {
    if (one.outcome != delivery::not_sent || phase_ == phase::done) continue;
    one.at = at();
    if (body_complete_) one.outcome = delivery::unknown;
  }
  if (phase_ != phase::done || !report_.complete()) report_.broken = std::move(why);
  phase_ = phase::done;
}

stage transaction::at() const noexcept {
  switch (phase_) {
    case phase::envelope:
      return answered_ == 0                            ? stage::mail
             : answered_ <= mail_->recipients().size() ? stage::rcpt
                                                       : stage::data;
    case phase::body:
    case phase::final_replies:
    case phase::reset: return stage::body;
    case phase::done: break;
  }
  return stage::done;
}

}  // namespace tidewire::smtp
