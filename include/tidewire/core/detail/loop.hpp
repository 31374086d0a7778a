/// @file
/// The machinery under `task`: not for users. One `loop` belongs to one Asio `io_context` and is used by the
/// one thread that runs it. No Asio type is named here, so that users do not compile Asio.
#pragma once

#include <tidewire/core/export.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <utility>
#include <vector>

namespace tidewire {

class clock;

namespace detail {

class chain;
class loop;

using steady_time = std::chrono::steady_clock::time_point;

/// What every coroutine of ours has in its frame.
struct promise_base {
  std::coroutine_handle<> self;        ///< This coroutine.
  promise_base* awaiter = nullptr;     ///< The coroutine that awaits this one; none at the root of a chain.
  chain* owner = nullptr;              ///< The chain it runs in, from its start on.
  promise_base* next_ready = nullptr;  ///< Link of the loop's list of coroutines to resume.
  std::source_location where;          ///< Its latest `co_await`.
};

/// What a suspended chain waits for. Lives in the frame of the coroutine that awaits it.
class suspension {
 public:
  /// Asks the wait to end soon. It still ends through `wake`, at once or later. Called on the loop's thread,
  /// once at most; nothing is resumed before it returns.
  virtual void cancel() noexcept = 0;

  [[nodiscard]] promise_base* waiter() const noexcept { return waiter_; }

 protected:
  suspension() = default;
  suspension(const suspension&) = default;
  suspension& operator=(const suspension&) = default;
  ~suspension() = default;

  /// From `await_suspend`: the chain of `waiter` waits here from now on.
  void enter(promise_base& waiter) noexcept;
  /// What `await_suspend` returns for an operation that is done: false, and the waiter goes on at once; or,
  /// where many did so in a row, true, and it goes on when others had their turn, even if it is canceled.
  [[nodiscard]] bool done_at_once(promise_base& waiter) noexcept;
  /// The wait is over and the waiter goes on: at once where no coroutine runs, else when the running one
  /// waits.
  void wake() noexcept;
  /// The wait is over and the waiter goes on soon, never within this call.
  void wake_soon() noexcept;
  /// The wait is over, and the loop, which just saw the last coroutine of a child chain end, goes on with the
  /// waiter.
  void wake_next() noexcept;

  promise_base* waiter_ = nullptr;
};

/// A line of coroutines that await each other: it waits for one thing at a time, and is canceled as one. Each
/// child of a `when_all`, a group or a `with_timeout`, and each spawned task, is a chain. Once canceled it
/// stays so: every further wait in it ends at once.
class TIDEWIRE_CORE_API chain {
 public:
  chain() = default;
  chain(const chain&) = delete;
  chain& operator=(const chain&) = delete;

  /// Loop's thread only. Resumes nothing before it returns, so that one can cancel several in a row.
  void cancel() noexcept;
  [[nodiscard]] bool canceled() const noexcept { return canceled_; }
  [[nodiscard]] loop& home() const noexcept { return *home_; }
  /// The coroutine that is suspended innermost, or ran last.
  [[nodiscard]] promise_base* innermost() const noexcept { return innermost_; }
  /// The coroutine, of another chain, that joins this one; none for what was spawned.
  [[nodiscard]] promise_base* joiner() const noexcept { return joiner_; }

 protected:
  ~chain();

  /// Makes `root` the first coroutine of this chain, to be started by the loop. `joiner` may be null.
  void adopt(loop& home, promise_base& root, promise_base* joiner) noexcept;
  /// The first coroutine ended: its result can be taken, its frame may be destroyed. Called by the loop with
  /// no coroutine running.
  virtual void finished() noexcept = 0;
  /// The loop ends with this chain unfinished: what owns itself deletes itself.
  virtual void abandon() noexcept {}

 private:
  friend class suspension;
  friend class loop;
  friend class loop_service;

  loop* home_ = nullptr;
  suspension* waiting_ = nullptr;
  promise_base* innermost_ = nullptr;
  promise_base* joiner_ = nullptr;
  chain* previous_ = nullptr;
  chain* next_ = nullptr;
  bool canceled_ = false;
  bool linked_ = false;
};

/// Something to be called at a time. Armed and disarmed in O(log n), without allocation in steady state.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  [[nodiscard]] bool armed() const noexcept { return index_ != unarmed; }
  [[nodiscard]] steady_time when() const noexcept { return when_; }

 protected:
  ~timer() = default;
  /// Called on the loop's thread; the timer is disarmed before. What it wakes goes on when all that is due
  /// has fired.
  virtual void fired() noexcept = 0;

 private:
  friend class loop;
  static constexpr std::size_t unarmed = static_cast<std::size_t>(-1);
  steady_time when_{};
  std::size_t index_ = unarmed;
};

/// A call handed to a loop from any thread. Must stay alive until it is made.
struct posted_call {
  virtual void call() noexcept = 0;
  /// The loop ended before it could be called.
  virtual void abandon() noexcept {}
  posted_call* next_call = nullptr;

