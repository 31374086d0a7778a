// A descriptor that Asio's reactor watches for us, on systems that poll (epoll, kqueue).
//
// Asio's own operations cost a system call more than a plain poll loop does: they try once more after each
// message to see that nothing is left, or re-arm the descriptor. Here the operation is ours: it says itself
// when the descriptor is known to be drained, lives in this object (no allocation), and is tried only when
// there is hope. It uses asio::detail, whose interface for this is the same from 1.12 to the current version.
#pragma once

#include <system_error>

#include "asio_reactor.hpp"
#include "platform.hpp"
#include "tried_socket.hpp"

namespace tidewire::detail {

class reactor_socket : public tried_socket {
 public:
  void cancel_read() noexcept { cancel(read_); }
  void cancel_write() noexcept { cancel(write_); }
  /// Closes; what is pending ends with `errc::canceled`, soon.
  void close() noexcept;
  /// Gives the socket away, with nothing pending: no longer watched, not closed.
  [[nodiscard]] platform::native_socket release_native() noexcept;

 protected:
  explicit reactor_socket(platform::native_socket native) noexcept : tried_socket(native) {}
  ~reactor_socket() override { close(); }

  /// Waits until the socket is readable; then `try_read` is called until it does not answer `blocked`, then
  /// `read_done`. Only when an attempt just blocked, or would.
  /// @return an error if it cannot be watched; nothing is pending then.
  std::error_code wait_read() noexcept { return wait(read_); }
  /// The same where an attempt may find something at once, made when others have had their turn.
  void read_again() noexcept;
  /// The same for writing.
  std::error_code wait_write() noexcept { return wait(write_); }
  /// The same for a connect in progress.
  std::error_code wait_connect() noexcept { return wait_write(); }
  [[nodiscard]] bool waiting_to_read() const noexcept { return read_.pending; }
  /// Does a read that did not fill its buffer tell that there is nothing more? The end may have come with it.
  [[nodiscard]] static bool short_read_drains() noexcept { return false; }

  /// What was pending is gone.
  void loop_ended() noexcept override;

 private:
  using reactor = asio::detail::reactor;

  struct operation final : asio::detail::reactor_op {
    operation(reactor_socket& of, int kind) noexcept;
    static status perform(asio::detail::reactor_op* base) noexcept;
    static void complete(void* owner, asio::detail::operation* base, const std::error_code&, std::size_t);

    reactor_socket& socket;
    const int direction;
    bool pending = false;
    bool just_tried = false;
    bool untried = false;  // on its way to an attempt
  };

  std::error_code wait(operation& op) noexcept;
  void cancel(operation& op) noexcept;
  void unwatch(bool closing) noexcept;

  reactor* reactor_ = nullptr;
  reactor::per_descriptor_data watched_ = nullptr;
  operation read_{*this, reactor::read_op};
  operation write_{*this, reactor::write_op};
};

}  // namespace tidewire::detail
