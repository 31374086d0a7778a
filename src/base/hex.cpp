#include <tidewire/base/hex.hpp>

#include <algorithm>

#include "hex_kernels.hpp"

namespace tidewire::hex {
namespace {

const tidewire::detail::hex_kernels& best_kernels() noexcept {
  static const detail::simd_level level = detail::best_simd_level();
  return detail::hex_kernels_of(level);
}

const unsigned char* raw(byte_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// `out` has room for encoded_size().
void write(byte_view bytes, char* out, format how) noexcept {
  if (how.separator == '\0') return best_kernels().encode(raw(bytes), bytes.size(), out, how.upper);
  constexpr std::string_view digits[] = {"0123456789abcdef", "0123456789ABCDEF"};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) *out++ = how.separator;
    const auto byte = std::to_integer<unsigned>(bytes[i]);
    *out++ = digits[how.upper][byte >> 4];
    *out++ = digits[how.upper][byte & 15];
  }
}

std::string quoted(char c) {
  if (ascii::is_visible(c)) return {'\'', c, '\''};
  return "byte 0x" + encode(std::string_view(&c, 1));
}

}  // namespace

std::string encode(byte_view bytes, format how) {
  std::string out(encoded_size(bytes.size(), how), '\0');
  write(bytes, out.data(), how);
  return out;
}

result<std::size_t> encode_into(byte_view bytes, std::span<char> out, format how) {
  const std::size_t needed = encoded_size(bytes.size(), how);
  if (out.size() < needed) {
    return failure(errc::misuse, "output has no room for " + std::to_string(needed) + " characters");
  }
  write(bytes, out.data(), how);
  return needed;
}

failure decoder::fail(std::uint64_t offset, errc code, std::string_view why) {
  state_ = state::failed;
  return failure(code, "hex, offset " + std::to_string(offset) + ": " + std::string(why));
}

result<std::size_t> decoder::update(std::string_view text, byte_span out) {
  if (state_ == state::failed) return failure(errc::misuse, "the hex decoder has failed before");
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (state_ == state::first_digit && format_.separator == '\0') {
      const std::size_t pairs = std::min((text.size() - at) / 2, out.size() - written);
      const std::size_t done = best_kernels().decode(text.data() + at, pairs,
                                                     reinterpret_cast<unsigned char*>(out.data()) + written);
      at += 2 * done;
      written += done;
      if (at == text.size()) break;
    }
    // One character by hand: half a pair, a separator, or what is wrong.
    const char c = text[at];
    if (state_ == state::separator) {
      if (c != format_.separator) {
        return fail(offset_ + at, errc::malformed,
                    quoted(c) + " where " + quoted(format_.separator) + " belongs");
      }
      state_ = state::first_digit_after_separator;
      continue;
    }
    const int value = ascii::hex_value(c);
    if (value < 0) return fail(offset_ + at, errc::malformed, quoted(c) + " is no hexadecimal digit");
    if (state_ != state::second_digit) {
      high_ = static_cast<unsigned char>(value << 4);
      state_ = state::second_digit;
      continue;
    }
    if (written == out.size()) {
      return fail(offset_ + at, errc::limit_exceeded,
                  "more than the " + std::to_string(out.size()) + " bytes there is room for");
    }
    out[written++] = static_cast<std::byte>(high_ | value);
    state_ = format_.separator == '\0' ? state::first_digit : state::separator;
  }
  offset_ += text.size();
  return written;
}

result<void> decoder::finish() {
  switch (state_) {
    case state::failed: return failure(errc::misuse, "the hex decoder has failed before");
    case state::second_digit: return fail(offset_, errc::malformed, "half a byte at the end");
    case state::first_digit_after_separator: return fail(offset_, errc::malformed, "a separator at the end");
    case state::first_digit:
    case state::separator: break;
  }
  *this = decoder(format_);
  return {};
}

result<std::size_t> decode_into(std::string_view text, byte_span out, format how) {
  decoder decoding(how);
  auto written = decoding.update(text, out);
  if (!written) return written;
  if (const auto whole = decoding.finish(); !whole) return whole.error();
  return written;
}

namespace {

template <class Container>
result<Container> decode_to(std::string_view text, format how) {
  Container out;
  out.resize(decoded_size_max(text.size(), how));
  const auto size = decode_into(text, as_writable_bytes(out), how);
  if (!size) return size.error();
  out.resize(*size);
  return out;
}

}  // namespace

result<std::vector<std::byte>> decode(std::string_view text, format how) {
  return decode_to<std::vector<std::byte>>(text, how);
}

result<std::string> decode_text(std::string_view text, format how) {
  return decode_to<std::string>(text, how);
}

}  // namespace tidewire::hex
