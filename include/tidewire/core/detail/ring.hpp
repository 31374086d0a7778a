/// @file
/// A bounded queue in one block of memory: not for users.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace tidewire::detail {

/// First in, first out, up to a limit. The block grows as it is needed and is kept, so that in steady state
/// nothing is allocated.
template <class T>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "what goes through a queue of tidewire must be movable without throwing");

 public:
  explicit ring(std::size_t limit) noexcept : limit_(limit) {}
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    while (size_ != 0) (void)pop();
  }

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == limit_; }

  /// Must not be full. May throw `std::bad_alloc`, and then `value` is as it was.
  void push(T&& value) {
    if (size_ == room_) grow();
    std::construct_at(&slots_[wrapped(first_ + size_)].value, std::move(value));
    ++size_;
  }
  /// Must not be empty.
  [[nodiscard]] T pop() noexcept {
    T& front = slots_[first_].value;
    T taken = std::move(front);
    std::destroy_at(&front);
    first_ = wrapped(first_ + 1);
    --size_;
    return taken;
  }

 private:
  union slot {
    slot() noexcept {}
    ~slot() {}
    T value;
  };

  [[nodiscard]] std::size_t wrapped(std::size_t index) const noexcept {
    return index < room_ ? index : index - room_;
  }
  void grow() {
    const std::size_t wanted = room_ < 8 ? 8 : room_ <= limit_ / 2 ? 2 * room_ : limit_;
    const std::size_t room = std::min(wanted, limit_);
    std::unique_ptr<slot[]> slots(new slot[room]);
    for (std::size_t i = 0; i < size_; ++i) {
      T& from = slots_[wrapped(first_ + i)].value;
      std::construct_at(&slots[i].value, std::move(from));
      std::destroy_at(&from);
    }
    slots_ = std::move(slots);
    room_ = room;
    first_ = 0;
  }

  std::unique_ptr<slot[]> slots_;
  std::size_t limit_;
  std::size_t room_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tidewire::detail
