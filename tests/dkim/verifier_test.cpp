#include <tidewire/base/base64.hpp>
#include <tidewire/dkim/verifier.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "examples.hpp"
#include "support/exact.hpp"

namespace tidewire::dkim {
namespace {

using testing::check;
using testing::football_message;
using testing::letter;
using testing::noon;
using testing::outcome;
using testing::own_zone;
using testing::records;
using testing::rsa_key;
using testing::signed_with;

using strings = std::vector<std::string>;

constexpr std::string_view own_name = "rsa._domainkey.example.org";

signer of_example(const signer_options& options = {}) {
  return signer("example.org", "rsa", rsa_key(), options);
}
std::string record_of(const crypto::private_key& key) {
  return format_key_record(key.public_part());
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(DkimVerifier, PassesBothSignaturesOfRfc8463AppendixA) {
  const auto results = check(football_message(), testing::published);
  ASSERT_EQ(results.size(), 2U);
  for (const verification& one : results) {
    EXPECT_EQ(one.verdict, verdict::pass) << describe(one.reason);
    EXPECT_EQ(one.reason, reason::none);
    EXPECT_EQ(one.signature->domain, "football.example.com");
    EXPECT_EQ(one.signature->identity, "@football.example.com");
    EXPECT_FALSE(one.testing);
  }
  EXPECT_EQ(results[0].signature->algorithm, algorithm::ed25519_sha256);
  EXPECT_EQ(results[1].signature->algorithm, algorithm::rsa_sha256);
  EXPECT_EQ(results[1].key_bits, 1024U);
}

TEST(DkimVerifier, PassesTheSignatureOfRfc6376AppendixA) {
  EXPECT_EQ(outcome(testing::simple_message, testing::published), reason::none);
}

TEST(DkimVerifier, PassesWhatTheFormLetsServersChange) {
  std::string changed =
      replaced(football_message(), "Subject: Is dinner ready?", "SUBJECT :\tIs  dinner\r\n ready? ");
  changed = replaced(std::move(changed), "hungry yet?\r\n", "hungry \t yet? \r\n") + "\r\n\r\n";
  for (const verification& one : check(changed, testing::published)) EXPECT_EQ(one.verdict, verdict::pass);
  EXPECT_EQ(outcome(std::string(testing::simple_message) + "\r\n\r\n", testing::published), reason::none);
  EXPECT_EQ(outcome(replaced(std::string(testing::simple_message), "Subject: Is", "Subject:  Is"),
                    testing::published),
            reason::signature);
  EXPECT_EQ(outcome(replaced(std::string(testing::simple_message), "Hi.", "Hi. "), testing::published),
            reason::body_hash);
}

TEST(DkimVerifier, ReadsAMessageOfUnixFiles) {
  for (std::string message : {football_message(), std::string(testing::simple_message)}) {
    std::erase(message, '\r');
    for (const verification& one : check(message, testing::published)) EXPECT_EQ(one.verdict, verdict::pass);
    message.insert(0, "From joe@football.example.com Fri Jul 11 21:00:37 2003\n");
    for (const verification& one : check(message, testing::published)) EXPECT_EQ(one.verdict, verdict::pass);
  }
}

TEST(DkimVerifier, DoesNotDependOnHowTheMessageIsCut) {
  const std::string message = football_message();
  const auto feed = [&](std::size_t first, std::size_t step) {
    verifier in({.now = noon});
    const tidewire::testing::exact_block copy(message);
    in.update(copy.text().substr(0, first));
    for (std::size_t at = first; at < message.size(); at += step) in.update(copy.text().substr(at, step));
    in.finish();
    for (const std::string& name : in.wanted()) in.give(name, testing::published.at(name));
    std::string verdicts;
    for (const verification& one : in.results()) verdicts += to_string(one.verdict);
    return verdicts;
  };
  for (std::size_t cut = 0; cut <= message.size(); ++cut)
    EXPECT_EQ(feed(cut, message.size()), "passpass") << cut;
  for (std::size_t step = 1; step < 80; ++step) EXPECT_EQ(feed(0, step), "passpass") << step;
}

TEST(DkimVerifier, PassesNothingThatWasCutShort) {
  const std::string message = signed_with(of_example());
  // The line breaks at the end do not count; a CR without its LF does.
  const std::size_t least = message.find("Low at six.") + std::string_view("Low at six.").size();
  for (std::size_t end = 0; end < message.size(); ++end) {
    const tidewire::testing::exact_block copy(std::string_view(message).substr(0, end));
    const auto results = check(copy.text());
    const bool passed = !results.empty() && results[0].verdict == verdict::pass;
    EXPECT_EQ(passed, end >= least && !copy.text().ends_with('\r')) << end;
  }
}

TEST(DkimVerifier, PassesNoMessageWithABitChanged) {
  constexpr std::string_view fields[] = {"Received", "From", "To", "Subject", "Date", "Message-ID"};
  const signer who("example.org", "ed", testing::ed25519_key(),
                   {.header = canonicalization::simple, .body = canonicalization::simple, .fields = fields});
  const std::string message =
      signed_with(who,
                  "Received: x\r\nFrom: a@example.org\r\nTo: b@c.d\r\nSubject: e\r\n f\r\n"
                  "Date: g\r\nMessage-ID: <h>\r\n\r\nIjk\r\n\r\nLm\r\n");
  // White space within b= is not looked at, so that it may become other white space.
  const std::size_t value = message.find(" b=") + 3;
  const std::size_t value_end = message.find("\r\nReceived: ") + 2;
  for (std::size_t at = 0; at < message.size(); ++at)
    for (const unsigned bit : {0U, 2U, 5U, 7U}) {
      std::string changed = message;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ 1U << bit);
      const auto is_space = [](char c) { return ascii::is_space(c); };
      if (at >= value && at < value_end && is_space(message[at]) && is_space(changed[at])) continue;
      for (const verification& one : check(changed))
        EXPECT_NE(one.verdict, verdict::pass) << at << ' ' << bit << '\n' << changed;
    }
}

TEST(DkimVerifier, CountsFieldsOfOneNameFromTheLastOne) {
  constexpr std::string_view fields[] = {"From", "To"};
  const std::string message = signed_with(of_example({.fields = fields, .oversign = false}));
  // Without the one more, a From in front is not noticed: that is why there is one by default.
  const std::string attack = "From: Mallory <mallory@example.com>\r\n";
  EXPECT_EQ(outcome(attack + message), reason::none);
  EXPECT_EQ(outcome(replaced(message, "\r\n\r\nHigh", "\r\n" + attack + "\r\nHigh")), reason::signature);

  const std::string safe = signed_with(of_example());
  for (const std::string_view added :
       {"From: Mallory <mallory@example.com>\r\n", "subject: x\r\n", "To: x@y.z\r\n", "Reply-To: x@y.z\r\n",
        "Cc: x@y.z\r\n", "Date: x\r\n"}) {
    EXPECT_EQ(outcome(std::string(added) + safe), reason::signature) << added;
    EXPECT_EQ(outcome(replaced(safe, "\r\n\r\nHigh", "\r\n" + std::string(added) + "\r\nHigh")),
              reason::signature)
        << added;
  }
  EXPECT_EQ(outcome("X-Spam: no\r\nReceived: y\r\n" + safe), reason::none);
  EXPECT_EQ(outcome("Sender: list@example.net\r\n" + safe), reason::none) << "which a list may add";
}

TEST(DkimVerifier, SignsSeveralFieldsOfOneNameInTheirOrder) {
  const std::string two = "Received: second\r\nFrom: a@example.org\r\nReceived: first\r\n\r\n";
  constexpr std::string_view fields[] = {"Received", "From"};
  const std::string message = signed_with(of_example({.fields = fields, .oversign = false}), two);
  EXPECT_EQ(outcome(message), reason::none);
  EXPECT_EQ(outcome("Received: third\r\n" + message), reason::none);
  EXPECT_EQ(outcome(replaced(replaced(message, "second", "x"), "first", "second")), reason::signature);
}

TEST(DkimVerifier, TellsABodyFromAnotherBeforeItAsksForAKey) {
  EXPECT_EQ(outcome(signed_with(of_example()) + "more", {}), reason::body_hash);
  EXPECT_EQ(outcome(signed_with(of_example()), {}), reason::no_key);
}

TEST(DkimVerifier, PassesNoBodyThatLLeavesOpen) {
  const signer who = of_example({.allow_appending_dangerous = true});
  const std::string message = signed_with(who);
  EXPECT_EQ(outcome(message), reason::none);
  const auto results = check(message + "Buy now!\r\n");
  EXPECT_EQ(results[0].reason, reason::unsigned_content);
  EXPECT_EQ(results[0].verdict, verdict::policy);
  EXPECT_EQ(results[0].unsigned_bytes, std::string_view("\r\n\r\nBuy now!\r\n").size());
  EXPECT_EQ(
      outcome(message + "Buy now!\r\n", own_zone(), {.now = noon, .allow_unsigned_content_dangerous = true}),
      reason::none);
  EXPECT_EQ(outcome(replaced(message, "Low at six.\r\n", "Low.\r\n")), reason::body_too_short);
  EXPECT_EQ(outcome(replaced(message, "Low at six.", "Low at ten.")), reason::body_hash);
}

TEST(DkimVerifier, LooksAtTheClock) {
  const std::string message = signed_with(of_example({.lifetime = std::chrono::hours(1)}));
  const auto at = [&](std::chrono::seconds later, std::chrono::seconds skew = std::chrono::seconds(300)) {
    return outcome(message, own_zone(), {.now = noon + later, .clock_skew = skew});
  };
  using std::chrono::seconds;
  EXPECT_EQ(at(seconds(3900)), reason::none);
  EXPECT_EQ(at(seconds(3901)), reason::expired);
  EXPECT_EQ(at(seconds(-300)), reason::none);
  EXPECT_EQ(at(seconds(-301)), reason::from_the_future);
  EXPECT_EQ(at(seconds(3600), seconds(0)), reason::none);
  EXPECT_EQ(at(seconds(3601), seconds(0)), reason::expired);
  EXPECT_EQ(outcome(message, own_zone(), {}), reason::expired) << "by the clock of this system";
}

TEST(DkimVerifier, SaysWhatIsWrongWithTheKey) {
  const std::string message = signed_with(of_example());
  const auto with = [&](strings list) {
    return check(message, {{std::string(own_name), std::move(list)}}).at(0);
  };
  const std::string good = record_of(rsa_key());
  EXPECT_EQ(with({good}).verdict, verdict::pass);
  EXPECT_EQ(with({}).reason, reason::no_key);
  EXPECT_EQ(with({}).verdict, verdict::permerror);
  EXPECT_EQ(with({"v=spf1 -all"}).reason, reason::malformed_key);
  EXPECT_EQ(with({"v=DKIM1; p="}).reason, reason::revoked_key);
  EXPECT_EQ(with({record_of(testing::ed25519_key())}).reason, reason::unsuitable_key);
  EXPECT_EQ(with({good + "; h=sha1"}).reason, reason::unsuitable_key);
  EXPECT_EQ(with({good + "; s=other"}).reason, reason::unsuitable_key);
  EXPECT_EQ(with({good + "; t=s"}).reason, reason::none);
  EXPECT_EQ(with({record_of(crypto::private_key::generate(crypto::key_spec::rsa_2048))}).reason,
            reason::signature);
  EXPECT_FALSE(with({good}).testing);
  EXPECT_TRUE(with({good + "; t=y"}).testing);
  EXPECT_EQ(with({"v=spf1 -all", "v=DKIM1; p=", good}).reason, reason::none) << "the first that fits";
  strings many(8, "v=spf1 -all");
  many.push_back(good);
  EXPECT_EQ(with(many).reason, reason::malformed_key) << "eight are looked at";
}

TEST(DkimVerifier, HoldsAStrictDomainToItsWord) {
  const std::string message = signed_with(of_example({.identity = "@mail.example.org"}));
  EXPECT_EQ(outcome(message), reason::none);
  EXPECT_EQ(outcome(message, {{std::string(own_name), {record_of(rsa_key()) + "; t=s"}}}),
            reason::unsuitable_key);
}

TEST(DkimVerifier, RefusesKeysThatAreTooWeakOrTakeTooLong) {
  const std::string tiny =
      "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALekHs6UUZkY/e0/"
      "36ZWd6XQa4Jl4h5KjhRQ5v7njjsqJsILEg+32jZmGrs5GL9EklPz/"
      "+328u/JgsMUbn7GLXMCAwEAAQ==";
  const auto results = check(signed_with(of_example()), {{std::string(own_name), {tiny}}});
  EXPECT_EQ(results.at(0).reason, reason::weak_key);
  EXPECT_EQ(results.at(0).verdict, verdict::policy);
  EXPECT_EQ(results.at(0).key_bits, 512U);
  EXPECT_EQ(outcome(signed_with(of_example()), own_zone(), {.now = noon, .max_rsa_bits = 2047}),
            reason::unsuitable_key);
  const crypto::private_key weak = crypto::private_key::generate(crypto::key_spec::rsa_1024_dangerous);
  EXPECT_EQ(
      outcome(signed_with(signer("example.org", "rsa", weak)), {{std::string(own_name), {record_of(weak)}}}),
      reason::none)
      << "1024 bits are the least that RFC 8301 allows";
}

TEST(DkimVerifier, NeverAcceptsSha1) {
  const auto results = check(replaced(football_message(), "rsa-sha256", "rsa-sha1"), testing::published);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].verdict, verdict::policy);
  EXPECT_EQ(results[1].reason, reason::weak_algorithm);
}

