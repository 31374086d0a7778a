// What fuzz targets share: a check that stops the program, and a reader of what steers the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace tidewire::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The input: its first bytes choose what is done, the rest is what it is done to.
class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : text_(reinterpret_cast<const char*>(data), size) {}

  /// The next choice, below `count`; 0 where there is nothing left.
  std::size_t choose(std::size_t count) {
    if (text_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(text_.front());
    text_.remove_prefix(1);
    return byte % count;
  }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace tidewire::fuzz
