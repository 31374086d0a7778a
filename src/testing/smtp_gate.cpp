#include "smtp_gate.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "misdeeds.hpp"

namespace tidewire::testing::detail {
namespace {

// A reply as it was written; of code 0 if it is none.
smtp::reply reply_of(std::string_view text) {
  smtp::reply_parser parser;
  std::string wire(text);
  wire += "\r\n";
  const auto taken = parser.feed(as_bytes(wire));
  if (!taken || !parser.complete() || *taken != wire.size()) return {};
  return parser.take();
}

}  // namespace

std::string_view name_of(smtp_stage stage) noexcept {
  switch (stage) {
    case smtp_stage::greeting: return "greeting";
    case smtp_stage::hello: return "hello";
    case smtp_stage::starttls: return "starttls";
    case smtp_stage::tls: return "tls";
    case smtp_stage::auth: return "auth";
    case smtp_stage::mail: return "mail";
    case smtp_stage::rcpt: return "rcpt";
    case smtp_stage::data: return "data";
    case smtp_stage::content: return "content";
    case smtp_stage::message: return "message";
    case smtp_stage::quit: return "quit";
    case smtp_stage::other: return "other";
  }
  return "?";
}

void require_possible(const smtp_fault& fault) {
  const auto refuse = [](const char* why) { throw error(errc::misuse, why); };
  const bool has_answer = fault.at != smtp_stage::tls && fault.at != smtp_stage::content;
  if (fault.what == misdeed::refuse && has_answer && reply_of(fault.text).code == 0) {
    refuse("a refusal needs a reply, as \"550 5.1.1 no such user\"");
  }
  if (fault.what == misdeed::refuse && (fault.at == smtp_stage::content || fault.at == smtp_stage::other)) {
    refuse("there is nothing to refuse at this stage");
  }
  if (fault.what >= misdeed::bye) refuse("SMTP has nothing of the kind");
  require_possible(plan(fault), has_answer, fault.at == smtp_stage::tls);
}

task<std::optional<smtp::reply>> smtp_gate::reached(const smtp::gate_info& at, stream& peer) {
  if (at.where == smtp_stage::content) {
    co_await within_content(at.piece, peer);
    co_return std::nullopt;
  }
  within_content_ = false;
  auto now = core_.faults_at(on_, static_cast<unsigned>(at.where), at.recipient);
  // With LMTP there are several answers of this stage in one.
  if (at.where == smtp_stage::message) {
    now_.insert(now_.end(), now.begin(), now.end());
  } else {
    now_ = now;
  }
  co_await misbehave_before(core_, on_, peer, now);
  if (!peer.is_open()) co_return std::nullopt;
  if (at.where == smtp_stage::tls) {
    co_await misbehave_instead_of_tls(core_, on_, peer, now);
    co_return std::nullopt;
  }
  for (const planned_fault& one : now) {
    if (one.what != misdeed::refuse || at.where == smtp_stage::quit) continue;
    core_.fire(on_, one);
    co_return reply_of(one.text);
  }
  co_return std::nullopt;
}

task<> smtp_gate::within_content(std::size_t piece, stream& peer) {
  if (!std::exchange(within_content_, true)) {
    content_ = core_.faults_at(on_, static_cast<unsigned>(smtp_stage::content), {});
    content_size_ = 0;
  }
  content_size_ += piece;
  std::vector<planned_fault> due;
  for (const planned_fault& one : content_) {
    if (content_size_ > one.after) due.push_back(one);
  }
  if (due.empty()) co_return;
  std::erase_if(content_, [this](const planned_fault& one) { return content_size_ > one.after; });
  co_await misbehave_before(core_, on_, peer, due);
}

task<> smtp_gate::answer(const smtp::gate_info& at, stream& peer, std::string_view bytes) {
  if (at.where == smtp_stage::other) now_ = core_.faults_at(on_, static_cast<unsigned>(at.where), {});
  const std::vector<planned_fault> now = std::exchange(now_, {});
  std::string refusal;
  if (at.where == smtp_stage::quit) {
    for (const planned_fault& one : now) {
      if (one.what != misdeed::refuse) continue;
      core_.fire(on_, one);
      reply_of(one.text).append_to(refusal);
      bytes = refusal;
    }
  }
  co_await answer_badly(core_, on_, peer, bytes, now);
}

}  // namespace tidewire::testing::detail
