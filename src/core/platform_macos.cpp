#define __APPLE_USE_RFC_3542  // or some SDKs keep IPV6_TCLASS to themselves

#include <tidewire/core/tcp.hpp>
#include <tidewire/core/transport.hpp>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "platform.hpp"
#include "platform_posix.hpp"

namespace tidewire::detail::platform {

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

attempt try_send_file(native_socket to, const file_part& part) noexcept {
  auto count = static_cast<off_t>(part.count);
  int done = 0;
  do {
    count = static_cast<off_t>(part.count);
    done = ::sendfile(part.file, to, static_cast<off_t>(part.offset), &count, nullptr, 0);
  } while (done != 0 && errno == EINTR && count == 0);
  if (done == 0 || count > 0) return {static_cast<std::size_t>(count)};
  return outcome_of(-1);
}

std::error_code get_connection_info(native_socket s, tcp::connection_info& info) noexcept {
  tcp_connection_info got{};
  auto size = static_cast<socklen_t>(sizeof(got));
  if (::getsockopt(s, IPPROTO_TCP, TCP_CONNECTION_INFO, &got, &size) != 0) {
    return std::error_code(errno, std::system_category());
  }
  info.round_trip = std::chrono::milliseconds(got.tcpi_srtt);
  info.round_trip_deviation = std::chrono::milliseconds(got.tcpi_rttvar);
  info.segment_size = got.tcpi_maxseg;
  info.congestion_window = got.tcpi_snd_cwnd;
  info.retransmitted = got.tcpi_txretransmitpackets;
  info.unacknowledged = got.tcpi_snd_sbbytes;
  return {};
}

option_place place_of(option_id id, bool v6) noexcept {
  switch (id) {
    case option_id::no_delay: return {IPPROTO_TCP, TCP_NODELAY, true};
    case option_id::keep_alive: return {SOL_SOCKET, SO_KEEPALIVE, true};
    case option_id::reuse_address: return {SOL_SOCKET, SO_REUSEADDR, true};
    case option_id::reuse_port: return {SOL_SOCKET, SO_REUSEPORT, true};
    case option_id::receive_buffer: return {SOL_SOCKET, SO_RCVBUF, true};
    case option_id::send_buffer: return {SOL_SOCKET, SO_SNDBUF, true};
    case option_id::not_sent_low_water: return {IPPROTO_TCP, TCP_NOTSENT_LOWAT, true};
    case option_id::user_timeout: return {IPPROTO_TCP, TCP_RXT_CONNDROPTIME, true, 1000};
    case option_id::fast_open: return {IPPROTO_TCP, TCP_FASTOPEN, true};
    case option_id::traffic_class:
    case option_id::dscp:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_TCLASS, true} : option_place{IPPROTO_IP, IP_TOS, true};
    case option_id::hop_limit:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_UNICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_TTL, true};
    case option_id::v6_only: return {IPPROTO_IPV6, IPV6_V6ONLY, true};
    case option_id::broadcast: return {SOL_SOCKET, SO_BROADCAST, true};
    case option_id::multicast_loop:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_LOOP, true};
    case option_id::multicast_hops:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_TTL, true};
    case option_id::quick_ack:
    case option_id::fast_open_connect:
    case option_id::mark:
    case option_id::linger:
    case option_id::bind_to_device: break;
  }
  return {};
}

std::array<option_place, 3> keep_alive_places() noexcept {
  return {{{IPPROTO_TCP, TCP_KEEPALIVE, true},
           {IPPROTO_TCP, TCP_KEEPINTVL, true},
           {IPPROTO_TCP, TCP_KEEPCNT, true}}};
}

std::error_code identify_peer(native_socket s, peer_identity& peer) noexcept {
  uid_t user = 0;
  gid_t group = 0;
  if (::getpeereid(s, &user, &group) != 0) return std::error_code(errno, std::system_category());
  pid_t process = 0;
  socklen_t size = sizeof(process);
  if (::getsockopt(s, SOL_LOCAL, LOCAL_PEERPID, &process, &size) != 0) process = 0;
  peer = {user, group, process};
  return {};
}

std::error_code bind_to_device(native_socket s, bool v6, const char* name) noexcept {
  unsigned index = 0;
  if (name[0] != '\0') {
    index = ::if_nametoindex(name);
    if (index == 0) return std::error_code(errno, std::system_category());
  }
  return v6 ? set_option(s, IPPROTO_IPV6, IPV6_BOUND_IF, static_cast<int>(index))
            : set_option(s, IPPROTO_IP, IP_BOUND_IF, static_cast<int>(index));
}

std::error_code get_bound_device(native_socket s, bool v6, std::span<char, 16> name) noexcept {
  static_assert(IFNAMSIZ <= 16);
  int index = 0;
  const std::error_code failed =
      v6 ? get_option(s, IPPROTO_IPV6, IPV6_BOUND_IF, index) : get_option(s, IPPROTO_IP, IP_BOUND_IF, index);
  if (failed) return failed;
  name[0] = '\0';
  if (index != 0 && ::if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr) {
    return std::error_code(errno, std::system_category());
  }
  return {};
}

bool has_other_threads() noexcept {
  return false;
}

void end_with_parent(int) noexcept {}

}  // namespace tidewire::detail::platform
