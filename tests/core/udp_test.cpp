#include <tidewire/core.hpp>

#include <gtest/gtest.h>
#ifndef _WIN32
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint any_port_v4(ip_address::loopback_v4(), 0);
const endpoint any_port_v6(ip_address::loopback_v6(), 0);

using buffer = std::array<char, 2048>;

std::string text_of(const buffer& bytes, const udp::received& got) {
  return std::string(bytes.data(), got.size);
}

/// A port of loopback that nobody is on.
endpoint nobody() {
  return udp::bind(any_port_v4).local_endpoint();
}

TEST(Udp, SendsAndReceivesOnBothFamilies) {
  const auto check = [](const endpoint& at) -> task<> {
    udp::socket a = udp::bind(at);
    udp::socket b = udp::bind(at);
    buffer bytes;
    co_await a.send_to("ping", b.local_endpoint());
    const udp::received ping = co_await b.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, ping), "ping");
    EXPECT_EQ(ping.from, a.local_endpoint());
    EXPECT_FALSE(ping.truncated());
    EXPECT_EQ(ping.full_size, 4u);
    co_await b.send_to(std::string("pong"), ping.from);
    const udp::received pong = co_await a.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, pong), "pong");
    EXPECT_EQ(pong.from, b.local_endpoint());
  };
  run(check(any_port_v4));
  run(check(any_port_v6));
}

TEST(Udp, AReceiveThatWaitsGetsWhatComesLater) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    buffer bytes;
    for (int i = 0; i < 300; ++i) {
      const std::string sent = std::to_string(i);
      const auto receives = [&]() -> task<> {
        const udp::received got = co_await b.recv_from(bytes);
        EXPECT_EQ(text_of(bytes, got), sent);
      };
      const auto sends = [&]() -> task<> {
        co_await yield();
        co_await a.send_to(sent, b.local_endpoint());
      };
      co_await when_all(receives(), sends());
    }
  };
  run(check());
}

TEST(Udp, AnEmptyDatagramIsReceivedAsOne) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    buffer bytes;
    co_await a.send_to("", b.local_endpoint());
    const udp::received got = co_await with_timeout(5s, b.recv_from(bytes));
    EXPECT_EQ(got.size, 0u);
    EXPECT_FALSE(got.truncated());
    EXPECT_EQ(got.from, a.local_endpoint());
  };
  run(check());
}

TEST(Udp, ADatagramThatIsLongerThanTheBufferIsToldToBeCut) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    std::array<char, 4> four;
    co_await a.send_to("1234", b.local_endpoint());
    const udp::received fits = co_await b.recv_from(four);
    EXPECT_EQ(fits.size, 4u);
    EXPECT_FALSE(fits.truncated());
    co_await a.send_to("123456789", b.local_endpoint());
    const udp::received cut = co_await b.recv_from(four);
    EXPECT_EQ(std::string(four.data(), cut.size), "1234");
    EXPECT_TRUE(cut.truncated());
#ifdef __linux__
    EXPECT_EQ(cut.full_size, 9u);
#endif
  };
  run(check());
}

TEST(Udp, TheLargestDatagramArrivesAndALargerOneIsRefusedByName) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    const std::string largest(65'507, 'x');
    std::string bytes(70'000, ' ');
    co_await a.send_to(largest, b.local_endpoint());
    const udp::received got = co_await b.recv_from(bytes);
    EXPECT_EQ(got.size, largest.size());
    EXPECT_EQ(bytes.substr(0, got.size), largest);
    const auto r = co_await as_result(a.send_to(largest + "x", b.local_endpoint()));
    EXPECT_FALSE(r);
    EXPECT_EQ(r.code(), std::errc::message_size);
    EXPECT_EQ(r.error().operation(), "send to");
    EXPECT_EQ(r.error().peer(), b.local_endpoint().to_string());
  };
  run(check());
}

TEST(Udp, AConnectedSocketHearsItsPeerAndNobodyElse) {
  const auto check = []() -> task<> {
    udp::socket server = udp::bind(any_port_v4);
    udp::socket stranger = udp::bind(any_port_v4);
    udp::socket client = udp::connect(server.local_endpoint());
    EXPECT_EQ(client.remote_endpoint(), server.local_endpoint());
    EXPECT_EQ(server.remote_endpoint(), std::nullopt);
    EXPECT_TRUE(client.local_endpoint().address().is_loopback());
    co_await client.send("hello");
    buffer bytes;
    const udp::received hello = co_await server.recv_from(bytes);
    EXPECT_EQ(hello.from, client.local_endpoint());
    co_await stranger.send_to("psst", client.local_endpoint());
    co_await server.send_to("welcome", hello.from);
    const udp::received got = co_await client.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, got), "welcome");
    EXPECT_EQ(got.from, server.local_endpoint());
  };
  run(check());
}

