#include <tidewire/core/clock.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/testing/smtp_server.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/cancellation.hpp"

namespace tidewire::testing {
namespace {

using namespace std::chrono_literals;

const std::string text = "Subject: high tide\r\n\r\nat noon\r\n";

// How one message is sent.
struct sending {
  std::vector<std::string> recipients{"ada@example.org"};
  std::string user{};
  std::string content = text;
  smtp::chunking chunking = smtp::chunking::when_needed;
  bool quit = true;
};

// What came of it.
struct outcome {
  result<void> opened;  // the session, and signing in
  std::optional<smtp::send_report> report;
};

smtp::security security_of(tls_mode mode) {
  switch (mode) {
    case tls_mode::none: return smtp::security::plaintext_dangerous;
    case tls_mode::starttls: return smtp::security::starttls;
    case tls_mode::implicit: break;
  }
  return smtp::security::implicit;
}

task<> open_and_send(stream peer, smtp::client_options options, const sending& what, outcome& out) {
  smtp::client session = co_await smtp::open(std::move(peer), options);
  if (!what.user.empty()) co_await session.login(what.user, "secret");
  smtp::envelope mail("robot@example.org");
  for (const std::string& one : what.recipients) mail.to(one);
  smtp::send_options how;
  how.return_report = true;
  how.chunking = what.chunking;
  auto sent = co_await session.send(mail, what.content, how);
  out.report = std::move(sent);
  if (what.quit) co_await session.quit();
}

// Our client sends a message through the server, in memory, in no time.
outcome send_through(smtp_server& server, tls_mode mode, const sending& what = {}) {
  outcome out;
  virtual_clock time;
  const tls::client_context context = server.client_tls();
  const auto body = [&]() -> task<> {
    smtp::client_options options;
    options.security = security_of(mode);
    options.host = "localhost";
    options.tls = &context;
    options.timeout = 10min;
    options.reply_timeout = 1min;
    out.opened = co_await as_result(open_and_send(server.connect(), options, what, out));
  };
  server.run(body, {.clock = &time});
  return out;
}

// What becomes of a message if one thing goes wrong.
outcome with_fault(const smtp_fault& fault, std::size_t taken, tls_mode mode = tls_mode::none,
                   const sending& what = {}) {
  smtp_server server({.tls = mode});
  server.add_user("robot", "secret");
  server.add_fault(fault);
  outcome out = send_through(server, mode, what);
  EXPECT_EQ(server.messages().size(), taken) << server.transcript();
  EXPECT_EQ(server.faults_fired(), 1u) << server.transcript();
  return out;
}

std::vector<smtp::delivery> deliveries(const outcome& out) {
  std::vector<smtp::delivery> each;
  if (!out.report) return each;
  for (const smtp::recipient_result& one : out.report->recipients) each.push_back(one.outcome);
  return each;
}

using all = std::vector<smtp::delivery>;
using enum smtp::delivery;

TEST(TestingSmtpServer, KeepsWhatItTakesWithItsEnvelope) {
  for (const tls_mode mode : {tls_mode::none, tls_mode::starttls, tls_mode::implicit}) {
    smtp_server server({.tls = mode});
    server.add_user("robot", "secret");
    sending what;
    what.recipients = {"ada@example.org", "bob@example.org"};
    what.user = "robot";
    const outcome out = send_through(server, mode, what);
    ASSERT_TRUE(out.report && out.report->complete()) << server.transcript();
    const auto kept = server.messages();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].envelope.from().text(), "robot@example.org");
    ASSERT_EQ(kept[0].envelope.recipients().size(), 2u);
    EXPECT_EQ(kept[0].envelope.recipients()[1].to.text(), "bob@example.org");
    EXPECT_EQ(kept[0].content, text);
    EXPECT_EQ(kept[0].parse().subject(), "high tide");
    EXPECT_EQ(kept[0].client, "localhost");
    EXPECT_EQ(kept[0].user, "robot");
    EXPECT_EQ(kept[0].tls, mode != tls_mode::none);
    server.clear_messages();
    EXPECT_TRUE(server.messages().empty());
  }
}

