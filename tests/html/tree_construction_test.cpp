// The tree-construction cases of html5lib-tests.
#include <tidewire/html.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance.hpp"

namespace tidewire::html {
namespace {

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
  int count = 0;
  int runs = 0;
  for (const auto& path : test::files_with_extension(folder, ".dat")) {
    for (const test::dat_case& each : test::read_dat(path, "data")) {
      const std::string& data = each.at("data");
      const std::string context = each.contains("document-fragment") ? each.at("document-fragment") : "";
      ++count;
      for (bool scripting : {false, true}) {
        if (each.contains(scripting ? "script-off" : "script-on")) continue;
        SCOPED_TRACE(path.filename().string() + (scripting ? " [scripting] " : " ") + data);
        parse_options options;
        options.scripting = scripting;
        ++runs;
        const document whole =
            context.empty() ? parse(data, options) : parse_fragment(data, context, options);
        EXPECT_EQ(dump(whole), each.at("document"));
        for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{5}})
          EXPECT_EQ(tree_in_pieces(data, context, options, step), each.at("document"))
              << "in steps of " << step;
        // Looking for errors changes nothing.
        options.max_errors = 1000;
        EXPECT_EQ(dump(context.empty() ? parse(data, options) : parse_fragment(data, context, options)),
                  each.at("document"));
      }
    }
  }
  std::cout << "html5lib-tests tree construction: " << count << " cases in " << runs << " runs\n";
  EXPECT_GT(count, 900);
}

}  // namespace
}  // namespace tidewire::html
