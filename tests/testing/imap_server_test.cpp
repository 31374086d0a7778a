#include <tidewire/base/base64.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/imap/response_reader.hpp>
#include <tidewire/testing/imap_server.hpp>
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "imap_dialogue.hpp"
#include "support/cancellation.hpp"

namespace tidewire::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view tide = "Subject: high tide\r\nFrom: Ada <ada@example.org>\r\n\r\nat noon\r\n";

date_time summer() {
  return date::parse_imap("17-Jul-1996 02:44:25 -0700").value();
}

// Three messages of ada's, the second of them seen.
void fill(imap_server& server) {
  server.add_user("ada", "secret");
  server.deliver("ada", tide, {.internal_date = summer()});
  server.deliver("ada", "Subject: low tide\r\nTo: bob@example.org\r\n\r\nat six\r\n",
                 {.flags = "\\Seen", .internal_date = summer()});
  server.deliver("ada", "Subject: Re: high tide\r\n\r\n" + std::string(100, 'x') + "\r\n",
                 {.internal_date = summer()});
}

std::vector<std::uint32_t> uids_of(imap_server& server, std::string_view mailbox = "INBOX") {
  std::vector<std::uint32_t> uids;
  for (const mailbox_message& one : server.messages("ada", mailbox)) uids.push_back(one.uid);
  return uids;
}

using uids = std::vector<std::uint32_t>;

TEST(TestingImapServer, LogsWhatWasSaidWithoutSecrets) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  (void)answers_to(server, {"a CAPABILITY", "b FOO", "c APPEND INBOX {1+}\r\nx", "d LOGOUT"});
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"in LOGIN ***", "a CAPABILITY", "b FOO",
                                                         "c APPEND INBOX {1+}", "d LOGOUT"}));
  EXPECT_NE(server.transcript().find("#1 S: b BAD unknown command\n"), std::string::npos)
      << server.transcript();
}

TEST(TestingImapServer, SelectsAMailbox) {
  imap_server server(in_plain_text());
  fill(server);
  EXPECT_EQ(
      answer_to(server, {"a SELECT inbox"}),
      "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
      "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] these, and others\r\n"
      "* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UNSEEN 1] the first\r\n* OK [UIDVALIDITY 1000] of the UIDs\r\n"
      "* OK [UIDNEXT 4] the next UID\r\n* OK [HIGHESTMODSEQ 4] of all\r\na OK [READ-WRITE] selected\r\n");
  const auto read_only =
      answers_to(server, {"a EXAMINE INBOX", "b STORE 1 FLAGS (\\Seen)", "c FETCH 1 BODY[]"});
  EXPECT_TRUE(read_only[0].ends_with("a OK [READ-ONLY] selected\r\n"));
  EXPECT_EQ(read_only[1], "b NO [READ-ONLY] the mailbox is read-only\r\n");
  EXPECT_FALSE(server.messages("ada")[0].flags.seen());
  EXPECT_EQ(answer_to(server, {"a SELECT none"}), "a NO [NONEXISTENT] no such mailbox\r\n");
}

