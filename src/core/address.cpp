#include <tidewire/base/bytes.hpp>
#include <tidewire/core/address.hpp>

#include <algorithm>
#include <charconv>

namespace tidewire {

namespace {

// The parsers say why they refuse; nullptr: they do not.
using reason = const char*;

constexpr std::size_t longest_host = 1024;

// A decimal number without sign or leading zeros.
template <class T>
bool parse_number(std::string_view text, T& number) noexcept {
  if (text.size() > 1 && text.front() == '0') return false;
  const auto found = ascii::parse_unsigned<T>(text);
  number = found.value_or(0);
  return found.has_value();
}

reason parse_v4(std::string_view text, std::span<std::byte, 4> bytes) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t end = i < 3 ? text.find('.') : text.size();
    std::uint8_t octet = 0;
    if (end == std::string_view::npos) return "an IPv4 address has four numbers";
    if (!parse_number(text.substr(0, end), octet)) {
      return "a number of an IPv4 address is 0 to 255, in decimal without leading zeros";
    }
    bytes[i] = static_cast<std::byte>(octet);
    if (i < 3) text.remove_prefix(end + 1);
  }
  return nullptr;
}

// RFC 4291 section 2.2.
reason parse_v6(std::string_view text, std::span<std::byte, 16> bytes) noexcept {
  std::array<std::byte, 16> found = {};
  std::size_t size = 0;            // bytes found
  std::optional<std::size_t> gap;  // where "::" stands, in bytes
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    if (size == 16) return "an IPv6 address has eight groups";
    const std::size_t start = at;
    unsigned group = 0;
    while (at < text.size() && at - start < 4 && ascii::is_xdigit(text[at])) {
      group = group << 4 | static_cast<unsigned>(ascii::hex_value(text[at++]));
    }
    if (at < text.size() && text[at] == '.') {
      if (size > 12) return "an IPv6 address has eight groups";
      if (const reason why = parse_v4(text.substr(start), std::span(found).subspan(size).first<4>()))
        return why;
      size += 4;
      break;
    }
    if (at == start) return "a group of an IPv6 address is one to four hexadecimal digits";
    found[size++] = static_cast<std::byte>(group >> 8);
    found[size++] = static_cast<std::byte>(group & 0xff);
    if (at == text.size()) break;
    if (text[at++] != ':') return "a group of an IPv6 address is one to four hexadecimal digits";
    if (at == text.size()) return "an IPv6 address does not end with one colon";
    if (text[at] == ':') {
      if (gap) return "an IPv6 address has \"::\" once";
      gap = size;
      ++at;
    }
  }
  if (gap ? size == 16 : size < 16) return "an IPv6 address has eight groups";
  const std::size_t head = gap.value_or(16);
  for (std::size_t i = 0; i < head; ++i) bytes[i] = found[i];
  for (std::size_t i = head; i < 16; ++i) {
    bytes[i] = i < 16 - (size - head) ? std::byte{0} : found[i + size - 16];
  }
  return nullptr;
}

reason parse_address(std::string_view text, ip_address& address) noexcept {
  if (text.find(':') == std::string_view::npos) {
    std::array<std::byte, 4> bytes;
    if (const reason why = parse_v4(text, bytes)) return why;
    address = ip_address::from_v4(bytes);
    return nullptr;
  }
  std::uint32_t scope_id = 0;
  if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
    if (!parse_number(text.substr(percent + 1), scope_id)) {
      return "the scope of an IPv6 address is a decimal number here";
    }
    text = text.substr(0, percent);
  }
  std::array<std::byte, 16> bytes;
  if (const reason why = parse_v6(text, bytes)) return why;
  address = ip_address::from_v6(bytes, scope_id);
  return nullptr;
}

// Splits "host:port" and "[host]:port", where the port may be missing with its colon.
struct pieces {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed = false;
};

reason split(std::string_view text, pieces& out) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return "no \"]\" for \"[\"";
    out.bracketed = true;
    out.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return nullptr;
    if (text.front() != ':') return "only a port may follow \"]\"";
    out.port = text.substr(1);
    return nullptr;
  }
  const std::size_t colon = text.rfind(':');
  out.host = text.substr(0, colon);
  if (colon != std::string_view::npos) out.port = text.substr(colon + 1);
  return nullptr;
}

reason parse_port(std::string_view text, std::uint16_t& port) noexcept {
  return parse_number(text, port) ? nullptr : "a port is 0 to 65535, in decimal without leading zeros";
}

