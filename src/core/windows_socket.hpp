// A socket that is tried first, and waited for while it would block, on Windows: the same interface as
// `watched_socket` elsewhere. Windows completes instead of polling: a stream is waited for by a receive of no
// bytes on Asio's completion port, which scales to any number of sockets. What that cannot wait for
// (listeners, connects, datagrams, room to send) is waited for by Asio's `select`, on a thread of its own.
#pragma once

#include <tidewire/core/detail/loop.hpp>

// clang-format off
#include <asio/io_context.hpp>
#include <asio/detail/select_reactor.hpp>
#include <asio/detail/reactor_op.hpp>
// clang-format on
#include <asio/basic_stream_socket.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <memory>
#include <system_error>

#include "platform.hpp"
#include "tried_socket.hpp"

namespace tidewire::detail {

class windows_socket : public tried_socket {
 public:
  /// From the making of a loop: Asio's service for sockets, which closes all of its own when the context
  /// ends, comes into being before the loop, and so ends after it. Until then sockets can be saved for
  /// another loop.
  static void prepare(asio::io_context& context);

  void cancel_read() noexcept;
  void cancel_write() noexcept { cancel(write_); }
  /// Closes; what is pending ends with `errc::canceled`, soon.
  void close() noexcept;
  /// Gives the socket away, with nothing pending: no longer watched, not closed. A stream that waited to read
  /// is tied to the completion port of its loop; where the system cannot undo that (Windows before 8.1, Wine)
  /// it is closed, and `no_socket` given.
  [[nodiscard]] platform::native_socket release_native() noexcept;

 protected:
  explicit windows_socket(platform::native_socket native) noexcept : tried_socket(native) {}
  ~windows_socket() override { close(); }

  /// Waits until the socket is readable; then `try_read` is called until it does not answer `blocked`, then
  /// `read_done`. Only when an attempt just blocked, or would.
  /// @return an error if it cannot be watched; nothing is pending then.
  std::error_code wait_read() noexcept;
  /// The same for writing.
  std::error_code wait_write() noexcept { return select(write_, reactor::write_op); }
  /// The same for a connect in progress, whose failure makes a socket anything but writable here.
  std::error_code wait_connect() noexcept { return select(write_, reactor::connect_op); }
  [[nodiscard]] bool waiting_to_read() const noexcept { return read_.pending; }
  /// Does a read that did not fill its buffer tell that there is nothing more? The end may have come with it.
  [[nodiscard]] static bool short_read_drains() noexcept { return false; }

  /// What was pending is gone.
  void loop_ended() noexcept override;

 private:
  using reactor = asio::detail::select_reactor;
  using stream_socket =
      asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

  // The reactor's thread only finds out that the socket is ready; the attempt is made on the loop's.
  struct operation final : asio::detail::reactor_op {
    explicit operation(windows_socket& of) noexcept;
    static status perform(asio::detail::reactor_op*) noexcept { return done; }
    static void complete(void* owner, asio::detail::operation* base, const std::error_code&, std::size_t);

    windows_socket& socket;
    int kind = 0;
    bool pending = false;
  };

  std::error_code select(operation& op, int kind) noexcept;
  std::error_code receive_nothing() noexcept;
  void cancel(operation& op) noexcept;
  void ready(operation& op, std::error_code failed) noexcept;
  void unwatch() noexcept;

  reactor* reactor_ = nullptr;
  reactor::per_descriptor_data watched_;
  operation read_{*this};
  operation write_{*this};
  std::unique_ptr<stream_socket> stream_;  // once it waited by a receive of no bytes
  asio::cancellation_signal stream_canceler_;
};

}  // namespace tidewire::detail
