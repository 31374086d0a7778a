#include <tidewire/core/framing.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace tidewire::framing {

namespace {

constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};

// With limits up to this, no sum of a limit and a header overflows.
constexpr std::size_t largest_limit = std::numeric_limits<std::size_t>::max() / 2;

frame incomplete(std::size_t missing) {
  return {.missing = missing};
}

// A frame of a known length, behind a header of `begin` bytes.
frame sized_frame(std::size_t begin, std::size_t length, std::size_t trailer, byte_view shown) {
  const std::size_t size = begin + length + trailer;
  if (shown.size() < size) return incomplete(size - shown.size());
  return {.begin = begin, .end = begin + length, .size = size};
}

failure malformed(const char* why) {
  return failure(errc::malformed, why);
}

failure longer_than(const char* what, std::size_t limit) {
  return failure(errc::limit_exceeded,
                 std::string(what) + " longer than " + std::to_string(limit) + " bytes");
}

failure ended_within(const char* what) {
  return failure(errc::end_of_stream, std::string("the stream ended within a ") + what);
}

// The end of the stream for a codec that has no unfinished frames.
template <class Codec>
result<frame> finish_with(Codec& codec, byte_view rest) {
  if (rest.empty()) return frame();
  auto last = codec.next(rest);
  if (last && !last->complete()) return ended_within("frame");
  return last;
}

std::size_t write_decimal(std::uint64_t number, header_room& room) {
  std::size_t size = 1;
  for (std::uint64_t rest = number; rest >= 10; rest /= 10) ++size;
  for (std::size_t i = size; i > 0; --i, number /= 10)
    room[i - 1] = static_cast<std::byte>('0' + number % 10);
  return size;
}

}  // namespace

line_codec::line_codec(const line_options& options) noexcept : options_(options) {
  options_.limit = std::min(options_.limit, largest_limit);
}

result<frame> line_codec::next(byte_view shown) {
  auto line = options_.strict ? next_strict(shown) : next_lenient(shown);
  if (line && line->complete()) reset();
  return line;
}

result<frame> line_codec::next_lenient(byte_view shown) {
  const std::size_t end = find_byte(shown, lf, seen_);
  seen_ = std::min(end, shown.size());
  const std::size_t length = seen_ > 0 && shown[seen_ - 1] == cr ? seen_ - 1 : seen_;
  if (length > options_.limit) return longer_than("line", options_.limit);
  if (end == npos) return incomplete(1);
  return frame{.begin = 0, .end = length, .size = end + 1};
}

result<frame> line_codec::next_strict(byte_view shown) {
  const std::size_t first_lf = std::min(find_byte(shown, lf, seen_), shown.size());
  seen_ = std::min(find_byte(shown.first(first_lf), cr, seen_), first_lf);
  if (seen_ > options_.limit) return longer_than("line", options_.limit);
  if (seen_ == shown.size()) return incomplete(2);
  if (shown[seen_] == lf) return malformed("LF without CR in a line");
  if (seen_ + 1 == shown.size()) return incomplete(1);
  if (shown[seen_ + 1] != lf) return malformed("CR without LF in a line");
  return frame{.begin = 0, .end = seen_, .size = seen_ + 2};
}

result<frame> line_codec::finish(byte_view rest) {
  if (rest.empty()) return frame();
  auto line = next(rest);
  if (!line || line->complete()) return line;
  const bool ends_with_cr = rest.back() == cr;
  if (!options_.allow_unfinished || (options_.strict && ends_with_cr)) return ended_within("line");
  reset();
  return frame{.begin = 0, .end = rest.size() - (ends_with_cr ? 1 : 0), .size = rest.size()};
}

result<pieces> line_codec::encode(byte_view payload, header_room&) const {
  if (payload.size() > options_.limit) return longer_than("line", options_.limit);
  if (find_byte(payload, lf) != npos) return failure(errc::misuse, "a line cannot contain LF");
  if (options_.strict && find_byte(payload, cr) != npos)
    return failure(errc::misuse, "a line cannot contain CR");
  if (!payload.empty() && payload.back() == cr) return failure(errc::misuse, "a line cannot end with CR");
  return pieces{byte_view(), payload, as_bytes(options_.strict ? "\r\n" : "\n")};
}

