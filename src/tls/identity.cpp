#include <tidewire/base/error.hpp>
#include <tidewire/tls/identity.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "read_file.hpp"

namespace tidewire::tls {
namespace detail {
namespace {

struct file_closer {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

secret read_file(const std::filesystem::path& path) {
  const auto fail = [&] {
    const std::error_code code(errno, std::generic_category());
    throw error(failure(code).during("read").with(path.string()));
  };
  const std::unique_ptr<std::FILE, file_closer> file(std::fopen(path.string().c_str(), "rb"));
  if (file == nullptr) fail();
  secret text;
  std::array<char, 4096> piece{};
  for (;;) {
    const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get());
    text.append({piece.data(), size});
    if (size < piece.size()) break;
  }
  if (std::ferror(file.get()) != 0) fail();
  wipe(as_writable_bytes(piece));
  return text;
}

}  // namespace detail

crypto::identity load_identity(const std::filesystem::path& certificates, const std::filesystem::path& key,
                               const secret& password) {
  const secret chain = detail::read_file(certificates);
  const secret private_part = detail::read_file(key);
  auto made = crypto::identity_from_pem(chain.reveal(), private_part.reveal(), password);
  if (!made) {
    failure why = made.error();
    why.during("read");
    throw error(why.with((why.code() == crypto::errc::malformed_certificate ? certificates : key).string()));
  }
  return std::move(*made);
}

}  // namespace tidewire::tls
