#include <tidewire/base/error.hpp>
#include <tidewire/mime/header.hpp>
#include <tidewire/mime/message.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace tidewire::mime {
namespace {

message made() {
  message mail({1, 2}, *date::parse_rfc5322("Fri, 21 Nov 1997 09:55:06 -0600"));
  mail.from("Robot <robot@example.org>").to("ada@example.org");
  return mail;
}

// The message as it travels: every line legal, the size as announced, nothing that a strict parser minds.
std::string serialised(const message& mail, const serialize_options& options = {}) {
  serializer in(mail, options);
  std::string text;
  std::array<char, 61> piece{};
  while (const std::size_t size = in.read(piece)) text.append(piece.data(), size);
  EXPECT_EQ(text.size(), in.size());
  EXPECT_EQ(mail.str(options), text);
  if (in.has_binary()) return text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    if (end == std::string::npos) {
      ADD_FAILURE() << "the last line has no end";
      break;
    }
    const std::string_view line = std::string_view(text).substr(at, end - at);
    EXPECT_LE(line.size(), 998U);
    EXPECT_EQ(line.find_first_of("\r\n"), std::string_view::npos);
    at = end + 2;
  }
  const auto strict = parse_strict(text);
  EXPECT_TRUE(strict) << (strict ? "" : strict.error().message()) << '\n' << text;
  return text;
}

parsed_message sent(const message& mail, const serialize_options& options = {}) {
  return parse(serialised(mail, options));
}

// The raw lines of a header.
std::vector<std::string> lines_of(const part& root, std::string_view name) {
  const auto field = root.header(name);
  std::vector<std::string> lines;
  if (!field) return lines;
  std::string_view rest = field->value;
  for (;;) {
    const std::size_t end = rest.find("\r\n");
    lines.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) return lines;
    rest.remove_prefix(end + 2);
  }
}

void expect_misuse(const std::function<void()>& call, const std::string& what = "") {
  try {
    call();
    ADD_FAILURE() << "accepted: " << what;
  } catch (const error& failed) {
    EXPECT_TRUE(failed.code() == condition::misuse) << what;
  }
}

TEST(MimeMessage, WritesAShortTextByteForByte) {
  EXPECT_EQ(serialised(made().subject("Hello").text("Hello, Ada.\n")),
            "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
            "From: Robot <robot@example.org>\r\n"
            "To: ada@example.org\r\n"
            "Subject: Hello\r\n"
            "Message-ID: <910a2dec89025cc1975835de1c9756ce@example.org>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Hello, Ada.\r\n");
}

TEST(MimeMessage, MakesTheTreeThatItsPartsNeed) {
  const auto tree = [](const message& mail) {
    const parsed_message parsed = sent(mail);
    std::string shape;
    for (const part& one : parsed.parts()) {
      std::size_t depth = 0;
      for (part up = one.parent(); up; up = up.parent()) ++depth;
      shape += std::string(depth, ' ') + one.content_type().essence() + '\n';
    }
    return shape;
  };
  EXPECT_EQ(tree(made()), "text/plain\n");
  EXPECT_EQ(tree(made().text("a")), "text/plain\n");
  EXPECT_EQ(tree(made().html("a")), "text/html\n");
  EXPECT_EQ(tree(made().text("a").html("b")), "multipart/alternative\n text/plain\n text/html\n");
  EXPECT_EQ(tree(made().html("b").embed("i", "x", {.type = "image/png"})),
            "multipart/related\n text/html\n image/png\n");
  EXPECT_EQ(tree(made().text("a").html("b").embed("i", "x", {.type = "image/png"}).attach("c.pdf", "y")),
            "multipart/mixed\n multipart/alternative\n  text/plain\n  multipart/related\n   text/html\n   "
            "image/png\n"
            " application/pdf\n");
  EXPECT_EQ(tree(made().attach("c.zip", "y")), "multipart/mixed\n application/zip\n");
  EXPECT_EQ(tree(made().text("a").calendar("REQUEST", "BEGIN:VCALENDAR\n")),
            "multipart/alternative\n text/plain\n text/calendar\n");
  EXPECT_EQ(tree(made().text("a").attach_message("Subject: x\r\n\r\ny\r\n")),
            "multipart/mixed\n text/plain\n message/rfc822\n  text/plain\n");
}

