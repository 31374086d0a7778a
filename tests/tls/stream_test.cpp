#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
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
      EXPECT_EQ(report.cipher_suite, "TLS_AES_128_GCM_SHA256");
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

TEST(TlsStream, ACutIsTheEndOnlyByADangerousName) {
  const auto check = []() -> task<> {
    client_context client = trusting_client();
    client.accept_truncation_dangerous();
    const server_context server(localhost());
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await far.write("all?");
    far.close();
    EXPECT_EQ(co_await near.read_all(), "all?");
  };
  run(check());
}

TEST(TlsStream, CarriesEveryTextInEveryCapacity) {
  std::mt19937 random(1);
  std::string text(300'000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  const client_context client = trusting_client();
  const server_context server(localhost());
  for (const std::size_t capacity : {1u, 7u, 100u, 4096u, 70'000u, 1'000'000u}) {
    const auto check = [&]() -> task<std::string> {
      handshake ended = co_await shake_hands(client, server, {.capacity = capacity});
      auto [near, far] = std::move(ended).both();
      const std::size_t size = capacity < 100 ? 20'000 : text.size();
      const auto write = [&](stream& to) -> task<> {
        for (std::size_t at = 0; at < size;) {
          const std::size_t first = std::min<std::size_t>(random() % 9000, size - at);
          const std::size_t second = std::min<std::size_t>(random() % 90'000, size - at - first);
          const std::size_t third = std::min<std::size_t>(random() % 90, size - at - first - second);
          const auto rest = std::string_view(text).substr(at);
          co_await to.write(rest.substr(0, first), rest.substr(first, second),
                            rest.substr(first + second, third));
          at += first + second + third;
        }
        co_await to.shutdown();
      };
      const auto read = [&](stream& from) -> task<std::string> {
        std::string got;
        std::vector<char> buffer(100'000);
        for (;;) {
          const std::size_t n = co_await from.read_some(std::span(buffer).first(1 + random() % 100'000));
          if (n == 0) co_return got;
          got.append(buffer.data(), n);
        }
      };
      auto [none, got] = co_await when_all(write(near), read(far));
      co_return got;
    };
    EXPECT_EQ(run(check()), text.substr(0, capacity < 100 ? 20'000 : text.size())) << capacity;
  }
}

TEST(TlsStream, OneTaskReadsWhileAnotherWrites) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server, {.capacity = 1000});
    auto [near, far] = std::move(ended).both();
    const std::string text(200'000, 'x');
    const auto write = [&](stream& to) -> task<> {
      co_await to.write(text);
      co_await to.shutdown();
    };
    const auto read = [](stream& from) -> task<std::size_t> {
      const std::string all = co_await from.read_all();
      co_return all.size();
    };
    auto [a, b, there, back] = co_await when_all(write(near), write(far), read(far), read(near));
    EXPECT_EQ(there, text.size());
    EXPECT_EQ(back, text.size());
  };
  run(check());
}

/// Counts what is asked of the transport below.
class counting_transport final : public transport {
 public:
  struct counts {
    std::size_t reads = 0;
    std::vector<std::size_t> writes;
  };
  counting_transport(std::unique_ptr<transport> below, counts& into)
      : below_(std::move(below)), counts_(into) {}

  std::error_code attach(tidewire::detail::loop& home) override { return below_->attach(home); }
  bool start_read(read_request& request) noexcept override {
    ++counts_.reads;
    return below_->start_read(request);
  }
  bool start_write(write_request& request) noexcept override {
    std::size_t size = 0;
    for (const byte_view each : request.from) size += each.size();
    counts_.writes.push_back(size);
    return below_->start_write(request);
  }
  bool start_shutdown(io_request& request) noexcept override { return below_->start_shutdown(request); }
  void cancel_read() noexcept override { below_->cancel_read(); }
  void cancel_write() noexcept override { below_->cancel_write(); }
  void close() noexcept override { below_->close(); }
  [[nodiscard]] std::string peer_name() const override { return below_->peer_name(); }

 private:
  std::unique_ptr<transport> below_;
  counts& counts_;
};

TEST(TlsStream, AWriteLeavesInAsFewPiecesAsItCan) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  counting_transport::counts counts;
  const auto check = [&]() -> task<> {
    auto [near, far] = memory_stream_pair({.capacity = 1 << 20});
    tidewire::stream counted(std::make_unique<counting_transport>(near.release().first, counts));
    client_options how;
    how.context = &client;
    auto [secure, served] =
        co_await when_all(start_tls(std::move(counted), "localhost", how), accept(std::move(far), server));
    EXPECT_EQ(counts.writes.size(), 2u) << "two flights of a handshake";

    constexpr std::size_t overhead = 5 + 1 + 16;
    counts.writes.clear();
    co_await secure.write("a", std::string(1000, 'b'), "c");
    EXPECT_EQ(counts.writes, std::vector<std::size_t>{1002 + overhead}) << "one record";
    counts.writes.clear();
    co_await secure.write(std::string(64 * 1024, 'd'));
    EXPECT_EQ(counts.writes, std::vector<std::size_t>{64 * 1024 + 4 * overhead}) << "four records, one write";
    counts.writes.clear();
    co_await secure.write(std::string(256 * 1024, 'e'));
    EXPECT_EQ(counts.writes, std::vector<std::size_t>(2, 128 * 1024 + 8 * overhead));
    co_await secure.shutdown();
    const std::string all = co_await served.read_all();
    EXPECT_EQ(all.size(), 1002u + 320 * 1024);
  };
  run(check());
}

TEST(TlsStream, TheTicketsOfAServerLeaveWithWhatItWritesFirst) {
  const client_context client = trusting_client();
  for (const unsigned tickets : {0u, 1u, 3u}) {
    server_context server(localhost());
    server.tickets(tickets);
    counting_transport::counts counts;
    const auto check = [&](bool resumed) -> task<> {
      auto [near, far] = memory_stream_pair();
      tidewire::stream counted(std::make_unique<counting_transport>(far.release().first, counts));
      client_options how;
      how.context = &client;
      auto [secure, served] =
          co_await when_all(start_tls(std::move(near), "localhost", how), accept(std::move(counted), server));
      EXPECT_EQ(served.resumed(), resumed);
      EXPECT_EQ(counts.writes.size(), 1u) << "the flight of a handshake";

      constexpr std::size_t overhead = 5 + 1 + 16;
      counts.writes.clear();
      co_await served.write("hello");
      const std::size_t promised = resumed ? 1 : tickets;
      EXPECT_EQ(counts.writes.size(), 1u);
      EXPECT_GE(counts.writes.front(), 5 + overhead + promised * 150);
      EXPECT_LT(counts.writes.front(), 6 + overhead + promised * 500);
      counts.writes.clear();
      co_await served.write("again");
      EXPECT_EQ(counts.writes, std::vector<std::size_t>{5 + overhead});
      counts.writes.clear();
      (void)co_await secure.read_exactly(10);
    };
    run(check(false));
    if (tickets > 0) run(check(true));
  }
}

TEST(TlsStream, WorksOverItself) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    client_options how;
    how.context = &client;
    handshake outer = co_await shake_hands(client, server, {.capacity = 1000});
    auto [near, far] = std::move(outer).both();
    auto [inner, served] =
        co_await when_all(start_tls(std::move(near), "localhost", how), accept(std::move(far), server));
    co_await inner.write("through both\n");
    EXPECT_EQ(co_await served.read_line(), "through both");
    EXPECT_EQ(inner.peer_name(), "localhost (memory)");
    const std::string large(500'000, 'y');
    const auto writing = [&](stream& to) -> task<> {
      co_await to.write(large);
      co_await to.shutdown();
    };
    const auto reading = [](stream& from) -> task<std::string> { co_return co_await from.read_all(); };
    auto [none, got] = co_await when_all(writing(inner), reading(served));
    EXPECT_EQ(got, large);
  };
  run(check());
}

TEST(TlsStream, AReadThatIsCanceledTookNothing) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    std::array<char, 100> buffer{};
    const auto read = [&]() { return near.read_some(buffer); };
    const auto before = co_await outcome_if_canceled_before(read);
    EXPECT_EQ(before.code(), condition::canceled);
    const auto midway = co_await outcome_if_canceled_midway(read);
    EXPECT_EQ(midway.code(), condition::canceled);
    co_await far.write("still here");
    EXPECT_EQ(co_await near.read_some(buffer), 10u);
  };
  run(check());
}

TEST(TlsStream, AReadThatTimesOutTookNothing) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    near.set_read_timeout(5s);
    std::array<char, 100> buffer{};
    const auto late = co_await as_result(near.read_some(buffer));
    EXPECT_EQ(late.code(), condition::timeout);
    co_await far.write("at last");
    EXPECT_EQ(co_await near.read_some(buffer), 7u);
  };
  in_virtual_time(check());
}

