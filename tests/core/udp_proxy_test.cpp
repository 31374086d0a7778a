#include <tidewire/core/group.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/udp_proxy.hpp>
#include <tidewire/core/when.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/cancellation.hpp"
#include "support/exact.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const endpoint any_port(ip_address::loopback_v4(), 0);
constexpr std::string_view operation = "ask for datagrams to be passed on by";

TEST(RelayHeader, NamesTheHost) {
  EXPECT_EQ(proxy::relay_header("192.0.2.1", 53).value(), "\0\0\0\x01\xc0\0\x02\x01\0\x35"s);
  EXPECT_EQ(proxy::relay_header("2001:db8::1", 53).value(),
            "\0\0\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x35"s);
  EXPECT_EQ(proxy::relay_header("example.org", 258).value(),
            "\0\0\0\x03\x0b"
            "example.org\x01\x02"s);
  EXPECT_EQ(proxy::relay_header("a b", 53).code(), errc::malformed);
  EXPECT_EQ(proxy::relay_header("", 53).code(), errc::malformed);
}

TEST(ParseRelayed, GivesTheSenderAndTheBytes) {
  for (const char* const host : {"192.0.2.1", "2001:db8::1"}) {
    const std::string header = proxy::relay_header(host, 53).value();
    const std::string whole = header + "hello";
    const testing::exact_block shown(whole);
    const auto got = proxy::parse_relayed(as_bytes(shown.text()));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from.to_string(), endpoint(*ip_address::parse(host), 53).to_string());
    EXPECT_EQ(as_text(got->bytes), "hello");
    for (std::size_t size = 0; size < header.size(); ++size) {
      const testing::exact_block cut(std::string_view(whole).substr(0, size));
      EXPECT_EQ(proxy::parse_relayed(as_bytes(cut.text())).code(), errc::malformed) << size;
    }
    EXPECT_TRUE(proxy::parse_relayed(as_bytes(header))->bytes.empty());
  }
}

TEST(ParseRelayed, RefusesFragmentsNamesAndOtherKinds) {
  const auto parsed = [](std::string_view text) { return proxy::parse_relayed(as_bytes(text)); };
  EXPECT_EQ(parsed("\0\0\x01\x01\x7f\0\0\x01\0\x35x"s).code(), errc::unsupported);
  EXPECT_EQ(parsed("\0\0\0\x03\x01x\0\x35x"s).code(), errc::unsupported);
  EXPECT_EQ(parsed("\0\0\0\x02\x7f\0\0\x01\0\x35x"s).code(), errc::malformed);
}

/// A proxy without authentication, for one association: what is sent to whatever name goes to this host.
class relaying_proxy {
 public:
  /// `reply`: to the request; the relay's own end if it is empty.
  explicit relaying_proxy(std::string reply = {}) : reply_(std::move(reply)) {
    const std::uint16_t port = relay_.local_endpoint().port();
    if (reply_.empty()) {
      // An address of no kind says that the relay is where the proxy is.
      reply_ = "\x05\0\0\x01\0\0\0\0"s;
      reply_ += static_cast<char>(port >> 8);
      reply_ += static_cast<char>(port & 0xff);
    }
  }

  [[nodiscard]] proxy::server at() const {
    return {.host = "127.0.0.1", .port = listener_.local_endpoint().port()};
  }
  [[nodiscard]] endpoint relay_end() const { return relay_.local_endpoint(); }
  /// Where the client's datagrams come from, once one has come.
  [[nodiscard]] const endpoint& client() const { return client_; }
  [[nodiscard]] udp::socket& relay() { return relay_; }
  void hang_up() { control_.reset(); }

