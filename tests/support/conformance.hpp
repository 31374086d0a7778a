/// @file
/// The public conformance suites, which are not part of this repository.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "support/source_folder.hpp"

namespace tidewire::testing {

/// A file or folder of the suites ("html5lib-tests/tokenizer"), below TIDEWIRE_CONFORMANCE_DIR or, where that
/// is not set, below shared/conformance beside the checkout.
[[nodiscard]] inline std::filesystem::path conformance_path(std::string_view name) {
  const char* given = std::getenv("TIDEWIRE_CONFORMANCE_DIR");
  if (given != nullptr) return std::filesystem::path(given) / name;
  return std::filesystem::path(source_folder).parent_path() / "shared" / "conformance" / name;
}

[[nodiscard]] inline bool has_conformance(std::string_view name) {
  std::error_code ignored;
  return std::filesystem::exists(conformance_path(name), ignored);
}

/// The bytes of a file. Throws if it cannot be read.
[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return bytes;
}

}  // namespace tidewire::testing

/// Ends the running test as skipped, and says so, if that file or folder of the suites is not there. Returns
/// from the function it stands in, as GTEST_SKIP does.
#define TIDEWIRE_NEEDS_CONFORMANCE(name)                                                               \
  do {                                                                                                 \
    if (!::tidewire::testing::has_conformance(name)) {                                                 \
      GTEST_SKIP() << "no conformance data: " << ::tidewire::testing::conformance_path(name).string(); \
    }                                                                                                  \
  } while (false)
