// Sockets that came from outside: from a parent, or from another program.
#pragma once

#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail {

enum class socket_family : unsigned char { internet, local };

/// Makes a socket of the system fit to be taken over; throws if it is not of this kind. `type` is the
/// system's, as `SOCK_STREAM`.
void require_kind(native_socket s, int type, bool listens, socket_family family, const char* operation);
/// The same for a connected stream socket: gives the peer's address.
[[nodiscard]] native_address require_connection(native_socket s, socket_family family, const char* operation);

}  // namespace tidewire::detail
