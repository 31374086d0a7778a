#include <tidewire/base/error.hpp>

#include <windows.h>

#include <algorithm>
#include <string>

#include "file.hpp"

namespace tidewire::detail {
namespace {

std::error_code last_error() noexcept {
  return std::error_code(static_cast<int>(::GetLastError()), std::system_category());
}

}  // namespace

file_reader::file_reader(const std::filesystem::path& path)
    : native_(::CreateFileW(path.c_str(), GENERIC_READ,
                            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                            FILE_ATTRIBUTE_NORMAL, nullptr)) {
  const auto refuse = [&](std::error_code code, const char* why) {
    failure reason(code, why);
    if (native_ != INVALID_HANDLE_VALUE) ::CloseHandle(native_);
    throw error(reason.during("open").with(path.string()));
  };
  LARGE_INTEGER size{};
  if (native_ == INVALID_HANDLE_VALUE) refuse(last_error(), "");
  if (::GetFileType(native_) != FILE_TYPE_DISK) refuse(errc::misuse, "it is no regular file");
  if (!::GetFileSizeEx(native_, &size)) refuse(last_error(), "");
  size_ = static_cast<std::uint64_t>(size.QuadPart);
}

file_reader::~file_reader() {
  ::CloseHandle(native_);
}

std::size_t file_reader::read_at(std::uint64_t offset, byte_span into,
                                 std::error_code& failed) const noexcept {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(offset);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32);
  DWORD n = 0;
  const auto most = static_cast<DWORD>(std::min<std::size_t>(into.size(), 1 << 30));
  const bool done = ::ReadFile(native_, into.data(), most, &n, &at) != 0;
  failed = done || ::GetLastError() == ERROR_HANDLE_EOF ? std::error_code() : last_error();
  return done ? n : 0;
}

}  // namespace tidewire::detail
