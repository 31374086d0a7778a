#include <tidewire/crypto/hmac.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/exact.hpp"
#include "support/json.hpp"
#include "vectors.hpp"

namespace tidewire::crypto {
namespace {

using test::unhex;
using tidewire::testing::conformance_path;
using tidewire::testing::exact_block;
using tidewire::testing::json;

// RFC 4231, test case 2.
constexpr std::string_view jefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

// The definition, word by word.
std::string by_definition(hash_algorithm algorithm, std::string key, std::string_view message) {
  if (key.size() > block_size(algorithm)) key = as_text(hasher(algorithm).update(key).finish().bytes());
  key.resize(block_size(algorithm), '\0');
  std::string inner;
  std::string outer;
  for (const char c : key) {
    inner += static_cast<char>(c ^ 0x36);
    outer += static_cast<char>(c ^ 0x5c);
  }
  const digest first = hasher(algorithm).update(inner).update(message).finish();
  return hasher(algorithm).update(outer).update(first.bytes()).finish().hex();
}

TEST(Hmac, ReadsAsItIsMeant) {
  EXPECT_EQ(hmac<sha256>("Jefe").update("what do ya want ").update("for nothing?").finish().hex(), jefe);
  EXPECT_EQ(hmac<sha256>(secret("Jefe")).update("what do ya want for nothing?").finish().hex(), jefe);
  EXPECT_EQ(hmac<sha256>(as_bytes("Jefe")).update(as_bytes("what do ya want for nothing?")).finish().hex(),
            jefe);
  EXPECT_EQ(hmac_hasher(hash_algorithm::sha256, "Jefe").update("what do ya want for nothing?").finish().hex(),
            jefe);
}

TEST(Hmac, IsWhatRfc2104SaysForEachHashAndSizeOfKey) {
  for (std::size_t i = 0; i < hash_algorithm_count; ++i) {
    const auto algorithm = static_cast<hash_algorithm>(i);
    if (is_extendable(algorithm)) continue;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, block_size(algorithm) - 1,
                                   block_size(algorithm), block_size(algorithm) + 1, std::size_t{500}}) {
      const exact_block key(std::string(size, 'k'));
      EXPECT_EQ(hmac_hasher(algorithm, key.text()).update("message").finish().hex(),
                by_definition(algorithm, std::string(key.text()), "message"))
          << to_string(algorithm) << ", key of " << size;
    }
  }
}

TEST(Hmac, ShakeHasNone) {
  try {
    const hmac_hasher impossible(hash_algorithm::shake128, "key");
    ADD_FAILURE();
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), condition::misuse);
    EXPECT_EQ(refused.detail(), "shake128 has no HMAC");
  }
}

TEST(Hmac, IsAsNewAfterFinishWithTheSameKey) {
  hmac<sha256> mac("Jefe");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(mac.update("what do ya want for nothing?").finish().hex(), jefe);
    mac.update("something else");
    mac.reset();
  }
  EXPECT_EQ(mac.finish(), hmac<sha256>("Jefe").update("").finish());
}

