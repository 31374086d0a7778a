// A file that is read from its beginning to its end, without a buffer of its own.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tidewire::crypto {

/// Throws std::system_error with the code of the system, without words of its own.
class input_file {
 public:
  explicit input_file(const std::filesystem::path& path);
  input_file(const input_file&) = delete;
  input_file& operator=(const input_file&) = delete;
  ~input_file();

  /// Its size; 0 if it is no regular file.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Reads up to `out.size()` bytes; 0 at the end.
  std::size_t read_some(byte_span out);

 private:
  std::uint64_t size_ = 0;
  std::intptr_t handle_;  // a descriptor, or a HANDLE
};

/// The path, to be read by people; it need not be valid in any encoding.
[[nodiscard]] std::string name_of(const std::filesystem::path& path);

}  // namespace tidewire::crypto
