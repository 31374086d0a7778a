// Input made to hurt: the parser's work is counted and held against the size of the input and of the tree.
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "html/selector_program.hpp"
#include "html/store.hpp"
#include "html/text_search.hpp"
#include "html/tree_builder.hpp"

namespace tidewire::html {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}
// With the number of each repetition for '#'.
std::string numbered(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    for (char c : text) {
      if (c == '#')
        out += std::to_string(i);
      else
        out += c;
    }
  return out;
}

struct effort {
  std::uint64_t work;
  std::size_t nodes;
  std::size_t memory;
};

effort effort_of(const std::string& page) {
  detail::document_store store;
  store.source = page.data();
  store.source_size = static_cast<std::uint32_t>(page.size());
  detail::tree_builder builder(store);
  builder.begin({}, 0, 0);
  builder.run(store.source_size, true);
  return {builder.work(), store.nodes.size(), store.memory()};
}

// Work that is linear doubles with the input; what is quadratic is four times as much.
TEST(HtmlBadInput, TakesWorkThatIsLinearInInputAndTree) {
  const std::vector<std::pair<const char*, std::function<std::string(std::size_t)>>> shapes = {
      {"nested div", [](std::size_t n) { return repeated("<div>", n); }},
      {"nested b", [](std::size_t n) { return repeated("<b>", n); }},
      {"nested b, each another", [](std::size_t n) { return numbered("<b id=#>", n); }},
      {"nested b and their ends",
       [](std::size_t n) { return numbered("<b id=#>", n) + repeated("</b>", n); }},
      {"nested a", [](std::size_t n) { return repeated("<a>", n); }},
      {"a and div", [](std::size_t n) { return repeated("<a><div>", n); }},
      {"b under many div, closed again and again",
       [](std::size_t n) { return "<b>" + repeated("<div>", n) + repeated("</b>", n); }},
      {"i and b crossed", [](std::size_t n) { return repeated("<i><b></i></b>", n); }},
      {"b and p crossed", [](std::size_t n) { return repeated("<b><p></b></p>", n); }},
      {"nobr", [](std::size_t n) { return repeated("<nobr><div>", n); }},
      {"font with attributes, div between",
       [](std::size_t n) { return numbered("<font size=#><div></font>", n); }},
      {"p in p", [](std::size_t n) { return repeated("<p>", n); }},
      {"p in button below div",
       [](std::size_t n) { return "<p><button>" + repeated("<div>", n) + repeated("</p>", n); }},
      {"end tags of what is not open",
       [](std::size_t n) { return repeated("<span>", n) + repeated("</x></y></b></p>", n); }},
      {"end tags of what is far below",
       [](std::size_t n) { return "<x><p>" + repeated("<span>", n) + repeated("<i></i></x>", n); }},
      {"li below div",
       [](std::size_t n) { return "<ul><li>" + repeated("<div>", n) + repeated("<li></li>", n); }},
      {"dd below p", [](std::size_t n) { return repeated("<div>", n) + repeated("<dd></dd>", n); }},
      {"headings", [](std::size_t n) { return repeated("<span>", n) + repeated("</h1><h1></h2>", n); }},
      {"nested table", [](std::size_t n) { return repeated("<table>", n); }},
      {"nested cells", [](std::size_t n) { return repeated("<table><tr><td>", n); }},
      {"text between rows", [](std::size_t n) { return "<table>" + repeated("x<tr>", n); }},
      {"text between rows with values in the pool",
       [](std::size_t n) { return "<table>" + repeated("x<tr a='&amp;'>", n); }},
      {"tables below div",
       [](std::size_t n) { return repeated("<div>", n) + repeated("<table></table>", n); }},
      {"selects below div",
       [](std::size_t n) { return repeated("<div>", n) + repeated("<select><option></select>", n); }},
      {"ruby", [](std::size_t n) { return "<ruby>" + repeated("<span>", n) + repeated("<rt><rp>", n); }},
      {"ruby taken out", [](std::size_t n) { return repeated("<b><ruby><div>", n) + repeated("</b>", n); }},
      {"forms", [](std::size_t n) { return repeated("<form><div></form>", n); }},
      {"nested svg", [](std::size_t n) { return repeated("<svg>", n); }},
      {"end tags in svg", [](std::size_t n) { return repeated("<svg>", n) + repeated("</x></p></svg>", n); }},
      {"svg and foreignObject", [](std::size_t n) { return repeated("<svg><foreignObject>", n); }},
      {"math and text", [](std::size_t n) { return repeated("<math><mi><b>", n); }},
      {"nested template", [](std::size_t n) { return repeated("<template>", n); }},
      {"templates in tables", [](std::size_t n) { return repeated("<table><template><td>", n); }},
      {"html with new attributes", [](std::size_t n) { return numbered("<html a#>", n); }},
      {"body with new attributes", [](std::size_t n) { return "<body>" + numbered("<body a#>", n); }},
      {"attributes of one tag", [](std::size_t n) { return "<p" + numbered(" a#", n) + ">"; }},
      {"the same attribute", [](std::size_t n) { return "<p" + repeated(" a", n) + ">"; }},
      {"distinct tags", [](std::size_t n) { return numbered("<x#>", n); }},
      {"options with selectedcontent",
       [](std::size_t n) { return "<select><button><selectedcontent></button>" + repeated("<option>x", n); }},
      {"framesets", [](std::size_t n) { return "<frameset>" + repeated("<frameset>x ", n); }},
      {"text and NUL", [](std::size_t n) { return repeated(std::string("a\0b&amp;", 8), n); }},
      {"body ends", [](std::size_t n) { return repeated("x</body>", n); }},
  };
  for (const auto& [name, shape] : shapes) {
    SCOPED_TRACE(name);
    const std::size_t small_count = 2000;
    const std::string small_page = shape(small_count);
    const std::string large_page = shape(small_count * 4);
    const effort small = effort_of(small_page);
    const effort large = effort_of(large_page);
    EXPECT_LE(large.work, 24 * (large_page.size() + large.nodes)) << large.work;
    EXPECT_LE(large.work, 6 * small.work + 2000) << small.work << " and then " << large.work;
    EXPECT_LE(large.memory, 6 * small.memory + 100'000) << small.memory << " and then " << large.memory;
  }
}

TEST(HtmlBadInput, SelectsWithWorkThatIsLinearInTheTree) {
  const std::vector<std::pair<const char*, std::function<std::string(std::size_t)>>> shapes = {
      {"nested", [](std::size_t n) { return repeated("<div><span>", n); }},
      {"nested, with a class each", [](std::size_t n) { return numbered("<div class='x y#'><p>", n); }},
      {"siblings", [](std::size_t n) { return repeated("<b>x</b> <i>y</i>", n); }},
      {"comments between siblings", [](std::size_t n) { return repeated("<!--x--><b></b><!--y-->z", n); }},
      {"a comb: each level has a sibling", [](std::size_t n) { return repeated("<b></b><div>", n); }},
      {"lists of lists", [](std::size_t n) { return repeated("<ul><li>x<li><a href=u>", n); }},
      {"tables", [](std::size_t n) { return repeated("<table><tr><td>x<td><a>y</a></table>", n); }},
      {"forms",
       [](std::size_t n) { return repeated("<fieldset disabled><legend><input></legend><input>", n); }},
      {"text that all but matches",
       [](std::size_t n) { return repeated("<b title=aaaaaaaa>aaaaaaaa</b><input type=submit>", n); }},
  };
  const std::string needle = "('" + std::string(1000, 'a') + "b')";
  const std::string by_text = "b:contains" + needle + ", b:contains-own" + needle;
  const std::string by_title =
      "[title*='" + needle.substr(2, 1001) + "'], [title*='" + needle.substr(2, 1001) + "' i]";
  const char* const selectors[] = {
      "div",
      ".x span",
      "div div div div",
      "div > div span ~ b",
      "b ~ i, i ~ b, b + i + b",
      "u b ~ i",
      "b ~ b ~ b ~ i",
      ":not(div b) ~ i",
      ":is(div, b) :is(span, i):not(u *)",
      "div:has(u)",
      "div:has(span u)",
      "div:has(> span > div > u)",
      ":has(:has(:has(u)))",
      ":has(~ u)",
      "b:has(+ i ~ b)",
      ":not(:has(b ~ :not(:has(u))))",
      ":nth-child(2n+1)",
      "i:nth-last-child(3n of b, i:has(+ b))",
      ":nth-of-type(5), :only-of-type, :last-of-type",
      "li:empty ~ li a",
      "input:disabled, input:read-write",
      ":lang(en) a, a:dir(rtl)",
      "a:contains('nothing')",
      ":default",
      ":not(:has(:contains('aaaaaaaaa')))",
      by_text.c_str(),
      by_title.c_str(),
  };
  for (const auto& [name, shape] : shapes) {
    const document small_tree = parse(shape(1000));
    const document large_tree = parse(shape(4000));
    for (const char* text : selectors) {
      SCOPED_TRACE(std::string(name) + ": " + text);
      const selector compiled = selector::compile(text).value();
      const std::uint64_t small = detail::work_of_select(compiled, small_tree);
      const std::uint64_t large = detail::work_of_select(compiled, large_tree);
      EXPECT_LE(large, 40 * large_tree.node_count());
      EXPECT_LE(large, 6 * small + 2000) << small << " and then " << large;
    }
  }
}

// A needle that begins again and again is found, or not, without going back in the text.
TEST(HtmlBadInput, SearchesTextWithWorkThatIsLinearInTextAndNeedle) {
  for (const bool fold : {false, true}) {
    const std::size_t length = 100'000;
    const detail::text_search search(std::string(length / 2, 'a') + "b" + std::string(length / 4, 'a'), fold);
    detail::text_search::progress now;
    EXPECT_EQ(search.find_end(std::string(length, 'a'), 0, now), detail::text_search::npos);
    EXPECT_EQ(search.find_end(std::string(length, 'a') + "c" + std::string(length, 'a'), 0, now),
              detail::text_search::npos);
    EXPECT_EQ(search.find_end("ba", 0, now), detail::text_search::npos);
    EXPECT_EQ(search.find_end(std::string(length, 'a'), 0, now), length / 4 - 1);
    EXPECT_LE(now.work, 2 * 4 * length);
  }
}

TEST(HtmlBadInput, ParsesSelectsWritesAndReadsAMillionNestedTags) {
  for (const char* tag : {"<div>", "<b>", "<table>", "<svg>", "<span>", "<template>"}) {
    SCOPED_TRACE(tag);
    const document page = parse(repeated(tag, 1'000'000) + "x");
    EXPECT_EQ(page.limit_reached(), limit_kind::none);
    EXPECT_GE(page.node_count(), 1'000'000U);
    EXPECT_LE(page.node_count(), 2'000'100U);
    EXPECT_GE(page.html().size(), 5'000'000U);
    (void)page.text();
    (void)page.get_text("|", true);
    (void)page.select("div > div, b b, table ~ table, svg:has(x), span:nth-child(1)");
    (void)dump(page.by_id(static_cast<std::uint32_t>(page.node_count())));
  }
}

TEST(HtmlBadInput, DoesAllElseWithAMillionNestedTags) {
  const document page = parse(repeated("<div>", 1'000'000) + "x");
  EXPECT_GE(to_html(page, {.format = html_format::pretty}).size(), 11'000'000U);
  EXPECT_GE(to_html(page, {.format = html_format::minified}).size(), 11'000'000U);
  EXPECT_GE(to_xml(page).size(), 11'000'000U);
  EXPECT_EQ(rendered_text(page), "x");
  EXPECT_EQ(to_markdown(page), "x\n");
  EXPECT_LE(sanitize(page.html()).size(), 11 * 256U + 2);
  EXPECT_EQ(extract_links(page).size() + extract_tables(page).size() + extract_forms(page).size(), 0U);
  (void)extract_metadata(page);
  (void)main_content(page);
  EXPECT_EQ(page.find_all("div").size(), 1'000'000U);
  const node deepest = page.find_all("div").back();
  EXPECT_TRUE(deepest.closest("body"));
  EXPECT_TRUE(deepest.matches("body div:not(:has(div))"));
  EXPECT_EQ(deepest.ancestors().to_vector().size(), 1'000'002U);
  EXPECT_EQ(page.root().descendants().to_vector().size(), 1'000'004U);
  EXPECT_TRUE(page.body().contains(deepest));
  EXPECT_FALSE(deepest.find("div"));
  const document changed = parse("");
  const node copy = page.body().first_child().clone();
  EXPECT_EQ(copy.text(), "x");
  changed.body().append(copy);
  EXPECT_EQ(changed.text(), "x");
  changed.body().first_child().unwrap();
  changed.body().first_child().set_inner_html(repeated("<b>", 1000) + "y");
  EXPECT_EQ(changed.text(), "y");
}

TEST(HtmlBadInput, GivesTheStandardsAnswer) {
  EXPECT_EQ(parse(repeated("<", 1'000'000)).body().text().size(), 1'000'000U);
  const document wide = parse("<p" + numbered(" a#=v", 200'000) + ">");
  EXPECT_EQ(wide.body().first_child().attributes().size(), 200'000U);
  EXPECT_EQ(wide.body().first_child().attribute("a199999"), "v");
  // Thrice the same is what survives of a million (the Noah's Ark clause).
  const document arks = parse("<p>" + repeated("<b>", 100'000) + "</p>x");
  EXPECT_EQ(arks.body().last_child().html(), "<b><b><b>x</b></b></b>");
  EXPECT_EQ(parse(std::string("a\0b", 3)).body().text(), "ab");
  EXPECT_EQ(parse(std::string("<p title='a\0b'>", 15)).body().first_child().attribute("title"),
            "a\xEF\xBF\xBD\x62");
  EXPECT_EQ(parse(repeated("<!--", 100'000)).root().first_child().value().size(), 399'994U);
  EXPECT_EQ(parse("<title>" + repeated("</titl", 100'000)).title().size(), 600'000U);
  EXPECT_EQ(parse("<script>" + repeated("<!--<script>", 50'000)).head().first_child().text().size(),
            600'000U);
}

// One token that never ends, fed byte by byte: it is read again at sizes that double.
TEST(HtmlBadInput, ReadsOneEndlessTokenInPieces) {
  for (const char* start :
       {"<!--", "<p title='", "<script>", "<title>", "<!doctype ", "<svg><![CDATA[", "<p ", "&#x", "</"}) {
    parser pieces;
    pieces.feed(start);
    for (int i = 0; i < 200'000; ++i) pieces.feed("a");
    const std::string in_pieces = dump(pieces.finish());
    EXPECT_EQ(in_pieces, dump(parse(start + std::string(200'000, 'a')))) << start;
  }
}

// Reconstruction and the adoption agency copy elements; how many is bounded by the limit on nodes.
TEST(HtmlBadInput, IsHeldByTheLimitOfNodes) {
  parse_options options;
  options.max_nodes = 50'000;
  const document page = parse("<p>" + numbered("<b id=#>", 1000) + repeated("<p>x", 1000), options);
  EXPECT_EQ(page.limit_reached(), limit_kind::nodes);
  EXPECT_LE(page.node_count(), 50'010U);
}

}  // namespace
}  // namespace tidewire::html
