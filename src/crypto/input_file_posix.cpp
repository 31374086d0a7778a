#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "input_file.hpp"

namespace tidewire::crypto {
namespace {

[[noreturn]] void fail() {
  throw std::system_error(errno, std::system_category());
}

int descriptor(std::intptr_t handle) noexcept {
  return static_cast<int>(handle);
}

}  // namespace

input_file::input_file(const std::filesystem::path& path) : handle_(-1) {
  do {
    handle_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (handle_ < 0 && errno == EINTR);
  if (handle_ < 0) fail();
  struct stat status{};
  if (::fstat(descriptor(handle_), &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
#ifdef POSIX_FADV_SEQUENTIAL
  // Read ahead twice as far; whether that is heard is of no importance.
  (void)::posix_fadvise(descriptor(handle_), 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
}

input_file::~input_file() {
  ::close(descriptor(handle_));
}

std::size_t input_file::read_some(byte_span out) {
  for (;;) {
    const ssize_t size = ::read(descriptor(handle_), out.data(), out.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno != EINTR) fail();
  }
}

}  // namespace tidewire::crypto
