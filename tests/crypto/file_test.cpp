#include <tidewire/base/error.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/file.hpp>

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace tidewire::crypto {
namespace {

using tidewire::testing::temporary_folder;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 >> 4);
  return bytes;
}

template <class F>
failure failure_of(F&& call) {
  try {
    (void)call();
  } catch (const error& thrown) {
    return thrown.failure();
  }
  return failure(errc::failed, "nothing was thrown");
}

TEST(FileDigest, IsThatOfItsContents) {
  const temporary_folder folder;
  for (const std::size_t size : {0U, 1U, 128U * 1024 - 1, 128U * 1024, 128U * 1024 + 1, 3U << 20}) {
    const std::string bytes = pattern(size);
    EXPECT_EQ(file_digest(folder.write("file", bytes), hash_algorithm::sha256), sha256(bytes).finish())
        << size;
  }
}

TEST(FileDigest, SeveralAreTakenInOnePass) {
  const temporary_folder folder;
  const std::string bytes = pattern(1'000'000);
  const std::array algorithms{hash_algorithm::md5, hash_algorithm::sha512};
  const std::vector<digest> digests = file_digests(folder.write("file", bytes), algorithms);
  ASSERT_EQ(digests.size(), 2U);
  EXPECT_EQ(digests[0], md5(bytes).finish());
  EXPECT_EQ(digests[1], sha512(bytes).finish());
}

TEST(FileDigest, TellsHowFarItIs) {
  const temporary_folder folder;
  const std::string bytes = pattern((5 << 20) + 7);
  std::vector<std::uint64_t> told;
  (void)file_digest(folder.write("file", bytes), hash_algorithm::sha1,
                    [&](std::uint64_t done, std::uint64_t total) {
                      EXPECT_EQ(total, bytes.size());
                      told.push_back(done);
                    });
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1 << 20, 2 << 20, 3 << 20, 4 << 20, 5 << 20, (5 << 20) + 7}));
  told.clear();
  (void)file_digest(folder.write("file", ""), hash_algorithm::sha1,
                    [&](std::uint64_t done, std::uint64_t) { told.push_back(done); });
  EXPECT_EQ(told, std::vector<std::uint64_t>{0});
}

TEST(FileDigest, StopsWhenAskedTo) {
  const temporary_folder folder;
  const std::filesystem::path path = folder.write("file", pattern(8 << 20));
  std::stop_source stop;
  std::uint64_t seen = 0;
  const failure stopped = failure_of([&] {
    return file_digest(
        path, hash_algorithm::sha256,
        [&](std::uint64_t done, std::uint64_t) {
          seen = done;
          stop.request_stop();
        },
        stop.get_token());
  });
  EXPECT_EQ(stopped, condition::canceled);
  EXPECT_EQ(stopped.message(), "hash " + path.string() + ": canceled: after 1048576 bytes");
  EXPECT_EQ(seen, 1U << 20);
  EXPECT_EQ(failure_of([&] { return file_digest(path, hash_algorithm::sha256, {}, stop.get_token()); }),
            condition::canceled)
      << "and when asked before";
}

TEST(FileDigest, WhatProgressThrowsIsPassedOn) {
  const temporary_folder folder;
  const std::filesystem::path path = folder.write("file", pattern(2 << 20));
  EXPECT_THROW((void)file_digest(path, hash_algorithm::sha256,
                                 [](std::uint64_t, std::uint64_t) { throw std::out_of_range("enough"); }),
               std::out_of_range);
}

TEST(FileDigest, AFileThatVanishedIsNamed) {
  const temporary_folder folder;
  const std::filesystem::path path = folder.write("file", "x");
  std::filesystem::remove(path);
  const failure gone = failure_of([&] { return file_digest(path, hash_algorithm::sha256); });
  EXPECT_EQ(gone.code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(gone, condition::permanent);
  EXPECT_EQ(gone.operation(), "hash");
  EXPECT_EQ(gone.peer(), path.string());
}

TEST(FileDigest, ADirectoryIsNamed) {
  const temporary_folder folder;
  const failure refused = failure_of([&] { return file_digest(folder.path(), hash_algorithm::sha256); });
#ifdef _WIN32
  EXPECT_EQ(refused.code(), std::errc::permission_denied);
#else
  EXPECT_EQ(refused.code(), std::errc::is_a_directory);
#endif
  EXPECT_EQ(refused.peer(), folder.path().string());
}

}  // namespace
}  // namespace tidewire::crypto
