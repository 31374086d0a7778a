#include <tidewire/base/bytes.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace tidewire::imap {
namespace {

// Base64 with a comma for the slash, and no padding (RFC 3501 section 5.1.3).
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 256> values = [] {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return out;
}();

constexpr bool is_printable(char c) noexcept {
  return c == ' ' || ascii::is_visible(c);
}

// Bits that wait to become characters of base64.
class encoder {
 public:
  explicit encoder(std::string& out) : out_(out) {}
  void put(char32_t point) {
    if (point < 0x10000) {
      put_unit(point);
    } else {
      put_unit(0xD800 + ((point - 0x10000) >> 10));
      put_unit(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  void finish() {
    if (bits_ > 0) out_ += alphabet[waiting_ << (6 - bits_) & 63];
    bits_ = waiting_ = 0;
  }

 private:
  void put_unit(char32_t unit) {
    waiting_ = waiting_ << 16 | static_cast<std::uint32_t>(unit);
    for (bits_ += 16; bits_ >= 6; bits_ -= 6) out_ += alphabet[waiting_ >> (bits_ - 6) & 63];
    waiting_ &= (1U << bits_) - 1;
  }

  std::string& out_;
  std::uint32_t waiting_ = 0;
  unsigned bits_ = 0;
};

// What stands between `&` and `-`, which is not empty, as UTF-8; nothing if it is not of the encoding.
std::optional<std::string> decode_part(std::string_view text) {
  std::string out;
  std::uint32_t waiting = 0;
  unsigned bits = 0;
  char32_t high = 0;  // the first half of a pair
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    waiting = waiting << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    const char32_t unit = waiting >> bits & 0xFFFF;
    waiting &= (1U << bits) - 1;
    char32_t point = unit;
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
      if (high == 0) return std::nullopt;
      point = 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
      high = 0;
    } else if (high != 0) {
      return std::nullopt;
    } else if (unit >= 0xD800 && unit <= 0xDBFF) {
      high = unit;
      continue;
    }
    char encoded[4];
    out.append(encoded, write_utf8(point, encoded));
  }
  if (high != 0 || bits >= 6 || waiting != 0 || out.empty()) return std::nullopt;
  return out;
}

}  // namespace

result<std::string> encode_mailbox_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  encoder encoded(out);
  bool within = false;
  for (std::size_t at = 0; at < name.size();) {
    const char c = name[at];
    if (is_printable(c)) {
      if (within) {
        encoded.finish();
        out += '-';
        within = false;
      }
      out += c;
      if (c == '&') out += '-';
      ++at;
      continue;
    }
    const utf8_step step = read_utf8(name.data() + at, name.data() + name.size());
    if (step.length == 0) return failure(tidewire::errc::misuse, "the name of a mailbox is not UTF-8");
    if (!within) out += '&';
    within = true;
    encoded.put(utf8_code_point(name.data() + at, step.length));
    at += step.length;
  }
  if (within) {
    encoded.finish();
    out += '-';
  }
  return out;
}

std::string decode_mailbox_name(std::string_view wire, char delimiter) {
  std::string out;
  out.reserve(wire.size());
  if (const std::size_t level = wire.substr(0, 6).find(delimiter);
      delimiter != 0 && level == 5 && is_inbox(wire.substr(0, 5))) {
    out = "INBOX";
    wire.remove_prefix(5);
  } else if (is_inbox(wire)) {
    return "INBOX";
  }
  while (!wire.empty()) {
    const std::size_t shift = wire.find('&');
    out += wire.substr(0, shift);
    if (shift == npos) break;
    wire.remove_prefix(shift);
    const std::size_t end = std::min(wire.find_first_of("&-", 1), wire.size());
    const bool ends = end < wire.size() && wire[end] == '-';
    if (ends && end == 1) {
      out += '&';
    } else if (const auto part = ends ? decode_part(wire.substr(1, end - 1)) : std::nullopt) {
      out += *part;
    } else {
      out += wire.substr(0, end);
      wire.remove_prefix(end);
      continue;
    }
    wire.remove_prefix(end + 1);
  }
  return out;
}

bool is_canonical_mailbox_name(std::string_view wire) {
  if (is_inbox(wire)) return true;
  const auto again = encode_mailbox_name(decode_mailbox_name(wire, 0));
  return again && *again == wire;
}

bool is_inbox(std::string_view name) noexcept {
  return ascii::iequals(name, "INBOX");
}

}  // namespace tidewire::imap
