// ENVELOPE (RFC 9051 section 7.5.2), as servers send it.

#include <tidewire/mime/header.hpp>

#include <algorithm>
#include <utility>

#include "decoded.hpp"
#include "message_parser.hpp"

namespace tidewire::imap::detail {
namespace {

// One address of an envelope, whose texts are those of the message.
struct raw_address {
  std::string name;
  std::string mailbox;
  std::string host;
  bool has_name = false;
  bool has_mailbox = false;
  bool has_host = false;
};

bool read_field(lexer& in, std::string& out, bool& there) {
  in.skip_spaces();
  out.clear();
  there = false;
  if (in.peek() == ')') return true;  // a field that is missing
  piece value;
  if (!in.read(value)) return false;
  there = !value.is_nil();
  if (there) out = value.text;
  return true;
}

bool read_address(lexer& in, raw_address& out) {
  std::string route;  // RFC 5321 appendix C: to be ignored
  bool has_route = false;
  return read_field(in, out.name, out.has_name) && read_field(in, route, has_route) &&
         read_field(in, out.mailbox, out.has_mailbox) && read_field(in, out.host, out.has_host) &&
         close_list(in);
}

// May it stand before the `@` as it is?
bool is_local_part(std::string_view text) noexcept {
  constexpr std::string_view special = "()<>[]:;@\\,\"";
  return !text.empty() && std::ranges::none_of(text, [&](char c) {
    return ascii::is_control(c) || c == ' ' || special.find(c) != std::string_view::npos;
  });
}

std::string joined(std::string_view local, std::string_view host) {
  std::string out;
  out.reserve(local.size() + host.size() + 1);
  if (host.empty() || is_local_part(local) || local.starts_with('"')) {
    out += local;
  } else {
    out += '"';
    for (const char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!host.empty()) {
    out += '@';
    out += host;
  }
  return out;
}

mime::mailbox mailbox_of(raw_address& from) {
  // Gmail, of a sender whose header is malformed: the address for the name, and the name for the mailbox.
  if (!from.has_host && from.name.starts_with('<') && from.name.ends_with('>')) {
    return {decoded(from.mailbox), from.name.substr(1, from.name.size() - 2)};
  }
  return {decoded(from.name), joined(from.mailbox, from.host)};
}

class address_reader {
 public:
  explicit address_reader(std::vector<mime::address_entry>& out) : out_(out) {}

  void take(raw_address& from) {
    if (from.has_host || from.has_name) {
      put(mailbox_of(from));
    } else if (!from.has_mailbox) {
      in_group_ = false;
    } else {
      out_.emplace_back(mime::group{decoded(from.mailbox), {}});
      in_group_ = true;
    }
  }
  // A group that nothing ends is a mailbox without a domain.
  void finish() {
    if (!in_group_) return;
    mime::group open = std::get<mime::group>(std::move(out_.back()));
    out_.back() = mime::mailbox{{}, std::move(open.name)};
    for (mime::mailbox& one : open.members) out_.emplace_back(std::move(one));
  }

 private:
  void put(mime::mailbox one) {
    if (in_group_) {
      std::get<mime::group>(out_.back()).members.push_back(std::move(one));
    } else {
      out_.emplace_back(std::move(one));
    }
  }

  std::vector<mime::address_entry>& out_;
  bool in_group_ = false;
};

bool read_addresses(lexer& in, std::vector<mime::address_entry>& out) {
  in.skip_spaces();
  if (in.peek() == ')' || in.at_end()) return true;  // a field that is missing
  if (!in.skip('(')) {
    piece none;  // NIL, or an empty string where NIL should be
    return in.read(none) && (none.text.empty() || none.is_nil() || in.fail("no addresses in an envelope"));
  }
  address_reader reader(out);
  raw_address one;
  for (;;) {
    in.skip_spaces();
    if (close_list(in)) break;
    if (in.skip_nil()) continue;
    if (!in.skip('(')) return in.fail("no address in an envelope");
    if (!in.count() || !read_address(in, one)) return false;
    reader.take(one);
  }
  reader.finish();
  return true;
}

// A field of text; empty if it is NIL or missing.
bool read_optional(lexer& in, std::string& out) {
  bool there = false;
  return read_field(in, out, there);
}

}  // namespace

std::string decoded(std::string_view raw) {
  const bool plain =
      std::ranges::none_of(raw, [](char c) { return !ascii::is_ascii(c) || ascii::is_control(c); });
  if (plain && raw.find("=?") == npos) return std::string(raw);
  return mime::decode_unstructured(raw);
}

bool read_envelope(lexer& in, envelope& out, std::size_t depth) {
  if (!in.skip('(')) return in.fail("an envelope that does not begin with a parenthesis");
  if (!in.may_nest(depth)) return false;
  if (!read_optional(in, out.date_text) || !read_optional(in, out.subject)) return false;
  if (const auto when = date::parse_rfc5322(out.date_text)) out.date = *when;
  out.subject = decoded(out.subject);
  for (auto* list : {&out.from, &out.sender, &out.reply_to, &out.to, &out.cc, &out.bcc}) {
    if (!read_addresses(in, *list)) return false;
  }
  if (!read_optional(in, out.in_reply_to) || !read_optional(in, out.message_id)) return false;
  while (!close_list(in)) {
    token extra;
    in.skip_spaces();
    if (!in.read(extra, depth + 1)) return false;
  }
  return true;
}

}  // namespace tidewire::imap::detail
