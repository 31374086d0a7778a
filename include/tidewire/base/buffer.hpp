/// @file
/// Memory between a socket and a parser: `byte_buffer`, a contiguous queue of bytes, and `buffer_pool`, which
/// lends its memory again.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/export.hpp>
#include <tidewire/base/result.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace tidewire {

class buffer_block;

/// Lends blocks of memory of one size and keeps those that come back, up to a number: a thousand idle
/// connections need no memory, and the busy ones no fresh pages. A pool and its blocks belong to one thread.
/// Blocks may outlive their pool; they are then freed as they come back.
class TIDEWIRE_BASE_API buffer_pool {
 public:
  /// @param block_size Bytes of each block; at least 64, less is raised to that.
  /// @param max_kept   How many unused blocks are kept; those beyond are freed as they come back.
  explicit buffer_pool(std::size_t block_size = std::size_t{16} * 1024, std::size_t max_kept = 64);
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;
  ~buffer_pool();

  /// A block: the one that came back last, else a fresh one. Its bytes have any value.
  [[nodiscard]] buffer_block acquire();
  /// Frees the unused blocks.
  void trim() noexcept;

  /// Bytes of each block.
  [[nodiscard]] std::size_t block_size() const noexcept;
  /// How many unused blocks are kept now.
  [[nodiscard]] std::size_t kept() const noexcept;
  /// How many blocks are lent now.
  [[nodiscard]] std::size_t lent() const noexcept;

 private:
  friend class buffer_block;
  struct state;
  state* state_;
};

/// A piece of memory and its only owner: it goes back to its pool, if it came from one, or is freed. Its
/// bytes begin with any value: nothing is filled. Movable; a block moved from, or made by default, has
/// no memory.
class TIDEWIRE_BASE_API buffer_block {
 public:
  buffer_block() noexcept = default;
  /// A block of no pool.
  explicit buffer_block(std::size_t size);
  buffer_block(buffer_block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        home_(std::exchange(other.home_, nullptr)) {}
  buffer_block& operator=(buffer_block&& other) noexcept {
    buffer_block(std::move(other)).swap(*this);
    return *this;
  }
  ~buffer_block() {
    if (data_) release();
  }

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] byte_span bytes() const noexcept { return {data_, size_}; }
  void swap(buffer_block& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(home_, other.home_);
  }

 private:
  friend class buffer_pool;
  buffer_block(std::byte* data, std::size_t size, buffer_pool::state* home) noexcept
      : data_(data), size_(size), home_(home) {}
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  buffer_pool::state* home_ = nullptr;
};

/// A queue of bytes in one piece of memory: a reader prepares room at the end, receives into it and commits
/// what came; a parser looks at `data()` and consumes from the front.
///
/// Each byte costs O(1) over its life, however small the steps: consuming only moves an index, and what is
/// left is moved to the front at most once per as many bytes consumed (twice when there is little room left
/// below the limit). Fresh memory is not filled. The memory held is at most one and a half times
/// `max_size()`, unless a block of the pool is larger.
///
/// Not thread-safe: one object, one user. Movable; a buffer moved from is empty and can be used again.
class TIDEWIRE_BASE_API byte_buffer {
 public:
  /// The limit of a buffer that is not told another: 1 MiB.
  static constexpr std::size_t default_max_size = std::size_t{1} << 20;

  /// @param max_size How many bytes it holds at most.
  explicit byte_buffer(std::size_t max_size = default_max_size) noexcept : max_size_(max_size) {}
  /// Takes its memory from `pool` as long as a block of it suffices. The pool must outlive the buffer.
  explicit byte_buffer(buffer_pool& pool, std::size_t max_size = default_max_size) noexcept
      : pool_(&pool), max_size_(max_size) {}
  byte_buffer(byte_buffer&& other) noexcept
      : block_(std::move(other.block_)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        pool_(other.pool_),
        max_size_(other.max_size_) {}
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    block_ = std::move(other.block_);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    pool_ = other.pool_;
    max_size_ = other.max_size_;
    return *this;
  }
  ~byte_buffer() = default;

  /// The bytes committed and not yet consumed. The view holds until `prepare`, `append`, `reserve`, `clear`,
  /// `shrink`, assignment, or the end of the buffer; `commit` and `consume` leave it readable.
  [[nodiscard]] byte_view data() const noexcept { return {block_.data() + begin_, size()}; }
  /// The same, to be changed in place: unmasking, decryption.
  [[nodiscard]] byte_span data() noexcept { return {block_.data() + begin_, size()}; }
  /// The same as characters.
  [[nodiscard]] std::string_view text() const noexcept { return as_text(data()); }
  /// How many bytes `data()` has.
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  /// How many bytes of memory are held.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_.size(); }
  /// How many bytes it holds at most.
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }
  /// How many bytes may still be added before the limit: what `prepare` can be asked for.
  [[nodiscard]] std::size_t room() const noexcept { return saturating_subtract(max_size_, size()); }

  /// Room behind the data, to write into: at least `n` bytes, and as many more as the memory at hand and the
  /// limit allow, so that one receive takes what it can. The bytes have any value. The room holds until the
  /// next call but `commit` and `consume`.
  /// @return `errc::limit_exceeded` if `n` is more than `room()`; the buffer is as it was.
  [[nodiscard]] result<byte_span> prepare(std::size_t n) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (const std::size_t free = writable(); n <= free) [[likely]]
      return byte_span(block_.data() + end_, free);
    return prepare_slowly(n);
  }
  /// Adds the first `n` bytes of the room prepared last to the data. No more than there was room for is
  /// added.
  void commit(std::size_t n) noexcept { end_ += std::min(n, writable()); }
  /// Removes `n` bytes, or all if there are fewer, from the front.
  void consume(std::size_t n) noexcept { begin_ += std::min(n, size()); }
  /// Copies `bytes` behind the data. They may not lie in this buffer.
  /// @return `errc::limit_exceeded` if that are more than `room()`; nothing was added then.
  result<void> append(byte_view bytes);
  /// @copydoc append
  result<void> append(std::string_view text) { return append(as_bytes(text)); }
  /// Gets memory for `n` bytes of data in all, so that they can be added without further allocation.
  /// @return `errc::limit_exceeded` if `n` is more than `max_size()`.
  result<void> reserve(std::size_t n);

  /// Sets another limit. If there is more data than that already, it stays, and nothing can be added.
  void set_max_size(std::size_t max_size) noexcept { max_size_ = max_size; }
  /// Removes all data; keeps the memory.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Gives back memory: all of it if there is no data, else what is not needed, if it is worth a copy (more
  /// than half).
  void shrink();

 private:
  [[nodiscard]] std::size_t writable() const noexcept { return std::min(block_.size() - end_, room()); }
  result<byte_span> prepare_slowly(std::size_t n);
  void move_into(buffer_block fresh) noexcept;
  [[nodiscard]] buffer_block larger_block(std::size_t least, std::size_t wanted);

  buffer_block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  buffer_pool* pool_ = nullptr;
  std::size_t max_size_;
};

}  // namespace tidewire
