#include <tidewire/html/parser.hpp>
#include <tidewire/html/serialize.hpp>

#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::html {
namespace {

using testing::exact_block;

std::string body_of(const document& tree) {
  return tree.body().inner_html();
}

TEST(HtmlParser, MakesHtmlHeadAndBodyOfNothing) {
  const document tree = parse("");
  EXPECT_EQ(tree.html(), "<html><head></head><body></body></html>");
  EXPECT_EQ(tree.quirks(), quirks_mode::quirks);
  EXPECT_EQ(tree.limit_reached(), limit_kind::none);
}

TEST(HtmlParser, TellsTheQuirksOfADoctype) {
  EXPECT_EQ(parse("<!DOCTYPE html>").quirks(), quirks_mode::no_quirks);
  EXPECT_EQ(parse("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"x\">").quirks(),
            quirks_mode::limited_quirks);
  EXPECT_EQ(parse("<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">").quirks(),
            quirks_mode::quirks);
}

TEST(HtmlParser, SkipsAByteOrderMark) {
  const document tree = parse("\xEF\xBB\xBF<p>x");
  EXPECT_EQ(body_of(tree), "<p>x</p>");
  EXPECT_EQ(tree.body().first_child().source_offset(), 3U);
}

TEST(HtmlParser, NormalizesNewlinesAndKeepsOffsetsOfTheOriginal) {
  const document tree = parse("a\r\nb\rc\n<i>d</i>");
  EXPECT_EQ(tree.body().first_child().value(), "a\nb\nc\n");
  EXPECT_EQ(tree.body().last_child().source_offset(), 7U);
}

TEST(HtmlParser, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(body_of(parse("a\xFF\x62")), "a\xEF\xBF\xBD\x62");
  EXPECT_EQ(body_of(parse("\xE2\x82")), "\xEF\xBF\xBD");
  EXPECT_EQ(body_of(parse("\xED\xA0\x80|")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|");
  EXPECT_EQ(body_of(parse("\xF4\x90\x80\x80")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(body_of(parse("\xC0\xAFx")), "\xEF\xBF\xBD\xEF\xBF\xBDx");
}

TEST(HtmlParser, GivesTheSameTreeForEveryTwoWaySplit) {
  const std::string page =
      "\xEF\xBB\xBF<!DOCTYPE html>\r\n<title>A &amp; B</title><!-- c --><p CLASS='x&copy=1' "
      "id=a>\xE2\x82\xAC&notit;\r"
      "<script>if (a</b) { '<!--<script>' }</script>--></script><svg viewBox='0'><![CDATA[x]]></svg>"
      "<table><tr><td>1<b>2</table>\xF0\x9F\x98\x80<textarea>\n&lt;</textarea>\xE2";
  const std::string whole = dump(parse(page));
  for (std::size_t cut = 0; cut <= page.size(); ++cut) {
    parser pieces;
    const exact_block first(std::string_view(page).substr(0, cut));
    const exact_block second(std::string_view(page).substr(cut));
    pieces.feed(first.text());
    pieces.feed(second.text());
    ASSERT_EQ(dump(pieces.finish()), whole) << "cut at " << cut;
  }
}

TEST(HtmlParser, ParsesEveryTruncationWithoutReadingPastIt) {
  const std::string page =
      "<!DOCTYPE html PUBLIC \"a\" "
      "\"b\"><html><head><title>x&amp;</title><style>a</style><script><!--x--></script>"
      "</head><body a=1 b='2' "
      "c=\"3&lt;\"><!--x--><p>&#x41;&#65;&bogus;<![CDATA[x]]><select><option>a</select></body>";
  for (std::size_t size = 0; size <= page.size(); ++size) {
    const exact_block part(std::string_view(page).substr(0, size));
    EXPECT_TRUE(parse(part.text()).body()) << size;
  }
}

TEST(HtmlParser, ParsesAFragmentInItsContext) {
  EXPECT_EQ(parse_fragment("<td>x", "tr").root().inner_html(), "<td>x</td>");
  EXPECT_EQ(parse_fragment("<td>x", "div").root().inner_html(), "x");
  EXPECT_EQ(parse_fragment("<p>a</p>b").root().inner_html(), "<p>a</p>b");
  const document path = parse_fragment("<A/>", "svg path");
  EXPECT_EQ(path.root().first_child().namespace_uri(), "http://www.w3.org/2000/svg");
  EXPECT_EQ(path.root().type(), node_type::fragment);
  // Where only white space counts, that between other characters does, too.
  EXPECT_EQ(parse_fragment(" a b<col>c d", "colgroup").root().inner_html(), "  <col> ");
}

// The library's tables are there before any object of a program is made.
const document made_before_main = parse("<section class=a>x");

TEST(HtmlParser, CanBeUsedBeforeMain) {
  EXPECT_EQ(made_before_main.body().inner_html(), "<section class=\"a\">x</section>");
  EXPECT_EQ(made_before_main.select("section.a").size(), 1U);
}

TEST(HtmlParser, ReadsNoscriptAsTextOnlyWithScripting) {
  parse_options options;
  EXPECT_EQ(body_of(parse("<body><noscript><p>x</noscript>", options)), "<noscript><p>x</p></noscript>");
  options.scripting = true;
  EXPECT_TRUE(parse("<body><noscript><p>x</noscript>", options).body().first_child().first_child().is_text());
}

TEST(HtmlParser, CanBeUsedAgain) {
  parser reused;
  for (int i = 0; i < 3; ++i) {
    reused.feed("<p>one");
    EXPECT_EQ(body_of(reused.finish()), "<p>one</p>");
    document two = reused.parse("<x-y z=1>&lt;</x-y>");
    EXPECT_EQ(body_of(two), "<x-y z=\"1\">&lt;</x-y>");
    reused.recycle(std::move(two));
  }
  reused.feed("<b>dropped");
  reused.reset();
  reused.fragment_context("tr");
  reused.feed("<td>cell");
  EXPECT_EQ(reused.finish().root().inner_html(), "<td>cell</td>");
}

TEST(HtmlParser, KeepsDocumentsApartFromTheParserThatMadeThem) {
  document kept;
  {
    parser gone;
    gone.feed("<p>kept");
    kept = gone.finish();
    gone.feed("<p>other");
  }
  EXPECT_EQ(body_of(kept), "<p>kept</p>");
}

TEST(HtmlParser, TakesItsLimitsAndSaysWhichWasReached) {
  parse_options options;
  options.max_bytes = 4;
  document tree = parse("<p>x", options);
  EXPECT_EQ(tree.limit_reached(), limit_kind::none);
  tree = parse("<p>xy", options);
  EXPECT_EQ(tree.limit_reached(), limit_kind::bytes);
  EXPECT_EQ(body_of(tree), "<p>x</p>");
  parser fed(options);
  fed.feed("<p>");
  fed.feed("xy");
  tree = fed.finish();
  EXPECT_EQ(tree.limit_reached(), limit_kind::bytes);
  EXPECT_EQ(body_of(tree), "<p>x</p>");

  options = {};
  options.max_depth = 4;  // html, body and two more
  EXPECT_EQ(parse("<div><div>", options).limit_reached(), limit_kind::none);
  EXPECT_EQ(parse("<div><div><div>", options).limit_reached(), limit_kind::depth);

  options = {};
  options.max_attributes = 2;
  EXPECT_EQ(parse("<p a b>", options).limit_reached(), limit_kind::none);
  tree = parse("<p a b c>", options);
  EXPECT_EQ(tree.limit_reached(), limit_kind::attributes);
  EXPECT_EQ(body_of(tree), "<p a=\"\" b=\"\"></p>");

  options = {};
  options.max_nodes = 20;
  const std::string many(100, 'x');
  std::string page;
  for (int i = 0; i < 100; ++i) page += "<br>";
  tree = parse(page, options);
  EXPECT_EQ(tree.limit_reached(), limit_kind::nodes);
  EXPECT_LE(tree.node_count(), 24U);
  // Reconstruction makes many nodes for one tag; it stops, too.
  page = "<p>";
  for (int i = 0; i < 30; ++i) page += "<b id=" + std::to_string(i) + ">";
  tree = parse(page + "</p>x", options);
  EXPECT_EQ(tree.limit_reached(), limit_kind::nodes);
  EXPECT_LE(tree.node_count(), 24U);
}

TEST(HtmlParser, FoldsNamesAndKeepsUnknownOnes) {
  const document tree = parse("<X-Element DATA-Foo=1 Foo\xC3\x89=2>");
  const node element = tree.body().first_child();
  EXPECT_EQ(element.name(), "x-element");
  EXPECT_EQ(element.attribute("data-foo"), "1");
  EXPECT_EQ(element.attribute("DATA-FOO"), "1");
  EXPECT_EQ(element.attribute("foo\xC3\x89"), "2");
}

// More names than fit twelve bits, and values around the largest length that fits twenty.
TEST(HtmlParser, KeepsAttributesHoweverManyNamesAndHoweverLong) {
  constexpr int names = 5000;
  std::string page = "<body id=b>";
  for (int i = 0; i < names; ++i) page += "<p n" + std::to_string(i) + "=v" + std::to_string(i) + " id=same>";
  const std::size_t lengths[] = {(1U << 20) - 2, (1U << 20) - 1, 1U << 20, (1U << 20) + 1};
  for (const std::size_t length : lengths) page += "<i title='" + std::string(length, 'x') + "' n4999=y>";
  page += "<svg xlink:href=u n4998=z></svg><body id=c n4997=late n4996=latest class=k></x n4995=gone>";
  parser pieces;
  for (std::size_t at = 0; at < page.size(); at += 30'011)
    pieces.feed(std::string_view(page).substr(at, 30'011));
  for (const document& tree : {parse(page), pieces.finish()}) {
    for (int i = 0; i < names; i += 7) {
      const node p = tree.select_one("[n" + std::to_string(i) + "]");
      EXPECT_EQ(p.attribute("n" + std::to_string(i)), "v" + std::to_string(i));
      EXPECT_EQ(p.attribute("id"), "same");
      EXPECT_EQ(p.attributes().size(), 2U);
    }
    const std::vector<node> long_ones = tree.select("i");
    ASSERT_EQ(long_ones.size(), std::size(lengths));
    for (std::size_t i = 0; i < std::size(lengths); ++i) {
      EXPECT_EQ(long_ones[i].attribute("title"), std::string(lengths[i], 'x'));
      EXPECT_EQ(long_ones[i].attribute("n4999"), "y");
    }
    EXPECT_EQ(tree.select_one("svg").attribute("xlink:href"), "u");
    EXPECT_EQ(tree.select_one("svg").attribute("n4998"), "z");
    EXPECT_EQ(tree.body().attributes().size(), 4U);
    EXPECT_EQ(tree.body().attribute("id"), "b");
    EXPECT_EQ(tree.body().attribute("n4997"), "late");
    EXPECT_EQ(tree.body().attribute("n4996"), "latest");
  }
}

TEST(HtmlParser, KeepsTheFirstOfTwoAttributesOfOneName) {
  EXPECT_EQ(body_of(parse("<p a=1 A=2 b=3 a=4>")), "<p a=\"1\" b=\"3\"></p>");
}

TEST(HtmlParser, ListsErrorsWithCodeLineAndColumn) {
  parse_options options;
  options.max_errors = 10;
  const document tree = parse("<!DOCTYPE html>\r\n<p id=1 id=2>\r\n&#0;</span>", options);
  const std::span<const parse_error> errors = tree.errors();
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(to_string(errors[0].code), "duplicate-attribute");
  EXPECT_EQ(errors[0].line, 2U);
  EXPECT_EQ(errors[0].column, 11U);
  EXPECT_EQ(errors[0].offset, 27U);
  EXPECT_EQ(errors[1].code, parse_error_code::null_character_reference);
  EXPECT_EQ(errors[1].line, 3U);
  EXPECT_EQ(errors[2].code, parse_error_code::unexpected_end_tag);
  options.max_errors = 1;
  EXPECT_EQ(parse("<p a a><p b b>", options).errors().size(), 1U);
  EXPECT_TRUE(parse("<p a a>").errors().empty());
  EXPECT_TRUE(parse("<!DOCTYPE html><title>t</title><p>fine", {.max_errors = 10}).errors().empty());
}

TEST(HtmlParser, RunsOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> trees(4);
  for (std::size_t i = 0; i < trees.size(); ++i)
    threads.emplace_back([&trees, i] { trees[i] = parse("<p class=a>x<b>y").html(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& tree : trees) EXPECT_EQ(tree, trees[0]);
}

}  // namespace
}  // namespace tidewire::html
