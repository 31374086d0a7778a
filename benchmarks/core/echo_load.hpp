// The load of the echo benchmarks: one thread with plain epoll that keeps one message in flight on each of
// many connections, and checks every byte that comes back. The same for every server measured.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidewire::benchmarks {

inline constexpr std::size_t message_size = 64;

/// Connects `connections` times to 127.0.0.1:`port`, exchanges `messages` messages in all, and closes.
/// @return how many came back wrong, or -1 if the server broke off.
long exchange(std::uint16_t port, std::size_t connections, std::size_t messages);

/// Seconds of CPU that the calling thread used so far, in user and system mode.
double thread_cpu_seconds();

}  // namespace tidewire::benchmarks
