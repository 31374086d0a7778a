#include "response_code.hpp"

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/words.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "message_parser.hpp"

namespace tidewire::imap::detail {
namespace {

struct named_code {
  std::string_view name;
  code what;
};
constexpr std::array<named_code, 53> codes{{
    {"ALERT", code::alert},
    {"ALREADYEXISTS", code::already_exists},
    {"APPENDUID", code::append_uid},
    {"AUTHENTICATIONFAILED", code::authentication_failed},
    {"AUTHORIZATIONFAILED", code::authorization_failed},
    {"BADCHARSET", code::bad_charset},
    {"BADCOMPARATOR", code::bad_comparator},
    {"BADEVENT", code::bad_event},
    {"BADURL", code::bad_url},
    {"CANNOT", code::cannot},
    {"CAPABILITY", code::capability},
    {"CLIENTBUG", code::client_bug},
    {"CLOSED", code::closed},
    {"COMPRESSIONACTIVE", code::compression_active},
    {"CONTACTADMIN", code::contact_admin},
    {"COPYUID", code::copy_uid},
    {"CORRUPTION", code::corruption},
    {"EXPIRED", code::expired},
    {"EXPUNGEISSUED", code::expunge_issued},
    {"HASCHILDREN", code::has_children},
    {"HIGHESTMODSEQ", code::highest_modseq},
    {"INPROGRESS", code::in_progress},
    {"INUSE", code::in_use},
    {"LIMIT", code::limit},
    {"MAILBOXID", code::mailbox_id},
    {"MESSAGELIMIT", code::message_limit},
    {"MODIFIED", code::modified},
    {"NOMODSEQ", code::no_modseq},
    {"NONEXISTENT", code::nonexistent},
    {"NOPERM", code::no_perm},
    {"NOTIFICATIONOVERFLOW", code::notification_overflow},
    {"NOTSAVED", code::not_saved},
    {"NOUPDATE", code::no_update},
    {"OVERQUOTA", code::over_quota},
    {"PARSE", code::parse},
    {"PERMANENTFLAGS", code::permanent_flags},
    {"PRIVACYREQUIRED", code::privacy_required},
    {"READ-ONLY", code::read_only},
    {"READ-WRITE", code::read_write},
    {"REFERRAL", code::referral},
    {"SERVERBUG", code::server_bug},
    {"TEMPFAIL", code::temp_fail},
    {"TOOBIG", code::too_big},
    {"TRYCREATE", code::try_create},
    {"UIDNEXT", code::uid_next},
    {"UIDNOTSTICKY", code::uid_not_sticky},
    {"UIDREQUIRED", code::uid_required},
    {"UIDVALIDITY", code::uid_validity},
    {"UNAVAILABLE", code::unavailable},
    {"UNKNOWN-CTE", code::unknown_cte},
    {"UNSEEN", code::unseen},
    {"USEATTR", code::use_attr},
    {"WEBALERT", code::web_alert},
}};

code code_of(std::string_view name) noexcept {
  for (const named_code& one : codes) {
    if (one.name == name) return one.what;
  }
  return code::unknown;
}

// Where the code ends whose bracket begins `text`: the place of its other bracket. One within a list is a
// part of it, as flags have it on some servers.
std::size_t end_of_code(std::string_view text) noexcept {
  const std::size_t close = text.find(']');
  const std::size_t list = text.find('(');
  if (list >= close || close == npos) return close;
  const std::size_t list_end = text.find(')', list);
  if (list_end == npos) return close;
  const std::size_t after = text.find(']', list_end);
  return after == npos ? close : after;
}

bool read_set(lexer& in, sequence_set& out) {
  in.skip_spaces();
  auto set = sequence_set::parse(in.word());
  if (!set) return in.fail("no set where one is due");
  out = std::move(*set);
  return true;
}

bool read_words(lexer& in, std::vector<std::string>& out) {
  (void)in.skip('(');
  piece one;
  for (in.skip_spaces(); !close_list(in); in.skip_spaces()) {
    if (!in.read(one)) return false;
    out.emplace_back(one.text);
  }
  return true;
}

bool read_metadata(lexer& in, response_code& out) {
  const std::string_view what = in.word();
  in.skip_spaces();
  if (ascii::iequals(what, "LONGENTRIES")) {
    out.what = code::metadata_long_entries;
    return in.read_number(out.number);
  }
  if (ascii::iequals(what, "MAXSIZE")) {
    out.what = code::metadata_max_size;
    return in.read_number(out.number);
  }
  out.what = ascii::iequals(what, "TOOMANY")     ? code::metadata_too_many
             : ascii::iequals(what, "NOPRIVATE") ? code::metadata_no_private
                                                 : code::unknown;
  return true;
}

// The arguments of a code that is known; false if they are not of its grammar.
bool read_arguments(lexer& in, response_code& out) {
  switch (out.what) {
    case code::uid_next:
    case code::uid_validity:
    case code::unseen:
    case code::highest_modseq: return in.read_number(out.number);
    case code::append_uid: return in.read_number(out.number) && read_set(in, out.uids);
    case code::copy_uid:
      return in.read_number(out.number) && read_set(in, out.source) && read_set(in, out.uids);
    case code::modified: return read_set(in, out.uids);
    case code::message_limit:
      if (!in.read_number(out.number)) return false;
      in.skip_spaces();
      return in.at_end() || read_set(in, out.uids);
    case code::capability:
    case code::bad_charset:
    case code::bad_event: return read_words(in, out.words);
    case code::permanent_flags: return read_flags(in, out.flags);
    default: return true;
  }
}

}  // namespace

response_code take_code(std::string_view& text) {
  response_code out;
  if (!text.starts_with('[')) return out;
  const std::size_t close = end_of_code(text);
  if (close == npos) return out;
  std::string_view inside = text.substr(1, close - 1);
  const std::size_t name_end = std::min(inside.find(' '), inside.size());
  const std::string_view name = inside.substr(0, name_end);
  if (!is_atom(name)) return out;
  out.name = ascii::upper(name);
  out.what = code_of(out.name);
  inside.remove_prefix(std::min(name_end + 1, inside.size()));
  out.text = inside;
  lexer in(inside);
  in.skip_spaces();
  const code known = out.what;
  if (out.name == "METADATA" ? !read_metadata(in, out) : !read_arguments(in, out)) {
    response_code bare;
    bare.what = code::unknown;
    bare.name = std::move(out.name);
    bare.text = std::move(out.text);
    out = std::move(bare);
  } else if (known == code::mailbox_id && out.text.starts_with('(') && out.text.ends_with(')')) {
    out.text = out.text.substr(1, out.text.size() - 2);
  }
  text.remove_prefix(close + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return out;
}

}  // namespace tidewire::imap::detail
