#include <tidewire/base/base64.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "base64_kernels.hpp"

namespace tidewire::base64 {
namespace {

using tidewire::detail::base64_kernels;

const base64_kernels& kernels_for(alphabet letters) noexcept {
  static const detail::simd_level level = detail::best_simd_level();
  return detail::base64_kernels_of(level, letters == alphabet::url);
}

constexpr unsigned char no_sextet = 0xff;

consteval std::array<unsigned char, 256> make_values(std::string_view alphabet) {
  std::array<unsigned char, 256> values{};
  values.fill(no_sextet);
  for (unsigned char i = 0; i < 64; ++i) values[static_cast<unsigned char>(alphabet[i])] = i;
  return values;
}

constexpr std::array<std::array<unsigned char, 256>, 2> sextets = {make_values(detail::base64_alphabets[0]),
                                                                   make_values(detail::base64_alphabets[1])};

// ASCII whitespace of the WHATWG Infra standard: no VT.
constexpr bool is_whitespace(char c) {
  return ascii::is_space(c) && c != '\v';
}

std::string hex_byte(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

const unsigned char* raw(byte_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(byte_span bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

failure too_small(std::size_t needed) {
  return failure(errc::misuse, "output has no room for " + std::to_string(needed) + " characters");
}

}  // namespace

encoder::encoder(format how) noexcept : format_(how) {
  if (format_.line_length > 0) format_.line_length = std::max<std::size_t>(format_.line_length / 4 * 4, 4);
}

std::size_t encoder::update_size(std::size_t size) const noexcept {
  const std::size_t characters = saturating_multiply(saturating_add(size, carried_) / 3, 4);
  if (format_.line_length == 0 || characters == 0) return characters;
  const std::size_t breaks = (saturating_add(column_, characters) - 1) / format_.line_length;
  return saturating_add(characters, saturating_multiply(breaks, 2));
}

std::size_t encoder::finish_size() const noexcept {
  if (carried_ == 0) return 0;
  const std::size_t line_break = format_.line_length > 0 && column_ == format_.line_length ? 2 : 0;
  return line_break + (format_.padded ? 4u : carried_ + 1u);
}

// Line breaks are written before the group that needs them, so that none follows the last line.
char* encoder::write_groups(const unsigned char* in, std::size_t size, const unsigned char* in_limit,
                            char* out, char* out_limit) noexcept {
  const base64_kernels& kernels = kernels_for(format_.letters);
  if (format_.line_length == 0) {
    kernels.encode(in, size, in_limit, out, out_limit);
    return out + size / 3 * 4;
  }
  while (size > 0) {
    if (column_ == format_.line_length) {
      *out++ = '\r';
      *out++ = '\n';
      column_ = 0;
    }
    const std::size_t part = std::min(size, (format_.line_length - column_) / 4 * 3);
    kernels.encode(in, part, in_limit, out, out_limit);
    in += part;
    size -= part;
    out += part / 3 * 4;
    column_ += part / 3 * 4;
  }
  return out;
}

char* encoder::write_update(byte_view bytes, char* out, char* out_limit) noexcept {
  const unsigned char* in = raw(bytes);
  std::size_t size = bytes.size();
  if (carried_ > 0) {
    while (carried_ < 3 && size > 0) {
      carry_[carried_++] = *in++;
      --size;
    }
    if (carried_ < 3) return out;
    out = write_groups(carry_, 3, carry_ + 3, out, out_limit);
    carried_ = 0;
  }
  const std::size_t whole = size / 3 * 3;
  out = write_groups(in, whole, in + size, out, out_limit);
  while (whole + carried_ < size) {
    carry_[carried_] = in[whole + carried_];
    ++carried_;
  }
  return out;
}

char* encoder::write_finish(char* out) noexcept {
  if (carried_ > 0) {
    const unsigned char last[3] = {carry_[0], carried_ > 1 ? carry_[1] : static_cast<unsigned char>(0), 0};
    char group[8];
    char* const end = write_groups(last, 3, last + 3, group, group + sizeof group);
    const auto keep = static_cast<std::size_t>(end - group) - 3 + carried_;
    out = std::copy_n(group, keep, out);
    if (format_.padded) out = std::fill_n(out, 3 - carried_, '=');
  }
  carried_ = 0;
  column_ = 0;
  return out;
}

result<std::size_t> encoder::update(byte_view bytes, std::span<char> out) {
  const std::size_t needed = update_size(bytes.size());
  if (out.size() < needed) return too_small(needed);
  write_update(bytes, out.data(), out.data() + needed);
  return needed;
}

result<std::size_t> encoder::finish(std::span<char> out) {
  const std::size_t needed = finish_size();
  if (out.size() < needed) return too_small(needed);
  write_finish(out.data());
  return needed;
}

void encoder::update(byte_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + update_size(bytes.size()));
  write_update(bytes, out.data() + before, out.data() + out.size());
}

void encoder::finish(std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + finish_size());
  write_finish(out.data() + before);
}

std::string encode(byte_view bytes, format how) {
  std::string out;
  out.reserve(encoded_size(bytes.size(), how));
  encoder encoding(how);
  encoding.update(bytes, out);
  encoding.finish(out);
  return out;
}

result<std::size_t> encode_into(byte_view bytes, std::span<char> out, format how) {
  const std::size_t needed = encoded_size(bytes.size(), how);
  if (out.size() < needed) return too_small(needed);
  encoder encoding(how);
  const auto most = encoding.update(bytes, out.first(needed));
  if (!most) return most;
  const auto rest = encoding.finish(out.first(needed).subspan(*most));
  if (!rest) return rest;
  return *most + *rest;
}

decoder::decoder(format how, std::uint64_t ignored) noexcept : format_(how), ignored_(ignored) {
  if (format_.ignores == ignore::rubbish) {
    format_.expects = padding::optional;
    format_.stray_bits = true;
  }
}

failure decoder::fail(std::uint64_t offset, errc code, std::string_view why) {
  failed_ = true;
  return failure(code, "base64, offset " + std::to_string(offset) + ": " + std::string(why));
}

result<std::size_t> decoder::update(std::string_view text, byte_span room) {
  if (failed_) return failure(errc::misuse, "the base64 decoder has failed before");
  if (text.empty()) return std::size_t{0};

  const base64_kernels& kernels = kernels_for(format_.letters);
  const auto bulk = format_.ignores == ignore::nothing ? kernels.decode : kernels.decode_lines;
  const auto& values = sextets[format_.letters == alphabet::url];

  const char* in = text.data();
  const char* const end = in + text.size();
  unsigned char* const begin = raw(room);
  unsigned char* const limit = begin + std::min(room.size(), decoded_size_max(text.size() + pending_));
  unsigned char* out = begin;
  const auto offset = [&] { return offset_ + static_cast<std::uint64_t>(in - text.data()); };

  while (in != end) {
    if (pending_ == 0 && !ended_) {
      const detail::base64_progress stop = bulk(in, end, out, limit);
      in = stop.in;
      out = stop.out;
      if (in == end) break;
    }
    // One character by hand: the kernel stopped at something, or a group is not complete yet.
    const char c = *in;
    if (const unsigned char value = values[static_cast<unsigned char>(c)]; value != no_sextet) {
      if (ended_ || pads_ > 0) return fail(offset(), errc::malformed, "data after padding");
      if (pending_ == 3 && limit - out < 3) {
        return fail(offset(), errc::limit_exceeded,
                    "more than the " + std::to_string(room.size()) + " bytes there is room for");
      }
      group_ = group_ << 6 | value;
      if (++pending_ == 4) {
        *out++ = static_cast<unsigned char>(group_ >> 16 & 0xff);
        *out++ = static_cast<unsigned char>(group_ >> 8 & 0xff);
        *out++ = static_cast<unsigned char>(group_ & 0xff);
        pending_ = 0;
      }
    } else if (c == '=') {
      if (format_.ignores == ignore::rubbish) {
        if (pending_ == 1) ++ignored_;
        pads_ = pending_ >= 2 ? static_cast<unsigned char>(4 - pending_) : 0;
      } else {
        if (format_.expects == padding::forbidden)
          return fail(offset(), errc::malformed, "padding is not allowed");
        if (ended_ || pending_ < 2) return fail(offset(), errc::malformed, "padding where none belongs");
        ++pads_;
      }
      if (pads_ > 0 && pads_ + pending_ == 4) {
        const auto rest = write_rest(offset(), out, limit);
        if (!rest) return rest;
        out += *rest;
        ended_ = format_.ignores != ignore::rubbish;
      }
    } else if (format_.ignores == ignore::nothing ||
               (format_.ignores == ignore::whitespace && !is_whitespace(c))) {
      return fail(offset(), errc::malformed, "byte " + hex_byte(c) + " is not of the alphabet");
    } else if (!is_whitespace(c)) {
      ++ignored_;
    }
    ++in;
  }
  offset_ += text.size();
  return static_cast<std::size_t>(out - begin);
}

// What two or three characters make that have no fourth.
result<std::size_t> decoder::write_rest(std::uint64_t offset, unsigned char* out,
                                        const unsigned char* limit) {
  const std::size_t count = pending_ - 1u;
  const unsigned unused = 6 * pending_ - 8 * static_cast<unsigned>(count);
  if (!format_.stray_bits && (group_ & ((1u << unused) - 1)) != 0) {
    return fail(offset, errc::malformed, "unused bits of the last character are not zero");
  }
  if (static_cast<std::size_t>(limit - out) < count) {
    return fail(offset, errc::limit_exceeded, "more bytes than there is room for");
  }
  const std::uint32_t bits = group_ >> unused;
  if (count == 2) *out++ = static_cast<unsigned char>(bits >> 8 & 0xff);
  *out = static_cast<unsigned char>(bits & 0xff);
  pending_ = 0;
  pads_ = 0;
  return count;
}

result<std::size_t> decoder::finish(byte_span room) {
  if (failed_) return failure(errc::misuse, "the base64 decoder has failed before");
  std::size_t written = 0;
  if (pending_ == 1 && format_.ignores == ignore::rubbish) {
    ++ignored_;
  } else if (pending_ > 0) {
    if (pads_ > 0 || format_.expects == padding::required) {
      return fail(offset_, errc::malformed, "the padding is missing or incomplete");
    }
    if (pending_ == 1) return fail(offset_, errc::malformed, "a lone character at the end");
    const auto rest = write_rest(offset_, raw(room), raw(room) + room.size());
    if (!rest) return rest;
    written = *rest;
  }
  *this = decoder(format_, ignored_);
  return written;
}

result<void> decoder::update(std::string_view text, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + decoded_size_max(text.size() + 3));
  const auto written = update(text, as_writable_bytes(out).subspan(before));
  out.resize(before + written.value_or(0));
  if (!written) return written.error();
  return {};
}

result<void> decoder::finish(std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + 2);
  const auto written = finish(as_writable_bytes(out).subspan(before));
  out.resize(before + written.value_or(0));
  if (!written) return written.error();
  return {};
}

result<std::size_t> decode_into(std::string_view text, byte_span out, format how) {
  decoder decoding(how);
  const auto most = decoding.update(text, out);
  if (!most) return most;
  const auto rest = decoding.finish(out.subspan(*most));
  if (!rest) return rest;
  return *most + *rest;
}

namespace {

template <class Container>
result<Container> decode_to(std::string_view text, format how) {
  Container out;
  out.resize(decoded_size_max(text.size()));
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

}  // namespace tidewire::base64
