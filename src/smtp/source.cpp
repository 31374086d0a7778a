#include <tidewire/smtp/source.hpp>

#include <algorithm>
#include <cstring>

namespace tidewire::smtp {
namespace {

constexpr std::uint64_t largest_piece = 64 * 1024;

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

mime_source::mime_source(const mime::message& message, const mime::serialize_options& what)
    : serializer_(message, what) {}

message_traits mime_source::traits() const {
  return {.size = serializer_.size(),
          .eight_bit = serializer_.has_eight_bit() || serializer_.has_binary(),
          .utf8_headers = serializer_.has_utf8_headers(),
          .binary = serializer_.has_binary()};
}

task<byte_view> mime_source::next() {
  if (buffer_.empty()) {
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(serializer_.size() + 1, largest_piece)));
  }
  const std::size_t size = serializer_.read(buffer_);
  co_return as_bytes(buffer_).first(size);
}

envelope envelope_of(const mime::message& message) {
  const mime::envelope said = message.envelope();
  envelope out(said.sender);
  for (const std::string& one : said.recipients) out.to(one);
  return out;
}

}  // namespace tidewire::smtp
