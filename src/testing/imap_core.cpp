#include "imap_core.hpp"

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "imap_connection.hpp"
#include "misdeeds.hpp"
#include "words.hpp"

namespace tidewire::testing::detail {
namespace {

// RFC 9051 appendix E: what IMAP4rev2 has in it.
constexpr auto parts_of_rev2 = std::to_array<std::string_view>(
    {"ENABLE", "UNSELECT", "NAMESPACE", "UIDPLUS", "ESEARCH", "SEARCHRES", "IDLE", "SASL-IR", "LIST-EXTENDED",
     "LIST-STATUS", "MOVE", "BINARY", "SPECIAL-USE", "STATUS=SIZE", "CHILDREN"});

bool has(const std::vector<std::string_view>& words, std::string_view wanted) {
  return std::ranges::any_of(words, [&](std::string_view one) { return ascii::iequals(one, wanted); });
}

std::string capabilities_of(const imap_server_options& options) {
  const std::vector<std::string_view> without = words_of(options.without);
  std::vector<std::string_view> words = words_of(options.capabilities);
  std::erase_if(words, [&](std::string_view one) { return has(without, one); });
  const bool whole =
      std::ranges::all_of(parts_of_rev2, [&](std::string_view one) { return has(words, one); });
  std::string out;
  for (const std::string_view one : words) {
    if (!whole && ascii::iequals(one, "IMAP4rev2")) continue;
    out.append(out.empty() ? "" : " ").append(one);
  }
  return out;
}

bool is_refusal(std::string_view text) {
  return (ascii::istarts_with(text, "NO ") || ascii::istarts_with(text, "BAD ")) &&
         std::ranges::none_of(text, ascii::is_control);
}

}  // namespace

imap_core::imap_core(const imap_server_options& options)
    : server_core({options.tls, options.certificate, options.client_certificates, options.authority}),
      options_(options),
      capabilities_(capabilities_of(options)),
      mechanisms_(options.mechanisms),
      preauthenticated_(options.preauthenticated) {
  if (options.client_certificates) mechanisms_ += mechanisms_.empty() ? "EXTERNAL" : " EXTERNAL";
  options_.capabilities = capabilities_;
  options_.mechanisms = mechanisms_;
  options_.preauthenticated = preauthenticated_;
  options_.without = {};
  if (!preauthenticated_.empty()) store_.add_user(preauthenticated_);
  options_.authority = nullptr;
}

task<> imap_core::serve(stream peer, connection& on) {
  const auto one = std::make_unique<imap_connection>(*this, on, std::move(peer));
  co_await one->run();
}

mailbox_store& imap_core::mailbox_of(std::string_view user, std::string_view name) {
  const auto found = store_.find(user, name);
  if (found == nullptr) {
    throw error(errc::misuse, "no mailbox " + std::string(name) + " of a user " + std::string(user));
  }
  return *found;
}

std::vector<mailbox_message> imap_core::messages(std::string_view user, std::string_view mailbox) {
  std::vector<mailbox_message> out;
  for (const kept_message& one : mailbox_of(user, mailbox).messages()) {
    out.push_back({one.uid, one.flags, one.internal_date, one.modseq, *one.content});
  }
  return out;
}

std::string_view name_of(imap_stage stage) noexcept {
  constexpr auto names = std::to_array<std::string_view>(
      {"greeting", "starttls", "tls",       "login", "authenticate", "select",  "list",    "status",
       "fetch",    "store",    "search",    "copy",  "move",         "expunge", "literal", "append",
       "idle",     "update",   "idle_done", "noop",  "logout",       "other"});
  const auto place = static_cast<std::size_t>(stage);
  return place < names.size() ? names[place] : "?";
}

imap_stage stage_of(std::string_view command) noexcept {
  if (command.starts_with("UID ")) command.remove_prefix(4);
  struct named {
    std::string_view name;
    imap_stage stage;
  };
  constexpr auto all = std::to_array<named>({{"STARTTLS", imap_stage::starttls},
                                             {"LOGIN", imap_stage::login},
                                             {"AUTHENTICATE", imap_stage::authenticate},
                                             {"SELECT", imap_stage::select},
                                             {"EXAMINE", imap_stage::select},
                                             {"LIST", imap_stage::list},
                                             {"LSUB", imap_stage::list},
                                             {"STATUS", imap_stage::status},
                                             {"FETCH", imap_stage::fetch},
                                             {"STORE", imap_stage::store},
                                             {"SEARCH", imap_stage::search},
                                             {"SORT", imap_stage::search},
                                             {"COPY", imap_stage::copy},
                                             {"MOVE", imap_stage::move},
                                             {"EXPUNGE", imap_stage::expunge},
                                             {"APPEND", imap_stage::append},
                                             {"IDLE", imap_stage::idle},
                                             {"NOOP", imap_stage::noop},
                                             {"LOGOUT", imap_stage::logout}});
  const auto found = std::ranges::find(all, command, &named::name);
  return found != all.end() ? found->stage : imap_stage::other;
}

void require_possible(const imap_fault& fault) {
  const auto refuse = [](const char* why) { throw error(errc::misuse, why); };
  const bool has_answer = fault.at != imap_stage::tls;
  if (fault.what == misdeed::refuse && has_answer) {
    const bool of_a_command = fault.at != imap_stage::greeting && fault.at != imap_stage::literal &&
                              fault.at != imap_stage::update && fault.at != imap_stage::logout;
    if (!of_a_command) refuse("there is nothing to refuse at this stage: see `misdeed::bye`");
    if (!is_refusal(fault.text)) refuse("a refusal is NO or BAD with a text, as \"NO [INUSE] busy\"");
  }
  require_possible(plan(fault), has_answer, fault.at == imap_stage::tls);
}

}  // namespace tidewire::testing::detail