reason parse_endpoint(std::string_view text, endpoint& out) noexcept {
  pieces found;
  ip_address address;
  std::uint16_t port = 0;
  if (const reason why = split(text, found)) return why;
  if (!found.port) return "a port is missing";
  if (!found.bracketed && found.host.find(':') != std::string_view::npos) {
    return "an IPv6 address before a port stands in brackets";
  }
  if (const reason why = parse_port(*found.port, port)) return why;
  if (const reason why = parse_address(found.host, address)) return why;
  if (found.bracketed && address.is_v4()) return "only an IPv6 address stands in brackets";
  out = endpoint(address, port);
  return nullptr;
}

// Can this stand in no host? https://url.spec.whatwg.org/#forbidden-domain-code-point
constexpr bool is_forbidden(char c) noexcept {
  constexpr std::string_view others = " #%/:<>?@[\\]^|";
  return ascii::is_control(c) || others.find(c) != std::string_view::npos;
}

bool has_forbidden(std::string_view text) noexcept {
  return std::ranges::any_of(text, is_forbidden);
}

// An IPv6 address of which the scope may be a name.
reason check_v6_host(std::string_view host) noexcept {
  if (const std::size_t percent = host.find('%'); percent != std::string_view::npos) {
    const std::string_view scope = host.substr(percent + 1);
    if (scope.empty() || has_forbidden(scope)) return "this is no scope of an IPv6 address";
    host = host.substr(0, percent);
  }
  std::array<std::byte, 16> ignored;
  return parse_v6(host, ignored);
}

failure malformed(std::string_view what, reason why) {
  return failure(errc::malformed, std::string(what) + ": " + why);
}

// Appends a number in this base.
void append_number(std::string& out, std::uint32_t number, int base = 10) {
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void append_v4(std::string& out, std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    append_number(out, std::to_integer<std::uint32_t>(bytes[i]));
  }
}

// RFC 5952 section 4.
void append_v6(std::string& out, std::span<const std::byte> bytes) {
  std::array<std::uint16_t, 8> groups = {};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = load_big<std::uint16_t>(bytes.subspan(2 * i).first<2>());
  }
  std::size_t gap = 8;
  std::size_t gap_size = 1;  // a lone zero group is not shortened
  for (std::size_t i = 0, run = 0; i < 8; ++i) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run > gap_size) {
      gap = i + 1 - run;
      gap_size = run;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += gap_size - 1;
      continue;
    }
    if (i > 0 && out.back() != ':') out += ':';
    append_number(out, groups[i], 16);
  }
}

}  // namespace

result<ip_address> ip_address::parse(std::string_view text) {
  ip_address address;
  if (const reason why = parse_address(text, address)) return malformed("not an IP address", why);
  return address;
}

std::string ip_address::to_string() const {
  std::string out;
  if (is_v4()) {
    append_v4(out, bytes());
  } else if (is_v4_mapped()) {
    out += "::ffff:";
    append_v4(out, bytes().subspan(12));
  } else {
    append_v6(out, bytes());
  }
  if (scope_id_ != 0) {
    out += '%';
    append_number(out, scope_id_);
  }
  return out;
}

result<endpoint> endpoint::parse(std::string_view text) {
  endpoint value;
  if (const reason why = parse_endpoint(text, value)) return malformed("not an address and a port", why);
  return value;
}

std::string endpoint::to_string() const {
  std::string out = address_.to_string();
  if (address_.is_v6()) out = std::string(1, '[').append(out).append(1, ']');
  out.push_back(':');
  append_number(out, port_);
  return out;
}

result<host_port> split_host_port(std::string_view text, std::optional<std::uint16_t> default_port) {
  const auto refuse = [](reason why) { return malformed("not a host and a port", why); };
  pieces found;
  if (const reason why = split(text, found)) return refuse(why);
  bool is_v6 = found.bracketed;
  if (!found.bracketed && found.host.find(':') != std::string_view::npos) {
    // More than one colon, none of which can be told to begin a port.
    is_v6 = true;
    found = {.host = text, .port = std::nullopt};
  }
  if (found.host.empty()) return refuse("the host is missing");
  if (found.host.size() > longest_host) return refuse("the host is longer than 1024 bytes");
  if (is_v6) {
    if (const reason why = check_v6_host(found.host)) return refuse(why);
  } else if (has_forbidden(found.host)) {
    return refuse("the host has a character that no host has");
  }
  if (!found.port && !default_port) return refuse("the port is missing");
  std::uint16_t port = default_port.value_or(0);
  if (found.port) {
    if (const reason why = parse_port(*found.port, port)) return refuse(why);
  }
  return host_port(std::string(found.host), port);
}

}  // namespace tidewire
