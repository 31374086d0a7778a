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

namespace tidewire::crypto {
namespace {

class FileDigest : public ::testing::Test {
 protected:
  FileDigest() : folder_(std::filesystem::temp_directory_path() / ("tidewire-" + name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FileDigest() override { std::filesystem::remove_all(folder_); }

  static std::string name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::filesystem::path file(const std::string& bytes) {
    const auto path = folder_ / "file";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::filesystem::path folder_;
};

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

TEST_F(FileDigest, IsThatOfItsContents) {
  for (const std::size_t size : {0U, 1U, 128U * 1024 - 1, 128U * 1024, 128U * 1024 + 1, 3U << 20}) {
    const std::string bytes = pattern(size);
    EXPECT_EQ(file_digest(file(bytes), hash_algorithm::sha256), sha256(bytes).finish()) << size;
  }
}

TEST_F(FileDigest, SeveralAreTakenInOnePass) {
  const std::string bytes = pattern(1'000'000);
  const std::array algorithms{hash_algorithm::md5, hash_algorithm::sha512};
  const std::vector<digest> digests = file_digests(file(bytes), algorithms);
  ASSERT_EQ(digests.size(), 2U);
  EXPECT_EQ(digests[0], md5(bytes).finish());
  EXPECT_EQ(digests[1], sha512(bytes).finish());
}

TEST_F(FileDigest, TellsHowFarItIs) {
  const std::string bytes = pattern((5 << 20) + 7);
  std::vector<std::uint64_t> told;
  (void)file_digest(file(bytes), hash_algorithm::sha1, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, bytes.size());
    told.push_back(done);
  });
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1 << 20, 2 << 20, 3 << 20, 4 << 20, 5 << 20, (5 << 20) + 7}));
  told.clear();
  (void)file_digest(file(""), hash_algorithm::sha1,
                    [&](std::uint64_t done, std::uint64_t) { told.push_back(done); });
  EXPECT_EQ(told, std::vector<std::uint64_t>{0});
}

TEST_F(FileDigest, StopsWhenAskedTo) {
  const auto path = file(pattern(8 << 20));
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

TEST_F(FileDigest, WhatProgressThrowsIsPassedOn) {
  const auto path = file(pattern(2 << 20));
  EXPECT_THROW((void)file_digest(path, hash_algorithm::sha256,
                                 [](std::uint64_t, std::uint64_t) { throw std::out_of_range("enough"); }),
               std::out_of_range);
}

TEST_F(FileDigest, AFileThatVanishedIsNamed) {
  const auto path = file("x");
  std::filesystem::remove(path);
  const failure gone = failure_of([&] { return file_digest(path, hash_algorithm::sha256); });
  EXPECT_EQ(gone.code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(gone, condition::permanent);
  EXPECT_EQ(gone.operation(), "hash");
  EXPECT_EQ(gone.peer(), path.string());
}

TEST_F(FileDigest, ADirectoryIsNamed) {
  const failure refused = failure_of([&] { return file_digest(folder_, hash_algorithm::sha256); });
#ifdef _WIN32
  EXPECT_EQ(refused.code(), std::errc::permission_denied);
#else
  EXPECT_EQ(refused.code(), std::errc::is_a_directory);
#endif
  EXPECT_EQ(refused.peer(), folder_.string());
}

}  // namespace
}  // namespace tidewire::crypto
