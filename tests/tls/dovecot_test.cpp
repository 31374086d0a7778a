// The SASL mechanisms of crypto against those of Dovecot, over TLS, as IMAP carries them (RFC 9051 section
// 6.2.2).
#include <tidewire/base/base64.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/with_dovecot.hpp"

namespace tidewire::tls {
namespace {

using crypto::sasl_client;
using crypto::sasl_credentials;

/// How a login ended.
struct login {
  std::string answer;    ///< Of the server: "OK ...", "NO ...".
  result<void> outcome;  ///< Of our side.
  std::string mechanism;

  [[nodiscard]] bool succeeded() const { return answer.starts_with("OK ") && outcome.has_value(); }
  [[nodiscard]] bool refused() const { return answer.starts_with("NO [AUTHENTICATIONFAILED] "); }
};

/// The next answer to a challenge, or to none.
result<secret> answer_to(sasl_client& client, std::string_view challenge, bool first) {
  if (first && client.sends_first()) return client.first();
  const auto decoded = base64::decode_text(challenge);
  if (!decoded) return decoded.error();
  return client.reply(*decoded);
}

/// AUTHENTICATE, to its end.
task<login> authenticate(tidewire::stream& server, sasl_client client) {
  login ended;
  ended.mechanism = client.mechanism();
  co_await server.write("a AUTHENTICATE ", ended.mechanism, "\r\n");
  for (bool first = true;; first = false) {
    const std::string line = co_await server.read_line();
    if (!line.starts_with("+ ")) {
      ended.answer = line.substr(2);
      if (ended.answer.starts_with("OK ")) ended.outcome = client.finish();
      co_return ended;
    }
    const auto answer = answer_to(client, line.substr(2), first);
    if (!answer) ended.outcome = answer.error();
    const std::string said = answer ? base64::encode(answer->reveal_bytes()) : "*";
    co_await server.write(said, "\r\n");
  }
}

class TlsDovecot : public tidewire::testing::with_dovecot {
 protected:
  /// Logs in over TLS from the first byte.
  static login log_in(std::string_view mechanism, const sasl_credentials& credentials,
                      const client_context& context = trusting()) {
    const auto talk = [&]() -> task<login> {
      client_options options;
      options.context = &context;
      stream server = co_await connect("localhost", port("IMAPS_PORT"), options);
      (void)co_await server.read_line();
      sasl_client client = sasl_client::make(mechanism, credentials).value();
      login ended = co_await authenticate(server, std::move(client));
      co_await server.finish();
      co_return ended;
    };
    return run(talk());
  }
};

TEST_F(TlsDovecot, KnowsUsersByTheirPasswords) {
  for (const char* mechanism : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}) {
    for (const char* who : {"1", "2"}) {
      const std::string& user = setting(std::string("USER") + who);
      const std::string& password = setting(std::string("PASSWORD") + who);
      const login right = log_in(mechanism, {user, password});
      EXPECT_TRUE(right.succeeded()) << mechanism << ' ' << user << ": " << right.answer;
    }
    const login wrong = log_in(mechanism, {setting("USER1"), setting("PASSWORD2")});
    EXPECT_TRUE(wrong.refused()) << mechanism << ": " << wrong.answer;
    const login unknown = log_in(mechanism, {"nobody", setting("PASSWORD1")});
    EXPECT_TRUE(unknown.refused()) << mechanism << ": " << unknown.answer;
  }
}

TEST_F(TlsDovecot, KnowsUsersByTheirTokens) {
  for (const char* mechanism : {"XOAUTH2", "OAUTHBEARER"}) {
    const auto bearing = [&](const char* token) {
      return sasl_credentials::bearer(setting("USER1"), setting(token))
          .server("localhost", port("IMAPS_PORT"));
    };
    const login right = log_in(mechanism, bearing("USER1_TOKEN"));
    EXPECT_TRUE(right.succeeded()) << mechanism << ": " << right.answer;
    const login expired = log_in(mechanism, bearing("USER1_EXPIRED_TOKEN"));
    EXPECT_TRUE(expired.refused()) << mechanism << ": " << expired.answer;
  }
}

TEST_F(TlsDovecot, KnowsAUserByTheCertificate) {
  client_context known = trusting();
  known.identity(load_identity(setting("USER1_CERTIFICATE"), setting("USER1_KEY")));
  const login right = log_in("EXTERNAL", sasl_credentials::external(), known);
  EXPECT_TRUE(right.succeeded()) << right.answer;
  const login unknown = log_in("EXTERNAL", sasl_credentials::external());
  EXPECT_TRUE(unknown.refused()) << unknown.answer;
}

TEST_F(TlsDovecot, OffersPlainPasswordsOnlyAfterStarttls) {
  const sasl_credentials known(setting("USER2"), setting("PASSWORD2"));
  const auto mechanisms = [](std::string_view line) {
    std::vector<std::string> offered;
    for (std::size_t at = 0; (at = line.find(" AUTH=", at)) != std::string_view::npos;) {
      at += 6;
      offered.emplace_back(line.substr(at, line.find_first_of(" ]\r", at) - at));
    }
    return offered;
  };
  const auto strongest = [](const std::vector<std::string>& offered, const sasl_credentials& who) {
    return sasl_client::strongest(std::vector<std::string_view>(offered.begin(), offered.end()), who);
  };
  const client_context context = trusting();
  const auto talk = [&]() -> task<> {
    client_options options;
    options.context = &context;
    const std::string& host = setting("FAR_HOST");
    tidewire::stream plain = co_await tcp::connect(host, port("IMAP_PORT"));
    const std::string greeting = co_await plain.read_line();
    EXPECT_NE(greeting.find(" LOGINDISABLED"), std::string::npos) << greeting;
    const std::vector<std::string> before = mechanisms(greeting);
    EXPECT_EQ(std::count(before.begin(), before.end(), "PLAIN"), 0) << greeting;

    co_await plain.write("s STARTTLS\r\n");
    const std::string begin = co_await plain.read_line();
    EXPECT_TRUE(begin.starts_with("s OK ")) << begin;
    stream secure = co_await start_tls(std::move(plain), host, options);
    co_await secure.write("c CAPABILITY\r\n");
    const std::string capabilities = co_await secure.read_line();
    (void)co_await secure.read_line();
    const std::vector<std::string> after = mechanisms(capabilities);
    EXPECT_EQ(std::count(after.begin(), after.end(), "PLAIN"), 1) << capabilities;
    sasl_client client = strongest(after, known).value();
    const login ended = co_await authenticate(secure, std::move(client));
    EXPECT_TRUE(ended.succeeded()) << ended.answer;
    EXPECT_EQ(ended.mechanism, "SCRAM-SHA-256");
  };
  run(talk());
}

}  // namespace
}  // namespace tidewire::tls
