// Prints what a CSS selector finds in the HTML on standard input, one result a line.
//
//   html_select SELECTOR [--text | --attr NAME | --html | --count] < page.html
//
// Newlines within a result are written as \n, backslashes as \\. A selector that ends in ::text or
// ::attr(name) says itself what to print. Exit status: 0 with matches, 1 without, 2 for a selector that is
// none.
#include <tidewire/html.hpp>

#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace html = tidewire::html;

namespace {

std::string on_one_line(std::string_view text) {
  std::string line;
  for (char c : text) {
    if (c == '\n')
      line += "\\n";
    else if (c == '\\')
      line += "\\\\";
    else
      line += c;
  }
  return line;
}

int usage() {
  std::cerr << "usage: html_select SELECTOR [--text | --attr NAME | --html | --count] < page.html\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage();
  const std::string_view text = argv[1];
  std::string_view mode = "--html";
  std::string_view attribute;
  for (int i = 2; i < argc; ++i) {
    mode = argv[i];
    if (mode == "--attr") {
      if (++i == argc) return usage();
      attribute = argv[i];
    } else if (mode != "--text" && mode != "--html" && mode != "--count") {
      return usage();
    }
  }

  std::size_t place = 0;
  const auto selector = html::selector::compile(text, {}, &place);
  if (!selector) {
    std::cerr << selector.error().detail() << "\n  " << text << "\n  " << std::string(place, ' ') << "^\n";
    return 2;
  }

  std::string page{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const html::document document = html::parse(std::move(page));

  std::vector<std::string> lines;
  if (selector->wants() != html::selector::output::elements) {
    lines = selector->extract(document);
  } else {
    for (const html::node& element : selector->select(document)) {
      if (mode == "--text") {
        lines.push_back(element.text());
      } else if (mode == "--attr") {
        if (const auto value = element.find_attribute(attribute)) lines.emplace_back(*value);
      } else {
        lines.push_back(element.html());
      }
    }
  }
  if (mode == "--count") {
    std::cout << lines.size() << '\n';
  } else {
    for (const std::string& line : lines) std::cout << on_one_line(line) << '\n';
  }
  return lines.empty() ? 1 : 0;
}
