#include "echo_load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

namespace tidewire::benchmarks {

long exchange(std::uint16_t port, std::size_t connections, std::size_t messages) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> sockets;
  for (std::size_t i = 0; i < connections; ++i) {
    const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(s, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return -1;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, s, &event);
    sockets.push_back(s);
  }

  std::array<char, message_size> message;
  const auto fill = [&](std::uint64_t which) {
    for (std::size_t i = 0; i < message.size(); i += 8) std::memcpy(&message[i], &which, 8);
  };
  std::size_t sent = 0;
  std::size_t came = 0;
  long wrong = 0;
  for (std::size_t i = 0; i < connections && sent < messages; ++i, ++sent) {
    fill(i);
    ::send(sockets[i], message.data(), message.size(), MSG_NOSIGNAL);
  }
  std::array<epoll_event, 256> events;
  while (came < sent && wrong == 0) {
    const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 10'000);
    if (ready <= 0) {
      wrong = -1;
      break;
    }
    for (int i = 0; i < ready; ++i) {
      const std::uint64_t which = events[static_cast<std::size_t>(i)].data.u64;
      std::array<char, message_size> back;
      const ssize_t n = ::recv(sockets[which], back.data(), back.size(), MSG_WAITALL);
      if (n != static_cast<ssize_t>(message_size)) {
        wrong = -1;
        break;
      }
      fill(which);
      if (std::memcmp(back.data(), message.data(), message_size) != 0) ++wrong;
      ++came;
      if (sent < messages) {
        ::send(sockets[which], message.data(), message.size(), MSG_NOSIGNAL);
        ++sent;
      }
    }
  }
  for (const int s : sockets) ::close(s);
  ::close(poller);
  return wrong;
}

double thread_cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace tidewire::benchmarks
