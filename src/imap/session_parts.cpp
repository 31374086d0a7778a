#include "session_parts.hpp"

#include <algorithm>

namespace tidewire::imap::detail {
namespace {

enum item_kind : unsigned { other_items = 1, flag_items = 2, modseq_items = 4, body_items = 8 };

unsigned kinds_of(const fetch_request& what) {
  unsigned kinds = 0;
  for (const token& one : what.items()) {
    const std::string_view name = one.text();
    if (one.is_atom("FLAGS")) {
      kinds |= flag_items;
    } else if (one.is_atom("MODSEQ")) {
      kinds |= modseq_items;
    } else if (one.is_atom("UID")) {
      continue;
    } else if (name.starts_with("BODY[") || name.starts_with("BODY.PEEK[") || name.starts_with("BINARY")) {
      kinds |= body_items;
    } else {
      kinds |= other_items;
    }
  }
  return kinds != 0 ? kinds : ~0U;
}

unsigned kinds_of(const message_data& one) noexcept {
  unsigned kinds = 0;
  if (one.flags) kinds |= flag_items;
  if (one.modseq) kinds |= modseq_items;
  if (!one.sections.empty()) kinds |= body_items;
  const bool others = one.envelope || one.structure || one.internal_date || one.size || one.preview ||
                      one.save_date || one.gmail_labels || one.gmail_message_id || one.gmail_thread_id ||
                      !one.binary_sizes.empty() || !one.email_id.empty() || !one.thread_id.empty() ||
                      !one.others.empty();
  if (others) kinds |= other_items;
  return kinds;
}

template <class T>
void take_over(std::optional<T>& into, std::optional<T>& from) {
  if (from) into = std::move(from);
}

// A server may tell of a message in several responses.
void merge(message_data& into, message_data& from) {
  into.sequence = from.sequence;
  take_over(into.flags, from.flags);
  take_over(into.envelope, from.envelope);
  take_over(into.structure, from.structure);
  take_over(into.internal_date, from.internal_date);
  take_over(into.size, from.size);
  take_over(into.modseq, from.modseq);
  take_over(into.preview, from.preview);
  take_over(into.save_date, from.save_date);
  take_over(into.gmail_labels, from.gmail_labels);
  take_over(into.gmail_message_id, from.gmail_message_id);
  take_over(into.gmail_thread_id, from.gmail_thread_id);
  if (!from.email_id.empty()) into.email_id = std::move(from.email_id);
  if (!from.thread_id.empty()) into.thread_id = std::move(from.thread_id);
  std::ranges::move(from.sections, std::back_inserter(into.sections));
  std::ranges::move(from.binary_sizes, std::back_inserter(into.binary_sizes));
  std::ranges::move(from.others, std::back_inserter(into.others));
}

}  // namespace

fetch_command::fetch_command(sequence_set uids, const fetch_request& what, std::size_t limit)
    : pending(command_kind::fetch), uids_(std::move(uids)), asked_(kinds_of(what)), limit_(limit) {}

bool fetch_command::is_for(const message_data& one) const noexcept {
  constexpr std::uint32_t largest = 0xffff'ffff;
  if (!one.uid || (kinds_of(one) & asked_) == 0) return false;
  // `*` names the last message, whatever its UID, so that no UID is beyond a set that has it.
  return uids_.has_star() || uids_.is_saved() || uids_.contains(*one.uid, largest);
}

bool fetch_command::wants(const body_literal& which) {
  if (which.size > limit_) {
    too_large_ = true;
    return false;
  }
  streamed_.push_back({which.section, which.origin, {}});
  return true;
}

task<> fetch_command::body(byte_view piece) {
  streamed_.back().bytes += as_text(piece);
  co_return;
}

bool fetch_command::take(response& what) {
  auto* const one = std::get_if<message_data>(&what);
  if (one == nullptr) return false;
  const std::vector<streamed> bodies = std::exchange(streamed_, {});
  if (!is_for(*one)) return false;
  for (section_data& part : one->sections) {
    if (!part.streamed) continue;
    const auto found = std::ranges::find_if(bodies, [&part](const streamed& body) {
      return body.section == part.section && body.origin == part.origin;
    });
    if (found == bodies.end()) continue;
    part.content = found->bytes;
    part.streamed = false;
  }
  // The last one is the most likely: servers tell of one message after the other.
  if (!messages_.empty() && messages_.back().uid == one->uid) {
    merge(messages_.back(), *one);
  } else {
    messages_.push_back(std::move(*one));
  }
  return true;
}

task<> fetch_each_command::work() {
  std::vector<message_data> now = std::exchange(messages_, {});
  for (message_data& one : now) co_await each_(one);
}

bool download_command::wants(const body_literal& which) {
  if (came_ || !(which.section == what_) || (which.uid && *which.uid != uid_)) return false;
  if (which.size > limit_) {
    too_large_ = true;
    return false;
  }
  return true;
}

task<> download_command::body(byte_view piece) {
  size_ += piece.size();
  co_await sink_(piece);
}

bool download_command::take(response& what) {
  auto* const one = std::get_if<message_data>(&what);
  if (one == nullptr || one->uid != uid_) return false;
  const auto part =
      std::ranges::find_if(one->sections, [this](const section_data& each) { return each.section == what_; });
  if (part == one->sections.end()) return false;
  if (came_ || too_large_) return true;
  if (part->streamed) {
    came_ = true;
  } else if (part->content) {
    too_large_ = part->content->size() > limit_;
    came_ = !too_large_;
    if (came_) content_ = std::move(part->content);
  }
  return true;
}

task<> download_command::work() {
  const std::string content = std::move(*content_);
  content_.reset();
  size_ += content.size();
  if (!content.empty()) co_await sink_(as_bytes(content));
}

}  // namespace tidewire::imap::detail
