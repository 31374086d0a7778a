#include <tidewire/base/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "durable_file.hpp"

namespace tidewire::mime::detail {

namespace {

template <class F>
auto retry(F call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

int flush(int descriptor) noexcept {
#ifdef F_FULLFSYNC
  // On macOS fsync reaches the drive, not what keeps the bytes when the power goes.
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return retry([&] { return ::fsync(descriptor); });
}

}  // namespace

void durable_file::fail(const char* what) const {
  failure why(std::error_code(errno, std::generic_category()));
  why.during(what).with(path_.string());
  throw error(std::move(why));
}

durable_file::durable_file(const std::filesystem::path& path)
    : path_(path),
      handle_(retry([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); })) {
  if (handle_ < 0) fail("create");
}

durable_file::~durable_file() {
  if (handle_ < 0) return;
  ::close(static_cast<int>(handle_));
  ::unlink(path_.c_str());
}

void durable_file::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto size = retry([&] { return ::write(static_cast<int>(handle_), bytes.data(), bytes.size()); });
    if (size < 0) fail("write");
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
}

void durable_file::close() {
  if (flush(static_cast<int>(handle_)) != 0) fail("write");
  const int closed = ::close(static_cast<int>(handle_));
  handle_ = -1;
  if (closed != 0 && errno != EINTR) {
    const int code = errno;
    ::unlink(path_.c_str());
    errno = code;
    fail("close");
  }
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = retry([&] { return ::open(folder.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) return;
  // Some file systems cannot; the file itself is safe by then.
  (void)flush(descriptor);
  ::close(descriptor);
}

unsigned long process_id() noexcept {
  return static_cast<unsigned long>(::getpid());
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace tidewire::mime::detail
