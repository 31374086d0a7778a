#include <tidewire/core/offload.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "duration_text.hpp"
#include "platform.hpp"

namespace tidewire {
namespace detail {

/// The queue and the threads of a pool. Shared by the pool and by the calls that are in it, so that a call
/// can be taken back on one thread while the pool ends on another.
class pool_state {
 public:
  explicit pool_state(const thread_pool_options& options)
      : most_threads_(options.threads != 0 ? options.threads
                                           : std::max<std::size_t>(std::thread::hardware_concurrency(), 2)),
        queue_limit_(options.queue_limit) {}

  [[nodiscard]] std::size_t most_threads() const noexcept { return most_threads_; }
  [[nodiscard]] std::size_t queued() noexcept {
    const std::lock_guard guard(lock_);
    return queued_;
  }

  /// Puts a call in the queue, or tells why not.
  std::error_code add(offloaded_call& c) {
    const std::lock_guard guard(lock_);
    if (closed_) return errc::closed;
    if (idle_ <= queued_ && threads_.size() < most_threads_) {
      if (const std::error_code failed = start_thread(); failed && threads_.empty()) return failed;
    }
    if (idle_ <= queued_ && queued_ - idle_ >= queue_limit_) return errc::limit_exceeded;
    c.stage_ = offloaded_call::stage::queued;
    c.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &c;
    last_ = &c;
    ++queued_;
    wanted_.notify_one();
    return {};
  }

  /// Takes a call back: true if no thread had begun it.
  bool take_back(offloaded_call& c) noexcept {
    const std::lock_guard guard(lock_);
    if (c.stage_ != offloaded_call::stage::queued) return false;
    unlink(c);
    c.stage_ = offloaded_call::stage::ended;
    return true;
  }

  /// The frame of a call goes away with its loop. True if the call was posted and the post must be taken
  /// back.
  bool disown(offloaded_call& c) noexcept {
    std::unique_lock guard(lock_);
    switch (c.stage_) {
      case offloaded_call::stage::fresh: return false;
      case offloaded_call::stage::queued: unlink(c); return false;
      case offloaded_call::stage::ended: return true;
      case offloaded_call::stage::running: break;
    }
    c.orphaned_ = true;
    guard.unlock();
    c.ask_to_stop();
    guard.lock();
    orphan_ended_.wait(guard, [&] { return c.stage_ == offloaded_call::stage::ended; });
    return false;
  }

  /// Ends the pool: waits for what runs, fails what waits.
  void close() noexcept {
    std::vector<std::thread> threads;
    {
      const std::lock_guard guard(lock_);
      closed_ = true;
      while (first_ != nullptr) {
        offloaded_call& c = *first_;
        unlink(c);
        c.refused_ = errc::closed;
        end(c);
      }
      threads.swap(threads_);
      wanted_.notify_all();
    }
    for (std::thread& each : threads) each.join();
  }

 private:
  std::error_code start_thread() {
    threads_.reserve(threads_.size() + 1);
    try {
      threads_.push_back(
          platform::start_quiet_thread([](void* pool) { static_cast<pool_state*>(pool)->work(); }, this));
    } catch (const std::system_error& e) {
      return e.code();
    }
    ++idle_;
    return {};
  }
  void work() noexcept {
    std::unique_lock guard(lock_);
    for (;;) {
      wanted_.wait(guard, [this] { return first_ != nullptr || closed_; });
      if (first_ == nullptr) return;
      offloaded_call& c = *first_;
      unlink(c);
      if (c.deadline_ != steady_time::max() && c.deadline_ <= std::chrono::steady_clock::now()) {
        c.refused_ = errc::timed_out;
        end(c);
        continue;
      }
      c.stage_ = offloaded_call::stage::running;
      --idle_;
      guard.unlock();
      c.make();
      guard.lock();
      ++idle_;
      end(c);
    }
  }
  void unlink(offloaded_call& c) noexcept {
    (c.previous_ != nullptr ? c.previous_->next_ : first_) = c.next_;
    (c.next_ != nullptr ? c.next_->previous_ : last_) = c.previous_;
    c.previous_ = c.next_ = nullptr;
    --queued_;
  }
  // Posted under the lock: until it is released, the call, and so its loop, cannot go away.
  void end(offloaded_call& c) noexcept {
    c.stage_ = offloaded_call::stage::ended;
    if (c.orphaned_) {
      orphan_ended_.notify_all();
    } else {
      c.home_->post(c);
    }
  }

