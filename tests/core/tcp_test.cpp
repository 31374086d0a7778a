#include <tidewire/core.hpp>
#include <tidewire/core/tcp.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint loopback(ip_address::loopback_v4(), 0);

struct pair {
  tcp::stream client;
  tcp::stream server;
};

task<pair> connected() {
  tcp::listener listener = tcp::listen(loopback);
  tcp::stream client = co_await tcp::connect(listener.local_endpoint());
  tcp::stream server = co_await listener.accept();
  co_return pair{std::move(client), std::move(server)};
}

TEST(Tcp, SendsAndReceives) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    EXPECT_EQ(p.client.remote_endpoint(), p.server.local_endpoint());
    EXPECT_EQ(p.server.remote_endpoint(), p.client.local_endpoint());
    co_await p.client.write("hello\n", std::string("wor"), "ld\r\n");
    EXPECT_EQ(co_await p.server.read_line(), "hello");
    EXPECT_EQ(co_await p.server.read_line(), "world");
    co_await p.server.write("bye");
    co_await p.server.shutdown();
    EXPECT_EQ(co_await p.client.read_all(), "bye");
    co_await p.client.write("still open");
    p.client.close();
    EXPECT_EQ(co_await p.server.read_all(), "still open");
  };
  run(check());
}

#ifndef _WIN32  // Wine ends the connection instead of resetting it
TEST(Tcp, ShuttingDownWhatThePeerResetIsTransient) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    p.server.set(option::linger(0s));
    p.server.close();
    char buffer[1];
    const auto read = co_await as_result(p.client.read_some(buffer));
    EXPECT_EQ(read.code(), std::errc::connection_reset);
    const auto shut = co_await as_result(p.client.shutdown());
    EXPECT_EQ(shut.code(), std::errc::connection_reset);
    EXPECT_EQ(shut.code(), condition::transient);
    EXPECT_NE(shut.code(), condition::misuse);
  };
  run(check());
}
#endif

TEST(Tcp, AReadThatWaitsSeesTheEndThatCameWithTheLastBytes) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    std::array<std::byte, 100> buffer;
    for (int i = 0; i < 3; ++i) {  // the socket is watched by now, and known to be drained
      co_await p.client.write("ping");
      EXPECT_EQ(co_await p.server.read_some(buffer), 4u);
      co_await p.server.write("pong");
      EXPECT_EQ(co_await p.client.read_some(buffer), 4u);
    }
    co_await p.client.write("last");
    co_await p.client.shutdown();
    co_await sleep_for(2ms);
    EXPECT_EQ(co_await p.server.read_some(buffer), 4u);
    EXPECT_EQ(co_await with_timeout(5s, p.server.read_some(buffer)), 0u);
  };
  run(check());
}

TEST(Tcp, MovesMoreThanTheSocketBuffersHold) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    std::string data(8 << 20, 'x');
    for (std::size_t i = 0; i < data.size(); i += 4096) data[i] = static_cast<char>(i >> 12);
    const executor here = co_await this_executor();
    (void)here;
    const auto writer = [&]() -> task<> {
      co_await p.client.write(data);
      co_await p.client.shutdown();
    };
    // Written before anybody reads, the write must wait, and be finished by the reads.
    std::string got;
    auto write = writer();
    const auto both = [&]() -> task<> {
      (void)co_await as_result(with_timeout(50ms, p.client.write(data)));
      got = co_await p.server.read_all(1);
    };
    (void)co_await as_result(both());
    EXPECT_LT(p.client.statistics().bytes_written, data.size());
    const auto again = co_await as_result(p.client.write("x"));
    EXPECT_FALSE(again);
    EXPECT_EQ(again.error().detail(), "an earlier write was cut in the middle");
  };
  run(check());
}

TEST(Tcp, NamesWhoRefused) {
  const auto check = []() -> task<> {
    endpoint gone;
    {
      tcp::listener listener = tcp::listen(loopback);
      gone = listener.local_endpoint();
    }
    const auto r = co_await as_result(tcp::connect(gone));
    EXPECT_FALSE(r);
    EXPECT_EQ(r.code(), std::errc::connection_refused);
    EXPECT_EQ(r.error().message(), "connect to " + gone.to_string() + ": Connection refused");
  };
  run(check());
}