TEST(DkimVerifier, SaysWhatItCannotRead) {
  const std::string message = signed_with(of_example());
  const auto changed = [&](std::string_view from, std::string_view to) {
    return check(replaced(message, from, to))[0];
  };
  EXPECT_EQ(changed("v=1", "v=2").reason, reason::unsupported);
  EXPECT_EQ(changed("v=1", "v=2").verdict, verdict::neutral);
  EXPECT_EQ(changed("v=1;", "v=1;;").reason, reason::malformed_signature);
  EXPECT_EQ(changed("v=1;", "v=1;;").verdict, verdict::neutral);
  EXPECT_FALSE(changed("v=1;", "v=1;;").signature);
  EXPECT_EQ(changed("\r\n\r\nHigh", "\r\nnothing\r\n\r\nHigh").reason, reason::malformed_message);
  EXPECT_EQ(changed("\r\n\r\nHigh", "\r\nnothing\r\n\r\nHigh").verdict, verdict::permerror);
  std::string many = message;
  for (int i = 0; i < 1000; ++i) many.insert(0, "A: b\r\n");
  EXPECT_TRUE(check(many).empty()) << "the signature is beyond the limit of fields";
  many = message;
  for (int i = 0; i < 1000; ++i) many = replaced(std::move(many), "\r\n\r\nHigh", "\r\nA: b\r\n\r\nHigh");
  EXPECT_EQ(outcome(many), reason::malformed_message);
}