TEST(TlsStream, AWriteThatIsCutIsTheLast) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server, {.capacity = 1000});
    auto [near, far] = std::move(ended).both();
    const std::string large(100'000, 'x');
    const auto write = [&]() { return near.write(large); };
    const auto before = co_await outcome_if_canceled_before(write);
    EXPECT_EQ(before.code(), condition::canceled);
    co_await near.write("whole\n");
    EXPECT_EQ(co_await far.read_line(), "whole");
    const auto midway = co_await outcome_if_canceled_midway(write);
    EXPECT_EQ(midway.code(), condition::canceled);
    const auto after = co_await as_result(near.write("more"));
    EXPECT_EQ(after.code(), tidewire::errc::closed);
    // The other way still works.
    const auto writing = [&]() -> task<> { co_await far.write("answer\n"); };
    const auto reading = [&]() -> task<> { EXPECT_EQ(co_await near.read_line(), "answer"); };
    co_await when_all(writing(), reading());
  };
  run(check());
}

TEST(TlsStream, WhoeverWaitsIsToldThatItWasClosed) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server, {.capacity = 1000});
    auto [near, far] = std::move(ended).both();
    const std::string large(100'000, 'x');
    std::array<char, 100> buffer{};
    const auto read = [&]() -> task<> {
      const auto outcome = co_await as_result(near.read_some(buffer));
      EXPECT_EQ(outcome.code(), tidewire::errc::closed);
    };
    const auto write = [&]() -> task<> {
      const auto outcome = co_await as_result(near.write(large));
      EXPECT_EQ(outcome.code(), tidewire::errc::closed);
    };
    const auto close = [&]() -> task<> {
      co_await yield();
      near.close();
    };
    co_await when_all(read(), write(), close());
    EXPECT_FALSE(near.is_open());
  };
  run(check());
}

