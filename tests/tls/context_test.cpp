#include <tidewire/crypto/random.hpp>
#include <tidewire/tls/context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace testing;
using crypto::key_spec;

/// Sends a word each way; gives what came back.
task<std::string> echo_once(stream& client, stream& server) {
  co_await client.write("ping\n");
  const std::string got = co_await server.read_line();
  co_await server.write(got, "\n");
  co_return co_await client.read_line();
}

/// Why the client refuses a server that shows `who`; the server hears of it by an alert.
failure refusal_of(const crypto::identity& who, std::string_view host = "localhost",
                   client_context client = trusting_client()) {
  server_context server(who);
  server.allow_weak_keys_dangerous();
  handshake ended = run(shake_hands(client, server, {.host = host}));
  if (ended.client) return {tidewire::errc::misuse, "it was accepted"};
  EXPECT_FALSE(ended.server.has_value());
  EXPECT_EQ(ended.server.code().category(), alert_category());
  const failure why = ended.client.error();
  EXPECT_EQ(why, condition::tls);
  EXPECT_EQ(why, condition::auth);
  EXPECT_EQ(why.operation(), "start TLS with");
  return why;
}

::testing::AssertionResult says(const failure& why, std::string_view text) {
  if (why.message().find(text) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << why.message();
}

TEST(TlsVerification, RefusesACertificateForAnotherHostAndNamesThoseItIsFor) {
  const failure why =
      refusal_of(authority().issue({"mail.example.org", "www.example.org"}), "smtp.example.org");
  EXPECT_EQ(why.code(), errc::wrong_host);
  EXPECT_EQ(why.peer(), "smtp.example.org (memory)");
  EXPECT_TRUE(says(why,
                   "certificate for mail.example.org does not cover smtp.example.org; it names "
                   "mail.example.org, www.example.org"));
}

TEST(TlsVerification, RefusesACertificateForAnotherAddress) {
  const failure why = refusal_of(authority().issue({"localhost", "127.0.0.1"}), "127.0.0.2");
  EXPECT_EQ(why.code(), errc::wrong_host);
  EXPECT_TRUE(says(why, "127.0.0.2"));
  EXPECT_TRUE(says(why, "localhost, 127.0.0.1"));
}

TEST(TlsVerification, AcceptsAddressesInEachSpelling) {
  const server_context server(authority().issue({"127.0.0.1", "::1"}));
  for (const std::string_view host : {"127.0.0.1", "::1", "[::1]", "0:0::1"}) {
    handshake ended = run(shake_hands(trusting_client(), server, {.host = host}));
    EXPECT_TRUE(ended.client.has_value()) << ended.client.error().message();
    EXPECT_EQ(ended.server.value().report().server_name, "") << "an address is no server name";
  }
}

TEST(TlsVerification, AcceptsNamesWithWildcardsCapitalsAndAFinalDot) {
  const server_context server(authority().issue({"*.Example.org"}));
  for (const std::string_view host : {"mail.example.org", "MAIL.example.ORG", "mail.example.org."}) {
    handshake ended = run(shake_hands(trusting_client(), server, {.host = host}));
    EXPECT_TRUE(ended.client.has_value()) << ended.client.error().message();
  }
  for (const std::string_view host : {"example.org", "a.b.example.org"}) {
    handshake ended = run(shake_hands(trusting_client(), server, {.host = host}));
    EXPECT_EQ(ended.client.code(), errc::wrong_host) << host;
  }
}

TEST(TlsVerification, RefusesAnExpiredCertificateAndSaysSinceWhen) {
  const failure why = refusal_of(authority().issue_expired({"localhost"}));
  EXPECT_EQ(why.code(), errc::certificate_expired);
  EXPECT_TRUE(says(why, "expired at"));
}

TEST(TlsVerification, RefusesACertificateThatIsNotValidYet) {
  const failure why = refusal_of(authority().issue_not_yet_valid({"localhost"}));
  EXPECT_EQ(why.code(), errc::certificate_not_yet_valid);
  EXPECT_TRUE(says(why, "is not valid before"));
}

TEST(TlsVerification, RefusesASelfSignedCertificate) {
  EXPECT_EQ(refusal_of(crypto::authority::self_signed({"localhost"})).code(), errc::self_signed);
}

TEST(TlsVerification, RefusesACertificateOfAnUnknownRoot) {
  const crypto::authority stranger({.name = "Stranger"});
  crypto::identity who = stranger.issue({"localhost"});
  const failure why = refusal_of(who);
  EXPECT_EQ(why.code(), errc::missing_issuer);
  EXPECT_TRUE(says(why, "Stranger"));
  // Where the root is sent as well, it is known to be one.
  who.chain.push_back(stranger.own_certificate());
  EXPECT_EQ(refusal_of(who).code(), errc::unknown_root);
}

TEST(TlsVerification, NeedsTheIntermediate) {
  crypto::identity who = authority().intermediate({.name = "Between"}).issue({"localhost"});
  const server_context complete(who);
  EXPECT_TRUE(run(shake_hands(trusting_client(), complete)).client.has_value());
  who.chain.erase(who.chain.begin() + 1, who.chain.end());
  const failure why = refusal_of(who);
  EXPECT_EQ(why.code(), errc::missing_issuer);
  EXPECT_TRUE(says(why, "Between"));
  EXPECT_TRUE(says(why, "an intermediate is missing"));
}

TEST(TlsVerification, RefusesTheCertificateOfAClient) {
  const failure why =
      refusal_of(authority().issue({"localhost"}, {.purpose = crypto::certificate_purpose::client}));
  EXPECT_EQ(why.code(), errc::bad_purpose);
}

TEST(TlsVerification, RefusesAWeakKey) {
  const failure why = refusal_of(authority().issue({"localhost"}, {.key = key_spec::rsa_1024_dangerous}));
  EXPECT_EQ(why.code(), errc::weak_key);
  EXPECT_TRUE(says(why, "1024"));
}

TEST(TlsVerification, TellsOfEverythingThatIsWrong) {
  const failure why = refusal_of(authority().issue_expired({"mail.example.org"}), "localhost");
  EXPECT_TRUE(says(why, "expired"));
  EXPECT_TRUE(says(why, "does not cover localhost"));
}

TEST(TlsVerification, TrustsAlsoTheCertificateOfAPeerItself) {
  for (const crypto::identity& who :
       {crypto::authority::self_signed({"localhost"}), crypto::authority().issue({"localhost"})}) {
    client_context client;
    client.trust(trust_store().add(who.leaf()));
    handshake ended = run(shake_hands(client, server_context(who)));
    EXPECT_TRUE(ended.client.has_value()) << ended.client.error().message();
  }
}

TEST(TlsVerification, DoesNotTrustTheTestAuthorityByDefault) {
  const auto check = []() -> task<> {
    auto [near, far] = memory_stream_pair();
    const server_context server(localhost());
    const auto connecting = [](tidewire::stream plain) -> task<std::error_code> {
      const auto outcome = co_await as_result(start_tls(std::move(plain), "localhost"));
      co_return outcome.code();
    };
    const auto accepting = [&](tidewire::stream plain) -> task<std::error_code> {
      const auto outcome = co_await as_result(accept(std::move(plain), server));
      co_return outcome.code();
    };
    auto [refused, heard] = co_await when_all(connecting(std::move(near)), accepting(std::move(far)));
    if (refused == errc::bad_trust) co_return;  // a system that trusts nobody at all
    EXPECT_EQ(refused, errc::missing_issuer);
    EXPECT_EQ(heard, alert::unknown_ca);
  };
  run(check());
}

TEST(TlsVerification, IsTurnedOffByNameOnly) {
  client_context any_host = trusting_client();
  any_host.accept_any_host_dangerous();
  const server_context elsewhere(authority().issue({"elsewhere.example"}));
  EXPECT_TRUE(run(shake_hands(any_host, elsewhere)).client.has_value());
  const server_context stranger(crypto::authority().issue({"localhost"}));
  EXPECT_EQ(run(shake_hands(any_host, stranger)).client.code(), errc::missing_issuer);

  client_context anybody;
  anybody.accept_any_certificate_dangerous();
  handshake ended = run(shake_hands(anybody, stranger));
  EXPECT_TRUE(ended.client.has_value());
  EXPECT_TRUE(ended.client->verified_chain().empty());
  EXPECT_EQ(ended.client->peer_chain().size(), 1u);

  client_context weak = trusting_client();
  weak.allow_weak_keys_dangerous();
  server_context weak_server(authority().issue({"localhost"}, {.key = key_spec::rsa_1024_dangerous}));
  weak_server.allow_weak_keys_dangerous();
  EXPECT_TRUE(run(shake_hands(weak, weak_server)).client.has_value());
}

TEST(TlsVerification, ACheckOfOnesOwnSeesTheChainsAndCanRefuse) {
  const crypto::identity who = authority().intermediate().issue({"localhost"});
  const server_context server(who);
  verification seen;
  client_context client = trusting_client();
  client.verify([&](const verification& peer) -> result<void> {
    seen = peer;
    return failure(errc::certificate_refused, "not the pinned key");
  });
  const handshake ended = run(shake_hands(client, server));
  EXPECT_EQ(ended.client.code(), errc::certificate_refused);
  EXPECT_TRUE(says(ended.client.error(), "not the pinned key"));
  EXPECT_EQ(seen.host, "localhost");
  EXPECT_EQ(seen.sent, who.chain);
  ASSERT_EQ(seen.chain.size(), 3u);
  EXPECT_EQ(seen.chain.back(), authority().own_certificate());
  EXPECT_TRUE(seen.problems.empty());
}

TEST(TlsVerification, ACheckOfOnesOwnIsNotAskedToAllowWhatIsWrong) {
  client_context client = trusting_client();
  bool asked = false;
  client.verify([&](const verification&) -> result<void> {
    asked = true;
    return {};
  });
  const server_context server(authority().issue_expired({"localhost"}));
  EXPECT_EQ(run(shake_hands(client, server)).client.code(), errc::certificate_expired);
  EXPECT_FALSE(asked);
}

TEST(TlsVerification, ADangerousCheckDecidesAlone) {
  client_context client = trusting_client();
  std::vector<crypto::certificate_problem> problems;
  client.verify_dangerous([&](const verification& peer) -> result<void> {
    for (const auto& each : peer.problems) problems.push_back(each.problem);
    return {};
  });
  const server_context server(authority().issue_expired({"elsewhere.example"}));
  EXPECT_TRUE(run(shake_hands(client, server)).client.has_value());
  EXPECT_EQ(problems,
            (std::vector{crypto::certificate_problem::expired, crypto::certificate_problem::wrong_host}));
}

TEST(TlsVerification, WhatACheckThrowsIsARefusal) {
  client_context client = trusting_client();
  client.verify([](const verification&) -> result<void> { throw std::runtime_error("no database"); });
  const handshake ended = run(shake_hands(client, server_context(localhost())));
  EXPECT_EQ(ended.client.code(), errc::certificate_refused);
  EXPECT_TRUE(says(ended.client.error(), "no database"));
}

TEST(TlsContext, IsSettledByItsFirstConnection) {
  client_context client = trusting_client();
  server_context server(localhost());
  (void)run(shake_hands(client, server));
  const auto code_of = [](auto change) {
    try {
      change();
    } catch (const error& thrown) {
      return thrown.code();
    }
    return std::error_code();
  };
  EXPECT_EQ(code_of([&] { client.accept_any_certificate_dangerous(); }), condition::misuse);
  EXPECT_EQ(code_of([&] { server.tickets(3); }), condition::misuse);
  client_context copy = client;
  EXPECT_EQ(code_of([&] { copy.versions(version::tls1_2); }), condition::misuse);
}

TEST(TlsContext, SettingsThatOpenSslDoesNotKnowAreRefusedAtOnce) {
  client_context client;
  EXPECT_THROW(client.cipher_suites("NO_SUCH_SUITE"), error);
  EXPECT_THROW(client.cipher_suites("", "NO-SUCH-SUITE"), error);
  EXPECT_THROW(client.groups("P-65536"), error);
  EXPECT_THROW(client.versions(version::tls1_3, version::tls1_2), error);
  server_context server(localhost());
  EXPECT_THROW(server.alpn("h2,,http/1.1"), error);
  EXPECT_THROW(server.alpn(std::string(256, 'x')), error);
  EXPECT_THROW(server.ticket_keys("short"), error);
  EXPECT_THROW(server.tickets(17), error);
  // As it was before.
  EXPECT_TRUE(run(shake_hands(trusting_client(), server)).client.has_value());
}

TEST(TlsContext, AnIdentityOfTwoHalvesIsRefused) {
  crypto::identity mixed = localhost();
  mixed.key = crypto::private_key::generate();
  try {
    const server_context server(mixed);
    ADD_FAILURE() << "accepted";
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::bad_identity);
    EXPECT_TRUE(says(why.failure(), "localhost"));
  }
}

