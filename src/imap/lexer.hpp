// The tokens of one response that is in memory: its lines, joined by the literals between them.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/raw.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap::detail {

// What is announced at the end of a line: `{12}`, `{12+}`, `~{12}`.
struct literal_mark {
  std::size_t size_of_mark = 0;  // of all of it, without CRLF; 0: there is none
  std::uint64_t bytes = 0;
  bool binary = false;
  bool overflows = false;  // no number that 64 bits hold
};
// The mark that `line`, without its CRLF, ends with.
[[nodiscard]] literal_mark literal_at_end(std::string_view line) noexcept;

// Where the string whose opening quote is at `open` ends: the place of its closing quote, npos if there is
// none. Some servers do not escape the quotes in it: one is taken for the closing one only if something
// follows that can follow a string.
[[nodiscard]] std::size_t end_of_quoted(std::string_view text, std::size_t open) noexcept;

// A value without parts. Its text is of the response, or of the lexer until it reads the next one.
struct piece {
  enum class kind_type : std::uint8_t { nil, atom, string, streamed };
  kind_type kind = kind_type::nil;
  bool binary = false;      // was a literal8
  std::uint64_t bytes = 0;  // of what was streamed
  std::string_view text{};  // NIL too, as a name may be that
  [[nodiscard]] bool is_nil() const noexcept { return kind == kind_type::nil; }
};

struct lexer_limits {
  std::size_t nesting = 100;
  std::size_t items = 1'000'000;
};

// Functions that return a bool return false for what they do not find, and `why` says it then. After that
// the lexer stands anywhere.
class lexer {
 public:
  // `streamed` are the places of the marks of literals whose bytes are not in the text.
  explicit lexer(std::string_view text, const lexer_limits& limits = {},
                 std::span<const std::size_t> streamed = {}) noexcept
      : text_(text), streamed_(streamed), items_(limits.items), nesting_(limits.nesting) {}

  [[nodiscard]] std::size_t place() const noexcept { return at_; }
  void go_to(std::size_t place) noexcept { at_ = place; }
  [[nodiscard]] bool at_end() const noexcept { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(at_); }
  [[nodiscard]] std::string_view from(std::size_t place) const noexcept {
    return text_.substr(place, at_ - place);
  }
  bool skip(char c) noexcept {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_spaces() noexcept {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  // The characters up to a space, a parenthesis, a quote, or one of `also`; may be empty.
  std::string_view word(char also = ' ') noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '(' || c == ')' || c == '"' || c == also) break;
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  // NIL, which nothing of a word follows?
  [[nodiscard]] bool at_nil() const noexcept;
  bool skip_nil() noexcept {
    if (!at_nil()) return false;
    at_ += 3;
    return true;
  }

  // An atom, a string or NIL.
  bool read(piece& out);
  // A number of digits only.
  template <std::unsigned_integral T>
  bool read_number(T& out) noexcept {
    const auto value = ascii::parse_unsigned<T>(word());
    if (!value) return fail("no number where one is due");
    out = *value;
    return true;
  }
  // Any token. The brackets of a section, `BODY[...]`, are part of an atom with all that is in them.
  bool read(token& out, std::size_t depth = 0);
  // What is in a list, up to its end and behind it; the parenthesis that begins it was taken.
  bool read_list(std::vector<token>& out, std::size_t depth = 0);

  // One value more; false if that is too many.
  bool count() noexcept {
    if (items_ == 0) return fail_limit("more values than the limit allows");
    --items_;
    return true;
  }
  [[nodiscard]] bool may_nest(std::size_t depth) noexcept {
    return depth < nesting_ || fail_limit("lists nested deeper than the limit allows");
  }

  bool fail(const char* why) noexcept {
    if (why_ == nullptr) why_ = why;
    return false;
  }
  bool fail_limit(const char* why) noexcept {
    over_limit_ = true;
    why_ = why;
    return false;
  }
  [[nodiscard]] const char* why() const noexcept { return why_; }
  // Was it a limit?
  [[nodiscard]] bool over_limit() const noexcept { return over_limit_; }
  // Forgets a failure that was no limit, to try something else.
  void forgive() noexcept {
    if (!over_limit_ && !open_) why_ = nullptr;
  }

 private:
  bool read_quoted(piece& out);
  bool read_literal(piece& out);
  // An atom, with its brackets if it is a section.
  [[nodiscard]] std::string_view bracketed_word() noexcept;

  std::string_view text_;
  std::span<const std::size_t> streamed_;
  std::size_t at_ = 0;
  std::size_t items_;
  std::size_t nesting_;
  const char* why_ = nullptr;
  bool over_limit_ = false;
  bool open_ = false;        // a quote is
  bool no_bracket_ = false;  // no ] comes any more
  std::string unescaped_;
};

}  // namespace tidewire::imap::detail
