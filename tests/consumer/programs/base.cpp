// A program that uses tidewire::base and nothing else.
#include <tidewire/base.hpp>

#include <cstdio>

int main() {
  const tidewire::failure refused = tidewire::failure(std::make_error_code(std::errc::connection_refused))
                                        .during("connect")
                                        .with("mail.example.org:587");
  try {
    throw tidewire::error(refused);
  } catch (const tidewire::error& error) {
    // Thrown here, caught here, but its type information and its message come from the library.
    std::puts(error.what());
    return error.code() == tidewire::condition::transient && error.peer() == "mail.example.org:587" ? 0 : 1;
  }
}
