#include "fault_book.hpp"

#include <tidewire/base/bytes.hpp>

#include <utility>

namespace tidewire::testing::detail {
namespace {

bool has_moment(misdeed what) {
  return what == misdeed::delay || what == misdeed::cut || what == misdeed::reset || what == misdeed::silence;
}

std::string describe(const planned_fault& fault, std::string_view stage) {
  std::string out(name_of(fault.what));
  if (has_moment(fault.what)) out.append(" ").append(name_of(fault.when));
  out.append(" at ").append(stage);
  if (!fault.recipient.empty()) out.append(" of ").append(fault.recipient);
  if (fault.after > 0) out.append(" after ").append(std::to_string(fault.after)).append(" bytes");
  if (fault.times == 0) {
    out.append(", always from time ").append(std::to_string(fault.nth)).append(" on");
  } else if (fault.times > 1) {
    out.append(", times ").append(std::to_string(fault.nth)).append(" to ");
    out.append(std::to_string(fault.nth + fault.times - 1));
  } else if (fault.nth > 1) {
    out.append(", time ").append(std::to_string(fault.nth));
  }
  return out;
}

}  // namespace

std::string_view name_of(misdeed what) noexcept {
  switch (what) {
    case misdeed::refuse: return "refuse";
    case misdeed::delay: return "delay";
    case misdeed::drip: return "drip";
    case misdeed::cut: return "cut";
    case misdeed::reset: return "reset";
    case misdeed::silence: return "silence";
    case misdeed::garbage: return "garbage";
    case misdeed::repeat: return "repeat";
    case misdeed::inject: return "inject";
    case misdeed::bye: return "bye";
    case misdeed::wrong_tag: return "wrong tag";
    case misdeed::longer_literal: return "longer literal";
    case misdeed::shorter_literal: return "shorter literal";
    case misdeed::flood: return "flood";
    case misdeed::gone: return "mailbox gone";
  }
  return "?";
}

std::string_view name_of(moment when) noexcept {
  switch (when) {
    case moment::before: return "before";
    case moment::instead: return "instead of the answer";
    case moment::amid: return "amid the answer";
    case moment::after: return "after the answer";
  }
  return "?";
}

void fault_book::add(planned_fault fault, std::string_view stage) {
  fault.id = next_id_++;
  fault.name = describe(fault, stage);
  faults_.push_back(std::move(fault));
}

std::vector<planned_fault> fault_book::reached(unsigned stage, std::string_view recipient) {
  std::vector<planned_fault> now;
  for (planned_fault& one : faults_) {
    if (one.stage != stage) continue;
    if (!one.recipient.empty() && !ascii::iequals(one.recipient, recipient)) continue;
    ++one.met;
    if (one.met < one.nth || (one.times != 0 && one.met - one.nth >= one.times)) continue;
    now.push_back(one);
  }
  return now;
}

void fault_book::fired(std::size_t id) {
  for (planned_fault& one : faults_) {
    if (one.id == id) ++one.fired;
  }
}

void fault_book::clear() {
  faults_.clear();
}

std::vector<std::string> fault_book::unfired() const {
  std::vector<std::string> names;
  for (const planned_fault& one : faults_) {
    const std::size_t wanted = one.times == 0 ? 1 : one.times;
    if (one.fired >= wanted) continue;
    names.push_back(one.name + " (happened " + std::to_string(one.fired) + " of " + std::to_string(wanted) +
                    " times, met " + std::to_string(one.met) + ")");
  }
  return names;
}

}  // namespace tidewire::testing::detail
