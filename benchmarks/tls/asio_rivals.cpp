#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>

#include <string>
#include <vector>

#include "measure.hpp"

namespace tidewire::benchmarks {
namespace {

using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

void set_identity(asio::ssl::context& tls) {
  const std::string chain = server_identity().chain_pem();
  const secret key = server_identity().key.to_pem();
  tls.use_certificate_chain(asio::buffer(chain));
  tls.use_private_key(asio::buffer(key.reveal()), asio::ssl::context::pem);
}

tcp::endpoint any_port() {
  return {asio::ip::address_v4::loopback(), 0};
}

class connection {
 public:
  connection(asio::io_context& context, asio::ssl::context& tls, const on_listening& listening)
      : acceptor_(context, any_port()), stream_(context, tls) {
    listening(acceptor_.local_endpoint().port());
    acceptor_.accept(stream_.lowest_layer());
    stream_.lowest_layer().set_option(tcp::no_delay(true));
    stream_.handshake(asio::ssl::stream_base::server);
  }

  void send() {
    if (done_ == writes) return;
    asio::async_write(stream_, asio::buffer(buffer_), [this](std::error_code failed, std::size_t) {
      ++done_;
      if (!failed) send();
    });
  }
  void receive() {
    if (done_ >= writes * write_size) return;
    stream_.async_read_some(asio::buffer(buffer_), [this](std::error_code failed, std::size_t n) {
      done_ += n;
      if (!failed) receive();
    });
  }

 private:
  tcp::acceptor acceptor_;
  tls_stream stream_;
  std::vector<char> buffer_ = std::vector<char>(write_size, 'x');
  std::size_t done_ = 0;
};

double serve(const on_listening& listening, void (connection::*what)()) {
  asio::ssl::context tls(asio::ssl::context::tls_server);
  set_identity(tls);
  asio::io_context context(1);
  connection peer(context, tls, listening);
  const double start = thread_cpu_seconds();
  (peer.*what)();
  context.run();
  return thread_cpu_seconds() - start;
}

}  // namespace

double send_with_asio(const on_listening& listening) {
  return serve(listening, &connection::send);
}

double receive_with_asio(const on_listening& listening) {
  return serve(listening, &connection::receive);
}

}  // namespace tidewire::benchmarks
