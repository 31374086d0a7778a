// What servers send that the grammar does not have, as it was recorded, and what is made of it.
#include <tidewire/imap/response.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::outcome;
using testing::read_every_way;
using testing::read_one;

message_data fetched(std::string_view items) {
  return read_one<message_data>("* 1 FETCH (" + std::string(items) + ")\r\n");
}
body_part structure(std::string_view text) {
  return fetched("BODYSTRUCTURE " + std::string(text)).structure.value_or(body_part());
}
envelope envelope_of(std::string_view text) {
  return fetched("ENVELOPE " + std::string(text)).envelope.value_or(envelope());
}
std::string first(const std::vector<mime::address_entry>& entries) {
  return entries.empty() ? "none" : std::get<mime::mailbox>(entries.front()).str();
}

TEST(Quirks, GmailTellsASenderThatIsMalformedTheWrongWayRound) {
  const envelope found = envelope_of(
      "(\"Mon, 10 Apr 2017 06:04:00 -0700\" \"This is the subject\" ((\"From_DisplayName\" NIL \"from\" "
      "\"domain.com\")) "
      "((\"<sender@domain.com>\" NIL \"=?UTF-8?Q?\"Dummy=C3=ADa_Pa=C3=A1ndez_Algo\"?=\" NIL)) NIL "
      "((\"To_DisplayName\" NIL \"to\" \"domain.com\")) NIL NIL NIL \"<b@message.id>\")");
  ASSERT_EQ(found.sender.size(), 1U);
  EXPECT_EQ(std::get<mime::mailbox>(found.sender[0]).address, "sender@domain.com");
  EXPECT_EQ(first(found.to), "To_DisplayName <to@domain.com>");
  EXPECT_EQ(found.message_id, "<b@message.id>");
}

TEST(Quirks, GmailTellsAMultipartWithoutPartsByWhatFollowsThem) {
  const body_part found = structure(
      "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"BASE64\" 10418 133 NIL NIL NIL)"
      "(\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL)(\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL) \"MIXED\" "
      "(\"BOUNDARY\" \"94eb2c1cd0507723e6054c1ce6cd\") NIL NIL)");
  ASSERT_EQ(found.parts.size(), 3U);
  EXPECT_EQ(found.parts[1].type.essence(), "multipart/related");
  EXPECT_TRUE(found.parts[1].parts.empty());
  EXPECT_EQ(found.parts[1].section, "2");
  EXPECT_EQ(found.parts[2].section, "3");
}

TEST(Quirks, GmailLeavesOutTheParametersOfAMultipart) {
  const body_part found = structure(
      "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 5235 112 NIL NIL NIL)(\"TEXT\" \"HTML\" "
      "(\"CHARSET\" "
      "\"utf-8\") NIL NIL \"7BIT\" 60479 873 NIL NIL NIL) \"ALTERNATIVE\")");
  EXPECT_EQ(found.type.essence(), "multipart/alternative");
  EXPECT_EQ(found.parts.size(), 2U);
}

TEST(Quirks, GmailHasBracketsInNamesAndTexts) {
  EXPECT_EQ(read_one<list_entry>("* LIST (\\HasNoChildren \\All) \"/\" \"[Gmail]/All Mail\"\r\n").name,
            "[Gmail]/All Mail");
  EXPECT_EQ(read_one<list_entry>("* LIST (\\Noselect) \"/\" [Gmail]\r\n").name, "[Gmail]");
  const auto alert = read_one<status_response>(
      "A NO [ALERT] Please log in via your web browser: "
      "https://support.google.com/mail/accounts/answer/78754 "
      "(Failure)\r\n");
  EXPECT_EQ(alert.code.what, code::alert);
  const auto web = read_one<status_response>(
      "* NO [WEBALERT https://accounts.google.com/signin/continue?sarp=1&scc=1] Web login required.\r\n");
  EXPECT_EQ(web.code.what, code::web_alert);
  EXPECT_EQ(web.code.text, "https://accounts.google.com/signin/continue?sarp=1&scc=1");
  EXPECT_EQ(web.text, "Web login required.");
}

TEST(Quirks, GmailAnswersNilForASectionWithAnOrigin) {
  const message_data data = fetched("UID 1 BODY[1.TEXT]<0> NIL");
  ASSERT_EQ(data.sections.size(), 1U);
  EXPECT_FALSE(data.sections[0].content);
  EXPECT_EQ(data.sections[0].origin, 0U);
}

