#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "platform.hpp"

namespace tidewire::detail::platform {

// libstdc++ and libc++ read CLOCK_MONOTONIC for steady_clock; the coarse one has the same origin.
std::chrono::steady_clock::time_point coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

// Linux 4.18 tells the length of the queue with each message; 1 stands for the end of the stream, too.
bool tell_rest(native_socket s) noexcept {
  const int on = 1;
  return ::setsockopt(s, IPPROTO_TCP, TCP_INQ, &on, sizeof(on)) == 0;
}

attempt try_receive_and_tell(native_socket from, byte_span into) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec vector{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t n = 0;
  do {
    n = ::recvmsg(from, &message, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, {}, true, false};
    return {0, std::error_code(errno, std::system_category()), false, false};
  }
  int rest = 1;
  if (const cmsghdr* const told = CMSG_FIRSTHDR(&message);
      told != nullptr && told->cmsg_level == IPPROTO_TCP && told->cmsg_type == TCP_CM_INQ) {
    std::memcpy(&rest, CMSG_DATA(told), sizeof(rest));
  }
  return {static_cast<std::size_t>(n), {}, false, n > 0 && rest == 0};
}

}  // namespace tidewire::detail::platform
