#include <tidewire/imap/session.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::exact_block;
using texts = std::vector<std::string>;

// What a session says, and what it tells whoever answers.
struct outcome {
  std::string said;
  texts told;
  bool operator==(const outcome&) const = default;
};

void PrintTo(const outcome& what, std::ostream* out) {
  *out << "said " << ::testing::PrintToString(what.said) << "\ntold " << ::testing::PrintToString(what.told);
}

// Lets "ada" in, selects whatever is to be selected, and says OK to all else.
outcome serve(const session_options& options, const std::vector<std::string_view>& pieces) {
  outcome out;
  session server(options);
  server.greet("ready");
  std::string buffered;
  bool over = false;
  for (const std::string_view piece : pieces) {
    buffered += piece;
    while (!over) {
      const exact_block block(buffered);
      const session_event event = server.next(as_bytes(block.text()));
      buffered.erase(0, server.taken());
      if (event == session_event::more) break;
      out.told.push_back(server.shown());
      switch (event) {
        case session_event::command:
          if (server.command().name == "SELECT") server.select(true);
          if (server.command().name == "CLOSE") server.select(false);
          server.ok("done");
          break;
        case session_event::login:
          if (server.command().arguments[0].text() == "ada") {
            server.signed_in();
          } else {
            server.no("no", "AUTHENTICATIONFAILED");
          }
          break;
        case session_event::authenticate: server.challenge("Y2hhbGxlbmdl"); break;
        case session_event::auth_response:
          if (server.line() == "*") {
            server.bad("as you like");
          } else {
            server.signed_in();
          }
          break;
        case session_event::starttls:
          server.ok("begin");
          server.tls_started();
          break;
        case session_event::idle:
          server.begin_idle();
          server.untagged("1 EXISTS");
          break;
        case session_event::idle_done: server.ok("done"); break;
        case session_event::logout:
        case session_event::closed: over = true; break;
        case session_event::more: break;
      }
    }
  }
  out.said = server.output();
  return out;
}

outcome serve_every_way(const session_options& options, std::string_view wire) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return serve(options, pieces); };
  return tidewire::testing::every_way(wire, take, [](const outcome& whole, const outcome& cut) {
    EXPECT_TRUE(whole.said.starts_with(cut.said));
  });
}

// What is said behind the greeting.
std::string answers(const session_options& options, std::string_view wire) {
  const std::string said = serve_every_way(options, wire).said;
  return said.substr(said.find("\r\n") + 2);
}

constexpr session_options open_door{.mechanisms = "PLAIN", .sign_in_needs_tls = false};