TEST(TlsStream, CanBeDestroyedWhileATaskWaits) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    std::optional<stream> near(std::move(ended.client).value());
    std::array<char, 100> buffer{};
    const auto read = [&]() -> task<> {
      const auto outcome = co_await as_result(near->read_some(buffer));
      EXPECT_EQ(outcome.code(), tidewire::errc::closed);
    };
    const auto destroy = [&]() -> task<> {
      co_await yield();
      near.reset();
    };
    co_await when_all(read(), destroy());
  };
  run(check());
}

TEST(TlsStream, GoesOnInTheNextLoop) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  auto [near, far] = run(shake_hands(client, server)).both();
  run(near.write("from one loop\n"));
  EXPECT_EQ(run(far.read_line()), "from one loop");
}

TEST(TlsStream, ALoopMayEndInTheMiddle) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  std::optional<stream> kept;
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server, {.capacity = 100});
    auto [near, far] = std::move(ended).both();
    kept = std::move(near);
    // `far` goes with data in flight.
    const std::string large(10'000, 'x');
    const auto write = [&]() -> task<> { (void)co_await as_result(far.write(large)); };
    const auto read = [&]() -> task<> {
      std::array<char, 10> buffer{};
      (void)co_await kept->read_some(buffer);
    };
    const auto stop = []() -> task<> { throw std::runtime_error("stop"); };
    co_await when_all(write(), read(), stop());
  };
  EXPECT_THROW(run(check()), std::runtime_error);
}

TEST(TlsFinish, BothSidesKnowThatAllHasArrived) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await near.write("last words");
    auto [here, there] = co_await when_all(near.finish(), [&]() -> task<bool> {
      EXPECT_EQ(co_await far.read_all(), "last words");
      co_return co_await far.finish();
    }());
    EXPECT_TRUE(here);
    EXPECT_TRUE(there);
    EXPECT_FALSE(near.is_open());
  };
  run(check());
}

TEST(TlsFinish, DoesNotWaitForEverForAPeerThatNeverAnswers) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    const executor here = co_await this_executor();
    const time_point start = here.now();
    EXPECT_FALSE(co_await near.finish());
    EXPECT_EQ(here.now() - start, 2s);
    EXPECT_FALSE(near.is_open());
  };
  in_virtual_time(check());
}

TEST(TlsFinish, APeerThatIsGoneIsNoError) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    far.close();
    EXPECT_FALSE(co_await near.finish());
  };
  in_virtual_time(check());
}

TEST(TlsClose, AnswersAPeerThatSaidGoodbye) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, server);
    auto [near, far] = std::move(ended).both();
    co_await near.shutdown();
    EXPECT_EQ(co_await far.read_all(), "");
    far.close();
    EXPECT_EQ(co_await near.read_all(), "") << "not cut";
  };
  run(check());
}

