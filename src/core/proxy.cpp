#include <tidewire/base/base64.hpp>
#include <tidewire/core/proxy.hpp>
#include <tidewire/core/timeout.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "proxy_exchange.hpp"

namespace tidewire::proxy {
namespace {

class proxy_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.proxy"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::refused: return "the proxy refuses";
      case errc::failed: return "the proxy failed";
      case errc::auth: return "the proxy wants other credentials";
    }
    return "unknown error";
  }
  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    switch (static_cast<errc>(code)) {
      case errc::refused: return asked == condition::permanent;
      case errc::failed: return asked == condition::transient;
      case errc::auth: return asked == condition::auth || asked == condition::permanent;
    }
    return false;
  }
};

constexpr std::size_t short_string_limit = 255;  // of SOCKS 5, whose lengths are one byte

char low_byte(std::size_t number) noexcept {
  return static_cast<char>(static_cast<unsigned char>(number));
}

std::array<char, 2> big_endian(std::uint16_t number) noexcept {
  return {low_byte(number >> 8), low_byte(number & 0xff)};
}

unsigned at(byte_view shown, std::size_t index) noexcept {
  return std::to_integer<unsigned>(shown[index]);
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

failure misuse(const char* why) {
  return failure(tidewire::errc::misuse, why);
}

// SOCKS 4a: VER CMD PORT IP USERID 0 [HOST 0]; the address 0.0.0.1 says that a name follows.
result<secret> socks4_request(const std::optional<ip_address>& address, const std::string& host,
                              std::uint16_t port, const tunnel_options& options) {
  if (!options.password.empty()) return misuse("SOCKS 4a has no passwords");
  if (options.user.find('\0') != std::string_view::npos) return misuse("the user id has a NUL");
  if (address && !address->is_v4()) {
    return failure(tidewire::errc::unsupported, "SOCKS 4a has no IPv6 addresses");
  }
  const auto port_bytes = big_endian(port);
  secret request(std::string_view("\x04\x01", 2));
  request.append({port_bytes.data(), port_bytes.size()});
  request.append(address ? as_text(address->bytes()) : std::string_view("\0\0\0\x01", 4));
  request.append(options.user).append(std::string_view("\0", 1));
  if (!address) request.append(host).append(std::string_view("\0", 1));
  return request;
}

// VER ULEN UNAME PLEN PASSWD (RFC 1929 section 2).
result<secret> socks5_credentials(const tunnel_options& options) {
  if (options.user.size() > short_string_limit || options.password.size() > short_string_limit) {
    return misuse("SOCKS 5 has no users and passwords of more than 255 bytes");
  }
  if (options.user.empty()) return misuse("a password without a user");
  const char user_length = low_byte(options.user.size());
  const char password_length = low_byte(options.password.size());
  secret text("\x01");
  text.append({&user_length, 1}).append(options.user);
  text.append({&password_length, 1}).append(options.password);
  return text;
}

result<secret> http_request(const std::optional<ip_address>& address, const std::string& host,
                            std::uint16_t port, const tunnel_options& options) {
  const bool v6 = address && address->is_v6();
  const std::string authority = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  secret request("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n");
  if (!options.user.empty() || !options.password.empty()) {
    // RFC 7617 section 2.
    if (options.user.find(':') != std::string_view::npos) return misuse("the user has a colon");
    if (has_control(options.user) || has_control(options.password)) {
      return misuse("the user or the password has a control character");
    }
    secret pair(options.user);
    pair.append(":").append(options.password);
    std::string encoded = base64::encode(pair.reveal());
    request.append("Proxy-Authorization: Basic ").append(encoded).append("\r\n");
    wipe(encoded);
  }
  request.append("\r\n");
  return request;
}

// What RFC 1928 section 6 and others say went wrong.
failure socks5_failure(unsigned reply) {
  switch (reply) {
    case 1: return failure(errc::failed, "a failure of the SOCKS server");
    case 2: return failure(errc::refused, "not allowed by its rules");
    case 3: return std::make_error_code(std::errc::network_unreachable);
    case 4: return std::make_error_code(std::errc::host_unreachable);
    case 5: return std::make_error_code(std::errc::connection_refused);
    case 6: return failure(errc::failed, "the host was too far away (TTL expired)");
    case 7: return failure(errc::refused, "it makes no connections");
    case 8: return failure(errc::refused, "it knows no such addresses");
    default: return failure(errc::failed, "it answered with the number " + std::to_string(reply));
  }
}

// The payload of chunks (RFC 9112 section 7.1), as far as it came: true if all of it did.
bool read_chunks(std::string_view raw, std::string& payload) {
  for (;;) {
    const std::size_t line_end = raw.find('\n');
    if (line_end == std::string_view::npos) return false;
    const std::string_view line = raw.substr(0, line_end);
    std::size_t size = 0;
    const auto number = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (number.ec != std::errc() || size == 0) return true;  // the last, or rubbish
    raw.remove_prefix(line_end + 1);
    payload += raw.substr(0, size);
    if (raw.size() < size) return false;
    raw.remove_prefix(size);
    raw.remove_prefix(std::min<std::size_t>(raw.size(), raw.starts_with("\r\n") ? 2 : 0));
  }
}

}  // namespace

