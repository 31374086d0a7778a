// A real server: what Postfix takes from us is in its Maildir, byte for byte.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "support/conformance.hpp"
#include "support/interop_server.hpp"
#include "support/oracle.hpp"

namespace tidewire::smtp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tidewire::testing::interop_server;
using tidewire::testing::read_file;

class SmtpPostfix : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<interop_server>("postfix.sh"); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!server_->is_running()) {
      TIDEWIRE_SKIP_OR_FAIL("no Postfix (it needs root, postfix and openssl): " + server_->output());
    }
  }

  static client_options options(security how, const tls::client_context& context) {
    client_options out;
    out.security = how;
    out.tls = &context;
    out.port = server_->port(how == security::implicit ? "SMTPS_PORT" : "SMTP_PORT");
    return out;
  }
  static tls::client_context trusting() {
    tls::trust_store roots;
    roots.add_pem(read_file((*server_)["CA_FILE"]));
    tls::client_context context;
    context.trust(roots);
    return context;
  }
  // The message that holds `mark`, without the lines that Postfix put before it; empty if it does not come.
  static std::string delivered(std::string_view mark) {
    for (int i = 0; i < 100; ++i, std::this_thread::sleep_for(100ms)) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(fs::path((*server_)["MAILDIR"]) / "new", none)) {
        const std::string text = read_file(entry.path());
        const std::size_t begin = text.find("Subject: " + std::string(mark) + "\n");
        if (begin != std::string::npos) return text.substr(begin);
      }
    }
    return {};
  }

  static std::unique_ptr<interop_server> server_;
};

std::unique_ptr<interop_server> SmtpPostfix::server_;

// With all headers that Postfix would add; what comes back is compared from the subject on.
std::string compared(std::string_view mark) {
  return "Subject: " + std::string(mark) + "\n\n.\n..dots\n.\n\nlast\n";
}
std::string text_of(std::string_view mark) {
  return "From: robot@example.org\nDate: Wed, 25 Nov 2026 15:54:13 +0000\nMessage-Id: <" +
         std::to_string(mark.size()) + "@example.org>\n" + compared(mark);
}

TEST_F(SmtpPostfix, TakesMessagesInEveryWay) {
  const tls::client_context context = trusting();
  const auto send = [&]() -> task<> {
    for (const security how :
         {security::starttls, security::implicit, security::opportunistic, security::plaintext_dangerous}) {
      const std::string mark = "way" + std::to_string(static_cast<int>(how));
      client session = co_await connect("localhost", options(how, context));
      EXPECT_EQ(session.is_secure(), how != security::plaintext_dangerous);
      EXPECT_TRUE(session.capabilities().pipelining && session.capabilities().chunking &&
                  session.capabilities().smtputf8);
      for (const chunking chunks : {chunking::never, chunking::when_offered}) {
        envelope mail("robot@example.org");
        mail.to("ada@example.test");
        send_options with;
        with.chunking = chunks;
        const send_report report =
            co_await session.send(mail, text_of(mark + std::to_string(static_cast<int>(chunks))), with);
        EXPECT_TRUE(report.complete());
        EXPECT_TRUE(report.answer.text.starts_with("Ok: ")) << report.answer.text;
        EXPECT_EQ(report.answer.enhanced, (enhanced_code{2, 0, 0}));
      }
      co_await session.quit();
    }
  };
  run(send());
  for (const char* mark : {"way02", "way01", "way12", "way11", "way22", "way21", "way32", "way31"}) {
    EXPECT_EQ(delivered(mark), compared(mark)) << mark;
  }
}

TEST_F(SmtpPostfix, SaysWhoIsRefused) {
  const tls::client_context context = trusting();
  const auto send = [&]() -> task<> {
    client session = co_await connect("localhost", options(security::starttls, context));
    envelope mail("robot@example.org");
    mail.to("nobody@example.test").to("ada@example.test").to("eve@elsewhere.example");
    const send_options with{.return_report = true};
    const send_report report = co_await session.send(mail, text_of("partly"), with);
    EXPECT_EQ(report.count(delivery::accepted), 1u);
    EXPECT_EQ(report.recipients.at(0).answer.enhanced, (enhanced_code{5, 1, 1}));
    EXPECT_EQ(report.recipients.at(2).answer.enhanced, (enhanced_code{5, 7, 1}));
    const auto large = co_await as_result(session.send(mail, std::string(2'000'000, 'x')));
    EXPECT_EQ(large.code(), errc::message_too_large);
    EXPECT_TRUE(session.is_open());
    const reply verified = co_await session.command("VRFY ada@example.test");
    EXPECT_EQ(verified.code, 252);
    co_await session.quit();
  };
  run(send());
  EXPECT_EQ(delivered("partly"), compared("partly"));
}

TEST_F(SmtpPostfix, TakesInternationalMailOfMime) {
  const tls::client_context context = trusting();
  const auto send = [&]() -> task<> {
    client session = co_await connect("localhost", options(security::starttls, context));
    mime::message mail;
    mail.from("robot@example.org")
        .to("j\xc3\xb6rg@example.test")
        .subject("international")
        .text(
            "Gr\xc3\xbc\xc3\x9f"
            "e\n");
    const send_report report = co_await session.send(mail);
    EXPECT_TRUE(report.complete());
    co_await session.quit();
  };
  run(send());
  const std::string got = delivered("international");
  EXPECT_NE(got.find("Gr\xc3\xbc\xc3\x9f"
                     "e"),
            std::string::npos)
      << got;
}

TEST_F(SmtpPostfix, TakesAHundredMessagesOfAPool) {
  const tls::client_context context = trusting();
  std::size_t accepted = 0;
  const session_opener opener = [&]() { return connect("localhost", options(security::starttls, context)); };
  const auto send_all = [&](pool& sessions) -> task<> {
    const auto one = [&](std::string text) -> task<> {
      envelope mail("robot@example.org");
      mail.to("ada@example.test");
      const send_report report = co_await sessions.send(mail, std::move(text));
      accepted += report.count(delivery::accepted);
    };
    const auto all = [&](task_group& group) -> task<> {
      for (int i = 0; i < 100; ++i) group.spawn(one(text_of("pool " + std::to_string(i))));
      co_return;
    };
    co_await with_group(all);
  };
  run(with_pool(opener, {.connections = 3, .messages_per_connection = 20}, send_all));
  EXPECT_EQ(accepted, 100u);
  EXPECT_EQ(delivered("pool 99"), compared("pool 99"));
}

}  // namespace
}  // namespace tidewire::smtp