TEST(Quirks, GmailHasNilAmongLabels) {
  EXPECT_EQ(fetched("X-GM-LABELS (atom-label \\flag-label \"quoted-label\" NIL)").gmail_labels,
            (std::vector<std::string>{"atom-label", "\\flag-label", "quoted-label"}));
  EXPECT_EQ(fetched("X-GM-LABELS NIL").gmail_labels, std::vector<std::string>());
}

TEST(Quirks, ExchangeTellsPartsThatAreNil) {
  const body_part found = structure(
      "((NIL NIL NIL NIL NIL \"7BIT\" 0 NIL NIL NIL NIL)(NIL NIL NIL NIL NIL \"7BIT\" 0 NIL NIL NIL NIL) "
      "\"related\" "
      "(\"boundary\" \"007_YT2PR01MB4752\" \"type\" \"multipart/alternative\") NIL NIL)");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[0].type.essence(), "application/octet-stream");
}

TEST(Quirks, ExchangeHasEmptyParenthesesForALocation) {
  const body_part found = structure(
      "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"base64\" 38706 497 NIL NIL NIL ()) (\"image\" "
      "\"jpeg\" "
      "(\"name\" \"image003.jpg\") \"<image003.jpg@01CD0772.E9574810>\" \"image003.jpg\" \"base64\" 3446 NIL "
      "(\"inline\" "
      "(\"filename\" \"image003.jpg\" \"size\" \"2782\")) NIL ()) \"related\" (\"boundary\" \"_004_\") NIL "
      "(\"de-DE\") NIL)");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[1].filename(), "image003.jpg");
  EXPECT_EQ(found.languages, (std::vector<std::string>{"de-DE"}));
}

TEST(Quirks, ExchangeDoesNotEscapeQuotesInAType) {
  const body_part found = structure(
      "((\"MOUNDARY=\"_006_5DBB50A5A54730AD4A54730AD4A54730AD4A54730AD42KOS_\"\" \"OCTET-STREAM\" (\"name\" "
      "\"test.dat\") "
      "NIL NIL \"quoted-printable\" 383137 NIL (\"attachment\" (\"filename\" \"test.dat\"))) \"MIXED\" "
      "(\"boundary\" "
      "\"----=_NextPart_000_730AD4A547.730AD4A547F40\"))");
  ASSERT_EQ(found.parts.size(), 1U);
  EXPECT_EQ(found.parts[0].type.subtype, "octet-stream");
  EXPECT_EQ(found.parts[0].filename(), "test.dat");
  EXPECT_EQ(found.type.parameters.get("boundary"), "----=_NextPart_000_730AD4A547.730AD4A547F40");
}

TEST(Quirks, ExchangeHasAContinuationWithoutASpace) {
  EXPECT_EQ(read_one<continuation>("+\r\n").text, "");
}

TEST(Quirks, ASizeMayBeNegativeOrNil) {
  const body_part found = structure(
      "(\"multipart\" \"digest\" (\"boundary\" \"ommgDs4vJ6fX2nQAghXj4aUy9wsHMMDb\") NIL NIL \"7BIT\" -1 NIL "
      "NIL NIL NIL)");
  EXPECT_EQ(found.type.essence(), "multipart/digest");
  EXPECT_EQ(found.size, 0U);
  EXPECT_EQ(structure("(\"text\" \"plain\" NIL NIL NIL \"7bit\" NIL NIL)").size, 0U);
}

TEST(Quirks, GmxTellsAMultipartAsALeaf) {
  const body_part found = structure(
      "((\"multipart\" \"related\" (\"boundary\" \"----=_@@@@BeautyqueenS87@_@147836\") NIL NIL \"7BIT\" 400 "
      "(\"boundary\" "
      "\"----=_@@@@BeautyqueenS87@_@147836\") NIL NIL NIL)(\"TEXT\" \"html\" (\"charset\" \"UTF8\") NIL NIL "
      "\"7BIT\" 1115 70 "
      "NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"----=--_DRYORTABLE@@@\") NIL NIL NIL)");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[0].type.essence(), "multipart/related");
  EXPECT_EQ(found.parts[0].size, 400U);
  EXPECT_FALSE(found.parts[0].disposition);
  EXPECT_EQ(found.parts[1].lines, 70U);
}

