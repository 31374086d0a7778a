#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "support/cancellation.hpp"
#include "support/exact.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using proxy::handshake;
using proxy::protocol;

const proxy::tunnel_options nobody;
const proxy::tunnel_options ada{.user = "ada", .password = "engine"};

// What an exchange came to: what was sent, in steps, and how it ended.
struct outcome {
  std::vector<std::string> sent;
  std::error_code code;  // success: there is a tunnel
  std::string why;
  std::string proxy_said;
  std::string rest;  // what came behind it
  friend bool operator==(const outcome&, const outcome&) = default;
};

void PrintTo(const outcome& of, std::ostream* out) {
  for (const std::string& each : of.sent) *out << ::testing::PrintToString(each) << " -> ";
  *out << of.code.message() << " (" << of.why << ") " << of.proxy_said << '|' << of.rest;
}

// The proxy says `answer`, which comes in pieces that end at `cuts`, and leaves.
outcome play(handshake exchange, std::string_view answer, const std::vector<std::size_t>& cuts = {}) {
  outcome played;
  std::size_t taken = 0;
  std::size_t cut = 0;
  const auto ended_by = [&](const failure& why) {
    played.code = why.code();
    played.why = why.detail();
    played.proxy_said = why.peer_text();
    return played;
  };
  for (std::size_t came = 0;;) {
    if (!exchange.output().empty()) {
      played.sent.emplace_back(exchange.output());
      exchange.sent();
    }
    const testing::exact_block shown(answer.substr(taken, came - taken));
    const auto step = exchange.receive(as_bytes(shown.text()));
    if (!step) return ended_by(step.error());
    taken += *step;
    if (exchange.done()) break;
    if (!exchange.output().empty()) continue;
    if (came == answer.size()) return ended_by(exchange.finish());
    came = cut < cuts.size() ? cuts[cut++] : answer.size();
  }
  played.rest = answer.substr(taken);
  return played;
}

struct scenario {
  const char* name;
  protocol speaks;
  const proxy::tunnel_options* options;
  std::string host;
  std::string answer;
  outcome expected;
};

const std::string connect_request = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n";
const std::string socks5_to_host =
    "\x05\x01\0\x03\x0b"
    "example.org\x01\xbb"s;
const std::string socks5_granted = "\x05\0\0\x01\x7f\0\0\x01\x1f\x90"s;

outcome opened(std::vector<std::string> sent, std::string rest = "") {
  return {std::move(sent), {}, "", "", std::move(rest)};
}
outcome refused(std::vector<std::string> sent, std::error_code code, std::string why, std::string said = "") {
  return {std::move(sent), code, std::move(why), std::move(said), ""};
}

