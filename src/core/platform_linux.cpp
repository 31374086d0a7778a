#include <tidewire/core/tcp.hpp>
#include <tidewire/core/transport.hpp>

#include <dirent.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "datagram_backlog.hpp"
#include "datagram_slot.hpp"
#include "platform.hpp"
#include "platform_posix.hpp"

namespace tidewire::detail::platform {

// libstdc++ and libc++ read CLOCK_MONOTONIC for steady_clock; the coarse one has the same origin.
std::chrono::steady_clock::time_point coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

namespace {

// sendfile has no MSG_NOSIGNAL, and raises SIGPIPE even where it tells of what it sent before: while this
// lives, this thread gets none of its own making.
class no_broken_pipe {
 public:
  no_broken_pipe() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    pending_before_ = ::sigismember(&pending, SIGPIPE) == 1;
    if (!pending_before_) ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  no_broken_pipe(const no_broken_pipe&) = delete;
  no_broken_pipe& operator=(const no_broken_pipe&) = delete;
  ~no_broken_pipe() {
    if (pending_before_) return;  // one is pending, and so it is blocked
    const timespec at_once{};
    ::sigtimedwait(&pipe_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool pending_before_ = false;
};

}  // namespace

attempt try_send_file(native_socket to, const file_part& part) noexcept {
  const no_broken_pipe quiet;
  auto at = static_cast<off_t>(part.offset);
  ssize_t n = 0;
  do {
    n = ::sendfile(to, part.file, &at, part.count);
  } while (n < 0 && errno == EINTR);
  return outcome_of(n);
}

std::error_code get_connection_info(native_socket s, tcp::connection_info& info) noexcept {
  tcp_info got{};
  auto size = static_cast<socklen_t>(sizeof(got));
  int unacknowledged = 0;
  int unsent = 0;
  if (::getsockopt(s, IPPROTO_TCP, TCP_INFO, &got, &size) != 0 ||
      ::ioctl(s, SIOCOUTQ, &unacknowledged) != 0 || ::ioctl(s, SIOCOUTQNSD, &unsent) != 0) {
    return std::error_code(errno, std::system_category());
  }
  info.round_trip = std::chrono::microseconds(got.tcpi_rtt);
  info.round_trip_deviation = std::chrono::microseconds(got.tcpi_rttvar);
  info.segment_size = got.tcpi_snd_mss;
  info.congestion_window = std::uint64_t{got.tcpi_snd_cwnd} * got.tcpi_snd_mss;
  info.retransmitted = got.tcpi_total_retrans;
  info.unacknowledged = static_cast<std::uint64_t>(unacknowledged);
  info.unsent = static_cast<std::uint64_t>(unsent);
  return {};
}

datagram_attempt try_receive_from(native_socket s, byte_span into, native_address& sender) noexcept {
  ssize_t n = 0;
  do {
    sender.size = sizeof(sender.storage);
    // Asked for by MSG_TRUNC, it tells the size of the datagram and not of what fits.
    n = ::recvfrom(s, into.data(), into.size(), MSG_DONTWAIT | MSG_TRUNC,
                   reinterpret_cast<sockaddr*>(&sender.storage), &sender.size);
  } while (n < 0 && errno == EINTR);
  datagram_attempt got{outcome_of(n)};
  got.full_size = got.bytes;
  got.bytes = std::min(got.bytes, into.size());
  return got;
}

namespace {

constexpr std::size_t most_messages = 64;  // of one call

struct message_list {
  std::array<mmsghdr, most_messages> headers;
  std::array<iovec, most_messages> vectors;
};

}  // namespace

batch_attempt try_receive_many(native_socket s, std::span<datagram_slot> into) noexcept {
  message_list list;
  batch_attempt got;
  while (got.count < into.size()) {
    const auto slots = into.subspan(got.count, std::min(into.size() - got.count, most_messages));
    for (std::size_t i = 0; i < slots.size(); ++i) {
      list.vectors[i] = {slots[i].room.data(), slots[i].room.size()};
      list.headers[i] = {};
      list.headers[i].msg_hdr.msg_name = &slots[i].peer.storage;
      list.headers[i].msg_hdr.msg_namelen = sizeof(slots[i].peer.storage);
      list.headers[i].msg_hdr.msg_iov = &list.vectors[i];
      list.headers[i].msg_hdr.msg_iovlen = 1;
    }
    int n = 0;
    do {
      n = ::recvmmsg(s, list.headers.data(), static_cast<unsigned>(slots.size()), MSG_DONTWAIT | MSG_TRUNC,
                     nullptr);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      const attempt failed = outcome_of(n);
      got.drained = failed.would_block;
      if (got.count == 0) static_cast<attempt&>(got) = failed;
      return got;
    }
    const auto came = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < came; ++i) {
      slots[i].full_size = list.headers[i].msg_len;
      slots[i].size = std::min(slots[i].full_size, slots[i].room.size());
      slots[i].peer.size = list.headers[i].msg_hdr.msg_namelen;
    }
    got.count += came;
    if (came < slots.size()) {
      got.drained = true;
      return got;
    }
  }
  return got;
}

batch_attempt try_send_many(native_socket s, std::span<const datagram_slot> from) noexcept {
  message_list list;
  batch_attempt sent;
  while (sent.count < from.size()) {
    const auto slots = from.subspan(sent.count, std::min(from.size() - sent.count, most_messages));
    for (std::size_t i = 0; i < slots.size(); ++i) {
      list.vectors[i] = {slots[i].room.data(), slots[i].size};
      list.headers[i] = {};
      if (slots[i].peer.size != 0) {
        // sendmmsg does not write through msg_name.
        list.headers[i].msg_hdr.msg_name = const_cast<sockaddr_storage*>(&slots[i].peer.storage);
        list.headers[i].msg_hdr.msg_namelen = slots[i].peer.size;
      }
      list.headers[i].msg_hdr.msg_iov = &list.vectors[i];
      list.headers[i].msg_hdr.msg_iovlen = 1;
    }
    int n = 0;
    do {
      n = ::sendmmsg(s, list.headers.data(), static_cast<unsigned>(slots.size()), send_flags);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      if (sent.count == 0) static_cast<attempt&>(sent) = outcome_of(n);
      return sent;
    }
    sent.count += static_cast<std::size_t>(n);
    if (static_cast<std::size_t>(n) < slots.size()) return sent;
  }
  return sent;
}

namespace {

constexpr int udp_gro = 104;  // UDP_GRO, which older headers lack

class gro_backlog final : public datagram_backlog {
 public:
  explicit gro_backlog(std::unique_ptr<std::byte[]> memory) noexcept : memory_(std::move(memory)) {}