TEST(TestingSmtpServer, LogsWhatWasSaidWithoutSecrets) {
  smtp_server server;
  server.add_user("robot", "secret");
  sending what;
  what.user = "robot";
  ASSERT_TRUE(send_through(server, tls_mode::starttls, what).report->complete());
  const std::vector<std::string> requests = server.requests();
  EXPECT_EQ(requests, (std::vector<std::string>{
                          "EHLO localhost", "STARTTLS", "EHLO localhost", "AUTH SCRAM-SHA-256-PLUS ***",
                          "***", "***", "MAIL FROM:<robot@example.org> SIZE=31", "RCPT TO:<ada@example.org>",
                          "DATA", "(31 bytes of the message)", "QUIT"}))
      << server.transcript();
  const std::string log = server.transcript();
  EXPECT_NE(log.find("#1 S: 334 ***\n"), std::string::npos) << log;
  EXPECT_NE(log.find("#1 -- over\n"), std::string::npos) << log;
}

TEST(TestingSmtpServer, SignsInByEachMechanismThatItOffers) {
  for (const std::string_view mechanism : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                                           "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}) {
    smtp_server server({.mechanisms = mechanism});
    server.add_user("robot", "secret");
    sending what;
    what.user = "robot";
    const outcome out = send_through(server, tls_mode::starttls, what);
    EXPECT_TRUE(out.report) << mechanism << '\n' << server.transcript();
    ASSERT_EQ(server.messages().size(), 1u);
    EXPECT_EQ(server.messages()[0].user, "robot");
    what.user = "somebody";
    EXPECT_EQ(send_through(server, tls_mode::starttls, what).opened.code(), smtp::errc::auth_refused);
  }
}

TEST(TestingSmtpServer, TakesTokensOfOauth) {
  for (const std::string_view mechanism : {"OAUTHBEARER", "XOAUTH2"}) {
    smtp_server server({.mechanisms = mechanism});
    server.add_token("robot", "good");
    const tls::client_context context = server.client_tls();
    const auto log_in = [&](const char* token) {
      return server.run([&]() -> task<result<void>> {
        smtp::client_options options;
        options.host = "localhost";
        options.tls = &context;
        smtp::client session = co_await smtp::open(server.connect(), options);
        const auto credentials = crypto::sasl_credentials::bearer("robot", token);
        result<void> in = co_await as_result(session.login(credentials));
        co_return in;
      });
    };
    EXPECT_TRUE(log_in("good")) << server.transcript();
    EXPECT_EQ(log_in("bad").code(), smtp::errc::auth_refused);
  }
}

TEST(TestingSmtpServer, LetsInWhoShowsACertificateByExternal) {
  smtp_server server({.client_certificates = true, .mechanisms = {}});
  server.add_user("robot@example.org", "secret");
  const auto log_in = [&](bool with_certificate) {
    tls::client_context context = server.client_tls();
    const auto shown =
        server.authority().issue({"robot@example.org"}, {.purpose = crypto::certificate_purpose::client});
    if (with_certificate) context.identity(shown);
    return server.run([&]() -> task<result<void>> {
      smtp::client_options options;
      options.host = "localhost";
      options.tls = &context;
      const auto act = [&]() -> task<> {
        smtp::client session = co_await smtp::open(server.connect(), options);
        auto credentials = crypto::sasl_credentials::external();
        credentials.act_as("robot@example.org");
        co_await session.login(credentials);
      };
      result<void> in = co_await as_result(act());
      co_return in;
    });
  };
  EXPECT_TRUE(log_in(true)) << server.transcript();
  EXPECT_EQ(log_in(false).code(), condition::tls);
}

TEST(TestingSmtpServer, ShowsEachKindOfBadCertificate) {
  const auto shown = [](certificate_kind kind) {
    smtp_server server({.certificate = kind});
    return send_through(server, tls_mode::starttls).opened.code();
  };
  EXPECT_FALSE(shown(certificate_kind::good));
  EXPECT_EQ(shown(certificate_kind::wrong_host), tls::errc::wrong_host);
  EXPECT_EQ(shown(certificate_kind::expired), tls::errc::certificate_expired);
  EXPECT_EQ(shown(certificate_kind::not_yet_valid), condition::tls);
  EXPECT_EQ(shown(certificate_kind::self_signed), condition::tls);
  EXPECT_EQ(shown(certificate_kind::unknown_authority), condition::tls);
}

