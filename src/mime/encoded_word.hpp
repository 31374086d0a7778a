// RFC 2047 encoded words within text that is unfolded already.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::mime::detail {

// RFC 2047 allows 75 characters; some mailers put a whole subject into one word. Without an end to the search
// for its end, a field full of beginnings would take time quadratic in its size.
inline constexpr std::size_t max_encoded_word = 4096;

// An encoded word at the beginning of a text. Its views are of that text.
struct encoded_word {
  std::string_view charset;  // without the language
  char encoding = 'q';       // or 'b'
  std::string_view payload;
  std::size_t size = 0;  // of all of it; 0 if there is none
};
[[nodiscard]] encoded_word read_encoded_word(std::string_view text) noexcept;

// Where one may begin in `text`: the "=?" at or after `from`, npos if nowhere.
[[nodiscard]] std::size_t find_encoded_word(std::string_view text, std::size_t from) noexcept;

// Decodes each encoded word in `text`, and drops the white space between two of them.
[[nodiscard]] std::string decode_encoded_words(std::string_view text);

// Bytes of a header that are no encoded word, as UTF-8.
[[nodiscard]] std::string decode_raw(std::string_view bytes);

}  // namespace tidewire::mime::detail
