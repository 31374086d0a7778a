#include <tidewire/base/bytes.hpp>
#include <tidewire/base/words.hpp>
#include <tidewire/imap/capabilities.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire::imap {
namespace {

struct named_capability {
  std::string_view name;
  bool capabilities::* member;
  bool within_rev2 = false;  // RFC 9051 appendix E
};

constexpr std::array<named_capability, 52> named{{
    {"IMAP4REV1", &capabilities::imap4rev1},
    {"IMAP4REV2", &capabilities::imap4rev2},
    {"STARTTLS", &capabilities::starttls},
    {"LOGINDISABLED", &capabilities::login_disabled},
    {"SASL-IR", &capabilities::sasl_ir, true},
    {"LITERAL+", &capabilities::literal_plus},
    {"LITERAL-", &capabilities::literal_minus, true},
    {"IDLE", &capabilities::idle, true},
    {"NAMESPACE", &capabilities::name_spaces, true},
    {"UIDPLUS", &capabilities::uidplus, true},
    {"MOVE", &capabilities::move, true},
    {"ENABLE", &capabilities::enable, true},
    {"CONDSTORE", &capabilities::condstore},
    {"QRESYNC", &capabilities::qresync},
    {"ESEARCH", &capabilities::esearch, true},
    {"SEARCHRES", &capabilities::searchres, true},
    {"MULTISEARCH", &capabilities::multisearch},
    {"SEARCH=FUZZY", &capabilities::search_fuzzy},
    {"WITHIN", &capabilities::within},
    {"PARTIAL", &capabilities::partial},
    {"SORT", &capabilities::sort},
    {"SORT=DISPLAY", &capabilities::sort_display},
    {"ESORT", &capabilities::esort},
    {"CONTEXT=SEARCH", &capabilities::context_search},
    {"CONTEXT=SORT", &capabilities::context_sort},
    {"MULTIAPPEND", &capabilities::multiappend},
    {"CATENATE", &capabilities::catenate},
    {"REPLACE", &capabilities::replace},
    {"BINARY", &capabilities::binary},
    {"UNSELECT", &capabilities::unselect, true},
    {"ID", &capabilities::id},
    {"QUOTA", &capabilities::quota},
    {"ACL", &capabilities::acl},
    {"METADATA", &capabilities::metadata},
    {"METADATA-SERVER", &capabilities::metadata_server},
    {"LIST-EXTENDED", &capabilities::list_extended, true},
    {"LIST-STATUS", &capabilities::list_status, true},
    {"SPECIAL-USE", &capabilities::special_use, true},
    {"CREATE-SPECIAL-USE", &capabilities::create_special_use},
    {"CHILDREN", &capabilities::children, true},
    {"XLIST", &capabilities::xlist},
    {"COMPRESS=DEFLATE", &capabilities::compress_deflate},
    {"UTF8=ACCEPT", &capabilities::utf8_accept},
    {"UTF8=ONLY", &capabilities::utf8_only},
    {"NOTIFY", &capabilities::notify},
    {"OBJECTID", &capabilities::object_id},
    {"PREVIEW", &capabilities::preview},
    {"SAVEDATE", &capabilities::savedate},
    {"STATUS=SIZE", &capabilities::status_size, true},
    {"UIDONLY", &capabilities::uid_only},
    {"UNAUTHENTICATE", &capabilities::unauthenticate},
    {"X-GM-EXT-1", &capabilities::gmail},
}};

// Mechanisms and algorithms that are kept: nobody has more, and each is compared with those before it.
constexpr std::size_t most_of_a_kind = 100;

// What comes behind `name=`, if the word is that.
std::optional<std::string_view> value_of(std::string_view word, std::string_view name) noexcept {
  if (!word.starts_with(name)) return std::nullopt;
  return word.substr(name.size());
}

bool holds(const std::vector<std::string>& all, std::string_view name) noexcept {
  return std::ranges::any_of(all, [&](const std::string& one) { return ascii::iequals(one, name); });
}

void add_once(std::vector<std::string>& to, std::string_view name) {
  if (to.size() < most_of_a_kind && !holds(to, name)) to.emplace_back(name);
}

void understand(capabilities& into, std::string_view word) {
  for (const named_capability& one : named) {
    if (one.name == word) into.*one.member = true;
  }
  if (const auto mechanism = value_of(word, "AUTH=")) add_once(into.auth, *mechanism);
  if (const auto algorithm = value_of(word, "THREAD=")) add_once(into.threads, *algorithm);
  if (const auto limit = value_of(word, "APPENDLIMIT=")) {
    into.append_limit = ascii::parse_unsigned<std::uint64_t>(*limit);
  }
  if (const auto limit = value_of(word, "MESSAGELIMIT=")) {
    into.message_limit = ascii::parse_unsigned<std::uint64_t>(*limit);
  }
}

}  // namespace

bool capabilities::contains(std::string_view name) const noexcept {
  return holds(all, name);
}

bool capabilities::offers_auth(std::string_view mechanism) const noexcept {
  return holds(auth, mechanism);
}

bool capabilities::offers_thread(std::string_view algorithm) const noexcept {
  return holds(threads, algorithm);
}

void capabilities::enable_rev2() noexcept {
  for (const named_capability& one : named) {
    if (one.within_rev2) this->*one.member = true;
  }
}

capabilities capabilities::from(std::span<const std::string> words) {
  capabilities out;
  for (const std::string& word : words) {
    std::string name = ascii::upper(word);
    understand(out, name);
    out.all.push_back(std::move(name));
  }
  if (out.qresync) out.condstore = true;
  if (out.metadata) out.metadata_server = true;
  if (out.utf8_only) out.utf8_accept = true;
  if (out.imap4rev2 && !out.imap4rev1) out.enable_rev2();
  return out;
}

}  // namespace tidewire::imap