TEST(DkimVerifier, FindsNothingInAMessageWithoutSignature) {
  EXPECT_TRUE(check(letter).empty());
  EXPECT_TRUE(check("").empty());
  EXPECT_TRUE(check("\r\nDKIM-Signature: v=1\r\n").empty()) << "which is in the body";
}

TEST(DkimVerifier, LooksAtTenSignaturesAndCountsTheOthers) {
  const std::string field = of_example().sign(letter, noon);
  std::string message(letter);
  for (int i = 0; i < 12; ++i) message.insert(0, field);
  verifier in({.now = noon});
  in.update(message);
  in.finish();
  EXPECT_EQ(in.ignored(), 2U);
  EXPECT_EQ(in.wanted(), strings{std::string(own_name)}) << "once";
  in.give(own_name, strings{record_of(rsa_key())});
  EXPECT_EQ(in.results().size(), 10U);
  for (const verification& one : in.results()) EXPECT_EQ(one.verdict, verdict::pass);
  EXPECT_EQ(check(message, own_zone(), {.now = noon, .max_signatures = 1}).size(), 1U);
}

TEST(DkimVerifier, NamesItsKeysBeforeTheBodyComes) {
  const std::string message = football_message();
  const std::size_t body = message.find("\r\n\r\n") + 4;
  verifier in({.now = noon});
  in.update(std::string_view(message).substr(0, body - 1));
  EXPECT_FALSE(in.has_header());
  EXPECT_TRUE(in.wanted().empty());
  in.update(std::string_view(message).substr(body - 1, 1));
  EXPECT_TRUE(in.has_header());
  const strings names = {"brisbane._domainkey.football.example.com", "test._domainkey.football.example.com"};
  EXPECT_EQ(in.wanted(), names);
  in.give("Brisbane._DomainKey.football.example.com", testing::published.at(names[0]));
  in.give("nobody._domainkey.asked.example", strings{"v=DKIM1; p="});
  EXPECT_EQ(in.wanted(), strings{names[1]});
  EXPECT_THROW((void)in.results(), error);
  in.update(std::string_view(message).substr(body));
  in.finish();
  EXPECT_EQ(in.results()[0].verdict, verdict::pass);
  EXPECT_EQ(in.results()[1].verdict, verdict::temperror) << "nobody looked";
  in.give(names[1], failure(errc::resolver_failed, "no name server"));
  EXPECT_EQ(in.results()[1].reason, reason::key_unavailable);
  EXPECT_EQ(in.results()[1].detail, "no name server");
  in.give(names[1], testing::published.at(names[1]));
  EXPECT_EQ(in.results()[1].verdict, verdict::pass);
}

