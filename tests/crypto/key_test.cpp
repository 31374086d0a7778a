#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/key.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/exact.hpp"
#include "support/oracle.hpp"
#include "support/temporary_folder.hpp"
#include "vectors.hpp"

namespace tidewire::crypto {
namespace {

using test::unhex;
using tidewire::testing::exact_block;
using tidewire::testing::temporary_folder;

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return as_text(bytes);
}

// The first test of RFC 8032 section 7.1, which is the key of RFC 8463 as well.
const std::string ed25519_secret = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const std::string ed25519_public = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

std::vector<private_key> one_of_each_kind() {
  return {private_key::generate(key_spec::rsa_2048), private_key::generate(key_spec::ec_p256),
          private_key::generate(key_spec::ec_p384), private_key::generate(key_spec::ed25519)};
}

TEST(Key, Ed25519SignsAsRfc8032Says) {
  const auto key = private_key::from_ed25519(as_bytes(ed25519_secret)).value();
  EXPECT_EQ(key.kind(), key_kind::ed25519);
  const auto signature = key.sign("");
  EXPECT_EQ(hex::encode(signature),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b");
  const auto checks = public_key::from_ed25519(as_bytes(ed25519_public)).value();
  EXPECT_EQ(checks, key.public_part());
  EXPECT_TRUE(checks.verify("", signature));
  EXPECT_FALSE(checks.verify("x", signature));
}

TEST(Key, Ed25519HasThirtyTwoBytes) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    const exact_block bytes(std::string(size, 'k'));
    EXPECT_EQ(private_key::from_ed25519(as_bytes(bytes.text())).error().detail(),
              "an Ed25519 key has 32 bytes, not " + std::to_string(size));
    EXPECT_EQ(public_key::from_ed25519(as_bytes(bytes.text())).code(), errc::malformed_key);
  }
}

TEST(Key, EachKindSignsAndChecks) {
  for (const private_key& key : one_of_each_kind()) {
    const auto signature = key.sign("message");
    const public_key checks = key.public_part();
    EXPECT_TRUE(checks.verify("message", signature)) << key.description();
    const auto wrong = checks.verify("massage", signature);
    ASSERT_FALSE(wrong) << key.description();
    EXPECT_EQ(wrong.code(), errc::wrong_tag);
    EXPECT_EQ(wrong.error().detail(), "the signature is not that of the message with this key");
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      auto changed = signature;
      changed[i] ^= std::byte{1};
      EXPECT_FALSE(checks.verify("message", changed)) << key.description() << ", byte " << i;
    }
    for (std::size_t size = 0; size < signature.size(); size += 5) {
      const exact_block cut(text_of(signature).substr(0, size));
      EXPECT_FALSE(checks.verify("message", as_bytes(cut.text())))
          << key.description() << ", cut at " << size;
    }
  }
}

TEST(Key, SignsWithTheHashAndThePaddingAskedFor) {
  const private_key rsa = private_key::generate(key_spec::rsa_2048);
  const signature_options pss{.hash = hash_algorithm::sha512, .padding = rsa_padding::pss};
  const auto signature = rsa.sign("message", pss);
  EXPECT_EQ(signature.size(), 256U);
  EXPECT_TRUE(rsa.public_part().verify("message", signature, pss));
  EXPECT_FALSE(rsa.public_part().verify("message", signature)) << "PKCS#1 with SHA-256 is something else";
  EXPECT_FALSE(rsa.public_part().verify("message", signature, {.padding = rsa_padding::pss}));
  // PKCS#1 of RFC 8017 has no randomness in it, PSS has.
  EXPECT_EQ(rsa.sign("message"), rsa.sign("message"));
  EXPECT_NE(rsa.sign("message", pss), rsa.sign("message", pss));
  EXPECT_THROW((void)rsa.sign("message", {.hash = hash_algorithm::shake128}), error);
}

TEST(Key, SaysWhatItIs) {
  EXPECT_EQ(private_key::generate(key_spec::rsa_1024_dangerous).description(), "RSA, 1024 bits");
  EXPECT_EQ(private_key::generate().description(), "P-256");
  EXPECT_EQ(private_key::generate(key_spec::ec_p384).description(), "P-384");
  EXPECT_EQ(private_key::generate(key_spec::ed25519).description(), "Ed25519");
  EXPECT_EQ(private_key::generate().bits(), 256U);
  EXPECT_EQ(private_key::generate().kind(), key_kind::ec);
}

