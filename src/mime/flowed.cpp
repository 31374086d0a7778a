#include <tidewire/mime/flowed.hpp>

#include <algorithm>

namespace tidewire::mime {

namespace {

// Takes the next line off `text`, without its line break.
std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t feed = text.find('\n');
  std::string_view line = text.substr(0, feed);
  text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::size_t quote_depth(std::string_view line) noexcept {
  return std::min(line.find_first_not_of('>'), line.size());
}

}  // namespace

std::string unflow(std::string_view text, bool delsp) {
  std::string out;
  bool open = false;  // the last line goes on
  std::size_t open_depth = 0;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t depth = quote_depth(line);
    line.remove_prefix(depth);
    if (line.starts_with(' ')) line.remove_prefix(1);
    // RFC 3676 section 4.3: the line "-- " is a signature's, never flowed.
    const bool signature = line == "-- ";
    if (open && (depth != open_depth || signature)) {
      out += '\n';
      open = false;
    }
    if (!open) {
      out.append(depth, '>');
      if (depth > 0) out += ' ';
    }
    open = line.ends_with(' ') && !signature;
    open_depth = depth;
    out += open && delsp ? line.substr(0, line.size() - 1) : line;
    if (!open) out += '\n';
  }
  if (open) out += '\n';
  return out;
}

std::string flow(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 20);
  std::string out;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t depth = quote_depth(line);
    std::string prefix(depth, '>');
    line.remove_prefix(depth);
    if (depth > 0) {
      prefix += ' ';
      if (line.starts_with(' ')) line.remove_prefix(1);
    }
    const bool signature = line == "-- ";
    if (!signature) line = line.substr(0, line.find_last_not_of(' ') + 1);
    while (!line.empty() || !prefix.empty()) {
      std::string_view piece = line;
      const std::size_t room = width > prefix.size() + 1 ? width - prefix.size() - 1 : 1;
      if (!signature && line.size() > room) {
        // At the last space that fits, or else at the first there is; never before the text.
        const std::size_t text_begin = std::min(line.find_first_not_of(' '), line.size());
        std::size_t space = line.rfind(' ', room - 1);
        if (space == std::string_view::npos || space < text_begin) space = line.find(' ', text_begin);
        if (space != std::string_view::npos) piece = line.substr(0, space + 1);
      }
      out += prefix;
      if (depth == 0 && (piece.starts_with(' ') || piece.starts_with('>') || piece.starts_with("From ")))
        out += ' ';
      out += piece;
      line.remove_prefix(piece.size());
      if (line.empty()) break;
      out += "\r\n";
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace tidewire::mime
