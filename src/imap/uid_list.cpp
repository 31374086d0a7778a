#include "uid_list.hpp"

#include <algorithm>

namespace tidewire::imap::detail {
namespace {

std::size_t length(const sequence_set::range& of) noexcept {
  return static_cast<std::size_t>(of.last - of.first) + 1;
}

}  // namespace

uid_list::uid_list(const sequence_set& uids) {
  const sequence_set ordered = uids.sorted();
  ranges_.reserve(ordered.ranges().size());
  for (const range& one : ordered.ranges()) {
    if (one.first == sequence_set::star || one.last == sequence_set::star) continue;
    ranges_.push_back(one);
    size_ += length(one);
  }
}

std::vector<uid_list::range>::const_iterator uid_list::find(std::uint32_t uid) const noexcept {
  return std::ranges::lower_bound(ranges_, uid, {}, &range::last);
}

bool uid_list::contains(std::uint32_t uid) const noexcept {
  const auto at = find(uid);
  return at != ranges_.end() && at->first <= uid;
}

std::optional<std::uint32_t> uid_list::at(std::size_t number) const noexcept {
  if (number == 0 || number > size_) return std::nullopt;
  std::size_t left = number - 1;
  for (const range& one : ranges_) {
    if (left < length(one)) return one.first + static_cast<std::uint32_t>(left);
    left -= length(one);
  }
  return std::nullopt;
}

bool uid_list::add(std::uint32_t uid) {
  if (uid == 0) return false;
  const auto at = ranges_.begin() + (find(uid) - ranges_.cbegin());
  if (at != ranges_.end() && at->first <= uid) return false;
  ++size_;
  const bool joins_next = at != ranges_.end() && at->first - 1 == uid;
  const bool joins_last = at != ranges_.begin() && std::prev(at)->last + 1 == uid;
  if (joins_last && joins_next) {
    std::prev(at)->last = at->last;
    ranges_.erase(at);
  } else if (joins_last) {
    std::prev(at)->last = uid;
  } else if (joins_next) {
    at->first = uid;
  } else {
    ranges_.insert(at, {uid, uid});
  }
  return true;
}

bool uid_list::erase(std::uint32_t uid) {
  const auto at = ranges_.begin() + (find(uid) - ranges_.cbegin());
  if (at == ranges_.end() || at->first > uid) return false;
  --size_;
  if (at->first == at->last) {
    ranges_.erase(at);
  } else if (at->first == uid) {
    ++at->first;
  } else if (at->last == uid) {
    --at->last;
  } else {
    const range rest{uid + 1, at->last};
    at->last = uid - 1;
    ranges_.insert(at + 1, rest);
  }
  return true;
}

std::optional<std::uint32_t> uid_list::erase_at(std::size_t number) {
  const std::optional<std::uint32_t> uid = at(number);
  if (uid) erase(*uid);
  return uid;
}

sequence_set uid_list::without(const uid_list& other) const {
  sequence_set out;
  auto hole = other.ranges_.begin();
  for (range one : ranges_) {
    while (hole != other.ranges_.end() && hole->last < one.first) ++hole;
    for (auto next = hole; next != other.ranges_.end() && next->first <= one.last; ++next) {
      if (next->first > one.first) out.add(one.first, next->first - 1);
      if (next->last >= one.last) {
        one.first = 0;  // nothing is left of it
        break;
      }
      one.first = next->last + 1;
    }
    if (one.first != 0) out.add(one.first, one.last);
  }
  return out;
}

sequence_set uid_list::to_set() const {
  sequence_set out;
  for (const range& one : ranges_) out.add(one.first, one.last);
  return out;
}

}  // namespace tidewire::imap::detail
