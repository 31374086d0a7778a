// The least that an echo server can do: level-triggered epoll, one receive and one send per message.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "echo_load.hpp"
#include "echo_servers.hpp"

namespace tidewire::benchmarks {

double serve_with_epoll(std::size_t connections, const on_listening& listening) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof(at));
  ::listen(listener, 1024);
  socklen_t size = sizeof(at);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  listening(ntohs(at.sin_port));

  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < connections; ++i) {
    const int s = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int on = 1;
    ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = s;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, s, &event);
  }
  const double start = thread_cpu_seconds();
  std::array<epoll_event, 256> events;
  std::array<char, 16 * 1024> buffer;
  std::size_t open = connections;
  while (open > 0) {
    const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int s = events[static_cast<std::size_t>(i)].data.fd;
      const ssize_t n = ::recv(s, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        ::close(s);
        --open;
        continue;
      }
      ::send(s, buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL);
    }
  }
  const double used = thread_cpu_seconds() - start;
  ::close(poller);
  ::close(listener);
  return used;
}

}  // namespace tidewire::benchmarks
