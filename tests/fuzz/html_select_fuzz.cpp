// Selecting: a random selector on a random tree gives what the naive matcher says.
#include <cstdio>
#include <string>

#include "fuzz_support.hpp"
#include "html/naive_select.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference = tidewire::html::test::disagreement(data, size);
  if (!difference.empty()) std::fputs(difference.c_str(), stderr);
  tidewire::fuzz::require(difference.empty());
  return 0;
}