TEST(MimeMessage, IsReadAsItWasWritten) {
  const std::string bytes("\0\r\n\xFF binary", 11);
  const parsed_message mail =
      sent(made()
               .cc("\xC3\x89va <eva@example.org>, team: \"Lovelace, Ada\" <l@example.org>;")
               .reply_to("r@example.org")
               .subject("caf\xC3\xA9 \xE2\x82\xAC 5")
               .in_reply_to("<q@example.org>")
               .reference("p@example.org")
               .header("X-Mood", "good")
               .text("Gr\xC3\xBC\xC3\x9F\x65\n")
               .html("<p>\xC3\xA9</p>")
               .attach("r\xC3\xA9sum\xC3\xA9 (1).bin", bytes, {.description = "\xC3\xA9"}));
  EXPECT_EQ(mail.subject(), "caf\xC3\xA9 \xE2\x82\xAC 5");
  ASSERT_EQ(mail.cc().size(), 2U);
  EXPECT_EQ(mail.cc()[0].name, "\xC3\x89va");
  EXPECT_EQ(mail.cc()[1].name, "Lovelace, Ada");
  EXPECT_EQ(mail.references(), (std::vector<std::string>{"p@example.org", "q@example.org"}));
  EXPECT_EQ(mail.root().header_text("x-mood"), "good");
  EXPECT_EQ(mail.text(), "Gr\xC3\xBC\xC3\x9F\x65\r\n");
  EXPECT_EQ(mail.html(), "<p>\xC3\xA9</p>");
  ASSERT_EQ(mail.attachments().size(), 1U);
  EXPECT_EQ(mail.attachments()[0].decode(), bytes);
  EXPECT_EQ(mail.attachments()[0].filename(), "r\xC3\xA9sum\xC3\xA9 (1).bin");
  EXPECT_EQ(mail.attachments()[0].header_text("content-description"), "\xC3\xA9");
}

TEST(MimeMessage, NeverShowsItsBcc) {
  const message mail = made().bcc("secret@example.org").cc("ADA@example.org, ada@example.org");
  EXPECT_EQ(serialised(mail).find("secret"), std::string::npos);
  EXPECT_EQ(serialised(mail).find("Bcc"), std::string::npos);
  EXPECT_EQ(mail.envelope().sender, "robot@example.org");
  EXPECT_EQ(mail.envelope().recipients,
            (std::vector<std::string>{"ada@example.org", "ADA@example.org", "secret@example.org"}));
  EXPECT_EQ(message(mail).sender("real@example.org").envelope().sender, "real@example.org");
}

TEST(MimeMessage, RefusesLineBreaksAndNulWhereverAHeaderIsMade) {
  const std::string bad[] = {"x\r\nBcc: evil@example.org", "x\ny", "x\ry",
                             std::string("x\0y", 3),       "\n",   "x\n"};
  for (const std::string& text : bad) {
    message mail = made();
    const std::string before = mail.str();
    expect_misuse([&] { mail.subject(text); }, text);
    expect_misuse([&] { mail.header("X-Test", text); }, text);
    expect_misuse([&] { mail.header(text, "value"); }, text);
    for (const std::string& address :
         {text, text + "@example.org", "\"" + text + "\" <a@b.c>", text + " <a@b.c>", "a@b.c" + text,
          "\"" + text + "\"@b.c", "a@[" + text + "]", text + ": a@b.c;"}) {
      expect_misuse([&] { mail.from(address); }, address);
      expect_misuse([&] { mail.to(address); }, address);
      expect_misuse([&] { mail.cc(address); }, address);
      expect_misuse([&] { mail.bcc(address); }, address);
      expect_misuse([&] { mail.reply_to(address); }, address);
      expect_misuse([&] { mail.sender(address); }, address);
    }
    for (const mailbox& who : {mailbox{text, "a@b.c"}, mailbox{"", text}, mailbox{"", "a@b.c" + text}}) {
      expect_misuse([&] { mail.from(who); }, text);
      expect_misuse([&] { mail.to(who); }, text);
      expect_misuse([&] { mail.cc(who); }, text);
      expect_misuse([&] { mail.bcc(who); }, text);
      expect_misuse([&] { mail.reply_to(who); }, text);
    }
    expect_misuse([&] { mail.message_id(text); }, text);
    expect_misuse([&] { mail.in_reply_to(text); }, text);
    expect_misuse([&] { mail.reference(text); }, text);
    expect_misuse([&] { mail.list_unsubscribe("https://example.org/" + text); }, text);
    expect_misuse([&] { mail.calendar(text, ""); }, text);
    expect_misuse([&] { mail.embed(text, "x"); }, text);
    expect_misuse([&] { mail.attach(text, "x"); }, text);
    expect_misuse([&] { mail.attach("x", "x", {.type = "text/plain; name=\"" + text + "\""}); }, text);
    expect_misuse([&] { mail.attach("x", "x", {.description = text}); }, text);
    expect_misuse([&] { mail.attach("x", "x", {.content_id = text}); }, text);
    EXPECT_EQ(mail.str(), before);
  }
}

