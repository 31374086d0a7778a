// Of what is not exported. It needs no OpenSSL: the cross-build for Windows, which has none, runs it too.
#include "crypto/input_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>

#include "support/temporary_folder.hpp"

namespace tidewire::crypto {
namespace {

using tidewire::testing::temporary_folder;

std::string read_all(input_file& file, std::size_t piece) {
  std::string all;
  std::string buffer(piece, '\0');
  while (const std::size_t size = file.read_some(std::as_writable_bytes(std::span(buffer)))) {
    all.append(buffer, 0, size);
  }
  return all;
}

std::error_code code_of_opening(const std::filesystem::path& path) {
  try {
    input_file file(path);
    std::array<std::byte, 1> buffer{};
    (void)file.read_some(buffer);
  } catch (const std::system_error& thrown) {
    return thrown.code();
  }
  return {};
}

TEST(InputFile, ReadsAllBytesInPiecesOfAnySize) {
  const temporary_folder folder;
  std::string bytes(100'000, '\0');
  std::generate(bytes.begin(), bytes.end(), [n = 0U]() mutable { return static_cast<char>(n++ * 31 >> 4); });
  bytes[1000] = '\r';  // nothing is taken for text
  bytes[1001] = '\n';
  bytes[1002] = '\x1a';
  const std::string path = folder.write("file", bytes);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{999}, bytes.size(), bytes.size() + 1}) {
    input_file file(path);
    EXPECT_EQ(file.size(), bytes.size());
    EXPECT_EQ(read_all(file, piece), bytes) << piece;
    EXPECT_EQ(read_all(file, piece), "") << "the end stays the end";
  }
}

TEST(InputFile, ReadsAnEmptyFileAndWhatIsAppendedMeanwhile) {
  const temporary_folder folder;
  const std::string path = folder.write("file", "");
  input_file file(path);
  EXPECT_EQ(file.size(), 0U);
  EXPECT_EQ(read_all(file, 10), "");
  std::ofstream(path, std::ios::binary | std::ios::app) << "more";
  EXPECT_EQ(read_all(file, 10), "more");
}

TEST(InputFile, LetsOthersRenameAndRemoveIt) {
  const temporary_folder folder;
  const std::string path = folder.write("file", "still here");
  input_file file(path);
  std::filesystem::rename(path, folder.path() / "other");
  std::filesystem::remove(folder.path() / "other");
  EXPECT_EQ(read_all(file, 4), "still here");
}

TEST(InputFile, OpensNamesInAnyScript) {
  const temporary_folder folder;
  const std::filesystem::path path = folder.path() / u8"\u6587\u4ef6";
  std::ofstream(path) << "text";
  input_file file(path);
  EXPECT_EQ(read_all(file, 10), "text");
}

TEST(InputFile, SaysWhyItCannotBeRead) {
  const temporary_folder folder;
  EXPECT_EQ(code_of_opening(folder.path() / "missing"), std::errc::no_such_file_or_directory);
#ifdef _WIN32
  EXPECT_EQ(code_of_opening(folder.path()), std::errc::permission_denied);
#else
  EXPECT_EQ(code_of_opening(folder.path()), std::errc::is_a_directory);
#endif
}

}  // namespace
}  // namespace tidewire::crypto
