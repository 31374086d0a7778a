#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint loopback_v4(ip_address::loopback_v4(), 0);
const endpoint loopback_v6(ip_address::loopback_v6(), 0);

struct pair {
  tcp::stream client;
  tcp::stream server;
};

task<pair> connected(tcp::listener& listener) {
  tcp::stream client = co_await tcp::connect(listener.local_endpoint());
  tcp::stream server = co_await listener.accept();
  co_return pair{std::move(client), std::move(server)};
}

pair connected_over(const endpoint& at) {
  tcp::listener listener = tcp::listen(at);
  return run(connected(listener));
}

/// What `get` answers after `set`; nothing where the system has no such option or does not let us have it,
/// which is reported.
template <socket_option O, class Socket>
std::optional<typename O::value_type> set_and_get(Socket& on, const O& option) {
  try {
    on.set(option);
    return on.template get<O>();
  } catch (const error& e) {
    if (e.code() != errc::unsupported && e.code() != std::errc::operation_not_permitted) throw;
    std::cout << "[ skipped  ] " << e.what() << '\n';
    return std::nullopt;
  }
}

template <socket_option O, class Socket>
void expect_kept(Socket& on, const O& option) {
  const auto kept = set_and_get(on, option);
  if (kept) {
    EXPECT_EQ(*kept, option.value());
  }
}

TEST(SocketOptions, NoDelayIsOnWithoutBeingAskedFor) {
  const pair p = connected_over(loopback_v4);
  EXPECT_TRUE(p.client.get<option::no_delay>());
  EXPECT_TRUE(p.server.get<option::no_delay>());
}

TEST(SocketOptions, AcceptedStreamsInheritTheListenersOptions) {
  tcp::listener listener =
      tcp::listen(loopback_v4, {.options = {option::no_delay(false), option::keep_alive(true)}});
  EXPECT_FALSE(listener.get<option::no_delay>());
  const auto idle = set_and_get(listener, option::keep_alive{.idle = 77s});
  const pair p = run(connected(listener));
  EXPECT_FALSE(p.server.get<option::no_delay>());
  EXPECT_TRUE(p.server.get<option::keep_alive>().on);
  if (idle) {
    EXPECT_EQ(p.server.get<option::keep_alive>().idle, 77s);
  }
  EXPECT_TRUE(p.client.get<option::no_delay>());
}

TEST(SocketOptions, EachFlagReadsBackBothWays) {
  pair p = connected_over(loopback_v4);
  for (const bool on : {true, false}) {
    expect_kept(p.client, option::no_delay(on));
    expect_kept(p.client, option::reuse_address(on));
    expect_kept(p.client, option::reuse_port(on));
    expect_kept(p.client, option::quick_ack(on));
  }
}

TEST(SocketOptions, KeepAliveReadsBackWithItsNumbers) {
  pair p = connected_over(loopback_v4);
  EXPECT_FALSE(p.client.get<option::keep_alive>().on);
  const option::keep_alive wanted{.idle = 30s, .interval = 5s, .count = 3};
  if (const auto kept = set_and_get(p.client, wanted)) {
    EXPECT_EQ(*kept, wanted);
    p.client.set(option::keep_alive{.interval = 6s});
    EXPECT_EQ(p.client.get<option::keep_alive>(), (option::keep_alive{true, 30s, 6s, 3}));
  }
  p.client.set(option::keep_alive{.on = false});
  EXPECT_FALSE(p.client.get<option::keep_alive>().on);
}

TEST(SocketOptions, LingerReadsBackOffZeroAndATime) {
  pair p = connected_over(loopback_v4);
  EXPECT_EQ(p.client.get<option::linger>(), std::nullopt);
  expect_kept(p.client, option::linger(5s));
  expect_kept(p.client, option::linger(0s));
  expect_kept(p.client, option::linger(std::nullopt));
}

TEST(SocketOptions, BuffersAreAtLeastAsLargeAsAskedFor) {
  pair p = connected_over(loopback_v4);
  p.client.set(option::receive_buffer(32 * 1024));
  p.client.set(option::send_buffer(48 * 1024));
  EXPECT_GE(p.client.get<option::receive_buffer>(), 32u * 1024);
  EXPECT_LE(p.client.get<option::receive_buffer>(), 64u * 1024);
  EXPECT_GE(p.client.get<option::send_buffer>(), 48u * 1024);
  EXPECT_LE(p.client.get<option::send_buffer>(), 96u * 1024);
}

TEST(SocketOptions, NumbersReadBack) {
  pair p = connected_over(loopback_v4);
  expect_kept(p.client, option::user_timeout(12s));
  expect_kept(p.client, option::not_sent_low_water(128 * 1024));
  expect_kept(p.client, option::hop_limit(7));
  expect_kept(p.client, option::mark(0x80000001));
}

TEST(SocketOptions, AFractionOfASystemsUnitIsRoundedUp) {
  pair p = connected_over(loopback_v4);
  const auto kept = set_and_get(p.client, option::user_timeout(1ms));
  if (kept) {
    EXPECT_GE(*kept, 1ms);
    EXPECT_LE(*kept, 1s);
  }
}

