// A mailbox that is followed: by IDLE, past its time limit, across lost connections.
#include <tidewire/imap/client.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scripted.hpp"
#include "support/cancellation.hpp"

namespace tidewire::imap {
namespace {

using namespace std::chrono_literals;
using tidewire::testing::outcome_if_canceled_midway;

constexpr std::string_view idle_capabilities = "IDLE";

turn selects(std::string_view tag, std::size_t exists) {
  const std::string number(tag);
  return {number + " SELECT INBOX\r\n",
          "* " + std::to_string(exists) + " EXISTS\r\n* OK [UIDVALIDITY 7] \r\n" + number + " OK done\r\n"};
}

turn tells_uids(std::string_view tag, std::string_view uids) {
  const std::string number(tag);
  return {number + " UID SEARCH ALL\r\n", "* SEARCH " + std::string(uids) + "\r\n" + number + " OK\r\n"};
}

turn idles(std::string_view tag, std::string_view then = "") {
  return {std::string(tag) + " IDLE\r\n", "+ idling\r\n" + std::string(then)};
}

turn ends(std::string_view tag) {
  return {"DONE\r\n", std::string(tag) + " OK idled\r\n"};
}

// Connections one after the other, each by its script; `body(client)` runs beside them.
void over(const std::vector<std::vector<turn>>& scripts, const std::function<task<>(client&)>& body) {
  virtual_clock time;
  const auto all = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      std::size_t next = 0;
      const connector dial = [&]() -> task<stream> {
        if (next == scripts.size()) {
          throw error(std::make_error_code(std::errc::connection_refused), "there are no more");
        }
        auto pair = memory_stream_pair();
        const auto serve = [](stream peer, const std::vector<turn>& script) -> task<> {
          co_await play(peer, script);
        };
        group.spawn(serve(std::move(pair.second), scripts[next++]));
        co_return std::move(pair.first);
      };
      {
        client imap = co_await open(dial, plain());
        co_await body(imap);
      }
      co_await group.wait_below(1);
      EXPECT_EQ(next, scripts.size()) << "connections";
    });
  };
  run(with_timeout(24h, all()), {.clock = &time});
}

watch_options quick() {
  watch_options options;
  options.random = [] { return 0.999; };
  return options;
}

TEST(ImapWatch, TellsWhatComesGoesAndChanges) {
  signed_in(idle_capabilities,
            {selects("a1", 3),
             tells_uids("a2", "4 5 9"),
             idles("a3", "* 2 FETCH (FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\n* OK still here\r\n"),
             {"", "* 3 EXISTS\r\n"},
             ends("a3"),
             {"a4 UID FETCH 10:* (FLAGS)\r\n", "* 3 FETCH (UID 12 FLAGS (Work))\r\na4 OK\r\n"},
             idles("a5")},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              const auto seen = co_await changes.next();
              const change expected_seen{.kind = change_kind::flagged, .uid = 5, .flags = flag::seen};
              EXPECT_EQ(*seen, expected_seen);
              const auto gone = co_await changes.next();
              const change expected_gone{.kind = change_kind::vanished, .uid = 4};
              EXPECT_EQ(*gone, expected_gone);
              const auto came = co_await changes.next();
              EXPECT_EQ(came->kind, change_kind::arrived);
              EXPECT_EQ(came->uid, 12u);
              EXPECT_TRUE(came->flags.contains("Work"));
              EXPECT_FALSE(came->missed);
              EXPECT_EQ(changes.state().uids.to_string(), "5,9,12");
              const auto idle = [&]() -> task<> { (void)co_await changes.next(); };
              const auto outcome = co_await outcome_if_canceled_midway(idle);
              EXPECT_EQ(outcome.code(), condition::canceled);
              EXPECT_TRUE(imap.is_open()) << "in IDLE, canceling costs nothing";
            });
}

