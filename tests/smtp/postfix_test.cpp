// A real server: what Postfix takes from us is in its Maildir, byte for byte.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "support/conformance.hpp"
#include "support/oracle.hpp"

namespace tidewire::smtp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// What a command prints; nothing if it fails.
std::string output_of(const std::string& line) {
  std::string out;
  std::FILE* const pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 1024> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), n);
  return pclose(pipe) == 0 ? out : std::string();
}

class SmtpPostfix : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!tidewire::testing::find_program("postfix") || !tidewire::testing::find_program("openssl")) return;
    folder_ =
        fs::temp_directory_path() /
        ("tidewire_postfix_" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
    std::istringstream lines(output_of(std::string("PATH=$PATH:/usr/sbin ") +
                                       TIDEWIRE_INTEROP "/postfix.sh start " + folder_.string()));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) settings_[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  static void TearDownTestSuite() {
    if (folder_.empty()) return;
    (void)output_of(std::string(TIDEWIRE_INTEROP "/postfix.sh stop ") + folder_.string());
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static bool running() { return settings_.contains("SMTP_PORT"); }
  static client_options options(security how, const tls::client_context& context) {
    client_options out;
    out.security = how;
    out.tls = &context;
    out.port = static_cast<std::uint16_t>(
        std::stoi(settings_[how == security::implicit ? "SMTPS_PORT" : "SMTP_PORT"]));
    return out;
  }
  static tls::client_context trusting() {
    tls::trust_store roots;
    roots.add_pem(tidewire::testing::read_file(settings_["CA_FILE"]));
    tls::client_context context;
    context.trust(roots);
    return context;
  }
  // The message that holds `mark`, without the lines that Postfix put before it; empty if it does not come.
  static std::string delivered(std::string_view mark) {
    for (int i = 0; i < 100; ++i, std::this_thread::sleep_for(100ms)) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(fs::path(settings_["MAILDIR"]) / "new", none)) {
        const std::string text = tidewire::testing::read_file(entry.path());
        const std::size_t begin = text.find("Subject: " + std::string(mark) + "\n");
        if (begin != std::string::npos) return text.substr(begin);
      }
    }
    return {};
  }

  static fs::path folder_;
  static std::map<std::string, std::string> settings_;
};

fs::path SmtpPostfix::folder_;
std::map<std::string, std::string> SmtpPostfix::settings_;

#define TIDEWIRE_NEEDS_POSTFIX() \
  if (!running()) TIDEWIRE_SKIP_OR_FAIL("no Postfix could be started (it needs root, postfix and openssl)")

// With all headers that Postfix would add; what comes back is compared from the subject on.
std::string compared(std::string_view mark) {
  return "Subject: " + std::string(mark) + "\n\n.\n..dots\n.\n\nlast\n";
}
std::string text_of(std::string_view mark) {
  return "From: robot@example.org\nDate: Wed, 25 Nov 2026 15:54:13 +0000\nMessage-Id: <" +
         std::to_string(mark.size()) + "@example.org>\n" + compared(mark);
}

TEST_F(SmtpPostfix, TakesMessagesInEveryWay) {
  TIDEWIRE_NEEDS_POSTFIX();
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
  TIDEWIRE_NEEDS_POSTFIX();
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
  TIDEWIRE_NEEDS_POSTFIX();
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
  TIDEWIRE_NEEDS_POSTFIX();
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