TEST(Quirks, ASubtypeMayBeMissing) {
  const body_part found = structure(
      "((\"APPLICATION\" NIL NIL NIL \"base64\" 356) \"MIXED\" (\"BOUNDARY\" "
      "\"--cd49a2f5ed4ed0cbb6f9f1c7f125541f\") NIL NIL)");
  ASSERT_EQ(found.parts.size(), 1U);
  EXPECT_EQ(found.parts[0].type.essence(), "application/octet-stream");
  EXPECT_EQ(found.parts[0].size, 356U);
  EXPECT_EQ(found.parts[0].encoding, "base64");
}

TEST(Quirks, ADispositionMayBeATextOrNilTwice) {
  const body_part found = structure(
      "((\"application\" \"msword\" NIL NIL NIL \"base64\" 50446 NIL (NIL NIL) NIL NIL)(\"text\" \"plain\" "
      "(\"charset\" "
      "\"UTF-8\") NIL \"Message text\" \"Quoted-printable\" 209 6 NIL (\"inline\" NIL) NIL NIL) \"mixed\" "
      "(\"boundary\" "
      "\"6624CFB2_17170C36_Synapse_boundary\") \"Multipart message\" NIL)");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_FALSE(found.parts[0].disposition);
  ASSERT_TRUE(found.parts[1].disposition);
  EXPECT_TRUE(found.parts[1].disposition->is_inline());
}

TEST(Quirks, AnEnvelopeMayLackFields) {
  const envelope found = envelope_of(
      "(\"Tue, 24 Sep 2019 09:48:05 +0800\" \"subject\" ((\"name\" NIL \"unknown-name\" \"unknown-domain\")) "
      "NIL NIL NIL NIL NIL)");
  EXPECT_EQ(first(found.from), "name <unknown-name@unknown-domain>");
  EXPECT_EQ(found.message_id, "");
  EXPECT_FALSE(fetched("ENVELOPE NIL UID 3").envelope);
  EXPECT_EQ(fetched("ENVELOPE NIL UID 3").uid, 3U);
}

TEST(Quirks, AddressesMayBeEmptyOrNil) {
  const envelope found =
      envelope_of("(\"\" \"s\" (NIL (\"a\" NIL \"b\" \"c\")) \"\" () NIL NIL NIL NIL NIL)");
  EXPECT_EQ(first(found.from), "a <b@c>");
  EXPECT_TRUE(found.sender.empty());
  EXPECT_TRUE(found.reply_to.empty());
}

TEST(Quirks, AMailboxWithoutADomainIsNoGroup) {
  // Cyrus and Courier, of `From: root`.
  const envelope found = envelope_of(
      "(NIL NIL ((NIL NIL \"root\" NIL)) ((\"Cron Daemon\" NIL \"root\" NIL)) NIL NIL NIL NIL NIL NIL)");
  ASSERT_EQ(found.from.size(), 1U);
  EXPECT_EQ(std::get<mime::mailbox>(found.from[0]).address, "root");
  EXPECT_EQ(std::get<mime::mailbox>(found.sender.at(0)).name, "Cron Daemon");
}

TEST(Quirks, DovecotNamesADomainThatIsMissing) {
  const envelope found = envelope_of(
      "(NIL NIL NIL NIL NIL ((NIL NIL \"boys\" NIL)(NIL NIL \"aaron\" \"MISSING_DOMAIN\")(NIL NIL NIL NIL)) "
      "NIL NIL NIL NIL)");
  ASSERT_EQ(found.to.size(), 1U);
  EXPECT_EQ(std::get<mime::group>(found.to[0]).members.at(0).address, "aaron@MISSING_DOMAIN");
}

TEST(Quirks, DovecotGreetsTwice) {
  const outcome out = read_every_way(
      "* OK Waiting for authentication process to respond..\r\n* OK [CAPABILITY IMAP4rev1 SASL-IR "
      "LOGIN-REFERRALS ID "
      "ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot ready.\r\n");
  ASSERT_EQ(out.responses.size(), 2U);
  EXPECT_EQ(std::get<status_response>(out.responses[1]).code.words.size(), 9U);
}

TEST(Quirks, DovecotTellsAnOldName) {
  const auto entry =
      read_one<list_entry>("* LIST (\\HasNoChildren) \".\" RenamedFolder (\"OLDNAME\" (\"RenameMe\"))\r\n");
  EXPECT_EQ(entry.old_name, "RenameMe");
}

