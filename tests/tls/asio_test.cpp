// A TLS client in a program that has an io_context already, and wants a callback.
#include <tidewire/asio.hpp>
#include <tidewire/core/tcp.hpp>

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <string>

#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace testing;

task<std::string> ask(std::uint16_t port, const client_context& context) {
  client_options how;
  how.context = &context;
  stream server = co_await connect("127.0.0.1", port, how);
  co_await server.write("hello\n");
  std::string answer = co_await server.read_line();
  co_await server.finish();
  co_return answer;
}

task<> answer_one(tcp::listener& listener, const server_context& context) {
  tcp::stream plain = co_await listener.accept();
  stream client = co_await accept(std::move(plain), context);
  const std::string line = co_await client.read_line();
  co_await client.write("you said ", line, "\n");
  EXPECT_TRUE(co_await client.finish());
}

TEST(TlsInAnAsioProgram, AClientIsAnOperationWithACallback) {
  asio::io_context context;
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  const server_context server(localhost());
  const client_context client = trusting_client();
  spawn(context, answer_one(listener, server), [](std::exception_ptr failed) { EXPECT_FALSE(failed); });

  std::string got;
  spawn(context, ask(listener.local_endpoint().port(), client),
        [&](std::exception_ptr failed, std::string answer) {
          EXPECT_FALSE(failed);
          got = std::move(answer);
        });
  context.run();
  EXPECT_EQ(got, "you said hello");
}

TEST(TlsInAnAsioProgram, AFailureArrivesAsAnException) {
  asio::io_context context;
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  const server_context server(crypto::authority().issue({"127.0.0.1"}));
  const client_context client = trusting_client();
  std::error_code heard;
  const auto code_of = [](const std::exception_ptr& failed) -> std::error_code {
    try {
      if (failed) std::rethrow_exception(failed);
    } catch (const error& why) {
      return why.code();
    }
    return {};
  };
  spawn(context, answer_one(listener, server), [&](std::exception_ptr failed) { heard = code_of(failed); });
  std::error_code refused;
  spawn(context, ask(listener.local_endpoint().port(), client),
        [&](std::exception_ptr failed, const std::string&) { refused = code_of(failed); });
  context.run();
  EXPECT_EQ(refused, errc::missing_issuer);
  EXPECT_EQ(heard, alert::unknown_ca);
}

}  // namespace
}  // namespace tidewire::tls