const std::vector<scenario>& scenarios() {
  static const std::vector<scenario> all = {
      {"a name by SOCKS 5", protocol::socks5, &nobody, "example.org", "\x05\0"s + socks5_granted + "hello",
       opened({"\x05\x01\0"s, socks5_to_host}, "hello")},
      {"an IPv4 address by SOCKS 5", protocol::socks5, &nobody, "192.0.2.1", "\x05\0"s + socks5_granted,
       opened({"\x05\x01\0"s, "\x05\x01\0\x01\xc0\0\x02\x01\x01\xbb"s})},
      {"an IPv6 address by SOCKS 5, answered with one", protocol::socks5, &nobody, "2001:db8::1",
       "\x05\0\x05\0\0\x04"s + std::string(18, 'x') + "!",
       opened({"\x05\x01\0"s, "\x05\x01\0\x04\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01\x01\xbb"s},
              "!")},
      {"SOCKS 5 answered with a name", protocol::socks5, &nobody, "example.org",
       "\x05\0\x05\0\0\x03\x04gate\0\x50more"s, opened({"\x05\x01\0"s, socks5_to_host}, "more")},
      {"SOCKS 5 with a password", protocol::socks5, &ada, "example.org", "\x05\x02\x01\0"s + socks5_granted,
       opened({"\x05\x02\0\x02"s,
               "\x01\x03"
               "ada\x06"
               "engine",
               socks5_to_host})},
      {"SOCKS 5 that asks for no password after all", protocol::socks5, &ada, "example.org",
       "\x05\0"s + socks5_granted, opened({"\x05\x02\0\x02"s, socks5_to_host})},
      {"SOCKS 5 with a wrong password", protocol::socks5, &ada, "example.org", "\x05\x02\x01\x01"s,
       refused({"\x05\x02\0\x02"s,
                "\x01\x03"
                "ada\x06"
                "engine"},
               proxy::errc::auth, "")},
      {"SOCKS 5 that wants a password", protocol::socks5, &nobody, "example.org", "\x05\xff",
       refused({"\x05\x01\0"s}, proxy::errc::auth, "it wants to know who we are")},
      {"SOCKS 5 that takes no passwords", protocol::socks5, &ada, "example.org", "\x05\xff",
       refused({"\x05\x02\0\x02"s}, proxy::errc::auth, "it accepts no user with a password")},
      {"SOCKS 5 that chooses what was not offered", protocol::socks5, &nobody, "example.org", "\x05\x02",
       refused({"\x05\x01\0"s}, errc::malformed, "it chose a method that was not offered")},
      {"SOCKS 5 with a host that refuses", protocol::socks5, &nobody, "example.org", "\x05\0\x05\x05"s,
       refused({"\x05\x01\0"s, socks5_to_host}, std::make_error_code(std::errc::connection_refused), "")},
      {"SOCKS 5 with a host out of reach", protocol::socks5, &nobody, "example.org",
       "\x05\0\x05\x04\0\x01\0\0\0\0\0\0"s,
       refused({"\x05\x01\0"s, socks5_to_host}, std::make_error_code(std::errc::host_unreachable), "")},
      {"SOCKS 5 with rules", protocol::socks5, &nobody, "example.org", "\x05\0\x05\x02"s,
       refused({"\x05\x01\0"s, socks5_to_host}, proxy::errc::refused, "not allowed by its rules")},
      {"SOCKS 5 with an unknown failure", protocol::socks5, &nobody, "example.org", "\x05\0\x05\xee"s,
       refused({"\x05\x01\0"s, socks5_to_host}, proxy::errc::failed, "it answered with the number 238")},
      {"SOCKS 5 with an address of no kind", protocol::socks5, &nobody, "example.org",
       "\x05\0\x05\0\0\x02\0"s,
       refused({"\x05\x01\0"s, socks5_to_host}, errc::malformed,
               "an address of a kind that SOCKS 5 does not have")},
      {"no SOCKS 5 at all", protocol::socks5, &nobody, "example.org", "HTTP/1.1 400 Bad Request\r\n\r\n",
       refused({"\x05\x01\0"s}, errc::malformed, "it speaks no SOCKS 5")},
      {"a name by SOCKS 4a", protocol::socks4a, &nobody, "example.org", "\0\x5a\0\0\0\0\0\0hello"s,
       opened({"\x04\x01\x01\xbb\0\0\0\x01\0example.org\0"s}, "hello")},
      {"an address by SOCKS 4", protocol::socks4a, &nobody, "192.0.2.1", "\0\x5a\x01\x02\x03\x04\x05\x06"s,
       opened({"\x04\x01\x01\xbb\xc0\0\x02\x01\0"s})},
      {"SOCKS 4a that refuses", protocol::socks4a, &nobody, "example.org", "\0\x5b\0\0\0\0\0\0"s,
       refused({"\x04\x01\x01\xbb\0\0\0\x01\0example.org\0"s}, proxy::errc::failed,
               "it refused, or could not connect")},
      {"SOCKS 4a that wants an identd", protocol::socks4a, &nobody, "example.org", "\0\x5c"s,
       refused({"\x04\x01\x01\xbb\0\0\0\x01\0example.org\0"s}, proxy::errc::auth,
               "it found no identd to ask for the user")},
      {"HTTP", protocol::http, &nobody, "example.org", "HTTP/1.1 200 Connection established\r\n\r\nhello",
       opened({connect_request + "\r\n"}, "hello")},
      {"HTTP whose tunnel has no length, whatever it says", protocol::http, &nobody, "example.org",
       "HTTP/1.0 204\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
       opened({connect_request + "\r\n"}, "hello")},
      {"HTTP that asks for patience first", protocol::http, &nobody, "example.org",
       "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
       opened({connect_request + "\r\n"})},
      {"HTTP to an IPv6 address", protocol::http, &nobody, "2001:db8::1", "HTTP/1.1 200 OK\r\n\r\n",
       opened({"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"})},
      {"HTTP with a password", protocol::http, &ada, "example.org", "HTTP/1.1 200 OK\r\n\r\n",
       opened({connect_request + "Proxy-Authorization: Basic YWRhOmVuZ2luZQ==\r\n\r\n"})},
      {"HTTP that refuses, and says why", protocol::http, &nobody, "example.org",
       "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\ncontent-length:  11 \r\n\r\nnot for you, and "
       "more",
       refused({connect_request + "\r\n"}, proxy::errc::refused, "it answered 403", "not for you")},
      {"HTTP that refuses in chunks", protocol::http, &nobody, "example.org",
       "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnot \r\n7;x=y\r\nfor "
       "you\r\n0\r\n\r\n",
       refused({connect_request + "\r\n"}, proxy::errc::failed, "it answered 502", "not for you")},
      {"HTTP that refuses, and leaves", protocol::http, &nobody, "example.org",
       "HTTP/1.1 404 Not Found\r\n\r\nno such place",
       refused({connect_request + "\r\n"}, proxy::errc::refused, "it answered 404", "no such place")},
      {"HTTP that refuses without a word", protocol::http, &nobody, "example.org",
       "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
       refused({connect_request + "\r\n"}, proxy::errc::failed, "it answered 503")},
      {"HTTP that wants a password", protocol::http, &nobody, "example.org",
       "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?",
       refused({connect_request + "\r\n"}, proxy::errc::auth, "it answered 407", "who?")},
      {"no HTTP", protocol::http, &nobody, "example.org", "220 mail.example.org ESMTP\r\n",
       refused({connect_request + "\r\n"}, errc::malformed, "it speaks no HTTP/1.1")},
      {"HTTP without a status", protocol::http, &nobody, "example.org", "HTTP/1.1 2000 OK\r\n\r\n",
       refused({connect_request + "\r\n"}, errc::malformed, "its answer has no status")},
  };
  return all;
}