TEST(DkimVerifier, DescribesEachReasonOnce) {
  std::vector<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(reason::key_unavailable); ++i) {
    const std::string_view text = describe(static_cast<reason>(i));
    EXPECT_NE(text, "unknown reason");
    EXPECT_EQ(std::ranges::find(seen, text), seen.end()) << text;
    seen.push_back(text);
  }
}

// --- Authentication-Results ----------------------------------------------------------------------------

TEST(DkimAuthenticationResults, SaysWhatRfc8601Says) {
  const auto results = check(football_message(), testing::published);
  EXPECT_EQ(authentication_results("mx.example.net", results),
            "Authentication-Results: mx.example.net; dkim=pass\r\n"
            " header.d=football.example.com header.i=@football.example.com\r\n"
            " header.s=brisbane header.a=ed25519-sha256 header.b=\"/gCrinpc\"; dkim=pass\r\n"
            " header.d=football.example.com header.i=@football.example.com header.s=test\r\n"
            " header.a=rsa-sha256 header.b=F45dVWDf\r\n");
  EXPECT_EQ(authentication_results("mx.example.net", {}),
            "Authentication-Results: mx.example.net; dkim=none\r\n");
  EXPECT_EQ(authentication_results("mx.example.net", check(football_message(), {})).find("dkim=permerror") !=
                std::string::npos,
            true);
}