TEST(Udp, ConnectSendsFromWhereItIsTold) {
  udp::socket server = udp::bind(any_port_v4);
  const endpoint local = nobody();
  udp::socket client = udp::connect(server.local_endpoint(), {.local = local});
  EXPECT_EQ(client.local_endpoint(), local);
  try {
    (void)udp::connect(server.local_endpoint(), {.local = local});
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), std::errc::address_in_use);
    EXPECT_EQ(e.peer(), server.local_endpoint().to_string());
    EXPECT_EQ(e.detail(), "from " + local.to_string());
  }
}

TEST(Udp, ConnectTakesAName) {
  const auto check = []() -> task<> {
    udp::socket server = udp::bind(any_port_v4);
    const std::uint16_t port = server.local_endpoint().port();
    udp::socket client = co_await udp::connect("localhost", port, {.prefer = address_preference::v4_only});
    co_await client.send("by name");
    buffer bytes;
    const udp::received got = co_await server.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, got), "by name");
    const auto connects = [&](const char* host) -> task<> { (void)co_await udp::connect(host, port); };
    const auto r = co_await as_result(connects("no such host"));
    EXPECT_FALSE(r);
    const auto before = co_await testing::outcome_if_canceled_before([&] { return connects("localhost"); });
    EXPECT_EQ(before.error(), condition::canceled);
  };
  run(check());
}

TEST(Udp, AdoptRefusesWhatIsNoUdpSocket) {
  tcp::listener listener = tcp::listen(any_port_v4);
  try {
    (void)udp::adopt(listener.native_handle());
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(std::string(e.what()), "adopt a UDP socket: not allowed here: it is a socket of another kind");
  }
  EXPECT_THROW((void)udp::adopt(static_cast<native_socket>(-1)), error);
}

#ifndef _WIN32  // Wine does not tell
// The host of the peer answers by ICMP.
TEST(Udp, APortThatNobodyIsOnRefusesAConnectedSocketWhichStaysGood) {
  const auto check = []() -> task<> {
    const endpoint gone = nobody();
    udp::socket client = udp::connect(gone);
    co_await client.send("anybody?");
    buffer bytes;
    const auto r = co_await as_result(with_timeout(5s, client.recv_from(bytes)));
    EXPECT_FALSE(r);
    EXPECT_EQ(r.code(), std::errc::connection_refused);
    EXPECT_EQ(r.error().message(), "receive from " + gone.to_string() + ": Connection refused");

    udp::socket late = udp::bind(gone);
    co_await client.send("now?");
    const udp::received got = co_await late.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, got), "now?");
    co_await late.send_to("yes", got.from);
    EXPECT_EQ((co_await client.recv_from(bytes)).size, 3u);
  };
  run(check());
}

TEST(Udp, AReceiveThatWaitsIsToldOfARefusal) {
  const auto check = []() -> task<> {
    udp::socket client = udp::connect(nobody());
    buffer bytes;
    const auto receives = [&]() -> task<> {
      const auto r = co_await as_result(with_timeout(5s, client.recv_from(bytes)));
      EXPECT_EQ(r.code(), std::errc::connection_refused);
    };
    const auto sends = [&]() -> task<> {
      co_await yield();
      co_await client.send("anybody?");
    };
    co_await when_all(receives(), sends());
  };
  run(check());
}

TEST(Udp, ASendIsToldThatAnEarlierOneWasRefused) {
  const auto check = []() -> task<> {
    const endpoint gone = nobody();
    udp::socket client = udp::connect(gone);
    co_await client.send("1");
    co_await sleep_for(1ms);
    const auto r = co_await as_result(client.send("2"));
    EXPECT_EQ(r.code(), std::errc::connection_refused);
    EXPECT_EQ(r.error().message(), "send to " + gone.to_string() + ": Connection refused");
  };
  run(check());
}
#endif

TEST(Udp, SendWithoutAPeerSaysWhatIsMissing) {
  const auto check = []() -> task<> {
    udp::socket socket = udp::bind(any_port_v4);
    const auto r = co_await as_result(socket.send("x"));
    EXPECT_FALSE(r);
    EXPECT_EQ(r.error(), condition::misuse);
    EXPECT_EQ(r.error().detail(), "the socket is not connected: say whom to send to");
  };
  run(check());
}

TEST(Udp, APortInUseIsRefusedWithItsName) {
  udp::socket first = udp::bind(any_port_v4);
  try {
    (void)udp::bind(first.local_endpoint());
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), std::errc::address_in_use);
    EXPECT_EQ(std::string(e.what()),
              "bind to " + first.local_endpoint().to_string() + ": Address already in use");
  }
}

TEST(Udp, SharedSocketsMayBeOnOnePort) {
  udp::socket first = udp::bind(any_port_v4, {.shared = true});
  udp::socket second = udp::bind(first.local_endpoint(), {.shared = true});
  EXPECT_EQ(first.local_endpoint(), second.local_endpoint());
}

