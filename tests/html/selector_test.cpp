#include <tidewire/html/parser.hpp>
#include <tidewire/html/selector.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace tidewire::html {
namespace {

std::string ids(const std::vector<node>& nodes) {
  std::string all;
  for (const node& each : nodes) all += std::string(each.attribute("id", each.name())) + " ";
  return all;
}
std::string ids(const document& tree, std::string_view text) {
  return ids(tree.select(text));
}

const document& page() {
  static const document tree = parse(
      "<!DOCTYPE html><body id=body><div id=a class='x y'><p id=b lang=en-GB>one</p><p id=c class=x>two<b "
      "id=d>three</b>"
      "</p></div><ul id=u><li id=l1>1<li id=l2 class=y>2<li id=l3>3<li id=l4>4</ul><a id=h "
      "href='/Path?q'>link</a>"
      "<svg id=s viewBox='0 0'><foreignObject id=f></foreignObject><a id=sa xlink:href=u></a></svg>"
      "<input id=i type=TEXT disabled><template id=t><p id=inside></template>");
  return tree;
}

TEST(HtmlSelector, SelectsByTypeIdAndClass) {
  EXPECT_EQ(ids(page(), "p"), "b c ");
  EXPECT_EQ(ids(page(), "P"), "b c ");
  EXPECT_EQ(ids(page(), "#d"), "d ");
  EXPECT_EQ(ids(page(), "#D"), "");
  EXPECT_EQ(ids(page(), ".x"), "a c ");
  EXPECT_EQ(ids(page(), ".x.y"), "a ");
  EXPECT_EQ(ids(page(), "p.x#c"), "c ");
  EXPECT_EQ(ids(page(), "foreignObject"), "f ");
  EXPECT_EQ(ids(page(), "foreignobject"), "");
  EXPECT_EQ(ids(page(), "nothing"), "");
  EXPECT_EQ(page().select("*").size(), 18U);
  EXPECT_EQ(ids(page(), "p, #d, li, p"), "b c d l1 l2 l3 l4 ");
}

TEST(HtmlSelector, SelectsByAttribute) {
  EXPECT_EQ(ids(page(), "[href]"), "h ");
  EXPECT_EQ(ids(page(), "[xlink\\:href]"), "sa ");
  EXPECT_EQ(ids(page(), "[viewbox]"), "");
  EXPECT_EQ(ids(page(), "[viewBox]"), "s ");
  EXPECT_EQ(ids(page(), "[HREF^='/path' i]"), "h ");
  EXPECT_EQ(ids(page(), "[href^='/path']"), "");
  EXPECT_EQ(ids(page(), "[href$=q i], [href*=ath]"), "h ");
  EXPECT_EQ(ids(page(), "[class~=y]"), "a l2 ");
  EXPECT_EQ(ids(page(), "[lang|=en]"), "b ");
  EXPECT_EQ(ids(page(), "[lang|=e]"), "");
  EXPECT_EQ(ids(page(), "[type=text]"), "i ");
  EXPECT_EQ(ids(page(), "[type=text s]"), "");
  EXPECT_EQ(ids(page(), "li[class!=y]"), "l1 l3 l4 ");
}

TEST(HtmlSelector, FollowsCombinators) {
  EXPECT_EQ(ids(page(), "div p"), "b c ");
  EXPECT_EQ(ids(page(), "body > p"), "");
  EXPECT_EQ(ids(page(), "div > p > b"), "d ");
  EXPECT_EQ(ids(page(), "p + p"), "c ");
  EXPECT_EQ(ids(page(), ".y ~ li"), "l3 l4 ");
  EXPECT_EQ(ids(page(), "body div p b"), "d ");
  EXPECT_EQ(ids(page(), "html body>div ~ a"), "h ");
  // Backtracking: the nearest ancestor is not the right one.
  const document tree = parse("<div class=a><div class=b><div><div class=b><p id=p></div></div></div></div>");
  EXPECT_EQ(ids(tree, ".a > .b p"), "p ");
  EXPECT_EQ(ids(tree, ".a > .b > div > .b > p"), "p ");
  EXPECT_EQ(ids(tree, ".a > p"), "");
}

TEST(HtmlSelector, KnowsThePseudoClasses) {
  EXPECT_EQ(ids(page(), "li:nth-child(2n+1)"), "l1 l3 ");
  EXPECT_EQ(ids(page(), "li:nth-last-child(-n+2)"), "l3 l4 ");
  EXPECT_EQ(ids(page(), "li:nth-child(1 of :not(#l1))"), "l2 ");
  EXPECT_EQ(ids(page(), "li:first-child, li:last-child"), "l1 l4 ");
  EXPECT_EQ(ids(page(), "b:only-child"), "d ");
  EXPECT_EQ(ids(page(), "div:only-of-type"), "a ");
  EXPECT_EQ(ids(page(), ":is(p, li):not(.x, #l1):where(#b, #l3)"), "b l3 ");
  EXPECT_EQ(ids(page(), "div:has(b), ul:has(> .y + li), ul:has(b)"), "a u ");
  EXPECT_EQ(ids(page(), "p:has(+ p)"), "b ");
  EXPECT_EQ(ids(page(), "li:has(~ #l3)"), "l1 l2 ");
  EXPECT_EQ(ids(page(), "body:has(div > p > b)"), "body ");
  EXPECT_EQ(ids(page(), ":root"), "html ");
  EXPECT_EQ(ids(page(), ":scope > body"), "body ");
  EXPECT_EQ(ids(page(), "p:lang(en)"), "b ");
  EXPECT_EQ(ids(page(), ":link"), "h ");
  EXPECT_EQ(ids(page(), ":disabled"), "i ");
  EXPECT_EQ(ids(page(), "p:contains('three')"), "c ");
  EXPECT_EQ(ids(page(), "p:contains-own('three')"), "");
  EXPECT_EQ(ids(page(), ":empty"), "head f sa i t ");
  EXPECT_EQ(ids(page(), "a:hover"), "");
}

TEST(HtmlSelector, SearchesBelowItsScopeOnly) {
  const node list = page().select_one("#u");
  EXPECT_EQ(ids(list.select("li")), "l1 l2 l3 l4 ");
  EXPECT_EQ(ids(list.select(":scope > .y")), "l2 ");
  EXPECT_EQ(ids(list.select("ul")), "");
  EXPECT_EQ(ids(list.select("body .y")), "l2 ");
  EXPECT_EQ(ids(page().select_one("#t").template_content().select("p")), "inside ");
  const document fragment = parse_fragment("<p id=p><i id=i></i></p><p id=q>");
  EXPECT_EQ(ids(fragment, ":scope > p"), "p q ");
  EXPECT_EQ(ids(fragment, "p i"), "i ");
}

TEST(HtmlSelector, MatchesAndFindsTheClosest) {
  const node b = page().select_one("#d");
  EXPECT_TRUE(b.matches("div b"));
  EXPECT_FALSE(b.matches("ul b"));
  EXPECT_EQ(ids({b.closest("div")}), "a ");
  EXPECT_EQ(b.closest("b"), b);
  EXPECT_FALSE(b.closest("ul"));
  EXPECT_TRUE(page().select_one("div").matches(":has(> p > b)"));
  EXPECT_FALSE(page().select_one("ul").matches(":has(b)"));
  EXPECT_TRUE(page().select_one("#b").matches(":has(+ p)"));
  EXPECT_FALSE(page().root().matches("*"));
  EXPECT_FALSE(node().matches("*"));
}

TEST(HtmlSelector, ExtractsTextAndAttributes) {
  EXPECT_EQ(page().extract("li::text"), (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(page().extract("p#c::text"), (std::vector<std::string>{"two"}));
  EXPECT_EQ(page().extract("p#c *::text"), (std::vector<std::string>{"three"}));
  EXPECT_EQ(page().extract("[href]::attr(href)"), (std::vector<std::string>{"/Path?q"}));
  EXPECT_EQ(page().extract("p::attr(lang)"), (std::vector<std::string>{"en-GB"}));
  EXPECT_EQ(page().extract("p#c"), (std::vector<std::string>{"twothree"}));
  EXPECT_EQ(selector::compile("p::text").value().wants(), selector::output::text);
}

TEST(HtmlSelector, FindsTextHoweverItIsCut) {
  const document tree = parse(
      "<div id=d>abab<b id=b>a</b><!--x--><i id=i>bac<u id=u></u></i></div><p id=p title='xabABac'>aba</p>"
      "<template>abac</template><p id=q>c</p>");
  EXPECT_EQ(ids(tree, "[id]:contains('ababac')"), "d ");
  EXPECT_EQ(ids(tree, "[id]:contains('abac')"), "d ");
  EXPECT_EQ(ids(tree, "[id]:contains('bac')"), "d i ");
  EXPECT_EQ(ids(tree, "[id]:contains('aba')"), "d p ");
  EXPECT_EQ(ids(tree, "[id]:contains('c', 'abab')"), "d i q ");
  EXPECT_EQ(ids(tree, "[id]:contains-own('bac')"), "i ");
  EXPECT_EQ(ids(tree, "[id]:contains('')"), "d b i u p q ");
  EXPECT_EQ(ids(tree, "[id]:contains('cab')"), "");
  EXPECT_EQ(ids(tree, "body:contains('cabac')"), "body ");
  EXPECT_TRUE(tree.select_one("#d").matches(":contains('babac')"));
  EXPECT_FALSE(tree.select_one("#d").matches(":contains('caba')"));
  EXPECT_TRUE(tree.select_one("#d").matches(":has(:contains('bac')):not(:has(:contains('aba')))"));
  EXPECT_EQ(ids(tree, "[title*=abac]"), "");
  EXPECT_EQ(ids(tree, "[title*=abABac]"), "p ");
  EXPECT_EQ(ids(tree, "[title*=ABABAC i]"), "p ");
  EXPECT_EQ(ids(tree, "[title*='']"), "");
}

TEST(HtmlSelector, StopsAtTheLimit) {
  const selector items = selector::compile("li").value();
  EXPECT_EQ(ids(items.select(page(), 2)), "l1 l2 ");
  EXPECT_EQ(items.select(page(), 0).size(), 0U);
  EXPECT_EQ(ids({items.select_one(page())}), "l1 ");
  EXPECT_EQ(ids(selector::compile("li, p").value().select(page(), 3)), "b c l1 ");
}

TEST(HtmlSelector, SaysWhatIsWrongAndWhere) {
  const auto place_of = [](std::string_view text) {
    std::size_t place = 9999;
    const auto compiled = selector::compile(text, {}, &place);
    EXPECT_FALSE(compiled.has_value()) << text;
    if (!compiled) {
      EXPECT_EQ(compiled.error().code(), condition::misuse);
      EXPECT_NE(compiled.error().detail(), "");
    }
    return place;
  };
  EXPECT_EQ(place_of(""), 0U);
  EXPECT_EQ(place_of("a >"), 3U);
  EXPECT_EQ(place_of("a > > b"), 4U);
  EXPECT_EQ(place_of("> a"), 0U);
  EXPECT_EQ(place_of("a,"), 2U);
  EXPECT_EQ(place_of("td.+#x"), 3U);
  EXPECT_EQ(place_of("a[href"), 1U);
  EXPECT_EQ(place_of("a[href=]"), 7U);
  EXPECT_EQ(place_of("a[href='x]"), 7U);
  EXPECT_EQ(place_of("a:nth-child(2x)"), 12U);
  EXPECT_EQ(place_of("a:unknown"), 1U);
  EXPECT_EQ(place_of("a:not(b"), 5U);
  EXPECT_EQ(place_of("a)"), 1U);
  EXPECT_EQ(place_of("a::first-line"), 1U);
  EXPECT_EQ(place_of("a::text b"), 8U);
  EXPECT_EQ(place_of("5a"), 0U);
  EXPECT_EQ(place_of("|=a"), 1U);
  EXPECT_EQ(place_of(std::string(70000, 'a')), 65536U);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += ":not(";
  place_of(deep);
  std::string many;
  for (int i = 0; i < 5000; ++i) many += ".a";
  EXPECT_GT(place_of(many), 4000U);
  EXPECT_THROW((void)page().select("a["), error);
}

TEST(HtmlSelector, ReadsEscapesAndComments) {
  const document tree = parse("<p id='1.2' class='a:b'>x<p id=q>");
  EXPECT_EQ(ids(tree, "#\\31 \\.2"), "1.2 ");
  EXPECT_EQ(ids(tree, "/* c */ .a\\:b /* d */"), "1.2 ");
  EXPECT_EQ(ids(tree, "p/**/+/**/p"), "q ");
  EXPECT_EQ(ids(tree, "[id='1\\2e 2']"), "1.2 ");
}

TEST(HtmlSelector, IsUsedByManyThreadsAtOnce) {
  const selector shared = selector::compile("div:has(b) p:nth-child(2), #u > .y, [href]").value();
  const document tree = parse(page().html());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_EQ(ids(shared.select(tree)), "c l2 h ");
    });
  for (std::thread& thread : threads) thread.join();
}

// Deep and wide trees. What would be quadratic takes minutes here, so that the test's time limit tells; what
// is linear takes a moment.
TEST(HtmlSelector, StaysLinearOnDeepAndWideTrees) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += i % 2 == 0 ? "<div>" : "<span>";
  const document down = parse(deep);
  for (const char* text :
       {"b span", "b div span", "div b span div", "div:has(b)", "div:has(span b)", "div span:not(b div)",
        ":is(b div, i) span", "div:contains('nothing')", ":lang(de)", "span:dir(rtl)", "b ~ span",
        ":disabled", "a:has(:has(b))", "input:read-write", "div:nth-child(2)", "div:last-of-type:has(> b)"}) {
    SCOPED_TRACE(text);
    (void)down.select(text);
  }
  EXPECT_EQ(down.select("div > span").size(), 100'000U);
  EXPECT_EQ(down.select("div:has(span)").size(), 100'000U);
  EXPECT_EQ(down.select("span div").size(), 99'999U);
  std::string wide;
  for (int i = 0; i < 200'000; ++i) wide += i % 2 == 0 ? "<b>x</b>" : "<i>y</i>";
  const document across = parse(wide);
  EXPECT_EQ(across.select("b ~ i").size(), 100'000U);
  EXPECT_EQ(across.select("u ~ i").size(), 0U);
  EXPECT_EQ(across.select("u ~ b ~ i").size(), 0U);
  EXPECT_EQ(across.select("b:nth-of-type(2n)").size(), 50'000U);
  EXPECT_EQ(across.select("i:nth-last-child(2n+1)").size(), 100'000U);
  EXPECT_EQ(across.select("i:nth-child(2 of b, i)").size(), 1U);
  EXPECT_EQ(across.select("b:has(~ i)").size(), 100'000U);
  EXPECT_EQ(across.select("b:has(+ b)").size(), 0U);
  EXPECT_EQ(across.select(":only-of-type").size(), 3U);
  EXPECT_EQ(across.select("b:contains(x)").size(), 100'000U);
  const std::string alike(1'000'000, 'a');
  const document text = parse("<p title='" + alike + "'>" + alike + "<b>" + alike + "</b>");
  const std::string needle = "'" + alike.substr(0, 50'000) + "b'";
  for (const std::string& selector : {":contains(" + needle + ")", ":contains-own(" + needle + ")",
                                      "[title*=" + needle + "]", "[title*=" + needle + " i]"})
    EXPECT_EQ(text.select(selector).size(), 0U);
}

}  // namespace
}  // namespace tidewire::html
