#include <tidewire/mime/parsed_message.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/conformance.hpp"
#include "support/json.hpp"

namespace tidewire::mime {
namespace {

constexpr std::string_view letter =
    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    "From: Ada <ada@example.org>, bob@example.org\r\n"
    "To: =?utf-8?q?=C3=89va?= <eva@example.org>\r\n"
    "Cc: team: c@example.org, d@example.org;\r\n"
    "Subject: =?utf-8?q?caf=C3=A9?= and\r\n more\r\n"
    "Message-ID: <1@example.org>\r\n"
    "In-Reply-To: <0@example.org>\r\n"
    "References: <a@example.org>\r\n <0@example.org>\r\n"
    "Received: second\r\n"
    "Received: first\r\n"
    "Content-Type: multipart/mixed; boundary=m\r\n"
    "\r\n"
    "--m\r\n"
    "Content-Type: multipart/alternative; boundary=a\r\n"
    "\r\n"
    "--a\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "caf=E9\r\n"
    "--a\r\n"
    "Content-Type: multipart/related; boundary=r\r\n"
    "\r\n"
    "--r\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<img src=\"cid:logo\">\r\n"
    "--r\r\n"
    "Content-Type: image/png\r\n"
    "Content-ID: <logo>\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "iVBORw==\r\n"
    "--r--\r\n"
    "--a--\r\n"
    "--m\r\n"
    "Content-Type: application/pdf; name=old.pdf\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%C3%A9.pdf\r\n"
    "\r\n"
    "%PDF\r\n"
    "--m\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "\r\n"
    "inside\r\n"
    "--m--\r\n";

std::vector<std::size_t> indices(const std::vector<part>& parts) {
  std::vector<std::size_t> list;
  for (const part& one : parts) list.push_back(one.index());
  return list;
}

TEST(MimeParsedMessage, TellsItsHeaders) {
  const parsed_message mail = parse(letter);
  EXPECT_EQ(mail.subject(), "caf\xC3\xA9 and more");
  ASSERT_EQ(mail.from().size(), 2U);
  EXPECT_EQ(mail.from()[0], (mailbox{"Ada", "ada@example.org"}));
  EXPECT_EQ(mail.to()[0].name, "\xC3\x89va");
  EXPECT_EQ(mail.cc().size(), 2U);
  EXPECT_TRUE(mail.bcc().empty());
  ASSERT_TRUE(mail.date());
  EXPECT_EQ(date::format_iso8601(*mail.date()), "1997-11-21T09:55:06-06:00");
  EXPECT_EQ(mail.message_id(), "1@example.org");
  EXPECT_EQ(mail.in_reply_to(), (std::vector<std::string>{"0@example.org"}));
  EXPECT_EQ(mail.references(), (std::vector<std::string>{"a@example.org", "0@example.org"}));
  EXPECT_EQ(mail.root().headers("received").size(), 2U);
  EXPECT_EQ(mail.root().header("RECEIVED")->text(), "second");
  EXPECT_EQ(mail.root().headers().size(), 11U);
  EXPECT_EQ(mail.root().header("x"), std::nullopt);
}

TEST(MimeParsedMessage, IsATreeOfParts) {
  const parsed_message mail = parse(letter);
  ASSERT_EQ(mail.part_count(), 9U);
  EXPECT_EQ(indices(mail.root().children()), (std::vector<std::size_t>{1, 6, 7}));
  EXPECT_EQ(indices(mail.part_at(1).children()), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(mail.part_at(4).parent(), mail.part_at(3));
  EXPECT_EQ(mail.part_at(7).kind(), part_kind::message);
  EXPECT_EQ(mail.part_at(8).header_text("subject"), "inner");
  EXPECT_EQ(mail.part_at(8).text(), "inside");
  EXPECT_FALSE(mail.part_at(9));
  EXPECT_FALSE(mail.root().parent());
}

TEST(MimeParsedMessage, DecodesWhatIsAskedFor) {
  const parsed_message mail = parse(letter);
  EXPECT_EQ(mail.part_at(2).text(), "caf\xC3\xA9");
  EXPECT_EQ(mail.part_at(2).decode(), "caf\xE9");
  EXPECT_EQ(mail.part_at(5).decode(), "\x89PNG");
  EXPECT_EQ(mail.part_at(6).filename(), "\xC3\xA9.pdf");
  EXPECT_EQ(mail.find_content_id("logo").index(), 5U);
  EXPECT_FALSE(mail.find_content_id("none"));
}

TEST(MimeParsedMessage, SplitsTextHtmlAndAttachmentsAsRfc8621) {
  const parsed_message mail = parse(letter);
  EXPECT_EQ(indices(mail.text_body()), (std::vector<std::size_t>{2}));
  EXPECT_EQ(indices(mail.html_body()), (std::vector<std::size_t>{4}));
  EXPECT_EQ(indices(mail.attachments()), (std::vector<std::size_t>{5, 6, 7}));
  EXPECT_EQ(mail.text(), "caf\xC3\xA9");
  EXPECT_EQ(mail.html(), "<img src=\"cid:logo\">");
  const parsed_message html_only = parse("Content-Type: text/html\r\n\r\n<p>");
  EXPECT_EQ(indices(html_only.text_body()), (std::vector<std::size_t>{0}));
  EXPECT_EQ(html_only.text(), "");
  EXPECT_EQ(html_only.html(), "<p>");
}

TEST(MimeParsedMessage, DecodesInPiecesWithoutTheWholeInMemory) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 7);
  std::string text = "Content-Transfer-Encoding: base64\r\n\r\n";
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return static_cast<unsigned>(static_cast<unsigned char>(bytes[i + k]));
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += letters[group >> shift & 63U];
    if (i % 57 == 54) text += "\r\n";
  }
  const parsed_message mail = parse(text);
  EXPECT_EQ(mail.root().decode(), bytes);
  std::string pieces;
  std::size_t largest = 0;
  mail.root().decode([&](std::string_view piece) {
    pieces += piece;
    largest = std::max(largest, piece.size());
  });
  EXPECT_EQ(pieces, bytes);
  EXPECT_LE(largest, 64U * 1024);
}