outcome play(const scenario& one, const std::vector<std::size_t>& cuts) {
  auto exchange = handshake::begin(one.speaks, one.host, 443, *one.options);
  return play(std::move(exchange).value(), one.answer, cuts);
}

TEST(ProxyHandshake, ComesToTheSameInAnySplit) {
  for (const scenario& one : scenarios()) {
    EXPECT_EQ(play(one, {}), one.expected) << one.name;
    std::vector<std::size_t> each_byte;
    for (std::size_t i = 1; i <= one.answer.size(); ++i) {
      EXPECT_EQ(play(one, {i}), one.expected) << one.name << ", cut at " << i;
      each_byte.push_back(i);
    }
    EXPECT_EQ(play(one, each_byte), one.expected) << one.name << ", byte by byte";
  }
}

TEST(ProxyHandshake, AProxyThatLeavesEarlyIsAnError) {
  for (const scenario& one : scenarios()) {
    if (one.expected.code) continue;
    const std::size_t size = one.answer.size() - one.expected.rest.size();
    for (std::size_t i = 0; i < size; ++i) {
      auto exchange = handshake::begin(one.speaks, one.host, 443, *one.options);
      const outcome got = play(std::move(exchange).value(), one.answer.substr(0, i));
      EXPECT_EQ(got.code, condition::eof) << one.name << ", after " << i;
      EXPECT_EQ(got.why, "it left before there was a tunnel");
    }
  }
}

