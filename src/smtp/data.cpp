#include <tidewire/smtp/data.hpp>

#include <algorithm>
#include <string_view>

namespace tidewire::smtp {
namespace {

constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};
constexpr std::byte dot{'.'};

// Where the first CR or LF is at or after `from`.
std::size_t find_line_end(byte_view bytes, std::size_t from) {
  const std::size_t first_lf = std::min(find_byte(bytes, lf, from), bytes.size());
  return std::min(find_byte(bytes.first(first_lf), cr, from), first_lf);
}

}  // namespace

result<void> data_encoder::update(byte_view message, std::string& out) {
  std::size_t at = 0;
  std::size_t run = 0;  // from here on, what is not copied yet
  const auto copy_up_to = [&](std::size_t end) {
    out += as_text(message.subspan(run, end - run));
    run = end;
  };
  const auto refuse = [&]() -> result<void> {
    failed_ = true;
    return failure(tidewire::errc::malformed, "CR or LF alone in a message");
  };
  if (failed_) return refuse();
  while (at < message.size()) {
    if (after_cr_) {
      after_cr_ = false;
      at_line_start_ = true;
      out += "\r\n";
      if (message[at] == lf) {
        run = ++at;
        continue;
      }
      if (how_.bare == bare_line_ends::refuse) return refuse();
    }
    if (at_line_start_ && how_.dots && message[at] == dot) {
      copy_up_to(at);
      out += '.';
    }
    at_line_start_ = false;
    const std::size_t end = find_line_end(message, at);
    if (end == message.size()) break;
    if (message[end] == cr && end + 1 < message.size() && message[end + 1] == lf) {
      at = end + 2;
      at_line_start_ = true;
      continue;
    }
    copy_up_to(end);
    run = at = end + 1;
    if (message[end] == cr) {
      after_cr_ = true;
      continue;
    }
    if (how_.bare == bare_line_ends::refuse) return refuse();
    out += "\r\n";
    at_line_start_ = true;
  }
  copy_up_to(message.size());
  return {};
}

result<void> data_encoder::finish(std::string& out) {
  if (failed_ || (after_cr_ && how_.bare == bare_line_ends::refuse)) {
    failed_ = true;
    return failure(tidewire::errc::malformed, "CR or LF alone in a message");
  }
  if (after_cr_ || !at_line_start_) out += "\r\n";
  if (how_.dots) out += ".\r\n";
  *this = data_encoder(how_);
  return {};
}

data_piece data_decoder::next(byte_view shown) noexcept {
  std::size_t begin = 0;
  if (at_line_start_ && shown[0] == dot) {
    if (shown.size() == 1 || (shown[1] == cr && shown.size() == 2)) return {};
    if (shown[1] == cr && shown[2] == lf) return {.body = {}, .taken = 3, .end = true};
    begin = 1;
  }
  at_line_start_ = false;
  std::size_t at = begin;
  if (after_cr_) {
    after_cr_ = false;
    if (shown[0] == lf) {
      at = 1;
      at_line_start_ = true;
    } else {
      bare_ = true;
    }
  }
  for (;;) {
    if (at_line_start_ && at < shown.size() && shown[at] == dot) break;
    if (at < shown.size()) at_line_start_ = false;
    const std::size_t end = find_line_end(shown, at);
    at = shown.size();
    if (end == shown.size()) break;
    if (shown[end] == lf) {
      bare_ = true;
      at = end + 1;
    } else if (end + 1 == shown.size()) {
      after_cr_ = true;
    } else if (shown[end + 1] == lf) {
      at_line_start_ = true;
      at = end + 2;
    } else {
      bare_ = true;
      at = end + 1;
    }
  }
  return {.body = shown.subspan(begin, at - begin), .taken = at, .end = false};
}

}  // namespace tidewire::smtp