 protected:
  ~posted_call() = default;
};

/// Something that is tied to a loop while that lasts: a socket, a stream. It is told when the loop ends,
/// after its tasks; it can then be tied to another one.
class TIDEWIRE_CORE_API loop_attachment {
 public:
  loop_attachment(const loop_attachment&) = delete;
  loop_attachment& operator=(const loop_attachment&) = delete;
  /// The loop it is tied to, or null.
  [[nodiscard]] loop* home() const noexcept { return home_; }

 protected:
  loop_attachment() = default;
  ~loop_attachment() { detach(); }
  /// Only when it is tied to none.
  void attach_to(loop& home) noexcept;
  void detach() noexcept;
  /// The loop ends; `home` is null from now on.
  virtual void loop_ended() noexcept = 0;

 private:
  friend class loop;
  loop* home_ = nullptr;
  loop_attachment* previous_ = nullptr;
  loop_attachment* next_ = nullptr;
};

/// What each loop has one of, made when first asked for and destroyed with the loop, after its tasks. `T`
/// derives from this, is made from a `loop&`, and has `static const char key;`, defined in a source file.
class TIDEWIRE_CORE_API loop_local {
 public:
  loop_local() = default;
  loop_local(const loop_local&) = delete;
  loop_local& operator=(const loop_local&) = delete;
  virtual ~loop_local();
};

/// The scheduler of one `io_context`. Everything but `post` is for the loop's thread only.
class TIDEWIRE_CORE_API loop {
 public:
  /// Operations that may complete at once in a row before others get a turn.
  static constexpr int turn_budget = 128;

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// The loop of an `asio::io_context`, made when first asked for.
  [[nodiscard]] static loop& of(void* asio_io_context);
  /// The `asio::io_context`.
  [[nodiscard]] void* native() const noexcept { return native_; }

  /// Goes on with `p` when the running coroutine waits, or soon where none runs.
  void schedule(promise_base& p) noexcept;
  /// Goes on with `p` after whatever else is ready, events of the system included.
  void schedule_later(promise_base& p) noexcept;
  /// Goes on with `p` at once, or, where a coroutine runs, when that waits.
  void resume(promise_base& p) noexcept {
    if (running_) {
      schedule(p);
    } else {
      drive(p.self);
    }
  }
  /// What the loop resumes next: only for what is called by the loop itself, or from `await_suspend`.
  void transfer_to(std::coroutine_handle<> next) noexcept { next_ = next; }
  /// The root of `c` ended; called from its final suspension.
  void transfer_to_joiner(chain& c) noexcept { finished_ = &c; }
  /// Runs `h` and what gets ready by it.
  void drive(std::coroutine_handle<> h) noexcept;
  [[nodiscard]] bool running() const noexcept { return running_; }
  /// While one of these lives, nothing is resumed: what is woken goes on afterwards.
  class held {
   public:
    explicit held(loop& home) noexcept : home_(home), outermost_(!std::exchange(home.running_, true)) {}
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() {
      if (outermost_) home_.let_go();
    }

   private:
    loop& home_;
    bool outermost_;
  };
  /// Has the context been shut down? Nothing is resumed any more.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Takes one unit of the turn's budget; false when it is spent and the operation should let others run.
  [[nodiscard]] bool spend() noexcept { return --budget_ > 0; }

  /// Has `c.call()` made on the loop's thread. Any thread.
  void post(posted_call& c) noexcept;
  /// Abandons each posted call that was not made yet: for what dies with the loop while its own is among
  /// them.
  void abandon_calls() noexcept;

  /// The time by the loop's clock.
  [[nodiscard]] steady_time now() const noexcept;
  /// The same, but late by the length of a turn of the loop and a few milliseconds: for deadlines that are
  /// moved at each operation.
  [[nodiscard]] steady_time coarse_now() const noexcept {
    return turn_time_ != steady_time() ? turn_time_ : coarse_now_now();
  }
  /// A batch of events begins to be dealt with, or ends: between, the coarse time is read once.
  void begin_turn() noexcept { turn_time_ = coarse_now_now(); }
  void end_turn() noexcept { turn_time_ = steady_time(); }
  /// Replaces the clock (null: the system's). The clock must outlive the loop, or be replaced before it ends.
  void use_clock(clock* replacement) noexcept;
  [[nodiscard]] clock* current_clock() const noexcept { return clock_; }

  void arm(timer& t, steady_time when);
  void disarm(timer& t) noexcept;
  [[nodiscard]] bool has_timers() const noexcept { return !timers_.empty(); }
  /// The earliest timer: `has_timers()` must hold.
  [[nodiscard]] steady_time next_timer() const noexcept { return timers_.front()->when_; }
  /// Fires what is due. Called by the clock and by the system's timer.
  void fire_due() noexcept;

