// What the tests of crypto share: hexadecimal inputs, and the NAME = VALUE files of NIST and of the RFCs.
#pragma once

#include <tidewire/base/hex.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire::crypto::test {

/// The bytes, as a string, that `text` spells.
inline std::string unhex(std::string_view text) {
  return hex::decode_text(text).value();
}

/// One case: its values by name, in lower case.
using vector_case = std::map<std::string, std::string, std::less<>>;

/// The cases of a file: blocks of `NAME = VALUE` lines between empty ones. What stands in brackets or after
/// `#` is passed over; blocks without a value are no cases.
inline std::vector<vector_case> read_vectors(const std::filesystem::path& path) {
  std::vector<vector_case> cases(1);
  const std::string text = tidewire::testing::read_file(path);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    const std::string_view line = ascii::trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (line.empty()) {
      if (!cases.back().empty()) cases.emplace_back();
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == npos || line.front() == '#' || line.front() == '[') continue;
    std::string name;
    for (const char c : ascii::trim(line.substr(0, equals))) name += ascii::to_lower(c);
    cases.back()[name] = ascii::trim(line.substr(equals + 1));
  }
  if (cases.back().empty()) cases.pop_back();
  return cases;
}

/// Gives `take` all of `bytes` in pieces of 1, 2, 3, ... 60, 1, 2, ... bytes.
template <class F>
void in_odd_slices(std::string_view bytes, F take) {
  std::size_t size = 1;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, size);
    take(piece);
    bytes.remove_prefix(piece.size());
    size = size % 60 + 1;
  }
}

}  // namespace tidewire::crypto::test
