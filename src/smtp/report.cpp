#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/report.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::smtp {

std::string_view name_of(stage at) noexcept {
  switch (at) {
    case stage::prepare: return "preparation";
    case stage::connect: return "connecting";
    case stage::greeting: return "the greeting";
    case stage::hello: return "EHLO";
    case stage::starttls: return "STARTTLS";
    case stage::auth: return "AUTH";
    case stage::mail: return "MAIL";
    case stage::rcpt: return "RCPT";
    case stage::data: return "DATA";
    case stage::body: return "the message";
    case stage::done: return "the end";
  }
  return "";
}

std::size_t send_report::count(delivery outcome) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count(recipients, outcome, [](const recipient_result& one) { return one.outcome; }));
}

std::vector<std::size_t> send_report::worth_retrying() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const recipient_result& one = recipients[i];
    const bool refused_for_now = one.outcome == delivery::refused && one.answer.transient();
    const bool may_pass = !broken || is_transient(broken->code());
    if (refused_for_now || (one.outcome == delivery::not_sent && may_pass)) out.push_back(i);
  }
  return out;
}

failure send_report::why() const {
  if (count(delivery::unknown) > 0) {
    // Not what a repeater would take for a reason to try again, whatever the cause was; but a task that was
    // canceled stays that.
    failure why =
        broken && *broken == condition::canceled ? *broken : failure(make_error_code(errc::outcome_unknown));
    if (broken) why.because(broken->message());
    return why;
  }
  const std::size_t accepted = count(delivery::accepted);
  const auto refused = std::ranges::find(recipients, delivery::refused,
                                         [](const recipient_result& one) { return one.outcome; });
  if (accepted > 0) {
    failure why(make_error_code(errc::some_recipients_refused));
    why.because("accepted for " + std::to_string(accepted) + " of " + std::to_string(recipients.size()) +
                " recipients");
    if (refused != recipients.end()) why.peer_said(refused->answer.to_string());
    return why;
  }
  if (broken) return *broken;
  if (refused == recipients.end()) return failure(tidewire::errc::misuse, "a message without recipients");
  // The kindest answer decides: if one may be asked again, so may the whole message.
  const auto kindest = std::ranges::find_if(recipients, [](const recipient_result& one) {
    return one.outcome == delivery::refused && one.answer.transient();
  });
  const recipient_result& decisive = kindest == recipients.end() ? *refused : *kindest;
  failure why = decisive.answer.to_failure();
  why.because(std::string(name_of(decisive.at)) + " was answered by " + std::to_string(decisive.answer.code));
  return why;
}

send_error::send_error(send_report report)
    : error(report.why().during("send a message")),
      report_(std::make_shared<const send_report>(std::move(report))) {}

send_error::~send_error() = default;

}  // namespace tidewire::smtp
