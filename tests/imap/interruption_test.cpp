// A link that breaks behind any number of bytes in either direction of a recorded dialogue: each operation
// either did what the server did, or says what went wrong; none hangs, and no append is told to be done that
// was not.
#include <tidewire/core.hpp>
#include <tidewire/imap.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scripted.hpp"
#include "support/cut_link.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::carry;

// What the client did, in order: the name of an operation, and its error.
struct outcome {
  std::string what;
  std::optional<failure> failed;
};

struct dialogue {
  const char* name;
  std::vector<turn> script;
  std::function<task<>(client& imap, std::vector<outcome>& done)> talk;
};

template <class T>
void note(std::vector<outcome>& done, std::string what, const result<T>& came) {
  done.push_back({std::move(what), came ? std::optional<failure>() : came.error()});
}

struct cut_result {
  std::vector<outcome> done;
  bool opened = false;
  std::size_t to_server = 0;
  std::size_t to_client = 0;
  std::string server_got;
};

constexpr std::size_t endless = 1 << 30;

// Keeps to the script as far as the link lets it.
task<> serve(stream& peer, const std::vector<turn>& script, std::string& got) {
  for (const turn& one : script) {
    std::size_t wanted = one.expected.size();
    while (wanted > 0) {
      if (peer.buffered().empty()) {
        const auto came = co_await as_result(peer.fill());
        if (!came || *came == 0) co_return;
      }
      const std::size_t size = std::min(wanted, peer.buffered().size());
      got += as_text(peer.buffered().first(size));
      peer.consume(size);
      wanted -= size;
    }
    const auto written = co_await as_result(peer.write(one.said));
    if (!written) co_return;
  }
  while (true) {
    const auto came = co_await as_result(peer.fill());
    if (!came || *came == 0) co_return;
    peer.consume(peer.buffered().size());
  }
}

void run_once(const dialogue& what, std::size_t to_server, std::size_t to_client, cut_result& out) {
  std::size_t left_to_server = to_server;
  std::size_t left_to_client = to_client;
  virtual_clock time;
  const auto all = [&]() -> task<> {
    auto near = memory_stream_pair();
    auto far = memory_stream_pair();
    const auto talk = [&]() -> task<> {
      auto opened = co_await as_result(open(std::move(near.first), plain()));
      if (!opened) co_return;
      out.opened = true;
      co_await what.talk(*opened, out.done);
      co_await opened->logout();
    };
    const auto answer = [&]() -> task<> { co_await serve(far.second, what.script, out.server_got); };
    const auto there = [&]() -> task<> { co_await carry(near.second, far.first, left_to_server); };
    const auto back = [&]() -> task<> { co_await carry(far.first, near.second, left_to_client); };
    co_await when_all(talk(), answer(), there(), back());
  };
  run(all(), {.clock = &time});
  EXPECT_LT(time.elapsed(), std::chrono::minutes(1)) << "it was noticed by a time-out only";
  out.to_server = to_server - left_to_server;
  out.to_client = to_client - left_to_client;
}

