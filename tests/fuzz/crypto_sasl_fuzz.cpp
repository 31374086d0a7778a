// SASL: both sides with messages that are lines of the input. Nobody is let in who has shown nothing, and
// what was prepared once stays as it is.

#include <tidewire/crypto/sasl.hpp>

#include <cstddef>
#include <string>

#include "fuzz_support.hpp"

namespace {

namespace crypto = tidewire::crypto;
using tidewire::fuzz::require;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == tidewire::npos ? text.size() : end + 1);
  return line;
}

crypto::sasl_credentials credentials_for(std::string_view mechanism) {
  if (mechanism == "EXTERNAL") return crypto::sasl_credentials::external();
  if (mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER")
    return crypto::sasl_credentials::bearer("user", "token");
  return crypto::sasl_credentials("user", "pencil")
      .bind({.type = "tls-exporter", .data = tidewire::as_bytes("x")})
      .iterations(1, 3)
      .nonce_dangerous("c");
}

void play_client(std::string_view mechanism, std::string_view messages) {
  crypto::sasl_client client = crypto::sasl_client::make(mechanism, credentials_for(mechanism)).value();
  if (client.sends_first()) (void)client.first().value();
  for (int i = 0; i < 4 && !messages.empty(); ++i) {
    const auto answer = client.reply(take_line(messages));
    if (answer) continue;
    (void)answer.error().message();
    require(!client.finish());
  }
  // Only who knows the password can make the signature of SCRAM, and no input does.
  if (mechanism.starts_with("SCRAM")) require(!client.finish());
}

void play_server(std::string_view mechanism, std::string_view messages) {
  static const auto sha1 = crypto::scram_record::from_password("pencil", crypto::hash_algorithm::sha1, 1,
                                                               tidewire::as_bytes("salt"))
                               .value();
  static const auto sha256 = crypto::scram_record::from_password("pencil", crypto::hash_algorithm::sha256, 1,
                                                                 tidewire::as_bytes("salt"))
                                 .value();
  crypto::sasl_server server =
      crypto::sasl_server::make(mechanism,
                                {.binding = {.type = "tls-exporter", .data = tidewire::as_bytes("x")},
                                 .nonce_dangerous = "s",
                                 .unknown_user_key = "k"})
          .value();
  for (int i = 0; i < 4 && !messages.empty(); ++i) {
    auto step = server.step(take_line(messages));
    if (step && step->wants == crypto::sasl_wants::record) {
      step = server.give_record(mechanism.find("256") == tidewire::npos ? sha1 : sha256);
    } else if (step && step->wants == crypto::sasl_wants::password) {
      step = server.give_password(tidewire::secret("pencil"));
    } else if (step && step->wants != crypto::sasl_wants::response &&
               step->wants != crypto::sasl_wants::nothing) {
      step = server.decide(false);
    }
    if (!step) {
      (void)step.error().message();
      return;
    }
    require(step->wants == crypto::sasl_wants::response);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  const std::size_t side = input.choose(3);
  const auto mechanisms = crypto::sasl_mechanisms();
  const std::string_view mechanism = mechanisms[input.choose(mechanisms.size())];
  if (side == 0) {
    play_client(mechanism, input.rest());
  } else if (side == 1) {
    play_server(mechanism, input.rest());
  } else if (const auto prepared = crypto::saslprep(input.rest())) {
    if (const auto again = crypto::saslprep(prepared->reveal())) require(*again == *prepared);
  }
  return 0;
}
