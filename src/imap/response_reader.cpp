#include <tidewire/imap/response_reader.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "response_parser.hpp"

namespace tidewire::imap {
namespace {

// Memory that is kept from one response to the next.
constexpr std::size_t kept_capacity = std::size_t{256} << 10;

failure malformed(const char* why) {
  return failure(make_error_code(errc::malformed_response), why);
}

failure beyond(const char* what, std::uint64_t limit) {
  return failure(tidewire::errc::limit_exceeded,
                 std::string(what) + " of more than " + std::to_string(limit) + " bytes");
}

// Follows a FETCH response through its lines, as far as is needed to know which item a literal belongs to:
// one at the outermost level, whose name was just said.
class fetch_tracker {
 public:
  void begin(std::size_t after_parenthesis) noexcept {
    *this = {};
    begin_ = name_ = after_parenthesis;
  }

  // `text` is the response up to the mark of a literal, and was seen up to `from`. False if it ends within
  // quotes.
  bool follow(std::string_view text, std::size_t from) {
    for (std::size_t at = std::max(from, begin_); at < text.size(); ++at) {
      const char c = text[at];
      if (c == '"') {
        const std::size_t end = detail::end_of_quoted(text, at);
        if (end == npos) return false;
        at = end;
      } else if (in_brackets_) {
        in_brackets_ = c != ']';
      } else if (c == '(') {
        ++depth_;
      } else if (c == ')') {
        if (depth_ > 0) --depth_;
      } else if (depth_ == 0 && c == '[') {
        in_brackets_ = true;
      } else if (depth_ == 0 && c == ' ') {
        end_word(text, at);
      }
    }
    return true;
  }
  // The item whose value begins at `mark`; nothing if the literal is a part of something else.
  [[nodiscard]] std::optional<section> item_at(std::string_view text, std::size_t mark,
                                               std::optional<std::uint64_t>& origin) const {
    if (depth_ != 0 || in_brackets_ || last_begin_ == last_end_) return std::nullopt;
    if (text.find_first_not_of(' ', last_end_) < mark) return std::nullopt;
    std::string_view word = text.substr(last_begin_, last_end_ - last_begin_);
    origin.reset();
    if (word.ends_with('>')) {
      const std::size_t open = word.rfind('<');
      if (open == npos) return std::nullopt;
      const std::string_view inside = word.substr(open + 1, word.size() - open - 2);
      origin = ascii::parse_unsigned<std::uint64_t>(inside.substr(0, inside.find('.')));
      if (!origin) return std::nullopt;
      word = word.substr(0, open);
    }
    return section::parse(word);
  }
  [[nodiscard]] std::optional<std::uint32_t> uid() const noexcept { return uid_; }

 private:
  void end_word(std::string_view text, std::size_t at) {
    if (at > name_) {
      const std::string_view word = text.substr(name_, at - name_);
      const std::string_view before = text.substr(last_begin_, last_end_ - last_begin_);
      if (ascii::iequals(before, "UID")) uid_ = ascii::parse_unsigned<std::uint32_t>(word);
      last_begin_ = name_;
      last_end_ = at;
    }
    name_ = at + 1;
  }

  std::size_t begin_ = 0;       // of the items
  std::size_t name_ = 0;        // where the current word begins
  std::size_t last_begin_ = 0;  // the last word that is complete
  std::size_t last_end_ = 0;
  std::size_t depth_ = 0;
  bool in_brackets_ = false;
  std::optional<std::uint32_t> uid_;
};

}  // namespace

struct response_reader::impl {
  explicit impl(const reader_options& given) : options(given) {}

  enum class outcome { more, complete, body, failed };

  result<read_step> read(byte_view bytes);
  read_step read_body(byte_view bytes);
  result<read_step> read_from(std::string_view whole);
  result<read_step> read_piecewise(std::string_view bytes);
  outcome scan(std::string_view text);
  outcome take_line(std::string_view text, std::size_t line_end);
  outcome begin_literal(std::string_view text, std::size_t mark_at, const detail::literal_mark& mark);
  outcome fail(failure why) {
    failed = std::move(why);
    return outcome::failed;
  }
  outcome parse(std::string_view text);
  void reset();

