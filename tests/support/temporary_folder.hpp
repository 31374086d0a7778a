/// @file
/// A folder of a test's own, which is gone with what is in it when the test is over.
#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

#include "support/conformance.hpp"

namespace tidewire::testing {

class temporary_folder {
 public:
  temporary_folder() {
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() / ("tidewire-" + std::to_string(random()));
    } while (!std::filesystem::create_directory(path_));
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The path of something in it.
  [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
  /// Writes a file in it, and gives its path.
  std::string write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path(name);
  }
  /// The bytes of a file in it.
  [[nodiscard]] std::string read(std::string_view name) const { return read_file(path_ / name); }

 private:
  std::filesystem::path path_;
};

}  // namespace tidewire::testing
