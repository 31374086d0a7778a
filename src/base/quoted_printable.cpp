#include <tidewire/base/quoted_printable.hpp>

#include <algorithm>
#include <array>

namespace tidewire::quoted_printable {
namespace {

constexpr std::size_t longest_line = 76;
constexpr std::size_t most_blanks = 998;  // the longest line of a message, RFC 5322 section 2.1.1

enum class kind : unsigned char { plain, blank, special };

// Plain are the characters that stand for themselves anywhere but, where guarded, at the beginning of a line.
constexpr std::array<kind, 256> make_kinds() {
  std::array<kind, 256> kinds{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(static_cast<unsigned char>(i));
    kinds[static_cast<std::size_t>(i)] = ascii::is_blank(c)                 ? kind::blank
                                         : ascii::is_visible(c) && c != '=' ? kind::plain
                                                                            : kind::special;
  }
  return kinds;
}

constexpr std::array<kind, 256> kinds = make_kinds();

constexpr kind kind_of(char c) {
  return kinds[static_cast<unsigned char>(c)];
}

// Where plain and blank characters end, or `most` of them.
std::size_t end_of_run(std::string_view text, std::size_t at, std::size_t most) {
  const std::size_t limit = at + std::min(most, text.size() - at);
  while (at < limit && kind_of(text[at]) != kind::special) ++at;
  return at;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  const char escape[] = {'=', digits[byte >> 4], digits[byte & 15]};
  out.append(escape, sizeof escape);
}

constexpr bool is_upper_digit(char c) {
  return ascii::is_digit(c) || ascii::is_upper(c);
}

}  // namespace

encoder::encoder(format how) noexcept : format_(how) {
  format_.line_length = std::clamp<std::size_t>(format_.line_length, 4, longest_line);
}

// The last character of a line may take the place of the soft break's `=`.
void encoder::write_held(bool last_of_line, std::string& out) {
  if (!holds_) return;
  holds_ = false;
  const bool escaped = kind_of(held_) == kind::special || (last_of_line && kind_of(held_) == kind::blank);
  const std::size_t room = format_.line_length - (last_of_line ? 0 : 1);
  if (column_ + (escaped ? 3 : 1) > room) {
    out += "=\r\n";
    column_ = 0;
  }
  if (escaped || (format_.guard_line_start && column_ == 0 && (held_ == '.' || held_ == 'F'))) {
    append_escape(out, held_);
    column_ += 3;
  } else {
    out += held_;
    ++column_;
  }
}

void encoder::add(char c, std::string& out) {
  write_held(false, out);
  held_ = c;
  holds_ = true;
}

void encoder::end_line(std::string& out) {
  write_held(true, out);
  out += "\r\n";
  column_ = 0;
}

void encoder::update(std::string_view bytes, std::string& out) {
  for (std::size_t at = 0; at < bytes.size();) {
    const char c = bytes[at];
    if (after_cr_) {
      after_cr_ = false;
      if (c == '\n') {
        end_line(out);
        ++at;
        continue;
      }
      add('\r', out);
    }
    if (kind_of(c) == kind::special) {
      if (c == '\n' && !format_.binary) {
        end_line(out);
      } else if (c == '\r' && !format_.binary) {
        after_cr_ = true;
      } else {
        add(c, out);
      }
      ++at;
      continue;
    }
    add(c, out);
    ++at;
    // What is sure to stand for itself on this line, at once: all of the run but its last.
    const std::size_t end = end_of_run(bytes, at, format_.line_length);
    if (end == at) continue;
    write_held(false, out);
    const std::size_t count =
        std::min(end - at - 1, format_.line_length - 1 - std::min(column_, format_.line_length - 1));
    out.append(bytes, at, count);
    column_ += count;
    at += count;
    if (at < end) add(bytes[at++], out);
  }
}

void encoder::finish(std::string& out) {
  if (after_cr_) add('\r', out);
  write_held(true, out);
  after_cr_ = false;
  column_ = 0;
}

std::string encode(std::string_view bytes, format how) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16);
  encoder encoding(how);
  encoding.update(bytes, out);
  encoding.finish(out);
  return out;
}

void decoder::defect(std::uint64_t offset, const char* what) noexcept {
  if (defects_++ > 0) return;
  first_defect_ = what;
  first_defect_offset_ = offset;
}

void decoder::count_column(std::size_t characters, std::uint64_t offset) {
  if (column_ <= longest_line && characters > longest_line - column_) {
    defect(offset + (longest_line - column_), "a line of more than 76 characters");
  }
  column_ = saturating_add(column_, characters);
}

void decoder::write_blanks(std::string& out) {
  out += blanks_;
  blanks_.clear();
  blanks_are_data_ = false;
}

// White space before the line break was added on the way: RFC 2045 section 6.7, rule 3.
void decoder::end_line(std::string_view line_break, std::string& out) {
  blanks_.clear();
  blanks_are_data_ = false;
  out += line_break;
  column_ = 0;
  state_ = state::text;
}

