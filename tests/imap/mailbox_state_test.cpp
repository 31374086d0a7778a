// What is known of a mailbox: as text, and what `sync` makes of it.
#include <tidewire/imap/client.hpp>
#include <tidewire/imap/mailbox_state.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scripted.hpp"

namespace tidewire::imap {
namespace {

mailbox_state known_state() {
  mailbox_state out{.uid_validity = 7, .modseq = 20};
  out.uids.add(1, 5).add(7);
  return out;
}

TEST(ImapMailboxState, IsALineThatIsReadAgain) {
  EXPECT_EQ(known_state().to_string(), "1 7 20 1:5,7");
  EXPECT_EQ(mailbox_state::parse("1 7 20 1:5,7").value(), known_state());
  EXPECT_EQ(mailbox_state().to_string(), "1 0 0");
  EXPECT_EQ(mailbox_state::parse("1 0 0").value(), mailbox_state());
  for (const char* bad : {"", "1", "1 7", "2 7 20 1", "1 7 x 1", "1 4294967296 2 1", "1 7 20 1:*", "1 7 20 0",
                          "1 7 20 1:5 9", "1 7 -1", " 1 7 20"}) {
    EXPECT_EQ(mailbox_state::parse(bad).code(), condition::protocol) << bad;
  }
}

TEST(ImapSync, TellsAllOfAMailboxOfWhichNothingIsKnown) {
  signed_in("",
            {{"a1 SELECT INBOX\r\n", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] \r\na1 OK\r\n"},
             {"a2 UID SEARCH ALL\r\n", "* SEARCH 4 9\r\na2 OK\r\n"},
             {"a3 UID FETCH 1:* (FLAGS)\r\n",
              "* 1 FETCH (UID 4 FLAGS (\\Seen))\r\n* 2 FETCH (UID 9 FLAGS ())\r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes all = co_await imap.sync("INBOX");
              EXPECT_EQ(all.arrived.to_string(), "4,9");
              EXPECT_TRUE(all.vanished.empty());
              EXPECT_EQ(all.flags.size(), 2u);
              EXPECT_TRUE(all.flags_complete);
              EXPECT_FALSE(all.reset);
              EXPECT_EQ(all.state.to_string(), "1 7 0 4,9");
            });
}

TEST(ImapSync, FindsOutWithoutCondstoreWhatCameAndWent) {
  signed_in("",
            {{"a1 SELECT INBOX\r\n", "* 6 EXISTS\r\n* OK [UIDVALIDITY 7] \r\na1 OK\r\n"},
             {"a2 UID SEARCH ALL\r\n", "* SEARCH 1 2 4 5 7 9\r\na2 OK\r\n"},
             {"a3 UID FETCH 9 (FLAGS)\r\n", "* 6 FETCH (UID 9 FLAGS ())\r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes some = co_await imap.sync("INBOX", known_state());
              EXPECT_EQ(some.arrived.to_string(), "9");
              EXPECT_EQ(some.vanished.to_string(), "3");
              EXPECT_FALSE(some.flags_complete);
              EXPECT_FALSE(some.empty());
            });
}

TEST(ImapSync, AsksByCondstoreForTheFlagsThatChanged) {
  signed_in("CONDSTORE",
            {{"a1 SELECT INBOX (CONDSTORE)\r\n",
              "* 6 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 30] \r\na1 OK\r\n"},
             {"a2 UID SEARCH ALL\r\n", "* SEARCH 1 2 3 4 5 7\r\na2 OK\r\n"},
             {"a3 UID FETCH 1:* (FLAGS MODSEQ) (CHANGEDSINCE 20)\r\n",
              "* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (30))\r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes some = co_await imap.sync("INBOX", known_state());
              EXPECT_TRUE(some.arrived.empty());
              EXPECT_TRUE(some.vanished.empty());
              EXPECT_TRUE(some.flags_complete);
              const std::vector<message_flags> expected{{2, flag::seen, 30}};
              EXPECT_EQ(some.flags, expected);
              EXPECT_EQ(some.state.modseq, 30u);
            });
}

TEST(ImapSync, GetsAllByQresyncWithTheSelection) {
  signed_in("ENABLE CONDSTORE QRESYNC",
            {{"a1 ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\r\na1 OK\r\n"},
             {"a2 SELECT INBOX (QRESYNC (7 20))\r\n",
              "* 5 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 31] \r\n"
              "* VANISHED (EARLIER) 3,5:6\r\n* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (30))\r\n"
              "* 5 FETCH (UID 9 FLAGS () MODSEQ (31))\r\na2 OK\r\n"},
             // A mailbox that is selected is closed first: what is told before that is no part of it.
             {"a3 SELECT INBOX (QRESYNC (7 31))\r\n",
              "* 9 EXISTS\r\n* OK [CLOSED] \r\n* 5 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n"
              "* OK [HIGHESTMODSEQ 31] \r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes some = co_await imap.sync("INBOX", known_state());
              EXPECT_EQ(some.vanished.to_string(), "3,5");
              EXPECT_EQ(some.arrived.to_string(), "9");
              EXPECT_EQ(some.flags.size(), 2u);
              EXPECT_EQ(some.state.to_string(), "1 7 31 1:2,4,7,9");
              const mailbox_changes none = co_await imap.sync("INBOX", some.state);
              EXPECT_TRUE(none.empty());
              EXPECT_EQ(none.state, some.state);
              EXPECT_EQ(imap.selected()->exists, 5u);
            });
}

TEST(ImapSync, CountsAgainWhatDoesNotAddUp) {
  // The server says 5 messages, and what it tells of changes leaves 6.
  signed_in("ENABLE CONDSTORE QRESYNC",
            {{"a1 ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\r\na1 OK\r\n"},
             {"a2 SELECT INBOX (QRESYNC (7 20))\r\n",
              "* 5 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 31] \r\na2 OK\r\n"},
             {"a3 UID SEARCH ALL\r\n", "* SEARCH 1 2 3 4 7\r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes some = co_await imap.sync("INBOX", known_state());
              EXPECT_EQ(some.vanished.to_string(), "5");
            });
}

TEST(ImapSync, SaysThatTheUidsMeanNothingAnyMore) {
  signed_in("",
            {{"a1 SELECT INBOX\r\n", "* 1 EXISTS\r\n* OK [UIDVALIDITY 8] \r\na1 OK\r\n"},
             {"a2 UID SEARCH ALL\r\n", "* SEARCH 1\r\na2 OK\r\n"},
             {"a3 UID FETCH 1:* (FLAGS)\r\n", "* 1 FETCH (UID 1 FLAGS ())\r\na3 OK\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_changes all = co_await imap.sync("INBOX", known_state());
              EXPECT_TRUE(all.reset);
              EXPECT_EQ(all.arrived.to_string(), "1");
              EXPECT_TRUE(all.vanished.empty());
              EXPECT_EQ(all.state.uid_validity, 8u);
            });
}

TEST(ImapSync, NamesTheMailboxThatIsRefused) {
  signed_in("", {{"a1 SELECT Work\r\n", "a1 NO [NONEXISTENT] gone\r\n"}}, [](client& imap) -> task<> {
    const auto gone = co_await as_result(imap.sync("Work"));
    EXPECT_EQ(gone.code(), make_error_code(errc::mailbox_missing));
    EXPECT_EQ(gone.error().operation(), "find out what changed in Work at");
  });
}

}  // namespace
}  // namespace tidewire::imap
