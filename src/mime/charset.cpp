#include <tidewire/base/bytes.hpp>
#include <tidewire/base/charset.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/mime/charset.hpp>

#include <cstdint>
#include <cstring>
#include <optional>

namespace tidewire::mime {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

void append(char32_t point, std::string& out) {
  char bytes[4];
  out.append(bytes, write_utf8(point, bytes));
}

int sextet(char c) noexcept {
  if (ascii::is_upper(c)) return c - 'A';
  if (ascii::is_lower(c)) return c - 'a' + 26;
  if (ascii::is_digit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// The UTF-16 of one shifted sequence, code unit by code unit.
class utf16_units {
 public:
  utf16_units(std::string& out, bool& bad) : out_(out), bad_(bad) {}

  void unit(char16_t value) {
    if (high_ != 0) {
      if (value >= 0xDC00 && value <= 0xDFFF) {
        append(0x10000 + ((char32_t{high_} - 0xD800) << 10) + (char32_t{value} - 0xDC00), out_);
        high_ = 0;
        return;
      }
      malformed();
    }
    if (value >= 0xD800 && value <= 0xDBFF) {
      high_ = value;
    } else if (value >= 0xDC00 && value <= 0xDFFF) {
      malformed();
    } else {
      append(value, out_);
    }
  }
  void end() {
    if (high_ != 0) malformed();
  }

 private:
  void malformed() {
    out_ += replacement;
    bad_ = true;
    high_ = 0;
  }

  std::string& out_;
  bool& bad_;
  char16_t high_ = 0;
};

// RFC 2152. Stray bits at the end of a sequence, and characters that should have been shifted, are let pass.
decoded_text decode_utf7(std::string_view bytes) {
  decoded_text decoded;
  bool bad = false;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const char c = bytes[at++];
    if (!ascii::is_ascii(c)) {
      decoded.text += replacement;
      bad = true;
    } else if (c != '+') {
      decoded.text += c;
    } else if (at < bytes.size() && bytes[at] == '-') {
      decoded.text += '+';
      ++at;
    } else {
      utf16_units units(decoded.text, bad);
      std::uint32_t bits = 0;
      unsigned count = 0;
      const std::size_t begin = at;
      for (int value; at < bytes.size() && (value = sextet(bytes[at])) >= 0; ++at) {
        bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0x3FFFFF;
        count += 6;
        if (count >= 16) {
          count -= 16;
          units.unit(static_cast<char16_t>(bits >> count & 0xFFFF));
        }
      }
      units.end();
      if (at == begin) bad = true;
      if (at < bytes.size() && bytes[at] == '-') ++at;
    }
  }
  decoded.well_formed = !bad;
  return decoded;
}

decoded_text decode_with(charset from, std::string_view bytes) {
  decoded_text decoded;
  charset_decoder decoder(from);
  decoder.decode(bytes, true, decoded.text);
  decoded.well_formed = !decoder.had_errors();
  return decoded;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    std::uint64_t eight;
    while (static_cast<std::size_t>(end - at) >= sizeof eight) {
      std::memcpy(&eight, at, sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
      at += sizeof eight;
    }
    if (at == end) break;
    const utf8_step step = read_utf8(at, end);
    if (step.length == 0) return false;
    at += step.length;
  }
  return true;
}

decoded_text decode_charset(std::string_view label, std::string_view bytes) {
  while (!label.empty() && (ascii::is_space(label.front()) || label.front() == '"' || label.front() == '\''))
    label.remove_prefix(1);
  while (!label.empty() && (ascii::is_space(label.back()) || label.back() == '"' || label.back() == '\''))
    label.remove_suffix(1);
  if (ascii::iequals(label, "utf-7") || ascii::iequals(label, "unicode-1-1-utf-7")) return decode_utf7(bytes);

  const std::optional<charset> named = charset::for_label(label);
  const bool plain = label.empty() || ascii::iequals(label, "us-ascii") || ascii::iequals(label, "ascii");
  const bool known = plain || (named && named->is_supported() && named->name() != "replacement");
  if (known && !plain && *named != charset()) return decode_with(*named, bytes);

  decoded_text decoded;
  if (is_utf8(bytes)) {
    decoded.text = bytes;
    decoded.well_formed = !plain || ascii::is_ascii(bytes);
  } else if (known && !plain) {
    decoded = decode_with(charset(), bytes);
  } else {
    decoded = decode_with(*charset::for_label("windows-1252"), bytes);
    decoded.well_formed = false;
  }
  decoded.known_charset = known;
  return decoded;
}

}  // namespace tidewire::mime