TEST(ImapWatch, LetsOtherCommandsInAndBeginsAgainBehindThem) {
  signed_in(idle_capabilities,
            {selects("a1", 1),
             tells_uids("a2", "4"),
             idles("a3"),
             ends("a3"),
             {"a4 NOOP\r\n", "a4 OK\r\n"},
             idles("a5", "* 1 FETCH (FLAGS ())\r\n"),
             ends("a5"),
             {"a6 UID FETCH 4 (FLAGS)\r\n", "* 1 FETCH (UID 4 FLAGS ())\r\na6 OK\r\n"},
             idles("a7", "* 1 EXPUNGE\r\n")},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              const auto follow = [&]() -> task<> {
                const auto first = co_await changes.next();
                EXPECT_EQ(first->kind, change_kind::flagged);
                // Also by the task that follows.
                fetch_request what;
                what.flags();
                const auto all = co_await imap.fetch(first->uid, what);
                EXPECT_EQ(all.size(), 1u);
                const auto second = co_await changes.next();
                EXPECT_EQ(second->kind, change_kind::vanished);
              };
              const auto disturb = [&]() -> task<> {
                co_await sleep_for(1min);
                co_await imap.noop();
              };
              co_await when_all(follow(), disturb());
            });
}

TEST(ImapWatch, RenewsIdleBeforeTheServerLosesItsPatience) {
  signed_in(idle_capabilities,
            {selects("a1", 1), tells_uids("a2", "4"), idles("a3"), ends("a3"), idles("a4"), ends("a4"),
             idles("a5", "* 1 EXPUNGE\r\n")},
            [](client& imap) -> task<> {
              const executor here = co_await this_executor();
              const time_point begin = here.now();
              watch_options options;
              options.renew_after = 25min;
              mailbox_watch changes = imap.watch("INBOX", options);
              const auto gone = co_await changes.next();
              EXPECT_EQ(gone->kind, change_kind::vanished);
              EXPECT_GE(here.now() - begin, 50min);
              EXPECT_LT(here.now() - begin, 51min);
            });
}

TEST(ImapWatch, AsksAServerWithoutIdleOrWhoseIdleIsOfNoUse) {
  const std::vector<turn> polled = {{"a3 NOOP\r\n", "a3 OK\r\n"},
                                    {"a4 NOOP\r\n", "* 1 EXPUNGE\r\na4 OK\r\n"}};
  std::vector<turn> script = {selects("a1", 1), tells_uids("a2", "4")};
  script.insert(script.end(), polled.begin(), polled.end());
  const auto follow = [](client& imap) -> task<> {
    mailbox_watch changes = imap.watch("INBOX");
    const auto gone = co_await changes.next();
    EXPECT_EQ(gone->uid, 4u);
  };
  signed_in("", script, follow);
  signed_in(idle_capabilities,
            {selects("a1", 1),
             tells_uids("a2", "4"),
             {"a3 IDLE\r\n", "a3 BAD what?\r\n"},
             {"a4 NOOP\r\n", "* 1 EXPUNGE\r\na4 OK\r\n"}},
            follow);
  signed_in(idle_capabilities,
            {selects("a1", 1),
             tells_uids("a2", "4"),
             {"a3 IDLE\r\n", "+ idling\r\na3 OK enough\r\n"},
             {"a4 IDLE\r\n", "+ idling\r\na4 OK enough\r\n"},
             {"a5 IDLE\r\n", "+ idling\r\na5 OK enough\r\n"},
             {"a6 NOOP\r\n", "* 1 EXPUNGE\r\na6 OK\r\n"}},
            follow);
}

TEST(ImapWatch, SelectsItsMailboxAgainWhenAnotherWas) {
  signed_in(idle_capabilities,
            {selects("a1", 1),
             tells_uids("a2", "4"),
             idles("a3", "* 1 FETCH (FLAGS ())\r\n"),
             ends("a3"),
             {"a4 SELECT Work\r\n", "* 0 EXISTS\r\na4 OK\r\n"},
             selects("a5", 2),
             tells_uids("a6", "4 6"),
             {"a7 UID FETCH 6 (FLAGS)\r\n", "* 2 FETCH (UID 6 FLAGS ())\r\na7 OK\r\n"}},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              (void)co_await changes.next();
              (void)co_await imap.select("Work");
              const auto came = co_await changes.next();
              EXPECT_EQ(came->uid, 6u);
              EXPECT_TRUE(came->missed);
            });
}

