#include "encoded_word.hpp"

#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/charset.hpp>

namespace tidewire::mime::detail {

namespace {

// The "Q" encoding, RFC 2047 section 4.2. White space comes from folds where none is allowed: dropped.
void append_q(std::string_view payload, std::string& out) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const char c = payload[i];
    if (c == '_') {
      out += ' ';
    } else if (c == '=' && i + 2 < payload.size() && ascii::is_xdigit(payload[i + 1]) &&
               ascii::is_xdigit(payload[i + 2])) {
      out += static_cast<char>(ascii::hex_value(payload[i + 1]) * 16 + ascii::hex_value(payload[i + 2]));
      i += 2;
    } else {
      out += c;
    }
  }
}

void append_b(std::string_view payload, std::string& out) {
  // The decoder that ignores rubbish cannot fail.
  base64::decoder decoder(base64::mime);
  (void)decoder.update(payload, out);
  (void)decoder.finish(out);
}

constexpr bool is_charset_character(char c) noexcept {
  return ascii::is_visible(c) && c != '?' && c != '=';
}

}  // namespace

std::size_t find_encoded_word(std::string_view text, std::size_t from) noexcept {
  const std::size_t at = text.find("=?", from);
  return at == std::string_view::npos ? npos : at;
}

encoded_word read_encoded_word(std::string_view text) noexcept {
  if (!text.starts_with("=?")) return {};
  text = text.substr(0, max_encoded_word);
  std::size_t at = 2;
  while (at < text.size() && is_charset_character(text[at])) ++at;
  if (at == 2 || at + 3 > text.size() || text[at] != '?' || text[at + 2] != '?') return {};
  encoded_word word;
  word.charset = text.substr(2, at - 2);
  if (const std::size_t star = word.charset.find('*'); star != std::string_view::npos)
    word.charset = word.charset.substr(0, star);
  word.encoding = ascii::to_lower(text[at + 1]);
  if (word.encoding != 'q' && word.encoding != 'b') return {};
  const std::size_t begin = at + 3;
  // "=?utf-8?q?=3D?=": a "?=" that ends a word is not the one of a "?" before an escape.
  std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return {};
  if (word.encoding == 'q') {
    while (end + 3 < text.size() && ascii::is_xdigit(text[end + 2]) && ascii::is_xdigit(text[end + 3])) {
      const std::size_t next = text.find("?=", end + 2);
      const std::size_t start = text.find("=?", end + 2);
      // Only if the word goes on to a "?=" of its own, before another begins and before any white space.
      const std::size_t blank = text.find_first_of(" \t", end + 2);
      if (next == std::string_view::npos || start < next || blank < next) break;
      end = next;
    }
  }
  word.payload = text.substr(begin, end - begin);
  word.size = end + 2;
  return word;
}

std::string decode_raw(std::string_view bytes) {
  if (ascii::is_ascii(bytes)) return std::string(bytes);
  return decode_charset({}, bytes).text;
}

std::string decode_encoded_words(std::string_view text) {
  std::size_t at = find_encoded_word(text, 0);
  if (at == npos) return decode_raw(text);
  std::string out;
  std::size_t plain_begin = 0;  // of what is not written yet
  bool after_word = false;
  // Words of one charset are decoded together: a character may begin in one and end in the next.
  std::string_view charset;
  std::string bytes;
  const auto flush = [&] {
    if (!bytes.empty()) out += decode_charset(charset, bytes).text;
    bytes.clear();
  };
  while (at != npos) {
    const encoded_word word = read_encoded_word(text.substr(at));
    if (word.size == 0) {
      at = find_encoded_word(text, at + 1);
      continue;
    }
    const std::string_view between = text.substr(plain_begin, at - plain_begin);
    if (!after_word || !ascii::trim(between).empty()) {
      flush();
      out += decode_raw(between);
    }
    if (!ascii::iequals(charset, word.charset)) {
      flush();
      charset = word.charset;
    }
    if (word.encoding == 'q') {
      append_q(word.payload, bytes);
    } else {
      append_b(word.payload, bytes);
    }
    after_word = true;
    plain_begin = at + word.size;
    at = find_encoded_word(text, plain_begin);
  }
  flush();
  out += decode_raw(text.substr(plain_begin));
  return out;
}

}  // namespace tidewire::mime::detail