TEST(ImapSession, GreetsWithWhatItOffers) {
  EXPECT_EQ(serve(open_door, {}).said, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n");
  EXPECT_EQ(serve({.mechanisms = "PLAIN", .starttls = true}, {}).said,
            "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n");
  session preauthenticated(open_door);
  preauthenticated.greet("ada", true);
  EXPECT_EQ(preauthenticated.output(), "* PREAUTH [CAPABILITY IMAP4rev1] ada\r\n");
  EXPECT_EQ(preauthenticated.state(), session_state::authenticated);
}

TEST(ImapSession, KeepsTheOrderOfStates) {
  EXPECT_EQ(answers(open_door,
                    "a SELECT x\r\nb LOGIN ada pw\r\nc FETCH 1 FLAGS\r\nd SELECT x\r\ne FETCH 1 "
                    "FLAGS\r\nf CLOSE\r\ng FETCH 1 FLAGS\r\nh LOGIN ada pw\r\n"),
            "a BAD sign in first\r\nb OK [CAPABILITY IMAP4rev1] welcome\r\nc BAD no mailbox is selected\r\n"
            "d OK done\r\ne OK done\r\nf OK done\r\ng BAD no mailbox is selected\r\n"
            "h BAD somebody is signed in already\r\n");
}

TEST(ImapSession, RefusesWhatIsNotOffered) {
  EXPECT_EQ(answers(open_door, "a LOGIN ada pw\r\nb IDLE\r\nc MOVE 1 x\r\nd NAMESPACE\r\ne FOO\r\n"),
            "a OK [CAPABILITY IMAP4rev1] welcome\r\nb BAD unknown command\r\nc BAD unknown command\r\n"
            "d BAD unknown command\r\ne BAD unknown command\r\n");
  session_options rev2 = open_door;
  rev2.capabilities = "IMAP4rev2";
  EXPECT_EQ(answers(rev2, "a LOGIN ada pw\r\nd NAMESPACE\r\ne LSUB \"\" *\r\n"),
            "a OK [CAPABILITY IMAP4rev2] welcome\r\nd OK done\r\ne BAD unknown command\r\n");
}

TEST(ImapSession, ShowsNoSecrets) {
  session_options options = open_door;
  options.capabilities = "IMAP4rev1 SASL-IR";
  const outcome all = serve_every_way(
      options, "a LOGIN eve secret\r\nb AUTHENTICATE PLAIN c2VjcmV0\r\nc2VjcmV0\r\nc LOGOUT\r\n");
  EXPECT_EQ(all.told, (texts{"a LOGIN ***", "b AUTHENTICATE PLAIN ***", "***", "c LOGOUT"}));
  EXPECT_TRUE(
      all.said.ends_with("a NO [AUTHENTICATIONFAILED] no\r\n+ Y2hhbGxlbmdl\r\n"
                         "b OK [CAPABILITY IMAP4rev1 SASL-IR] welcome\r\n"
                         "* BYE good-bye\r\nc OK done\r\n"));
}

TEST(ImapSession, LetsAClientGiveUpASignIn) {
  EXPECT_EQ(
      answers(open_door, "a AUTHENTICATE PLAIN\r\n*\r\nb AUTHENTICATE FOO\r\nc AUTHENTICATE PLAIN xx\r\n"),
      "+ Y2hhbGxlbmdl\r\na BAD as you like\r\nb NO [CANNOT] unknown mechanism\r\n"
      "c BAD an initial response was not offered\r\n");
}

TEST(ImapSession, WantsTlsBeforeASignIn) {
  const session_options options{.mechanisms = "PLAIN", .starttls = true};
  EXPECT_EQ(answers(options,
                    "a LOGIN ada pw\r\nb AUTHENTICATE PLAIN\r\nc STARTTLS\r\nd STARTTLS\r\ne "
                    "CAPABILITY\r\nf LOGIN ada pw\r\n"),
            "a NO [PRIVACYREQUIRED] not without TLS\r\nb NO [PRIVACYREQUIRED] not without TLS\r\n"
            "c OK begin\r\nd BAD no STARTTLS here\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\ne OK these\r\n"
            "f OK [CAPABILITY IMAP4rev1] welcome\r\n");
}

TEST(ImapSession, IdlesUntilDone) {
  session_options options = open_door;
  options.capabilities = "IMAP4rev1 IDLE";
  EXPECT_EQ(answers(options, "a LOGIN ada pw\r\nb IDLE\r\ndone\r\nc IDLE\r\nNOOP\r\nd NOOP\r\n"),
            "a OK [CAPABILITY IMAP4rev1 IDLE] welcome\r\n+ idling\r\n* 1 EXISTS\r\nb OK done\r\n"
            "+ idling\r\n* 1 EXISTS\r\nc BAD DONE ends IDLE, and nothing else\r\nd OK done\r\n");
}

TEST(ImapSession, AsksForLiteralsAndRefusesLargeOnes) {
  session_options options = open_door;
  options.limits.literal = 3;
  EXPECT_EQ(answers(options, "a LOGIN {3}\r\nada {2}\r\npw\r\nb SUBSCRIBE {4}\r\nc NOOP\r\n"),
            "+ go on\r\n+ go on\r\na OK [CAPABILITY IMAP4rev1] welcome\r\n"
            "b NO [TOOBIG] a literal that is larger than the limit, or one too many\r\nc OK done\r\n");
}

TEST(ImapSession, EndsWhereCommandsAreNotCertain) {
  EXPECT_TRUE(
      answers(open_door, "a NOOP\nb NOOP\r\n").starts_with("* BYE where commands begin is not certain"));
}

TEST(ImapSession, EndsAfterTooManyErrors) {
  session_options options = open_door;
  options.max_errors = 2;
  EXPECT_EQ(answers(options, "a FOO\r\nb FOO\r\nc FOO\r\nd NOOP\r\n"),
            "a BAD unknown command\r\nb BAD unknown command\r\nc BAD unknown command\r\n"
            "* BYE too many errors\r\n");
}

}  // namespace
}  // namespace tidewire::imap
