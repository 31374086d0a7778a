// The SHA-256 of a gigabyte in the page cache, against the programs that people use for it. What they cost is
// the time from their start to their end.

#include <tidewire/crypto/file.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace {

namespace crypto = tidewire::crypto;

// A gigabyte, or what TIDEWIRE_BENCH_FILE_MIB says; removed at the end of the program.
class large_file {
 public:
  large_file() : path_(std::filesystem::temp_directory_path() / "tidewire-file-benchmark") {
    const char* const given = std::getenv("TIDEWIRE_BENCH_FILE_MIB");
    mebibytes_ = given != nullptr ? std::strtoull(given, nullptr, 10) : 1024;
    std::string block(1 << 20, '\0');
    std::ofstream out(path_, std::ios::binary);
    for (std::size_t i = 0; i < mebibytes_; ++i) {
      for (std::size_t at = 0; at < block.size(); at += 64) block[at] = static_cast<char>(i * 7 + at / 64);
      out.write(block.data(), static_cast<std::streamsize>(block.size()));
    }
  }
  large_file(const large_file&) = delete;
  large_file& operator=(const large_file&) = delete;
  ~large_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::int64_t bytes() const { return static_cast<std::int64_t>(mebibytes_) << 20; }

 private:
  std::filesystem::path path_;
  std::size_t mebibytes_ = 0;
};

const large_file& file() {
  static const large_file instance;
  return instance;
}

std::string printed_by(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  char buffer[512];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
  return ::pclose(pipe) == 0 ? text : std::string();
}

void ours(benchmark::State& state) {
  const auto& path = file().path();
  for (auto _ : state) benchmark::DoNotOptimize(crypto::file_digest(path, crypto::hash_algorithm::sha256));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * file().bytes());
}

void program(benchmark::State& state, const std::string& command) {
  const std::string expected = crypto::file_digest(file().path(), crypto::hash_algorithm::sha256).hex();
  for (auto _ : state) {
    const std::string text = printed_by(command + " " + file().path().string());
    if (text.find(expected) == std::string::npos)
      return state.SkipWithError("wrong answer, or not installed");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * file().bytes());
}

BENCHMARK(ours)->Name("crypto/file/ours")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(program, sha256sum, "sha256sum")
    ->Name("crypto/file/sha256sum")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(program, openssl, "openssl dgst -sha256")
    ->Name("crypto/file/openssl")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