TEST(Udp, ASocketOfBothFamiliesAnswersIpv4Peers) {
  const auto check = []() -> task<> {
    std::optional<udp::socket> server;
    try {
      server.emplace(udp::bind(0));
    } catch (const error&) {
      co_return;
    }
    const std::uint16_t port = server->local_endpoint().port();
    udp::socket client = udp::connect(endpoint(ip_address::loopback_v4(), port));
    co_await client.send("four");
    buffer bytes;
    const udp::received got = co_await server->recv_from(bytes);
    EXPECT_EQ(got.from.address().unmapped(), ip_address::loopback_v4());
    // Both as it was told, and as an IPv4 address.
    co_await server->send_to("mapped", got.from);
    co_await server->send_to("plain", endpoint(got.from.address().unmapped(), got.from.port()));
    udp::batch batch;
    EXPECT_TRUE(batch.append(as_bytes("batch"), endpoint(ip_address::loopback_v4(), got.from.port())));
    co_await server->send_many(batch);
    for (const char* const expected : {"mapped", "plain", "batch"}) {
      const udp::received answer = co_await client.recv_from(bytes);
      EXPECT_EQ(text_of(bytes, answer), expected);
    }
  };
  run(check());
}

TEST(Udp, ASecondReceiveIsRefusedAndTheFirstGoesOn) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    buffer bytes;
    buffer others;
    const auto first = [&]() -> task<> {
      const udp::received got = co_await b.recv_from(bytes);
      EXPECT_EQ(text_of(bytes, got), "x");
    };
    const auto second = [&]() -> task<> {
      const auto r = co_await as_result(b.recv_from(others));
      EXPECT_EQ(r.error(), condition::misuse);
      EXPECT_EQ(r.error().detail(), "another task is receiving on this socket");
      EXPECT_EQ(r.error().peer(), b.local_endpoint().to_string());
      co_await a.send_to("x", b.local_endpoint());
    };
    co_await when_all(first(), second());
  };
  run(check());
}

TEST(Udp, AnEmptyBufferIsMisuse) {
  const auto check = []() -> task<> {
    udp::socket socket = udp::bind(any_port_v4);
    const auto r = co_await as_result(socket.recv_from(byte_span()));
    EXPECT_EQ(r.error(), condition::misuse);
  };
  run(check());
}

TEST(Udp, ACanceledReceiveLosesNothing) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    buffer bytes;
    udp::batch batch;
    const auto receive = [&] { return b.recv_from(bytes); };
    const auto receive_many = [&] { return b.recv_many(batch); };
    const auto midway = co_await testing::outcome_if_canceled_midway(receive);
    EXPECT_EQ(midway.error(), condition::canceled);
    const auto batch_midway = co_await testing::outcome_if_canceled_midway(receive_many);
    EXPECT_EQ(batch_midway.error(), condition::canceled);
    co_await a.send_to("kept", b.local_endpoint());
    const auto before = co_await testing::outcome_if_canceled_before(receive);
    EXPECT_EQ(before.error(), condition::canceled);
    const auto batch_before = co_await testing::outcome_if_canceled_before(receive_many);
    EXPECT_EQ(batch_before.error(), condition::canceled);
    const udp::received got = co_await b.recv_from(bytes);
    EXPECT_EQ(text_of(bytes, got), "kept");
  };
  run(check());
}

TEST(Udp, ACanceledSendIsNotSent) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    const endpoint to = b.local_endpoint();
    const auto send = [&] { return a.send_to("never", to); };
    const auto before = co_await testing::outcome_if_canceled_before(send);
    EXPECT_EQ(before.error(), condition::canceled);
    buffer bytes;
    const auto r = co_await as_result(with_timeout(5ms, b.recv_from(bytes)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "receive on");
    EXPECT_EQ(r.error().peer(), to.to_string());
  };
  run(check());
}

TEST(Udp, ClosingEndsTheReceiveThatWaits) {
  const auto check = []() -> task<> {
    udp::socket socket = udp::bind(any_port_v4);
    const std::string name = socket.local_endpoint().to_string();
    buffer bytes;
    const auto receives = [&]() -> task<> {
      const auto r = co_await as_result(socket.recv_from(bytes));
      EXPECT_EQ(r.code(), errc::closed);
      EXPECT_EQ(r.error().peer(), name);
    };
    const auto closes = [&]() -> task<> {
      co_await yield();
      socket.close();
      socket.close();
      EXPECT_FALSE(socket.is_open());
      EXPECT_EQ(socket.socket_name(), "a closed socket");
    };
    co_await when_all(receives(), closes());
    const auto again = co_await as_result(socket.recv_from(bytes));
    EXPECT_EQ(again.code(), errc::closed);
    const auto send = co_await as_result(socket.send_to("x", any_port_v4));
    EXPECT_EQ(send.code(), errc::closed);
    EXPECT_THROW((void)socket.local_endpoint(), error);
    EXPECT_THROW(socket.join(*ip_address::parse("239.1.2.3")), error);
  };
  run(check());
}

