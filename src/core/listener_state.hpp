// A socket that listens, of TCP or Unix.
#pragma once

#include <tidewire/core/detail/accept.hpp>

#include <string>
#include <system_error>

#include "platform.hpp"
#include "sockaddr.hpp"
#include "socket_transport.hpp"
#include "watched_socket.hpp"

namespace tidewire::detail {

class listener_state : public watched_socket {
 public:
  explicit listener_state(platform::native_socket native) noexcept : watched_socket(native) {}

  [[nodiscard]] bool is_open() const noexcept { return native() != platform::no_socket; }
  [[nodiscard]] bool waiting() const noexcept { return waiting_ != nullptr; }
  /// Where it listens, for messages: only while it is open.
  [[nodiscard]] virtual std::string name() const = 0;

  /// True if a connection, or an error, is there.
  bool attempt(accept_wait& by) noexcept;
  /// The connection that was accepted, once.
  [[nodiscard]] socket_io* take();
  /// Whose it is.
  [[nodiscard]] const native_address& peer() const noexcept { return peer_; }

 protected:
  // A connection that came when nobody waited any more.
  ~listener_state() override {
    if (accepted_.socket != platform::no_socket) platform::close(accepted_.socket);
  }

 private:
  progress try_read() noexcept override;
  void read_done(std::error_code failed) noexcept override;
  void loop_ended() noexcept override;

  accept_wait* waiting_ = nullptr;
  platform::accepted accepted_;
  native_address peer_;
};

}  // namespace tidewire::detail
