// RFC 3492, one direction.
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/mime/address.hpp>
#include <tidewire/mime/charset.hpp>

#include <algorithm>
#include <cstdint>

namespace tidewire::mime {

namespace {

constexpr std::uint32_t base = 36;
constexpr std::uint32_t t_min = 1;
constexpr std::uint32_t t_max = 26;

constexpr char digit(std::uint32_t value) noexcept {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) noexcept {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + 38);
}

// A label has at most 63 code points here, so that no sum overflows 32 bits.
std::string encode_label(const std::u32string& points) {
  std::string out;
  for (const char32_t point : points)
    if (point < 0x80) out += ascii::to_lower(static_cast<char>(point));
  auto handled = static_cast<std::uint32_t>(out.size());
  const std::uint32_t basic = handled;
  if (basic > 0) out += '-';
  std::uint32_t n = 0x80;
  std::uint32_t delta = 0;
  std::uint32_t bias = 72;
  while (handled < points.size()) {
    std::uint32_t next = 0x110000;
    for (const char32_t point : points)
      if (point >= n) next = std::min(next, static_cast<std::uint32_t>(point));
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t point : points) {
      if (point < n) ++delta;
      if (point != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = base;; k += base) {
        const std::uint32_t t = k <= bias ? t_min : std::min(k - bias, t_max);
        if (q < t) break;
        out += digit(t + (q - t) % (base - t));
        q = (q - t) / (base - t);
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return out;
}

}  // namespace

result<std::string> domain_to_ascii(std::string_view domain) {
  if (!is_utf8(domain)) return failure(errc::malformed, "a domain that is not UTF-8");
  std::string out;
  for (std::size_t begin = 0; begin <= domain.size();) {
    const std::size_t end = std::min(domain.find('.', begin), domain.size());
    const std::string_view label = domain.substr(begin, end - begin);
    if (begin > 0) out += '.';
    if (ascii::is_ascii(label)) {
      for (const char c : label) out += ascii::to_lower(c);
    } else {
      std::u32string points;
      for (const char* at = label.data(); at != label.data() + label.size();) {
        const unsigned length = read_utf8(at, label.data() + label.size()).length;
        points += utf8_code_point(at, length);
        at += length;
      }
      const std::string encoded = points.size() > 63 ? std::string(64, 'x') : "xn--" + encode_label(points);
      if (encoded.size() > 63) return failure(errc::malformed, "a label of more than 63 characters");
      out += encoded;
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace tidewire::mime
