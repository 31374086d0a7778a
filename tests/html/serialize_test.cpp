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

std::string pretty(const char* page) {
  return to_html(parse(page), {.format = html_format::pretty});
}
std::string minified(const char* page) {
  return to_html(parse(page), {.format = html_format::minified});
}

TEST(HtmlPretty, PutsEachBlockOnItsLine) {
  EXPECT_EQ(
      pretty("<!DOCTYPE html><title>T</title><div><p>a <b>b</b>\n c<p>d</div><ul><li>x<li>y</ul>"),
      "<!DOCTYPE html>\n<html>\n  <head>\n    <title>T</title>\n  </head>\n  <body>\n    <div>\n"
      "      <p>a <b>b</b> c</p>\n      <p>d</p>\n    </div>\n    <ul>\n      <li>x</li>\n      <li>y</li>\n"
      "    </ul>\n  </body>\n</html>\n");
}

TEST(HtmlPretty, LeavesPreformattedTextAlone) {
  EXPECT_EQ(to_html(parse("<pre>\n\n a\n  b</pre><textarea> x </textarea>").body(),
                    {.format = html_format::pretty}),
            "<body>\n  <pre>\n\n a\n  b</pre>\n  <textarea> x </textarea>\n</body>\n");
}

TEST(HtmlPretty, IsStable) {
  const std::string once = pretty("<p>a<div>b<!--c--><p>d <i>e </i></div>f<table><tr><td>g");
  EXPECT_EQ(pretty(once.c_str()), once);
}

TEST(HtmlMinified, DropsWhatDoesNotMatter) {
  EXPECT_EQ(
      minified(
          "<!DOCTYPE html>\n<html>\n<head>\n <title> T </title>\n</head>\n<body class=\"a\" id='b c'>\n"
          "<!-- c --> <ul>\n <li> x </li>\n <li>y</li>\n</ul>\n<p>a  <b> b</b> c </p>\n<input disabled=''>\n"
          "</body></html>"),
      "<!DOCTYPE html><html><head><title>T</title></head><body class=a id=\"b c\"><ul><li>x<li>y</ul>"
      "<p>a <b>b</b> c</p><input disabled></body></html>");
  EXPECT_EQ(to_html(parse("<table> <tr> <td>1</td> <td>2 </td> </tr> <tr><td>3</table>").body(),
                    {.format = html_format::minified}),
            "<body><table><tbody><tr><td>1<td>2<tr><td>3</table></body>");
  EXPECT_EQ(
      to_html(parse("<pre>\n\n a\n  b</pre><a href='x/'>y</a>").body(), {.format = html_format::minified}),
      "<body><pre>\n\n a\n  b</pre><a href=\"x/\">y</a></body>");
}

TEST(HtmlMinified, ParsesToTheSameElements) {
  for (const char* page :
       {"<dl><dt>a<dd>b<dt>c</dl>x", "<ul><li>a<ul><li>b</ul>c<li>d</ul>",
        "<table><thead><tr><th>a<tbody><tr><td>b<td>c<tfoot><tr><td>d</table>", "<div><li>a</li>b</div>",
        "<p>a<span> b </span><span>c</span></p> d", "<select><option>a<option>b</select>"}) {
    const std::string small = minified(page);
    EXPECT_EQ(minified(small.c_str()), small) << page;
    const document before = parse(page);
    const document after = parse(small);
    std::string left;
    std::string right;
    for (node each : before.root().descendant_elements()) left += std::string(each.name()) + " ";
    for (node each : after.root().descendant_elements()) right += std::string(each.name()) + " ";
    EXPECT_EQ(left, right) << page;
  }
}

TEST(HtmlXml, IsWellFormed) {
  EXPECT_EQ(to_xml(parse("<!DOCTYPE html><title>a &amp; b</title><p a:b=\"<&quot;\" x@y=1>x<br><!--a--b-->"
                         "<svg xlink:href=u><path/></svg>")),
            "<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>a &amp; "
            "b</title></head><body>"
            "<p a_b=\"&lt;&quot;\" x_y=\"1\">x<br/><!--a- -b--><svg xmlns=\"http://www.w3.org/2000/svg\" "
            "xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"u\"><path/></svg></p></body></html>");
  EXPECT_EQ(to_xml(parse("<p>\f").body().first_child()),
            "<p xmlns=\"http://www.w3.org/1999/xhtml\">\xEF\xBF\xBD</p>");
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