TEST(TestingImapServer, FetchesWhatIsAskedFor) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers = answers_to(
      server, {"s SELECT INBOX", "a FETCH 1 (FLAGS UID INTERNALDATE RFC822.SIZE)", "b UID FETCH 2:* FLAGS",
               "c FETCH 1 BODY.PEEK[TEXT]<3.4>", "d FETCH 1 (BODY[HEADER.FIELDS (Subject)])",
               "e FETCH 1 ENVELOPE", "f FETCH 2 BODYSTRUCTURE", "g FETCH 2 (BINARY.SIZE[1] BINARY.PEEK[1])",
               "h FETCH 1 BODY.PEEK[3]", "i FETCH 4 FLAGS", "j FETCH 1 FOO", "k UID FETCH 99 FLAGS"});
  EXPECT_EQ(answers[1],
            "* 1 FETCH (FLAGS () UID 1 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 60)\r\n"
            "a OK done\r\n");
  EXPECT_EQ(answers[2], "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n* 3 FETCH (UID 3 FLAGS ())\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "* 1 FETCH (BODY[TEXT]<3> {4}\r\nnoon)\r\nc OK done\r\n");
  EXPECT_EQ(answers[4],
            "* 1 FETCH (BODY[HEADER.FIELDS (Subject)] {22}\r\nSubject: high tide\r\n\r\n FLAGS (\\Seen))\r\n"
            "d OK done\r\n");
  EXPECT_EQ(answers[5],
            "* 1 FETCH (ENVELOPE (NIL \"high tide\" ((\"Ada\" NIL \"ada\" \"example.org\")) "
            "((\"Ada\" NIL \"ada\" \"example.org\")) ((\"Ada\" NIL \"ada\" \"example.org\")) "
            "NIL NIL NIL NIL NIL))\r\ne OK done\r\n");
  EXPECT_EQ(answers[6],
            "* 2 FETCH (BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 8 1 NIL NIL NIL NIL))\r\n"
            "f OK done\r\n");
  EXPECT_EQ(answers[7], "* 2 FETCH (BINARY.SIZE[1] 8 BINARY[1] {8}\r\nat six\r\n)\r\ng OK done\r\n");
  EXPECT_EQ(answers[8], "* 1 FETCH (BODY[3] NIL)\r\nh OK done\r\n");
  EXPECT_EQ(answers[9], "i BAD there is no message of that number\r\n");
  EXPECT_EQ(answers[10], "j BAD something to fetch that is not known here\r\n");
  EXPECT_EQ(answers[11], "k OK done\r\n");
  EXPECT_TRUE(server.messages("ada")[0].flags.seen());
}

TEST(TestingImapServer, StoresFlags) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers =
      answers_to(server, {"s SELECT INBOX", "a STORE 1 +FLAGS (\\Flagged Work)", "b UID STORE 1 -FLAGS work",
                          "c STORE 1:2 FLAGS.SILENT (\\Deleted)", "d FETCH 1:2 FLAGS", "e STORE 1 FOO (x)"});
  EXPECT_EQ(answers[1], "* 1 FETCH (FLAGS (\\Flagged Work))\r\na OK done\r\n");
  EXPECT_EQ(answers[2], "* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "c OK done\r\n");
  EXPECT_EQ(answers[4], "* 1 FETCH (FLAGS (\\Deleted))\r\n* 2 FETCH (FLAGS (\\Deleted))\r\nd OK done\r\n");
  EXPECT_EQ(answers[5], "e BAD FLAGS are what can be stored\r\n");
}

TEST(TestingImapServer, StoresOnlyWhatHasNotChanged) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers = answers_to(
      server, {"s SELECT INBOX", "a FETCH 1 MODSEQ", "b STORE 1 (UNCHANGEDSINCE 2) +FLAGS (\\Seen)",
               "c STORE 1,3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Flagged)",
               "d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 5)"});
  EXPECT_EQ(answers[1], "* 1 FETCH (MODSEQ (2))\r\na OK done\r\n");
  EXPECT_EQ(answers[2], "* 1 FETCH (FLAGS (\\Seen) MODSEQ (5))\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "* 3 FETCH (MODSEQ (6))\r\nc OK [MODIFIED 1] not all of them\r\n");
  EXPECT_EQ(answers[4], "* 3 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (6))\r\nd OK done\r\n");
}

TEST(TestingImapServer, CopiesMovesAndExpunges) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers = answers_to(
      server, {"s SELECT INBOX", "a COPY 1:2 Trash", "b UID MOVE 2 Sent", "c COPY 1 none",
               "d STORE 1 +FLAGS.SILENT (\\Deleted)", "e UID EXPUNGE 3", "f UID EXPUNGE 1:2", "g EXPUNGE"});
  EXPECT_EQ(answers[1], "a OK [COPYUID 1004 1:2 1:2] done\r\n");
  EXPECT_EQ(answers[2], "* OK [COPYUID 1002 2 1] moved\r\n* 2 EXPUNGE\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "c NO [TRYCREATE] no such mailbox\r\n");
  EXPECT_EQ(answers[5], "e OK done\r\n");
  EXPECT_EQ(answers[6], "* 1 EXPUNGE\r\nf OK done\r\n");
  EXPECT_EQ(answers[7], "g OK done\r\n");
  EXPECT_EQ(uids_of(server), uids{3});
  EXPECT_EQ(server.messages("ada", "Trash")[1].parse().subject(), "low tide");
  EXPECT_TRUE(server.messages("ada", "Sent")[0].flags.seen());
}

