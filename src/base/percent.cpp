#include <tidewire/base/percent.hpp>

#include <algorithm>
#include <cstring>

namespace tidewire::percent {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
  out.append(escape, sizeof escape);
}

// The byte that the escape at `at` stands for; -1 if it is none.
int escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = ascii::hex_value(text[at + 1]);
  const int low = ascii::hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

}  // namespace

std::size_t encoded_size(std::string_view text, const encode_set& set) noexcept {
  const auto escapes = std::ranges::count_if(text, [&](char c) { return set.contains(c); });
  return saturating_add(text.size(), saturating_multiply(static_cast<std::size_t>(escapes), 2));
}

std::string encode(std::string_view text, const encode_set& set) {
  std::string out;
  out.reserve(encoded_size(text, set));
  append_encoded(out, text, set);
  return out;
}

void append_encoded(std::string& out, std::string_view text, const encode_set& set) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!set.contains(text[i])) continue;
    out.append(text, begin, i - begin);
    append_escape(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin);
}

std::string decode(std::string_view text) {
  std::string out(text);
  out.resize(decode_in_place(out));
  return out;
}

result<std::string> decode_strict(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('%', at)) != std::string_view::npos; at += 3) {
    if (escaped_byte(text, at) < 0) {
      return failure(errc::malformed, "percent-encoding, offset " + std::to_string(at) +
                                          ": '%' without two hexadecimal digits");
    }
  }
  return decode(text);
}

std::size_t decode_in_place(std::span<char> text) noexcept {
  const std::string_view in(text.data(), text.size());
  std::size_t at = std::min(in.find('%'), in.size());
  std::size_t size = at;
  while (at < in.size()) {
    if (const int byte = in[at] == '%' ? escaped_byte(in, at) : -1; byte >= 0) {
      text[size++] = static_cast<char>(static_cast<unsigned char>(byte));
      at += 3;
      continue;
    }
    // What is up to the next escape moves down as it is.
    const std::size_t next = std::min(in.find('%', at + 1), in.size());
    std::memmove(text.data() + size, in.data() + at, next - at);
    size += next - at;
    at = next;
  }
  return size;
}

std::string encode_form(std::string_view text) {
  std::string out;
  out.reserve(encoded_size(text, form.without(" ")));
  append_form(out, text);
  return out;
}

void append_form(std::string& out, std::string_view text) {
  static constexpr encode_set but_space = form.without(" ");
  const std::size_t begin = out.size();
  append_encoded(out, text, but_space);
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), ' ', '+');
}

std::string decode_form(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '+', ' ');
  out.resize(decode_in_place(out));
  return out;
}

}  // namespace tidewire::percent
