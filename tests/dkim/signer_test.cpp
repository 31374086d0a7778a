#include <tidewire/dkim/signer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples.hpp"

namespace tidewire::dkim {
namespace {

using testing::check;
using testing::letter;
using testing::noon;
using testing::outcome;
using testing::rsa_key;
using testing::signed_with;

signer of_example(const signer_options& options = {}) {
  return signer("example.org", "rsa", rsa_key(), options);
}

// What the signatures in front of the message say.
std::vector<signature> read_back(const std::string& fields) {
  std::vector<signature> list;
  for (verification& one : check(fields + std::string(letter))) list.push_back(std::move(*one.signature));
  return list;
}

void expect_misuse(const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "accepted";
  } catch (const error& failed) {
    EXPECT_TRUE(failed.code() == condition::misuse) << failed.what();
  }
}

TEST(DkimSigner, SignsWithEachKindOfKeyAndEachForm) {
  for (const auto header : {canonicalization::simple, canonicalization::relaxed})
    for (const auto body : {canonicalization::simple, canonicalization::relaxed}) {
      const signer_options options{.header = header, .body = body};
      EXPECT_EQ(outcome(signed_with(of_example(options))), reason::none);
      EXPECT_EQ(outcome(signed_with(signer("example.org", "ed", testing::ed25519_key(), options))),
                reason::none);
    }
}

TEST(DkimSigner, WritesAFieldThatEverybodyReads) {
  const std::string field = of_example().sign(letter, noon);
  EXPECT_TRUE(
      field.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=rsa;\r\n"
                        " t=1700000000;"))
      << field;
  EXPECT_NE(field.find("h=From:From:Reply-To:Subject:Subject:To:To:Cc:Date:Date:"), std::string::npos)
      << field;
  for (std::size_t at = 0; at < field.size();) {
    const std::size_t end = field.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 78U);
    EXPECT_TRUE(at == 0 || field[at] == ' ');
    EXPECT_GT(end - at, 1U);
    at = end + 2;
  }
}

TEST(DkimSigner, SaysWhatItsOptionsTellItTo) {
  const signer who("Example.ORG", "RSA", rsa_key(),
                   {.header = canonicalization::simple,
                    .identity = "a;b=c@mail.example.org",
                    .lifetime = std::chrono::hours(1),
                    .timestamp = false,
                    .allow_appending_dangerous = true});
  const signature made = read_back(who.sign(letter, noon)).at(0);
  EXPECT_EQ(made.domain, "example.org");
  EXPECT_EQ(made.selector, "rsa");
  EXPECT_EQ(made.identity, "a;b=c@mail.example.org");
  EXPECT_EQ(made.header, canonicalization::simple);
  EXPECT_EQ(made.body, canonicalization::relaxed);
  EXPECT_FALSE(made.signed_at);
  EXPECT_EQ(made.expires_at, noon + std::chrono::hours(1));
  EXPECT_EQ(made.body_length, std::string_view("High at noon.\r\n\r\n Low at six.\r\n").size());
  EXPECT_EQ(outcome(signed_with(who)), reason::none);
}

TEST(DkimSigner, SignsTheFieldsThatItIsToldTo) {
  constexpr std::string_view fields[] = {"from", "Received", "X-None", "FROM"};
  const auto names = [&](bool oversign) {
    return read_back(of_example({.fields = fields, .oversign = oversign}).sign(letter, noon)).at(0).fields;
  };
  EXPECT_EQ(names(true), (std::vector<std::string>{"from", "from", "Received", "Received", "X-None"}));
  EXPECT_EQ(names(false), (std::vector<std::string>{"from", "Received"}));
  EXPECT_EQ(outcome(signed_with(of_example({.fields = fields}))), reason::none);
}

