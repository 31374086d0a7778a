// The address of a socket of any family as text, for messages.
#pragma once

#include <string>

#include "sockaddr.hpp"

namespace tidewire::detail {

/// "127.0.0.1:80", "unix:/run/x", "unix:@abstract", "unix:(unnamed)"; empty for anything else.
[[nodiscard]] std::string name_of(const native_address& address);

}  // namespace tidewire::detail
