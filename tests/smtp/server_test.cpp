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

// Notes the stages that a session goes through, and does at one of them what it is told to.
class noting final : public session_gate {
 public:
  task<std::optional<reply>> reached(const gate_info& at, stream& peer) override {
    stages.push_back(at.where);
    if (at.where == session_stage::content) bytes += at.piece;
    if (!at.recipient.empty()) recipients.emplace_back(at.recipient);
    if (at.where == closed_at) peer.close();
    if (at.where == refused_at) co_return reply{451, enhanced_code{4, 3, 0}, "not now"};
    co_return std::nullopt;
  }
  task<> answer(const gate_info& at, stream& peer, std::string_view text) override {
    answers.push_back(at.where);
    co_await peer.write(text);
  }

  std::vector<session_stage> stages;
  std::vector<session_stage> answers;
  std::vector<std::string> recipients;
  std::size_t bytes = 0;
  std::optional<session_stage> closed_at;
  std::optional<session_stage> refused_at;
};

constexpr std::string_view dialogue =
    "EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n";

// What a server says to the dialogue, all of it sent at once.
std::string say_all(const server_options& options, std::string_view said = dialogue) {
  session_handler handler;
  std::string heard;
  (void)with_server(handler, options, [&](stream peer) -> task<> {
    co_await peer.write(said);
    for (;;) {
      const auto came = co_await as_result(peer.fill());
      if (!came || *came == 0) break;
      heard += as_text(peer.buffered());
      peer.consume(peer.buffered().size());
    }
  });
  return heard;
}

using stages = std::vector<session_stage>;
using enum session_stage;

TEST(SmtpSessionGate, IsToldOfEachStageAndGivenEachAnswer) {
  noting gate;
  server_options options;
  options.gate = &gate;
  const std::string heard = say_all(options);
  EXPECT_EQ(heard, say_all({}));
  EXPECT_EQ(gate.stages, (stages{greeting, hello, mail, rcpt, data, content, message, quit}));
  EXPECT_EQ(gate.answers, (stages{greeting, hello, mail, rcpt, data, message, quit}));
  EXPECT_EQ(gate.recipients, std::vector<std::string>{"b@y"});
  EXPECT_EQ(gate.bytes, 14u);
}

TEST(SmtpSessionGate, AnswersInsteadOfTheHandler) {
  for (const session_stage at : {greeting, hello, mail, rcpt, data, message}) {
    noting gate;
    gate.refused_at = at;
    server_options options;
    options.gate = &gate;
    const std::string heard = say_all(options);
    EXPECT_NE(heard.find("451 "), std::string::npos) << static_cast<int>(at);
    EXPECT_EQ(heard.find("taken"), std::string::npos) << static_cast<int>(at);
  }
}

TEST(SmtpSessionGate, EndsTheSessionByClosing) {
  for (const session_stage at : {greeting, hello, mail, rcpt, data, content, message, quit}) {
    noting gate;
    gate.closed_at = at;
    server_options options;
    options.gate = &gate;
    (void)say_all(options);
    EXPECT_EQ(gate.stages.back(), at);
  }
}

TEST(SmtpServer, TellsATranscriptBothSidesWithoutSecrets) {
  memory_transcript log;
  server_options options;
  options.transcript = &log;
  options.auth = "PLAIN LOGIN";
  options.auth_needs_tls = false;
  (void)say_all(options,
                "EHLO me\r\nauth plain AGFkYQBzZWNyZXQ=\r\nAUTH LOGIN\r\nc2VjcmV0\r\n*\r\nNOOP\r\n"
                "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nsecret\r\n.\r\nQUIT\r\n");
  const std::string& text = log.text();
  for (const char* line :
       {"S: EHLO me\n", "S: auth plain ***\n", "C: 535 5.7.8 not let in\n", "S: AUTH LOGIN\n", "C: 334 ***\n",
        "S: ***\n", "S: NOOP\n", "S: MAIL FROM:<a@x>\n", "S: (8 bytes of the message)\n", "S: QUIT\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
  for (const char* hidden : {"AGFkYQ", "c2Vj", "secret"}) EXPECT_EQ(text.find(hidden), std::string::npos);
}

TEST(SmtpServer, EndsTlsByCloseNotify) {
  session_handler handler;
  server_options options;
  options.tls = &localhost();
  options.implicit_tls = true;
  const tls::client_context context = trusting();
  const auto ended = with_server(handler, options, [&](stream peer) -> task<> {
    tls::client_options how;
    how.context = &context;
    tls::stream secured = co_await tls::start_tls(std::move(peer), "localhost", how);
    co_await secured.write("QUIT\r\n");
    const std::string all = co_await secured.read_all();
    EXPECT_NE(all.find("221 "), std::string::npos);
  });
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace tidewire::smtp
