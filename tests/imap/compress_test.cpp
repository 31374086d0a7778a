#include <tidewire/core.hpp>
#include <tidewire/imap/compress.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "support/cancellation.hpp"

namespace tidewire::imap {
namespace {

using namespace std::chrono_literals;
using tidewire::testing::outcome_if_canceled_midway;

// "hello" in raw DEFLATE, and the empty stored block of a flush.
constexpr std::string_view hello("\xca\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", 11);

template <class F>
void in_virtual_time(F body) {
  if (!can_compress()) GTEST_SKIP() << "built without zlib";
  virtual_clock time;
  run(body(), {.clock = &time});
}

std::string lines(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += "* " + std::to_string(i) + " FETCH (UID " + std::to_string(i * i) + " FLAGS (\\Seen))\r\n";
  }
  return out;
}

TEST(ImapCompress, CarriesWhatIsWrittenBothWays) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair();
    stream near = compressed(std::move(ends.first));
    stream far = compressed(std::move(ends.second));
    co_await near.write("a1 NOOP", "\r\n");
    EXPECT_EQ(co_await far.read_line(), "a1 NOOP");
    co_await far.write("a1 OK\r\n");
    EXPECT_EQ(co_await near.read_line(), "a1 OK");
    EXPECT_EQ(near.peer_name(), "memory");
    co_await near.write("");
    co_await near.shutdown();
    EXPECT_EQ(co_await far.read_all(), "");
  });
}

TEST(ImapCompress, IsRawDeflateThatEveryWriteFlushes) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair();
    stream near = compressed(std::move(ends.first));
    co_await near.write("hello");
    std::string wire(hello.size(), '\0');
    co_await ends.second.read_exactly(std::as_writable_bytes(std::span(wire)));
    EXPECT_EQ(wire, hello);
    co_await ends.second.write(hello);
    std::string text(5, '\0');
    co_await near.read_exactly(std::as_writable_bytes(std::span(text)));
    EXPECT_EQ(text, "hello");
  });
}

TEST(ImapCompress, MakesLessOfMuchInAnyPieces) {
  in_virtual_time([]() -> task<> {
    const std::string text = lines(20'000);
    for (const std::size_t longest : {std::size_t{1}, std::size_t{7}, std::size_t{0}}) {
      auto ends = memory_stream_pair({.capacity = 1000});
      auto link = faulty(std::move(ends.first),
                         {.reading = {.longest_piece = longest}, .writing = {.longest_piece = longest}});
      const fault_control control = link.second;
      stream near = compressed(std::move(link.first));
      stream far = compressed(std::move(ends.second));
      const auto write = [&]() -> task<> {
        co_await near.write(text);
        co_await near.shutdown();
      };
      const auto read = [&]() -> task<std::string> { co_return co_await far.read_all(); };
      const auto both = co_await when_all(write(), read());
      EXPECT_TRUE(std::get<1>(both) == text);
      EXPECT_LT(control.passed(fault::way::writing), text.size() / 4);
    }
  });
}

TEST(ImapCompress, TakesWhatWasReadBeforeForCompressed) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair();
    co_await ends.second.write("a1 OK\r\n", hello);
    EXPECT_EQ(co_await ends.first.read_line(), "a1 OK");
    stream near = compressed(std::move(ends.first));
    std::array<char, 16> buffer{};
    const std::size_t size = co_await near.read_some(buffer);
    EXPECT_EQ(std::string_view(buffer.data(), size), "hello");
  });
}

TEST(ImapCompress, SaysThatRubbishIsNone) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair();
    stream near = compressed(std::move(ends.first));
    co_await ends.second.write("\x07 begins a block of a kind that there is none of");
    const auto came = co_await as_result(near.fill());
    EXPECT_FALSE(came);
    EXPECT_EQ(came.code(), condition::protocol);
  });
}

TEST(ImapCompress, GivesTheEndWhereverTheConnectionEnds) {
  in_virtual_time([]() -> task<> {
    for (std::size_t kept = 0; kept < hello.size(); ++kept) {
      auto ends = memory_stream_pair();
      stream near = compressed(std::move(ends.first));
      co_await ends.second.write(hello.substr(0, kept));
      ends.second.close();
      const std::string text = co_await near.read_all();
      EXPECT_TRUE(std::string_view("hello").starts_with(text)) << text;
    }
  });
}

TEST(ImapCompress, ACanceledReadLosesNothingAndACanceledWriteBreaksTheStream) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair({.capacity = 10});
    stream near = compressed(std::move(ends.first));
    const auto read = co_await outcome_if_canceled_midway([&] { return near.fill(); });
    EXPECT_EQ(read.code(), condition::canceled);
    co_await ends.second.write(hello.substr(0, 4));
    const auto part = [&]() -> task<> {
      while (near.buffered().size() < 5) co_await near.fill();
    };
    const auto again = co_await outcome_if_canceled_midway(part);
    EXPECT_EQ(again.code(), condition::canceled);
    co_await ends.second.write(hello.substr(4));
    co_await part();
    EXPECT_EQ(as_text(near.buffered()), "hello");

    const std::string text = lines(1000);
    const auto written = co_await outcome_if_canceled_midway([&] { return near.write(text); });
    EXPECT_EQ(written.code(), condition::canceled);
    const auto later = co_await as_result(near.write("more"));
    EXPECT_EQ(later.code(), make_error_code(tidewire::errc::closed));
  });
}

TEST(ImapCompress, ClosingEndsWhatWaits) {
  in_virtual_time([]() -> task<> {
    auto ends = memory_stream_pair();
    stream near = compressed(std::move(ends.first));
    const auto wait = [&]() -> task<> {
      const auto came = co_await as_result(near.fill());
      EXPECT_EQ(came.code(), make_error_code(tidewire::errc::closed));
    };
    const auto close = [&]() -> task<> {
      co_await sleep_for(1s);
      near.close();
    };
    co_await when_all(wait(), close());
  });
}

}  // namespace
}  // namespace tidewire::imap