TEST(Hmac, CopiesShareTheKeyAndGoTheirOwnWays) {
  hmac<sha256> one("Jefe");
  one.update("what do ya want ");
  hmac<sha256> other = one;
  one.update("to eat?");
  EXPECT_EQ(other.update("for nothing?").finish().hex(), jefe);
  EXPECT_NE(one.finish().hex(), jefe);

  const hmac<sha256> keyed("Jefe");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&keyed] {
      for (int round = 0; round < 100; ++round) {
        hmac<sha256> mine = keyed;
        EXPECT_EQ(mine.update("what do ya want for nothing?").finish().hex(), jefe);
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST(Hmac, MovesWithItsKey) {
  hmac<sha256> one("Jefe");
  one.update("what do ya want ");
  hmac<sha256> other = std::move(one);
  EXPECT_EQ(other.update("for nothing?").finish().hex(), jefe);
  one = other;
  EXPECT_EQ(one.update("what do ya want for nothing?").finish().hex(), jefe);
}

TEST(Hmac, VerifiesTheWholeTag) {
  hmac<sha256> mac("key");
  const digest tag = mac.update("message").finish();
  EXPECT_TRUE(mac.update("message").verify(tag));
  EXPECT_TRUE(mac.update("message").verify(tag.bytes())) << "it is as new after verify";

  const auto changed_message = mac.update("massage").verify(tag);
  ASSERT_FALSE(changed_message);
  EXPECT_EQ(changed_message.code(), errc::wrong_tag);
  EXPECT_EQ(changed_message.error(), condition::auth);
  EXPECT_EQ(changed_message.error().message(),
            "not authentic: the tag is not that of the message with this key");
  EXPECT_FALSE(hmac<sha256>("kez").update("message").verify(tag));
  for (std::size_t i = 0; i < tag.size(); ++i) {
    std::string changed(as_text(tag.bytes()));
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(mac.update("message").verify(as_bytes(changed))) << "byte " << i;
  }
}

TEST(Hmac, ATagThatWasCutSaysHowLongItHasToBe) {
  hmac<sha256> mac("key");
  const digest tag = mac.update("message").finish();
  for (std::size_t size = 0; size < tag.size(); ++size) {
    const auto cut = mac.update("message").verify(tag.bytes().first(size));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().detail(), "the tag has " + std::to_string(size) + " bytes; it has to have 32");
  }
  const std::string longer = std::string(as_text(tag.bytes())) + "x";
  EXPECT_EQ(mac.update("message").verify(as_bytes(longer)).error().detail(),
            "the tag has 33 bytes; it has to have 32");
}

TEST(Hmac, ATruncatedTagHasTheLengthOfTheProtocolAndNoOther) {
  hmac<sha256> mac("key");
  const digest tag = mac.update("message").finish();
  for (std::size_t size = min_tag_size; size <= tag.size(); ++size) {
    EXPECT_TRUE(mac.update("message").verify_truncated(tag.bytes().first(size), size));
    EXPECT_FALSE(mac.update("massage").verify_truncated(tag.bytes().first(size), size));
    EXPECT_FALSE(mac.update("message").verify_truncated(tag.bytes().first(size - 1), size));
  }
  EXPECT_FALSE(mac.update("message").verify_truncated(tag.bytes(), 16)) << "nor the whole";
  for (const std::size_t size : {std::size_t{0}, min_tag_size - 1, tag.size() + 1}) {
    EXPECT_THROW((void)mac.update("message").verify_truncated(tag.bytes().first(0), size), error) << size;
    mac.reset();
  }
}

TEST(HmacConformance, RfcExamplesWholeAndInOddSlices) {
  TIDEWIRE_NEEDS_CONFORMANCE("rfc-kdf-hmac");
  const std::pair<std::string_view, hash_algorithm> files[] = {
      {"rfc-2202-md5.txt", hash_algorithm::md5},       {"rfc-2202-sha1.txt", hash_algorithm::sha1},
      {"rfc-4231-sha224.txt", hash_algorithm::sha224}, {"rfc-4231-sha256.txt", hash_algorithm::sha256},
      {"rfc-4231-sha384.txt", hash_algorithm::sha384}, {"rfc-4231-sha512.txt", hash_algorithm::sha512},
  };
  for (const auto& [name, algorithm] : files) {
    std::size_t cases = 0;
    for (const test::vector_case& each : test::read_vectors(conformance_path("rfc-kdf-hmac") / name)) {
      const std::string message = unhex(each.at("msg"));
      hmac_hasher mac(algorithm, unhex(each.at("key")));
      // One case of RFC 4231 shows the first 128 bits only.
      const std::size_t shown = each.at("md").size();
      EXPECT_EQ(mac.update(message).finish().hex().substr(0, shown), each.at("md")) << name;
      test::in_odd_slices(message, [&](std::string_view piece) { mac.update(piece); });
      EXPECT_EQ(mac.finish().hex().substr(0, shown), each.at("md")) << name;
      ++cases;
    }
    EXPECT_GE(cases, 4U) << name;
  }
}

TEST(HmacConformance, Wycheproof) {
  TIDEWIRE_NEEDS_CONFORMANCE("wycheproof");
  const std::pair<std::string_view, hash_algorithm> files[] = {
      {"hmac_sha1_test.json", hash_algorithm::sha1},
      {"hmac_sha256_test.json", hash_algorithm::sha256},
  };
  for (const auto& [name, algorithm] : files) {
    const json suite = tidewire::testing::read_json(conformance_path("wycheproof") / name);
    std::size_t cases = 0;
    for (const json& group : suite["testGroups"].items()) {
      const std::size_t size = static_cast<std::size_t>(group["tagSize"].number()) / 8;
      for (const json& each : group["tests"].items()) {
        const std::string message = unhex(each["msg"].string());
        const std::string tag = unhex(each["tag"].string());
        const bool valid = each["result"].string() == "valid";
        hmac_hasher mac(algorithm, unhex(each["key"].string()));
        EXPECT_EQ(mac.update(message).verify_truncated(as_bytes(tag), size).has_value(), valid)
            << name << ' ' << each["tcId"].number();
        test::in_odd_slices(message, [&](std::string_view piece) { mac.update(piece); });
        EXPECT_EQ(mac.verify_truncated(as_bytes(tag), size).has_value(), valid)
            << name << ' ' << each["tcId"].number();
        ++cases;
      }
    }
    EXPECT_EQ(static_cast<double>(cases), suite["numberOfTests"].number()) << name;
  }
}

}  // namespace
}  // namespace tidewire::crypto
