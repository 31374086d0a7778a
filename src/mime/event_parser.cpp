#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lexer.hpp"
#include "scan.hpp"

namespace tidewire::mime {

namespace {

constexpr std::size_t max_line = 998;            // RFC 5322 section 2.1.1
constexpr std::size_t max_boundary = 70;         // RFC 2046 section 5.1.1
constexpr std::size_t max_known_boundary = 256;  // what is taken for one all the same
// A boundary line with the white space behind it. What is longer is text.
constexpr std::size_t max_boundary_line = max_known_boundary + 4 + 256;

std::string_view without_line_break(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Where the line break that ends before `from` begins; `from` if none does.
std::size_t line_break_before(std::string_view data, std::size_t from) noexcept {
  if (from == 0 || data[from - 1] != '\n') return from;
  return from > 1 && data[from - 2] == '\r' ? from - 2 : from - 1;
}

// Fields that a header may have once (RFC 5322 section 3.6, RFC 2045, RFC 2183).
constexpr std::string_view unique_fields[] = {"content-type",
                                              "content-transfer-encoding",
                                              "content-disposition",
                                              "content-id",
                                              "date",
                                              "from",
                                              "sender",
                                              "reply-to",
                                              "to",
                                              "cc",
                                              "bcc",
                                              "message-id",
                                              "in-reply-to",
                                              "references",
                                              "subject",
                                              "mime-version"};
constexpr std::size_t content_type_field = 0;
constexpr std::size_t encoding_field = 1;

std::size_t unique_index(std::string_view name) noexcept {
  for (std::size_t i = 0; i < std::size(unique_fields); ++i)
    if (ascii::iequals(name, unique_fields[i])) return i;
  return npos;
}

// Is that the first line of a field? Its name ends within the length that a line may have.
bool is_field(std::string_view line) noexcept {
  line = line.substr(0, max_line);
  std::size_t at = 0;
  while (at < line.size() && ascii::is_visible(line[at]) && line[at] != ':') ++at;
  if (at == 0) return false;
  while (at < line.size() && ascii::is_blank(line[at])) ++at;
  return at < line.size() && line[at] == ':';
}

// The line that separates the messages of a mailbox file (RFC 4155), left in front of one.
bool is_mailbox_separator(std::string_view line) noexcept {
  return line.size() <= max_line && (line.starts_with("From ") || line.starts_with(">From "));
}

// What decides how a body is read, without the whole of its media type.
enum class rough_type : unsigned char { other, multipart, message, malformed };

rough_type classify(std::string_view raw, bool& digest) {
  detail::lexer in(raw);
  const auto word = [&] {
    in.skip_cfws();
    return in.run([](char c) { return !ascii::is_space(c) && c != ';' && c != '/' && c != '('; });
  };
  const std::string_view type = word();
  in.skip_cfws();
  if (type.empty() || !in.take('/')) return rough_type::malformed;
  const std::string_view subtype = word();
  if (subtype.empty()) return rough_type::malformed;
  digest = ascii::iequals(subtype, "digest");
  if (ascii::iequals(type, "multipart")) return rough_type::multipart;
  const bool message = ascii::iequals(type, "message") &&
                       (ascii::iequals(subtype, "rfc822") || ascii::iequals(subtype, "global"));
  return message ? rough_type::message : rough_type::other;
}

}  // namespace

event_handler::~event_handler() = default;
void event_handler::on_part(std::uint64_t) {}
void event_handler::on_field(const field&) {}
void event_handler::on_header_end(const shape&) {}
void event_handler::on_body(std::string_view) {}
void event_handler::on_part_end(std::uint64_t) {}
void event_handler::on_defect(const defect&) {}

// Input is looked at as one piece: what waited, and the chunk that came. `read_header` and `read_body` take
// from its front what they are done with; the rest waits for more.
struct event_parser::impl {
  impl(event_handler& to, const parse_options& how) : handler(&to), options(how), body_of(how.body_of) {}

  // A part that has begun and not ended.
  struct open_part {
    bool multipart = false;
    bool digest = false;
    bool started = false;  // its boundary came
    bool ended = false;    // its last boundary came
  };
  struct boundary {
    std::string text;
    std::size_t owner;  // in `open`
  };
  struct boundary_match {
    std::size_t index = npos;  // in `boundaries`
    bool last = false;
    explicit operator bool() const noexcept { return index != npos; }
  };
  // How far a reader came: what it is done with, and whether there may be more to do with what is left.
  struct step {
    std::size_t done;
    bool more;
  };

  event_handler* handler;
  parse_options options;
  std::string body_of;