  reader_options options;
  name_form names = name_form::utf7;

  std::string held;  // the response so far, if it did not come in one piece
  // Of the response so far, whether it is held or not:
  std::size_t line_begin = 0;
  std::size_t searched = 0;           // no end of the line before that
  std::size_t skip_to = 0;            // the end of the literal that is under way
  std::size_t end = 0;                // behind its CRLF, once it is complete
  std::vector<std::size_t> streamed;  // the marks of literals that are not in it
  detail::heading head;
  fetch_tracker tracker;
  bool behind_literal = false;  // does the line begin behind one?
  bool has_literals = false;

  body_literal body;
  std::uint64_t body_left = 0;
  bool in_body = false;  // between body_begin and body_end

  imap::response current;
  bool complete = false;
  std::optional<failure> failed;
};

void response_reader::impl::reset() {
  if (held.capacity() > kept_capacity) held = std::string();
  held.clear();
  line_begin = searched = skip_to = end = 0;
  streamed.clear();
  behind_literal = has_literals = false;
}

result<read_step> response_reader::impl::read(byte_view bytes) {
  if (failed) return *failed;
  if (complete) return failure(tidewire::errc::misuse, "a response was not taken");
  if (in_body) return read_body(bytes);
  if (bytes.empty()) return read_step{};
  const std::string_view text = as_text(bytes);
  return held.empty() ? read_from(text) : read_piecewise(text);
}

read_step response_reader::impl::read_body(byte_view bytes) {
  if (body_left == 0) {
    in_body = false;
    return {reader_event::body_end, 0, {}};
  }
  if (bytes.empty()) return {};
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, bytes.size()));
  body_left -= n;
  return {reader_event::body_data, n, bytes.first(n)};
}

// A response of which nothing is held: often all of it is there, and nothing is copied.
result<read_step> response_reader::impl::read_from(std::string_view whole) {
  switch (scan(whole)) {
    case outcome::failed: return *failed;
    case outcome::complete: return read_step{reader_event::complete, end, {}};
    case outcome::body:
      held = whole.substr(0, line_begin);
      return read_step{reader_event::body_begin, line_begin, {}};
    case outcome::more: break;
  }
  held = whole;
  return read_step{reader_event::none, whole.size(), {}};
}

// Adds to what is held, line by line and literal by literal, so that nothing beyond the response is taken.
result<read_step> response_reader::impl::read_piecewise(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    std::size_t n = 0;
    if (skip_to > held.size()) {
      n = std::min(skip_to - held.size(), bytes.size() - taken);
    } else {
      n = std::min(bytes.find('\n', taken), bytes.size() - 1) + 1 - taken;
    }
    held.append(bytes.substr(taken, n));
    taken += n;
    switch (scan(held)) {
      case outcome::failed: return *failed;
      case outcome::complete: return read_step{reader_event::complete, taken, {}};
      case outcome::body: return read_step{reader_event::body_begin, taken, {}};
      case outcome::more: break;
    }
  }
  return read_step{reader_event::none, taken, {}};
}

// Goes on through the response, of which `text` is all that has come.
response_reader::impl::outcome response_reader::impl::scan(std::string_view text) {
  for (;;) {
    if (skip_to > text.size()) return outcome::more;
    if (skip_to > line_begin) line_begin = searched = skip_to;
    const std::size_t lf = text.find('\n', searched);
    const std::size_t line_end = std::min(lf, text.size());
    const std::string_view line = text.substr(line_begin, line_end - line_begin);
    // Counted as it comes, so that the same bytes fail alike in every split.
    const bool ends_with_cr = line.ends_with('\r');
    if (line.size() - (ends_with_cr ? 1 : 0) > options.line) {
      return fail(beyond("a line", options.line));
    }
    if (line_end - (ends_with_cr ? 1 : 0) > options.total) return fail(beyond("a response", options.total));
    if (lf == npos) {
      searched = text.size();
      return outcome::more;
    }
    if (!ends_with_cr) return fail(malformed("LF without CR in a response"));
    if (const outcome found = take_line(text, lf - 1); found != outcome::more) return found;
  }
}

