#include <tidewire/base/error.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/parser.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tidewire::html {
namespace {

std::string names(const node_range& range) {
  std::string all;
  for (node each : range) all += std::string(each.name()) + " ";
  return all;
}

constexpr const char* page =
    "<!DOCTYPE html><title> A\n title </title><body><div id=main class=\"a  b\">one<p>two</p><!--c--><p>three"
    "<script>code</script></p></div><template><i>kept apart</i></template>";

TEST(HtmlDocument, HasTheUsualParts) {
  const document tree = parse(page);
  EXPECT_EQ(tree.root().name(), "#document");
  EXPECT_EQ(tree.root().type(), node_type::document);
  EXPECT_EQ(tree.document_element().name(), "html");
  EXPECT_EQ(tree.head().name(), "head");
  EXPECT_EQ(tree.body().name(), "body");
  EXPECT_EQ(tree.doctype().name(), "html");
  EXPECT_EQ(tree.title(), "A title");
  EXPECT_EQ(tree.encoding(), "UTF-8");
  EXPECT_FALSE(tree.is_xml());
  EXPECT_EQ(tree.by_id(tree.body().id()), tree.body());
  EXPECT_FALSE(tree.by_id(100000));
}

// All that the tree holds, with the texts that had to be decoded.
TEST(HtmlDocument, HoldsFortyBytesForANodeOrLess) {
  std::string tags;
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    tags += "<li class=item><a href='/" + std::to_string(i) + "'>x</a></li>\n";
    text += "<p>Caf&eacute; &amp; bar</p><p>where you may sit and read</p><script>a && b</script>\n";
  }
  for (const std::string& source : {tags, text, tags.substr(0, 5000), text.substr(0, 5000)}) {
    const document whole = parse(source);
    EXPECT_LE(whole.memory_used(), whole.node_count() * 40);
    parser pieces;
    for (char c : source) pieces.feed({&c, 1});
    const document fed = pieces.finish();
    EXPECT_LE(fed.memory_used(), fed.node_count() * 40);
  }
}

TEST(HtmlDocument, KeepsTheIdentifiersOfADoctype) {
  const document tree = parse("<!DOCTYPE a PUBLIC 'p' 's'>");
  EXPECT_EQ(tree.doctype().name(), "a");
  EXPECT_EQ(tree.doctype().public_id(), "p");
  EXPECT_EQ(tree.doctype().system_id(), "s");
}

TEST(HtmlNode, NamesWhatItIs) {
  const document tree = parse(page);
  const node div = tree.body().first_child();
  EXPECT_TRUE(div.is_element());
  EXPECT_EQ(div.name(), "div");
  EXPECT_EQ(div.local_name(), "div");
  EXPECT_EQ(div.namespace_uri(), "http://www.w3.org/1999/xhtml");
  EXPECT_EQ(div.value(), "");
  const node text = div.first_child();
  EXPECT_TRUE(text.is_text());
  EXPECT_EQ(text.name(), "#text");
  EXPECT_EQ(text.value(), "one");
  EXPECT_EQ(text.next_sibling().next_sibling().type(), node_type::comment);
  EXPECT_EQ(text.next_sibling().next_sibling().value(), "c");
}

TEST(HtmlNode, GivesItsAttributes) {
  const document tree = parse("<p CLASS=' a  b ' id=x empty svg:href=1><svg xlink:href=u XML:lang=de>");
  const node p = tree.body().first_child();
  EXPECT_EQ(p.id_attribute(), "x");
  EXPECT_EQ(p.attribute("class"), " a  b ");
  EXPECT_EQ(p.attribute("none", "other"), "other");
  EXPECT_TRUE(p.has_attribute("empty"));
  EXPECT_EQ(p.find_attribute("empty"), "");
  EXPECT_FALSE(p.find_attribute("none").has_value());
  EXPECT_TRUE(p.has_class("b"));
  EXPECT_FALSE(p.has_class("B"));
  EXPECT_EQ(p.classes(), (std::vector<std::string_view>{"a", "b"}));
  std::string all;
  for (const attribute& each : p.attributes())
    all += std::string(each.name) + "=" + std::string(each.value) + ";";
  EXPECT_EQ(all, "class= a  b ;id=x;empty=;svg:href=1;");
  const node svg = p.first_child();
  EXPECT_EQ(svg.attribute("xlink:href"), "u");
  EXPECT_EQ(svg.attribute("xml:lang"), "de");
  EXPECT_EQ(svg.attributes().at(0).local_name, "href");
  EXPECT_EQ(svg.attributes().at(0).namespace_uri, "http://www.w3.org/1999/xlink");
  EXPECT_EQ(svg.attributes().at(1).name, "xml:lang");
}

