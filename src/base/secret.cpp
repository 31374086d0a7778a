#include <tidewire/base/secret.hpp>

#include <algorithm>
#include <cstring>

namespace tidewire {
namespace {

// A call through a volatile pointer could do anything: no compiler leaves it out.
void* (*const volatile set_memory)(void*, int, std::size_t) = std::memset;

}  // namespace

void wipe(byte_span bytes) noexcept {
  if (!bytes.empty()) set_memory(bytes.data(), 0, bytes.size());
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // never allocates
  wipe(as_writable_bytes(text));
  text.clear();
}

bool equal_in_constant_time(byte_view left, byte_view right) noexcept {
  if (left.size() != right.size()) return false;
  // Volatile: no compiler may stop at the first difference.
  volatile unsigned char different = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    different = static_cast<unsigned char>(different | static_cast<unsigned char>(left[i] ^ right[i]));
  }
  return different == 0;
}

secret secret::take(std::string&& text) {
  secret taken{std::string_view(text)};
  wipe(text);
  return taken;
}

secret& secret::append(std::string_view text) {
  if (text.empty()) return *this;
  if (text.size() > capacity_ - size_) {
    const std::size_t needed = saturating_add(size_, text.size());
    const std::size_t capacity = std::max(needed, saturating_multiply(capacity_, 2));
    auto memory = std::make_unique<char[]>(capacity);
    std::copy_n(memory_.get(), size_, memory.get());
    const std::size_t size = size_;
    clear();
    memory_ = std::move(memory);
    size_ = size;
    capacity_ = capacity;
  }
  std::copy(text.begin(), text.end(), memory_.get() + size_);
  size_ += text.size();
  return *this;
}

void secret::clear() noexcept {
  wipe(std::as_writable_bytes(std::span(memory_.get(), size_)));
  memory_.reset();
  size_ = capacity_ = 0;
}

}  // namespace tidewire