TEST(MimeMessage, RefusesWhatIsNoAddressOrNoText) {
  message mail = made();
  for (const char* text :
       {"", "ada", "ada@", "@example.org", "a@b c@d", "a..b@c", "<a@b", "a@b>", "g: a@b", ":;"})
    expect_misuse([&] { mail.to(text); }, text);
  expect_misuse([&] { mail.sender("a@b.c, d@e.f"); });
  expect_misuse([&] { mail.subject("\xFF"); });
  expect_misuse([&] { mail.text("\xFF"); });
  expect_misuse([&] { mail.html("\xFF"); });
  expect_misuse([&] { mail.header("Bcc", "a@b.c"); });
  expect_misuse([&] { mail.header("Content-Type", "text/html"); });
  expect_misuse([&] { mail.header("not a name", "x"); });
  expect_misuse([&] { mail.header("", "x"); });
  expect_misuse([&] { mail.attach("x", "x", {.type = "nonsense"}); });
  expect_misuse([&] { mail.attach("x", "x", {.type = "multipart/mixed; boundary=x"}); });
  expect_misuse([&] { mail.list_unsubscribe("http://example.org", true); });
  expect_misuse([&] { (void)message().to("a@b.c").str(); });
  expect_misuse([&] { (void)message().from("a@b.c, d@e.f").str(); });
  expect_misuse([&] { (void)message().from("a@b.c").envelope(); });
  expect_misuse([&] { (void)message().to("a@b.c").envelope(); });
}

TEST(MimeMessage, FoldsAtSeventyEightWhereThereIsAPlace) {
  std::string subject;
  for (int i = 0; i < 60; ++i) subject += "word" + std::to_string(i) + (i % 7 == 0 ? "  " : " ");
  subject += "end";
  const parsed_message mail = sent(made().subject(subject));
  EXPECT_EQ(mail.subject(), subject);
  const auto lines = lines_of(mail.root(), "subject");
  EXPECT_GT(lines.size(), 4U);
  EXPECT_LE(lines[0].size() + 8, 78U);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_LE(lines[i].size(), 78U);
    EXPECT_EQ(lines[i][0], ' ');
  }
}

TEST(MimeMessage, KeepsAnyTextOfASubject) {
  std::mt19937 random(7);
  const std::string_view characters[] = {
      "a", "b", "Z", " ",    "  ", "\t",   "=?", "?=", "\"", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
      "_", "=", ",", "\x01", "(",  "word "};
  for (int i = 0; i < 2000; ++i) {
    std::string subject;
    const std::size_t length = random() % 120;
    for (std::size_t k = 0; k < length; ++k) subject += characters[random() % std::size(characters)];
    for (const bool utf8 : {false, true}) {
      const std::string text = made().subject(subject).str({.utf8 = utf8});
      const parsed_message mail = parse(text);
      ASSERT_EQ(mail.subject(), subject) << text;
      const auto lines = lines_of(mail.root(), "subject");
      for (std::size_t k = 0; k < lines.size(); ++k) {
        const std::size_t size = lines[k].size() + (k == 0 ? 8 : 0);
        if (lines[k].find("=?utf-8?") != std::string::npos) {
          ASSERT_LE(size, 76U) << text;
        }
        if (k > 0) {
          ASSERT_NE(lines[k].find_first_not_of(" \t"), std::string::npos) << text;
        }
      }
    }
  }
}

