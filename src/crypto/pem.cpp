#include "pem.hpp"

#include <tidewire/crypto/key.hpp>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "input_file.hpp"

namespace tidewire::crypto {

bio_ptr reading_from(byte_view text) {
  bio_ptr stream(BIO_new_mem_buf(text.empty() ? "" : static_cast<const void*>(text.data()),
                                 static_cast<int>(text.size())));
  if (stream == nullptr) throw std::bad_alloc();
  return stream;
}

bio_ptr memory_stream() {
  // Wiped when it is freed: private keys are written to it.
  bio_ptr stream(BIO_new(BIO_s_secmem()));
  if (stream == nullptr) throw std::bad_alloc();
  return stream;
}

std::string_view written_to(BIO* stream) noexcept {
  char* data = nullptr;
  const long size = BIO_get_mem_data(stream, &data);
  return data != nullptr && size > 0 ? std::string_view(data, static_cast<std::size_t>(size))
                                     : std::string_view();
}

result<void> check_key_file_size(std::size_t size) {
  if (size <= max_key_file_size) return {};
  return failure(tidewire::errc::limit_exceeded, std::to_string(size) + " bytes; a key or certificate has " +
                                                     std::to_string(max_key_file_size) + " at the most");
}

result<secret> read_key_file(const std::filesystem::path& path) {
  try {
    input_file file(path);
    // One more than allowed, so that a file that is too large is seen to be so.
    std::string text(std::min<std::uint64_t>(file.size(), max_key_file_size) + 1, '\0');
    std::size_t size = 0;
    for (;;) {
      const std::size_t read = file.read_some(as_writable_bytes(text).subspan(size));
      size += read;
      if (read == 0) break;
      if (size < text.size()) continue;
      // It grew meanwhile, or it is a pipe, which has no size.
      if (size > max_key_file_size) {
        wipe(text);
        return check_key_file_size(size).error();
      }
      std::string larger(std::min(2 * size, max_key_file_size + 1), '\0');
      std::ranges::copy(text, larger.begin());
      wipe(text);
      text = std::move(larger);
    }
    secret contents(std::string_view(text).substr(0, size));
    wipe(text);
    return contents;
  } catch (const std::system_error& why) {
    return failure(why.code());
  }
}

std::string labels_of(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr int most = 5;
  std::string labels;
  int count = 0;
  for (std::size_t at = 0; count < most && (at = text.find(begin, at)) != npos; ++count) {
    at += begin.size();
    const std::size_t end = text.find("-----", at);
    if (end == npos) break;
    labels += (count > 0 ? ", " : "") + shown(text.substr(at, end - at), 30);
    at = end;
  }
  return count == 0 ? "it is no PEM text" : "it has " + labels;
}

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += ascii::is_visible(c) || c == ' ' ? c : '?';
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace tidewire::crypto
