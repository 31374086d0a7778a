/// @file
/// `channel<T>`: values handed from tasks to tasks of one loop, with back-pressure.
#pragma once

#include <tidewire/core/detail/ring.hpp>
#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

namespace tidewire {

template <class T>
class channel;

namespace detail {

template <class T>
class send_operation final : public leaf<send_operation<T>, queued_wait> {
 public:
  send_operation(channel<T>& to, T value) noexcept : to_(&to), value_(std::move(value)) {}

  bool start(promise_base& p);
  void await_resume() const { this->require_done("send to a channel"); }

 private:
  friend class channel<T>;
  channel<T>* to_;
  T value_;
};

template <class T>
class receive_operation final : public leaf<receive_operation<T>, queued_wait> {
 public:
  explicit receive_operation(channel<T>& from) noexcept : from_(&from) {}

  bool start(promise_base& p);
  [[nodiscard]] std::optional<T> await_resume() {
    if (this->how() != queued_wait::outcome::closed) this->require_done("receive from a channel");
    return std::move(value_);
  }

 private:
  friend class channel<T>;
  channel<T>* from_;
  std::optional<T> value_;
};

}  // namespace detail

/// A queue of at most `capacity` values between tasks of one loop: senders wait while it is full, receivers
/// while it is empty. Any number of each; first come, first served, both the values and those who wait. With
/// capacity 0 a sender waits until a receiver has taken its value.
///
/// What need not wait is done at once. A value is copied or moved in and moved out; `T` must be movable
/// without throwing. The memory grows with what is held, up to the capacity, and is kept: in steady state
/// nothing is allocated.
///
/// For one loop, on its thread. Between loops and threads there is the `mailbox`. Destroying a channel closes
/// it.
template <class T>
class channel {
 public:
  explicit channel(std::size_t capacity) noexcept : held_(capacity) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// `co_await c.send(value);` waits while the channel is full.
  /// @par Errors `errc::closed`: the channel is, or was closed while this waited: the value was not sent.
  /// `condition::canceled`. `condition::misuse`: others wait on another loop.
  /// @par Cancellation The value was not sent, and ends with the operation. A value that was taken is sent,
  /// and then this succeeds though the task is canceled.
  [[nodiscard]] detail::send_operation<T> send(T value) noexcept { return {*this, std::move(value)}; }

  /// `while (auto value = co_await c.receive()) ...` waits for the next value; empty when the channel is
  /// closed and every value has been received.
  /// @par Errors `condition::canceled`. `condition::misuse`: others wait on another loop.
  /// @par Cancellation No value is lost: one that was handed over is returned though the task is canceled.
  [[nodiscard]] detail::receive_operation<T> receive() noexcept {
    return detail::receive_operation<T>(*this);
  }

  /// Sends without waiting: false, and `value` is as it was, if the channel is full or closed.
  [[nodiscard]] bool try_send(T&& value) {
    if (closed_) return false;
    return offer(value);
  }
  /// @copydoc try_send(T&&)
  [[nodiscard]] bool try_send(const T& value)
  requires std::copy_constructible<T>
  {
    return try_send(T(value));
  }
  /// Receives without waiting: empty if no value is there.
  [[nodiscard]] std::optional<T> try_receive() noexcept {
    std::optional<T> taken;
    take(taken);
    return taken;
  }

  /// No more is sent: senders that wait get `errc::closed`, receivers what is left and then nothing. Twice is
  /// once.
  void close() noexcept {
    closed_ = true;
    senders_.end_all(detail::queued_wait::outcome::closed);
    receivers_.end_all(detail::queued_wait::outcome::closed);
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Values held now.
  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return held_.limit(); }

 private:
  friend class detail::send_operation<T>;
  friend class detail::receive_operation<T>;

  /// Hands `value` to a receiver or holds it; false if there is no room.
  bool offer(T& value) {
    if (!receivers_.empty()) {
      auto& first = static_cast<detail::receive_operation<T>&>(*receivers_.front());
      first.value_.emplace(std::move(value));
      first.end(detail::queued_wait::outcome::done);
      return true;
    }
    if (held_.full()) return false;
    held_.push(std::move(value));
    return true;
  }
  /// Takes the oldest value, and the one of the sender that waited longest into its place.
  void take(std::optional<T>& into) noexcept {
    if (!held_.empty()) into.emplace(held_.pop());
    if (senders_.empty()) return;
    auto& first = static_cast<detail::send_operation<T>&>(*senders_.front());
    if (into) {
      held_.push(std::move(first.value_));  // into the room of the one that was taken
    } else {
      into.emplace(std::move(first.value_));
    }
    first.end(detail::queued_wait::outcome::done);
  }

  detail::ring<T> held_;
  detail::wait_queue senders_;
  detail::wait_queue receivers_;
  bool closed_ = false;
};

namespace detail {

template <class T>
bool send_operation<T>::start(promise_base& p) {
  if (!this->may_start(p, to_->receivers_) || !this->may_start(p, to_->senders_)) return false;
  if (to_->closed_) {
    this->set_outcome(queued_wait::outcome::closed);
    return false;
  }
  if (to_->offer(value_)) return this->done_at_once(p);
  return this->wait_in(to_->senders_, p);
}

template <class T>
bool receive_operation<T>::start(promise_base& p) {
  if (!this->may_start(p, from_->receivers_) || !this->may_start(p, from_->senders_)) return false;
  from_->take(value_);
  if (value_) return this->done_at_once(p);
  if (from_->closed_) {
    this->set_outcome(queued_wait::outcome::closed);
    return false;
  }
  return this->wait_in(from_->receivers_, p);
}

}  // namespace detail
}  // namespace tidewire
