#include <tidewire/core.hpp>
#include <tidewire/smtp/mail_transport.hpp>
#include <tidewire/smtp/server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "secure.hpp"
#include "support/conformance.hpp"

namespace tidewire::smtp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tidewire::testing::read_file;

// A folder of its own for each test, gone afterwards.
class scratch {
 public:
  scratch() {
    const auto* const now = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::temp_directory_path() / (std::string("tidewire_") + now->name());
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

mime::message mail() {
  mime::message out;
  out.from("robot@example.org")
      .to("ada@example.org")
      .bcc("eve@example.net")
      .subject("Hello")
      .text("one\ntwo\n");
  return out;
}

std::vector<fs::path> files(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path());
  return out;
}

TEST(SmtpTransport, KeepsMessagesInMemory) {
  memory_transport memory;
  const auto send = [&](mail_transport& out) -> task<> {
    const send_report report = co_await out.send(mail());
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.recipients.size(), 2u);
  };
  run(send(memory));
  ASSERT_EQ(memory.messages().size(), 1u);
  const kept_message& kept = memory.messages().front();
  EXPECT_EQ(kept.envelope.from().text(), "robot@example.org");
  EXPECT_EQ(kept.envelope.recipients().at(1).to.text(), "eve@example.net");
  EXPECT_NE(kept.content.find("Subject: Hello\r\n"), std::string::npos);
  EXPECT_EQ(kept.content.find("eve"), std::string::npos) << "Bcc left";
  EXPECT_TRUE(kept.content.ends_with("one\r\ntwo\r\n"));
}

TEST(SmtpTransport, WritesFiles) {
  const scratch folder;
  file_transport eml(folder.path() / "eml");
  file_transport maildir(folder.path() / "Maildir", file_layout::maildir);
  const auto send = [&]() -> task<> {
    for (mail_transport* out : {static_cast<mail_transport*>(&eml), static_cast<mail_transport*>(&maildir)}) {
      for (int i = 0; i < 3; ++i) {
        const send_report report = co_await out->send(mail());
        EXPECT_TRUE(report.complete());
      }
    }
  };
  run(send());
  EXPECT_EQ(files(folder.path() / "eml").size(), 3u);
  for (const fs::path& file : files(folder.path() / "eml")) {
    EXPECT_EQ(file.extension(), ".eml");
    EXPECT_TRUE(read_file(file).ends_with("one\r\ntwo\r\n"));
  }
  EXPECT_TRUE(files(folder.path() / "Maildir" / "tmp").empty());
  EXPECT_TRUE(files(folder.path() / "Maildir" / "cur").empty());
  EXPECT_EQ(files(folder.path() / "Maildir" / "new").size(), 3u);
  for (const fs::path& file : files(folder.path() / "Maildir" / "new")) {
    const std::string text = read_file(file);
    EXPECT_TRUE(text.ends_with("one\ntwo\n"));
    EXPECT_EQ(text.find('\r'), std::string::npos);
  }
}

TEST(SmtpTransport, SaysThatAFileCouldNotBeWritten) {
  const scratch folder;
  std::ofstream(folder.path() / "file") << "in the way";
  file_transport out(folder.path() / "file");
  const auto send = [&]() -> task<> {
    const auto sent = co_await as_result(out.send(mail()));
    EXPECT_FALSE(sent);
    const send_options options{.return_report = true};
    const send_report report = co_await out.send(mail(), options);
    EXPECT_EQ(report.count(delivery::not_sent), 2u);
  };
  run(send());
}

TEST(SmtpTransport, SendsOverASession) {
  class taking final : public session_handler {
   public:
    task<reply> message(const peer_info& peer, std::size_t) override {
      recipients += peer.recipients.size();
      co_return reply{250, {}, "ok"};
    }
    std::size_t recipients = 0;
  };
  taking handler;
  (void)with_server(handler, {}, [](stream peer) -> task<> {
    const client_options plain{.security = security::plaintext_dangerous};
    client session = co_await open(std::move(peer), plain);
    session_transport out(session);
    // Many at once: each has its turn.
    const auto one = [&]() -> task<> { (void)co_await out.send(mail()); };
    co_await when_all(one(), one(), one());
    co_await session.quit();
  });
  EXPECT_EQ(handler.recipients, 6u);
}

#ifndef _WIN32
// A program that keeps what it is given below the folder, and ends with `status`.
fs::path stub(const scratch& folder, const std::string& last_line) {
  const fs::path program = folder.path() / "sendmail stub";
  std::ofstream(program) << "#!/bin/sh\ncd \"${0%/*}\"\nprintf '%s\\n' \"$@\" > arguments\ncat > input\n"
                         << last_line << "\n";
  fs::permissions(program, fs::perms::owner_all);
  return program;
}

TEST(SmtpTransport, RunsSendmail) {
  const scratch folder;
  sendmail_transport out(stub(folder, "exit 0"));
  const auto send = [&]() -> task<> {
    const send_report report = co_await out.send(mail());
    EXPECT_TRUE(report.complete());
  };
  run(send());
  EXPECT_EQ(read_file(folder.path() / "arguments"),
            "-i\n-f\nrobot@example.org\n--\nada@example.org\neve@example.net\n");
  EXPECT_TRUE(read_file(folder.path() / "input").ends_with("one\ntwo\n"));
}

TEST(SmtpTransport, HearsFromSendmailsStatus) {
  const scratch folder;
  const auto outcome_of = [&](const std::string& last_line) {
    sendmail_transport out(stub(folder, last_line));
    const auto send = [&]() -> task<send_report> {
      const send_options options{.timeout = 5s, .return_report = true};
      co_return co_await out.send(mail(), options);
    };
    return run(send());
  };
  EXPECT_EQ(outcome_of("exit 75").why(), condition::transient);
  EXPECT_EQ(outcome_of("exit 67").why(), condition::permanent);
  EXPECT_EQ(outcome_of("kill -9 $$").why(), condition::permanent);
  sendmail_transport missing(folder.path() / "no such program");
  const auto send = [&]() -> task<> {
    const send_options options{.return_report = true};
    const send_report report = co_await missing.send(mail(), options);
    EXPECT_EQ(report.count(delivery::not_sent), 2u);
  };
  run(send());
}

TEST(SmtpTransport, KillsASendmailThatTakesTooLong) {
  const scratch folder;
  sendmail_transport out(stub(folder, "exec sleep 100"));
  const auto send = [&]() -> task<> {
    const send_options options{.timeout = 300ms, .return_report = true};
    const send_report report = co_await out.send(mail(), options);
    EXPECT_EQ(report.count(delivery::unknown), 2u) << "it may have taken the message before";
  };
  run(send());
}
#endif

}  // namespace
}  // namespace tidewire::smtp