TEST(ImapWatch, EndsWhenItIsStopped) {
  signed_in(idle_capabilities,
            {selects("a1", 1), tells_uids("a2", "4"), idles("a3"), ends("a3"), {"a4 NOOP\r\n", "a4 OK\r\n"}},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              const auto follow = [&]() -> task<> {
                const auto none = co_await changes.next();
                EXPECT_FALSE(none);
                const auto still_none = co_await changes.next();
                EXPECT_FALSE(still_none);
              };
              const auto stop = [&]() -> task<> {
                co_await sleep_for(1s);
                changes.stop();
              };
              co_await when_all(follow(), stop());
              co_await imap.noop();
            });
}

TEST(ImapWatch, RefusesASecondOne) {
  signed_in(idle_capabilities, {selects("a1", 1), tells_uids("a2", "4"), idles("a3")},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              mailbox_watch others = imap.watch("Work");
              const auto follow = [&]() -> task<> { (void)co_await changes.next(); };
              const auto check = [&]() -> task<> {
                const auto second = co_await as_result(others.next());
                EXPECT_EQ(second.code(), condition::misuse);
                const auto twice = co_await as_result(changes.next());
                EXPECT_EQ(twice.code(), condition::misuse);
              };
              const auto limited = [&]() -> task<> { (void)co_await as_result(with_timeout(1s, follow())); };
              co_await when_all(limited(), check());
            });
}

TEST(ImapWatch, SaysThatTheMailboxIsGone) {
  signed_in(idle_capabilities, {{"a1 SELECT Work\r\n", "a1 NO [NONEXISTENT] gone\r\n"}},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("Work");
              const auto gone = co_await as_result(changes.next());
              EXPECT_EQ(gone.code(), make_error_code(errc::mailbox_missing));
              EXPECT_TRUE(imap.is_open());
            });
}

TEST(ImapWatch, ThrowsOnceThatTheUidsMeanNothingAnyMore) {
  signed_in(idle_capabilities,
            {{"a1 SELECT INBOX\r\n", "* 1 EXISTS\r\n* OK [UIDVALIDITY 8] \r\na1 OK\r\n"},
             tells_uids("a2", "1"),
             idles("a3", "* 1 EXPUNGE\r\n")},
            [](client& imap) -> task<> {
              const mailbox_state known{.uid_validity = 7, .uids = sequence_set(1, 9)};
              watch_options options;
              options.since = &known;
              mailbox_watch changes = imap.watch("INBOX", options);
              const auto reset = co_await as_result(changes.next());
              EXPECT_EQ(reset.code(), make_error_code(errc::uid_validity_changed));
              const auto gone = co_await changes.next();
              EXPECT_EQ(gone->uid, 1u);
              EXPECT_FALSE(gone->missed);
            });
}

TEST(ImapWatch, TellsWhatWasMissedWithoutCondstore) {
  over({{lets_in("IDLE"), selects("a1", 2), tells_uids("a2", "4 5"), idles("a3"), {"", "(close)"}},
        {lets_in("IDLE"),
         selects("a4", 2),
         tells_uids("a5", "5 8"),
         {"a6 UID FETCH 8 (FLAGS)\r\n", "* 2 FETCH (UID 8 FLAGS (\\Seen))\r\na6 OK\r\n"}}},
       [](client& imap) -> task<> {
         mailbox_watch changes = imap.watch("INBOX", quick());
         const auto gone = co_await changes.next();
         const change expected_gone{.kind = change_kind::vanished, .uid = 4, .missed = true};
         EXPECT_EQ(*gone, expected_gone);
         const auto came = co_await changes.next();
         const change expected_came{
             .kind = change_kind::arrived, .uid = 8, .flags = flag::seen, .missed = true};
         EXPECT_EQ(*came, expected_came);
         EXPECT_EQ(changes.reconnects(), 1u);
       });
}

