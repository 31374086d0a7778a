#include <tidewire/crypto/blake2.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tidewire::crypto {
namespace {

std::string counting(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i);
  return bytes;
}

// The first of each list of known answers that comes with the reference code.
TEST(Blake2Mac, GivesTheKnownAnswers) {
  EXPECT_EQ(blake2_mac(hash_algorithm::blake2b, counting(64)).finish().hex(),
            "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
            "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
  EXPECT_EQ(blake2_mac(hash_algorithm::blake2s, counting(32)).finish().hex(),
            "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49");
}

// Made by Python's hashlib: blake2b(b"message", key=b"key", salt=b"salt", person=b"purpose", digest_size=20),
// ...
TEST(Blake2Mac, GivesWhatHashlibGives) {
  EXPECT_EQ(blake2_mac(hash_algorithm::blake2b, "key").update("message").finish().hex(),
            "550d438c7cd4e1861c529cf87c953e28370a62b11df72caf642bdd4b9fbef799"
            "7fdfe5db511d51c331260799fc68d4ce15ebe934498a494af9e77d4c88fb3efd");
  const blake2_options some{.size = 20, .salt = as_bytes("salt"), .personal = as_bytes("purpose")};
  EXPECT_EQ(blake2_mac(hash_algorithm::blake2b, "key", some).update("mess").update("age").finish().hex(),
            "335fc989291902635dac12a75842df68214343f6");
  const blake2_options all{.size = 16, .salt = as_bytes("saltsalt"), .personal = as_bytes("purpose!")};
  EXPECT_EQ(blake2_mac(hash_algorithm::blake2s, secret("key"), all).update("message").finish().hex(),
            "e9a969925f1164762b0254fc18cba8a9");
}

TEST(Blake2Mac, IsAsNewAfterFinishAndCopies) {
  blake2_mac mac(hash_algorithm::blake2b, "key", {.size = 20});
  const digest tag = mac.update("message").finish();
  EXPECT_EQ(tag.size(), mac.digest_size());
  EXPECT_EQ(mac.update("message").finish(), tag);
  mac.update("mess");
  blake2_mac copy = mac;
  mac.update("iah");
  EXPECT_EQ(copy.update("age").finish(), tag);
  EXPECT_NE(mac.finish(), tag);
  blake2_mac moved = std::move(copy);
  EXPECT_EQ(moved.update("message").finish(), tag);
}

TEST(Blake2Mac, VerifiesTheWholeTag) {
  blake2_mac mac(hash_algorithm::blake2s, "key");
  const digest tag = mac.update("message").finish();
  EXPECT_TRUE(mac.update("message").verify(tag));
  EXPECT_EQ(mac.update("massage").verify(tag).code(), errc::wrong_tag);
  EXPECT_EQ(mac.update("message").verify(tag.bytes().first(16)).error().detail(),
            "the tag has 16 bytes; it has to have 32");
}

TEST(Blake2Mac, RefusesSizesThatAreNone) {
  const auto refuses = [](hash_algorithm algorithm, std::string_view key, blake2_options options) {
    try {
      const blake2_mac mac(algorithm, key, options);
      return std::string();
    } catch (const error& refused) {
      EXPECT_EQ(refused.code(), condition::misuse);
      return std::string(refused.detail());
    }
  };
  EXPECT_EQ(refuses(hash_algorithm::sha256, "key", {}), "sha256 is no BLAKE2");
  EXPECT_EQ(refuses(hash_algorithm::blake2b, "", {}), "a key of BLAKE2 has 1 to 64 bytes, not 0");
  EXPECT_EQ(refuses(hash_algorithm::blake2b, std::string(65, 'k'), {}),
            "a key of BLAKE2 has 1 to 64 bytes, not 65");
  EXPECT_EQ(refuses(hash_algorithm::blake2b, std::string(64, 'k'), {}), "");
  EXPECT_EQ(refuses(hash_algorithm::blake2s, std::string(33, 'k'), {}),
            "a key of BLAKE2 has 1 to 32 bytes, not 33");
  EXPECT_EQ(refuses(hash_algorithm::blake2s, "key", {.size = 33}),
            "a tag of BLAKE2 has 1 to 32 bytes, not 33");
  EXPECT_EQ(refuses(hash_algorithm::blake2s, "key", {.salt = as_bytes("123456789")}),
            "a salt of BLAKE2 has 0 to 8 bytes, not 9");
  EXPECT_EQ(refuses(hash_algorithm::blake2b, "key", {.personal = as_bytes("12345678901234567")}),
            "a purpose of BLAKE2 has 0 to 16 bytes, not 17");
}

}  // namespace
}  // namespace tidewire::crypto