const std::error_category& category() noexcept {
  static const proxy_category category;
  return category;
}

namespace detail {

result<std::string> socks5_address(const std::optional<ip_address>& address, std::string_view host,
                                   std::uint16_t port) {
  std::string made;
  if (address) {
    made = address->is_v4() ? '\x01' : '\x04';
    made += as_text(address->bytes());
  } else {
    if (host.size() > short_string_limit) return failure(tidewire::errc::malformed, "the host is too long");
    made = '\x03';
    made += low_byte(host.size());
    made += host;
  }
  const auto port_bytes = big_endian(port);
  made.append(port_bytes.data(), port_bytes.size());
  return made;
}

result<std::size_t> size_of_socks5_address(byte_view shown) {
  constexpr std::size_t around = 3;  // ATYP, PORT
  if (shown.size() < 2) return 0u;
  switch (at(shown, 0)) {
    case 1: return around + 4;
    case 3: return around + 1 + at(shown, 1);
    case 4: return around + 16;
    default: return failure(tidewire::errc::malformed, "an address of a kind that SOCKS 5 does not have");
  }
}

std::optional<endpoint> socks5_endpoint(byte_view whole) {
  const auto port_at = whole.size() - 2;
  const auto port = static_cast<std::uint16_t>(at(whole, port_at) << 8 | at(whole, port_at + 1));
  switch (at(whole, 0)) {
    case 1: return endpoint(ip_address::from_v4(whole.subspan<1, 4>()), port);
    case 4: return endpoint(ip_address::from_v6(whole.subspan<1, 16>()), port);
    default: return std::nullopt;
  }
}

result<named_host> check_host(std::string_view host, std::uint16_t port) {
  auto checked = split_host_port(
      host.find(':') != std::string_view::npos ? "[" + std::string(host) + "]" : std::string(host), port);
  if (!checked) return std::move(checked).error();
  named_host named{std::move(checked->host), std::nullopt};
  if (const auto parsed = ip_address::parse(named.name)) named.address = *parsed;
  if (!named.address && named.name.find(':') != std::string::npos) {
    return failure(tidewire::errc::malformed, "the name of a zone means nothing to a proxy");
  }
  return named;
}

}  // namespace detail

result<handshake> handshake::begin(protocol speaks, std::string_view host, std::uint16_t port,
                                   const tunnel_options& options) {
  const auto checked = detail::check_host(host, port);
  if (!checked) return checked.error();
  const std::string& name = checked->name;
  const std::optional<ip_address>& address = checked->address;
  if (speaks == protocol::socks5) {
    // VER CMD RSV, and the host (RFC 1928 section 4).
    auto to = detail::socks5_address(address, name, port);
    if (!to) return std::move(to).error();
    return begin_socks5(std::string("\x05\x01\0", 3) + *to, options);
  }

  handshake made;
  made.head_limit_ = options.head_limit;
  made.body_limit_ = options.body_limit;
  const auto first = [&](stage expects, result<secret> output) -> result<handshake> {
    if (!output) return std::move(output).error();
    made.stage_ = expects;
    made.output_ = *std::move(output);
    return std::move(made);
  };
  if (speaks == protocol::http) return first(stage::head, http_request(address, name, port, options));
  return first(stage::socks4_reply, socks4_request(address, name, port, options));
}

// From where the datagrams will come is not known yet (RFC 1928 section 4).
result<handshake> handshake::begin_association(const tunnel_options& options) {
  return begin_socks5(std::string("\x05\x03\0\x01\0\0\0\0\0\0", 10), options);
}

