#include <tidewire/core/faulty_stream.hpp>
#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/when.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using kind = fault::kind;
using way = fault::way;
using testing::outcome_if_canceled_before;
using testing::outcome_if_canceled_midway;

/// A stream with a faulty link, its control, and the peer.
struct link {
  stream client;
  fault_control faults;
  stream server;
};

link make_link(fault_options options = {}, std::size_t capacity = 64 * 1024) {
  auto [near, server] = memory_stream_pair({.capacity = capacity});
  auto [client, faults] = faulty(std::move(near), options);
  return {std::move(client), std::move(faults), std::move(server)};
}

/// Runs a task in virtual time, and gives the time it took.
duration time_of(task<> t) {
  virtual_clock clock;
  run(std::move(t), {.clock = &clock});
  return clock.elapsed();
}

/// What reads of `from` give until the end, or until one fails.
task<std::vector<std::string>> pieces(stream& from, std::optional<failure>& why) {
  std::vector<std::string> all;
  std::array<char, 1000> buffer;
  for (;;) {
    const auto n = co_await as_result(from.read_some(buffer));
    if (!n) why = n.error();
    if (!n || *n == 0) co_return all;
    all.emplace_back(buffer.data(), *n);
  }
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& each : all) text += each;
  return text;
}

TEST(FaultyStream, PassesEverythingOnUnlessToldOtherwise) {
  const auto check = []() -> task<> {
    link l = make_link();
    co_await l.client.write("hello", "\n", "world\n");
    EXPECT_EQ(co_await l.server.read_line(), "hello");
    EXPECT_EQ(co_await l.server.read_line(), "world");
    co_await l.server.write("and back\n");
    EXPECT_EQ(co_await l.client.read_line(), "and back");
    co_await l.client.shutdown();
    EXPECT_EQ(co_await l.server.read_all(), "");
    co_await l.server.write("last");
    co_await l.server.shutdown();
    EXPECT_EQ(co_await l.client.read_all(), "last");
    EXPECT_EQ(l.client.peer_name(), "memory");
    EXPECT_EQ(l.faults.passed(way::writing), 12u);
    EXPECT_EQ(l.faults.passed(way::reading), 13u);
    EXPECT_EQ(l.faults.happened(), 0u);
  };
  EXPECT_EQ(time_of(check()), 0s);
}

TEST(FaultyStream, KeepsWhatTheStreamBelowHadBuffered) {
  const auto check = []() -> task<> {
    auto [near, server] = memory_stream_pair();
    co_await server.write("first\nsecond\n");
    EXPECT_EQ(co_await near.read_line(), "first");
    auto [client, faults] = faulty(std::move(near));
    EXPECT_EQ(co_await client.read_line(), "second");
    co_await server.write("third\n");
    EXPECT_EQ(co_await client.read_line(), "third");
  };
  run(check());
}

