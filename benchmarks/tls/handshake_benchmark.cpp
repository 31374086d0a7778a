// CPU that a server uses for a full handshake of TLS 1.3, in nanoseconds, both ends in memory and in one
// thread. The client is OpenSSL; what it uses is taken off. Ours sends its ticket with what it writes first,
// so that there is a second row, with an answer of one byte.
#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/tls/stream.hpp>

#include <benchmark/benchmark.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "measure.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::benchmarks;

constexpr int handshakes = 300;

struct deleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using context_ptr = std::unique_ptr<SSL_CTX, deleter>;
using ssl_ptr = std::unique_ptr<SSL, deleter>;

/// One end that is OpenSSL's, and the CPU it used.
class peer {
 public:
  peer(SSL_CTX* context, bool server) {
    const double start = thread_cpu_seconds();
    ssl_.reset(SSL_new(context));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
    used_ = thread_cpu_seconds() - start;
  }

  /// Gives it what came; takes what it says.
  std::string step(std::string_view came) {
    const double start = thread_cpu_seconds();
    if (!came.empty()) BIO_write(SSL_get_rbio(ssl_.get()), came.data(), static_cast<int>(came.size()));
    done_ = SSL_do_handshake(ssl_.get()) == 1;
    char* at = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &at);
    std::string out(at, static_cast<std::size_t>(size));
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
    used_ += thread_cpu_seconds() - start;
    return out;
  }
  /// Writes one byte; it goes nowhere.
  void answer() {
    const double start = thread_cpu_seconds();
    done_ = SSL_write(ssl_.get(), "x", 1) == 1;
    used_ += thread_cpu_seconds() - start;
  }
  /// Frees it; gives the CPU that all of it took.
  double end() {
    const double start = thread_cpu_seconds();
    ssl_.reset();
    return used_ + thread_cpu_seconds() - start;
  }
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] double used() const { return used_; }

 private:
  ssl_ptr ssl_;
  double used_ = 0;
  bool done_ = false;
};

double with_openssl(SSL_CTX* of_client, bool answers) {
  const context_ptr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), server_identity().leaf().native_handle());
  SSL_CTX_use_PrivateKey(context.get(), server_identity().key.native_handle());
  double used = 0;
  for (int i = 0; i < handshakes; ++i) {
    peer client(of_client, false);
    peer server(context.get(), true);
    std::string said = client.step({});
    for (int turn = 0; turn < 4 && !server.done(); ++turn) {
      said = server.step(said);
      if (!server.done()) said = client.step(said);
    }
    if (answers) server.answer();
    if (!client.done() || !server.done()) throw std::runtime_error("no handshake");
    used += server.end();
  }
  return used;
}

task<> speak(peer& client, tidewire::stream& link) {
  std::array<char, 16 * 1024> buffer{};
  std::string out = client.step({});
  for (;;) {
    co_await link.write(out);
    if (client.done()) co_return;
    const std::size_t n = co_await link.read_some(buffer);
    out = client.step({buffer.data(), n});
  }
}

double with_tidewire(SSL_CTX* of_client, bool answers) {
  const tls::server_context context(server_identity());
  const auto serve = [&](tidewire::stream plain) -> task<> {
    tls::stream secure = co_await tls::accept(std::move(plain), context);
    if (answers) co_await secure.write("x");
  };
  const auto all = [&]() -> task<double> {
    double used = 0;
    for (int i = 0; i < handshakes; ++i) {
      auto [near, far] = memory_stream_pair({.capacity = 4096});
      peer client(of_client, false);
      const double before = client.used();
      const double start = thread_cpu_seconds();
      {
        co_await when_all(speak(client, near), serve(std::move(far)));
        if (!client.done()) throw std::runtime_error("no handshake");
      }
      used += thread_cpu_seconds() - start - (client.used() - before);
    }
    co_return used;
  };
  return run(all(), {.handle_signals = false});
}

void handshake(benchmark::State& state, double (*serve)(SSL_CTX*, bool), bool answers) {
  const context_ptr of_client(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(of_client.get(), TLS1_3_VERSION);
  for (auto _ : state) {
    try {
      state.SetIterationTime(serve(of_client.get(), answers) / handshakes);
    } catch (const std::exception& failed) {
      return state.SkipWithError(failed.what());
    }
  }
}

BENCHMARK_CAPTURE(handshake, a, with_tidewire, false)
    ->Name("tls/handshake/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(handshake, b, with_openssl, false)
    ->Name("tls/handshake/openssl-default")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(handshake, c, with_tidewire, true)
    ->Name("tls/handshake-and-answer/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(handshake, d, with_openssl, true)
    ->Name("tls/handshake-and-answer/openssl-default")
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
