/// @file
/// How much of the heap a program holds: replaces its allocation functions. To be included by one source of a
/// program, the test itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace tidewire::testing {

/// Bytes that operator new gave and operator delete did not get back: now, and at most since the last
/// `heap_watch` began.
inline std::atomic<std::size_t> live_bytes = 0;
inline std::atomic<std::size_t> peak_bytes = 0;

/// The bytes from before count for none.
class heap_watch {
 public:
  heap_watch() : before_(live_bytes) { peak_bytes = before_; }
  /// The most that was held at any time since, beyond what was held before.
  [[nodiscard]] std::size_t peak() const { return peak_bytes - before_; }

 private:
  std::size_t before_;
};

namespace detail {

struct block_header {
  alignas(std::max_align_t) std::size_t size;
};

inline void* allocate(std::size_t size) {
  auto* const header = static_cast<block_header*>(std::malloc(sizeof(block_header) + size));
  if (header == nullptr) throw std::bad_alloc();
  header->size = size;
  const std::size_t live = live_bytes += size;
  std::size_t peak = peak_bytes;
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
  }
  return header + 1;
}
inline void release(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* const header = static_cast<block_header*>(memory) - 1;
  live_bytes -= header->size;
  std::free(header);
}

}  // namespace detail
}  // namespace tidewire::testing

// NOLINTBEGIN(misc-definitions-in-headers): one source of a program includes this
void* operator new(std::size_t size) {
  return tidewire::testing::detail::allocate(size);
}
void* operator new[](std::size_t size) {
  return tidewire::testing::detail::allocate(size);
}
void operator delete(void* memory) noexcept {
  tidewire::testing::detail::release(memory);
}
void operator delete[](void* memory) noexcept {
  tidewire::testing::detail::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  tidewire::testing::detail::release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  tidewire::testing::detail::release(memory);
}
// NOLINTEND(misc-definitions-in-headers)
