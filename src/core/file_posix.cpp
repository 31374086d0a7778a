#include <tidewire/base/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "file.hpp"

namespace tidewire::detail {

file_reader::file_reader(const std::filesystem::path& path)
    : native_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a FIFO would hold us up
  const auto refuse = [&](std::error_code code, const char* why) {
    failure reason(code, why);
    if (native_ >= 0) ::close(native_);
    throw error(reason.during("open").with(path.string()));
  };
  struct stat about{};
  if (native_ < 0 || ::fstat(native_, &about) != 0) {
    refuse(std::error_code(errno, std::system_category()), "");
  }
  if (S_ISDIR(about.st_mode)) refuse(std::make_error_code(std::errc::is_a_directory), "");
  if (!S_ISREG(about.st_mode)) refuse(errc::misuse, "it is no regular file");
  size_ = static_cast<std::uint64_t>(about.st_size);
}

file_reader::~file_reader() {
  ::close(native_);
}

std::size_t file_reader::read_at(std::uint64_t offset, byte_span into,
                                 std::error_code& failed) const noexcept {
  ssize_t n = 0;
  do {
    n = ::pread(native_, into.data(), into.size(), static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  failed = n < 0 ? std::error_code(errno, std::system_category()) : std::error_code();
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

}  // namespace tidewire::detail