TEST(TestingImapServer, AppendsMessages) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers = answers_to(
      server,
      {"a APPEND Drafts (\\Draft $Work) \"17-Jul-1996 02:44:25 -0700\" {10+}\r\n12345678\r\n",
       "b APPEND Drafts {3+}\r\none (\\Seen) {3+}\r\ntwo", "c APPEND none {1+}\r\nx", "d APPEND Drafts"});
  EXPECT_EQ(answers[0], "a OK [APPENDUID 1001 1] appended\r\n");
  EXPECT_EQ(answers[1], "b OK [APPENDUID 1001 2:3] appended\r\n");
  EXPECT_EQ(answers[2], "c NO [TRYCREATE] no such mailbox\r\n");
  EXPECT_EQ(answers[3], "d BAD a mailbox and a message are needed\r\n");
  const auto kept = server.messages("ada", "Drafts");
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].content, "12345678\r\n");
  EXPECT_EQ(kept[0].flags, imap::flags(imap::flag::draft).add("$work"));
  EXPECT_EQ(kept[0].internal_date, summer());
  EXPECT_EQ(kept[2].content, "two");
  EXPECT_TRUE(kept[2].flags.seen());
}

TEST(TestingImapServer, AppendsALiteralThatWaits) {
  imap_server server(in_plain_text());
  fill(server);
  server.run([&]() -> task<> {
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    (void)co_await client.say("a LOGIN ada secret");
    co_await client.send("b APPEND INBOX {5}");
    EXPECT_EQ(co_await client.until("+ "), "+ go on\r\n");
    co_await client.send("12345");
    EXPECT_EQ(co_await client.until("b "), "b OK [APPENDUID 1000 4] appended\r\n");
  });
}

TEST(TestingImapServer, SearchesByAllKindsOfKeys) {
  imap_server server(in_plain_text());
  fill(server);
  server.set_flags("ada", "INBOX", 3, "\\Flagged $Work");
  const std::vector<std::pair<std::string, std::string>> searches = {
      {"ALL", " 1 2 3"},
      {"UNSEEN", " 1 3"},
      {"SEEN", " 2"},
      {"KEYWORD $work", " 3"},
      {"UNKEYWORD $work", " 1 2"},
      {"SUBJECT \"HIGH\"", " 1 3"},
      {"FROM ada", " 1"},
      {"TO bob", " 2"},
      {"HEADER Subject re:", " 3"},
      {"HEADER To \"\"", " 2"},
      {"BODY noon", " 1"},
      {"TEXT tide", " 1 2 3"},
      {"NOT SUBJECT high", " 2"},
      {"OR FROM ada FLAGGED", " 1 3"},
      {"(UNSEEN SUBJECT high) FLAGGED", " 3"},
      {"LARGER 100", " 3"},
      {"SMALLER 100", " 1 2"},
      {"2:*", " 2 3"},
      {"UID 1,3", " 1 3"},
      {"SINCE 17-Jul-1996", " 1 2 3"},
      {"BEFORE 17-Jul-1996", ""},
      {"ON \"17-Jul-1996\"", " 1 2 3"},
      {"SENTSINCE 1-Jan-1990", ""},
      {"OLDER 3600", " 1 2 3"},
      {"YOUNGER 3600", ""},
      {"CHARSET UTF-8 DRAFT", ""},
  };
  std::vector<std::string> commands{"s SELECT INBOX"};
  for (const auto& [keys, found] : searches) commands.push_back("a SEARCH " + keys);
  const auto answers = answers_to(server, commands);
  for (std::size_t i = 0; i < searches.size(); ++i) {
    EXPECT_EQ(answers[i + 1], "* SEARCH" + searches[i].second + "\r\na OK done\r\n") << searches[i].first;
  }
}

TEST(TestingImapServer, RefusesSearchesThatAreNone) {
  imap_server server(in_plain_text());
  fill(server);
  for (const char* keys :
       {"FOO", "OR SEEN", "NOT", "SUBJECT", "LARGER x", "SINCE yesterday", "()", "UID x"}) {
    EXPECT_EQ(answer_to(server, {"s SELECT INBOX", std::string("a SEARCH ") + keys}),
              "a BAD a search that is not known here\r\n")
        << keys;
  }
  EXPECT_EQ(answer_to(server, {"s SELECT INBOX", "a SEARCH CHARSET latin-9 ALL"}),
            "a NO [BADCHARSET (UTF-8 US-ASCII)] an unknown charset\r\n");
}