TEST(FaultyStream, MovesMoreThanAnyWindowHolds) {
  const auto check = []() -> task<> {
    for (const auto latency : {0ms, 3ms}) {
      link l =
          make_link({.reading = {.latency = latency}, .writing = {.latency = latency}, .window = 1000}, 700);
      std::string data(100'000, 'x');
      for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>('a' + i % 23);
      const auto echo = [&]() -> task<> {
        std::array<std::byte, 333> buffer;
        while (const std::size_t n = co_await l.server.read_some(buffer)) {
          co_await l.server.write(std::span(buffer).first(n));
        }
        co_await l.server.shutdown();
      };
      const auto send = [&]() -> task<> {
        co_await l.client.write(data);
        co_await l.client.shutdown();
      };
      auto [a, b, back] = co_await when_all(echo(), send(), l.client.read_all());
      EXPECT_EQ(back, data);
    }
  };
  time_of(check());
}

TEST(FaultyStream, CutsIntoPiecesTheSameForTheSameSeed) {
  const auto sizes = [](std::uint64_t seed) {
    std::vector<std::size_t> all;
    const auto check = [&]() -> task<> {
      link l = make_link({.reading = {.longest_piece = 7, .shortest_piece = 2}, .seed = seed});
      std::optional<failure> why;
      co_await l.server.write(std::string(500, 'x'));
      co_await l.server.shutdown();
      for (const std::string& each : co_await pieces(l.client, why)) all.push_back(each.size());
      EXPECT_FALSE(why);
    };
    run(check());
    return all;
  };
  const auto first = sizes(1);
  EXPECT_EQ(std::accumulate(first.begin(), first.end(), std::size_t{0}), 500u);
  EXPECT_EQ(*std::ranges::max_element(first), 7u);
  EXPECT_EQ(*std::min_element(first.begin(), first.end() - 1), 2u);
  EXPECT_EQ(first, sizes(1));
  EXPECT_NE(first, sizes(2));
}

TEST(FaultyStream, WritesInPieces) {
  const auto check = []() -> task<> {
    link l = make_link({.writing = {.longest_piece = 1}});
    co_await l.client.write("abcde");
    co_await l.client.shutdown();
    EXPECT_EQ(co_await l.server.read_all(), "abcde");
  };
  run(check());
}

TEST(FaultyStream, TakesTimeByTheClockOfTheLoop) {
  const auto exchange = []() -> task<> {
    link l = make_link({.reading = {.latency = 30ms}, .writing = {.latency = 20ms}});
    const auto echo = [&]() -> task<> {
      for (int i = 0; i < 3; ++i) co_await l.server.write(co_await l.server.read_line(), "\n");
    };
    const auto ask = [&]() -> task<> {
      for (int i = 0; i < 3; ++i) {
        co_await l.client.write("question\n");
        EXPECT_EQ(co_await l.client.read_line(), "question");
      }
    };
    co_await when_all(echo(), ask());
  };
  EXPECT_EQ(time_of(exchange()), 3 * 50ms);
}

TEST(FaultyStream, WhatIsOnItsWayDoesNotWaitForAReader) {
  const auto check = []() -> task<> {
    link l = make_link({.reading = {.latency = 30ms}});
    std::array<char, 10> buffer;
    // The first read, of nothing, takes the link to this loop.
    (void)co_await as_result(with_timeout(1ms, l.client.read_some(buffer)));
    co_await l.server.write("x");
    co_await sleep_for(30ms);
    EXPECT_EQ(co_await l.client.read_some(buffer), 1u);
  };
  EXPECT_EQ(time_of(check()), 31ms);
}

TEST(FaultyStream, HasABandwidth) {
  const auto check = []() -> task<> {
    link l = make_link({.writing = {.latency = 100ms, .bytes_per_second = 1000}});
    co_await l.client.write(std::string(2000, 'x'));
    co_await l.client.shutdown();
    EXPECT_EQ((co_await l.server.read_all()).size(), 2000u);
  };
  EXPECT_EQ(time_of(check()), 2100ms);
}

TEST(FaultyStream, JitterKeepsTheOrderAndIsTheSameForTheSameSeed) {
  const auto times = [](std::uint64_t seed) {
    std::vector<duration> all;
    virtual_clock clock;
    const auto check = [&]() -> task<> {
      link l = make_link({.reading = {.latency = 10ms, .jitter = 20ms}, .seed = seed});
      const auto write = [&]() -> task<> {
        for (int i = 0; i < 20; ++i) {
          co_await l.server.write(std::to_string(i), "\n");
          co_await sleep_for(15ms);
        }
      };
      const auto read = [&]() -> task<> {
        for (int i = 0; i < 20; ++i) {
          EXPECT_EQ(co_await l.client.read_line(), std::to_string(i));
          all.push_back(clock.elapsed() - i * 15ms);
        }
      };
      co_await when_all(read(), write());
    };
    run(check(), {.clock = &clock});
    return all;
  };
  const auto first = times(7);
  EXPECT_GE(*std::ranges::min_element(first), 10ms);
  EXPECT_LE(*std::ranges::max_element(first), 30ms);
  EXPECT_GT(std::set(first.begin(), first.end()).size(), 10u);
  EXPECT_EQ(first, times(7));
  EXPECT_NE(first, times(8));
}

TEST(FaultyStream, IsResetAfterSoManyBytesBothWays) {
  for (std::size_t after = 0; after <= 6; ++after) {
    const auto check = [&]() -> task<> {
      const std::array script = {fault{.what = kind::reset, .after = after}};
      link l = make_link({.script = script});
      std::optional<failure> why;
      co_await l.server.write("abcdef");
      const auto got = co_await pieces(l.client, why);
      EXPECT_EQ(joined(got), std::string("abcdef").substr(0, after));
      EXPECT_TRUE(why && why->code() == std::errc::connection_reset);
      const auto written = co_await as_result(l.client.write("x"));
      EXPECT_EQ(written.code(), std::errc::connection_reset);
      EXPECT_EQ(co_await l.server.read_all(), "");
      EXPECT_EQ(l.faults.happened(), 1u);
      EXPECT_EQ(l.faults.to_come(), 0u);
    };
    run(check());
  }
}

TEST(FaultyStream, AResetOfTheWriterEndsTheReaderToo) {
  const auto check = []() -> task<> {
    const std::array script = {fault{.what = kind::reset, .on = way::writing, .after = 3}};
    link l = make_link({.script = script});
    const auto read = [&]() -> task<> {
      const auto got = co_await as_result(l.client.read_line());
      EXPECT_EQ(got.code(), std::errc::connection_reset);
    };
    const auto write = [&]() -> task<> {
      const auto written = co_await as_result(l.client.write("abcdef"));
      EXPECT_EQ(written.code(), std::errc::connection_reset);
    };
    co_await when_all(read(), write());
  };
  run(check());
}

TEST(FaultyStream, EndsAfterSoManyBytes) {
  const auto check = []() -> task<> {
    const std::array script = {fault{.what = kind::end, .after = 2},
                               fault{.what = kind::end, .on = way::writing, .after = 4}};
    link l = make_link({.script = script});
    co_await l.server.write("abcdef");
    EXPECT_EQ(co_await l.client.read_all(), "ab");
    const auto written = co_await as_result(l.client.write("123", "456"));
    EXPECT_EQ(written.code(), std::errc::broken_pipe);
    EXPECT_EQ(co_await l.server.read_all(), "1234");
  };
  run(check());
}

TEST(FaultyStream, FallsSilentWithoutTellingAnybody) {
  const auto check = []() -> task<> {
    const std::array script = {fault{.what = kind::silence, .after = 2},
                               fault{.what = kind::silence, .on = way::writing, .after = 1}};
    link l = make_link({.script = script, .window = 100});
    co_await l.server.write("abcdef");
    co_await l.server.shutdown();
    std::array<char, 10> buffer;
    EXPECT_EQ(co_await l.client.read_some(buffer), 2u);
    l.client.set_timeout(3s);
    const auto nothing = co_await as_result(l.client.read_some(buffer));
    EXPECT_EQ(nothing.error(), condition::timeout);
    co_await l.client.write(std::string(101, 'x'));
    const auto full = co_await as_result(l.client.write("y"));
    EXPECT_EQ(full.error(), condition::timeout);
    EXPECT_EQ(co_await l.server.read_some(buffer), 1u);
    const auto silent = co_await as_result(with_timeout(1s, l.server.read_some(buffer)));
    EXPECT_EQ(silent.error(), condition::timeout);
  };
  const duration took = time_of(check());
  EXPECT_GE(took, 7s);
  EXPECT_LT(took, 7100ms);
}

TEST(FaultyStream, StallsAndGoesOn) {
  const auto check = []() -> task<> {
    const std::array script = {fault{.what = kind::stall, .after = 3, .time = 5s},
                               fault{.what = kind::stall, .on = way::writing, .after = 1, .time = 2s}};
    link l = make_link({.script = script});
    co_await l.server.write("abcdef\n");
    EXPECT_EQ(co_await l.client.read_line(), "abcdef");
    const auto write = [&]() -> task<> { co_await l.client.write("123\n"); };
    auto [line, none] = co_await when_all(l.server.read_line(), write());
    EXPECT_EQ(line, "123");
  };
  EXPECT_EQ(time_of(check()), 7s);
}

TEST(FaultyStream, CorruptsChosenBytes) {
  const auto check = []() -> task<> {
    const std::array script = {
        fault{.what = kind::corrupt, .after = 1},
        fault{.what = kind::corrupt, .after = 4, .mask = std::byte{0x20}},
        fault{.what = kind::corrupt, .on = way::writing, .after = 0, .mask = std::byte{3}}};
    link l = make_link({.reading = {.longest_piece = 2}, .script = script});
    const std::string sent = "aaa";
    co_await l.server.write("abcdef\n");
    EXPECT_EQ(co_await l.client.read_line(), "accdEf");
    co_await l.client.write(sent, "\n");
    EXPECT_EQ(co_await l.server.read_line(), "baa");
    EXPECT_EQ(sent, "aaa");
    EXPECT_EQ(l.faults.happened(), 3u);
  };
  run(check());
}

TEST(FaultyStream, FailsAtTheNthOperationAndGoesOn) {
  const auto check = []() -> task<> {
    const auto no_buffers = std::make_error_code(std::errc::no_buffer_space);
    const std::array script = {fault{.what = kind::fail, .operation = 2, .code = no_buffers},
                               fault{.what = kind::fail, .on = way::writing, .operation = 3}};
    link l = make_link({.script = script});
    co_await l.server.write("abc");
    std::array<char, 1> one;
    EXPECT_EQ(co_await l.client.read_some(one), 1u);
    EXPECT_EQ((co_await as_result(l.client.read_some(one))).code(), no_buffers);
    EXPECT_EQ(co_await l.client.read_some(one), 1u);
    EXPECT_EQ(one[0], 'b') << "nothing was lost";
    co_await l.client.write("1");
    co_await l.client.write("2");
    EXPECT_EQ((co_await as_result(l.client.write("3"))).code(), std::errc::connection_reset);
    EXPECT_EQ(l.faults.happened(), 2u);
  };
  run(check());
}

TEST(FaultyStream, MoreFaultsCanBeAddedAndCountFromThen) {
  const auto check = []() -> task<> {
    link l = make_link();
    co_await l.server.write("abcdef");
    std::array<char, 10> buffer;
    EXPECT_EQ(co_await l.client.read_some(buffer), 6u);
    l.faults.add({.what = kind::end, .after = 2});
    EXPECT_EQ(l.faults.to_come(), 1u);
    co_await l.server.write("ghi");
    EXPECT_EQ(co_await l.client.read_some(buffer), 2u);
    EXPECT_EQ(co_await l.client.read_some(buffer), 0u);
  };
  run(check());
}

TEST(FaultyStream, AFaultThatIsAddedReachesWhoWaits) {
  const auto check = []() -> task<> {
    link l = make_link({}, 10);
    const auto read = [&]() -> task<> {
      const auto got = co_await as_result(l.client.read_line());
      EXPECT_EQ(got.code(), std::errc::connection_reset);
    };
    const auto write = [&]() -> task<> {
      const auto written = co_await as_result(l.client.write(std::string(1000, 'x')));
      EXPECT_EQ(written.code(), std::errc::connection_reset);
    };
    const auto add = [&]() -> task<> {
      co_await sleep_for(1s);
      l.faults.add({.what = kind::reset});
    };
    co_await when_all(read(), write(), add());
  };
  EXPECT_EQ(time_of(check()), 1s);
}

TEST(FaultyStream, WhatIsOnItsWayArrivesAfterTheStreamWasClosed) {
  const auto check = []() -> task<> {
    link l = make_link({.writing = {.latency = 50ms}});
    co_await l.client.write("good-bye");
    l.client.close();
    EXPECT_EQ(co_await l.server.read_all(), "good-bye");
  };
  EXPECT_EQ(time_of(check()), 50ms);
}

TEST(FaultyStream, WhoWaitsIsToldThatItWasClosed) {
  const auto check = []() -> task<> {
    link l = make_link({}, 10);
    const auto read = [&]() -> task<> {
      EXPECT_EQ((co_await as_result(l.client.read_line())).code(), errc::closed);
    };
    const auto write = [&]() -> task<> {
      EXPECT_EQ((co_await as_result(l.client.write(std::string(1000, 'x')))).code(), errc::closed);
    };
    const auto close = [&]() -> task<> {
      co_await yield();
      l.client.close();
    };
    co_await when_all(read(), write(), close());
  };
  run(check());
}

TEST(FaultyStream, OperationsAreCanceled) {
  const auto check = []() -> task<> {
    link l = make_link({.reading = {.latency = 1min}}, 10);
    std::array<char, 10> buffer;
    const auto read = [&] { return l.client.read_some(buffer); };
    EXPECT_EQ((co_await outcome_if_canceled_before(read)).error(), condition::canceled);
    co_await l.server.write("x");
    EXPECT_EQ((co_await outcome_if_canceled_midway(read)).error(), condition::canceled);
    EXPECT_EQ(co_await l.client.read_some(buffer), 1u) << "what was on its way still comes";
    const std::string much(1000, 'x');
    const auto write = [&] { return l.client.write(much); };
    EXPECT_EQ((co_await outcome_if_canceled_before(write)).error(), condition::canceled);
    EXPECT_EQ((co_await outcome_if_canceled_midway(write)).error(), condition::canceled);
    EXPECT_EQ((co_await as_result(l.client.write("y"))).code(), errc::closed) << "it was cut in the middle";
  };
  time_of(check());
}

TEST(FaultyStream, IsPutOverASocket) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    tcp::stream near = co_await tcp::connect(listener.local_endpoint());
    tcp::stream server = co_await listener.accept();
    const std::array script = {fault{.what = kind::corrupt, .after = 0}};
    auto [client, faults] = faulty(std::move(near), {.reading = {.longest_piece = 1}, .script = script});
    co_await server.write("abc\n");
    EXPECT_EQ(co_await client.read_line(), "`bc");
    EXPECT_EQ(client.statistics().reads, 4u);
    co_await client.write("def\n");
    EXPECT_EQ(co_await server.read_line(), "def");
    client.close();
    EXPECT_EQ(co_await server.read_all(), "");
  };
  run(check());
}

