// In steady state a record allocates nothing: this program counts. OpenSSL 3.0 has a few bytes for each
// record from the heap, whatever one does (its WPACKET); it must have no buffers.
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "support.hpp"

namespace {

std::atomic<std::size_t> allocations = 0;
std::atomic<std::size_t> by_openssl = 0;
constexpr std::size_t few_bytes = 64;

void* counted(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

void* of_openssl(std::size_t size, const char*, int) {
  ++(size > few_bytes ? allocations : by_openssl);
  return std::malloc(size);
}
void* again_of_openssl(void* memory, std::size_t size, const char*, int) {
  ++allocations;
  return std::realloc(memory, size);
}
void freed_by_openssl(void* memory, const char*, int) {
  std::free(memory);
}

// Before OpenSSL gets its first memory.
const bool counts_openssl = CRYPTO_set_mem_functions(&of_openssl, &again_of_openssl, &freed_by_openssl) == 1;

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

namespace tidewire::tls {
namespace {

using namespace testing;

class TlsAllocation : public ::testing::TestWithParam<version> {
 protected:
  /// How many allocations a hundred messages of `size` bytes make, to the server and back, after ten for
  /// pools and buffers to grow. All of it in one coroutine: no frame is made meanwhile.
  static std::size_t allocations_of(std::size_t size, std::size_t& small) {
    const auto check = [&]() -> task<std::size_t> {
      client_context client = trusting_client();
      client.versions(version::tls1_2, GetParam());
      const server_context server(localhost());
      handshake ended = co_await shake_hands(client, server, {.capacity = 1 << 20});
      auto [near, far] = std::move(ended).both();
      const std::string message(size, 'm');
      std::string buffer(size, '\0');
      std::size_t before = 0;
      for (int i = 0; i < 110; ++i) {
        if (i == 10) {
          before = allocations;
          small = by_openssl;
        }
        co_await near.write(message);
        for (std::size_t have = 0; have < size;) {
          have += co_await far.read_some(std::span(buffer).subspan(have));
        }
        co_await far.write(buffer);
        for (std::size_t have = 0; have < size;) {
          have += co_await near.read_some(std::span(buffer).subspan(have));
        }
      }
      small = by_openssl - small;
      EXPECT_EQ(buffer, message);
      co_return allocations - before;
    };
    return run(check());
  }
};

TEST_P(TlsAllocation, TheCountIsReal) {
  ASSERT_TRUE(counts_openssl);
  const std::size_t before = allocations;
  OPENSSL_free(OPENSSL_malloc(1000));
  EXPECT_EQ(allocations, before + 1);
}

TEST_P(TlsAllocation, ARecordMakesNone) {
  for (const std::size_t records : {1u, 4u, 8u, 9u}) {
    std::size_t small = 0;
    EXPECT_EQ(allocations_of(records * 16 * 1024, small), 0u);
    EXPECT_LE(small, 100 * 2 * records * 4) << "four small ones for sealing and opening one record";
  }
  std::size_t small = 0;
  EXPECT_EQ(allocations_of(64, small), 0u);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsAllocation, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace tidewire::tls
