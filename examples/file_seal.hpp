// How file_send and file_receive prove a file: SHA-256 tells that each byte is what it was, HMAC that whoever
// sent them knows the key that both share.
#pragma once

#include <tidewire/crypto.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct file_seal {
  tidewire::crypto::digest sha256;
  tidewire::crypto::digest hmac;
};

// Makes the seal of a file that it is given piece by piece.
class file_sealer {
 public:
  // The name is under the HMAC as well: no file can be passed off as another.
  file_sealer(const tidewire::secret& key, std::string_view name) : hmac_(key) {
    hmac_.update(name).update("\n");
  }

  void update(tidewire::byte_view bytes) {
    sha256_.update(bytes);
    hmac_.update(bytes);
    size_ += bytes.size();
  }
  // All that is in a file.
  void update_from(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> block(256 * 1024);
    while (file.read(block.data(), std::ssize(block)) || file.gcount() > 0) {
      update(tidewire::as_bytes(std::string_view(block.data(), static_cast<std::size_t>(file.gcount()))));
    }
    if (!file.eof()) {
      tidewire::failure why(std::error_code(errno, std::generic_category()));
      throw tidewire::error(why.during("read").with(path.string()));
    }
  }
  // How many bytes it was given.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] file_seal finish() { return {sha256_.finish(), hmac_.finish()}; }

 private:
  tidewire::crypto::sha256 sha256_;
  tidewire::crypto::hmac<tidewire::crypto::sha256> hmac_;
  std::uint64_t size_ = 0;
};

// The key comes from a file: what is on a command line, others on the machine can read.
inline tidewire::secret read_key(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  auto key = tidewire::secret::take(std::string{std::istreambuf_iterator<char>(file), {}});
  if (!file || key.size() < 16) {
    throw tidewire::error(tidewire::errc::misuse,
                          path.string() + " is no file with a key of 16 bytes or more");
  }
  return key;
}