TEST(TestingSmtpServer, OffersWhatItIsToldTo) {
  const auto offered = [](const smtp_server_options& how) {
    smtp_server server(how);
    return server.run([&]() -> task<smtp::capabilities> {
      const smtp::client_options options{.security = smtp::security::plaintext_dangerous};
      const smtp::client session = co_await smtp::open(server.connect(), options);
      co_return session.capabilities();
    });
  };
  const smtp::capabilities most = offered({.tls = tls_mode::none});
  EXPECT_TRUE(most.pipelining && most.chunking && most.smtputf8 && most.eight_bit_mime && most.dsn);
  EXPECT_FALSE(most.starttls);
  EXPECT_TRUE(most.offers_auth("SCRAM-SHA-256"));
  EXPECT_TRUE(offered({}).starttls);
  EXPECT_FALSE(offered({}).offers_auth("PLAIN")) << "without TLS";
  const smtp::capabilities least = offered({.tls = tls_mode::none,
                                            .mechanisms = {},
                                            .max_size = 1000,
                                            .pipelining = false,
                                            .chunking = false,
                                            .smtputf8 = false,
                                            .eight_bit_mime = false,
                                            .dsn = false});
  EXPECT_FALSE(least.pipelining || least.chunking || least.smtputf8 || least.eight_bit_mime || least.dsn);
  EXPECT_TRUE(least.auth.empty());
  EXPECT_EQ(least.max_size, 1000u);
}

TEST(TestingSmtpServer, GivesEachRecipientOfLmtpACopyAndAnAnswer) {
  smtp_server server({.tls = tls_mode::none, .protocol = smtp::dialect::lmtp});
  server.add_fault({.at = smtp_stage::message, .text = "452 4.2.2 full", .recipient = "bob@example.org"});
  const auto sent = server.run([&]() -> task<smtp::send_report> {
    const smtp::client_options options{.security = smtp::security::plaintext_dangerous,
                                       .protocol = smtp::dialect::lmtp};
    smtp::client session = co_await smtp::open(server.connect(), options);
    smtp::envelope mail("robot@example.org");
    mail.to("ada@example.org").to("bob@example.org").to("eve@example.org");
    smtp::send_options how;
    how.return_report = true;
    co_return co_await session.send(mail, text, how);
  });
  ASSERT_EQ(sent.recipients.size(), 3u);
  EXPECT_EQ(sent.recipients[0].outcome, accepted);
  EXPECT_EQ(sent.recipients[1].outcome, refused);
  EXPECT_EQ(sent.recipients[1].answer.code, 452);
  EXPECT_EQ(sent.recipients[2].outcome, accepted);
  const auto kept = server.messages();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[1].envelope.recipients().at(0).to.text(), "eve@example.org");
}

TEST(TestingSmtpServer, ListensOnAPortAndServesAgain) {
  smtp_server server;
  const tls::client_context context = server.client_tls();
  for (int round = 0; round < 2; ++round) {
    server.run([&]() -> task<> {
      smtp::client_options options;
      options.port = server.port();
      options.tls = &context;
      smtp::client session = co_await smtp::connect("127.0.0.1", options);
      smtp::envelope mail("robot@example.org");
      mail.to("ada@example.org");
      (void)co_await session.send(mail, text);
      co_await session.quit();
    });
  }
  EXPECT_EQ(server.messages().size(), 2u);
  EXPECT_EQ(server.connection_count(), 2u);
}

TEST(TestingSmtpServer, WaitsForMessages) {
  smtp_server server({.tls = tls_mode::none});
  virtual_clock time;
  server.run(
      [&]() -> task<> {
        const smtp::client_options options{.security = smtp::security::plaintext_dangerous};
        const auto send_late = [&]() -> task<> {
          smtp::client session = co_await smtp::open(server.connect(), options);
          for (int i = 0; i < 2; ++i) {
            co_await sleep_for(2s);
            smtp::envelope mail("robot@example.org");
            mail.to("ada@example.org");
            (void)co_await session.send(mail, text);
          }
        };
        const auto wait = [&]() -> task<> {
          const auto came = co_await server.wait_for(2);
          EXPECT_EQ(came.size(), 2u);
        };
        co_await when_all(send_late(), wait());
        const auto more = co_await as_result(server.wait_for(3));
        EXPECT_EQ(more.code(), condition::timeout);
        EXPECT_EQ(more ? std::string_view("came") : more.error().detail(), "2 of 3 messages came");
        const auto endless = [&] { return server.wait_for(3, no_timeout); };
        EXPECT_EQ((co_await outcome_if_canceled_before(endless)).code(), condition::canceled);
        EXPECT_EQ((co_await outcome_if_canceled_midway(endless)).code(), condition::canceled);
      },
      {.clock = &time});
}

