// Signatures, key records, and whole messages that are verified: any cut gives the same verdicts, only the
// key that signed makes a signature pass, and what is signed here is verified here.
#include <tidewire/base/error.hpp>
#include <tidewire/dkim.hpp>

#include <string>
#include <vector>

#include "fuzz_support.hpp"

using tidewire::fuzz::require;
namespace crypto = tidewire::crypto;
namespace dkim = tidewire::dkim;

namespace {

constexpr std::chrono::sys_seconds noon{std::chrono::seconds(1'700'000'000)};

const crypto::private_key& key() {
  static const std::vector<std::byte> seed(32, std::byte{7});
  static const crypto::private_key made = crypto::private_key::from_ed25519(seed).value();
  return made;
}

void parse_parts(std::string_view text) {
  if (const auto signature = dkim::parse_signature(text)) {
    require(signature->fields.size() <= dkim::max_signed_fields);
    require(signature->key_name().find("._domainkey.") != std::string::npos);
    require(signature->key_name().size() <= 253);
    require(!signature->value.empty() && !signature->body_hash.empty());
  }
  if (const auto record = dkim::parse_key_record(text); record && record->key) {
    if (record->key->kind() != crypto::key_kind::rsa && record->key->kind() != crypto::key_kind::ed25519)
      require(false);
    require(dkim::parse_key_record(dkim::format_key_record(*record->key))->key == record->key);
  }
  for (const auto how : {dkim::canonicalization::simple, dkim::canonicalization::relaxed}) {
    const std::string field = dkim::canonicalize_field(text, how);
    require(field.ends_with("\r\n"));
    require(dkim::canonicalize_field(field, how) == field);
  }
}

std::vector<dkim::verification> verify(std::string_view message, std::size_t step, std::string_view record) {
  dkim::verifier in({.now = noon, .max_signatures = 3});
  for (std::size_t at = 0; at < message.size(); at += step) in.update(message.substr(at, step));
  in.finish();
  for (const std::string& name : in.wanted()) in.give(name, std::vector<std::string>{std::string(record)});
  require(in.wanted().empty());
  return in.results();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  const auto header = input.choose(2) == 0 ? dkim::canonicalization::simple : dkim::canonicalization::relaxed;
  const auto body = input.choose(2) == 0 ? dkim::canonicalization::simple : dkim::canonicalization::relaxed;
  const std::size_t step = 1 + input.choose(64);
  const std::string_view text = input.rest();
  parse_parts(text);

  const std::string record = dkim::format_key_record(key().public_part());
  const auto whole = verify(text, text.size() + 1, record);
  const auto pieces = verify(text, step, record);
  require(whole.size() == pieces.size() && whole.size() <= 3);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(whole[i].verdict == pieces[i].verdict && whole[i].reason == pieces[i].reason);
    require((whole[i].verdict == dkim::verdict::pass) == (whole[i].reason == dkim::reason::none));
  }
  require(dkim::authentication_results("a.b", whole).find("\r\n\r\n") == std::string::npos);
  // The first line is a record, and the rest a message.
  const std::size_t line = std::min(text.find('\n'), text.size());
  (void)verify(text.substr(line), step, text.substr(0, line));

  std::string fields;
  try {
    fields = dkim::signer("example.org", "s", key(), {.header = header, .body = body}).sign(text, noon);
  } catch (const tidewire::error&) {
    return 0;
  }
  // A byte-order mark or an mbox separator would no longer be at the beginning.
  if (text.starts_with("\xEF\xBB\xBF") || text.starts_with("From ") || text.starts_with(">From ")) return 0;
  const auto own = verify(fields + std::string(text), step, record);
  require(!own.empty() && own.front().verdict == dkim::verdict::pass);
  return 0;
}