TEST(TestingImapServer, AnswersExtendedSearches) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers = answers_to(
      server, {"s SELECT INBOX", "a UID SEARCH RETURN (MIN MAX COUNT ALL) SUBJECT high",
               "b SEARCH RETURN () UNSEEN", "c SEARCH RETURN (COUNT) DELETED", "d SEARCH RETURN (SAVE) SEEN",
               "e FETCH $ UID", "f SEARCH MODSEQ 3", "g SEARCH RETURN (MIN) MODSEQ 3"});
  EXPECT_EQ(answers[1], "* ESEARCH (TAG \"a\") UID MIN 1 MAX 3 ALL 1,3 COUNT 2\r\na OK done\r\n");
  EXPECT_EQ(answers[2], "* ESEARCH (TAG \"b\") ALL 1,3\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "* ESEARCH (TAG \"c\") COUNT 0\r\nc OK done\r\n");
  EXPECT_EQ(answers[4], "d OK done\r\n");
  EXPECT_EQ(answers[5], "* 2 FETCH (UID 2)\r\ne OK done\r\n");
  EXPECT_EQ(answers[6], "* SEARCH 2 3 (MODSEQ 4)\r\nf OK done\r\n");
  EXPECT_EQ(answers[7], "* ESEARCH (TAG \"g\") MIN 2 MODSEQ 3\r\ng OK done\r\n");
}

TEST(TestingImapServer, Sorts) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers =
      answers_to(server, {"s SELECT INBOX", "a SORT (SUBJECT REVERSE SIZE) UTF-8 ALL",
                          "b UID SORT (REVERSE ARRIVAL FROM) UTF-8 ALL", "c SORT (FOO) UTF-8 ALL"});
  EXPECT_EQ(answers[1], "* SORT 3 1 2\r\na OK done\r\n");
  EXPECT_EQ(answers[2], "* SORT 2 3 1\r\nb OK done\r\n");
  EXPECT_EQ(answers[3], "c BAD an unknown order\r\n");
}

TEST(TestingImapServer, ListsMailboxesAndTheirStatus) {
  imap_server server(in_plain_text());
  fill(server);
  server.create_mailbox("ada", "Archive/2025", "\\Archive");
  const auto answers = answers_to(
      server, {"a LIST \"\" *", "b LIST \"\" %", "c LIST Archive/ %", "d LIST \"\" \"\"",
               "e STATUS inbox (MESSAGES UNSEEN UIDNEXT UIDVALIDITY SIZE HIGHESTMODSEQ)",
               "f LIST (SPECIAL-USE) \"\" (S* A*) RETURN (STATUS (MESSAGES))", "g UNSUBSCRIBE Junk",
               "h LSUB \"\" J*", "i LIST (SUBSCRIBED) \"\" (J* T*)", "j STATUS none (MESSAGES)"});
  EXPECT_EQ(answers[0],
            "* LIST (\\HasNoChildren \\Archive) \"/\" \"Archive/2025\"\r\n"
            "* LIST (\\HasNoChildren \\Drafts) \"/\" \"Drafts\"\r\n"
            "* LIST (\\HasNoChildren) \"/\" \"INBOX\"\r\n* LIST (\\HasNoChildren \\Junk) \"/\" \"Junk\"\r\n"
            "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"\r\n"
            "* LIST (\\HasNoChildren \\Trash) \"/\" \"Trash\"\r\na OK done\r\n");
  EXPECT_EQ(answers[1].find("Archive"), std::string::npos);
  EXPECT_EQ(answers[2], "* LIST (\\HasNoChildren \\Archive) \"/\" \"Archive/2025\"\r\nc OK done\r\n");
  EXPECT_EQ(answers[3], "* LIST (\\Noselect) \"/\" \"\"\r\nd OK done\r\n");
  EXPECT_EQ(answers[4],
            "* STATUS \"INBOX\" (MESSAGES 3 UNSEEN 2 UIDNEXT 4 UIDVALIDITY 1000 SIZE 238 HIGHESTMODSEQ 4)\r\n"
            "e OK done\r\n");
  EXPECT_EQ(answers[5],
            "* LIST (\\HasNoChildren \\Archive) \"/\" \"Archive/2025\"\r\n"
            "* STATUS \"Archive/2025\" (MESSAGES 0)\r\n* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"\r\n"
            "* STATUS \"Sent\" (MESSAGES 0)\r\nf OK done\r\n");
  EXPECT_EQ(answers[7], "h OK done\r\n");
  EXPECT_EQ(answers[8], "* LIST (\\HasNoChildren \\Subscribed \\Trash) \"/\" \"Trash\"\r\ni OK done\r\n");
  EXPECT_EQ(answers[9], "j NO [NONEXISTENT] no such mailbox\r\n");
}