TEST(TestingSmtpServer, TellsOfEachMessageWhenItCame) {
  smtp_server server({.tls = tls_mode::none});
  std::vector<std::string> told;
  server.on_message([&](const received_message& one) { told.push_back(one.content); });
  ASSERT_TRUE(send_through(server, tls_mode::none).report->complete());
  EXPECT_EQ(told, std::vector<std::string>{text});
}

TEST(TestingSmtpServer, ServesOnAThreadOfItsOwnForCodeThatBlocks) {
  smtp_server server;
  server.start();
  const auto twice = [&] { server.start(); };
  EXPECT_THROW(twice(), error);
  EXPECT_THROW((void)server.connect(), error) << "its loop is another one";
  const auto send = [&]() -> task<> {
    const tls::client_context context = server.client_tls();
    smtp::client_options options;
    options.port = server.port();
    options.tls = &context;
    smtp::client session = co_await smtp::connect("127.0.0.1", options);
    smtp::envelope mail("robot@example.org");
    mail.to("ada@example.org");
    (void)co_await session.send(mail, text);
    co_await session.quit();
  };
  std::thread other([&] { run(send()); });
  const auto came = tidewire::run(server.wait_for(1));
  EXPECT_EQ(came.size(), 1u);
  other.join();
  server.stop();
  server.stop();
  server.start();
  run(send());
  EXPECT_EQ(server.messages().size(), 2u);
}

TEST(TestingSmtpServer, IsNotToBeServedTwiceAtATime) {
  smtp_server server;
  server.run([&]() -> task<> {
    const auto nothing = [&]() -> task<> { co_return; };
    const auto again = co_await as_result(server.serve_while(nothing));
    EXPECT_EQ(again.code(), condition::misuse);
  });
  EXPECT_THROW((void)server.connect(), error) << "nobody serves";
}

TEST(TestingSmtpServer, GivesWhatItsBodyGivesAndThrows) {
  smtp_server server;
  EXPECT_EQ(server.run([]() -> task<int> { co_return 7; }), 7);
  const auto throwing = []() -> task<int> {
    co_await yield();
    throw error(errc::malformed, "on purpose");
  };
  try {
    server.run(throwing);
    FAIL() << "nothing was thrown";
  } catch (const error& e) {
    EXPECT_EQ(e.detail(), "on purpose");
  }
}

// Faults: whether they happen, and what our client makes of them.

TEST(TestingFaults, ThatNeverFireFailTheTest) {
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::rcpt, .text = "550 no", .recipient = "bob@example.org"});
  EXPECT_EQ(server.unfired_faults(),
            std::vector<std::string>{"refuse at rcpt of bob@example.org (happened 0 of 1 times, met 0)"});
  try {
    (void)send_through(server, tls_mode::none);
    FAIL() << "a fault that never happened was passed over";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), condition::misuse);
    EXPECT_NE(e.detail().find("refuse at rcpt of bob@example.org"), std::string_view::npos) << e.what();
  }
  server.start();
  EXPECT_THROW(server.stop(), error);
  server.allow_unfired_faults();
  EXPECT_NO_THROW((void)send_through(server, tls_mode::none));
  server.clear_faults();
  EXPECT_TRUE(server.faults().empty());
}

TEST(TestingFaults, HappenTheNthTimeAndAsOftenAsTheyAreToldTo) {
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::mail, .text = "451 4.3.0 later", .nth = 2, .times = 2});
  server.add_fault(
      {.at = smtp_stage::rcpt, .text = "550 5.1.1 no", .recipient = "BOB@example.org", .times = 0});
  sending what;
  what.recipients = {"ada@example.org", "bob@example.org"};
  server.allow_unfired_faults();
  EXPECT_EQ(deliveries(send_through(server, tls_mode::none, what)), (all{accepted, refused}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(deliveries(send_through(server, tls_mode::none)), all{refused}) << "time " << i + 2;
  }
  EXPECT_EQ(deliveries(send_through(server, tls_mode::none, what)), (all{accepted, refused}));
  const auto reports = server.faults();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].text, "refuse at mail, times 2 to 3");
  EXPECT_EQ(reports[0].fired, 2u);
  EXPECT_EQ(reports[1].text, "refuse at rcpt of BOB@example.org, always from time 1 on");
  EXPECT_EQ(reports[1].fired, 2u);
}

