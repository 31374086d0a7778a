#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>
#include <tidewire/core/memory_stream.hpp>

#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using testing::outcome_if_canceled_before;
using testing::outcome_if_canceled_midway;

template <class T>
T in_virtual_time(task<T> t) {
  virtual_clock time;
  return run(std::move(t), {.clock = &time});
}

TEST(MemoryStream, GivesEachEndWhatTheOtherWrote) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    co_await a.write("hello\n", std::string("wor"), "ld\r\n");
    EXPECT_EQ(co_await b.read_line(), "hello");
    EXPECT_EQ(co_await b.read_line(), "world");
    co_await b.write("and back\n");
    EXPECT_EQ(co_await a.read_line(), "and back");
    EXPECT_EQ(a.peer_name(), "memory");
    EXPECT_EQ(a.statistics().bytes_written, 13u);
    EXPECT_EQ(b.statistics().bytes_read, 13u);
  };
  run(check());
}

TEST(MemoryStream, AReaderThatWaitsIsServedByTheNextWrite) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 2});
    std::array<char, 100> buffer;
    const auto reader = [&](stream& from) -> task<std::string> {
      const std::size_t n = co_await from.read_some(buffer);
      co_return std::string(buffer.data(), n);
    };
    auto writer = [](stream& to) -> task<> { co_await to.write("more than", " the capacity"); };
    auto [got, none] = co_await when_all(reader(b), writer(a));
    EXPECT_EQ(got, "more than the capacity");
  };
  run(check());
}

TEST(MemoryStream, AWriterWaitsWhileTheReaderIsACapacityBehind) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 4});
    bool written = false;
    const auto write = [&](stream& to) -> task<> {
      co_await to.write("abcd");
      co_await to.write("ef", "", "ghij");
      written = true;
    };
    const auto read = [&](stream& from) -> task<> {
      std::array<char, 3> buffer;
      EXPECT_FALSE(written);
      co_await yield();
      EXPECT_FALSE(written);
      // What is held, and behind it what the writer still has.
      EXPECT_EQ(co_await from.read_some(buffer), 3u);
      EXPECT_EQ(std::string_view(buffer.data(), 3), "abc");
      EXPECT_FALSE(written);
      EXPECT_EQ(co_await from.read_some(buffer), 3u);
      EXPECT_EQ(std::string_view(buffer.data(), 3), "def");
      co_await yield();
      EXPECT_TRUE(written);
      EXPECT_EQ(co_await from.read_some(buffer), 3u);
      EXPECT_EQ(std::string_view(buffer.data(), 3), "ghi");
    };
    co_await when_all(write(a), read(b));
  };
  run(check());
}

TEST(MemoryStream, CarriesEveryTextInEveryCapacity) {
  std::mt19937 random(1);
  std::string text(2000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (const std::size_t capacity : {0u, 1u, 2u, 3u, 7u, 64u, 1999u, 2000u, 2001u, 5000u}) {
    const auto check = [&]() -> task<std::string> {
      auto [a, b] = memory_stream_pair({.capacity = capacity});
      const auto write = [&](stream& to) -> task<> {
        for (std::size_t at = 0; at < text.size();) {
          const std::size_t first = std::min<std::size_t>(random() % 90, text.size() - at);
          const std::size_t second = std::min<std::size_t>(random() % 90, text.size() - at - first);
          const auto rest = std::string_view(text).substr(at);
          co_await to.write(rest.substr(0, first), rest.substr(first, second));
          at += first + second;
        }
        co_await to.shutdown();
      };
      const auto read = [&](stream& from) -> task<std::string> {
        std::string got;
        std::array<char, 100> buffer;
        for (;;) {
          const std::size_t n = co_await from.read_some(std::span(buffer).first(1 + random() % 100));
          if (n == 0) co_return got;
          got.append(buffer.data(), n);
        }
      };
      auto [none, got] = co_await when_all(write(a), read(b));
      co_return got;
    };
    EXPECT_EQ(run(check()), text) << capacity;
  }
}

TEST(MemoryStream, AfterShutdownThePeerReadsTheRestThenTheEndAndStillWrites) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    co_await a.write("rest");
    co_await a.shutdown();
    EXPECT_EQ(co_await b.read_all(), "rest");
    std::array<char, 1> byte;
    EXPECT_EQ(co_await b.read_some(byte), 0u);
    co_await b.write("reply");
    b.close();
    EXPECT_EQ(co_await a.read_all(), "reply");
  };
  run(check());
}

TEST(MemoryStream, ShutdownEndsAReadThatWaits) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    const auto read = [](stream& from) -> task<std::string> { co_return co_await from.read_all(); };
    const auto end = [](stream& which) -> task<> { co_await which.shutdown(); };
    const auto [got, none] = co_await when_all(read(b), end(a));
    EXPECT_EQ(got, "");
  };
  run(check());
}

TEST(MemoryStream, ClosingGivesThePeerTheEndAndABrokenPipe) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    co_await a.write("last words");
    co_await b.write("never read");
    a.close();
    EXPECT_EQ(co_await b.read_all(), "last words");
    const auto written = co_await as_result(b.write("x"));
    EXPECT_EQ(written.code(), std::errc::broken_pipe);
    EXPECT_EQ(written.error().message(), "write to memory: Broken pipe");
  };
  run(check());
}

TEST(MemoryStream, DestroyingAnEndTellsThePeerThatWaits) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 1});
    auto end = std::make_unique<stream>(std::move(a));
    const auto read = [](stream& from) -> task<std::string> { co_return co_await from.read_all(); };
    const auto write = [](stream& to) -> task<std::error_code> {
      const auto outcome = co_await as_result(to.write("too much"));
      co_return outcome.code();
    };
    const auto destroy = [&]() -> task<> {
      end.reset();
      co_return;
    };
    const auto [got, code, none] = co_await when_all(read(b), write(b), destroy());
    EXPECT_EQ(got, "");
    EXPECT_EQ(code, std::errc::broken_pipe);
  };
  run(check());
}

