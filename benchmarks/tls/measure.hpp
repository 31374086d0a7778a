// What the benchmarks of TLS share: the identity of servers, what is counted, and the rivals with asio::ssl.
#pragma once

#include <tidewire/crypto/authority.hpp>

#include <malloc.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace tidewire::benchmarks {

inline const crypto::identity& server_identity() {
  static const crypto::identity made = crypto::authority().issue({"127.0.0.1"});
  return made;
}

/// Seconds of CPU that the calling thread used so far, in user and system mode.
inline double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Bytes of the heap in use, large blocks too.
inline double bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

using on_listening = std::function<void(std::uint16_t)>;

inline constexpr std::size_t write_size = 64 * 1024;
inline constexpr std::size_t writes = 4'000;
/// Servers for one client, with callbacks, the fastest that Asio has: the CPU that sending, or receiving,
/// took.
double send_with_asio(const on_listening& listening);
double receive_with_asio(const on_listening& listening);

}  // namespace tidewire::benchmarks
