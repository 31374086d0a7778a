// CPU that a server uses to send in writes of 64 KiB, in nanoseconds per write.
#include <tidewire/core.hpp>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "echo_load.hpp"

namespace {

using namespace tidewire;
using benchmarks::thread_cpu_seconds;
using on_listening = std::function<void(std::uint16_t)>;

constexpr std::size_t write_size = 64 * 1024;
constexpr std::size_t writes = 8'000;

/// Reads to the end; gives how much came.
std::size_t load(std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(s, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return 0;
  std::vector<char> buffer(256 * 1024);
  std::size_t all = 0;
  for (;;) {
    const ssize_t n = ::recv(s, buffer.data(), buffer.size(), 0);
    if (n <= 0) break;
    all += static_cast<std::size_t>(n);
  }
  ::close(s);
  return all;
}

double send_with_tidewire(const on_listening& listening) {
  const auto serve = [&]() -> task<double> {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    listening(listener.local_endpoint().port());
    tcp::stream peer = co_await listener.accept();
    const std::vector<std::byte> data(write_size);
    const double start = thread_cpu_seconds();
    for (std::size_t i = 0; i < writes; ++i) co_await peer.write(data);
    co_return thread_cpu_seconds() - start;
  };
  return run(serve(), {.handle_signals = false});
}

double send_with_epoll(const on_listening& listening) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof(at));
  ::listen(listener, 1);
  socklen_t size = sizeof(at);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  listening(ntohs(at.sin_port));
  const int peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  const int on = 1;
  ::setsockopt(peer, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.fd = peer;
  ::epoll_ctl(poller, EPOLL_CTL_ADD, peer, &event);
  const std::vector<char> data(write_size);

  const double start = thread_cpu_seconds();
  std::size_t left = writes * write_size;
  while (left > 0) {
    ::epoll_wait(poller, &event, 1, -1);
    while (left > 0) {
      const std::size_t at_byte = (writes * write_size - left) % write_size;
      const ssize_t n = ::send(peer, data.data() + at_byte, write_size - at_byte, MSG_NOSIGNAL);
      if (n < 0) break;
      left -= static_cast<std::size_t>(n);
      if (static_cast<std::size_t>(n) < write_size - at_byte) break;
    }
  }
  const double used = thread_cpu_seconds() - start;
  ::close(poller);
  ::close(peer);
  ::close(listener);
  return used;
}

void bulk(benchmark::State& state, double (*serve)(const on_listening&)) {
  for (auto _ : state) {
    std::promise<std::uint16_t> port;
    double used = 0;
    std::thread serving([&] { used = serve([&](std::uint16_t at) { port.set_value(at); }); });
    const std::size_t came = load(port.get_future().get());
    serving.join();
    if (came != writes * write_size) return state.SkipWithError("wrong answer");
    state.SetIterationTime(used / static_cast<double>(writes));
  }
}

BENCHMARK_CAPTURE(bulk, ours, send_with_tidewire)->Name("core/bulk/ours")->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(bulk, epoll, send_with_epoll)->Name("core/bulk/epoll")->UseManualTime()->Iterations(1);

}  // namespace