TEST(Quirks, CyrusHasPreviewsOfTheDraft) {
  EXPECT_EQ(fetched("PREVIEW (FUZZY \"Don't miss our celebrity guest Monday\")").preview,
            "Don't miss our celebrity guest Monday");
}

TEST(Quirks, KeywordsMayHaveBracketsAndQuotes) {
  const auto flags = read_one<flags_response>("* FLAGS (\\Draft [Work] a]b \"quoted\" \\Seen)\r\n").flags;
  EXPECT_TRUE(flags.contains("[work]"));
  EXPECT_TRUE(flags.contains("a]b"));
  EXPECT_TRUE(flags.contains("quoted"));
  EXPECT_TRUE(flags.seen());
}

TEST(Quirks, AolEndsASearchWithASpace) {
  EXPECT_EQ(read_one<search_numbers>("* SEARCH 1 2 \r\n").numbers.size(), 2U);
  EXPECT_TRUE(read_one<search_numbers>("* SEARCH \r\n").numbers.empty());
  EXPECT_TRUE(read_one<search_numbers>("* SEARCH NIL\r\n").numbers.empty());
}

TEST(Quirks, TheLastParenthesisMayBeForgotten) {
  EXPECT_TRUE(read_one<message_data>("* 1 FETCH (UID 5 FLAGS (\\Seen)\r\n").flags->seen());
  EXPECT_TRUE(read_one<message_data>("* 1 FETCH (UID 5 FLAGS (\\Seen\r\n").flags->seen());
  EXPECT_EQ(read_one<mailbox_status>("* STATUS INBOX (MESSAGES 5\r\n").messages, 5U);
}

TEST(Quirks, QqHasSpacesWithinLists) {
  EXPECT_EQ(read_one<message_data>("* 11487 FETCH (UID 19436 )\r\n").uid, 19436U);
  const message_data data =
      read_one<message_data>("* 1 FETCH ( UID 5  FLAGS ( \\Seen ) RFC822.SIZE (7) ) \r\n");
  EXPECT_EQ(data.uid, 5U);
  EXPECT_TRUE(data.flags->seen());
  EXPECT_EQ(data.size, 7U);
  EXPECT_EQ(read_one<exists_response>("*  3  EXISTS \r\n").count, 3U);
}

TEST(Quirks, SpacesBetweenFieldsMayBeMissing) {
  const body_part found = structure(
      "((\"text\" \"plain\"(\"charset\" \"utf-8\")NIL NIL \"7bit\" 5 1)(\"text\" \"html\" NIL NIL NIL "
      "\"7bit\" 6 1)\"alternative\")");
  EXPECT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[0].type.charset(), "utf-8");
  EXPECT_EQ(found.type.subtype, "alternative");
}

TEST(Quirks, NamesWithSpacesMayStandWithoutQuotes) {
  EXPECT_EQ(read_one<list_entry>("* LIST (\\HasNoChildren) \"/\" Sent Messages\r\n").name, "Sent Messages");
  EXPECT_EQ(read_one<mailbox_status>("* STATUS Sent Items (MESSAGES 5)\r\n").mailbox, "Sent Items");
  EXPECT_EQ(read_one<list_entry>("* LIST (\\Unmarked) \"|\" Entw&APw-rfe\r\n").name, "Entw\xC3\xBCrfe");
}

TEST(Quirks, ANameMayBeUtf8WhereNobodyEnabledIt) {
  EXPECT_EQ(read_one<list_entry>("* LIST () \"/\" \"Entw\xC3\xBCrfe\"\r\n").name, "Entw\xC3\xBCrfe");
  const auto odd = read_one<list_entry>("* LIST () \"/\" \"R&D\"\r\n");
  EXPECT_EQ(odd.name, "R&D");
  EXPECT_FALSE(is_canonical_mailbox_name(odd.wire_name));
}

TEST(Quirks, ICloudDoesNotEscapeQuotesInAMessageId) {
  const envelope found = envelope_of("(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL \"<\"0123\"@example.org>\")");
  EXPECT_EQ(found.message_id, "<\"0123\"@example.org>");
}

TEST(Quirks, ICloudLeavesOutTheBodyThatRfc822AsksFor) {
  const message_data data = fetched("UID 5");
  EXPECT_TRUE(data.sections.empty());
}