  bool begun = false;
  bool in_header = false;
  bool said_line_feed = false;
  std::vector<open_part> open;
  std::vector<boundary> boundaries;  // of those in `open`, innermost last
  std::string held;                  // input that waits
  std::uint64_t offset = 0;          // of the first byte that waits or comes
  std::size_t parts = 0;

  // Of the current header.
  std::size_t line = 0;      // from the first byte that waits to the current line: a field so far
  std::size_t searched = 0;  // there is no LF from `line` to here
  std::size_t fields = 0;
  std::size_t header_bytes = 0;
  bool dropping = false;  // a limit was reached: the rest is passed over
  bool skipping = false;  // within a line that is passed over
  bool lost = false;      // continuation lines are of a field that was passed over
  unsigned seen = 0;      // bits of `unique_fields`
  std::string content_type;
  std::string encoding;

  // Of the current body.
  bool body_is_new = true;  // nothing of it was read
  bool telling = false;     // it is a leaf's

  void say(defect_kind kind, std::uint64_t where) { handler->on_defect({kind, where}); }

  void feed(std::string_view chunk) {
    if (held.empty()) {
      held.assign(chunk.substr(run(chunk, false)));
    } else {
      held += chunk;
      held.erase(0, run(held, false));
    }
  }

  void finish() {
    run(held, true);
    end_parts(open.size(), offset);
    held.clear();
    boundaries.clear();
    begun = said_line_feed = false;
    offset = 0;
    parts = 0;
  }

  // Reads `data`; returns how much of it is done with.
  std::size_t run(std::string_view data, bool last) {
    if (!begun) {
      begun = true;
      begin_part(0);
      if (!body_of.empty()) {
        content_type = body_of;
        end_header(0);
      }
    }
    std::size_t done = 0;
    for (bool more = true; more;) {
      const std::string_view rest = data.substr(done);
      if (rest.empty() && !(last && in_header)) break;
      const step next = in_header ? read_header(rest, last) : read_body(rest, last);
      done += next.done;
      offset += next.done;
      more = next.more;
    }
    return done;
  }

  void begin_part(std::uint64_t where) {
    open.emplace_back();
    ++parts;
    in_header = true;
    line = searched = fields = header_bytes = 0;
    dropping = skipping = lost = false;
    seen = 0;
    content_type.clear();
    encoding.clear();
    handler->on_part(where);
  }

  // Ends the innermost `count` parts.
  void end_parts(std::size_t count, std::uint64_t where) {
    for (; count > 0; --count) {
      const open_part last = open.back();
      if (last.multipart && !last.ended)
        say(last.started ? defect_kind::end_boundary_missing : defect_kind::start_boundary_missing, where);
      open.pop_back();
      while (!boundaries.empty() && boundaries.back().owner >= open.size()) boundaries.pop_back();
      handler->on_part_end(where);
    }
  }

  step read_header(std::string_view data, bool last) {
    std::size_t begin = 0;  // of the field so far
    if (skipping) {
      const std::size_t feed = find_byte(as_bytes(data), std::byte{'\n'});
      if (feed == npos && !last) return {data.size(), false};
      skipping = false;
      lost = true;
      begin = line = searched = feed == npos ? data.size() : feed + 1;
    }
    for (;;) {
      if (line == data.size() && !last) break;
      if (line == data.size()) {
        take_field(data, begin, line);
        return leave_header(line, line);
      }
      const std::size_t feed = find_byte(as_bytes(data), std::byte{'\n'}, std::max(searched, line));
      const bool whole = feed != npos || last;
      const std::size_t end = feed == npos ? data.size() : feed + 1;
      const std::string_view text = data.substr(line, end - line);
      // A line that is no longer than a field's first may be has to be whole before it can be judged.
      if (!whole && text.size() <= max_line + 2) {
        if (begin != line && !ascii::is_blank(text.front())) {
          take_field(data, begin, line);
          begin = line;
          lost = false;
        }
        searched = data.size();
        break;
      }

      if (offset == 0 && line == 0 && text.starts_with("\xEF\xBB\xBF")) {
        say(defect_kind::byte_order_mark, 0);
        begin = line = searched = 3;
        continue;
      }
      if (ascii::is_blank(text.front())) {
        if (begin == line && !lost) say(defect_kind::header_lost, offset + line);
        if (begin == line) lost = true;
      } else {
        if (begin != line) take_field(data, begin, line);
        begin = line;
        lost = false;
        const std::string_view content = without_line_break(text);
        if (content.empty()) {
          if (text.size() == 1) say_line_feed(offset + line);
          return leave_header(end, end);
        }
        if (content.starts_with("--") && match(content)) return leave_header(line, line);
        if (content.front() == ':') {
          say(defect_kind::header_lost, offset + line);
          lost = true;
        } else if (fields == 0 && is_mailbox_separator(content)) {
          lost = true;
        } else if (!is_field(content)) {
          say(defect_kind::header_separator, offset + line);
          return leave_header(line, line);
        }
      }
      // The line is of the field so far, or of none.
      if (!lost && (dropping || header_bytes + (end - begin) > options.max_header_bytes)) {
        drop(defect_kind::header_too_large, offset + begin);
        lost = true;
      }
      if (!whole) {
        searched = end;
        if (!lost) break;
        skipping = true;
      } else {
        line = searched = end;
      }
      if (lost) begin = line = searched = end;
      if (!whole) break;
    }
    line -= begin;
    searched -= begin;
    return {begin, false};
  }

