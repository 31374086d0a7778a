// A connected socket of TCP or Unix under a stream.
//
// Calls are tried first, directly; Asio comes in only when one would block, and then does the call itself
// when the socket is ready, so that each message costs the system calls of a plain epoll loop. After a read
// that did not fill its buffer the socket is known to be empty, and is not tried again before it was waited
// for. A socket is registered with the loop when it first has to wait.
#pragma once

#include <tidewire/core/transport.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <optional>
#include <utility>

#include "asio_compat.hpp"
#include "loop_service.hpp"
#include "platform.hpp"
#include "pooled_handler.hpp"

namespace tidewire::detail {

template <class Protocol>
class socket_io {
 public:
  using socket_type = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;

  /// Owns `native`, which nobody has registered anywhere.
  socket_io(Protocol protocol, platform::native_socket native) noexcept
      : protocol_(protocol), native_(native) {}
  /// Takes over a connected socket of the loop that it will be used on.
  socket_io(Protocol protocol, socket_type connected)
      : protocol_(protocol), native_(connected.native_handle()), socket_(std::move(connected)) {
    maybe_readable_ = false;
  }
  socket_io(const socket_io&) = delete;
  socket_io& operator=(const socket_io&) = delete;
  ~socket_io() { close(); }

  std::size_t references = 0;

  std::error_code attach(loop& home) {
    if (socket_ && &asio::query(socket_->get_executor(), asio::execution::context) != &context_of(home)) {
      return errc::misuse;
    }
    home_ = &home;
    return {};
  }

  [[nodiscard]] platform::native_socket native() const noexcept { return native_; }
  [[nodiscard]] loop* home() const noexcept { return home_; }
  /// The Asio socket, registered with the loop; throws if that fails.
  [[nodiscard]] socket_type& asio_socket() {
    if (const std::error_code failed = ensure_registered()) throw std::system_error(failed);
    return *socket_;
  }

  bool start_read(read_request& request) noexcept {
    if (maybe_readable_) {
      const platform::attempt got = platform::try_receive(native_, request.into);
      if (!got.would_block) {
        request.code = got.code;
        request.transferred = got.bytes;
        maybe_readable_ = got.bytes == request.into.size();
        return true;
      }
      maybe_readable_ = false;
    }
    if (const std::error_code failed = ensure_registered()) {
      request.code = failed;
      return true;
    }
    reading_ = &request;
    socket_->async_receive(asio::mutable_buffer(request.into.data(), request.into.size()),
                           handler<&socket_io::received>(read_canceler_));
    return false;
  }

  bool start_write(write_request& request) noexcept {
    left_ = 0;
    for (const byte_view& buffer : request.from) left_ += buffer.size();
    writing_ = &request;
    if (!write_more()) return false;
    writing_ = nullptr;
    return true;
  }

  bool start_shutdown(io_request& request) noexcept {
    request.code = platform::shutdown_write(native_);
    return true;
  }

  void cancel_read() noexcept { read_canceler_.emit(asio::cancellation_type::terminal); }
  void cancel_write() noexcept { write_canceler_.emit(asio::cancellation_type::terminal); }

  void close() noexcept {
    if (native_ == platform::no_socket) return;
    if (socket_) {
      std::error_code ignored;
      socket_->close(ignored);
    } else {
      platform::close(native_);
    }
    native_ = platform::no_socket;
  }

  /// Gives the socket away, with nothing pending.
  [[nodiscard]] platform::native_socket release() noexcept {
    if (socket_) {
      std::error_code ignored;
      socket_->release(ignored);
      socket_.reset();
    }
    return std::exchange(native_, platform::no_socket);
  }

 private:
  template <auto Function>
  [[nodiscard]] pooled_handler<socket_io, Function> handler(asio::cancellation_signal& canceler) noexcept {
    return {counted_pointer<socket_io>(this), context_of(*home_).get_executor(), canceler.slot()};
  }

  std::error_code ensure_registered() noexcept {
    if (socket_) return {};
    try {
      socket_.emplace(context_of(*home_));
      std::error_code failed;
      socket_->assign(protocol_, native_, failed);
      if (failed) socket_.reset();
      return failed;
    } catch (const std::bad_alloc&) {
      socket_.reset();
      return std::make_error_code(std::errc::not_enough_memory);
    }
  }

  void received(const std::error_code& failed, std::size_t bytes) noexcept {
    read_request& request = *std::exchange(reading_, nullptr);
    maybe_readable_ = bytes == request.into.size();
    const std::error_code code = from_asio(failed);
    request.complete(code == errc::end_of_stream ? std::error_code() : code, bytes);
  }

  /// Sends until all has gone (true), an error (true), or a wait (false).
  bool write_more() noexcept {
    write_request& request = *writing_;
    while (left_ > 0) {
      const platform::attempt sent = platform::try_send(native_, request.from, request.transferred);
      request.transferred += sent.bytes;
      left_ -= sent.bytes;
      if (sent.code) {
        request.code = sent.code;
        return true;
      }
      if (left_ == 0) break;
      if (const std::error_code failed = ensure_registered()) {
        request.code = failed;
        return true;
      }
      std::size_t skip = request.transferred;
      for (const byte_view& buffer : request.from) {
        if (skip < buffer.size()) {
          socket_->async_send(asio::const_buffer(buffer.data() + skip, buffer.size() - skip),
                              handler<&socket_io::sent>(write_canceler_));
          return false;
        }
        skip -= buffer.size();
      }
    }
    return true;
  }

  void sent(const std::error_code& failed, std::size_t bytes) noexcept {
    writing_->transferred += bytes;
    left_ -= bytes;
    if (failed) {
      writing_->code = from_asio(failed);
    } else if (!write_more()) {
      return;
    }
    write_request& request = *std::exchange(writing_, nullptr);
    request.complete(request.code, request.transferred);
  }

  Protocol protocol_;
  platform::native_socket native_;
  loop* home_ = nullptr;
  std::optional<socket_type> socket_;
  read_request* reading_ = nullptr;
  write_request* writing_ = nullptr;
  std::size_t left_ = 0;
  bool maybe_readable_ = true;
  asio::cancellation_signal read_canceler_;
  asio::cancellation_signal write_canceler_;
};

}  // namespace tidewire::detail
