// What our completion handlers share: memory from the frame pool, the loop's executor, and the slot by which
// the one operation is canceled.
#pragma once

#include <tidewire/core/detail/loop.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <utility>

namespace tidewire::detail {

/// The frame pool as an allocator. Memory of an operation may be freed after everything else of ours is gone,
/// when its context dies; the pool does not mind.
template <class T>
struct pool_allocator {
  using value_type = T;
  pool_allocator() = default;
  template <class U>
  pool_allocator(const pool_allocator<U>&) noexcept {}  // NOLINT: as allocators are
  [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(allocate_frame(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t n) noexcept { deallocate_frame(memory, n * sizeof(T)); }
  friend bool operator==(const pool_allocator&, const pool_allocator&) = default;
};

/// Counts who still needs an object on one loop.
template <class T>
class counted_pointer {
 public:
  explicit counted_pointer(T* object) noexcept : object_(object) { ++object_->references; }
  counted_pointer(const counted_pointer& other) noexcept : counted_pointer(other.object_) {}
  counted_pointer(counted_pointer&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  counted_pointer& operator=(counted_pointer other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~counted_pointer() {
    if (object_ != nullptr && --object_->references == 0) delete object_;
  }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }

 private:
  T* object_;
};

/// `(target.*Function)(args...)`, as a handler that keeps its target alive.
template <class Target, auto Function>
struct pooled_handler {
  using allocator_type = pool_allocator<void>;
  using executor_type = asio::io_context::executor_type;
  using cancellation_slot_type = asio::cancellation_slot;

  counted_pointer<Target> target;
  executor_type executor;
  asio::cancellation_slot slot;

  [[nodiscard]] allocator_type get_allocator() const noexcept { return {}; }
  [[nodiscard]] executor_type get_executor() const noexcept { return executor; }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }

  template <class... Args>
  void operator()(Args&&... args) {
    ((*target).*Function)(std::forward<Args>(args)...);
  }
};

template <>
struct pool_allocator<void> {
  using value_type = void;
  pool_allocator() = default;
  template <class U>
  pool_allocator(const pool_allocator<U>&) noexcept {}  // NOLINT: as allocators are
  template <class U>
  struct rebind {
    using other = pool_allocator<U>;
  };
  friend bool operator==(const pool_allocator&, const pool_allocator&) = default;
};

}  // namespace tidewire::detail
