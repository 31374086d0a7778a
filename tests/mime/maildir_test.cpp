#include <tidewire/base/error.hpp>
#include <tidewire/mime/maildir.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "support/conformance.hpp"

namespace tidewire::mime {
namespace {

namespace fs = std::filesystem;

class MimeMaildir : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ =
        fs::path(::testing::TempDir()) /
        ("tidewire_maildir_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(path_);
  }
  void TearDown() override { fs::remove_all(path_); }
  [[nodiscard]] std::size_t files_in(const char* folder) const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path_ / folder), fs::directory_iterator()));
  }
  fs::path path_;
};

TEST_F(MimeMaildir, DeliversToNewAndLeavesNothingInTmp) {
  maildir box = maildir::create(path_);
  const maildir_entry entry = box.deliver("A: b\n\nc");
  EXPECT_TRUE(entry.is_new);
  EXPECT_EQ(entry.path.parent_path(), path_ / "new");
  EXPECT_EQ(box.read(entry), "A: b\n\nc");
  message mail({1, 2}, {});
  mail.from("a@b.c").text("x").attach("big", std::string(200'000, 'y'));
  EXPECT_EQ(box.read(box.deliver(mail)), mail.str());
  EXPECT_EQ(files_in("tmp"), 0U);
  EXPECT_EQ(box.list().size(), 2U);
}

TEST_F(MimeMaildir, GivesEachMessageItsOwnName) {
  maildir box = maildir::create(path_);
  std::set<std::string> names;
  for (int i = 0; i < 50; ++i) names.insert(box.deliver("x").unique);
  EXPECT_EQ(names.size(), 50U);
}

TEST_F(MimeMaildir, MovesToCurWithItsFlags) {
  maildir box = maildir::create(path_);
  const maildir_entry fresh = box.deliver("x");
  const maildir_entry seen = box.set_flags(fresh, "SRS");
  EXPECT_FALSE(seen.is_new);
  EXPECT_EQ(seen.flags, "RS");
  EXPECT_EQ(seen.unique, fresh.unique);
  ASSERT_EQ(box.list().size(), 1U);
  EXPECT_EQ(box.list()[0].flags, "RS");
  EXPECT_EQ(box.set_flags(seen, "").flags, "");
  EXPECT_EQ(box.add("y", "FS").flags, "FS");
  EXPECT_THROW(box.set_flags(box.list()[0], "a/b"), error);
  EXPECT_THROW(box.add("y", ":2,"), error);
  EXPECT_EQ(files_in("tmp"), 0U);
}

TEST_F(MimeMaildir, SaysWhatIsGone) {
  maildir box = maildir::create(path_);
  const maildir_entry entry = box.deliver("x");
  box.remove(entry);
  EXPECT_THROW(box.remove(entry), error);
  EXPECT_THROW((void)box.read(entry), error);
  EXPECT_THROW(box.set_flags(entry, "S"), error);
  EXPECT_THROW((void)maildir::open(path_ / "nowhere"), error);
  fs::remove_all(path_ / "new");
  EXPECT_THROW(box.deliver("x"), error);
  EXPECT_EQ(files_in("tmp"), 0U);
  EXPECT_THROW((void)box.list(), error);
}

TEST_F(MimeMaildir, CleansWhatWasNeverFinished) {
  maildir box = maildir::create(path_);
  std::ofstream(path_ / "tmp" / "old") << "x";
  std::ofstream(path_ / "tmp" / "fresh") << "x";
  fs::last_write_time(path_ / "tmp" / "old", fs::file_time_type::clock::now() - std::chrono::hours(37));
  EXPECT_EQ(box.clean(), 1U);
  EXPECT_EQ(files_in("tmp"), 1U);
}

TEST_F(MimeMaildir, ReadsTheNamesOfOtherPrograms) {
  TIDEWIRE_NEEDS_CONFORMANCE("mail-parser/maildir");
  const maildir made = maildir::create(path_);
  for (const char* folder : {"cur", "new"})
    for (const auto& entry :
         fs::directory_iterator(testing::conformance_path("mail-parser/maildir") / folder))
      fs::copy_file(entry.path(), path_ / folder / entry.path().filename());
  const maildir box = maildir::open(path_);
  const auto list = box.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].unique,
            "1491941793.M41850P8566V0000000000000015I0000000004F3030E_0.mx1.example.com,S=10956");
  EXPECT_EQ(list[1].flags, "STln");
  EXPECT_FALSE(list[1].is_new);
  EXPECT_TRUE(list[0].is_new);
  EXPECT_EQ(box.read(list[1]), "a\n");
}

}  // namespace
}  // namespace tidewire::mime
