#include <tidewire/base/bytes.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/imap/command.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::imap {
namespace {

// LITERAL-, RFC 7888 section 5.
constexpr std::uint64_t longest_literal_minus = 4096;
// RFC 9051 sets no limit to a string in quotes; many servers have one for the line.
constexpr std::size_t longest_quoted = 1000;

bool is_printable(char c) noexcept {
  return c == ' ' || ascii::is_visible(c);
}

bool is_utf8(std::string_view text) noexcept {
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    const utf8_step step = read_utf8(at, end);
    if (step.length == 0) return false;
    at += step.length;
  }
  return true;
}

}  // namespace

encoded_command& encoded_command::operator=(encoded_command&& other) noexcept {
  if (this != &other) {
    clear();
    segments_ = std::move(other.segments_);
    shown_ = std::move(other.shown_);
    is_secret_ = other.is_secret_;
  }
  return *this;
}

encoded_command::~encoded_command() {
  clear();
}

void encoded_command::clear() noexcept {
  if (!is_secret_) return;
  for (segment& one : segments_) wipe(one.bytes);
}

// Writes the arguments of a command, one after the other.
class command::encoder {
 public:
  encoder(encoded_command& out, const wire_options& wire, const command& what) : out_(out), wire_(wire) {
    // While there are secrets in them, neither the segments nor the bytes of one may move to other memory:
    // nothing would wipe what they leave behind.
    out_.segments_.reserve(what.arguments_.size() + 1);
    for (const argument& one : what.arguments_) {
      out_.is_secret_ |= one.is_secret;
      room_ += 3 * (one.text.size() + one.hidden.size()) + 32;
    }
    if (!out_.is_secret_) room_ = 0;
    begin_segment();
  }

  void begin(std::string_view tag, std::string_view name) {
    put(tag);
    put(" ");
    put(name);
  }
  result<void> add(const argument& one);
  void finish() { current().bytes += "\r\n"; }

 private:
  segment& current() { return out_.segments_.back(); }
  void begin_segment() { out_.segments_.emplace_back().bytes.reserve(room_); }
  void put(std::string_view text) {
    current().bytes += text;
    out_.shown_ += text;
  }
  void put_hidden(std::string_view text) {
    current().bytes += text;
    out_.shown_ += "***";
  }
  // What goes between two arguments.
  void separate(argument_kind next) {
    if (!after_open_ && next != argument_kind::close) put(" ");
    after_open_ = next == argument_kind::open;
  }
  // The mark of a literal, behind which another segment begins.
  void put_mark(std::uint64_t size, bool binary, bool sourced) {
    const bool waits = !wire_.literal_plus && !(wire_.literal_minus && size <= longest_literal_minus);
    std::string mark = binary ? "~{" : "{";
    mark += std::to_string(size);
    mark += waits ? "}" : "+}";
    put(mark);
    current().bytes += "\r\n";
    current().wait = waits;
    if (sourced) current().source = size;
    if (waits || sourced) begin_segment();
  }
  result<void> put_string(std::string_view text, bool hidden);
  result<void> put_mailbox(std::string_view name);
  result<void> put_literal(std::string_view bytes, bool binary);

  encoded_command& out_;
  const wire_options& wire_;
  std::size_t room_ = 256;  // for all that a segment can hold, if something is secret
  bool after_open_ = false;
};

result<void> command::encoder::put_literal(std::string_view bytes, bool binary) {
  if (!binary && bytes.find('\0') != npos) return failure(tidewire::errc::misuse, "a NUL in a text");
  put_mark(bytes.size(), binary, false);
  current().bytes += bytes;
  return {};
}

result<void> command::encoder::put_string(std::string_view text, bool hidden) {
  const bool ascii_only = ascii::is_ascii(text);
  const bool quotable = text.size() <= longest_quoted && (ascii_only || (wire_.utf8 && is_utf8(text))) &&
                        std::ranges::none_of(text, [](char c) { return ascii::is_control(c); });
  if (!quotable) {
    if (text.find('\0') != npos) return failure(tidewire::errc::misuse, "a NUL in a text");
    put_mark(text.size(), false, false);
    current().bytes += text;
    return {};
  }
  std::string& bytes = current().bytes;
  const std::size_t begin = bytes.size();
  bytes += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') bytes += '\\';
    bytes += c;
  }
  bytes += '"';
  out_.shown_ += hidden ? std::string_view("***") : std::string_view(bytes).substr(begin);
  return {};
}

result<void> command::encoder::put_mailbox(std::string_view name) {
  if (std::ranges::any_of(name, [](char c) { return ascii::is_control(c); })) {
    return failure(tidewire::errc::misuse, "a control character in the name of a mailbox");
  }
  if (is_inbox(name)) {
    put("INBOX");
    return {};
  }
  std::string wire(name);
  if (wire_.names == name_form::utf7) {
    auto encoded = encode_mailbox_name(name);
    if (!encoded) return encoded.error();
    wire = std::move(*encoded);
  } else if (wire_.names == name_form::utf8 && !is_utf8(name)) {
    return failure(tidewire::errc::misuse, "the name of a mailbox is not UTF-8");
  }
  if (!is_atom(wire)) return put_string(wire, false);
  put(wire);
  return {};
}