TEST(DkimSigner, MakesASignatureForEachKey) {
  signer who = of_example();
  const signer before = who;
  who.add_key("ed", testing::ed25519_key());
  const std::string message = signed_with(who);
  const auto results = check(message);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].signature->algorithm, algorithm::rsa_sha256);
  EXPECT_EQ(results[1].signature->algorithm, algorithm::ed25519_sha256);
  for (const auto& one : results) EXPECT_EQ(one.verdict, verdict::pass) << one.detail;
  EXPECT_EQ(read_back(before.sign(letter, noon)).size(), 1U);
  // One in front of the other changes neither; both may be signed over.
  EXPECT_EQ(check(signed_with(before, message)).size(), 3U);
  constexpr std::string_view fields[] = {"From", "DKIM-Signature"};
  for (const auto& one : check(signed_with(of_example({.fields = fields}), message)))
    EXPECT_EQ(one.verdict, verdict::pass) << one.detail;
  who.add_key("a", rsa_key()).add_key("b", rsa_key());
  expect_misuse([&] { who.add_key("c", rsa_key()); });
}

TEST(DkimSigner, DoesNotDependOnHowTheMessageIsCut) {
  const signer who = of_example({.header = canonicalization::simple, .body = canonicalization::simple});
  const std::string whole = who.sign(letter, noon);
  for (std::size_t step = 1; step < 50; ++step) {
    signing in(who);
    for (std::size_t at = 0; at < letter.size(); at += step) in.update(letter.substr(at, step));
    EXPECT_EQ(in.finish(noon), whole) << step;
  }
  for (std::size_t cut = 0; cut <= letter.size(); ++cut) {
    signing in(who);
    in.update(letter.substr(0, cut));
    in.update(letter.substr(cut));
    EXPECT_EQ(in.finish(noon), whole) << cut;
  }
}

TEST(DkimSigner, SignsAFileOfUnixAsItWillTravel) {
  std::string unix_text(letter);
  std::erase(unix_text, '\r');
  EXPECT_EQ(of_example().sign(unix_text, noon), of_example().sign(letter, noon));
}

TEST(DkimSigner, SignsAMessageAtEachTruncationOrSaysWhyNot) {
  for (std::size_t end = 0; end < letter.size(); ++end) {
    const std::string_view some = letter.substr(0, end);
    try {
      const std::string fields = of_example().sign(some, noon);
      EXPECT_EQ(outcome(fields + std::string(some)), reason::none) << end;
    } catch (const error& failed) {
      EXPECT_TRUE(failed.code() == condition::misuse) << failed.what();
    }
  }
}

TEST(DkimSigner, RefusesAMessageWhoseHeaderIsNone) {
  for (const std::string_view bad : {"", "\r\n", "To: a@b.c\r\n\r\nFrom: d@e.f\r\n",
                                     "From: a@b.c\r\nno field\r\n\r\n", " fold\r\nFrom: a@b.c\r\n"})
    expect_misuse([&] { (void)of_example().sign(bad); });
  std::string many = "From: a@b.c\r\n";
  for (int i = 0; i < 1000; ++i) many += "A: b\r\n";
  expect_misuse([&] { (void)of_example().sign(many); });
}

TEST(DkimSigner, RefusesWhatNoSignatureMayHave) {
  for (const std::string_view bad : {"", "org", "a..org", "example.org.", "exa mple.org",
                                     "example.org\r\nX: y", "example.org;x=1", "-a.org"})
    expect_misuse([&] { signer(bad, "rsa", rsa_key()); });
  for (const std::string_view bad : {"", "a;b", "a\nb", "a b", "a\rb", "a:b", "."})
    expect_misuse([&] { signer("example.org", bad, rsa_key()); });
  expect_misuse([&] { signer("example.org", std::string("a\0b", 3), rsa_key()); });
  expect_misuse([&] { signer("example.org", "p256", crypto::private_key::generate()); });
  for (const std::string_view bad : {"example.org", "@example.com", "a@badexample.org", "@"})
    expect_misuse([&] { (void)of_example({.identity = bad}); });
  for (const std::string_view bad : {"", "a b", "a:b", "a\r\n", "a;b"}) {
    const std::string_view fields[] = {"From", bad};
    expect_misuse([&] { (void)of_example({.fields = fields}); });
  }
  constexpr std::string_view without[] = {"To"};
  expect_misuse([&] { (void)of_example({.fields = without}); });
  expect_misuse([&] { (void)of_example({.lifetime = std::chrono::seconds(-1)}); });
  expect_misuse([&] { (void)of_example({.lifetime = std::chrono::seconds::max()}); });
  expect_misuse([&] { (void)of_example().sign(letter, std::chrono::sys_seconds(std::chrono::seconds(-1))); });
  expect_misuse([&] { (void)of_example().sign(letter, std::chrono::sys_seconds::max()); });
}

