// A program that uses tidewire::core and does not see Asio.
#include <tidewire/core.hpp>

#include <chrono>
#include <cstdio>

#ifdef ASIO_VERSION
#error "a public header other than <tidewire/asio.hpp> includes Asio"
#endif

using namespace std::chrono_literals;

namespace {

tidewire::task<int> forty_two() {
  co_await tidewire::sleep_for(1ms);
  co_return 42;
}

}  // namespace

int main() {
  if (tidewire::run(forty_two()) != 42) return 1;
  try {
    tidewire::run(tidewire::with_timeout(1ms, tidewire::sleep_for(1h)));
  } catch (const tidewire::error& error) {
    // Thrown in the library, caught in the program.
    std::puts(error.what());
    return error.code() == tidewire::condition::timeout ? 0 : 1;
  }
  return 1;
}
