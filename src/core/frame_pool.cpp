#include <tidewire/core/detail/loop.hpp>

#include <array>
#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define TIDEWIRE_POOL_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TIDEWIRE_POOL_FRAMES 0
#endif
#endif
#ifndef TIDEWIRE_POOL_FRAMES
#define TIDEWIRE_POOL_FRAMES 1
#endif

namespace tidewire::detail {

#if TIDEWIRE_POOL_FRAMES

namespace {

constexpr std::size_t granule = 64;
constexpr std::size_t classes = 32;                       // frames up to 2 KiB are pooled
constexpr std::size_t kept_bytes_per_class = 256 * 1024;  // 16 MiB a thread at the very most

struct block {
  block* next;
};

struct free_list {
  block* first = nullptr;
  std::size_t count = 0;
};

// Constant-initialised and without a destructor, so that reaching it costs no guard.
struct pool {
  std::array<free_list, classes> lists;
  bool closed = false;  // the thread is ending: keep nothing more
  bool watched = false;
};
constinit thread_local pool this_thread_pool;

struct pool_cleaner {
  ~pool_cleaner() {
    this_thread_pool.closed = true;
    for (free_list& list : this_thread_pool.lists) {
      while (list.first != nullptr) {
        block* const b = list.first;
        list.first = b->next;
        ::operator delete(b);
      }
      list.count = 0;
    }
  }
};

void watch_this_thread(pool& mine) {
  static thread_local pool_cleaner cleaner;
  static_cast<void>(cleaner);
  mine.watched = true;
}

constexpr std::size_t class_of(std::size_t size) noexcept {
  return (size + granule - 1) / granule - 1;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t c = class_of(size);
  if (c >= classes) return ::operator new(size);
  free_list& list = this_thread_pool.lists[c];
  if (block* const b = list.first; b != nullptr) {
    list.first = b->next;
    --list.count;
    return b;
  }
  return ::operator new((c + 1) * granule);
}

void deallocate_frame(void* memory, std::size_t size) noexcept {
  const std::size_t c = class_of(size);
  pool& mine = this_thread_pool;
  if (c >= classes || mine.closed) return ::operator delete(memory);
  free_list& list = mine.lists[c];
  if (list.count * (c + 1) * granule >= kept_bytes_per_class) return ::operator delete(memory);
  if (!mine.watched) watch_this_thread(mine);
  auto* const b = ::new (memory) block{list.first};
  list.first = b;
  ++list.count;
}

#else  // under AddressSanitizer every frame comes from the heap, so that a use after its end is seen

void* allocate_frame(std::size_t size) {
  return ::operator new(size);
}
void deallocate_frame(void* memory, std::size_t) noexcept {
  ::operator delete(memory);
}

#endif

}  // namespace tidewire::detail