TEST(TestingFaults, RefuseAtEachStage) {
  const auto refusal = [](smtp_stage at, const sending& what = {}) {
    return with_fault({.at = at, .text = "451 4.3.0 later"}, 0, tls_mode::none, what);
  };
  EXPECT_EQ(refusal(smtp_stage::greeting).opened.code(), condition::transient);
  EXPECT_EQ(refusal(smtp_stage::hello).opened.code(), condition::transient);
  sending as_robot;
  as_robot.user = "robot";
  EXPECT_EQ(refusal(smtp_stage::auth, as_robot).opened.code(), smtp::errc::auth_refused_for_now);
  for (const smtp_stage at : {smtp_stage::mail, smtp_stage::rcpt, smtp_stage::data, smtp_stage::message}) {
    const outcome out = refusal(at);
    EXPECT_EQ(deliveries(out), all{refused}) << static_cast<int>(at);
    EXPECT_EQ(out.report->recipients.at(0).answer.code, 451);
  }
  EXPECT_EQ(
      with_fault({.at = smtp_stage::starttls, .text = "454 4.7.0 no"}, 0, tls_mode::starttls).opened.code(),
      smtp::errc::starttls_unavailable);
  EXPECT_EQ(with_fault({.at = smtp_stage::tls}, 0, tls_mode::starttls).opened.code(), condition::tls);
  const outcome left = with_fault({.at = smtp_stage::quit, .text = "500 stay"}, 1);
  EXPECT_EQ(deliveries(left), all{accepted});
}

TEST(TestingFaults, RefuseChunksLikeData) {
  sending in_chunks;
  in_chunks.chunking = smtp::chunking::when_offered;
  const outcome out =
      with_fault({.at = smtp_stage::data, .text = "452 4.3.1 full"}, 0, tls_mode::none, in_chunks);
  EXPECT_EQ(deliveries(out), all{refused});
}

TEST(TestingFaults, CutBeforeEachStageTakesNothing) {
  for (const misdeed what : {misdeed::cut, misdeed::reset}) {
    const auto cut = [&](smtp_stage at, const sending& how = {}) {
      return with_fault({.at = at, .what = what}, 0, tls_mode::none, how);
    };
    EXPECT_EQ(cut(smtp_stage::greeting).opened.code(), condition::eof);
    EXPECT_EQ(cut(smtp_stage::hello).opened.code(), condition::eof);
    sending as_robot;
    as_robot.user = "robot";
    EXPECT_EQ(cut(smtp_stage::auth, as_robot).opened.code(), condition::eof);
    for (const smtp_stage at : {smtp_stage::mail, smtp_stage::rcpt, smtp_stage::data}) {
      EXPECT_EQ(deliveries(cut(at)), all{not_sent}) << static_cast<int>(at);
    }
    EXPECT_EQ(deliveries(cut(smtp_stage::message)), all{unknown});
    EXPECT_FALSE(with_fault({.at = smtp_stage::starttls, .what = what}, 0, tls_mode::starttls).opened);
    EXPECT_FALSE(with_fault({.at = smtp_stage::tls, .what = what}, 0, tls_mode::starttls).opened);
    EXPECT_EQ(deliveries(with_fault({.at = smtp_stage::quit, .what = what}, 1)), all{accepted});
  }
}