delimiter_codec::delimiter_codec(std::string_view delimiter, std::size_t limit)
    : delimiter_(delimiter), borders_(delimiter.size()), limit_(std::min(limit, largest_limit)) {
  if (delimiter.empty()) throw error(errc::misuse, "a delimiter cannot be empty");
  for (std::size_t i = 1, border = 0; i < delimiter_.size(); ++i) {
    while (border > 0 && delimiter_[i] != delimiter_[border]) border = borders_[border - 1];
    if (delimiter_[i] == delimiter_[border]) ++border;
    borders_[i] = border;
  }
}

// Where the first delimiter ends, if `matched` bytes of it precede `from`; `npos` if there is none, and how
// much of it stands at the end in `matched`.
std::size_t delimiter_codec::search(byte_view bytes, std::size_t from, std::size_t& matched) const noexcept {
  const byte_view wanted = as_bytes(delimiter_);
  for (std::size_t at = from; at < bytes.size(); ++at) {
    if (matched == 0) {
      at = find_byte(bytes, wanted[0], at);
      if (at == npos) return npos;
    }
    while (matched > 0 && bytes[at] != wanted[matched]) matched = borders_[matched - 1];
    if (bytes[at] == wanted[matched]) ++matched;
    if (matched == wanted.size()) return at + 1;
  }
  return npos;
}

result<frame> delimiter_codec::next(byte_view shown) {
  // A delimiter that ends further away ends no frame within the limit.
  const byte_view window = shown.first(std::min(shown.size(), max_size()));
  const std::size_t end = search(window, seen_, matched_);
  if (end != npos) {
    reset();
    return frame{.begin = 0, .end = end - delimiter_.size(), .size = end};
  }
  seen_ = window.size();
  if (seen_ - matched_ > limit_) return longer_than("frame", limit_);
  return incomplete(delimiter_.size() - matched_);
}

result<frame> delimiter_codec::finish(byte_view rest) {
  return finish_with(*this, rest);
}

result<pieces> delimiter_codec::encode(byte_view payload, header_room&) const {
  if (payload.size() > limit_) return longer_than("frame", limit_);
  const byte_view trailer = as_bytes(delimiter_);
  // The payload's end and the delimiter's beginning may make one too.
  std::size_t matched = 0;
  if (search(payload, 0, matched) != npos || search(trailer, 0, matched) != trailer.size()) {
    return failure(errc::misuse, "the payload contains the delimiter");
  }
  return pieces{byte_view(), payload, trailer};
}

fixed_codec::fixed_codec(std::size_t size) : size_(size) {
  if (size == 0) throw error(errc::misuse, "a frame cannot have a fixed size of 0");
}

result<frame> fixed_codec::next(byte_view shown) {
  return sized_frame(0, size_, 0, shown);
}

result<frame> fixed_codec::finish(byte_view rest) {
  return finish_with(*this, rest);
}

result<pieces> fixed_codec::encode(byte_view payload, header_room&) const {
  if (payload.size() != size_) {
    return failure(errc::misuse, "a payload of " + std::to_string(payload.size()) + " bytes in frames of " +
                                     std::to_string(size_));
  }
  return pieces{byte_view(), payload, byte_view()};
}

length_codec::length_codec(const length_options& options) : options_(options) {
  if (options.width < 1 || options.width > 8) {
    throw error(errc::misuse, "a length prefix has 1 to 8 bytes, not " + std::to_string(options.width));
  }
  const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * options.width);
  const std::uint64_t sayable = largest - (options.includes_header ? options.width : 0);
  options_.limit =
      static_cast<std::size_t>(std::min<std::uint64_t>(std::min(options.limit, largest_limit), sayable));
}

result<frame> length_codec::next(byte_view shown) {
  const std::size_t width = options_.width;
  while (header_.seen < width) {
    if (header_.seen >= shown.size()) return incomplete(width - header_.seen);
    const auto byte = std::to_integer<std::uint64_t>(shown[header_.seen]);
    header_.length = options_.order == std::endian::big ? header_.length << 8 | byte
                                                        : header_.length | byte << (8 * header_.seen);
    ++header_.seen;
  }
  if (!header_.done) {
    const std::uint64_t counted = options_.includes_header ? width : 0;
    if (header_.length < counted) return malformed("the length of a frame is less than its prefix");
    if (header_.length - counted > options_.limit) return longer_than("frame", options_.limit);
    header_.length -= counted;
    header_.done = true;
  }
  const frame found = sized_frame(width, static_cast<std::size_t>(header_.length), 0, shown);
  if (found.complete()) reset();
  return found;
}