TEST(TlsContext, AWeakKeyOfAServerIsRefusedUnlessAllowed) {
  const server_context server(authority().issue({"localhost"}, {.key = key_spec::rsa_1024_dangerous}));
  const handshake ended = run(shake_hands(trusting_client(), server));
  EXPECT_EQ(ended.server.code(), errc::bad_identity);
  EXPECT_EQ(ended.client.code(), errc::closed_in_handshake);
}

TEST(TlsContext, VersionsWithNothingInCommonAreAnErrorOfBothSides) {
  client_context old = trusting_client();
  old.versions(version::tls1_2, version::tls1_2);
  server_context fresh(localhost());
  fresh.versions(version::tls1_3);
  const handshake ended = run(shake_hands(old, fresh));
  EXPECT_EQ(ended.server.code(), errc::no_common_version);
  EXPECT_EQ(ended.client.code(), alert::protocol_version);
  EXPECT_EQ(ended.client.code(), condition::tls);
}

TEST(TlsContext, SpeaksTls12WhereTheOtherSideDoes) {
  client_context old = trusting_client();
  old.versions(version::tls1_2, version::tls1_2);
  const server_context server(localhost());
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(old, server);
    auto [near, far] = std::move(ended).both();
    EXPECT_EQ(near.version(), version::tls1_2);
    EXPECT_EQ(co_await echo_once(near, far), "ping");
  };
  run(check());
}