TEST(TestingImapServer, MakesRemovesAndRenamesMailboxes) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers =
      answers_to(server, {"a CREATE \"Caf&AOk-/deep\"", "b CREATE Sent", "c CREATE Arch (USE (\\Archive))",
                          "d RENAME \"Caf&AOk-/deep\" x/y", "e DELETE x/y", "f DELETE INBOX", "g DELETE none",
                          "h RENAME Arch Junk"});
  EXPECT_EQ(answers[0], "a OK done\r\n");
  EXPECT_EQ(answers[1], "b NO [ALREADYEXISTS] it is there already, or it is no name\r\n");
  EXPECT_EQ(answers[3], "d OK done\r\n");
  EXPECT_EQ(answers[4], "e OK done\r\n");
  EXPECT_EQ(answers[5], "f NO [CANNOT] the inbox stays\r\n");
  EXPECT_EQ(answers[6], "g NO [NONEXISTENT] no such mailbox\r\n");
  EXPECT_EQ(answers[7], "h NO [ALREADYEXISTS] it is there already\r\n");
  EXPECT_EQ(server.mailboxes("ada"),
            (std::vector<std::string>{"Arch", "Drafts", "INBOX", "Junk", "Sent", "Trash"}));
  server.create_mailbox("ada", "Caf\xc3\xa9");
  EXPECT_NE(answer_to(server, {"a LIST \"\" C*"}).find("\"Caf&AOk-\""), std::string::npos);
  EXPECT_NE(answer_to(server, {"a ENABLE UTF8=ACCEPT", "b LIST \"\" C*"}).find("\"Caf\xc3\xa9\""),
            std::string::npos);
}

TEST(TestingImapServer, SpeaksIMAP4rev2WhenItIsEnabled) {
  imap_server server(in_plain_text());
  fill(server);
  const auto answers =
      answers_to(server, {"a ENABLE IMAP4rev2 FOO", "b SELECT INBOX", "c SEARCH UNSEEN", "d SELECT Sent",
                          "e ID NIL", "f NAMESPACE", "g UNSELECT", "h CAPABILITY"});
  EXPECT_EQ(answers[0], "* ENABLED IMAP4rev2\r\na OK done\r\n");
  EXPECT_EQ(answers[1].find("RECENT"), std::string::npos);
  EXPECT_NE(answers[1].find("* LIST () \"/\" \"INBOX\"\r\n"), std::string::npos);
  EXPECT_EQ(answers[2], "* ESEARCH (TAG \"c\") ALL 1,3\r\nc OK done\r\n");
  EXPECT_TRUE(answers[3].starts_with("* OK [CLOSED]"));
  EXPECT_EQ(answers[4], "* ID (\"name\" \"tidewire\")\r\ne OK done\r\n");
  EXPECT_EQ(answers[5], "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nf OK done\r\n");
  EXPECT_EQ(answers[7], "* CAPABILITY " + std::string(all_imap_capabilities) + "\r\nh OK these\r\n");
}

