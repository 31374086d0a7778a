// The examples of the RFCs, and a domain of our own whose keys the tests make.
#pragma once

#include <tidewire/crypto/key.hpp>
#include <tidewire/dkim/key_record.hpp>
#include <tidewire/dkim/signer.hpp>
#include <tidewire/dkim/verifier.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::dkim::testing {

// RFC 8463 appendix A.3: its two signatures, and the message.
inline constexpr std::string_view ed25519_field =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n";
inline constexpr std::string_view rsa_field =
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n";
inline constexpr std::string_view football =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";
inline std::string football_message() {
  return std::string(ed25519_field) + std::string(rsa_field) + std::string(football);
}

// RFC 6376 appendix A.2, signed with the key of appendix C.
inline constexpr std::string_view simple_message =
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "        4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game. Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

inline const std::chrono::sys_seconds noon{std::chrono::seconds(1'700'000'000)};

using records = std::map<std::string, std::vector<std::string>, std::less<>>;

inline key_source source_of(const records& zone) {
  return [zone](std::string_view name) -> result<std::vector<std::string>> {
    const auto found = zone.find(name);
    return found != zone.end() ? found->second : std::vector<std::string>();
  };
}

// RFC 8463 appendix A.2, RFC 6376 appendix C.
inline const records published = {
    {"brisbane._domainkey.football.example.com",
     {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}},
    {"test._domainkey.football.example.com",
     {"v=DKIM1; k=rsa; "
      "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQ"
      "iY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/"
      "8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G"
      "+2kryOTIKT+l/K4w3QIDAQAB"}},
    {"brisbane._domainkey.example.com",
     {"v=DKIM1; "
      "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG"
      "9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
      "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQ"
      "PNUYckcQ2QIDAQAB"}}};

inline const crypto::private_key& rsa_key() {
  static const crypto::private_key key = crypto::private_key::generate(crypto::key_spec::rsa_2048);
  return key;
}
inline const crypto::private_key& ed25519_key() {
  static const crypto::private_key key = crypto::private_key::generate(crypto::key_spec::ed25519);
  return key;
}
// The keys above, of example.org.
inline records own_zone() {
  return {{"rsa._domainkey.example.org", {format_key_record(rsa_key().public_part())}},
          {"ed._domainkey.example.org", {format_key_record(ed25519_key().public_part())}}};
}

inline constexpr std::string_view letter =
    "Received: from a.example.org by b.example.org; Fri, 21 Nov 1997 10:01:10 -0600\r\n"
    "From: Ada <ada@example.org>\r\n"
    "To: bob@example.net\r\n"
    "Subject: The tides\r\n"
    "  of  tomorrow\r\n"
    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    "Message-ID: <1@example.org>\r\n"
    "\r\n"
    "High at  noon. \r\n"
    "\r\n"
    "\tLow at six.\r\n"
    "\r\n"
    "\r\n";

// The message with its signatures in front.
inline std::string signed_with(const signer& who, std::string_view message = letter) {
  return who.sign(message, noon) + std::string(message);
}

inline std::vector<verification> check(std::string_view message, const records& zone = own_zone(),
                                       const verifier_options& options = {.now = noon}) {
  return verify(message, source_of(zone), options);
}

// What came of the only signature.
inline reason outcome(std::string_view message, const records& zone = own_zone(),
                      const verifier_options& options = {.now = noon}) {
  const std::vector<verification> results = check(message, zone, options);
  EXPECT_EQ(results.size(), 1U);
  return results.empty() ? reason::no_key : results.front().reason;
}

}  // namespace tidewire::dkim::testing