  /// The chains that live here, newest first.
  [[nodiscard]] chain* first_chain() const noexcept { return chains_; }
  [[nodiscard]] static chain* next_chain(const chain& c) noexcept { return c.next_; }

  /// The `T` of this loop.
  template <class T>
  [[nodiscard]] T& local() {
    loop_local* found = find_local(&T::key);
    if (found == nullptr) found = &add_local(&T::key, std::make_unique<T>(*this));
    return static_cast<T&>(*found);
  }
  /// The same, if it was made.
  template <class T>
  [[nodiscard]] T* local_if_made() const noexcept {
    return static_cast<T*>(find_local(&T::key));
  }

  /// Calls outstanding on other threads (off-loaded work, look-ups): while there are any, a virtual clock
  /// waits.
  void external_started() noexcept { ++external_; }
  void external_finished() noexcept { --external_; }
  [[nodiscard]] std::size_t external() const noexcept { return external_; }

 protected:
  explicit loop(void* native) noexcept : native_(native) {}
  ~loop() = default;

  virtual void post_drain() noexcept = 0;
  virtual void post_calls() noexcept = 0;
  virtual void arm_system_timer(steady_time when) noexcept = 0;
  /// No chain is left: nothing of the loop's own may keep the context busy.
  virtual void rest(bool timer_is_set) noexcept = 0;
  /// Resumes what is in the ready list.
  void drain() noexcept;
  void make_calls() noexcept;
  /// The time that was last armed for has come.
  void system_timer_fired() noexcept {
    armed_for_ = steady_time::max();
    fire_due();
  }
  /// Ends what is unfinished.
  void abandon_all() noexcept;
  /// Then lets go of what is tied to it, and of what it owns.
  void release_all() noexcept;

 private:
  friend class suspension;
  friend class chain;
  friend class loop_attachment;

  [[nodiscard]] loop_local* find_local(const void* key) const noexcept;
  loop_local& add_local(const void* key, std::unique_ptr<loop_local> made);

  void let_go() noexcept;
  [[nodiscard]] steady_time coarse_now_now() const noexcept;
  void link(chain& c) noexcept;
  void unlink(chain& c) noexcept;
  void place(std::size_t index, timer* t) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void remove_at(std::size_t index) noexcept;
  void run_ready() noexcept;

  std::coroutine_handle<> next_;
  chain* finished_ = nullptr;
  promise_base* ready_first_ = nullptr;
  promise_base* ready_last_ = nullptr;
  promise_base* later_first_ = nullptr;
  promise_base* later_last_ = nullptr;
  int budget_ = turn_budget;
  bool running_ = false;
  bool drain_posted_ = false;
  bool ended_ = false;
  void* native_;
  clock* clock_ = nullptr;
  chain* chains_ = nullptr;
  loop_attachment* attachments_ = nullptr;
  std::vector<std::pair<const void*, std::unique_ptr<loop_local>>> locals_;
  std::size_t external_ = 0;
  std::vector<timer*> timers_;
  steady_time armed_for_ = steady_time::max();
  steady_time turn_time_{};
  std::atomic<posted_call*> calls_ = nullptr;
  std::atomic<std::size_t> posting_ = 0;  // threads that are in `post`
};

inline void loop_attachment::attach_to(loop& home) noexcept {
  home_ = &home;
  next_ = home.attachments_;
  if (next_ != nullptr) next_->previous_ = this;
  home.attachments_ = this;
}

inline void loop_attachment::detach() noexcept {
  if (home_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : home_->attachments_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  home_ = nullptr;
  previous_ = next_ = nullptr;
}

inline void suspension::enter(promise_base& waiter) noexcept {
  waiter_ = &waiter;
  waiter.owner->waiting_ = this;
  waiter.owner->innermost_ = &waiter;
}

inline bool suspension::done_at_once(promise_base& waiter) noexcept {
  loop& home = waiter.owner->home();
  if (home.spend()) return false;
  enter(waiter);
  home.schedule_later(waiter);
  return true;
}

inline void suspension::wake() noexcept {
  chain& c = *waiter_->owner;
  c.waiting_ = nullptr;
  c.home_->resume(*waiter_);
}

inline void suspension::wake_soon() noexcept {
  chain& c = *waiter_->owner;
  c.waiting_ = nullptr;
  c.home_->schedule(*waiter_);
}

inline void suspension::wake_next() noexcept {
  chain& c = *waiter_->owner;
  c.waiting_ = nullptr;
  c.home_->transfer_to(waiter_->self);
}

/// Memory for coroutine frames: free lists of this thread over the heap.
[[nodiscard]] TIDEWIRE_CORE_API void* allocate_frame(std::size_t size);
TIDEWIRE_CORE_API void deallocate_frame(void* memory, std::size_t size) noexcept;

}  // namespace detail
}  // namespace tidewire
