// A cursor over the raw value of a structured field: white space, folds and comments are passed over, quoted
// strings are unquoted. It never reads past the end and never recurses.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::mime::detail {

class lexer {
 public:
  explicit lexer(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  // The next character; NUL at the end.
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(at_); }
  void seek(std::size_t position) noexcept { at_ = position; }
  void skip() noexcept {
    if (!at_end()) ++at_;
  }
  bool take(char wanted) noexcept {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  // Passes over white space and line breaks. Was there any?
  bool skip_space() noexcept {
    const std::size_t begin = at_;
    while (!at_end() && ascii::is_space(text_[at_])) ++at_;
    return at_ != begin;
  }
  // Passes over white space and comments. What the last comment says goes to `comment`, unquoted. Was there
  // any?
  bool skip_cfws(std::string* comment = nullptr) {
    const std::size_t begin = at_;
    for (;;) {
      skip_space();
      if (peek() != '(') return at_ != begin;
      skip_comment(comment);
    }
  }
  // Reads a quoted string, its quotes not given; one that does not end goes to the end of the text. Line
  // breaks in it are dropped (RFC 5322 section 3.2.4).
  bool quoted(std::string& out) {
    ++at_;
    while (!at_end()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\r' || c == '\n') continue;
      if (c == '\\' && !at_end()) {
        c = text_[at_++];
        if (c == '\r' || c == '\n') continue;
      }
      out += c;
    }
    return false;
  }
  // Reads characters for as long as `wanted(c)`.
  template <class F>
  [[nodiscard]] std::string_view run(F wanted) noexcept {
    const std::size_t begin = at_;
    while (!at_end() && wanted(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

 private:
  void skip_comment(std::string* comment) {
    if (comment != nullptr) comment->clear();
    std::size_t depth = 0;
    while (!at_end()) {
      char c = text_[at_++];
      if (c == '(') {
        if (++depth == 1) continue;
      } else if (c == ')') {
        if (--depth == 0) return;
      } else if (c == '\\' && !at_end()) {
        c = text_[at_++];
      }
      if (comment != nullptr && c != '\r' && c != '\n') *comment += c;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// RFC 5322 section 3.2.3, and what RFC 6532 adds to it.
[[nodiscard]] constexpr bool is_atext(char c) noexcept {
  return ascii::is_alnum(c) || !ascii::is_ascii(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}
// RFC 2045 section 5.1.
[[nodiscard]] constexpr bool is_token(char c) noexcept {
  return ascii::is_visible(c) && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

}  // namespace tidewire::mime::detail
