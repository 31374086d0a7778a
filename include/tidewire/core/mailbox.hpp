/// @file
/// `mailbox<T>`: values handed to a task from any loop or thread.
#pragma once

#include <tidewire/core/detail/remote_wait.hpp>
#include <tidewire/core/detail/ring.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tidewire {
namespace detail {

template <class T>
class post_operation;
template <class T>
class collect_operation;

/// What a mailbox and its senders share.
template <class T>
class mailbox_state {
 public:
  explicit mailbox_state(std::size_t capacity) noexcept : held_(capacity) {}

  [[nodiscard]] bool try_post(T& value) {
    const std::lock_guard guard(lock_);
    return !closed_ && offer(value);
  }
  [[nodiscard]] std::optional<T> try_receive() noexcept {
    const std::lock_guard guard(lock_);
    return take();
  }
  void close() noexcept {
    const std::lock_guard guard(lock_);
    closed_ = true;
    while (!posters_.empty()) posters_.first->end(remote_wait::outcome::closed);
    while (!receiver_.empty()) receiver_.first->end(remote_wait::outcome::closed);
  }
  [[nodiscard]] bool closed() const noexcept {
    const std::lock_guard guard(lock_);
    return closed_;
  }
  [[nodiscard]] std::size_t size() const noexcept {
    const std::lock_guard guard(lock_);
    return held_.size();
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return held_.limit(); }

 private:
  friend class post_operation<T>;
  friend class collect_operation<T>;

  /// Hands `value` to the receiver, or holds it; false if there is no room.
  bool offer(T& value) {
    if (!receiver_.empty()) {
      auto& receiver = static_cast<collect_operation<T>&>(*receiver_.first);
      receiver.value_.emplace(std::move(value));
      receiver.end(remote_wait::outcome::done);
      return true;
    }
    if (held_.full()) return false;
    held_.push(std::move(value));
    return true;
  }
  /// Takes the oldest value, and the one of the poster that waited longest into its place.
  std::optional<T> take() noexcept {
    std::optional<T> taken;
    if (!held_.empty()) taken.emplace(held_.pop());
    if (posters_.empty()) return taken;
    auto& first = static_cast<post_operation<T>&>(*posters_.first);
    if (taken) {
      held_.push(std::move(first.value_));  // into the room of the one that was taken
    } else {
      taken.emplace(std::move(first.value_));
    }
    first.end(remote_wait::outcome::done);
    return taken;
  }

  mutable std::mutex lock_;
  ring<T> held_;
  remote_line posters_;
  remote_line receiver_;
  bool closed_ = false;
};

template <class T>
class post_operation final : public leaf<post_operation<T>, remote_wait> {
 public:
  post_operation(std::shared_ptr<mailbox_state<T>> to, T value) noexcept
      : to_(std::move(to)), value_(std::move(value)) {}
  post_operation(post_operation&&) = default;
  ~post_operation() { this->leave(); }

  bool start(promise_base& p) {
    if (p.owner->canceled()) {
      this->set_outcome(remote_wait::outcome::canceled);
      return false;
    }
    const std::lock_guard guard(to_->lock_);
    if (to_->closed_) {
      this->set_outcome(remote_wait::outcome::closed);
      return false;
    }
    if (to_->offer(value_)) return this->done_at_once(p);
    return this->wait_in(to_->posters_, to_->lock_, p);
  }
  void await_resume() const { this->require_done("post to a mailbox"); }

 private:
  friend class mailbox_state<T>;
  std::shared_ptr<mailbox_state<T>> to_;
  T value_;
};

template <class T>
class collect_operation final : public leaf<collect_operation<T>, remote_wait> {
 public:
  explicit collect_operation(std::shared_ptr<mailbox_state<T>> from) noexcept : from_(std::move(from)) {}
  collect_operation(collect_operation&&) = default;
  ~collect_operation() { this->leave(); }

  bool start(promise_base& p) {
    if (p.owner->canceled()) {
      this->set_outcome(remote_wait::outcome::canceled);
      return false;
    }
    const std::lock_guard guard(from_->lock_);
    if (!from_->receiver_.empty()) {
      this->set_outcome(remote_wait::outcome::misuse);
      return false;
    }
    value_ = from_->take();
    if (value_) return this->done_at_once(p);
    if (from_->closed_) {
      this->set_outcome(remote_wait::outcome::closed);
      return false;
    }
    return this->wait_in(from_->receiver_, from_->lock_, p);
  }
  [[nodiscard]] std::optional<T> await_resume() {
    if (this->how() != remote_wait::outcome::closed) this->require_done("receive from a mailbox");
    return std::move(value_);
  }

