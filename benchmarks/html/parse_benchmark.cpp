// Parsing to a tree and freeing it: tidewire, gumbo, libxml2. First the nodes of each page's tree are counted
// and compared with gumbo's, which follows the same standard.
//
// A fresh document each time, but for the rows html/parse/reused*, where one parser takes over the memory of
// the document before. html/parse/installed has the pages that Debian's documentation packages have put on
// this machine.
#include <tidewire/html.hpp>

#include <benchmark/benchmark.h>
#include <gumbo.h>
#include <libxml/HTMLparser.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
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

struct node_counts {
  std::size_t elements = 0;
  std::size_t others = 0;
  bool operator==(const node_counts&) const = default;
};

node_counts count_ours(const std::string& page) {
  const html::document tree = html::parse(page);
  node_counts count;
  for (const html::node& node : tree.root().descendants()) {
    if (node.type() != html::node_type::doctype) ++(node.is_element() ? count.elements : count.others);
  }
  return count;
}

node_counts count_gumbo(const std::string& page) {
  GumboOutput* output = gumbo_parse_with_options(&kGumboDefaultOptions, page.data(), page.size());
  node_counts count;
  std::vector<const GumboNode*> stack;
  const auto push = [&](const GumboVector& children) {
    for (unsigned i = 0; i < children.length; ++i)
      stack.push_back(static_cast<const GumboNode*>(children.data[i]));
  };
  push(output->document->v.document.children);
  while (!stack.empty()) {
    const GumboNode* node = stack.back();
    stack.pop_back();
    if (node->type != GUMBO_NODE_ELEMENT) {
      ++count.others;
      continue;
    }
    ++count.elements;
    push(node->v.element.children);
  }
  gumbo_destroy_output(&kGumboDefaultOptions, output);
  return count;
}

// What is on the machine at hand, the largest pages first, up to 25 MB; without those that gumbo, which
// stands still since 2015, reads otherwise than the standard.
const page_list& installed() {
  static const page_list list = [] {
    namespace fs = std::filesystem;
    std::vector<std::pair<std::uintmax_t, fs::path>> files;
    std::error_code none;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at("/usr/share/doc", options, none), end; at != end;
         at.increment(none))
      if (at->is_regular_file(none) && at->path().extension() == ".html")
        files.emplace_back(at->file_size(none), at->path());
    std::sort(files.rbegin(), files.rend());
    page_list found;
    std::size_t bytes = 0;
    for (const auto& [size, path] : files) {
      if (size < 1000 || size > 5'000'000 || bytes + size > 25'000'000) continue;
      std::ifstream file(path, std::ios::binary);
      std::string page{std::istreambuf_iterator<char>(file), {}};
      if (count_ours(page) != count_gumbo(page)) continue;
      bytes += page.size();
      found.push_back(std::move(page));
    }
    return found;
  }();
  return list;
}

void report(benchmark::State& state, const page_list& list) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_of(list)));
}

// Text that could not stay a part of the source, because of a character reference in it.
std::size_t decoded_text(const html::document& tree) {
  const std::string_view source = tree.source();
  std::size_t bytes = 0;
  const auto add = [&](std::string_view text) {
    if (text.data() < source.data() || text.data() >= source.data() + source.size()) bytes += text.size();
  };
  for (const html::node& node : tree.root().descendants()) {
    add(node.value());
    for (const html::attribute& each : node.attributes()) add(each.value);
  }
  return bytes;
}

// The number of nodes, or 0 where the trees are not those that gumbo makes. Bytes per node are all that the
// tree holds beside the source: nodes, attributes, names, and the texts that had to be decoded, which are
// reported apart, too.
std::size_t checked_nodes(benchmark::State& state, const page_list& list) {
  std::size_t nodes = 0;
  std::size_t memory = 0;
  std::size_t decoded = 0;
  for (const std::string& page : list) {
    if (count_ours(page) != count_gumbo(page)) {
      state.SkipWithError("the trees differ from gumbo's");
      return 0;
    }
    const html::document tree = html::parse(page);
    nodes += tree.node_count();
    memory += tree.memory_used();
    decoded += decoded_text(tree);
  }
  if (nodes == 0) return 0;
  state.counters["nodes"] = static_cast<double>(nodes);
  state.counters["bytes_per_node"] = static_cast<double>(memory) / static_cast<double>(nodes);
  state.counters["decoded_bytes"] = static_cast<double>(decoded);
  state.counters["ns_per_node"] =
      benchmark::Counter(static_cast<double>(nodes) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  return nodes;
}

void ours(benchmark::State& state, const page_list& list) {
  if (checked_nodes(state, list) == 0) return;
  for (auto _ : state) {
    for (const std::string& page : list) {
      html::document tree = html::parse(page);
      benchmark::DoNotOptimize(tree);
    }
  }
  report(state, list);
}

void ours_reused(benchmark::State& state, const page_list& list) {
  if (checked_nodes(state, list) == 0) return;
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

using run_function = void (*)(benchmark::State&, const page_list&);

void add(const std::string& name, const page_list& (*list)(), run_function run_ours) {
  const auto one = [&](const std::string& who, run_function run) {
    benchmark::RegisterBenchmark(("html/parse/" + name + "/" + who).c_str(),
                                 [run, list](benchmark::State& state) { run(state, list()); });
  };
  one("ours", run_ours);
  one("gumbo", gumbo);
  one("libxml2", libxml2);
}

const bool registered = [] {
  add("large", large, ours);
  add("small500", small500, ours);
  add("article", article, ours);
  add("dense", dense, ours);
  add("scripted", scripted, ours);
  if (!installed().empty()) add("installed", installed, ours);
  add("reused", large, ours_reused);
  add("reused_small500", small500, ours_reused);
  add("reused_dense", dense, ours_reused);
  return true;
}();

}  // namespace
