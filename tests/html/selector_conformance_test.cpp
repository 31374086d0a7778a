// The selector cases of soupsieve, and the An+B cases of css-parsing-tests.
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance.hpp"
#include "html/selector_program.hpp"

namespace tidewire::html {
namespace {

using test::json;

// Cases whose expectation is that of another parser or library, and why.
const std::map<std::string, std::string, std::less<>>& exceptions() {
  static const std::map<std::string, std::string, std::less<>> known = {
      // HTML 3.2.6.4, state auto: "If result is null, then return 'ltr'." soupsieve asks the parent.
      {"test_dir.TestDir.test_dir_bidi_detect span:dir(rtl)", "auto without a strong character is ltr"},
      {"test_dir.TestDir.test_dir_on_input :is(input, textarea):dir(ltr)", "auto with an empty value is ltr"},
      // The same section's contained text auto directionality leaves out bdi, script, style, textarea and
      // what has
      // a dir attribute; soupsieve leaves out MathML, too.
      {"test_dir.TestDir.test_xml_in_html div:dir(ltr)", "text in MathML counts"},
  };
  return known;
}

// Some XML of the suite is not well-formed; its authors' parser recovers. What is meant is what follows.
std::string well_formed(std::string markup) {
  static constexpr std::pair<std::string_view, std::string_view> repairs[] = {
      {"</er>", "</e4>"},
      {" :href=", " nohref="},
      {" other:href=", " otherhref="},
      {"=http://namespace1/", "='http://namespace1/'"},
      {"=http://namespace2/", "='http://namespace2/'"},
      {"prefix:", "prefix-"}};
  for (const auto& [wrong, right] : repairs)
    for (std::size_t at = 0; (at = markup.find(wrong, at)) != std::string::npos; at += right.size())
      markup.replace(at, wrong.size(), right);
  return markup.substr(std::min(markup.find('<'), markup.size()));
}

TEST(SoupsieveSelectors, AllCasesSelectTheirElements) {
  TIDEWIRE_NEEDS_CONFORMANCE("soupsieve-selectors/selectors.json");
  const json suite = test::read_json(testing::conformance_path("soupsieve-selectors/selectors.json"));
  int selected = 0;
  int invalid = 0;
  int other_trees = 0;
  int of_xml = 0;
  std::set<std::string> excepted;
  for (const json& each : suite.items()) {
    const std::string& text = each["selector"].string();
    const std::string full = each["test"].string();
    const std::string name = full.substr(full.find('.') + 1);
    SCOPED_TRACE(name + ": " + text);
    std::vector<std::pair<std::string_view, std::string_view>> spaces;
    for (const auto& [prefix, uri] : each["namespaces"].members()) spaces.emplace_back(prefix, uri.string());
    selector_options options;
    options.namespaces = spaces;
    const auto compiled = selector::compile(text, options);
    if (each["kind"].string() == "invalid") {
      EXPECT_FALSE(compiled.has_value());
      ++invalid;
      continue;
    }
    const int parser = static_cast<int>(each["parser"].number());
    if (parser == 16 || parser == 32) {
      ++other_trees;
      continue;
    }
    if (!compiled) {
      ADD_FAILURE() << compiled.error().message();
      continue;
    }
    const bool xml = parser == 4 || parser == 8;
    document tree;
    if (xml) {
      const std::string markup = well_formed(each["markup"].string());
      auto read = parse_xml(markup);
      if (!read) {
        ADD_FAILURE() << read.error().message() << markup;
        continue;
      }
      tree = std::move(*read);
      ++of_xml;
    } else {
      tree = parse(each["markup"].string());
    }
    std::vector<std::string> found;
    for (const node& element : compiled->select(tree)) found.emplace_back(element.attribute("id"));
    std::sort(found.begin(), found.end());
    std::vector<std::string> wanted;
    for (const json& id : each["ids"].items()) wanted.push_back(id.string());
    std::sort(wanted.begin(), wanted.end());
    const auto exception = exceptions().find(name + " " + text);
    if (exception != exceptions().end()) {
      EXPECT_NE(found, wanted) << "is no exception any more";
      excepted.insert(exception->first);
      continue;
    }
    EXPECT_EQ(found, wanted) << each["markup"].string();
    ++selected;
  }
  EXPECT_EQ(excepted.size(), exceptions().size());
  std::cout << "soupsieve: " << selected << " selections (" << of_xml << " in XML), " << invalid
            << " invalid selectors, " << excepted.size() << " exceptions, " << other_trees
            << " of other parsers' trees\n";
}

TEST(CssParsingTests, AllAnPlusBCasesAreReadOrRefused) {
  TIDEWIRE_NEEDS_CONFORMANCE("css-parsing-tests/An+B.json");
  const json suite = test::read_json(testing::conformance_path("css-parsing-tests/An+B.json"));
  const json::array& items = suite.items();
  ASSERT_GT(items.size(), 80U);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    SCOPED_TRACE(items[i].string());
    std::int32_t a = 0;
    std::int32_t b = 0;
    const bool read = detail::read_an_plus_b(items[i].string(), a, b);
    EXPECT_EQ(read, !items[i + 1].is_null());
    if (!read || items[i + 1].is_null()) continue;
    EXPECT_EQ(a, static_cast<std::int32_t>(items[i + 1].items()[0].number()));
    EXPECT_EQ(b, static_cast<std::int32_t>(items[i + 1].items()[1].number()));
  }
  std::cout << "css-parsing-tests An+B: " << items.size() / 2 << " cases\n";
}

}  // namespace
}  // namespace tidewire::html
