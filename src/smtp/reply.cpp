#include <tidewire/smtp/reply.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::smtp {
namespace {

constexpr std::size_t longest_line_sent =
    500;  // with code and CRLF within the 512 of RFC 5321 section 4.5.3.1.5

failure malformed(const char* why) {
  return failure(errc::malformed_reply, why);
}

// Digits of one part of an enhanced code: 1 to 3, no leading zero.
std::optional<std::uint16_t> part(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return ascii::parse_unsigned<std::uint16_t>(text);
}

// The enhanced code at the beginning of a line of this code, which is then taken off the line.
std::optional<enhanced_code> take_enhanced(std::uint16_t code, std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  if (word.size() > sizeof "5.999.999") return std::nullopt;
  const auto found = enhanced_code::parse(word);
  if (!found || found->status != code / 100) return std::nullopt;
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return found;
}

void append_number(std::string& out, unsigned number) {
  out += std::to_string(number);
}

}  // namespace

std::string enhanced_code::to_string() const {
  std::string out;
  append_number(out, status);
  out += '.';
  append_number(out, subject);
  out += '.';
  append_number(out, detail);
  return out;
}

std::optional<enhanced_code> enhanced_code::parse(std::string_view text) noexcept {
  if (text.size() < 5 || text[1] != '.' || (text[0] != '2' && text[0] != '4' && text[0] != '5')) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(2);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto subject = part(rest.substr(0, dot));
  const auto detail = part(rest.substr(dot + 1));
  if (!subject || !detail) return std::nullopt;
  return enhanced_code{static_cast<std::uint8_t>(text[0] - '0'), *subject, *detail};
}

std::string reply::to_string() const {
  std::string out = std::to_string(code);
  if (enhanced) out += ' ' + enhanced->to_string();
  if (!text.empty()) out += ' ';
  for (const char c : text) {
    if (c == '\n') {
      out += "; ";
    } else {
      out += c;
    }
  }
  return out;
}

void reply::append_to(std::string& wire) const {
  const std::string digits = std::to_string(code);
  const std::string status = enhanced ? enhanced->to_string() + ' ' : std::string();
  std::string_view rest = text;
  for (;;) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const bool last = end == rest.size();
    wire += digits;
    wire += last ? ' ' : '-';
    wire += status;
    for (const char c : rest.substr(0, std::min(end, longest_line_sent - status.size()))) {
      wire += ascii::is_control(c) && c != '\t' ? ' ' : c;
    }
    wire += "\r\n";
    if (last) return;
    rest.remove_prefix(end + 1);
  }
}

failure reply::to_failure() const {
  const errc what = code == 421   ? errc::shutting_down
                    : transient() ? errc::refused_for_now
                    : permanent() ? errc::refused
                                  : errc::unexpected_reply;
  failure why(make_error_code(what));
  why.because(enhanced ? std::to_string(code) + ' ' + enhanced->to_string() : std::to_string(code));
  why.peer_said(text);
  return why;
}

result<std::size_t> reply_parser::feed(byte_view bytes) {
  if (failed_) return *failed_;
  const std::string_view text = as_text(bytes);
  std::size_t at = 0;
  const auto fail = [&](failure why) -> result<std::size_t> {
    failed_ = std::move(why);
    return *failed_;
  };
  while (!complete_ && at < text.size()) {
    const std::size_t lf = std::min(text.find('\n', at), text.size());
    const std::string_view part_of_line = text.substr(at, lf - at);
    // Counted as it comes, so that the same bytes fail alike in every split.
    const bool ended = lf < text.size();
    const std::size_t size = line_.size() + part_of_line.size();
    const bool ends_with_cr = part_of_line.empty() ? line_.ends_with('\r') : part_of_line.ends_with('\r');
    if (size - (ends_with_cr ? 1 : 0) > limits_.line) {
      return fail(failure(tidewire::errc::limit_exceeded,
                          "a line of a reply is longer than " + std::to_string(limits_.line) + " bytes"));
    }
    if (!ended) {
      line_ += part_of_line;
      return text.size();
    }
    result<void> taken;
    if (line_.empty()) {
      taken = take_line(part_of_line);
    } else {
      line_ += part_of_line;
      taken = take_line(line_);
      line_.clear();
    }
    if (!taken) return fail(taken.error());
    at = lf + 1;
  }
  return at;
}

result<void> reply_parser::take_line(std::string_view line) {
  if (!line.ends_with('\r')) return malformed("LF without CR in a reply");
  line.remove_suffix(1);
  if (line.find('\r') != std::string_view::npos) return malformed("CR without LF in a reply");
  const auto digit = [&](std::size_t i) { return i < line.size() && ascii::is_digit(line[i]); };
  if (!digit(0) || !digit(1) || !digit(2) || line[0] < '2' || line[0] > '5') {
    return malformed("a line of a reply begins with no code");
  }
  const auto code =
      static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') {
    return malformed("neither space nor hyphen after the code of a reply");
  }
  if (lines_ > 0 && code != reply_.code) return malformed("the lines of a reply have different codes");
  const bool last = line.size() == 3 || line[3] == ' ';
  line.remove_prefix(std::min<std::size_t>(line.size(), 4));
  if (++lines_ > limits_.lines) {
    return failure(tidewire::errc::limit_exceeded,
                   "a reply of more than " + std::to_string(limits_.lines) + " lines");
  }
  total_ += line.size();
  if (total_ > limits_.total) {
    return failure(tidewire::errc::limit_exceeded,
                   "a reply of more than " + std::to_string(limits_.total) + " bytes");
  }
  reply_.code = code;
  const auto enhanced = take_enhanced(code, line);
  if (lines_ == 1) {
    reply_.enhanced = enhanced;
  } else {
    reply_.text += '\n';
  }
  reply_.text += line;
  complete_ = last;
  return {};
}

reply reply_parser::take() {
  complete_ = false;
  lines_ = 0;
  total_ = 0;
  return std::exchange(reply_, {});
}

}  // namespace tidewire::smtp
