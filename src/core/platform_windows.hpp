// The two calls that each message makes.
#pragma once

#include "platform.hpp"

namespace tidewire::detail::platform {

[[nodiscard]] attempt try_receive(native_socket from, byte_span into) noexcept;
[[nodiscard]] attempt try_send(native_socket to, std::span<const byte_view> buffers,
                               std::size_t skip) noexcept;

}  // namespace tidewire::detail::platform
