// CPU that a server uses per connection that sends one byte and is closed, in nanoseconds.
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

#include "echo_load.hpp"

namespace {

using namespace tidewire;
using benchmarks::thread_cpu_seconds;
using on_listening = std::function<void(std::uint16_t)>;

constexpr std::size_t connections = 4'000;
constexpr std::size_t at_once = 32;

/// Connects, sends a byte, and waits for the end: so many times, some of them at once.
bool load(std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  for (std::size_t done = 0; done < connections; done += at_once) {
    std::array<int, at_once> sockets;
    for (int& s : sockets) {
      s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (::connect(s, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return false;
      if (::send(s, "x", 1, MSG_NOSIGNAL) != 1) return false;
    }
    for (const int s : sockets) {
      char answer = 0;
      if (::recv(s, &answer, 1, 0) != 0) return false;
      ::close(s);
    }
  }
  return true;
}

task<> take_one_byte(tcp::stream peer, std::size_t& bytes) {
  std::array<std::byte, 16> buffer;
  bytes += co_await peer.read_some(buffer);
}

double serve_with_tidewire(const on_listening& listening, std::size_t& bytes) {
  const auto serve = [&]() -> task<double> {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    const double start = thread_cpu_seconds();
    listening(listener.local_endpoint().port());
    co_await with_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < connections; ++i) {
        tcp::stream peer = co_await listener.accept();
        group.spawn(take_one_byte(std::move(peer), bytes));
      }
    });
    co_return thread_cpu_seconds() - start;
  };
  return run(serve(), {.handle_signals = false});
}

double serve_with_epoll(const on_listening& listening, std::size_t& bytes) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof(at));
  ::listen(listener, 1024);
  socklen_t size = sizeof(at);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);

  const double start = thread_cpu_seconds();
  listening(ntohs(at.sin_port));
  std::array<epoll_event, 256> events;
  std::array<char, 16> buffer;
  for (std::size_t closed = 0; closed < connections;) {
    const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int s = events[static_cast<std::size_t>(i)].data.fd;
      if (s != listener) {
        bytes += static_cast<std::size_t>(::recv(s, buffer.data(), buffer.size(), 0));
        ::close(s);
        ++closed;
        continue;
      }
      for (;;) {
        const int peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer < 0) break;
        event.data.fd = peer;
        ::epoll_ctl(poller, EPOLL_CTL_ADD, peer, &event);
      }
    }
  }
  const double used = thread_cpu_seconds() - start;
  ::close(poller);
  ::close(listener);
  return used;
}

void accept(benchmark::State& state, double (*serve)(const on_listening&, std::size_t&)) {
  for (auto _ : state) {
    std::promise<std::uint16_t> port;
    std::size_t bytes = 0;
    double used = 0;
    std::thread serving([&] { used = serve([&](std::uint16_t at) { port.set_value(at); }, bytes); });
    const bool served = load(port.get_future().get());
    serving.join();
    if (!served || bytes != connections) return state.SkipWithError("wrong answer");
    state.SetIterationTime(used / static_cast<double>(connections));
  }
}

BENCHMARK_CAPTURE(accept, ours, serve_with_tidewire)
    ->Name("core/accept/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(accept, epoll, serve_with_epoll)->Name("core/accept/epoll")->UseManualTime()->Iterations(1);

}  // namespace
