#include <tidewire/base/error.hpp>

#include <windows.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "durable_file.hpp"

namespace tidewire::mime::detail {

namespace {

HANDLE as_handle(std::intptr_t value) noexcept {
  return reinterpret_cast<HANDLE>(value);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

void durable_file::fail(const char* what) const {
  failure why(std::error_code(static_cast<int>(::GetLastError()), std::system_category()));
  why.during(what).with(path_.string());
  throw error(std::move(why));
}

durable_file::durable_file(const std::filesystem::path& path)
    : path_(path),
      handle_(reinterpret_cast<std::intptr_t>(::CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr,
                                                            CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr))) {
  if (as_handle(handle_) == INVALID_HANDLE_VALUE) fail("create");
}

durable_file::~durable_file() {
  if (as_handle(handle_) == INVALID_HANDLE_VALUE) return;
  ::CloseHandle(as_handle(handle_));
  ::DeleteFileW(path_.c_str());
}

void durable_file::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto wanted = static_cast<DWORD>(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    DWORD size = 0;
    if (::WriteFile(as_handle(handle_), bytes.data(), wanted, &size, nullptr) == 0) fail("write");
    bytes = bytes.subspan(size);
  }
}

void durable_file::close() {
  if (::FlushFileBuffers(as_handle(handle_)) == 0) fail("write");
  ::CloseHandle(as_handle(handle_));
  handle_ = reinterpret_cast<std::intptr_t>(INVALID_HANDLE_VALUE);
}

// Windows brings names to the disk by itself.
void sync_folder(const std::filesystem::path&) {}

unsigned long process_id() noexcept {
  return ::GetCurrentProcessId();
}

std::string host_name() {
  std::array<char, 256> name{};
  auto size = static_cast<DWORD>(name.size());
  if (::GetComputerNameA(name.data(), &size) == 0) return "localhost";
  return name.data();
}

}  // namespace tidewire::mime::detail
