// Prints what a CSS selector finds in the HTML on standard input, one result a line.
//
//   html_select SELECTOR [--text | --attr NAME | --html | --count] < page.html
//
// Without an option it is their HTML. Newlines within a result are written as \n. --attr leaves out elements
// without the attribute; a selector that ends in ::text or ::attr(name) says itself what to print. Exit
// status: 0 with matches, 1 without, 2 for a selector that is none, whose mistake is marked on standard
// error.
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
    else
      line += c;
  }
  return line;
}

// As wide as the text before the byte `place` of UTF-8; tabs stay tabs.
std::string indent_to(std::string_view text, std::size_t place) {
  std::string indent;
  for (char c : text.substr(0, place))
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) indent += c == '\t' ? '\t' : ' ';
  return indent;
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
  if (argc > 2) {
    mode = argv[2];
    const int used = mode == "--attr" ? 4 : 3;
    if (argc != used || (mode != "--attr" && mode != "--text" && mode != "--html" && mode != "--count"))
      return usage();
    if (mode == "--attr") attribute = argv[3];
  }

  std::size_t place = 0;
  const auto selector = html::selector::compile(text, {}, &place);
  if (!selector) {
    std::cerr << selector.error().detail() << "\n  " << text << "\n  " << indent_to(text, place) << "^\n";
    return 2;
  }

  std::string page{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const html::document document = html::parse(std::move(page));

  std::vector<std::string> lines;
  std::size_t matches = 0;
  if (selector->wants() != html::selector::output::elements) {
    lines = selector->extract(document);
    matches = lines.size();
  } else {
    for (const html::node& element : selector->select(document)) {
      ++matches;
      if (mode == "--count") continue;
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
    std::cout << matches << '\n';
  } else {
    for (const std::string& line : lines) std::cout << on_one_line(line) << '\n';
  }
  return matches == 0 ? 1 : 0;
}
