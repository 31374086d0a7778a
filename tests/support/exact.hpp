// Copies of inputs in heap blocks of exactly their size, so that a sanitizer sees the first byte read past
// the end.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace tidewire::testing {

/// A heap block of exactly `size` bytes, or a copy of a text in one.
class exact_block {
 public:
  explicit exact_block(std::size_t size) : data_(new char[size]), size_(size) {}
  explicit exact_block(std::string_view text) : exact_block(text.size()) {
    if (!text.empty()) std::memcpy(data_.get(), text.data(), text.size());
  }

  [[nodiscard]] std::string_view text() const { return {data_.get(), size_}; }
  [[nodiscard]] std::span<char> chars() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(chars()); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_;
};

}  // namespace tidewire::testing