TEST(TestingImapServer, LacksTheExtensionsThatItIsToldTo) {
  imap_server server(in_plain_text("IDLE MOVE UIDPLUS ENABLE"));
  fill(server);
  const auto answers = answers_to(server, {"a CAPABILITY", "b SELECT INBOX", "c MOVE 1 Sent", "d IDLE",
                                           "e COPY 1 Sent", "f APPEND Sent {1+}\r\nx", "g UID EXPUNGE 1"});
  for (const char* gone : {"IDLE", "MOVE", "UIDPLUS", "ENABLE", "IMAP4rev2"}) {
    EXPECT_EQ(answers[0].find(gone), std::string::npos) << gone;
  }
  EXPECT_EQ(answers[2], "c BAD unknown command\r\n");
  EXPECT_EQ(answers[3], "d BAD unknown command\r\n");
  EXPECT_EQ(answers[4], "e OK done\r\n");
  EXPECT_EQ(answers[5], "f OK appended\r\n");
  EXPECT_EQ(answers[6], "g BAD unknown command\r\n");
}

TEST(TestingImapServer, TellsWhatOthersChange) {
  imap_server server(in_plain_text());
  fill(server);
  server.run([&]() -> task<> {
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    (void)co_await client.say("a LOGIN ada secret");
    (void)co_await client.say("b SELECT INBOX");
    server.deliver("ada", tide);
    server.set_flags("ada", "INBOX", 3, "\\Flagged");
    server.remove_message("ada", "INBOX", 1);
    EXPECT_EQ(
        co_await client.say("c FETCH 2 UID"),
        "* 2 FETCH (UID 2)\r\n* 4 EXISTS\r\n* 0 RECENT\r\n* 3 FETCH (FLAGS (\\Flagged))\r\nc OK done\r\n")
        << "nothing may go during FETCH";
    EXPECT_EQ(co_await client.say("d NOOP"), "* 1 EXPUNGE\r\nd OK done\r\n");
    EXPECT_EQ(co_await client.say("e NOOP"), "e OK done\r\n");
    server.remove_mailbox("ada", "INBOX");
    EXPECT_EQ(co_await client.say("f NOOP"), "f NO [NONEXISTENT] the mailbox is gone\r\n");
  });
}

TEST(TestingImapServer, TellsAtOnceWhileAClientIdles) {
  imap_server server(in_plain_text());
  fill(server);
  virtual_clock time;
  server.run(
      [&]() -> task<> {
        imap_dialogue idling(server.connect());
        imap_dialogue other(server.connect());
        for (imap_dialogue* one : {&idling, &other}) {
          (void)co_await one->until("* ");
          (void)co_await one->say("a LOGIN ada secret");
          (void)co_await one->say("b SELECT INBOX");
        }
        co_await idling.send("c IDLE");
        EXPECT_EQ(co_await idling.until("+ "), "+ idling\r\n");
        server.deliver("ada", tide);
        EXPECT_EQ(co_await idling.until("* 0 RECENT"), "* 4 EXISTS\r\n* 0 RECENT\r\n");
        (void)co_await other.say("d STORE 1 +FLAGS (\\Deleted)");
        EXPECT_EQ(co_await idling.until("* 1 FETCH"), "* 1 FETCH (FLAGS (\\Deleted))\r\n");
        (void)co_await other.say("e EXPUNGE");
        EXPECT_EQ(co_await idling.until("* 1 EXPUNGE"), "* 1 EXPUNGE\r\n");
        (void)co_await other.say("f APPEND INBOX {1+}\r\nx");
        EXPECT_EQ(co_await idling.until("* 4 EXISTS"), "* 4 EXISTS\r\n");
        (void)co_await idling.until("* 0 RECENT");
        co_await idling.send("DONE");
        EXPECT_EQ(co_await idling.until("c "), "c OK no longer idle\r\n");
      },
      {.clock = &time});
}

TEST(TestingImapServer, ResynchronisesAMailbox) {
  imap_server server(in_plain_text());
  fill(server);
  server.remove_message("ada", "INBOX", 1);
  server.set_flags("ada", "INBOX", 3, "\\Flagged");
  const auto answers = answers_to(
      server, {"a SELECT INBOX (QRESYNC (1000 4))", "b ENABLE QRESYNC",
               "c SELECT INBOX (QRESYNC (1000 4 1:3))", "d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 4 VANISHED)",
               "e STORE 1 +FLAGS.SILENT (\\Deleted)", "f EXPUNGE", "g SELECT INBOX (QRESYNC (999 4))"});
  EXPECT_EQ(answers[0], "a BAD QRESYNC was not enabled\r\n");
  EXPECT_EQ(answers[1], "* ENABLED QRESYNC\r\nb OK done\r\n");
  EXPECT_TRUE(
      answers[2].ends_with("* VANISHED (EARLIER) 1\r\n* 2 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (6))\r\n"
                           "c OK [READ-WRITE] selected\r\n"))
      << answers[2];
  EXPECT_EQ(answers[3],
            "* VANISHED (EARLIER) 1\r\n* 2 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (6))\r\nd OK done\r\n");
  EXPECT_EQ(answers[5], "* VANISHED 2\r\nf OK [HIGHESTMODSEQ 8] done\r\n");
  EXPECT_EQ(answers[6].find("EARLIER"), std::string::npos) << "another UIDVALIDITY";
}

