#include <tidewire/dkim/signature.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::dkim {
namespace {

using strings = std::vector<std::string>;

// With what a signature must have, and `more`.
std::string with(std::string_view more) {
  return "v=1; a=rsa-sha256; d=example.net; s=brisbane; h=From:To; bh=MTIz; b=NDU2" + std::string(more);
}
// The same with `from` replaced.
std::string instead(std::string_view from, std::string_view to) {
  std::string text = with("");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}
std::error_code refusal(std::string_view text) {
  const auto read = parse_signature(text);
  return read.code();
}

TEST(DkimSignature, ReadsTheExampleOfRfc6376Section35) {
  const auto read = parse_signature(
      " v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n"
      " c=simple; q=dns/txt; i=@eng.example.net;\r\n"
      " t=1117574938; x=1118006938;\r\n"
      " h=from:to:subject:date;\r\n"
      " z=From:foo@eng.example.net|To:joe@example.com|\r\n"
      "  Subject:demo=20run|Date:July=205,=202005=203:44:08=20PM=20-0700;\r\n"
      " bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n"
      " b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->algorithm, algorithm::rsa_sha256);
  EXPECT_EQ(read->header, canonicalization::simple);
  EXPECT_EQ(read->body, canonicalization::simple);
  EXPECT_EQ(read->domain, "example.net");
  EXPECT_EQ(read->selector, "brisbane");
  EXPECT_EQ(read->identity, "@eng.example.net");
  EXPECT_EQ(read->key_name(), "brisbane._domainkey.example.net");
  EXPECT_EQ(read->fields, (strings{"from", "to", "subject", "date"}));
  EXPECT_EQ(read->body_hash.size(), 32U);
  EXPECT_EQ(read->value.size(), 48U);
  EXPECT_EQ(read->signed_at->time_since_epoch().count(), 1117574938);
  EXPECT_EQ(read->expires_at->time_since_epoch().count(), 1118006938);
  EXPECT_FALSE(read->body_length);
}

TEST(DkimSignature, TakesWhatIsNotSaidForWhatRfc6376Says) {
  const auto read = parse_signature(with(";"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->header, canonicalization::simple);
  EXPECT_EQ(read->body, canonicalization::simple);
  EXPECT_EQ(read->identity, "@example.net");
  EXPECT_FALSE(read->signed_at);
  EXPECT_FALSE(read->expires_at);
}

TEST(DkimSignature, ReadsEachCanonicalisation) {
  const auto forms = [](std::string_view c) {
    const auto read = parse_signature(with("; c=" + std::string(c)));
    return read ? std::string(to_string(read->header)) + '/' + std::string(to_string(read->body)) : "";
  };
  EXPECT_EQ(forms("relaxed"), "relaxed/simple");
  EXPECT_EQ(forms("relaxed/relaxed"), "relaxed/relaxed");
  EXPECT_EQ(forms("simple/relaxed"), "simple/relaxed");
  for (const std::string_view bad :
       {"", "nowsp", "relaxed/", "/relaxed", "relaxed/x", "relaxed/simple/simple"})
    EXPECT_TRUE(refusal(with("; c=" + std::string(bad))) == errc::unsupported) << bad;
}

TEST(DkimSignature, PassesOverWhiteSpaceWhereItMayBe) {
  const auto read = parse_signature(
      "\r\n v = 1 ;\ta=rsa-sha256;d\r\n =\r\n example.net;s= brisbane ;h=From :\r\n To;bh=M T\r\n Iz;b= N D "
      "U2 ; \r\n");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->domain, "example.net");
  EXPECT_EQ(read->fields, (strings{"From", "To"}));
  EXPECT_EQ(read->body_hash.size(), 3U);
  EXPECT_EQ(read->value.size(), 3U);
}

TEST(DkimSignature, RefusesWhatLacksATagOrHasOneTwice) {
  for (const std::string_view tag :
       {"v=1; ", "a=rsa-sha256; ", "d=example.net; ", "s=brisbane; ", "h=From:To; ", "bh=MTIz; ", "; b=NDU2"})
    EXPECT_TRUE(refusal(instead(tag, "")) == errc::malformed) << tag;
  for (const std::string_view tag : {"v=1", "d=example.net", "x=1"})
    EXPECT_TRUE(refusal(with("; x=1; " + std::string(tag))) == errc::malformed) << tag;
}

TEST(DkimSignature, RefusesWhatIsNotOfTheGrammar) {
  for (const std::string_view bad : {"", " ", ";", "v", "=1", "v=1; ; a=x", "1a=2", "v=1;;", "a-b=c"})
    EXPECT_TRUE(refusal(bad) == errc::malformed) << bad;
  EXPECT_TRUE(refusal(with("; n=\x01")) == errc::malformed);
  EXPECT_TRUE(refusal(with(std::string("; n=\0", 5))) == errc::malformed);
  EXPECT_TRUE(refusal(with("; n=\xFF")) == errc::malformed);
  EXPECT_FALSE(refusal(with("; n=caf\xC3\xA9")));
}

TEST(DkimSignature, RefusesWhatContradictsItself) {
  EXPECT_TRUE(refusal(instead("From:To", "To:Subject")) == errc::malformed) << "From is not signed";
  EXPECT_TRUE(refusal(with("; i=joe@example.org")) == errc::malformed);
  EXPECT_TRUE(refusal(with("; i=joe@badexample.net")) == errc::malformed);
  EXPECT_TRUE(refusal(with("; i=joe")) == errc::malformed);
  EXPECT_FALSE(refusal(with("; i=joe@a.Example.NET")));
  EXPECT_TRUE(refusal(with("; t=5; x=5")) == errc::malformed);
  EXPECT_FALSE(refusal(with("; t=5; x=6")));
}

TEST(DkimSignature, RefusesNamesThatAreNone) {
  for (const std::string_view bad : {"net", "", "a..b", ".example.net", "example.net.", "exam ple.net",
                                     "a@b.c", "-a.net", "a-.net", "a/b.net", "example.net:25"})
    EXPECT_TRUE(refusal(instead("d=example.net", "d=" + std::string(bad))) == errc::malformed) << bad;
  for (const std::string_view bad : {"", "a..b", "a b", "a*"})
    EXPECT_TRUE(refusal(instead("s=brisbane", "s=" + std::string(bad))) == errc::malformed) << bad;
  for (const std::string_view bad : {"From:", ":From", "From::To", "From:a b", "Fr\xC3\xB6m:From"})
    EXPECT_TRUE(refusal(instead("From:To", bad)) == errc::malformed) << bad;
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  EXPECT_TRUE(refusal(instead("d=example.net", "d=" + longest)) == errc::malformed) << "with the selector";
  EXPECT_FALSE(refusal(instead("s=brisbane", "s=a.b_c.d")));
}

TEST(DkimSignature, FindsTheKeyOfAnInternationalDomain) {
  const auto read = parse_signature(instead("d=example.net", "d=B\xC3\xBC\x63her.example"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key_name(), "brisbane._domainkey.xn--bcher-kva.example");
}

TEST(DkimSignature, NamesWhatItDoesNotKnow) {
  EXPECT_TRUE(refusal(instead("v=1", "v=2")) == errc::unsupported);
  EXPECT_TRUE(refusal(instead("rsa-sha256", "rsa-sha512")) == errc::unsupported);
  EXPECT_TRUE(refusal(with("; q=dns/other")) == errc::unsupported);
  EXPECT_FALSE(refusal(with("; q=dns/other : dns/txt")));
  EXPECT_EQ(parse_signature(instead("rsa-sha256", "rsa-sha1"))->algorithm, algorithm::rsa_sha1);
}

TEST(DkimSignature, ReadsNumbersUpToTheirLimits) {
  EXPECT_EQ(parse_signature(with("; l=18446744073709551615"))->body_length, 18446744073709551615U);
  for (const std::string_view bad : {"18446744073709551616", "-1", "", "1a", "+1"})
    EXPECT_TRUE(refusal(with("; l=" + std::string(bad))) == errc::malformed) << bad;
  for (const std::string_view bad : {"-1", "", "1a", "soon"})
    EXPECT_TRUE(refusal(with("; t=" + std::string(bad))) == errc::malformed) << bad;
  EXPECT_EQ(parse_signature(with("; x=99999999999999999999999"))->expires_at->time_since_epoch().count(),
            999'999'999'999);
}

TEST(DkimSignature, DecodesTheIdentity) {
  EXPECT_EQ(parse_signature(with("; i=a=3Bb=20c@ example.net"))->identity, "a;b c@example.net");
}

TEST(DkimSignature, StopsAtEachOfItsLimits) {
  std::string tags = with("");
  for (int i = 0; i < 57; ++i) tags += "; x" + std::to_string(i) + "=1";
  EXPECT_FALSE(refusal(tags));
  EXPECT_TRUE(refusal(tags + "; more=1") == errc::limit_exceeded);

  std::string names = "h=From";
  for (int i = 1; i < 1000; ++i) names += ":a";
  EXPECT_FALSE(refusal(instead("h=From:To", names)));
  EXPECT_TRUE(refusal(instead("h=From:To", names + ":a")) == errc::limit_exceeded);

  const std::string start = with("; z=");
  EXPECT_FALSE(refusal(start + std::string(max_signature_size - start.size(), 'z')));
  EXPECT_TRUE(refusal(start + std::string(max_signature_size - start.size() + 1, 'z')) ==
              errc::limit_exceeded);
}

TEST(DkimSignature, EndsAtEachTruncationWithoutHarm) {
  const std::string whole = with("; c=relaxed/simple; i=a=20b@example.net; t=1; x=2; l=3; q=dns/txt");
  for (std::size_t end = 0; end < whole.size(); ++end) {
    const tidewire::testing::exact_block copy(std::string_view(whole).substr(0, end));
    const auto read = parse_signature(copy.text());
    if (!read) {
      EXPECT_TRUE(read.error() == condition::protocol || read.error().code() == errc::unsupported) << end;
    }
  }
}

}  // namespace
}  // namespace tidewire::dkim
