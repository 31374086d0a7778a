// What docs/html.md shows in its tables, run: each C++ cell stands here as it stands there.
#include <tidewire/base/bytes.hpp>
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire {
namespace {

constexpr std::string_view text =
    "<!DOCTYPE html><html lang=en><head><title>A shop</title></head><body><h1>Books</h1><div id=main>"
    "<p class=price id=p1>Total</p><p id=p2>5 <b>EUR</b></p><a class='ext big' "
    "href='https://example.org/'>out</a>"
    "<a href=in>in</a><a>none</a></div><form action=find><input name=q></form>"
    "<table><tr><th>a<td>1</table></body></html>";

std::string ids(const std::vector<html::node>& nodes) {
  std::string all;
  for (const html::node& each : nodes) all += std::string(each.attribute("id", each.name())) + " ";
  return all;
}

TEST(HtmlGuide, Parses) {
  {
    html::document soup = html::parse(text);
    EXPECT_EQ(soup.title(), "A shop");
  }
  const std::string_view bytes = "caf\xE9";
  const std::string_view charset = "latin1";
  html::document soup = html::parse_bytes(bytes, {.transport = charset});
  EXPECT_EQ(soup.text(), "caf\xC3\xA9");
  EXPECT_EQ(soup.encoding(), "windows-1252");
}

TEST(HtmlGuide, Finds) {
  const html::document soup = html::parse(text);
  EXPECT_EQ(soup.title(), "A shop");
  EXPECT_EQ(soup.body().name(), "body");
  EXPECT_EQ(soup.head().name(), "head");
  EXPECT_EQ(soup.find("a").text(), "out");
  EXPECT_EQ(soup.find_all("a").size(), 3U);
  EXPECT_EQ(html::selector::compile("a").value().select(soup, 2).size(), 2U);
  EXPECT_EQ(ids(soup.select("h1, h2")), "h1 ");
  EXPECT_EQ(soup.find("", {{"id", "main"}}).name(), "div");
  EXPECT_EQ(soup.find_all("a", {{"class", "ext"}}).size(), 1U);
  EXPECT_EQ(soup.find_all("", {{"href", std::nullopt}}).size(), 2U);
  EXPECT_EQ(soup.select("a[href^='https:']").size(), 1U);
  const auto two =
      soup.root().find_all_if([](const html::node& tag) { return tag.attributes().size() == 2; });
  EXPECT_EQ(ids(two), "p1 a ");
  const auto total =
      soup.root().find_if([](const html::node& x) { return x.is_text() && x.value() == "Total"; });
  EXPECT_EQ(total.parent().name(), "p");
  EXPECT_EQ(ids(soup.select("div > p.price")), "p1 ");
  EXPECT_EQ(soup.select_one("#main").name(), "div");
  EXPECT_EQ(ids(soup.select("p:contains('Total')")), "p1 ");
  const html::node tag = soup.select_one("#p1");
  EXPECT_TRUE(tag.matches("p.price"));
  EXPECT_EQ(tag.closest("div").attribute("id"), "main");
  EXPECT_EQ(tag.find_parent("div").attribute("id"), "main");
  EXPECT_EQ(tag.find_next_sibling("p").attribute("id"), "p2");
  EXPECT_FALSE(tag.find_previous_sibling("p"));
  EXPECT_EQ(soup.extract("a::attr(href)"), (std::vector<std::string>{"https://example.org/", "in"}));
  EXPECT_EQ(soup.extract("p::text"), (std::vector<std::string>{"Total", "5 "}));
  EXPECT_EQ(soup.select("p b").size(), 1U);
}

TEST(HtmlGuide, Reads) {
  const html::document soup = html::parse(text);
  html::node tag = soup.find("a");
  EXPECT_EQ(tag.name(), "a");
  EXPECT_EQ(tag.attribute("href"), "https://example.org/");
  EXPECT_EQ(tag.find_attribute("href"), "https://example.org/");
  EXPECT_EQ(tag.attribute("href", "#"), "https://example.org/");
  EXPECT_TRUE(tag.has_attribute("href"));
  std::string names;
  for (const html::attribute& each : tag.attributes()) names += std::string(each.name) + " ";
  EXPECT_EQ(names, "class href ");
  EXPECT_EQ(tag.classes(), (std::vector<std::string_view>{"ext", "big"}));
  EXPECT_TRUE(tag.has_class("ext"));
  tag = soup.select_one("#p2");
  EXPECT_EQ(tag.text(), "5 EUR");
  EXPECT_EQ(tag.get_text(" ", true), "5 EUR");
  EXPECT_EQ(tag.strings(true), (std::vector<std::string_view>{"5", "EUR"}));
  const html::node x = tag.first_child();
  EXPECT_TRUE(x.is_text());
}

TEST(HtmlGuide, Moves) {
  const html::document soup = html::parse(text);
  const html::node tag = soup.select_one("#p2");
  EXPECT_EQ(tag.parent().name(), "div");
  EXPECT_EQ(ids(tag.ancestors().to_vector()), "main body html #document ");
  EXPECT_EQ(tag.first_child().value(), "5 ");
  EXPECT_EQ(tag.last_child().name(), "b");
  EXPECT_EQ(ids(tag.children().to_vector()), "#text b ");
  EXPECT_EQ(ids(tag.descendants().to_vector()), "#text b #text ");
  EXPECT_EQ(ids(tag.child_elements().to_vector()), "b ");
  EXPECT_EQ(tag.next_sibling().name(), "a");
  EXPECT_EQ(tag.previous_sibling().attribute("id"), "p1");
  EXPECT_EQ(ids(tag.next_siblings().to_vector()), "a a a ");
  EXPECT_EQ(ids(tag.previous_siblings().to_vector()), "p1 ");
  EXPECT_EQ(tag.next().value(), "5 ");
  EXPECT_EQ(tag.previous().value(), "Total");
  EXPECT_EQ(tag.next_nodes().begin()->value(), "5 ");
  EXPECT_EQ(tag.previous_nodes().begin()->value(), "Total");
}

TEST(HtmlGuide, Changes) {
  html::document soup = html::parse("<p id=a>x</p>");
  html::node tag = soup.find("p");
  tag.set_attribute("id", "x");
  EXPECT_EQ(soup.body().inner_html(), "<p id=\"x\">x</p>");
  tag.remove_attribute("id");
  tag.add_class("new");
  EXPECT_EQ(soup.body().inner_html(), "<p class=\"new\">x</p>");
  tag.remove_class("new");
  tag.remove_attribute("class");
  tag.set_text("text");
  tag.append(soup.create_element("b"));
  tag.append(soup.create_text("text"));
  EXPECT_EQ(soup.body().inner_html(), "<p>text<b></b>text</p>");
  html::node x = soup.create_element("i");
  tag.prepend(x);
  EXPECT_EQ(tag.inner_html(), "<i></i>text<b></b>text");
  tag.before(x);
  EXPECT_EQ(soup.body().inner_html(), "<i></i><p>text<b></b>text</p>");
  tag.after(x);
  EXPECT_EQ(soup.body().inner_html(), "<p>text<b></b>text</p><i></i>");
  EXPECT_EQ(tag.clone().html(), "<p>text<b></b>text</p>");
  tag.replace_with(x);
  EXPECT_EQ(soup.body().inner_html(), "<i></i>");
  tag = x;
  tag.wrap(soup.create_element("div"));
  EXPECT_EQ(soup.body().inner_html(), "<div><i></i></div>");
  tag = soup.find("div");
  tag.unwrap();
  EXPECT_EQ(soup.body().inner_html(), "<i></i>");
  tag = soup.find("i");
  tag.set_inner_html("<i>x</i>");
  EXPECT_EQ(soup.body().inner_html(), "<i><i>x</i></i>");
  tag.set_outer_html("<i>x</i>");
  EXPECT_EQ(soup.body().inner_html(), "<i>x</i>");
  tag = soup.find("i");
  tag.clear();
  EXPECT_EQ(soup.body().inner_html(), "<i></i>");
  tag.remove();
  EXPECT_EQ(soup.body().inner_html(), "");
}

TEST(HtmlGuide, Writes) {
  const html::document soup = html::parse("<html><head></head><body><h1>a</h1><p>b<br>c</p></body></html>");
  const html::node tag = soup.find("p");
  EXPECT_EQ(tag.html(), "<p>b<br>c</p>");
  EXPECT_EQ(tag.inner_html(), "b<br>c");
  const std::string pretty = html::to_html(soup, {.format = html::html_format::pretty});
  EXPECT_GT(std::count(pretty.begin(), pretty.end(), '\n'), 4);
  EXPECT_EQ(html::to_html(soup, {.format = html::html_format::minified}),
            "<html><head></head><body><h1>a</h1><p>b<br>c</p></body></html>");
  EXPECT_NE(html::to_xml(soup).find("b<br/>c"), std::string::npos);
  EXPECT_EQ(html::rendered_text(soup), "a\n\nb\nc");
  EXPECT_TRUE(html::to_markdown(soup).starts_with("# a\n\nb"));
  EXPECT_TRUE(html::dump(soup).starts_with("| <html>\n"));
}

TEST(HtmlGuide, Extracts) {
  const html::document page = html::parse(text);
  const std::string_view url = "https://example.org/dir/";
  const auto resolver = [](std::string_view base, std::string_view reference) {
    return std::string(base) + std::string(reference);
  };
  EXPECT_EQ(html::extract_links(page, {.resolve = resolver, .document_url = url})[1].resolved,
            "https://example.org/dir/in");
  EXPECT_EQ(html::extract_tables(page).at(0).rows.at(0).at(1).text, "1");
  html::form form = html::extract_forms(page)[0];
  form.set("q", "x");
  EXPECT_EQ(form.body(), "q=x");
  EXPECT_EQ(html::extract_metadata(page).language, "en");
  EXPECT_NE(html::main_content(page).html(), "");
  EXPECT_EQ(html::sanitize(text).find("<form"), std::string::npos);
}

std::string without_space(std::string_view from) {
  std::string out;
  for (char c : from)
    if (!ascii::is_space(c)) out += c;
  return out;
}

TEST(HtmlGuide, HasEachCellOfTheTablesHere) {
  const std::filesystem::path checkout = TIDEWIRE_SOURCE_DIR;
  const std::string guide = testing::read_file(checkout / "docs/html.md");
  const std::string code = without_space(testing::read_file(checkout / "tests/html/guide_test.cpp"));
  int cells = 0;
  for (std::size_t at = 0; at < guide.size();) {
    const std::size_t end = std::min(guide.find('\n', at), guide.size());
    const std::string_view line(guide.data() + at, end - at);
    at = end + 1;
    if (!line.starts_with("| ")) continue;
    const std::string_view cell = line.substr(line.find(" | ") + 3);
    for (std::size_t tick = cell.find('`'); tick != std::string_view::npos;) {
      const std::size_t close = cell.find('`', tick + 1);
      const std::string_view shown = cell.substr(tick + 1, close - tick - 1);
      EXPECT_NE(code.find(without_space(shown)), std::string::npos) << shown;
      ++cells;
      tick = cell.find('`', close + 1);
    }
  }
  EXPECT_GT(cells, 80);
}

}  // namespace
}  // namespace tidewire
