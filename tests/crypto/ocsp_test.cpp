#include <tidewire/crypto/authority.hpp>
#include <tidewire/crypto/ocsp.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::crypto {
namespace {

using namespace std::chrono_literals;

class Ocsp : public ::testing::Test {
 protected:
  static const authority& ca() {
    static const authority made;
    return made;
  }
  static const certificate& leaf() {
    static const identity made = ca().issue({"mail.example.org"});
    return made.leaf();
  }
  static const certificate& root() { return ca().own_certificate(); }

  static std::chrono::sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  /// Why it does not count.
  static std::string refusal(const ocsp_response& response, const certificate& subject = leaf(),
                             const certificate& issuer = root(),
                             std::optional<std::chrono::sys_seconds> when = std::nullopt) {
    const auto verified = response.verify(subject, issuer, when);
    if (verified) return "it counts";
    EXPECT_EQ(verified.code(), errc::bad_status_response);
    EXPECT_EQ(verified.code(), condition::tls);
    return std::string(verified.error().detail());
  }
};

bool contains(std::string_view text, std::string_view wanted) {
  return text.find(wanted) != std::string_view::npos;
}

TEST_F(Ocsp, TellsThatACertificateIsGood) {
  const auto statement = ca().status_of(leaf()).verify(leaf(), root());
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  EXPECT_EQ(statement->status, certificate_status::good);
  EXPECT_LE(statement->this_update, now());
  EXPECT_EQ(statement->next_update, statement->this_update + 24h);
  EXPECT_FALSE(statement->revoked_at.has_value());
  EXPECT_EQ(statement->reason, "");
}

TEST_F(Ocsp, TellsThatACertificateWasRevokedSinceWhenAndWhy) {
  const auto response = ca().status_of(leaf(), {.status = certificate_status::revoked, .valid_for = 0s});
  const auto statement = response.verify(leaf(), root());
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  EXPECT_EQ(statement->status, certificate_status::revoked);
  ASSERT_TRUE(statement->revoked_at.has_value());
  EXPECT_LE(*statement->revoked_at, now() - 59min);
  EXPECT_EQ(statement->reason, "keyCompromise");
  EXPECT_FALSE(statement->next_update.has_value());
}

TEST_F(Ocsp, TellsThatTheAuthorityDoesNotKnowIt) {
  const auto response = ca().status_of(leaf(), {.status = certificate_status::unknown});
  EXPECT_EQ(response.verify(leaf(), root())->status, certificate_status::unknown);
}

TEST_F(Ocsp, CountsInItsTimeOnly) {
  const auto begin = now();
  const ocsp_response response = ca().status_of(leaf(), {.this_update = begin, .valid_for = 1h});
  EXPECT_EQ(refusal(response, leaf(), root(), begin), "it counts");
  EXPECT_EQ(refusal(response, leaf(), root(), begin - 5min), "it counts") << "clocks differ";
  EXPECT_EQ(refusal(response, leaf(), root(), begin + 65min), "it counts");
  EXPECT_TRUE(contains(refusal(response, leaf(), root(), begin - 301s), "it is from"));
  EXPECT_TRUE(contains(refusal(response, leaf(), root(), begin + 65min + 1s), "it was good until"));
}

TEST_F(Ocsp, IsAboutOneCertificateOfOneIssuer) {
  const ocsp_response response = ca().status_of(leaf());
  const certificate other = ca().issue({"other.example.org"}).leaf();
  EXPECT_TRUE(contains(refusal(response, other), "it is about another certificate"));
  EXPECT_EQ(response.statement_about(other).code(), errc::bad_status_response);
  EXPECT_EQ(response.statement_about(leaf())->status, certificate_status::good);
  // The same name, another key.
  const authority imposter;
  EXPECT_TRUE(contains(refusal(response, leaf(), imposter.own_certificate()), "another certificate"));
  const ocsp_response forged = imposter.status_of(leaf());
  EXPECT_EQ(forged.statement_about(leaf())->status, certificate_status::good) << "it looks like one";
  EXPECT_TRUE(contains(refusal(forged), "another certificate"));
}

TEST_F(Ocsp, MayBeSignedByWhomTheIssuerAuthorisedAndNobodyElse) {
  const identity responder =
      ca().issue({"ocsp.example.org"}, {.purpose = certificate_purpose::ocsp_responder});
  EXPECT_TRUE(responder.leaf().allows(certificate_purpose::ocsp_responder));
  EXPECT_FALSE(leaf().allows(certificate_purpose::ocsp_responder));
  EXPECT_EQ(refusal(ca().status_of(leaf(), {.responder = &responder})), "it counts");
  // A certificate of the same authority for something else; one of another authority.
  const identity server = ca().issue({"www.example.org"});
  EXPECT_TRUE(contains(refusal(ca().status_of(leaf(), {.responder = &server})), "it is signed neither by"));
  const identity stranger =
      authority().issue({"ocsp.example.org"}, {.purpose = certificate_purpose::ocsp_responder});
  EXPECT_TRUE(contains(refusal(ca().status_of(leaf(), {.responder = &stranger})), "it is signed neither by"));
  const identity expired =
      ca().issue_expired({"ocsp.example.org"}, {.purpose = certificate_purpose::ocsp_responder});
  EXPECT_TRUE(contains(refusal(ca().status_of(leaf(), {.responder = &expired})), "it is signed neither by"));
}

TEST_F(Ocsp, OfACertificateBelowAnIntermediateIsTheIntermediates) {
  const authority between = ca().intermediate();
  const identity who = between.issue({"deep.example.org"});
  EXPECT_EQ(refusal(between.status_of(who.leaf()), who.leaf(), between.own_certificate()), "it counts");
  EXPECT_TRUE(contains(refusal(ca().status_of(who.leaf()), who.leaf(), between.own_certificate()),
                       "another certificate"));
}

TEST_F(Ocsp, AnyKindOfKeySigns) {
  for (const key_spec spec : {key_spec::rsa_2048, key_spec::ed25519, key_spec::ec_p384}) {
    const authority made({.key = spec});
    const identity who = made.issue({"localhost"});
    EXPECT_EQ(refusal(made.status_of(who.leaf()), who.leaf(), made.own_certificate()), "it counts");
  }
}

TEST_F(Ocsp, WhatIsCutOrLongerIsNone) {
  const ocsp_response whole = ca().status_of(leaf());
  for (std::size_t size = 0; size < whole.der().size(); ++size) {
    tidewire::testing::exact_block cut(as_text(whole.der().first(size)));
    EXPECT_EQ(ocsp_response::from_der(cut.bytes()).code(), errc::bad_status_response) << size;
  }
  std::vector<std::byte> longer(whole.der().begin(), whole.der().end());
  longer.push_back(std::byte{0});
  EXPECT_TRUE(contains(ocsp_response::from_der(longer).error().detail(), "1 bytes after its end"));
  longer.resize(max_ocsp_response_size);
  EXPECT_EQ(ocsp_response::from_der(longer).code(), errc::bad_status_response);
  longer.resize(max_ocsp_response_size + 1);
  EXPECT_EQ(ocsp_response::from_der(longer).code(), tidewire::errc::limit_exceeded);
}

TEST_F(Ocsp, AChangedByteNeverMakesARevokedCertificateGood) {
  const ocsp_response whole = ca().status_of(leaf(), {.status = certificate_status::revoked});
  std::vector<std::byte> changed(whole.der().begin(), whole.der().end());
  for (std::byte& each : changed) {
    each ^= std::byte{1};
    if (const auto read = ocsp_response::from_der(changed)) {
      const auto statement = read->verify(leaf(), root());
      EXPECT_FALSE(statement.has_value() && statement->status == certificate_status::good);
    }
    each ^= std::byte{1};
  }
}

TEST_F(Ocsp, AResponderThatCannotAnswerSaysSo) {
  // OCSPResponse ::= SEQUENCE { responseStatus tryLater(3) }
  constexpr std::string_view try_later("\x30\x03\x0a\x01\x03", 5);
  const auto read = ocsp_response::from_der(as_bytes(try_later));
  EXPECT_TRUE(contains(read.error().detail(), "trylater")) << read.error().message();
}

TEST_F(Ocsp, IsWhatACertificateMayDemand) {
  EXPECT_FALSE(leaf().requires_status());
  EXPECT_TRUE(ca().issue({"strict.example.org"}, {.must_staple = true}).leaf().requires_status());
}

}  // namespace
}  // namespace tidewire::crypto