TEST(MemoryStream, ClosingAnEndTellsItsOwnOperationsThatWait) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 3});
    const auto read = [](stream& from) -> task<std::error_code> {
      std::array<char, 10> buffer;
      const auto outcome = co_await as_result(from.read_some(buffer));
      co_return outcome.code();
    };
    const auto write = [](stream& to) -> task<std::error_code> {
      const auto outcome = co_await as_result(to.write("too much"));
      co_return outcome.code();
    };
    const auto close = [](stream& which) -> task<> {
      which.close();
      co_return;
    };
    const auto [read_code, write_code, none] = co_await when_all(read(a), write(a), close(a));
    EXPECT_EQ(read_code, errc::closed);
    EXPECT_EQ(write_code, errc::closed);
    EXPECT_EQ(co_await b.read_all(), "too");
    const auto again = co_await as_result(a.write("x"));
    EXPECT_EQ(again.code(), errc::closed);
  };
  run(check());
}

TEST(MemoryStream, ACanceledReadLosesNothing) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    std::array<char, 10> buffer;
    stream& reader = b;
    const auto read = [&] { return reader.read_some(buffer); };
    const auto before = co_await outcome_if_canceled_before(read);
    EXPECT_EQ(before.error(), condition::canceled);
    const auto midway = co_await outcome_if_canceled_midway(read);
    EXPECT_EQ(midway.error(), condition::canceled);
    co_await a.write("all of it");
    EXPECT_EQ(co_await b.read_some(buffer), 9u);
  };
  in_virtual_time(check());
}

TEST(MemoryStream, AWriteThatIsCanceledBeforeSendsNothingAndMidwayPart) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 4});
    stream& writer = a;
    const auto write = [&] { return writer.write("abcdefgh"); };
    const auto before = co_await outcome_if_canceled_before(write);
    EXPECT_EQ(before.error(), condition::canceled);
    EXPECT_EQ(a.statistics().bytes_written, 0u);
    const auto midway = co_await outcome_if_canceled_midway(write);
    EXPECT_EQ(midway.error(), condition::canceled);
    EXPECT_EQ(a.statistics().bytes_written, 4u);
    const auto cut = co_await as_result(a.write("x"));
    EXPECT_EQ(cut.error().detail(), "an earlier write was cut in the middle");
    a.close();
    EXPECT_EQ(co_await b.read_all(), "abcd");
  };
  in_virtual_time(check());
}

TEST(MemoryStream, AReadTimesOutByTheStreamsOwnLimit) {
  virtual_clock time;
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    b.set_read_timeout(3s);
    std::array<char, 10> buffer;
    const auto outcome = co_await as_result(b.read_some(buffer));
    EXPECT_EQ(outcome.error(), condition::timeout);
  };
  run(check(), {.clock = &time});
  EXPECT_GE(time.elapsed(), 3s);
  EXPECT_LT(time.elapsed(), 3100ms);
}

TEST(MemoryStream, RefusesASecondReaderAndASecondWriter) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair({.capacity = 1});
    const auto read = [](stream& from) -> task<std::error_code> {
      std::array<char, 10> buffer;
      const auto outcome = co_await as_result(from.read_some(buffer));
      co_return outcome.code();
    };
    const auto write = [](stream& to) -> task<std::error_code> {
      const auto outcome = co_await as_result(to.write("xy"));
      co_return outcome.code();
    };
    const auto serve = [](stream& peer) -> task<> {
      co_await peer.write("!");
      EXPECT_EQ(as_text(co_await peer.read_exactly(2)), "xy");
    };
    const auto [first_read, second_read, first_write, second_write, none] =
        co_await when_all(read(a), read(a), write(a), write(a), serve(b));
    EXPECT_FALSE(first_read);
    EXPECT_EQ(second_read, condition::misuse);
    EXPECT_FALSE(first_write);
    EXPECT_EQ(second_write, condition::misuse);
  };
  run(check());
}

TEST(MemoryStream, RefusesUseFromAnotherLoop) {
  const auto check = []() -> task<> {
    auto [a, b] = memory_stream_pair();
    co_await a.write("mine");
    stream& other_end = b;
    std::thread([&] {
      std::array<char, 10> buffer;
      const auto foreign = run(as_result(other_end.read_some(buffer)));
      EXPECT_EQ(foreign.error(), condition::misuse);
      EXPECT_EQ(foreign.error().detail(), "the stream belongs to another loop");
    }).join();
    EXPECT_EQ(as_text(co_await b.read_exactly(4)), "mine");
  };
  run(check());
}

TEST(MemoryStream, OutlivesItsLoopAndGoesOnOnTheNext) {
  auto [a, b] = memory_stream_pair({.capacity = 4});
  std::array<char, 10> buffer;
  run(b.write("kept"));
  {
    asio::io_context context;
    const auto read = [](stream& from) -> task<> { (void)co_await from.read_all(); };
    const auto write = [](stream& to) -> task<> { co_await to.write("cut in the middle"); };
    spawn(context, read(b), asio::detached);
    spawn(context, write(b), asio::detached);
    context.poll();
  }
  EXPECT_EQ(run(a.read_some(buffer)), 4u);
  EXPECT_EQ(std::string_view(buffer.data(), 4), "kept");
  run(a.write("more"));
  EXPECT_EQ(run(b.read_some(buffer)), 4u);
}

}  // namespace
}  // namespace tidewire