TEST(MimeParsedMessage, DropsAByteOrderMarkBeforeAText) {
  EXPECT_EQ(parse("Content-Type: text/plain; charset=utf-8\r\n\r\n\xEF\xBB\xBFx").root().text(), "x");
  EXPECT_EQ(parse("Subject: \xEF\xBB\xBFx\r\n\r\n").subject(), "\xEF\xBB\xBFx");
}

TEST(MimeParsedMessage, ReadsAMessageThatWasEncoded) {
  const parsed_message mail = parse(
      "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\nU3ViamVjdDogaGlkZGVuDQoNCg==");
  EXPECT_EQ(mail.root().kind(), part_kind::leaf);
  const auto inner = mail.root().embedded_message();
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->subject(), "hidden");
  EXPECT_FALSE(parse("A: b\r\n\r\n").root().embedded_message());
}

TEST(MimeParsedMessage, MakesNamesThatAreSafeOnAnyDisk) {
  const auto name = [](std::string_view filename) {
    return parse("Content-Disposition: attachment; filename=\"" + std::string(filename) + "\"\r\n\r\n")
        .root()
        .safe_filename();
  };
  EXPECT_EQ(name("report.pdf"), "report.pdf");
  EXPECT_EQ(name("../../etc/passwd"), "passwd");
  EXPECT_EQ(name("C:\\\\Windows\\\\x.dll"), "x.dll");
  EXPECT_EQ(name("..."), "attachment");
  EXPECT_EQ(name(""), "attachment");
  EXPECT_EQ(name(".profile"), "profile");
  EXPECT_EQ(name("a:b?.txt"), "a_b_.txt");
  EXPECT_EQ(name("con.txt"), "_con.txt");
  EXPECT_EQ(name("LPT1"), "_LPT1");
  EXPECT_EQ(name("console"), "console");
  EXPECT_EQ(name("x. . "), "x");
  EXPECT_LE(name(std::string(500, 'x')).size(), 200U);
  std::string accents;
  for (int i = 0; i < 150; ++i) accents += "\xC3\xA9";
  EXPECT_TRUE(is_utf8(name("x" + accents)));
}

TEST(MimeParsedMessage, StaysGoodWhenItMoves) {
  parsed_message mail = parse(std::string(letter));
  const part image = mail.part_at(5);
  const std::string_view body = image.raw_body();
  const parsed_message moved = std::move(mail);
  EXPECT_EQ(image.decode(), "\x89PNG");
  EXPECT_EQ(body, "iVBORw==");
  EXPECT_EQ(moved.part_at(5), image);
}

TEST(MimePart, AnswersNothingWhenItIsNull) {
  const part none;
  EXPECT_FALSE(none);
  EXPECT_TRUE(none.headers().empty());
  EXPECT_TRUE(none.children().empty());
  EXPECT_EQ(none.decode(), "");
  EXPECT_EQ(none.filename(), "");
  EXPECT_EQ(none.content_type().essence(), "text/plain");
  EXPECT_FALSE(none.parent());
}

// --- the messages of mail-parser ------------------------------------------------------------------------

