#include <tidewire/crypto/file.hpp>

#include <system_error>

#include "input_file.hpp"

namespace tidewire::crypto {
namespace {

// Large enough that system calls do not show, small enough to be still in the processor's cache when it is
// hashed.
constexpr std::size_t piece_size = 128 * 1024;
constexpr std::uint64_t progress_step = std::uint64_t{1} << 20;

template <class Hasher>
void read_through(const std::filesystem::path& path, Hasher& hash, const file_progress& progress,
                  const std::stop_token& stop) {
  input_file file(path);
  std::vector<std::byte> buffer(piece_size);
  std::uint64_t done = 0;
  std::uint64_t told = 0;
  for (;;) {
    if (stop.stop_requested())
      throw error(tidewire::errc::canceled, "after " + std::to_string(done) + " bytes");
    const std::size_t size = file.read_some(buffer);
    if (size == 0) break;
    hash.update(byte_view(buffer).first(size));
    done += size;
    if (progress && done - told >= progress_step) {
      told = done;
      progress(done, file.size());
    }
  }
  if (progress && (told != done || done == 0)) progress(done, file.size());
}

template <class Hasher>
auto digest_of(const std::filesystem::path& path, Hasher hash, const file_progress& progress,
               const std::stop_token& stop) {
  const auto named = [&](failure why) { return error(why.during("hash").with(name_of(path))); };
  try {
    read_through(path, hash, progress, stop);
    return hash.finish();
  } catch (const error& why) {
    throw named(why.failure());
  } catch (const std::system_error& why) {
    throw named(why.code());
  }
}

}  // namespace

std::string name_of(const std::filesystem::path& path) {
  const std::u8string name = path.u8string();
  return std::string(name.begin(), name.end());
}

digest file_digest(const std::filesystem::path& path, hash_algorithm algorithm, const file_progress& progress,
                   std::stop_token stop) {
  return digest_of(path, hasher(algorithm), progress, stop);
}

std::vector<digest> file_digests(const std::filesystem::path& path,
                                 std::span<const hash_algorithm> algorithms, const file_progress& progress,
                                 std::stop_token stop) {
  return digest_of(path, multi_hasher(algorithms), progress, stop);
}

}  // namespace tidewire::crypto
