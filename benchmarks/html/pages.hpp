// The pages that the benchmarks parse: generated, so that they are the same everywhere, in the shapes that
// matter (tag-dense, text-heavy, script-heavy, small), and counted.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::html::benchmark_pages {

class writer {
 public:
  explicit writer(std::uint32_t seed) : random_(seed) {}
  std::string take() { return std::move(out_); }
  std::size_t size() const { return out_.size(); }

  void raw(std::string_view text) { out_ += text; }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  void words(unsigned count) {
    static constexpr std::string_view known[] = {
        "the",     "of",       "network", "packet",  "and",   "a",        "in",     "server",
        "that",    "document", "tree",    "element", "for",   "is",       "it",     "stream",
        "client",  "on",       "buffer",  "with",    "as",    "value",    "header", "was",
        "message", "by",       "at",      "which",   "state", "protocol", "queue",  "thread"};
    for (unsigned i = 0; i < count; ++i) {
      if (i != 0) out_ += ' ';
      out_ += known[below(32)];
      if (below(40) == 0) out_ += " &amp;";
      if (below(90) == 0) out_ += " caf\xC3\xA9";
    }
  }
  void number(unsigned value) { out_ += std::to_string(value); }

  void head(std::string_view title) {
    raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    raw(title);
    raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<link rel=\"stylesheet\" href=\"/static/site.css?v=3\">\n<style>\nbody { margin: 0; font: 16px/1.5 "
        "sans-serif; }\n"
        ".nav a { color: #06c; text-decoration: none }\n</style>\n</head>\n<body class=\"page\">\n");
  }
  void link() {
    raw("<a href=\"/wiki/Article_");
    number(below(100000));
    raw("\" title=\"Article ");
    number(below(1000));
    raw("\">");
    words(1 + below(3));
    raw("</a>");
  }
  void navigation(unsigned items) {
    raw("<nav class=\"nav\">\n<ul>\n");
    for (unsigned i = 0; i < items; ++i) {
      raw("  <li class=\"item\"><a class=\"link\" href=\"/section/");
      number(i);
      raw("\">");
      words(2);
      raw("</a></li>\n");
    }
    raw("</ul>\n</nav>\n");
  }
  void paragraph() {
    raw("<p>");
    const unsigned pieces = 2 + below(6);
    for (unsigned i = 0; i < pieces; ++i) {
      words(3 + below(14));
      raw(" ");
      switch (below(5)) {
        case 0:
          raw("<b>");
          words(2);
          raw("</b> ");
          break;
        case 1:
          raw("<i>");
          words(1);
          raw("</i>, ");
          break;
        case 2:
          raw("<sup id=\"cite_ref-");
          number(below(900));
          raw("\" class=\"reference\"><a href=\"#cite_note-");
          number(below(900));
          raw("\">[");
          number(below(900));
          raw("]</a></sup> ");
          break;
        default:
          link();
          raw(" ");
          break;
      }
    }
    raw("</p>\n");
  }
  void table(unsigned rows) {
    raw("<table class=\"wikitable "
        "sortable\">\n<tbody><tr>\n<th>Name</th>\n<th>Value</th>\n<th>Note</th></tr>\n");
    for (unsigned i = 0; i < rows; ++i) {
      raw("<tr>\n<td>");
      link();
      raw("</td>\n<td align=\"right\">");
      number(below(1000000));
      raw("</td>\n<td>");
      words(3);
      raw("</td></tr>\n");
    }
    raw("</tbody></table>\n");
  }
  void script(unsigned lines) {
    raw("<script>\n(function () {\n");
    for (unsigned i = 0; i < lines; ++i) {
      raw("  window.data_");
      number(i);
      raw(" = {\"id\": ");
      number(below(100000));
      raw(", \"name\": \"item\", \"if\": a < b && c > d, \"list\": [1, 2, 3, 4, 5, 6, 7, 8], \"text\": '");
      words(6);
      raw("'};\n");
    }
    raw("})();\n</script>\n");
  }
  void foot() { raw("<footer><p>Copyright <a href=\"/about\">us</a></p></footer>\n</body>\n</html>\n"); }

 private:
  std::minstd_rand random_;
  std::string out_;
};

// A long article: text, links, tables, references.
inline std::string article(std::size_t bytes, std::uint32_t seed = 1) {
  writer page(seed);
  page.head("A long article");
  page.navigation(30);
  page.raw("<div id=\"content\">\n<h1 id=\"firstHeading\">Article</h1>\n");
  unsigned section = 0;
  while (page.size() < bytes) {
    page.raw("<div class=\"section level2\"><h2 id=\"section-");
    page.number(section++);
    page.raw("\">");
    page.words(3);
    page.raw("</h2>\n");
    for (unsigned i = 0; i < 6; ++i) page.paragraph();
    if (page.below(3) == 0) page.table(12);
    page.raw("<ul>");
    for (unsigned i = 0; i < 5; ++i) {
      page.raw("<li>");
      page.link();
      page.raw("</li>\n");
    }
    page.raw("</ul></div>\n");
  }
  page.raw("</div>\n");
  page.foot();
  return page.take();
}

// An index of an interface: short tags, hardly any text.
inline std::string index(std::size_t bytes, std::uint32_t seed = 2) {
  writer page(seed);
  page.head("Index");
  page.raw("<dl class=\"index\">\n");
  unsigned i = 0;
  while (page.size() < bytes) {
    page.raw("<dt><span class=\"memberNameLink\"><a href=\"api/Type");
    page.number(i);
    page.raw(".html#method-\">method");
    page.number(i++);
    page.raw(
        "()</a></span> - Method in <a href=\"api/Type.html\" title=\"class in api\">Type</a></dt>\n<dd>"
        "<div class=\"block\">");
    page.words(5);
    page.raw("</div>\n</dd>\n");
  }
  page.raw("</dl>\n");
  page.foot();
  return page.take();
}

// What most of the web is: a little markup between a lot of script.
inline std::string scripted(std::size_t bytes, std::uint32_t seed = 3) {
  writer page(seed);
  page.head("Shop");
  page.navigation(12);
  while (page.size() < bytes) {
    page.script(60);
    page.raw("<div class=\"card\" data-id=\"");
    page.number(page.below(10000));
    page.raw("\"><img src=\"/i/1.jpg\" alt=\"\" width=\"200\" height=\"100\"><h3>");
    page.words(3);
    page.raw("</h3>");
    page.paragraph();
    page.raw("<button type=\"button\" class=\"btn btn-primary\" onclick=\"buy(1)\">Buy</button></div>\n");
  }
  page.foot();
  return page.take();
}

// 500 pages of 5 to 30 KB.
inline std::vector<std::string> small_pages() {
  std::vector<std::string> pages;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const std::size_t bytes = 5000 + i * 50;
    pages.push_back(i % 3 == 0   ? article(bytes, i + 10)
                    : i % 3 == 1 ? index(bytes, i + 10)
                                 : scripted(bytes, i + 10));
  }
  return pages;
}

}  // namespace tidewire::html::benchmark_pages
