#include <tidewire/html/extract.hpp>
#include <tidewire/html/parser.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidewire::html {
namespace {

std::string urls(const document& page) {
  std::string all;
  for (const link& each : extract_links(page))
    all += std::string(each.element.name()) + "/" + std::string(each.attribute) + " " + each.url + "\n";
  return all;
}

TEST(HtmlLinks, AreFoundInEveryAttributeThatHasOne) {
  EXPECT_EQ(
      urls(parse(
          "<html manifest=m><head><base href=/b/><link rel=x href=l imagesrcset='i1 1x'><script "
          "src=s></script>"
          "<meta http-equiv=refresh content='5; URL= \"next\"'><style>@import 'c1'; a { b: url( \"c2\" ) "
          "}</style>"
          "<body background=bg><a href=' a1\n' ping='p1 p2'>t</a><area href=ar><img src=i longdesc=ld "
          "srcset='s1, s2 2x,s3 640w'><picture><source srcset='ps'></picture><video src=v poster=po>"
          "<source src=vs><track src=tr></video><audio src=au></audio><iframe src=if></iframe><embed src=em>"
          "<object data=ob></object><form action=fo><input type=image src=in formaction=fa><button "
          "formaction=fb>"
          "</button></form><blockquote cite=ci><q cite=cq></q><ins cite=cin></ins></blockquote>"
          "<svg><a href=sa></a><image xlink:href=si /></svg><p style='x:url(st)'>")),
      "html/manifest m\nlink/href l\nlink/imagesrcset i1\nscript/src s\nmeta/content next\nstyle/ c1\nstyle/ "
      "c2\n"
      "body/background bg\na/href a1\na/ping p1\na/ping p2\narea/href ar\nimg/src i\nimg/srcset "
      "s1\nimg/srcset s2\n"
      "img/srcset s3\nimg/longdesc ld\nsource/srcset ps\nvideo/src v\nvideo/poster po\nsource/src "
      "vs\ntrack/src tr\n"
      "audio/src au\niframe/src if\nembed/src em\nobject/data ob\nform/action fo\ninput/src "
      "in\ninput/formaction fa\n"
      "button/formaction fb\nblockquote/cite ci\nq/cite cq\nins/cite cin\na/href sa\nimage/href si\np/style "
      "st\n");
}

TEST(HtmlLinks, SayWhatTheyAreAndAreResolved) {
  const document page = parse(
      "<base href='dir/'><link rel='canonical' href=c><a href=x rel=nofollow hreflang=de> the  "
      "<b>text</b></a>"
      "<img srcset='a 2x'>");
  link_options options;
  options.document_url = "http://h/p";
  options.resolve = [](std::string_view base, std::string_view reference) {
    return std::string(base) + "|" + std::string(reference);
  };
  const std::vector<link> links = extract_links(page, options);
  ASSERT_EQ(links.size(), 3U);
  EXPECT_EQ(links[0].kind, link_kind::relation);
  EXPECT_EQ(links[0].rel, "canonical");
  EXPECT_EQ(links[0].resolved, "http://h/p|dir/|c");
  EXPECT_EQ(links[1].kind, link_kind::anchor);
  EXPECT_EQ(links[1].text, "the text");
  EXPECT_EQ(links[1].rel, "nofollow");
  EXPECT_EQ(links[1].hreflang, "de");
  EXPECT_EQ(links[2].descriptor, "2x");
  EXPECT_EQ(extract_links(page)[0].resolved, "");
  EXPECT_EQ(extract_links(page.select_one("img")).size(), 1U);
}

TEST(HtmlLinks, ReadSourceSetsAsTheStandardDoes) {
  const auto set = [](const char* text) {
    std::string all;
    document page = parse("<img>");
    page.select_one("img").set_attribute("srcset", text);
    for (const link& each : extract_links(page)) all += each.url + "[" + each.descriptor + "]";
    return all;
  };
  EXPECT_EQ(set("a,b 1x"), "a,b[1x]");
  EXPECT_EQ(set(" , a 1x , b , c,, d(,) 2w"), "a[1x]b[]c[]d(,)[2w]");
  EXPECT_EQ(set("data:,x 1x, y"), "data:,x[1x]y[]");
  EXPECT_EQ(set("a f(b, c), d"), "a[f(b, c)]d[]");
  EXPECT_EQ(set(","), "");
}

std::string grid(const table& table) {
  std::string all;
  for (const auto& row : table.rows) {
    for (const table_cell& cell : row)
      all += (cell.spanned ? "<" : "") + cell.text + (cell.header ? "!" : "") + "|";
    all += "\n";
  }
  return all;
}

TEST(HtmlTables, ResolveTheirSpans) {
  const std::vector<table> tables = extract_tables(parse(
      "<table><caption> Prices </caption><thead><tr><th rowspan=2>A<th colspan=2>B<tr><th>C<th>D</thead>"
      "<tr><td>1<td rowspan=0>2<td>3<tr><td>4<td>5<tr><td>6</table>"));
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].caption, "Prices");
  EXPECT_EQ(tables[0].header_rows, 2U);
  EXPECT_EQ(grid(tables[0]), "A!|B!|<B!|\n<A!|C!|D!|\n1|2|3|\n4|<2|5|\n6|<2||\n");
  EXPECT_FALSE(tables[0].rows[4][2].element);
}

