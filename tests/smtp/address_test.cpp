#include <tidewire/smtp/address.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/exact.hpp"

namespace tidewire::smtp {
namespace {

using namespace std::string_literals;

bool accepts(std::string_view text) {
  const testing::exact_block block(text);
  const auto parsed = address::parse(block.text());
  if (parsed) {
    EXPECT_EQ(parsed->text(), text);
    EXPECT_EQ(std::string(parsed->local_part()) + '@' + std::string(parsed->domain()), text);
  } else {
    EXPECT_EQ(parsed.code(), tidewire::errc::malformed);
  }
  return parsed.has_value();
}

TEST(SmtpAddress, HasALocalPartAndADomain) {
  const auto ada = address::parse("ada.lovelace+mail@mx-1.example.org");
  ASSERT_TRUE(ada);
  EXPECT_EQ(ada->local_part(), "ada.lovelace+mail");
  EXPECT_EQ(ada->domain(), "mx-1.example.org");
  EXPECT_FALSE(ada->needs_smtputf8());
  EXPECT_TRUE(address().empty());
}

TEST(SmtpAddress, IsAcceptedInEveryFormOfTheStandard) {
  for (const char* yes :
       {"a@b", "a@localhost", "!#$%&'*+-/=?^_`{|}~@example.org", "\"\"@example.org", "\"a b\"@example.org",
        "\"a@b\"@example.org", "\"a\\\"b\\\\\"@example.org", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]",
        "a@[ipv6:::1]", "a@1.2.3.4", "a@3com.example", "a@b--c.example"}) {
    EXPECT_TRUE(accepts(yes)) << yes;
  }
}

TEST(SmtpAddress, IsRefusedInEveryOther) {
  for (const char* no : {"",
                         "a",
                         "@",
                         "a@",
                         "@b",
                         "a@@b",
                         "a b@c",
                         ".a@b",
                         "a.@b",
                         "a..b@c",
                         "a@.b",
                         "a@b.",
                         "a@b..c",
                         "a@-b",
                         "a@b-",
                         "a@b_c",
                         "a@b c",
                         "\"a@b",
                         "\"a\"b@c",
                         "a\"b\"@c",
                         "a@[1.2.3]",
                         "a@[1.2.3.4",
                         "a@[2001:db8::1]",
                         "a@[IPv6:1.2.3.4]",
                         "a@[]",
                         "a@[x:]",
                         "a@[x-tag:any]",
                         "a@[x:\\y]",
                         "<a@b>",
                         "a@b>",
                         "a@b\r\n",
                         "a@b\nRCPT",
                         "a\r@b",
                         "\"a\r\n\"@b",
                         "\"a\\\n\"@b",
                         "\"\t\"@b",
                         "a@b\x7f",
                         "ada (comment)@b"}) {
    EXPECT_FALSE(accepts(no)) << no;
  }
  EXPECT_FALSE(accepts("a\0@b"s));
  EXPECT_FALSE(accepts("a@b\0"s));
  EXPECT_FALSE(accepts("\"\0\"@b"s));
}

TEST(SmtpAddress, MayBeInternational) {
  const auto jorg = address::parse(
      "j\xc3\xb6rg@b\xc3\xbc"
      "cher.example");
  ASSERT_TRUE(jorg);
  EXPECT_TRUE(jorg->needs_smtputf8());
  EXPECT_FALSE(accepts("j\xf6rg@example.org"));       // Latin-1
  EXPECT_FALSE(accepts("\xed\xa0\x80@example.org"));  // a surrogate
  EXPECT_FALSE(accepts("a@\xc3"));
}

TEST(SmtpAddress, KeepsToTheLimits) {
  const std::string label(63, 'x');
  EXPECT_TRUE(accepts(std::string(64, 'a') + "@b"));
  EXPECT_FALSE(accepts(std::string(65, 'a') + "@b"));
  EXPECT_TRUE(accepts("a@" + label));
  EXPECT_FALSE(accepts("a@x" + label));
  const std::string domain = label + '.' + label + '.' + label + '.' + std::string(60, 'y');  // 252
  EXPECT_TRUE(accepts("a@" + domain));
  EXPECT_FALSE(accepts("a@" + domain + 'y'));
}

TEST(SmtpAddress, EveryCutOfOneIsReadWithinItsBounds) {
  for (const std::string_view text :
       {"ada.lovelace@mx.example.org", "\"a\\\"b\"@[IPv6:2001:db8::1]", "<@a,@b:c@d>"}) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      const testing::exact_block block(text.substr(0, i));
      (void)address::parse(block.text());
      address into;
      const auto size = parse_path(block.text(), into);
      EXPECT_EQ(size.has_value(), text.front() == '<' && i == text.size());
    }
  }
}

TEST(SmtpPath, IsInAngleBrackets) {
  address into;
  EXPECT_EQ(parse_path("<ada@example.org> SIZE=1", into).value(), 17u);
  EXPECT_EQ(into.text(), "ada@example.org");
  EXPECT_EQ(parse_path("<> BODY=7BIT", into).value(), 2u);
  EXPECT_TRUE(into.empty());
  EXPECT_EQ(parse_path("<@one.example,@two.example:ada@example.org>", into).value(), 43u);
  EXPECT_EQ(into.text(), "ada@example.org");
  EXPECT_EQ(parse_path("<\"a>b\"@example.org>", into).value(), 19u);
  EXPECT_EQ(into.local_part(), "\"a>b\"");
  EXPECT_EQ(parse_path("<Postmaster>", into).value(), 12u);
  EXPECT_EQ(into.local_part(), "Postmaster");
  EXPECT_EQ(into.domain(), "");
  for (const char* no : {"", "<", "ada@example.org", "<ada@example.org", "<ada>", "<@a:>", "<@a b@c>",
                         "<@a,b@c>", "< a@b>", "<a@b >", "<a@b\r\n>"}) {
    EXPECT_FALSE(parse_path(no, into)) << no;
  }
}

TEST(SmtpDomain, IsWhatEhloMayBeGiven) {
  for (const char* yes : {"localhost", "mx.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]"}) {
    EXPECT_TRUE(is_domain_or_literal(yes)) << yes;
  }
  for (const char* no : {"", "a b", "a\r\nMAIL", "[192.0.2]", "[192.0.2.1", "-a", "a_b"}) {
    EXPECT_FALSE(is_domain_or_literal(no)) << no;
  }
}

}  // namespace
}  // namespace tidewire::smtp
