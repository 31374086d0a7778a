#include <tidewire/smtp/client.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "scripted.hpp"
#include "support/cancellation.hpp"

namespace tidewire::smtp {
namespace {

using namespace std::chrono_literals;

constexpr client_options plain{.security = security::plaintext_dangerous};
const std::string text = "Subject: x\r\n\r\n.dot\r\n";

// The opening, with these capabilities.
std::vector<turn> opening(const std::string& capabilities = "") {
  return {{"", "220 mx ready\r\n"},
          {"EHLO localhost\r\n", capabilities.empty() ? "250 mx\r\n" : "250-mx\r\n" + capabilities}};
}

std::vector<turn> operator+(std::vector<turn> first, const std::vector<turn>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

const std::string pipelining = "250-PIPELINING\r\n250 SIZE 1000\r\n";

envelope to(const std::vector<std::string>& recipients) {
  envelope mail("a@x");
  for (const std::string& one : recipients) mail.to(one);
  return mail;
}

// What `send` gives, as a report in any case.
task<send_report> report_of(client& session, envelope mail, std::string message, send_options options = {}) {
  std::optional<send_report> thrown;
  try {
    co_return co_await session.send(std::move(mail), std::move(message), options);
  } catch (const send_error& e) {
    thrown = e.report();
  }
  EXPECT_FALSE(thrown->complete()) << "a complete report was thrown";
  co_return std::move(*thrown);
}

std::vector<delivery> outcomes(const send_report& report) {
  std::vector<delivery> out;
  for (const recipient_result& one : report.recipients) out.push_back(one.outcome);
  return out;
}

using deliveries = std::vector<delivery>;

TEST(SmtpClient, OpensASessionAndSaysGoodBye) {
  against(opening(pipelining) + std::vector<turn>{{"QUIT\r\n", "221 bye\r\n"}}, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    EXPECT_TRUE(session.is_open());
    EXPECT_FALSE(session.is_secure());
    EXPECT_EQ(session.greeting().text, "mx ready");
    EXPECT_TRUE(session.capabilities().pipelining);
    EXPECT_EQ(session.capabilities().max_size, 1000u);
    co_await session.quit();
    EXPECT_FALSE(session.is_open());
    co_await session.quit();
    envelope mail = to({"b@y"});
    const auto sent = co_await as_result(session.send(mail, text));
    EXPECT_EQ(sent.code(), condition::misuse);
  });
}

TEST(SmtpClient, SaysHeloToAServerThatDoesNotKnowEhlo) {
  against({{"", "220 old\r\n"},
           {"EHLO localhost\r\n", "500 what\r\n"},
           {"HELO localhost\r\n", "250 old.example hello\r\n"},
           {"MAIL FROM:<a@x>\r\n", "250 ok\r\n"},
           {"RCPT TO:<b@y>\r\n", "250 ok\r\n"},
           {"DATA\r\n", "354 go\r\n"},
           {"hello\r\n.\r\n", "250 taken\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            EXPECT_EQ(session.capabilities().domain, "old.example");
            envelope mail = to({"b@y"});
            const send_report report = co_await session.send(mail, "hello");
            EXPECT_TRUE(report.complete());
            EXPECT_EQ(report.answer.text, "taken");
          });
}

TEST(SmtpClient, LeavesAServerThatDoesNotGreet) {
  for (const auto& [greeting, expected] :
       std::vector<std::pair<std::string, std::error_condition>>{{"554 no\r\n", condition::permanent},
                                                                 {"421 later\r\n", condition::transient},
                                                                 {"250 what\r\n", condition::protocol},
                                                                 {"SSH-2.0-x\r\n", condition::protocol},
                                                                 {"220 half", condition::eof}}) {
    std::vector<turn> script{{"", greeting}};
    if (greeting == "220 half") script.push_back({"", "(close)"});
    against(script, [&](stream peer) -> task<> {
      const auto opened = co_await as_result(open(std::move(peer), plain));
      EXPECT_FALSE(opened);
      EXPECT_EQ(opened.code(), expected) << greeting;
    });
  }
  against({{"", "220 mx\r\n"}, {"EHLO localhost\r\n", "450 later\r\n"}}, [](stream peer) -> task<> {
    const auto opened = co_await as_result(open(std::move(peer), plain));
    EXPECT_EQ(opened.code(), condition::transient);
  });
}

TEST(SmtpClient, RefusesANameThatIsNone) {
  against({{"", "220 mx\r\n"}}, [](stream peer) -> task<> {
    client_options options = plain;
    options.name = "a\r\nMAIL FROM:<x@y>";
    const auto opened = co_await as_result(open(std::move(peer), options));
    EXPECT_EQ(opened.code(), condition::misuse);
  });
}

TEST(SmtpClient, SendsTheEnvelopeInOneWriteAndTheMessageInAnother) {
  against(opening(pipelining) +
              std::vector<turn>{{"MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n",
                                 "250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n354 go\r\n"},
                                {"Subject: x\r\n\r\n..dot\r\n.\r\n", "250 2.0.0 queued as 42\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y", "c@y"});
            const send_report report = co_await session.send(mail, text);
            EXPECT_TRUE(report.complete());
            EXPECT_EQ(report.answer.text, "queued as 42");
            EXPECT_EQ(report.answer.enhanced, (enhanced_code{2, 0, 0}));
            EXPECT_EQ(report.recipients.at(1).address, "c@y");
          });
}

TEST(SmtpClient, TellsOfEachRecipientWhatTheServerSaid) {
  const std::vector<turn> script =
      opening(pipelining) +
      std::vector<turn>{
          {"MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nRCPT TO:<d@y>\r\nDATA\r\n",
           "250 ok\r\n250 ok\r\n550 5.1.1 gone\r\n451 4.7.1 later\r\n354 go\r\n"},
          {"Subject: x\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"}};
  for (const bool return_report : {false, true}) {
    against(script, [&](stream peer) -> task<> {
      client session = co_await open(std::move(peer), plain);
      envelope mail = to({"b@y", "c@y", "d@y"});
      send_options options;
      options.return_report = return_report;
      if (!return_report) {
        const auto sent = co_await as_result(session.send(mail, text));
        EXPECT_EQ(sent.code(), errc::some_recipients_refused);
        EXPECT_NE(sent.code(), condition::transient);
        EXPECT_TRUE(session.is_open());
        co_return;
      }
      const send_report report = co_await session.send(mail, text, options);
      EXPECT_EQ(outcomes(report), (deliveries{delivery::accepted, delivery::refused, delivery::refused}));
      EXPECT_EQ(report.recipients[1].answer, (reply{550, enhanced_code{5, 1, 1}, "gone"}));
      EXPECT_EQ(report.recipients[1].at, stage::rcpt);
      EXPECT_EQ(report.worth_retrying(), (std::vector<std::size_t>{2}));
    });
  }
}

TEST(SmtpClient, SendsToNobodyIfAllOrNoneIsAskedFor) {
  against(opening(pipelining) +
              std::vector<turn>{{"MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\n",
                                 "250 ok\r\n250 ok\r\n550 gone\r\n"},
                                {"RSET\r\n", "250 ok\r\n"},
                                {"MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\n", "250 ok\r\n250 ok\r\n"},
                                {"DATA\r\n", "354 go\r\n"},
                                {"Subject: x\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            send_options options;
            options.all_or_none = true;
            envelope two = to({"b@y", "c@y"});
            const send_report report = co_await report_of(session, two, text, options);
            EXPECT_EQ(outcomes(report), (deliveries{delivery::not_sent, delivery::refused}));
            EXPECT_EQ(report.why(), condition::permanent);
            envelope one = to({"b@y"});
            const send_report again = co_await session.send(one, text, options);
            EXPECT_TRUE(again.complete());
          });
}

// Every stage refuses, in turn: nothing is accepted, and the session goes on.
TEST(SmtpClient, GoesOnAfterARefusalAtAnyStage) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  const std::vector<turn> good{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
                               {"Subject: x\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"}};
  struct refusal {
    std::vector<turn> turns;
    stage at;
  };
  const std::vector<refusal> refusals{
      {{{commands, "550 5.7.1 no\r\n503 no\r\n503 no\r\n"}}, stage::mail},
      {{{commands, "250 ok\r\n550 5.7.1 no\r\n503 no\r\n"}, {"RSET\r\n", "250 ok\r\n"}}, stage::rcpt},
      // A server that wants a message though nobody gets it is given an empty one.
      {{{commands, "250 ok\r\n550 5.7.1 no\r\n354 go\r\n"}, {".\r\n", "554 nobody\r\n"}}, stage::rcpt},
      {{{commands, "250 ok\r\n250 ok\r\n550 5.7.1 no\r\n"}, {"RSET\r\n", "250 ok\r\n"}}, stage::data},
      {{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
        {"Subject: x\r\n\r\n..dot\r\n.\r\n", "550 5.7.1 no\r\n"}},
       stage::body}};
  for (const refusal& one : refusals) {
    against(opening(pipelining) + one.turns + good, [&](stream peer) -> task<> {
      client session = co_await open(std::move(peer), plain);
      envelope mail = to({"b@y"});
      const send_report report = co_await report_of(session, mail, text);
      EXPECT_EQ(outcomes(report), deliveries{delivery::refused}) << name_of(one.at);
      EXPECT_EQ(report.recipients[0].at, one.at);
      EXPECT_EQ(report.recipients[0].answer.enhanced, (enhanced_code{5, 7, 1}));
      EXPECT_EQ(report.why(), condition::permanent);
      EXPECT_TRUE(report.worth_retrying().empty());
      const send_report next = co_await session.send(mail, text);
      EXPECT_TRUE(next.complete());
    });
  }
}

TEST(SmtpClient, WaitsForEachReplyWithoutPipelining) {
  against(opening() + std::vector<turn>{{"MAIL FROM:<a@x>\r\n", "250 ok\r\n"},
                                        {"RCPT TO:<b@y>\r\n", "550 no\r\n"},
                                        {"RCPT TO:<c@y>\r\n", "250 ok\r\n"},
                                        {"DATA\r\n", "354 go\r\n"},
                                        {"m\r\n.\r\n", "250 ok\r\n"},
                                        {"MAIL FROM:<a@x>\r\n", "550 no\r\n"},
                                        {"MAIL FROM:<a@x>\r\n", "250 ok\r\n"},
                                        {"RCPT TO:<b@y>\r\n", "550 no\r\n"},
                                        {"RSET\r\n", "250 ok\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope two = to({"b@y", "c@y"});
            const send_report report = co_await report_of(session, two, "m");
            EXPECT_EQ(outcomes(report), (deliveries{delivery::refused, delivery::accepted}));
            envelope one = to({"b@y"});
            const send_report second = co_await report_of(session, one, "m");
            EXPECT_EQ(second.recipients[0].at, stage::mail);
            const send_report third = co_await report_of(session, one, "m");
            EXPECT_EQ(third.recipients[0].at, stage::rcpt);
          });
}

TEST(SmtpClient, LetsTheNextEnvelopeRideWithTheMessageBefore) {
  class three final : public submission_queue {
   public:
    three() {
      for (submission& one : all_) {
        one.envelope = to({"b@y"});
        one.content = &content_;
      }
    }
    submission* next() override { return given_ < all_.size() ? &all_[given_++] : nullptr; }
    void done(submission& one) override { done_.push_back(one.report.complete()); }
    std::vector<bool> done_;

   private:
    memory_source content_{"m"};
    std::vector<submission> all_{3};
    std::size_t given_ = 0;
  };
  const std::string commands = "MAIL FROM:<a@x> SIZE=1\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  against(opening(pipelining) +
              std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
                                {"m\r\n.\r\n" + commands, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"},
                                {"m\r\n.\r\n" + commands, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"},
                                {"m\r\n.\r\n", "451 later\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            three queue;
            co_await session.submit(queue);
            EXPECT_EQ(queue.done_, (std::vector<bool>{true, true, false}));
          });
}

TEST(SmtpClient, SendsByBdatWhatIsBinaryOrAskedFor) {
  const std::string offered = "250-PIPELINING\r\n250-8BITMIME\r\n250-BINARYMIME\r\n250 CHUNKING\r\n";
  against(
      opening(offered) + std::vector<turn>{{"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n", "250 ok\r\n250 ok\r\n"},
                                           {"BDAT 20 LAST\r\n" + text, "250 ok\r\n"},
                                           {"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n", "250 ok\r\n250 ok\r\n"},
                                           {"BDAT 20 LAST\r\n" + text, "552 no\r\n"},
                                           {"RSET\r\n", "250 ok\r\n"}},
      [](stream peer) -> task<> {
        client session = co_await open(std::move(peer), plain);
        send_options options;
        options.chunking = chunking::when_offered;
        envelope mail = to({"b@y"});
        const send_report first = co_await session.send(mail, text, options);
        EXPECT_TRUE(first.complete());
        const send_report second = co_await report_of(session, mail, text, options);
        EXPECT_EQ(outcomes(second), deliveries{delivery::refused});
      });
  class binary final : public message_source {
   public:
    message_traits traits() const override { return {.size = 4, .eight_bit = true, .binary = true}; }
    task<byte_view> next() override {
      const bool first = !std::exchange(read_, true);
      co_return first ? as_bytes("\r.\n\xff") : byte_view();
    }
    void rewind() override { read_ = false; }

   private:
    bool read_ = false;
  };
  against(opening(offered) + std::vector<turn>{{"MAIL FROM:<a@x> BODY=BINARYMIME\r\nRCPT TO:<b@y>\r\n",
                                                "250 ok\r\n250 ok\r\n"},
                                               {"BDAT 4 LAST\r\n\r.\n\xff", "250 ok\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            binary content;
            envelope mail = to({"b@y"});
            const send_report report = co_await session.send(mail, content);
            EXPECT_TRUE(report.complete());
          });
}

TEST(SmtpClient, SendsABigMessageInChunksOfWhichOneIsUnderWay) {
  const std::string big(150 * 1024, 'x');
  const std::string offered = "250-PIPELINING\r\n250 CHUNKING\r\n";
  const std::string chunk = "BDAT 65536\r\n" + std::string(65536, 'x');
  const std::string last = "BDAT 22530 LAST\r\n" + std::string(22528, 'x') + "\r\n";
  const std::vector<turn> begin{{"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n", "250 ok\r\n250 ok\r\n"}};
  send_options options;
  options.chunking = chunking::when_offered;
  against(opening(offered) + begin +
              std::vector<turn>{{chunk + chunk, "250 one\r\n"}, {last, "250 two\r\n250 all\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            const send_report report = co_await session.send(mail, big, options);
            EXPECT_EQ(report.answer.text, "all");
          });
  // A chunk in the middle is refused: what is under way is answered, too, and the session goes on.
  against(opening(offered) + begin +
              std::vector<turn>{{chunk + chunk, "452 full\r\n"},
                                {"", "503 no\r\n"},
                                {"RSET\r\n", "250 ok\r\n"},
                                {"NOOP\r\n", "250 here\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            const send_report report = co_await report_of(session, mail, big, options);
            EXPECT_EQ(outcomes(report), deliveries{delivery::refused});
            EXPECT_EQ(report.recipients[0].answer.code, 452);
            co_await session.noop();
          });
}

TEST(SmtpClient, HearsOfEachRecipientFromLmtp) {
  against({{"", "220 lmtp\r\n"},
           {"LHLO localhost\r\n", "250-lmtp\r\n250 PIPELINING\r\n"},
           {"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nRCPT TO:<d@y>\r\nDATA\r\n",
            "250 ok\r\n250 ok\r\n550 gone\r\n250 ok\r\n354 go\r\n"},
           {"m\r\n.\r\n", "250 2.1.5 b\r\n452 4.2.2 full\r\n"}},
          [](stream peer) -> task<> {
            client_options options = plain;
            options.protocol = dialect::lmtp;
            client session = co_await open(std::move(peer), options);
            envelope mail = to({"b@y", "c@y", "d@y"});
            const send_report report = co_await report_of(session, mail, "m");
            EXPECT_EQ(outcomes(report),
                      (deliveries{delivery::accepted, delivery::refused, delivery::refused}));
            EXPECT_EQ(report.recipients[0].answer.text, "b");
            EXPECT_EQ(report.recipients[1].at, stage::rcpt);
            EXPECT_EQ(report.recipients[2].answer.text, "full");
          });
}

TEST(SmtpClient, SaysWhatTheMessageNeedsAndTheServerKnows) {
  const std::string all = "250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE\r\n";
  against(opening(all) +
              std::vector<turn>{{"MAIL FROM:<a@x> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=e\r\n", "250 ok\r\n"},
                                {"RCPT TO:<b@y> NOTIFY=NEVER\r\n", "550 no\r\n"},
                                {"RSET\r\n", "250 ok\r\n"},
                                {"MAIL FROM:<a@x> SIZE=16 BODY=8BITMIME SMTPUTF8\r\n", "550 no\r\n"},
                                {"MAIL FROM:<a@x> SIZE=4 SMTPUTF8\r\n", "550 no\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope dsn("a@x");
            recipient one{address::parse("b@y").value(), {}};
            one.parameters.notify = dsn_notify::never;
            dsn.to(one);
            dsn.parameters().returned = dsn_return::headers;
            dsn.parameters().envelope_id = "e";
            (void)co_await report_of(session, dsn, "Subject: x\r\n\r\n\xc3\xb6\r\n\r\n");
            envelope mail = to({"b@y"});
            (void)co_await report_of(session, mail, "Subject: \xc3\xb6\n\nm\n\n");
            envelope international = to({"\xc3\xb6@y"});
            (void)co_await report_of(session, international, "\r\nm\n");
          });
  // A server without DSN is not asked for reports.
  against(opening() +
              std::vector<turn>{{"MAIL FROM:<a@x>\r\n", "250 ok\r\n"}, {"RCPT TO:<b@y>\r\n", "421 no\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope dsn("a@x");
            recipient one{address::parse("b@y").value(), {}};
            one.parameters.notify = dsn_notify::never;
            one.parameters.original_recipient = "rfc822;b@y";
            dsn.to(one);
            dsn.parameters().returned = dsn_return::full;
            (void)co_await report_of(session, dsn, "m");
          });
}

TEST(SmtpClient, SendsNothingThatTheServerCannotTake) {
  against(opening("250 SIZE 10\r\n") + std::vector<turn>{{"NOOP\r\n", "250 ok\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            envelope international = to({"\xc3\xb6@y"});
            envelope protected_by_tls = to({"b@y"});
            protected_by_tls.parameters().require_tls = true;
            envelope injected = to({"b@y"});
            injected.parameters().others.push_back({"X", "1\r\nRCPT TO:<c@z>"});
            envelope nobody("a@x");
            const auto why = [&](envelope what, std::string message) -> task<std::error_code> {
              const send_report report = co_await report_of(session, std::move(what), std::move(message));
              EXPECT_EQ(report.count(delivery::not_sent), report.recipients.size());
              co_return report.why().code();
            };
            EXPECT_EQ(co_await why(mail, "12345678901"), errc::message_too_large);
            EXPECT_EQ(co_await why(mail, "\r\n\xff"), errc::extension_missing);
            EXPECT_EQ(co_await why(international, "m"), errc::extension_missing);
            EXPECT_EQ(co_await why(protected_by_tls, "m"), errc::extension_missing);
            EXPECT_EQ(co_await why(injected, "m"), condition::misuse);
            EXPECT_EQ(co_await why(nobody, "m"), condition::misuse);
            co_await session.noop();
          });
}

TEST(SmtpClient, LeavesAServerThatSpeaksOutOfTurn) {
  // A second reply to a NOOP: the next command would be answered by it.
  against(opening() + std::vector<turn>{{"NOOP\r\n", "250 ok\r\n250 and more\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            co_await session.noop();
            const auto second = co_await as_result(session.noop());
            EXPECT_EQ(second.code(), errc::unexpected_reply);
            EXPECT_FALSE(session.is_open());
          });
  // One that takes its leave while nobody asked.
  against(opening() + std::vector<turn>{{"NOOP\r\n", "250 ok\r\n421 4.4.2 idle\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            co_await session.noop();
            const auto second = co_await as_result(session.noop());
            EXPECT_EQ(second.code(), errc::shutting_down);
          });
}

TEST(SmtpClient, TakesNoAnswerThatCameBeforeTheMessage) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  const auto script =
      opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"}};
  against(script, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    envelope mail = to({"b@y"});
    const send_report report = co_await report_of(session, mail, text);
    EXPECT_EQ(outcomes(report), deliveries{delivery::not_sent});
    EXPECT_EQ(report.why().code(), errc::unexpected_reply);
    EXPECT_FALSE(session.is_open());
  });
}

TEST(SmtpClient, KnowsThatAMessageMayBeThereWhenAnotherTaskQuits) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  const auto script = opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
                                                              {"Subject: x\r\n\r\n..dot\r\n.\r\n", ""}};
  against(script, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    const auto sending = [&]() -> task<> {
      envelope mail = to({"b@y"});
      const send_report report = co_await report_of(session, mail, text);
      EXPECT_EQ(outcomes(report), deliveries{delivery::unknown});
    };
    const auto quitting = [&]() -> task<> {
      co_await sleep_for(1s);
      co_await session.quit();
    };
    co_await when_all(sending(), quitting());
  });
}

TEST(SmtpClient, DoesNotTakeBrokenRulesForAnAnswer) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  for (const char* answers :
       {"250 ok\r\n250 ok\r\n250 what\r\n", "250 ok\r\n250 ok\r\n334 what\r\n",
        "550 no\r\n250 ok\r\n354 go\r\n", "250 ok\r\n250 ok\n", "250 ok\r\nhello\r\n"}) {
    against(opening(pipelining) + std::vector<turn>{{commands, answers}}, [&](stream peer) -> task<> {
      client session = co_await open(std::move(peer), plain);
      envelope mail = to({"b@y"});
      const send_report report = co_await report_of(session, mail, text);
      EXPECT_EQ(report.why(), condition::protocol) << answers;
      EXPECT_EQ(report.count(delivery::accepted) + report.count(delivery::unknown), 0u);
      EXPECT_FALSE(session.is_open());
    });
  }
  // Behind the message, it is not known what such a server did.
  against(opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
                                                  {"Subject: x\r\n\r\n..dot\r\n.\r\n", "354 what\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            const send_report report = co_await report_of(session, mail, text);
            EXPECT_EQ(outcomes(report), deliveries{delivery::unknown});
            EXPECT_EQ(report.why().code(), errc::outcome_unknown);
          });
}

TEST(SmtpClient, DoesNotKnowWhatBecameOfAMessageThatWasNotAnswered) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  const std::vector<turn> until_data =
      opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"}};
  // The server closes.
  against(until_data + std::vector<turn>{{"Subject: x\r\n\r\n..dot\r\n.\r\n", "(close)"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            const auto sent = co_await as_result(session.send(mail, text));
            EXPECT_EQ(sent.code(), errc::outcome_unknown);
            EXPECT_NE(sent.code(), condition::transient) << "somebody would send it twice";
            EXPECT_FALSE(session.is_open());
          });
  // The server is silent: the time is over.
  against(until_data + std::vector<turn>{{"Subject: x\r\n\r\n..dot\r\n.\r\n", ""}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            const send_report report = co_await report_of(session, mail, text);
            EXPECT_EQ(outcomes(report), deliveries{delivery::unknown});
            EXPECT_EQ(report.why().code(), errc::outcome_unknown);
            EXPECT_EQ(*report.broken, condition::timeout);
          });
  // It was silent before: nothing was sent, and it may be tried again.
  against(opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n"}}, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    envelope mail = to({"b@y"});
    send_options options;
    options.timeout = 3s;
    const send_report report = co_await report_of(session, mail, text, options);
    EXPECT_EQ(outcomes(report), deliveries{delivery::not_sent});
    EXPECT_EQ(report.why(), condition::timeout);
    EXPECT_EQ(report.worth_retrying(), (std::vector<std::size_t>{0}));
  });
}

TEST(SmtpClient, IsCanceledBeforeAndMidway) {
  const std::string commands = "MAIL FROM:<a@x> SIZE=20\r\nRCPT TO:<b@y>\r\nDATA\r\n";
  against(opening(pipelining), [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    envelope mail = to({"b@y"});
    const auto make = [&] { return session.send(mail, text); };
    const auto sent = co_await testing::outcome_if_canceled_before(make);
    EXPECT_EQ(sent.code(), condition::canceled);
  });
  against(opening(pipelining) + std::vector<turn>{{commands, "250 ok\r\n250 ok\r\n354 go\r\n"},
                                                  {"Subject: x\r\n\r\n..dot\r\n.\r\n", ""}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            envelope mail = to({"b@y"});
            bool told = false;
            const auto sending = [&]() -> task<> {
              try {
                (void)co_await session.send(mail, text, {.return_report = true});
              } catch (const send_error& e) {
                EXPECT_EQ(e.code(), condition::canceled);
                EXPECT_EQ(e.report().count(delivery::unknown), 1u);
                told = true;
                throw;
              }
            };
            const auto sent = co_await as_result(with_timeout(1s, sending()));
            EXPECT_EQ(sent.code(), condition::timeout);
            EXPECT_TRUE(told);
            EXPECT_FALSE(session.is_open());
          });
  against({{"", "220 mx\r\n"}, {"EHLO localhost\r\n", ""}}, [](stream peer) -> task<> {
    const auto make = [&] { return open(std::move(peer), plain); };
    const auto opened = co_await testing::outcome_if_canceled_midway(make);
    EXPECT_EQ(opened.code(), condition::canceled);
  });
}

TEST(SmtpClient, RefusesASecondOperationAtOnce) {
  against(opening() + std::vector<turn>{{"NOOP\r\n", ""}, {"", "250 ok\r\n"}}, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    const auto first = [&]() -> task<> { co_await session.noop(); };
    const auto second = [&]() -> task<> {
      envelope mail = to({"b@y"});
      const auto sent = co_await as_result(session.send(mail, text));
      EXPECT_EQ(sent.code(), condition::misuse);
    };
    co_await when_all(first(), second());
    EXPECT_TRUE(session.is_open());
  });
}

TEST(SmtpClient, QuitNeverHangs) {
  against(opening() + std::vector<turn>{{"QUIT\r\n", ""}}, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    const executor here = co_await this_executor();
    const time_point begin = here.now();
    co_await session.quit();
    EXPECT_LE(here.now() - begin, 3s);
    EXPECT_FALSE(session.is_open());
  });
  against(opening() + std::vector<turn>{{"QUIT\r\n", "(close)"}}, [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    co_await session.quit();
    EXPECT_FALSE(session.is_open());
  });
}

TEST(SmtpClient, ASourceThatFailsEndsTheConnectionAndNotTheMessage) {
  class failing final : public message_source {
   public:
    message_traits traits() const override { return {}; }
    task<byte_view> next() override {
      if (std::exchange(asked_, true)) throw std::runtime_error("the disk is gone");
      co_return as_bytes("Subject: x\r\n\r\nhalf");
    }
    void rewind() override {}

   private:
    bool asked_ = false;
  };
  against(opening() + std::vector<turn>{{"MAIL FROM:<a@x>\r\n", "250 ok\r\n"},
                                        {"RCPT TO:<b@y>\r\n", "250 ok\r\n"},
                                        {"DATA\r\n", "354 go\r\n"}},
          [](stream peer) -> task<> {
            client session = co_await open(std::move(peer), plain);
            failing content;
            envelope mail = to({"b@y"});
            bool thrown = false;
            try {
              (void)co_await session.send(mail, content);
            } catch (const std::runtime_error& e) {
              thrown = std::string_view(e.what()) == "the disk is gone";
            }
            EXPECT_TRUE(thrown);
            EXPECT_FALSE(session.is_open());
          });
}

TEST(SmtpClient, TellsATranscript) {
  memory_transcript log;
  client_options options = plain;
  options.transcript = &log;
  against(opening() + std::vector<turn>{{"MAIL FROM:<a@x>\r\n", "250 ok\r\n"},
                                        {"RCPT TO:<b@y>\r\n", "250 ok\r\n"},
                                        {"DATA\r\n", "354 go\r\n"},
                                        {"m\r\n.\r\n", "250 ok\r\n"}},
          [&](stream peer) -> task<> {
            client session = co_await open(std::move(peer), options);
            envelope mail = to({"b@y"});
            (void)co_await session.send(mail, "m");
          });
  EXPECT_EQ(log.text(),
            "S: 220 mx ready\nC: EHLO localhost\nS: 250 mx\nC: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@y>\n"
            "S: 250 ok\nC: DATA\nS: 354 go\nC: (6 bytes of the message)\nS: 250 ok\n");
}

TEST(SmtpClient, ANewLineInACommandIsRefused) {
  against(opening(), [](stream peer) -> task<> {
    client session = co_await open(std::move(peer), plain);
    EXPECT_THROW((void)session.command("VRFY a\r\nMAIL FROM:<x@y>"), error);
    EXPECT_THROW((void)envelope("a@x\r\nDATA"), error);
    co_return;
  });
}

}  // namespace
}  // namespace tidewire::smtp
