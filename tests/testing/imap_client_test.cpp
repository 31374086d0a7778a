// The client of imap against an imap_server that breaks off.
#include <tidewire/core/clock.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/imap/client.hpp>
#include <tidewire/testing/imap_server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view message = "Subject: x\r\n\r\ntext\r\n";

// A server without these capabilities, with a user who has one message.
struct place {
  explicit place(std::string_view without = {}) : server({.tls = tls_mode::none, .without = without}) {
    server.add_user("ada", "secret");
    server.deliver("ada", message);
  }
  // A client of that user, by connections in memory, as many as it takes.
  task<imap::client> client() {
    imap::client_options options;
    options.security = imap::security::plaintext_dangerous;
    const imap::connector connect = [this]() -> task<stream> { co_return server.connect(); };
    imap::client opened = co_await imap::open(connect, options);
    co_await opened.login("ada", "secret");
    co_return opened;
  }
  task<> deliver_after(duration pause) {
    co_await sleep_for(pause);
    server.deliver("ada", message);
  }
  void run(task<> (*body)(place&)) {
    const auto on_it = [&] { return body(*this); };
    server.run(on_it, {.clock = &time});
  }

  imap_server server;
  virtual_clock time;
};

task<> follow_over_a_cut(place& at) {
  imap::client client = co_await at.client();
  imap::mailbox_watch changes = client.watch("INBOX");
  // The server has no chance to tell of it: its word is cut.
  const auto while_cut = co_await when_all(changes.next(), at.deliver_after(1s));
  const std::optional<imap::change> missed = std::get<0>(while_cut);
  EXPECT_EQ(missed->kind, imap::change_kind::arrived);
  EXPECT_EQ(missed->uid, 2u);
  EXPECT_TRUE(missed->missed);
  EXPECT_EQ(changes.reconnects(), 1u);
  const auto in_time = co_await when_all(changes.next(), at.deliver_after(1s));
  const std::optional<imap::change> told = std::get<0>(in_time);
  EXPECT_EQ(told->kind, imap::change_kind::arrived);
  EXPECT_EQ(told->uid, 3u);
  EXPECT_FALSE(told->missed);
  at.server.set_flags("ada", "INBOX", 1, "\\Flagged");
  const auto flagged = co_await changes.next();
  EXPECT_EQ(flagged->kind, imap::change_kind::flagged);
  EXPECT_EQ(flagged->uid, 1u);
}

TEST(TestingImapClient, IsToldAfterACutWhatCameMeanwhile) {
  for (const std::string_view without : {"", "QRESYNC", "QRESYNC CONDSTORE", "ESEARCH QRESYNC CONDSTORE"}) {
    SCOPED_TRACE(without);
    place at(without);
    at.server.add_fault({.at = imap_stage::update, .what = misdeed::cut});
    at.run(follow_over_a_cut);
  }
}

task<> find_the_mailbox_gone(place& at) {
  imap::client client = co_await at.client();
  co_await client.select("INBOX");
  const auto gone = co_await as_result(client.fetch(imap::sequence_set(1), imap::fetch_request().flags()));
  EXPECT_FALSE(gone);
  EXPECT_TRUE(client.is_open());
  const auto others = co_await client.list();
  EXPECT_FALSE(others.empty());
}

TEST(TestingImapClient, OutlivesAMailboxThatIsGone) {
  place at;
  at.server.add_fault({.at = imap_stage::fetch, .what = misdeed::gone});
  at.run(find_the_mailbox_gone);
}

task<> be_lied_to(place& at) {
  imap::client client = co_await at.client();
  co_await client.select("INBOX");
  const auto lied = co_await as_result(client.download(1));
  EXPECT_FALSE(lied);
  EXPECT_FALSE(client.is_open());
}

TEST(TestingImapClient, LeavesAServerThatLiesOfALiteral) {
  for (const misdeed lie : {misdeed::longer_literal, misdeed::shorter_literal}) {
    place at;
    at.server.add_fault({.at = imap_stage::fetch, .what = lie, .size = 3});
    at.run(be_lied_to);
  }
}

}  // namespace
}  // namespace tidewire::testing
