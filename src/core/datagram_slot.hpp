// One datagram of a batch.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <cstddef>

#include "sockaddr.hpp"

namespace tidewire::detail::platform {

struct datagram_slot {
  byte_span room;
  std::size_t size = 0;       // of what is in it
  std::size_t full_size = 0;  // of what came
  native_address peer;        // whom it is from or for; none if its size is 0
};

}  // namespace tidewire::detail::platform