std::vector<dialogue> dialogues() {
  const turn greeting = lets_in("LITERAL+ UIDPLUS ESEARCH");
  const turn selects{"a1 SELECT INBOX\r\n",
                     "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] \r\na1 OK [READ-WRITE] done\r\n"};
  const turn logs_out{"a5 LOGOUT\r\n", "* BYE\r\na5 OK\r\n"};
  std::vector<dialogue> out;
  out.push_back(
      {"Reading",
       {greeting,
        selects,
        {"a2 UID SEARCH RETURN (ALL) UNSEEN\r\n", "* ESEARCH (TAG \"a2\") UID ALL 4,9\r\na2 OK done\r\n"},
        {"a3 UID FETCH 4,9 (ENVELOPE FLAGS)\r\n",
         "* 1 FETCH (UID 4 FLAGS (\\Seen) ENVELOPE (NIL {5}\r\nTides NIL NIL NIL NIL NIL NIL NIL NIL))\r\n"
         "* 2 FETCH (UID 9 FLAGS () ENVELOPE (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\na3 OK done\r\n"},
        {"a4 UID FETCH 4 (BODY.PEEK[])\r\n",
         "* 1 FETCH (UID 4 BODY[] {30}\r\nSubject: x\r\n\r\na4 OK done\r\n...)\r\na4 OK done\r\n"},
        logs_out},
       [](client& imap, std::vector<outcome>& done) -> task<> {
         note(done, "select", co_await as_result(imap.select("INBOX")));
         const auto what = co_await as_result(imap.search(search::unseen()));
         note(done, "search", what);
         EXPECT_TRUE(!what || what->uids.to_string() == "4,9");
         fetch_request asked;
         asked.envelope().flags();
         sequence_set both(4);
         both.add(9);
         const auto all = co_await as_result(imap.fetch(both, asked));
         note(done, "fetch", all);
         EXPECT_TRUE(!all || all->size() == 2);
         const auto content = co_await as_result(imap.download(4));
         note(done, "download", content);
         EXPECT_TRUE(!content || content->size() == 30);
       }});
  const std::string message(70, 'm');
  out.push_back(
      {"Writing",
       {greeting,
        selects,
        {"a2 APPEND Work (\\Seen) {70+}\r\n" + message + "\r\n", "a2 OK [APPENDUID 7 12] done\r\n"},
        {"a3 UID STORE 4 +FLAGS (\\Seen)\r\n", "* 1 FETCH (UID 4 FLAGS (\\Seen))\r\na3 OK done\r\n"},
        {"a4 UID COPY 4 Work\r\n", "a4 OK [COPYUID 7 4 13] done\r\n"},
        logs_out},
       [message](client& imap, std::vector<outcome>& done) -> task<> {
         note(done, "select", co_await as_result(imap.select("INBOX")));
         upload mail(message);
         mail.flags(flag::seen);
         note(done, "append", co_await as_result(imap.append("Work", std::move(mail))));
         note(done, "store", co_await as_result(imap.store(4, store_action::add, flag::seen)));
         note(done, "copy", co_await as_result(imap.copy(4, "Work")));
       }});
  return out;
}

class ImapInterruption : public ::testing::TestWithParam<dialogue> {};

void expect_truth(const dialogue& what, const cut_result& got) {
  bool broken = false;
  for (const outcome& one : got.done) {
    if (!one.failed) {
      EXPECT_FALSE(broken) << one.what << " succeeded on a connection that was broken";
      continue;
    }
    broken = true;
    const failure& why = *one.failed;
    EXPECT_FALSE(why.operation().empty());
    EXPECT_EQ(why.peer(), "memory") << why.message();
    const bool known = why == condition::eof || why.code() == make_error_code(tidewire::errc::closed) ||
                       why.code() == make_error_code(errc::outcome_unknown) ||
                       why.code() == std::make_error_code(std::errc::broken_pipe);
    EXPECT_TRUE(known) << why.message();
    // What was not sent whole was not appended, whatever the server made of it.
    if (one.what == "append" && got.server_got.find("mm\r\n") != std::string::npos) {
      EXPECT_EQ(why.code(), make_error_code(errc::outcome_unknown)) << why.message();
    }
  }
  if (broken || !got.opened) return;
  EXPECT_EQ(got.done.size(), 4u) << what.name;
}

TEST_P(ImapInterruption, IsToldTruthfullyWhereverItComes) {
  cut_result whole;
  run_once(GetParam(), endless, endless, whole);
  ASSERT_EQ(whole.done.size(), 4u);
  for (const outcome& one : whole.done) EXPECT_FALSE(one.failed) << one.what;
  std::size_t failures = 0;
  std::size_t unknown = 0;
  const auto count = [&](const cut_result& got) {
    for (const outcome& one : got.done) {
      if (one.failed) ++failures;
      if (one.failed && one.failed->code() == make_error_code(errc::outcome_unknown)) ++unknown;
    }
  };
  for (std::size_t cut = 1; cut < whole.to_server; ++cut) {
    SCOPED_TRACE("the server got " + std::to_string(cut) + " bytes");
    cut_result got;
    run_once(GetParam(), cut, endless, got);
    expect_truth(GetParam(), got);
    count(got);
  }
  for (std::size_t cut = 1; cut < whole.to_client; ++cut) {
    SCOPED_TRACE("the client got " + std::to_string(cut) + " bytes");
    cut_result got;
    run_once(GetParam(), endless, cut, got);
    expect_truth(GetParam(), got);
    count(got);
  }
  EXPECT_GT(failures, 100u);
  // The cuts were made where they matter.
  const bool writes = std::string_view(GetParam().name) == "Writing";
  EXPECT_EQ(unknown > 10, writes) << unknown;
}

INSTANTIATE_TEST_SUITE_P(Dialogues, ImapInterruption, ::testing::ValuesIn(dialogues()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tidewire::imap