result<handshake> handshake::begin_socks5(std::string request, const tunnel_options& options) {
  handshake made;
  made.next_ = request;
  const bool known = !options.user.empty() || !options.password.empty();
  if (known) {
    auto credentials = socks5_credentials(options);
    if (!credentials) return std::move(credentials).error();
    made.credentials_ = *std::move(credentials);
  }
  // Without authentication, or with a user and a password (RFC 1928 section 3).
  made.stage_ = stage::socks5_method;
  made.output_ = known ? std::string_view("\x05\x02\0\x02", 4) : std::string_view("\x05\x01\0", 3);
  return made;
}

result<std::size_t> handshake::receive(byte_view shown) {
  std::size_t taken = 0;
  for (;;) {
    if (!output_.empty()) return taken;  // what comes before we asked is no answer yet
    const stage before = stage_;
    const byte_view rest = shown.subspan(taken);
    result<std::size_t> step = std::size_t{0};
    switch (stage_) {
      case stage::socks4_reply: step = socks4_reply(rest); break;
      case stage::socks5_method: step = socks5_method(rest); break;
      case stage::socks5_auth: step = socks5_auth(rest); break;
      case stage::socks5_reply: step = socks5_reply(rest); break;
      case stage::head: step = head(rest); break;
      case stage::body: step = body(rest); break;
      case stage::done: return taken;
    }
    if (!step) return step;
    taken += *step;
    if (*step == 0 && stage_ == before) return taken;
  }
}

result<std::size_t> handshake::socks4_reply(byte_view shown) {
  constexpr std::size_t size = 8;
  if (!shown.empty() && at(shown, 0) != 0) return failure(tidewire::errc::malformed, "it speaks no SOCKS 4");
  if (shown.size() < 2) return 0u;
  switch (at(shown, 1)) {
    case 90: break;
    case 91: return failure(errc::failed, "it refused, or could not connect");
    case 92: return failure(errc::auth, "it found no identd to ask for the user");
    case 93: return failure(errc::auth, "identd named another user");
    default: return failure(tidewire::errc::malformed, "an answer that SOCKS 4 does not have");
  }
  if (shown.size() < size) return 0u;
  stage_ = stage::done;
  return size;
}

result<std::size_t> handshake::socks5_method(byte_view shown) {
  if (!shown.empty() && at(shown, 0) != 5) return failure(tidewire::errc::malformed, "it speaks no SOCKS 5");
  if (shown.size() < 2) return 0u;
  switch (at(shown, 1)) {
    case 0:
      output_ = std::move(next_);
      stage_ = stage::socks5_reply;
      break;
    case 2:
      if (credentials_.empty()) {
        return failure(tidewire::errc::malformed, "it chose a method that was not offered");
      }
      output_ = std::move(credentials_);
      stage_ = stage::socks5_auth;
      break;
    case 0xff:
      return failure(errc::auth, credentials_.empty() ? "it wants to know who we are"
                                                      : "it accepts no user with a password");
    default: return failure(tidewire::errc::malformed, "it chose a method that was not offered");
  }
  credentials_.clear();
  return 2u;
}

result<std::size_t> handshake::socks5_auth(byte_view shown) {
  if (shown.size() < 2) return 0u;
  if (at(shown, 1) != 0) return failure(errc::auth);
  output_ = std::move(next_);
  stage_ = stage::socks5_reply;
  return 2u;
}

result<std::size_t> handshake::socks5_reply(byte_view shown) {
  if (!shown.empty() && at(shown, 0) != 5) return failure(tidewire::errc::malformed, "it speaks no SOCKS 5");
  if (shown.size() < 2) return 0u;
  // Some proxies send no more than this of a failure.
  if (const unsigned reply = at(shown, 1); reply != 0) return socks5_failure(reply);
  constexpr std::size_t before = 3;  // VER REP RSV
  const byte_view address = shown.subspan(std::min(shown.size(), before));
  const auto size = detail::size_of_socks5_address(address);
  if (!size) return size;
  if (*size == 0 || address.size() < *size) return 0u;
  proxy_end_ = detail::socks5_endpoint(address.first(*size));
  stage_ = stage::done;
  return before + *size;
}