TEST(TlsContext, SuitesWithNothingInCommonAreAnErrorOfBothSides) {
  client_context client = trusting_client();
  client.cipher_suites("TLS_AES_128_GCM_SHA256");
  server_context server(localhost());
  server.cipher_suites("TLS_CHACHA20_POLY1305_SHA256");
  const handshake ended = run(shake_hands(client, server));
  EXPECT_EQ(ended.server.code(), errc::no_common_cipher_suite);
  EXPECT_EQ(ended.client.code(), alert::handshake_failure);
}

TEST(TlsContext, GroupsWithNothingInCommonAreAnErrorOfBothSides) {
  client_context client = trusting_client();
  client.groups("X25519");
  server_context server(localhost());
  server.groups("P-256");
  const handshake ended = run(shake_hands(client, server));
  EXPECT_EQ(ended.server.code(), errc::no_common_cipher_suite);
  EXPECT_EQ(ended.client.code(), alert::handshake_failure);
}

TEST(TlsAlpn, TheServersOrderDecides) {
  server_context server(localhost());
  server.alpn("h2,http/1.1");
  const handshake ended = run(shake_hands(trusting_client(), server, {.alpn = "http/1.1,h2"}));
  EXPECT_EQ(ended.client->alpn(), "h2");
  EXPECT_EQ(ended.server->alpn(), "h2");
}