  task<> admit() {
    control_.emplace(co_await listener_.accept());
    EXPECT_EQ(as_text(co_await control_->read_exactly(3)), "\x05\x01\0"s);
    co_await control_->write("\x05\0"s);
    EXPECT_EQ(as_text(co_await control_->read_exactly(10)), "\x05\x03\0\x01\0\0\0\0\0\0"s);
    co_await control_->write(reply_);
  }
  /// Takes a datagram from the client, whose header is `expected`.
  task<std::string> take(std::string expected) {
    std::array<char, 2048> bytes;
    const udp::received got = co_await relay_.recv_from(bytes);
    client_ = got.from;
    const std::string whole(bytes.data(), got.size);
    EXPECT_EQ(whole.substr(0, expected.size()), expected);
    co_return whole.substr(expected.size());
  }
  /// Brings the client a datagram from `from`.
  task<> bring(endpoint from, std::string text) {
    const std::string whole = proxy::relay_header(from.address().to_string(), from.port()).value() + text;
    co_await relay_.send_to(whole, client_);
  }

 private:
  std::string reply_;
  tcp::listener listener_ = tcp::listen(any_port);
  udp::socket relay_ = udp::bind(any_port);
  std::optional<tcp::stream> control_;
  endpoint client_;
};

/// An association by that proxy.
task<proxy::udp_association> associate_by(relaying_proxy& by) {
  std::optional<proxy::udp_association> made;
  const auto asks = [&]() -> task<> { made.emplace(co_await proxy::associate(by.at())); };
  co_await when_all(asks(), by.admit());
  co_return std::move(*made);
}

const endpoint far_away(ip_address::from_v4(0xc0000201), 5353);

/// Lets the proxy know where the client is.
task<> say_hello(proxy::udp_association& by, relaying_proxy& through) {
  co_await by.send_to(as_bytes("hello"), far_away);
  EXPECT_EQ(co_await through.take("\0\0\0\x01\xc0\0\x02\x01\x14\xe9"s), "hello");
}

TEST(UdpAssociation, CarriesDatagramsBothWays) {
  const auto check = []() -> task<> {
    relaying_proxy through;
    auto by = co_await associate_by(through);
    EXPECT_EQ(by.relay(), through.relay_end());
    co_await say_hello(by, through);
    co_await by.send_to(as_bytes("by name"), "example.org", 53);
    EXPECT_EQ(co_await through.take(proxy::relay_header("example.org", 53).value()), "by name");

    co_await through.bring(far_away, "answer");
    std::array<std::byte, 100> buffer;
    const udp::received got = co_await with_timeout(5s, by.recv_from(buffer));
    EXPECT_EQ(as_text(std::span(buffer).first(got.size)), "answer");
    EXPECT_EQ(got.from, far_away);
    EXPECT_FALSE(got.truncated());
    co_await through.bring(far_away, "answer");
    const udp::received cut = co_await with_timeout(5s, by.recv_from(std::span(buffer).first(3)));
    EXPECT_EQ(cut.size, 3u);
    EXPECT_EQ(cut.full_size, 6u);
  };
  run(check());
}

TEST(UdpAssociation, PassesOverWhatIsNoDatagramOfARelay) {
  const auto check = []() -> task<> {
    relaying_proxy through;
    auto by = co_await associate_by(through);
    co_await say_hello(by, through);
    for (const std::string& each : {""s, "\0\0"s, "\0\0\x01\x01\x7f\0\0\x01\0\x35x"s}) {
      co_await through.relay().send_to(each, through.client());
    }
    co_await through.bring(far_away, "good");
    std::array<std::byte, 100> buffer;
    const udp::received got = co_await with_timeout(5s, by.recv_from(buffer));
    EXPECT_EQ(as_text(std::span(buffer).first(got.size)), "good");
  };
  run(check());
}

TEST(UdpAssociation, EndsWithTheConnectionToTheProxy) {
  const auto check = []() -> task<> {
    relaying_proxy through;
    auto by = co_await associate_by(through);
    std::array<std::byte, 100> buffer;
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(by.recv_from(buffer));
      EXPECT_EQ(r.error(), condition::eof);
      EXPECT_EQ(r.error().detail(), "the proxy ended the association");
      EXPECT_EQ(r.error().operation(), "receive through");
    };
    const auto ends = [&]() -> task<> {
      co_await yield();
      through.hang_up();
    };
    co_await when_all(waits(), ends());
  };
  run(check());
}

