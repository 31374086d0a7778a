// What Linux, macOS and other POSIX systems share.
#include "platform_posix.hpp"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail::platform {
namespace {

constexpr std::size_t most_vectors = 64;

std::error_code last_error() noexcept {
  return std::error_code(errno, std::system_category());
}

}  // namespace

std::error_code prepare(native_socket s) noexcept {
  const int flags = ::fcntl(s, F_GETFL);
  if (flags < 0 || ::fcntl(s, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(s, F_SETFD, FD_CLOEXEC) != 0) {
    return last_error();
  }
#ifdef SO_NOSIGPIPE
  return set_option(s, SOL_SOCKET, SO_NOSIGPIPE, 1);
#else
  return {};
#endif
}

attempt try_send_rights(native_socket to, std::span<const byte_view> buffers, std::size_t skip,
                        byte_span rights) noexcept {
  std::array<iovec, most_vectors> vectors;
  std::size_t count = 0;
  std::size_t all = 0;
  bool more = false;
  for (const byte_view& buffer : buffers) {
    if (skip >= buffer.size()) {
      skip -= buffer.size();
      continue;
    }
    if (count == vectors.size()) {
      more = true;
      break;
    }
    // sendmsg does not write through iov_base.
    vectors[count++] = {const_cast<std::byte*>(buffer.data()) + skip, buffer.size() - skip};
    all += buffer.size() - skip;
    skip = 0;
  }
  if (all == 0) return {0, 0, false, true};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  if (!rights.empty()) {
    message.msg_control = rights.data();
    message.msg_controllen = static_cast<decltype(message.msg_controllen)>(rights.size());
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(to, &message, send_flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return outcome_of(n);
  return {static_cast<std::size_t>(n), 0, false, static_cast<std::size_t>(n) == all, more};
}

attempt try_gather(native_socket to, std::span<const byte_view> buffers, std::size_t skip) noexcept {
  return try_send_rights(to, buffers, skip, {});
}

attempt try_send_to(native_socket s, byte_view datagram, const native_address* to) noexcept {
  ssize_t n = 0;
  do {
    n = to != nullptr ? ::sendto(s, datagram.data(), datagram.size(), send_flags, to->get(), to->size)
                      : ::send(s, datagram.data(), datagram.size(), send_flags);
  } while (n < 0 && errno == EINTR);
  return outcome_of(n);
}

#ifndef __linux__
// Says that a datagram was cut, but not how long it was.
datagram_attempt try_receive_from(native_socket s, byte_span into, native_address& sender) noexcept {
  iovec vector{into.data(), into.size()};
  msghdr message{};
  message.msg_name = &sender.storage;
  message.msg_namelen = sizeof(sender.storage);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ssize_t n = 0;
  do {
    n = ::recvmsg(s, &message, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  sender.size = message.msg_namelen;
  datagram_attempt got{outcome_of(n)};
  got.full_size = got.bytes + (n >= 0 && (message.msg_flags & MSG_TRUNC) != 0 ? 1 : 0);
  return got;
}
#endif

attempt try_connect(native_socket s, const native_address& to) noexcept {
  if (::connect(s, to.get(), to.size) == 0) return {};
  // Interrupted, a connect goes on as if it had been said to be in progress (POSIX, connect).
  if (errno == EINPROGRESS || errno == EINTR) return {0, 0, true};
  return {0, errno};
}

std::error_code connect_outcome(native_socket s) noexcept {
  int failed = 0;
  if (const std::error_code code = get_option(s, SOL_SOCKET, SO_ERROR, failed)) return code;
  return failed == 0 ? std::error_code() : std::error_code(failed, std::system_category());
}

accepted try_accept(native_socket listener, native_address& peer) noexcept {
  for (;;) {
    peer.size = sizeof(peer.storage);
    auto* const address = reinterpret_cast<sockaddr*>(&peer.storage);
#ifdef __linux__
    const native_socket s = ::accept4(listener, address, &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    const native_socket s = ::accept(listener, address, &peer.size);
#endif
    if (s >= 0) {
#ifndef __linux__
      prepare(s);
#endif
      return {s, {}, false};
    }
    // A connection that broke off before it was accepted is none (POSIX, accept; Linux passes on more of
    // them).
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {no_socket, {}, true};
    return {no_socket, last_error(), false};
  }
}

native_socket open_socket(int family, int type, std::error_code& failed) noexcept {
#ifdef __linux__
  const native_socket s = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
  const native_socket s = ::socket(family, type, 0);
#endif
  if (s < 0) {
    failed = last_error();
    return no_socket;
  }
#ifndef __linux__
  prepare(s);
#endif
  failed = std::error_code();
  return s;
}

std::error_code bind(native_socket s, const native_address& to) noexcept {
  return ::bind(s, to.get(), to.size) == 0 ? std::error_code() : last_error();
}

std::error_code listen(native_socket s, int backlog) noexcept {
  return ::listen(s, backlog) == 0 ? std::error_code() : last_error();
}

native_address local_address(native_socket s, std::error_code& failed) noexcept {
  native_address address;
  address.size = sizeof(address.storage);
  const int done = ::getsockname(s, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  failed = done == 0 ? std::error_code() : last_error();
  return address;
}

native_address remote_address(native_socket s, std::error_code& failed) noexcept {
  native_address address;
  address.size = sizeof(address.storage);
  const int done = ::getpeername(s, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  failed = done == 0 ? std::error_code() : last_error();
  return address;
}

std::error_code set_option(native_socket s, int level, int name, int value) noexcept {
  return ::setsockopt(s, level, name, &value, sizeof(value)) == 0 ? std::error_code() : last_error();
}

std::error_code get_option(native_socket s, int level, int name, int& value) noexcept {
  socklen_t size = sizeof(value);
  return ::getsockopt(s, level, name, &value, &size) == 0 ? std::error_code() : last_error();
}

#ifdef SO_LINGER_SEC  // macOS counts SO_LINGER in ticks
constexpr int linger_name = SO_LINGER_SEC;
#else
constexpr int linger_name = SO_LINGER;
#endif

std::error_code set_linger(native_socket s, bool on, int seconds) noexcept {
  const ::linger value{on ? 1 : 0, seconds};
  return ::setsockopt(s, SOL_SOCKET, linger_name, &value, sizeof(value)) == 0 ? std::error_code()
                                                                              : last_error();
}

std::error_code get_linger(native_socket s, bool& on, int& seconds) noexcept {
  ::linger value{};
  socklen_t size = sizeof(value);
  if (::getsockopt(s, SOL_SOCKET, linger_name, &value, &size) != 0) return last_error();
  on = value.l_onoff != 0;
  seconds = value.l_linger;
  return {};
}

bool is_v6(native_socket s) noexcept {
  std::error_code failed;
  const native_address local = local_address(s, failed);
  return !failed && local.storage.ss_family == AF_INET6;
}

std::vector<std::byte> rights_of(std::span<const native_socket> descriptors) {
  std::vector<std::byte> control(CMSG_SPACE(descriptors.size_bytes()));
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(control.size());
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = static_cast<decltype(header->cmsg_len)>(CMSG_LEN(descriptors.size_bytes()));
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  return control;
}

incoming_rights::incoming_rights(std::size_t limit) : control(CMSG_SPACE(limit * sizeof(native_socket))) {
  descriptors.reserve(limit + 1);  // the padding of the last may be taken for one more
}

attempt try_receive_rights(native_socket from, byte_span into, incoming_rights& rights) noexcept {
  iovec vector{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = rights.control.data();
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(rights.control.size());
#ifdef MSG_CMSG_CLOEXEC
  constexpr int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
#else
  constexpr int flags = MSG_DONTWAIT;
#endif
  ssize_t n = 0;
  do {
    n = ::recvmsg(from, &message, flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return outcome_of(n);
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(native_socket);
    for (std::size_t i = 0; i < count; ++i) {
      native_socket one = no_socket;
      std::memcpy(&one, CMSG_DATA(each) + i * sizeof(one), sizeof(one));
      if (rights.descriptors.size() == rights.descriptors.capacity()) {
        ::close(one);
        rights.truncated = true;
        continue;
      }
#ifndef MSG_CMSG_CLOEXEC
      ::fcntl(one, F_SETFD, FD_CLOEXEC);
#endif
      rights.descriptors.push_back(one);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) rights.truncated = true;
  return outcome_of(n);
}

std::error_code open_unix_pair(int type, std::array<native_socket, 2>& made) noexcept {
#ifdef __linux__
  type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
#endif
  if (::socketpair(AF_UNIX, type, 0, made.data()) != 0) return last_error();
#ifndef __linux__
  for (const native_socket each : made) prepare(each);
#endif
  return {};
}

std::error_code set_file_mode(native_socket s, unsigned permissions) noexcept {
#ifdef __linux__
  return ::fchmod(s, static_cast<mode_t>(permissions)) == 0 ? std::error_code() : last_error();
#else
  static_cast<void>(s);
  static_cast<void>(permissions);
  return {};
#endif
}

file_identity identify_file(const char* path, std::error_code& failed) noexcept {
  struct stat found{};
  failed = ::lstat(path, &found) == 0 ? std::error_code() : last_error();
  return {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino)};
}

unsigned find_interface(std::string_view device, std::error_code& failed) noexcept {
  failed = std::error_code();
  if (device.empty()) return 0;
  std::array<char, IF_NAMESIZE> name{};
  if (const auto address = ip_address::parse(device)) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) {
      failed = last_error();
      return 0;
    }
    for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
      if (each->ifa_addr == nullptr) continue;
      const bool v6 = each->ifa_addr->sa_family == AF_INET6;
      const auto found = from_sockaddr(each->ifa_addr, v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
      if (found && found->address() == *address) {
        std::strncpy(name.data(), each->ifa_name, name.size() - 1);
        break;
      }
    }
    ::freeifaddrs(first);
  } else if (device.size() < name.size()) {
    std::ranges::copy(device, name.begin());
  }
  const unsigned index = ::if_nametoindex(name.data());
  if (index == 0) failed = std::error_code(ENODEV, std::system_category());
  return index;
}

std::error_code set_membership(native_socket s, bool join, unsigned index, const native_address& group,
                               const native_address* source) noexcept {
  const bool v6 = group.storage.ss_family == AF_INET6;
  const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
#ifdef __linux__
  // Else a socket gets the groups that any other on this host has joined, too.
  if (join) set_option(s, level, v6 ? IPV6_MULTICAST_ALL : IP_MULTICAST_ALL, 0);
#endif
  if (source == nullptr) {
    group_req request{};
    request.gr_interface = index;
    request.gr_group = group.storage;
    const int name = join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
    return ::setsockopt(s, level, name, &request, sizeof(request)) == 0 ? std::error_code() : last_error();
  }
  group_source_req request{};
  request.gsr_interface = index;
  request.gsr_group = group.storage;
  request.gsr_source = source->storage;
  const int name = join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP;
  return ::setsockopt(s, level, name, &request, sizeof(request)) == 0 ? std::error_code() : last_error();
}

std::error_code set_multicast_interface(native_socket s, bool v6, unsigned index,
                                        const native_address* own) noexcept {
  if (v6) return set_option(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  if (own != nullptr) {
    std::memcpy(&request.imr_address,
                reinterpret_cast<const char*>(&own->storage) + offsetof(sockaddr_in, sin_addr),
                sizeof(request.imr_address));
  }
  return ::setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) == 0 ? std::error_code()
                                                                                      : last_error();
}

std::error_code shutdown_write(native_socket s) noexcept {
  return ::shutdown(s, SHUT_WR) == 0 ? std::error_code() : last_error();
}

// The new thread has the mask of the one that starts it.
std::thread start_quiet_thread(void (*body)(void*), void* argument) {
  struct mask {
    mask() {
      sigset_t all;
      ::sigfillset(&all);
      for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF}) {
        ::sigdelset(&all, own);
      }
      ::pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~mask() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
  } const masked;
  return std::thread(body, argument);
}

void close(native_socket s) noexcept {
  ::close(s);
}

}  // namespace tidewire::detail::platform
