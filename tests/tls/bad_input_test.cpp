// What a peer, or somebody between, can do to a connection: each time an error that says so, and nothing lost
// or believed that should not be.
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "raw_peer.hpp"
#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

/// What somebody between does to the bytes of one direction.
struct tampering {
  std::size_t cut_after = nowhere;  // bytes that pass; then both directions are cut
  std::size_t flip_at = nowhere;    // the byte of which a bit is changed
  std::size_t passed = 0;
};

task<> pass_on(tidewire::stream& from, tidewire::stream& to, tampering& how) {
  std::array<char, 4096> buffer{};
  while (how.passed < how.cut_after) {
    const auto n = co_await as_result(from.read_some(buffer));
    if (!n) break;
    if (*n == 0) {
      (void)co_await as_result(to.shutdown());
      co_return;
    }
    const std::size_t count = std::min(*n, how.cut_after - how.passed);
    if (how.flip_at >= how.passed && how.flip_at < how.passed + count)
      buffer[how.flip_at - how.passed] ^= 0x10;
    how.passed += count;
    const auto written = co_await as_result(to.write(std::span(buffer).first(count)));
    if (!written) break;
  }
  from.close();
  to.close();
}

struct outcomes {
  result<std::string> client = tidewire::errc::misuse;
  result<std::string> server = tidewire::errc::misuse;
};

/// A client that asks and a server that answers, with somebody between.
task<outcomes> exchange(const client_context& client, const server_context& server, tampering& to_server,
                        tampering& to_client) {
  auto [near, near_relay] = memory_stream_pair();
  auto [far_relay, far] = memory_stream_pair();
  const auto ask = [](tidewire::stream plain, const client_context& context) -> task<std::string> {
    client_options how;
    how.context = &context;
    stream secure = co_await start_tls(std::move(plain), "localhost", how);
    co_await secure.write("question\n");
    std::string answer = co_await secure.read_line();
    co_await secure.finish();
    co_return answer;
  };
  const auto reply = [](tidewire::stream plain, const server_context& context) -> task<std::string> {
    stream secure = co_await accept(std::move(plain), context);
    std::string question = co_await secure.read_line();
    co_await secure.write("answer\n");
    co_await secure.finish();
    co_return question;
  };
  const auto asking = [&](tidewire::stream plain) -> task<result<std::string>> {
    co_return co_await as_result(ask(std::move(plain), client));
  };
  const auto replying = [&](tidewire::stream plain) -> task<result<std::string>> {
    co_return co_await as_result(reply(std::move(plain), server));
  };
  auto [asked, replied, none, nothing] =
      co_await when_all(asking(std::move(near)), replying(std::move(far)),
                        pass_on(near_relay, far_relay, to_server), pass_on(far_relay, near_relay, to_client));
  outcomes both;
  both.client = std::move(asked);
  both.server = std::move(replied);
  co_return both;
}

class TlsTampering : public ::testing::TestWithParam<version> {
 protected:
  TlsTampering() {
    client.sessions(nullptr);
    client.versions(version::tls1_2, GetParam());
  }
  outcomes run_with(tampering& to_server, tampering& to_client) const {
    return in_virtual_time(exchange(client, server, to_server, to_client));
  }

  client_context client = trusting_client();
  server_context server{localhost()};
};

TEST_P(TlsTampering, ACutAtEachByteIsAnErrorAndNeverAWrongAnswer) {
  tampering whole_out;
  tampering whole_in;
  const outcomes good = run_with(whole_out, whole_in);
  ASSERT_EQ(good.client.value(), "answer");
  ASSERT_EQ(good.server.value(), "question");
  for (const bool of_server : {false, true}) {
    const std::size_t all = of_server ? whole_in.passed : whole_out.passed;
    std::size_t in_handshake = 0;
    for (std::size_t at = 0; at < all; ++at) {
      tampering out;
      tampering in;
      (of_server ? in : out).cut_after = at;
      const outcomes cut = run_with(out, in);
      const result<std::string>& starved = of_server ? cut.client : cut.server;
      if (starved) {  // only the good-bye was cut
        EXPECT_EQ(*starved, of_server ? "answer" : "question");
        continue;
      }
      const std::error_code code = starved.code();
      if (code == errc::closed_in_handshake) ++in_handshake;
      // Whoever writes into a cut connection may hear of it by the system.
      EXPECT_TRUE(code == errc::closed_in_handshake || code == errc::truncated ||
                  code == std::errc::broken_pipe)
          << at << ": " << starved.error().message();
    }
    EXPECT_GT(in_handshake, 100u);
  }
}

