#include <asio.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>

asio::awaitable<void> talk(unsigned short port) {
  asio::ip::tcp::socket peer(co_await asio::this_coro::executor);
  co_await peer.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  co_await asio::async_write(peer, asio::buffer("hello\n", 6), asio::use_awaitable);
  std::string data;
  const std::size_t n =
      co_await asio::async_read_until(peer, asio::dynamic_buffer(data), '\n', asio::use_awaitable);
  std::puts(data.substr(0, n - 1).c_str());
}

int main(int, char** argv) {
  asio::io_context context;
  std::exception_ptr failed;
  asio::co_spawn(context, talk(static_cast<unsigned short>(std::atoi(argv[1]))),
                 [&](std::exception_ptr e) { failed = e; });
  context.run();
  return failed ? 1 : 0;
}
