#include <tidewire/html/parser.hpp>
#include <tidewire/html/text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire::html {
namespace {

std::string text_of(const char* page, const text_options& options = {}) {
  return rendered_text(parse(page), options);
}
std::string markdown_of(const char* page, const markdown_options& options = {}) {
  return to_markdown(parse(page), options);
}

TEST(HtmlRenderedText, BreaksLinesWhereABrowserWould) {
  EXPECT_EQ(text_of("<h1>Title</h1><p>One\n two</p><p>three<br>four</p><div>five</div><div>six</div>"),
            "Title\n\nOne two\n\nthree\nfour\n\nfive\nsix");
  EXPECT_EQ(text_of("a<div>b</div>c"), "a\nb\nc");
  EXPECT_EQ(text_of(" a  <b> b </b> <i>c</i> "), "a b c");
  EXPECT_EQ(text_of("<div><div><div>x</div></div></div>y"), "x\ny");
  EXPECT_EQ(text_of(""), "");
}

TEST(HtmlRenderedText, LeavesOutWhatIsNotSeen) {
  EXPECT_EQ(
      text_of("<title>t</title><style>s</style><p>a<script>b</script><span hidden>c</span>d<!--e--></p>"),
      "ad");
}

TEST(HtmlRenderedText, KeepsPreformattedText) {
  EXPECT_EQ(text_of("<p>a</p><pre>  b\n   c\n</pre><p>d"), "a\n\n  b\n   c\n\nd");
}

TEST(HtmlRenderedText, MarksListsAndSeparatesCells) {
  EXPECT_EQ(text_of("<ul><li>a<li>b<ol start=3><li>c<li>d</ol><li><p>e</ul>f"),
            "- a\n- b\n  3. c\n  4. d\n- e\n\nf");
  EXPECT_EQ(text_of("<ul><li>a<li>b</ul>", {.list_markers = false}), "a\nb");
  EXPECT_EQ(text_of("<table><tr><th>a<th>b<tr><td>c<td>d e</table>"), "a\tb\nc\td e");
  EXPECT_EQ(text_of("x<img alt=picture src=a>", {.image_text = true}), "xpicture");
}

TEST(HtmlMarkdown, WritesHeadingsParagraphsAndSpans) {
  EXPECT_EQ(markdown_of("<h2>A  title</h2><p>One <b>bold</b>, <em>soft</em>, <del>gone</del> and "
                        "<code>x*y</code>.</p><p>Two"),
            "## A title\n\nOne **bold**, *soft*, ~~gone~~ and `x*y`.\n\nTwo\n");
  EXPECT_EQ(markdown_of("a<b> x </b>b"), "a **x** b\n");
  EXPECT_EQ(markdown_of("<b></b>a<i> </i>b"), "a b\n");
  EXPECT_EQ(markdown_of("<b>a<strong>b</strong></b>"), "**ab**\n");
  EXPECT_EQ(markdown_of("a<br>b"), "a\\\nb\n");
  EXPECT_EQ(markdown_of("a<hr>b"), "a\n\n---\n\nb\n");
  EXPECT_EQ(markdown_of(""), "");
}

TEST(HtmlMarkdown, WritesLinksAndImages) {
  EXPECT_EQ(markdown_of("<a href=/x>the  <b>link</b></a>"), "[the **link**](/x)\n");
  EXPECT_EQ(markdown_of("<a href='/a b(c)'>x</a>"), "[x](</a b(c)>)\n");
  EXPECT_EQ(markdown_of("<a>no</a> <img src=i.png alt='A [b]'>"), "no ![A \\[b\\]](i.png)\n");
  EXPECT_EQ(markdown_of("<a href=x>y</a><img src=z>", {.links = false, .images = false}), "y\n");
}

TEST(HtmlMarkdown, WritesListsQuotesAndCode) {
  EXPECT_EQ(markdown_of("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>"), "- a\n- b\n  - c\n- d\n");
  EXPECT_EQ(markdown_of("<ol start=9><li>a<li><p>b</p><p>c</p></ol>d"), "9. a\n10. b\n\n    c\n\nd\n");
  EXPECT_EQ(markdown_of("<blockquote><p>a</p><p>b<blockquote>c</blockquote></blockquote>d"),
            "> a\n>\n> b\n>\n> > c\n\nd\n");
  EXPECT_EQ(markdown_of("<pre><code class='x language-cpp'>int a;\n  b\n</code></pre>"),
            "```cpp\nint a;\n  b\n```\n");
  EXPECT_EQ(markdown_of("<ul><li>x<pre>a\nb</pre></ul>"), "- x\n\n  ```\n  a\n  b\n  ```\n");
  EXPECT_EQ(markdown_of("<code>a`b</code>"), "``a`b``\n");
  EXPECT_EQ(markdown_of("<pre>```</pre>"), "````\n```\n````\n");
}

TEST(HtmlMarkdown, WritesTables) {
  EXPECT_EQ(markdown_of("<table><tr><th>A<th>B|C<tr><td>1<td><p>2</p><p>3</p><tr><td>4</table>x"),
            "| A | B\\|C |\n| --- | --- |\n| 1 | 2 3 |\n| 4 | |\n\nx\n");
}

TEST(HtmlMarkdown, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(markdown_of("*a* _b_ c_d [e] `f` &lt;g> \\"), "\\*a\\* \\_b\\_ c_d \\[e\\] \\`f\\` \\<g> \\\\\n");
  EXPECT_EQ(markdown_of("<p># a<p>1. b<p>- c<p>&gt; d<p>+ e<p>--- <p>&amp;amp;"),
            "\\# a\n\n1\\. b\n\n\\- c\n\n\\> d\n\n\\+ e\n\n\\---\n\n\\&amp;\n");
}

TEST(HtmlText, StaysLinearOnDeepTrees) {
  for (const char* tag :
       {"<div>", "<b>", "<blockquote>", "<ul><li>", "<table><tr><td>", "<a href=x>", "<pre>"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += tag;
    const document tree = parse(deep + "x");
    EXPECT_LT(rendered_text(tree).size(), deep.size() * 50) << tag;
    EXPECT_LT(to_markdown(tree).size(), deep.size() * 50) << tag;
    EXPECT_EQ(tree.get_text(), "x");
  }
}

}  // namespace
}  // namespace tidewire::html
