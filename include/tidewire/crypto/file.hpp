/// @file
/// Digests of files. These calls read until they are done; on a loop, await them through core's `offload`:
///
/// @code
/// auto value = co_await offload([&](std::stop_token stop) {
///   return crypto::file_digest("disk.iso", crypto::hash_algorithm::sha256, report, stop);
/// });
/// @endcode
#pragma once

#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace tidewire::crypto {

/// How far it is. Called on the thread that reads, at each mebibyte or more, and at the end.
/// @param done  Bytes read.
/// @param total Bytes of the file when it was opened; 0 where that is not known, as of a pipe.
using file_progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The digest of a file's contents. An empty file has one. What is appended meanwhile is read as well.
/// @param path     Also a device or a pipe.
/// @param progress Empty: nobody is told. What it throws ends the reading and is passed on.
/// @param stop     Asked after each 128 KiB.
/// @par Errors
/// Throws `error`, `during` "hash", `with` the path: what the system says of a file that is not there, is a
/// directory, or may not be read; `errc::unavailable` as `hasher`; `tidewire::errc::canceled` when `stop` was
/// requested.
[[nodiscard]] TIDEWIRE_CRYPTO_API digest file_digest(const std::filesystem::path& path,
                                                     hash_algorithm algorithm,
                                                     const file_progress& progress = {},
                                                     std::stop_token stop = {});

/// Several digests of a file that is read once, in the order of `algorithms`; otherwise as `file_digest`.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::vector<digest> file_digests(const std::filesystem::path& path,
                                                                   std::span<const hash_algorithm> algorithms,
                                                                   const file_progress& progress = {},
                                                                   std::stop_token stop = {});

}  // namespace tidewire::crypto
