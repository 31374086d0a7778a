#include <tidewire/imap/client.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "scripted.hpp"
#include "support/cancellation.hpp"

namespace tidewire::imap {
namespace {

using namespace std::chrono_literals;
using tidewire::testing::outcome_if_canceled_before;
using tidewire::testing::outcome_if_canceled_midway;

// What `open` throws, for what the server says first.
failure refusal_of(std::vector<turn> script, client_options options = plain()) {
  failure why(tidewire::errc::misuse, "it was opened");
  against(script, [&](stream peer) -> task<> {
    const auto opened = co_await as_result(open(std::move(peer), options));
    if (!opened) why = opened.error();
  });
  return why;
}

TEST(ImapClient, TakesTheCapabilitiesOfTheGreetingOrAsksForThem) {
  against({{"", "* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n"}}, [](stream peer) -> task<> {
    const client imap = co_await open(std::move(peer), plain());
    EXPECT_TRUE(imap.capabilities().idle);
    EXPECT_EQ(imap.greeting().text, "ready");
    EXPECT_FALSE(imap.is_authenticated());
    EXPECT_FALSE(imap.is_secure());
  });
  against({{"", "* OK ready\r\n"}, {"a1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 MOVE\r\na1 OK done\r\n"}},
          [](stream peer) -> task<> {
            const client imap = co_await open(std::move(peer), plain());
            EXPECT_TRUE(imap.capabilities().move);
          });
}

TEST(ImapClient, SaysWhyItCouldNotBeOpened) {
  const failure bye = refusal_of({{"", "* BYE too many\r\n"}});
  EXPECT_EQ(bye.code(), make_error_code(errc::shutting_down));
  EXPECT_EQ(bye.peer_text(), "too many");
  EXPECT_EQ(bye.operation(), "open an IMAP session at");
  EXPECT_EQ(bye.peer(), "memory");
  EXPECT_EQ(refusal_of({{"", "220 mail.example.org ESMTP\r\n"}}), condition::protocol);
  EXPECT_EQ(refusal_of({{"", "* 5 EXISTS\r\n"}}), condition::protocol);
  EXPECT_EQ(refusal_of({{"", "(close)"}}), condition::eof);
  EXPECT_EQ(refusal_of({{"", "* OK rea"}, {"", "(close)"}}), condition::eof);
  EXPECT_EQ(refusal_of({}), condition::timeout);
  EXPECT_EQ(refusal_of({}, {}), condition::misuse) << "no host to check a certificate by";
}

TEST(ImapClient, RefusesPreauthWhereStarttlsIsRequired) {
  client_options options;
  options.security = security::starttls;
  options.host = "localhost";
  const failure why = refusal_of({lets_in("STARTTLS")}, options);
  EXPECT_EQ(why.code(), make_error_code(errc::starttls_unavailable));
}

TEST(ImapClient, SelectsAndTellsAllOfTheMailbox) {
  signed_in("CONDSTORE",
            {{"a1 SELECT \"Old mail\" (CONDSTORE)\r\n",
              "* FLAGS (\\Answered \\Seen Work)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n* 172 EXISTS\r\n"
              "* 1 RECENT\r\n* OK [UNSEEN 12] first\r\n* OK [UIDVALIDITY 3857529045] ok\r\n"
              "* OK [UIDNEXT 4392] ok\r\n* OK [HIGHESTMODSEQ 715194045007] ok\r\n"
              "a1 OK [READ-WRITE] done\r\n"}},
            [](client& imap) -> task<> {
              const mailbox_info box = co_await imap.select("Old mail");
              EXPECT_EQ(box.name, "Old mail");
              EXPECT_EQ(box.exists, 172u);
              EXPECT_EQ(box.uid_validity, 3857529045u);
              EXPECT_EQ(box.uid_next, 4392u);
              EXPECT_EQ(box.highest_modseq, 715194045007u);
              EXPECT_TRUE(box.flags.contains("work"));
              EXPECT_TRUE(box.permanent_flags && box.permanent_flags->contains(flag::any));
              EXPECT_FALSE(box.read_only);
              EXPECT_EQ(imap.selected()->exists, 172u);
            });
}

TEST(ImapClient, SaysWhichMailboxIsMissingAndHasNoneSelectedThen) {
  selected("",
           {{"a2 EXAMINE Work\r\n", "a2 NO [NONEXISTENT] no such mailbox\r\n"}, {"a3 NOOP\r\n", "a3 OK\r\n"}},
           [](client& imap) -> task<> {
             select_options options;
             options.read_only = true;
             const auto none = co_await as_result(imap.select("Work", options));
             EXPECT_EQ(none.code(), make_error_code(errc::mailbox_missing));
             EXPECT_EQ(none.error().operation(), "select Work at");
             EXPECT_NE(none.error().peer_text().find("no such mailbox"), std::string_view::npos);
             EXPECT_EQ(imap.selected(), nullptr);
             co_await imap.noop();
           });
}

TEST(ImapClient, MakesAChangeOfUidvalidityAnError) {
  const turn anew{"a2 SELECT INBOX\r\n", "* 1 EXISTS\r\n* OK [UIDVALIDITY 8] \r\na2 OK done\r\n"};
  selected("", {anew, {"a3 SELECT INBOX\r\n", "* 1 EXISTS\r\n* OK [UIDVALIDITY 8] \r\na3 OK done\r\n"}},
           [](client& imap) -> task<> {
             const auto changed = co_await as_result(imap.select("INBOX"));
             EXPECT_EQ(changed.code(), make_error_code(errc::uid_validity_changed));
             EXPECT_EQ(imap.selected()->uid_validity, 8u);
             (void)co_await imap.select("INBOX");  // now it is known
           });
  selected("", {anew}, [](client& imap) -> task<> {
    select_options options;
    options.uid_validity = 7;  // what was kept
    const auto changed = co_await as_result(imap.select("INBOX", options));
    EXPECT_EQ(changed.code(), make_error_code(errc::uid_validity_changed));
  });
}

TEST(ImapClient, SearchesByEsearchOrWithoutIt) {
  selected("", {{"a2 UID SEARCH UNSEEN FROM \"ada\"\r\n", "* SEARCH 12 4 5\r\na2 OK done\r\n"}},
           [](client& imap) -> task<> {
             const found what = co_await imap.search(search::unseen() && search::from("ada"));
             EXPECT_EQ(what.uids.to_string(), "4:5,12");
             EXPECT_EQ(what.count(), 3u);
           });
  selected("ESEARCH",
           {{"a2 UID SEARCH RETURN (ALL) ALL\r\n", "* ESEARCH (TAG \"a2\") UID ALL 4:5,12\r\na2 OK done\r\n"},
            {"a3 UID SEARCH RETURN (ALL) SEEN\r\n", "* ESEARCH (TAG \"a3\") UID\r\na3 OK done\r\n"},
            {"a4 UID SEARCH RETURN (ALL) SEEN\r\n", "a4 NO [SERVERBUG] index is broken\r\n"}},
           [](client& imap) -> task<> {
             const found all = co_await imap.search();
             EXPECT_EQ(all.uids.to_string(), "4:5,12");
             const found none = co_await imap.search(search::seen());
             EXPECT_TRUE(none.empty());
             const auto refused = co_await as_result(imap.search(search::seen()));
             EXPECT_EQ(refused.code(), condition::transient);
             EXPECT_EQ(refused.error().operation(), "search in INBOX at");
           });
}

TEST(ImapClient, FetchesWhatWasAskedAndTellsTheHandlerWhatWasNot) {
  class heard final : public unsolicited_handler {
   public:
    void unsolicited(const response& what) override { all.push_back(what); }
    std::vector<response> all;
  } handler;
  client_options options = plain();
  options.handler = &handler;
  const std::vector<turn> script = {
      lets_in(""),
      {"a1 SELECT INBOX\r\n", "* 2 EXISTS\r\na1 OK done\r\n"},
      {"a2 UID FETCH 1:* (ENVELOPE RFC822.SIZE)\r\n",
       "* 1 FETCH (UID 4 RFC822.SIZE 44 ENVELOPE (NIL \"Tides\" NIL NIL NIL NIL NIL NIL NIL \"<a@b>\"))\r\n"
       "* 2 FETCH (UID 9 FLAGS (\\Seen))\r\n"
       "* 3 EXISTS\r\n"
       "* 2 FETCH (UID 9 RFC822.SIZE 45)\r\n"
       "* 2 FETCH (UID 9 ENVELOPE (NIL \"Moon\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\na2 OK done\r\n"}};
  against(script, [&](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), options);
    (void)co_await imap.select("INBOX");
    fetch_request what;
    what.envelope().size();
    const auto all = co_await imap.fetch(sequence_set::all(), what);
    EXPECT_EQ(all.size(), 2u);
    if (all.size() != 2) co_return;
    EXPECT_EQ(all[0].envelope->subject, "Tides");
    EXPECT_EQ(all[1].uid, 9u);
    EXPECT_EQ(all[1].size, 45u);
    EXPECT_EQ(all[1].envelope->subject, "Moon") << "what came in two responses is put together";
    EXPECT_EQ(imap.selected()->exists, 3u);
  });
  ASSERT_EQ(handler.all.size(), 2u);
  EXPECT_TRUE(std::get<message_data>(handler.all[0]).flags->seen());
  EXPECT_EQ(std::get<exists_response>(handler.all[1]).count, 3u);
}

