#include <tidewire/base/buffer.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace tidewire {
namespace {

void fill(byte_buffer& buffer, std::string_view text) {
  ASSERT_TRUE(buffer.append(text));
}

TEST(ByteBuffer, WhatIsCommittedComesOutInOrder) {
  byte_buffer buffer;
  auto room = buffer.prepare(5);
  ASSERT_TRUE(room);
  ASSERT_GE(room->size(), 5u);
  std::memcpy(room->data(), "hello", 5);
  buffer.commit(5);
  fill(buffer, " world");
  EXPECT_EQ(buffer.text(), "hello world");
  buffer.consume(6);
  EXPECT_EQ(buffer.text(), "world");
  EXPECT_EQ(buffer.size(), 5u);
  buffer.consume(5);
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBuffer, PreparedButNotCommittedBytesAreNoData) {
  byte_buffer buffer;
  ASSERT_TRUE(buffer.prepare(100));
  EXPECT_TRUE(buffer.empty());
  buffer.commit(0);
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBuffer, RoomLeftFromAnEarlierPrepareIsGivenWithoutAllocation) {
  byte_buffer buffer;
  ASSERT_TRUE(buffer.prepare(1000));
  const std::size_t capacity = buffer.capacity();
  buffer.commit(10);
  const auto room = buffer.prepare(1);
  ASSERT_TRUE(room);
  EXPECT_EQ(room->size(), capacity - 10);
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(ByteBuffer, TheLimitIsAnErrorAndChangesNothing) {
  byte_buffer buffer(8);
  fill(buffer, "abcde");
  EXPECT_EQ(buffer.room(), 3u);
  const auto room = buffer.prepare(4);
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error(), condition::limit_exceeded);
  EXPECT_EQ(buffer.append("fghi").code(), condition::limit_exceeded);
  EXPECT_EQ(buffer.text(), "abcde");
  fill(buffer, "fgh");
  EXPECT_EQ(buffer.text(), "abcdefgh");
  EXPECT_EQ(buffer.room(), 0u);
  EXPECT_FALSE(buffer.prepare(1));
  EXPECT_TRUE(buffer.prepare(0));
  EXPECT_FALSE(buffer.prepare(std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(buffer.reserve(9).code(), condition::limit_exceeded);
}

TEST(ByteBuffer, RoomNeverReachesPastTheLimit) {
  byte_buffer buffer(10);
  const auto room = buffer.prepare(1);
  ASSERT_TRUE(room);
  EXPECT_EQ(room->size(), 10u);
  buffer.commit(99);
  EXPECT_EQ(buffer.size(), 10u) << "more than the room cannot be committed";
}

TEST(ByteBuffer, ConsumingMoreThanThereIsConsumesAll) {
  byte_buffer buffer;
  fill(buffer, "abc");
  buffer.consume(100);
  EXPECT_TRUE(buffer.empty());
  fill(buffer, "d");
  EXPECT_EQ(buffer.text(), "d");
}

TEST(ByteBuffer, ConsumingAllBetweenPrepareAndCommitKeepsTheRoomInPlace) {
  byte_buffer buffer;
  fill(buffer, "old");
  auto room = buffer.prepare(3);
  ASSERT_TRUE(room);
  buffer.consume(3);
  std::memcpy(room->data(), "new", 3);
  buffer.commit(3);
  EXPECT_EQ(buffer.text(), "new");
}

TEST(ByteBuffer, ALimitLoweredBelowTheDataKeepsTheData) {
  byte_buffer buffer(100);
  fill(buffer, "abcdef");
  buffer.set_max_size(4);
  EXPECT_EQ(buffer.text(), "abcdef");
  EXPECT_EQ(buffer.room(), 0u);
  EXPECT_FALSE(buffer.append("g"));
  buffer.consume(3);
  fill(buffer, "g");
  EXPECT_EQ(buffer.text(), "defg");
}

// Counts the bytes moved: each step that changes where the data begins moved all of it.
std::size_t bytes_moved_by_a_slow_consumer(byte_buffer& buffer, std::size_t live, std::size_t steps) {
  fill(buffer, std::string(live, 'x'));
  std::size_t moved = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    buffer.consume(1);
    const std::byte* before = buffer.data().data();
    auto room = buffer.prepare(1);
    EXPECT_TRUE(room);
    if (buffer.data().data() != before) moved += buffer.size();
    (*room)[0] = std::byte{'y'};
    buffer.commit(1);
  }
  return moved;
}

TEST(ByteBuffer, SmallStepsDoNotMoveTheDataEachTime) {
  constexpr std::size_t steps = 100'000;
  for (const std::size_t live : {1u, 2u, 999u, 9'999u, 10'000u}) {
    byte_buffer buffer(10'000);
    EXPECT_LE(bytes_moved_by_a_slow_consumer(buffer, live, steps), 2 * steps + 2 * live) << live;
    EXPECT_LE(buffer.capacity(), 15'000u);
  }
}

TEST(ByteBuffer, SmallStepsDoNotMoveTheDataOfAPooledBufferEachTime) {
  constexpr std::size_t steps = 100'000;
  buffer_pool pool(4096);
  for (const std::size_t live : {1u, 3'000u, 4'095u, 4'096u, 5'000u}) {
    byte_buffer buffer(pool, 5'000);
    EXPECT_LE(bytes_moved_by_a_slow_consumer(buffer, live, steps), 2 * steps + 2 * live) << live;
  }
}

TEST(ByteBuffer, GrowingByOneByteAtATimeCopiesEachByteAFewTimes) {
  byte_buffer buffer(std::size_t{1} << 20);
  std::size_t moves = 0;
  for (std::size_t i = 0; i < (std::size_t{1} << 20); ++i) {
    const std::byte* before = buffer.data().data();
    auto room = buffer.prepare(1);
    ASSERT_TRUE(room);
    if (buffer.data().data() != before) ++moves;
    (*room)[0] = static_cast<std::byte>(i);
    buffer.commit(1);
  }
  EXPECT_LE(moves, 13u);
}

TEST(ByteBuffer, BehavesLikeAStringUnderRandomSteps) {
  std::mt19937 random(20240607);
  for (int round = 0; round < 50; ++round) {
    buffer_pool pool(100 + random() % 200, 2);
    const std::size_t limit = 1 + random() % 2000;
    byte_buffer buffer = round % 2 ? byte_buffer(limit) : byte_buffer(pool, limit);
    std::string model;
    char next = 'a';
    for (int step = 0; step < 2000; ++step) {
      const std::size_t n = random() % (limit / 2 + 2);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
          std::string text(n, next++);
          EXPECT_EQ(buffer.append(text).has_value(), model.size() + n <= limit);
          if (model.size() + n <= limit) model += text;
          break;
        }
        case 3: {
          auto room = buffer.prepare(n);
          ASSERT_EQ(room.has_value(), model.size() + n <= limit);
          if (!room) break;
          ASSERT_GE(room->size(), n);
          std::ranges::fill(*room, std::byte{'#'});
          const std::size_t used = room->empty() ? 0 : random() % (room->size() + 1);
          buffer.commit(used);
          model.append(used, '#');
          break;
        }
        case 4:
        case 5:
          buffer.consume(n);
          model.erase(0, n);
          break;
        case 6: buffer.shrink(); break;
        case 7: buffer = byte_buffer(std::move(buffer)); break;
      }
      ASSERT_EQ(buffer.text(), model);
      ASSERT_EQ(buffer.room(), limit - model.size());
    }
  }
}

TEST(ByteBuffer, AMovedFromBufferIsEmptyAndUsable) {
  byte_buffer first(64);
  fill(first, "abc");
  byte_buffer second = std::move(first);
  EXPECT_EQ(second.text(), "abc");
  EXPECT_TRUE(first.empty());  // NOLINT: that is the promise
  fill(first, "d");
  EXPECT_EQ(first.text(), "d");
  EXPECT_EQ(first.max_size(), 64u);
  first = std::move(second);
  EXPECT_EQ(first.text(), "abc");
}

TEST(ByteBuffer, ReserveMakesLaterAppendsStayInPlace) {
  byte_buffer buffer;
  ASSERT_TRUE(buffer.reserve(1000));
  fill(buffer, "a");
  const std::byte* at = buffer.data().data();
  fill(buffer, std::string(999, 'b'));
  EXPECT_EQ(buffer.data().data(), at);
}

TEST(ByteBuffer, ShrinkGivesMemoryBack) {
  byte_buffer buffer;
  fill(buffer, std::string(10'000, 'a'));
  buffer.consume(9'990);
  buffer.shrink();
  EXPECT_EQ(buffer.text(), "aaaaaaaaaa");
  EXPECT_EQ(buffer.capacity(), 10u);
  buffer.consume(10);
  buffer.shrink();
  EXPECT_EQ(buffer.capacity(), 0u);
  fill(buffer, "b");
  EXPECT_EQ(buffer.text(), "b");
}

TEST(ByteBuffer, DataCanBeChangedInPlace) {
  byte_buffer buffer;
  fill(buffer, "abc");
  buffer.data()[1] = std::byte{'-'};
  EXPECT_EQ(buffer.text(), "a-c");
}

TEST(BufferPool, LendsTheSameMemoryAgain) {
  buffer_pool pool(1024);
  const std::byte* first = nullptr;
  {
    const buffer_block block = pool.acquire();
    first = block.data();
    EXPECT_EQ(block.size(), 1024u);
    EXPECT_EQ(pool.lent(), 1u);
  }
  EXPECT_EQ(pool.lent(), 0u);
  EXPECT_EQ(pool.kept(), 1u);
  EXPECT_EQ(pool.acquire().data(), first);
}

TEST(BufferPool, KeepsNoMoreThanItMay) {
  buffer_pool pool(64, 2);
  {
    std::vector<buffer_block> blocks;
    for (int i = 0; i < 5; ++i) blocks.push_back(pool.acquire());
    EXPECT_EQ(pool.lent(), 5u);
  }
  EXPECT_EQ(pool.kept(), 2u);
  pool.trim();
  EXPECT_EQ(pool.kept(), 0u);
  buffer_pool none(64, 0);
  (void)none.acquire();
  EXPECT_EQ(none.kept(), 0u);
}

TEST(BufferPool, ABlockMayOutliveIt) {
  buffer_block block;
  buffer_block other;
  {
    buffer_pool pool(128);
    block = pool.acquire();
    other = pool.acquire();
  }
  std::memset(block.data(), 1, block.size());
  block = buffer_block();
  std::memset(other.data(), 1, other.size());
}

TEST(BufferPool, ABufferGivesItsBlockBackWhenItShrinksOrOutgrowsIt) {
  buffer_pool pool(1024);
  byte_buffer buffer(pool);
  fill(buffer, "a");
  EXPECT_EQ(pool.lent(), 1u);
  EXPECT_EQ(buffer.capacity(), 1024u);
  buffer.consume(1);
  buffer.shrink();
  EXPECT_EQ(pool.lent(), 0u);
  EXPECT_EQ(pool.kept(), 1u);
  fill(buffer, std::string(1024, 'b'));
  EXPECT_EQ(pool.lent(), 1u);
  fill(buffer, "c");
  EXPECT_EQ(pool.lent(), 0u);
  EXPECT_EQ(buffer.size(), 1025u);
}

TEST(BufferPool, TinyBlocksAreRaisedToTheSmallestSize) {
  EXPECT_EQ(buffer_pool(1).block_size(), 64u);
}

}  // namespace
}  // namespace tidewire
