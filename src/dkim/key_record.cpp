#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/dkim/key_record.hpp>

#include <algorithm>

#include "tag_list.hpp"

namespace tidewire::dkim {

namespace {

constexpr std::size_t ed25519_size = 32;

bool has(std::string_view list, std::initializer_list<std::string_view> wanted) {
  return std::ranges::any_of(detail::split_colons(list), [&](std::string_view item) {
    return std::ranges::find(wanted, item) != wanted.end();
  });
}

result<crypto::public_key> read_key(std::string_view kind, std::string_view value) {
  constexpr base64::format format{.expects = base64::padding::optional,
                                  .ignores = base64::ignore::whitespace};
  const auto bytes = base64::decode(value, format);
  if (!bytes) return failure(errc::malformed, "p= is no base64");
  if (ascii::iequals(kind, "ed25519")) {
    auto key = crypto::public_key::from_ed25519(*bytes);
    if (!key) return failure(errc::malformed, "p= is no Ed25519 key");
    return key;
  }
  if (!ascii::iequals(kind, "rsa"))
    return failure(errc::unsupported, "a key of the kind " + std::string(kind.substr(0, 64)));
  auto key = crypto::public_key::from_der(*bytes);
  if (!key || key->kind() != crypto::key_kind::rsa) return failure(errc::malformed, "p= is no RSA key");
  return key;
}

}  // namespace

result<key_record> parse_key_record(std::string_view text) {
  const auto tags = detail::tag_list::parse(text, max_key_record_size);
  if (!tags) return tags.error();
  if (const auto* const version = tags->find("v"); version != nullptr)
    if (version->value() != "DKIM1" || version != &tags->tags().front())
      return failure(errc::malformed, "v= is not DKIM1, or not the first tag");
  const auto value = tags->get("p");
  if (!value) return failure(errc::malformed, "no p=");
  key_record record;
  if (!value->empty()) {
    auto key = read_key(tags->get("k").value_or("rsa"), *value);
    if (!key) return key.error();
    record.key = std::move(*key);
  }
  record.notes = detail::decode_quoted(tags->get("n").value_or(""));
  record.testing = has(tags->get("t").value_or(""), {"y"});
  record.exact_domain = has(tags->get("t").value_or(""), {"s"});
  record.allows_sha256 = has(tags->get("h").value_or("sha256"), {"sha256"});
  record.is_for_mail = has(tags->get("s").value_or("*"), {"*", "email"});
  return record;
}

std::string format_key_record(const crypto::public_key& key) {
  const std::vector<std::byte> bytes = key.to_der();
  switch (key.kind()) {
    case crypto::key_kind::rsa: return "v=DKIM1; k=rsa; p=" + base64::encode(bytes);
    case crypto::key_kind::ed25519:
      // The key itself is the last of the structure.
      return "v=DKIM1; k=ed25519; p=" + base64::encode(byte_view(bytes).last(ed25519_size));
    default: throw error(errc::misuse, "DKIM has no keys like " + key.description());
  }
}

}  // namespace tidewire::dkim
