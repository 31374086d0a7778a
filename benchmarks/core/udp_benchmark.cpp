// CPU that a receiver uses per datagram of 64 bytes that it gets, in nanoseconds, while another thread sends
// as fast as it can. What was lost is told beside it: who is slower loses more.
#include <tidewire/core.hpp>

#include <arpa/inet.h>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <future>
#include <span>
#include <thread>

#include "echo_load.hpp"

namespace {

using namespace tidewire;
using benchmarks::thread_cpu_seconds;
using on_bound = std::function<void(std::uint16_t)>;

constexpr std::uint64_t datagrams = 200'000;
constexpr std::uint64_t the_end = ~std::uint64_t{0};
constexpr std::size_t datagram_size = 64;

/// What a receiver got. Datagrams carry their number: on loopback they keep their order.
struct tally {
  std::uint64_t got = 0;
  std::uint64_t next = 0;
  bool wrong = false;

  /// False at the end.
  bool take(std::span<const std::byte> datagram) {
    std::uint64_t number = 0;
    if (datagram.size() != datagram_size) return !(wrong = true);
    std::memcpy(&number, datagram.data(), sizeof(number));
    if (number == the_end) return false;
    if (number < next || number >= datagrams) wrong = true;
    next = number + 1;
    ++got;
    return true;
  }
};

/// Sends all datagrams, then the end, again and again until it was seen. The system cuts the datagrams of a
/// burst from one long one (UDP_SEGMENT), so that sending costs less than any receiving: a receiver that is
/// faster than the sender would be measured in how it sleeps.
void send_all(std::uint16_t port, const std::atomic<bool>& received) {
  constexpr std::size_t at_once = 32;
  const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  if (::connect(s, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) std::abort();
  const int cut = datagram_size;
  if (::setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &cut, sizeof(cut)) != 0) std::abort();
  std::array<std::byte, datagram_size * at_once> burst{};
  for (std::uint64_t number = 0; number < datagrams;) {
    for (std::size_t i = 0; i < at_once; ++i, ++number) {
      std::memcpy(burst.data() + i * datagram_size, &number, sizeof(number));
    }
    ::send(s, burst.data(), burst.size(), 0);
  }
  while (!received) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::memcpy(burst.data(), &the_end, sizeof(the_end));
    ::send(s, burst.data(), datagram_size, 0);
  }
  ::close(s);
}

double receive_batches(const on_bound& bound, tally& all) {
  const auto receive = [&]() -> task<double> {
    udp::socket socket = udp::bind(endpoint(ip_address::loopback_v4(), 0));
    udp::batch batch({.capacity = 64, .datagram_size = 1500});
    const double start = thread_cpu_seconds();
    bound(socket.local_endpoint().port());
    for (;;) {
      co_await socket.recv_many(batch);
      for (const udp::datagram& each : batch) {
        if (!all.take(each.bytes)) co_return thread_cpu_seconds() - start;
      }
    }
  };
  return run(receive(), {.handle_signals = false});
}

double receive_one_by_one(const on_bound& bound, tally& all) {
  const auto receive = [&]() -> task<double> {
    udp::socket socket = udp::bind(endpoint(ip_address::loopback_v4(), 0));
    std::array<std::byte, 1500> buffer;
    const double start = thread_cpu_seconds();
    bound(socket.local_endpoint().port());
    for (;;) {
      const udp::received got = co_await socket.recv_from(buffer);
      if (!all.take(std::span(buffer).first(got.size))) co_return thread_cpu_seconds() - start;
    }
  };
  return run(receive(), {.handle_signals = false});
}

class asio_receiver {
 public:
  explicit asio_receiver(tally& all) : all_(all) {}

  double run(const on_bound& bound) {
    const double start = thread_cpu_seconds();
    bound(socket_.local_endpoint().port());
    receive();
    context_.run();
    return thread_cpu_seconds() - start;
  }

 private:
  void receive() {
    socket_.async_receive_from(asio::buffer(buffer_), from_, [this](std::error_code, std::size_t size) {
      if (all_.take(std::span(buffer_).first(size))) receive();
    });
  }

  tally& all_;
  asio::io_context context_{1};
  asio::ip::udp::socket socket_{context_, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0)};
  asio::ip::udp::endpoint from_;
  std::array<std::byte, 1500> buffer_;
};

double receive_with_asio(const on_bound& bound, tally& all) {
  return asio_receiver(all).run(bound);
}

/// What the runs of a receiver lost so far, in percent each.
struct losses {
  double sum = 0;
  int runs = 0;

  [[nodiscard]] double mean() const { return sum / runs; }
};
losses ours;
losses rivals;

/// What is lost costs nothing to receive: losing more must not look fast. A single run says little, as who
/// loses depends on when the sender got the processor.
bool loses_more_than_rival() {
  return ours.runs >= 5 && rivals.runs >= 5 && ours.mean() > rivals.mean() + 10;
}

void receive(benchmark::State& state, double (*receiver)(const on_bound&, tally&), losses* lost) {
  std::uint64_t got = 0;
  for (auto _ : state) {
    std::promise<std::uint16_t> port;
    std::atomic<bool> received = false;
    tally all;
    double used = 0;
    std::thread receiving([&] {
      used = receiver([&](std::uint16_t at) { port.set_value(at); }, all);
      received = true;
    });
    send_all(port.get_future().get(), received);
    receiving.join();
    if (all.wrong || all.got == 0) return state.SkipWithError("wrong answer");
    state.SetIterationTime(used / static_cast<double>(all.got));
    got += all.got;
  }
  const auto sent = static_cast<double>(datagrams) * static_cast<double>(state.iterations());
  const double lost_percent = 100 * (1 - static_cast<double>(got) / sent);
  state.counters["lost_percent"] = lost_percent;
  if (lost == nullptr) return;
  lost->sum += lost_percent;
  ++lost->runs;
  if (loses_more_than_rival()) state.SkipWithError("ours loses more datagrams than the rival");
}

BENCHMARK_CAPTURE(receive, ours, receive_batches, &ours)
    ->Name("core/udp/receive/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(receive, asio, receive_with_asio, &rivals)
    ->Name("core/udp/receive/asio")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(receive, one_by_one, receive_one_by_one, nullptr)
    ->Name("core/udp/receive-one/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(receive, asio_one_by_one, receive_with_asio, nullptr)
    ->Name("core/udp/receive-one/asio")
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
