#include <tidewire/crypto/hash.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/exact.hpp"
#include "vectors.hpp"

namespace tidewire::crypto {
namespace {

using test::unhex;
using tidewire::testing::exact_block;

struct known_digest {
  hash_algorithm algorithm;
  std::string_view of_abc;
};
// Of "abc": RFC 1321, the examples of FIPS 180 and 202, RFC 7693.
constexpr known_digest known[] = {
    {hash_algorithm::md5, "900150983cd24fb0d6963f7d28e17f72"},
    {hash_algorithm::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {hash_algorithm::sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {hash_algorithm::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {hash_algorithm::sha384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {hash_algorithm::sha512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {hash_algorithm::sha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
    {hash_algorithm::sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
    {hash_algorithm::sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    {hash_algorithm::sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {hash_algorithm::sha3_384,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"},
    {hash_algorithm::sha3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    {hash_algorithm::shake128, "5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8"},
    {hash_algorithm::shake256,
     "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
     "d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4"},
    {hash_algorithm::blake2b,
     "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
     "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
    {hash_algorithm::blake2s, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
};
static_assert(std::size(known) == hash_algorithm_count);

TEST(Hash, EveryAlgorithmGivesItsKnownDigest) {
  for (const known_digest& each : known) {
    EXPECT_EQ(hasher(each.algorithm).update("abc").hex(), each.of_abc) << to_string(each.algorithm);
    EXPECT_EQ(each.of_abc.size(), 2 * digest_size(each.algorithm)) << to_string(each.algorithm);
  }
}

TEST(Hash, EveryAlgorithmGivesTheSameForEverySplit) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (const known_digest& each : known) {
    const std::string whole = hasher(each.algorithm).update(text).hex();
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const exact_block first(std::string_view(text).substr(0, at));
      const exact_block second(std::string_view(text).substr(at));
      EXPECT_EQ(hasher(each.algorithm).update(first.text()).update(second.text()).hex(), whole)
          << to_string(each.algorithm) << " split at " << at;
    }
    hasher bytewise(each.algorithm);
    for (const char& byte : text) bytewise.update(std::string_view(&byte, 1));
    EXPECT_EQ(bytewise.finish().hex(), whole) << to_string(each.algorithm);
  }
}

TEST(Hash, TheTypeNamesTheAlgorithm) {
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::vector<std::byte> bytes{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  EXPECT_EQ(md5(bytes).hex(), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(sha1(std::string("abc")).finish().base64(), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  EXPECT_EQ(sha512::size, 64U);
  EXPECT_EQ(sha3_256::algorithm_value, hash_algorithm::sha3_256);
}

TEST(Hash, NothingIsAnInputToo) {
  EXPECT_EQ(sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("").hex(), sha256().hex());
  EXPECT_EQ(sha256(byte_view()).hex(), sha256().hex());
}

TEST(Hash, IsAsNewAfterFinish) {
  sha256 hash;
  const digest first = hash.update("abc").finish();
  EXPECT_EQ(hash.finish().hex(), sha256().hex());
  EXPECT_EQ(hash.update("a").update("bc").finish(), first);
  hash.update("something else").reset();
  EXPECT_EQ(hash.update("abc").finish(), first);
}

TEST(Hash, PeekDoesNotEndIt) {
  sha256 hash("ab");
  EXPECT_EQ(hash.peek(), sha256("ab").finish());
  EXPECT_EQ(hash.hex(), sha256("ab").hex());
  EXPECT_EQ(hash.update("c").finish(), sha256("abc").finish());
}

TEST(Hash, ACopyGoesItsOwnWay) {
  for (const known_digest& each : known) {
    hasher one(each.algorithm);
    one.update("a");
    hasher other = one;
    other.update("bc");
    one.update("different");
    EXPECT_EQ(other.finish().hex(), each.of_abc) << to_string(each.algorithm);
    EXPECT_NE(one.finish().hex(), each.of_abc);
  }
}

TEST(Hash, MovedFromIsAsNew) {
  sha256 one("ab");
  hasher other = std::move(one);
  EXPECT_EQ(other.update("c").finish(), sha256("abc").finish());
  EXPECT_EQ(one.update("abc").finish(), sha256("abc").finish());  // NOLINT: that it is allowed is the test
  sha256 assigned;
  assigned = sha256("abc");
  EXPECT_EQ(assigned.finish(), sha256("abc").finish());
}

TEST(Hash, ExtendableOnesFillAnySize) {
  std::string long_one(500, '\0');
  shake128("abc").finish(as_writable_bytes(long_one));
  for (std::size_t size = 1; size < long_one.size(); ++size) {
    exact_block out(size);
    shake128("abc").finish(out.bytes());
    EXPECT_EQ(out.text(), std::string_view(long_one).substr(0, size));
  }
  // FIPS 202 examples, of nothing: the first bytes of SHAKE256.
  std::string empty(16, '\0');
  shake256().finish(as_writable_bytes(empty));
  EXPECT_EQ(hex::encode(empty), "46b9dd2b0ba88d13233b3feb743eeb24");
}

TEST(Hash, OthersRefuseASizeThatIsNotTheirs) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    std::string out(size, '\0');
    sha256 hash("abc");
    try {
      hash.finish(as_writable_bytes(out));
      ADD_FAILURE() << size;
    } catch (const error& refused) {
      EXPECT_EQ(refused.code(), condition::misuse);
      EXPECT_EQ(refused.detail(), "sha256 gives 32 bytes, not " + std::to_string(size));
    }
    EXPECT_EQ(hash.finish(), sha256("abc").finish()) << "nothing happened";
  }
}

TEST(Hash, NamesAreFoundHoweverTheyAreWritten) {
  for (const known_digest& each : known) {
    EXPECT_EQ(hash_algorithm_by_name(to_string(each.algorithm)).value(), each.algorithm);
  }
  const std::pair<std::string_view, hash_algorithm> spellings[] = {
      {"SHA256", hash_algorithm::sha256},
      {"SHA-256", hash_algorithm::sha256},
      {"sha_256", hash_algorithm::sha256},
      {"MD5", hash_algorithm::md5},
      {"SHA-1", hash_algorithm::sha1},
      {"SHA-512/256", hash_algorithm::sha512_256},
      {"sha512_224", hash_algorithm::sha512_224},
      {"SHA3-512", hash_algorithm::sha3_512},
      {"shake_128", hash_algorithm::shake128},
      {"BLAKE2b512", hash_algorithm::blake2b},
      {"blake2s256", hash_algorithm::blake2s},
  };
  for (const auto& [name, algorithm] : spellings) {
    EXPECT_EQ(hash_algorithm_by_name(name).value(), algorithm) << name;
  }
  EXPECT_EQ(hasher::by_name("SHA-256").value().update("abc").finish(), sha256("abc").finish());
}

TEST(Hash, AnUnknownNameIsNamedTogetherWithTheKnownOnes) {
  const auto unknown = hasher::by_name("sha257");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.code(), errc::unknown_algorithm);
  EXPECT_EQ(unknown.error(), condition::misuse);
  EXPECT_EQ(
      unknown.error().message(),
      "unknown algorithm: no hash is called 'sha257'; known are md5, sha1, sha224, sha256, sha384, sha512, "
      "sha512-224, sha512-256, sha3-224, sha3-256, sha3-384, sha3-512, shake128, shake256, blake2b, blake2s");
  EXPECT_FALSE(hasher::by_name(""));
  EXPECT_LT(hasher::by_name(std::string(100'000, 'x')).error().message().size(), 400U);
}

TEST(Hash, SeveralInOnePassAreAsEachAlone) {
  std::string text(100'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i >> 3);
  multi_hasher several{hash_algorithm::sha256, hash_algorithm::md5, hash_algorithm::sha3_256};
  for (int round = 0; round < 2; ++round) {
    test::in_odd_slices(std::string_view(text).substr(0, 5000),
                        [&](std::string_view piece) { several.update(piece); });
    several.update(std::string_view(text).substr(5000));
    const std::vector<digest> digests = several.finish();
    ASSERT_EQ(digests.size(), 3U);
    EXPECT_EQ(digests[0], sha256(text).finish());
    EXPECT_EQ(digests[1], md5(text).finish());
    EXPECT_EQ(digests[2], sha3_256(text).finish());
  }
}

TEST(Hash, ThreadsFetchAndHashAtTheSameTime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        for (const known_digest& each : known) {
          EXPECT_EQ(hasher(each.algorithm).update("abc").hex(), each.of_abc);
        }
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST(Hash, AStateMayEndOnAnotherThreadThanItBegan) {
  sha256 hash("ab");
  digest value;
  std::thread([&value, moved = std::move(hash)]() mutable { value = moved.update("c").finish(); }).join();
  EXPECT_EQ(value, sha256("abc").finish());
}

// Freed when the thread's own contexts are gone already.
TEST(Hash, HashesInTheDestructorsOfAThread) {
  struct late {
    ~late() { EXPECT_EQ(sha256("abc").hex().substr(0, 8), "ba7816bf"); }
  };
  std::thread([] {
    thread_local late first_made_last_gone;
    (void)&first_made_last_gone;
    EXPECT_EQ(sha256("abc").hex().substr(0, 8), "ba7816bf");
  }).join();
}

TEST(Digest, ComesFromHexadecimalText) {
  const std::string text = sha256("abc").hex();
  EXPECT_EQ(digest::from_hex(text).value(), sha256("abc").finish());
  std::string upper = text;
  for (char& c : upper) c = ascii::to_upper(c);
  EXPECT_EQ(digest::from_hex(upper).value(), sha256("abc").finish());
  EXPECT_EQ(digest::from_hex("").value().size(), 0U);
}

TEST(Digest, RefusesOddTextAndTooMuch) {
  EXPECT_EQ(digest::from_hex("abc").error().detail(), "hex, offset 3: half a byte at the end");
  EXPECT_EQ(digest::from_hex("ag").error().detail(), "hex, offset 1: 'g' is no hexadecimal digit");
  EXPECT_TRUE(digest::from_hex(std::string(128, 'a')));
  EXPECT_EQ(digest::from_hex(std::string(130, 'a')).error(), condition::limit_exceeded);
  EXPECT_TRUE(digest::from_bytes(as_bytes(std::string(64, 'a'))));
  EXPECT_EQ(digest::from_bytes(as_bytes(std::string(65, 'a'))).error(), condition::limit_exceeded);
}

TEST(Digest, IsEqualOnlyToTheSameBytes) {
  const digest value = sha256("abc").finish();
  const digest shorter = digest::from_bytes(value.bytes().first(31)).value();
  EXPECT_NE(value, shorter);
  EXPECT_NE(value, digest());
  EXPECT_EQ(digest(), digest());
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::vector<std::byte> bytes(value.bytes().begin(), value.bytes().end());
    bytes[i] ^= std::byte{0x10};
    EXPECT_NE(value, digest::from_bytes(bytes).value());
  }
}

struct suite_file {
  hash_algorithm algorithm;
  std::string_view name;
};

TEST(HashConformance, NistMessagesWholeAndInOddSlices) {
  TIDEWIRE_NEEDS_CONFORMANCE("nist-cavp-sha");
  std::size_t cases = 0;
  for (const auto& [algorithm, name] : {suite_file{hash_algorithm::md5, "MD5/rfc-1321.txt"},
                                        suite_file{hash_algorithm::sha1, "SHA1/SHA1ShortMsg.rsp"},
                                        suite_file{hash_algorithm::sha1, "SHA1/SHA1LongMsg.rsp"},
                                        suite_file{hash_algorithm::sha256, "SHA2/SHA256ShortMsg.rsp"},
                                        suite_file{hash_algorithm::sha256, "SHA2/SHA256LongMsg.rsp"},
                                        suite_file{hash_algorithm::sha3_256, "SHA3/SHA3_256ShortMsg.rsp"},
                                        suite_file{hash_algorithm::sha3_256, "SHA3/SHA3_256LongMsg.rsp"}}) {
    const auto path = tidewire::testing::conformance_path("nist-cavp-sha") / name;
    for (const test::vector_case& each : test::read_vectors(path)) {
      if (!each.contains("msg")) continue;
      const std::size_t size = std::stoul(each.at("len")) / 8;
      const exact_block message(std::string_view(unhex(each.at("msg"))).substr(0, size));
      ASSERT_EQ(message.text().size(), size);
      EXPECT_EQ(hasher(algorithm).update(message.text()).hex(), each.at("md"))
          << name << ", " << size << " bytes";
      hasher sliced(algorithm);
      test::in_odd_slices(message.text(), [&](std::string_view piece) { sliced.update(piece); });
      EXPECT_EQ(sliced.finish().hex(), each.at("md")) << name << ", " << size << " bytes";
      ++cases;
    }
  }
  EXPECT_GT(cases, 400U);
}

// SHA-1 and SHA-2 feed on their last three digests (SHAVS section 6.4), SHA-3 on the last one (SHA3VS
// section 6.2.3).
TEST(HashConformance, NistMonteCarlo) {
  TIDEWIRE_NEEDS_CONFORMANCE("nist-cavp-sha");
  for (const auto& [algorithm, name] : {suite_file{hash_algorithm::sha1, "SHA1/SHA1Monte.rsp"},
                                        suite_file{hash_algorithm::sha256, "SHA2/SHA256Monte.rsp"},
                                        suite_file{hash_algorithm::sha3_256, "SHA3/SHA3_256Monte.rsp"}}) {
    const bool sponge = algorithm == hash_algorithm::sha3_256;
    std::string seed;
    std::size_t rounds = 0;
    hasher hash(algorithm);
    const auto path = tidewire::testing::conformance_path("nist-cavp-sha") / name;
    for (const test::vector_case& each : test::read_vectors(path)) {
      if (each.contains("seed")) seed = unhex(each.at("seed"));
      if (!each.contains("md")) continue;
      std::string older = seed;
      std::string old = seed;
      std::string last = seed;
      for (int i = 0; i < 1000; ++i) {
        if (!sponge) hash.update(older).update(old);
        const digest next = hash.update(last).finish();
        older = std::exchange(old, std::exchange(last, std::string(as_text(next.bytes()))));
      }
      ASSERT_EQ(hex::encode(last), each.at("md")) << name << ", count " << rounds;
      seed = last;
      ++rounds;
    }
    EXPECT_EQ(rounds, 100U) << name;
  }
}

}  // namespace
}  // namespace tidewire::crypto
