#include <tidewire/base/base64.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::crypto {
namespace {

using tidewire::testing::exact_block;
using namespace std::string_literals;

std::string text_of(const result<secret>& message) {
  return message ? std::string(message->reveal()) : "failure: " + message.error().message();
}

sasl_client client_for(std::string_view mechanism, const sasl_credentials& credentials) {
  return sasl_client::make(mechanism, credentials).value();
}

// What a test server knows.
struct accounts {
  std::string user = "user";
  std::string password = "pencil";
  hash_algorithm hash = hash_algorithm::sha256;
  bool may_act_as = true;
};

// Runs both sides against each other; what the client's success or the failure was.
struct outcome {
  bool authenticated = false;  // so the server says
  std::string server;          // why not
  std::string client;          // what the client says against it
  bool operator==(const outcome&) const = default;
};
void PrintTo(const outcome& what, std::ostream* out) {
  *out << (what.authenticated ? "authenticated" : "refused") << "; server: " << what.server
       << "; client: " << what.client;
}

outcome talk(sasl_client& client, sasl_server& server, const accounts& known) {
  const auto answered = [&](sasl_step step) -> result<sasl_step> {
    const bool is_user = server.user() == known.user;
    switch (step.wants) {
      case sasl_wants::password_check:
      case sasl_wants::token_check:
        return server.decide(is_user && server.password() == secret(known.password));
      case sasl_wants::password:
        return server.give_password(is_user ? std::optional<secret>(known.password) : std::nullopt);
      case sasl_wants::record:
        return server.give_record(
            is_user ? std::optional(scram_record::from_password(known.password, known.hash).value())
                    : std::nullopt);
      case sasl_wants::identity_check: return server.decide(known.may_act_as);
      case sasl_wants::response:
      case sasl_wants::nothing: break;
    }
    return step;
  };
  outcome what;
  std::optional<secret> sent;
  if (client.sends_first()) sent = client.first().value();
  for (int turn = 0; turn < 10; ++turn) {
    std::optional<std::string_view> view;
    if (sent) view = sent->reveal();
    auto step = server.step(view);
    while (step && step->wants != sasl_wants::response && step->wants != sasl_wants::nothing) {
      step = answered(*step);
    }
    if (!step) {
      what.server = step.error().message();
      if (!client.finish()) what.client = "not finished";
      return what;
    }
    if (step->wants == sasl_wants::nothing) {
      what.authenticated = true;
      const auto sure = client.finish();
      if (!sure) what.client = sure.error().message();
      return what;
    }
    auto answer = client.reply(step->data.reveal());
    if (!answer) {
      what.client = answer.error().message();
      return what;
    }
    sent = *std::move(answer);
  }
  what.server = "too many turns";
  return what;
}

outcome talk(std::string_view mechanism, const sasl_credentials& credentials, const accounts& known,
             const sasl_server_options& options = {}) {
  sasl_client client = client_for(mechanism, credentials);
  sasl_server server = sasl_server::make(mechanism, options).value();
  return talk(client, server, known);
}

const outcome success{.authenticated = true, .server = {}, .client = {}};

TEST(SaslExamples, PlainOfRfc4616) {
  sasl_client tim = client_for("PLAIN", sasl_credentials("tim", "tanstaaftanstaaf"));
  EXPECT_TRUE(tim.sends_first());
  EXPECT_EQ(text_of(tim.first()), "\0tim\0tanstaaftanstaaf"s);
  EXPECT_TRUE(tim.finish());
  sasl_client kurt = client_for("plain", sasl_credentials("Kurt", "xipj3plmq").act_as("Ursel"));
  EXPECT_EQ(text_of(kurt.first()), "Ursel\0Kurt\0xipj3plmq"s);

  sasl_server server = sasl_server::make("PLAIN").value();
  EXPECT_EQ(server.step("Ursel\0Kurt\0xipj3plmq"s).value().wants, sasl_wants::password_check);
  EXPECT_EQ(server.user(), "Kurt");
  EXPECT_EQ(server.identity(), "Ursel");
  EXPECT_EQ(server.password().reveal(), "xipj3plmq");
  EXPECT_EQ(server.decide(true).value().wants, sasl_wants::nothing);
}

TEST(SaslExamples, CramMd5OfRfc2195) {
  constexpr std::string_view challenge = "<1896.697170952@postoffice.reston.mci.net>";
  sasl_client client = client_for("CRAM-MD5", sasl_credentials("tim", "tanstaaftanstaaf"));
  EXPECT_FALSE(client.sends_first());
  EXPECT_EQ(text_of(client.reply(challenge)), "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_TRUE(client.finish());

  sasl_server server = sasl_server::make("CRAM-MD5", {.nonce_dangerous = challenge}).value();
  EXPECT_EQ(server.step(std::nullopt).value().data.reveal(), challenge);
  EXPECT_EQ(server.step("tim b913a602c7eda7a495b4e6e7334d3890").value().wants, sasl_wants::password);
  EXPECT_EQ(server.user(), "tim");
  EXPECT_EQ(server.give_password(secret("tanstaaftanstaaf")).value().wants, sasl_wants::nothing);
}

struct scram_example {
  std::string_view mechanism;
  hash_algorithm hash;
  std::string_view client_nonce;
  std::string_view server_nonce;
  std::string_view salt;
  std::string_view client_first;
  std::string_view server_first;
  std::string_view client_final;
  std::string_view server_final;
};
constexpr scram_example scram_examples[] = {
    // RFC 5802 section 5
    {"SCRAM-SHA-1", hash_algorithm::sha1, "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
     "QSXCR+Q6sek8bf92", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    // RFC 7677 section 3
    {"SCRAM-SHA-256", hash_algorithm::sha256, "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "W22ZaJ0SNY7soEsUEjb6gQ==", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
     "Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

TEST(SaslExamples, ScramClientOfTheRfcs) {
  for (const scram_example& each : scram_examples) {
    sasl_client client =
        client_for(each.mechanism, sasl_credentials("user", "pencil").nonce_dangerous(each.client_nonce));
    EXPECT_EQ(client.mechanism(), each.mechanism);
    EXPECT_EQ(text_of(client.first()), each.client_first);
    EXPECT_EQ(text_of(client.reply(each.server_first)), each.client_final);
    EXPECT_FALSE(client.finish()) << "the server has not shown yet that it knows the password";
    EXPECT_EQ(text_of(client.reply(each.server_final)), "");
    EXPECT_TRUE(client.finish());
  }
}

TEST(SaslExamples, ScramServerOfTheRfcs) {
  for (const scram_example& each : scram_examples) {
    sasl_server server = sasl_server::make(each.mechanism, {.nonce_dangerous = each.server_nonce}).value();
    EXPECT_EQ(server.step(each.client_first).value().wants, sasl_wants::record);
    EXPECT_EQ(server.user(), "user");
    const auto salt = base64::decode(each.salt).value();
    EXPECT_EQ(server.give_record(scram_record::from_password("pencil", each.hash, 4096, salt).value())
                  .value()
                  .data.reveal(),
              each.server_first);
    EXPECT_EQ(server.step(each.client_final).value().data.reveal(), each.server_final);
    EXPECT_EQ(server.step("").value().wants, sasl_wants::nothing);
  }
}

TEST(SaslExamples, OauthOfRfc7628AndOfGoogle) {
  const auto ada = sasl_credentials::bearer("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
                       .server("server.example.com", 143);
  constexpr std::string_view message =
      "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
      "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
  EXPECT_EQ(text_of(client_for("OAUTHBEARER", ada).first()), message);
  sasl_server server = sasl_server::make("OAUTHBEARER").value();
  EXPECT_EQ(server.step(message).value().wants, sasl_wants::token_check);
  EXPECT_EQ(server.user(), "user@example.com");
  EXPECT_EQ(server.password().reveal(), "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");

  constexpr std::string_view google =
      "user=someuser@example.com\x01"
      "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01";
  EXPECT_EQ(
      text_of(client_for("XOAUTH2", sasl_credentials::bearer("someuser@example.com",
                                                             "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"))
                  .first()),
      google);
  sasl_server other = sasl_server::make("XOAUTH2").value();
  EXPECT_EQ(other.step(google).value().wants, sasl_wants::token_check);
  EXPECT_EQ(other.user(), "someuser@example.com");
}

TEST(Sasl, BothSidesAgreeOnTheRightPasswordAndOnTheWrongOne) {
  for (const std::string_view name : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}) {
    const accounts known{.hash = name == "SCRAM-SHA-1" ? hash_algorithm::sha1 : hash_algorithm::sha256};
    EXPECT_EQ(talk(name, sasl_credentials("user", "pencil"), known), success) << name;
    for (const auto& wrong : {sasl_credentials("user", "pencils"), sasl_credentials("nobody", "pencil")}) {
      const outcome refused = talk(name, wrong, known);
      EXPECT_FALSE(refused.authenticated) << name;
      EXPECT_EQ(refused.server, "authentication failed: the user does not exist, or did not prove to be it")
          << name;
    }
  }
}

TEST(Sasl, TokensAreAcceptedOrRefusedWithTheReason) {
  for (const std::string_view name : {"XOAUTH2", "OAUTHBEARER"}) {
    EXPECT_EQ(talk(name, sasl_credentials::bearer("user", "pencil"), {}), success) << name;
    sasl_client client = client_for(name, sasl_credentials::bearer("user", "stale"));
    sasl_server server = sasl_server::make(name).value();
    const outcome refused = talk(client, server, {});
    EXPECT_FALSE(refused.authenticated);
    EXPECT_EQ(client.server_error(), R"({"status":"invalid_token"})") << name;
    EXPECT_FALSE(client.finish()) << name;
  }
  sasl_client bearer = client_for("OAUTHBEARER", sasl_credentials::bearer("user", "stale"));
  (void)bearer.first();
  EXPECT_EQ(text_of(bearer.reply("{}")), "\x01");
  sasl_client google = client_for("XOAUTH2", sasl_credentials::bearer("user", "stale"));
  (void)google.first();
  EXPECT_EQ(text_of(google.reply("{}")), "");
  EXPECT_FALSE(google.reply("{}")) << "once only";
}

TEST(Sasl, ExternalIsWhoTheChannelSays) {
  EXPECT_EQ(talk("EXTERNAL", sasl_credentials::external(), {}), success);
  EXPECT_EQ(text_of(client_for("EXTERNAL", sasl_credentials::external().act_as("ada")).first()), "ada");
  EXPECT_FALSE(
      talk("EXTERNAL", sasl_credentials::external().act_as("ada"), {.may_act_as = false}).authenticated);
}

TEST(Sasl, WhoActsAsAnotherNeedsToBeAllowedTo) {
  const auto kurt = sasl_credentials("user", "pencil").act_as("ur=se,l");
  EXPECT_EQ(talk("SCRAM-SHA-256", kurt, {}), success);
  EXPECT_FALSE(talk("SCRAM-SHA-256", kurt, {.may_act_as = false}).authenticated);
  EXPECT_EQ(talk("SCRAM-SHA-256", sasl_credentials("user", "pencil").act_as("user"), {.may_act_as = false}),
            success);
}

TEST(Sasl, ScramEscapesCommasAndEqualSigns) {
  sasl_client client = client_for("SCRAM-SHA-256", sasl_credentials("a=b,c", "pencil").nonce_dangerous("x"));
  EXPECT_EQ(text_of(client.first()), "n,,n=a=3Db=2Cc,r=x");
  EXPECT_EQ(talk("SCRAM-SHA-256", sasl_credentials("a=b,c", "pencil"), {.user = "a=b,c"}), success);
}

TEST(Sasl, ScramBindsTheChannel) {
  const std::string data = "what TLS exports";
  const channel_binding binding{.type = "tls-exporter", .data = as_bytes(data)};
  const auto bound = sasl_credentials("user", "pencil").bind(binding);
  EXPECT_EQ(talk("SCRAM-SHA-256-PLUS", bound, {}, {.binding = binding}), success);
  EXPECT_EQ(talk("SCRAM-SHA-1-PLUS", bound, {.hash = hash_algorithm::sha1}, {.binding = binding}), success);

  const std::string other = "what another TLS exports";
  const outcome meddled =
      talk("SCRAM-SHA-256-PLUS", bound, {}, {.binding = {.type = "tls-exporter", .data = as_bytes(other)}});
  EXPECT_EQ(meddled.server, "authentication failed: SCRAM: the channel of the client is not this one");
  const outcome other_type =
      talk("SCRAM-SHA-256-PLUS", bound, {}, {.binding = {.type = "tls-unique", .data = as_bytes(data)}});
  EXPECT_EQ(
      other_type.server,
      "malformed message: SCRAM-SHA-256-PLUS: a kind of channel binding that is not here: tls-exporter");
  // The client could have bound the channel, the server can: somebody took -PLUS out of the offer.
  const outcome stripped = talk("SCRAM-SHA-256", bound, {}, {.binding = binding});
  EXPECT_EQ(stripped.server,
            "authentication failed: the client did not see that channel binding is offered: somebody took it "
            "out of the "
            "offer");
  EXPECT_EQ(talk("SCRAM-SHA-256", bound, {}), success) << "a server that really has none";
  EXPECT_EQ(talk("SCRAM-SHA-256", sasl_credentials("user", "pencil"), {}, {.binding = binding}), success)
      << "a client that has none";
  EXPECT_EQ(sasl_client::make("SCRAM-SHA-256-PLUS", sasl_credentials("user", "pencil")).error(),
            condition::misuse);
}

TEST(Sasl, ScramClientRefusesAServerThatMeddles) {
  const scram_example& example = scram_examples[1];
  const auto after = [&](std::string_view challenge) {
    sasl_client client = client_for(example.mechanism,
                                    sasl_credentials("user", "pencil").nonce_dangerous(example.client_nonce));
    (void)client.first();
    return client.reply(challenge);
  };
  EXPECT_EQ(after("r=somebodyelse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").code(), errc::server_not_authentic);
  EXPECT_EQ(after("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").code(),
            errc::server_not_authentic)
      << "the server has to add to the nonce";
  EXPECT_EQ(after("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095").error().message(),
            "limit exceeded: SCRAM: the server asks for 4095 iterations; we allow 4096 to 1000000");
  EXPECT_EQ(after("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001").error(),
            condition::limit_exceeded);
  for (const char* challenge :
       {"", "r=", "r=rOprNGfwEbeRWgbNEkqOx", "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z",
        "s=W22Z,r=rOprNGfwEbeRWgbNEkqOx,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W2!Z,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=0",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=04096", "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4294967296",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=", "m=what,r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4096"}) {
    EXPECT_EQ(after(challenge).code(), errc::malformed_message) << challenge;
  }
  const auto refused = after("e=unknown-user");
  EXPECT_EQ(refused.code(), errc::authentication_failed);
  EXPECT_EQ(refused.error().peer_text(), "unknown-user");
}

TEST(Sasl, ScramClientRefusesAServerThatDoesNotKnowThePassword) {
  const scram_example& example = scram_examples[1];
  for (const char* last : {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=", "v=AAAA",
                           "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}) {
    sasl_client client = client_for(example.mechanism,
                                    sasl_credentials("user", "pencil").nonce_dangerous(example.client_nonce));
    (void)client.first();
    (void)client.reply(example.server_first);
    const auto refused = client.reply(last);
    EXPECT_EQ(refused.code(), errc::server_not_authentic) << last;
    EXPECT_EQ(refused.error(), condition::auth);
    EXPECT_FALSE(client.finish());
    EXPECT_EQ(client.reply(example.server_final).error(), condition::misuse) << "after a failure";
  }
  // A server that says well done at once.
  sasl_client client =
      client_for(example.mechanism, sasl_credentials("user", "pencil").nonce_dangerous(example.client_nonce));
  EXPECT_EQ(client.finish().code(), errc::server_not_authentic);
  (void)client.first();
  EXPECT_EQ(client.finish().code(), errc::server_not_authentic);
  (void)client.reply(example.server_first);
  EXPECT_EQ(
      client.finish().error().message(),
      "the server is not authentic: SCRAM-SHA-256: the server says that we are authenticated before that was "
      "shown");
}

TEST(Sasl, AScramServerDoesNotTellWhoExists) {
  const auto challenge_for = [](std::string_view user, std::string_view key) {
    sasl_server server =
        sasl_server::make("SCRAM-SHA-256", {.nonce_dangerous = "s", .unknown_user_key = key}).value();
    (void)server.step("n,,n=" + std::string(user) + ",r=c").value();
    return std::string(server.give_record(std::nullopt).value().data.reveal());
  };
  EXPECT_EQ(challenge_for("nobody", "key"), challenge_for("nobody", "key"));
  EXPECT_NE(challenge_for("nobody", "key"), challenge_for("noone", "key"));
  EXPECT_NE(challenge_for("nobody", "key"), challenge_for("nobody", "other"));
  EXPECT_NE(challenge_for("nobody", ""), challenge_for("nobody", ""));
}

TEST(Sasl, EveryChangedByteOfAMessageIsNoticed) {
  const scram_example& example = scram_examples[1];
  for (std::size_t i = 0; i < example.client_final.size(); ++i) {
    std::string changed(example.client_final);
    changed[i] = static_cast<char>(changed[i] ^ 1);
    sasl_server server =
        sasl_server::make(example.mechanism, {.nonce_dangerous = example.server_nonce}).value();
    (void)server.step(example.client_first).value();
    const auto salt = base64::decode(example.salt).value();
    (void)server.give_record(scram_record::from_password("pencil", example.hash, 4096, salt).value()).value();
    EXPECT_FALSE(server.step(changed)) << changed;
  }
  for (std::size_t i = 0; i < example.server_first.size(); ++i) {
    std::string changed(example.server_first);
    changed[i] = static_cast<char>(changed[i] ^ 1);
    sasl_client client = client_for(example.mechanism,
                                    sasl_credentials("user", "pencil").nonce_dangerous(example.client_nonce));
    (void)client.first();
    const auto answer = client.reply(changed);
    EXPECT_TRUE(!answer || answer->reveal() != example.client_final) << changed;
  }
}

TEST(Sasl, EveryCutMessageIsRefusedByTheServer) {
  const std::pair<std::string_view, std::string> messages[] = {
      {"PLAIN", "\0tim\0x"s},
      {"OAUTHBEARER", "n,a=user@example.com,\x01host=h\x01port=143\x01"s + "auth=Bearer x\x01\x01"},
      {"XOAUTH2", "user=u\x01"s + "auth=Bearer x\x01\x01"},
  };
  for (const auto& [name, message] : messages) {
    for (std::size_t size = 0; size < message.size(); ++size) {
      const exact_block cut(std::string_view(message).substr(0, size));
      sasl_server server = sasl_server::make(name).value();
      const auto step = server.step(cut.text());
      EXPECT_EQ(step.code(), errc::malformed_message) << name << ", cut at " << size;
    }
    sasl_server server = sasl_server::make(name).value();
    EXPECT_TRUE(server.step(message)) << name;
  }
}

TEST(Sasl, ServersRefuseWhatIsNotOfTheMechanism) {
  const auto refuses = [](std::string_view name, std::string_view message,
                          const sasl_server_options& options = {}) {
    sasl_server server = sasl_server::make(name, options).value();
    const auto step = server.step(message);
    EXPECT_EQ(step.code(), errc::malformed_message) << name << ": " << message;
    EXPECT_EQ(server.step(message).error(), condition::misuse) << "after a failure";
  };
  for (const std::string_view message :
       {"", "n", "n,", "n,,", "x,,n=u,r=c", "p=tls-exporter,,n=u,r=c", "n,b=u,n=u,r=c", "n,a=,n=u,r=c",
        "n,a=x=2,n=u,r=c", "n,,n=,r=c", "n,,n=u", "n,,n=u,r=", "n,,r=c,n=u", "n,,m=e,n=u,r=c", "n,,n=a=b,r=c",
        "n,,n=u,r=\x01", "n,,n=\xff,r=c"}) {
    refuses("SCRAM-SHA-256", message);
  }
  refuses("SCRAM-SHA-256-PLUS", "n,,n=u,r=c");
  refuses("CRAM-MD5", "the client has no first word");
  refuses("PLAIN", "a\0b\0c\0d"s);
  refuses("PLAIN", "\0\0password"s);
  refuses("PLAIN", "\0two\nlines\0password"s);
  refuses("XOAUTH2", "user=u\x01"s + "auth=Basic x\x01\x01");
  refuses("XOAUTH2", "user=u\x01"s + "auth=Bearer x\x01" + "auth=Bearer y\x01\x01");
  refuses("XOAUTH2", "user=u\x01"s + "auth=Bearer x\x01\x01" + "more");
  refuses("OAUTHBEARER", "y,,\x01"s + "auth=Bearer x\x01\x01");
}

TEST(Sasl, TheOrderOfCallsIsKept) {
  sasl_client plain = client_for("PLAIN", sasl_credentials("user", "pencil"));
  EXPECT_EQ(plain.reply("").error(), condition::misuse) << "before the first message";
  EXPECT_TRUE(plain.first());
  EXPECT_EQ(plain.first().error(), condition::misuse) << "a second time";
  EXPECT_EQ(plain.reply("what?").code(), errc::malformed_message);
  sasl_client login = client_for("LOGIN", sasl_credentials("user", "pencil"));
  EXPECT_EQ(login.first().error(), condition::misuse);
  EXPECT_EQ(text_of(login.reply("Username:")), "user");
  EXPECT_FALSE(login.finish());
  EXPECT_EQ(text_of(login.reply("Password:")), "pencil");
  EXPECT_TRUE(login.finish());
  EXPECT_FALSE(login.reply("Shoe size:"));

  sasl_server server = sasl_server::make("PLAIN").value();
  EXPECT_EQ(server.decide(true).error(), condition::misuse) << "nobody asked";
  EXPECT_EQ(server.give_password(secret("x")).error(), condition::misuse);
  EXPECT_EQ(server.give_record(std::nullopt).error(), condition::misuse);
  EXPECT_EQ(server.step(std::nullopt).value().data.reveal(), "")
      << "an empty challenge, for the first message";
  EXPECT_EQ(server.step("\0user\0pencil"s).value().wants, sasl_wants::password_check);
  EXPECT_EQ(server.step("\0user\0pencil"s).error(), condition::misuse);
  EXPECT_EQ(server.decide(true).value().wants, sasl_wants::nothing);
  EXPECT_EQ(server.decide(true).error(), condition::misuse) << "it is over";
}

TEST(Sasl, LimitsTheSizeOfMessages) {
  const std::string most(max_sasl_message, 'x');
  sasl_client client = client_for("CRAM-MD5", sasl_credentials("user", "pencil"));
  EXPECT_TRUE(client.reply(most));
  sasl_client other = client_for("CRAM-MD5", sasl_credentials("user", "pencil"));
  EXPECT_EQ(other.reply(most + "x").error(), condition::limit_exceeded);
  sasl_server server = sasl_server::make("EXTERNAL").value();
  EXPECT_TRUE(server.step(most));
  sasl_server another = sasl_server::make("EXTERNAL").value();
  EXPECT_EQ(another.step(most + "x").error(), condition::limit_exceeded);
}

TEST(Sasl, NothingThatBreaksAMessageGetsIntoOne) {
  for (const std::string& bad : {"a\nb"s, "a\rb"s, "a\0b"s,
                                 "a\x01"
                                 "b"s,
                                 "\xff"s}) {
    for (const std::string_view name : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}) {
      const auto user = sasl_client::make(name, sasl_credentials(bad, "pencil"));
      EXPECT_EQ(user.code(), errc::prohibited_character) << name;
      const auto password = sasl_client::make(name, sasl_credentials("user", bad));
      EXPECT_EQ(password.code(), errc::prohibited_character) << name;
    }
  }
  for (const std::string& bad : {"a\nb"s, "a\0b"s,
                                 "a\x01"
                                 "b"s}) {
    EXPECT_FALSE(sasl_client::make("PLAIN", sasl_credentials("user", "pencil").act_as(bad)));
    EXPECT_FALSE(sasl_client::make("XOAUTH2", sasl_credentials::bearer(bad, "token")));
    EXPECT_FALSE(sasl_client::make("XOAUTH2", sasl_credentials::bearer("user", bad)));
    EXPECT_FALSE(sasl_client::make("OAUTHBEARER", sasl_credentials::bearer("user", "token").server(bad, 1)));
    EXPECT_FALSE(sasl_client::make("EXTERNAL", sasl_credentials::external().act_as(bad)));
  }
  EXPECT_FALSE(sasl_client::make("SCRAM-SHA-1", sasl_credentials("user", "pencil").nonce_dangerous("a,b")));
  EXPECT_FALSE(sasl_client::make("PLAIN", sasl_credentials("", "pencil")));
}

TEST(Sasl, NoFailureHasThePassword) {
  const auto refused = sasl_client::make("PLAIN", sasl_credentials("user", "sesame\n"));
  EXPECT_EQ(refused.error().message(),
            "prohibited character: the password: a control character, or another one that SASLprep forbids");
}

std::string chosen(std::vector<std::string_view> offered, const sasl_credentials& credentials) {
  const auto client = sasl_client::strongest(offered, credentials);
  return client ? std::string(client->mechanism()) : client.error().message();
}

TEST(Sasl, TheStrongestMechanismIsChosen) {
  const sasl_credentials ada("ada", "pencil");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN", "scram-sha-256", "SCRAM-SHA-1", "CRAM-MD5"}, ada), "SCRAM-SHA-256");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN", "SCRAM-SHA-1", "CRAM-MD5"}, ada), "SCRAM-SHA-1");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN", "CRAM-MD5"}, ada), "CRAM-MD5");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN"}, ada), "PLAIN");
  EXPECT_EQ(chosen({"LOGIN"}, ada), "LOGIN");
  EXPECT_EQ(chosen({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, ada), "SCRAM-SHA-256") << "nothing to bind";
  const auto bound = sasl_credentials("ada", "pencil").bind({.type = "tls-exporter", .data = as_bytes("x")});
  EXPECT_EQ(chosen({"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"}, bound), "SCRAM-SHA-1-PLUS");
  EXPECT_EQ(chosen({"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}, bound), "SCRAM-SHA-256-PLUS");
  EXPECT_EQ(chosen({"PLAIN", "XOAUTH2", "OAUTHBEARER"}, sasl_credentials::bearer("ada", "token")),
            "OAUTHBEARER");
  EXPECT_EQ(chosen({"PLAIN", "XOAUTH2"}, sasl_credentials::bearer("ada", "token")), "XOAUTH2");
  EXPECT_EQ(chosen({"PLAIN", "EXTERNAL"}, sasl_credentials::external()), "EXTERNAL");
}

TEST(Sasl, APasswordIsNotSentInTheClearUnlessTheChannelIsSafe) {
  const auto open = sasl_credentials("ada", "pencil").encrypted(false);
  EXPECT_EQ(chosen({"PLAIN", "SCRAM-SHA-1"}, open), "SCRAM-SHA-1");
  EXPECT_EQ(
      chosen({"PLAIN", "LOGIN"}, open),
      "no common mechanism: the server offers PLAIN, LOGIN; those that we know need an encrypted channel");
  EXPECT_EQ(chosen({"XOAUTH2"}, sasl_credentials::bearer("ada", "token").encrypted(false)),
            "no common mechanism: the server offers XOAUTH2; those that we know need an encrypted channel");
  EXPECT_EQ(chosen({"GSSAPI", "N\nTLM"}, open), "no common mechanism: the server offers GSSAPI, N?TLM");
  EXPECT_EQ(chosen({}, open), "no common mechanism: the server offers none");
  EXPECT_EQ(sasl_client::strongest({}, open).error(), condition::auth);
}

TEST(Sasl, UnknownMechanismsAndWrongCredentialsAreNamed) {
  EXPECT_EQ(sasl_client::make("GSSAPI", sasl_credentials("ada", "x")).error().message(),
            "unknown algorithm: no mechanism is called 'GSSAPI'");
  EXPECT_EQ(sasl_server::make("GSSAPI").code(), errc::unknown_algorithm);
  EXPECT_EQ(sasl_client::make("XOAUTH2", sasl_credentials("ada", "x")).error().message(),
            "not allowed here: XOAUTH2 wants a token");
  EXPECT_EQ(sasl_client::make("PLAIN", sasl_credentials::external()).error().message(),
            "not allowed here: PLAIN wants a password");
  for (const std::string_view name : sasl_mechanisms()) EXPECT_TRUE(sasl_server::make(name)) << name;
}

std::string prepared(std::string_view text) {
  const auto done = saslprep(text);
  return done ? std::string(done->reveal()) : "refused: " + std::string(done.error().detail());
}

TEST(Saslprep, GivesTheExamplesOfRfc4013) {
  EXPECT_EQ(prepared("I\xC2\xADX"), "IX");
  EXPECT_EQ(prepared("user"), "user");
  EXPECT_EQ(prepared("USER"), "USER");
  EXPECT_EQ(prepared("\xC2\xAA"), "a");
  EXPECT_EQ(prepared("\xE2\x85\xA8"), "IX");
  EXPECT_EQ(prepared("\x07"), "refused: a control character, or another one that SASLprep forbids");
  EXPECT_EQ(prepared("\xD8\xA7\x31"), "refused: text from right to left, mixed with text from left to right");
}

// Each checked with Python's unicodedata.ucd_3_2_0.
TEST(Saslprep, NormalisesText) {
  EXPECT_EQ(prepared("p\xC3\xA4ssword"), "p\xC3\xA4ssword");
  EXPECT_EQ(prepared("pa\xCC\x88ssword"), "p\xC3\xA4ssword") << "letter and mark become one";
  EXPECT_EQ(prepared("a\xC2\xA0"
                     "b\xE3\x80\x80"
                     "c"),
            "a b c")
      << "spaces of other kinds";
  EXPECT_EQ(prepared("\xEF\xAC\x81"), "fi") << "a ligature";
  EXPECT_EQ(prepared("q\xCC\x87\xCC\xA3"), "q\xCC\xA3\xCC\x87") << "marks in the order of their classes";
  EXPECT_EQ(prepared("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "\xED\x95\x9C") << "a Korean syllable";
  EXPECT_EQ(prepared("\xED\x95\x9C"), "\xED\x95\x9C");
  EXPECT_EQ(prepared("\xE2\x84\xAB"), "\xC3\x85") << "Angstrom";
  EXPECT_EQ(prepared("\xEF\xB7\xBA"),
            "\xD8\xB5\xD9\x84\xD9\x89 \xD8\xA7\xD9\x84\xD9\x84\xD9\x87 \xD8\xB9\xD9\x84\xD9\x8A\xD9\x87 "
            "\xD9\x88\xD8\xB3\xD9\x84\xD9\x85")
      << "the longest of them";
  EXPECT_EQ(prepared(""), "");
}

TEST(Saslprep, RefusesWhatTheTablesForbid) {
  for (const char* text : {"\x7F", "\xC2\x80", "\xE2\x80\x8E", "\xEE\x80\x80", "\xEF\xBF\xBE", "\xEF\xBF\xBD",
                           "\xF0\x9D\x85\xB3", "\xF3\xA0\x80\x81", "\xF4\x8F\xBF\xBF",
                           "\xD8\xA7"
                           "a\xD8\xA7"}) {
    EXPECT_EQ(saslprep(text).code(), errc::prohibited_character) << text;
  }
  EXPECT_EQ(prepared("\xC3"), "refused: not UTF-8");
  EXPECT_EQ(prepared("\xED\xA0\x80"), "refused: not UTF-8");
  EXPECT_EQ(prepared("\xD8\xA7\xD8\xA8"), "\xD8\xA7\xD8\xA8") << "from right to left alone is fine";
  EXPECT_TRUE(saslprep(std::string(max_sasl_message, 'x')));
  EXPECT_EQ(saslprep(std::string(max_sasl_message + 1, 'x')).error(), condition::limit_exceeded);
}

}  // namespace
}  // namespace tidewire::crypto
