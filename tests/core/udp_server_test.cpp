#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint loopback(ip_address::loopback_v4(), 0);
using buffer = std::array<char, 256>;

task<> echo(udp::conversation peer) {
  buffer bytes;
  while (auto got = co_await peer.receive(bytes)) co_await peer.send(std::span(bytes).first(got->size));
}

task<std::string> ask(udp::socket& client, std::string question) {
  buffer bytes;
  co_await client.send(question);
  const udp::received got = co_await with_timeout(5s, client.recv_from(bytes));
  co_return std::string(bytes.data(), got.size);
}

/// Runs `body` beside a server, and stops it then.
template <class Handler, class Body>
void beside(udp::server& server, Handler serve, Body body, run_options options = {}) {
  const auto then_stop = [&]() -> task<> {
    co_await body();
    server.stop();
  };
  const auto both = [&]() -> task<> { co_await when_all(server.run(serve), then_stop()); };
  run(both(), options);
}

/// Until the server has come so far: a datagram takes its time even on loopback.
template <class Condition>
task<> until(Condition holds) {
  const auto limit = std::chrono::steady_clock::now() + 5s;
  while (!holds() && std::chrono::steady_clock::now() < limit) co_await yield();
  EXPECT_TRUE(holds());
}

TEST(UdpServer, EachPeerHasAConversation) {
  udp::server server(udp::bind(loopback));
  const endpoint at = server.at().local_endpoint();
  beside(server, echo, [&]() -> task<> {
    udp::socket a = udp::connect(at);
    udp::socket b = udp::connect(at);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(co_await ask(a, "a" + std::to_string(i)), "a" + std::to_string(i));
      EXPECT_EQ(co_await ask(b, "b" + std::to_string(i)), "b" + std::to_string(i));
    }
    EXPECT_EQ(co_await ask(a, ""), "");
    EXPECT_EQ(server.size(), 2u);
  });
  EXPECT_EQ(server.size(), 0u);
  EXPECT_EQ(server.statistics().conversations, 2u);
  EXPECT_EQ(server.statistics().received, 41u);
  EXPECT_EQ(server.statistics().dropped, 0u);
}

TEST(UdpServer, AConversationInWhichNothingComesIsOverAndBeginsAnew) {
  virtual_clock time(/*leaps=*/false);
  udp::server server(udp::bind(loopback), {.idle = 1min});
  std::vector<std::string> heard;
  const auto listens = [&](udp::conversation peer) -> task<> {
    buffer bytes;
    while (auto got = co_await peer.receive(bytes)) heard.emplace_back(bytes.data(), got->size);
    EXPECT_TRUE(peer.over());
    heard.emplace_back("over");
  };
  const auto body = [&]() -> task<> {
    udp::socket client = udp::connect(server.at().local_endpoint());
    for (std::size_t i = 0; i < 5; ++i) {  // four minutes in all, but never one without a datagram
      co_await client.send("1");
      co_await until([&] { return heard.size() == i + 1; });
      time.advance(59s);
      co_await yield();
    }
    EXPECT_EQ(heard.size(), 5u);
    time.advance(2s);
    co_await until([&] { return heard.back() == "over"; });
    co_await client.send("2");
    co_await until([&] { return heard.size() == 7; });
  };
  beside(server, listens, body, {.clock = &time});
  EXPECT_EQ(heard, (std::vector<std::string>{"1", "1", "1", "1", "1", "over", "2", "over"}));
  EXPECT_EQ(server.statistics().expired, 1u);
  EXPECT_EQ(server.statistics().conversations, 2u);
}

TEST(UdpServer, MorePeersThanAllowedAreRefusedUntilOneEnds) {
  udp::server server(udp::bind(loopback), {.max_conversations = 2});
  const auto once = [](udp::conversation peer) -> task<> {
    buffer bytes;
    while (auto got = co_await peer.receive(bytes)) {
      co_await peer.send("yes");
      if (std::string_view(bytes.data(), got->size) == "bye") co_return;
    }
  };
  beside(server, once, [&]() -> task<> {
    const endpoint at = server.at().local_endpoint();
    udp::socket a = udp::connect(at);
    udp::socket b = udp::connect(at);
    udp::socket c = udp::connect(at);
    EXPECT_EQ(co_await ask(a, "1"), "yes");
    EXPECT_EQ(co_await ask(b, "1"), "yes");
    buffer bytes;
    co_await c.send("me too");
    const auto r = co_await as_result(with_timeout(5ms, c.recv_from(bytes)));
    EXPECT_FALSE(r);
    EXPECT_EQ(server.statistics().refused, 1u);
    EXPECT_EQ(co_await ask(a, "bye"), "yes");
    EXPECT_EQ(co_await ask(c, "1"), "yes");
    EXPECT_EQ(co_await ask(b, "2"), "yes");
  });
  EXPECT_EQ(server.statistics().conversations, 3u);
}

TEST(UdpServer, WhatAHandlerDoesNotTakeIsHeldUpToALimitAndThenCounted) {
  udp::server server(udp::bind(loopback), {.max_queued = 3});
  event go;
  std::vector<std::string> heard;
  std::uint64_t dropped = 0;
  const auto slow = [&](udp::conversation peer) -> task<> {
    buffer bytes;
    co_await go.wait();
    dropped = peer.dropped();
    while (auto got = co_await peer.receive(bytes)) heard.emplace_back(bytes.data(), got->size);
  };
  beside(server, slow, [&]() -> task<> {
    udp::socket client = udp::connect(server.at().local_endpoint());
    for (int i = 0; i < 5; ++i) co_await client.send(std::to_string(i));
    co_await until([&] { return server.statistics().received == 5; });
    go.set();
    co_await until([&] { return heard.size() == 3; });
    co_await client.send("5");
    co_await until([&] { return heard.size() == 4; });
  });
  EXPECT_EQ(heard, (std::vector<std::string>{"0", "1", "2", "5"}));
  EXPECT_EQ(server.statistics().dropped, 2u);
  EXPECT_EQ(dropped, 2u);
}