TEST(Tcp, ASecondReaderIsRefused) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    std::array<std::byte, 10> buffer;
    const auto inner = [&]() -> task<> { (void)co_await p.server.read_some(buffer); };
    (void)inner;
    const auto r = co_await as_result(with_timeout(10ms, p.server.read_some(buffer)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "read from");
    EXPECT_EQ(r.error().peer(), p.server.peer_name());
    co_await p.client.write("after");
    EXPECT_EQ(co_await p.server.read_some(buffer), 5u);
  };
  run(check());
}

TEST(Tcp, AReadTimesOutByTheStreamsOwnLimit) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    p.server.set_timeout(20ms);
    std::array<std::byte, 10> buffer;
    const auto r = co_await as_result(p.server.read_some(buffer));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().detail(), "nothing came within 20 ms");
  };
  run(check());
}

TEST(Tcp, AStreamOutlivesItsLoopAndWorksOnTheNext) {
  pair p = run(connected());
  std::array<std::byte, 10> buffer;
  const auto waits = [&]() -> task<> {  // so that both are watched by a loop that ends
    (void)co_await as_result(with_timeout(1ms, p.server.read_some(buffer)));
    (void)co_await as_result(with_timeout(1ms, p.client.read_some(buffer)));
  };
  run(waits());
  if (p.server.native_handle() == static_cast<native_socket>(-1)) {
    GTEST_SKIP() << "this system cannot untie a socket from a loop (Windows before 8.1, Wine)";
  }
  for (int i = 0; i < 3; ++i) {
    run(p.client.write("ping"));
    EXPECT_EQ(run(p.server.read_some(buffer)), 4u);
  }
  p.client.close();
  EXPECT_EQ(run(p.server.read_some(buffer)), 0u);
}

TEST(Tcp, AListenerOutlivesItsLoopAndAcceptsOnTheNext) {
  tcp::listener listener = tcp::listen(loopback);
  const auto nobody = [&]() -> task<> {
    const auto r = co_await as_result(with_timeout(1ms, listener.accept()));
    EXPECT_EQ(r.error(), condition::timeout);
  };
  run(nobody());
  const auto somebody = [&]() -> task<> {
    auto client = co_await tcp::connect(listener.local_endpoint());
    auto server = co_await listener.accept();
    EXPECT_EQ(server.remote_endpoint(), client.local_endpoint());
  };
  run(somebody());
}

TEST(Tcp, AListenerThatIsDestroyedEndsTheAcceptThatWaits) {
  const auto check = []() -> task<> {
    std::optional<tcp::listener> listener(tcp::listen(loopback));
    const auto accepts = [&]() -> task<> {
      const auto r = co_await as_result(listener->accept());
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto destroys = [&]() -> task<> {
      co_await yield();
      listener.reset();
    };
    co_await when_all(accepts(), destroys());
  };
  run(check());
}

TEST(Tcp, TellsHowAConnectionIsDoing) {
  const auto check = []() -> task<> {
    pair p = co_await connected();
    co_await p.client.write("ping");
    EXPECT_EQ((co_await p.server.read_exactly(4)).size(), 4u);
    tcp::connection_info info;
    try {
      info = p.client.info();
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::unsupported);
      EXPECT_EQ(e.peer(), p.client.peer_name());
      co_return;
    }
    EXPECT_GT(info.round_trip, 0s);
    EXPECT_GT(info.segment_size, 500u);
    EXPECT_GE(info.congestion_window, info.segment_size);
    EXPECT_EQ(info.retransmitted, 0u);
#ifdef __linux__
    EXPECT_EQ(info.unsent, 0u);
    // More than the peer takes: the rest stays here.
    const std::string much(16 << 20, 'x');
    (void)co_await as_result(with_timeout(20ms, p.client.write(much)));
    info = p.client.info();
    EXPECT_GT(info.unsent, 0u);
    EXPECT_GE(info.unacknowledged, info.unsent);
#endif
    p.client.close();
    try {
      (void)p.client.info();
      ADD_FAILURE() << "a closed stream has no state";
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::closed);
    }
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
