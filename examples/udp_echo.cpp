// Echoes datagrams: each peer is a conversation, served by a task of its own.
//
//   udp_echo server 7777                     serves until Ctrl+C
//   udp_echo client 127.0.0.1:7777 TEXT...   sends each TEXT and prints what comes back
//   udp_echo                                 both at once, on loopback:
//
//   one: 3 bytes came back
//   three: 5 bytes came back
#include <tidewire/core.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw = tidewire;

tw::task<> echo(tw::udp::conversation peer) {
  std::array<char, 2048> buffer;
  while (auto got = co_await peer.receive(buffer)) co_await peer.send(std::span(buffer).first(got->size));
}

tw::task<> client(tw::endpoint server, std::vector<std::string> texts) {
  tw::udp::socket socket = tw::udp::connect(server);
  std::array<char, 2048> buffer;
  for (const std::string& text : texts) {
    co_await socket.send(text);
    // A datagram may be lost, and nobody tells: do not wait for ever.
    const tw::udp::received got =
        co_await tw::with_timeout(std::chrono::seconds(2), socket.recv_from(buffer));
    std::cout << std::string_view(buffer.data(), got.size) << ": " << got.size << " bytes came back\n";
  }
}

tw::task<> both() {
  tw::udp::server server(tw::udp::bind(tw::endpoint(tw::ip_address::loopback_v4(), 0)));
  const auto ask = [&]() -> tw::task<> {
    const std::vector<std::string> texts = {"one", "three"};
    co_await client(server.at().local_endpoint(), texts);
    server.stop();
  };
  co_await tw::when_all(server.run(echo), ask());
}

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.empty()) {
      tw::run(both());
    } else if (arguments.size() == 2 && arguments[0] == "server") {
      const auto port = tw::ascii::parse_unsigned<std::uint16_t>(arguments[1]);
      tw::udp::server server(tw::udp::bind(port.value()));
      tw::run(server.run(echo));
    } else if (arguments.size() > 2 && arguments[0] == "client") {
      const tw::endpoint server = tw::endpoint::parse(arguments[1]).value();
      tw::run(client(server, std::vector(arguments.begin() + 2, arguments.end())));
    } else {
      std::cerr << "usage: udp_echo [server PORT | client ADDRESS:PORT TEXT...]\n";
      return 2;
    }
  } catch (const std::exception& e) {
    std::cerr << "udp_echo: " << e.what() << '\n';
    return 1;
  }
}
