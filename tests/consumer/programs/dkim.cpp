// A program that uses tidewire::dkim: a message is signed while it is written, and verified.
#include <tidewire/dkim.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace crypto = tidewire::crypto;
namespace dkim = tidewire::dkim;

int main() {
  const auto key = crypto::private_key::generate(crypto::key_spec::ed25519);
  tidewire::mime::message mail;
  mail.from("robot@example.org").to("ada@example.org").subject("tides").text("high tide");
  mail.sign_with(std::make_shared<dkim::signer>("example.org", "tide", key));
  const dkim::key_source keys = [&](std::string_view) {
    return std::vector<std::string>{dkim::format_key_record(key.public_part())};
  };
  const auto results = dkim::verify(mail.str(), keys);
  if (results.size() != 1 || results[0].verdict != dkim::verdict::pass) return 1;
  std::puts("pass");
  return 0;
}
