#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/mime/mbox.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <istream>
#include <ostream>
#include <utility>

namespace tidewire::mime {

namespace {

constexpr std::size_t block_size = std::size_t{64} * 1024;

failure broken(std::string_view what) {
  return failure(std::make_error_code(std::errc::io_error)).during(what);
}

std::string_view without_line_break(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// ">>From " and the like: how many `>` there are before "From ", or nothing.
std::optional<std::size_t> quotes_of(std::string_view line) noexcept {
  const std::size_t marks = std::min(line.find_first_not_of('>'), line.size());
  if (!line.substr(marks).starts_with("From ")) return std::nullopt;
  return marks;
}

bool has_length(mbox_quoting quoting) noexcept {
  return quoting == mbox_quoting::mboxcl || quoting == mbox_quoting::mboxcl2;
}

}  // namespace

struct mbox_reader::impl {
  std::istream* in;
  mbox_quoting quoting;
  std::size_t max_bytes;
  std::string buffer;
  std::size_t at = 0;
  bool ended = false;
  bool long_line = false;  // the line read last goes on: it was cut
  std::string separator;   // of the message that is next; empty if none was found yet

  bool fill() {
    if (ended) return false;
    buffer.erase(0, at);
    at = 0;
    const std::size_t before = buffer.size();
    buffer.resize(before + block_size);
    in->read(buffer.data() + before, static_cast<std::streamsize>(block_size));
    const auto size = static_cast<std::size_t>(in->gcount());
    buffer.resize(before + size);
    if (in->bad()) throw error(broken("read mailbox"));
    ended = size == 0;
    return size > 0;
  }

  // The next line with its line break; a very long one comes in pieces. Empty at the end.
  std::string_view line() {
    for (std::size_t from = at;;) {
      const std::size_t feed = buffer.find('\n', from);
      const bool full = buffer.size() - at >= 4 * block_size;
      if (feed != std::string::npos || full) {
        const std::size_t end = feed != std::string::npos ? feed + 1 : buffer.size();
        long_line = feed == std::string::npos;
        return take(end - at);
      }
      const std::size_t searched = buffer.size() - at;
      if (!fill()) break;
      from = at + searched;
    }
    long_line = false;
    return take(buffer.size() - at);
  }
  std::string_view take(std::size_t size) noexcept {
    at += size;
    return std::string_view(buffer).substr(at - size, size);
  }

  void append(mbox_message& message, std::string_view bytes) const {
    const std::size_t room = max_bytes - message.bytes.size();
    if (bytes.size() > room) message.truncated = true;
    message.bytes += bytes.substr(0, room);
  }

  std::optional<mbox_message> next() {
    bool line_is_new = true;
    while (separator.empty()) {
      const std::string_view text = line();
      if (text.empty()) return std::nullopt;
      if (line_is_new && text.starts_with("From ")) separator = text;
      line_is_new = !long_line;
    }
    mbox_message message;
    read_separator(message);
    // A separator stands after an empty line, which is not of the message, unless it ends the header.
    std::string held;
    bool may_separate = false;
    for (bool in_header = true;;) {
      const std::string_view text = line();
      if (text.empty()) return message;
      if (line_is_new && may_separate && text.starts_with("From ")) {
        separator = text;
        return message;
      }
      append(message, std::exchange(held, {}));
      may_separate = line_is_new && without_line_break(text).empty();
      if (may_separate && in_header) {
        in_header = false;
        append(message, text);
        if (has_length(quoting)) take_body(message);
      } else if (may_separate) {
        held = text;
      } else {
        append(message, line_is_new ? unquoted(text) : text);
      }
      line_is_new = !long_line;
    }
  }

  void read_separator(mbox_message& message) {
    // "From ada@example.org Fri Nov 21 09:55:06 1997"
    std::string_view rest = without_line_break(separator).substr(5);
    message.sender = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(message.sender.size() + 1, rest.size()));
    if (const auto date = date::parse_http(ascii::trim(rest))) message.date = *date;
    separator.clear();
  }