TEST(TlsAlpn, NothingInCommonIsAnErrorOfBothSides) {
  server_context server(localhost());
  server.alpn("h2,http/1.1");
  const handshake ended = run(shake_hands(trusting_client(), server, {.alpn = "imap"}));
  EXPECT_EQ(ended.server.code(), errc::no_common_application_protocol);
  EXPECT_TRUE(says(ended.server.error(), "this server speaks h2,http/1.1"));
  EXPECT_EQ(ended.server.error().peer_text(), "imap");
  EXPECT_EQ(ended.client.code(), alert::no_application_protocol);
}

TEST(TlsAlpn, AClientThatOffersNoneIsTakenUnlessItIsRequired) {
  server_context lax(localhost());
  lax.alpn("h2");
  EXPECT_EQ(run(shake_hands(trusting_client(), lax)).client->alpn(), "");
  server_context strict(localhost());
  strict.alpn("h2", true);
  const handshake ended = run(shake_hands(trusting_client(), strict));
  EXPECT_EQ(ended.server.code(), errc::no_common_application_protocol);
  EXPECT_EQ(ended.client.code(), alert::no_application_protocol);
}

TEST(TlsAlpn, AClientCanRequireAnAnswer) {
  const server_context server(localhost());
  EXPECT_EQ(run(shake_hands(trusting_client(), server, {.alpn = "h2"})).client->alpn(), "");
  const handshake ended = run(shake_hands(trusting_client(), server, {.alpn = "h2", .require_alpn = true}));
  EXPECT_EQ(ended.client.code(), errc::no_common_application_protocol);
}

TEST(TlsServerNames, EachNameGetsItsCertificate) {
  server_context server(authority().issue({"first.example"}));
  server.add(authority().issue({"second.example", "*.second.example"}));
  const auto shown_to = [&](std::string_view host) {
    client_context client = trusting_client();
    client.accept_any_host_dangerous();
    return run(shake_hands(client, server, {.host = host})).client->peer_certificate()->dns_names().front();
  };
  EXPECT_EQ(shown_to("first.example"), "first.example");
  EXPECT_EQ(shown_to("second.example"), "second.example");
  EXPECT_EQ(shown_to("SECOND.example"), "second.example");
  EXPECT_EQ(shown_to("sub.second.example"), "second.example");
  EXPECT_EQ(shown_to("other.example"), "first.example");
  EXPECT_EQ(shown_to("127.0.0.1"), "first.example");
}

TEST(TlsServerNames, UnknownOnesCanBeRefused) {
  server_context server(authority().issue({"first.example"}));
  server.refuse_unknown_names();
  EXPECT_TRUE(run(shake_hands(trusting_client(), server, {.host = "first.example"})).client.has_value());
  const handshake ended = run(shake_hands(trusting_client(), server, {.host = "other.example"}));
  EXPECT_EQ(ended.client.code(), alert::unrecognized_name);
  EXPECT_EQ(ended.server.error().peer_text(), "other.example");
}

