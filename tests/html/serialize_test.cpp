#include <tidewire/html/parser.hpp>
#include <tidewire/html/serialize.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire::html {
namespace {

std::string again(const char* text) {
  return parse(text).body().inner_html();
}

TEST(HtmlSerialize, EscapesTextAndAttributesAsTheStandardSays) {
  EXPECT_EQ(again("a &amp; b &lt; c &gt; d \xC2\xA0 \" '"), "a &amp; b &lt; c &gt; d &nbsp; \" '");
  EXPECT_EQ(again("<p title='&amp;&lt;&gt;&quot;\xC2\xA0&#39;'>"),
            "<p title=\"&amp;&lt;&gt;&quot;&nbsp;'\"></p>");
  EXPECT_EQ(again("caf\xC3\xA9 \xC2\xA9"), "caf\xC3\xA9 \xC2\xA9");
}

TEST(HtmlSerialize, LeavesRawTextAsItIs) {
  EXPECT_EQ(again("<body><script>a < b && c</script><style>a > b</style><textarea>a &lt; b</textarea>"),
            "<script>a < b && c</script><style>a > b</style><textarea>a &lt; b</textarea>");
  EXPECT_EQ(again("<iframe><b></iframe><xmp><i></xmp>"), "<iframe><b></iframe><xmp><i></xmp>");
}

TEST(HtmlSerialize, WritesNoEndTagOfVoidElements) {
  EXPECT_EQ(again("<br><img src=x><hr>"), "<br><img src=\"x\"><hr>");
  EXPECT_EQ(parse("<br>").body().first_child().html(), "<br>");
}

TEST(HtmlSerialize, WritesCommentsDoctypesAndForeignNames) {
  EXPECT_EQ(parse("<!doctype HTML><!-- c -->").html(),
            "<!DOCTYPE html><!-- c --><html><head></head><body></body></html>");
  EXPECT_EQ(again("<svg viewbox=0 xlink:href=a><foreignobject><p>x</svg>"),
            "<svg viewBox=\"0\" xlink:href=\"a\"><foreignObject><p>x</p></foreignObject></svg>");
}

TEST(HtmlSerialize, WritesAMillionNestedElements) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "<div>";
  const document tree = parse(deep);
  EXPECT_EQ(tree.html().size(),
            deep.size() + 1'000'000 * 6 + std::string("<html><head></head><body></body></html>").size());
}

TEST(HtmlDump, WritesOneLineANode) {
  EXPECT_EQ(
      dump(parse("<!DOCTYPE html><p b=2 a=1>x<!--c--><template><i>")),
      "| <!DOCTYPE html>\n| <html>\n|   <head>\n|   <body>\n|     <p>\n|       a=\"1\"\n|       b=\"2\"\n"
      "|       \"x\"\n|       <!-- c -->\n|       <template>\n|         content\n|           <i>\n");
  EXPECT_EQ(dump(node()), "");
  EXPECT_EQ(dump(parse("<svg xlink:href=x definitionurl=y>").body()),
            "| <svg svg>\n|   definitionurl=\"y\"\n|   xlink href=\"x\"\n");
}

}  // namespace
}  // namespace tidewire::html