TEST(TestingFaults, CutWithinTheMessageTakesNothing) {
  sending large;
  large.content = "Subject: x\r\n\r\n" + std::string(1'000'000, 'x') + "\r\n";
  const outcome out = with_fault({.at = smtp_stage::content, .what = misdeed::cut, .after = 70'000}, 0,
                                 tls_mode::none, large);
  EXPECT_EQ(deliveries(out), all{not_sent});
  // One that is shorter than that does not come to it.
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::content, .what = misdeed::cut, .after = 70'000});
  EXPECT_THROW((void)send_through(server, tls_mode::none), error);
}

TEST(TestingFaults, TakeTheMessageAndLoseTheAnswer) {
  for (const moment when : {moment::instead, moment::amid}) {
    for (const misdeed what : {misdeed::cut, misdeed::reset, misdeed::silence}) {
      const outcome out = with_fault({.at = smtp_stage::message, .what = what, .when = when}, 1);
      EXPECT_EQ(deliveries(out), all{unknown});
    }
  }
  const outcome told =
      with_fault({.at = smtp_stage::message, .what = misdeed::cut, .when = moment::after}, 1);
  EXPECT_EQ(deliveries(told), all{accepted});
}

TEST(TestingFaults, SilenceIsATimeoutOfTheClient) {
  const auto silent = [](smtp_stage at, tls_mode mode = tls_mode::none) {
    return with_fault({.at = at, .what = misdeed::silence}, 0, mode);
  };
  EXPECT_EQ(silent(smtp_stage::greeting).opened.code(), condition::timeout);
  EXPECT_EQ(silent(smtp_stage::hello).opened.code(), condition::timeout);
  EXPECT_EQ(silent(smtp_stage::starttls, tls_mode::starttls).opened.code(), condition::timeout);
  EXPECT_EQ(silent(smtp_stage::tls, tls_mode::starttls).opened.code(), condition::timeout);
  for (const smtp_stage at : {smtp_stage::mail, smtp_stage::rcpt, smtp_stage::data}) {
    const outcome out = silent(at);
    EXPECT_EQ(deliveries(out), all{not_sent});
    EXPECT_EQ(*out.report->broken, condition::timeout);
  }
  EXPECT_EQ(deliveries(silent(smtp_stage::message)), all{unknown});
  EXPECT_EQ(deliveries(with_fault({.at = smtp_stage::quit, .what = misdeed::silence}, 1)), all{accepted});
}

TEST(TestingFaults, DelayByTheClockOfTheLoop) {
  const auto late_by = [](duration time, moment when) {
    smtp_server server({.tls = tls_mode::none});
    server.add_fault({.at = smtp_stage::message, .what = misdeed::delay, .when = when, .time = time});
    const outcome out = send_through(server, tls_mode::none);
    return std::pair(deliveries(out), server.messages().size());
  };
  for (const moment when : {moment::before, moment::instead, moment::amid}) {
    EXPECT_EQ(late_by(59s, when), std::pair(all{accepted}, std::size_t{1}));
  }
  // The client waits a minute.
  EXPECT_EQ(late_by(61s, moment::before), std::pair(all{unknown}, std::size_t{0}));
  EXPECT_EQ(late_by(61s, moment::instead), std::pair(all{unknown}, std::size_t{1}));
}

TEST(TestingFaults, DripAnswersAtEachStage) {
  sending as_robot;
  as_robot.user = "robot";
  for (const smtp_stage at : {smtp_stage::greeting, smtp_stage::hello, smtp_stage::auth, smtp_stage::mail,
                              smtp_stage::rcpt, smtp_stage::data, smtp_stage::message}) {
    const outcome out =
        with_fault({.at = at, .what = misdeed::drip, .time = 10ms, .size = 1}, 1, tls_mode::none, as_robot);
    EXPECT_EQ(deliveries(out), all{accepted}) << static_cast<int>(at);
  }
}

TEST(TestingFaults, GarbageIsABreachOfTheProtocol) {
  const auto garbled = [](smtp_stage at, std::string_view bytes = {}) {
    return with_fault({.at = at, .what = misdeed::garbage, .text = bytes}, at == smtp_stage::message ? 1 : 0);
  };
  EXPECT_EQ(garbled(smtp_stage::greeting).opened.code(), condition::protocol);
  EXPECT_EQ(garbled(smtp_stage::greeting, "HTTP/1.1 400 Bad Request\r\n\r\n").opened.code(),
            condition::protocol);
  EXPECT_EQ(garbled(smtp_stage::hello).opened.code(), condition::protocol);
  for (const smtp_stage at : {smtp_stage::mail, smtp_stage::rcpt, smtp_stage::data}) {
    const outcome out = garbled(at);
    EXPECT_EQ(deliveries(out), all{not_sent});
    EXPECT_EQ(*out.report->broken, condition::protocol);
  }
  EXPECT_EQ(deliveries(garbled(smtp_stage::message)), all{unknown});
  EXPECT_EQ(with_fault({.at = smtp_stage::tls, .what = misdeed::garbage, .text = "no TLS here\r\n"}, 0,
                       tls_mode::starttls)
                .opened.code(),
            condition::tls);
}

TEST(TestingFaults, AnAnswerThatComesTwiceIsNotTakenForTheNext) {
  // The second 250 to MAIL must not count as the answer to RCPT, which the server refuses.
  smtp_server server({.tls = tls_mode::none, .pipelining = false});
  server.add_fault({.at = smtp_stage::mail, .what = misdeed::repeat});
  server.add_fault({.at = smtp_stage::rcpt, .text = "550 5.1.1 no"});
  server.allow_unfired_faults();
  const outcome out = send_through(server, tls_mode::none);
  EXPECT_TRUE(server.messages().empty());
  ASSERT_EQ(deliveries(out).size(), 1u);
  EXPECT_NE(deliveries(out)[0], accepted) << server.transcript();
}

TEST(TestingFaults, InjectedPlainTextIsRefused) {
  const outcome out =
      with_fault({.at = smtp_stage::starttls, .what = misdeed::inject, .text = "250 AUTH PLAIN\r\n"}, 0,
                 tls_mode::starttls);
  EXPECT_EQ(out.opened.code(), smtp::errc::injected_plaintext);
}

TEST(TestingFaults, TlsMayEndWithoutCloseNotify) {
  const auto end_of = [](bool cut) {
    smtp_server server({.tls = tls_mode::implicit});
    if (cut) server.add_fault({.at = smtp_stage::quit, .what = misdeed::cut, .when = moment::after});
    const tls::client_context context = server.client_tls();
    return server.run([&]() -> task<std::error_code> {
      tls::client_options options;
      options.context = &context;
      tls::stream peer = co_await tls::start_tls(server.connect(), "localhost", options);
      co_await peer.write("QUIT\r\n");
      const auto all_of_it = co_await as_result(peer.read_all());
      co_return all_of_it.code();
    });
  };
  EXPECT_FALSE(end_of(false));
  EXPECT_EQ(end_of(true), tls::errc::truncated);
}

TEST(TestingFaults, ResetAConnectionOverTheNetwork) {
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::hello, .what = misdeed::reset});
  const auto seen = server.run([&]() -> task<std::error_code> {
    tcp::stream peer = co_await tcp::connect(server.where());
    (void)co_await peer.read_line();
    co_await peer.write("EHLO x\r\n");
    const auto line = co_await as_result(peer.read_line());
    co_return line.code();
  });
  EXPECT_EQ(seen, std::errc::connection_reset);
}

