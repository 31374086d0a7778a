#include <tidewire/base/utf8.hpp>
#include <tidewire/mime/address.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/conformance.hpp"
#include "support/exact.hpp"
#include "support/json.hpp"

namespace tidewire::mime {
namespace {

address_list parse(std::string_view raw) {
  const testing::exact_block copy(raw);
  return parse_addresses(copy.text());
}

// One mailbox a line, groups as "name: a, b;".
std::string shown(const address_list& list) {
  std::string text;
  for (const address_entry& entry : list.entries) {
    if (!text.empty()) text += '\n';
    if (const auto* one = std::get_if<mailbox>(&entry)) {
      text += one->str();
    } else {
      const group& named = std::get<group>(entry);
      text += named.name + ":";
      for (const mailbox& member : named.members) text += " " + member.str();
    }
  }
  return text;
}

std::string well_formed(std::string_view raw) {
  const address_list list = parse(raw);
  EXPECT_TRUE(list.well_formed) << raw;
  return shown(list);
}
std::string guessed(std::string_view raw) {
  const address_list list = parse(raw);
  EXPECT_FALSE(list.well_formed) << raw;
  return shown(list);
}

TEST(MimeAddress, ReadsTheExamplesOfRfc5322) {
  EXPECT_EQ(well_formed("John Doe <jdoe@machine.example>"), "John Doe <jdoe@machine.example>");
  EXPECT_EQ(well_formed("\"Joe Q. Public\" <john.q.public@example.com>"),
            "\"Joe Q. Public\" <john.q.public@example.com>");
  EXPECT_EQ(well_formed("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
            "Mary Smith <mary@x.test>\njdoe@example.org\nWho? <one@y.test>");
  EXPECT_EQ(well_formed("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"),
            "boss@nil.test\n\"Giant; \\\"Big\\\" Box\" <sysservices@example.net>");
  EXPECT_EQ(well_formed("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            "A Group: Ed Jones <c@a.test> joe@where.test John <jdoe@one.test>");
  EXPECT_EQ(well_formed("Undisclosed recipients:;"), "Undisclosed recipients:");
}

TEST(MimeAddress, ReadsTheObsoleteForms) {
  // RFC 5322 appendix A.5 and A.6.
  EXPECT_EQ(well_formed("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
            "Pete <pete@silly.test>");
  EXPECT_EQ(well_formed("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
                        "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end)"),
            "A Group: Chris Jones <c@public.example> joe@example.org John <jdoe@one.test>");
  EXPECT_EQ(well_formed("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"),
            "Hidden recipients:");
  EXPECT_EQ(well_formed("Joe Q. Public <john.q.public@example.com>"),
            "\"Joe Q. Public\" <john.q.public@example.com>");
  EXPECT_EQ(well_formed("Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test . example"),
            "Mary Smith <mary@example.net>\njdoe@test.example");
  EXPECT_EQ(well_formed("jdoe@example.org (John Doe)"), "John Doe <jdoe@example.org>");
  EXPECT_EQ(well_formed("\"a b\"@example.org, <\"x@y\"@[10.0.0.1]>"),
            "\"a b\"@example.org\n\"x@y\"@[10.0.0.1]");
}

TEST(MimeAddress, DecodesNames) {
  EXPECT_EQ(well_formed("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>"),
            "Keld J\xC3\xB8rn Simonsen <keld@dkuug.dk>");
  EXPECT_EQ(well_formed("=?utf-8?q?a=2C_b?= <a@b.c>"), "\"a, b\" <a@b.c>");
  EXPECT_EQ(well_formed("\xC3\x89va <\xC3\xA9va@ex\xC3\xA9mple.org>"),
            "\xC3\x89va <\xC3\xA9va@ex\xC3\xA9mple.org>");
}

TEST(MimeAddress, MakesTheBestOfWhatIsNotOfTheGrammar) {
  EXPECT_EQ(guessed("John Doe jdoe@x.org"), "John Doe <jdoe@x.org>");
  EXPECT_EQ(guessed("Whomever"), "Whomever <>");
  EXPECT_EQ(guessed("<a@b.c, d@e.f"), "a@b.c\nd@e.f");
  EXPECT_EQ(guessed("a@b.c> , d@e.f"), "a@b.c>\nd@e.f");
  EXPECT_EQ(guessed("\"unclosed <a@b.c>"), "\"unclosed <a@b.c>\" <>");
  EXPECT_EQ(guessed("g: a@b.c, h: d@e.f;"), "g: a@b.c\nh: d@e.f");
  EXPECT_EQ(guessed("g: a@b.c"), "g: a@b.c");
  EXPECT_EQ(guessed("a@b.c; d@e.f"), "a@b.c\nd@e.f");
  EXPECT_EQ(guessed("<>"), "");
  EXPECT_EQ(well_formed(""), "");
}

// What is shown as the sender must be the sender.
TEST(MimeAddress, TakesNoAddressFromANameOrAComment) {
  EXPECT_EQ(parse("\"ceo@bank.example\" <thief@evil.example>").mailboxes()[0].address, "thief@evil.example");
  EXPECT_EQ(parse("=?utf-8?q?ceo=40bank.example=2C_x?= <thief@evil.example>").mailboxes().size(), 1U);
  EXPECT_EQ(parse("thief@evil.example (ceo@bank.example)").mailboxes()[0].address, "thief@evil.example");
  EXPECT_EQ(parse("\"<ceo@bank.example>\" <thief@evil.example>").mailboxes()[0].address,
            "thief@evil.example");
}

TEST(MimeAddress, StopsAtTheLimit) {
  const address_list list = parse_addresses("a@b.c, d@e.f, g@h.i", 2);
  EXPECT_EQ(list.entries.size(), 2U);
  EXPECT_FALSE(list.well_formed);
  EXPECT_TRUE(parse_addresses("a@b.c, d@e.f", 2).well_formed);
}

TEST(MimeAddress, NestsCommentsWithoutEnd) {
  const std::string deep(100'000, '(');
  EXPECT_EQ(shown(parse(deep + "a@b.c")), "");
  EXPECT_EQ(shown(parse("x@y.z " + deep)), deep.substr(0, 0) + parse("x@y.z " + deep).mailboxes()[0].str());
}

TEST(MimeAddress, ChecksWhatAnEnvelopeMayHave) {
  for (const char* good : {"a@b.c", "first.last+tag@example.org", "\"a b\"@example.org", "x@[127.0.0.1]",
                           "x@[IPv6:::1]", "\xC3\xA9@example.org", "o'neil@example.org"})
    EXPECT_TRUE(check_address(good)) << good;
  for (const char* bad : {"",        "a",         "@b",        "a@",     "a@b@c",   ".a@b",   "a.@b",
                          "a..b@c",  "a b@c",     "a@b c",     "a(x)@b", " a@b",    "a@b ",   "<a@b>",
                          "a@b\r\n", "a@b\r\n c", "a\n@b",     "a@-b.c", "a@b-.c",  "a@b..c", "a@b.",
                          "\"a@b",   "\"a\"b@c",  "\"a\".b@c", "a@[x",   "a@b,c@d", "a@b\t",  "a@b\x7F"})
    EXPECT_FALSE(check_address(bad)) << bad;
  EXPECT_FALSE(check_address(std::string_view("a\0@b", 4)));
  EXPECT_TRUE(check_address(std::string(64, 'a') + "@b.c"));
  EXPECT_FALSE(check_address(std::string(65, 'a') + "@b.c"));
  EXPECT_TRUE(check_address("a@" + std::string(63, 'b') + ".c"));
  EXPECT_FALSE(check_address("a@" + std::string(64, 'b') + ".c"));
}

TEST(MimeAddress, WritesDomainsInAscii) {
  EXPECT_EQ(*domain_to_ascii("Example.ORG"), "example.org");
  EXPECT_EQ(*domain_to_ascii("b\xC3\xBC\x63her.example"), "xn--bcher-kva.example");
  EXPECT_EQ(*domain_to_ascii("m\xC3\xBCnchen.de"), "xn--mnchen-3ya.de");
  // RFC 3492 section 7.1 (A) and (L).
  EXPECT_EQ(*domain_to_ascii(
                "\xD9\x84\xD9\x8A\xD9\x87\xD9\x85\xD8\xA7\xD8\xA8\xD8\xAA\xD9\x83\xD9\x84\xD9\x85\xD9\x88"
                "\xD8\xB4\xD8\xB9\xD8\xB1\xD8\xA8\xD9\x8A\xD8\x9F"),
            "xn--egbpdaj6bu4bxfgehfvwxn");
  EXPECT_EQ(*domain_to_ascii("3\xE5\xB9\xB4\x62\xE7\xB5\x84\xE9\x87\x91\xE5\x85\xAB\xE5\x85\x88\xE7\x94\x9F"),
            "xn--3b-ww4c5e180e575a65lsy2b");
  EXPECT_FALSE(domain_to_ascii("\xFF.org"));
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "\xC3\xBC";
  EXPECT_FALSE(domain_to_ascii(longest));
}

// The suite writes control characters as U+2400 and above, and what is not ASCII as UTF-8.
std::string without_pictures(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\xE2\x90") == 0 && i + 2 < text.size()) {
      out += static_cast<char>(static_cast<unsigned char>(text[i + 2]) & 0x3F);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string element(std::string_view test, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t begin = test.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = test.find("</", begin);
  std::string text(test.substr(begin + open.size(), end - begin - open.size()));
  const std::pair<const char*, const char*> entities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
  for (std::size_t at; (at = text.find("&#x")) != std::string::npos;) {
    const std::size_t semicolon = text.find(';', at);
    char utf8[4];
    const auto point =
        static_cast<char32_t>(std::stoul(text.substr(at + 3, semicolon - at - 3), nullptr, 16));
    text.replace(at, semicolon + 1 - at, std::string(utf8, write_utf8(point, utf8)));
  }
  for (const auto& [entity, character] : entities)
    for (std::size_t at; (at = text.find(entity)) != std::string::npos;)
      text.replace(at, std::string_view(entity).size(), character);
  return without_pictures(text);
}

TEST(MimeAddress, AgreesWithIsemail) {
  TIDEWIRE_NEEDS_CONFORMANCE("isemail/tests.xml");
  const std::string file = testing::read_file(testing::conformance_path("isemail/tests.xml"));
  std::size_t count = 0;
  for (std::size_t at = file.find("<test id="); at != std::string::npos;
       at = file.find("<test id=", at + 1)) {
    const std::string_view test = std::string_view(file).substr(at, file.find("</test>", at) - at);
    const std::string text = element(test, "address");
    const std::string category = element(test, "category");
    const auto found = parse_addr_spec(text);
    ++count;
    SCOPED_TRACE(text + " " + element(test, "diagnosis"));
    if (text == "\"test\\\xC2\xA9\"@iana.org") {
      // RFC 6532 section 3.2 came after the suite: "VCHAR =/ UTF8-non-ascii", also after a backslash.
      EXPECT_TRUE(found);
    } else if (category == "ISEMAIL_ERR") {
      EXPECT_FALSE(found);
    } else if (category != "ISEMAIL_RFC5322") {
      // Of the category RFC5322 some are too long for mail, others literals that no mail is sent to.
      EXPECT_TRUE(found) << found.error().detail();
    }
  }
  EXPECT_EQ(count, 82U);
}

// "0H`@(\\" once ran past its end.
TEST(MimeAddress, AnAddrSpecCutAnywhereIsReadToItsEndOnly) {
  const std::string whole = "\"a\\\"b\".c(\\)(x\\\\)\r\n )@(\\() sub . example (c\\)) . org";
  ASSERT_TRUE(parse_addr_spec(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    // In memory of its own size, so that the sanitizer sees one byte too many.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto found = parse_addr_spec(std::string_view(cut.data(), cut.size()));
    if (!found) {
      EXPECT_NE(found.error().detail().find(" at offset "), std::string::npos);
    }
  }
  EXPECT_FALSE(parse_addr_spec("0H`@(\\"));
  EXPECT_FALSE(parse_addr_spec("0H`@(\\l\\"));
}

TEST(MimeAddress, AgreesWithMailParser) {
  TIDEWIRE_NEEDS_CONFORMANCE("mail-parser/address.json");
  // It keeps comments as a part of the name, and white space in addresses; by RFC 5322 section 3.2.2 they are
  // "not part of the semantic". Its list of links of RFC 2369 is not one of addresses.
  const std::map<std::string, std::string> other_names = {
      {"Pete (A nice ) chap his account his host)", "Pete"},
      {"A Group (Some people)", "A Group"},
      {"Chris Jones (Chris's host.)", "Chris Jones"},
      {"John (my dear friend)", "John"},
      {"John Doe (comment)", "John Doe"},
      {"Name Doe (comment)", "Name Doe"},
  };
  const auto name_of = [&](const testing::json& name) {
    const std::string text = name.is_null() ? "" : name.string();
    if (text.starts_with("Nathaniel Borenstein (")) return std::string("Nathaniel Borenstein");
    const auto other = other_names.find(text);
    return other == other_names.end() ? text : other->second;
  };
  const testing::json suite = testing::read_json(testing::conformance_path("mail-parser/address.json"));
  for (const testing::json& each : suite.items()) {
    const std::string& raw = each["header"].string();
    // Fields of RFC 2369, and a line that no field goes on to.
    if (raw.find(":/") != std::string::npos || raw.find("mailto:") != std::string::npos ||
        raw.starts_with("NO (") || raw.find("\ninvalid") != std::string::npos)
      continue;
    SCOPED_TRACE(raw);
    std::vector<std::pair<std::string, std::string>> wanted;
    const auto add = [&](const testing::json& one) {
      if (one["address"].is_null()) return;  // the comment after a list
      std::string text = one["address"].string();
      std::erase(text, ' ');
      wanted.emplace_back(name_of(one["name"]), text);
    };
    if (const testing::json* list = each["expected"].find("List")) {
      for (const testing::json& one : list->items()) add(one);
    } else {
      for (const testing::json& named : each["expected"]["Group"].items())
        for (const testing::json& one : named["addresses"].items()) add(one);
    }
    std::vector<std::pair<std::string, std::string>> found;
    for (const mailbox& one : parse(raw).mailboxes()) found.emplace_back(one.name, one.address);
    EXPECT_EQ(found, wanted);
  }
  EXPECT_EQ(suite.items().size(), 30U);
}

}  // namespace
}  // namespace tidewire::mime