TEST(UdpServer, ADatagramThatIsCutIsToldToBe) {
  udp::server server(udp::bind(loopback), {.datagram_size = 8});
  std::vector<bool> cut;
  const auto listens = [&](udp::conversation peer) -> task<> {
    buffer bytes;
    while (auto got = co_await peer.receive(std::span(bytes).first(cut.size() < 2 ? 8 : 3))) {
      cut.push_back(got->truncated());
      EXPECT_LE(got->size, 8u);
      EXPECT_EQ(got->from, peer.peer());
    }
  };
  beside(server, listens, [&]() -> task<> {
    udp::socket client = udp::connect(server.at().local_endpoint());
    for (const char* const each : {"12345678", "123456789", "1234"}) {
      const std::size_t before = cut.size();
      co_await client.send(each);
      co_await until([&] { return cut.size() > before; });
    }
  });
  EXPECT_EQ(cut, (std::vector<bool>{false, true, true}));  // the last by the handler's buffer
  EXPECT_EQ(server.statistics().truncated, 1u);
}

TEST(UdpServer, AHandlerThatThrowsEndsItsConversationAndIsTold) {
  udp::server server(udp::bind(loopback));
  std::vector<std::string> told;
  server.on_failure([&](const endpoint& peer, const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      told.push_back(peer.to_string() + ": " + e.what());
    }
  });
  const auto picky = [](udp::conversation peer) -> task<> {
    buffer bytes;
    while (auto got = co_await peer.receive(bytes)) {
      if (got->size == 3) throw std::runtime_error("three");
      co_await peer.send("fine");
    }
  };
  beside(server, picky, [&]() -> task<> {
    udp::socket a = udp::connect(server.at().local_endpoint());
    udp::socket b = udp::connect(server.at().local_endpoint());
    EXPECT_EQ(co_await ask(a, "1"), "fine");
    EXPECT_EQ(co_await ask(b, "1"), "fine");
    co_await a.send("123");
    co_await until([&] { return !told.empty(); });
    EXPECT_EQ(told.at(0), a.local_endpoint().to_string() + ": three");
    EXPECT_EQ(co_await ask(b, "2"), "fine");
    EXPECT_EQ(co_await ask(a, "anew"), "fine");
  });
  EXPECT_EQ(server.statistics().failed, 1u);
  EXPECT_EQ(server.statistics().conversations, 3u);
}

TEST(UdpServer, StoppingLetsHandlersFinishAndAnswer) {
  udp::server server(udp::bind(loopback));
  const auto says_bye = [](udp::conversation peer) -> task<> {
    buffer bytes;
    while (co_await peer.receive(bytes)) continue;
    co_await peer.send("bye");
  };
  udp::socket client = udp::connect(server.at().local_endpoint());
  beside(server, says_bye, [&]() -> task<> {
    co_await client.send("hello");
    co_await until([&] { return server.size() == 1; });
  });
  buffer bytes;
  EXPECT_EQ(run(with_timeout(5s, client.recv_from(bytes))).size, 3u);
  // Stopped, it does not start again.
  run(with_timeout(5s, server.run(echo)));
}

TEST(UdpServer, CancelingEndsTheHandlers) {
  udp::server server(udp::bind(loopback));
  bool ended = false;
  const auto waits = [&](udp::conversation peer) -> task<> {
    buffer bytes;
    (void)co_await peer.receive(bytes);
    const auto r = co_await as_result(peer.receive(bytes));
    EXPECT_EQ(r.error(), condition::canceled);
    ended = true;
  };
  const auto check = [&]() -> task<> {
    udp::socket client = udp::connect(server.at().local_endpoint());
    co_await client.send("x");
    const auto r = co_await as_result(with_timeout(20ms, server.run(waits)));
    EXPECT_EQ(r.error(), condition::timeout);
  };
  run(check());
  EXPECT_TRUE(ended);
  EXPECT_EQ(server.statistics().failed, 0u);
  EXPECT_EQ(server.size(), 0u);
}

TEST(UdpServer, AConversationThatWasKeptIsOver) {
  std::optional<udp::conversation> kept;
  {
    udp::server server(udp::bind(loopback));
    const auto keeps = [&](udp::conversation peer) -> task<> {
      kept = std::move(peer);
      co_return;
    };
    beside(server, keeps, [&]() -> task<> {
      udp::socket client = udp::connect(server.at().local_endpoint());
      co_await client.send("1");
      co_await client.send("2");
      co_await until([&] { return kept.has_value(); });
    });
  }
  EXPECT_TRUE(kept->over());
  buffer bytes;
  const auto rest = [&]() -> task<> {
    int count = 0;
    while (co_await kept->receive(bytes)) ++count;
    EXPECT_LE(count, 2);
    const auto r = co_await as_result(kept->send("x"));
    EXPECT_EQ(r.code(), errc::closed);
  };
  run(rest());
}

TEST(UdpServer, RunsOnceAtATime) {
  udp::server server(udp::bind(loopback));
  beside(server, echo, [&]() -> task<> {
    const auto r = co_await as_result(server.run(echo));
    EXPECT_EQ(r.error(), condition::misuse);
    EXPECT_EQ(r.error().detail(), "the server runs already");
  });
}

}  // namespace
}  // namespace tidewire