TEST(MimeMessage, CutsEncodedWordsBetweenCharactersAndWithinTheirLimit) {
  std::string subject;
  for (int i = 0; i < 100; ++i) subject += "\xE2\x82\xAC";
  for (const std::string& text : {subject, "a" + subject, "ab" + subject, subject + std::string(300, 'x')}) {
    const parsed_message mail = sent(made().subject(text));
    EXPECT_EQ(mail.subject(), text);
    for (const std::string& line : lines_of(mail.root(), "subject")) {
      const std::size_t begin = line.find("=?");
      ASSERT_NE(begin, std::string::npos);
      EXPECT_LE(line.size() - begin, 75U);
      EXPECT_TRUE(is_utf8(decode_unstructured(line)));
      EXPECT_EQ(decode_unstructured(line).find("\xEF\xBF\xBD"), std::string::npos);
      EXPECT_NE(decode_unstructured(line), "");
    }
  }
}

TEST(MimeMessage, NeverWritesALineOverNineHundredNinetyEight) {
  const std::string endless(5000, 'x');
  const std::string name(400, 'n');
  message mail = made();
  mail.subject(endless)
      .header("X-Long", endless + " y")
      .cc(mailbox{endless, "a@b.c"})
      .cc(mailbox{name, "a@b.c"});
  mail.text(endless).html(endless).attach(endless, "x", {.description = endless});
  for (int i = 0; i < 300; ++i) mail.reference("id" + std::to_string(i) + "@example.org");
  const parsed_message parsed = sent(mail);
  EXPECT_EQ(parsed.subject(), endless);
  EXPECT_EQ(parsed.cc()[0].name, endless);
  EXPECT_EQ(parsed.cc()[1].name, name);
  EXPECT_EQ(parsed.text(), endless);
  EXPECT_EQ(parsed.attachments()[0].filename(), endless);
  EXPECT_EQ(parsed.references().size(), 300U);
}

TEST(MimeMessage, QuotesOrEncodesNamesAndNothingElse) {
  for (const std::string name :
       {"Ada", "Ada Lovelace", "Lovelace, Ada", "A. Lovelace", "\"x\" \\ y",
        "=?utf-8?q?x?=", "  spaced  out ", "ceo@bank.example", "\xC3\x89va, x", "\x01", "<a@b.c>", "a(b)c"}) {
    const parsed_message mail = sent(made().cc(mailbox{name, "l@example.org"}));
    ASSERT_EQ(mail.cc().size(), 1U) << name;
    EXPECT_EQ(mail.cc()[0], (mailbox{name, "l@example.org"}));
    // RFC 2047 section 5: no encoded word within a quoted string, none that is an address.
    const std::string raw(mail.root().header("cc")->value);
    EXPECT_FALSE(raw.find('"') != std::string::npos && raw.find("=?utf-8") != std::string::npos) << raw;
    EXPECT_TRUE(raw.ends_with("<l@example.org>")) << raw;
  }
}

TEST(MimeMessage, WritesInternationalAddressesAsTheServerCan) {
  const message domain = made().cc("x@b\xC3\xBC\x63her.example");
  EXPECT_FALSE(domain.needs_smtputf8());
  EXPECT_EQ(sent(domain).cc()[0].address, "x@xn--bcher-kva.example");
  EXPECT_EQ(sent(domain, {.utf8 = true}).cc()[0].address, "x@b\xC3\xBC\x63her.example");
  const message local = made().cc("\xC3\xA9va <\xC3\xA9va@example.org>");
  EXPECT_TRUE(local.needs_smtputf8());
  expect_misuse([&] { (void)local.str(); });
  EXPECT_EQ(sent(local, {.utf8 = true}).cc()[0], (mailbox{"\xC3\xA9va", "\xC3\xA9va@example.org"}));
  EXPECT_TRUE(serializer(local, {.utf8 = true}).has_utf8_headers());
  EXPECT_FALSE(serializer(made(), {.utf8 = true}).has_utf8_headers());
}

