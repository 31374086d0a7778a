// A connected stream socket under a stream, where sockets can be polled: each call is tried first, and waited
// for only when it would block. It is registered with the loop when it first has to wait.
#pragma once

#include <tidewire/core/transport.hpp>

#include <cstddef>
#include <utility>

#include "sockaddr.hpp"
#include "watched_socket.hpp"

namespace tidewire::detail {

class socket_io final : public watched_socket {
 public:
  /// `tcp`: the system may tell what is left in the socket with each read. `fresh`: data may have come
  /// already.
  socket_io(platform::native_socket native, bool tcp, bool fresh) noexcept
      : watched_socket(native), tcp_(tcp), maybe_readable_(fresh) {}

  bool start_read(read_request& request) noexcept {
    if (maybe_readable_) {
      const platform::attempt got = receive(request.into);
      if (!got.would_block) {
        note(request, got);
        return true;
      }
    }
    reading_ = &request;
    if (const std::error_code failed = wait_read()) {
      request.code = failed;
      return true;
    }
    return false;
  }

  bool start_write(write_request& request) noexcept {
    left_ = 0;
    for (const byte_view& buffer : request.from) left_ += buffer.size();
    writing_ = &request;
    if (send() != progress::blocked) return true;
    if (const std::error_code failed = wait_write()) {
      request.code = failed;
      return true;
    }
    return false;
  }

  /// Connects to `to`; also completed by `write_done`.
  bool start_connect(const native_address& to, io_request& request) noexcept {
    const platform::attempt tried = platform::try_connect(native(), to);
    request.code = tried.code;
    if (!tried.would_block) return true;
    connecting_ = &request;
    if (const std::error_code failed = wait_write()) {
      connecting_ = nullptr;
      request.code = failed;
      return true;
    }
    return false;
  }

  bool start_shutdown(io_request& request) noexcept {
    request.code = platform::shutdown_write(native());
    return true;
  }

 private:
  progress try_read() noexcept override {
    const platform::attempt got = receive(reading_->into);
    if (got.would_block) return progress::blocked;
    note(*reading_, got);
    return maybe_readable_ ? progress::done : progress::drained;
  }
  void read_done(std::error_code failed) noexcept override {
    read_request& request = *reading_;
    request.complete(failed ? failed : request.code, request.transferred);
  }
  progress try_write() noexcept override { return connecting_ != nullptr ? progress::done : send(); }
  void write_done(std::error_code failed) noexcept override {
    if (connecting_ != nullptr) {
      std::exchange(connecting_, nullptr)->complete(failed ? failed : platform::connect_outcome(native()), 0);
      return;
    }
    write_request& request = *writing_;
    request.complete(failed ? failed : request.code, request.transferred);
  }
  void registered() noexcept override { knows_rest_ = tcp_ && platform::tell_rest(native()); }

  [[nodiscard]] platform::attempt receive(byte_span into) const noexcept {
    return knows_rest_ ? platform::try_receive_and_tell(native(), into)
                       : platform::try_receive(native(), into);
  }
  void note(read_request& request, const platform::attempt& got) noexcept {
    request.code = got.code;
    request.transferred = got.bytes;
    maybe_readable_ = !got.drained;
  }

  /// Sends until all has gone, an error, or a wait. What is taken only in part has filled the socket.
  progress send() noexcept {
    write_request& request = *writing_;
    while (left_ > 0) {
      const platform::attempt sent = platform::try_send(native(), request.from, request.transferred);
      request.transferred += sent.bytes;
      left_ -= sent.bytes;
      request.code = sent.code;
      if (sent.code) break;
      if (!sent.drained) return progress::blocked;
    }
    return progress::done;
  }

  read_request* reading_ = nullptr;
  write_request* writing_ = nullptr;
  io_request* connecting_ = nullptr;
  std::size_t left_ = 0;
  const bool tcp_;
  bool knows_rest_ = false;
  bool maybe_readable_;
};

}  // namespace tidewire::detail
