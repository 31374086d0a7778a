// An echo server in one loop, in many threads or in many processes: the handler is the same.
//
//   echo_modes loop|threads|processes [PORT [WORKERS]]
//
// Ctrl-C or SIGTERM stops it when the connections that are there have ended, or after ten seconds. As
// `processes` it replaces workers that die, and all of them, one by one, on SIGHUP.
#include <tidewire/core.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace tw = tidewire;

namespace {

tw::task<> echo(tw::tcp::stream peer) {
  std::array<std::byte, 16 * 1024> buffer;
  while (std::size_t n = co_await peer.read_some(buffer)) co_await peer.write(std::span(buffer).first(n));
}

template <class Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) {
    throw tw::error(tw::errc::misuse, std::string(text) + " is no number that fits");
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::map<std::string_view, tw::serve_mode> modes = {{"loop", tw::serve_mode::one_loop},
                                                            {"threads", tw::serve_mode::threads},
                                                            {"processes", tw::serve_mode::processes}};
  const auto mode = modes.find(argc > 1 ? argv[1] : "");
  if (mode == modes.end() || argc > 4) {
    std::fprintf(stderr, "usage: echo_modes loop|threads|processes [PORT [WORKERS]]\n");
    return 2;
  }
  auto listener = tw::tcp::listen(argc > 2 ? number<std::uint16_t>(argv[2]) : std::uint16_t{7777});
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  const auto log = [](const tw::connection_error& e) {
    std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(e.peer.size()), e.peer.data(),
                 static_cast<int>(e.cause.size()), e.cause.data());
  };
  return tw::run(tw::serve(std::move(listener), echo,
                           {.mode = mode->second,
                            .workers = argc > 3 ? number<std::size_t>(argv[3]) : 0,
                            .drain_timeout = std::chrono::seconds(10),
                            .on_error = log}));
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo_modes: %s\n", e.what());
  return 1;
}