TEST(ProxyHandshake, TheHeadOfAnAnswerHasALimit) {
  const std::string answer = "HTTP/1.1 200 OK\r\nX: " + std::string(100, 'x') + "\r\n\r\n";
  for (const std::size_t limit : {answer.size(), answer.size() - 1}) {
    for (const bool in_pieces : {false, true}) {
      const proxy::tunnel_options options{.head_limit = limit};
      auto exchange = handshake::begin(protocol::http, "example.org", 443, options);
      std::vector<std::size_t> cuts;
      for (std::size_t i = 1; in_pieces && i < answer.size(); ++i) cuts.push_back(i);
      const outcome got = play(std::move(exchange).value(), answer, cuts);
      if (limit == answer.size()) {
        EXPECT_FALSE(got.code);
      } else {
        EXPECT_EQ(got.code, condition::limit_exceeded);
        EXPECT_EQ(got.why, "the head of its answer is longer than " + std::to_string(limit) + " bytes");
      }
    }
  }
}

TEST(ProxyHandshake, OfALongBodyTheBeginningIsKept) {
  for (const char* framing : {"", "Content-Length: 1000000\r\n"}) {
    const std::string answer = "HTTP/1.1 403 No\r\n"s + framing + "\r\n" + std::string(100, 'n');
    const proxy::tunnel_options options{.body_limit = 10};
    auto exchange = handshake::begin(protocol::http, "example.org", 443, options);
    const outcome got = play(std::move(exchange).value(), answer);
    EXPECT_EQ(got.code, proxy::errc::refused);
    EXPECT_EQ(got.proxy_said, std::string(10, 'n'));
  }
}

TEST(ProxyHandshake, LetsNothingIntoTheProtocolThatDoesNotBelongThere) {
  const auto code = [](protocol speaks, std::string_view host, const proxy::tunnel_options& options) {
    return handshake::begin(speaks, host, 443, options).code();
  };
  for (const protocol speaks : {protocol::socks4a, protocol::socks5, protocol::http}) {
    for (const std::string& host :
         {""s, "a\r\nX: y"s, "a\0b"s, "a b"s, "a/b"s, "a@b"s, "::1::"s, "fe80::1%eth0"s}) {
      EXPECT_EQ(code(speaks, host, nobody), errc::malformed) << host;
    }
  }
  const std::string long_name(255, 'a');
  EXPECT_FALSE(code(protocol::socks5, long_name, nobody));
  EXPECT_EQ(code(protocol::socks5, long_name + "a", nobody), errc::malformed);

  const std::string most(255, 'p');
  const std::string too_much(256, 'p');
  EXPECT_FALSE(code(protocol::socks5, "a", {.user = most, .password = most}));
  EXPECT_EQ(code(protocol::socks5, "a", {.user = too_much}), errc::misuse);
  EXPECT_EQ(code(protocol::socks5, "a", {.user = "a", .password = too_much}), errc::misuse);
  EXPECT_EQ(code(protocol::socks5, "a", {.password = "alone"}), errc::misuse);
  EXPECT_EQ(code(protocol::socks4a, "a", {.user = "a", .password = "b"}), errc::misuse);
  EXPECT_EQ(code(protocol::socks4a, "a", {.user = std::string_view("a\0b", 3)}), errc::misuse);
  EXPECT_EQ(code(protocol::socks4a, "::1", nobody), errc::unsupported);
  EXPECT_EQ(code(protocol::http, "a", {.user = "a:b"}), errc::misuse);
  EXPECT_EQ(code(protocol::http, "a", {.user = "a", .password = "b\n"}), errc::misuse);
}

TEST(ProxyError, IsOneOfTheSharedConditions) {
  EXPECT_EQ(make_error_code(proxy::errc::refused), condition::permanent);
  EXPECT_EQ(make_error_code(proxy::errc::failed), condition::transient);
  EXPECT_EQ(make_error_code(proxy::errc::auth), condition::auth);
  EXPECT_NE(make_error_code(proxy::errc::auth), condition::transient);
}

TEST(ProxyTunnel, LeadsThroughOneProxyToTheNext) {
  const auto check = []() -> task<> {
    auto ends = memory_stream_pair();
    stream& client = ends.first;
    stream& world = ends.second;
    const auto asks = [&]() -> task<> {
      co_await proxy::tunnel(client, protocol::socks5, "second.test", 3128, ada);
      co_await proxy::tunnel(client, protocol::http, "example.org", 443);
      co_await client.write("to the host\n");
      EXPECT_EQ(co_await client.read_line(), "from the host");
    };
    const auto answers = [&]() -> task<> {
      (void)co_await world.read_exactly(4);
      co_await world.write("\x05\x02"s);
      (void)co_await world.read_exactly(12);
      co_await world.write("\x01\0"s);
      (void)co_await world.read_exactly(18);
      co_await world.write(socks5_granted);
      EXPECT_EQ(co_await world.read_until("\r\n\r\n"), connect_request + "\r\n");
      co_await world.write("HTTP/1.1 200 OK\r\n\r\nfrom the host\n");
      EXPECT_EQ(co_await world.read_line(), "to the host");
    };
    co_await when_all(asks(), answers());
  };
  run(check());
}

