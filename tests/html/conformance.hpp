// What the conformance tests of html share: the .dat reader, and the rows of the table in README.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"
#include "support/json.hpp"

namespace tidewire::html::test {

using testing::append_wtf8;
using testing::json;
using testing::read_file;
using testing::read_json;

inline std::vector<std::filesystem::path> files_with_extension(const std::filesystem::path& folder,
                                                               std::string_view extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == extension) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

// A row of the table of conformance in README.md, which conformance_table.py compares with what is printed
// here.
inline void report_conformance(std::string_view suite, int cases, int passed, std::string_view how) {
  std::cout << "conformance | " << suite << " | " << cases << " | " << passed << " | " << how << " |\n";
}

// One case of a .dat file: its sections by name, without the newline that ends each.
using dat_case = std::map<std::string, std::string, std::less<>>;

inline std::vector<dat_case> read_dat(const std::filesystem::path& path, std::string_view first) {
  std::vector<dat_case> cases;
  const std::string text = read_file(path);
  std::string section;
  std::size_t at = 0;
  const std::string start = "#" + std::string(first);
  static const std::vector<std::string_view> known = {
      "#data",       "#errors",    "#new-errors", "#document-fragment",
      "#script-off", "#script-on", "#document",   "#encoding"};
  while (at < text.size()) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    const bool heading =
        std::find(known.begin(), known.end(), line) != known.end() && (line == start || !cases.empty());
    if (heading) {
      if (line == start) cases.emplace_back();
      section = line.substr(1);
      cases.back()[section];
      continue;
    }
    if (cases.empty()) continue;
    cases.back()[section] += line;
    cases.back()[section] += '\n';
  }
  for (dat_case& each : cases) {
    for (auto& [name, body] : each)
      if (name != "document" && body.ends_with('\n')) body.pop_back();
    std::string& tree = each["document"];
    while (tree.ends_with("\n\n")) tree.pop_back();
  }
  return cases;
}

}  // namespace tidewire::html::test
