// A socket that is tried first, and watched while it would block: the base of what reads, writes or accepts
// on one.
#pragma once

#ifdef __linux__

#include <cstdint>
#include <system_error>

#include "platform.hpp"
#include "tried_socket.hpp"

namespace tidewire::detail {

class epoll_poller;

/// The Linux one: in the loop's own epoll set, edge-triggered, so that waiting again costs no system call.
/// Elsewhere `reactor_socket` does the same with Asio's reactor, and `windows_socket` with its waits.
class watched_socket : public tried_socket {
 public:
  std::error_code attach(loop& asking) noexcept;
  void cancel_read() noexcept { give_up(reading_, &watched_socket::read_done); }
  void cancel_write() noexcept { give_up(writing_, &watched_socket::write_done); }
  /// Closes; what is pending ends with `errc::canceled`.
  void close() noexcept;
  /// Gives the socket away, with nothing pending: no longer watched, not closed.
  [[nodiscard]] platform::native_socket release_native() noexcept;

 protected:
  explicit watched_socket(platform::native_socket native) noexcept : tried_socket(native) {}
  ~watched_socket() override { close(); }

  /// Waits until the socket is readable; then `try_read` is called until it does not answer `blocked`, then
  /// `read_done`. Only when an attempt just blocked, or would.
  /// @return an error if it cannot be watched; nothing is pending then.
  std::error_code wait_read() noexcept;
  /// The same for writing.
  std::error_code wait_write() noexcept;
  /// The same for a connect in progress.
  std::error_code wait_connect() noexcept { return wait_write(); }
  [[nodiscard]] bool waiting_to_read() const noexcept { return reading_; }
  /// Does a read that did not fill its buffer tell that there is nothing more? Not once the end has come.
  [[nodiscard]] bool short_read_drains() const noexcept { return !ended_; }

  /// What was pending is gone.
  void loop_ended() noexcept override;

 private:
  friend class epoll_poller;

  std::error_code find_poller() noexcept;
  std::error_code watch(std::uint32_t events) noexcept;
  void unwatch() noexcept;
  void give_up(bool& pending, void (watched_socket::*done)(std::error_code) noexcept) noexcept;

  std::uint32_t watched_ = 0;  // the events it is registered for
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;  // the peer's end, or an error, was announced
  epoll_poller* poller_ = nullptr;
};

}  // namespace tidewire::detail

#elif defined(_WIN32)

#include "windows_socket.hpp"

namespace tidewire::detail {
class watched_socket : public windows_socket {
 protected:
  using windows_socket::windows_socket;
};
}  // namespace tidewire::detail

#else

#include "reactor_socket.hpp"

namespace tidewire::detail {
class watched_socket : public reactor_socket {
 protected:
  using reactor_socket::reactor_socket;
};
}  // namespace tidewire::detail

#endif