  attempt receive(native_socket from) noexcept override {
    std::array<mmsghdr, most_messages> headers{};
    std::array<iovec, most_messages> vectors;
    std::array<control, most_messages> controls;
    for (std::size_t i = 0; i < most_messages; ++i) {
      vectors[i] = {memory_.get() + i * stride, room};
      headers[i].msg_hdr.msg_name = &messages_[i].peer.storage;
      headers[i].msg_hdr.msg_namelen = sizeof(messages_[i].peer.storage);
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_control = controls[i].bytes;
      headers[i].msg_hdr.msg_controllen = sizeof(controls[i].bytes);
    }
    count_ = next_ = offset_ = 0;
    drained_ = false;
    int n = 0;
    do {
      n = ::recvmmsg(from, headers.data(), most_messages, MSG_DONTWAIT, nullptr);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return outcome_of(n);
    count_ = static_cast<std::size_t>(n);
    drained_ = count_ < most_messages;
    for (std::size_t i = 0; i < count_; ++i) {
      message& each = messages_[i];
      each.bytes = byte_view(memory_.get() + i * stride, headers[i].msg_len);
      each.segment = segment_of(headers[i].msg_hdr, each.bytes.size());
      each.peer.size = headers[i].msg_hdr.msg_namelen;
    }
    return {};
  }

  // No message of UDP is longer, coalesced or not. The rooms begin in distinct sets of the caches. What no
  // message needed was never touched, and is no memory but addresses.
  static constexpr std::size_t room = 65'536;
  static constexpr std::size_t stride = room + 17 * 64;
  static constexpr std::size_t memory_size = stride * most_messages;

 private:
  struct control {
    alignas(cmsghdr) std::byte bytes[256];  // room for what the user may have turned on, too
  };

  static std::size_t segment_of(msghdr& of, std::size_t all) noexcept {
    for (cmsghdr* each = CMSG_FIRSTHDR(&of); each != nullptr; each = CMSG_NXTHDR(&of, each)) {
      int size = 0;
      if (each->cmsg_level != IPPROTO_UDP || each->cmsg_type != udp_gro ||
          each->cmsg_len < CMSG_LEN(sizeof(size)))
        continue;
      std::memcpy(&size, CMSG_DATA(each), sizeof(size));
      if (size > 0) return static_cast<std::size_t>(size);
    }
    return all;
  }

  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace

std::unique_ptr<datagram_backlog> coalesce_datagrams(native_socket s) noexcept {
  std::unique_ptr<std::byte[]> memory(new (std::nothrow) std::byte[gro_backlog::memory_size]);
  if (!memory) return nullptr;
  std::unique_ptr<datagram_backlog> made(new (std::nothrow) gro_backlog(std::move(memory)));
  const int on = 1;
  if (!made || ::setsockopt(s, IPPROTO_UDP, udp_gro, &on, sizeof(on)) != 0) return nullptr;
  return made;
}

option_place place_of(option_id id, bool v6) noexcept {
  switch (id) {
    case option_id::no_delay: return {IPPROTO_TCP, TCP_NODELAY, true};
    case option_id::quick_ack: return {IPPROTO_TCP, TCP_QUICKACK, true};
    case option_id::keep_alive: return {SOL_SOCKET, SO_KEEPALIVE, true};
    case option_id::reuse_address: return {SOL_SOCKET, SO_REUSEADDR, true};
    case option_id::reuse_port: return {SOL_SOCKET, SO_REUSEPORT, true};
    case option_id::receive_buffer: return {SOL_SOCKET, SO_RCVBUF, true};
    case option_id::send_buffer: return {SOL_SOCKET, SO_SNDBUF, true};
    case option_id::not_sent_low_water: return {IPPROTO_TCP, TCP_NOTSENT_LOWAT, true};
    case option_id::user_timeout: return {IPPROTO_TCP, TCP_USER_TIMEOUT, true};
    case option_id::fast_open: return {IPPROTO_TCP, TCP_FASTOPEN, true};
    case option_id::fast_open_connect: return {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, true};
    case option_id::traffic_class:
    case option_id::dscp:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_TCLASS, true} : option_place{IPPROTO_IP, IP_TOS, true};
    case option_id::hop_limit:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_UNICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_TTL, true};
    case option_id::v6_only: return {IPPROTO_IPV6, IPV6_V6ONLY, true};
    case option_id::mark: return {SOL_SOCKET, SO_MARK, true};
    case option_id::broadcast: return {SOL_SOCKET, SO_BROADCAST, true};
    case option_id::multicast_loop:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_LOOP, true};
    case option_id::multicast_hops:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_TTL, true};
    case option_id::linger:
    case option_id::bind_to_device: break;
  }
  return {};
}

std::array<option_place, 3> keep_alive_places() noexcept {
  return {{{IPPROTO_TCP, TCP_KEEPIDLE, true},
           {IPPROTO_TCP, TCP_KEEPINTVL, true},
           {IPPROTO_TCP, TCP_KEEPCNT, true}}};
}

std::error_code identify_peer(native_socket s, peer_identity& peer) noexcept {
  ucred found{};
  socklen_t size = sizeof(found);
  if (::getsockopt(s, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0) {
    return std::error_code(errno, std::system_category());
  }
  peer = {found.uid, found.gid, found.pid};
  return {};
}

std::error_code bind_to_device(native_socket s, bool, const char* name) noexcept {
  const auto size = static_cast<socklen_t>(std::strlen(name));
  if (::setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, size) == 0) return {};
  return std::error_code(errno, std::system_category());
}

std::error_code get_bound_device(native_socket s, bool, std::span<char, 16> name) noexcept {
  static_assert(IFNAMSIZ <= 16);
  auto size = static_cast<socklen_t>(name.size());
  if (::getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) != 0) {
    return std::error_code(errno, std::system_category());
  }
  if (size == 0) name[0] = '\0';
  return {};
}

#if defined(__SANITIZE_THREAD__)
#define TIDEWIRE_THREADS_OF_A_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TIDEWIRE_THREADS_OF_A_SANITIZER 1
#endif
#endif

bool has_other_threads() noexcept {
#ifdef TIDEWIRE_THREADS_OF_A_SANITIZER
  return false;  // it has one of its own
#else
  DIR* const tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  int count = 0;
  while (const dirent* const each = ::readdir(tasks)) count += each->d_name[0] != '.' ? 1 : 0;
  ::closedir(tasks);
  return count > 1;
#endif
}

void end_with_parent(int parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::raise(SIGTERM);  // it ended before
}

}  // namespace tidewire::detail::platform