TEST(TlsServerNames, TheKindOfKeyFollowsWhatTheClientCanCheck) {
  server_context server(authority().issue({"localhost"}, {.key = key_spec::rsa_2048}));
  server.add(authority().issue({"localhost"}));
  client_context ecdsa = trusting_client();
  ecdsa.versions(version::tls1_2, version::tls1_2).cipher_suites("", "ECDHE-ECDSA-AES128-GCM-SHA256");
  client_context rsa = trusting_client();
  rsa.versions(version::tls1_2, version::tls1_2).cipher_suites("", "ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_EQ(run(shake_hands(ecdsa, server)).client->peer_certificate()->key()->kind(), crypto::key_kind::ec);
  EXPECT_EQ(run(shake_hands(rsa, server)).client->peer_certificate()->key()->kind(), crypto::key_kind::rsa);
}

TEST(TlsReload, NewConnectionsGetTheNewCertificateAndOldOnesGoOn) {
  const auto check = []() -> task<> {
    const server_context server(localhost());
    const client_context client = trusting_client();
    handshake before = co_await shake_hands(client, server);
    auto [near, far] = std::move(before).both();
    const crypto::identity renewed = authority().issue({"localhost"});
    server.reload({renewed});
    // A context of its own, or the ticket would do.
    handshake after = co_await shake_hands(trusting_client(), server);
    EXPECT_EQ(after.client->peer_certificate(), renewed.leaf());
    EXPECT_EQ(near.peer_certificate(), localhost().leaf());
    EXPECT_EQ(co_await echo_once(near, far), "ping");
  };
  run(check());
}

TEST(TlsReload, WhatCannotBeUsedChangesNothing) {
  const server_context server(localhost());
  ASSERT_TRUE(run(shake_hands(trusting_client(), server)).client.has_value());
  crypto::identity mixed = localhost();
  mixed.key = crypto::private_key::generate();
  EXPECT_THROW(server.reload({mixed}), error);
  EXPECT_THROW(server.reload({}), error);
  EXPECT_EQ(run(shake_hands(trusting_client(), server)).client->peer_certificate(), localhost().leaf());
}

class TlsStapling : public ::testing::TestWithParam<version> {
 protected:
  static crypto::ocsp_response status(crypto::certificate_status of,
                                      const crypto::certificate& leaf = localhost().leaf()) {
    return authority().status_of(leaf, {.status = of});
  }
  static client_context client() {
    client_context made = trusting_client();
    made.versions(version::tls1_2, GetParam());
    return made;
  }
};

TEST_P(TlsStapling, ACertificateThatIsGoodIsAccepted) {
  const server_context server(localhost());
  server.staple(localhost().leaf(), status(crypto::certificate_status::good));
  client_context strict = client();
  strict.require_status();
  const handshake ended = run(shake_hands(strict, server));
  EXPECT_TRUE(ended.client.has_value()) << ended.client.error().message();
}

TEST_P(TlsStapling, ARevokedCertificateIsRefusedSayingSinceWhenAndWhy) {
  const server_context server(localhost());
  server.staple(localhost().leaf(), status(crypto::certificate_status::revoked));
  const handshake ended = run(shake_hands(client(), server));
  EXPECT_EQ(ended.client.code(), errc::certificate_revoked);
  EXPECT_EQ(ended.client.code(), condition::auth);
  EXPECT_TRUE(says(ended.client.error(), "the certificate for CN=localhost was revoked at 20"));
  EXPECT_TRUE(says(ended.client.error(), "Z: keyCompromise"));
  EXPECT_EQ(ended.client.error().operation(), "start TLS with");
  EXPECT_EQ(ended.server.code(), alert::bad_certificate_status_response);
}

TEST_P(TlsStapling, WhatDoesNotCountIsRefused) {
  const auto refusal = [](const crypto::ocsp_response& response) {
    const server_context server(localhost());
    server.staple(localhost().leaf(), response);
    const handshake ended = run(shake_hands(client(), server));
    EXPECT_EQ(ended.client.code(), errc::certificate_status_invalid);
    return ended.client ? failure(tidewire::errc::misuse) : ended.client.error();
  };
  EXPECT_TRUE(says(refusal(status(crypto::certificate_status::unknown)),
                   "the authority does not know the certificate for CN=localhost"));
  // Of one who has the authority's name, but not its key.
  EXPECT_TRUE(says(refusal(crypto::authority().status_of(localhost().leaf())), "another certificate"));
  const crypto::identity server = authority().issue({"www.example.org"});
  EXPECT_TRUE(says(refusal(authority().status_of(localhost().leaf(), {.responder = &server})),
                   "it is signed neither by CN=tidewire test CA nor by whom that authorised"));
  const auto tomorrow =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::hours(24);
  EXPECT_TRUE(
      says(refusal(authority().status_of(localhost().leaf(), {.this_update = tomorrow})), "it is from"));
}

TEST_P(TlsStapling, AServerDoesNotShowWhatIsOutOfDate) {
  const server_context server(localhost());
  const auto yesterday =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - std::chrono::hours(48);
  server.staple(localhost().leaf(), authority().status_of(localhost().leaf(), {.this_update = yesterday}));
  EXPECT_TRUE(run(shake_hands(client(), server)).client.has_value());
  client_context strict = client();
  strict.require_status();
  const handshake ended = run(shake_hands(strict, server));
  EXPECT_EQ(ended.client.code(), errc::certificate_status_missing);
  EXPECT_TRUE(says(ended.client.error(), "none for CN=localhost, and this client requires one"));
}

TEST_P(TlsStapling, ACertificateThatDemandsAResponseNeedsOne) {
  const crypto::identity who = authority().issue({"localhost"}, {.must_staple = true});
  const server_context server(who);
  const handshake ended = run(shake_hands(client(), server));
  EXPECT_EQ(ended.client.code(), errc::certificate_status_missing);
  EXPECT_TRUE(says(ended.client.error(), "the certificate demands one (must-staple)"));
  server.staple(who.leaf(), status(crypto::certificate_status::good, who.leaf()));
  EXPECT_TRUE(run(shake_hands(client(), server)).client.has_value());
}

TEST_P(TlsStapling, IsPaidNoAttentionByNameOnly) {
  const crypto::identity who = authority().issue({"localhost"}, {.must_staple = true});
  const server_context silent(who);
  const server_context revoked(localhost());
  revoked.staple(localhost().leaf(), status(crypto::certificate_status::revoked));
  client_context careless = client();
  careless.ignore_status_dangerous();
  client_context deciding = client();
  deciding.verify_dangerous([](const verification&) -> result<void> { return {}; });
  client_context anybody;
  anybody.accept_any_certificate_dangerous();
  for (const client_context& each : {careless, deciding, anybody}) {
    EXPECT_TRUE(run(shake_hands(each, silent)).client.has_value());
    EXPECT_TRUE(run(shake_hands(each, revoked)).client.has_value());
  }
  client_context any_host = client();
  any_host.accept_any_host_dangerous();
  EXPECT_EQ(run(shake_hands(any_host, revoked)).client.code(), errc::certificate_revoked);
}

TEST_P(TlsStapling, ACertificateThatIsTrustedByItselfNeedsNoStatement) {
  const crypto::identity who = authority().issue({"localhost"}, {.must_staple = true});
  const server_context server(who);
  server.staple(who.leaf(), status(crypto::certificate_status::good, who.leaf()));
  client_context pinned;
  pinned.trust(trust_store().add(who.leaf())).versions(version::tls1_2, GetParam());
  EXPECT_TRUE(run(shake_hands(pinned, server)).client.has_value());
}

TEST_P(TlsStapling, EachCertificateHasItsOwnAndAReloadForgetsThoseThatWent) {
  const crypto::identity second = authority().issue({"second.test"});
  server_context server(localhost());
  server.add(second);
  server.staple(localhost().leaf(), status(crypto::certificate_status::good));
  server.staple(second.leaf(), status(crypto::certificate_status::revoked, second.leaf()));
  EXPECT_TRUE(run(shake_hands(client(), server)).client.has_value());
  EXPECT_EQ(run(shake_hands(client(), server, {.host = "second.test"})).client.code(),
            errc::certificate_revoked);
  // A newer one takes the place of the first.
  server.staple(second.leaf(), status(crypto::certificate_status::good, second.leaf()));
  client_context strict = client();
  strict.require_status();
  EXPECT_TRUE(run(shake_hands(strict, server, {.host = "second.test"})).client.has_value());
  EXPECT_THROW(server.staple(second.leaf(), status(crypto::certificate_status::good)), error);

  const crypto::identity renewed = authority().issue({"localhost"});
  server.staple(renewed.leaf(), status(crypto::certificate_status::good, renewed.leaf()));
  server.reload({renewed});
  EXPECT_TRUE(run(shake_hands(strict, server)).client.has_value());
  server.reload({localhost()});
  client_context another = client();
  another.require_status();
  EXPECT_EQ(run(shake_hands(another, server)).client.code(), errc::certificate_status_missing);
}

TEST_P(TlsStapling, ASessionRestsOnWhatWasShownAtItsBegin) {
  const crypto::identity who = authority().issue({"localhost"}, {.must_staple = true});
  server_context server(who);
  server.staple(who.leaf(), status(crypto::certificate_status::good, who.leaf()));
  const client_context context = client();
  const auto check = [&]() -> task<> {
    for (const bool resumed : {false, true}) {
      handshake ended = co_await shake_hands(context, server);
      auto [near, far] = std::move(ended).both();
      EXPECT_EQ(co_await echo_once(near, far), "ping");
      EXPECT_EQ(near.resumed(), resumed);
    }
  };
  run(check());
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsStapling, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

class TlsClientCertificates : public ::testing::TestWithParam<version> {
 protected:
  static server_context server(bool required = true) {
    server_context made(localhost());
    made.client_certificates(trusted(), required).versions(version::tls1_2, GetParam());
    return made;
  }
  static crypto::identity ada(const crypto::authority& by = authority()) {
    return by.issue({"ada@example.org"}, {.purpose = crypto::certificate_purpose::client});
  }
};

TEST_P(TlsClientCertificates, TellWhoTheClientIs) {
  const crypto::identity who = ada();
  client_context client = trusting_client();
  client.identity(who);
  const server_context asking = server();
  handshake ended = run(shake_hands(client, asking));
  ASSERT_TRUE(ended.server.has_value()) << ended.server.error().message();
  EXPECT_EQ(ended.server->peer_certificate(), who.leaf());
  EXPECT_EQ(ended.server->peer_chain(), who.chain);
  EXPECT_EQ(ended.server->verified_chain().size(), 2u);
  EXPECT_EQ(ended.server->peer_certificate()->email_addresses(), std::vector<std::string>{"ada@example.org"});
}

TEST_P(TlsClientCertificates, AreAskedForAndRequired) {
  const server_context asking = server();
  const client_context nobody = trusting_client();
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(nobody, asking);
    EXPECT_EQ(ended.server.code(), errc::client_certificate_missing);
    EXPECT_EQ(ended.server.code(), condition::auth);
    if (ended.client) {
      std::array<char, 1> byte{};
      const auto outcome = co_await as_result(ended.client->read_some(byte));
      EXPECT_EQ(outcome.code(), alert::certificate_required);
      EXPECT_EQ(outcome.code(), condition::auth);
    } else {
      EXPECT_EQ(ended.client.code(), alert::handshake_failure);
    }
  };
  run(check());
}

TEST_P(TlsClientCertificates, CanBeOptional) {
  const server_context asking = server(false);
  handshake ended = run(shake_hands(trusting_client(), asking));
  ASSERT_TRUE(ended.server.has_value());
  EXPECT_FALSE(ended.server->peer_certificate().has_value());
}

TEST_P(TlsClientCertificates, OfAStrangerAreRefused) {
  const crypto::authority stranger;
  client_context client = trusting_client();
  client.identity(ada(stranger));
  const server_context asking = server();
  const auto check = [&]() -> task<> {
    handshake ended = co_await shake_hands(client, asking);
    EXPECT_EQ(ended.server.code(), errc::missing_issuer);
    std::error_code code = ended.client.code();
    if (ended.client) {
      std::array<char, 1> byte{};
      const auto outcome = co_await as_result(ended.client->read_some(byte));
      code = outcome.code();
    }
    EXPECT_EQ(code, alert::unknown_ca);
    EXPECT_EQ(code, condition::auth);
  };
  run(check());
}

TEST_P(TlsClientCertificates, OfAServerAreRefused) {
  client_context client = trusting_client();
  client.identity(localhost());
  const server_context asking = server();
  EXPECT_EQ(run(shake_hands(client, asking)).server.code(), errc::bad_purpose);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsClientCertificates, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

class TlsResumption : public ::testing::TestWithParam<version> {
 protected:
  static server_context server() {
    server_context made(localhost());
    made.versions(version::tls1_2, GetParam());
    return made;
  }
  /// Connects, and reads once, so that the ticket comes; is it a session resumed?
  static bool resumes(const client_context& client, const server_context& server,
                      std::string_view host = "localhost") {
    const auto check = [&]() -> task<bool> {
      handshake ended = co_await shake_hands(client, server, {.host = host});
      auto [near, far] = std::move(ended).both();
      EXPECT_EQ(co_await echo_once(near, far), "ping");
      EXPECT_EQ(near.resumed(), far.resumed());
      co_return near.resumed();
    };
    return run(check());
  }
};

TEST_P(TlsResumption, TheSecondConnectionToAServerIsAResumedOne) {
  const server_context serving = server();
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, serving));
  EXPECT_TRUE(resumes(client, serving));
  EXPECT_TRUE(resumes(client, serving));
  EXPECT_FALSE(resumes(trusting_client(), serving)) << "each context has its own sessions";
}

