// Telemetry over UDP: sensors number their readings, the collector receives them in batches and counts what
// was lost on the way.
//
//   udp_telemetry    two sensors and a collector on loopback; one sensor leaves out every tenth reading, as a
//   bad
//                    link would:
//
//   sensor 1: 1000 readings, 0 lost
//   sensor 2: 900 readings, 100 lost
#include <tidewire/core.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <span>

namespace tw = tidewire;

// A reading as it goes over the network: sensor, number and value, four bytes each in network order.
struct reading {
  static constexpr std::size_t size = 12;
  std::uint32_t sensor, number, value;

  [[nodiscard]] std::array<std::byte, size> write() const {
    std::array<std::byte, size> bytes;
    const std::span<std::byte, size> all(bytes);
    tw::store_big(all.subspan<0, 4>(), sensor);
    tw::store_big(all.subspan<4, 4>(), number);
    tw::store_big(all.subspan<8, 4>(), value);
    return bytes;
  }
  [[nodiscard]] static std::optional<reading> read(tw::byte_view bytes) {
    if (bytes.size() != size) return std::nullopt;
    const auto all = bytes.first<size>();
    return reading{tw::load_big<std::uint32_t>(all.subspan<0, 4>()),
                   tw::load_big<std::uint32_t>(all.subspan<4, 4>()),
                   tw::load_big<std::uint32_t>(all.subspan<8, 4>())};
  }
};

struct sensor_state {
  std::uint32_t next = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
};

tw::task<> sense(std::uint32_t id, tw::endpoint collector, std::uint32_t leave_out_each) {
  tw::udp::socket socket = tw::udp::connect(collector);
  for (std::uint32_t number = 0; number <= 1000; ++number) {
    // The last one is always sent, so that losses before it show.
    const bool lost = leave_out_each != 0 && number % leave_out_each == 5 && number != 1000;
    if (!lost) co_await socket.send(reading{id, number, 20 + number % 7}.write());
    co_await tw::yield();
  }
}

tw::task<> collect(tw::udp::socket& socket, std::map<std::uint32_t, sensor_state>& sensors) {
  tw::udp::batch batch;
  for (std::size_t finished = 0; finished < 2;) {
    co_await tw::with_timeout(std::chrono::seconds(5), socket.recv_many(batch));
    for (const tw::udp::datagram& each : batch) {
      const auto got = reading::read(each.bytes);
      if (!got || each.truncated()) continue;  // not one of ours
      sensor_state& sensor = sensors[got->sensor];
      if (got->number < sensor.next) continue;  // late or twice
      sensor.lost += got->number - sensor.next;
      sensor.next = got->number + 1;
      if (got->number == 1000) {
        ++finished;
      } else {
        ++sensor.received;
      }
    }
  }
}

tw::task<> demo() {
  tw::udp::socket collector = tw::udp::bind(tw::endpoint(tw::ip_address::loopback_v4(), 0));
  const tw::endpoint at = collector.local_endpoint();
  std::map<std::uint32_t, sensor_state> sensors;
  co_await tw::when_all(collect(collector, sensors), sense(1, at, 0), sense(2, at, 10));
  for (const auto& [id, sensor] : sensors) {
    std::cout << "sensor " << id << ": " << sensor.received << " readings, " << sensor.lost << " lost\n";
  }
}

int main() {
  try {
    tw::run(demo());
  } catch (const std::exception& e) {
    std::cerr << "udp_telemetry: " << e.what() << '\n';
    return 1;
  }
}
