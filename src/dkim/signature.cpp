#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/dkim/signature.hpp>

#include <algorithm>

#include "names.hpp"
#include "tag_list.hpp"

namespace tidewire::dkim {

namespace {

using detail::tag_list;

// The 12 digits that RFC 6376 section 3.5 asks for: until the year 33658.
constexpr std::uint64_t latest_time = 999'999'999'999;

failure malformed(std::string_view what) {
  return failure(errc::malformed, std::string(what));
}

failure unsupported(std::string_view what, std::string_view value) {
  return failure(errc::unsupported, std::string(what) + ' ' + std::string(value.substr(0, 64)));
}

result<std::vector<std::byte>> read_base64(std::string_view value) {
  constexpr base64::format format{.expects = base64::padding::optional,
                                  .ignores = base64::ignore::whitespace};
  return base64::decode(value, format);
}

std::optional<canonicalization> read_canonicalization(std::string_view name) noexcept {
  if (name == "simple") return canonicalization::simple;
  if (name == "relaxed") return canonicalization::relaxed;
  return std::nullopt;
}

std::optional<algorithm> read_algorithm(std::string_view name) noexcept {
  for (const algorithm one : {algorithm::rsa_sha256, algorithm::ed25519_sha256, algorithm::rsa_sha1})
    if (ascii::iequals(name, to_string(one))) return one;
  return std::nullopt;
}

// A time, or a failure for what is no number. One beyond the latest is the latest.
result<std::chrono::sys_seconds> read_time(std::string_view value) {
  if (value.empty() || !std::ranges::all_of(value, ascii::is_digit)) return malformed("t= or x= is no time");
  const std::uint64_t seconds =
      std::min(latest_time, ascii::parse_unsigned<std::uint64_t>(value).value_or(latest_time));
  return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

result<void> read_kind(const tag_list& tags, signature& out) {
  if (tags.get("v") != "1") return unsupported("version", tags.get("v").value_or(""));
  const auto made_by = read_algorithm(tags.get("a").value_or(""));
  if (!made_by) return unsupported("algorithm", tags.get("a").value_or(""));
  out.algorithm = *made_by;
  const std::string_view how = tags.get("c").value_or("simple/simple");
  const std::size_t slash = std::min(how.find('/'), how.size());
  const auto header = read_canonicalization(how.substr(0, slash));
  const auto body = read_canonicalization(slash < how.size() ? how.substr(slash + 1) : "simple");
  if (!header || !body) return unsupported("canonicalization", how);
  out.header = *header;
  out.body = *body;
  if (const auto methods = tags.get("q")) {
    const auto list = detail::split_colons(*methods);
    if (std::ranges::find(list, "dns/txt") == list.end()) return unsupported("query method", *methods);
  }
  return {};
}

result<void> read_signer(const tag_list& tags, signature& out) {
  const auto domain = detail::read_domain(*tags.get("d"));
  if (!domain) return malformed("d= is no domain");
  const auto selector = detail::read_domain(*tags.get("s"), true);
  if (!selector) return malformed("s= is no selector");
  out.domain = *tags.get("d");
  out.selector = *tags.get("s");
  if (out.key_name().size() > 253) return malformed("s= and d= are longer than any domain");
  out.identity = '@' + out.domain;
  if (const auto identity = tags.get("i")) {
    out.identity = detail::decode_quoted(*identity);
    if (!detail::is_within(out.identity, out.domain, false)) return malformed("i= is not within d=");
  }
  return {};
}

result<void> read_content(const tag_list& tags, signature& out) {
  auto value = read_base64(*tags.get("b"));
  if (!value || value->empty()) return malformed("b= is no base64");
  auto hash = read_base64(*tags.get("bh"));
  if (!hash || hash->empty()) return malformed("bh= is no base64");
  out.value = std::move(*value);
  out.body_hash = std::move(*hash);
  for (const std::string_view name : detail::split_colons(*tags.get("h"))) {
    if (!detail::is_field_name(name)) return malformed("h= has what is no name of a field");
    if (out.fields.size() == max_signed_fields) return failure(errc::limit_exceeded, "too many names in h=");
    out.fields.emplace_back(name);
  }
  if (std::ranges::none_of(out.fields, [](std::string_view name) { return ascii::iequals(name, "from"); }))
    return malformed("From is not signed");
  if (const auto length = tags.get("l")) {
    out.body_length = ascii::parse_unsigned<std::uint64_t>(*length);
    if (!out.body_length) return malformed("l= is no number");
  }
  return {};
}

result<void> read_times(const tag_list& tags, signature& out) {
  for (const auto& [name, time] : {std::pair("t", &out.signed_at), std::pair("x", &out.expires_at)}) {
    const auto value = tags.get(name);
    if (!value) continue;
    const auto read = read_time(*value);
    if (!read) return read.error();
    *time = *read;
  }
  if (out.signed_at && out.expires_at && *out.expires_at <= *out.signed_at)
    return malformed("x= is not after t=");
  return {};
}

}  // namespace

std::string_view to_string(algorithm value) noexcept {
  switch (value) {
    case algorithm::rsa_sha256: return "rsa-sha256";
    case algorithm::ed25519_sha256: return "ed25519-sha256";
    case algorithm::rsa_sha1: return "rsa-sha1";
  }
  return "unknown";
}

std::string signature::key_name() const {
  return detail::read_domain(selector, true).value_or(selector) + "._domainkey." +
         detail::read_domain(domain).value_or(domain);
}

result<signature> parse_signature(std::string_view value) {
  const auto tags = tag_list::parse(value, max_signature_size);
  if (!tags) return tags.error();
  for (const std::string_view name : {"v", "a", "b", "bh", "d", "h", "s"})
    if (tags->find(name) == nullptr) return malformed("no " + std::string(name) + '=');
  signature out;
  for (const auto read : {read_kind, read_signer, read_content, read_times})
    if (const auto done = read(*tags, out); !done) return done.error();
  return out;
}

}  // namespace tidewire::dkim
