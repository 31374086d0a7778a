// Parses the HTML on standard input and prints its tree in the notation of the html5lib tests.
//
//   html_tree [--fragment CONTEXT] [--scripting] < page.html
//
// CONTEXT is the element whose contents the input is: "div", "tr", "svg path", "math mi".
#include <tidewire/html.hpp>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  tidewire::html::parse_options options;
  std::string context;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--scripting") {
      options.scripting = true;
    } else if (argument == "--fragment" && i + 1 < argc) {
      context = argv[++i];
    } else {
      std::cerr << "usage: html_tree [--fragment CONTEXT] [--scripting] < page.html\n";
      return 2;
    }
  }

  std::string page{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const tidewire::html::document tree = context.empty()
                                            ? tidewire::html::parse(std::move(page), options)
                                            : tidewire::html::parse_fragment(page, context, options);
  const std::string lines = tidewire::html::dump(tree);
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  return 0;
}