  // The header is complete: what is left of `data` is read on as its body.
  step leave_header(std::size_t done, std::size_t body) {
    end_header(offset + body);
    return {done, true};
  }

  void drop(defect_kind why, std::uint64_t where) {
    if (!dropping) say(why, where);
    dropping = true;
  }

  void take_field(std::string_view data, std::size_t begin, std::size_t end) {
    const std::string_view whole = data.substr(begin, end - begin);
    if (whole.empty() || dropping) return;
    const std::uint64_t where = offset + begin;
    header_bytes += whole.size();
    if (fields == options.max_headers) return drop(defect_kind::too_many_headers, where);
    ++fields;
    const std::size_t colon = whole.find(':');
    const std::string_view name = ascii::trim_blank_right(whole.substr(0, colon));
    const std::string_view value = without_line_break(whole.substr(colon + 1));
    if (name.size() != colon) say(defect_kind::header_name_space, where);
    check_lines(whole, where);
    if (const std::size_t unique = unique_index(name); unique != npos) {
      if ((seen >> unique & 1U) != 0) {
        say(defect_kind::header_duplicate, where);
      } else if (unique == content_type_field) {
        content_type = value;
      } else if (unique == encoding_field) {
        encoding = value;
      }
      seen |= 1U << unique;
    }
    handler->on_field({name, value, whole, where});
  }

  void check_lines(std::string_view whole, std::uint64_t where) {
    if (whole.find('\0') != std::string_view::npos) say(defect_kind::header_nul, where);
    bool bare_cr = false;
    bool too_long = false;
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t feed = whole.find('\n', at);
      const std::size_t end = feed == std::string_view::npos ? whole.size() : feed + 1;
      const std::string_view text = whole.substr(at, end - at);
      const std::string_view content = without_line_break(text);
      if (feed != std::string_view::npos && text.size() - content.size() == 1) say_line_feed(where + at);
      bare_cr = bare_cr || content.find('\r') != std::string_view::npos;
      too_long = too_long || content.size() > max_line;
      at = end;
    }
    if (bare_cr) say(defect_kind::header_bare_cr, where);
    if (too_long) say(defect_kind::header_line_length, where);
  }

  void say_line_feed(std::uint64_t where) {
    if (!said_line_feed) say(defect_kind::bare_line_feed, where);
    said_line_feed = true;
  }

  // The header of the innermost part is complete; its body, or the parts in it, begin at `where`.
  void end_header(std::uint64_t where) {
    in_header = false;
    body_is_new = true;
    event_handler::shape shape;
    shape.offset = where;
    shape.content_type = content_type;
    shape.default_is_message = open.size() > 1 && open[open.size() - 2].digest;
    rough_type type = shape.default_is_message ? rough_type::message : rough_type::other;
    bool digest = false;
    if ((seen & 1U << content_type_field) != 0 || !content_type.empty()) {
      type = classify(content_type, digest);
      if (type == rough_type::malformed) say(defect_kind::content_type, where);
    }
    if ((seen & 1U << encoding_field) != 0) {
      const auto known = parse_transfer_encoding(encoding);
      shape.encoding = known.value_or(transfer_encoding::binary);
      if (!known) say(defect_kind::transfer_encoding, where);
    }
    const bool encoded =
        shape.encoding == transfer_encoding::base64 || shape.encoding == transfer_encoding::quoted_printable;
    std::string text;
    if (type == rough_type::multipart) {
      if (open.size() >= options.max_depth) {
        say(defect_kind::too_deep, where);
      } else if (find_boundary(text, where)) {
        if (encoded) say(defect_kind::multipart_encoding, where);
        shape.kind = part_kind::multipart;
        open.back().multipart = true;
        open.back().digest = digest;
        boundaries.push_back({std::move(text), open.size() - 1});
      }
    } else if (type == rough_type::message && !encoded) {
      if (open.size() >= options.max_depth) {
        say(defect_kind::too_deep, where);
      } else if (parts >= options.max_parts) {
        say(defect_kind::too_many_parts, where);
      } else {
        shape.kind = part_kind::message;
      }
    }
    telling = shape.kind == part_kind::leaf;
    handler->on_header_end(shape);
    if (shape.kind == part_kind::message) begin_part(where);
  }

