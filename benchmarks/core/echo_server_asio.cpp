// Asio's coroutines at their best: the executor is io_context's own, not the type-erased one.
#include <asio/awaitable.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>

#include "echo_load.hpp"
#include "echo_servers.hpp"

namespace tidewire::benchmarks {
namespace {

using executor_type = asio::io_context::executor_type;
using token_type = asio::use_awaitable_t<executor_type>;
using socket_type = asio::basic_stream_socket<asio::ip::tcp, executor_type>;
using acceptor_type = asio::basic_socket_acceptor<asio::ip::tcp, executor_type>;

asio::awaitable<void, executor_type> echo(socket_type peer, std::size_t& open, double& end) {
  std::array<char, 16 * 1024> buffer;
  try {
    for (;;) {
      const std::size_t n = co_await peer.async_read_some(asio::buffer(buffer), token_type());
      co_await asio::async_write(peer, asio::buffer(buffer.data(), n), token_type());
    }
  } catch (const std::system_error&) {
  }
  if (--open == 0) end = thread_cpu_seconds();
}

}  // namespace

double serve_with_asio_coroutines(std::size_t connections, const on_listening& listening) {
  asio::io_context context(1);
  acceptor_type acceptor(context.get_executor(),
                         asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  listening(acceptor.local_endpoint().port());
  double start = 0;
  double end = 0;
  std::size_t open = connections;
  const auto accept_all = [&]() -> asio::awaitable<void, executor_type> {
    for (std::size_t i = 0; i < connections; ++i) {
      socket_type peer = co_await acceptor.async_accept(token_type());
      peer.set_option(asio::ip::tcp::no_delay(true));
      asio::co_spawn(context.get_executor(), echo(std::move(peer), open, end), asio::detached);
    }
    start = thread_cpu_seconds();
  };
  asio::co_spawn(context.get_executor(), accept_all(), asio::detached);
  context.run();
  return end - start;
}

}  // namespace tidewire::benchmarks
