// Datagrams that the system handed over several in a message (UDP_GRO), until they are taken one by one.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "datagram_slot.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail::platform {

class datagram_backlog {
 public:
  virtual ~datagram_backlog() = default;

  [[nodiscard]] bool empty() const noexcept { return next_ == count_; }
  /// Nothing is held, and `receive` would block.
  [[nodiscard]] bool drained() const noexcept { return empty() && drained_; }
  /// Receives what has come, without waiting. The backlog must be empty.
  [[nodiscard]] virtual attempt receive(native_socket from) noexcept = 0;
  /// Takes out the next datagram, cut to the slot's room. There must be one.
  void take(datagram_slot& into) noexcept {
    const message& from = messages_[next_];
    const std::size_t size = std::min(from.segment, from.bytes.size() - offset_);
    into.full_size = size;
    into.size = std::min(size, into.room.size());
    if (into.size != 0) std::memcpy(into.room.data(), from.bytes.data() + offset_, into.size);
    into.peer = from.peer;
    offset_ += size;
    if (offset_ < from.bytes.size()) return;
    ++next_;
    offset_ = 0;
  }

 protected:
  struct message {
    byte_view bytes;          // datagrams of one sender, one behind the other
    std::size_t segment = 0;  // bytes of each but the last; 0 only of an empty one
    native_address peer;
  };
  static constexpr std::size_t most_messages = 16;  // of one receive

  datagram_backlog() = default;
  datagram_backlog(const datagram_backlog&) = delete;
  datagram_backlog& operator=(const datagram_backlog&) = delete;

  std::array<message, most_messages> messages_;
  std::size_t count_ = 0;   // of messages
  std::size_t next_ = 0;    // the first that is not taken
  std::size_t offset_ = 0;  // in it
  bool drained_ = false;
};

}  // namespace tidewire::detail::platform
