#include <tidewire/crypto/kdf.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/json.hpp"
#include "vectors.hpp"

namespace tidewire::crypto {
namespace {

using test::unhex;
using tidewire::testing::conformance_path;
using tidewire::testing::json;

std::string hex_of(const secret& key) {
  return hex::encode(key.reveal());
}

template <class F>
failure failure_of(F&& call) {
  try {
    (void)call();
  } catch (const error& thrown) {
    return thrown.failure();
  }
  return failure(errc::failed, "nothing was thrown");
}

TEST(Pbkdf2, GivesTheVectorsOfRfc6070) {
  TIDEWIRE_NEEDS_CONFORMANCE("rfc-kdf-hmac");
  std::size_t cases = 0;
  for (const test::vector_case& each :
       test::read_vectors(conformance_path("rfc-kdf-hmac/rfc-6070-PBKDF2-SHA1.txt"))) {
    if (!each.contains("iterations")) continue;
    const std::uint32_t iterations = static_cast<std::uint32_t>(std::stoul(each.at("iterations")));
    if (iterations > 1'000'000) continue;  // half a minute under a sanitizer, and nothing new
    std::string password = each.at("password");
    std::string salt = each.at("salt");
    if (password == "pass\\0word") password = std::string("pass\0word", 9);
    if (salt == "sa\\0lt") salt = std::string("sa\0lt", 5);
    const secret key = pbkdf2(password, as_bytes(salt), std::stoul(each.at("length")),
                              {.hash = hash_algorithm::sha1, .iterations = iterations});
    EXPECT_EQ(hex_of(key), each.at("derived_key")) << iterations;
    ++cases;
  }
  EXPECT_GE(cases, 4U);
}

TEST(Pbkdf2, PassesWycheproof) {
  TIDEWIRE_NEEDS_CONFORMANCE("wycheproof");
  const std::pair<std::string_view, hash_algorithm> files[] = {
      {"pbkdf2_hmacsha1_test.json", hash_algorithm::sha1},
      {"pbkdf2_hmacsha256_test.json", hash_algorithm::sha256},
  };
  for (const auto& [name, algorithm] : files) {
    const json suite = tidewire::testing::read_json(conformance_path("wycheproof") / name);
    for (const json& group : suite["testGroups"].items()) {
      for (const json& each : group["tests"].items()) {
        ASSERT_EQ(each["result"].string(), "valid");
        const auto iterations = static_cast<std::uint32_t>(each["iterationCount"].number());
        const secret key = pbkdf2(unhex(each["password"].string()), as_bytes(unhex(each["salt"].string())),
                                  static_cast<std::size_t>(each["dkLen"].number()),
                                  {.hash = algorithm, .iterations = iterations});
        EXPECT_EQ(hex_of(key), each["dk"].string()) << name << ' ' << each["tcId"].number();
      }
    }
  }
}

TEST(Pbkdf2, RefusesWhatMakesNoKey) {
  EXPECT_EQ(failure_of([] { return pbkdf2("p", as_bytes("salt"), 0); }), condition::misuse);
  EXPECT_EQ(failure_of([] { return pbkdf2("p", as_bytes("salt"), 32, {.iterations = 0}); }),
            condition::misuse);
  EXPECT_EQ(failure_of([] { return pbkdf2("p", as_bytes("salt"), 32, {.iterations = 1U << 31}); }),
            condition::misuse);
  EXPECT_EQ(failure_of([] {
              return pbkdf2("p", as_bytes("salt"), 32, {.hash = hash_algorithm::shake256});
            }).message(),
            "derive a key: not allowed here: shake256 has no HMAC");
  EXPECT_EQ(pbkdf2("", byte_view(), 20, {.hash = hash_algorithm::sha1, .iterations = 1}).size(), 20U)
      << "an empty password is one";
}

TEST(Scrypt, GivesTheVectorsOfRfc7914) {
  TIDEWIRE_NEEDS_CONFORMANCE("rfc-kdf-hmac");
  std::size_t cases = 0;
  for (const test::vector_case& each : test::read_vectors(conformance_path("rfc-kdf-hmac/scrypt.txt"))) {
    const std::uint64_t n = std::stoull(each.at("n"));
    if (n > 1 << 16) continue;  // a gibibyte
    const secret key = scrypt(each.at("password"), as_bytes(each.at("salt")), std::stoul(each.at("length")),
                              {.n = n,
                               .r = static_cast<std::uint32_t>(std::stoul(each.at("r"))),
                               .p = static_cast<std::uint32_t>(std::stoul(each.at("p")))});
    EXPECT_EQ(hex_of(key), each.at("derived_key")) << n;
    ++cases;
  }
  EXPECT_GE(cases, 3U);
}

TEST(Scrypt, MemoryHasALimitThatIsExact) {
  // 128 r (n + 2) + 128 r p, which RFC 7914 section 6 works in.
  constexpr std::uint64_t needed = 128 * 8 * (1024 + 2) + 128 * 8 * 1;
  EXPECT_EQ(scrypt("p", as_bytes("salt"), 16, {.n = 1024, .r = 8, .p = 1, .memory_limit = needed}).size(),
            16U);
  const failure refused = failure_of([] {
    return scrypt("p", as_bytes("salt"), 16, {.n = 1024, .r = 8, .p = 1, .memory_limit = needed - 1});
  });
  EXPECT_EQ(refused, condition::limit_exceeded);
  EXPECT_EQ(
      refused.message(),
      "derive a key: limit exceeded: scrypt with n = 1024, r = 8, p = 1 takes 1051648 bytes; the limit is "
      "1051647");
  EXPECT_EQ(failure_of([] {
              return scrypt("p", as_bytes("salt"), 16, {.n = std::uint64_t{1} << 63, .r = 1U << 29, .p = 1});
            }),
            condition::limit_exceeded)
      << "no overflow";
}

TEST(Scrypt, RefusesParametersThatTheRfcDoesNotAllow) {
  const auto with = [](scrypt_options options) {
    return failure_of([&] { return scrypt("p", as_bytes("salt"), 16, options); });
  };
  EXPECT_EQ(with({.n = 1000}).message(),
            "derive a key: not allowed here: scrypt wants a power of two for n, not 1000");
  EXPECT_EQ(with({.n = 1}), condition::misuse);
  EXPECT_EQ(with({.n = 0}), condition::misuse);
  EXPECT_EQ(with({.n = 16, .r = 0}), condition::misuse);
  EXPECT_EQ(with({.n = 16, .r = 1, .p = 0}), condition::misuse);
  EXPECT_EQ(with({.n = 16, .r = 1U << 15, .p = 1U << 15}), condition::misuse);
  EXPECT_EQ(with({.n = 1 << 16, .r = 1, .p = 1}), condition::misuse);
}

TEST(Hkdf, GivesTheVectorsOfRfc5869) {
  TIDEWIRE_NEEDS_CONFORMANCE("rfc-kdf-hmac");
  std::size_t cases = 0;
  for (const char* name : {"rfc-5869-HKDF-SHA1.txt", "rfc-5869-HKDF-SHA256.txt"}) {
    const hash_algorithm hash =
        std::string_view(name).find("256") != npos ? hash_algorithm::sha256 : hash_algorithm::sha1;
    test::vector_case whole;
    for (const test::vector_case& block : test::read_vectors(conformance_path("rfc-kdf-hmac") / name)) {
      // A case is spread over several blocks: the last line of it is its answer.
      for (const auto& [key, value] : block) whole[key] = value;
      if (!whole.contains("okm")) continue;
      const std::string salt = unhex(whole["salt"]);
      const std::string info = unhex(whole["info"]);
      const std::string key = unhex(whole["ikm"]);
      const hkdf_options options{.hash = hash, .salt = as_bytes(salt), .info = as_bytes(info)};
      EXPECT_EQ(hex_of(hkdf_extract(as_bytes(key), options)), whole["prk"]) << name;
      EXPECT_EQ(hex_of(hkdf(as_bytes(key), std::stoul(whole["l"]), options)), whole["okm"]) << name;
      whole.clear();
      ++cases;
    }
  }
  EXPECT_GE(cases, 5U);
}

TEST(Hkdf, PassesWycheproof) {
  TIDEWIRE_NEEDS_CONFORMANCE("wycheproof");
  const std::pair<std::string_view, hash_algorithm> files[] = {
      {"hkdf_sha1_test.json", hash_algorithm::sha1},
      {"hkdf_sha256_test.json", hash_algorithm::sha256},
  };
  for (const auto& [name, algorithm] : files) {
    const json suite = tidewire::testing::read_json(conformance_path("wycheproof") / name);
    for (const json& group : suite["testGroups"].items()) {
      for (const json& each : group["tests"].items()) {
        const std::string key = unhex(each["ikm"].string());
        const std::string salt = unhex(each["salt"].string());
        const std::string info = unhex(each["info"].string());
        const auto size = static_cast<std::size_t>(each["size"].number());
        const hkdf_options options{.hash = algorithm, .salt = as_bytes(salt), .info = as_bytes(info)};
        if (each["result"].string() == "valid") {
          EXPECT_EQ(hex_of(hkdf(as_bytes(key), size, options)), each["okm"].string())
              << each["tcId"].number();
        } else {
          EXPECT_EQ(failure_of([&] { return hkdf(as_bytes(key), size, options); }), condition::misuse)
              << each["tcId"].number();
        }
      }
    }
  }
}

TEST(Hkdf, EndsAt255Digests) {
  EXPECT_EQ(hkdf(as_bytes("key"), 255 * 32).size(), 255U * 32);
  EXPECT_EQ(failure_of([] { return hkdf(as_bytes("key"), 255 * 32 + 1); }).detail(),
            "HKDF with sha256 gives 8160 bytes at the most, not 8161");
  EXPECT_EQ(hkdf(as_bytes("key"), 0).size(), 0U);
}

}  // namespace
}  // namespace tidewire::crypto