result<void> command::encoder::add(const argument& one) {
  const std::string_view text = one.is_secret ? one.hidden.reveal() : std::string_view(one.text);
  if (one.kind == argument_kind::charset) {
    if (wire_.utf8) return {};
    separate(one.kind);
    put("CHARSET UTF-8");
    return {};
  }
  separate(one.kind);
  switch (one.kind) {
    case argument_kind::open: put("("); return {};
    case argument_kind::close: put(")"); return {};
    case argument_kind::atom:
      if (text.empty() || !std::ranges::all_of(text, is_printable)) {
        return failure(tidewire::errc::misuse,
                       "an argument that is empty or has a character that is not allowed");
      }
      if (one.is_secret) {
        put_hidden(text);
      } else {
        put(text);
      }
      return {};
    case argument_kind::astring:
      if (text.find_first_of("\r\n") != npos) {
        return failure(tidewire::errc::misuse, "a line break in an argument");
      }
      if (is_atom(text) && !one.is_secret) {
        put(text);
        return {};
      }
      return put_string(text, one.is_secret);
    case argument_kind::pattern:
    case argument_kind::mailbox: return put_mailbox(text);
    case argument_kind::string: return put_string(text, one.is_secret);
    case argument_kind::literal: return put_literal(text, false);
    case argument_kind::literal8: return put_literal(text, true);
    case argument_kind::source: put_mark(one.size, false, true); return {};
    case argument_kind::source8: put_mark(one.size, true, true); return {};
    case argument_kind::charset: break;
  }
  return {};
}

command::command(std::string_view name) : name_(name) {}

command& command::add(argument_kind kind, std::string_view text) {
  arguments_.push_back({kind, 0, std::string(text), false, {}});
  return *this;
}

command& command::add_secret(argument_kind kind, const secret& text) {
  arguments_.push_back({kind, 0, {}, true, text});
  return *this;
}

command& command::atom(std::string_view text) {
  return add(argument_kind::atom, text);
}

command& command::number(std::uint64_t value) {
  return add(argument_kind::atom, std::to_string(value));
}

command& command::string(std::string_view text) {
  return add(argument_kind::string, text);
}

command& command::nstring(const std::optional<std::string>& text) {
  return text ? string(*text) : atom("NIL");
}

command& command::astring(std::string_view text) {
  return add(argument_kind::astring, text);
}

command& command::password(const secret& text) {
  return add_secret(argument_kind::astring, text);
}

command& command::secret_atom(const secret& text) {
  return add_secret(argument_kind::atom, text);
}

command& command::mailbox(std::string_view name) {
  return add(argument_kind::mailbox, name);
}

command& command::pattern(std::string_view text) {
  return add(argument_kind::pattern, text);
}

command& command::set(const sequence_set& what) {
  return what.empty() ? refuse("an empty set of messages") : atom(what.to_string());
}

command& command::set(const imap::flags& what) {
  if (what.recent() || what.contains(flag::any)) return refuse("\\Recent and \\* cannot be set");
  open();
  for (const std::string& name : what.names()) {
    const std::string_view word = std::string_view(name).substr(name.starts_with('\\') ? 1 : 0);
    if (!is_atom(word)) return refuse("a flag with a character that is not allowed");
    atom(name);
  }
  return close();
}

command& command::tokens(std::span<const token> what) {
  for (const token& one : what) {
    switch (one.kind()) {
      case token::kind_type::nil: atom("NIL"); break;
      case token::kind_type::atom: atom(one.text()); break;
      case token::kind_type::string: string(one.text()); break;
      case token::kind_type::literal8: literal(one.text(), true); break;
      case token::kind_type::list:
        open();
        tokens(one.items());
        close();
        break;
    }
  }
  return *this;
}

command& command::open() {
  return add(argument_kind::open);
}

command& command::close() {
  return add(argument_kind::close);
}

command& command::source(std::uint64_t size, bool binary) {
  arguments_.push_back({binary ? argument_kind::source8 : argument_kind::source, size, {}, false, {}});
  return *this;
}

command& command::literal(std::string_view bytes, bool binary) {
  return add(binary ? argument_kind::literal8 : argument_kind::literal, bytes);
}

command& command::search_charset() {
  return add(argument_kind::charset);
}

command& command::refuse(std::string_view why) {
  if (refused_.empty()) refused_ = why;
  return *this;
}

result<encoded_command> command::encode(std::string_view tag, const wire_options& wire) const {
  if (!is_atom(tag) || tag.find('+') != npos) return failure(tidewire::errc::misuse, "a tag that is none");
  if (name_.empty() || !std::ranges::all_of(name_, is_printable)) {
    return failure(tidewire::errc::misuse, "a command without a name");
  }
  const auto about = [&](std::string_view why) {
    return failure(tidewire::errc::misuse, name_ + ": " + std::string(why));
  };
  if (!refused_.empty()) return about(refused_);
  encoded_command out;
  encoder to(out, wire, *this);
  to.begin(tag, name_);
  for (const argument& one : arguments_) {
    if (const auto added = to.add(one); !added) return about(added.error().detail());
  }
  to.finish();
  return out;
}

}  // namespace tidewire::imap