TEST(ImapWatch, TellsByCondstoreWhoseFlagsWereChangedAndEachChangeOnce) {
  const turn first{"a1 SELECT INBOX (CONDSTORE)\r\n",
                   "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 20] \r\na1 OK\r\n"};
  const turn again{"a4 SELECT INBOX (CONDSTORE)\r\n",
                   "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 22] \r\na4 OK\r\n"};
  over(
      {{lets_in("IDLE CONDSTORE"),
        first,
        tells_uids("a2", "4 5 6"),
        idles("a3", "* 1 FETCH (FLAGS (\\Seen) MODSEQ (21))\r\n"),
        {"", "(close)"}},
       {lets_in("IDLE CONDSTORE"),
        again,
        tells_uids("a5", "4 5 6"),
        {"a6 UID FETCH 1:* (FLAGS MODSEQ) (CHANGEDSINCE 20)\r\n",
         "* 1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (21))\r\n* 3 FETCH (UID 6 FLAGS (\\Flagged) MODSEQ (22))\r\n"
         "a6 OK\r\n"}}},
      [](client& imap) -> task<> {
        mailbox_watch changes = imap.watch("INBOX", quick());
        const auto seen = co_await changes.next();
        EXPECT_EQ(seen->uid, 4u);
        EXPECT_FALSE(seen->missed);
        const auto flagged = co_await changes.next();
        EXPECT_EQ(flagged->uid, 6u) << "that of 4 was told before";
        EXPECT_TRUE(flagged->missed);
        EXPECT_EQ(changes.state().modseq, 22u);
      });
}

TEST(ImapWatch, TellsByQresyncAllOfItInOneExchange) {
  const std::string_view server = "IDLE ENABLE CONDSTORE QRESYNC";
  const turn enables{"a1 ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\r\na1 OK\r\n"};
  const turn first{"a2 SELECT INBOX (CONDSTORE)\r\n",
                   "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 20] \r\na2 OK\r\n"};
  const turn enables_again{"a5 ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\r\na5 OK\r\n"};
  const turn again{"a6 SELECT INBOX (QRESYNC (7 20))\r\n",
                   "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [HIGHESTMODSEQ 25] \r\n"
                   "* VANISHED (EARLIER) 1:3,5\r\n* 1 FETCH (UID 6 FLAGS (\\Seen) MODSEQ (24))\r\n"
                   "* 2 FETCH (UID 9 FLAGS () MODSEQ (25))\r\na6 OK\r\n"};
  over({{lets_in(server),
         enables,
         first,
         tells_uids("a3", "4 5 6"),
         idles("a4", "* VANISHED 4\r\n"),
         {"", "* 3 EXISTS\r\n"},
         {"", "(close)"}},
        {lets_in(server), enables_again, again, idles("a7", "* VANISHED 6\r\n")}},
       [](client& imap) -> task<> {
         mailbox_watch changes = imap.watch("INBOX", quick());
         std::string all;
         for (int i = 0; i < 5; ++i) {
           const auto one = co_await changes.next();
           all += one->kind == change_kind::arrived ? "+" : one->kind == change_kind::vanished ? "-" : "*";
           all += std::to_string(one->uid) + (one->missed ? "? " : " ");
         }
         EXPECT_EQ(all, "-4 -5? +9? *6? -6 ");
         EXPECT_EQ(changes.state().uids.to_string(), "9");
       });
}

TEST(ImapWatch, NoticesADeadLinkWhenItRenews) {
  over({{lets_in("IDLE"), selects("a1", 1), tells_uids("a2", "4"), idles("a3"), {"DONE\r\n", ""}},
        {lets_in("IDLE"), selects("a4", 0), tells_uids("a5", "")}},
       [](client& imap) -> task<> {
         const executor here = co_await this_executor();
         const time_point begin = here.now();
         mailbox_watch changes = imap.watch("INBOX", quick());
         const auto gone = co_await changes.next();
         EXPECT_TRUE(gone->missed);
         EXPECT_LT(here.now() - begin, 12min);
         EXPECT_GE(here.now() - begin, 10min);
       });
}