TEST(Quirks, MailRuHasNoValueForABoundary) {
  const body_part found = structure(
      "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"8bit\" 536 0 NIL NIL NIL NIL)(\"text\" "
      "\"html\" (\"charset\" "
      "\"utf-8\") NIL NIL \"8bit\" 7130 0 NIL NIL NIL NIL) \"alternative\" (\"boundary\" NIL))");
  EXPECT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.type.parameters.get("boundary"), "");
}

TEST(Quirks, MailRuWritesASizeAsAFraction) {
  const body_part found =
      structure("(\"application\" \"pdf\" (\"name\" \"a.pdf\") NIL NIL \"base64\" 9.3736e+06 NIL NIL)");
  EXPECT_EQ(found.type.essence(), "application/pdf");
  EXPECT_EQ(found.size, 0U) << "what it is, nobody can say";
}

TEST(Quirks, MailRuHasACodeAndNoText) {
  EXPECT_EQ(read_one<status_response>("* OK [UIDVALIDITY 7]\r\n").code.number, 7U);
}

TEST(Quirks, YandexLeavesOutTheContentOfAnEmptyPart) {
  const message_data data = fetched("UID 5 BODY[2] ");
  ASSERT_EQ(data.sections.size(), 1U);
  EXPECT_FALSE(data.sections[0].content);
  EXPECT_EQ(data.uid, 5U);
}

TEST(Quirks, YandexLeavesOutTheSizeOfAPart) {
  const body_part found = structure(
      "((\"text\" \"plain\" NIL NIL NIL \"7bit\")(\"text\" \"html\" NIL NIL NIL \"7bit\" 5 1) \"mixed\")");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[0].type.essence(), "text/plain");
  EXPECT_EQ(found.parts[1].size, 5U);
}

TEST(Quirks, NetEaseHasQuotesAloneInQuotes) {
  const body_part found = structure(
      "((\"text\" \"html\" (\"charset\" \"UTF-8\") NIL NIL \"quoted-printable\" 1224 16)(\"application\" "
      "\"octet-stream\" "
      "(\"name\" \"2154973550.pdf\") NIL \"\"\"\" \"base64\" 65322) \"MIXED\")");
  ASSERT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.parts[1].description, "\"\"");
  EXPECT_EQ(found.parts[1].size, 65322U);
}

TEST(Quirks, HomePlHasAnAttributeWithoutAName) {
  const auto entry = read_one<list_entry>("* XLIST (\\HasNoChildren \\) \".\" \"Argos\"\r\n");
  EXPECT_EQ(entry.name, "Argos");
  EXPECT_EQ(entry.other_attributes, (std::vector<std::string>{"\\"}));
}

TEST(Quirks, AModseqMayBeInParentheses) {
  const auto found =
      read_one<search_data>("* ESEARCH (TAG \"A00000012\") UID ALL 33866,33897 (MODSEQ 284535)\r\n");
  EXPECT_EQ(found.modseq, 284535U);
  EXPECT_EQ(found.all->count(), 2U);
}

TEST(Quirks, YahooFailsToSearchNowAndThen) {
  const auto said =
      read_one<status_response>("A6 NO [SERVERBUG] UID SEARCH Server error - Please try again later\r\n");
  EXPECT_EQ(said.to_failure(), condition::transient);
}

TEST(Quirks, ABackslashMayStandUnescaped) {
  EXPECT_EQ(read_one<list_entry>("* LIST () \"/\" \"C:\\Mail\"\r\n").name, "C:\\Mail");
}

TEST(Quirks, ADateMayBeOfMail) {
  EXPECT_TRUE(fetched("INTERNALDATE \" 7-Jul-1996 02:44:25 +0000\"").internal_date);
  EXPECT_TRUE(fetched("INTERNALDATE \"Wed, 17 Jul 1996 02:23:25 -0700\"").internal_date);
  EXPECT_FALSE(fetched("INTERNALDATE \"00-Jan-0000 00:00:00 +0000\"").internal_date);
  EXPECT_FALSE(fetched("INTERNALDATE NIL").internal_date);
}

TEST(Quirks, CapabilitiesHaveAnyCase) {
  EXPECT_TRUE(read_one<capability_response>("* CAPABILITY IMAP4 IMAP4REV1 idle \r\n").capabilities.idle);
}

}  // namespace
}  // namespace tidewire::imap
