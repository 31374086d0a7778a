// A program whose OpenSSL cannot make random numbers: everything that needs them has to fail.
#include <tidewire/crypto/password.hpp>
#include <tidewire/crypto/random.hpp>

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace tidewire::crypto {
namespace {

template <class F>
void expect_no_randomness(F&& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& thrown) {
    EXPECT_EQ(thrown.code(), errc::no_randomness);
    EXPECT_EQ(thrown.code(), condition::transient);
  }
}

TEST(RandomFailure, IsLoudEverywhere) {
  ASSERT_EQ(RAND_set_DRBG_type(nullptr, "no-such-generator", nullptr, nullptr, nullptr), 1);
  std::array<std::byte, 32> bytes;
  bytes.fill(std::byte{7});
  expect_no_randomness([&] { fill_random(bytes); });
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
  expect_no_randomness([] { (void)random_bytes(16); });
  expect_no_randomness([] { (void)random_secret(16); });
  expect_no_randomness([] { (void)token_hex(); });
  expect_no_randomness([] { (void)token_urlsafe(); });
  expect_no_randomness([] { (void)random_below(6); });
  expect_no_randomness([] { (void)hash_password("correct horse", {.n = 16}); });
}

}  // namespace
}  // namespace tidewire::crypto
