// The tree-construction cases of html5lib-tests.
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance.hpp"

namespace tidewire::html {
namespace {

std::string tree_of(std::string_view data, std::string_view context, const parse_options& options) {
  return dump(context.empty() ? parse(data, options) : parse_fragment(data, context, options));
}
std::string tree_in_pieces(std::string_view data, std::string_view context, const parse_options& options,
                           std::size_t step) {
  parser pieces(options);
  pieces.fragment_context(context);
  for (std::size_t at = 0; at < data.size(); at += step) pieces.feed(data.substr(at, step));
  return dump(pieces.finish());
}

TEST(Html5libTreeConstruction, AllCasesGiveTheirTreeHoweverTheyAreCut) {
  TIDEWIRE_NEEDS_CONFORMANCE("html5lib-tests/tree-construction");
  const auto folder = testing::conformance_path("html5lib-tests/tree-construction");
  int cases = 0;
  int passed = 0;
  int runs = 0;
  for (const auto& path : test::files_with_extension(folder, ".dat")) {
    for (const test::dat_case& each : test::read_dat(path, "data")) {
      const std::string& data = each.at("data");
      const std::string& wanted = each.at("document");
      const std::string context = each.contains("document-fragment") ? each.at("document-fragment") : "";
      ++cases;
      bool right = true;
      for (bool scripting : {false, true}) {
        if (each.contains(scripting ? "script-off" : "script-on")) continue;
        SCOPED_TRACE(path.filename().string() + (scripting ? " [scripting] " : " ") + data);
        parse_options options;
        options.scripting = scripting;
        ++runs;
        const auto check = [&](const std::string& tree, const std::string& how) {
          EXPECT_EQ(tree, wanted) << how;
          right = right && tree == wanted;
        };
        check(tree_of(data, context, options), "whole");
        for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{5}})
          check(tree_in_pieces(data, context, options, step), "in steps of " + std::to_string(step));
        options.max_errors = 1000;
        check(tree_of(data, context, options), "with errors looked for");
      }
      passed += right ? 1 : 0;
    }
  }
  EXPECT_GT(cases, 900);
  test::report_conformance(
      "html5lib-tests, tree construction", cases, passed,
      std::to_string(runs) + " runs, without and with scripting; each whole and byte by byte");
}

}  // namespace
}  // namespace tidewire::html
