// What in-memory links are made of: a queue of bytes.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

namespace tidewire::detail {

/// A queue of bytes that never moves and never allocates.
class byte_ring {
 public:
  explicit byte_ring(std::size_t capacity)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - size_; }
  void clear() noexcept { size_ = 0; }

  /// Adds the first bytes of `bytes`, as many as there is room for; says how many.
  std::size_t put(byte_view bytes) noexcept {
    const std::size_t count = std::min(bytes.size(), capacity_ - size_);
    if (count == 0) return 0;
    const std::size_t end = (begin_ + size_) % capacity_;
    const std::size_t before_wrap = std::min(count, capacity_ - end);
    std::memcpy(&memory_[end], bytes.data(), before_wrap);
    if (count > before_wrap) std::memcpy(&memory_[0], bytes.data() + before_wrap, count - before_wrap);
    size_ += count;
    return count;
  }
  /// Moves bytes out, as many as there are and fit; says how many.
  std::size_t take(byte_span into) noexcept {
    const std::size_t count = std::min(into.size(), size_);
    if (count == 0) return 0;
    const std::size_t before_wrap = std::min(count, capacity_ - begin_);
    std::memcpy(into.data(), &memory_[begin_], before_wrap);
    if (count > before_wrap) std::memcpy(into.data() + before_wrap, &memory_[0], count - before_wrap);
    size_ -= count;
    begin_ = size_ == 0 ? 0 : (begin_ + count) % capacity_;
    return count;
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tidewire::detail