std::vector<std::size_t> numbers(const testing::json& list) {
  std::vector<std::size_t> all;
  for (const testing::json& one : list.items()) all.push_back(static_cast<std::size_t>(one.number()));
  return all;
}

// Its parts of one message: those in a message in it are numbered by themselves.
std::vector<part> numbered(const part& message) {
  std::vector<part> list{message};
  if (message.is_multipart()) {
    for (const part& child : message.children())
      for (const part& one : numbered(child)) list.push_back(one);
  }
  return list;
}

std::string bytes_of(const testing::json& numbers) {
  std::string bytes;
  for (const testing::json& one : numbers.items()) bytes += static_cast<char>(static_cast<int>(one.number()));
  return bytes;
}

// What is not the same, one a line.
std::string compare(const testing::json& wanted, const part& message) {
  const std::vector<part> parts = numbered(message);
  const testing::json::array& expected = wanted["parts"].items();
  if (parts.size() != expected.size())
    return std::to_string(parts.size()) + " parts for " + std::to_string(expected.size()) + '\n';
  std::string found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [kind, value] = *expected[i]["body"].members().begin();
    const std::string where = std::to_string(i) + ' ' + kind + '\n';
    if (kind == "Multipart") {
      if (value.items().size() != parts[i].children().size()) found += where;
    } else if (kind == "Text" || kind == "Html") {
      if (parts[i].text() != value.string()) found += where;
    } else if (kind == "Message") {
      const auto inner = parts[i].embedded_message();
      const part below = inner ? inner->root() : parts[i].children().at(0);
      const std::string inside = compare(value, below);
      if (!inside.empty()) found += where + inside;
    } else if (parts[i].decode() != bytes_of(value)) {
      found += where;
    }
  }
  return found;
}

std::string compare(const testing::json& wanted, const parsed_message& mail) {
  std::string found = compare(wanted, mail.root());
  const std::vector<part> parts = numbered(mail.root());
  const auto same = [&](const char* name, const std::vector<part>& list) {
    std::vector<std::size_t> ours;
    for (const part& one : list)
      ours.push_back(static_cast<std::size_t>(std::ranges::find(parts, one) - parts.begin()));
    std::vector<std::size_t> theirs = numbers(wanted[name]);
    // It counts images within the text as attachments too; RFC 8621 section 4.1.4 does so only where one of
    // the two bodies does not show them: "if ((!textBody || !htmlBody) && isInlineMediaType(part.type))".
    if (std::string_view(name) == "attachments")
      std::erase_if(theirs, [&](std::size_t i) {
        return std::ranges::count(numbers(wanted["text_body"]), i) +
                   std::ranges::count(numbers(wanted["html_body"]), i) ==
               2;
      });
    if (ours != theirs) found += std::string(name) + '\n';
  };
  same("text_body", mail.text_body());
  same("html_body", mail.html_body());
  same("attachments", mail.attachments());
  return found;
}

TEST(MimeParsedMessage, AgreesWithMailParser) {
  TIDEWIRE_NEEDS_CONFORMANCE("mail-parser/eml");
  const std::map<std::string, std::string> differences = {
      // Prose that is said to be base64: it takes that for text. RFC 2045 section 6.8: "All line breaks or
      // other
      // characters not found in Table 1 must be ignored by decoding software."
      {"rfc/000", "4 Text\n5 Text\ntext_body\nhtml_body\nattachments\n"},
      // ISO 8859-1 that nothing declares: it has U+FFFD for it. RFC 2045 section 5.2 leaves such text open.
      {"legacy/026", "2 Text\n"},
      {"legacy/052", "0 Text\n"},
      // The CR at the end of the file, which no LF follows: it drops that in one of the two forms.
      {"legacy/049.json", "0 Text\n"},
  };
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(testing::conformance_path("mail-parser/eml"))) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".eml") continue;
    const std::string text = testing::read_file(path);
    for (const char* kind : {".json", ".crlf.json"}) {
      std::filesystem::path answer = path;
      answer.replace_extension(kind);
      if (!std::filesystem::exists(answer)) continue;
      std::string source;
      for (const char c : text) {
        if (c == '\n' && source.ends_with('\r')) source.pop_back();
        if (c == '\n' && std::string_view(kind) == ".crlf.json") source += '\r';
        source += c;
      }
      ++count;
      const std::string name = path.parent_path().filename().string() + '/' + path.stem().string();
      auto known = differences.find(name);
      if (known == differences.end()) known = differences.find(name + kind);
      EXPECT_EQ(compare(testing::read_json(answer), parse(source)),
                known == differences.end() ? "" : known->second)
          << name << kind;
    }
  }
  EXPECT_EQ(count, 128U);
}

}  // namespace
}  // namespace tidewire::mime