TEST(Udp, DestroyingTheSocketEndsTheReceiveThatWaits) {
  const auto check = []() -> task<> {
    std::optional<udp::socket> socket(udp::bind(any_port_v4));
    buffer bytes;
    const auto receives = [&]() -> task<> {
      const auto r = co_await as_result(socket->recv_from(bytes));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto destroys = [&]() -> task<> {
      co_await yield();
      socket.reset();
    };
    co_await when_all(receives(), destroys());
  };
  run(check());
}

TEST(Udp, AMovedFromSocketRefuses) {
  const auto check = []() -> task<> {
    udp::socket first = udp::bind(any_port_v4);
    udp::socket second = std::move(first);
    buffer bytes;
    const auto r = co_await as_result(first.recv_from(bytes));  // NOLINT: moved from, on purpose
    EXPECT_EQ(r.error(), condition::misuse);
    EXPECT_TRUE(second.is_open());
  };
  run(check());
}

TEST(Udp, ASocketOutlivesItsLoopAndWorksOnTheNext) {
  udp::socket a = udp::bind(any_port_v4);
  udp::socket b = udp::bind(any_port_v4);
  buffer bytes;
  const auto waits = [&]() -> task<> { (void)co_await as_result(with_timeout(1ms, b.recv_from(bytes))); };
  run(waits());
  run(a.send_to("later", b.local_endpoint()));
  EXPECT_EQ(run(b.recv_from(bytes)).size, 5u);
}

TEST(Udp, ABroadcastIsRefusedUntilItIsAllowed) {
  const auto check = []() -> task<> {
    udp::socket receiver = udp::bind(endpoint(ip_address::any_v4(), 0));
    const endpoint everybody(*ip_address::parse("127.255.255.255"), receiver.local_endpoint().port());
    udp::socket sender = udp::bind(any_port_v4);
    const auto r = co_await as_result(sender.send_to("all", everybody));
    EXPECT_EQ(r.code(), std::errc::permission_denied);
    EXPECT_FALSE(sender.get<option::broadcast>());
    sender.set(option::broadcast(true));
    EXPECT_TRUE(sender.get<option::broadcast>());
    co_await sender.send_to("all", everybody);
    buffer bytes;
    const udp::received got = co_await with_timeout(5s, receiver.recv_from(bytes));
    EXPECT_EQ(text_of(bytes, got), "all");
    EXPECT_EQ(got.from, sender.local_endpoint());
  };
  run(check());
}

/// Members of a group on the loopback interface hear what is sent to it, and no more once they left.
task<> check_multicast(const ip_address& group, std::string_view device, const ip_address& any) {
  udp::socket first = udp::bind(endpoint(any, 0), {.shared = true});
  const endpoint to(group, first.local_endpoint().port());
  udp::socket second = udp::bind(endpoint(any, to.port()), {.shared = true});
  first.join(group, {.device = device});
  second.join(group, {.device = device});
  udp::socket sender = udp::bind(endpoint(any, 0));
  sender.set_multicast_device(device);
  sender.set(option::multicast_hops(0));
  EXPECT_EQ(sender.get<option::multicast_hops>(), 0);
  co_await sender.send_to("hello", to);
  buffer bytes;
  for (udp::socket* const member : {&first, &second}) {
    const udp::received got = co_await with_timeout(5s, member->recv_from(bytes));
    EXPECT_EQ(text_of(bytes, got), "hello");
    if (device == "127.0.0.1") {
      EXPECT_EQ(got.from.address(), ip_address::loopback_v4());
    }
  }
  second.leave(group, {.device = device});
  EXPECT_THROW(second.leave(group, {.device = device}), error);
  co_await sender.send_to("again", to);
  const udp::received again = co_await with_timeout(5s, first.recv_from(bytes));
  EXPECT_EQ(text_of(bytes, again), "again");
  const auto gone = co_await as_result(with_timeout(5ms, second.recv_from(bytes)));
  EXPECT_FALSE(gone);
  sender.set(option::multicast_loop(false));
  EXPECT_FALSE(sender.get<option::multicast_loop>());
  co_await sender.send_to("unheard", to);
  const auto unheard = co_await as_result(with_timeout(5ms, first.recv_from(bytes)));
  // The loopback interface brings it back in any case.
  const bool by_loopback = device == "lo" || ip_address::parse(device).has_value();
  EXPECT_EQ(unheard.has_value(), by_loopback);
}

/// What the system cannot do: Wine has no multicast by RFC 3678, and a loopback interface may have no route.
bool is_lacking(const error& e) {
  return e.code() == std::errc::network_unreachable || e.code() == std::errc::no_protocol_option;
}

TEST(Udp, MulticastOverIpv4ReachesEachMemberByTheNameAndByTheAddressOfTheInterface) {
  const ip_address group = *ip_address::parse("239.255.77.1");
  try {
    run(check_multicast(group, "127.0.0.1", ip_address::any_v4()));
#ifdef __linux__
    run(check_multicast(group, "lo", ip_address::any_v4()));
#endif
  } catch (const error& e) {
    if (!is_lacking(e)) throw;
    GTEST_SKIP() << e.what();
  }
}

/// Where IPv6 multicasts can be tried: the loopback interface, then the others that say so. With a hop limit
/// of 0 nothing leaves this host.
std::vector<std::string> ipv6_multicast_devices() {
  std::vector<std::string> names{"::1"};
#ifndef _WIN32
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return names;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned wanted = IFF_UP | IFF_RUNNING | IFF_MULTICAST;
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET6) continue;
    if ((each->ifa_flags & wanted) == wanted) names.emplace_back(each->ifa_name);
  }
  ::freeifaddrs(first);
