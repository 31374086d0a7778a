// In steady state nothing is allocated, and what is freed holds no password: this program looks.
#include <tidewire/crypto.hpp>

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace {

// What is allocated and freed by C++ and by OpenSSL, while somebody looks.
struct watch {
  bool on = false;
  std::size_t ours = 0;
  std::size_t openssl = 0;
  std::string_view text;  // what no freed block may hold
  std::size_t leaked = 0;
} seen;

struct block_header {
  alignas(std::max_align_t) std::size_t size;
};

void* allocate(std::size_t size) {
  auto* const header = static_cast<block_header*>(std::malloc(sizeof(block_header) + size));
  if (header == nullptr) return nullptr;
  header->size = size;
  return header + 1;
}

void release(void* memory) {
  if (memory == nullptr) return;
  auto* const header = static_cast<block_header*>(memory) - 1;
  const std::string_view contents(static_cast<const char*>(memory), header->size);
  if (seen.on && !seen.text.empty() && contents.find(seen.text) != std::string_view::npos) ++seen.leaked;
  std::free(header);
}

void* openssl_malloc(std::size_t size, const char*, int) {
  if (seen.on) ++seen.openssl;
  return allocate(size);
}
void openssl_free(void* memory, const char*, int) {
  release(memory);
}
void* openssl_realloc(void* memory, std::size_t size, const char* file, int line) {
  void* const moved = openssl_malloc(size, file, line);
  if (moved == nullptr || memory == nullptr) return moved;
  const std::size_t before = (static_cast<block_header*>(memory) - 1)->size;
  std::memcpy(moved, memory, before < size ? before : size);
  release(memory);
  return moved;
}

// Before OpenSSL has allocated anything.
const int installed = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);

void* counted(std::size_t size) {
  if (seen.on) ++seen.ours;
  if (void* const memory = allocate(size)) return memory;
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
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  release(memory);
}

namespace tidewire::crypto {
namespace {

class watched {
 public:
  explicit watched(std::string_view text = {}) {
    seen = watch();
    seen.text = text;
    seen.on = true;
  }
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { seen.on = false; }
};

constexpr std::size_t rounds = 100;

bool is_openssl_3_0() {
  return OPENSSL_version_major() == 3 && OPENSSL_version_minor() == 0;
}

TEST(Allocation, ADigestAllocatesNothing) {
  const std::string message(64, 'x');
  (void)sha256(message).finish();
  const watched looking;
  for (std::size_t i = 0; i < rounds; ++i) (void)sha256(message).finish();
  EXPECT_EQ(seen.ours, 0U);
  if (installed == 1) {
    // OpenSSL 3.0 makes the state of a hash anew each time that one begins.
    if (is_openssl_3_0()) {
      EXPECT_EQ(seen.openssl, rounds);
    }
    EXPECT_LE(seen.openssl, rounds);
  }
}

TEST(Allocation, AKeyedHmacAllocatesNothing) {
  const std::string message(64, 'x');
  hmac<sha256> mac("key");
  (void)mac.update(message).finish();
  const watched looking;
  for (std::size_t i = 0; i < rounds; ++i) (void)mac.update(message).finish();
  EXPECT_EQ(seen.ours, 0U);
  if (installed == 1) {
    if (is_openssl_3_0()) {
      EXPECT_EQ(seen.openssl, 2 * rounds);
    }
    EXPECT_LE(seen.openssl, 2 * rounds) << "the copies of its two states";
  }
}

// The password is as long as it is so that no string has room for it in itself.
const std::string password = "correct horse battery staple, and then some more of it";

TEST(Wiping, NoFreedBlockHoldsAPassword) {
  {
    const watched looking(password);
    const secret given(password);
    EXPECT_EQ(pbkdf2(given, as_bytes("salt"), 32, {.iterations = 1}).size(), 32U);
    EXPECT_EQ(scrypt(given, as_bytes("salt"), 32, {.n = 16, .r = 1, .p = 1}).size(), 32U);
    const std::string stored = hash_password(given, {.n = 16, .r = 1, .p = 1});
    EXPECT_TRUE(password_matches(given, stored));
    (void)hmac<sha256>(given).update("message").finish();
    (void)private_key::from_pem(private_key::generate().to_encrypted_pem(given), given).value();
  }
  EXPECT_EQ(seen.leaked, 0U);
}

TEST(Wiping, NoFreedBlockHoldsAPasswordOfSasl) {
  for (const std::string_view name : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}) {
    {
      const watched looking(password);
      const sasl_credentials credentials("user", password);
      sasl_client client = sasl_client::make(name, credentials).value();
      sasl_server server = sasl_server::make(name).value();
      std::optional<secret> sent;
      if (client.sends_first()) sent = client.first().value();
      for (;;) {
        auto step = server.step(sent ? std::optional(sent->reveal()) : std::nullopt).value();
        if (step.wants == sasl_wants::password_check) step = server.decide(true).value();
        if (step.wants == sasl_wants::password) step = server.give_password(secret(password)).value();
        if (step.wants == sasl_wants::record)
          step = server.give_record(scram_record::from_password(password).value()).value();
        if (step.wants == sasl_wants::nothing) break;
        sent = client.reply(step.data.reveal()).value();
      }
      EXPECT_TRUE(client.finish()) << name;
    }
    EXPECT_EQ(seen.leaked, 0U) << name;
  }
}

TEST(Wiping, NoFreedBlockHoldsAPrivateKey) {
  const private_key key = private_key::generate();
  const secret pem = key.to_pem();
  const std::string middle(pem.reveal().substr(60, 60));
  {
    const watched looking(middle);
    (void)key.to_pem();
    (void)private_key::from_pem(pem.reveal()).value();
  }
  EXPECT_EQ(seen.leaked, 0U);
}

TEST(Wiping, TheTestWouldSeeIt) {
  {
    const watched looking(password);
    const std::string copy(password);
  }
  EXPECT_EQ(seen.leaked, 1U);
}

}  // namespace
}  // namespace tidewire::crypto