TEST(UdpAssociation, ACanceledReceiveLosesNothingAndClosingEndsIt) {
  const auto check = []() -> task<> {
    relaying_proxy through;
    auto by = co_await associate_by(through);
    co_await say_hello(by, through);
    std::array<std::byte, 100> buffer;
    const auto receive = [&] { return by.recv_from(buffer); };
    const auto before = co_await testing::outcome_if_canceled_before(receive);
    EXPECT_EQ(before.error(), condition::canceled);
    const auto midway = co_await testing::outcome_if_canceled_midway(receive);
    EXPECT_EQ(midway.error(), condition::canceled);
    co_await through.bring(far_away, "kept");
    EXPECT_EQ((co_await with_timeout(5s, by.recv_from(buffer))).size, 4u);

    EXPECT_THROW((void)by.recv_from(byte_span()), error);
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(by.recv_from(buffer));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto closes = [&]() -> task<> {
      co_await yield();
      by.close();
    };
    co_await when_all(waits(), closes());
    const auto late = co_await as_result(by.send_to(as_bytes("late"), far_away));
    EXPECT_EQ(late.code(), errc::closed);
  };
  run(check());
}

TEST(UdpAssociation, SaysWhatTheProxyDoesNotDo) {
  const auto outcome_of = [](std::string reply) -> task<error> {
    relaying_proxy through(std::move(reply));
    std::optional<error> thrown;
    const auto asks = [&]() -> task<> {
      try {
        (void)co_await proxy::associate(through.at());
      } catch (const error& e) {
        thrown.emplace(e);
      }
    };
    co_await when_all(asks(), through.admit());
    if (!thrown) throw error(errc::misuse, "it was not refused");
    EXPECT_EQ(thrown->operation(), operation);
    EXPECT_EQ(thrown->peer(), "127.0.0.1:" + std::to_string(through.at().port));
    co_return *thrown;
  };
  const auto check = [&]() -> task<> {
    const error refused = co_await outcome_of("\x05\x07\0\x01\0\0\0\0\0\0"s);
    EXPECT_EQ(refused.code(), proxy::errc::refused);
    const error named = co_await outcome_of("\x05\0\0\x03\x01x\0\x35"s);
    EXPECT_EQ(named.code(), errc::unsupported);
    const auto other = co_await as_result(proxy::associate({.speaks = proxy::protocol::http, .host = "::1"}));
    EXPECT_EQ(other.error(), condition::misuse);
    const std::uint16_t port = tcp::listen(any_port).local_endpoint().port();
    const auto nobody = co_await as_result(proxy::associate({.host = "127.0.0.1", .port = port}));
    EXPECT_EQ(nobody.code(), errc::connection_refused_by_all);
  };
  run(check());
}

TEST(UdpAssociation, IsNotMadeOnceCanceledOrAfterItsTime) {
  virtual_clock clock;
  const auto check = [&]() -> task<> {
    tcp::listener silent = tcp::listen(any_port);
    const proxy::server at{.host = "127.0.0.1", .port = silent.local_endpoint().port()};
    const auto late = co_await as_result(proxy::associate(at, {.timeout = 3s}));
    EXPECT_EQ(late.error(), condition::timeout);
    EXPECT_EQ(clock.elapsed(), 3s);
    const auto ask = [&]() -> task<> { (void)co_await proxy::associate(at); };
    EXPECT_EQ((co_await testing::outcome_if_canceled_before(ask)).error(), condition::canceled);
    EXPECT_EQ((co_await testing::outcome_if_canceled_midway(ask)).error(), condition::canceled);
  };
  run(check(), {.clock = &clock});
}

}  // namespace
}  // namespace tidewire