TEST_P(TlsResumption, SessionsOfOneHostAreNotUsedForAnother) {
  const server_context serving = server();
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, serving, "localhost"));
  EXPECT_FALSE(resumes(client, serving, "127.0.0.1"));
}

TEST_P(TlsResumption, ATicketOfAnotherServerIsPassedOver) {
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, server()));
  EXPECT_FALSE(resumes(client, server()));
}

TEST_P(TlsResumption, ServersWithTheSameKeysResumeEachOthersSessions) {
  const secret keys = std::string(80, 'k');
  server_context one = server();
  server_context other = server();
  one.ticket_keys(keys);
  other.ticket_keys(keys);
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, one));
  EXPECT_TRUE(resumes(client, other));
}

TEST_P(TlsResumption, OutlivesAReload) {
  const server_context serving = server();
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, serving));
  serving.reload({authority().issue({"localhost"})});
  EXPECT_TRUE(resumes(client, serving));
}

TEST_P(TlsResumption, IsTurnedOffByEitherSide) {
  const server_context serving = server();
  client_context forgetful = trusting_client();
  forgetful.sessions(nullptr);
  EXPECT_FALSE(resumes(forgetful, serving));
  EXPECT_FALSE(resumes(forgetful, serving));
  server_context none = server();
  none.tickets(0);
  const client_context client = trusting_client();
  EXPECT_FALSE(resumes(client, none));
  EXPECT_FALSE(resumes(client, none));
}

