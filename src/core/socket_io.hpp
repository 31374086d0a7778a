// A connected stream socket under a stream: each call is tried first, and waited for only when it would
// block. It is registered with the loop when it first has to wait.
#pragma once

#include <tidewire/core/transport.hpp>

#include <cstddef>
#include <utility>

#include "platform_calls.hpp"
#include "sockaddr.hpp"
#include "watched_socket.hpp"

namespace tidewire::detail {

class socket_io final : public watched_socket {
 public:
  /// `fresh`: data may have come already.
  socket_io(platform::native_socket native, bool fresh) noexcept
      : watched_socket(native), maybe_readable_(fresh) {}

  bool start_read(read_request& request) noexcept {
    if (maybe_readable_) {
      const platform::attempt got = receive(request);
      if (!got.would_block) {
        note(request, got);
        return true;
      }
    }
    reading_ = &request;
    if (const std::error_code failed = wait_read()) {
      request.fail(failed);
      return true;
    }
    return false;
  }

  bool start_write(write_request& request) noexcept {
    if (send(request) != progress::blocked) return true;
    writing_ = &request;
    sending_ = nullptr;
    if (const std::error_code failed = wait_write()) {
      request.fail(failed);
      return true;
    }
    return false;
  }

  bool start_send_file(io_request& request, const file_part& part) noexcept {
    if (send_file(request, part) != progress::blocked) return true;
    sending_ = &request;
    part_ = &part;
    if (const std::error_code failed = wait_write()) {
      sending_ = nullptr;
      request.fail(failed);
      return true;
    }
    return false;
  }

  /// Connects to `to`; also completed by `write_done`.
  bool start_connect(const native_address& to, io_request& request) noexcept {
    const platform::attempt tried = platform::try_connect(native(), to);
    request.fail(tried.code());
    if (!tried.would_block) return true;
    connecting_ = &request;
    if (const std::error_code failed = wait_connect()) {
      connecting_ = nullptr;
      request.fail(failed);
      return true;
    }
    return false;
  }

  /// Descriptors that are to come with what is read from now on; null: none. Gives back what was set before.
  platform::incoming_rights* receive_with(platform::incoming_rights* rights) noexcept {
    return std::exchange(rights_in_, rights);
  }
  /// Descriptors that go with the next byte that is sent, once.
  byte_span send_with(byte_span rights) noexcept { return std::exchange(rights_out_, rights); }

  /// The stream is gone: its requests must not be touched any more.
  void abandon() noexcept {
    close();
    reading_ = nullptr;
    writing_ = nullptr;
    sending_ = nullptr;
    connecting_ = nullptr;
  }

  bool start_shutdown(io_request& request) noexcept {
    std::error_code failed = platform::shutdown_write(native());
    // A peer that reset the connection is no misuse of the caller's.
    if (failed == std::errc::not_connected) failed = std::make_error_code(std::errc::connection_reset);
    request.fail(failed);
    return true;
  }

 private:
  progress try_read() noexcept override {
    const platform::attempt got = receive(*reading_);
    if (got.would_block) return progress::blocked;
    note(*reading_, got);
    return maybe_readable_ ? progress::done : progress::drained;
  }
  void read_done(std::error_code failed) noexcept override {
    if (reading_ == nullptr) return;
    read_request& request = *reading_;
    if (failed) request.fail(failed);
    request.complete();
  }
  progress try_write() noexcept override {
    if (connecting_ != nullptr) return progress::done;
    return sending_ != nullptr ? send_file(*sending_, *part_) : send(*writing_);
  }
  void write_done(std::error_code failed) noexcept override {
    if (sending_ != nullptr) {
      io_request& request = *std::exchange(sending_, nullptr);
      request.fail(failed);
      request.complete();
      return;
    }
    if (connecting_ != nullptr) {
      io_request& request = *std::exchange(connecting_, nullptr);
      request.fail(failed ? failed : platform::connect_outcome(native()));
      request.complete();
      return;
    }
    if (writing_ == nullptr) return;
    write_request& request = *writing_;
    if (failed) request.fail(failed);
    request.complete();
  }
  void became_readable() noexcept override { maybe_readable_ = true; }

  platform::attempt receive(read_request& request) noexcept {
    if (rights_in_ != nullptr) [[unlikely]]
      return platform::try_receive_rights(native(), request.into, *rights_in_);
    return platform::try_receive(native(), request.into);
  }

  void note(read_request& request, const platform::attempt& got) noexcept {
    request.transferred = got.bytes;
    if (got.error != 0) [[unlikely]]
      request.fail(got.code());
    maybe_readable_ = got.bytes == 0 || got.bytes == request.into.size() || !short_read_drains();
  }

  platform::attempt send_rights(write_request& request) noexcept {
    const platform::attempt sent =
        platform::try_send_rights(native(), request.from, request.transferred, rights_out_);
    if (sent.bytes > 0) rights_out_ = {};
    return sent;
  }

  /// Sends until all has gone, an error, or a wait. What is taken only in part has filled the socket.
  progress send(write_request& request) noexcept {
    for (;;) {
      const platform::attempt sent = rights_out_.empty()
                                         ? platform::try_send(native(), request.from, request.transferred)
                                         : send_rights(request);
      request.transferred += sent.bytes;
      if (sent.error != 0) {
        request.fail(sent.code());
        return progress::done;
      }
      if (!sent.drained) return progress::blocked;
      if (!sent.more) return progress::done;
    }
  }

  progress send_file(io_request& request, const file_part& part) const noexcept {
    const platform::attempt sent = platform::try_send_file(native(), part);
    if (sent.would_block) return progress::blocked;
    request.transferred = sent.bytes;
    request.fail(sent.code());
    return progress::done;
  }

  read_request* reading_ = nullptr;
  write_request* writing_ = nullptr;
  io_request* sending_ = nullptr;  // a part of a file
  const file_part* part_ = nullptr;
  io_request* connecting_ = nullptr;
  platform::incoming_rights* rights_in_ = nullptr;
  byte_span rights_out_;
  bool maybe_readable_;
};

}  // namespace tidewire::detail
