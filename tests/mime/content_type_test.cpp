#include <tidewire/mime/content_type.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "support/conformance.hpp"
#include "support/exact.hpp"
#include "support/json.hpp"

namespace tidewire::mime {
namespace {

using names = std::map<std::string, std::string>;

names parameters_of(const parameter_list& list) {
  names all;
  for (const parameter& one : list) all.emplace(one.name, one.value);
  return all;
}
names type_parameters(std::string_view raw) {
  const testing::exact_block copy(raw);
  const auto type = parse_content_type(copy.text());
  return type ? parameters_of(type->parameters) : names{{"malformed", ""}};
}

TEST(MimeContentType, ReadsTypeSubtypeAndParameters) {
  const auto type = parse_content_type(" Text/HTML ;\r\n Charset = \"utf-8\"; format=flowed (really)");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->essence(), "text/html");
  EXPECT_TRUE(type->is("text"));
  EXPECT_FALSE(type->is("text", "plain"));
  EXPECT_EQ(type->charset(), "utf-8");
  EXPECT_EQ(type->parameters.get("FORMAT"), "flowed");
  EXPECT_EQ(type->parameters.find("missing"), std::nullopt);
}

TEST(MimeContentType, RefusesWhatHasNoSubtype) {
  for (const char* text : {"", "text", "text/", "/plain", "; charset=x", "name=value", "(text/plain)"}) {
    const auto type = parse_content_type(text);
    ASSERT_FALSE(type) << text;
    EXPECT_EQ(type.error(), condition::protocol) << text;
  }
}

TEST(MimeContentType, PutsTheSegmentsOfRfc2231Together) {
  // The examples of sections 3 and 4.
  EXPECT_EQ(
      type_parameters("message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n"
                      " URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\""),
      (names{{"access-type", "URL"}, {"url", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"}}));
  const auto fun = parse_content_type(
      "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
      " title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n title*2=\"isn't it!\"");
  ASSERT_TRUE(fun);
  EXPECT_EQ(fun->parameters.get("title"), "This is even more ***fun*** isn't it!");
  EXPECT_EQ(fun->parameters.begin()->language, "en");
  EXPECT_EQ(type_parameters("a/b; n*1=b; n*0=a; n*2=c"), (names{{"n", "abc"}}));
  EXPECT_EQ(type_parameters("a/b; n*0*=utf-8''%C3; n*1*=%A9"), (names{{"n", "\xC3\xA9"}}));
  EXPECT_EQ(type_parameters("a/b; n=plain; n*=utf-8''%E2%82%AC"), (names{{"n", "\xE2\x82\xAC"}}));
  EXPECT_EQ(type_parameters("a/b; n*=utf-8''%E2%82%AC; n=plain"), (names{{"n", "\xE2\x82\xAC"}}));
}

TEST(MimeContentType, StopsAtASegmentThatIsMissing) {
  EXPECT_EQ(type_parameters("a/b; n*0=a; n*2=c"), (names{{"n", "a"}}));
  EXPECT_EQ(type_parameters("a/b; n*0=a; n*0=x; n*1=b"), (names{{"n", "ab"}}));
  EXPECT_EQ(type_parameters("a/b; n*99999999999=x"), (names{{"n*99999999999", "x"}}));
  EXPECT_EQ(type_parameters("a/b; n*=no-quotes%20here"), (names{{"n", "no-quotes here"}}));
}

TEST(MimeContentType, ReadsWhatMailersWrite) {
  EXPECT_EQ(type_parameters("a/b; name=my file (1).pdf; x=y"),
            (names{{"name", "my file (1).pdf"}, {"x", "y"}}));
  EXPECT_EQ(type_parameters("a/b; name=one charset=two"), (names{{"name", "one"}, {"charset", "two"}}));
  EXPECT_EQ(type_parameters("a/b name=x"), (names{{"name", "x"}}));
  EXPECT_EQ(type_parameters("a/b; name=\"=?utf-8?q?=C3=A9?=.txt\""), (names{{"name", "\xC3\xA9.txt"}}));
  EXPECT_EQ(type_parameters("a/b; name=\"unclosed"), (names{{"name", "unclosed"}}));
  EXPECT_EQ(type_parameters("a/b; name=\"a \\\"b\\\" c\""), (names{{"name", "a \"b\" c"}}));
  EXPECT_EQ(type_parameters("a/b; x=1; x=2"), (names{{"x", "1"}}));
  EXPECT_EQ(type_parameters("a/b; ; =x; y; z=\"\""), (names{{"z", ""}}));
}

TEST(MimeContentType, DropsParametersPastTheLimit) {
  std::string text = "a/b";
  for (std::size_t i = 0; i < max_parameters + 1; ++i) text += "; p" + std::to_string(i) + "=v";
  const auto type = parse_content_type(text);
  ASSERT_TRUE(type);
  EXPECT_EQ(type->parameters.size(), max_parameters);
}

TEST(MimeContentDisposition, ReadsDispositionsAndTheirFileNames) {
  const auto shown = parse_content_disposition("ATTACHMENT; filename*=UTF-8''na%C3%AFve%20file.txt; size=12");
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->is_attachment());
  EXPECT_EQ(shown->filename(), "na\xC3\xAFve file.txt");
  EXPECT_TRUE(parse_content_disposition("inline")->is_inline());
  EXPECT_EQ(parse_content_disposition("filename=x.txt")->filename(), "x.txt");
  EXPECT_FALSE(parse_content_disposition("  "));
}

TEST(MimeTransferEncoding, KnowsTheFiveAndWhatMailersWriteForThem) {
  EXPECT_EQ(*parse_transfer_encoding(" Base64 (of course)"), transfer_encoding::base64);
  EXPECT_EQ(*parse_transfer_encoding("\"quoted-printable\""), transfer_encoding::quoted_printable);
  EXPECT_EQ(*parse_transfer_encoding("7BIT;"), transfer_encoding::seven_bit);
  EXPECT_FALSE(parse_transfer_encoding("x-uuencode"));
  EXPECT_FALSE(parse_transfer_encoding(""));
  for (const auto each :
       {transfer_encoding::seven_bit, transfer_encoding::eight_bit, transfer_encoding::binary,
        transfer_encoding::quoted_printable, transfer_encoding::base64})
    EXPECT_EQ(*parse_transfer_encoding(name_of(each)), each);
}

TEST(MimeContentType, AgreesWithMailParser) {
  TIDEWIRE_NEEDS_CONFORMANCE("mail-parser/content_type.json");
  // Where the two differ, and what decides.
  const std::set<std::string> without_subtype = {
      // RFC 2045 section 5.1: "a subtype specification is MANDATORY -- it may not be omitted".
      "inline\n", "name=value\n", "text/;charset=us-ascii\n",
      // Ours is a disposition, read as one.
      " inline; filename=\"  best \\\"file\\\" ever with \\\\ escaped ' stuff.  \"\n"};
  const std::map<std::string, std::string> other_subtype = {
      // RFC 2045 section 5.1: "/" is a tspecial, no part of a token.
      {"text/plain/format\n", "plain"},
      {"text/plain/format ;charset=us-ascii\n", "plain"}};
  const std::map<std::string, std::string> other_value = {
      // RFC 2047 section 6.2: white space between two encoded words is not of the text, whatever their
      // charsets.
      {"\xC3\xA1 \xC3\xA9 \xC3\xAD.jpeg", "\xC3\xA1\xC3\xA9\xC3\xAD.jpeg"}};
  const testing::json suite = testing::read_json(testing::conformance_path("mail-parser/content_type.json"));
  for (const testing::json& each : suite.items()) {
    const std::string& raw = each["header"].string();
    SCOPED_TRACE(raw);
    const auto type = parse_content_type(raw);
    const testing::json& wanted = each["expected"];
    if (wanted.is_null() || without_subtype.contains(raw)) {
      EXPECT_FALSE(type);
      continue;
    }
    ASSERT_TRUE(type);
    EXPECT_EQ(type->type, wanted["c_type"].string());
    const auto other = other_subtype.find(raw);
    EXPECT_EQ(type->subtype, other == other_subtype.end() ? wanted["c_subtype"].string() : other->second);
    const testing::json* attributes = wanted.find("attributes");
    names expected;
    if (attributes != nullptr && !attributes->is_null()) {
      for (const testing::json& one : attributes->items()) {
        const std::string& name = one.items()[0].string();
        const std::string& value = one.items()[1].string();
        if (name.ends_with("-language")) continue;  // ours is a member of the parameter
        expected.emplace(name, other_value.contains(value) ? other_value.at(value) : value);
      }
    }
    EXPECT_EQ(parameters_of(type->parameters), expected);
  }
  EXPECT_EQ(suite.items().size(), 52U);
}

}  // namespace
}  // namespace tidewire::mime
