#include <tidewire/smtp/client.hpp>
#include <tidewire/smtp/server.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "scripted.hpp"
#include "secure.hpp"

namespace tidewire::smtp {
namespace {

// Takes everything, and remembers what was said of the connection.
class taking final : public session_handler {
 public:
  task<reply> hello(const peer_info& peer, const command& what) override {
    hellos.push_back(what.argument + (peer.tls ? " by TLS" : " in plain text"));
    co_return reply{250, {}, ""};
  }
  task<reply> mail(const peer_info&, const command& what) override {
    require_tls = what.mail.require_tls;
    co_return reply{250, {}, "ok"};
  }
  task<> body(const peer_info&, byte_view piece) override {
    text += as_text(piece);
    co_return;
  }

  std::vector<std::string> hellos;
  std::string text;
  bool require_tls = false;
};

client_options options_for(const tls::client_context& context, security how = security::starttls) {
  client_options options;
  options.security = how;
  options.host = "localhost";
  options.tls = &context;
  return options;
}

envelope mail_to(const char* whom) {
  envelope mail("a@x");
  mail.to(whom);
  return mail;
}

TEST(SmtpTls, SaysStarttlsByDefaultAndAsksAgain) {
  taking handler;
  server_options options;
  options.tls = &localhost();
  const tls::client_context context = trusting();
  memory_transcript log;
  const auto ended = with_server(handler, options, [&](stream peer) -> task<> {
    client_options how = options_for(context);
    how.transcript = &log;
    client session = co_await open(std::move(peer), how);
    EXPECT_TRUE(session.is_secure());
    EXPECT_FALSE(session.capabilities().starttls) << "what was said before TLS was not forgotten";
    EXPECT_TRUE(session.capabilities().require_tls);
    envelope mail = mail_to("b@y");
    mail.parameters().require_tls = true;
    const send_report report = co_await session.send(mail, "m");
    EXPECT_TRUE(report.complete());
    co_await session.quit();
  });
  EXPECT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(handler.hellos, (std::vector<std::string>{"localhost in plain text", "localhost by TLS"}));
  EXPECT_EQ(handler.text, "m\r\n");
  EXPECT_TRUE(handler.require_tls);
  EXPECT_NE(log.text().find("C: STARTTLS\nS: 220 2.0.0 begin\nC: EHLO localhost\n"), std::string::npos)
      << log.text();
}

TEST(SmtpTls, BeginsWithTlsIfItIsImplicit) {
  taking handler;
  server_options options;
  options.tls = &localhost();
  options.implicit_tls = true;
  const tls::client_context context = trusting();
  const auto ended = with_server(handler, options, [&](stream peer) -> task<> {
    client session = co_await open(std::move(peer), options_for(context, security::implicit));
    EXPECT_TRUE(session.is_secure());
    envelope mail = mail_to("b@y");
    const send_report report = co_await session.send(mail, "m");
    EXPECT_TRUE(report.complete());
    co_await session.quit();
  });
  EXPECT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(handler.hellos, (std::vector<std::string>{"localhost by TLS"}));
}

TEST(SmtpTls, LeavesAServerThatDoesNotOfferIt) {
  taking handler;
  const tls::client_context context = trusting();
  (void)with_server(handler, {}, [&](stream peer) -> task<> {
    const auto opened = co_await as_result(open(std::move(peer), options_for(context)));
    EXPECT_EQ(opened.code(), errc::starttls_unavailable);
    EXPECT_EQ(opened.code(), condition::tls);
  });
  // Offered, and refused after all.
  for (const char* refusal : {"454 4.7.0 not now\r\n", "502 no\r\n"}) {
    against(
        {{"", "220 mx\r\n"}, {"EHLO localhost\r\n", "250-mx\r\n250 STARTTLS\r\n"}, {"STARTTLS\r\n", refusal}},
        [&](stream peer) -> task<> {
          const auto opened = co_await as_result(open(std::move(peer), options_for(context)));
          EXPECT_EQ(opened.code(), errc::starttls_unavailable);
        });
  }
}

TEST(SmtpTls, GoesOnInPlainTextOnlyIfThatWasAllowed) {
  taking handler;
  const tls::client_context context = trusting();
  (void)with_server(handler, {}, [&](stream peer) -> task<> {
    client session = co_await open(std::move(peer), options_for(context, security::opportunistic));
    EXPECT_FALSE(session.is_secure());
    co_await session.quit();
  });
  server_options options;
  options.tls = &localhost();
  (void)with_server(handler, options, [&](stream peer) -> task<> {
    client session = co_await open(std::move(peer), options_for(context, security::opportunistic));
    EXPECT_TRUE(session.is_secure());
    co_await session.quit();
  });
}

TEST(SmtpTls, TakesNothingThatCameInPlainTextForWhatCameByTls) {
  const tls::client_context context = trusting();
  against({{"", "220 mx\r\n"},
           {"EHLO localhost\r\n", "250-mx\r\n250 STARTTLS\r\n"},
           {"STARTTLS\r\n", "220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n"}},
          [&](stream peer) -> task<> {
            const auto opened = co_await as_result(open(std::move(peer), options_for(context)));
            EXPECT_EQ(opened.code(), errc::injected_plaintext);
            EXPECT_EQ(opened.code(), condition::tls);
          });
}

TEST(SmtpTls, AServerTakesNoCommandThatCameBehindStarttls) {
  taking handler;
  server_options options;
  options.tls = &localhost();
  const auto ended = with_server(handler, options, [&](stream peer) -> task<> {
    co_await peer.write("EHLO me\r\nSTARTTLS\r\nMAIL FROM:<evil@x>\r\n");
    const std::string all = co_await peer.read_all();
    EXPECT_EQ(all.find("250 ok"), std::string::npos);
    EXPECT_NE(all.find("421 "), std::string::npos);
  });
  EXPECT_EQ(ended.code(), errc::injected_plaintext);
}

TEST(SmtpTls, ChecksTheCertificate) {
  taking handler;
  server_options options;
  options.tls = &localhost();
  const tls::client_context context = trusting();
  const tls::client_context suspicious;
  const auto is_refused = [&](const tls::client_context& who, const char* host) {
    (void)with_server(handler, options, [&who, host](stream peer) -> task<> {
      client_options how = options_for(who);
      how.host = host;
      const auto opened = co_await as_result(open(std::move(peer), how));
      EXPECT_EQ(opened.code(), condition::tls) << host;
    });
  };
  is_refused(context, "mail.example.org");
  is_refused(suspicious, "localhost");
  against({}, [&](stream peer) -> task<> {
    client_options nobody = options_for(context);
    nobody.host = {};
    const auto opened = co_await as_result(open(std::move(peer), nobody));
    EXPECT_EQ(opened.code(), condition::misuse);
  });
}

TEST(SmtpTls, ConnectsByName) {
  taking handler;
  server_options options;
  options.tls = &localhost();
  const tls::client_context context = trusting();
  const auto both = [&]() -> task<> {
    tcp::listener listener = tcp::listen(endpoint(ip_address::parse("127.0.0.1").value(), 0));
    const auto serve = [&]() -> task<> {
      tcp::stream peer = co_await listener.accept();
      co_await serve_session(std::move(peer), handler, options);
    };
    const auto send = [&]() -> task<> {
      client_options how = options_for(context);
      how.host = {};
      how.port = listener.local_endpoint().port();
      client session = co_await connect("localhost", how);
      envelope mail = mail_to("b@y");
      const send_report report = co_await session.send(mail, "m");
      EXPECT_TRUE(report.complete());
      co_await session.quit();
    };
    co_await with_timeout(std::chrono::seconds(20), when_all(serve(), send()));
  };
  run(both());
  EXPECT_EQ(handler.hellos, (std::vector<std::string>{"[127.0.0.1] in plain text", "[127.0.0.1] by TLS"}));
}

}  // namespace
}  // namespace tidewire::smtp
