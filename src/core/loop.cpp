#include <tidewire/core/clock.hpp>
#include <tidewire/core/detail/loop.hpp>

#include <algorithm>
#include <thread>
#include <utility>

#include "platform.hpp"

namespace tidewire {

clock::~clock() {
  while (!loops_.empty()) loops_.back()->use_clock(nullptr);
}

bool clock::leap_to(time_point) noexcept {
  return false;
}

void clock::time_has_passed() noexcept {
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->fire_due();
}

time_point clock::next_timer() const noexcept {
  time_point earliest = time_point::max();
  for (const detail::loop* each : loops_) {
    if (each->has_timers()) earliest = std::min(earliest, each->next_timer());
  }
  return earliest;
}

// Timer by timer, so that what a timer sets in motion counts from its own time.
void virtual_clock::advance(duration by) noexcept {
  const time_point end = now_ + std::max(by, duration::zero());
  for (time_point next = next_timer(); next <= end; next = next_timer()) {
    now_ = std::max(now_, next);
    time_has_passed();
  }
  now_ = end;
}

bool virtual_clock::leap_to(time_point next) noexcept {
  if (!leaps_) return false;
  now_ = std::max(now_, next);
  time_has_passed();
  return true;
}

namespace detail {

chain::~chain() {
  if (linked_) home_->unlink(*this);
}

void chain::cancel() noexcept {
  if (std::exchange(canceled_, true) || waiting_ == nullptr) return;
  const loop::held hold(*home_);
  waiting_->cancel();
}

void loop::let_go() noexcept {
  running_ = false;
  if (ready_first_ != nullptr && !drain_posted_) {
    drain_posted_ = true;
    post_drain();
  }
}

void chain::adopt(loop& home, promise_base& root, promise_base* joiner) noexcept {
  home_ = &home;
  innermost_ = &root;
  joiner_ = joiner;
  root.owner = this;
  root.awaiter = nullptr;
  home.link(*this);
}

void loop::link(chain& c) noexcept {
  c.previous_ = nullptr;
  c.next_ = chains_;
  if (chains_ != nullptr) chains_->previous_ = &c;
  chains_ = &c;
  c.linked_ = true;
}

void loop::unlink(chain& c) noexcept {
  (c.previous_ != nullptr ? c.previous_->next_ : chains_) = c.next_;
  if (c.next_ != nullptr) c.next_->previous_ = c.previous_;
  c.linked_ = false;
  // Deadlines that are moved lazily may have left the system's timer set.
  if (chains_ == nullptr) rest(std::exchange(armed_for_, steady_time::max()) != steady_time::max());
}

void loop::schedule(promise_base& p) noexcept {
  if (ended_) return;
  p.next_ready = nullptr;
  (ready_last_ != nullptr ? ready_last_->next_ready : ready_first_) = &p;
  ready_last_ = &p;
  if (!running_ && !drain_posted_) {
    drain_posted_ = true;
    post_drain();
  }
}

void loop::schedule_later(promise_base& p) noexcept {
  if (ended_) return;
  p.next_ready = nullptr;
  (later_last_ != nullptr ? later_last_->next_ready : later_first_) = &p;
  later_last_ = &p;
  if (!drain_posted_) {
    drain_posted_ = true;
    post_drain();
  }
}

void loop::drive(std::coroutine_handle<> h) noexcept {
  running_ = true;
  budget_ = turn_budget;
  h.resume();
  if (next_ || finished_ != nullptr || ready_first_ != nullptr) run_ready();
  running_ = false;
}

void loop::drain() noexcept {
  drain_posted_ = false;
  if (later_first_ != nullptr) {
    (ready_last_ != nullptr ? ready_last_->next_ready : ready_first_) = later_first_;
    ready_last_ = later_last_;
    later_first_ = later_last_ = nullptr;
  }
  running_ = true;
  run_ready();
  running_ = false;
}

// The only place that resumes a coroutine. Each resumed one returns here, whatever it goes on to: an awaited
// child, a finished child's parent or another chain, so the stack stays flat however many complete at once.
void loop::run_ready() noexcept {
  for (int turns = 0;;) {
    while (next_) std::exchange(next_, {}).resume();
    if (finished_ != nullptr) {
      chain& ended = *std::exchange(finished_, nullptr);
      unlink(ended);
      ended.finished();
      continue;
    }
    if (ready_first_ == nullptr) return;
    if (++turns > turn_budget) {
      if (!drain_posted_) {
        drain_posted_ = true;
        post_drain();
      }
      return;
    }
    promise_base& p = *ready_first_;
    ready_first_ = p.next_ready;
    if (ready_first_ == nullptr) ready_last_ = nullptr;
    budget_ = turn_budget;
    p.owner->waiting_ = nullptr;  // what only let others run first scheduled itself, and woke nobody
    next_ = p.self;
  }
}

void loop::post(posted_call& c) noexcept {
  posting_.fetch_add(1, std::memory_order_relaxed);
  posted_call* first = calls_.load(std::memory_order_relaxed);
  do {
    c.next_call = first;
  } while (!calls_.compare_exchange_weak(first, &c, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (first == nullptr) post_calls();
  posting_.fetch_sub(1, std::memory_order_release);
}

void loop::make_calls() noexcept {
  posted_call* newest = calls_.exchange(nullptr, std::memory_order_acq_rel);
  posted_call* oldest = nullptr;
  while (newest != nullptr) {
    posted_call* const next = newest->next_call;
    newest->next_call = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    posted_call& c = *oldest;
    oldest = c.next_call;
    c.call();
  }
}

void loop::abandon_calls() noexcept {
  posted_call* call = calls_.exchange(nullptr, std::memory_order_acq_rel);
  while (call != nullptr) {
    posted_call& c = *call;
    call = c.next_call;
    c.abandon();
  }
}

// Nothing is resumed any more, and no timer fires. The frames are destroyed in no particular order of chains:
// what one of them wakes by its end may be gone already.
void loop::abandon_all() noexcept {
  ended_ = true;
  running_ = true;
  abandon_calls();
  next_ = {};
  ready_first_ = ready_last_ = later_first_ = later_last_ = nullptr;
  for (timer* t : timers_) t->index_ = timer::unarmed;
  timers_.clear();
  for (;;) {
    chain* root = chains_;
    while (root != nullptr && root->joiner_ != nullptr) root = root->next_;
    if (root == nullptr) break;
    unlink(*root);
    root->abandon();
  }
  // A call can be made, or abandoned, before the thread that posted it is back from the context.
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  abandon_calls();  // those that other threads made meanwhile
}

void loop::release_all() noexcept {
  while (attachments_ != nullptr) {
    loop_attachment& one = *attachments_;
    one.detach();
    one.loop_ended();
  }
  while (!locals_.empty()) locals_.pop_back();
}

loop_local::~loop_local() = default;

loop_local* loop::find_local(const void* key) const noexcept {
  for (const auto& [name, local] : locals_) {
    if (name == key) return local.get();
  }
  return nullptr;
}

loop_local& loop::add_local(const void* key, std::unique_ptr<loop_local> made) {
  return *locals_.emplace_back(key, std::move(made)).second;
}

steady_time loop::now() const noexcept {
  return clock_ != nullptr ? clock_->now() : std::chrono::steady_clock::now();
}

steady_time loop::coarse_now_now() const noexcept {
  return clock_ != nullptr ? clock_->now() : platform::coarse_now();
}

void loop::use_clock(clock* replacement) noexcept {
  if (clock_ != nullptr) std::erase(clock_->loops_, this);
  clock_ = replacement;
  if (clock_ != nullptr) clock_->loops_.push_back(this);
}

void loop::place(std::size_t index, timer* t) noexcept {
  timers_[index] = t;
  t->index_ = index;
}

void loop::sift_up(std::size_t index) noexcept {
  timer* const t = timers_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 4;
    if (timers_[parent]->when_ <= t->when_) break;
    place(index, timers_[parent]);
    index = parent;
  }
  place(index, t);
}

void loop::sift_down(std::size_t index) noexcept {
  timer* const t = timers_[index];
  for (;;) {
    const std::size_t first = 4 * index + 1;
    if (first >= timers_.size()) break;
    const std::size_t end = std::min(first + 4, timers_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (timers_[child]->when_ < timers_[least]->when_) least = child;
    }
    if (t->when_ <= timers_[least]->when_) break;
    place(index, timers_[least]);
    index = least;
  }
  place(index, t);
}

void loop::remove_at(std::size_t index) noexcept {
  timers_[index]->index_ = timer::unarmed;
  timer* const last = timers_.back();
  timers_.pop_back();
  if (index == timers_.size()) return;
  place(index, last);
  sift_up(index);
  sift_down(last->index_);
}

void loop::arm(timer& t, steady_time when) {
  if (t.armed()) {
    const bool earlier = when < t.when_;
    t.when_ = when;
    earlier ? sift_up(t.index_) : sift_down(t.index_);
  } else {
    t.when_ = when;
    timers_.push_back(&t);
    t.index_ = timers_.size() - 1;
    sift_up(t.index_);
  }
  if (clock_ == nullptr && when < armed_for_) {
    armed_for_ = when;
    arm_system_timer(when);
  }
}

void loop::disarm(timer& t) noexcept {
  if (t.armed()) remove_at(t.index_);
}

void loop::fire_due() noexcept {
  const bool outermost = !std::exchange(running_, true);
  const steady_time current = now();
  while (!timers_.empty() && timers_.front()->when_ <= current) {
    timer& t = *timers_.front();
    remove_at(0);
    t.fired();
  }
  if (clock_ == nullptr && !timers_.empty() && timers_.front()->when_ < armed_for_) {
    armed_for_ = timers_.front()->when_;
    arm_system_timer(armed_for_);
  }
  if (!outermost) return;
  run_ready();
  running_ = false;
}

}  // namespace detail
}  // namespace tidewire
