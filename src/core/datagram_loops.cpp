// Batches of datagrams where a call of the system takes one.
#include "datagram_backlog.hpp"
#include "datagram_slot.hpp"
#include "platform.hpp"

namespace tidewire::detail::platform {

batch_attempt try_receive_many(native_socket s, std::span<datagram_slot> into) noexcept {
  batch_attempt got;
  for (datagram_slot& slot : into) {
    const datagram_attempt one = try_receive_from(s, slot.room, slot.peer);
    if (one.would_block || one.error != 0) {
      // An error that comes after others is gone with this: the next call cannot tell it.
      got.drained = one.would_block;
      if (got.count == 0) static_cast<attempt&>(got) = one;
      return got;
    }
    slot.size = one.bytes;
    slot.full_size = one.full_size;
    ++got.count;
  }
  return got;
}

batch_attempt try_send_many(native_socket s, std::span<const datagram_slot> from) noexcept {
  batch_attempt sent;
  for (const datagram_slot& slot : from) {
    const attempt one =
        try_send_to(s, slot.room.first(slot.size), slot.peer.size != 0 ? &slot.peer : nullptr);
    if (one.would_block || one.error != 0) {
      if (sent.count == 0) static_cast<attempt&>(sent) = one;
      return sent;
    }
    ++sent.count;
  }
  return sent;
}

std::unique_ptr<datagram_backlog> coalesce_datagrams(native_socket) noexcept {
  return nullptr;
}

}  // namespace tidewire::detail::platform
