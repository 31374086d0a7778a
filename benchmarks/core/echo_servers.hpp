// The servers that the echo benchmarks compare. Each serves `connections` connections on this thread until
// all of them are closed, having called `listening` with its port, and says what CPU it used from the moment
// that all were accepted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace tidewire::benchmarks {

using on_listening = std::function<void(std::uint16_t port)>;

double serve_with_tidewire(std::size_t connections, const on_listening& listening);
double serve_with_epoll(std::size_t connections, const on_listening& listening);
double serve_with_asio_coroutines(std::size_t connections, const on_listening& listening);

}  // namespace tidewire::benchmarks
