#include <windows.h>

#include <algorithm>
#include <system_error>

#include "input_file.hpp"

namespace tidewire::crypto {
namespace {

[[noreturn]] void fail() {
  throw std::system_error(static_cast<int>(::GetLastError()), std::system_category());
}

HANDLE native(std::intptr_t handle) noexcept {
  return reinterpret_cast<HANDLE>(handle);
}

}  // namespace

input_file::input_file(const std::filesystem::path& path)
    : handle_(reinterpret_cast<std::intptr_t>(
          ::CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        nullptr, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, nullptr))) {
  if (native(handle_) == INVALID_HANDLE_VALUE) fail();
  LARGE_INTEGER size;
  if (::GetFileType(native(handle_)) == FILE_TYPE_DISK && ::GetFileSizeEx(native(handle_), &size)) {
    size_ = static_cast<std::uint64_t>(size.QuadPart);
  }
}

input_file::~input_file() {
  ::CloseHandle(native(handle_));
}

std::size_t input_file::read_some(byte_span out) {
  constexpr std::size_t most = std::size_t{1} << 30;
  DWORD size = 0;
  const auto wanted = static_cast<DWORD>(std::min(out.size(), most));
  if (::ReadFile(native(handle_), out.data(), wanted, &size, nullptr)) return size;
  // The writer of a pipe is gone: its end.
  if (::GetLastError() == ERROR_BROKEN_PIPE) return 0;
  fail();
}

}  // namespace tidewire::crypto
