// CPU that a server uses to send, and to receive, 64 KiB over TLS 1.3 with AES-128-GCM, in nanoseconds. The
// client is OpenSSL on a blocking socket in another thread.
#include <tidewire/core/run.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/tls/stream.hpp>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <vector>

#include "measure.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::benchmarks;

class client {
 public:
  explicit client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    ssl_ = SSL_new(context);
    SSL_CTX_free(context);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0 &&
                 SSL_set_fd(ssl_, socket_) == 1 && SSL_connect(ssl_) == 1;
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() {
    SSL_free(ssl_);
    ::close(socket_);
  }

  /// How many bytes came.
  std::size_t receive() {
    std::vector<char> buffer(256 * 1024);
    std::size_t all = 0;
    while (connected_ && all < writes * write_size) {
      std::size_t n = 0;
      if (SSL_read_ex(ssl_, buffer.data(), buffer.size(), &n) != 1) break;
      if (buffer[0] != 'x' || buffer[n - 1] != 'x') return 0;
      all += n;
    }
    return all;
  }
  /// How many bytes went out and were received: the server closes when it has all.
  std::size_t send() {
    const std::vector<char> buffer(write_size, 'x');
    std::size_t all = 0;
    while (connected_ && all < writes * write_size) {
      std::size_t n = 0;
      if (SSL_write_ex(ssl_, buffer.data(), buffer.size(), &n) != 1) break;
      all += n;
    }
    char byte = 0;
    return connected_ && SSL_read(ssl_, &byte, 1) <= 0 ? all : 0;
  }

 private:
  int socket_;
  SSL* ssl_;
  bool connected_;
};

task<tls::stream> accept_one(const on_listening& listening, const tls::server_context& context) {
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  listening(listener.local_endpoint().port());
  tidewire::stream plain = co_await listener.accept();
  co_return co_await tls::accept(std::move(plain), context);
}

double send_with_tidewire(const on_listening& listening) {
  const tls::server_context context(server_identity());
  const auto serve = [&]() -> task<double> {
    tls::stream peer = co_await accept_one(listening, context);
    const std::vector<char> data(write_size, 'x');
    const double start = thread_cpu_seconds();
    for (std::size_t i = 0; i < writes; ++i) co_await peer.write(data);
    co_return thread_cpu_seconds() - start;
  };
  return run(serve(), {.handle_signals = false});
}

double receive_with_tidewire(const on_listening& listening) {
  const tls::server_context context(server_identity());
  const auto serve = [&]() -> task<double> {
    tls::stream peer = co_await accept_one(listening, context);
    std::vector<char> buffer(write_size);
    const double start = thread_cpu_seconds();
    for (std::size_t all = 0; all < writes * write_size;) all += co_await peer.read_some(buffer);
    co_return thread_cpu_seconds() - start;
  };
  return run(serve(), {.handle_signals = false});
}

/// OpenSSL on a blocking socket: it can serve but one peer, and does nothing beside TLS and system calls.
double serve_blocking(const on_listening& listening, void (*what)(SSL*)) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, server_identity().leaf().native_handle());
  SSL_CTX_use_PrivateKey(context, server_identity().key.native_handle());
  SSL* const ssl = SSL_new(context);
  SSL_CTX_free(context);
  int peer = -1;
  {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    listening(listener.local_endpoint().port());
    pollfd ready{listener.native_handle(), POLLIN, 0};
    ::poll(&ready, 1, -1);
    peer = ::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  double used = 0;
  if (SSL_set_fd(ssl, peer) == 1 && SSL_accept(ssl) == 1) {
    const double start = thread_cpu_seconds();
    what(ssl);
    used = thread_cpu_seconds() - start;
  }
  SSL_free(ssl);
  ::close(peer);
  return used;
}

double send_blocking(const on_listening& listening) {
  return serve_blocking(listening, [](SSL* ssl) {
    const std::vector<char> data(write_size, 'x');
    std::size_t n = 0;
    for (std::size_t i = 0; i < writes; ++i) SSL_write_ex(ssl, data.data(), data.size(), &n);
  });
}

double receive_blocking(const on_listening& listening) {
  return serve_blocking(listening, [](SSL* ssl) {
    std::vector<char> buffer(write_size);
    std::size_t n = 0;
    for (std::size_t all = 0; all < writes * write_size; all += n) {
      if (SSL_read_ex(ssl, buffer.data(), buffer.size(), &n) != 1) return;
    }
  });
}

void transfer(benchmark::State& state, double (*serve)(const on_listening&), std::size_t (client::*what)()) {
  for (auto _ : state) {
    std::promise<std::uint16_t> port;
    double used = 0;
    std::thread serving([&] { used = serve([&](std::uint16_t at) { port.set_value(at); }); });
    std::size_t moved = 0;
    {
      client peer(port.get_future().get());
      moved = (peer.*what)();
    }
    serving.join();
    if (moved != writes * write_size) return state.SkipWithError("wrong answer");
    state.SetIterationTime(used / static_cast<double>(writes));
  }
}

BENCHMARK_CAPTURE(transfer, a, send_with_tidewire, &client::receive)
    ->Name("tls/send/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(transfer, b, send_with_asio, &client::receive)
    ->Name("tls/send/asio-ssl")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(transfer, e, send_blocking, &client::receive)
    ->Name("tls/send/openssl-blocking")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(transfer, c, receive_with_tidewire, &client::send)
    ->Name("tls/receive/ours")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(transfer, d, receive_with_asio, &client::send)
    ->Name("tls/receive/asio-ssl")
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(transfer, f, receive_blocking, &client::send)
    ->Name("tls/receive/openssl-blocking")
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