TEST(MimeMessage, ChoosesEncodingsByContentAndServer) {
  const auto encoding = [](std::string_view text, const serialize_options& options = {}) {
    const parsed_message mail = sent(made().text(text), options);
    std::string wanted;
    for (const char c : text) {
      if (c == '\n' && !wanted.ends_with('\r')) wanted += '\r';
      wanted += c;
    }
    // The last line of the message has an end, whether the text has one or not.
    std::string found = mail.text();
    if (!found.empty() && found != wanted) found.resize(found.size() - 2);
    EXPECT_EQ(found, wanted);
    return std::string(name_of(mail.root().transfer_encoding()));
  };
  const std::string japanese = "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\n";
  EXPECT_EQ(encoding("plain\ntext\r\n"), "7bit");
  EXPECT_EQ(encoding("mostly plain, one caf\xC3\xA9 of many\n"), "quoted-printable");
  EXPECT_EQ(encoding(japanese), "base64");
  EXPECT_EQ(encoding(japanese, {.eight_bit = true}), "8bit");
  EXPECT_EQ(encoding(std::string(998, 'x') + "\n"), "7bit");
  EXPECT_EQ(encoding(std::string(999, 'x') + "\n"), "quoted-printable");
  EXPECT_EQ(encoding(std::string(999, 'x') + "\xC3\xA9\n", {.eight_bit = true}), "quoted-printable");
  EXPECT_EQ(encoding("a lone \r within\n"), "quoted-printable");
  EXPECT_EQ(encoding(std::string("a NUL \0 within the text\n", 24)), "quoted-printable");
  EXPECT_EQ(encoding(".\nFrom me\n\xC3\xA9 and a good deal of other text to keep it from base64\n"),
            "quoted-printable");
  EXPECT_TRUE(serializer(made().text(japanese), {.eight_bit = true}).has_eight_bit());
  EXPECT_FALSE(serializer(made().text("x"), {.eight_bit = true}).has_eight_bit());
}

TEST(MimeMessage, SendsBinaryPartsAsTheyAreWhereTheServerCan) {
  const std::string bytes("\0\1\r\n\r\n--x\n\xFF", 12);
  const message mail = made().text("\xC3\xA9").attach("a.bin", bytes);
  EXPECT_TRUE(serializer(mail, {.binary = true}).has_binary());
  const parsed_message parsed = sent(mail, {.binary = true});
  EXPECT_EQ(parsed.attachments()[0].decode(), bytes);
  // RFC 2045 section 6.4: a multipart says what its parts need.
  EXPECT_EQ(parsed.root().transfer_encoding(), transfer_encoding::binary);
  const parsed_message eight = sent(made().text("\xC3\xA9").html("<p>"), {.eight_bit = true});
  EXPECT_EQ(eight.root().transfer_encoding(), transfer_encoding::eight_bit);
}

TEST(MimeMessage, ForwardsMessagesWithoutAForbiddenEncoding) {
  const std::string plain = "Subject: inner\r\n\r\ntext\r\n";
  EXPECT_EQ(sent(made().attach_message(plain)).part_at(1).raw_body(), plain);
  const std::string eight =
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xC3\xA9\r\n";
  const parsed_message wrapped = sent(made().attach_message(eight));
  EXPECT_EQ(wrapped.part_at(1).content_type().essence(), "message/global");
  EXPECT_EQ(wrapped.part_at(1).embedded_message()->source(), eight);
  const parsed_message open = sent(made().attach_message(eight), {.eight_bit = true});
  EXPECT_EQ(open.part_at(1).content_type().essence(), "message/rfc822");
  EXPECT_EQ(open.part_at(2).decode(), "\xC3\xA9\r\n");
}

TEST(MimeMessage, TakesABoundaryThatIsInNoText) {
  const message mail = made().html("x").text("y");
  const std::string boundary(sent(mail).root().content_type().parameters.get("boundary"));
  const parsed_message other = sent(message(mail).text("--" + boundary + "\r\n"));
  EXPECT_NE(other.root().content_type().parameters.get("boundary"), boundary);
  EXPECT_EQ(other.text(), "--" + boundary + "\r\n");
}

