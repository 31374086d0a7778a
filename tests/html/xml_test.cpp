#include <tidewire/html/selector.hpp>
#include <tidewire/html/serialize.hpp>
#include <tidewire/html/xml.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "support/exact.hpp"

namespace tidewire::html {
namespace {

std::string tree_of(std::string_view text) {
  const auto tree = parse_xml(text);
  return tree ? dump(*tree) : tree.error().message();
}
std::string why(std::string_view text, const xml_options& options = {}) {
  const auto tree = parse_xml(text, options);
  EXPECT_FALSE(tree.has_value()) << text;
  return tree ? "" : std::string(tree.error().detail());
}

TEST(Xml, ReadsASitemap) {
  const auto tree = parse_xml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset "
      "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
      " <url><loc>https://example.org/?a=1&amp;b=2</loc><lastmod>2026-01-01</lastmod></url>\n"
      " <url><loc>https://example.org/2</loc></url>\n</urlset>\n");
  ASSERT_TRUE(tree.has_value()) << tree.error().message();
  EXPECT_TRUE(tree->is_xml());
  EXPECT_EQ(tree->extract("url > loc"),
            (std::vector<std::string>{"https://example.org/?a=1&b=2", "https://example.org/2"}));
  EXPECT_EQ(tree->document_element().namespace_uri(), "http://www.sitemaps.org/schemas/sitemap/0.9");
  EXPECT_EQ(tree->select("LOC").size(), 0U);
}

TEST(Xml, KeepsTheKindsOfNodesApart) {
  EXPECT_EQ(
      tree_of("<!DOCTYPE a SYSTEM 's'><?p d ?><a b='1'>x<!--c--><![CDATA[<&]]>y</a>"),
      "| <!DOCTYPE a \"\" \"s\">\n| <?p d >\n| <a>\n|   b=\"1\"\n|   \"x\"\n|   <!-- c -->\n|   \"<&y\"\n");
}

TEST(Xml, ResolvesNamespaces) {
  const auto tree = parse_xml(
      "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:m='urn:media'><m:group m:size='1' "
      "size='2'><entry/></m:group>"
      "<g xmlns=''><h/></g></feed>");
  ASSERT_TRUE(tree.has_value()) << tree.error().message();
  const node group = tree->document_element().first_child();
  EXPECT_EQ(group.name(), "m:group");
  EXPECT_EQ(group.local_name(), "group");
  EXPECT_EQ(group.namespace_uri(), "urn:media");
  EXPECT_EQ(group.attribute("m:size"), "1");
  EXPECT_EQ(group.attribute("size"), "2");
  EXPECT_EQ(group.attributes().at(0).namespace_uri, "urn:media");
  EXPECT_EQ(group.first_child().namespace_uri(), "http://www.w3.org/2005/Atom");
  EXPECT_EQ(tree->document_element().last_child().first_child().namespace_uri(), "");
  const std::array<std::pair<std::string_view, std::string_view>, 2> spaces = {
      {{"media", "urn:media"}, {"atom", "http://www.w3.org/2005/Atom"}}};
  selector_options options;
  options.namespaces = spaces;
  EXPECT_EQ(selector::compile("media|group[media|size='1'] > atom|entry", options)->select(*tree).size(), 1U);
  EXPECT_EQ(selector::compile("atom|group", options)->select(*tree).size(), 0U);
  EXPECT_EQ(selector::compile("|h", options)->select(*tree).size(), 1U);
  EXPECT_EQ(tree->html(),
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:m=\"urn:media\"><m:group m:size=\"1\" "
            "size=\"2\"><entry/>"
            "</m:group><g xmlns=\"\"><h/></g></feed>");
}

TEST(Xml, NormalizesNewlinesAndAttributeValues) {
  EXPECT_EQ(tree_of("<a b='1\r\n2\t3&#10;4'>x\r\ny</a>"), "| <a>\n|   b=\"1 2 3\n4\"\n|   \"x\ny\"\n");
}

TEST(Xml, DecodesWhatTheDeclarationOrTheMarkNames) {
  const auto latin = parse_xml("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>");
  ASSERT_TRUE(latin.has_value());
  EXPECT_EQ(latin->text(), "\xC3\xA9");
  EXPECT_EQ(latin->encoding(), "windows-1252");
  const auto wide = parse_xml(std::string_view("\xFF\xFE<\0a\0/\0>\0", 10));
  ASSERT_TRUE(wide.has_value());
  EXPECT_EQ(wide->document_element().name(), "a");
  EXPECT_EQ(parse_xml("<?xml version='1.0' encoding='nope'?><a/>").error().code(), errc::unsupported);
  EXPECT_TRUE(parse_xml("\xEF\xBB\xBF<a/>").has_value());
}

TEST(Xml, ReplacesTheEntitiesThatTheDocumentDeclares) {
  EXPECT_EQ(
      parse_xml("<!DOCTYPE a [<!ENTITY x \"1&y;\"><!ENTITY y '&#50;&lt;'><!ENTITY % p 'z'><!ELEMENT a ANY>]>"
                "<a b='&x;'>&x;&amp;&#x41;</a>")
          ->html(),
      "<!DOCTYPE a><a b=\"12&lt;\">12&lt;&amp;A</a>");
}

TEST(Xml, RefusesEntitiesThatAreDangerous) {
  EXPECT_NE(
      why("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>").find("outside of the document"),
      std::string::npos);
  EXPECT_NE(why("<!DOCTYPE a [<!ENTITY x '&y;'><!ENTITY y '&x;'>]><a>&x;</a>").find("contains itself"),
            std::string::npos);
  EXPECT_NE(why("<!DOCTYPE a [<!ENTITY x '<b/>'>]><a>&x;</a>").find("markup"), std::string::npos);
  std::string laughs = "<!DOCTYPE a [<!ENTITY x0 'ha'>";
  for (int i = 1; i < 30; ++i) {
    const std::string inner = "&x" + std::to_string(i - 1) + ";";
    laughs += "<!ENTITY x" + std::to_string(i) + " '" + inner + inner + "'>";
  }
  const auto tree = parse_xml(laughs + "]><a>&x29;</a>");
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().code(), condition::limit_exceeded);
  // The same with entities that are empty in the end.
  std::string nothing = laughs;
  nothing.replace(nothing.find("'ha'"), 4, "''");
  EXPECT_EQ(parse_xml(nothing + "]><a>&x29;</a>").error().code(), condition::limit_exceeded);
}