TEST(Key, IsReadAsItWasWritten) {
  for (const private_key& key : one_of_each_kind()) {
    const secret pem = key.to_pem();
    EXPECT_TRUE(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = private_key::from_pem(pem.reveal()).value();
    EXPECT_EQ(again.public_part(), key.public_part()) << key.description();
    EXPECT_EQ(public_key::from_pem(key.public_part().to_pem()).value(), key.public_part());
    EXPECT_EQ(public_key::from_der(key.public_part().to_der()).value(), key.public_part());
    EXPECT_NE(private_key::generate().public_part(), key.public_part());
  }
}

TEST(Key, AnEncryptedOneWantsItsPassword) {
  const private_key key = private_key::generate();
  const std::string pem = key.to_encrypted_pem("correct horse");
  EXPECT_TRUE(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  EXPECT_EQ(private_key::from_pem(pem, "correct horse").value().public_part(), key.public_part());

  const auto wrong = private_key::from_pem(pem, "battery staple");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.code(), errc::wrong_password);
  EXPECT_EQ(wrong.error(), condition::auth);
  EXPECT_EQ(wrong.error().message(), "wrong password: the key cannot be decrypted with this password");
  EXPECT_EQ(wrong.error().message().find("staple"), std::string::npos);
  const auto missing = private_key::from_pem(pem);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "wrong password: the key is encrypted, and no password was given");
  EXPECT_FALSE(private_key::from_pem(pem, std::string(5000, 'x'))) << "longer than OpenSSL has room for";
  EXPECT_THROW((void)key.to_encrypted_pem(""), error);
}

TEST(Key, WhatIsNoKeySaysWhatItIsInstead) {
  const auto message = [](std::string_view text) { return private_key::from_pem(text).error().message(); };
  EXPECT_EQ(message(""), "not a usable key: no private key; it is no PEM text");
  EXPECT_EQ(message("hello"), "not a usable key: no private key; it is no PEM text");
  const std::string pem = private_key::generate().public_part().to_pem();
  EXPECT_EQ(message(pem), "not a usable key: no private key; it has PUBLIC KEY");
  EXPECT_EQ(message("-----BEGIN \x1b[2J-----\n"), "not a usable key: no private key; it has ?[2J");
  EXPECT_EQ(public_key::from_pem("hello").error().message(),
            "not a usable key: no public key; it is no PEM text");
  const secret key = private_key::generate().to_pem();
  EXPECT_FALSE(public_key::from_pem(key.reveal()));
}

TEST(Key, EveryCutIsRefused) {
  const secret pem = private_key::generate().to_pem();
  // Without its last newline it is whole still.
  for (std::size_t size = 0; size + 1 < pem.size(); ++size) {
    const exact_block cut(pem.reveal().substr(0, size));
    EXPECT_FALSE(private_key::from_pem(cut.text())) << size;
  }
  const auto der = private_key::generate(key_spec::rsa_2048).public_part().to_der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    const exact_block cut(text_of(der).substr(0, size));
    EXPECT_EQ(public_key::from_der(as_bytes(cut.text())).code(), errc::malformed_key) << size;
  }
}

TEST(Key, NothingMayFollowDer) {
  auto der = private_key::generate().public_part().to_der();
  der.push_back(std::byte{0});
  EXPECT_EQ(public_key::from_der(der).error().detail(), "1 bytes after the end of the key");
}

TEST(Key, LimitsTheSizeOfWhatItReads) {
  const secret pem = private_key::generate().to_pem();
  std::string text(max_key_file_size - pem.size(), '\n');
  text += pem.reveal();
  EXPECT_TRUE(private_key::from_pem(text));
  text.insert(0, "\n");
  EXPECT_EQ(private_key::from_pem(text).error(), condition::limit_exceeded);
  EXPECT_EQ(public_key::from_pem(text).error(), condition::limit_exceeded);
  EXPECT_EQ(public_key::from_der(as_bytes(text)).error(), condition::limit_exceeded);
}

// The key of RFC 6376 appendix C, as a DKIM record has it.
TEST(Key, ReadsTheKeyOfADkimRecord) {
  const auto der = base64::decode(
                       "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
                       "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0"
                       "fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB")
                       .value();
  const auto key = public_key::from_der(der).value();
  EXPECT_EQ(key.kind(), key_kind::rsa);
  EXPECT_EQ(key.bits(), 1024U);
}