// Plain and blank characters.
void decoder::take_run(std::string_view run, std::uint64_t offset, std::string& out) {
  count_column(run.size(), offset);
  const std::size_t last = run.find_last_not_of(" \t");
  if (last != std::string_view::npos) {
    write_blanks(out);
    out.append(run, 0, last + 1);
    run.remove_prefix(last + 1);
  }
  if (!blanks_are_data_ && blanks_.size() + run.size() > most_blanks) {
    write_blanks(out);
    blanks_are_data_ = true;
  }
  (blanks_are_data_ ? out : blanks_).append(run);
}

void decoder::take(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size() && !(strict_ && defects_ > 0);) {
    const char c = text[at];
    const std::uint64_t offset = offset_ + at;
    switch (state_) {
      case state::text:
        if (kind_of(c) != kind::special) {
          const std::size_t end = end_of_run(text, at, text.size());
          take_run(text.substr(at, end - at), offset, out);
          at = end;
          continue;
        }
        ++at;
        if (c == '\n') {
          end_line("\n", out);
        } else if (c == '\r') {
          state_ = state::cr;
        } else {
          count_column(1, offset);
          write_blanks(out);
          if (c == '=') {
            state_ = state::equals;
            equals_offset_ = offset;
          } else {
            defect(offset, "a byte that must be encoded");
            out += c;
          }
        }
        break;

      case state::cr:
        if (c == '\n') {
          end_line("\r\n", out);
          ++at;
        } else {
          defect(offset - 1, "CR without LF");
          count_column(1, offset - 1);
          write_blanks(out);
          out += '\r';
          state_ = state::text;
        }
        break;

      case state::equals:
        if (ascii::hex_value(c) >= 0) {
          digit_ = c;
          state_ = state::equals_digit;
          ++at;
        } else if (c == '\n') {
          end_line("", out);
          ++at;
        } else if (c == '\r') {
          state_ = state::equals_cr;
          ++at;
        } else if (ascii::is_blank(c)) {
          state_ = state::equals_blank;
        } else {
          defect(equals_offset_, "'=' without two hexadecimal digits");
          out += '=';
          state_ = state::text;
        }
        break;

      case state::equals_digit:
        if (const int low = ascii::hex_value(c); low >= 0) {
          if (!is_upper_digit(digit_) || !is_upper_digit(c)) {
            defect(equals_offset_, "hexadecimal digits in lower case");
          }
          count_column(2, equals_offset_ + 1);
          out += static_cast<char>(static_cast<unsigned char>(ascii::hex_value(digit_) << 4 | low));
          ++at;
        } else {
          defect(equals_offset_, "'=' without two hexadecimal digits");
          count_column(1, equals_offset_ + 1);
          out += '=';
          out += digit_;
        }
        state_ = state::text;
        break;

      case state::equals_blank:
        if (c == '\n') {
          end_line("", out);
          ++at;
        } else if (c == '\r') {
          state_ = state::equals_cr;
          ++at;
        } else if (ascii::is_blank(c) && blanks_.size() < most_blanks) {
          count_column(1, offset);
          blanks_ += c;
          ++at;
        } else {
          defect(equals_offset_, "'=' without two hexadecimal digits");
          out += '=';
          state_ = state::text;
        }
        break;

      case state::equals_cr:
        if (c == '\n') {
          end_line("", out);
          ++at;
        } else {
          defect(equals_offset_, "'=' without two hexadecimal digits");
          out += '=';
          state_ = state::cr;
        }
        break;
    }
  }
  offset_ += text.size();
}

result<void> decoder::failed_or_not(std::string& out, std::size_t before) {
  if (!strict_ || defects_ == 0) return {};
  out.resize(before);
  failed_ = true;
  return failure(errc::malformed,
                 "quoted-printable, offset " + std::to_string(first_defect_offset_) + ": " + first_defect_);
}

result<void> decoder::update(std::string_view text, std::string& out) {
  if (failed_) return failure(errc::misuse, "the quoted-printable decoder has failed before");
  const std::size_t before = out.size();
  take(text, out);
  return failed_or_not(out, before);
}

result<void> decoder::finish(std::string& out) {
  if (failed_) return failure(errc::misuse, "the quoted-printable decoder has failed before");
  const std::size_t before = out.size();
  switch (state_) {
    case state::text: break;
    case state::cr:
      defect(offset_ - 1, "CR without LF");
      write_blanks(out);
      out += '\r';
      break;
    case state::equals:
    case state::equals_blank:
    case state::equals_cr: defect(equals_offset_, "'=' at the end"); break;
    case state::equals_digit:
      defect(equals_offset_, "'=' without two hexadecimal digits");
      out += '=';
      out += digit_;
      break;
  }
  state_ = state::text;
  blanks_.clear();
  blanks_are_data_ = false;
  column_ = 0;
  offset_ = 0;
  return failed_or_not(out, before);
}

std::string decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  decoder decoding;
  (void)decoding.update(text, out);  // fails only if strict
  (void)decoding.finish(out);
  return out;
}

result<std::string> decode_strict(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  decoder decoding(true);
  if (auto done = decoding.update(text, out); !done) return std::move(done).error();
  if (auto done = decoding.finish(out); !done) return std::move(done).error();
  return out;
}

}  // namespace tidewire::quoted_printable
