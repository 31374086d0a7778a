#include <tidewire/core/timeout.hpp>
#include <tidewire/core/udp_proxy.hpp>
#include <tidewire/core/when.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "proxy_exchange.hpp"

namespace tidewire::proxy {

using detail::host_and_port;

namespace {

constexpr std::size_t before_address = 3;  // RSV RSV FRAG

failure misuse(const char* why) {
  return failure(tidewire::errc::misuse, why);
}

}  // namespace

result<std::string> relay_header(std::string_view host, std::uint16_t port) {
  const auto checked = detail::check_host(host, port);
  if (!checked) return checked.error();
  auto to = detail::socks5_address(checked->address, checked->name, port);
  if (!to) return to;
  return std::string(before_address, '\0') + *to;
}

result<relayed_datagram> parse_relayed(byte_view datagram) {
  if (datagram.size() < before_address) return failure(tidewire::errc::malformed, "it is too short");
  if (datagram[2] != std::byte{0}) return failure(tidewire::errc::unsupported, "it is a fragment");
  const byte_view address = datagram.subspan(before_address);
  const auto size = detail::size_of_socks5_address(address);
  if (!size) return size.error();
  if (*size == 0 || address.size() < *size) return failure(tidewire::errc::malformed, "it is too short");
  const auto from = detail::socks5_endpoint(address.first(*size));
  if (!from) return failure(tidewire::errc::unsupported, "its sender has a name");
  return relayed_datagram{*from, address.subspan(*size)};
}

struct udp_association::state {
  state(tcp::stream to_proxy, udp::socket to_relay)
      : control(std::move(to_proxy)), socket(std::move(to_relay)), incoming(65'535) {}

  tcp::stream control;
  udp::socket socket;
  std::vector<std::byte> incoming;
};

namespace {

/// The connection to the proxy is good for nothing more, but its end is that of the association.
task<> until_the_end(tcp::stream& control) {
  std::array<std::byte, 64> ignored;
  while (co_await control.read_some(ignored) != 0) continue;
}

template <class State>
task<udp::received> receive(std::shared_ptr<State> self, byte_span into) {
  for (;;) {
    auto first = co_await when_any(self->socket.recv_from(self->incoming), until_the_end(self->control));
    if (first.index() != 0) {
      failure why(tidewire::errc::end_of_stream, "the proxy ended the association");
      throw error(why.during("receive through").with(self->control.peer_name()));
    }
    const udp::received got = std::get<0>(first);
    const auto came = parse_relayed(byte_view(self->incoming).first(got.size));
    if (!came) continue;
    const std::size_t size = std::min(came->bytes.size(), into.size());
    if (size != 0) std::memcpy(into.data(), came->bytes.data(), size);
    co_return udp::received{size, came->bytes.size(), came->from};
  }
}

template <class State>
task<> send(std::shared_ptr<State> self, std::string datagram) {
  co_await self->socket.send(datagram);
}

}  // namespace

udp_association::udp_association(std::shared_ptr<state> made) noexcept : state_(std::move(made)) {}
udp_association::udp_association(udp_association&& other) noexcept = default;

udp_association& udp_association::operator=(udp_association&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

udp_association::~udp_association() {
  close();
}

task<> udp_association::send_to(byte_view datagram, std::string_view host, std::uint16_t port) {
  auto whole = relay_header(host, port);
  if (!whole) throw error(failure(whole.error()).during("send to").with(host_and_port(host, port)));
  return send(state_, std::move(*whole) + std::string(as_text(datagram)));
}

task<> udp_association::send_to(byte_view datagram, const endpoint& to) {
  return send_to(datagram, to.address().to_string(), to.port());
}

task<udp::received> udp_association::recv_from(byte_span buffer) {
  if (buffer.empty()) {
    throw error(misuse("there is no room in the buffer to receive into").during("receive through a proxy"));
  }
  return receive(state_, buffer);
}

endpoint udp_association::relay() const {
  return *state_->socket.remote_endpoint();
}

void udp_association::close() noexcept {
  if (!state_) return;
  state_->control.close();
  state_->socket.close();
}

task<udp_association> udp_association::open(protocol speaks, std::string host, std::uint16_t port,
                                            secret user, secret password, tcp::connect_options options) {
  const std::string proxy = host_and_port(host, port);
  if (speaks != protocol::socks5) {
    throw error(misuse("only SOCKS 5 passes on datagrams")
                    .during("ask for datagrams to be passed on by")
                    .with(proxy));
  }
  tcp::stream control = co_await tcp::connect(host, port, options);
  const tunnel_options who{.user = user.reveal(), .password = password.reveal()};
  auto asking = handshake::begin_association(who);
  try {
    if (!asking) throw error(asking.error());
    co_await detail::exchange(control, *asking);
    if (!asking->proxy_end()) {
      throw error(failure(tidewire::errc::unsupported, "its relay has a name instead of an address"));
    }
  } catch (const error& e) {
    // What the stream says of itself is said of this act.
    failure why(e.code(), std::string(e.detail()));
    throw error(why.during("ask for datagrams to be passed on by").with(proxy));
  }
  endpoint relay = *asking->proxy_end();
  // Many say in this way that it is where they are.
  if (relay.address().is_unspecified()) relay = endpoint(control.remote_endpoint().address(), relay.port());
  control.set_timeout(no_timeout);
  co_return udp_association(std::make_shared<state>(std::move(control), udp::connect(relay)));
}

task<udp_association> associate(const server& by, tcp::connect_options options) {
  const auto within = [](duration limit, task<udp_association> opening) -> task<udp_association> {
    co_return co_await with_timeout(limit, std::move(opening));
  };
  return within(options.timeout, udp_association::open(by.speaks, std::string(by.host), by.port, by.user,
                                                       by.password, options));
}

}  // namespace tidewire::proxy