TEST(ProxyTunnel, NamesTheHostTheProxyAndWhatItSaid) {
  const auto check = []() -> task<> {
    auto ends = memory_stream_pair();
    co_await ends.second.write("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nwhy?");
    const auto r = co_await as_result(proxy::tunnel(ends.first, protocol::http, "example.org", 443));
    EXPECT_EQ(r.code(), proxy::errc::refused);
    EXPECT_EQ(r.error().operation(), "open a tunnel to example.org:443 through");
    EXPECT_EQ(r.error().peer(), ends.first.peer_name());
    EXPECT_EQ(r.error().peer_text(), "why?");
    ends.second.close();
    const auto gone = co_await as_result(proxy::tunnel(ends.first, protocol::socks5, "example.org", 443));
    EXPECT_FALSE(gone);
    EXPECT_EQ(gone.error().operation(), "open a tunnel to example.org:443 through");
    const auto wrong = co_await as_result(proxy::tunnel(ends.first, protocol::socks5, "a b", 443));
    EXPECT_EQ(wrong.code(), errc::malformed);
  };
  run(check());
}

TEST(ProxyTunnel, EndsWhenItsTimeIsOverOrItIsCanceled) {
  virtual_clock clock;
  const auto check = [&]() -> task<> {
    auto ends = memory_stream_pair();
    const auto late =
        co_await as_result(proxy::tunnel(ends.first, protocol::socks5, "example.org", 443, {.timeout = 5s}));
    EXPECT_EQ(late.code(), errc::timed_out);
    EXPECT_EQ(clock.elapsed(), 5s);
    EXPECT_EQ(late.error().operation(), "open a tunnel to example.org:443 through");
    const auto ask = [&] { return proxy::tunnel(ends.first, protocol::socks5, "example.org", 443); };
    const auto before = co_await testing::outcome_if_canceled_before(ask);
    EXPECT_EQ(before.code(), errc::canceled);
    const auto midway = co_await testing::outcome_if_canceled_midway(ask);
    EXPECT_EQ(midway.code(), errc::canceled);
  };
  run(check(), {.clock = &clock});
}

// A SOCKS 5 proxy without authentication, for one connection to this host: whatever the name, by its port.
task<> serve_socks5(tcp::listener& at) {
  auto client = co_await at.accept();
  (void)co_await client.read_exactly(3);
  co_await client.write("\x05\0"s);
  const auto head = co_await client.read_exactly(5);
  const auto rest = co_await client.read_exactly(std::to_integer<std::size_t>(head[4]) + 2);
  const auto port = static_cast<std::uint16_t>(std::to_integer<unsigned>(rest[rest.size() - 2]) << 8 |
                                               std::to_integer<unsigned>(rest[rest.size() - 1]));
  auto host = co_await tcp::connect(endpoint(ip_address::loopback_v4(), port));
  co_await client.write(socks5_granted);
  const auto carry = [](stream& from, stream& to) -> task<> {
    std::array<std::byte, 4096> buffer;
    while (const std::size_t n = co_await from.read_some(buffer))
      co_await to.write(byte_view(buffer).first(n));
    co_await to.shutdown();
  };
  co_await when_all(carry(client, host), carry(host, client));
}

