// What Linux, macOS and other POSIX systems share.
#include "platform_posix.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail::platform {
namespace {

constexpr std::size_t most_vectors = 64;

#ifndef __linux__
void prepare(native_socket s) noexcept {
  ::fcntl(s, F_SETFD, FD_CLOEXEC);
  ::fcntl(s, F_SETFL, ::fcntl(s, F_GETFL) | O_NONBLOCK);
#ifdef SO_NOSIGPIPE
  const int on = 1;
  ::setsockopt(s, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}
#endif

std::error_code last_error() noexcept {
  return std::error_code(errno, std::system_category());
}

}  // namespace

attempt try_gather(native_socket to, std::span<const byte_view> buffers, std::size_t skip) noexcept {
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
  ssize_t n = 0;
  do {
    n = ::sendmsg(to, &message, send_flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return outcome_of(n);
  return {static_cast<std::size_t>(n), 0, false, static_cast<std::size_t>(n) == all, more};
}

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
