#include <tidewire/base/buffer.hpp>

#include <cstring>
#include <new>
#include <string>

namespace tidewire {
namespace {

constexpr std::size_t smallest_block = 64;
constexpr std::size_t first_block = 512;

std::byte* allocate_bytes(std::size_t size) {
  return static_cast<std::byte*>(::operator new(size));
}

void free_bytes(std::byte* data) noexcept {
  ::operator delete(data);
}

}  // namespace

// Unused blocks are a list threaded through their own first bytes. The state lives until both the pool and
// the last block lent are gone.
struct buffer_pool::state {
  struct link {
    link* next;
  };

  void keep(std::byte* block) noexcept {
    unused = new (block) link{unused};
    ++kept;
  }
  std::byte* take() noexcept {
    link* first = unused;
    unused = first->next;
    --kept;
    return reinterpret_cast<std::byte*>(first);
  }
  void trim() noexcept {
    while (unused) free_bytes(take());
  }

  std::size_t block_size;
  std::size_t max_kept;
  link* unused = nullptr;
  std::size_t kept = 0;
  std::size_t lent = 0;
  bool orphaned = false;
};

buffer_pool::buffer_pool(std::size_t block_size, std::size_t max_kept)
    : state_(new state{.block_size = std::max(block_size, smallest_block), .max_kept = max_kept}) {}

buffer_pool::~buffer_pool() {
  state_->trim();
  if (state_->lent == 0) {
    delete state_;
  } else {
    state_->orphaned = true;
  }
}

buffer_block buffer_pool::acquire() {
  std::byte* data = state_->unused ? state_->take() : allocate_bytes(state_->block_size);
  ++state_->lent;
  return {data, state_->block_size, state_};
}

void buffer_pool::trim() noexcept {
  state_->trim();
}

std::size_t buffer_pool::block_size() const noexcept {
  return state_->block_size;
}
std::size_t buffer_pool::kept() const noexcept {
  return state_->kept;
}
std::size_t buffer_pool::lent() const noexcept {
  return state_->lent;
}

buffer_block::buffer_block(std::size_t size) : data_(size ? allocate_bytes(size) : nullptr), size_(size) {}

void buffer_block::release() noexcept {
  if (!home_) return free_bytes(data_);
  --home_->lent;
  if (!home_->orphaned && home_->kept < home_->max_kept) return home_->keep(data_);
  free_bytes(data_);
  if (home_->orphaned && home_->lent == 0) delete home_;
}

buffer_block byte_buffer::larger_block(std::size_t least, std::size_t wanted) {
  if (pool_ && least <= pool_->block_size() && capacity() < pool_->block_size()) return pool_->acquire();
  return buffer_block(std::max(least, wanted));
}

void byte_buffer::move_into(buffer_block fresh) noexcept {
  const std::size_t live = size();
  if (live) std::memcpy(fresh.data(), block_.data() + begin_, live);
  block_ = std::move(fresh);
  begin_ = 0;
  end_ = live;
}

// Data is moved to the front only if at least half as much was consumed since the last time. Where that is
// not so and the end of the memory is reached, less than max_size * 3 / 2 is held, so growing up to there
// always makes room.
result<byte_span> byte_buffer::prepare_slowly(std::size_t n) {
  if (n > room()) {
    return failure(errc::limit_exceeded, "buffer holds at most " + std::to_string(max_size_) + " bytes");
  }
  const std::size_t live = size();
  const std::size_t needed = live + n;
  if (needed <= capacity() && begin_ >= live / 2) {
    std::memmove(block_.data(), block_.data() + begin_, live);
    begin_ = 0;
    end_ = live;
  } else {
    const std::size_t most = saturating_add(max_size_, max_size_ / 2);
    const std::size_t wanted = std::max(saturating_multiply(capacity(), 2), first_block);
    move_into(larger_block(needed, std::min(wanted, most)));
  }
  return byte_span(block_.data() + end_, writable());
}

result<void> byte_buffer::append(byte_view bytes) {
  auto room = prepare(bytes.size());
  if (!room) return std::move(room).error();
  if (!bytes.empty()) std::memcpy(room->data(), bytes.data(), bytes.size());
  commit(bytes.size());
  return {};
}

result<void> byte_buffer::reserve(std::size_t n) {
  if (n > max_size_) {
    return failure(errc::limit_exceeded, "buffer holds at most " + std::to_string(max_size_) + " bytes");
  }
  if (n > capacity()) move_into(larger_block(n, n));
  return {};
}

void byte_buffer::shrink() {
  const std::size_t live = size();
  if (live == 0) {
    block_ = buffer_block();
    begin_ = end_ = 0;
  } else if (live < capacity() / 2) {
    move_into(buffer_block(live));
  }
}

}  // namespace tidewire
