// A message with an attachment of 50 MB is written, and read, in less than a megabyte.
#include <tidewire/mime.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/live_heap.hpp"
#include "support/temporary_folder.hpp"

namespace tidewire::mime {
namespace {

constexpr std::uint64_t file_size = std::uint64_t{50} << 20;
constexpr std::size_t megabyte = std::size_t{1} << 20;

class MimeMemory : public ::testing::Test {
 protected:
  // A file whose every 64 KiB are another 64 KiB.
  MimeMemory() {
    std::ofstream file(path_, std::ios::binary);
    std::string block(65'536, '\0');
    for (std::uint64_t at = 0; at < file_size; at += block.size()) {
      block.assign(block.size(), static_cast<char>(at / block.size() % 251));
      file << block;
    }
  }

  [[nodiscard]] message made() const {
    message mail({1, 2}, {});
    mail.from("robot@example.org")
        .to("ada@example.org")
        .subject("large")
        .text("See the file.")
        .attach_file(path_);
    return mail;
  }

  tidewire::testing::temporary_folder folder_;
  std::filesystem::path path_ = folder_.path() / "large.bin";
};

TEST_F(MimeMemory, WritesFiftyMegabytesFromAFile) {
  std::vector<char> piece(16 * 1024);
  const tidewire::testing::heap_watch watch;
  serializer in(made());
  std::uint64_t total = 0;
  while (const std::size_t size = in.read(piece)) total += size;
  EXPECT_EQ(total, in.size());
  EXPECT_GT(total, file_size * 4 / 3);
  EXPECT_LT(watch.peak(), megabyte);
}

// What a program does that stores attachments as they come.
class attachment_counter final : public event_handler {
 public:
  void on_header_end(const shape& what) override {
    decoder_ = body_decoder(what.encoding);
    is_file_ = what.content_type.find("octet-stream") != std::string_view::npos;
  }
  void on_body(std::string_view bytes) override {
    decoder_.update(bytes, out_);
    count();
  }
  void on_part_end(std::uint64_t) override {
    decoder_.finish(out_);
    count();
    is_file_ = false;
  }
  std::uint64_t size = 0;

 private:
  void count() {
    if (is_file_) size += out_.size();
    out_.clear();
  }
  body_decoder decoder_{transfer_encoding::binary};
  std::string out_;
  bool is_file_ = false;
};

TEST_F(MimeMemory, ReadsFiftyMegabytesAsTheyCome) {
  std::vector<char> piece(16 * 1024);
  const tidewire::testing::heap_watch watch;
  serializer source(made());
  attachment_counter counter;
  event_parser parser(counter);
  while (const std::size_t size = source.read(piece)) parser.feed({piece.data(), size});
  parser.finish();
  EXPECT_EQ(counter.size, file_size);
  EXPECT_LT(watch.peak(), megabyte);
}

TEST_F(MimeMemory, LooksAtFiftyMegabytesInPlace) {
  const std::string bytes = made().str();
  const tidewire::testing::heap_watch watch;
  const parsed_message mail = parse_in_place(bytes);
  std::uint64_t size = 0;
  for (const part& file : mail.attachments())
    file.decode([&](std::string_view some) { size += some.size(); });
  EXPECT_EQ(size, file_size);
  EXPECT_EQ(mail.text(), "See the file.");
  EXPECT_LT(watch.peak(), megabyte);
}

TEST_F(MimeMemory, TheTestWouldSeeIt) {
  const tidewire::testing::heap_watch watch;
  {
    const std::string all(file_size, 'x');
  }
  EXPECT_GT(watch.peak(), file_size);
}

}  // namespace
}  // namespace tidewire::mime