TEST(ProxyConnect, ConnectsThroughAChain) {
  const auto check = []() -> task<> {
    const endpoint any(ip_address::loopback_v4(), 0);
    tcp::listener first = tcp::listen(any);
    tcp::listener second = tcp::listen(any);
    tcp::listener host = tcp::listen(any);
    const auto visits = [&]() -> task<> {
      const proxy::server chain[] = {{.host = "127.0.0.1", .port = first.local_endpoint().port()},
                                     {.host = "second.test", .port = second.local_endpoint().port()}};
      auto peer = co_await proxy::connect(chain, "example.org", host.local_endpoint().port());
      co_await peer.write("question");
      co_await peer.shutdown();
      EXPECT_EQ(co_await peer.read_all(), "answer");
    };
    const auto answers = [&]() -> task<> {
      auto peer = co_await host.accept();
      EXPECT_EQ(co_await peer.read_all(), "question");
      co_await peer.write("answer");
      co_await peer.shutdown();
    };
    co_await when_all(visits(), answers(), serve_socks5(first), serve_socks5(second));
  };
  run(check());
}

TEST(ProxyConnect, ConnectsDirectlyWithoutAProxy) {
  const auto check = []() -> task<> {
    tcp::listener host = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    auto peer = co_await proxy::connect({}, "127.0.0.1", host.local_endpoint().port());
    EXPECT_EQ(peer.remote_endpoint(), host.local_endpoint());
  };
  run(check());
}

TEST(ProxyConnect, TellsThatTheProxyCannotBeReached) {
  const std::uint16_t port = tcp::listen(endpoint(ip_address::loopback_v4(), 0)).local_endpoint().port();
  const proxy::server chain[] = {{.host = "127.0.0.1", .port = port}};
  const auto r = run(as_result(proxy::connect(chain, "example.org", 443)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.code(), errc::connection_refused_by_all);
  EXPECT_EQ(r.error().peer(), "127.0.0.1:" + std::to_string(port));
  const std::vector<proxy::server> too_many(9);
  EXPECT_THROW(static_cast<void>(proxy::connect(too_many, "example.org", 443)), error);
}

TEST(ProxyExempt, MatchesWhatIsListed) {
  struct row {
    std::string_view list;
    std::string_view host;
    bool exempt;
    std::uint16_t port = 80;
  };
  const row rows[] = {
      {"", "example.org", false},
      {"*", "example.org", true},
      {"*", "192.0.2.1", true},
      {"example.org", "example.org", true},
      {"example.org", "EXAMPLE.ORG.", true},
      {"Example.Org.", "example.org", true},
      {"example.org", "www.example.org", true},
      {".example.org", "www.example.org", true},
      {".example.org", "example.org", true},
      {"example.org", "badexample.org", false},
      {"example.org", "example.org.test", false},
      {"www.example.org", "example.org", false},
      {"a.test, example.org ,b.test", "example.org", true},
      {"a.test example.org", "example.org", true},
      {",,  ,", "example.org", false},
      {".", "example.org", false},
      {"org", "example.org", true},
      {"example.org:80", "example.org", true},
      {"example.org:81", "example.org", false},
      {"example.org:81", "example.org", true, 81},
      {"example.org:x", "example.org", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.10", false},
      {"2.1", "192.0.2.1", false},
      {"192.0.2.1:80", "192.0.2.1", true},
      {"192.0.2.1:81", "192.0.2.1", false},
      {"10.0.0.0/8", "10.255.1.2", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "ten.example.org", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.200", true},
      {"0.0.0.0/0", "192.0.2.1", true},
      {"0.0.0.0/0", "::1", false},
      {"192.0.2.1/32", "192.0.2.1", true},
      {"192.0.2.1/33", "192.0.2.1", false},
      {"192.0.2.1/", "192.0.2.1", false},
      {"::1", "::1", true},
      {"::1", "0:0:0:0:0:0:0:1", true},
      {"[::1]", "::1", true},
      {"::1", "[::1]", true},
      {"[::1]:80", "::1", true},
      {"[::1]:81", "::1", false},
      {"fd00::/8", "fd12::1", true},
      {"fd00::/8", "fe80::1", false},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
      {"localhost", "localhost", true},
      {"localhost", "127.0.0.1", false},
  };
  for (const row& one : rows) {
    EXPECT_EQ(proxy::is_exempt(one.list, one.host, one.port), one.exempt)
        << one.list << " with " << one.host << ':' << one.port;
  }
}

}  // namespace
}  // namespace tidewire
