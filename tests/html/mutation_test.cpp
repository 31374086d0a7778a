// The changes of document.hpp.
#include <tidewire/base/error.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/parser.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tidewire::html {
namespace {

std::string body(const document& tree) {
  return tree.body().inner_html();
}

TEST(HtmlMutation, PutsNodesWhereTheyAreWanted) {
  document tree = parse("<p id=p>x</p><i>y</i>");
  const node p = tree.select_one("p");
  p.append(tree.create_text("2"));
  p.prepend(tree.create_element("B")).set_text("1");
  EXPECT_EQ(body(tree), "<p id=\"p\"><b>1</b>x2</p><i>y</i>");
  p.before(tree.create_comment("c"));
  p.after(tree.create_element("hr"));
  EXPECT_EQ(body(tree), "<!--c--><p id=\"p\"><b>1</b>x2</p><hr><i>y</i>");
  p.append(tree.select_one("i"));
  EXPECT_EQ(body(tree), "<!--c--><p id=\"p\"><b>1</b>x2<i>y</i></p><hr>");
  p.prepend(p.last_child());
  EXPECT_EQ(body(tree), "<!--c--><p id=\"p\"><i>y</i><b>1</b>x2</p><hr>");
  p.after(p);
  p.prepend(p.first_child());
  p.first_child().after(p.first_child().next_sibling());
  EXPECT_EQ(body(tree), "<!--c--><p id=\"p\"><i>y</i><b>1</b>x2</p><hr>");
}

TEST(HtmlMutation, TakesOutReplacesWrapsAndUnwraps) {
  document tree = parse("<p>a<b>b<i>c</i></b>d</p>");
  const node b = tree.select_one("b");
  b.unwrap();
  EXPECT_EQ(body(tree), "<p>ab<i>c</i>d</p>");
  tree.select_one("i").wrap(tree.create_element("u")).wrap(tree.create_element("em"));
  EXPECT_EQ(body(tree), "<p>ab<em><u><i>c</i></u></em>d</p>");
  tree.select_one("u").replace_with(tree.create_text("!"));
  EXPECT_EQ(body(tree), "<p>ab<em>!</em>d</p>");
  const node em = tree.select_one("em");
  em.remove();
  EXPECT_EQ(body(tree), "<p>abd</p>");
  EXPECT_FALSE(em.parent());
  EXPECT_EQ(em.html(), "<em>!</em>");
  tree.body().append(em);
  tree.select_one("p").clear();
  EXPECT_EQ(body(tree), "<p></p><em>!</em>");
}

TEST(HtmlMutation, SetsAttributesAndClasses) {
  document tree = parse("<p a=1 class='x y'><p a=1>");
  const node p = tree.select_one("p");
  p.set_attribute("A", "2");
  p.set_attribute("Data-New", "<&\"");
  EXPECT_TRUE(p.add_class("z"));
  EXPECT_FALSE(p.add_class("x"));
  EXPECT_TRUE(p.remove_class("x"));
  EXPECT_FALSE(p.remove_class("x"));
  EXPECT_EQ(p.html(), "<p a=\"2\" class=\"y z\" data-new=\"&lt;&amp;&quot;\"></p>");
  EXPECT_TRUE(p.remove_attribute("a"));
  EXPECT_FALSE(p.remove_attribute("a"));
  EXPECT_EQ(p.html(), "<p class=\"y z\" data-new=\"&lt;&amp;&quot;\"></p>");
  EXPECT_EQ(tree.body().last_child().html(), "<p a=\"1\"></p>");
  p.set_attribute("class", p.attribute("class"));
  EXPECT_EQ(p.attribute("class"), "y z");
}

TEST(HtmlMutation, SetsAttributesOfAnyNameAndLength) {
  document tree;
  {
    std::string many = "<p";
    for (int i = 0; i < 5000; ++i) many += " n" + std::to_string(i);
    tree = parse(many + "><i>");
  }
  const node p = tree.select_one("p");
  const node i = tree.select_one("i");
  const std::string long_value(1U << 20, 'x');
  i.set_attribute("n4999", "short");
  i.set_attribute("n4999", long_value);
  i.set_attribute("title", long_value);
  const node copy = i.clone();
  i.set_attribute("title", "short");
  EXPECT_EQ(i.attribute("n4999"), long_value);
  EXPECT_EQ(i.attribute("title"), "short");
  EXPECT_EQ(copy.attribute("title"), long_value);
  EXPECT_TRUE(i.remove_attribute("n4999"));
  EXPECT_FALSE(i.has_attribute("n4999"));
  EXPECT_EQ(i.attribute("title"), "short");
  document other = parse("");
  other.body().append(copy);
  EXPECT_EQ(other.body().first_child().attribute("n4999"), long_value);
  EXPECT_EQ(p.attributes().size(), 5000U);
  p.remove_attribute("n0");
  p.set_attribute("n4998", "set");
  EXPECT_EQ(p.attributes().size(), 4999U);
  EXPECT_EQ(p.attribute("n4998"), "set");
}

TEST(HtmlMutation, KeepsTheAttributesOfCopiesApart) {
  // The parser's own copies of <b> share their attributes until one is changed.
  document tree = parse("<p><b id=1 class=c>x</p><p>y");
  const std::vector<node> bold = tree.select("b");
  ASSERT_EQ(bold.size(), 2U);
  bold[0].set_attribute("id", "2");
  bold[0].add_class("d");
  EXPECT_EQ(bold[1].html(), "<b id=\"1\" class=\"c\">y</b>");
  const node copy = bold[0].clone();
  bold[0].remove_attribute("id");
  EXPECT_EQ(copy.html(), "<b id=\"2\" class=\"c d\">x</b>");
  for (int i = 0; i < 40; ++i) copy.set_attribute("a" + std::to_string(i), "v");
  for (int i = 0; i < 39; ++i) EXPECT_TRUE(copy.remove_attribute("a" + std::to_string(i)));
  copy.set_attribute("z", "1");
  EXPECT_EQ(copy.html(), "<b id=\"2\" class=\"c d\" a39=\"v\" z=\"1\">x</b>");
  EXPECT_EQ(bold[0].html(), "<b class=\"c d\">x</b>");
}

TEST(HtmlMutation, SetsTextAndMarkup) {
  document tree = parse("<table><tr id=r><td>1</table><p>x<b>y</b>");
  const node p = tree.select_one("p");
  p.set_text("a < b");
  EXPECT_EQ(p.html(), "<p>a &lt; b</p>");
  p.first_child().set_text("c");
  EXPECT_EQ(p.html(), "<p>c</p>");
  p.set_text(p.text());
  EXPECT_EQ(p.text(), "c");
  tree.select_one("#r").set_inner_html("<td>2<td>3");
  EXPECT_EQ(tree.select_one("#r").html(), "<tr id=\"r\"><td>2</td><td>3</td></tr>");
  p.set_outer_html("<i>1</i>2");
  EXPECT_EQ(body(tree), "<table><tbody><tr id=\"r\"><td>2</td><td>3</td></tr></tbody></table><i>1</i>2");
  EXPECT_EQ(tree.select("td").size(), 2U);
}

TEST(HtmlMutation, AdoptsNodesOfOtherDocuments) {
  document from = parse(
      "<div class=x data-a='&amp;'><svg viewBox=1><x-y>t</x-y></svg><template><i>k</i></template></div>");
  document to = parse("<p>");
  const node copy = to.select_one("p").append(from.select_one("div"));
  EXPECT_EQ(copy.html(), from.select_one("div").html());
  EXPECT_NE(copy, from.select_one("div"));
  from = document();
  EXPECT_EQ(body(to),
            "<p><div class=\"x\" data-a=\"&amp;\"><svg "
            "viewBox=\"1\"><x-y>t</x-y></svg><template><i>k</i></template></div></p>");
  EXPECT_EQ(to.select("x-y").size(), 1U);
}

TEST(HtmlMutation, ClonesWithTemplatesAndAll) {
  document tree =
      parse("<div id=d>a<template><p>b<template><i>c</i></template></p></template><b>d</b></div>");
  const node copy = tree.select_one("#d").clone();
  EXPECT_EQ(copy.html(), tree.select_one("#d").html());
  EXPECT_FALSE(copy.parent());
  EXPECT_EQ(tree.select_one("#d").clone(false).html(), "<div id=\"d\"></div>");
  tree.select_one("template").append(tree.create_text("in"));
  EXPECT_EQ(tree.select_one("template").html(),
            "<template><p>b<template><i>c</i></template></p>in</template>");
}

TEST(HtmlMutation, RefusesWhatCannotBe) {
  document tree = parse("<p>x</p>");
  const node p = tree.select_one("p");
  EXPECT_THROW((void)p.append(node()), error);
  EXPECT_THROW((void)node().append(p), error);
  EXPECT_THROW((void)p.append(tree.body()), error);
  EXPECT_THROW((void)p.append(p), error);
  EXPECT_THROW((void)p.first_child().append(tree.create_text("y")), error);
  EXPECT_THROW((void)p.append(tree.root()), error);
  EXPECT_THROW(tree.root().remove(), error);
  EXPECT_THROW((void)tree.create_element("a b"), error);
  EXPECT_THROW((void)tree.create_element(""), error);
  EXPECT_THROW(p.set_attribute("x>", ""), error);
  EXPECT_THROW(p.first_child().set_attribute("x", ""), error);
  EXPECT_THROW((void)p.add_class("a b"), error);
  EXPECT_THROW((void)tree.create_text("t").before(p), error);
  EXPECT_EQ(body(tree), "<p>x</p>");
}

TEST(HtmlMutation, IsSeenByTheNextSelection) {
  document tree = parse("<p class=a>");
  EXPECT_EQ(tree.select(".a").size(), 1U);
  EXPECT_EQ(tree.select(".b").size(), 0U);
  tree.select_one("p").set_attribute("class", "b");
  EXPECT_EQ(tree.select(".a").size(), 0U);
  EXPECT_EQ(tree.select(".b").size(), 1U);
  tree.body().append(tree.create_element("i"));
  EXPECT_EQ(tree.select("body > *").size(), 2U);
}

// Whatever is done at random, the links stay consistent: what is walked forwards is what is walked backwards.
TEST(HtmlMutation, KeepsTheTreeWhole) {
  std::minstd_rand random(7);
  document tree = parse("<div><p>a<p>b<ul><li>c<li>d</ul><table><tr><td>e</table></div>");
  for (int round = 0; round < 2000; ++round) {
    std::vector<node> all = tree.body().descendants().to_vector();
    if (all.size() < 4) {
      tree.body().set_inner_html("<div><p>a<p>b<ul><li>c<li>d</ul></div>");
      continue;
    }
    const node one = all[random() % all.size()];
    const node two = all[random() % all.size()];
    try {
      switch (random() % 7) {
        case 0: one.append(two); break;
        case 1: one.prepend(two); break;
        case 2: one.before(two); break;
        case 3: one.after(two); break;
        case 4: one.unwrap(); break;
        case 5: one.wrap(tree.create_element("b")); break;
        default: one.append(two.clone()); break;
      }
    } catch (const error&) {
    }
    all = tree.body().descendants().to_vector();
    if (all.size() > 60) all[all.size() / 2].remove();
    std::vector<node> backwards;
    for (node at = tree.body(); at;) {
      node last = at.last_child();
      while (last && last.last_child()) last = last.last_child();
      for (at = last; at && at != tree.body(); at = at.previous()) backwards.push_back(at);
      break;
    }
    all = tree.body().descendants().to_vector();
    ASSERT_EQ(all.size(), backwards.size());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], backwards[all.size() - 1 - i]);
  }
}

}  // namespace
}  // namespace tidewire::html