  const std::size_t most_threads_;
  const std::size_t queue_limit_;
  std::mutex lock_;
  std::condition_variable wanted_;
  std::condition_variable orphan_ended_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;  // threads that run no call: each will take one of the queue
  std::size_t queued_ = 0;
  offloaded_call* first_ = nullptr;
  offloaded_call* last_ = nullptr;
  bool closed_ = false;
};

namespace {

/// The pool of a loop, which goes when every task of it is gone.
struct pool_of_loop final : loop_local {
  explicit pool_of_loop(loop&) : state(std::make_shared<pool_state>(thread_pool_options())) {}
  ~pool_of_loop() override { state->close(); }

  static const char key;
  std::shared_ptr<pool_state> state;
};
const char pool_of_loop::key = 0;

}  // namespace

offloaded_call::offloaded_call(thread_pool* pool, const offload_options& options)
    : pool_(pool != nullptr ? pool->state_ : nullptr), start_within_(options.start_within) {}

offloaded_call::offloaded_call(offloaded_call&& other) noexcept
    : suspension(),
      posted_call(),
      timer(),
      pool_(std::move(other.pool_)),
      start_within_(other.start_within_) {}

void offloaded_call::leave_pool() noexcept {
  if (waiting_ && pool_->disown(*this)) home_->abandon_calls();
}

bool offloaded_call::begin(promise_base& p) {
  if (p.owner->canceled()) {
    refused_ = errc::canceled;
    return false;
  }
  home_ = &p.owner->home();
  if (pool_ == nullptr) pool_ = home_->local<pool_of_loop>().state;
  if (start_within_ != duration::max()) {
    const steady_time now = home_->now();
    const steady_time until =
        start_within_ < steady_time::max() - now ? now + start_within_ : steady_time::max();
    // The pool's threads cannot ask a clock that belongs to the loop: then the timer alone watches.
    if (home_->current_clock() == nullptr) deadline_ = until;
    home_->arm(*this, until);
  }
  try {
    refused_ = pool_->add(*this);
  } catch (...) {
    home_->disarm(*this);
    throw;
  }
  if (refused_) {
    home_->disarm(*this);
    return false;
  }
  waiting_ = true;
  home_->external_started();
  enter(p);
  return true;
}

void offloaded_call::conclude() noexcept {
  waiting_ = false;
  home_->disarm(*this);
  home_->external_finished();
}

void offloaded_call::drop(errc why) noexcept {
  refused_ = why;
  conclude();
  wake();
}

void offloaded_call::cancel() noexcept {
  if (pool_->take_back(*this)) {
    drop(errc::canceled);
  } else {
    ask_to_stop();
  }
}

void offloaded_call::fired() noexcept {
  if (pool_->take_back(*this)) drop(errc::timed_out);
}

void offloaded_call::call() noexcept {
  conclude();
  wake();
}

void offloaded_call::require_made() const {
  if (!refused_) return;
  failure why(refused_);
  why.during("offload");
  if (refused_ == errc::timed_out) {
    why.because("no thread was free within " + duration_text(start_within_));
  } else if (refused_ == errc::limit_exceeded) {
    why.because("too many calls wait for a thread");
  } else if (refused_ == errc::closed) {
    why.because("the thread pool ended");
  }
  throw error(why);
}

}  // namespace detail

thread_pool::thread_pool(thread_pool_options options)
    : state_(std::make_shared<detail::pool_state>(options)) {}

thread_pool::~thread_pool() {
  state_->close();
}

std::size_t thread_pool::threads() const noexcept {
  return state_->most_threads();
}

std::size_t thread_pool::queued() const noexcept {
  return state_->queued();
}

}  // namespace tidewire
