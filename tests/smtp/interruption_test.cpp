// Real client, real server, and a link that breaks after any number of bytes in either direction: whatever
// the client says became of the message has to be true.

#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/cut_link.hpp"

namespace tidewire::smtp {
namespace {

using tidewire::testing::carry;

// Takes every message but for recipients with "no" in their names, and remembers for whom.
class mailbox final : public session_handler {
 public:
  task<reply> rcpt(const peer_info&, const command& what) override {
    const bool no = what.path.local_part().starts_with("no");
    co_return no ? reply{550, enhanced_code{5, 1, 1}, "no such user"} : reply{250, {}, "ok"};
  }
  task<> body(const peer_info&, byte_view piece) override {
    text_ += as_text(piece);
    co_return;
  }
  task<reply> message(const peer_info& peer, std::size_t which) override {
    if (which == 0) ++messages_;
    const std::string& to = peer.recipients[which].path.text();
    const bool full = lmtp_ && to.starts_with("full");
    if (lmtp_) {
      if (!full) accepted_.push_back(to);
    } else {
      for (const command& each : peer.recipients) accepted_.push_back(each.path.text());
    }
    co_return full ? reply{452, {}, "full"} : reply{250, {}, "taken"};
  }
  void discarded() noexcept override { text_.clear(); }

  bool lmtp_ = false;
  int messages_ = 0;
  std::string text_;
  std::vector<std::string> accepted_;
};

struct dialogue {
  const char* name;
  dialect protocol = dialect::smtp;
  bool pipelining = true;
  bool chunks = false;
  std::size_t big = 0;  // bytes of the message beyond the small one
};

struct run_result {
  std::optional<send_report> report;  // none: the session was not opened
  mailbox box;
  std::size_t to_server = 0;
  std::size_t to_client = 0;
};

void run_once(const dialogue& what, std::size_t to_server, std::size_t to_client, run_result& out) {
  const std::size_t before_server = to_server;
  const std::size_t before_client = to_client;
  virtual_clock time;
  const auto all = [&]() -> task<> {
    auto near = memory_stream_pair();
    auto far = memory_stream_pair();
    const auto send = [&]() -> task<> {
      client_options options{.security = security::plaintext_dangerous, .protocol = what.protocol};
      auto opened = co_await as_result(open(std::move(near.first), options));
      if (!opened) co_return;
      envelope mail("a@x");
      mail.to("b@y").to("no@y").to("full@y").to("c@y");
      send_options how;
      how.return_report = true;
      if (what.chunks) how.chunking = chunking::when_offered;
      out.report =
          co_await opened->send(mail, "Subject: x\r\n\r\n.body\r\n" + std::string(what.big, 'x'), how);
      co_await opened->quit();
    };
    const auto serve = [&]() -> task<> {
      server_options options;
      options.protocol = what.protocol;
      options.pipelining = what.pipelining;
      out.box.lmtp_ = what.protocol == dialect::lmtp;
      (void)co_await as_result(serve_session(std::move(far.second), out.box, options));
    };
    const auto there = [&]() -> task<> { co_await carry(near.second, far.first, to_server); };
    const auto back = [&]() -> task<> { co_await carry(far.first, near.second, to_client); };
    co_await when_all(send(), serve(), there(), back());
  };
  run(all(), {.clock = &time});
  out.to_server = before_server - to_server;
  out.to_client = before_client - to_client;
}

void expect_truth(const run_result& got, bool whole_link) {
  if (!got.report) {
    EXPECT_TRUE(got.box.accepted_.empty()) << "accepted, and the session was never opened";
    return;
  }
  std::size_t unknown = 0;
  for (const recipient_result& one : got.report->recipients) {
    const bool taken = std::ranges::find(got.box.accepted_, one.address) != got.box.accepted_.end();
    switch (one.outcome) {
      case delivery::accepted: EXPECT_TRUE(taken) << one.address << " was lost"; break;
      case delivery::refused: EXPECT_FALSE(taken) << one.address << " was said to be refused"; break;
      case delivery::not_sent:
        EXPECT_FALSE(taken) << one.address << " was said not to be sent";
        EXPECT_FALSE(whole_link);
        break;
      case delivery::unknown: ++unknown; break;
    }
  }
  EXPECT_LE(got.box.messages_, 1);
  if (unknown > 0) {
    EXPECT_FALSE(whole_link);
    EXPECT_EQ(got.report->why().code(), errc::outcome_unknown);
    EXPECT_NE(got.report->why(), condition::transient);
  }
}

class SmtpInterruption : public ::testing::TestWithParam<dialogue> {};

TEST_P(SmtpInterruption, NeverMakesTheClientSayWhatIsNotSo) {
  constexpr std::size_t endless = 1 << 30;
  run_result whole;
  run_once(GetParam(), endless, endless, whole);
  expect_truth(whole, true);
  ASSERT_TRUE(whole.report);
  EXPECT_EQ(whole.report->count(delivery::refused), GetParam().protocol == dialect::lmtp ? 2u : 1u);
  EXPECT_EQ(whole.report->count(delivery::accepted), GetParam().protocol == dialect::lmtp ? 2u : 3u);
  std::size_t unknown = 0;
  std::size_t not_sent = 0;
  const std::size_t step = GetParam().big > 0 ? 997 : 1;
  for (std::size_t cut = 1; cut <= whole.to_server; cut += step) {
    SCOPED_TRACE("the server got " + std::to_string(cut) + " bytes");
    run_result got;
    run_once(GetParam(), cut, endless, got);
    expect_truth(got, false);
    if (got.report) unknown += got.report->count(delivery::unknown);
    if (got.report) not_sent += got.report->count(delivery::not_sent);
  }
  for (std::size_t cut = 1; cut <= whole.to_client; ++cut) {
    SCOPED_TRACE("the client got " + std::to_string(cut) + " bytes");
    run_result got;
    run_once(GetParam(), endless, cut, got);
    expect_truth(got, false);
    if (got.report) unknown += got.report->count(delivery::unknown);
    if (got.report) not_sent += got.report->count(delivery::not_sent);
  }
  // The cuts were made where they matter.
  EXPECT_GT(unknown, 0u);
  EXPECT_GT(not_sent, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Dialogues, SmtpInterruption,
    ::testing::Values(dialogue{.name = "Pipelined"}, dialogue{.name = "OneByOne", .pipelining = false},
                      dialogue{.name = "Chunks", .chunks = true},
                      dialogue{.name = "ManyChunks", .chunks = true, .big = 200'000},
                      dialogue{.name = "BigMessage", .big = 200'000},
                      dialogue{.name = "Lmtp", .protocol = dialect::lmtp},
                      dialogue{.name = "LmtpChunks", .protocol = dialect::lmtp, .chunks = true}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tidewire::smtp
