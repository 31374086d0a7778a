// A program that uses Asio and tidewire::core on one loop: Asio's sockets, opened here, served by the loop
// that the library runs. Where the library is shared, both sides have to have one set of Asio's static
// objects between them.
#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <array>
#include <cstdio>
#include <string_view>

namespace {

using asio::ip::tcp;
using tidewire::use_task;

tidewire::task<bool> talk_to_itself() {
  const tidewire::executor here = co_await tidewire::this_executor();
  asio::io_context& context = tidewire::context_of(here);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket client(context);
  const tcp::endpoint there = acceptor.local_endpoint();
  co_await client.async_connect(there, use_task);
  tcp::socket server = co_await acceptor.async_accept(use_task);

  const std::string_view said = "one loop";
  co_await asio::async_write(client, asio::buffer(said), use_task);
  std::array<char, 8> heard{};
  co_await asio::async_read(server, asio::buffer(heard), use_task);

  bool inside = false;
  asio::dispatch(context, [&inside] { inside = true; });  // at once, for this is the loop's thread
  co_return inside&& std::string_view(heard.data(), heard.size()) == said;
}

}  // namespace

int main() {
  const bool fine = tidewire::run(talk_to_itself());
  std::puts(fine ? "heard" : "lost");
  return fine ? 0 : 1;
}