  [[nodiscard]] std::string_view unquoted(std::string_view text) const noexcept {
    const auto marks = quotes_of(text);
    if (!marks || *marks == 0 || quoting == mbox_quoting::mboxcl2) return text;
    if (quoting == mbox_quoting::mboxo && *marks > 1) return text;
    return text.substr(1);
  }

  // The body by Content-Length, if it leads to the end of the file or to a separator; lines are read
  // otherwise.
  void take_body(mbox_message& message) {
    const auto length = ascii::parse_unsigned<std::size_t>(
        ascii::trim(parse_in_place(message.bytes).root().header_text("content-length")));
    if (!length || *length > max_bytes) return;
    while (buffer.size() - at < *length + 8 && fill()) {
    }
    if (buffer.size() - at < *length) return;
    std::string_view after = std::string_view(buffer).substr(at + *length);
    while (after.starts_with('\n') || after.starts_with("\r\n"))
      after.remove_prefix(after.starts_with('\n') ? 1 : 2);
    if (!after.empty() && !after.starts_with("From ")) return;
    std::string_view body = take(*length);
    while (!body.empty()) {
      const std::size_t feed = body.find('\n');
      const std::string_view text = body.substr(0, feed == std::string_view::npos ? feed : feed + 1);
      append(message, unquoted(text));
      body.remove_prefix(text.size());
    }
  }
};

mbox_reader::mbox_reader(std::istream& in, mbox_quoting quoting, std::size_t max_bytes)
    : impl_(std::make_unique<impl>()) {
  impl_->in = &in;
  impl_->quoting = quoting;
  impl_->max_bytes = max_bytes;
}
mbox_reader::mbox_reader(mbox_reader&&) noexcept = default;
mbox_reader& mbox_reader::operator=(mbox_reader&&) noexcept = default;
mbox_reader::~mbox_reader() = default;

std::optional<mbox_message> mbox_reader::next() {
  return impl_->next();
}

void write_mbox(std::ostream& out, std::string_view message, std::string_view sender, const date_time& date,
                mbox_quoting quoting) {
  if (sender.empty()) sender = "MAILER-DAEMON";
  if (!std::ranges::all_of(sender, [](char c) { return !ascii::is_control(c) && c != ' '; }))
    throw error(errc::misuse, "mailbox: a sender with white space or a control character");
  std::string header;
  std::string body;
  std::string* part = &header;
  while (!message.empty()) {
    const std::size_t feed = message.find('\n');
    const std::string_view text = message.substr(0, feed == std::string_view::npos ? feed : feed + 1);
    const std::string_view line = without_line_break(text);
    if (part == &header && line.empty()) {
      part = &body;
    } else if (part == &body || !has_length(quoting) || !ascii::istarts_with(line, "content-length:")) {
      const auto marks = quotes_of(line);
      if (marks && quoting != mbox_quoting::mboxcl2 && (*marks == 0 || quoting != mbox_quoting::mboxo))
        *part += '>';
      *part += line;
      *part += '\n';
    }
    message.remove_prefix(text.size());
  }
  if (has_length(quoting)) header += "Content-Length: " + std::to_string(body.size()) + '\n';
  // The date of a separator is in UTC, in the form of asctime (RFC 4155 appendix A).
  const std::string when = date::format_http(date);  // "Fri, 21 Nov 1997 09:55:06 GMT"
  out << "From " << sender << ' ' << when.substr(0, 3) << ' ' << when.substr(8, 3) << ' ' << when.substr(5, 2)
      << ' ' << when.substr(17, 8) << ' ' << when.substr(12, 4) << '\n'
      << header << '\n'
      << body << '\n';
  if (!out) throw error(broken("write mailbox"));
}

}  // namespace tidewire::mime