TEST(DkimAuthenticationResults, TellsSignaturesThatBeginAlikeApart) {
  verification one;
  one.signature =
      parse_signature("v=1; a=rsa-sha256; d=example.net; s=x; h=From; bh=MTIz; b=AAAAAAAAAAAB").value();
  verification other;
  other.signature =
      parse_signature("v=1; a=rsa-sha256; d=example.net; s=x; h=From; bh=MTIz; b=AAAAAAAAAAAC").value();
  const std::string text = authentication_results("a.b", std::vector{one, other});
  EXPECT_NE(text.find("header.b=AAAAAAAAAAAB"), std::string::npos) << text;
  EXPECT_NE(text.find("header.b=AAAAAAAAAAAC"), std::string::npos) << text;
}

TEST(DkimAuthenticationResults, LetsNothingOfTheSignatureOutOfItsPlace) {
  verification one;
  one.verdict = verdict::pass;
  one.signature = parse_signature(
                      "v=1; a=rsa-sha256; d=example.net; s=x; h=From; bh=MTIz; b=AAAA; "
                      "i=a=0D=0AX-Evil:=20yes=22@example.net")
                      .value();
  EXPECT_NE(one.signature->identity.find("\r\n"), std::string::npos);
  const std::string text = authentication_results("a.b", std::span(&one, 1));
  EXPECT_EQ(text.find("Evil"), std::string::npos) << text;
  for (const std::string_view bad : {"", "a b", "a\r\nb", "a;b"})
    EXPECT_THROW((void)authentication_results(bad, {}), error);
}

}  // namespace
}  // namespace tidewire::dkim
