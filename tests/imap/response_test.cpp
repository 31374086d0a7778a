#include <tidewire/imap/response.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace tidewire::imap {
namespace {

using testing::read_every_way;
using testing::read_one;

status_response status(std::string_view line) {
  return read_one<status_response>(std::string(line) + "\r\n");
}

response_code code_of(std::string_view code) {
  return status("* OK [" + std::string(code) + "] text").code;
}

TEST(Status, IsTaggedOrNot) {
  const status_response done = status("A142 OK [READ-WRITE] SELECT completed");
  EXPECT_EQ(done.tag, "A142");
  EXPECT_TRUE(done.is_tagged());
  EXPECT_TRUE(done.is_ok());
  EXPECT_EQ(done.code.what, code::read_write);
  EXPECT_EQ(done.text, "SELECT completed");
  EXPECT_EQ(status("* PREAUTH hello").kind, status_kind::preauth);
  EXPECT_EQ(status("* BYE going").kind, status_kind::bye);
  EXPECT_EQ(status("a bad what?").kind, status_kind::bad);
  EXPECT_EQ(status("* NO").text, "");
  EXPECT_FALSE(status("* OK x").is_tagged());
}

TEST(Status, HasTextWithBrackets) {
  EXPECT_EQ(status("* OK [x").text, "[x");
  EXPECT_EQ(status("* OK [ALERT] [a] b]").text, "[a] b]");
  EXPECT_EQ(status("A NO Folder [Gmail] is not selectable").text, "Folder [Gmail] is not selectable");
  EXPECT_EQ(status("A NO Folder [Gmail] is not selectable").code.what, code::none);
  EXPECT_EQ(status("* OK []").text, "[]");
  EXPECT_EQ(status("* OK [ALERT]x").text, "x");
}

TEST(ResponseCode, IsTyped) {
  EXPECT_EQ(code_of("ALERT").what, code::alert);
  EXPECT_EQ(code_of("uidnext 4392").number, 4392U);
  EXPECT_EQ(code_of("UIDVALIDITY 4294967295").number, 4294967295U);
  EXPECT_EQ(code_of("HIGHESTMODSEQ 18446744073709551615").number, 18446744073709551615U);
  EXPECT_EQ(code_of("UNSEEN 12").what, code::unseen);
  EXPECT_EQ(code_of("NOMODSEQ").what, code::no_modseq);
  EXPECT_EQ(code_of("TRYCREATE").what, code::try_create);
  EXPECT_EQ(code_of("OVERQUOTA").what, code::over_quota);
  EXPECT_EQ(code_of("MAILBOXID (F2212ea87-6097)").text, "F2212ea87-6097");
  EXPECT_EQ(code_of("METADATA LONGENTRIES 2199").what, code::metadata_long_entries);
  EXPECT_EQ(code_of("METADATA LONGENTRIES 2199").number, 2199U);
  EXPECT_EQ(code_of("METADATA MAXSIZE 1024").number, 1024U);
  EXPECT_EQ(code_of("METADATA TOOMANY").what, code::metadata_too_many);
  EXPECT_EQ(code_of("METADATA NOPRIVATE").what, code::metadata_no_private);
  EXPECT_EQ(code_of("REFERRAL imap://x/").text, "imap://x/");
  EXPECT_EQ(code_of("UNKNOWN-CTE").what, code::unknown_cte);
}

TEST(ResponseCode, OfUidplusHasItsSets) {
  const response_code appended = code_of("APPENDUID 38505 3955");
  EXPECT_EQ(appended.what, code::append_uid);
  EXPECT_EQ(appended.number, 38505U);
  EXPECT_EQ(appended.uids.to_string(), "3955");
  const response_code copied = code_of("COPYUID 38505 304,319:320 3956:3958");
  EXPECT_EQ(copied.what, code::copy_uid);
  EXPECT_EQ(copied.source.numbers(), (std::vector<std::uint32_t>{304, 319, 320}));
  EXPECT_EQ(copied.uids.numbers(), (std::vector<std::uint32_t>{3956, 3957, 3958}));
  EXPECT_EQ(code_of("MODIFIED 7,9").uids.to_string(), "7,9");
  EXPECT_EQ(code_of("MESSAGELIMIT 1000 23221").uids.to_string(), "23221");
  EXPECT_EQ(code_of("MESSAGELIMIT 1000").number, 1000U);
}

TEST(ResponseCode, HasFlagsAndWords) {
  const response_code flags = code_of("PERMANENTFLAGS (\\Deleted \\Seen [x] \\*)");
  EXPECT_TRUE(flags.flags.deleted());
  EXPECT_TRUE(flags.flags.contains(flag::any));
  EXPECT_TRUE(flags.flags.contains("[x]")) << "a bracket in a keyword";
  EXPECT_TRUE(code_of("PERMANENTFLAGS ()").flags.empty());
  EXPECT_EQ(code_of("BADCHARSET (UTF-8 \"US-ASCII\")").words,
            (std::vector<std::string>{"UTF-8", "US-ASCII"}));
  EXPECT_TRUE(code_of("BADCHARSET").words.empty());
  const response_code server = code_of("CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN");
  EXPECT_TRUE(capabilities::from(server.words).idle);
}

TEST(ResponseCode, ThatIsNotKnownIsKept) {
  const response_code odd = code_of("XFOO a (b c) 7");
  EXPECT_EQ(odd.what, code::unknown);
  EXPECT_EQ(odd.name, "XFOO");
  EXPECT_EQ(odd.text, "a (b c) 7");
  const response_code broken = code_of("UIDNEXT soon");
  EXPECT_EQ(broken.what, code::unknown) << "it says no number";
  EXPECT_EQ(broken.name, "UIDNEXT");
  EXPECT_EQ(broken.text, "soon");
}

TEST(Status, IsAFailureThatSaysWhatItMeans) {
  const auto failure_of = [](std::string_view line) { return status(line).to_failure(); };
  EXPECT_EQ(failure_of("A NO x").code(), make_error_code(errc::refused));
  EXPECT_EQ(failure_of("A BAD x").code(), make_error_code(errc::rejected));
  EXPECT_EQ(failure_of("* BYE x").code(), make_error_code(errc::shutting_down));
  EXPECT_EQ(failure_of("A OK x").code(), make_error_code(errc::unexpected_response));
  EXPECT_EQ(failure_of("A NO [AUTHENTICATIONFAILED] x"), condition::auth);
  EXPECT_EQ(failure_of("A NO [UNAVAILABLE] x"), condition::transient);
  EXPECT_EQ(failure_of("A NO [TRYCREATE] x").code(), make_error_code(errc::mailbox_missing));
  EXPECT_EQ(failure_of("A NO [TOOBIG] x"), condition::limit_exceeded);
  EXPECT_EQ(failure_of("A NO [CANNOT] no way").peer_text(), "no way");
  EXPECT_EQ(status("A NO [UIDNEXT 7] x").to_string(), "NO [UIDNEXT 7] x");
}

TEST(Continuation, HasTextOrNot) {
  EXPECT_EQ(read_one<continuation>("+ cGFzcw==\r\n").text, "cGFzcw==");
  EXPECT_EQ(read_one<continuation>("+ \r\n").text, "");
  EXPECT_EQ(read_one<continuation>("+\r\n").text, "") << "the space is missing on some servers";
}

TEST(Responses, OfMailboxesAreTyped) {
  EXPECT_EQ(read_one<exists_response>("* 23 EXISTS\r\n").count, 23U);
  EXPECT_EQ(read_one<recent_response>("* 5 RECENT\r\n").count, 5U);
  EXPECT_EQ(read_one<expunge_response>("* 44 expunge\r\n").sequence, 44U);
  const auto vanished = read_one<vanished_response>("* VANISHED (EARLIER) 300:310,405\r\n");
  EXPECT_TRUE(vanished.earlier);
  EXPECT_EQ(vanished.uids.count(), 12U);
  EXPECT_FALSE(read_one<vanished_response>("* VANISHED 405\r\n").earlier);
  EXPECT_TRUE(read_one<flags_response>("* FLAGS (\\Seen $Junk)\r\n").flags.contains("$junk"));
  EXPECT_EQ(read_one<enabled_response>("* ENABLED Condstore QRESYNC\r\n").capabilities,
            (std::vector<std::string>{"CONDSTORE", "QRESYNC"}));
  EXPECT_TRUE(read_one<enabled_response>("* ENABLED\r\n").capabilities.empty());
  EXPECT_TRUE(read_one<capability_response>("* CAPABILITY IMAP4rev1 MOVE\r\n").capabilities.move);
}

TEST(ListEntry, HasAttributesADelimiterAndAName) {
  const auto sent =
      read_one<list_entry>("* LIST (\\HasNoChildren \\Sent \\XOdd) \"/\" \"[Gmail]/Gesendet\"\r\n");
  EXPECT_EQ(sent.name, "[Gmail]/Gesendet");
  EXPECT_EQ(sent.delimiter, '/');
  EXPECT_TRUE(sent.has(mailbox_attribute::sent));
  EXPECT_TRUE(sent.has(mailbox_attribute::has_no_children));
  EXPECT_TRUE(sent.selectable());
  EXPECT_EQ(sent.other_attributes, (std::vector<std::string>{"\\XOdd"}));
  const auto gone = read_one<list_entry>("* LIST (\\NonExistent \\Subscribed) NIL Fruit\r\n");
  EXPECT_FALSE(gone.selectable());
  EXPECT_EQ(gone.delimiter, 0);
  const auto old = read_one<list_entry>("* LSUB () \".\" {5}\r\nCaf\xC3\xA9\r\n");
  EXPECT_EQ(old.origin, list_entry::origin_type::lsub);
  EXPECT_EQ(old.name, "Caf\xC3\xA9");
  EXPECT_EQ(old.wire_name, "Caf\xC3\xA9");
  const auto spam = read_one<list_entry>("* XLIST (\\Spam) \"/\" Spam\r\n");
  EXPECT_TRUE(spam.has(mailbox_attribute::junk));
  EXPECT_EQ(read_one<list_entry>("* LIST () \"\\\\\" \"a\\\\b\"\r\n").delimiter, '\\');
  EXPECT_EQ(read_one<list_entry>("* LIST () \"/\" NIL\r\n").name, "NIL") << "a name, not nothing";
}

TEST(ListEntry, HasExtendedData) {
  const auto entry = read_one<list_entry>(
      "* LIST (\\NonExistent) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\") OLDNAME (\"Bar&AOk-\") \"X\" 7)\r\n");
  EXPECT_EQ(entry.child_info, (std::vector<std::string>{"SUBSCRIBED"}));
  EXPECT_EQ(entry.old_name, "Bar\xC3\xA9");
  ASSERT_EQ(entry.extensions.size(), 1U);
  EXPECT_EQ(entry.extensions[0].second, token::number(7));
}

TEST(MailboxStatus, IsTyped) {
  const auto status = read_one<mailbox_status>(
      "* STATUS \"blurdy&AOk-bloop\" (MESSAGES 231 UIDNEXT 44292 SIZE 1073741824 HIGHESTMODSEQ 7011231777 "
      "APPENDLIMIT NIL MAILBOXID (F1) UNSEEN 0 X-FOO (1 2))\r\n");
  EXPECT_EQ(status.mailbox,
            "blurdy\xC3\xA9"
            "bloop");
  EXPECT_EQ(status.messages, 231U);
  EXPECT_EQ(status.uid_next, 44292U);
  EXPECT_EQ(status.size, 1073741824U);
  EXPECT_EQ(status.highest_modseq, 7011231777U);
  EXPECT_FALSE(status.append_limit);
  EXPECT_EQ(status.mailbox_id, "F1");
  EXPECT_EQ(status.unseen, 0U);
  EXPECT_FALSE(status.recent);
  ASSERT_EQ(status.others.size(), 1U);
  EXPECT_EQ(status.others[0].first, "X-FOO");
}

TEST(Search, AnswersNumbers) {
  const auto found = read_one<search_numbers>("* SEARCH 2 84 882 (MODSEQ 917162500)\r\n");
  EXPECT_EQ(found.numbers, (std::vector<std::uint32_t>{2, 84, 882}));
  EXPECT_EQ(found.modseq, 917162500U);
  EXPECT_TRUE(read_one<search_numbers>("* SEARCH\r\n").numbers.empty());
  EXPECT_TRUE(read_one<search_numbers>("* SORT 5 3\r\n").sorted);
}

TEST(Search, AnswersData) {
  const auto found = read_one<search_data>(
      "* ESEARCH (TAG \"A285\") UID MIN 7 MAX 3800 COUNT 15 ALL 7,10:12 MODSEQ 12 RELEVANCY (4 99) X-NEW "
      "(a)\r\n");
  EXPECT_EQ(found.tag, "A285");
  EXPECT_TRUE(found.uid);
  EXPECT_EQ(found.min, 7U);
  EXPECT_EQ(found.max, 3800U);
  EXPECT_EQ(found.count, 15U);
  EXPECT_EQ(found.all->to_string(), "7,10:12");
  EXPECT_EQ(found.modseq, 12U);
  EXPECT_EQ(found.relevancy, (std::vector<std::uint32_t>{4, 99}));
  EXPECT_EQ(found.others.at(0).first, "X-NEW");
  const auto none = read_one<search_data>("* ESEARCH (TAG \"A\")\r\n");
  EXPECT_FALSE(none.all);
  EXPECT_FALSE(none.uid);
  const auto part = read_one<search_data>("* ESEARCH (TAG \"A\") UID PARTIAL (-1:-10 5:14)\r\n");
  EXPECT_EQ(part.partial, (partial_result{-1, -10, sequence_set(5, 14)}));
  EXPECT_TRUE(read_one<search_data>("* ESEARCH UID PARTIAL (100:110 NIL)\r\n").partial->set.empty());
  const auto news = read_one<search_data>("* ESEARCH (TAG \"B\") UID ADDTO (1 9 0 7:8) REMOVEFROM (0 2)\r\n");
  ASSERT_EQ(news.updates.size(), 3U);
  EXPECT_EQ(news.updates[0], (search_update{true, 1, sequence_set(9)}));
  EXPECT_FALSE(news.updates[2].added);
  const auto where =
      read_one<search_data>("* ESEARCH (TAG \"t\" MAILBOX \"folder1\" UIDVALIDITY 1) UID ALL 4001,4003\r\n");
  EXPECT_EQ(where.mailbox, "folder1");
  EXPECT_EQ(where.uid_validity, 1U);
}

TEST(Thread, IsAForest) {
  const auto found = read_one<thread_forest>("* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
  EXPECT_EQ(
      found.nodes,
      (std::vector<thread_node>{
          {2, npos, 0}, {3, npos, 0}, {6, 1, 1}, {4, 2, 2}, {23, 3, 3}, {44, 2, 2}, {7, 5, 3}, {96, 6, 4}}));
  EXPECT_EQ(found.children(2), (std::vector<std::size_t>{3, 5}));
  EXPECT_EQ(found.children(npos), (std::vector<std::size_t>{0, 1}));
  const auto orphans = read_one<thread_forest>("* THREAD ((352)(381))\r\n");
  EXPECT_EQ(orphans.nodes, (std::vector<thread_node>{{0, npos, 0}, {352, 0, 1}, {381, 0, 1}}));
  EXPECT_TRUE(read_one<thread_forest>("* THREAD\r\n").nodes.empty());
}

TEST(Thread, MayBeDeep) {
  std::string line = "* THREAD ";
  for (int i = 1; i <= 5000; ++i) line += "(" + std::to_string(i) + " (1)";
  line += std::string(5000, ')') + "\r\n";
  const auto parsed = parse_response(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<thread_forest>(*parsed).nodes.size(), 10'000U);
}

TEST(NameSpaces, AreThree) {
  const auto found = read_one<name_spaces>(
      "* NAMESPACE ((\"\" \"/\")(\"Inbox.\" \".\" \"X-PARAM\" (\"F1\" \"F2\"))) NIL ((\"Gel&APY-scht/\" "
      "\"/\" "
      "\"TRANSLATION\" (\"G\")))\r\n");
  ASSERT_EQ(found.personal.size(), 2U);
  EXPECT_EQ(found.personal[1].prefix, "INBOX.");
  EXPECT_EQ(found.personal[1].extensions.at(0).first, "X-PARAM");
  EXPECT_TRUE(found.other_users.empty());
  EXPECT_EQ(found.shared.at(0).prefix, "Gel\xC3\xB6scht/");
  EXPECT_EQ(found.shared[0].translation, "G");
}

TEST(Quota, HasResources) {
  const auto found = read_one<quota>("* QUOTA \"\" (STORAGE 10 512 message 1 20)\r\n");
  EXPECT_EQ(found.resources, (std::vector<quota_resource>{{"STORAGE", 10, 512}, {"MESSAGE", 1, 20}}));
  EXPECT_EQ(read_one<quota_roots>("* QUOTAROOT INBOX \"\" other\r\n").roots,
            (std::vector<std::string>{"", "other"}));
  EXPECT_TRUE(read_one<quota_roots>("* QUOTAROOT comp.mail.mime\r\n").roots.empty());
}

TEST(Acl, IsTyped) {
  const auto list = read_one<access_list>("* ACL INBOX Fred rwipsldexta \"-Chris\" lr\r\n");
  EXPECT_EQ(list.entries, (std::vector<acl_entry>{{"Fred", "rwipsldexta"}, {"-Chris", "lr"}}));
  const auto rights = read_one<available_rights>("* LISTRIGHTS archive/imap smith la r s w\r\n");
  EXPECT_EQ(rights.required, "la");
  EXPECT_EQ(rights.optional, (std::vector<std::string>{"r", "s", "w"}));
  EXPECT_EQ(read_one<own_rights>("* MYRIGHTS INBOX rwi\r\n").rights, "rwi");
}

TEST(Metadata, HasValuesOrNews) {
  const auto found =
      read_one<metadata>("* METADATA \"INBOX\" (/private/comment {3}\r\na\r\n /shared/comment NIL)\r\n");
  EXPECT_EQ(found.entries,
            (std::vector<metadata_entry>{{"/private/comment", "a\r\n"}, {"/shared/comment", {}}}));
  const auto news = read_one<metadata>("* METADATA \"\" /shared/comment /private/x\r\n");
  EXPECT_EQ(news.changed, (std::vector<std::string>{"/shared/comment", "/private/x"}));
  EXPECT_EQ(news.mailbox, "");
}

TEST(Identity, IsPairs) {
  const auto found = read_one<identity>("* ID (\"name\" \"Dovecot\" \"support-url\" NIL)\r\n");
  EXPECT_EQ(found.get("NAME"), "Dovecot");
  EXPECT_EQ(found.get("version"), "");
  EXPECT_EQ(found.fields.size(), 2U);
  EXPECT_TRUE(read_one<identity>("* ID NIL\r\n").fields.empty());
}

}  // namespace
}  // namespace tidewire::imap
