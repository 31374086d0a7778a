/// @file
/// A place in a list of buffers that are written piece by piece: for transports, not for users.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <cstddef>
#include <span>

namespace tidewire::detail {

/// What is still to be taken from the buffers of a write.
class write_cursor {
 public:
  void begin(std::span<const byte_view> buffers) noexcept {
    rest_ = buffers;
    offset_ = taken_ = 0;
    skip_empty();
  }
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
  /// What follows, up to the end of one buffer; not empty unless `done`.
  [[nodiscard]] byte_view next() const noexcept { return rest_.front().subspan(offset_); }
  /// Is there anything beyond `next`?
  [[nodiscard]] bool more() const noexcept { return rest_.size() > 1; }
  void advance(std::size_t count) noexcept {
    offset_ += count;
    taken_ += count;
    skip_empty();
  }

 private:
  void skip_empty() noexcept {
    while (!rest_.empty() && offset_ == rest_.front().size()) {
      rest_ = rest_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const byte_view> rest_;
  std::size_t offset_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace tidewire::detail
