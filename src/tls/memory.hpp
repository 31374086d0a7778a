// The memory that records pass through: lent by the loop while there are bytes in it, so that idle
// connections hold next to none and busy ones use no fresh pages.
#pragma once

#include <tidewire/base/buffer.hpp>
#include <tidewire/core/detail/loop.hpp>

#include <cstddef>

namespace tidewire::tls::detail {

class memory final : public tidewire::detail::loop_local {
 public:
  /// Bytes of plaintext in a record, at most (RFC 8446 section 5.1).
  static constexpr std::size_t record_size = std::size_t{16} * 1024;
  /// Records that leave in one write of the transport below.
  static constexpr std::size_t records_at_once = 8;
  /// More than header, padding and tag of any cipher add to a record.
  static constexpr std::size_t record_overhead = 512;

  static constexpr std::size_t small_size = std::size_t{4} * 1024;
  static constexpr std::size_t large_size = records_at_once * (record_size + record_overhead);

  explicit memory(tidewire::detail::loop&) noexcept {}
  static const char key;

  /// A block for at least `bytes`, if that is no more than `large_size`.
  [[nodiscard]] buffer_block acquire(std::size_t bytes) {
    if (bytes <= small_size) return small_.acquire();
    if (bytes <= large_size) return large_.acquire();
    return buffer_block(bytes);
  }

 private:
  buffer_pool small_{small_size, 256};
  buffer_pool large_{large_size, 8};
};

}  // namespace tidewire::tls::detail
