// A message with an attachment of 50 MB is signed while it is written, and verified, in less than a megabyte.
#include <tidewire/dkim.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "examples.hpp"
#include "support/live_heap.hpp"

namespace tidewire::dkim {
namespace {

constexpr std::uint64_t file_size = std::uint64_t{50} << 20;
constexpr std::size_t megabyte = std::size_t{1} << 20;

// As many bytes as are asked for.
class endless final : public mime::content_reader {
 public:
  explicit endless(std::uint64_t size) : left_(size) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t size = std::min<std::uint64_t>(out.size(), left_);
    std::fill_n(out.data(), size, 'x');
    left_ -= size;
    return size;
  }

 private:
  std::uint64_t left_;
};

TEST(DkimMemory, SignsAndVerifiesFiftyMegabytes) {
  const testing::records zone = testing::own_zone();
  mime::message mail({1, 2}, {.time = testing::noon});
  mail.from("robot@example.org").to("ada@example.org");
  mail.attach("large.bin",
              mime::content::source(file_size, [] { return std::make_unique<endless>(file_size); }));
  mail.sign_with(std::make_shared<signer>("example.org", "ed", testing::ed25519_key()));
  std::vector<char> piece(16 * 1024);
  const tidewire::testing::heap_watch watch;
  mime::serializer source(mail);
  verifier in;
  std::uint64_t total = 0;
  while (const std::size_t size = source.read(piece)) {
    in.update({piece.data(), size});
    total += size;
  }
  in.finish();
  EXPECT_GT(total, file_size * 4 / 3);
  for (const std::string& name : in.wanted()) in.give(name, zone.at(name));
  const auto results = in.results();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, verdict::pass) << describe(results[0].reason);
  EXPECT_LT(watch.peak(), megabyte);
}

}  // namespace
}  // namespace tidewire::dkim