TEST(ImapWatch, WaitsLongerAndLongerBetweenAttempts) {
  std::vector<std::vector<turn>> scripts;
  scripts.push_back({lets_in("IDLE"), selects("a1", 1), tells_uids("a2", "4"), idles("a3"), {"", "(close)"}});
  for (int i = 0; i < 5; ++i) scripts.push_back({{"", "* BYE not now\r\n"}});
  scripts.push_back({lets_in("IDLE"), selects("a4", 0), tells_uids("a5", "")});
  over(scripts, [](client& imap) -> task<> {
    const executor here = co_await this_executor();
    const time_point begin = here.now();
    watch_options options = quick();
    options.first_delay = 1s;
    options.longest_delay = 4s;
    mailbox_watch changes = imap.watch("INBOX", options);
    const auto gone = co_await changes.next();
    EXPECT_EQ(gone->uid, 4u);
    EXPECT_GE(here.now() - begin, 16s) << "1 + 2 + 4 + 4 + 4 + 4";
    EXPECT_LE(here.now() - begin, 20s);
  });
}

TEST(ImapWatch, SignsInAgainAndSaysIfItIsNotLetIn) {
  const turn greets{"", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE] hi\r\n"};
  over({{greets,
         {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"},
         selects("a2", 1),
         tells_uids("a3", "4"),
         idles("a4"),
         {"", "(close)"}},
        {greets, {"a5 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a5 NO [AUTHENTICATIONFAILED] changed\r\n"}},
        {greets,
         {"a6 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a6 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"},
         selects("a7", 0),
         tells_uids("a8", "")}},
       [](client& imap) -> task<> {
         co_await imap.login("ada", "secret");
         mailbox_watch changes = imap.watch("INBOX", quick());
         const auto refused = co_await as_result(changes.next());
         EXPECT_EQ(refused.code(), make_error_code(errc::auth_refused));
         const auto gone = co_await changes.next();
         EXPECT_TRUE(gone->missed);
       });
}

TEST(ImapWatch, GivesUpOverAStreamThatCannotBeMadeAgain) {
  signed_in(idle_capabilities, {selects("a1", 1), tells_uids("a2", "4"), idles("a3"), {"", "(close)"}},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              const auto lost = co_await as_result(changes.next());
              EXPECT_EQ(lost.code(), condition::eof);
              EXPECT_EQ(lost.error().operation(), "wait for changes in INBOX at");
              const auto still = co_await as_result(changes.next());
              EXPECT_EQ(still.code(), make_error_code(tidewire::errc::closed));
            });
}

TEST(ImapWatch, GoesOnAfterACancellationInTheMiddleOfAnExchange) {
  over({{lets_in("IDLE"), selects("a1", 2), tells_uids("a2", "4 5"), {"a3 IDLE\r\n", ""}},
        {lets_in("IDLE"), selects("a4", 1), tells_uids("a5", "5")}},
       [](client& imap) -> task<> {
         mailbox_watch changes = imap.watch("INBOX", quick());
         const auto follow = [&]() -> task<> { (void)co_await changes.next(); };
         const auto outcome = co_await outcome_if_canceled_midway(follow);
         EXPECT_EQ(outcome.code(), condition::canceled);
         EXPECT_FALSE(imap.is_open());
         const auto gone = co_await changes.next();
         EXPECT_EQ(gone->uid, 4u);
       });
}

TEST(ImapWatch, ComparesWithTheMailboxWhereMoreComesThanIsKept) {
  std::string flood;
  for (int i = 0; i < 10'005; ++i) flood += "* 1 FETCH (FLAGS ())\r\n";
  signed_in(idle_capabilities,
            {selects("a1", 2),
             tells_uids("a2", "4 5"),
             idles("a3", "* 1 FETCH (FLAGS ())\r\n"),
             ends("a3"),
             {"a4 NOOP\r\n", flood + "* 2 EXPUNGE\r\na4 OK\r\n"},
             selects("a5", 1),
             tells_uids("a6", "4")},
            [](client& imap) -> task<> {
              mailbox_watch changes = imap.watch("INBOX");
              (void)co_await changes.next();
              co_await imap.noop();
              std::size_t flags = 0;
              auto one = co_await changes.next();
              for (; one->kind == change_kind::flagged; one = co_await changes.next()) ++flags;
              EXPECT_EQ(flags, 10'000u);
              EXPECT_EQ(one->kind, change_kind::vanished);
              EXPECT_EQ(one->uid, 5u);
              EXPECT_TRUE(one->missed);
            });
}

}  // namespace
}  // namespace tidewire::imap
