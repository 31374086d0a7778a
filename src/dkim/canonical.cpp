#include <tidewire/base/bytes.hpp>
#include <tidewire/dkim/canonical.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::dkim {

namespace {

// What goes to the sink at once.
constexpr std::size_t piece_size = 4096;

std::string simple_field(std::string_view field) {
  std::string out;
  out.reserve(field.size() + 2);
  while (!field.empty()) {
    const std::size_t feed = field.find('\n');
    std::string_view line = field.substr(0, feed);
    field.remove_prefix(feed == std::string_view::npos ? field.size() : feed + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += line;
    out += "\r\n";
  }
  if (out.empty()) out = "\r\n";
  return out;
}

// Is that the CR of a line break?
bool ends_line(std::string_view text, std::size_t at) noexcept {
  return text[at] == '\r' && (at + 1 == text.size() || text[at + 1] == '\n');
}

std::string relaxed_field(std::string_view field) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  std::string out;
  out.reserve(field.size() + 2);
  for (const char c : ascii::trim(field.substr(0, colon))) out += ascii::to_lower(c);
  if (colon < field.size()) out += ':';
  const std::string_view value = field.substr(std::min(colon + 1, field.size()));
  bool space = false;
  bool any = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (ascii::is_blank(c)) {
      space = true;
    } else if (c != '\n' && !ends_line(value, i)) {
      if (space && any) out += ' ';
      out += c;
      space = false;
      any = true;
    }
  }
  out += "\r\n";
  return out;
}

}  // namespace

std::string_view to_string(canonicalization how) noexcept {
  return how == canonicalization::simple ? "simple" : "relaxed";
}

std::string canonicalize_field(std::string_view field, canonicalization how) {
  return how == canonicalization::simple ? simple_field(field) : relaxed_field(field);
}

body_canonicalizer::body_canonicalizer(canonicalization how, sink out) : how_(how), out_(std::move(out)) {
  buffer_.reserve(piece_size);
}

void body_canonicalizer::update(std::string_view bytes) {
  while (!bytes.empty()) {
    if (carriage_return_ && bytes.front() != '\n') text("\r");
    carriage_return_ = false;
    const std::size_t feed = bytes.find('\n');
    std::string_view line = bytes.substr(0, feed);
    bytes.remove_prefix(feed == std::string_view::npos ? bytes.size() : feed + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
      carriage_return_ = feed == std::string_view::npos;
    }
    text(line);
    if (feed == std::string_view::npos) continue;
    ++line_breaks_;
    space_ = false;
  }
}

void body_canonicalizer::finish() {
  if (std::exchange(carriage_return_, false)) text("\r");
  // Lines at the end count for none, but the last one is ended; a body of nothing is an empty line, or
  // nothing.
  if (any_ || how_ == canonicalization::simple) put("\r\n");
  flush();
  line_breaks_ = 0;
  space_ = any_ = false;
}

// Text that is within a line.
void body_canonicalizer::text(std::string_view line) {
  if (line.empty()) return;
  if (how_ == canonicalization::simple) {
    put_line_breaks();
    any_ = true;
    return put(line);
  }
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = at;
    while (at < line.size() && !ascii::is_blank(line[at])) ++at;
    if (at != begin) {
      put_line_breaks();
      if (std::exchange(space_, false)) put(" ");
      put(line.substr(begin, at - begin));
      any_ = true;
    }
    for (; at < line.size() && ascii::is_blank(line[at]); ++at) space_ = true;
  }
}

void body_canonicalizer::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view some = bytes.substr(0, piece_size - buffer_.size());
    buffer_ += some;
    bytes.remove_prefix(some.size());
    if (buffer_.size() == piece_size) flush();
  }
}

void body_canonicalizer::put_line_breaks() {
  for (; line_breaks_ > 0; --line_breaks_) put("\r\n");
}

void body_canonicalizer::flush() {
  if (!buffer_.empty()) out_(buffer_);
  buffer_.clear();
}

}  // namespace tidewire::dkim