result<std::size_t> handshake::head(byte_view shown) {
  constexpr std::string_view version = "HTTP/1.";
  constexpr std::string_view end = "\r\n\r\n";
  const std::string_view text = as_text(shown.first(std::min(shown.size(), head_limit_)));
  if (text.substr(0, version.size()) != version.substr(0, std::min(version.size(), text.size()))) {
    return failure(tidewire::errc::malformed, "it speaks no HTTP/1.1");
  }
  const std::size_t length = text.find(end);
  if (length == std::string_view::npos) {
    if (shown.size() < head_limit_) return 0u;
    return failure(tidewire::errc::limit_exceeded,
                   "the head of its answer is longer than " + std::to_string(head_limit_) + " bytes");
  }
  // HTTP/1.1 SP 3DIGIT [SP reason]
  const std::string_view lines = text.substr(0, length);
  const std::string_view status = lines.substr(0, lines.find("\r\n"));
  constexpr std::size_t number_at = 9;
  unsigned number = 0;
  const char* const digits = status.data() + std::min(number_at, status.size());
  const auto parsed = std::from_chars(digits, status.data() + status.size(), number);
  const bool three = parsed.ec == std::errc() && parsed.ptr == digits + 3 && status[number_at - 1] == ' ';
  if (!three || number < 100 || (status.size() > number_at + 3 && status[number_at + 3] != ' ')) {
    return failure(tidewire::errc::malformed, "its answer has no status");
  }
  const std::size_t taken = length + end.size();
  if (number < 200) return taken;  // for the time being
  if (number < 300) {
    stage_ = stage::done;
    return taken;
  }
  status_ = number;
  stage_ = stage::body;
  for (std::size_t from = status.size(); from < lines.size();) {
    from += 2;
    const std::string_view line = lines.substr(from, lines.find("\r\n", from) - from);
    from += line.size();
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (same_ignoring_case(name, "transfer-encoding")) chunked_ = true;
    if (same_ignoring_case(name, "content-length")) {
      std::uint64_t count = 0;
      const auto count_end = std::from_chars(value.data(), value.data() + value.size(), count);
      if (count_end.ec == std::errc()) length_ = count;
    }
  }
  return taken;
}

// Ends by a failure in any case.
result<std::size_t> handshake::body(byte_view shown) {
  const std::size_t room = body_limit_ - body_.size();
  const std::size_t taken = std::min(room, shown.size());
  body_ += as_text(shown.first(taken));
  std::string ignored;
  if (body_.size() == body_limit_) return refusal();
  if (chunked_ ? read_chunks(body_, ignored) : length_ && body_.size() >= *length_) return refusal();
  return taken;
}

failure handshake::refusal() const {
  std::error_code code = errc::refused;
  if (status_ == 407) {
    code = errc::auth;
  } else if (status_ >= 500) {
    code = errc::failed;
  }
  failure why(code, "it answered " + std::to_string(status_));
  std::string text;
  if (chunked_) {
    read_chunks(body_, text);
  } else {
    text = body_.substr(0, length_ ? static_cast<std::size_t>(std::min<std::uint64_t>(*length_, body_.size()))
                                   : std::string::npos);
  }
  if (!text.empty()) why.peer_said(text);
  return why;
}

failure handshake::finish() const {
  if (stage_ == stage::body) return refusal();
  return failure(tidewire::errc::end_of_stream, "it left before there was a tunnel");
}

