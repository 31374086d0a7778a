#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"
#include "support/cancellation.hpp"

namespace tidewire::tls {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using tidewire::testing::outcome_if_canceled_before;
using tidewire::testing::outcome_if_canceled_midway;

TEST(TlsStream, CarriesTextBothWays) {
  const auto check = []() -> task<> {
    const client_context client = trusting_client();
    const server_context server(localhost());
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await near.write("hello\n", std::string("wor"), "ld\r\n");
    EXPECT_EQ(co_await far.read_line(), "hello");
    EXPECT_EQ(co_await far.read_line(), "world");
    co_await far.write("and back\n");
    EXPECT_EQ(co_await near.read_line(), "and back");
    EXPECT_EQ(near.version(), version::tls1_3);
    EXPECT_EQ(near.peer_name(), "localhost (memory)");
    EXPECT_EQ(far.peer_name(), "memory");
  };
  run(check());
}

TEST(TlsStream, SaysWhatWasAgreedOn) {
  const auto check = []() -> task<> {
    const client_context client = trusting_client();
    server_context server(localhost());
    server.alpn("h2,http/1.1");
    handshake ended = co_await shake_hands(client, server, {.alpn = "http/1.1,h2"});
    auto [near, far] = std::move(ended).both();
    for (const stream* each : {&near, &far}) {
      const connection_report report = each->report();
      EXPECT_EQ(report.version, version::tls1_3);
      EXPECT_EQ(report.cipher_suite, "TLS_AES_256_GCM_SHA384");
      EXPECT_EQ(report.group, "x25519");
      EXPECT_EQ(report.signature, "ECDSA-SHA256");
      EXPECT_EQ(report.alpn, "h2");
      EXPECT_EQ(report.server_name, "localhost");
      EXPECT_FALSE(report.resumed);
    }
  };
  run(check());
}

TEST(TlsStream, ReadsTheEndWhenThePeerSaysSo) {
  const auto check = []() -> task<> {
    const client_context client = trusting_client();
    const server_context server(localhost());
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await near.write("last words");
    co_await near.shutdown();
    EXPECT_EQ(co_await far.read_all(), "last words");
    // The other way is open still.
    co_await far.write("answer");
    co_await far.shutdown();
    EXPECT_EQ(co_await near.read_all(), "answer");
  };
  run(check());
}

TEST(TlsStream, ACutConnectionIsAnErrorOfItsOwn) {
  const auto check = []() -> task<> {
    const client_context client = trusting_client();
    const server_context server(localhost());
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await near.write("half of a mess");
    near.close();
    std::array<char, 100> buffer;
    EXPECT_EQ(co_await far.read_some(buffer), 14u);
    const auto outcome = co_await as_result(far.read_some(buffer));
    EXPECT_EQ(outcome.code(), errc::truncated);
    EXPECT_EQ(outcome.code(), condition::eof);
    EXPECT_EQ(outcome.code(), condition::tls);
  };
  run(check());
}

}  // namespace
}  // namespace tidewire::tls