TEST_P(TlsResumption, TheSessionTellsTheCertificateOfThePeer) {
  const crypto::identity who =
      authority().issue({"ada@example.org"}, {.purpose = crypto::certificate_purpose::client});
  server_context serving = server();
  serving.client_certificates(trusted());
  client_context client = trusting_client();
  client.identity(who);
  const auto check = [&]() -> task<> {
    for (const bool resumed : {false, true}) {
      handshake ended = co_await shake_hands(client, serving);
      auto [near, far] = std::move(ended).both();
      EXPECT_EQ(co_await echo_once(near, far), "ping");
      EXPECT_EQ(far.resumed(), resumed);
      EXPECT_EQ(far.peer_certificate(), who.leaf());
      EXPECT_EQ(near.peer_certificate(), localhost().leaf());
    }
  };
  run(check());
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsResumption, ::testing::Values(version::tls1_2, version::tls1_3),
                         [](const auto& of) { return of.param == version::tls1_2 ? "Tls12" : "Tls13"; });

TEST(TlsKeyLog, BothSidesTellTheSameSecrets) {
  std::vector<std::string> of_client;
  std::vector<std::string> of_server;
  client_context client = trusting_client();
  client.key_log([&](std::string_view line) { of_client.emplace_back(line); });
  server_context server(localhost());
  server.key_log([&](std::string_view line) { of_server.emplace_back(line); });
  ASSERT_TRUE(run(shake_hands(client, server)).client.has_value());
  std::ranges::sort(of_client);
  std::ranges::sort(of_server);
  EXPECT_EQ(of_client, of_server);
  ASSERT_GE(of_client.size(), 4u);
  EXPECT_TRUE(of_client.front().starts_with("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")) << of_client.front();
}