TEST(TestingImapServer, ChangesUidValidity) {
  imap_server server(in_plain_text());
  fill(server);
  server.renumber("ada");
  EXPECT_EQ(uids_of(server), (uids{1004, 1005, 1006}));
  EXPECT_NE(answer_to(server, {"a SELECT INBOX"}).find("[UIDVALIDITY 1005]"), std::string::npos);
}

TEST(TestingImapServer, LetsInByEachMechanism) {
  imap_server server(in_plain_text());
  server.add_user("ada", "secret");
  server.run([&]() -> task<> {
    const std::string plain = base64::encode(as_bytes(std::string_view("\0ada\0secret", 11)));
    {
      imap_dialogue client(server.connect());
      (void)co_await client.until("* ");
      EXPECT_TRUE((co_await client.say("a AUTHENTICATE PLAIN " + plain)).starts_with("a OK [CAPABILITY"));
    }
    {
      imap_dialogue client(server.connect());
      (void)co_await client.until("* ");
      co_await client.send("a AUTHENTICATE PLAIN");
      EXPECT_EQ(co_await client.until("+"), "+ \r\n");
      co_await client.send(plain);
      EXPECT_TRUE((co_await client.until("a ")).starts_with("a OK"));
    }
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    EXPECT_EQ(co_await client.say("a LOGIN ada wrong"), "a NO [AUTHENTICATIONFAILED] not let in\r\n");
    EXPECT_EQ(co_await client.say("b AUTHENTICATE PLAIN AGFkYQB4"),
              "b NO [AUTHENTICATIONFAILED] not let in\r\n");
    for (const std::string_view mechanism : crypto::sasl_mechanisms()) {
      if (mechanism.ends_with("-PLUS") || mechanism == "EXTERNAL") continue;
      const std::string text(mechanism);
      const bool bearer = text == "OAUTHBEARER" || text == "XOAUTH2";
      if (bearer) server.add_token("ada", "token");
      imap_dialogue one(server.connect());
      (void)co_await one.until("* ");
      auto credentials = bearer ? crypto::sasl_credentials::bearer("ada", "token")
                                : crypto::sasl_credentials("ada", "secret");
      auto sasl = crypto::sasl_client::make(mechanism, credentials).value();
      std::string first = "a AUTHENTICATE " + text;
      if (sasl.sends_first()) first += ' ' + base64::encode(sasl.first().value().reveal_bytes());
      co_await one.send(first);
      std::string line;
      for (;;) {
        line = co_await one.until("");
        if (!line.starts_with("+ ")) break;
        const std::string challenge = base64::decode_text(line.substr(2, line.size() - 4)).value();
        const secret response = sasl.reply(challenge).value();
        const std::string encoded = base64::encode(response.reveal_bytes());
        co_await one.send(encoded);
      }
      EXPECT_TRUE(line.starts_with("a OK")) << mechanism << ": " << line;
      EXPECT_TRUE(sasl.finish()) << mechanism;
    }
  });
  EXPECT_EQ(server.transcript().find("secret"), std::string::npos);
}

