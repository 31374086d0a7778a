// Waits for `socket_io::start_connect`.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/transport.hpp>

#include <system_error>

#include "sockaddr.hpp"
#include "socket_transport.hpp"

namespace tidewire::detail {

class connect_operation final : public leaf<connect_operation>, private io_request {
 public:
  connect_operation(socket_io& io, const native_address& to) noexcept : io_(io), to_(to) {}

  bool start(promise_base& p) {
    if (p.owner->canceled()) {
      fail(errc::canceled);
      return false;
    }
    if (const std::error_code refused = io_.attach(p.owner->home())) {
      fail(refused);
      return false;
    }
    if (io_.start_connect(to_, *this)) return false;
    pending_ = true;
    enter(p);
    return true;
  }
  [[nodiscard]] std::error_code await_resume() const noexcept { return code(); }

 private:
  void cancel() noexcept override {
    if (pending_) io_.cancel_write();
  }
  void completed() noexcept override {
    pending_ = false;
    wake();
  }

  socket_io& io_;
  const native_address& to_;
  bool pending_ = false;
};

}  // namespace tidewire::detail