#endif
  return names;
}

TEST(Udp, MulticastOverIpv6ReachesEachMember) {
  std::string lacking;
  for (const std::string& device : ipv6_multicast_devices()) {
    try {
      return run(check_multicast(*ip_address::parse("ff01::7:7"), device, ip_address::any_v6()));
    } catch (const error& e) {
      if (!is_lacking(e)) throw;
      lacking += std::string(e.what()) + " by " + device + "; ";
    }
  }
  GTEST_SKIP() << lacking;
}

TEST(Udp, SourceSpecificMulticastHearsTheSourceAndNobodyElse) {
  const auto check = []() -> task<> {
    const ip_address group = *ip_address::parse("232.1.2.3");
    const ip_address wanted = *ip_address::parse("127.0.0.2");
    udp::socket member = udp::bind(endpoint(ip_address::any_v4(), 0));
    member.join(group, {.device = "127.0.0.1", .source = wanted});
    const endpoint to(group, member.local_endpoint().port());
    udp::socket stranger = udp::bind(any_port_v4);
    stranger.set_multicast_device("127.0.0.1");
    co_await stranger.send_to("spam", to);
    udp::socket source = udp::bind(endpoint(wanted, 0));
    source.set_multicast_device("127.0.0.1");
    co_await source.send_to("ham", to);
    buffer bytes;
    const udp::received got = co_await with_timeout(5s, member.recv_from(bytes));
    EXPECT_EQ(text_of(bytes, got), "ham");
    EXPECT_EQ(got.from, source.local_endpoint());
    member.leave(group, {.device = "127.0.0.1", .source = wanted});
  };
  try {
    run(check());
  } catch (const error& e) {
    if (!is_lacking(e)) throw;
    GTEST_SKIP() << e.what();
  }
}

TEST(Udp, WhatIsWrongWithAMembershipIsToldByName) {
  udp::socket socket = udp::bind(any_port_v4);
  const ip_address group = *ip_address::parse("239.255.77.2");
  const auto thrown_by = [&](const ip_address& to, const udp::membership& which) -> std::string {
    try {
      socket.join(to, which);
      return "nothing";
    } catch (const error& e) {
      return e.what();
    }
  };
  EXPECT_EQ(thrown_by(ip_address::loopback_v4(), {}),
            "join 127.0.0.1: not allowed here: that is no multicast address");
  EXPECT_EQ(thrown_by(group, {.source = ip_address::loopback_v6()}),
            "join 239.255.77.2: not allowed here: the source is of the other family");
  EXPECT_EQ(thrown_by(group, {.device = "no_such_if"}), "join 239.255.77.2 on no_such_if: No such device");
  EXPECT_EQ(thrown_by(group, {.device = "192.0.2.1"}), "join 239.255.77.2 on 192.0.2.1: No such device");
  EXPECT_EQ(thrown_by(group, {.device = "a_name_that_is_longer_than_any_interface_has"}),
            "join 239.255.77.2 on a_name_that_is_longer_than_any_interface_has: No such device");
  EXPECT_THROW(socket.set_multicast_device("no_such_if"), error);
}

TEST(UdpBatch, IsReceivedAsItWasSent) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    udp::batch out({.capacity = 100});
    udp::batch in({.capacity = 40});
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < 100; ++i) {
      expected.push_back(std::string(i, static_cast<char>('a' + i % 26)));
      EXPECT_TRUE(out.append(as_bytes(expected.back()), b.local_endpoint()));
    }
    EXPECT_FALSE(out.append(as_bytes("full"), b.local_endpoint()));
    co_await a.send_many(out);
    EXPECT_EQ(out.sent(), 100u);
    std::vector<std::string> got;
    while (got.size() < expected.size()) {
      const std::size_t n = co_await with_timeout(5s, b.recv_many(in));
      EXPECT_EQ(n, in.size());
      EXPECT_GE(n, 1u);
      EXPECT_LE(n, 40u);
      for (const udp::datagram& each : in) {
        EXPECT_EQ(each.peer, a.local_endpoint());
        EXPECT_FALSE(each.truncated());
        got.emplace_back(as_text(each.bytes));
      }
    }
    EXPECT_EQ(got, expected);
  };
  run(check());
}

// After a batch that was not full the socket is known to be drained, and not tried again before it waits.
TEST(UdpBatch, NothingIsMissedBetweenBatchesThatWereNotFull) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    udp::batch in;
    for (int i = 0; i < 500; ++i) {
      co_await a.send_to("x", b.local_endpoint());
      if (i % 3 == 0) co_await yield();
      EXPECT_EQ(co_await with_timeout(5s, b.recv_many(in)), 1u);
    }
  };
  run(check());
}

