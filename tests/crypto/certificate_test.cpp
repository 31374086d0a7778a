#include <tidewire/crypto/authority.hpp>
#include <tidewire/crypto/certificate.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/exact.hpp"
#include "support/oracle.hpp"
#include "support/temporary_folder.hpp"

namespace tidewire::crypto {
namespace {

using namespace std::chrono_literals;
using tidewire::testing::exact_block;
using tidewire::testing::temporary_folder;
using names = std::vector<std::string>;

constexpr std::chrono::sys_seconds noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) + 12h;

authority authority_at_noon() {
  return authority({.name = "Root", .now = noon});
}

TEST(Certificate, TellsWhatIsInIt) {
  const authority ca = authority_at_noon();
  const identity server =
      ca.issue({"example.org", "*.example.org", "192.0.2.1", "2001:db8::1", "ada@example.org"});
  const certificate& leaf = server.leaf();
  EXPECT_EQ(leaf.subject(), "CN=example.org");
  EXPECT_EQ(leaf.issuer(), "CN=Root");
  EXPECT_EQ(leaf.common_name(), "example.org");
  EXPECT_EQ(leaf.serial().size(), 32U);
  EXPECT_EQ(leaf.not_before(), noon - 1h);
  EXPECT_EQ(leaf.not_after(), noon + std::chrono::days(90));
  EXPECT_EQ(leaf.dns_names(), (names{"example.org", "*.example.org"}));
  EXPECT_EQ(leaf.ip_addresses(), (names{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(leaf.email_addresses(), names{"ada@example.org"});
  EXPECT_EQ(leaf.uris(), names());
  EXPECT_EQ(leaf.key().value(), server.key.public_part());
  EXPECT_EQ(leaf.key()->description(), "P-256");
  EXPECT_EQ(leaf.signature_algorithm(), "ecdsa-with-SHA256");
  EXPECT_EQ(leaf.fingerprint(), sha256(leaf.to_der()).finish());
  EXPECT_EQ(leaf.fingerprint(hash_algorithm::sha1), sha1(leaf.to_der()).finish());
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_FALSE(leaf.path_length());
  EXPECT_EQ(leaf.key_usage(), names{"digitalSignature"});
  EXPECT_EQ(leaf.extended_key_usage(), names{"serverAuth"});
  EXPECT_TRUE(leaf.allows(certificate_purpose::server));
  EXPECT_FALSE(leaf.allows(certificate_purpose::client));
  EXPECT_FALSE(leaf.is_self_issued());
  EXPECT_TRUE(leaf.is_signed_by(ca.own_certificate()));
  EXPECT_FALSE(ca.own_certificate().is_signed_by(leaf));
}

TEST(Certificate, OfAnAuthorityIsOne) {
  const certificate root = authority({.name = "My CA", .path_length = 3}).own_certificate();
  EXPECT_EQ(root.subject(), "CN=My CA");
  EXPECT_EQ(root.issuer(), root.subject());
  EXPECT_TRUE(root.is_ca());
  EXPECT_EQ(root.path_length(), 3);
  EXPECT_EQ(root.key_usage(), (names{"keyCertSign", "cRLSign"}));
  EXPECT_TRUE(root.is_self_issued());
  EXPECT_TRUE(root.is_signed_by(root));
  EXPECT_FALSE(authority().own_certificate().path_length());
}

TEST(Certificate, ValidityHasBothItsEnds) {
  const certificate leaf = authority_at_noon().issue({"example.org"}).leaf();
  EXPECT_FALSE(leaf.is_valid_at(leaf.not_before() - 1s));
  EXPECT_TRUE(leaf.is_valid_at(leaf.not_before()));
  EXPECT_TRUE(leaf.is_valid_at(leaf.not_after()));
  EXPECT_FALSE(leaf.is_valid_at(leaf.not_after() + 1s));
}

TEST(Certificate, ValidityGoesBeyond2050) {
  const auto far = std::chrono::sys_days(std::chrono::year(2061) / 3 / 14) + 15h + 9min + 26s;
  const certificate leaf = authority_at_noon().issue({"example.org"}, {.not_after = far}).leaf();
  EXPECT_EQ(leaf.not_after(), far);
}

TEST(Certificate, ListsItsExtensions) {
  const certificate leaf = authority().issue({"example.org"}).leaf();
  const auto all = leaf.extensions();
  const auto basic = std::ranges::find(all, "basicConstraints", &certificate_extension::name);
  ASSERT_NE(basic, all.end());
  EXPECT_EQ(basic->oid, "2.5.29.19");
  EXPECT_TRUE(basic->critical);
  const auto other = std::ranges::find(all, "subjectAltName", &certificate_extension::name);
  ASSERT_NE(other, all.end());
  EXPECT_FALSE(other->critical);
  // SEQUENCE { [2] "example.org" }
  EXPECT_EQ(as_text(other->value),
            "\x30\x0d\x82\x0b"
            "example.org");
}

TEST(Certificate, IsReadAsItWasWritten) {
  const certificate leaf = authority().issue({"example.org"}).leaf();
  EXPECT_EQ(certificate::from_pem(leaf.to_pem()).value(), leaf);
  EXPECT_EQ(certificate::from_der(leaf.to_der()).value(), leaf);
  EXPECT_NE(authority().issue({"example.org"}).leaf(), leaf);
}

TEST(Certificate, AChainIsReadWhole) {
  const identity server = authority().intermediate().issue({"example.org"});
  ASSERT_EQ(server.chain.size(), 2U);
  const std::string text = "# the chain of example.org\n" + server.chain_pem();
  EXPECT_EQ(certificate::all_from_pem(text).value(), server.chain);
  EXPECT_EQ(certificate::from_pem(text).value(), server.leaf());
  // The key may stand in the same file.
  const std::string both = std::string(server.key.to_pem().reveal()) + text;
  const identity again = identity_from_pem(both, both).value();
  EXPECT_EQ(again.chain, server.chain);
  EXPECT_EQ(again.key.public_part(), server.key.public_part());
}

TEST(Certificate, AnIdentityNeedsTheKeyOfItsCertificate) {
  const authority ca;
  const identity one = ca.issue({"one.example"});
  const identity other = ca.issue({"other.example"});
  const auto mixed = identity_from_pem(one.chain_pem(), other.key.to_pem().reveal());
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.code(), errc::malformed_key);
  EXPECT_EQ(mixed.error().detail(), "the key is not that of the certificate for CN=one.example");
  const std::string encrypted = one.key.to_encrypted_pem("correct horse");
  EXPECT_TRUE(identity_from_pem(one.chain_pem(), encrypted, "correct horse"));
  EXPECT_EQ(identity_from_pem(one.chain_pem(), encrypted, "wrong").code(), errc::wrong_password);
}

TEST(Certificate, WhatIsNoneSaysWhatItIsInstead) {
  EXPECT_EQ(certificate::from_pem("").error().message(),
            "not a certificate: no certificate; it is no PEM text");
  EXPECT_EQ(certificate::from_pem(private_key::generate().public_part().to_pem()).error().message(),
            "not a certificate: no certificate; it has PUBLIC KEY");
  EXPECT_EQ(certificate::all_from_pem("nothing").error().message(),
            "not a certificate: no certificate; it is no PEM text");
}

TEST(Certificate, EveryCutIsRefused) {
  const certificate leaf = authority().issue({"example.org"}).leaf();
  const auto der = leaf.to_der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    const exact_block cut(as_text(der).substr(0, size));
    EXPECT_EQ(certificate::from_der(as_bytes(cut.text())).code(), errc::malformed_certificate) << size;
  }
  const std::string pem = leaf.to_pem();
  for (std::size_t size = 0; size + 1 < pem.size(); ++size) {
    const exact_block cut(std::string_view(pem).substr(0, size));
    EXPECT_FALSE(certificate::from_pem(cut.text())) << size;
    const auto all = certificate::all_from_pem(pem + std::string(cut.text()));
    // What is cut within the first line is some text after the end.
    EXPECT_TRUE(!all || size < std::string_view("-----BEGIN CERTIFICATE-----\n").size()) << size;
  }
}

TEST(Certificate, NothingMayFollowDer) {
  auto der = authority().own_certificate().to_der();
  der.push_back(std::byte{0});
  EXPECT_EQ(certificate::from_der(der).error().detail(), "1 bytes after its end");
}

TEST(Certificate, LimitsWhatItReads) {
  const std::string pem = authority().own_certificate().to_pem();
  std::string many;
  for (std::size_t i = 0; i < max_certificates; ++i) many += pem;
  EXPECT_EQ(certificate::all_from_pem(many).value().size(), max_certificates);
  EXPECT_EQ(certificate::all_from_pem(many + pem).error(), condition::limit_exceeded);
  EXPECT_EQ(certificate::from_pem(std::string(max_key_file_size + 1, '\n')).error(),
            condition::limit_exceeded);
  EXPECT_EQ(certificate::from_der(as_bytes(std::string(max_key_file_size + 1, '\n'))).error(),
            condition::limit_exceeded);
}

TEST(Certificate, CoversTheHostsItNames) {
  const certificate leaf =
      authority()
          .issue({"example.org", "*.Example.org", "192.0.2.1", "2001:db8::1"}, {.common_name = "cn.example"})
          .leaf();
  for (const char* host : {"example.org", "EXAMPLE.org", "example.org.", "www.example.org", "192.0.2.1",
                           "2001:db8::1", "[2001:db8::1]", "2001:DB8:0:0:0:0:0:1"}) {
    EXPECT_TRUE(leaf.covers(host)) << host;
  }
  for (const char* host :
       {"", ".", ".example.org", "a.b.example.org", "example.com", "cn.example", "xexample.org", "192.0.2.2",
        "2001:db8::2", "*.org", "192.0.2.1.", "[example.org]x", "example.org\n"}) {
    EXPECT_FALSE(leaf.covers(host)) << host;
  }
  EXPECT_FALSE(leaf.covers(std::string_view("example.org\0.evil.example", 25)));
}

TEST(Certificate, WildcardsAreWholeLabels) {
  const certificate leaf = authority().issue({"w*.example.org", "*.*.example.net", "*"}).leaf();
  EXPECT_FALSE(leaf.covers("www.example.org"));
  EXPECT_FALSE(leaf.covers("a.b.example.net"));
  EXPECT_FALSE(leaf.covers("localhost"));
}

TEST(Certificate, SaysWhichHostsItNames) {
  const authority ca;
  EXPECT_EQ(
      ca.issue({"mail.example.org", "imap.example.org"}).leaf().covers("smtp.example.org").error().message(),
      "the certificate is for another host: certificate for mail.example.org does not cover "
      "smtp.example.org; it "
      "names mail.example.org, imap.example.org");
  EXPECT_EQ(ca.issue({"192.0.2.1"}).leaf().covers("192.0.2.2").error().detail(),
            "certificate for 192.0.2.1 does not cover 192.0.2.2; it names 192.0.2.1");
  EXPECT_EQ(ca.issue({}, {.common_name = "old.example"}).leaf().covers("old.example").error().detail(),
            "certificate for old.example does not cover old.example; it names no host at all");
  const std::vector<std::string_view> many(13, "a.example");
  EXPECT_TRUE(ca.issue(many).leaf().covers("b.example").error().detail().ends_with("a.example and 3 more"));
  EXPECT_EQ(ca.issue({"a.example"}).leaf().covers("b\r\nexample").error(), condition::tls);
  EXPECT_EQ(ca.issue({"a.example"}).leaf().covers("b\r\nexample").error().detail(),
            "certificate for a.example does not cover b??example; it names a.example");
}

// Which problem verify_chain sees in a chain, or none.
std::optional<certificate_problem> problem_of(const std::vector<certificate>& chain, const certificate& root,
                                              verify_options options = {}, std::string* detail = nullptr) {
  certificate_problem problem;
  if (!options.when) options.when = noon;
  const auto verified = verify_chain(chain, std::span(&root, 1), options, &problem);
  if (detail != nullptr) *detail = verified ? "" : std::string(verified.error().detail());
  if (verified) {
    EXPECT_EQ(verified->front(), chain.front());
    EXPECT_EQ(verified->back(), root);
    return std::nullopt;
  }
  EXPECT_EQ(verified.error(), condition::tls);
  EXPECT_EQ(verified.code(),
            problem == certificate_problem::wrong_host ? errc::wrong_host : errc::untrusted_certificate);
  return problem;
}

TEST(VerifyChain, TrustsWhatLeadsToARoot) {
  const authority ca = authority_at_noon();
  const certificate root = ca.own_certificate();
  EXPECT_EQ(problem_of(ca.issue({"localhost"}).chain, root), std::nullopt);
  EXPECT_EQ(problem_of(ca.issue({"localhost"}).chain, root, {.host = "localhost"}), std::nullopt);
  const authority middle = ca.intermediate().intermediate({.name = "Lower"});
  const identity deep = middle.issue({"localhost"}, {.key = key_spec::rsa_2048});
  EXPECT_EQ(deep.chain.size(), 3U);
  EXPECT_EQ(problem_of(deep.chain, root), std::nullopt);
  std::vector<certificate> shuffled{deep.chain[0], deep.chain[2], deep.chain[1], root};
  EXPECT_EQ(problem_of(shuffled, root), std::nullopt) << "in any order, and with the root";
  const identity client = ca.issue({"ada@example.org"}, {.purpose = certificate_purpose::client});
  EXPECT_EQ(problem_of(client.chain, root, {.purpose = certificate_purpose::client}), std::nullopt);
  const identity both =
      ca.issue({"localhost"}, {.key = key_spec::ed25519, .purpose = certificate_purpose::any});
  EXPECT_EQ(problem_of(both.chain, root, {.purpose = certificate_purpose::client}), std::nullopt);
  EXPECT_EQ(problem_of(both.chain, root, {.purpose = certificate_purpose::server}), std::nullopt);
}

TEST(VerifyChain, NamesEachProblem) {
  const authority ca = authority_at_noon();
  const certificate root = ca.own_certificate();
  std::string detail;

  EXPECT_EQ(problem_of(ca.issue_expired({"localhost"}).chain, root, {}, &detail),
            certificate_problem::expired);
  EXPECT_EQ(detail,
            "the certificate for CN=localhost expired at 2026-11-24T12:00:00Z; it is 2026-11-25T12:00:00Z");

  EXPECT_EQ(problem_of(ca.issue_not_yet_valid({"localhost"}).chain, root, {}, &detail),
            certificate_problem::not_yet_valid);
  EXPECT_EQ(detail,
            "the certificate for CN=localhost is not valid before 2026-11-26T12:00:00Z; it is "
            "2026-11-25T12:00:00Z");

  const auto self_signed =
      authority::self_signed({"localhost"}, {.not_before = noon - 1h, .not_after = noon + 1h});
  EXPECT_EQ(problem_of(self_signed.chain, root, {}, &detail), certificate_problem::self_signed);
  EXPECT_EQ(detail, "the certificate for CN=localhost signs itself, and is not trusted");

  const authority stranger({.name = "Stranger", .now = noon});
  EXPECT_EQ(problem_of(stranger.issue({"localhost"}).chain, root, {}, &detail),
            certificate_problem::missing_issuer);
  EXPECT_EQ(detail,
            "the certificate for CN=localhost is issued by CN=Stranger, which was neither sent nor is it "
            "trusted: an "
            "intermediate is missing, or the root is unknown");
  std::vector<certificate> with_root = stranger.issue({"localhost"}).chain;
  with_root.push_back(stranger.own_certificate());
  EXPECT_EQ(problem_of(with_root, root, {}, &detail), certificate_problem::unknown_root);
  EXPECT_EQ(detail, "the root CN=Stranger is not trusted");

  identity cut = ca.intermediate({.name = "Middle"}).issue({"localhost"});
  cut.chain.resize(1, cut.leaf());
  EXPECT_EQ(problem_of(cut.chain, root, {}, &detail), certificate_problem::missing_issuer);
  EXPECT_NE(detail.find("CN=Middle"), std::string::npos) << detail;

  EXPECT_EQ(
      problem_of(ca.issue({"localhost"}).chain, root, {.purpose = certificate_purpose::client}, &detail),
      certificate_problem::wrong_purpose);
  EXPECT_EQ(problem_of(ca.issue({"localhost"}).chain, root, {.host = "example.org"}, &detail),
            certificate_problem::wrong_host);
  EXPECT_EQ(detail, "certificate for localhost does not cover example.org; it names localhost");
  EXPECT_EQ(problem_of(ca.issue({"127.0.0.1"}).chain, root, {.host = "127.0.0.2"}),
            certificate_problem::wrong_host);

  EXPECT_EQ(
      problem_of(ca.issue({"localhost"}, {.key = key_spec::rsa_1024_dangerous}).chain, root, {}, &detail),
      certificate_problem::weak);
  EXPECT_EQ(detail, "the certificate for CN=localhost is too weak: RSA, 1024 bits, ecdsa-with-SHA256");

  // A leaf that acts as an authority.
  const authority limited({.name = "Limited", .now = noon, .path_length = 0});
  const identity below = limited.intermediate().issue({"localhost"});
  EXPECT_EQ(problem_of(below.chain, limited.own_certificate()), certificate_problem::wrong_purpose);
}

TEST(VerifyChain, AnAuthorityMayIssueOnlyForTheDomainItIsLimitedTo) {
  const authority ca = authority_at_noon();
  const certificate root = ca.own_certificate();
  const authority limited = ca.intermediate({.name = "Limited", .permitted_domain = "example.org"});
  EXPECT_EQ(problem_of(limited.issue({"example.org", "mail.example.org"}).chain, root), std::nullopt);
  std::string detail;
  EXPECT_EQ(problem_of(limited.issue({"example.com"}).chain, root, {}, &detail),
            certificate_problem::wrong_purpose);
  EXPECT_EQ(detail, "the certificate for CN=example.com: permitted subtree violation");
  EXPECT_EQ(problem_of(limited.issue({"mail.example.org", "example.com"}).chain, root),
            certificate_problem::wrong_purpose);
  EXPECT_THROW((void)ca.intermediate({.permitted_domain = "a,excluded"}), error);
}

TEST(VerifyChain, AChangedByteInASignatureIsSeen) {
  const authority ca = authority_at_noon();
  auto der = ca.issue({"localhost"}).leaf().to_der();
  der.back() ^= std::byte{1};
  const auto changed = certificate::from_der(der).value();
  std::string detail;
  EXPECT_EQ(problem_of({changed}, ca.own_certificate(), {}, &detail), certificate_problem::bad_signature);
  EXPECT_EQ(detail, "the certificate for CN=localhost is not signed by its issuer, CN=Root");
}

// It says P-256, but the point is not on the curve: the certificate can be read, its key cannot.
TEST(VerifyChain, AKeyThatIsNoneIsAProblemLikeOthers) {
  const authority ca = authority_at_noon();
  const certificate leaf = ca.issue({"localhost"}).leaf();
  std::string der(as_text(leaf.to_der()));
  const auto key = leaf.key()->to_der();
  const std::size_t at = der.find(as_text(key));
  ASSERT_NE(at, npos);
  der[at + key.size() - 1] = static_cast<char>(der[at + key.size() - 1] ^ 1);
  const auto changed = certificate::from_der(as_bytes(der)).value();
  EXPECT_EQ(changed.key().code(), errc::malformed_key);
  std::string detail;
  EXPECT_NE(problem_of({changed}, ca.own_certificate(), {}, &detail), std::nullopt);
  EXPECT_NE(detail.find("CN=localhost"), std::string::npos) << detail;
}

TEST(VerifyChain, AnEmptyOneIsNone) {
  EXPECT_EQ(verify_chain({}, {}).code(), errc::malformed_certificate);
}

TEST(Authority, RefusesNamesThatAreNone) {
  const authority ca;
  for (const std::string_view name : {"", "two words", "line\nbreak", "\xc3\xa4.example"}) {
    EXPECT_THROW((void)ca.issue({name}), error) << name;
  }
  EXPECT_THROW((void)ca.issue({std::string_view("nul\0.example", 12)}), error);
  EXPECT_THROW((void)ca.issue({"a.example"}, {.not_before = noon, .not_after = noon - 1s}), error);
  EXPECT_THROW(authority({.name = "Ca\nName"}), error);
}

TEST(Authority, SpecialCharactersInNamesAreNames) {
  // What would be two names in the configuration language of OpenSSL.
  const certificate leaf = authority().issue({"a.example,DNS:evil.example"}).leaf();
  EXPECT_EQ(leaf.dns_names(), names{"a.example,DNS:evil.example"});
  EXPECT_FALSE(leaf.covers("evil.example"));
}

TEST(Authority, OpensslAgrees) {
  const auto openssl = tidewire::testing::find_program("openssl");
  if (!openssl) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
  const temporary_folder folder;
  const authority ca;
  const identity server = ca.intermediate().issue({"localhost", "127.0.0.1"});
  const std::string root = folder.write("root", ca.pem());
  const std::string chain = folder.write("chain", server.chain_pem());
  const std::string expired = folder.write("expired", ca.issue_expired({"localhost"}).chain_pem());
  const auto verify = [&](const std::string& arguments) {
    const std::string command = openssl->string() + " verify -x509_strict -purpose sslserver -CAfile " +
                                root + " " + arguments + " >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };
  EXPECT_TRUE(verify("-verify_hostname localhost -untrusted " + chain + " " + chain));
  EXPECT_TRUE(verify("-verify_ip 127.0.0.1 -untrusted " + chain + " " + chain));
  EXPECT_FALSE(verify("-verify_hostname example.org -untrusted " + chain + " " + chain));
  EXPECT_FALSE(verify(chain)) << "without the intermediate";
  EXPECT_FALSE(verify(expired));
}

}  // namespace
}  // namespace tidewire::crypto
