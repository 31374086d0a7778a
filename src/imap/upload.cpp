#include <tidewire/imap/upload.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

namespace tidewire::imap {
namespace {

constexpr std::size_t piece_size = 64 * 1024;

// What is read from a message of `mime`, piece by piece.
struct serialized {
  explicit serialized(const mime::message& message) : bytes(message, {.eight_bit = true}) {}

  mime::serializer bytes;
  std::vector<char> piece;
};

}  // namespace

upload::upload(const mime::message& message) {
  const auto source = std::make_shared<serialized>(message);
  size_ = source->bytes.size();
  source->piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size_ + 1, piece_size)));
  read_ = [source]() -> task<byte_view> {
    const std::size_t size = source->bytes.read(source->piece);
    co_return as_bytes(std::span<const char>(source->piece)).first(size);
  };
}

upload::upload(std::string bytes) : size_(bytes.size()) {
  struct memory {
    std::string bytes;
    bool read = false;
  };
  const auto source = std::make_shared<memory>();
  source->bytes = std::move(bytes);
  read_ = [source]() -> task<byte_view> {
    const byte_view rest = source->read ? byte_view() : as_bytes(source->bytes);
    source->read = true;
    co_return rest;
  };
}

upload::upload(std::uint64_t size, body_source read) : size_(size), read_(std::move(read)) {}

}  // namespace tidewire::imap
