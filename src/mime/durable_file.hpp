// A new file whose bytes are on the disk when it is closed. One source for each system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::mime::detail {

class durable_file {
 public:
  // Throws `error` if there is a file of that name.
  explicit durable_file(const std::filesystem::path& path);
  durable_file(const durable_file&) = delete;
  durable_file& operator=(const durable_file&) = delete;
  // Deletes the file, unless `close` was called.
  ~durable_file();

  // Throws `error`, as the next one does.
  void write(std::span<const char> bytes);
  void close();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::intptr_t handle_;
};

// Brings the names in a folder to the disk, where the system has a way to do so.
void sync_folder(const std::filesystem::path& folder);

// What tells this process from others on this machine.
[[nodiscard]] unsigned long process_id() noexcept;
[[nodiscard]] std::string host_name();

}  // namespace tidewire::mime::detail
