/// @file
/// Programs and servers that tests compare tidewire with: openssl, curl, python3, nginx, ...
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace tidewire::testing {

/// Must every oracle be there? CI sets TIDEWIRE_REQUIRE_ORACLES, so that nothing is passed over unseen.
[[nodiscard]] inline bool oracles_are_required() {
  const char* value = std::getenv("TIDEWIRE_REQUIRE_ORACLES");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

/// The program of that name: in PATH, or where Debian keeps servers, which the PATH of most users leaves out.
[[nodiscard]] inline std::optional<std::filesystem::path> find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string places = path != nullptr ? path : "/usr/bin:/bin";
  places += ":/usr/local/sbin:/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin <= places.size();) {
    const std::size_t end = std::min(places.find(':', begin), places.size());
    const std::filesystem::path candidate = std::filesystem::path(places.substr(begin, end - begin)) / name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace tidewire::testing

/// Ends the running test as skipped, for want of an oracle or a server: `TIDEWIRE_SKIP_OR_FAIL("no openssl
/// program")`. Where oracles are required it fails instead. Returns from the function it stands in, as
/// GTEST_SKIP does.
#define TIDEWIRE_SKIP_OR_FAIL(reason)                             \
  do {                                                            \
    if (::tidewire::testing::oracles_are_required()) {            \
      FAIL() << (reason) << " (TIDEWIRE_REQUIRE_ORACLES is set)"; \
    } else {                                                      \
      GTEST_SKIP() << (reason);                                   \
    }                                                             \
  } while (false)
