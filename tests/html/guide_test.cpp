// What docs/html.md shows in its tables, run: each C++ cell stands here as it stands there.
#include <tidewire/base/bytes.hpp>
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire {
namespace {

// Each cell is printed with its value, for guide_python_test.py to compare with what Python prints for the
// cell beside it.
std::string shown(std::string_view value) {
  std::string out = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}
std::string shown(const std::string& value) {
  return shown(std::string_view(value));
}
std::string shown(const std::optional<std::string_view>& value) {
  return value ? shown(*value) : "null";
}
std::string shown(bool value) {
  return value ? "true" : "false";
}
std::string shown(const html::node& value) {
  if (!value) return "null";
  if (value.is_text()) return shown(value.value());
  return value.type() == html::node_type::document ? "[document]" : value.html();
}
template <class Range>
requires requires(const Range& range) { range.begin()->size(); }
std::string shown_list(const Range& values) {
  std::string out;
  for (const auto& each : values) out += (out.empty() ? "" : ", ") + shown(std::string_view(each));
  return "[" + out + "]";
}
std::string shown(const std::vector<std::string>& values) {
  return shown_list(values);
}
std::string shown(const std::vector<std::string_view>& values) {
  return shown_list(values);
}
std::string shown(const std::vector<html::node>& values) {
  std::string out;
  for (const html::node& each : values) out += (out.empty() ? "" : ", ") + shown(each);
  return "[" + out + "]";
}
std::string shown(const html::node_range& values) {
  return shown(values.to_vector());
}

void print_cell(std::string_view section, std::string_view cell, const std::string& value) {
  std::cout << "guide | " << section << " | " << cell << " | " << value << '\n';
}
const char* section = "";
template <class T>
T show(std::string_view cell, T value) {
  print_cell(section, cell, shown(value));
  return value;
}
#define SHOW(...) show(#__VA_ARGS__, __VA_ARGS__)

constexpr std::string_view text =
    "<!DOCTYPE html><html lang=en><head><title>A shop</title></head><body><h1>Books</h1><div id=main>"
    "<p class=price id=p1>Total</p><p id=p2>5 <b>EUR</b></p><a class='ext big' "
    "href='https://example.org/'>out <i> side </i></a>"
    "<a href=in>in</a><a>none</a></div><form action=find><input name=q></form>"
    "<table><tr><th>a<td>1</table></body></html>";

std::string ids(const std::vector<html::node>& nodes) {
  std::string all;
  for (const html::node& each : nodes) all += std::string(each.attribute("id", each.name())) + " ";
  return all;
}

TEST(HtmlGuide, Parses) {
  section = "Parse";
  print_cell(section, "text", shown(text));
  {
    html::document soup = html::parse(text);
    EXPECT_EQ(soup.title(), "A shop");
    print_cell(section, "html::document soup = html::parse(text);", soup.document_element().html());
  }
  const std::string_view bytes = "caf\xE9";
  const std::string_view charset = "latin1";
  html::document soup = html::parse_bytes(bytes, {.transport = charset});
  EXPECT_EQ(soup.text(), "caf\xC3\xA9");
  print_cell(section, "html::document soup = html::parse_bytes(bytes, {.transport = charset});",
             soup.document_element().html());
  EXPECT_EQ(SHOW(soup.encoding()), "windows-1252");
}

TEST(HtmlGuide, Finds) {
  section = "Find";
  const html::document soup = html::parse(text);
  EXPECT_EQ(SHOW(soup.title()), "A shop");
  EXPECT_EQ(SHOW(soup.body()).name(), "body");
  EXPECT_EQ(SHOW(soup.head()).name(), "head");
  EXPECT_EQ(SHOW(soup.find("a")).text(), "out  side ");
  EXPECT_EQ(SHOW(soup.find_all("a")).size(), 3U);
  EXPECT_EQ(SHOW(html::selector::compile("a").value().select(soup, 2)).size(), 2U);
  EXPECT_EQ(ids(SHOW(soup.select("h1, h2"))), "h1 ");
  EXPECT_EQ(SHOW(soup.find("", {{"id", "main"}})).name(), "div");
  EXPECT_EQ(SHOW(soup.find_all("a", {{"class", "ext"}})).size(), 1U);
  EXPECT_EQ(SHOW(soup.find_all("", {{"href", std::nullopt}})).size(), 2U);
  EXPECT_EQ(SHOW(soup.select("a[href^='https:']")).size(), 1U);
  const auto two =
      SHOW(soup.root().find_all_if([](const html::node& tag) { return tag.attributes().size() == 2; }));
  EXPECT_EQ(ids(two), "p1 a ");
  const auto total =
      SHOW(soup.root().find_if([](const html::node& x) { return x.is_text() && x.value() == "Total"; }));
  EXPECT_EQ(total.parent().name(), "p");
  EXPECT_EQ(ids(SHOW(soup.select("div > p.price"))), "p1 ");
  EXPECT_EQ(SHOW(soup.select_one("#main")).name(), "div");
  EXPECT_EQ(ids(SHOW(soup.select("p:contains('Total')"))), "p1 ");
  const html::node tag = soup.select_one("#p1");
  EXPECT_TRUE(SHOW(tag.matches("p.price")));
  EXPECT_EQ(SHOW(tag.closest("div")).attribute("id"), "main");
  EXPECT_EQ(SHOW(tag.find_parent("div")).attribute("id"), "main");
  EXPECT_EQ(SHOW(tag.find_next_sibling("p")).attribute("id"), "p2");
  EXPECT_FALSE(SHOW(tag.find_previous_sibling("p")));
  EXPECT_EQ(SHOW(soup.extract("a::attr(href)")), (std::vector<std::string>{"https://example.org/", "in"}));
  EXPECT_EQ(SHOW(soup.extract("p::text")), (std::vector<std::string>{"Total", "5 "}));
  EXPECT_EQ(SHOW(soup.select("p b")).size(), 1U);
}

TEST(HtmlGuide, Reads) {
  section = "Read";
  const html::document soup = html::parse(text);
  const html::node tag = soup.find("a");
  EXPECT_EQ(SHOW(tag.name()), "a");
  EXPECT_EQ(SHOW(tag.attribute("href")), "https://example.org/");
  EXPECT_EQ(SHOW(tag.find_attribute("href")), "https://example.org/");
  EXPECT_EQ(SHOW(tag.attribute("href", "#")), "https://example.org/");
  EXPECT_TRUE(SHOW(tag.has_attribute("href")));
  std::string names;
  std::vector<std::string> pairs;
  for (const html::attribute& each : tag.attributes()) {
    names += std::string(each.name) + " ";
    pairs.push_back(std::string(each.name) + "=" + std::string(each.value));
  }
  EXPECT_EQ(names, "class href ");
  print_cell(section, "for (const html::attribute& each : tag.attributes())", shown(pairs));
  EXPECT_EQ(SHOW(tag.classes()), (std::vector<std::string_view>{"ext", "big"}));
  EXPECT_TRUE(SHOW(tag.has_class("ext")));
  EXPECT_EQ(SHOW(tag.text()), "out  side ");
  EXPECT_EQ(SHOW(tag.get_text(" ", true)), "out side");
  EXPECT_EQ(SHOW(tag.strings(true)), (std::vector<std::string_view>{"out", "side"}));
  const html::node x = tag.first_child();
  EXPECT_TRUE(SHOW(x.is_text()));
}

TEST(HtmlGuide, Moves) {
  section = "Move";
  const html::document soup = html::parse(text);
  const html::node tag = soup.select_one("#p2");
  EXPECT_EQ(SHOW(tag.parent()).name(), "div");
  EXPECT_EQ(ids(SHOW(tag.ancestors()).to_vector()), "main body html #document ");
  EXPECT_EQ(SHOW(tag.first_child()).value(), "5 ");
  EXPECT_EQ(SHOW(tag.last_child()).name(), "b");
  EXPECT_EQ(ids(SHOW(tag.children()).to_vector()), "#text b ");
  EXPECT_EQ(ids(SHOW(tag.descendants()).to_vector()), "#text b #text ");
  EXPECT_EQ(ids(SHOW(tag.child_elements()).to_vector()), "b ");
  EXPECT_EQ(SHOW(tag.next_sibling()).name(), "a");
  EXPECT_EQ(SHOW(tag.previous_sibling()).attribute("id"), "p1");
  EXPECT_EQ(ids(SHOW(tag.next_siblings()).to_vector()), "a a a ");
  EXPECT_EQ(ids(SHOW(tag.previous_siblings()).to_vector()), "p1 ");
  EXPECT_EQ(SHOW(tag.next()).value(), "5 ");
  EXPECT_EQ(SHOW(tag.previous()).value(), "Total");
  EXPECT_EQ(SHOW(tag.next_nodes()).begin()->value(), "5 ");
  EXPECT_EQ(SHOW(tag.previous_nodes()).begin()->value(), "Total");
}

// The body after one change of `page`.
template <class Change>
std::string changed(std::string_view cell, Change&& change) {
  html::document soup = html::parse("<h1>a</h1><p id=a class='old new'>x<b>y</b></p><p>z</p>");
  change(soup, soup.find("p"), soup.create_element("i"));
  print_cell("Change", cell, soup.body().inner_html());
  return soup.body().inner_html();
}
#define CHANGED(...)                                                                                      \
  changed(#__VA_ARGS__, []([[maybe_unused]] html::document& soup, [[maybe_unused]] const html::node& tag, \
                           [[maybe_unused]] const html::node& x) { __VA_ARGS__; })

TEST(HtmlGuide, Changes) {
  const std::string h1 = "<h1>a</h1>";
  const std::string p = "<p id=\"a\" class=\"old new\">x<b>y</b></p>";
  const std::string z = "<p>z</p>";
  EXPECT_EQ(CHANGED(tag.set_attribute("id", "x")), h1 + "<p id=\"x\" class=\"old new\">x<b>y</b></p>" + z);
  EXPECT_EQ(CHANGED(tag.remove_attribute("id")), h1 + "<p class=\"old new\">x<b>y</b></p>" + z);
  EXPECT_EQ(CHANGED(tag.add_class("added")), h1 + "<p id=\"a\" class=\"old new added\">x<b>y</b></p>" + z);
  EXPECT_EQ(CHANGED(tag.remove_class("new")), h1 + "<p id=\"a\" class=\"old\">x<b>y</b></p>" + z);
  EXPECT_EQ(CHANGED(tag.set_text("text")), h1 + "<p id=\"a\" class=\"old new\">text</p>" + z);
  EXPECT_EQ(CHANGED(tag.append(soup.create_element("b"))),
            h1 + "<p id=\"a\" class=\"old new\">x<b>y</b><b></b></p>" + z);
  EXPECT_EQ(CHANGED(tag.append(soup.create_text("text"))),
            h1 + "<p id=\"a\" class=\"old new\">x<b>y</b>text</p>" + z);
  EXPECT_EQ(CHANGED(tag.prepend(x)), h1 + "<p id=\"a\" class=\"old new\"><i></i>x<b>y</b></p>" + z);
  EXPECT_EQ(CHANGED(tag.before(x)), h1 + "<i></i>" + p + z);
  EXPECT_EQ(CHANGED(tag.after(x)), h1 + p + "<i></i>" + z);
  EXPECT_EQ(CHANGED(tag.after(tag.clone())), h1 + p + p + z);
  EXPECT_EQ(CHANGED(tag.replace_with(x)), h1 + "<i></i>" + z);
  EXPECT_EQ(CHANGED(tag.wrap(soup.create_element("div"))), h1 + "<div>" + p + "</div>" + z);
  EXPECT_EQ(CHANGED(tag.unwrap()), h1 + "x<b>y</b>" + z);
  EXPECT_EQ(CHANGED(tag.remove()), h1 + z);
  EXPECT_EQ(CHANGED(tag.clear()), h1 + "<p id=\"a\" class=\"old new\"></p>" + z);
  EXPECT_EQ(CHANGED(tag.set_inner_html("<i>x</i>")), h1 + "<p id=\"a\" class=\"old new\"><i>x</i></p>" + z);
  EXPECT_EQ(CHANGED(tag.set_outer_html("<i>x</i>")), h1 + "<i>x</i>" + z);
}

TEST(HtmlGuide, Writes) {
  section = "Write";
  const html::document soup = html::parse("<html><head></head><body><h1>a</h1><p>b<br>c</p></body></html>");
  const html::node tag = soup.find("p");
  EXPECT_EQ(SHOW(tag.html()), "<p>b<br>c</p>");
  EXPECT_EQ(SHOW(tag.inner_html()), "b<br>c");
  EXPECT_EQ(html::to_html(soup, {.format = html::html_format::pretty}),
            "<html>\n  <head></head>\n  <body>\n    <h1>a</h1>\n    <p>b<br>c</p>\n  </body>\n</html>\n");
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
