#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/cancellation.hpp"
#include "support/temporary_file.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using testing::temporary_file;

// Bytes of which no two stretches are alike.
std::string some_content(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t state = 1;
  for (char& c : content) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return content;
}

struct pair {
  stream sender;
  stream receiver;
};

task<pair> tcp_pair() {
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  tcp::stream client = co_await tcp::connect(listener.local_endpoint());
  tcp::stream server = co_await listener.accept();
  co_return pair{std::move(client), std::move(server)};
}

task<pair> memory_pair() {
  auto ends = memory_stream_pair({.capacity = 10'000});
  co_return pair{std::move(ends.first), std::move(ends.second)};
}

// Each test over a stream that sends from inside the system, if there is such, and over one that copies.
class SendFile : public ::testing::TestWithParam<task<pair> (*)()> {};
INSTANTIATE_TEST_SUITE_P(Over, SendFile, ::testing::Values(tcp_pair, memory_pair),
                         [](const auto& over) { return over.index == 0 ? "Tcp" : "Memory"; });

// What arrives while `act` sends.
template <class Act>
task<std::string> received(pair& over, Act act) {
  std::string got;
  const auto receives = [&]() -> task<> { got = co_await over.receiver.read_all(std::size_t{64} << 20); };
  const auto sends = [&]() -> task<> {
    co_await act();
    co_await over.sender.shutdown();
  };
  co_await when_all(sends(), receives());
  co_return got;
}

TEST_P(SendFile, SendsAllOfIt) {
  const std::string content = some_content(5'000'001);
  const temporary_file file(content);
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    std::uint64_t sent = 0;
    std::vector<file_progress> steps;
    const auto note = [&](const file_progress& so_far) { steps.push_back(so_far); };
    const auto got = co_await received(over, [&]() -> task<> {
      over.sender.stage("here it comes: ");
      sent = co_await send_file(over.sender, file.path(), {}, note);
    });
    EXPECT_TRUE(got == "here it comes: " + content);
    EXPECT_EQ(sent, content.size());
    EXPECT_FALSE(steps.empty());
    std::uint64_t before = 0;
    for (const file_progress& each : steps) {
      EXPECT_GT(each.sent, before);
      EXPECT_LE(each.sent - before, std::size_t{1} << 20);
      EXPECT_EQ(each.total, content.size());
      before = each.sent;
    }
    EXPECT_EQ(before, content.size());
    EXPECT_EQ(over.sender.statistics().bytes_written, content.size() + 15);
  };
  run(check());
}

TEST_P(SendFile, SendsAPartOfIt) {
  const std::string content = some_content(1000);
  const temporary_file file(content);
  const auto check = [&]() -> task<> {
    const std::pair<std::uint64_t, std::uint64_t> parts[] = {
        {0, 1}, {1, 998}, {999, 1}, {0, 1000}, {1000, 0}};
    for (const auto& [offset, count] : parts) {
      for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{10'000}}) {
        pair over = co_await GetParam()();
        const send_file_options options{.offset = offset, .count = count, .step = step};
        std::uint64_t sent = 0;
        const auto got = co_await received(
            over, [&]() -> task<> { sent = co_await send_file(over.sender, file.path(), options); });
        EXPECT_EQ(got, content.substr(offset, count)) << offset << '+' << count << " by " << step;
        EXPECT_EQ(sent, count);
      }
    }
    pair over = co_await GetParam()();
    const auto rest = co_await received(over, [&]() -> task<> {
      const std::uint64_t sent = co_await send_file(over.sender, file.path(), {.offset = 900});
      EXPECT_EQ(sent, 100u);
    });
    EXPECT_EQ(rest, content.substr(900));
  };
  run(check());
}

TEST_P(SendFile, AnEmptyFileIsNothing) {
  const temporary_file file("");
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    bool told = false;
    const auto got = co_await received(over, [&]() -> task<> {
      const std::uint64_t sent =
          co_await send_file(over.sender, file.path(), {}, [&](const file_progress&) { told = true; });
      EXPECT_EQ(sent, 0u);
    });
    EXPECT_EQ(got, "");
    EXPECT_FALSE(told);
  };
  run(check());
}

