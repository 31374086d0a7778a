// A datagram socket, of UDP or Unix: each call is tried first, and waited for only when it would block.
#pragma once

#include <tidewire/core/detail/datagram.hpp>

#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "datagram_backlog.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"
#include "watched_socket.hpp"

namespace tidewire::detail {

class datagram_io final : public watched_socket {
 public:
  explicit datagram_io(platform::native_socket native) noexcept : watched_socket(native) {}

  /// Asks the system for the ends, once they are set: messages name them even when the socket is closed.
  void learn_ends() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return native() != platform::no_socket; }
  [[nodiscard]] const native_address& local() const noexcept { return local_; }
  /// The connected peer's end.
  [[nodiscard]] const native_address& remote() const noexcept { return remote_; }
  [[nodiscard]] bool is_connected() const noexcept { return connected_; }
  /// Lets what comes from one sender come in one message from now on, where the system can.
  void coalesce() noexcept {
    if (std::exchange(asked_to_coalesce_, true)) return;
    backlog_ = platform::coalesce_datagrams(native());
  }
  [[nodiscard]] bool coalesces() const noexcept { return backlog_ != nullptr; }
  /// Receives as many as there are, without waiting.
  [[nodiscard]] platform::batch_attempt receive_many(std::span<platform::datagram_slot> into) noexcept;
  /// An IPv4 address as a socket of IPv6 takes it, on such a socket.
  void fit(native_address& to) const noexcept;

  [[nodiscard]] bool receiving() const noexcept { return reading_ != nullptr; }
  /// True if it is done, or failed.
  bool begin(datagram_wait& by) noexcept;
  /// Ends a pending operation soon, with `errc::canceled`.
  void give_up(datagram_wait& by) noexcept;
  /// Knows a pending operation no more: its task is gone.
  void forget(datagram_wait& by) noexcept;

 private:
  progress try_read() noexcept override;
  void read_done(std::error_code failed) noexcept override;
  progress try_write() noexcept override;
  void write_done(std::error_code failed) noexcept override;
  void became_readable() noexcept override { maybe_readable_ = true; }
  void loop_ended() noexcept override;

  bool begin_receive(datagram_wait& by) noexcept;
  bool begin_send(datagram_wait& by) noexcept;
  void note(datagram_try found) noexcept {
    maybe_readable_ = found != datagram_try::drained || !short_read_drains();
  }
  void unlink(datagram_wait& writer) noexcept;

  datagram_wait* reading_ = nullptr;
  datagram_wait* first_writer_ = nullptr;
  datagram_wait* last_writer_ = nullptr;
  bool maybe_readable_ = true;
  bool connected_ = false;
  bool asked_to_coalesce_ = false;
  std::unique_ptr<platform::datagram_backlog> backlog_;
  native_address local_;
  native_address remote_;
};

}  // namespace tidewire::detail
