#include <tidewire/core/executor.hpp>
#include <tidewire/core/retry.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/imap/watch.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "client_session.hpp"
#include "session_parts.hpp"
#include "uid_list.hpp"
#include "watcher.hpp"

namespace tidewire::imap {
namespace detail {
namespace {

// More than these wait for nobody: what is known of the mailbox is found out anew instead.
constexpr std::size_t most_changes = 10'000;
// A server that ends IDLE sooner than that, so many times in a row, is polled.
constexpr duration shortest_idle = std::chrono::seconds(5);
constexpr int most_short_ones = 3;

// Would another connection help?
bool is_worth_it(const failure& why) {
  if (why == condition::canceled || why == condition::misuse || why == condition::auth) return false;
  const bool certificate = why == condition::tls && why == condition::permanent;
  return !certificate && !(why.code().category() == imap_category() && why == condition::permanent);
}

}  // namespace

watcher::watcher(client_session& session, std::string_view mailbox, const watch_options& options)
    : session_(session), mailbox_(mailbox), options_(options) {
  if (options.since != nullptr) {
    known_ = *options.since;
    list_ = uid_list(known_.uids);
  }
  options_.since = nullptr;
}

watcher::~watcher() {
  if (session_.observer() == this) session_.set_observer(nullptr);
}

mailbox_state watcher::state() const {
  mailbox_state out = known_;
  uid_list told = list_;
  // What waits to be given is not known yet.
  for (const change& one : ready_) {
    if (one.kind == change_kind::arrived) told.erase(one.uid);
    if (one.kind == change_kind::vanished) told.add(one.uid);
  }
  out.uids = told.to_set();
  return out;
}

void watcher::observe(const response& what) {
  if (!follows() || !has_room()) return;
  if (const auto* exists = std::get_if<exists_response>(&what)) {
    if (exists->count > list_.size()) news_ = unknown_arrived_ = true;
  } else if (const auto* gone = std::get_if<expunge_response>(&what)) {
    if (const auto uid = list_.erase_at(gone->sequence)) add({.kind = change_kind::vanished, .uid = *uid});
  } else if (const auto* vanished = std::get_if<vanished_response>(&what)) {
    const sequence_set ours = list_.common(uid_list(vanished->uids));
    for (const std::uint32_t uid : ours.numbers(most_changes + 1)) {
      if (!has_room()) return;
      list_.erase(uid);
      add({.kind = change_kind::vanished, .uid = uid});
    }
  } else if (const auto* one = std::get_if<message_data>(&what)) {
    if (!one->flags) return;
    const auto uid = one->uid ? one->uid : list_.at(one->sequence);
    // One that is not known yet is told of when it is.
    if (!uid || !list_.contains(*uid)) return;
    if (one->modseq) told_[*uid] = *one->modseq;
    add({.kind = change_kind::flagged, .uid = *uid, .flags = *one->flags});
  }
}

// Where there is none, nothing is followed any more until the mailbox was compared with what is known.
bool watcher::has_room() noexcept {
  if (ready_.size() >= most_changes) news_ = lost_track_ = true;
  return !lost_track_;
}

void watcher::add(change one) {
  news_ = true;
  ready_.push_back(std::move(one));
}

std::optional<change> watcher::take() {
  std::optional<change> out;
  if (ready_.empty()) return out;
  out = std::move(ready_.front());
  ready_.pop_front();
  return out;
}

task<std::optional<change>> watcher::next() {
  struct marked {
    bool& busy;
    ~marked() { busy = false; }
  };
  if (busy_) session_.fail(tidewire::errc::misuse, "wait for changes: another call does");
  if (session_.observer() != this) {
    if (session_.observer() != nullptr) {
      session_.fail(failure(tidewire::errc::misuse, "another watch follows a mailbox"), "wait for changes");
    }
    session_.set_observer(this);
  }
  busy_ = true;
  const marked now{busy_};
  for (;;) {
    if (auto one = take()) co_return one;
    if (stopped_) co_return std::nullopt;
    std::optional<failure> failed;
    try {
      co_await go_on();
      continue;
    } catch (const error& e) {
      failed = e.failure();
    }
    if (session_.is_open() || !session_.can_reconnect() || !is_worth_it(*failed)) throw error(*failed);
    co_await pause(*failed);
  }
}

task<> watcher::pause(const failure& why) {
  const executor here = co_await this_executor();
  if (!schedule_) {
    const retry_options how{.attempts = std::numeric_limits<std::size_t>::max(),
                            .first_delay = options_.first_delay,
                            .longest_delay = options_.longest_delay,
                            .timeout = duration::max(),
                            .worth = is_worth_it,
                            .random = options_.random};
    schedule_.emplace(how, here.now());
  }
  const duration delay = schedule_->next(why, here.now());
  co_await sleep_for(std::max(delay, duration::zero()));
}

// One step towards the next change.
task<> watcher::go_on() {
  news_ = false;
  if (!session_.is_open()) {
    if (!session_.can_reconnect()) {
      session_.fail(failure(tidewire::errc::closed, "the session is closed"), "wait for changes");
    }
    co_await with_timeout(session_.options().timeout, session_.reconnect());
    ++reconnects_;
  }
  if (!follows() || lost_track_) {
    co_await catch_up();
    schedule_.reset();
  } else if (unknown_arrived_) {
    co_await ask_for_arrived();
  } else {
    co_await wait();
  }
}

// Selects the mailbox, and finds out what happened while nobody looked.
task<> watcher::catch_up() {
  const bool first = known_.uid_validity == 0;
  mailbox_state known = known_;
  known.uids = list_.to_set();
  selection_ = 0;  // nothing is followed until that is known
  mailbox_changes found = co_await session_.sync(mailbox_, known, {.read_only = options_.read_only}, false);
  selection_ = session_.selections();
  lost_track_ = false;
  list_ = uid_list(found.state.uids);
  const mailbox_info* const now = session_.selected();
  unknown_arrived_ = now != nullptr && now->exists > list_.size();
  known_ = {found.state.uid_validity, found.state.modseq, {}};
  const std::map<std::uint32_t, std::uint64_t> told = std::exchange(told_, {});
  if (found.reset) {
    ready_.clear();
    session_.fail(failure(make_error_code(errc::uid_validity_changed),
                          "UIDVALIDITY was " + std::to_string(known.uid_validity) + " and is " +
                              std::to_string(found.state.uid_validity)),
                  "follow " + mailbox_);
  }
  if (first) co_return;  // only what happens from now on
  for (const std::uint32_t uid : found.vanished.numbers()) {
    ready_.push_back({.kind = change_kind::vanished, .uid = uid, .missed = true});
  }
  std::map<std::uint32_t, message_flags> flags;
  for (message_flags& one : found.flags) flags[one.uid] = std::move(one);
  for (const std::uint32_t uid : found.arrived.numbers()) {
    const auto its = flags.find(uid);
    change one{.kind = change_kind::arrived, .uid = uid, .missed = true};
    if (its != flags.end()) {
      one.flags = std::move(its->second.flags);
      flags.erase(its);
    }
    ready_.push_back(std::move(one));
  }
  for (auto& [uid, one] : flags) {
    const auto before = told.find(uid);
    if (before != told.end() && one.modseq != 0 && before->second >= one.modseq) continue;
    ready_.push_back(
        {.kind = change_kind::flagged, .uid = uid, .flags = std::move(one.flags), .missed = true});
  }
}

// The UIDs of what EXISTS told of.
task<> watcher::ask_for_arrived() {
  unknown_arrived_ = false;
  const std::uint32_t last = list_.last();
  if (last == std::numeric_limits<std::uint32_t>::max()) co_return;
  const sequence_set beyond(last + 1, sequence_set::star);
  fetch_request what;
  what.flags();
  fetch_command mine(beyond, what, 0);
  (void)co_await session_.succeed(mine, commands::fetch(beyond, what), "ask what arrived in " + mailbox_);
  if (!follows()) co_return;
  for (message_data& one : mine.messages()) {
    // `n:*` is the last message, if there is none from n on.
    if (*one.uid <= last || !has_room() || !list_.add(*one.uid)) continue;
    change arrived{.kind = change_kind::arrived, .uid = *one.uid};
    if (one.flags) arrived.flags = std::move(*one.flags);
    add(std::move(arrived));
  }
  const mailbox_info* const now = session_.selected();
  if (now != nullptr && now->exists != list_.size() && !unknown_arrived_) lost_track_ = !recounted_;
  recounted_ = lost_track_;
}

task<> watcher::wait() {
  const executor here = co_await this_executor();
  if (!session_.server().idle || polls_) {
    co_await sleep_for(options_.poll_every);
    plain_command mine;
    (void)co_await session_.succeed(mine, commands::noop(), "look for changes in " + mailbox_);
    co_return;
  }
  if (!session_.is_idling()) {
    const auto begun = co_await as_result(session_.begin_idle(options_.answer_timeout));
    polls_ =
        begun.code() == make_error_code(errc::rejected) || begun.code() == make_error_code(errc::refused);
    if (polls_) co_return;
    if (!begun) throw error(begun.error());
    began_ = here.now();
  }
  const time_point renew = began_ + std::min<duration>(options_.renew_after, std::chrono::minutes(29));
  const bool ended_by_server = co_await session_.idle(news_, renew);
  if (session_.is_idling() && here.now() >= renew) co_await session_.end_idle(options_.answer_timeout);
  short_ones_ = ended_by_server && here.now() - began_ < shortest_idle ? short_ones_ + 1 : 0;
  polls_ = short_ones_ >= most_short_ones;
}

}  // namespace detail

mailbox_watch::mailbox_watch(std::unique_ptr<detail::watcher> impl) noexcept : impl_(std::move(impl)) {}
mailbox_watch::mailbox_watch(mailbox_watch&& other) noexcept = default;
mailbox_watch& mailbox_watch::operator=(mailbox_watch&& other) noexcept = default;
mailbox_watch::~mailbox_watch() = default;

task<std::optional<change>> mailbox_watch::next() {
  return impl_->next();
}

void mailbox_watch::stop() noexcept {
  impl_->stop();
}

mailbox_state mailbox_watch::state() const {
  return impl_->state();
}

std::size_t mailbox_watch::reconnects() const noexcept {
  return impl_->reconnects();
}

}  // namespace tidewire::imap