TEST(TlsHandshake, IsCanceledAtOnce) {
  const client_context client = trusting_client();
  const auto check = [&]() -> task<> {
    client_options how;
    how.context = &client;
    auto [near, far] = memory_stream_pair();
    const auto before =
        co_await outcome_if_canceled_before([&] { return start_tls(std::move(near), "localhost", how); });
    EXPECT_EQ(before.code(), condition::canceled);
    auto [near2, far2] = memory_stream_pair();
    const auto midway =
        co_await outcome_if_canceled_midway([&] { return start_tls(std::move(near2), "localhost", how); });
    EXPECT_EQ(midway.code(), condition::canceled);
    // A peer that takes nothing.
    auto [near3, far3] = memory_stream_pair({.capacity = 10});
    const auto stuck =
        co_await outcome_if_canceled_midway([&] { return start_tls(std::move(near3), "localhost", how); });
    EXPECT_EQ(stuck.code(), condition::canceled);
  };
  run(check());
}

TEST(TlsHandshake, HasADeadlineOfItsOwn) {
  const client_context client = trusting_client();
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    client_options how;
    how.context = &client;
    how.timeout = 7s;
    const executor here = co_await this_executor();
    const time_point start = here.now();
    auto [near, far] = memory_stream_pair();
    const auto outcome = co_await as_result(start_tls(std::move(near), "localhost", how));
    EXPECT_EQ(outcome.code(), condition::timeout);
    EXPECT_EQ(here.now() - start, 7s);
    auto [near2, far2] = memory_stream_pair();
    const auto served = co_await as_result(accept(std::move(far2), server, {.timeout = 3s}));
    EXPECT_EQ(served.code(), condition::timeout);
    EXPECT_EQ(here.now() - start, 10s);
  };
  in_virtual_time(check());
}

class TlsBinding : public ::testing::TestWithParam<version> {};

TEST_P(TlsBinding, BothSidesHaveTheSameValuesAndEachConnectionItsOwn) {
  client_context client = trusting_client();
  client.versions(version::tls1_2, GetParam()).sessions(nullptr);
  const server_context server(localhost());
  handshake one = run(shake_hands(client, server));
  handshake other = run(shake_hands(client, server));
  for (const binding kind : {binding::exporter, binding::unique, binding::server_end_point}) {
    const auto value = one.client->channel_binding(kind);
    EXPECT_EQ(value, one.server->channel_binding(kind)) << name_of(kind);
    if (kind == binding::unique && GetParam() == version::tls1_3) {
      EXPECT_TRUE(value.empty()) << "TLS 1.3 has none";
      continue;
    }
    EXPECT_EQ(value.size(), kind == binding::unique ? 12u : 32u);
    EXPECT_EQ(value == other.client->channel_binding(kind), kind == binding::server_end_point)
        << name_of(kind);
  }
  const auto fingerprint = localhost().leaf().fingerprint();
  const auto end_point = one.client->channel_binding(binding::server_end_point);
  EXPECT_TRUE(std::ranges::equal(end_point, fingerprint.bytes()));
}

TEST_P(TlsBinding, KeyingMaterialDependsOnLabelContextAndLength) {
  client_context client = trusting_client();
  client.versions(version::tls1_2, GetParam());
  const server_context server(localhost());
  handshake ended = run(shake_hands(client, server));
  const auto of = [&](const stream& side, std::string_view label, std::string_view context,
                      std::size_t length) {
    return side.export_keying_material(label, as_bytes(context), length);
  };
  const auto value = of(*ended.client, "EXPORTER-test", "a", 40);
  EXPECT_EQ(value.size(), 40u);
  EXPECT_EQ(value, of(*ended.server, "EXPORTER-test", "a", 40));
  EXPECT_NE(value, of(*ended.server, "EXPORTER-test", "b", 40));
  EXPECT_NE(value, of(*ended.server, "EXPORTER-other", "a", 40));
}

TEST_P(TlsBinding, UniqueIsTheFirstFinishedOfAResumedSessionToo) {
  client_context client = trusting_client();
  client.versions(version::tls1_2, GetParam());
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    for (const bool resumed : {false, true}) {
      handshake ended = co_await shake_hands(client, server);
      auto [near, far] = std::move(ended).both();
      co_await far.write("ticket\n");
      EXPECT_EQ(co_await near.read_line(), "ticket");
      EXPECT_EQ(near.resumed(), resumed);
      EXPECT_EQ(near.channel_binding(binding::unique), far.channel_binding(binding::unique));
      EXPECT_EQ(near.channel_binding(binding::exporter), far.channel_binding(binding::exporter));
    }
  };
  run(check());
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsBinding, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace tidewire::tls
