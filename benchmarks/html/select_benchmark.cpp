// Selecting on a parsed page, again and again: compiled selectors against libxml2's compiled XPath. Both must
// find the same number of elements.
#include <tidewire/html.hpp>

#include <benchmark/benchmark.h>
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>

#include <memory>
#include <string>

#include "pages.hpp"

namespace {

namespace html = tidewire::html;
namespace pages = tidewire::html::benchmark_pages;

struct query {
  const char* name;
  const char* selector;
  const char* xpath;
};

constexpr query queries[] = {
    {"id", "#section-100", "//*[@id='section-100']"},
    {"class", ".wikitable", "//*[contains(concat(' ', normalize-space(@class), ' '), ' wikitable ')]"},
    {"tag", "td", "//td"},
    {"attribute", "[align]", "//*[@align]"},
    {"combinator", "table tr > td a", "//table//tr/td//a"},
    {"has", "tr:has(> th)", "//tr[th]"},
    {"nth", "td:nth-child(3n)", "//td[(count(preceding-sibling::*) + 1) mod 3 = 0]"},
    {"substring", "a[href*='99']", "//a[contains(@href, '99')]"},
    {"not", "a:not([title])", "//a[not(@title)]"},
};

const std::string& page() {
  static const std::string text = pages::article(2'000'000);
  return text;
}

struct xpath_page {
  xpath_page() {
    tree = htmlReadMemory(page().data(), static_cast<int>(page().size()), nullptr, "UTF-8",
                          HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | XML_PARSE_HUGE);
    context = xmlXPathNewContext(tree);
  }
  xpath_page(const xpath_page&) = delete;
  xpath_page& operator=(const xpath_page&) = delete;
  ~xpath_page() {
    xmlXPathFreeContext(context);
    xmlFreeDoc(tree);
  }
  std::size_t count(xmlXPathCompExprPtr compiled) const {
    xmlXPathObjectPtr found = xmlXPathCompiledEval(compiled, context);
    const std::size_t size =
        found->nodesetval == nullptr ? 0 : static_cast<std::size_t>(found->nodesetval->nodeNr);
    xmlXPathFreeObject(found);
    return size;
  }
  htmlDocPtr tree;
  xmlXPathContextPtr context;
};

std::size_t count_by_xpath(const query& what) {
  static const xpath_page parsed;
  xmlXPathCompExprPtr compiled = xmlXPathCompile(reinterpret_cast<const xmlChar*>(what.xpath));
  const std::size_t count = parsed.count(compiled);
  xmlXPathFreeCompExpr(compiled);
  return count;
}

void ours(benchmark::State& state, const query& what) {
  const html::document tree = html::parse(page());
  const html::selector compiled = html::selector::compile(what.selector).value();
  const std::size_t found = compiled.select(tree).size();
  if (found == 0 || found != count_by_xpath(what)) {
    state.SkipWithError("not the same elements as by XPath");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(compiled.select(tree));
  state.counters["found"] = static_cast<double>(found);
  state.counters["ns_per_element"] =
      benchmark::Counter(static_cast<double>(tree.select("*").size()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// The first query on a fresh document pays for the index; parsing is not counted.
void first(benchmark::State& state, const query& what) {
  const html::selector compiled = html::selector::compile(what.selector).value();
  for (auto _ : state) {
    state.PauseTiming();
    auto tree = std::make_unique<html::document>(html::parse(page()));
    state.ResumeTiming();
    benchmark::DoNotOptimize(compiled.select(*tree));
    state.PauseTiming();
    tree.reset();
    state.ResumeTiming();
  }
}

void libxml2(benchmark::State& state, const query& what) {
  const xpath_page parsed;
  xmlXPathCompExprPtr compiled = xmlXPathCompile(reinterpret_cast<const xmlChar*>(what.xpath));
  for (auto _ : state) benchmark::DoNotOptimize(parsed.count(compiled));
  xmlXPathFreeCompExpr(compiled);
}

const bool registered = [] {
  for (const query& what : queries) {
    const std::string name = std::string("html/select/") + what.name;
    benchmark::RegisterBenchmark((name + "/ours").c_str(),
                                 [&what](benchmark::State& state) { ours(state, what); });
    benchmark::RegisterBenchmark(("html/select_first/" + std::string(what.name) + "/ours").c_str(),
                                 [&what](benchmark::State& state) { first(state, what); })
        ->Iterations(20);
    benchmark::RegisterBenchmark((name + "/libxml2").c_str(),
                                 [&what](benchmark::State& state) { libxml2(state, what); });
  }
  return true;
}();

}  // namespace
