// In steady state nothing is allocated: this program counts.
#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <span>
#include <string>

namespace {

std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// AddressSanitizer gets every frame from the heap, so that a use after its end is seen.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool frames_are_pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool frames_are_pooled = false;
#else
constexpr bool frames_are_pooled = true;
#endif
#else
constexpr bool frames_are_pooled = true;
#endif

class Allocation : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!frames_are_pooled) GTEST_SKIP() << "frames are not pooled under AddressSanitizer";
  }
};

// How many allocations a hundred rounds of `round` make, after a hundred for pools and queues to grow.
template <class F>
task<std::size_t> count(F round) {
  for (int i = 0; i < 100; ++i) co_await round();
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) co_await round();
  co_return allocations - before;
}
template <class F>
std::size_t allocations_of(F round, clock* time = nullptr) {
  return run(count(round), {.clock = time});
}

task<int> value(int n) {
  co_return n;
}
task<int> value_later(int n) {
  co_await yield();
  co_return n;
}

TEST_F(Allocation, TheCountIsReal) {
  const auto allocates = []() -> task<> {
    const std::string text(1000, 'x');
    EXPECT_EQ(text.size(), 1000u);
    co_return;
  };
  EXPECT_EQ(allocations_of(allocates), 100u);
}

TEST_F(Allocation, ATaskThatCallsTasksMakesNone) {
  const auto round = []() -> task<> {
    int sum = co_await value(1);
    sum += co_await value_later(2);
    const auto r = co_await as_result(value(3));
    EXPECT_EQ(sum + *r, 6);
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, YieldAndSleepMakeNone) {
  const auto round = []() -> task<> {
    co_await yield();
    co_await sleep_for(0s);
    co_await sleep_for(1us);
    co_await sleep_until(time_point());
  };
  EXPECT_EQ(allocations_of(round), 0u);
#ifndef _WIN32  // where Asio allocates once for each poll of an idle loop
  virtual_clock time;
  EXPECT_EQ(allocations_of(round, &time), 0u);
#endif
}

TEST_F(Allocation, TimeoutsThatDoNotPassMakeNone) {
  const auto round = []() -> task<> {
    EXPECT_EQ(co_await with_timeout(1h, value(4)), 4);
    EXPECT_EQ(co_await with_timeout(1h, value_later(5)), 5);
    EXPECT_EQ(co_await shield(value_later(6)), 6);
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, WhenAllAndWhenAnyOfSeveralMakeNone) {
  const auto round = []() -> task<> {
    const auto [a, b, c] = co_await when_all(value(1), value_later(2), yield());
    EXPECT_EQ(a + b, 3);
    // A loser that has to be told by an exception costs that exception: here none needs it.
    const auto first = co_await when_any(value(1), value(2));
    EXPECT_EQ(first.index(), 0u);
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, AGroupMakesNone) {
  const auto round = []() -> task<> {
    int ended = 0;
    const auto child = [&]() -> task<> {
      co_await yield();
      ++ended;
    };
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 20; ++i) {
        co_await group.wait_below(5);
        group.spawn(child());
      }
    });
    EXPECT_EQ(ended, 20);
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, AChannelMakesNone) {
  for (const std::size_t capacity : {0u, 1u, 16u}) {
    channel<int> c(capacity);
    const auto sends = [&]() -> task<> {
      for (int i = 0; i < 30; ++i) co_await c.send(i);
    };
    const auto receives = [&]() -> task<> {
      for (int i = 0; i < 30; ++i) {
        const auto got = co_await c.receive();
        EXPECT_EQ(got, i);
      }
    };
    const auto round = [&]() -> task<> { co_await when_all(sends(), receives()); };
    EXPECT_EQ(allocations_of(round), 0u);
  }
}

TEST_F(Allocation, SemaphoreMutexAndEventMakeNone) {
  semaphore two(2);
  mutex one;
  event happened;
  const auto works = [&]() -> task<> {
    const auto permit = co_await two.acquire();
    const auto guard = co_await one.lock();
    co_await yield();
  };
  const auto waits = [&]() -> task<> { co_await happened.wait(); };
  const auto sets = [&]() -> task<> {
    co_await yield();
    happened.set();
  };
  const auto round = [&]() -> task<> {
    happened.reset();
    co_await when_all(works(), works(), works(), waits(), sets());
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, ARateLimiterMakesNone) {
  rate_limiter limiter({.rate = 10, .burst = 1});
  const auto round = [&]() -> task<> {
    co_await when_all(limiter.acquire(), limiter.acquire());
    EXPECT_FALSE(co_await limiter.try_acquire());
  };
  virtual_clock time;
  EXPECT_EQ(allocations_of(round, &time), 0u);
}

TEST_F(Allocation, AMailboxMakesNone) {
  mailbox<int> box(4);
  const auto to_box = box.sender();
  const auto posts = [&]() -> task<> {
    for (int i = 0; i < 30; ++i) co_await to_box.post(i);
  };
  const auto receives = [&]() -> task<> {
    for (int i = 0; i < 30; ++i) {
      const auto got = co_await box.receive();
      EXPECT_EQ(got, i);
    }
  };
  const auto round = [&]() -> task<> { co_await when_all(posts(), receives()); };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, ADatagramMakesNone) {
  const endpoint loopback(ip_address::loopback_v4(), 0);
  udp::socket server = udp::bind(loopback);
  udp::socket client = udp::connect(server.local_endpoint());
  const auto answers = [&]() -> task<> {
    std::array<std::byte, 100> buffer;
    const udp::received got = co_await server.recv_from(buffer);  // waits
    co_await server.send_to(std::span(buffer).first(got.size), got.from);
  };
  const auto asks = [&]() -> task<> {
    std::array<char, 100> buffer;
    co_await yield();
    co_await client.send("hello");
    EXPECT_EQ((co_await client.recv_from(buffer)).size, 5u);
  };
  const auto round = [&]() -> task<> { co_await when_all(answers(), asks()); };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, ABatchOfDatagramsMakesNone) {
  const endpoint loopback(ip_address::loopback_v4(), 0);
  udp::socket server = udp::bind(loopback);
  udp::socket client = udp::bind(loopback);
  udp::batch out;
  udp::batch in;
  const auto receives = [&]() -> task<> {
    for (std::size_t n = 0; n < 20;) n += co_await server.recv_many(in);
  };
  const auto sends = [&]() -> task<> {
    co_await yield();
    out.clear();
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(out.append(as_bytes("hello"), server.local_endpoint()));
    co_await client.send_many(out);
  };
  const auto round = [&]() -> task<> { co_await when_all(receives(), sends()); };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, WhatIsLeftOfABatchMakesNone) {
  const endpoint loopback(ip_address::loopback_v4(), 0);
  udp::socket server = udp::bind(loopback);
  udp::socket client = udp::connect(server.local_endpoint());
  udp::batch in({.capacity = 3});
  const auto round = [&]() -> task<> {
    std::array<std::byte, 100> buffer;
    for (int i = 0; i < 8; ++i) co_await client.send("hello");
    for (std::size_t n = 0; n < 8;) {
      n += co_await server.recv_many(in);
      if (n == 8) break;
      EXPECT_EQ((co_await server.recv_from(buffer)).size, 5u);
      ++n;
    }
  };
  EXPECT_EQ(allocations_of(round), 0u);
}

TEST_F(Allocation, ADatagramOfAConversationMakesNone) {
  udp::server server(udp::bind(endpoint(ip_address::loopback_v4(), 0)));
  udp::socket client = udp::connect(server.at().local_endpoint());
  const auto echo = [](udp::conversation peer) -> task<> {
    std::array<char, 100> buffer;
    while (auto got = co_await peer.receive(buffer)) co_await peer.send(std::span(buffer).first(got->size));
  };
  const auto round = [&]() -> task<> {
    std::array<char, 100> buffer;
    for (int i = 0; i < 5; ++i) co_await client.send("hello");
    for (int i = 0; i < 5; ++i) EXPECT_EQ((co_await client.recv_from(buffer)).size, 5u);
  };
  const auto measured = [&]() -> task<> {
    EXPECT_EQ(co_await count(round), 0u);
    server.stop();
  };
  const auto both = [&]() -> task<> { co_await when_all(server.run(echo), measured()); };
  run(both());
}

// The thread of the pool posts to the loop by Asio, which keeps freed memory per thread: what the pool's
// thread takes, the loop's keeps. Hence one each, and no more.
TEST_F(Allocation, AnOffloadedCallMakesAtMostTheOneOfAsiosPost) {
  thread_pool pool({.threads = 1});
  const auto round = [&]() -> task<> { EXPECT_EQ(co_await offload(pool, [] { return 3; }), 3); };
  EXPECT_LE(allocations_of(round), 100u);
}

}  // namespace
}  // namespace tidewire
