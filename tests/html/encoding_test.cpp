#include <tidewire/html/encoding.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "conformance.hpp"

namespace tidewire::html {
namespace {

std::string_view sniffed(std::string_view bytes, const encoding_options& options = {}) {
  return sniff_encoding(bytes, options).encoding.name();
}

TEST(HtmlEncoding, IsToldByTheStrongestWitness) {
  const std::string page = "\xEF\xBB\xBF<meta charset=koi8-r>";
  encoding_options options;
  EXPECT_EQ(sniff_encoding(page).source, encoding_source::byte_order_mark);
  EXPECT_EQ(sniffed(page), "UTF-8");
  options.transport = "latin1";
  EXPECT_EQ(sniffed(page, options), "UTF-8");
  EXPECT_EQ(sniffed(page.substr(3), options), "windows-1252");
  options.transport = "nonsense";
  EXPECT_EQ(sniffed(page.substr(3), options), "KOI8-R");
  options.force = charset::for_label("big5");
  EXPECT_EQ(sniffed(page, options), "Big5");
  EXPECT_EQ(sniff_encoding("<p>").source, encoding_source::fallback);
  EXPECT_EQ(sniffed("<p>"), "windows-1252");
  options = {};
  options.fallback = "utf-8";
  EXPECT_EQ(sniffed("<p>", options), "UTF-8");
  EXPECT_EQ(sniffed(std::string_view("\xFF\xFE<\0", 4)), "UTF-16LE");
}

TEST(HtmlEncoding, ReadsDeclarations) {
  EXPECT_EQ(sniffed("<META HTTP-EQUIV=content-type content='text/html; charset=\"iso-8859-2\"'>"),
            "ISO-8859-2");
  EXPECT_EQ(sniffed("<meta content='text/html; charset=iso-8859-2'>"), "windows-1252");
  EXPECT_EQ(sniffed("<meta charset=utf-16>"), "UTF-8");
  EXPECT_EQ(sniffed("<meta charset=x-user-defined>"), "windows-1252");
  EXPECT_EQ(sniffed("<!--<meta charset=big5>--><meta charset=koi8-r>"), "KOI8-R");
  EXPECT_EQ(sniffed("<a title='<meta charset=big5>'><meta charset=koi8-r>"), "KOI8-R");
  EXPECT_EQ(sniffed("<?xml version='1.0' encoding='iso-8859-7'?><html>"), "ISO-8859-7");
  EXPECT_EQ(sniffed(std::string(1020, ' ') + "<meta charset=big5>"), "windows-1252");
  EXPECT_EQ(sniffed("<meta charset"), "windows-1252");
  EXPECT_EQ(charset_of_content_type("text/html; charset=Latin2")->name(), "ISO-8859-2");
  EXPECT_FALSE(charset_of_content_type("text/html"));
  EXPECT_FALSE(charset_of_content_type("text/html; charset='x"));
}

TEST(HtmlEncoding, ParsesBytes) {
  const document tree = parse_bytes("<meta charset=koi8-r><p>\xF0\xD2\xC9");
  EXPECT_EQ(tree.encoding(), "KOI8-R");
  EXPECT_EQ(tree.text(), "\xD0\x9F\xD1\x80\xD0\xB8");
  const document wide = parse_bytes(std::string_view("\xFE\xFF\0<\0p\0>\0x", 10));
  EXPECT_EQ(wide.encoding(), "UTF-16BE");
  EXPECT_EQ(wide.body().inner_html(), "<p>x</p>");
  // A mark that lies: what follows is not UTF-8.
  EXPECT_EQ(parse_bytes("\xEF\xBB\xBF\xE9").text(), "\xEF\xBF\xBD");
  encoding_options options;
  options.transport = "no such label";
  EXPECT_EQ(parse_bytes("caf\xE9", options).text(), "caf\xC3\xA9");
}

TEST(HtmlEncoding, ListensToALateDeclaration) {
  const std::string page = "<!--" + std::string(2000, 'x') + "--><meta charset=koi8-r><p>\xF0";
  const document tree = parse_bytes(page);
  EXPECT_EQ(tree.encoding(), "KOI8-R");
  EXPECT_EQ(tree.text(), "\xD0\x9F");
  encoding_options options;
  options.transport = "windows-1252";
  EXPECT_EQ(parse_bytes(page, options).encoding(), "windows-1252");
}

TEST(HtmlEncoding, IsTheSameHoweverTheBytesAreCut) {
  for (const std::string& page :
       {std::string("<meta charset=koi8-r><p>\xF0\xD2\xC9"),
        std::string("\xFE\xFF\0<\0p\0>\xD8\x3D\xDE\x00", 12), std::string("\xEF\xBB\xBF<p>\xE2\x82\xAC"),
        std::string(1500, 'x') + "\xE9"}) {
    const std::string whole = parse_bytes(page).html();
    byte_parser pieces;
    for (int round = 0; round < 2; ++round) {
      for (char c : page) pieces.feed({&c, 1});
      const document tree = pieces.finish();
      EXPECT_EQ(tree.html(), whole);
      EXPECT_EQ(tree.encoding(), parse_bytes(page).encoding());
    }
  }
}

TEST(Html5libEncoding, AllCasesAreSniffed) {
  TIDEWIRE_NEEDS_CONFORMANCE("html5lib-tests/encoding");
  int cases = 0;
  int passed = 0;
  const auto run = [&](const std::filesystem::path& folder, bool by_script) {
    for (const auto& path : test::files_with_extension(folder, ".dat")) {
      for (const test::dat_case& each : test::read_dat(path, "data")) {
        SCOPED_TRACE(each.at("data"));
        ++cases;
        const auto wanted = charset::for_label(each.at("encoding"));
        ASSERT_TRUE(wanted.has_value()) << each.at("encoding");
        const std::string_view found = parse_bytes(each.at("data")).encoding();
        EXPECT_EQ(found == wanted->name(), !by_script) << found;
        passed += found == wanted->name() ? 1 : 0;
      }
    }
  };
  const auto folder = testing::conformance_path("html5lib-tests/encoding");
  run(folder, false);
  // There the declaration is written by a script, and none is ever run.
  run(folder / "scripted", true);
  EXPECT_GE(cases, 60);
  test::report_conformance("html5lib-tests, encoding", cases, passed,
                           "byte-order mark, prescan, late declaration; in the one left, a script writes it");
}

}  // namespace
}  // namespace tidewire::html