TEST(HtmlTables, CountHeadersAndKeepNestedTables) {
  const std::vector<table> tables =
      extract_tables(parse("<table><tr><th>a<th>b<tr><td>c<td><table><tr><td>d</table></table>"));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].header_rows, 1U);
  EXPECT_EQ(grid(tables[0]), "a!|b!|\nc|d|\n");
  EXPECT_EQ(grid(tables[1]), "d|\n");
}

TEST(HtmlTables, HoldSpansThatAskForTooMuch) {
  const std::vector<table> tables = extract_tables(
      parse("<table><tr><td colspan=99999 rowspan=99999>x<tr><tr></table>"), {.max_cells = 1500});
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_TRUE(tables[0].cut);
  EXPECT_EQ(tables[0].rows[0].size(), 1000U);
  std::string many = "<table>";
  for (int i = 0; i < 3000; ++i) many += "<tr><td rowspan=65534 colspan=1000>x";
  EXPECT_TRUE(extract_tables(parse(many), {.max_cells = 100'000})[0].cut);
}

TEST(HtmlForms, HaveTheirFieldsWithDefaults) {
  const std::vector<form> forms = extract_forms(parse(
      "<form id=f name=n action='/go' method=POST enctype=multipart/form-data><input name=a value=1><input "
      "type=hidden name=b>"
      "<input type=checkbox name=c checked><input type=checkbox name=d value=x><input type=radio name=e "
      "value=1>"
      "<input type=radio name=e value=2 checked><select name=s><option>one<option value=2 "
      "selected>two</select>"
      "<select name=m multiple><option selected>x<option selected>y<option>z</select><textarea "
      "name=t>\nA\nB</textarea>"
      "<button name=go value=1>Go</button><input type=submit name=other value=2><input name=off disabled "
      "value=3>"
      "<fieldset disabled><legend><input name=l value=4></legend><input name=g value=5></fieldset></form>"
      "<input form=f name=far value=6><input name=stray><form></form>"));
  ASSERT_EQ(forms.size(), 2U);
  const form& first = forms[0];
  EXPECT_EQ(first.name, "n");
  EXPECT_EQ(first.action, "/go");
  EXPECT_EQ(first.method, "post");
  EXPECT_EQ(first.enctype, "multipart/form-data");
  EXPECT_EQ(first.fields.size(), 15U);
  EXPECT_EQ(first.body(), "a=1&b=&c=on&e=2&s=2&m=x&m=y&t=A%0D%0AB&l=4&far=6");
  EXPECT_EQ(first.body("go"), "a=1&b=&c=on&e=2&s=2&m=x&m=y&t=A%0D%0AB&go=1&l=4&far=6");
  EXPECT_EQ(forms[1].fields.size(), 0U);
  EXPECT_EQ(forms[1].method, "get");
}

TEST(HtmlForms, AreFilledIn) {
  std::vector<form> forms = extract_forms(
      parse("<form><input name=q><input type=checkbox name=c value=1><input type=checkbox name=c value=2>"
            "<input type=radio name=r value=a checked><input type=radio name=r value=b><select "
            "name=s><option>x<option>y</select>"
            "<input type=image name=i></form>"));
  form& search = forms[0];
  EXPECT_TRUE(search.set("q", "a b&\xC3\xA9"));
  EXPECT_TRUE(search.set("c", "2"));
  EXPECT_TRUE(search.set("r", "b"));
  EXPECT_TRUE(search.set("s", "y"));
  EXPECT_FALSE(search.set("s", "z"));
  EXPECT_FALSE(search.set("none", "z"));
  EXPECT_EQ(search.body(), "q=a+b%26%C3%A9&c=2&r=b&s=y");
  EXPECT_TRUE(search.check("c"));
  EXPECT_EQ(search.entries("i").size(), 7U);
  EXPECT_EQ(search.entries("i").back().first, "i.y");
}

TEST(HtmlForms, ChooseTheOptionsThatABrowserWould) {
  const std::vector<form> forms = extract_forms(parse(
      "<form><select name=a><option disabled selected>x<option>y</select><select name=b><option "
      "disabled>x<option>y"
      "</select><select name=c size=3><option>x</select><select name=d multiple><option>x<option selected>y"
      "<option selected disabled>z</select><select name=e><optgroup "
      "disabled><option>x</optgroup><option>y</select>"
      "<select name=f><option selected>x<option selected>y</select>"
      "<button type=odd name=g value=1></button></form>"));
  EXPECT_EQ(forms.at(0).body(), "b=y&d=y&e=y&f=y");
  EXPECT_EQ(forms.at(0).body("g"), "b=y&d=y&e=y&f=y&g=1");
}

TEST(HtmlForms, SayWhatASubmitSends) {
  std::vector<form> forms = extract_forms(parse(
      "<form action=/a method=post><input name='a&b' type=unknown value='\n1'><input type=file name=f>"
      "<datalist><input name=never></datalist><button name=go value=1>"
      "<button name=get formmethod=get formaction=/b><button name=parts formenctype=Multipart/Form-Data>"
      "<button name=plain formenctype=text/plain><button name=none formmethod=dialog></form>"
      "<form action=/c method=post enctype=multipart/form-data><input type=hidden name='n\"\n' value='x\ry'>"
      "<input type=file name=up></form>"));
  ASSERT_EQ(forms.size(), 2U);
  const form& first = forms[0];
  form_submission sent = first.submission();
  EXPECT_EQ(sent.method, "post");
  EXPECT_EQ(sent.action, "/a");
  EXPECT_EQ(sent.content_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(sent.body, "a%26b=1&f=");
  EXPECT_EQ(first.submission("go").body, "a%26b=1&f=&go=1");
  sent = first.submission("get");
  EXPECT_EQ(sent.method + " " + sent.action + " " + sent.content_type, "get /b ");
  EXPECT_EQ(sent.body, "a%26b=1&f=&get=");
  sent = first.submission("plain");
  EXPECT_EQ(sent.content_type, "text/plain");
  EXPECT_EQ(sent.body, "a&b=1\r\nf=\r\nplain=\r\n");
  EXPECT_EQ(first.submission("none").method, "dialog");
  EXPECT_EQ(first.submission("none").body, "");
  EXPECT_TRUE(first.submission("parts").content_type.starts_with("multipart/form-data; boundary="));
  sent = forms[1].submission();
  const std::string start = "multipart/form-data; boundary=";
  ASSERT_TRUE(sent.content_type.starts_with(start));
  const std::string boundary = sent.content_type.substr(start.size());
  EXPECT_LE(boundary.size(), 70U);
  EXPECT_EQ(sent.body, "--" + boundary +
                           "\r\nContent-Disposition: form-data; name=\"n%22%0D%0A\"\r\n\r\nx\r\ny\r\n--" +
                           boundary +
                           "\r\nContent-Disposition: form-data; name=\"up\"; filename=\"\"\r\nContent-Type: "
                           "application/octet-stream\r\n\r\n\r\n--" +
                           boundary + "--\r\n");
  // A value that has the boundary in it gets another.
  forms[1].fields[0].value = boundary;
  const std::string other = forms[1].submission().content_type.substr(start.size());
  EXPECT_EQ(boundary.find(other), std::string::npos);
  forms[1].fields.clear();
  EXPECT_TRUE(forms[1].submission().body.starts_with("------TidewireFormBoundary"));
}

TEST(HtmlMetadata, IsWhatThePageSaysOfItself) {
  const metadata found =
      extract_metadata(parse("<html lang=en><title> A  page </title><meta name=Description content=' Of  "
                             "things '><meta property=og:title content=T>"
                             "<meta name=twitter:card content=summary><link rel=canonical href=/c><link "
                             "rel=alternate type=application/rss+xml href=f>"
                             "<script type='application/ld+json'>{\"@type\": \"X\"}</script><body>"));
  EXPECT_EQ(found.title, "A page");
  EXPECT_EQ(found.description, "Of things");
  EXPECT_EQ(found.language, "en");
  EXPECT_EQ(found.canonical, "/c");
  EXPECT_EQ(found.open_graph, (std::vector<std::pair<std::string, std::string>>{{"og:title", "T"}}));
  EXPECT_EQ(found.twitter, (std::vector<std::pair<std::string, std::string>>{{"twitter:card", "summary"}}));
  EXPECT_EQ(found.feeds, (std::vector<std::pair<std::string, std::string>>{{"application/rss+xml", "f"}}));
  EXPECT_EQ(found.json_ld, (std::vector<std::string>{"{\"@type\": \"X\"}"}));
  EXPECT_EQ(found.meta.size(), 2U);
}

TEST(HtmlMetadata, HasMicrodataWithItemsInItems) {
  const metadata found = extract_metadata(
      parse("<div itemscope itemtype='http://s/Movie other' itemref=more><h1 itemprop='name title'>Up</h1>"
            "<div itemprop=director itemscope itemtype=P><span itemprop=name>Ann</span></div>"
            "<a itemprop=url href=u>x</a><time itemprop=when datetime=2020>y</time><meta itemprop=m "
            "content=c></div>"
            "<p id=more itemprop=extra>more</p>"));
  ASSERT_EQ(found.microdata.size(), 2U);
  const microdata_item& movie = found.microdata[0];
  EXPECT_EQ(movie.types, (std::vector<std::string>{"http://s/Movie", "other"}));
  EXPECT_TRUE(movie.top_level);
  std::string all;
  for (const auto& property : movie.properties)
    all += property.name + "=" +
           (property.item == microdata_item::no_item ? property.value : "#" + std::to_string(property.item)) +
           ";";
  EXPECT_EQ(all, "name=Up;title=Up;director=#1;url=u;when=2020;m=c;extra=more;");
  EXPECT_FALSE(found.microdata[1].top_level);
  EXPECT_EQ(found.microdata[1].properties.size(), 1U);
}

TEST(HtmlMainContent, IsWhereTheTextIs) {
  std::string story;
  for (int i = 0; i < 6; ++i)
    story += "<p>A paragraph with some words, commas, and enough text to count as content.</p>";
  const document page = parse(
      "<nav><p>One, two, three, four, five, six, seven, eight</p></nav><div id=side class=sidebar><p><a "
      "href=x>" +
      std::string(400, 'x') + ", , , ,</a></p></div><div><div id=story>" + story + "</div></div>");
  EXPECT_EQ(main_content(page).attribute("id"), "story");
  EXPECT_EQ(main_content(parse("<div>short</div><main id=m>" + story + "</main>")).attribute("id"), "m");
  EXPECT_EQ(main_content(parse("<article id=a>" + story + "</article>")).attribute("id"), "a");
  EXPECT_EQ(main_content(parse("<p>tiny")).name(), "body");
  EXPECT_FALSE(main_content(parse("")));
}

// What is quadratic in the depth would not end here.
TEST(HtmlExtract, StaysLinearOnDeepTrees) {
  for (const char* tag : {"<div itemprop=a>x", "<div itemscope itemprop=a>", "<table><tr><td>x",
                          "<form><fieldset disabled><legend>", "<blockquote cite=x>y", "<object data=x>",
                          "<a href=x><table><td>"}) {
    std::string deep = "<div itemscope>";
    for (int i = 0; i < 100'000; ++i) deep += tag;
    const document page = parse(deep);
    (void)extract_links(page);
    (void)extract_tables(page);
    (void)extract_forms(page);
    (void)extract_metadata(page);
    (void)main_content(page);
  }
}

}  // namespace
}  // namespace tidewire::html
