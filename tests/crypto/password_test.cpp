#include <tidewire/base/error.hpp>
#include <tidewire/crypto/password.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire::crypto {
namespace {

constexpr scrypt_options cheap{.n = 16, .r = 8, .p = 1};

template <class F>
failure failure_of(F&& call) {
  try {
    (void)call();
  } catch (const error& thrown) {
    return thrown.failure();
  }
  return failure(tidewire::errc::closed, "nothing was thrown");
}

TEST(Password, MatchesOnlyItself) {
  const std::string stored = hash_password("correct horse", cheap);
  EXPECT_TRUE(stored.starts_with("$scrypt$ln=4,r=8,p=1$")) << stored;
  EXPECT_EQ(stored.find("correct"), std::string::npos);
  EXPECT_TRUE(password_matches("correct horse", stored));
  EXPECT_FALSE(password_matches("correct horsf", stored));
  EXPECT_FALSE(password_matches("", stored));
  EXPECT_FALSE(password_matches(std::string("correct horse\0", 14), stored));
  EXPECT_TRUE(password_matches("", hash_password("", cheap)));
  EXPECT_THROW((void)hash_password(std::string("correct\0horse", 13), cheap), error);
}

TEST(Password, HasASaltOfItsOwnEachTime) {
  EXPECT_NE(hash_password("same", cheap), hash_password("same", cheap));
}

// Made by Python: hashlib.scrypt(b"secret", salt=b"0123456789abcdef", n=16, r=8, p=1, dklen=32).
TEST(Password, ReadsWhatOthersStored) {
  const std::string stored =
      "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gEeb/KeWbm5g+kBQOFr1yJbkjBxxxDOkhSmrSXFFwOg";
  EXPECT_TRUE(password_matches("secret", stored));
  EXPECT_FALSE(password_matches("Secret", stored));
}

TEST(Password, TakesTheDefaultsThatAreDocumented) {
  const std::string stored = hash_password("correct horse");
  EXPECT_TRUE(stored.starts_with("$scrypt$ln=16,r=8,p=2$")) << stored;
  EXPECT_TRUE(password_matches("correct horse", stored));
}

TEST(Password, AChangedRecordDoesNotMatchOrIsRefused) {
  const std::string stored = hash_password("correct horse", cheap);
  for (std::size_t size = 0; size < stored.size(); ++size) {
    const std::string cut = stored.substr(0, size);
    bool matches = false;
    try {
      matches = password_matches("correct horse", cut);
    } catch (const error& refused) {
      EXPECT_EQ(refused.code(), condition::protocol) << cut;
    }
    EXPECT_FALSE(matches) << cut;
  }
}

// 32 bytes in base64.
const std::string key(43, 'A');

TEST(Password, RefusesWhatIsNoRecord) {
  EXPECT_FALSE(password_matches("secret", "$scrypt$ln=4,r=8,p=1$c2FsdA$" + key));
  for (const std::string& text : std::initializer_list<std::string>{
           std::string(),
           std::string("correct horse"),
           "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$" + key,
           "$scrypt$ln=0,r=8,p=1$c2FsdA$" + key,
           "$scrypt$ln=32,r=8,p=1$c2FsdA$" + key,
           "$scrypt$ln=04,r=8,p=1$c2FsdA$" + key,
           "$scrypt$ln=4,r=8$c2FsdA$" + key,
           "$scrypt$r=8,ln=4,p=1$c2FsdA$" + key,
           "$scrypt$ln=4,r=8,p=1$c2FsdA==$" + key,
           "$scrypt$ln=4,r=8,p=1$$" + key,
           "$scrypt$ln=4,r=8,p=1$c2FsdA$",
           "$scrypt$ln=4,r=8,p=1$c2FsdA$" + key.substr(0, 42),
           "$scrypt$ln=4,r=8,p=1$c2FsdA",
           "$scrypt$ln=4,r=8,p=99999999999$c2FsdA$" + key,
           "$scrypt$ln=4,r=8,p=1$c2FsdA$" + key + "$",
           "$scrypt$ln=4,r=8,p=1$c2FsdA$" + key + std::string(500, 'A'),
       }) {
    const failure refused = failure_of([&] { return password_matches("secret", text); });
    EXPECT_EQ(refused.message(),
              "read a stored password: malformed input: not of the form $scrypt$ln=16,r=8,p=2$SALT$KEY")
        << text;
    EXPECT_EQ(failure_of([&] { return password_needs_rehash(text); }), condition::protocol) << text;
  }
}

TEST(Password, ARecordCannotAskForAllMemory) {
  EXPECT_EQ(failure_of([] { return password_matches("secret", "$scrypt$ln=31,r=8,p=1$c2FsdA$" + key); }),
            condition::limit_exceeded);
  EXPECT_EQ(
      failure_of([] { return password_matches("secret", "$scrypt$ln=4,r=1,p=1073741823$c2FsdA$" + key); }),
      condition::limit_exceeded);
}

TEST(Password, SaysWhenItWasMadeWithOtherCosts) {
  const std::string stored = hash_password("correct horse", cheap);
  EXPECT_FALSE(password_needs_rehash(stored, cheap));
  EXPECT_TRUE(password_needs_rehash(stored, {.n = 32, .r = 8, .p = 1}));
  EXPECT_TRUE(password_needs_rehash(stored, {.n = 16, .r = 9, .p = 1}));
  EXPECT_TRUE(password_needs_rehash(stored, {.n = 16, .r = 8, .p = 2}));
  EXPECT_TRUE(password_needs_rehash(stored));
}

}  // namespace
}  // namespace tidewire::crypto