TEST(TestingImapServer, ProtectsConnectionsByTls) {
  for (const tls_mode mode : {tls_mode::implicit, tls_mode::starttls}) {
    imap_server server({.tls = mode});
    fill(server);
    const tls::client_context context = server.client_tls();
    server.run([&]() -> task<> {
      stream peer = server.connect();
      tls::client_options options;
      options.context = &context;
      if (mode == tls_mode::starttls) {
        imap_dialogue plain(std::move(peer));
        EXPECT_NE((co_await plain.until("* ")).find("STARTTLS LOGINDISABLED"), std::string::npos);
        EXPECT_EQ(co_await plain.say("a LOGIN ada secret"), "a NO [PRIVACYREQUIRED] not without TLS\r\n");
        EXPECT_EQ(co_await plain.say("b STARTTLS"), "b OK begin\r\n");
        peer = std::move(plain.peer());
      }
      imap_dialogue secured(co_await tls::start_tls(std::move(peer), "localhost", options));
      if (mode == tls_mode::implicit) (void)co_await secured.until("* ");
      EXPECT_TRUE((co_await secured.say("c LOGIN ada secret")).starts_with("c OK"));
      EXPECT_TRUE((co_await secured.say("d LOGOUT")).starts_with("* BYE"));
      const auto end = co_await as_result(secured.peer().fill());
      EXPECT_TRUE(end && *end == 0) << "TLS is ended by close_notify";
    });
  }
}

TEST(TestingImapServer, KnowsWhoIsPreauthenticated) {
  imap_server_options options = in_plain_text();
  options.preauthenticated = "ada";
  imap_server server(options);
  server.run([&]() -> task<> {
    imap_dialogue client(server.connect());
    EXPECT_TRUE((co_await client.until("* ")).starts_with("* PREAUTH "));
    EXPECT_TRUE((co_await client.say("a SELECT INBOX")).ends_with("a OK [READ-WRITE] selected\r\n"));
  });
}

TEST(TestingImapServer, WaitsForMessagesAndRefusesWhatIsNotThere) {
  imap_server server(in_plain_text());
  fill(server);
  virtual_clock time;
  server.run(
      [&]() -> task<> {
        const auto later = [&]() -> task<> {
          co_await sleep_for(3s);
          server.deliver("ada", tide);
        };
        const auto wait = [&]() -> task<> {
          const auto all = co_await server.wait_for("ada", 4);
          EXPECT_EQ(all.size(), 4u);
        };
        co_await when_all(later(), wait());
        const auto more = co_await as_result(server.wait_for("ada", 5));
        EXPECT_EQ(more.code(), condition::timeout);
        const auto endless = [&] { return server.wait_for("ada", 5, "INBOX", no_timeout); };
        EXPECT_EQ((co_await outcome_if_canceled_before(endless)).code(), condition::canceled);
        EXPECT_EQ((co_await outcome_if_canceled_midway(endless)).code(), condition::canceled);
      },
      {.clock = &time});
  EXPECT_THROW(server.deliver("eve", tide), error);
  EXPECT_THROW((void)server.messages("ada", "none"), error);
  EXPECT_THROW(server.remove_message("ada", "INBOX", 99), error);
  EXPECT_THROW(server.create_mailbox("ada", "INBOX"), error);
  EXPECT_THROW((void)server.mailboxes("eve"), error);
}

TEST(TestingImapServer, SaysWhatOurReaderUnderstands) {
  imap_server server(in_plain_text());
  fill(server);
  std::string all;
  for (const std::string& one :
       answers_to(server, {"a SELECT INBOX",
                           "b FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE INTERNALDATE "
                           "RFC822.SIZE MODSEQ BODY.PEEK[HEADER] BODY.PEEK[1])",
                           "c LIST \"\" *", "d STATUS INBOX (MESSAGES UIDNEXT)", "e SEARCH RETURN (ALL) ALL",
                           "f COPY 1 Sent", "g EXPUNGE", "h NAMESPACE", "i ID NIL"})) {
    all += one;
  }
  imap::response_reader reader;
  std::size_t count = 0;
  byte_view rest = as_bytes(all);
  while (!rest.empty()) {
    const auto step = reader.read(rest);
    ASSERT_TRUE(step) << step.error().message();
    rest = rest.subspan(step->consumed);
    if (step->event != imap::reader_event::complete) continue;
    const imap::response one = reader.take();
    const auto* unknown = std::get_if<imap::unknown_response>(&one);
    EXPECT_EQ(unknown, nullptr) << unknown->name << ' ' << unknown->text << ' ' << unknown->problem;
    ++count;
  }
  EXPECT_GT(count, 25u);
}

}  // namespace
}  // namespace tidewire::testing