TEST_P(TlsTampering, AChangedByteAnywhereIsAnErrorAndNeverAWrongAnswer) {
  tampering whole_out;
  tampering whole_in;
  ASSERT_TRUE(run_with(whole_out, whole_in).client.has_value());
  for (const bool of_server : {false, true}) {
    const std::size_t all = of_server ? whole_in.passed : whole_out.passed;
    std::size_t harmless = 0;
    for (std::size_t at = 0; at < all; at += 3) {
      tampering out;
      tampering in;
      (of_server ? in : out).flip_at = at;
      const outcomes changed = run_with(out, in);
      const result<std::string>& fooled = of_server ? changed.client : changed.server;
      if (fooled) {
        EXPECT_EQ(*fooled, of_server ? "answer" : "question");
        ++harmless;
        continue;
      }
      EXPECT_TRUE(fooled.error() == condition::tls || fooled.code() == std::errc::broken_pipe ||
                  fooled.error() == condition::timeout)
          << at << ": " << fooled.error().message();
    }
    // The version in front of a record means nothing, and the good-bye comes after the answer.
    EXPECT_LT(harmless, 40u);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsTampering, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

/// What the server reads of a record of five letters in which somebody changed the byte at `at`.
task<result<std::size_t>> read_of_changed_record(std::size_t at, std::size_t& size) {
  const client_context client = trusting_client();
  server_context server(localhost());
  server.tickets(0);
  auto [near, near_relay] = memory_stream_pair();
  auto [far_relay, far] = memory_stream_pair();
  tampering to_server;
  tampering to_client;
  result<std::size_t> got = tidewire::errc::misuse;
  const auto talk = [&]() -> task<> {
    const auto connecting = [&](tidewire::stream plain) -> task<stream> {
      client_options how;
      how.context = &client;
      co_return co_await start_tls(std::move(plain), "localhost", how);
    };
    auto [secure, served] = co_await when_all(connecting(std::move(near)), accept(std::move(far), server));
    size = to_server.passed;
    to_server.flip_at = to_server.passed + at;
    co_await secure.write("hello");
    std::array<char, 100> buffer{};
    const auto reading = [&]() -> task<> { got = co_await as_result(served.read_some(buffer)); };
    const auto ending = [&]() -> task<> {
      co_await yield();
      secure.close();
    };
    co_await when_all(reading(), ending());
    size = to_server.passed - size;
  };
  co_await when_all(talk(), pass_on(near_relay, far_relay, to_server),
                    pass_on(far_relay, near_relay, to_client));
  co_return got;
}

TEST(TlsRecord, ThatWasChangedAtAnyByteIsNeverRead) {
  std::size_t size = 0;
  ASSERT_EQ(in_virtual_time(read_of_changed_record(nowhere, size)).value(), 5u);
  ASSERT_EQ(size, 5u + 5u + 1u + 16u);
  std::size_t bad = 0;
  for (std::size_t at = 0; at < 27; ++at) {
    const result<std::size_t> got = in_virtual_time(read_of_changed_record(at, size));
    ASSERT_FALSE(got.has_value()) << at;
    EXPECT_EQ(got.error(), condition::tls) << at << ": " << got.error().message();
    if (got.code() == errc::bad_record) ++bad;
  }
  // Of the five bytes of its header, some make another kind of record of it, or a longer one.
  EXPECT_GE(bad, 22u);
}

/// What a client gets from a peer that says `text` and then nothing.
failure client_hears(std::string_view text, bool then_closes = true) {
  const auto check = [&]() -> task<failure> {
    auto [near, far] = memory_stream_pair();
    const client_context context = trusting_client();
    client_options how;
    how.context = &context;
    const auto connecting = [&](tidewire::stream plain) -> task<result<stream>> {
      co_return co_await as_result(start_tls(std::move(plain), "localhost", how));
    };
    const auto speaking = [&](tidewire::stream& peer) -> task<> {
      co_await peer.write(text);
      if (then_closes) co_await peer.shutdown();
    };
    auto [outcome, none] = co_await when_all(connecting(std::move(near)), speaking(far));
    co_return outcome ? failure(tidewire::errc::misuse, "connected") : outcome.error();
  };
  return in_virtual_time(check());
}

/// The same of a server.
failure server_hears(std::string_view text, bool then_closes = true) {
  const auto check = [&]() -> task<failure> {
    auto [near, far] = memory_stream_pair();
    const server_context context(localhost());
    const auto accepting = [&](tidewire::stream plain) -> task<result<stream>> {
      co_return co_await as_result(accept(std::move(plain), context));
    };
    const auto speaking = [&](tidewire::stream& peer) -> task<> {
      co_await peer.write(text);
      if (then_closes) co_await peer.shutdown();
    };
    auto [outcome, none] = co_await when_all(accepting(std::move(far)), speaking(near));
    co_return outcome ? failure(tidewire::errc::misuse, "accepted") : outcome.error();
  };
  return in_virtual_time(check());
}

TEST(TlsClient, KnowsAPlaintextServerByWhatItSays) {
  const failure mail = client_hears("220 mail.example.org ESMTP\r\nmore");
  EXPECT_EQ(mail.code(), errc::not_tls);
  EXPECT_EQ(mail, condition::protocol);
  EXPECT_EQ(mail.peer_text(), "220 mail.example.org ESMTP");
  EXPECT_EQ(
      mail.message(),
      "start TLS with localhost (memory): the peer does not speak TLS: it greets in plaintext: use STARTTLS, "
      "or the port for TLS; the peer said \"220 mail.example.org ESMTP\"");
  EXPECT_EQ(client_hears("* OK IMAP4rev1 ready\r\n").code(), errc::not_tls);
  EXPECT_EQ(client_hears("HTTP/1.1 400 Bad Request\r\n\r\n").detail(), "it speaks HTTP without TLS");
  EXPECT_EQ(client_hears("SSH-2.0-OpenSSH_9.2\r\n").code(), errc::not_tls);
  EXPECT_EQ(client_hears(std::string(100, '\0')).code(), errc::not_tls);
}

TEST(TlsClient, GivesUpAServerThatSaysNothing) {
  const failure why = client_hears("", false);
  EXPECT_EQ(why, condition::timeout);
  EXPECT_EQ(why.operation(), "start TLS with");
  EXPECT_EQ(why.peer(), "localhost (memory)");
  EXPECT_EQ(client_hears("").code(), errc::closed_in_handshake);
  EXPECT_EQ(client_hears("\x16\x03\x03", false), condition::timeout);
}

TEST(TlsServer, KnowsAPlaintextClientByWhatItSays) {
  const failure web = server_hears("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(web.code(), errc::not_tls);
  EXPECT_EQ(web.detail(), "it speaks HTTP without TLS");
  EXPECT_EQ(web.peer_text(), "GET / HTTP/1.1");
  EXPECT_EQ(server_hears("EHLO client.example\r\n").code(), errc::not_tls);
  EXPECT_EQ(server_hears("").code(), errc::closed_in_handshake);
  EXPECT_EQ(server_hears("", false), condition::timeout);
}

TEST(TlsServer, RefusesWhatIsNoHandshake) {
  // Application data, an alert, a record that is too long, a handshake that is none.
  for (const std::string_view bytes :
       {std::string_view("\x17\x03\x03\x00\x05hello", 10), std::string_view("\x16\x03\x01\xff\xff", 5),
        std::string_view("\x16\x03\x01\x00\x04\xff\x00\x00\x00", 9),
        std::string_view("\x16\x03\x01\x00\x00", 5)}) {
    const failure why = server_hears(bytes);
    EXPECT_EQ(why, condition::tls) << why.message();
  }
  const failure alerted = server_hears(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7));
  EXPECT_EQ(alerted, condition::tls) << alerted.message();
}

TEST(TlsStartTls, RefusesPlaintextThatWasBufferedBefore) {
  const auto check = [](bool as_server) -> task<failure> {
    auto [near, far] = memory_stream_pair();
    co_await far.write("220 go ahead\r\n250 injected\r\n");
    EXPECT_EQ(co_await near.read_line(), "220 go ahead");
    const server_context server(localhost());
    result<stream> outcome = tidewire::errc::misuse;
    if (as_server) {
      outcome = co_await as_result(start_tls(std::move(near), server));
    } else {
      outcome = co_await as_result(start_tls(std::move(near), "localhost"));
    }
    co_return outcome.error();
  };
  for (const bool as_server : {false, true}) {
    const failure why = run(check(as_server));
    EXPECT_EQ(why.code(), errc::plaintext_before_tls);
    EXPECT_EQ(why, condition::protocol);
    EXPECT_EQ(why.peer_text(), "250 injected\r\n");
  }
}

TEST(TlsAccept, UsesWhatWasBufferedOfTheFirstMessage) {
  const auto check = []() -> task<> {
    auto [near, far] = memory_stream_pair();
    const client_context client = trusting_client();
    const server_context server(localhost());
    client_options how;
    how.context = &client;
    const auto accepting = [&](tidewire::stream plain) -> task<stream> {
      EXPECT_EQ(co_await plain.read_line(), "PROXY UNKNOWN");
      if (plain.buffered().empty()) co_await plain.fill();
      EXPECT_EQ(plain.buffered().front(), std::byte{22});
      co_return co_await accept(std::move(plain), server);
    };
    co_await near.write("PROXY UNKNOWN\r\n");
    auto [secure, served] =
        co_await when_all(start_tls(std::move(near), "localhost", how), accepting(std::move(far)));
    co_await secure.write("through\n");
    EXPECT_EQ(co_await served.read_line(), "through");
  };
  run(check());
}

TEST(TlsClient, RefusesAHostThatIsNone) {
  for (const std::string_view host : {std::string_view(""), std::string_view("a b"),
                                      std::string_view("host\r\nevil"), std::string_view("host\0evil", 9),
                                      std::string_view("b\xc3\xbc"
                                                       "cher.example"),
                                      std::string_view("[::1")}) {
    const auto check = [&]() -> task<std::error_code> {
      auto [near, far] = memory_stream_pair();
      const client_context context = trusting_client();
      client_options how;
      how.context = &context;
      const auto outcome = co_await as_result(start_tls(std::move(near), host, how));
      co_return outcome.code();
    };
    EXPECT_EQ(run(check()), condition::misuse) << host;
  }
}

TEST(TlsServer, RefusesToRenegotiate) {
  const auto check = []() -> task<> {
    auto [near, far] = memory_stream_pair();
    const server_context context(localhost());
    raw_peer client(std::move(near), TLS1_2_VERSION);
    const auto serving = [&](tidewire::stream plain) -> task<> {
      stream secure = co_await accept(std::move(plain), context);
      EXPECT_EQ(co_await secure.read_line(), "before");
      std::array<char, 1> byte{};
      const auto outcome = co_await as_result(secure.read_some(byte));
      EXPECT_FALSE(outcome.has_value() && *outcome > 0);
    };
    const auto asking = [&]() -> task<> {
      EXPECT_EQ(co_await client.until_done([](SSL* ssl) { return SSL_do_handshake(ssl); }), 1);
      EXPECT_EQ(co_await client.until_done([](SSL* ssl) { return SSL_write(ssl, "before\n", 7); }), 7);
      EXPECT_EQ(SSL_renegotiate(client.ssl()), 1);
      EXPECT_NE(co_await client.until_done([](SSL* ssl) { return SSL_do_handshake(ssl); }), 1);
      EXPECT_EQ(ERR_GET_REASON(client.last_error()), SSL_R_NO_RENEGOTIATION);
      client.below().close();
    };
    co_await when_all(serving(std::move(far)), asking());
  };
  run(check());
}

TEST(TlsServer, FollowsAKeyUpdateAndAnswersIt) {
  const auto check = []() -> task<> {
    auto [near, far] = memory_stream_pair();
    const server_context context(localhost());
    raw_peer client(std::move(near), TLS1_3_VERSION);
    const auto serving = [&](tidewire::stream plain) -> task<> {
      stream secure = co_await accept(std::move(plain), context);
      for (int i = 0; i < 3; ++i) {
        const std::string line = co_await secure.read_line();
        co_await secure.write(line, "\n");
      }
    };
    const auto asking = [&]() -> task<> {
      EXPECT_EQ(co_await client.until_done([](SSL* ssl) { return SSL_do_handshake(ssl); }), 1);
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
        EXPECT_EQ(co_await client.until_done([](SSL* ssl) { return SSL_write(ssl, "again\n", 6); }), 6);
        std::array<char, 16> buffer{};
        EXPECT_EQ(co_await client.until_done([&](SSL* ssl) { return SSL_read(ssl, buffer.data(), 16); }), 6);
      }
    };
    co_await when_all(serving(std::move(far)), asking());
  };
  run(check());
}

TEST(TlsServer, GivesUpAPeerThatAsksForAnswersAndNeverReads) {
  const auto check = []() -> task<> {
    auto [near, far] = memory_stream_pair({.capacity = 4096});
    const server_context context(localhost());
    raw_peer client(std::move(near), TLS1_3_VERSION);
    const auto serving = [&](tidewire::stream plain) -> task<> {
      stream secure = co_await accept(std::move(plain), context);
      std::array<char, 1> byte{};
      const auto outcome = co_await as_result(secure.read_some(byte));
      EXPECT_EQ(outcome.code(), condition::limit_exceeded);
    };
    const auto flooding = [&]() -> task<> {
      EXPECT_EQ(co_await client.until_done([](SSL* ssl) { return SSL_do_handshake(ssl); }), 1);
      for (int i = 0; i < 100'000; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(client.ssl());
        const auto sent = co_await as_result(client.send());
        if (!sent) co_return;
      }
      ADD_FAILURE() << "it goes on for ever";
    };
    co_await when_all(serving(std::move(far)), flooding());
  };
  run(check());
}

}  // namespace
}  // namespace tidewire::tls
