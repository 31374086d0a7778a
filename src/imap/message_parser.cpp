#include "message_parser.hpp"

#include <tidewire/base/words.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <algorithm>
#include <utility>

#include "decoded.hpp"

namespace tidewire::imap::detail {
namespace {

// Keywords of one set, each of which is compared with those before it.
constexpr std::size_t most_keywords = 4096;

// An item with a number in parentheses, as MODSEQ has it, or without.
bool read_wrapped_number(lexer& in, std::optional<std::uint64_t>& out) {
  const bool wrapped = in.skip('(');
  std::uint64_t value = 0;
  if (!in.read_number(value) || (wrapped && !close_list(in))) return false;
  out = value;
  return true;
}

// EMAILID and THREADID: (M123), or NIL.
bool read_object_id(lexer& in, std::string& out) {
  if (in.skip_nil()) return true;
  const bool wrapped = in.skip('(');
  return read_text(in, out) && (!wrapped || close_list(in));
}

bool read_date(lexer& in, std::optional<date_time>& out) {
  std::string text;
  if (!read_text(in, text)) return false;
  if (const auto when = date::parse_imap(text)) {
    out = *when;
  } else if (const auto mail = date::parse_rfc5322(text)) {
    out = *mail;
  }
  return true;
}

bool read_labels(lexer& in, std::vector<std::string>& out) {
  if (in.skip_nil()) return true;
  if (!in.skip('(')) return in.fail("no list of labels");
  piece one;
  for (in.skip_spaces(); !close_list(in); in.skip_spaces()) {
    if (!in.read(one)) return false;
    if (!one.is_nil()) out.push_back(decode_mailbox_name(one.text, 0));
  }
  return true;
}

// BODY[...] and BINARY[...], from the bracket on, and RFC822.
bool read_section_data(lexer& in, std::size_t begin, message_data& out) {
  section_data found;
  if (in.peek() == '[') {
    // A bracket within a quoted field name is possible, and nobody has seen one.
    const std::size_t close = in.rest().find(']');
    if (close == npos) return in.fail("a section that does not end");
    in.go_to(in.place() + close + 1);
  }
  const auto what = section::parse(in.from(begin));
  if (!what) return in.fail("a section that is none");
  found.section = *what;
  if (in.skip('<')) {
    const std::string_view origin = in.word('>');
    found.origin = ascii::parse_unsigned<std::uint64_t>(origin.substr(0, origin.find('.')));
    if (!found.origin || !in.skip('>')) return in.fail("an origin that is none");
  }
  in.skip_spaces();
  piece value;  // missing on Yandex, if it is empty
  if (in.peek() != ')' && !in.at_end() && !in.read(value)) return false;
  found.size = value.text.size();
  if (value.kind == piece::kind_type::streamed) {
    found.streamed = true;
    found.size = value.bytes;
  } else if (value.is_nil()) {
    found.size = 0;
  } else {
    found.content.emplace(value.text);
  }
  out.sections.push_back(std::move(found));
  return true;
}

bool read_binary_size(lexer& in, message_data& out) {
  if (!in.skip('[')) return in.fail("BINARY.SIZE without a section");
  std::string part(in.word(']'));
  if (!in.skip(']')) return in.fail("a section that does not end");
  in.skip_spaces();
  std::uint64_t size = 0;
  if (!in.read_number(size)) return false;
  out.binary_sizes.emplace_back(std::move(part), size);
  return true;
}

bool read_item(lexer& in, message_data& out) {
  const std::size_t begin = in.place();
  const std::string_view name = in.word('[');
  const auto is = [&](std::string_view wanted) { return ascii::iequals(name, wanted); };
  if (name.empty()) return in.fail("no name of an item");
  if (is("BINARY.SIZE")) return read_binary_size(in, out);
  if (in.peek() == '[' || is("RFC822") || is("RFC822.HEADER") || is("RFC822.TEXT")) {
    return read_section_data(in, begin, out);
  }
  in.skip_spaces();
  if (is("UID")) {
    std::uint32_t uid = 0;
    if (!in.read_number(uid)) return false;
    out.uid = uid;
    return true;
  }
  if (is("FLAGS")) return read_flags(in, out.flags.emplace());
  if (is("MODSEQ")) return read_wrapped_number(in, out.modseq);
  if (is("RFC822.SIZE")) return read_wrapped_number(in, out.size);
  if (is("INTERNALDATE")) return read_date(in, out.internal_date);
  if (is("ENVELOPE")) return in.skip_nil() || read_envelope(in, out.envelope.emplace(), 0);
  if (is("BODYSTRUCTURE") || is("BODY"))
    return in.skip_nil() || read_body_structure(in, out.structure.emplace());
  if (is("EMAILID")) return read_object_id(in, out.email_id);
  if (is("THREADID")) return read_object_id(in, out.thread_id);
  if (is("SAVEDATE")) return in.skip_nil() || read_date(in, out.save_date);
  if (is("PREVIEW")) {
    // The draft of RFC 8970 had an algorithm in parentheses: (FUZZY "text").
    const bool wrapped = in.skip('(');
    if (wrapped) {
      (void)in.word();
      in.skip_spaces();
    }
    piece text;
    if (!in.read(text)) return false;
    if (!text.is_nil()) out.preview.emplace(text.text);
    return !wrapped || close_list(in);
  }
  if (is("X-GM-MSGID")) return read_wrapped_number(in, out.gmail_message_id);
  if (is("X-GM-THRID")) return read_wrapped_number(in, out.gmail_thread_id);
  if (is("X-GM-LABELS")) return read_labels(in, out.gmail_labels.emplace());
  std::string upper_name = ascii::upper(name);
  token value;
  if (!in.read(value)) return false;
  out.others.emplace_back(std::move(upper_name), std::move(value));
  return true;
}

}  // namespace

bool close_list(lexer& in) noexcept {
  in.skip_spaces();
  return in.skip(')') || in.at_end();
}

bool read_text(lexer& in, std::string& out) {
  in.skip_spaces();
  piece value;
  if (!in.read(value)) return false;
  if (value.kind == piece::kind_type::streamed) return in.fail("a streamed literal where none can be");
  if (value.is_nil()) {
    out.clear();
  } else {
    out = value.text;
  }
  return true;
}

bool read_flags(lexer& in, flags& out) {
  in.skip_spaces();
  if (in.skip_nil()) return true;
  if (!in.skip('(')) return in.fail("no list of flags");
  for (;;) {
    in.skip_spaces();
    if (close_list(in)) return true;
    if (!in.count()) return false;
    if (in.peek() == '"' || in.peek() == '{') {
      piece quoted;  // keywords are atoms, and some servers quote them
      if (!in.read(quoted)) return false;
      if (out.keywords().size() < most_keywords) out.add(quoted.text);
      continue;
    }
    const std::string_view name = in.word();
    if (name.empty()) return in.fail("no flag where one is due");
    if (out.keywords().size() >= most_keywords) return in.fail_limit("more keywords than the limit allows");
    out.add(name);
  }
}

bool read_message_data(lexer& in, message_data& out) {
  in.skip_spaces();
  if (!in.skip('(')) return in.fail("a FETCH response without a list");
  while (!close_list(in)) {
    if (!in.count() || !read_item(in, out)) return false;
  }
  in.skip_spaces();
  return in.at_end() || in.fail("something behind the list of a FETCH response");
}

}  // namespace tidewire::imap::detail
