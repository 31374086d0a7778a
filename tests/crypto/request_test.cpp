#include <tidewire/crypto/authority.hpp>
#include <tidewire/crypto/request.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/exact.hpp"
#include "support/oracle.hpp"
#include "support/temporary_folder.hpp"

namespace tidewire::crypto {
namespace {

using strings = std::vector<std::string>;

TEST(CertificateRequest, AsksForNamesWithAKey) {
  for (const key_spec spec : {key_spec::ec_p256, key_spec::rsa_2048, key_spec::ed25519}) {
    const private_key key = private_key::generate(spec);
    const auto request = certificate_request::make(
        key, {"mail.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", "ada@example.org"});
    EXPECT_EQ(request.subject(), "CN=mail.example.org");
    EXPECT_EQ(request.names(),
              (strings{"mail.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", "ada@example.org"}));
    EXPECT_EQ(request.key().value(), key.public_part());
    for (const auto& again : {certificate_request::from_pem(request.to_pem()).value(),
                              certificate_request::from_der(request.to_der()).value()}) {
      EXPECT_EQ(again.to_der(), request.to_der());
    }
  }
}

TEST(CertificateRequest, RefusesNamesThatAreNone) {
  const private_key key = private_key::generate();
  for (const std::string_view name : {"", "two words", "line\nbreak",
                                      "b\xc3\xbc"
                                      "cher.example"}) {
    EXPECT_THROW((void)certificate_request::make(key, {name}), error) << name;
  }
  EXPECT_THROW((void)certificate_request::make(key, {}), error);
}

TEST(CertificateRequest, EveryCutAndEachByteThatFollowsIsRefused) {
  std::vector<std::byte> whole = certificate_request::make(private_key::generate(), {"localhost"}).to_der();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    tidewire::testing::exact_block cut(as_text(byte_view(whole).first(size)));
    EXPECT_EQ(certificate_request::from_der(cut.bytes()).code(), errc::malformed_certificate) << size;
  }
  whole.push_back(std::byte{0});
  EXPECT_EQ(certificate_request::from_der(whole).error().detail(), "1 bytes after its end");
  EXPECT_EQ(certificate_request::from_pem(std::string(max_key_file_size + 1, 'x')).code(),
            tidewire::errc::limit_exceeded);
}

TEST(CertificateRequest, OneThatWasChangedIsNotSignedWithItsKey) {
  const std::vector<std::byte> whole =
      certificate_request::make(private_key::generate(), {"mail.example.org"}).to_der();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::byte> changed = whole;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(certificate_request::from_der(changed).has_value()) << at;
  }
}

TEST(CertificateRequest, WhatIsNoneSaysWhatItIsInstead) {
  const auto read = certificate_request::from_pem(authority().pem());
  EXPECT_EQ(read.code(), errc::malformed_certificate);
  EXPECT_EQ(read.error().detail(), "no certificate request; it has CERTIFICATE");
}

TEST(CertificateRequest, AnAuthorityFulfilsIt) {
  const authority ca = authority().intermediate();
  const private_key key = private_key::generate();
  const auto request = certificate_request::make(key, {"mail.example.org", "192.0.2.1"});
  const std::vector<certificate> chain = ca.issue(request);
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain.front().dns_names(), strings{"mail.example.org"});
  EXPECT_EQ(chain.front().ip_addresses(), strings{"192.0.2.1"});
  EXPECT_EQ(chain.front().key().value(), key.public_part());
  EXPECT_TRUE(chain.front().is_signed_by(ca.own_certificate()));
  EXPECT_TRUE(identity_from_pem(identity{chain, key}.chain_pem(), key.to_pem().reveal()).has_value());
}

TEST(CertificateRequest, OpensslAgrees) {
  const auto openssl = tidewire::testing::find_program("openssl");
  if (!openssl) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
  const tidewire::testing::temporary_folder folder;
  const auto succeeds = [&](const std::string& arguments) {
    const std::string command = openssl->string() + " req " + arguments + " >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };
  const auto ours = certificate_request::make(private_key::generate(), {"mail.example.org", "192.0.2.1"});
  EXPECT_TRUE(succeeds("-noout -verify -in " + folder.write("ours", ours.to_pem())));
  ASSERT_TRUE(
      succeeds("-new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=www.example.org -addext "
               "subjectAltName=DNS:www.example.org,IP:192.0.2.7 -keyout " +
               folder.path("key") + " -out " + folder.path("theirs")));
  const auto read = certificate_request::from_pem(folder.read("theirs"));
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->names(), (strings{"www.example.org", "192.0.2.7"}));
}

}  // namespace
}  // namespace tidewire::crypto
