// Files that are read while they are sent.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

namespace tidewire::detail {

/// A regular file, open for reading; not inherited by child processes.
class file_reader {
 public:
  /// Throws `error`, naming the path.
  explicit file_reader(const std::filesystem::path& path);
  file_reader(const file_reader&) = delete;
  file_reader& operator=(const file_reader&) = delete;
  ~file_reader();

  [[nodiscard]] native_file native() const noexcept { return native_; }
  /// Its size when it was opened.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Reads some bytes at an offset; none and no error at the end. Any thread.
  [[nodiscard]] std::size_t read_at(std::uint64_t offset, byte_span into,
                                    std::error_code& failed) const noexcept;

 private:
  native_file native_;
  std::uint64_t size_ = 0;
};

}  // namespace tidewire::detail
