// Finds services on the network by multicast: a seeker asks a group, and whoever offers something answers.
//
//   multicast_discovery [DEVICE]    two services and a seeker in one program; DEVICE is the interface, by
//   name or
//                                   address, 127.0.0.1 (this host only) unless told otherwise:
//
//   found printer at 127.0.0.1:9100
//   found scanner at 127.0.0.1:9101
#include <tidewire/core.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <set>
#include <string>
#include <string_view>

namespace tw = tidewire;

constexpr std::string_view question = "who is there? v1";
constexpr std::uint16_t discovery_port = 47'077;

// Of the block for sites (RFC 2365): it never leaves them.
const tw::ip_address group = tw::ip_address::from_v4(0xefff4d07);  // 239.255.77.7

tw::task<> offer(std::string name, std::uint16_t service_port, std::string device) {
  const tw::endpoint any(tw::ip_address::any_v4(), discovery_port);
  tw::udp::socket socket = tw::udp::bind(any, {.shared = true});  // each service of this host has one
  socket.join(group, {.device = device});
  const std::string answer = name + " " + std::to_string(service_port);
  std::array<char, 256> buffer;
  for (;;) {
    const tw::udp::received got = co_await socket.recv_from(buffer);
    if (std::string_view(buffer.data(), got.size) == question) co_await socket.send_to(answer, got.from);
  }
}

tw::task<std::set<std::string>> seek(std::string device, std::size_t wanted) {
  tw::udp::socket socket = tw::udp::bind(tw::endpoint(tw::ip_address::any_v4(), 0));
  socket.set_multicast_device(device);
  std::set<std::string> found;
  std::array<char, 256> buffer;
  for (int attempt = 0; attempt < 5 && found.size() < wanted; ++attempt) {
    co_await socket.send_to(question, tw::endpoint(group, discovery_port));
    for (;;) {  // until nobody answers any more
      const auto got =
          co_await tw::as_result(tw::with_timeout(std::chrono::milliseconds(100), socket.recv_from(buffer)));
      if (!got) break;
      const std::string_view answer(buffer.data(), got->size);
      const std::size_t space = answer.find(' ');
      if (got->truncated() || space == answer.npos) continue;
      const auto port = tw::ascii::parse_unsigned<std::uint16_t>(answer.substr(space + 1));
      if (!port) continue;
      const tw::endpoint at(got->from.address(), *port);
      found.insert(std::string(answer.substr(0, space)) + " at " + at.to_string());
      if (found.size() == wanted) break;
    }
  }
  co_return found;
}

tw::task<> demo(std::string device) {
  std::set<std::string> found;
  const auto find = [&]() -> tw::task<> { found = co_await seek(device, 2); };
  co_await tw::when_any(offer("printer", 9100, device), offer("scanner", 9101, device), find());
  for (const std::string& each : found) std::cout << "found " << each << '\n';
}

int main(int argc, char** argv) {
  try {
    tw::run(demo(argc > 1 ? argv[1] : "127.0.0.1"));
  } catch (const std::exception& e) {
    std::cerr << "multicast_discovery: " << e.what() << '\n';
    return 1;
  }
}