 private:
  friend class mailbox_state<T>;
  std::shared_ptr<mailbox_state<T>> from_;
  std::optional<T> value_;
};

}  // namespace detail

template <class T>
class mailbox;

/// The address of a `mailbox`, to be given to other threads: a small value that may be copied. Distinct and
/// shared ones may be used from any thread, also when the mailbox is gone: it is then closed.
template <class T>
class mailbox_sender {
 public:
  /// Posts without waiting: false, and `value` is as it was, if the mailbox is full or closed. Any thread.
  [[nodiscard]] bool try_post(T&& value) const { return state_->try_post(value); }
  /// @copydoc try_post(T&&)
  [[nodiscard]] bool try_post(const T& value) const
  requires std::copy_constructible<T>
  {
    return try_post(T(value));
  }

  /// `co_await box.post(value);` in a task of any loop waits while the mailbox is full, so that a fast sender
  /// is held back. First come, first served. On a thread without a loop, `run(box.post(value))`.
  /// @par Errors `errc::closed`: the mailbox is, or was closed while this waited: the value was not posted.
  /// `condition::canceled`.
  /// @par Cancellation The value was not posted, and ends with the operation. A value that was taken is
  /// posted, and then this succeeds though the task is canceled.
  [[nodiscard]] detail::post_operation<T> post(T value) const noexcept { return {state_, std::move(value)}; }

  /// No more is posted; the mailbox gives out what it holds. Any thread.
  void close() const noexcept { state_->close(); }
  /// Any thread.
  [[nodiscard]] bool closed() const noexcept { return state_->closed(); }

 private:
  friend class mailbox<T>;
  explicit mailbox_sender(std::shared_ptr<detail::mailbox_state<T>> state) noexcept
      : state_(std::move(state)) {}

  std::shared_ptr<detail::mailbox_state<T>> state_;
};

/// A queue of at most `capacity` values to one task from any loop or thread: how loops talk to each other.
///
/// @code
/// mailbox<job> jobs(1024);               // in the task that will do them
/// give_away(jobs.sender());
/// while (auto next = co_await jobs.receive()) work_on(*next);
/// @endcode
///
/// A value is copied or moved in, on the sender's thread, and moved out, on the receiver's; `T` must be
/// movable without throwing. A virtual clock does not wait for what other threads will post. In steady state
/// nothing is allocated but what Asio needs to wake the other loop, and it reuses that.
///
/// The mailbox itself belongs to one task at a time; `sender()` may be called from any. Destroying it closes
/// it, and drops what it holds.
template <class T>
class mailbox {
 public:
  /// With capacity 0 a sender waits until the receiver has taken its value.
  explicit mailbox(std::size_t capacity) : state_(std::make_shared<detail::mailbox_state<T>>(capacity)) {}
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() {
    close();
    while (try_receive()) continue;
  }

  /// Its address, for others. Any thread.
  [[nodiscard]] mailbox_sender<T> sender() const noexcept { return mailbox_sender<T>(state_); }

  /// Waits for the next value; empty when the mailbox is closed and every value has been received.
  /// @par Errors `condition::canceled`. `condition::misuse`: another task receives.
  /// @par Cancellation No value is lost: one that was handed over is returned though the task is canceled.
  [[nodiscard]] detail::collect_operation<T> receive() noexcept {
    return detail::collect_operation<T>(state_);
  }
  /// Receives without waiting: empty if no value is there.
  [[nodiscard]] std::optional<T> try_receive() noexcept { return state_->try_receive(); }

  /// No more is posted: senders that wait get `errc::closed`, the receiver what is left and then nothing. Any
  /// thread.
  void close() noexcept { state_->close(); }
  [[nodiscard]] bool closed() const noexcept { return state_->closed(); }
  /// Values held now. Any thread.
  [[nodiscard]] std::size_t size() const noexcept { return state_->size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return state_->capacity(); }

 private:
  std::shared_ptr<detail::mailbox_state<T>> state_;
};

}  // namespace tidewire