  // The boundary that the content type names, without white space at its end, which no line could keep.
  bool find_boundary(std::string& text, std::uint64_t where) {
    if (const auto type = parse_content_type(content_type)) text = type->parameters.get("boundary");
    const bool odd = text.size() > max_boundary || text.ends_with(' ');
    text.resize(ascii::trim_blank_right(text).size());
    if (text.empty() || text.size() > max_known_boundary) {
      say(text.empty() ? defect_kind::boundary_missing : defect_kind::boundary_malformed, where);
      return false;
    }
    if (odd) say(defect_kind::boundary_malformed, where);
    return true;
  }

  // Is that line, which begins with two hyphens and has no line break, a boundary of what is open? The whole
  // line must be, so that a boundary that begins with another is not taken for that one.
  [[nodiscard]] boundary_match match(std::string_view content) const noexcept {
    if (content.size() > max_boundary_line) return {};
    std::string_view text = ascii::trim_blank_right(content.substr(2));
    for (std::size_t i = boundaries.size(); i-- > 0;)
      if (text == boundaries[i].text) return {i, false};
    if (!text.ends_with("--")) return {};
    text.remove_suffix(2);
    for (std::size_t i = boundaries.size(); i-- > 0;)
      if (text == boundaries[i].text) return {i, true};
    return {};
  }

  step read_body(std::string_view data, bool last) {
    if (boundaries.empty()) return tell(data, data.size());
    const char* const begin = data.data();
    const char* const end = begin + data.size();
    const char* at = begin;
    // The first line of a body has no line break before it that could be a boundary's.
    for (bool at_line = body_is_new;; at_line = false) {
      if (!at_line) {
        at = detail::find_line_of_hyphen(at, end);
        if (at == end) break;
        ++at;
      }
      const auto from = static_cast<std::size_t>(at - begin);
      const std::string_view rest = data.substr(from, max_boundary_line + 2);
      if (!rest.starts_with("--")) {
        if (rest == "-" && !last) return tell(data, line_break_before(data, from));
        continue;
      }
      const std::size_t feed = rest.find('\n');
      if (feed == std::string_view::npos && rest.size() < max_boundary_line + 2 && !last)
        return tell(data, line_break_before(data, from));
      const std::size_t size = feed == std::string_view::npos ? rest.size() : feed + 1;
      const boundary_match found = match(without_line_break(rest.substr(0, size)));
      if (!found) continue;
      const std::size_t body_end = line_break_before(data, from);
      tell(data, body_end);
      cross(found, offset + body_end, offset + from + size);
      return {from + size, true};
    }
    // A line break at the end may be that of a boundary.
    if (last) return tell(data, data.size());
    if (data.ends_with('\r')) return tell(data, data.size() - 1);
    return tell(data, line_break_before(data, data.size()));
  }

  // The first `size` bytes of `data` are of the body.
  step tell(std::string_view data, std::size_t size) {
    if (size > 0) {
      body_is_new = false;
      if (telling) handler->on_body(data.substr(0, size));
    }
    return {size, false};
  }

  // Goes over a boundary: what is open within its multipart ends at `body_end`; what follows begins at
  // `next`.
  void cross(const boundary_match& found, std::uint64_t body_end, std::uint64_t next) {
    const std::size_t owner = boundaries[found.index].owner;
    end_parts(open.size() - 1 - owner, body_end);
    open[owner].started = true;
    telling = false;
    body_is_new = true;
    if (found.last) {
      open[owner].ended = true;
      boundaries.pop_back();
    } else if (parts >= options.max_parts) {
      say(defect_kind::too_many_parts, next);
    } else {
      begin_part(next);
    }
  }
};

event_parser::event_parser(event_handler& handler, const parse_options& options)
    : impl_(std::make_unique<impl>(handler, options)) {}
event_parser::event_parser(event_parser&&) noexcept = default;
event_parser& event_parser::operator=(event_parser&&) noexcept = default;
event_parser::~event_parser() = default;

void event_parser::feed(std::string_view chunk) {
  impl_->feed(chunk);
}

void event_parser::finish() {
  impl_->finish();
}

}  // namespace tidewire::mime