class TlsKeyLogFile : public ::testing::Test {
 protected:
  TlsKeyLogFile() {
    path = std::filesystem::temp_directory_path() / ("tidewire_key_log_" + crypto::token_hex(8));
  }
  ~TlsKeyLogFile() override {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  std::size_t lines() const {
    std::ifstream file(path);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }
  std::filesystem::path path;
};

TEST_F(TlsKeyLogFile, GrowsWithEachConnectionAndIsForItsOwnerOnly) {
  client_context client = trusting_client();
  client.key_log_file(path).sessions(nullptr);
  const server_context server(localhost());
  (void)run(shake_hands(client, server));
  const std::size_t first = lines();
  EXPECT_GE(first, 4u);
  (void)run(shake_hands(client, server));
  EXPECT_EQ(lines(), 2 * first);
#ifndef _WIN32
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
#endif
}

TEST_F(TlsKeyLogFile, ComesFromTheEnvironmentOnlyIfAskedFor) {
#ifdef _WIN32
  GTEST_SKIP() << "no setenv";
#else
  ::setenv("SSLKEYLOGFILE", path.c_str(), 1);
  (void)run(shake_hands(trusting_client(), server_context(localhost())));
  EXPECT_FALSE(std::filesystem::exists(path));
  client_context client = trusting_client();
  client.key_log_from_environment();
  ::unsetenv("SSLKEYLOGFILE");
  (void)run(shake_hands(client, server_context(localhost())));
  EXPECT_GE(lines(), 4u);
#endif
}

TEST_F(TlsKeyLogFile, ThatCannotBeOpenedIsAnErrorAtOnce) {
  client_context client;
  EXPECT_THROW(client.key_log_file(path / "nowhere" / "keys"), error);
}

}  // namespace
}  // namespace tidewire::tls