TEST(UdpBatch, CutsWhatIsTooLongAndSaysSo) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::connect(a.local_endpoint());
    udp::batch in({.capacity = 4, .datagram_size = 3});
    co_await b.send("123");
    co_await b.send("12345");
    co_await b.send("");
    EXPECT_EQ(co_await a.recv_many(in), 3u);
    EXPECT_FALSE(in[0].truncated());
    EXPECT_EQ(as_text(in[1].bytes), "123");
    EXPECT_TRUE(in[1].truncated());
#ifdef __linux__
    EXPECT_EQ(in[1].full_size, 5u);
#endif
    EXPECT_TRUE(in[2].bytes.empty());
    EXPECT_FALSE(in[2].truncated());
  };
  run(check());
}

TEST(UdpBatch, GoesToTheConnectedPeerAndToEachOfSeveral) {
  const auto check = []() -> task<> {
    udp::socket first = udp::bind(any_port_v4);
    udp::socket second = udp::bind(any_port_v4);
    udp::socket client = udp::connect(first.local_endpoint());
    udp::batch out;
    EXPECT_TRUE(out.append(as_bytes("1")));
    co_await client.send_many(out);
    udp::socket sender = udp::bind(any_port_v4);
    out.clear();
    EXPECT_TRUE(out.empty());
    EXPECT_TRUE(out.append(as_bytes("2"), first.local_endpoint()));
    EXPECT_TRUE(out.append(as_bytes("3"), second.local_endpoint()));
    co_await sender.send_many(out);
    buffer bytes;
    EXPECT_EQ(text_of(bytes, co_await first.recv_from(bytes)), "1");
    EXPECT_EQ(text_of(bytes, co_await first.recv_from(bytes)), "2");
    EXPECT_EQ(text_of(bytes, co_await second.recv_from(bytes)), "3");
  };
  run(check());
}

