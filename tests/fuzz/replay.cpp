// Runs a fuzz target over stored inputs as an ordinary program, without libFuzzer: what once failed stays
// mended, with every compiler. Arguments are files and folders of inputs; those that do not exist are passed
// over.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// A heap block of exactly the input's size, so that a sanitizer sees the first byte read past its end.
void run(const std::vector<char>& input) {
  const auto copy = std::make_unique<std::uint8_t[]>(input.size());
  if (!input.empty()) std::memcpy(copy.get(), input.data(), input.size());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

std::vector<std::filesystem::path> inputs_of(const std::filesystem::path& place) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  if (fs::is_regular_file(place)) files.push_back(place);
  if (fs::is_directory(place)) {
    for (const auto& entry : fs::recursive_directory_iterator(place)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  run({});
  for (int byte = 0; byte < 256; ++byte) run({static_cast<char>(static_cast<unsigned char>(byte))});

  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : inputs_of(argv[i])) {
      std::ifstream file(path, std::ios::binary);
      if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.string().c_str());
        return 1;
      }
      // Said first: if this input stops the program, its name is the last line.
      std::printf("%s\n", path.string().c_str());
      std::fflush(stdout);
      run({std::istreambuf_iterator<char>(file), {}});
      ++count;
    }
  }
  std::printf("replayed %zu stored inputs\n", count);
}