TEST(HtmlNode, KnowsItsNeighbours) {
  const document tree = parse(page);
  const node div = tree.body().first_child();
  EXPECT_EQ(names(div.children()), "#text p #comment p ");
  EXPECT_EQ(names(div.child_elements()), "p p ");
  EXPECT_EQ(names(div.descendants()), "#text p #text #comment p #text script #text ");
  EXPECT_EQ(names(div.descendant_elements()), "p p script ");
  EXPECT_EQ(names(div.ancestors()), "body html #document ");
  EXPECT_EQ(names(div.first_child().next_siblings()), "p #comment p ");
  EXPECT_EQ(names(div.last_child().previous_siblings()), "#comment p #text ");
  EXPECT_EQ(names(div.last_child().next_nodes()), "#text script #text template ");
  EXPECT_EQ(names(div.previous_nodes()), "body #text title head html html #document ");
  EXPECT_EQ(div.first_child_element().next_element_sibling(), div.last_child());
  EXPECT_EQ(div.last_child().previous_element_sibling(), div.first_child_element());
  EXPECT_EQ(div.first_child().next(), div.first_child_element());
  EXPECT_EQ(div.first_child_element().previous(), div.first_child());
  EXPECT_FALSE(div.first_child().previous_sibling());
  EXPECT_EQ(div.root(), tree.root());
  EXPECT_TRUE(tree.body().contains(div));
  EXPECT_FALSE(div.contains(tree.body()));
  EXPECT_TRUE(div.child_elements().begin() != div.child_elements().end());
  EXPECT_EQ(div.children().to_vector().size(), 4U);
}

TEST(HtmlNode, KeepsTheContentsOfATemplateApart) {
  const document tree = parse(page);
  const node element = tree.body().last_child();
  EXPECT_EQ(element.name(), "template");
  EXPECT_FALSE(element.first_child());
  EXPECT_FALSE(element.last_child());
  EXPECT_EQ(element.template_content().type(), node_type::fragment);
  EXPECT_EQ(element.template_content().first_child().name(), "i");
  EXPECT_EQ(element.text(), "");
  EXPECT_EQ(element.html(), "<template><i>kept apart</i></template>");
}

TEST(HtmlNode, GivesItsText) {
  const document tree = parse(page);
  const node div = tree.body().first_child();
  EXPECT_EQ(div.text(), "onetwothreecode");
  EXPECT_EQ(div.first_child().text(), "one");
  EXPECT_EQ(div.get_text("|"), "one|two|three");
  const document spaced = parse("<p> a <b>\n</b> c </p>");
  EXPECT_EQ(spaced.get_text("|", true), "a|c");
  EXPECT_EQ(spaced.get_text("|"), " a |\n| c ");
  EXPECT_EQ(spaced.body().strings(true), (std::vector<std::string_view>{"a", "c"}));
}

TEST(HtmlNode, KnowsWhereItStoodInTheSource) {
  const document tree = parse("<p>a<b>c</b>");
  const node p = tree.body().first_child();
  EXPECT_EQ(p.source_offset(), 0U);
  EXPECT_EQ(p.first_child().source_offset(), 3U);
  EXPECT_EQ(p.last_child().source_offset(), 4U);
  // Also text that begins with a reference, or with what becomes U+FFFD.
  const document decoded =
      parse(std::string("<p>&amp;x</p><table>&lt; &gt;<td>&#9;&amp;</table><title>\0", 58));
  const std::vector<node> texts = decoded.root().find_all_if([](const node& each) { return each.is_text(); });
  std::string offsets;
  for (const node& each : texts) offsets += std::to_string(each.source_offset().value()) + " ";
  EXPECT_EQ(offsets, "3 20 33 57 ");
  EXPECT_FALSE(tree.body().source_offset().has_value());
}

TEST(HtmlNode, AnswersNothingWhenNull) {
  const node nobody;
  EXPECT_FALSE(nobody);
  EXPECT_EQ(nobody.name(), "");
  EXPECT_EQ(nobody.value(), "");
  EXPECT_EQ(nobody.text(), "");
  EXPECT_EQ(nobody.html(), "");
  EXPECT_EQ(nobody.attribute("x", "y"), "y");
  EXPECT_FALSE(nobody.parent().first_child().next_sibling());
  EXPECT_TRUE(nobody.children().empty());
  EXPECT_TRUE(nobody.descendants().empty());
  EXPECT_EQ(nobody.attributes().size(), 0U);
  EXPECT_FALSE(nobody.is_element());
}

TEST(HtmlNode, IsSixteenBytes) {
  EXPECT_LE(sizeof(node), 16U);
}

TEST(HtmlNode, StaysValidWhenItsDocumentMoves) {
  document first = parse("<p>x");
  const node p = first.body().first_child();
  const document second = std::move(first);
  EXPECT_EQ(p.text(), "x");
  std::thread([moved = std::make_shared<document>(parse("<p>y"))] { EXPECT_EQ(moved->text(), "y"); }).join();
}

#ifndef NDEBUG
TEST(HtmlNode, IsToldWhenItsDocumentIsGone) {
  node stale;
  {
    const document tree = parse("<p>x");
    stale = tree.body();
    EXPECT_EQ(stale.text(), "x");
  }
  EXPECT_THROW((void)stale.text(), error);
  EXPECT_THROW((void)stale.parent(), error);
  document replaced = parse("<p>y");
  stale = replaced.body();
  replaced = parse("<p>z");
  EXPECT_THROW((void)stale.name(), error);
}
#endif

TEST(HtmlDocument, IsReadByManyThreads) {
  const document tree = parse(page);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) EXPECT_EQ(tree.body().first_child().get_text("|"), "one|two|three");
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidewire::html
