#include <tidewire/smtp/capabilities.hpp>

#include <algorithm>

#include "words.hpp"

namespace tidewire::smtp {
namespace {

void take_auth(capabilities& into, std::string_view mechanism) {
  std::string name = ascii::upper(mechanism);
  if (!name.empty() && std::ranges::find(into.auth, name) == into.auth.end())
    into.auth.push_back(std::move(name));
}

void take_limits(capabilities& into, const capability& found) {
  for (const std::string& parameter : found.parameters) {
    const std::string_view text = parameter;
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto value = ascii::parse_unsigned<std::uint64_t>(text.substr(std::min(equals + 1, text.size())));
    if (!value) continue;
    if (ascii::iequals(text.substr(0, equals), "MAILMAX")) into.max_messages = *value;
    if (ascii::iequals(text.substr(0, equals), "RCPTMAX")) into.max_recipients = *value;
  }
}

void understand(capabilities& into, const capability& found) {
  const std::string_view keyword = found.keyword;
  if (keyword == "PIPELINING") into.pipelining = true;
  if (keyword == "CHUNKING") into.chunking = true;
  if (keyword == "BINARYMIME") into.binary_mime = true;
  if (keyword == "8BITMIME") into.eight_bit_mime = true;
  if (keyword == "SMTPUTF8") into.smtputf8 = true;
  if (keyword == "STARTTLS") into.starttls = true;
  if (keyword == "DSN") into.dsn = true;
  if (keyword == "ENHANCEDSTATUSCODES") into.enhanced_status_codes = true;
  if (keyword == "REQUIRETLS") into.require_tls = true;
  if (keyword == "LIMITS") take_limits(into, found);
  if (keyword == "SIZE") {
    into.size_declared = true;
    if (!found.parameters.empty()) {
      into.max_size = ascii::parse_unsigned<std::uint64_t>(found.parameters.front()).value_or(0);
    }
  }
  if (keyword == "AUTH") {
    for (const std::string& mechanism : found.parameters) take_auth(into, mechanism);
  }
}

}  // namespace

bool capabilities::offers_auth(std::string_view mechanism) const noexcept {
  return std::ranges::any_of(auth, [&](const std::string& name) { return ascii::iequals(name, mechanism); });
}

const capability* capabilities::find(std::string_view keyword) const noexcept {
  const auto found =
      std::ranges::find_if(all, [&](const capability& one) { return ascii::iequals(one.keyword, keyword); });
  return found == all.end() ? nullptr : &*found;
}

capabilities capabilities::parse(const reply& ehlo) {
  capabilities out;
  std::string_view rest = ehlo.text;
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::string_view keyword = take_word(line);
    if (first) {
      out.domain = keyword;
      continue;
    }
    capability found;
    // "AUTH=LOGIN PLAIN", from before RFC 2554 was settled.
    if (const std::size_t equals = keyword.find('='); equals != std::string_view::npos) {
      if (equals + 1 < keyword.size()) found.parameters.emplace_back(keyword.substr(equals + 1));
      keyword = keyword.substr(0, equals);
    }
    if (keyword.empty()) continue;
    found.keyword = ascii::upper(keyword);
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      found.parameters.emplace_back(word);
    }
    understand(out, found);
    out.all.push_back(std::move(found));
  }
  return out;
}

}  // namespace tidewire::smtp
