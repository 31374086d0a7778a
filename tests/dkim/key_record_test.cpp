#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/dkim/key_record.hpp>

#include <gtest/gtest.h>

#include <string>

#include "examples.hpp"
#include "support/exact.hpp"

namespace tidewire::dkim {
namespace {

const std::string ed25519 = "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

TEST(DkimKeyRecord, ReadsTheRecordsOfTheRfcs) {
  for (const auto& [name, list] : testing::published) {
    const auto record = parse_key_record(list.front());
    ASSERT_TRUE(record) << name << record.error().message();
    ASSERT_TRUE(record->key);
    EXPECT_FALSE(record->testing);
    EXPECT_FALSE(record->exact_domain);
    EXPECT_TRUE(record->allows_sha256);
    EXPECT_TRUE(record->is_for_mail);
  }
}

TEST(DkimKeyRecord, ReadsBackWhatItWrites) {
  for (const crypto::private_key& key : {testing::rsa_key(), testing::ed25519_key()}) {
    const auto record = parse_key_record(format_key_record(key.public_part()));
    ASSERT_TRUE(record && record->key);
    EXPECT_EQ(*record->key, key.public_part());
  }
  EXPECT_THROW((void)format_key_record(crypto::private_key::generate().public_part()), error);
}

TEST(DkimKeyRecord, ReadsAnRsaKeyInTheFormThatRfc6376Names) {
  // What is in the SubjectPublicKeyInfo of a key of 2048 bits: the last 270 bytes.
  const std::vector<std::byte> info = testing::rsa_key().public_part().to_der();
  const auto record = parse_key_record("p=" + base64::encode(byte_view(info).last(270)));
  ASSERT_TRUE(record && record->key) << record.error().message();
  EXPECT_EQ(*record->key, testing::rsa_key().public_part());
}

TEST(DkimKeyRecord, ReadsFlagsServicesHashesAndNotes) {
  const auto read = [](const std::string& more) { return parse_key_record(ed25519 + more).value(); };
  EXPECT_TRUE(read("; t=y").testing);
  EXPECT_TRUE(read("; t=s").exact_domain);
  EXPECT_TRUE(read("; t= y : x : s ").testing);
  EXPECT_TRUE(read("; t=y:s").exact_domain);
  EXPECT_FALSE(read("; t=ys").testing);
  EXPECT_FALSE(read("; h=sha1").allows_sha256);
  EXPECT_TRUE(read("; h=sha1:sha256").allows_sha256);
  EXPECT_FALSE(read("; s=tlsrpt").is_for_mail);
  EXPECT_TRUE(read("; s=tlsrpt : email").is_for_mail);
  EXPECT_TRUE(read("; s=*").is_for_mail);
  EXPECT_EQ(read("; n=ask=20ada=3B").notes, "ask ada;");
  EXPECT_EQ(read("; g=*; future=yes;").notes, "");
}

TEST(DkimKeyRecord, TellsARevokedKeyFromNone) {
  const auto revoked = parse_key_record("v=DKIM1; p=");
  ASSERT_TRUE(revoked);
  EXPECT_FALSE(revoked->key);
  EXPECT_TRUE(parse_key_record("v=DKIM1; k=rsa").code() == errc::malformed);
}

TEST(DkimKeyRecord, RefusesWhatIsNoRecord) {
  for (const std::string_view bad : {"", "v=spf1 -all", "v=DKIM2; p=", "p=; v=DKIM1", "p=!!!!", "p=AAAA",
                                     "k=ed25519; p=AAAA", "p=; p=", "no tag", "p=;;",
                                     // An elliptic curve is no RSA.
                                     "p=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEa"})
    EXPECT_TRUE(parse_key_record(bad).code() == errc::malformed) << bad;
  const auto curve = crypto::private_key::generate().public_part().to_der();
  EXPECT_TRUE(parse_key_record("p=" + base64::encode(curve)).code() == errc::malformed);
  EXPECT_TRUE(parse_key_record("k=dsa; p=AAAA").code() == errc::unsupported);
}

TEST(DkimKeyRecord, StopsAtItsLimits) {
  const std::string start = ed25519 + "; n=";
  EXPECT_TRUE(parse_key_record(start + std::string(max_key_record_size - start.size(), 'n')));
  EXPECT_TRUE(parse_key_record(start + std::string(max_key_record_size - start.size() + 1, 'n')).code() ==
              errc::limit_exceeded);
}

TEST(DkimKeyRecord, EndsAtEachTruncationWithoutHarm) {
  const std::string whole = "v=DKIM1; t=y:s; h=sha256; n=x=20y; " + ed25519;
  for (std::size_t end = 0; end < whole.size(); ++end) {
    const tidewire::testing::exact_block copy(std::string_view(whole).substr(0, end));
    const auto record = parse_key_record(copy.text());
    // A key that lacks its end is none; a text that ends with `p=` is a revoked one. The padding is optional.
    if (record) {
      EXPECT_EQ(record->key.has_value(), end + 1 == whole.size()) << end;
    }
  }
}

}  // namespace
}  // namespace tidewire::dkim