TEST(DkimSigner, WritesAnInternationalDomainInAscii) {
  const signer who("B\xC3\xBC\x63her.example", "ed", testing::ed25519_key());
  EXPECT_EQ(read_back(who.sign(letter, noon)).at(0).domain, "xn--bcher-kva.example");
}

TEST(DkimSigner, AFieldWithoutAPlaceToBreakIsStillLegal) {
  const std::string label(63, 'a');
  const std::string domain = label + '.' + label + '.' + label + ".example.org";
  const std::string name(256, 'X');
  const std::string_view fields[] = {"From", name};
  const signer who(domain, "rsa", rsa_key(), {.fields = fields});
  const std::string message = signed_with(who);
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message.find("\r\n", at);
    EXPECT_LE(end - at, 998U);
    at = end + 2;
  }
  EXPECT_EQ(
      outcome(message, {{"rsa._domainkey." + domain, testing::own_zone().at("rsa._domainkey.example.org")}}),
      reason::none);
}

// --- as a message is serialised ------------------------------------------------------------------------

mime::message made() {
  mime::message mail({1, 2}, {.time = noon});
  mail.from("Robot <robot@example.org>").to("ada@example.org").subject("Gr\xC3\xBC\xC3\x9F\x65");
  mail.text("caf\xC3\xA9\n.\n\n").attach("a.bin", std::string(100'000, '\xFF'));
  return mail;
}

TEST(DkimSigner, SignsMessagesHoweverTheyAreSerialised) {
  mime::message mail = made();
  mail.sign_with(std::make_shared<signer>(of_example()));
  for (const bool utf8 : {false, true})
    for (const bool eight_bit : {false, true}) {
      const mime::serialize_options options{.eight_bit = eight_bit, .utf8 = utf8};
      const std::string bytes = mail.str(options);
      const auto results = check(bytes, testing::own_zone(), {});
      ASSERT_EQ(results.size(), 1U);
      EXPECT_EQ(results[0].verdict, verdict::pass) << describe(results[0].reason) << results[0].detail;
      EXPECT_TRUE(bytes.starts_with("DKIM-Signature:"));
      mime::serializer in(mail, options);
      EXPECT_EQ(in.size(), bytes.size());
      std::string again(bytes.size() + 1, '\0');
      EXPECT_EQ(in.read(again), bytes.size());
      in.rewind();
      EXPECT_EQ(in.read(again), bytes.size());
    }
  EXPECT_FALSE(made().str().starts_with("DKIM"));
}

TEST(DkimSigner, SignsOverWhatOtherHooksPutInFront) {
  constexpr std::string_view fields[] = {"From", "DKIM-Signature"};
  mime::message mail = made();
  mail.sign_with(std::make_shared<signer>(of_example()));
  mail.sign_with(std::make_shared<signer>(of_example({.fields = fields})));
  const auto results = check(mail.str(), testing::own_zone(), {});
  ASSERT_EQ(results.size(), 2U);
  for (const auto& one : results) EXPECT_EQ(one.verdict, verdict::pass);
  EXPECT_EQ(std::ranges::count(results[0].signature->fields, "DKIM-Signature"), 2);
}

}  // namespace
}  // namespace tidewire::dkim