TEST(Key, IsSharedByThreads) {
  const private_key key = private_key::generate();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([key] {
      for (int round = 0; round < 20; ++round) {
        EXPECT_TRUE(key.public_part().verify("message", key.sign("message")));
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

bool succeeds(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

TEST(KeyFiles, AFileThatCannotBeReadIsNamed) {
  const temporary_folder folder;
  const private_key key = private_key::generate();
  const std::string encrypted = folder.write("encrypted", key.to_encrypted_pem("correct horse"));
  EXPECT_EQ(private_key::from_file(encrypted, "correct horse").value().public_part(), key.public_part());
  EXPECT_EQ(private_key::from_file(encrypted, "wrong").error().message(),
            "read key " + encrypted + ": wrong password: the key cannot be decrypted with this password");
  const auto gone = private_key::from_file(folder.path("gone"));
  EXPECT_EQ(gone.code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(gone.error().peer(), folder.path("gone"));
  EXPECT_FALSE(private_key::from_file(folder.path())) << "a directory";
  const std::string empty = folder.write("empty", "");
  EXPECT_EQ(private_key::from_file(empty).code(), errc::malformed_key);
  const std::string plain(key.to_pem().reveal());
  const std::string most = folder.write("most", std::string(max_key_file_size - plain.size(), '\n') + plain);
  EXPECT_TRUE(private_key::from_file(most));
  const std::string more =
      folder.write("more", std::string(max_key_file_size - plain.size() + 1, '\n') + plain);
  EXPECT_EQ(private_key::from_file(more).error(), condition::limit_exceeded);
}

TEST(KeyFiles, OpensslChecksWhatWeSignAndWeWhatItSigns) {
  const temporary_folder folder;
  const auto openssl = tidewire::testing::find_program("openssl");
  if (!openssl) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
  const private_key key = private_key::generate(key_spec::rsa_2048);
  const std::string message = folder.write("message", "message");
  const std::string checks = folder.write("public", key.public_part().to_pem());
  const std::string signs = folder.write("key", key.to_pem().reveal());
  const std::string signature = folder.write("signature", text_of(key.sign("message")));
  EXPECT_TRUE(succeeds(openssl->string() + " dgst -sha256 -verify " + checks + " -signature " + signature +
                       " " + message));
  EXPECT_TRUE(succeeds(openssl->string() + " dgst -sha256 -sign " + signs + " -out " + folder.path("theirs") +
                       " " + message));
  const std::string bytes = folder.read("theirs");
  EXPECT_TRUE(key.public_part().verify("message", as_bytes(bytes)));
}

TEST(KeyFiles, OpensslReadsWhatWeWriteAndWeTheOldFormsItWrites) {
  const temporary_folder folder;
  const auto openssl = tidewire::testing::find_program("openssl");
  if (!openssl) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
  const private_key key = private_key::generate(key_spec::rsa_2048);
  const std::string encrypted = folder.write("encrypted", key.to_encrypted_pem("correct horse"));
  EXPECT_TRUE(succeeds(openssl->string() + " pkey -noout -passin 'pass:correct horse' -in " + encrypted));
  EXPECT_FALSE(succeeds(openssl->string() + " pkey -noout -passin pass:wrong -in " + encrypted));
  const std::string plain = folder.write("key", key.to_pem().reveal());
  for (const char* options : {"-traditional", "-traditional -aes128 -passout pass:old"}) {
    ASSERT_TRUE(
        succeeds(openssl->string() + " pkey " + options + " -in " + plain + " -out " + folder.path("older")));
    const std::string text = folder.read("older");
    EXPECT_TRUE(text.starts_with("-----BEGIN RSA PRIVATE KEY-----")) << text;
    EXPECT_EQ(private_key::from_pem(text, "old").value().public_part(), key.public_part());
  }
  ASSERT_TRUE(
      succeeds(openssl->string() + " rsa -RSAPublicKey_out -in " + plain + " -out " + folder.path("pkcs1")));
  const std::string text = folder.read("pkcs1");
  EXPECT_EQ(public_key::from_pem(text).value(), key.public_part()) << text;
}

}  // namespace
}  // namespace tidewire::crypto
