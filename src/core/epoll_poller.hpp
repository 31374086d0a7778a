// The epoll set of a loop, on Linux. It is one descriptor among those of Asio's reactor, which says when it
// has events; these are then taken many at a time and go straight to the sockets. Asio's scheduler is passed
// once a batch, and not once a message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include "reactor_socket.hpp"
#include "watched_socket.hpp"

struct epoll_event;

namespace tidewire::detail {

class epoll_poller final : public reactor_socket {
 public:
  /// The one of a loop, made when first asked for; throws `std::system_error` if there is no descriptor left.
  [[nodiscard]] static epoll_poller& of(loop& home);

  explicit epoll_poller(loop& home);

  std::error_code add(watched_socket& socket, std::uint32_t events) noexcept;
  std::error_code change(watched_socket& socket, std::uint32_t events) noexcept;
  void remove(watched_socket& socket) noexcept;
  /// Sees to it that events are waited for.
  std::error_code start() noexcept {
    return dealing_ || waiting_to_read() ? std::error_code() : wait_for_events();
  }
  /// Nobody waits any more on `home`: its context must not be kept busy.
  static void rest(loop& home) noexcept;
  /// Keeps a socket that is closed while a batch is dealt out: it may be in the batch.
  void keep_until_dealt(watched_socket& socket) noexcept;

 private:
  static constexpr int batch = 256;

  std::error_code wait_for_events() noexcept;
  void deal_batch() noexcept;
  void deal(watched_socket& socket, std::uint32_t events) noexcept;
  progress try_read() noexcept override;
  void read_done(std::error_code failed) noexcept override;

  std::vector<epoll_event> events_;
  int ready_ = 0;  // of the last batch
  bool dealing_ = false;
  std::vector<watched_socket*> closed_;
};

}  // namespace tidewire::detail