TEST(SocketOptions, ATimeThatIsTooLongForTheSystemIsAsLongAsItCanBe) {
  pair p = connected_over(loopback_v4);
  const auto kept = set_and_get(p.client, option::user_timeout(std::chrono::hours(24 * 365)));
  if (kept) {
    EXPECT_GE(*kept, std::chrono::hours(24 * 24));
  }
}

TEST(SocketOptions, TrafficClassAndDscpAreTheSameByteInBothFamilies) {
  for (const endpoint& at : {loopback_v4, loopback_v6}) {
    pair p = connected_over(at);
    const auto kept = set_and_get(p.client, option::traffic_class(0xb8));
    if (!kept) continue;
    EXPECT_EQ(*kept, 0xb8);
    EXPECT_EQ(p.client.get<option::dscp>(), 46);
    expect_kept(p.client, option::dscp(10));
    EXPECT_EQ(p.client.get<option::traffic_class>(), 40);
  }
}

TEST(SocketOptions, ADualStackListenerTakesTheTrafficClassToo) {
  tcp::listener listener = tcp::listen(0);
  const auto kept = set_and_get(listener, option::dscp(46));
  if (kept) {
    EXPECT_EQ(*kept, 46);
  }
}

TEST(SocketOptions, HopLimitIsOfTheSocketsFamily) {
  pair p = connected_over(loopback_v6);
  expect_kept(p.client, option::hop_limit(9));
}

TEST(SocketOptions, VersionSixOnlyTellsHowAListenerWasMade) {
  const endpoint any(ip_address::any_v6(), 0);
  EXPECT_FALSE(tcp::listen(any).get<option::v6_only>());
  EXPECT_TRUE(tcp::listen(any, {.dual_stack = false}).get<option::v6_only>());
}

TEST(SocketOptions, FastOpenReadsBackOnAListener) {
  tcp::listener listener = tcp::listen(loopback_v4);
  const auto kept = set_and_get(listener, option::fast_open(16));
  if (kept) {
    EXPECT_GT(*kept, 0);
  }
}

TEST(SocketOptions, BindingToTheLoopbackInterfaceKeepsItsName) {
#ifdef __APPLE__
  const std::string name = "lo0";
#else
  const std::string name = "lo";
#endif
  tcp::listener listener = tcp::listen(loopback_v4);
  const auto kept = set_and_get(listener, option::bind_to_device(name));
  if (!kept) return;
  EXPECT_EQ(*kept, name);
  expect_kept(listener, option::bind_to_device(""));
}

TEST(SocketOptions, AnInterfaceThatIsNotThereIsAnError) {
  tcp::listener listener = tcp::listen(loopback_v4);
  EXPECT_THROW(listener.set(option::bind_to_device("no_such_if")), error);
  EXPECT_THROW(listener.set(option::bind_to_device("much_longer_than_any_interface")), error);
}

TEST(SocketOptions, ADscpOfMoreThanSixBitsIsMisuse) {
  tcp::listener listener = tcp::listen(loopback_v4);
  try {
    listener.set(option::dscp(64));
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), condition::misuse);
    EXPECT_EQ(std::string(e.what()), "set option dscp of the listener at " +
                                         listener.local_endpoint().to_string() +
                                         ": not allowed here: a DSCP has six bits: 63 is the largest");
  }
}

TEST(SocketOptions, AnErrorNamesTheOptionAndTheSocket) {
  pair p = connected_over(loopback_v4);
  try {
    p.client.set(option::hop_limit(0x10000));
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.operation(), "set option hop_limit of");
    EXPECT_EQ(e.peer(), p.client.peer_name());
  }
}

TEST(SocketOptions, AnOptionOfIpv6OnASocketOfIpv4IsAnError) {
  tcp::listener listener = tcp::listen(loopback_v4);
  EXPECT_THROW(listener.set(option::v6_only(true)), error);
}

TEST(SocketOptions, AClosedSocketHasNone) {
  pair p = connected_over(loopback_v4);
  p.client.close();
  EXPECT_THROW(
      {
        try {
          p.client.set(option::no_delay(true));
        } catch (const error& e) {
          EXPECT_EQ(e.code(), errc::closed);
          throw;
        }
      },
      error);
  tcp::listener listener = tcp::listen(loopback_v4);
  listener.close();
  EXPECT_THROW((void)listener.get<option::no_delay>(), error);
  tcp::stream taken = std::move(p.server);
  EXPECT_THROW((void)p.server.get<option::no_delay>(), error);  // NOLINT: moved from, on purpose
  EXPECT_TRUE(taken.get<option::no_delay>());
}

TEST(SocketOptionList, AListThatAListenerRefusesIsToldWithTheOptionsName) {
  try {
    (void)tcp::listen(loopback_v4, {.options = {option::no_delay(true), option::bind_to_device("no-such")}});
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.operation(), "set option bind_to_device of");
    EXPECT_EQ(e.peer(), "127.0.0.1:0");
  }
}

}  // namespace
}  // namespace tidewire