TEST(TestingFaults, OfOneStageHappenTogether) {
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::rcpt, .text = "450 4.2.0 later"});
  server.add_fault({.at = smtp_stage::rcpt, .what = misdeed::delay, .when = moment::instead, .time = 5s});
  server.add_fault({.at = smtp_stage::rcpt, .what = misdeed::drip, .time = 1s, .size = 4});
  EXPECT_EQ(deliveries(send_through(server, tls_mode::none)), all{refused});
  EXPECT_EQ(server.faults_fired(), 3u);
}

TEST(TestingFaults, ThatCannotHappenAreRefused) {
  smtp_server server;
  const auto refused = [&](const smtp_fault& fault) {
    try {
      server.add_fault(fault);
    } catch (const error& e) {
      return e.code() == condition::misuse;
    }
    return false;
  };
  EXPECT_TRUE(refused({.at = smtp_stage::rcpt})) << "no reply";
  EXPECT_TRUE(refused({.at = smtp_stage::rcpt, .text = "no"}));
  EXPECT_TRUE(refused({.at = smtp_stage::rcpt, .text = "550 no\r\n250 yes"}));
  EXPECT_TRUE(refused({.at = smtp_stage::content, .text = "550 no"}));
  EXPECT_TRUE(refused({.at = smtp_stage::content, .what = misdeed::repeat}));
  EXPECT_TRUE(refused({.at = smtp_stage::content, .what = misdeed::cut, .when = moment::after}));
  EXPECT_TRUE(refused({.at = smtp_stage::tls, .what = misdeed::drip}));
  EXPECT_TRUE(refused({.at = smtp_stage::hello, .what = misdeed::inject}));
  EXPECT_TRUE(server.faults().empty());
  EXPECT_FALSE(refused({.at = smtp_stage::tls}));
}

}  // namespace
}  // namespace tidewire::testing