result<frame> length_codec::finish(byte_view rest) {
  return finish_with(*this, rest);
}

result<pieces> length_codec::encode(byte_view payload, header_room& room) const {
  if (payload.size() > options_.limit) return longer_than("frame", options_.limit);
  const std::size_t width = options_.width;
  std::uint64_t length = payload.size() + (options_.includes_header ? width : 0);
  for (std::size_t i = 0; i < width; ++i, length >>= 8) {
    room[options_.order == std::endian::big ? width - 1 - i : i] = static_cast<std::byte>(length & 0xff);
  }
  return pieces{byte_view(room).first(width), payload, byte_view()};
}

varint_codec::varint_codec(std::size_t limit) noexcept : limit_(std::min(limit, largest_limit)) {}

result<frame> varint_codec::next(byte_view shown) {
  while (!header_.done) {
    if (header_.seen >= shown.size()) return incomplete(1);
    const auto byte = std::to_integer<std::uint64_t>(shown[header_.seen]);
    if (header_.seen == 9 && byte > 1) return malformed("a varint of more than 64 bits");
    const std::uint64_t length = header_.length | (byte & 0x7f) << (7 * header_.seen);
    if (length > limit_) return longer_than("frame", limit_);
    header_ = {.length = length, .seen = header_.seen + 1, .done = byte < 0x80};
  }
  const frame found = sized_frame(header_.seen, static_cast<std::size_t>(header_.length), 0, shown);
  if (found.complete()) reset();
  return found;
}

result<frame> varint_codec::finish(byte_view rest) {
  return finish_with(*this, rest);
}

result<pieces> varint_codec::encode(byte_view payload, header_room& room) const {
  if (payload.size() > limit_) return longer_than("frame", limit_);
  std::size_t size = 0;
  std::uint64_t rest = payload.size();
  for (; rest >= 0x80; rest >>= 7) room[size++] = static_cast<std::byte>(rest & 0x7f) | std::byte{0x80};
  room[size++] = static_cast<std::byte>(rest);
  return pieces{byte_view(room).first(size), payload, byte_view()};
}

netstring_codec::netstring_codec(std::size_t limit) noexcept : limit_(std::min(limit, largest_limit)) {}

std::size_t netstring_codec::max_size() const noexcept {
  header_room room;
  return write_decimal(limit_, room) + 1 + limit_ + 1;
}

result<frame> netstring_codec::next(byte_view shown) {
  while (!header_.done) {
    if (header_.seen >= shown.size()) {
      // At least "0:," or the rest of the header, the payload and the comma.
      return incomplete(header_.seen == 0 ? 3 : static_cast<std::size_t>(header_.length) + 2);
    }
    const char c = static_cast<char>(shown[header_.seen]);
    if (c == ':' && header_.seen > 0) {
      header_.done = true;
    } else {
      if (!ascii::is_digit(c)) return malformed("the length of a netstring is not a number");
      if (header_.seen > 0 && header_.length == 0)
        return malformed("a netstring's length begins with a zero");
      const std::uint64_t length = saturating_add(saturating_multiply<std::uint64_t>(header_.length, 10),
                                                  static_cast<std::uint64_t>(c - '0'));
      if (length > limit_) return longer_than("frame", limit_);
      header_.length = length;
    }
    ++header_.seen;
  }
  const frame found = sized_frame(header_.seen, static_cast<std::size_t>(header_.length), 1, shown);
  if (found.complete()) {
    if (shown[found.end] != std::byte{','}) return malformed("a netstring does not end with a comma");
    reset();
  }
  return found;
}

result<frame> netstring_codec::finish(byte_view rest) {
  return finish_with(*this, rest);
}

result<pieces> netstring_codec::encode(byte_view payload, header_room& room) const {
  if (payload.size() > limit_) return longer_than("frame", limit_);
  const std::size_t digits = write_decimal(payload.size(), room);
  room[digits] = std::byte{':'};
  return pieces{byte_view(room).first(digits + 1), payload, as_bytes(",")};
}

}  // namespace tidewire::framing
