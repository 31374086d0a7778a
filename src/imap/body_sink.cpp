#include <tidewire/core/offload.hpp>
#include <tidewire/imap/client.hpp>

#include <cerrno>
#include <fstream>
#include <memory>

namespace tidewire::imap {

body_sink to_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*file) {
    throw error(failure(std::error_code(errno, std::generic_category())).during("open").with(path.string()));
  }
  return [file](byte_view piece) -> task<> {
    std::ofstream* const to = file.get();
    const auto write = [to, piece] {
      const std::string_view text = as_text(piece);
      to->write(text.data(), static_cast<std::streamsize>(text.size())).flush();
      return static_cast<bool>(*to);
    };
    const bool written = co_await offload(write);
    if (!written)
      throw error(failure(std::make_error_code(std::errc::io_error)).during("write a message to a file"));
  };
}

}  // namespace tidewire::imap