TEST(ImapClient, KeepsBodiesOfAnyWayTheyCome) {
  const std::string large(100'000, 'x');  // is streamed by the reader
  selected("",
           {{"a2 UID FETCH 4,9 (BODY.PEEK[1])\r\n",
             "* 1 FETCH (UID 4 BODY[1] \"quoted\")\r\n* 2 FETCH (BODY[1] {100000}\r\n" + large +
                 " UID 9)\r\na2 OK done\r\n"},
            {"a3 UID FETCH 9 (BODY.PEEK[1])\r\n",
             "* 2 FETCH (UID 9 BODY[1] {2000000}\r\n" + std::string(2'000'000, 'y') + ")\r\na3 OK done\r\n"},
            {"a4 NOOP\r\n", "a4 OK\r\n"}},
           [&](client& imap) -> task<> {
             fetch_request what;
             what.body(section("1"));
             sequence_set both(4);
             both.add(9);
             const auto all = co_await imap.fetch(both, what);
             EXPECT_EQ(all.size(), 2u);
             if (all.size() != 2) co_return;
             EXPECT_EQ(all[0].body(section("1")), "quoted");
             EXPECT_TRUE(all[1].body(section("1")) == large);
             const auto too_large = co_await as_result(imap.fetch(9, what));
             EXPECT_EQ(too_large.code(), condition::limit_exceeded);
             co_await imap.noop();  // and the session is in step
           });
}

TEST(ImapClient, GivesEachMessageToAFunctionThatIsAwaited) {
  std::string many;
  for (int i = 1; i <= 2000; ++i)
    many += "* " + std::to_string(i) + " FETCH (UID " + std::to_string(i) + " FLAGS ())\r\n";
  selected("", {{"a2 UID FETCH 1:* (FLAGS)\r\n", many + "a2 OK done\r\n"}}, [](client& imap) -> task<> {
    std::uint32_t last = 0;
    const std::function<task<>(message_data&)> each = [&last](message_data& one) -> task<> {
      co_await yield();
      EXPECT_EQ(*one.uid, last + 1);
      last = *one.uid;
    };
    fetch_request what;
    what.flags();
    co_await imap.fetch(sequence_set::all(), what, each);
    EXPECT_EQ(last, 2000u);
  });
}

TEST(ImapClient, DownloadsIntoASinkThatHoldsTheServerUp) {
  constexpr std::size_t size = 3'000'000;
  std::string content;
  while (content.size() < size) content += "a5 OK done\r\n* BYE )\r\n{5}\r\n";  // never read as protocol
  content.resize(size);
  bool ended = false;
  virtual_clock time;
  const auto both = [&]() -> task<> {
    auto ends = memory_stream_pair({.capacity = 64 * 1024});
    std::size_t sent = 0;
    std::size_t taken = 0;
    std::size_t most = 0;
    const auto near = [&]() -> task<> {
      client imap = co_await open(std::move(ends.first), plain());
      (void)co_await imap.select("INBOX");
      std::size_t at = 0;
      const body_sink sink = [&](byte_view piece) -> task<> {
        EXPECT_TRUE(as_text(piece) == std::string_view(content).substr(at, piece.size()));
        at += piece.size();
        co_await sleep_for(1ms);
        taken = at;
        most = std::max(most, sent - taken);
      };
      const std::uint64_t got = co_await imap.download(4, section::whole(), sink);
      EXPECT_EQ(got, size);
      EXPECT_EQ(at, size);
      ended = true;
      co_await imap.logout();
    };
    const auto far = [&]() -> task<> {
      stream& peer = ends.second;
      co_await peer.write("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n");
      EXPECT_EQ(co_await peer.read_line(), "a1 SELECT INBOX");
      co_await peer.write("* 3 EXISTS\r\na1 OK done\r\n");
      EXPECT_EQ(co_await peer.read_line(), "a2 UID FETCH 4 (BODY.PEEK[])");
      co_await peer.write("* 1 FETCH (UID 4 BODY[] {3000000}\r\n");
      for (std::size_t at = 0; at < size; at += 10'000) {
        co_await peer.write(std::string_view(content).substr(at, 10'000));
        sent = at + 10'000;
      }
      co_await peer.write(")\r\na2 OK done\r\n");
      EXPECT_EQ(co_await peer.read_line(), "a3 LOGOUT");
      co_await peer.write("* BYE\r\na3 OK\r\n");
    };
    co_await when_all(near(), far());
    EXPECT_LT(most, std::size_t{1} << 20) << "what is on its way does not pile up";
  };
  run(both(), {.clock = &time});
  EXPECT_TRUE(ended);
}

TEST(ImapClient, SaysThatThereIsNoSuchMessageOrPart) {
  selected("",
           {{"a2 UID FETCH 4 (BODY.PEEK[])\r\n", "a2 OK done\r\n"},
            {"a3 UID FETCH 4 (BODY.PEEK[7])\r\n", "* 1 FETCH (UID 4 BODY[7] NIL)\r\na3 OK done\r\n"},
            {"a4 UID FETCH 4 (BODY.PEEK[])\r\n", "* 1 FETCH (UID 4 BODY[] {5}\r\nhello)\r\na4 OK done\r\n"},
            {"a5 UID FETCH 4 (BODY.PEEK[])\r\n", "* 1 FETCH (UID 4 BODY[] \"\")\r\na5 OK done\r\n"}},
           [](client& imap) -> task<> {
             const auto gone = co_await as_result(imap.download(4));
             EXPECT_EQ(gone.code(), make_error_code(errc::message_missing));
             EXPECT_EQ(gone.error().operation(), "download message 4 in INBOX at");
             const auto no_part = co_await as_result(imap.download(4, section("7")));
             EXPECT_EQ(no_part.code(), make_error_code(errc::message_missing));
             const auto large = co_await as_result(imap.download(4, section::whole(), 4));
             EXPECT_EQ(large.code(), condition::limit_exceeded);
             EXPECT_EQ(co_await imap.download(4), "");
           });
}

TEST(ImapClient, DownloadsAPartDecoded) {
  selected("",
           {{"a2 UID FETCH 4 (BODYSTRUCTURE)\r\n",
             "* 1 FETCH (UID 4 BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)(\"APPLICATION\" "
             "\"PDF\" (\"NAME\" \"a.pdf\") NIL NIL \"BASE64\" 12 NIL (\"ATTACHMENT\" NIL)) \"MIXED\"))\r\n"
             "a2 OK done\r\n"},
            {"a3 UID FETCH 4 (BODY.PEEK[2])\r\n",
             "* 1 FETCH (UID 4 BODY[2] {12}\r\naGVs\r\nbG8h\r\n)\r\na3 OK done\r\n"}},
           [](client& imap) -> task<> {
             fetch_request what;
             what.body_structure();
             const auto all = co_await imap.fetch(4, what);
             const body_part* const file = all.at(0).structure->find("2");
             EXPECT_TRUE(file->is_attachment());
             EXPECT_EQ(file->filename(), "a.pdf");
             EXPECT_EQ(co_await imap.download(4, *file), "hello!");
             EXPECT_THROW((void)imap.download(4, *all.at(0).structure), error);
           });
}

TEST(ImapClient, StoresFlagsAndSaysWhichWereChangedMeanwhile) {
  signed_in("CONDSTORE",
            {{"a1 SELECT INBOX (CONDSTORE)\r\n", "* 3 EXISTS\r\na1 OK done\r\n"},
             {"a2 UID STORE 4:9 (UNCHANGEDSINCE 12) +FLAGS (\\Seen)\r\n",
              "* 1 FETCH (UID 4 MODSEQ (13) FLAGS (\\Seen))\r\na2 OK [MODIFIED 7,9] conditional\r\n"}},
            [](client& imap) -> task<> {
              (void)co_await imap.select("INBOX");
              store_options options;
              options.unchanged_since = 12;
              const store_result done =
                  co_await imap.store(sequence_set(4, 9), store_action::add, flag::seen, options);
              EXPECT_EQ(done.messages.size(), 1u);
              EXPECT_EQ(done.modified.to_string(), "7,9");
              const store_result nothing = co_await imap.store({}, store_action::add, flag::seen);
              EXPECT_TRUE(nothing.messages.empty());
            });
  selected("", {}, [](client& imap) -> task<> {
    store_options options;
    options.unchanged_since = 12;
    const auto cannot = co_await as_result(imap.store(4, store_action::add, flag::seen, options));
    EXPECT_EQ(cannot.code(), make_error_code(errc::extension_missing));
  });
}

TEST(ImapClient, CopiesAndMovesAndTellsTheNewUids) {
  selected("MOVE UIDPLUS",
           {{"a2 UID COPY 4:5 Work\r\n", "a2 OK [COPYUID 38505 4:5 3955:3956] done\r\n"},
            {"a3 UID MOVE 4 Work\r\n", "* OK [COPYUID 38505 4 3957] moved\r\n* 1 EXPUNGE\r\na3 OK done\r\n"},
            {"a4 UID EXPUNGE 5\r\n", "* 1 EXPUNGE\r\na4 OK done\r\n"}},
           [](client& imap) -> task<> {
             const copy_result copied = co_await imap.copy(sequence_set(4, 5), "Work");
             EXPECT_EQ(copied.uid_validity, 38505u);
             EXPECT_EQ(copied.destination.to_string(), "3955:3956");
             const copy_result moved = co_await imap.move(4, "Work");
             EXPECT_EQ(moved.source.to_string(), "4");
             EXPECT_EQ(moved.destination.to_string(), "3957");
             EXPECT_EQ(imap.selected()->exists, 2u);
             co_await imap.expunge(5);
             EXPECT_EQ(imap.selected()->exists, 1u);
           });
}

TEST(ImapClient, MovesWithoutMoveByThreeCommandsIfItCanExpungeThese) {
  selected("UIDPLUS",
           {{"a2 UID COPY 4 Work\r\n", "a2 OK [COPYUID 1 4 9] done\r\n"},
            {"a3 UID STORE 4 +FLAGS.SILENT (\\Deleted)\r\n", "a3 OK done\r\n"},
            {"a4 UID EXPUNGE 4\r\n", "* 1 EXPUNGE\r\na4 OK done\r\n"}},
           [](client& imap) -> task<> {
             const copy_result moved = co_await imap.move(4, "Work");
             EXPECT_EQ(moved.destination.to_string(), "9");
           });
  selected("", {}, [](client& imap) -> task<> {
    const auto cannot = co_await as_result(imap.move(4, "Work"));
    EXPECT_EQ(cannot.code(), make_error_code(errc::extension_missing));
    const auto expunge = co_await as_result(imap.expunge(4));
    EXPECT_EQ(expunge.code(), make_error_code(errc::extension_missing));
  });
}

TEST(ImapClient, AppendsWithALiteralThatWaitsOrNot) {
  const auto append = [](client& imap) -> task<> {
    upload message(std::string("Subject: x\r\n\r\nhello\r\n"));
    message.flags({flag::seen, flag::draft});
    const append_result done = co_await imap.append("Drafts", std::move(message));
    EXPECT_EQ(done.uid_validity, 7u);
    EXPECT_EQ(done.uids.to_string(), "12");
  };
  const std::string content = "Subject: x\r\n\r\nhello\r\n";
  signed_in("UIDPLUS",
            {{"a1 APPEND Drafts (\\Seen \\Draft) {21}\r\n", "+ go on\r\n"},
             {content + "\r\n", "a1 OK [APPENDUID 7 12] done\r\n"}},
            append);
  signed_in(
      "UIDPLUS LITERAL+",
      {{"a1 APPEND Drafts (\\Seen \\Draft) {21+}\r\n" + content + "\r\n", "a1 OK [APPENDUID 7 12] done\r\n"}},
      append);
}

TEST(ImapClient, DoesNotSendAMessageThatTheServerRefuses) {
  signed_in(
      "APPENDLIMIT=100",
      {{"a1 APPEND Work {5}\r\n", "a1 NO [TRYCREATE] no such mailbox\r\n"}, {"a2 NOOP\r\n", "a2 OK\r\n"}},
      [](client& imap) -> task<> {
        const auto refused = co_await as_result(imap.append("Work", upload(std::string("hello"))));
        EXPECT_EQ(refused.code(), make_error_code(errc::mailbox_missing));
        EXPECT_EQ(refused.error().operation(), "append to Work at");
        const auto large = co_await as_result(imap.append("Work", upload(std::string(101, 'x'))));
        EXPECT_EQ(large.code(), make_error_code(errc::message_too_large));
        co_await imap.noop();
      });
}

TEST(ImapClient, ClosesTheConnectionIfAMessageIsNotAsLongAsItSaid) {
  for (const std::size_t said : {std::size_t{4}, std::size_t{6}}) {
    signed_in("LITERAL+",
              {{"a1 APPEND Work {" + std::to_string(said) + "+}\r\n" + (said > 5 ? "hello" : ""), ""}},
              [said](client& imap) -> task<> {
                bool read = false;
                const body_source source = [&read]() -> task<byte_view> {
                  co_return std::exchange(read, true) ? byte_view() : as_bytes(std::string_view("hello"));
                };
                const auto failed = co_await as_result(imap.append("Work", upload(said, source)));
                EXPECT_EQ(failed.code(), condition::misuse);
                EXPECT_FALSE(imap.is_open());
              });
  }
}

TEST(ImapClient, AppendsSeveralByOneCommandOrOneByOne) {
  const auto append = [](client& imap) -> task<> {
    std::vector<upload> all;
    all.emplace_back(std::string("one"));
    all.emplace_back(std::string("three"));
    const append_result done = co_await imap.append("Work", std::move(all));
    EXPECT_EQ(done.uids.to_string(), "12:13");
  };
  signed_in("MULTIAPPEND LITERAL+ UIDPLUS",
            {{"a1 APPEND Work {3+}\r\none {5+}\r\nthree\r\n", "a1 OK [APPENDUID 7 12:13] done\r\n"}}, append);
  signed_in("LITERAL+ UIDPLUS",
            {{"a1 APPEND Work {3+}\r\none\r\n", "a1 OK [APPENDUID 7 12] done\r\n"},
             {"a2 APPEND Work {5+}\r\nthree\r\n", "a2 OK [APPENDUID 7 13] done\r\n"}},
            append);
}

TEST(ImapClient, SaysThatTheOutcomeOfAnAppendIsUnknown) {
  signed_in("LITERAL+", {{"a1 APPEND Work {5+}\r\nhello\r\n", "(close)"}}, [](client& imap) -> task<> {
    const auto failed = co_await as_result(imap.append("Work", upload(std::string("hello"))));
    EXPECT_EQ(failed.code(), make_error_code(errc::outcome_unknown));
  });
}

TEST(ImapClient, ListsMailboxesWithTheirStatus) {
  signed_in("LIST-EXTENDED LIST-STATUS",
            {{"a1 LIST \"\" \"*\" RETURN (STATUS (UNSEEN))\r\n",
              "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (UNSEEN 3)\r\n"
              "* LIST (\\Sent) \"/\" \"Entw&APw-rfe\"\r\na1 OK done\r\n"}},
            [](client& imap) -> task<> {
              list_request what("*");
              what.return_status(status_item::unseen);
              const auto all = co_await imap.list(what);
              EXPECT_EQ(all.size(), 2u);
              if (all.size() != 2) co_return;
              EXPECT_EQ(all[0].status->unseen, 3u);
              EXPECT_EQ(all[1].name, "Entw\xc3\xbcrfe");
              EXPECT_TRUE(all[1].has(mailbox_attribute::sent));
            });
  signed_in("",
            {{"a1 LIST \"\" \"*\"\r\n", "* LIST () \"/\" INBOX\r\na1 OK done\r\n"},
             {"a2 STATUS INBOX (UNSEEN)\r\n", "* STATUS INBOX (UNSEEN 3)\r\na2 OK done\r\n"},
             {"a3 LSUB \"\" \"*\"\r\n", "* LSUB () \"/\" Work\r\na3 OK done\r\n"},
             {"a4 LIST \"\" \"*\"\r\n", "* LIST (\\Trash) \"/\" Bin\r\na4 OK done\r\n"},
             {"a5 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n",
              "* STATUS INBOX (MESSAGES 231 UIDNEXT 44292)\r\na5 OK done\r\n"}},
            [](client& imap) -> task<> {
              list_request what("*");
              what.return_status(status_item::unseen);
              const auto all = co_await imap.list(what);
              EXPECT_EQ(all.at(0).status->unseen, 3u);
              list_request subscribed("*");
              subscribed.subscribed();
              const auto ours = co_await imap.list(subscribed);
              EXPECT_EQ(ours.at(0).name, "Work");
              EXPECT_EQ(co_await imap.find_special(mailbox_attribute::trash), "Bin");
              const mailbox_status status = co_await imap.status("INBOX");
              EXPECT_EQ(status.messages, 231u);
            });
}

TEST(ImapClient, MakesRenamesAndRemovesMailboxes) {
  signed_in("",
            {{"a1 CREATE Work\r\n", "a1 OK\r\n"},
             {"a2 RENAME Work \"Old work\"\r\n", "a2 OK\r\n"},
             {"a3 SUBSCRIBE \"Old work\"\r\n", "a3 OK\r\n"},
             {"a4 UNSUBSCRIBE \"Old work\"\r\n", "a4 OK\r\n"},
             {"a5 DELETE \"Old work\"\r\n", "a5 NO [HASCHILDREN] no\r\n"}},
            [](client& imap) -> task<> {
              co_await imap.create("Work");
              co_await imap.rename("Work", "Old work");
              co_await imap.subscribe("Old work");
              co_await imap.unsubscribe("Old work");
              const auto refused = co_await as_result(imap.remove("Old work"));
              EXPECT_EQ(refused.code(), condition::permanent);
              EXPECT_EQ(refused.error().operation(), "delete Old work at");
            });
}

TEST(ImapClient, AsksForNameSpacesQuotasAnnotationsAndWhoIsThere) {
  signed_in(
      "NAMESPACE QUOTA METADATA ID ENABLE",
      {{"a1 NAMESPACE\r\n", "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\na1 OK\r\n"},
       {"a2 GETQUOTAROOT INBOX\r\n", "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 10 512)\r\na2 OK\r\n"},
       {"a3 GETMETADATA INBOX (/private/comment)\r\n",
        "* METADATA INBOX (/private/comment \"mine\")\r\na3 OK\r\n"},
       {"a4 ID NIL\r\n", "* ID (\"name\" \"Tidal\")\r\na4 OK\r\n"},
       {"a5 ENABLE CONDSTORE\r\n", "* ENABLED CONDSTORE\r\na5 OK\r\n"}},
      [](client& imap) -> task<> {
        const name_spaces spaces = co_await imap.name_spaces();
        EXPECT_EQ(spaces.personal.at(0).delimiter, '/');
        const auto quotas = co_await imap.quotas("INBOX");
        EXPECT_EQ(quotas.at(0).resources.at(0).limit, 512u);
        std::vector<std::string> names{"/private/comment"};
        const metadata notes = co_await imap.get_metadata("INBOX", names);
        EXPECT_EQ(notes.entries.at(0).value, "mine");
        const identity server = co_await imap.id();
        EXPECT_EQ(server.get("name"), "Tidal");
        std::vector<std::string> wanted{"CONDSTORE"};
        const auto on = co_await imap.enable(wanted);
        EXPECT_EQ(on, wanted);
      });
  signed_in("", {}, [](client& imap) -> task<> {
    const auto none = co_await as_result(imap.quotas("INBOX"));
    EXPECT_EQ(none.code(), make_error_code(errc::extension_missing));
    EXPECT_NE(message_of(none).find("QUOTA"), std::string::npos);
  });
}

TEST(ImapClient, SortsAndFindsThreads) {
  selected("SORT THREAD=REFERENCES",
           {{"a2 UID SORT (REVERSE DATE) US-ASCII ALL\r\n", "* SORT 9 4 12\r\na2 OK\r\n"},
            {"a3 UID THREAD REFERENCES US-ASCII ALL\r\n", "* THREAD (4)(9 12)\r\na3 OK\r\n"}},
           [](client& imap) -> task<> {
             std::vector<sort_key> order{{sort_field::date, true}};
             const auto sorted = co_await imap.sort(order);
             const std::vector<std::uint32_t> expected{9, 4, 12};
             EXPECT_EQ(sorted, expected);
             const thread_forest threads = co_await imap.thread("REFERENCES");
             EXPECT_EQ(threads.nodes.size(), 3u);
             const auto none = co_await as_result(imap.thread("REFS"));
             EXPECT_EQ(none.code(), make_error_code(errc::extension_missing));
           });
}

TEST(ImapClient, RunsAnyCommandAndGivesTheTokens) {
  selected("",
           {{"a2 XTIDES (high low) \"at noon\"\r\n",
             "* XTIDE 3 (HIGH {4}\r\n3.1m)\r\n* 4 EXISTS\r\na2 NO [XLATE] no more\r\n"}},
           [](client& imap) -> task<> {
             command what("XTIDES");
             what.open().atom("high").atom("low").close().string("at noon");
             const command_result got = co_await imap.run(what);
             EXPECT_EQ(got.status.kind, status_kind::no);
             EXPECT_EQ(got.responses.size(), 2u);
             if (got.responses.size() != 2) co_return;
             const auto& tides = std::get<unknown_response>(got.responses[0]);
             EXPECT_EQ(tides.name, "XTIDE");
             EXPECT_EQ(tides.tokens.at(1).items().at(1).text(), "3.1m");
             EXPECT_EQ(imap.selected()->exists, 4u);
             command broken("XTIDES");
             broken.atom("two\r\na3 DELETE INBOX");
             const auto refused = co_await as_result(imap.run(broken));
             EXPECT_EQ(refused.code(), condition::misuse);
             EXPECT_TRUE(imap.is_open());
           });
}

// Commands under way at once.

TEST(ImapClient, SendsCommandsOfSeveralTasksAtOnceAndPairsTheirEnds) {
  // All have left before the first is answered, and they are answered in another order.
  selected("",
           {{"a2 CREATE one\r\na3 UID SEARCH ALL\r\na4 CREATE two\r\n",
             "a4 NO [ALREADYEXISTS] two is there\r\n* SEARCH 4\r\na2 OK\r\na3 OK\r\n"}},
           [](client& imap) -> task<> {
             const auto one = [&]() -> task<> { co_await imap.create("one"); };
             const auto look = [&]() -> task<> {
               const found what = co_await imap.search();
               EXPECT_EQ(what.uids.to_string(), "4");
             };
             const auto two = [&]() -> task<> {
               const auto refused = co_await as_result(imap.create("two"));
               EXPECT_EQ(refused.error().operation(), "create two at");
             };
             co_await when_all(one(), look(), two());
           });
}

TEST(ImapClient, LetsCommandsWaitWhoseAnswersCouldBeConfused) {
  selected("",
           {{"a2 UID SEARCH SEEN\r\n", "* SEARCH 4\r\na2 OK\r\n"},
            {"a3 UID SEARCH UNSEEN\r\n", "* SEARCH 5\r\na3 OK\r\n"},
            {"a4 SELECT Work\r\n", "* 0 EXISTS\r\na4 OK\r\n"},
            {"a5 NOOP\r\n", "a5 OK\r\n"}},
           [](client& imap) -> task<> {
             const auto seen = [&]() -> task<> {
               const found what = co_await imap.search(search::seen());
               EXPECT_EQ(what.uids.to_string(), "4");
             };
             const auto unseen = [&]() -> task<> {
               const found what = co_await imap.search(search::unseen());
               EXPECT_EQ(what.uids.to_string(), "5");
             };
             const auto other = [&]() -> task<> { (void)co_await imap.select("Work"); };
             const auto noop = [&]() -> task<> { co_await imap.noop(); };
             co_await when_all(seen(), unseen(), other(), noop());
           });
}

TEST(ImapClient, LetsTheTaskOfADownloadTakeItsBytesWhoeverReads) {
  const std::string large(200'000, 'x');
  selected(
      "",
      {{"a2 NOOP\r\na3 UID FETCH 4 (BODY.PEEK[])\r\na4 UID SEARCH ALL\r\n",
        "* 1 FETCH (UID 4 BODY[] {200000}\r\n" + large + ")\r\n* SEARCH 4\r\na4 OK\r\na3 OK\r\na2 OK\r\n"}},
      [&](client& imap) -> task<> {
        const auto noop = [&]() -> task<> { co_await imap.noop(); };
        const auto get = [&]() -> task<> {
          const std::string got = co_await imap.download(4);
          EXPECT_TRUE(got == large);
        };
        const auto look = [&]() -> task<> {
          const found what = co_await imap.search();
          EXPECT_EQ(what.uids.to_string(), "4");
        };
        co_await when_all(noop(), get(), look());
      });
}

TEST(ImapClient, ACanceledCommandClosesTheConnectionAndTheOthersAreTold) {
  selected("", {{"a2 NOOP\r\na3 CREATE x\r\n", ""}}, [](client& imap) -> task<> {
    const auto canceled = [&]() -> task<> {
      const auto outcome = co_await outcome_if_canceled_midway([&] { return imap.noop(); });
      EXPECT_EQ(outcome.code(), condition::canceled);
    };
    const auto other = [&]() -> task<> {
      const auto outcome = co_await as_result(imap.create("x"));
      EXPECT_EQ(outcome.code(), make_error_code(tidewire::errc::closed));
      EXPECT_EQ(outcome.error().operation(), "create x at");
    };
    co_await when_all(canceled(), other());
    EXPECT_FALSE(imap.is_open());
    const auto later = co_await as_result(imap.noop());
    EXPECT_EQ(later.code(), make_error_code(tidewire::errc::closed));
  });
}

TEST(ImapClient, ACommandThatIsCanceledBeforeItLeavesChangesNothing) {
  selected("", {{"a2 NOOP\r\n", "a2 OK\r\n"}}, [](client& imap) -> task<> {
    const auto outcome = co_await outcome_if_canceled_before([&] { return imap.noop(); });
    EXPECT_EQ(outcome.code(), condition::canceled);
    EXPECT_TRUE(imap.is_open());
    co_await imap.noop();
  });
}

// What servers should not do.

TEST(ImapClient, TellsWhatBrokeTheConnection) {
  struct sample {
    const char* said;
    condition expected;
    const char* text;
  };
  for (const sample& one : {
           sample{"(close)", condition::eof, ""},
           sample{"", condition::timeout, ""},
           sample{"* BYE idle for too long\r\n", condition::transient, "idle for too long"},
           sample{"a9 OK done\r\n", condition::protocol, "OK done"},
           sample{"+ go on\r\n", condition::protocol, ""},
           sample{"* OK half a line end\n", condition::protocol, ""},
           sample{"* 1 FETCH (UID 4 ENVELOPE {4294967296}\r\n", condition::limit_exceeded, ""},
           sample{"* 1 FETCH (UID 4 BODY[] {10}\r\nshort)\r\na2 OK done\r\n", condition::timeout, ""},
       }) {
    SCOPED_TRACE(one.said);
    selected("", {{"a2 NOOP\r\n", one.said}}, [&](client& imap) -> task<> {
      const auto outcome = co_await as_result(imap.noop());
      EXPECT_EQ(outcome.code(), one.expected) << message_of(outcome);
      EXPECT_FALSE(imap.is_open());
      if (outcome) co_return;
      EXPECT_EQ(outcome.error().operation(), "ask whether the server is there at");
      EXPECT_EQ(outcome.error().peer(), "memory");
      EXPECT_NE(outcome.error().peer_text().find(one.text), std::string_view::npos);
    });
  }
}

TEST(ImapClient, RefusesAnAnswerToWhatIsNotYetAsked) {
  // The next tag is easily guessed: the end of an append whose message has not left is none.
  signed_in("", {{"a1 APPEND Work {5}\r\n", "a1 OK done\r\n"}}, [](client& imap) -> task<> {
    const auto outcome = co_await as_result(imap.append("Work", upload(std::string("hello"))));
    EXPECT_EQ(outcome.code(), make_error_code(errc::unexpected_response));
  });
  against({{"", "* PREAUTH [CAPABILITY IMAP4rev1] hi\r\na1 OK done\r\n"}}, [](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), plain());
    const auto outcome = co_await as_result(imap.noop());
    EXPECT_EQ(outcome.code(), make_error_code(errc::unexpected_response));
    EXPECT_FALSE(imap.is_open());
  });
}

TEST(ImapClient, TakesAFloodOfWhatNobodyAskedFor) {
  std::string flood;
  for (int i = 0; i < 50'000; ++i) flood += "* " + std::to_string(i + 3) + " EXISTS\r\n* OK still here\r\n";
  selected("", {{"a2 NOOP\r\n", flood + "a2 OK\r\n"}}, [](client& imap) -> task<> {
    co_await imap.noop();
    EXPECT_EQ(imap.selected()->exists, 50'002u);
  });
}

TEST(ImapClient, LogsOutAndNeverHangs) {
  signed_in("", {{"a1 LOGOUT\r\n", "* BYE bye\r\na1 OK\r\n"}}, [](client& imap) -> task<> {
    co_await imap.logout();
    EXPECT_FALSE(imap.is_open());
    co_await imap.logout();
  });
  signed_in("", {{"a1 LOGOUT\r\n", ""}}, [](client& imap) -> task<> {
    const executor here = co_await this_executor();
    const time_point begin = here.now();
    co_await imap.logout();
    EXPECT_LE(here.now() - begin, 3s);
    EXPECT_FALSE(imap.is_open());
  });
  signed_in("", {{"a1 LOGOUT\r\n", "(close)"}}, [](client& imap) -> task<> { co_await imap.logout(); });
  // Also for a task that was canceled.
  signed_in("", {{"a1 LOGOUT\r\n", "* BYE\r\na1 OK\r\n"}}, [](client& imap) -> task<> {
    const auto outcome = co_await outcome_if_canceled_before([&] { return imap.logout(); });
    EXPECT_TRUE(outcome);
    EXPECT_FALSE(imap.is_open());
  });
}

TEST(ImapClient, TellsATranscriptWithoutSecretsAndBodies) {
  memory_transcript log;
  client_options options = plain();
  options.transcript = &log;
  const std::vector<turn> script = {
      {"", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR LITERAL+] hi\r\n"},
      {"a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n", "a1 OK [CAPABILITY IMAP4rev1 LITERAL+] in\r\n"},
      {"a2 SELECT INBOX\r\n", "* 1 EXISTS\r\na2 OK done\r\n"},
      {"a3 UID FETCH 4 (BODY.PEEK[])\r\n",
       "* 1 FETCH (UID 4 BODY[] {100000}\r\n" + std::string(100'000, 'x') + ")\r\na3 OK done\r\n"},
      {"a4 APPEND Work {5+}\r\nhello\r\n", "a4 OK done\r\n"}};
  against(script, [&](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), options);
    co_await imap.login("ada", "secret");
    (void)co_await imap.select("INBOX");
    (void)co_await imap.download(4);
    (void)co_await imap.append("Work", upload(std::string("hello")));
  });
  EXPECT_EQ(log.text(),
            "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR LITERAL+] hi\n"
            "C: a1 AUTHENTICATE PLAIN ***\n"
            "S: a1 OK [CAPABILITY IMAP4rev1 LITERAL+] in\n"
            "C: a2 SELECT INBOX\n"
            "S: * 1 EXISTS\n"
            "S: a2 OK done\n"
            "C: a3 UID FETCH 4 (BODY.PEEK[])\n"
            "S: * 1 FETCH (UID 4 BODY[] {100000}\n"
            "S: (100000 bytes of a message))\n"
            "S: a3 OK done\n"
            "C: a4 APPEND Work {5+}\n"
            "C: (5 bytes of a message)\n"
            "S: a4 OK done\n");
}

TEST(ImapClient, CompressesBothWaysFromTheEndOfTheCommandOn) {
  if (!can_compress()) GTEST_SKIP() << "built without zlib";
  virtual_clock time;
  const auto both = [&]() -> task<> {
    auto ends = memory_stream_pair();
    const auto near = [&]() -> task<> {
      client imap = co_await open(std::move(ends.first), plain());
      EXPECT_TRUE(co_await imap.compress());
      EXPECT_TRUE(co_await imap.compress());  // twice is once
      co_await imap.noop();
      co_await imap.logout();
    };
    const auto far = [&]() -> task<> {
      stream& plain_peer = ends.second;
      co_await plain_peer.write("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n");
      EXPECT_EQ(co_await plain_peer.read_line(), "a1 COMPRESS DEFLATE");
      co_await plain_peer.write("a1 OK now\r\n");
      stream peer = compressed(std::move(plain_peer));
      EXPECT_EQ(co_await peer.read_line(), "a2 NOOP");
      co_await peer.write("a2 OK\r\n");
      EXPECT_EQ(co_await peer.read_line(), "a3 LOGOUT");
    };
    co_await when_all(near(), far());
  };
  run(both(), {.clock = &time});
  signed_in("COMPRESS=DEFLATE", {{"a1 COMPRESS DEFLATE\r\n", "a1 NO [COMPRESSIONACTIVE] TLS does\r\n"}},
            [](client& imap) -> task<> { EXPECT_FALSE(co_await imap.compress()); });
}

}  // namespace
}  // namespace tidewire::imap