namespace detail {

task<> exchange(stream& through, handshake& asking) {
  for (;;) {
    if (!asking.output().empty()) {
      co_await through.write(asking.output());
      asking.sent();
    }
    const auto taken = asking.receive(through.buffered());
    if (!taken) throw error(taken.error());
    through.consume(*taken);
    if (asking.done()) co_return;
    if (!asking.output().empty()) continue;
    const std::size_t n = co_await through.fill();
    if (n == 0) throw error(asking.finish());
  }
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

}  // namespace detail

namespace {

using detail::host_and_port;

task<> tunnel_to(stream& through, result<handshake> asking, std::string to, std::string proxy,
                 duration timeout) {
  try {
    if (!asking) throw error(asking.error());
    co_await with_timeout(timeout, detail::exchange(through, *asking));
  } catch (const error& e) {
    // What the stream says of itself is said of this act.
    failure why(e.code(), std::string(e.detail()));
    if (!e.peer_text().empty()) why.peer_said(e.peer_text());
    throw error(why.during("open a tunnel to " + to + " through").with(proxy));
  }
}

/// A `server` that owns what it says.
struct hop {
  protocol speaks;
  std::string host;
  std::uint16_t port;
  secret user;
  secret password;
};

task<tcp::stream> connect_hops(std::vector<hop> hops, std::string host, std::uint16_t port,
                               tcp::connect_options options) {
  tcp::stream made = co_await tcp::connect(hops.front().host, hops.front().port, options);
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const hop& by = hops[i];
    const bool last = i + 1 == hops.size();
    const std::string& to = last ? host : hops[i + 1].host;
    const std::uint16_t to_port = last ? port : hops[i + 1].port;
    const tunnel_options asking{.user = by.user.reveal(), .password = by.password.reveal()};
    auto shake = handshake::begin(by.speaks, to, to_port, asking);
    co_await tunnel_to(made, std::move(shake), host_and_port(to, to_port), host_and_port(by.host, by.port),
                       no_timeout);
  }
  co_return made;
}

task<tcp::stream> connect_within(std::vector<hop> hops, std::string host, std::uint16_t port,
                                 tcp::connect_options options) {
  co_return co_await with_timeout(options.timeout,
                                  connect_hops(std::move(hops), std::move(host), port, options));
}

}  // namespace

task<> tunnel(stream& through, protocol speaks, std::string_view host, std::uint16_t port,
              tunnel_options options) {
  return tunnel_to(through, handshake::begin(speaks, host, port, options), host_and_port(host, port),
                   through.peer_name(), options.timeout);
}

task<tcp::stream> connect(std::span<const server> chain, std::string_view host, std::uint16_t port,
                          tcp::connect_options options) {
  constexpr std::size_t most = 8;
  if (chain.size() > most) throw error(misuse("a chain has 8 proxies at most").during("connect"));
  if (chain.empty()) return tcp::connect(host, port, options);
  std::vector<hop> hops;
  for (const server& each : chain) {
    hops.push_back({each.speaks, std::string(each.host), each.port, each.user, each.password});
  }
  return connect_within(std::move(hops), std::string(host), port, options);
}

namespace {

std::string_view without_final_dot(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// Are the first `bits` of both the same?
bool same_network(const ip_address& left, const ip_address& right, unsigned bits) noexcept {
  const auto a = left.bytes();
  const auto b = right.bytes();
  if (a.size() != b.size() || bits > 8 * a.size()) return false;
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8u);
    const auto mask = static_cast<std::byte>(0xff << (8 - here) & 0xff);
    if ((a[i] & mask) != (b[i] & mask)) return false;
    bits -= here;
  }
  return true;
}

template <class N>
std::optional<N> number(std::string_view text) noexcept {
  N value{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// An address as people write it in lists, in brackets or without; IPv4 in IPv6 clothes is IPv4.
std::optional<ip_address> address_in(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto parsed = ip_address::parse(text);
  return parsed ? std::optional(parsed->unmapped()) : std::nullopt;
}

bool entry_matches(std::string_view entry, std::string_view host, const std::optional<ip_address>& address,
                   std::uint16_t port) {
  if (entry == "*") return true;
  if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
    const auto network = address_in(entry.substr(0, slash));
    const auto bits = number<unsigned>(entry.substr(slash + 1));
    return address && network && bits && same_network(*address, *network, *bits);
  }
  if (const auto only = address_in(entry)) return address == only;
  if (const std::size_t colon = entry.rfind(':'); colon != std::string_view::npos) {
    const auto wanted = number<std::uint16_t>(entry.substr(colon + 1));
    if (!wanted || *wanted != port) return false;
    entry = entry.substr(0, colon);
    if (const auto only = address_in(entry)) return address == only;
  }
  if (address) return false;
  if (entry.starts_with('.')) entry.remove_prefix(1);
  entry = without_final_dot(entry);
  if (entry.empty() || entry.size() > host.size()) return false;
  const std::size_t above = host.size() - entry.size();
  return same_ignoring_case(host.substr(above), entry) && (above == 0 || host[above - 1] == '.');
}

}  // namespace

bool is_exempt(std::string_view list, std::string_view host, std::uint16_t port) {
  host = without_final_dot(host);
  const std::optional<ip_address> address = address_in(host);
  constexpr std::string_view separators = ", \t";
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(separators), list.size());
    if (end > 0 && entry_matches(list.substr(0, end), host, address, port)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace tidewire::proxy
