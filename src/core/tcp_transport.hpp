// What tcp.cpp and tcp_connect.cpp make streams of.
#pragma once

#include <tidewire/core/tcp.hpp>

#include <memory>
#include <string>
#include <system_error>

#include "socket_transport.hpp"

namespace tidewire::tcp::detail {

using tidewire::detail::socket_io;

class transport final : public tidewire::detail::socket_transport {
 public:
  transport(socket_io* io, const endpoint& remote) noexcept : socket_transport(io), remote_(remote) {}
  [[nodiscard]] std::string peer_name() const override { return remote_.to_string(); }
  [[nodiscard]] const endpoint& remote() const noexcept { return remote_; }

 private:
  endpoint remote_;
};

[[nodiscard]] inline stream make_stream(socket_io* io, const endpoint& remote) {
  return stream(std::make_unique<transport>(io, remote));
}

[[nodiscard]] inline error failed(const char* operation, const std::string& with, std::error_code code) {
  return error(failure(code).during(operation).with(with));
}

}  // namespace tidewire::tcp::detail
