// A program that uses tidewire::tls and sees nothing of OpenSSL: a server that nobody vouches for is refused.
#include <tidewire/core.hpp>
#include <tidewire/crypto.hpp>
#include <tidewire/tls.hpp>

#include <cstdio>

#ifdef OPENSSL_VERSION_NUMBER
#error "a public header includes OpenSSL"
#endif

namespace tw = tidewire;

tw::task<bool> refuses_a_stranger() {
  auto ends = tw::memory_stream_pair();
  const tw::crypto::authority stranger;
  const tw::tls::server_context context(stranger.issue({"localhost"}));
  const auto far = [&]() -> tw::task<> {
    (void)co_await tw::as_result(tw::tls::accept(std::move(ends.second), context));
  };
  bool refused = false;
  const auto near = [&]() -> tw::task<> {
    const auto outcome = co_await tw::as_result(tw::tls::start_tls(std::move(ends.first), "localhost"));
    refused = !outcome && outcome.error() == tw::condition::tls;
  };
  co_await tw::when_all(near(), far());
  co_return refused;
}

int main() {
  const bool refused = tw::run(refuses_a_stranger());
  std::puts(refused ? "refused" : "accepted");
  return refused ? 0 : 1;
}
