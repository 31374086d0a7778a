/// @file
/// `secret`: a password, token or key, wiped when it is freed and never printed by accident.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/export.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire {

/// Overwrites bytes with zeros, also where the compiler sees that nobody reads them any more.
TIDEWIRE_BASE_API void wipe(byte_span bytes) noexcept;
/// Wipes a string, its spare capacity too, and makes it empty.
TIDEWIRE_BASE_API void wipe(std::string& text) noexcept;

/// Are both the same? The time taken tells nothing but the lengths, which are no secret.
[[nodiscard]] TIDEWIRE_BASE_API bool equal_in_constant_time(byte_view left, byte_view right) noexcept;

/// Text or bytes that nobody should see: a password, a token, a key. Its memory is wiped when it is freed,
/// and whenever it grows out of one block into another. It has no stream operator, and nothing converts it to
/// a string: what needs the text asks for it by `reveal`, which is easy to search for.
///
/// Made from a string, implicitly, so that `login("ada", password)` reads well; the string it was made from
/// is not wiped, unless it is given away by `take`. Memory may still be swapped out, or show in a core dump:
/// that is for the system to prevent.
///
/// Moving leaves the source empty. Distinct objects may be used from distinct threads.
class TIDEWIRE_BASE_API secret {
 public:
  /// Nothing.
  secret() noexcept = default;
  /// A copy of `text`.
  secret(std::string_view text) { append(text); }                      // NOLINT: a password is a string
  secret(const char* text) : secret(std::string_view(text)) {}         // NOLINT
  secret(const std::string& text) : secret(std::string_view(text)) {}  // NOLINT
  explicit secret(byte_view bytes) : secret(as_text(bytes)) {}
  secret(const secret& other) : secret(other.reveal()) {}
  secret(secret&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  secret& operator=(secret other) noexcept {
    swap(other);
    return *this;
  }
  ~secret() { clear(); }

  /// What `text` says; `text` is wiped and empty afterwards.
  [[nodiscard]] static secret take(std::string&& text);

  /// The text. The view holds until the secret is changed, moved or destroyed.
  [[nodiscard]] std::string_view reveal() const noexcept { return {memory_.get(), size_}; }
  /// The same as bytes.
  [[nodiscard]] byte_view reveal_bytes() const noexcept { return as_bytes(reveal()); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Adds to the end. `text` must not be a part of this secret.
  secret& append(std::string_view text);
  /// Wipes it; it is empty then.
  void clear() noexcept;
  void swap(secret& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  /// Compares by `equal_in_constant_time`.
  [[nodiscard]] friend bool operator==(const secret& left, const secret& right) noexcept {
    return equal_in_constant_time(left.reveal_bytes(), right.reveal_bytes());
  }

  /// A secret is not printed.
  template <class Stream>
  friend Stream& operator<<(Stream& out, const secret&) = delete;

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tidewire