TEST_P(SendFile, NamesTheFileThatCannotBeSent) {
  const temporary_file file("0123456789");
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    const auto missing = co_await as_result(send_file(over.sender, "/no/such/file"));
    EXPECT_EQ(missing.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(missing.error().operation(), "open");
    EXPECT_EQ(missing.error().peer(), "/no/such/file");
    const auto folder = co_await as_result(send_file(over.sender, file.path().parent_path()));
    EXPECT_FALSE(folder);
    const std::pair<std::uint64_t, std::optional<std::uint64_t>> outside[] = {
        {11, std::nullopt}, {0, 11}, {10, 1}, {1, std::uint64_t(-1)}, {std::uint64_t(-1), 1}};
    for (const auto& [offset, count] : outside) {
      const send_file_options options{.offset = offset, .count = count};
      const auto r = co_await as_result(send_file(over.sender, file.path(), options));
      EXPECT_EQ(r.error(), condition::misuse) << offset;
      EXPECT_EQ(r.error().detail(), "the part lies not in the file, which has 10 bytes");
    }
    EXPECT_EQ(over.sender.statistics().bytes_written, 0u);
  };
  run(check());
}

TEST_P(SendFile, SaysThatTheFileBecameShorter) {
  const temporary_file file(some_content(100'000));
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    std::uint64_t sent = 0;
    const auto cuts = [&](const file_progress& so_far) {
      sent = so_far.sent;
      std::filesystem::resize_file(file.path(), 20'000);
    };
    const auto got = co_await received(over, [&]() -> task<> {
      const send_file_options options{.step = 4000};
      const auto r = co_await as_result(send_file(over.sender, file.path(), options, cuts));
      EXPECT_EQ(r.error(), condition::eof);
      EXPECT_EQ(r.error().message(),
                "send " + file.path().string() +
                    ": the stream ended early: the file became shorter while it was sent: " +
                    std::to_string(sent) + " of 100000 bytes were");
    });
    EXPECT_EQ(sent, 20'000u);
    EXPECT_EQ(got.size(), sent);
  };
  run(check());
}

TEST_P(SendFile, APeerThatIsGoneIsAnErrorAndNoSignal) {
  const temporary_file file(some_content(4'000'000));
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    over.receiver.close();
    const auto first = co_await as_result(send_file(over.sender, file.path()));
    EXPECT_EQ(first.error(), condition::transient);
    const auto again = co_await as_result(send_file(over.sender, file.path()));
    EXPECT_FALSE(again);
    const auto once_more = co_await as_result(send_file(over.sender, file.path()));
    EXPECT_FALSE(once_more);
  };
  run(check());
}

TEST_P(SendFile, WhatTheProgressThrowsEndsIt) {
  const temporary_file file(some_content(100'000));
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    const auto stops = [](const file_progress&) { throw std::logic_error("enough"); };
    bool stopped = false;
    const auto got = co_await received(over, [&]() -> task<> {
      try {
        co_await send_file(over.sender, file.path(), {.step = 1000}, stops);
      } catch (const std::logic_error&) {
        stopped = true;
      }
    });
    EXPECT_TRUE(stopped);
    EXPECT_LE(got.size(), 2000u);
  };
  run(check());
}

TEST_P(SendFile, IsNotBegunByATaskThatIsCanceled) {
  const temporary_file file("content");
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    const auto r =
        co_await testing::outcome_if_canceled_before([&] { return send_file(over.sender, file.path()); });
    EXPECT_EQ(r.code(), errc::canceled);
    EXPECT_EQ(over.sender.statistics().bytes_written, 0u);
  };
  run(check());
}

TEST_P(SendFile, WaitsForAPeerThatTakesNothingAsLongAsTheStreamSays) {
  const temporary_file file(some_content(20'000'000));
  const auto check = [&]() -> task<> {
    pair over = co_await GetParam()();
    over.sender.set_timeout(5ms);
    const auto r = co_await as_result(send_file(over.sender, file.path()));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "write to");
  };
  run(check());
}

#ifndef _WIN32
TEST(SendFileOverTcp, GoesOnAfterACancellationWhereItEnded) {
  const std::string content = some_content(20'000'000);
  const temporary_file file(content);
  const auto check = [&]() -> task<> {
    pair over = co_await tcp_pair();
    std::uint64_t sent = 0;
    const auto note = [&](const file_progress& so_far) { sent = so_far.sent; };
    const auto r = co_await testing::outcome_if_canceled_midway(
        [&] { return send_file(over.sender, file.path(), {}, note); });
    EXPECT_EQ(r.code(), errc::canceled);
    EXPECT_LT(sent, content.size());
    EXPECT_GT(sent, 0u);
    const auto got = co_await received(
        over, [&]() -> task<> { co_await send_file(over.sender, file.path(), {.offset = sent}); });
    EXPECT_TRUE(got == content);
  };
  run(check());
}
#endif

}  // namespace
}  // namespace tidewire
