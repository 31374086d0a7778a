// Parsing to a tree and freeing it: tidewire, gumbo, libxml2. Each counts the elements of its tree once; the
// counts of the two that follow the standard must agree.
#include <tidewire/html.hpp>

#include <benchmark/benchmark.h>
#include <gumbo.h>
#include <libxml/HTMLparser.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "pages.hpp"

namespace {

namespace html = tidewire::html;
namespace pages = tidewire::html::benchmark_pages;

using page_list = std::vector<std::string>;

const page_list& large() {
  static const page_list list = {pages::article(2'000'000), pages::index(2'000'000),
                                 pages::scripted(2'000'000)};
  return list;
}
const page_list& article() {
  static const page_list list = {pages::article(523'000)};
  return list;
}
const page_list& dense() {
  static const page_list list = {pages::index(6'000'000)};
  return list;
}
const page_list& scripted() {
  static const page_list list = {pages::scripted(6'000'000)};
  return list;
}
const page_list& small500() {
  static const page_list list = pages::small_pages();
  return list;
}

std::size_t bytes_of(const page_list& list) {
  std::size_t bytes = 0;
  for (const std::string& page : list) bytes += page.size();
  return bytes;
}

std::size_t count_ours(const std::string& page) {
  const html::document tree = html::parse(page);
  std::size_t count = 0;
  for (auto element : tree.root().descendant_elements()) count += element ? 1 : 0;
  return count;
}

std::size_t count_gumbo(const std::string& page) {
  GumboOutput* output = gumbo_parse_with_options(&kGumboDefaultOptions, page.data(), page.size());
  std::size_t count = 0;
  std::vector<const GumboNode*> stack = {output->root};
  while (!stack.empty()) {
    const GumboNode* node = stack.back();
    stack.pop_back();
    if (node->type != GUMBO_NODE_ELEMENT) continue;
    ++count;
    for (unsigned i = 0; i < node->v.element.children.length; ++i)
      stack.push_back(static_cast<const GumboNode*>(node->v.element.children.data[i]));
  }
  gumbo_destroy_output(&kGumboDefaultOptions, output);
  return count;
}

void report(benchmark::State& state, const page_list& list) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes_of(list)));
}

void ours(benchmark::State& state, const page_list& list) {
  std::size_t nodes = 0;
  std::size_t memory = 0;
  for (const std::string& page : list) {
    if (count_ours(page) != count_gumbo(page)) {
      state.SkipWithError("the trees differ from gumbo's");
      return;
    }
    const html::document tree = html::parse(page);
    nodes += tree.node_count();
    memory += tree.memory_used();
  }
  for (auto _ : state) {
    for (const std::string& page : list) {
      html::document tree = html::parse(page);
      benchmark::DoNotOptimize(tree);
    }
  }
  report(state, list);
  state.counters["nodes"] = static_cast<double>(nodes);
  state.counters["bytes_per_node"] = static_cast<double>(memory) / static_cast<double>(nodes);
  state.counters["ns_per_node"] =
      benchmark::Counter(static_cast<double>(nodes) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void reused(benchmark::State& state, const page_list& list) {
  html::parser parser;
  for (auto _ : state) {
    for (const std::string& page : list) {
      html::document tree = parser.parse(page);
      benchmark::DoNotOptimize(tree);
      parser.recycle(std::move(tree));
    }
  }
  report(state, list);
}

void gumbo(benchmark::State& state, const page_list& list) {
  for (auto _ : state) {
    for (const std::string& page : list) {
      GumboOutput* output = gumbo_parse_with_options(&kGumboDefaultOptions, page.data(), page.size());
      benchmark::DoNotOptimize(output);
      gumbo_destroy_output(&kGumboDefaultOptions, output);
    }
  }
  report(state, list);
}

void libxml2(benchmark::State& state, const page_list& list) {
  for (auto _ : state) {
    for (const std::string& page : list) {
      htmlDocPtr tree = htmlReadMemory(
          page.data(), static_cast<int>(page.size()), nullptr, "UTF-8",
          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | XML_PARSE_HUGE);
      benchmark::DoNotOptimize(tree);
      xmlFreeDoc(tree);
    }
  }
  report(state, list);
}

void add(const std::string& name, const page_list& (*list)()) {
  const auto one = [&](const std::string& who, void (*run)(benchmark::State&, const page_list&)) {
    benchmark::RegisterBenchmark(("html/parse/" + name + "/" + who).c_str(),
                                 [run, list](benchmark::State& state) { run(state, list()); });
  };
  one("tidewire", ours);
  one("tidewire_reused", reused);
  one("gumbo", gumbo);
  one("libxml2", libxml2);
}

const bool registered = [] {
  add("large", large);
  add("small500", small500);
  add("article", article);
  add("dense", dense);
  add("scripted", scripted);
  return true;
}();

}  // namespace