TEST(Xml, SaysWhatIsNotWellFormedAndWhere) {
  EXPECT_EQ(why("<a>\n <b></c></a>").substr(0, 26), "XML, line 2, column 5: </c");
  for (const char* text : {"",
                           "x",
                           "<a>",
                           "<a></b>",
                           "<a/><b/>",
                           "<a b></a>",
                           "<a b=1/>",
                           "<a b='1' b='2'/>",
                           "<a b='<'/>",
                           "<a>&</a>",
                           "<a>&x;</a>",
                           "<a>&#0;</a>",
                           "<a>&#xD800;</a>",
                           "<a>]]></a>",
                           "<a><!-- -- --></a>",
                           "<a><!-- </a>",
                           "<a><?xml x?></a>",
                           "<a><![CDATA[</a>",
                           "<![CDATA[x]]><a/>",
                           "<a/>x",
                           "</a>",
                           "<x:a/>",
                           "<a x:b='1'/>",
                           "<a xmlns:x=''/>",
                           "<a xmlns:xml='u'/>",
                           "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
                           "<1/>",
                           "<a:b:c/>",
                           "<a b='1'c='2'/>",
                           "<!DOCTYPE a><!DOCTYPE a><a/>",
                           "<a><!DOCTYPE a></a>",
                           "<!DOCTYPE a [<!ENTITY",
                           "<a>\x01</a>",
                           "<a>\xFF</a>",
                           "<a>\xEF\xBF\xBF</a>",
                           "< a/>",
                           "<a b='&#10'/>"}) {
    const auto tree = parse_xml(text);
    EXPECT_FALSE(tree.has_value()) << text;
    if (!tree) {
      EXPECT_EQ(tree.error().code(), condition::protocol) << text;
    }
  }
}

TEST(Xml, ReadsEveryTruncationWithoutGoingBeyondIt) {
  const std::string text =
      "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a xmlns:b='u' "
      "b:c='&x;'>&#65;<!--d--><![CDATA[e]]><?f g?></a>";
  ASSERT_TRUE(parse_xml(text).has_value());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const testing::exact_block part(std::string_view(text).substr(0, size));
    EXPECT_FALSE(parse_xml(part.text()).has_value()) << size;
  }
}

TEST(Xml, KeepsItsLimits) {
  xml_options options;
  options.max_depth = 2;
  EXPECT_TRUE(parse_xml("<a><b/></a>", options).has_value());
  EXPECT_TRUE(parse_xml("<a><b>x</b></a>", options).has_value());
  EXPECT_EQ(parse_xml("<a><b><c>x</c></b></a>", options).error().code(), condition::limit_exceeded);
  options = {};
  options.max_attributes = 1;
  EXPECT_TRUE(parse_xml("<a b=''/>", options).has_value());
  EXPECT_EQ(parse_xml("<a b='' c=''/>", options).error().code(), condition::limit_exceeded);
  options = {};
  options.max_bytes = 4;
  EXPECT_TRUE(parse_xml("<a/>", options).has_value());
  EXPECT_EQ(parse_xml("<a />", options).error().code(), condition::limit_exceeded);
  options = {};
  options.max_nodes = 4;  // nobody, the document and two more
  EXPECT_TRUE(parse_xml("<a>x</a>", options).has_value());
  EXPECT_EQ(parse_xml("<a>x<b/></a>", options).error().code(), condition::limit_exceeded);
  options = {};
  options.max_expansion = 10;
  EXPECT_TRUE(parse_xml("<!DOCTYPE a [<!ENTITY x '123456789'>]><a>&x;</a>", options).has_value());
  EXPECT_FALSE(parse_xml("<!DOCTYPE a [<!ENTITY x '1234567890'>]><a>&x;</a>", options).has_value());
}

TEST(Xml, ReadsHalfAMillionNestedElements) {
  std::string deep;
  for (int i = 0; i < 500'000; ++i) deep += "<a>";
  for (int i = 0; i < 500'000; ++i) deep += "</a>";
  const auto tree = parse_xml(deep);
  ASSERT_TRUE(tree.has_value()) << tree.error().message();
  EXPECT_EQ(tree->html().size(), deep.size() - 3);
}

}  // namespace
}  // namespace tidewire::html
