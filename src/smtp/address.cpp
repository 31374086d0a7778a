#include <tidewire/base/bytes.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/smtp/address.hpp>

#include <algorithm>

namespace tidewire::smtp {
namespace {

constexpr std::size_t longest_local_part = 64;
constexpr std::size_t longest_domain = 255;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_address = 254;

failure malformed(const char* why) {
  return failure(tidewire::errc::malformed, why);
}

bool is_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const utf8_step step = read_utf8(at, end);
    if (step.length == 0) return false;
    at += step.length;
  }
  return true;
}

// atext of RFC 5321, which RFC 6531 extends by all that is beyond ASCII.
bool is_atext(char c) {
  return ascii::is_alnum(c) || !ascii::is_ascii(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Where the dot-string ends that `text` begins with; 0 if there is none.
std::size_t dot_string(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t atom = at;
    while (at < text.size() && is_atext(text[at])) ++at;
    if (at == atom) return 0;
    if (at == text.size() || text[at] != '.') return at;
    ++at;
  }
}

// The same for a quoted string: qtextSMTP and quoted pairs, no control characters.
std::size_t quoted_string(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (ascii::is_control(text[at])) return 0;
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\' && (++at == text.size() || ascii::is_control(text[at]))) return 0;
  }
  return 0;
}

std::size_t local_part(std::string_view text) {
  return text.starts_with('"') ? quoted_string(text) : dot_string(text);
}

// Where the domain ends that `text` begins with; 0 if there is none.
std::size_t domain_name(std::string_view text) {
  const auto is_let_dig = [&](std::size_t i) {
    return i < text.size() && (ascii::is_alnum(text[i]) || !ascii::is_ascii(text[i]));
  };
  std::size_t at = 0;
  for (;;) {
    const std::size_t label = at;
    if (!is_let_dig(at)) return 0;
    while (is_let_dig(at) || (at < text.size() && text[at] == '-')) ++at;
    if (text[at - 1] == '-' || at - label > longest_label) return 0;
    if (at == text.size() || text[at] != '.') return at;
    ++at;
  }
}

// IPv4 and IPv6. No other kind was ever standardised, as RFC 5321 section 4.1.3 demands of one.
bool is_address_literal(std::string_view inside) {
  const bool v6 = ascii::istarts_with(inside, "IPv6:");
  const auto parsed = ip_address::parse(v6 ? inside.substr(5) : inside);
  return parsed && parsed->is_v6() == v6;
}

std::size_t domain_or_literal(std::string_view text) {
  if (!text.starts_with('[')) return domain_name(text);
  const std::size_t end = text.find(']');
  return end != std::string_view::npos && is_address_literal(text.substr(1, end - 1)) ? end + 1 : 0;
}

struct mailbox {
  std::size_t at = 0;
  std::size_t size = 0;
};

// The mailbox that `text` begins with.
result<mailbox> take_mailbox(std::string_view text) {
  const std::size_t local = local_part(text);
  if (local == 0) return malformed("no local part in an address");
  if (local > longest_local_part) return malformed("a local part of more than 64 bytes");
  if (local == text.size() || text[local] != '@')
    return malformed("no @ behind the local part of an address");
  const std::size_t domain = domain_or_literal(text.substr(local + 1));
  if (domain == 0) return malformed("no domain behind the @ of an address");
  if (domain > longest_domain || local + 1 + domain > longest_address) {
    return malformed("an address of more than 254 bytes");
  }
  if (!is_utf8(text.substr(0, local + 1 + domain))) return malformed("an address that is not UTF-8");
  return mailbox{.at = local, .size = local + 1 + domain};
}

// A source route, with its colon; 0 if there is none.
std::size_t source_route(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] == '@') {
    const std::size_t domain = domain_name(text.substr(at + 1));
    at += 1 + domain;
    if (domain == 0 || at == text.size()) return 0;
    if (text[at] == ':') return at + 1;
    if (text[at] != ',') return 0;
    ++at;
  }
  return 0;
}

}  // namespace

result<address> address::parse(std::string_view text) {
  const auto found = take_mailbox(text);
  if (!found) return found.error();
  if (found->size != text.size()) return malformed("an address with something behind its domain");
  address out;
  out.text_ = text;
  out.at_ = found->at;
  out.utf8_ = !ascii::is_ascii(text);
  return out;
}

result<std::size_t> parse_path(std::string_view text, address& into) {
  if (!text.starts_with('<')) return malformed("a path begins with <");
  into = {};
  if (text.starts_with("<>")) return 2;
  constexpr std::string_view postmaster = "postmaster";
  if (ascii::istarts_with(text.substr(1), postmaster) &&
      text.substr(1 + postmaster.size()).starts_with('>')) {
    into.text_ = text.substr(1, postmaster.size());
    into.at_ = postmaster.size();
    return postmaster.size() + 2;
  }
  const std::size_t begin = 1 + source_route(text.substr(1));
  const auto found = take_mailbox(text.substr(begin));
  if (!found) return found.error();
  const std::size_t end = begin + found->size;
  if (end == text.size() || text[end] != '>') return malformed("a path ends with >");
  into.text_ = text.substr(begin, found->size);
  into.at_ = found->at;
  into.utf8_ = !ascii::is_ascii(into.text_);
  return end + 1;
}

bool is_domain_or_literal(std::string_view name) noexcept {
  return !name.empty() && name.size() <= longest_domain && domain_or_literal(name) == name.size() &&
         is_utf8(name);
}

}  // namespace tidewire::smtp
