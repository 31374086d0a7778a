#include <tidewire/core/tcp.hpp>

#include <string>
#include <utility>

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

class listener_state final : public tidewire::detail::watched_socket {
 public:
  listener_state(platform::native_socket native, const listen_options& options) noexcept
      : watched_socket(native), options_(options) {}
  // A connection that came when nobody waited any more.
  ~listener_state() override {
    if (accepted_.socket != platform::no_socket) platform::close(accepted_.socket);
  }

  [[nodiscard]] const listen_options& options() const noexcept { return options_; }
  [[nodiscard]] bool is_open() const noexcept { return native() != platform::no_socket; }
  [[nodiscard]] bool waiting() const noexcept { return waiting_ != nullptr; }

  /// True if a connection, or an error, is there.
  bool attempt(accept_operation& by) noexcept {
    accepted_ = platform::try_accept(native(), peer_);
    if (!accepted_.would_block) {
      by.code_ = accepted_.code;
      return true;
    }
    if (const std::error_code refused = wait_read()) {
      by.code_ = refused;
      return true;
    }
    waiting_ = &by;
    return false;
  }
  [[nodiscard]] stream take() {
    const auto remote = tidewire::detail::from_sockaddr(peer_.get(), peer_.size);
    auto* const io = new socket_io(std::exchange(accepted_.socket, platform::no_socket), /*fresh=*/true);
    return make_stream(io, remote ? *remote : endpoint());
  }

 private:
  progress try_read() noexcept override {
    accepted_ = platform::try_accept(native(), peer_);
    return accepted_.would_block ? progress::blocked : progress::done;
  }
  void read_done(std::error_code failed) noexcept override {
    accept_operation& by = *std::exchange(waiting_, nullptr);
    by.pending_ = false;
    by.code_ = failed ? failed : accepted_.code;
    if (!is_open()) by.code_ = errc::closed;
    by.wake();
  }
  void loop_ended() noexcept override {
    waiting_ = nullptr;
    watched_socket::loop_ended();
  }

  listen_options options_;
  accept_operation* waiting_ = nullptr;
  platform::accepted accepted_;
  native_address peer_;
};

bool accept_operation::start(tidewire::detail::promise_base& p) {
  tidewire::detail::loop& home = p.owner->home();
  const auto refuse = [this](errc code, const char* why) {
    code_ = code;
    why_ = why;
    return false;
  };
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (from_ == nullptr || !from_->is_open())
    return refuse(errc::closed, "the listener was closed on this side");
  if (from_->attach(home)) return refuse(errc::misuse, "the listener belongs to another loop");
  if (from_->waiting()) return refuse(errc::misuse, "another task is accepting on this listener");
  if (from_->attempt(*this)) {
    if (home.spend()) return false;
    enter(p);
    home.schedule_later(p);
    return true;
  }
  pending_ = true;
  enter(p);
  return true;
}

void accept_operation::cancel() noexcept {
  if (pending_) from_->cancel_read();
}

stream accept_operation::await_resume() {
  if (code_) {
    failure why(code_, why_);
    why.during("accept on");
    if (from_ != nullptr && from_->is_open()) {
      std::error_code ignored;
      const native_address local = platform::local_address(from_->native(), ignored);
      if (const auto at = tidewire::detail::from_sockaddr(local.get(), local.size)) why.with(at->to_string());
    }
    throw error(why);
  }
  return from_->take();
}

}  // namespace detail

endpoint stream::local_endpoint() const {
  return detail::local_endpoint(*this);
}

endpoint stream::remote_endpoint() const {
  return static_cast<detail::transport&>(below()).remote();
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

}  // namespace tidewire::tcp
