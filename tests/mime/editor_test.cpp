#include <tidewire/base/error.hpp>
#include <tidewire/mime/editor.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/conformance.hpp"

namespace tidewire::mime {
namespace {

constexpr std::string_view letter =
    "received:  x\r\nSubject: old\r\n more\r\nTo: a@b.c\r\nSubject: twice\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    "--b \r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n"
    "--b\r\n\r\nsecond\r\n--b--\r\nepilogue";

TEST(MimeEditor, LeavesWhatIsNotTouched) {
  const parsed_message mail = parse(letter);
  EXPECT_EQ(editor(mail).str(), letter);
  std::string wanted(letter);
  wanted.replace(wanted.find("Subject: old\r\n more\r\n"), 21, "Subject: new\r\n");
  wanted.erase(wanted.find("Subject: twice\r\n"), 16);
  EXPECT_EQ(editor(mail).set_header(mail.root(), "subject", "new").str().size(), wanted.size());
  EXPECT_EQ(editor(mail).set_header(mail.root(), "Subject", "new").str(), wanted);
}

TEST(MimeEditor, ChangesHeadersOfAnyPart) {
  const parsed_message mail = parse(letter);
  editor edit(mail);
  edit.prepend_header(mail.root(), "Received", "y").remove_header(mail.root(), "to");
  edit.set_header(mail.part_at(1), "X-Scan", "clean").set_header(mail.part_at(2), "X-Scan", "\xC3\xA9");
  const parsed_message after = parse(edit.str());
  EXPECT_EQ(after.root().headers("received").size(), 2U);
  EXPECT_EQ(after.root().header_text("received"), "y");
  EXPECT_FALSE(after.root().header("to"));
  EXPECT_EQ(after.part_at(1).header_text("x-scan"), "clean");
  EXPECT_EQ(after.part_at(1).decode(), "a");
  EXPECT_EQ(after.part_at(2).header_text("x-scan"), "\xC3\xA9");
  EXPECT_EQ(after.part_at(2).raw_body(), "second");
}

TEST(MimeEditor, ReplacesBodiesAndRemovesParts) {
  const parsed_message mail = parse(letter);
  const parsed_message other = parse(editor(mail).set_body(mail.part_at(1), "\xFF other").str());
  EXPECT_EQ(other.part_at(1).decode(), "\xFF other");
  EXPECT_EQ(other.part_at(2).raw_body(), "second");
  const std::string without = editor(mail).set_body(mail.part_at(1), "gone").remove(mail.part_at(1)).str();
  EXPECT_NE(without.find("preamble\r\n--b\r\n\r\nsecond\r\n--b--\r\nepilogue"), std::string::npos) << without;
  EXPECT_EQ(parse(editor(mail).remove(mail.part_at(2)).str()).part_count(), 2U);
  EXPECT_THROW(editor(mail).remove(mail.root()), error);
  EXPECT_THROW(editor(mail).set_body(mail.root(), "x"), error);
  EXPECT_THROW(editor(mail).set_body(mail.part_at(2), "\xFF"), error);
  EXPECT_THROW(editor(mail).set_header(mail.root(), "X", "a\r\nb"), error);
  EXPECT_THROW(editor(mail).set_header(mail.root(), "X y", "a"), error);
}

TEST(MimeEditor, KeepsTheLineEndsOfTheMessage) {
  const parsed_message mail = parse("A: b\n\nc");
  EXPECT_EQ(editor(mail).set_header(mail.root(), "D", "e").str(), "A: b\nD: e\n\nc");
  const parsed_message bare = parse("");
  EXPECT_EQ(editor(bare).set_header(bare.root(), "D", "e").str(), "D: e\n");
}

// Each message of the suites comes out as it went in, but for the one field.
TEST(MimeEditor, KeepsTheMessagesOfTheSuites) {
  for (const char* suite : {"mail-parser/eml", "mimekit/messages", "ruby-mail/emails", "cpython-email"}) {
    TIDEWIRE_NEEDS_CONFORMANCE(suite);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(testing::conformance_path(suite))) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".eml" && extension != ".txt")) continue;
      const parsed_message mail = parse(testing::read_file(entry.path()));
      EXPECT_EQ(editor(mail).str(), mail.source());
      const std::string text = editor(mail).prepend_header(mail.root(), "X-Test", "1").str();
      const std::size_t added = text.find("X-Test: 1");
      ASSERT_NE(added, std::string::npos) << entry.path();
      const parsed_message after = parse(text);
      EXPECT_EQ(after.part_count(), mail.part_count()) << entry.path();
      EXPECT_EQ(text.substr(0, added) + text.substr(text.find('\n', added) + 1), mail.source())
          << entry.path();
    }
  }
}

}  // namespace
}  // namespace tidewire::mime
