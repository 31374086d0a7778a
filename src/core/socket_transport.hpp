// The transport of a stream over a connected socket.
#pragma once

#include <tidewire/core/transport.hpp>

#include <string>
#include <utility>

#include "platform.hpp"
#include "socket_io.hpp"

namespace tidewire::detail {

class socket_transport : public transport {
 public:
  /// Takes over the creator's reference.
  explicit socket_transport(socket_io* io) noexcept : io_(io) {}
  ~socket_transport() override {
    io_->abandon();
    io_->release();
  }

  [[nodiscard]] socket_io& io() noexcept { return *io_; }
  [[nodiscard]] const socket_io& io() const noexcept { return *io_; }

  std::error_code attach(loop& home) override { return io_->attach(home); }
  bool start_read(read_request& request) noexcept override { return io_->start_read(request); }
  bool start_write(write_request& request) noexcept override { return io_->start_write(request); }
  [[nodiscard]] bool sends_files() const noexcept override { return platform::sends_files; }
  bool start_send_file(io_request& request, const file_part& part) noexcept override {
    return io_->start_send_file(request, part);
  }
  bool start_shutdown(io_request& request) noexcept override { return io_->start_shutdown(request); }
  void cancel_read() noexcept override { io_->cancel_read(); }
  void cancel_write() noexcept override { io_->cancel_write(); }
  void close() noexcept override { io_->close(); }

 private:
  socket_io* io_;
};

}  // namespace tidewire::detail
