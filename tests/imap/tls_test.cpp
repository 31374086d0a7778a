// TLS from the first byte and by STARTTLS, and whoever sits in between.
#include <tidewire/imap/client.hpp>
#include <tidewire/tls/stream.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "scripted.hpp"
#include "support/secure.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::authority;
using tidewire::testing::localhost;
using tidewire::testing::trusting;

client_options options_for(const tls::client_context& context, security how) {
  client_options options;
  options.security = how;
  options.host = "localhost";
  options.tls = &context;
  return options;
}

// Runs `body(client's end)` against a server that keeps to `before`, then speaks TLS with `context`, then
// keeps to `after`.
void against_tls(const std::vector<turn>& before, const tls::server_context& context,
                 const std::vector<turn>& after, const std::function<task<>(stream)>& body) {
  virtual_clock time;
  const auto both = [&]() -> task<> {
    auto ends = memory_stream_pair();
    const auto near = [&]() -> task<> { co_await body(std::move(ends.first)); };
    const auto far = [&]() -> task<> {
      stream& peer = ends.second;
      for (const turn& one : before) {
        std::string got;
        if (!one.expected.empty()) got = co_await peer.read_line() + "\r\n";
        EXPECT_EQ(got, one.expected);
        co_await peer.write(one.said);
      }
      auto secured = co_await as_result(tls::accept(std::move(peer), context));
      if (!secured) co_return;
      co_await play(*secured, after);
    };
    co_await when_all(near(), far());
  };
  run(both(), {.clock = &time});
}

TEST(ImapTls, BeginsWithTlsByDefault) {
  const tls::client_context context = trusting();
  against_tls({}, localhost(), {lets_in("IDLE"), {"a1 NOOP\r\n", "a1 OK\r\n"}}, [&](stream peer) -> task<> {
    client_options options = options_for(context, client_options().security);
    client imap = co_await open(std::move(peer), options);
    EXPECT_TRUE(imap.is_secure());
    EXPECT_TRUE(imap.is_authenticated()) << "behind TLS, PREAUTH may be believed";
    co_await imap.noop();
  });
}

TEST(ImapTls, ForgetsBehindStarttlsWhatWasSaidBefore) {
  const tls::client_context context = trusting();
  against_tls({{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN QUOTA] hi\r\n"},
               {"a1 STARTTLS\r\n", "a1 OK begin\r\n"}},
              localhost(), {{"a2 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 MOVE\r\na2 OK\r\n"}},
              [&](stream peer) -> task<> {
                const client imap = co_await open(std::move(peer), options_for(context, security::starttls));
                EXPECT_TRUE(imap.is_secure());
                EXPECT_TRUE(imap.capabilities().move);
                EXPECT_FALSE(imap.capabilities().quota);
              });
}

TEST(ImapTls, RefusesWhatCameBehindTheAnswerToStarttls) {
  const tls::client_context context = trusting();
  for (const char* injected : {"* 1 EXISTS\r\n", "a2 OK", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na2 OK\r\n"}) {
    SCOPED_TRACE(injected);
    against({{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"},
             {"a1 STARTTLS\r\n", std::string("a1 OK begin\r\n") + injected}},
            [&](stream peer) -> task<> {
              const auto opened =
                  co_await as_result(open(std::move(peer), options_for(context, security::starttls)));
              EXPECT_EQ(opened.code(), make_error_code(errc::injected_plaintext));
              EXPECT_EQ(opened.code(), condition::tls);
            });
  }
}

TEST(ImapTls, TellsNobodyWhatCameInPlainText) {
  class heard final : public unsolicited_handler {
   public:
    void unsolicited(const response&) override { ++count; }
    int count = 0;
  } handler;
  const tls::client_context context = trusting();
  against_tls({{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"},
               {"a1 STARTTLS\r\n", "* OK [ALERT] call this number\r\na1 OK begin\r\n"}},
              localhost(), {{"a2 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1\r\na2 OK\r\n"}},
              [&](stream peer) -> task<> {
                client_options options = options_for(context, security::starttls);
                options.handler = &handler;
                const client imap = co_await open(std::move(peer), options);
              });
  EXPECT_EQ(handler.count, 0);
}

TEST(ImapTls, LeavesAServerThatDoesNotOfferIt) {
  const tls::client_context context = trusting();
  const turn offers{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"};
  const std::vector<std::vector<turn>> scripts = {{{"", "* OK [CAPABILITY IMAP4rev1] hi\r\n"}},
                                                  {offers, {"a1 STARTTLS\r\n", "a1 NO not now\r\n"}},
                                                  {offers, {"a1 STARTTLS\r\n", "a1 BAD what?\r\n"}}};
  for (const auto& script : scripts) {
    against(script, [&](stream peer) -> task<> {
      const auto opened = co_await as_result(open(std::move(peer), options_for(context, security::starttls)));
      EXPECT_EQ(opened.code(), make_error_code(errc::starttls_unavailable));
      EXPECT_EQ(opened.code(), condition::tls);
    });
  }
}

TEST(ImapTls, GoesOnInPlainTextOnlyIfThatWasAllowed) {
  const tls::client_context context = trusting();
  against({{"", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"}}, [&](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), options_for(context, security::opportunistic));
    EXPECT_FALSE(imap.is_secure());
    const auto login = co_await as_result(imap.login("ada", "secret"));
    EXPECT_EQ(login.code(), make_error_code(errc::auth_unavailable)) << "no password in plain text";
  });
}

TEST(ImapTls, RefusesTheCertificateOfAnotherHost) {
  const tls::client_context context = trusting();
  const tls::server_context other(authority().issue({"other.example.org"}));
  const turn offers{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"};
  for (const security how : {security::implicit, security::starttls}) {
    std::vector<turn> before;
    if (how == security::starttls) before = {offers, {"a1 STARTTLS\r\n", "a1 OK begin\r\n"}};
    against_tls(before, other, {}, [&](stream peer) -> task<> {
      const auto opened = co_await as_result(open(std::move(peer), options_for(context, how)));
      EXPECT_EQ(opened.code(), make_error_code(tls::errc::wrong_host));
    });
  }
}

}  // namespace
}  // namespace tidewire::imap