TEST(UdpBatch, AFailureTellsHowManyWereSentAndCanBePassed) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    udp::batch out({.datagram_size = 65'535});
    EXPECT_TRUE(out.append(as_bytes("first"), b.local_endpoint()));
    EXPECT_TRUE(out.append(as_bytes(std::string(65'530, 'x')), b.local_endpoint()));
    EXPECT_TRUE(out.append(as_bytes("third"), b.local_endpoint()));
    const auto r = co_await as_result(a.send_many(out));
    EXPECT_EQ(r.code(), std::errc::message_size);
    EXPECT_EQ(r.error().detail(), "1 of 3 datagrams were sent");
    EXPECT_EQ(r.error().peer(), b.local_endpoint().to_string());
    EXPECT_EQ(out.sent(), 1u);
    co_await a.send_many(out, 2);
    buffer bytes;
    EXPECT_EQ(text_of(bytes, co_await b.recv_from(bytes)), "first");
    EXPECT_EQ(text_of(bytes, co_await b.recv_from(bytes)), "third");
  };
  run(check());
}

#ifndef _WIN32
TEST(UdpBatch, ARefusalIsToldAndTheSocketStaysGood) {
  const auto check = []() -> task<> {
    const endpoint gone = nobody();
    udp::socket client = udp::connect(gone);
    udp::batch batch;
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(batch.append(as_bytes("anybody?")));
      co_await client.send_many(batch);
      const auto r = co_await as_result(with_timeout(5s, client.recv_many(batch)));
      EXPECT_FALSE(r);
      EXPECT_EQ(r.code(), std::errc::connection_refused);
      EXPECT_TRUE(batch.empty());
    }
    udp::socket late = udp::bind(gone);
    co_await late.send_to("here", client.local_endpoint());
    EXPECT_EQ(co_await with_timeout(5s, client.recv_many(batch)), 1u);
    EXPECT_EQ(as_text(batch[0].bytes), "here");
  };
  run(check());
}

#endif

/// Sends `bytes` as datagrams of `segment` bytes and a rest. Where the system can (UDP_SEGMENT), in one call,
/// so that they stay together up to the receiver.
task<> send_burst(udp::socket& by, std::string bytes, std::size_t segment, endpoint to) {
#ifdef __linux__
  constexpr int udp_segment = 103;
  int cut = static_cast<int>(segment);
  if (::setsockopt(by.native_handle(), IPPROTO_UDP, udp_segment, &cut, sizeof(cut)) == 0) {
    co_await by.send_to(bytes, to);
    cut = 0;
    EXPECT_EQ(::setsockopt(by.native_handle(), IPPROTO_UDP, udp_segment, &cut, sizeof(cut)), 0);
    co_return;
  }
#endif
  for (std::size_t at = 0; at < bytes.size(); at += segment) {
    const std::string one = bytes.substr(at, segment);
    co_await by.send_to(one, to);
  }
}

/// Numbers of five digits, from `first` on, which are datagrams of a burst.
std::string numbers(int first, int count) {
  std::string all;
  for (int i = first; i < first + count; ++i) all += std::to_string(10'000 + i);
  return all;
}

/// Turns it on, before anything has come.
task<> start_to_coalesce(udp::socket& socket) {
  udp::batch batch;
  const auto r = co_await as_result(with_timeout(1ms, socket.recv_many(batch)));
  EXPECT_EQ(r.error(), condition::timeout);
}

TEST(UdpBatch, EachDatagramOfABurstArrivesByItself) {
  const auto check = [](const endpoint& at, bool coalesced) -> task<> {
    udp::socket a = udp::bind(at);
    udp::socket b = udp::bind(at);
    udp::socket receiver = udp::bind(at);
    if (coalesced) co_await start_to_coalesce(receiver);
    std::string from_a;
    for (int i = 0; i < 20; ++i) from_a += std::string(1000, static_cast<char>('a' + i));
    from_a += "the rest";
    co_await send_burst(a, from_a, 1000, receiver.local_endpoint());
    co_await send_burst(b, "123123", 3, receiver.local_endpoint());
    co_await a.send_to("", receiver.local_endpoint());
    co_await send_burst(a, "last", 1, receiver.local_endpoint());
    udp::batch in({.capacity = 100, .coalesced = coalesced});
    EXPECT_EQ(co_await with_timeout(5s, receiver.recv_many(in)), 28u);
    std::string got;
    for (std::size_t i = 0; i < 21; ++i) {
      EXPECT_EQ(in[i].bytes.size(), i < 20 ? 1000u : 8u) << i;
      got += as_text(in[i].bytes);
    }
    EXPECT_EQ(got, from_a);
    EXPECT_EQ(as_text(in[21].bytes), "123");
    EXPECT_EQ(as_text(in[22].bytes), "123");
    EXPECT_EQ(in[23].bytes.size(), 0u);
    for (std::size_t i = 24; i < 28; ++i)
      EXPECT_EQ(as_text(in[i].bytes), std::string_view("last").substr(i - 24, 1));
    for (std::size_t i = 0; i < in.size(); ++i) {
      EXPECT_EQ(in[i].peer, (i == 21 || i == 22 ? b : a).local_endpoint()) << i;
      EXPECT_FALSE(in[i].truncated()) << i;
    }
  };
  for (const bool coalesced : {true, false}) {
    run(check(any_port_v4, coalesced));
    run(check(any_port_v6, coalesced));
  }
}

TEST(UdpBatch, WhatDoesNotFitComesWithTheNextCallWhicheverThatIs) {
  const auto check = [](bool coalesced) -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    if (coalesced) co_await start_to_coalesce(b);
    co_await send_burst(a, numbers(0, 30), 5, b.local_endpoint());
    co_await a.send_to("single", b.local_endpoint());
    co_await send_burst(a, numbers(30, 30), 5, b.local_endpoint());
    udp::batch three({.capacity = 3, .coalesced = coalesced});
    udp::batch other({.capacity = 4, .coalesced = false});
    std::vector<std::string> got;
    buffer bytes;
    while (got.size() < 61) {
      if (got.size() == 16) {
        const auto receive = [&] { return b.recv_many(three); };
        const auto before = co_await testing::outcome_if_canceled_before(receive);
        EXPECT_EQ(before.error(), condition::canceled);
      }
      co_await with_timeout(5s, b.recv_many(three));
      for (const udp::datagram& each : three) got.emplace_back(as_text(each.bytes));
      if (got.size() == 61) break;
      const udp::received one = co_await with_timeout(5s, b.recv_from(bytes));
      EXPECT_EQ(one.from, a.local_endpoint());
      got.push_back(text_of(bytes, one));
      if (got.size() == 61) break;
      co_await with_timeout(5s, b.recv_many(other));
      for (const udp::datagram& each : other) got.emplace_back(as_text(each.bytes));
    }
    std::vector<std::string> expected;
    for (int i = 0; i < 60; ++i) {
      if (i == 30) expected.emplace_back("single");
      expected.push_back(std::to_string(10'000 + i));
    }
    EXPECT_EQ(got, expected);
    const auto none = co_await as_result(with_timeout(5ms, b.recv_from(bytes)));
    EXPECT_EQ(none.error(), condition::timeout);
    co_await a.send_to("later", b.local_endpoint());
    EXPECT_EQ(co_await with_timeout(5s, b.recv_many(three)), 1u);
  };
  run(check(true));
  run(check(false));
}

TEST(UdpBatch, EachDatagramOfABurstIsCutByItself) {
  const auto check = [](bool coalesced) -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    if (coalesced) co_await start_to_coalesce(b);
    co_await send_burst(a, "123451234512", 5, b.local_endpoint());
    co_await send_burst(a, "1234512", 5, b.local_endpoint());
    udp::batch in({.capacity = 3, .datagram_size = 3, .coalesced = coalesced});
    EXPECT_EQ(co_await with_timeout(5s, b.recv_many(in)), 3u);
    EXPECT_EQ(as_text(in[0].bytes), "123");
    EXPECT_TRUE(in[0].truncated());
    EXPECT_EQ(as_text(in[1].bytes), "123");
    EXPECT_TRUE(in[1].truncated());
    EXPECT_EQ(as_text(in[2].bytes), "12");
    EXPECT_FALSE(in[2].truncated());
    std::array<char, 4> four;
    const udp::received cut = co_await with_timeout(5s, b.recv_from(four));
    EXPECT_EQ(std::string(four.data(), cut.size), "1234");
    EXPECT_TRUE(cut.truncated());
#ifdef __linux__
    EXPECT_EQ(in[0].full_size, 5u);
    EXPECT_EQ(cut.full_size, 5u);
#endif
    const udp::received rest = co_await with_timeout(5s, b.recv_from(four));
    EXPECT_EQ(std::string(four.data(), rest.size), "12");
    EXPECT_FALSE(rest.truncated());
  };
  run(check(true));
  run(check(false));
}

TEST(UdpBatch, TheLongestBurstAndTheLargestDatagramArriveWhole) {
  const auto check = [](bool coalesced) -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    if (coalesced) co_await start_to_coalesce(b);
    std::string sent;
    for (int i = 0; i < 65'500; ++i) sent += static_cast<char>('a' + i % 23);
    co_await send_burst(a, sent, 1100, b.local_endpoint());
    udp::batch in({.capacity = 64, .coalesced = coalesced});
    std::string got;
    while (got.size() < sent.size()) {
      co_await with_timeout(5s, b.recv_many(in));
      for (const udp::datagram& each : in) got += as_text(each.bytes);
    }
    EXPECT_EQ(got, sent);
    const std::string largest(65'507, 'x');
    co_await a.send_to(largest, b.local_endpoint());
    std::string bytes(65'507, ' ');
    const udp::received one = co_await with_timeout(5s, b.recv_from(bytes));
    EXPECT_EQ(one.size, largest.size());
    EXPECT_EQ(bytes, largest);
  };
  run(check(true));
  run(check(false));
}

TEST(UdpBatch, BurstsThatComeMeanwhileAreAllReceivedInTheirOrder) {
  const auto check = []() -> task<> {
    constexpr int bursts = 200;
    constexpr int total = 5 * (40 * 41 / 2);
    udp::socket a = udp::bind(any_port_v4);
    udp::socket b = udp::bind(any_port_v4);
    int sent = 0;
    int got = 0;
    const auto sends = [&]() -> task<> {
      for (int i = 0; i < bursts; ++i) {
        const int count = 1 + i % 40;
        co_await send_burst(a, numbers(sent, count), 5, b.local_endpoint());
        sent += count;
        while (sent - got > 100) co_await yield();
        if (i % 3 == 0) co_await yield();
      }
      EXPECT_EQ(sent, total);
    };
    const auto receives = [&]() -> task<> {
      udp::batch in({.capacity = 7});
      while (got < total) {
        co_await with_timeout(5s, b.recv_many(in));
        for (const udp::datagram& each : in) EXPECT_EQ(as_text(each.bytes), std::to_string(10'000 + got++));
      }
    };
    co_await when_all(receives(), sends());
    EXPECT_EQ(got, total);
  };
  run(check());
}

#ifdef __linux__
TEST(UdpBatch, TheSocketCoalescesOnceABatchThatMayHasBeenShown) {
  constexpr int udp_gro = 104;
  const auto check = []() -> task<> {
    udp::socket socket = udp::bind(any_port_v4);
    const auto coalesces = [&] {
      int on = -1;
      socklen_t size = sizeof(on);
      EXPECT_EQ(::getsockopt(socket.native_handle(), IPPROTO_UDP, udp_gro, &on, &size), 0);
      return on == 1;
    };
    udp::batch plain({.coalesced = false});
    const auto r = co_await as_result(with_timeout(1ms, socket.recv_many(plain)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_FALSE(coalesces());
    co_await start_to_coalesce(socket);
    EXPECT_TRUE(coalesces());
  };
  udp::socket probe = udp::bind(any_port_v4);
  const int on = 1;
  if (::setsockopt(probe.native_handle(), IPPROTO_UDP, udp_gro, &on, sizeof(on)) != 0) {
    GTEST_SKIP() << "this kernel has no UDP_GRO";
  }
  run(check());
}
#endif

TEST(UdpBatch, OptionsOutOfRangeAreBroughtIntoIt) {
  EXPECT_EQ(udp::batch({.capacity = 0, .datagram_size = 0}).capacity(), 1u);
  EXPECT_EQ(udp::batch({.capacity = 0, .datagram_size = 0}).datagram_size(), 1u);
  EXPECT_EQ(udp::batch({.capacity = 5000}).capacity(), 1024u);
  EXPECT_EQ(udp::batch({.capacity = 1, .datagram_size = 100'000}).datagram_size(), 65'535u);
}

TEST(UdpBatch, AnEmptyOneIsSentAtOnce) {
  const auto check = []() -> task<> {
    udp::socket a = udp::bind(any_port_v4);
    udp::batch none;
    co_await a.send_many(none);
    co_await a.send_many(none, 7);
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