TEST(MimeMessage, MakesOtherIdentifiersOfAnotherSeed) {
  EXPECT_EQ(made().str(), made().str());
  EXPECT_NE(parse(message({1, 3}, {}).from("a@b.c").str()).message_id(), sent(made()).message_id());
  EXPECT_NE(parse(message().from("a@b.c").str()).message_id(),
            parse(message().from("a@b.c").str()).message_id());
  EXPECT_TRUE(parse(message().from("a@b.c").str()).date());
  EXPECT_EQ(sent(made().message_id("<mine@x>")).message_id(), "mine@x");
}

TEST(MimeMessage, WritesListHeaders) {
  const std::string_view urls[] = {"https://example.org/u?a=1", "mailto:leave@example.org"};
  const parsed_message mail = sent(made().list_unsubscribe(urls, true));
  EXPECT_EQ(mail.root().header_text("List-Unsubscribe"),
            "<https://example.org/u?a=1>, <mailto:leave@example.org>");
  EXPECT_EQ(mail.root().header_text("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
}

// --- contents -------------------------------------------------------------------------------------------

// Bytes that are made as they are read, and counted.
class counting_reader : public content_reader {
 public:
  counting_reader(std::uint64_t size, std::size_t& largest) : left_(size), largest_(largest) {}
  std::size_t read(std::span<char> out) override {
    largest_ = std::max(largest_, out.size());
    // In odd steps, as a socket gives them.
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({out.size(), left_, 1000}));
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((left_ - i) * 31);
    left_ -= size;
    return size;
  }

 private:
  std::uint64_t left_;
  std::size_t& largest_;
};

TEST(MimeSerializer, ReadsAnAttachmentOfAnySizeInPieces) {
  std::size_t largest = 0;
  for (const std::uint64_t size : {0U, 1U, 56U, 57U, 58U, 7295U, 7296U, 7297U, 100'000U}) {
    message mail = made();
    mail.attach("a.bin", content::source(size, [&largest, size] {
                  return std::make_unique<counting_reader>(size, largest);
                }));
    std::string wanted(size, '\0');
    std::size_t ignored = 0;
    counting_reader all(size, ignored);
    for (std::size_t at = 0; at < size;) at += all.read(std::span(wanted).subspan(at));
    EXPECT_EQ(sent(mail).attachments()[0].decode(), wanted) << size;
  }
  EXPECT_LE(largest, 8192U);
}

TEST(MimeSerializer, SerialisesFiftyMegabytesHoldingAFewKilobytes) {
  std::size_t largest = 0;
  static constexpr std::uint64_t size = std::uint64_t{50} << 20;
  message mail = made();
  mail.attach("a.bin",
              content::source(size, [&largest] { return std::make_unique<counting_reader>(size, largest); }));
  serializer in(mail);
  std::vector<char> piece(16 * 1024);
  std::uint64_t total = 0;
  while (const std::size_t read = in.read(piece)) total += read;
  EXPECT_EQ(total, in.size());
  EXPECT_GT(total, size * 4 / 3);
  EXPECT_LE(largest, 8192U);
}

TEST(MimeSerializer, BeginsAgainWhenRewound) {
  serializer in(made().text("x").attach("a.bin", std::string(10'000, 'y')));
  std::string first(in.size(), ' ');
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{10}, std::size_t{700}, std::size_t{9000}, first.size()}) {
    (void)in.read(std::span(first).first(cut));
    in.rewind();
  }
  EXPECT_EQ(in.read(first), first.size());
  EXPECT_EQ(in.read(first), 0U);
  in.rewind();
  std::string second(in.size(), ' ');
  EXPECT_EQ(in.read(second), second.size());
  EXPECT_EQ(first, second);
}

TEST(MimeSerializer, RefusesAnAttachmentOfAnotherSizeThanAnnounced) {
  std::size_t ignored = 0;
  for (const std::uint64_t real : {99U, 101U, 0U}) {
    message mail = made();
    mail.attach("a.bin", content::source(100, [&ignored, real] {
                  return std::make_unique<counting_reader>(real, ignored);
                }));
    expect_misuse([&] { (void)mail.str(); }, std::to_string(real));
  }
}

TEST(MimeSerializer, ReadsFilesWhenTheyAreNeeded) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tidewire_mime_attachment.txt";
  std::ofstream(path, std::ios::binary) << "of a file";
  message mail = made();
  mail.attach_file(path, {.type = "text/x-test"});
  const parsed_message parsed = sent(mail);
  EXPECT_EQ(parsed.attachments()[0].decode(), "of a file");
  EXPECT_EQ(parsed.attachments()[0].filename(), "tidewire_mime_attachment.txt");
  EXPECT_EQ(parsed.attachments()[0].content_type().essence(), "text/x-test");
  std::ofstream(path, std::ios::binary) << "of another size";
  expect_misuse([&] { (void)mail.str(); });
  std::filesystem::remove(path);
  EXPECT_THROW((void)mail.str(), error);
  EXPECT_THROW(mail.attach_file(path), error);
}

// Puts `fields` in front of what it was shown.
class fixed_hook final : public signing_hook {
 public:
  explicit fixed_hook(std::string fields) : fields_(std::move(fields)) {}
  std::string sign(serializer& whole) const override {
    std::string seen(static_cast<std::size_t>(whole.size()) + 1, ' ');
    seen.resize(whole.read(seen));
    seen_.push_back(std::move(seen));
    return fields_;
  }
  const std::vector<std::string>& seen() const { return seen_; }

 private:
  std::string fields_;
  mutable std::vector<std::string> seen_;
};

TEST(MimeSigning, PutsTheFieldsOfEachHookInFrontOfWhatItSaw) {
  const auto first = std::make_shared<fixed_hook>("X-First: 1\r\n");
  const auto second = std::make_shared<fixed_hook>("X-Second: 2\r\n folded\r\nX-Third: 3\r\n");
  message mail = made();
  mail.text("x").attach("a.bin", std::string(50'000, 'y'));
  const std::string plain = mail.str();
  mail.sign_with(first).sign_with(second);
  const std::string signed_once = "X-First: 1\r\n" + plain;
  const std::string all = "X-Second: 2\r\n folded\r\nX-Third: 3\r\n" + signed_once;
  EXPECT_EQ(serialised(mail), all);
  EXPECT_EQ(serializer(mail).size(), all.size());
  ASSERT_GE(first->seen().size(), 2U);
  for (const std::string& seen : first->seen()) EXPECT_EQ(seen, plain);
  for (const std::string& seen : second->seen()) EXPECT_EQ(seen, signed_once);
  // What a server can take changes what is signed.
  (void)message(mail).text("\xC3\xA9").str({.eight_bit = true});
  EXPECT_NE(first->seen().back().find("\xC3\xA9"), std::string::npos);
}

TEST(MimeSigning, TakesNothingForNoField) {
  message mail = made();
  const std::string plain = mail.str();
  EXPECT_EQ(mail.sign_with(std::make_shared<fixed_hook>("")).str(), plain);
}

TEST(MimeSigning, RefusesWhatIsNoField) {
  expect_misuse([] { made().sign_with(nullptr); });
  for (const std::string& bad :
       {std::string("X"), std::string("X: y"), std::string("X: y\n"), std::string("X: y\r\n\r\n"),
        std::string("\r\n"), std::string(" fold: x\r\n"), std::string("no field\r\n"),
        std::string("X: y\r\nz"), std::string("X: a\rb\r\n"), std::string("X: \0\r\n", 6),
        "X: " + std::string(996, 'y') + "\r\n"}) {
    message mail = made();
    mail.sign_with(std::make_shared<fixed_hook>(bad));
    expect_misuse([&] { (void)mail.str(); }, bad);
  }
  message mail = made();
  EXPECT_EQ(
      mail.sign_with(std::make_shared<fixed_hook>("X: " + std::string(995, 'y') + "\r\n")).str().find("X: "),
      0U);
}

TEST(MimeContent, GuessesTypesByName) {
  EXPECT_EQ(type_of_file("a.PDF"), "application/pdf");
  EXPECT_EQ(type_of_file("archive.tar.gz"), "application/gzip");
  EXPECT_EQ(type_of_file("unknown"), "application/octet-stream");
  EXPECT_EQ(content::view("abc").memory(), "abc");
  EXPECT_EQ(content::source(3, nullptr).size(), 3U);
}

}  // namespace
}  // namespace tidewire::mime
