// One echo server and its load on 50 connections, to be run under callgrind: `core_echo_counted SERVER
// MESSAGES`. The load is a child process, so that what is counted in this one, whose id it prints, is the
// server's.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "echo_load.hpp"
#include "echo_servers.hpp"

int main(int argc, char** argv) {
  using namespace tidewire::benchmarks;
  if (argc != 3) return 2;
  const std::string_view which = argv[1];
  const auto messages = static_cast<std::size_t>(std::strtoul(argv[2], nullptr, 10));
  const auto serve = which == "ours"   ? serve_with_tidewire
                     : which == "asio" ? serve_with_asio_coroutines
                                       : serve_with_epoll;
  std::printf("%d\n", static_cast<int>(::getpid()));
  std::fflush(stdout);
  pid_t load = -1;
  constexpr std::size_t connections = 50;
  serve(connections, [&](std::uint16_t port) {
    load = ::fork();
    if (load == 0) ::_exit(exchange(port, connections, messages) == 0 ? 0 : 1);
  });
  int status = 0;
  ::waitpid(load, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