// A line is complete, with what comes before it; `line_end` is the place of its CRLF.
response_reader::impl::outcome response_reader::impl::take_line(std::string_view text, std::size_t line_end) {
  const std::string_view line = text.substr(line_begin, line_end - line_begin);
  if (line.find('\r') != npos) return fail(malformed("CR without LF in a response"));
  if (line.find('\0') != npos) return fail(malformed("NUL in a response"));
  if (behind_literal && !line.empty() && line.front() != ' ' && line.front() != ')' && line.front() != ']') {
    return fail(malformed("something directly behind a literal"));
  }
  if (line.ends_with('}')) {
    if (line_begin == 0) {
      head = detail::heading_of(line);
      tracker.begin(head.size);
    }
    const detail::literal_mark mark =
        head.what == detail::shape::text ? detail::literal_mark() : detail::literal_at_end(line);
    if (mark.size_of_mark != 0) return begin_literal(text, line_end - mark.size_of_mark, mark);
  }
  end = line_end + 2;
  return parse(text.substr(0, line_end));
}

response_reader::impl::outcome response_reader::impl::begin_literal(std::string_view text,
                                                                    std::size_t mark_at,
                                                                    const detail::literal_mark& mark) {
  // A mark within quotes is none, and a line cannot end within quotes.
  if (!tracker.follow(text.substr(0, mark_at), line_begin)) {
    return fail(malformed("a line that ends within quotes"));
  }
  if (mark.overflows) return fail(beyond("a literal", std::numeric_limits<std::uint64_t>::max()));
  has_literals = behind_literal = true;
  const std::size_t after = mark_at + mark.size_of_mark + 2;
  std::optional<section> item;
  std::optional<std::uint64_t> origin;
  if (head.what == detail::shape::fetch) item = tracker.item_at(text, mark_at, origin);
  if (item && mark.bytes > options.inline_body) {
    if (mark.bytes > options.streamed_body) return fail(beyond("a body", options.streamed_body));
    body = {head.number, tracker.uid(), std::move(*item), origin, mark.bytes, mark.binary};
    body_left = mark.bytes;
    in_body = true;
    streamed.push_back(mark_at);
    line_begin = searched = skip_to = after;
    return outcome::body;
  }
  if (!item && mark.bytes > options.literal) return fail(beyond("a literal", options.literal));
  if (mark.bytes > options.total || after > options.total - mark.bytes) {
    return fail(beyond("a response", options.total));
  }
  line_begin = searched = after;
  skip_to = after + static_cast<std::size_t>(mark.bytes);
  return outcome::more;
}

response_reader::impl::outcome response_reader::impl::parse(std::string_view text) {
  const detail::response_text from{text, streamed, has_literals};
  if (auto why = detail::parse_response_text(from, names, {options.nesting, options.items}, current)) {
    return fail(std::move(*why));
  }
  complete = true;
  return outcome::complete;
}

response_reader::response_reader(const reader_options& options) : impl_(std::make_unique<impl>(options)) {}
response_reader::response_reader(response_reader&&) noexcept = default;
response_reader& response_reader::operator=(response_reader&&) noexcept = default;
response_reader::~response_reader() = default;

result<read_step> response_reader::read(byte_view bytes) {
  return impl_->read(bytes);
}

response response_reader::take() {
  impl_->complete = false;
  impl_->reset();
  return std::exchange(impl_->current, unknown_response{});
}

const body_literal& response_reader::body() const noexcept {
  return impl_->body;
}

bool response_reader::within() const noexcept {
  return impl_->in_body || (!impl_->complete && !impl_->held.empty());
}

void response_reader::set_name_form(name_form form) noexcept {
  impl_->names = form;
}

void response_reader::set_inline_body(std::size_t bytes) noexcept {
  impl_->options.inline_body = bytes;
}

result<response> parse_response(std::string_view wire, const reader_options& options) {
  reader_options all_in_memory = options;
  all_in_memory.inline_body = std::numeric_limits<std::size_t>::max();
  response_reader reader(all_in_memory);
  const auto step = reader.read(as_bytes(wire));
  if (!step) return step.error();
  if (step->event != reader_event::complete || step->consumed != wire.size()) {
    return malformed(step->event == reader_event::complete ? "more than one response" : "half a response");
  }
  return reader.take();
}

}  // namespace tidewire::imap