TEST(FaultyStream, IsPutOverAnother) {
  const auto check = []() -> task<> {
    link l = make_link({.reading = {.latency = 10ms}});
    auto [outer, faults] = faulty(std::move(l.client), {.reading = {.longest_piece = 1, .latency = 5ms}});
    const auto write = [&]() -> task<> { co_await l.server.write("abc\n"); };
    auto [line, none] = co_await when_all(outer.read_line(), write());
    EXPECT_EQ(line, "abc");
    EXPECT_EQ(outer.statistics().reads, 4u);
  };
  EXPECT_EQ(time_of(check()), 15ms);
}

TEST(FaultyStream, OutlivesItsLoopWithSomethingPending) {
  virtual_clock time;
  link l = make_link({.reading = {.latency = 5ms}, .writing = {.latency = 5ms}});
  std::array<char, 10> buffer;
  const auto starts = [&]() -> task<> {
    co_await l.client.write("x");
    co_await l.server.write("y");
    (void)co_await as_result(with_timeout(1ms, l.client.read_some(buffer)));
  };
  run(starts(), {.clock = &time});
  const auto again = [&]() -> task<> {
    EXPECT_EQ(co_await l.client.read_some(buffer), 1u);
    EXPECT_EQ(co_await l.server.read_some(buffer), 1u);
  };
  run(again(), {.clock = &time});
}

