// Echoes lines over a Unix socket, and tells who asked.
//
//   unix_echo server /tmp/echo.sock           serves until Ctrl+C; the file is for this user only
//   unix_echo client /tmp/echo.sock TEXT...   sends each TEXT as a line and prints what comes back
//   unix_echo demo                            both at once:
//
//   a program of user 1000 connected
//   one
//   two
#include <tidewire/core.hpp>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace tw = tidewire;

tw::task<> echo(tw::unix_socket::stream peer) {
  std::cout << "a program of user " << peer.peer_credentials().user << " connected\n";
  while (auto line = co_await peer.next_line()) co_await peer.write(*line, "\n");
}

tw::task<> serve(tw::unix_socket::listener& listener) {
  co_await tw::with_group([&](tw::task_group& peers) -> tw::task<> {
    for (;;) {
      tw::unix_socket::stream peer = co_await listener.accept();
      peers.spawn(echo(std::move(peer)));
    }
  });
}

tw::task<> client(std::string path, std::vector<std::string> texts) {
  tw::unix_socket::stream server = co_await tw::unix_socket::connect(path);
  for (const std::string& text : texts) {
    co_await server.write(text, "\n");
    const std::string answer = co_await server.read_line();
    std::cout << answer << '\n';
  }
}

tw::task<> both(std::string path) {
  tw::unix_socket::listener listener = tw::unix_socket::listen(path, {.permissions = 0600});
  const std::vector<std::string> texts = {"one", "two"};
  co_await tw::when_any(serve(listener), client(path, texts));  // the client ends first, and that both
}

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 1 && arguments[0] == "demo") {
      tw::run(both((std::filesystem::temp_directory_path() / "tidewire_unix_echo.sock").string()));
    } else if (arguments.size() == 2 && arguments[0] == "server") {
      tw::unix_socket::listener listener = tw::unix_socket::listen(arguments[1], {.permissions = 0600});
      tw::run(serve(listener));
    } else if (arguments.size() > 2 && arguments[0] == "client") {
      tw::run(client(arguments[1], std::vector(arguments.begin() + 2, arguments.end())));
    } else {
      std::cerr << "usage: unix_echo demo | server PATH | client PATH TEXT...\n";
      return 2;
    }
  } catch (const std::exception& e) {
    std::cerr << "unix_echo: " << e.what() << '\n';
    return 1;
  }
}
