#include <tidewire/core/tcp.hpp>

#include <string>
#include <utility>

#include "adopted_socket.hpp"
#include "listener_state.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"
#include "tcp_transport.hpp"

namespace tidewire::tcp {

namespace platform = tidewire::detail::platform;
using tidewire::detail::native_address;
using tidewire::detail::socket_io;

namespace detail {

template <class Socket>
[[nodiscard]] endpoint local_endpoint(const Socket& of) {
  std::error_code code = errc::closed;
  native_address local;
  if (of.is_open()) local = platform::local_address(of.native_handle(), code);
  if (code) throw failed("ask for the local endpoint of", of.socket_name(), code);
  return tidewire::detail::from_sockaddr(local.get(), local.size).value();
}

class listener_state final : public tidewire::detail::listener_state {
 public:
  listener_state(platform::native_socket native, const listen_options& options) noexcept
      : tidewire::detail::listener_state(native), options_(options) {}

  [[nodiscard]] const listen_options& options() const noexcept { return options_; }
  [[nodiscard]] std::string name() const override {
    std::error_code ignored;
    const native_address local = platform::local_address(native(), ignored);
    const auto at = tidewire::detail::from_sockaddr(local.get(), local.size);
    return at ? at->to_string() : std::string();
  }

 private:
  listen_options options_;
};

accept_operation::accept_operation(listener_state* from) noexcept : leaf(from) {}

stream accept_operation::await_resume() {
  tidewire::detail::listener_state& from = require_connection();
  const auto remote = tidewire::detail::from_sockaddr(from.peer().get(), from.peer().size);
  return make_stream(from.take(), remote ? *remote : endpoint());
}

}  // namespace detail

endpoint stream::local_endpoint() const {
  return detail::local_endpoint(*this);
}

endpoint stream::remote_endpoint() const {
  return static_cast<detail::transport&>(below()).remote();
}

connection_info stream::info() const {
  connection_info told;
  std::error_code code = errc::closed;
  if (is_open()) code = platform::get_connection_info(native_handle(), told);
  if (code) throw detail::failed("ask for the state of", socket_name(), code);
  return told;
}

native_socket stream::native_handle() const noexcept {
  return is_open() ? static_cast<detail::transport&>(below()).io().native() : platform::no_socket;
}

std::string stream::socket_name() const {
  return is_open() ? peer_name() : "a closed stream";
}

listener::listener(listener&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

listener& listener::operator=(listener&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

listener::~listener() {
  if (state_ == nullptr) return;
  state_->close();
  state_->release();
}

detail::accept_operation listener::accept() noexcept {
  return detail::accept_operation(state_);
}

endpoint listener::local_endpoint() const {
  return detail::local_endpoint(*this);
}

const listen_options& listener::options() const noexcept {
  return state_->options();
}

void listener::close() noexcept {
  if (state_ != nullptr) state_->close();
}

bool listener::is_open() const noexcept {
  return state_ != nullptr && state_->is_open();
}

native_socket listener::native_handle() const noexcept {
  return is_open() ? state_->native() : platform::no_socket;
}

std::string listener::socket_name() const {
  return is_open() ? "the listener at " + local_endpoint().to_string() : "a closed listener";
}

listener listen(const endpoint& at, listen_options options) {
  const auto check = [&](std::error_code code) {
    if (code) throw detail::failed("listen on", at.to_string(), code);
  };
  const native_address address = tidewire::detail::to_sockaddr(at);
  const bool v6 = at.address().is_v6();
  std::error_code code;
  const platform::native_socket native = platform::open_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, code);
  check(code);
  listener made(new detail::listener_state(native, options));
  if (v6) check(platform::set_option(native, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1));
#ifndef _WIN32  // where it lets another program take the port over
  check(platform::set_option(native, SOL_SOCKET, SO_REUSEADDR, 1));
#endif
  if (options.reuse_port) {
#ifdef SO_REUSEPORT
    check(platform::set_option(native, SOL_SOCKET, SO_REUSEPORT, 1));
#else
    check(errc::unsupported);
#endif
  }
  check(platform::set_option(native, IPPROTO_TCP, TCP_NODELAY, 1));  // accepted sockets inherit it
  for (const auto& option : options.options.values()) {
    if (const auto set = tidewire::detail::set_socket_option(native, option); !set) {
      throw error(failure(set.error()).with(at.to_string()));
    }
  }
  check(platform::bind(native, address));
  check(platform::listen(native, options.backlog));
  return made;
}

listener listen(std::uint16_t port, listen_options options) {
  try {
    return listen(endpoint(ip_address::any_v6(), port), options);
  } catch (const error& e) {
    // A host without IPv6.
    if (e.code() != std::errc::address_family_not_supported && e.code() != std::errc::address_not_available)
      throw;
    return listen(endpoint(ip_address::any_v4(), port), options);
  }
}

listener adopt_listener(native_socket owned) {
  tidewire::detail::require_kind(owned, SOCK_STREAM, true, tidewire::detail::socket_family::internet,
                                 "adopt a TCP listener");
  return listener(new detail::listener_state(owned, listen_options()));
}

stream adopt(native_socket owned) {
  const native_address remote = tidewire::detail::require_connection(
      owned, tidewire::detail::socket_family::internet, "adopt a TCP connection");
  const auto peer = tidewire::detail::from_sockaddr(remote.get(), remote.size);
  return detail::make_stream(new socket_io(owned, /*fresh=*/true), peer ? *peer : endpoint());
}

}  // namespace tidewire::tcp