/// An exchange that must end, well or with an error of the stream, whatever happens to the link.
task<bool> exchange(stream& client, stream& server) {
  const auto serve = [&]() -> task<> {
    while (const auto line = co_await server.next_line()) co_await server.write(*line, "\n");
    co_await server.shutdown();
  };
  const auto ask = [&]() -> task<bool> {
    for (const std::string_view question : {"one", "two", "three"}) {
      co_await client.write(question, "\n");
      if (co_await client.read_line() != question) co_return false;
    }
    co_await client.shutdown();
    co_return (co_await client.read_all()).empty();
  };
  const auto asked = [&]() -> task<bool> {
    const auto answered = co_await as_result(ask());
    client.close();
    co_return answered && *answered;
  };
  auto [well, served] = co_await when_all(asked(), as_result(serve()));
  co_return well;
}

TEST(FaultyStream, AnExchangeEndsWhateverHappensAtAnyOfItsBytes) {
  std::size_t failed = 0;
  for (const kind what : {kind::reset, kind::end, kind::corrupt, kind::stall, kind::silence}) {
    for (const way on : {way::reading, way::writing}) {
      for (std::size_t at = 0; at < 14; ++at) {
        const auto check = [&]() -> task<> {
          const std::array script = {fault{.what = what, .on = on, .after = at, .time = 1s}};
          link l = make_link({.script = script});
          const bool well = co_await exchange(l.client, l.server);
          EXPECT_EQ(l.faults.happened(), 1u);
          EXPECT_EQ(well, what == kind::stall) << static_cast<int>(what) << " after " << at;
          failed += well ? 0 : 1;
        };
        time_of(check());
      }
    }
  }
  EXPECT_EQ(failed, 4u * 2 * 14);
}

}  // namespace
}  // namespace tidewire
