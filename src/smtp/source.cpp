#include <tidewire/smtp/source.hpp>

#include <algorithm>
#include <cstring>

namespace tidewire::smtp {
namespace {

// Eight bytes at a time: this looks at every message that is sent.
bool has_eight_bit(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::size_t at = 0;
  for (; text.size() - at >= sizeof high_bits; at += sizeof high_bits) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & high_bits) != 0) return true;
  }
  return !ascii::is_ascii(text.substr(at));
}

// Where the empty line is that ends the headers.
std::size_t end_of_headers(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || (c == '\r' && !text.substr(at).starts_with("\r\n"))) {
      const std::string_view next = text.substr(at + 1);
      if (next.empty() || next.front() == '\n' || next.front() == '\r') return at;
    }
  }
  return text.size();
}

}  // namespace

message_source::~message_source() = default;

message_traits traits_of(std::string_view message) noexcept {
  message_traits out{.size = message.size()};
  out.eight_bit = has_eight_bit(message);
  out.utf8_headers = out.eight_bit && has_eight_bit(message.substr(0, end_of_headers(message)));
  return out;
}

memory_source::memory_source(std::string content)
    : content_(std::move(content)), traits_(traits_of(content_)) {}

task<byte_view> memory_source::next() {
  const byte_view rest = read_ ? byte_view() : as_bytes(content_);
  read_ = true;
  co_return rest;
}

}  // namespace tidewire::smtp
