#include "response_parser.hpp"

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/words.hpp>

#include <algorithm>
#include <utility>

#include "attributes.hpp"
#include "message_parser.hpp"
#include "response_code.hpp"

namespace tidewire::imap::detail {
namespace {

std::optional<status_kind> status_of(std::string_view word) noexcept {
  if (ascii::iequals(word, "OK")) return status_kind::ok;
  if (ascii::iequals(word, "NO")) return status_kind::no;
  if (ascii::iequals(word, "BAD")) return status_kind::bad;
  if (ascii::iequals(word, "BYE")) return status_kind::bye;
  if (ascii::iequals(word, "PREAUTH")) return status_kind::preauth;
  return std::nullopt;
}

std::string_view take_word(std::string_view& text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

bool is_tag(std::string_view word) noexcept {
  return is_atom(word) && word.find('+') == npos;
}

status_response read_status(std::string_view tag, status_kind kind, std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  status_response out;
  out.tag = tag;
  out.kind = kind;
  out.code = take_code(text);
  out.text = text;
  return out;
}

// Reads what follows the name of a response.
class body_reader {
 public:
  body_reader(lexer& in, name_form names) : in_(in), names_(names) {}

  // False if it is not of the grammar of its name; nothing if the name is not known.
  std::optional<bool> read(std::string_view name, response& out);
  std::optional<bool> read_numbered(std::string_view name, std::uint32_t number, response& out);

 private:
  template <class T>
  bool at_end(response& out, T value) {
    in_.skip_spaces();
    if (!in_.at_end()) return in_.fail("something behind the end of a response");
    out.emplace<T>(std::move(value));
    return true;
  }
  bool read_words(std::vector<std::string>& out);
  bool read_mailbox(std::string& out, std::string* wire = nullptr, char delimiter = '/');
  bool read_rest_as_mailbox(std::string& out, std::string* wire, char delimiter);
  bool read_delimiter(char& out);
  bool read_pairs(std::vector<std::pair<std::string, token>>& out);
  bool read_list_entry(list_entry::origin_type origin, response& out);
  bool read_list_extension(list_entry& into);
  bool read_mailbox_status(response& out);
  bool read_numbers(bool sorted, response& out);
  bool read_search_data(response& out);
  bool read_search_item(std::string_view name, search_data& into);
  bool read_threads(response& out);
  bool read_vanished(response& out);
  bool read_name_spaces(response& out);
  bool read_name_space(std::vector<name_space>& out);
  bool read_quota(response& out);
  bool read_quota_roots(response& out);
  bool read_access_list(response& out);
  bool read_available_rights(response& out);
  bool read_own_rights(response& out);
  bool read_metadata(response& out);
  bool read_identity(response& out);
  bool read_set(sequence_set& out);
  [[nodiscard]] std::string name_of(std::string_view wire, char delimiter) const;

  lexer& in_;
  name_form names_;
};

std::string body_reader::name_of(std::string_view wire, char delimiter) const {
  if (names_ == name_form::utf7) return decode_mailbox_name(wire, delimiter);
  if (is_inbox(wire)) return "INBOX";
  return std::string(wire);
}

bool body_reader::read_words(std::vector<std::string>& out) {
  for (in_.skip_spaces(); !in_.at_end(); in_.skip_spaces()) {
    piece one;
    if (!in_.read(one)) return false;
    out.emplace_back(one.text);
  }
  return true;
}

bool body_reader::read_set(sequence_set& out) {
  in_.skip_spaces();
  auto set = sequence_set::parse(in_.word());
  if (!set) return in_.fail("no set where one is due");
  for (std::size_t i = 0; i < set->ranges().size(); ++i) {
    if (!in_.count()) return false;
  }
  out = std::move(*set);
  return true;
}

bool body_reader::read_mailbox(std::string& out, std::string* wire, char delimiter) {
  in_.skip_spaces();
  piece name;
  if (!in_.read(name)) return false;
  if (name.kind == piece::kind_type::streamed) return in_.fail("a streamed literal where none can be");
  if (wire != nullptr) *wire = name.text;
  out = name_of(name.text, delimiter);
  return true;
}

// A name at the end of a response, or before a list. Some servers do not quote names that have spaces in
// them.
bool body_reader::read_rest_as_mailbox(std::string& out, std::string* wire, char delimiter) {
  in_.skip_spaces();
  const std::size_t begin = in_.place();
  const bool quoted = in_.peek() == '"' || in_.peek() == '{';
  if (!read_mailbox(out, wire, delimiter)) return false;
  if (quoted) return true;
  std::string_view name = in_.from(begin);
  for (;;) {
    const std::size_t end = in_.place();
    in_.skip_spaces();
    if (in_.at_end() || in_.peek() == '(') {
      in_.go_to(end);
      break;
    }
    if (in_.word().empty()) return in_.fail("a name of a mailbox that is none");
    name = in_.from(begin);
  }
  if (wire != nullptr) *wire = name;
  out = name_of(name, delimiter);
  return true;
}

bool body_reader::read_delimiter(char& out) {
  in_.skip_spaces();
  piece text;
  if (!in_.read(text)) return false;
  out = text.is_nil() || text.text.empty() ? '\0' : text.text.front();
  return true;
}

// Pairs of a name and a value up to the end of a list, which was begun.
bool body_reader::read_pairs(std::vector<std::pair<std::string, token>>& out) {
  while (!close_list(in_)) {
    piece name;
    if (!in_.read(name)) return false;
    std::string key = ascii::upper(name.text);
    in_.skip_spaces();
    token value;
    if (in_.peek() != ')' && !in_.at_end() && !in_.read(value)) return false;
    out.emplace_back(std::move(key), std::move(value));
  }
  return true;
}

bool body_reader::read_list_extension(list_entry& into) {
  std::vector<std::pair<std::string, token>> all;
  if (!read_pairs(all)) return false;
  for (auto& [name, value] : all) {
    if (name == "CHILDINFO" && value.is_list()) {
      for (const token& one : value.items()) into.child_info.push_back(one.text());
    } else if (name == "OLDNAME" && value.items().size() == 1) {
      into.old_name = name_of(value.items().front().text(), into.delimiter);
    } else {
      into.extensions.emplace_back(std::move(name), std::move(value));
    }
  }
  return true;
}

bool body_reader::read_list_entry(list_entry::origin_type origin, response& out) {
  list_entry found;
  found.origin = origin;
  in_.skip_spaces();
  if (!in_.skip_nil()) {
    if (!in_.skip('(')) return in_.fail("no list of attributes of a mailbox");
    while (!close_list(in_)) {
      const std::string_view name = in_.word();
      if (name.empty()) return in_.fail("no attribute where one is due");
      if (!in_.count()) return false;
      const mailbox_attribute what = attribute_of(name);
      found.attributes = found.attributes | what;
      if (what == mailbox_attribute::none) found.other_attributes.emplace_back(name);
    }
  }
  if (!read_delimiter(found.delimiter)) return false;
  if (!read_rest_as_mailbox(found.name, &found.wire_name, found.delimiter)) return false;
  in_.skip_spaces();
  if (in_.skip('(') && !read_list_extension(found)) return false;
  return at_end(out, std::move(found));
}

bool body_reader::read_mailbox_status(response& out) {
  mailbox_status found;
  if (!read_rest_as_mailbox(found.mailbox, nullptr, '/')) return false;
  in_.skip_spaces();
  if (!in_.skip('(')) return in_.fail("a status without a list");
  while (!close_list(in_)) {
    const std::string name = ascii::upper(in_.word());
    if (name.empty()) return in_.fail("no item of a status where one is due");
    if (!in_.count()) return false;
    in_.skip_spaces();
    token value;
    if (in_.peek() != ')' && !in_.read(value)) return false;
    const auto number = value.to_number();
    const auto small = [&](std::optional<std::uint32_t>& member) {
      if (number) member = checked_cast<std::uint32_t>(*number);
    };
    if (name == "MESSAGES") {
      small(found.messages);
    } else if (name == "RECENT") {
      small(found.recent);
    } else if (name == "UIDNEXT") {
      small(found.uid_next);
    } else if (name == "UIDVALIDITY") {
      small(found.uid_validity);
    } else if (name == "UNSEEN") {
      small(found.unseen);
    } else if (name == "DELETED") {
      small(found.deleted);
    } else if (name == "SIZE") {
      found.size = number;
    } else if (name == "DELETED-STORAGE") {
      found.deleted_storage = number;
    } else if (name == "HIGHESTMODSEQ") {
      found.highest_modseq = number;
    } else if (name == "APPENDLIMIT") {
      found.append_limit = number;
    } else if (name == "MAILBOXID") {
      found.mailbox_id = value.items().size() == 1 ? value.items().front().text() : value.text();
    } else {
      found.others.emplace_back(name, std::move(value));
    }
  }
  return at_end(out, std::move(found));
}

bool body_reader::read_numbers(bool sorted, response& out) {
  search_numbers found;
  found.sorted = sorted;
  for (in_.skip_spaces(); !in_.at_end(); in_.skip_spaces()) {
    if (in_.skip('(')) {
      const std::string_view name = in_.word();
      in_.skip_spaces();
      std::uint64_t modseq = 0;
      if (!ascii::iequals(name, "MODSEQ") || !in_.read_number(modseq) || !close_list(in_)) {
        return in_.fail("something other than MODSEQ behind the numbers of a search");
      }
      found.modseq = modseq;
    } else if (!in_.skip_nil()) {
      std::uint32_t number = 0;
      if (!in_.count() || !in_.read_number(number)) return false;
      found.numbers.push_back(number);
    }
  }
  return at_end(out, std::move(found));
}

bool body_reader::read_search_item(std::string_view name, search_data& into) {
  const auto is = [&](std::string_view wanted) { return ascii::iequals(name, wanted); };
  in_.skip_spaces();
  std::uint32_t number = 0;
  if (is("MIN") || is("MAX") || is("COUNT")) {
    if (!in_.read_number(number)) return false;
    (is("MIN") ? into.min : is("MAX") ? into.max : into.count) = number;
    return true;
  }
  if (is("ALL")) return read_set(into.all.emplace());
  if (is("MODSEQ")) {
    std::uint64_t modseq = 0;
    if (!in_.read_number(modseq)) return false;
    into.modseq = modseq;
    return true;
  }
  if (is("PARTIAL")) {
    if (!in_.skip('(')) return in_.fail("PARTIAL without a list");
    const std::string_view range = in_.word();
    const std::size_t colon = std::min(range.find(':'), range.size());
    const auto bound = [](std::string_view text) {
      const bool negative = text.starts_with('-');
      const auto value = ascii::parse_unsigned<std::uint32_t>(text.substr(negative ? 1 : 0));
      return !value ? std::int64_t{0} : negative ? -std::int64_t{*value} : std::int64_t{*value};
    };
    partial_result found{
        bound(range.substr(0, colon)), bound(range.substr(std::min(colon + 1, range.size()))), {}};
    in_.skip_spaces();
    if (!in_.skip_nil() && !read_set(found.set)) return false;
    if (!close_list(in_)) return in_.fail("PARTIAL that does not end");
    into.partial = std::move(found);
    return true;
  }
  if (is("RELEVANCY")) {
    if (!in_.skip('(')) return in_.fail("RELEVANCY without a list");
    while (!close_list(in_)) {
      if (!in_.count() || !in_.read_number(number)) return false;
      into.relevancy.push_back(number);
    }
    return true;
  }
  if (is("ADDTO") || is("REMOVEFROM")) {
    if (!in_.skip('(')) return in_.fail("a change of a search without a list");
    while (!close_list(in_)) {
      search_update change;
      change.added = is("ADDTO");
      if (!in_.count() || !in_.read_number(change.position) || !read_set(change.set)) return false;
      into.updates.push_back(std::move(change));
    }
    return true;
  }
  token value;
  if (!in_.read(value)) return false;
  into.others.emplace_back(ascii::upper(name), std::move(value));
  return true;
}

bool body_reader::read_search_data(response& out) {
  search_data found;
  in_.skip_spaces();
  if (in_.skip('(')) {
    std::vector<std::pair<std::string, token>> about;
    if (!read_pairs(about)) return false;
    for (const auto& [name, value] : about) {
      if (name == "TAG") found.tag = value.text();
      if (name == "MAILBOX") found.mailbox = name_of(value.text(), '/');
      if (name == "UIDVALIDITY") {
        found.uid_validity = ascii::parse_unsigned<std::uint32_t>(value.text()).value_or(0);
      }
    }
  }
  for (in_.skip_spaces(); !in_.at_end(); in_.skip_spaces()) {
    const bool wrapped = in_.skip('(');  // MODSEQ, on some servers
    const std::string_view name = in_.word();
    if (name.empty()) return in_.fail("no name of what a search found");
    if (!in_.count()) return false;
    if (ascii::iequals(name, "UID")) {
      found.uid = true;
    } else if (!read_search_item(name, found)) {
      return false;
    }
    if (wrapped && !close_list(in_)) return in_.fail("a list that does not end");
  }
  return at_end(out, std::move(found));
}

// A list is a chain of messages, each the parent of the next; lists at its end are its branches.
bool body_reader::read_threads(response& out) {
  struct open_list {
    std::size_t parent;
    bool empty = true;
  };
  thread_forest found;
  std::vector<open_list> open;
  std::size_t parent = npos;
  const auto add = [&](std::uint32_t number) {
    const std::size_t depth = parent == npos ? 0 : found.nodes[parent].depth + 1;
    found.nodes.push_back({number, parent, depth});
    parent = found.nodes.size() - 1;
  };
  for (in_.skip_spaces(); !in_.at_end(); in_.skip_spaces()) {
    if (!in_.count()) return false;
    if (in_.skip('(')) {
      // Branches without a stem: their parent is not in the mailbox.
      if (!open.empty() && open.back().empty) {
        add(0);
        open.back().empty = false;
      }
      open.push_back({parent});
    } else if (in_.skip(')')) {
      if (open.empty()) return in_.fail("a thread that ends and did not begin");
      parent = open.back().parent;
      open.pop_back();
    } else {
      if (open.empty()) return in_.fail("a message outside of a thread");
      std::uint32_t number = 0;
      if (!in_.read_number(number)) return false;
      add(number);
      open.back().empty = false;
    }
  }
  if (!open.empty()) return in_.fail("a thread that does not end");
  return at_end(out, std::move(found));
}

bool body_reader::read_vanished(response& out) {
  vanished_response found;
  in_.skip_spaces();
  if (in_.skip('(')) {
    found.earlier = ascii::iequals(in_.word(), "EARLIER");
    if (!close_list(in_)) return in_.fail("VANISHED with something other than EARLIER");
  }
  return read_set(found.uids) && at_end(out, std::move(found));
}

bool body_reader::read_name_space(std::vector<name_space>& out) {
  in_.skip_spaces();
  if (in_.skip_nil()) return true;
  if (!in_.skip('(')) return in_.fail("no list of name spaces");
  while (!close_list(in_)) {
    if (!in_.skip('(')) return in_.fail("no name space where one is due");
    name_space one;
    std::string wire;
    if (!read_mailbox(one.prefix, &wire, '\0') || !read_delimiter(one.delimiter)) return false;
    // INBOX is a name without regard to case also as the first level of a prefix.
    if (names_ == name_form::utf7) one.prefix = decode_mailbox_name(wire, one.delimiter);
    in_.skip_spaces();
    std::vector<std::pair<std::string, token>> extensions;
    if (!read_pairs(extensions)) return false;
    for (auto& [name, value] : extensions) {
      if (name == "TRANSLATION" && value.items().size() == 1) {
        one.translation = value.items().front().text();
      } else {
        one.extensions.emplace_back(std::move(name), std::move(value));
      }
    }
    out.push_back(std::move(one));
  }
  return true;
}

bool body_reader::read_name_spaces(response& out) {
  name_spaces found;
  return read_name_space(found.personal) && read_name_space(found.other_users) &&
         read_name_space(found.shared) && at_end(out, std::move(found));
}

bool body_reader::read_quota(response& out) {
  quota found;
  if (!read_text(in_, found.root)) return false;
  in_.skip_spaces();
  if (!in_.skip('(')) return in_.fail("a quota without a list");
  while (!close_list(in_)) {
    quota_resource one;
    if (!in_.count()) return false;
    one.name = ascii::upper(in_.word());
    in_.skip_spaces();
    if (one.name.empty() || !in_.read_number(one.usage)) return in_.fail("a resource that is none");
    in_.skip_spaces();
    if (!in_.read_number(one.limit)) return false;
    found.resources.push_back(std::move(one));
  }
  return at_end(out, std::move(found));
}

bool body_reader::read_quota_roots(response& out) {
  quota_roots found;
  return read_mailbox(found.mailbox) && read_words(found.roots) && at_end(out, std::move(found));
}

bool body_reader::read_access_list(response& out) {
  access_list found;
  if (!read_mailbox(found.mailbox)) return false;
  for (in_.skip_spaces(); !in_.at_end(); in_.skip_spaces()) {
    acl_entry one;
    if (!read_text(in_, one.identifier) || !read_text(in_, one.rights)) return false;
    found.entries.push_back(std::move(one));
  }
  return at_end(out, std::move(found));
}

bool body_reader::read_available_rights(response& out) {
  available_rights found;
  return read_mailbox(found.mailbox) && read_text(in_, found.identifier) && read_text(in_, found.required) &&
         read_words(found.optional) && at_end(out, std::move(found));
}

bool body_reader::read_own_rights(response& out) {
  own_rights found;
  return read_mailbox(found.mailbox) && read_text(in_, found.rights) && at_end(out, std::move(found));
}

bool body_reader::read_metadata(response& out) {
  metadata found;
  if (!read_mailbox(found.mailbox)) return false;
  in_.skip_spaces();
  if (!in_.skip('(')) return read_words(found.changed) && at_end(out, std::move(found));
  while (!close_list(in_)) {
    metadata_entry one;
    if (!read_text(in_, one.name)) return false;
    in_.skip_spaces();
    piece value;
    if (!in_.read(value)) return false;
    if (!value.is_nil()) one.value.emplace(value.text);
    found.entries.push_back(std::move(one));
  }
  return at_end(out, std::move(found));
}

bool body_reader::read_identity(response& out) {
  identity found;
  in_.skip_spaces();
  if (!in_.skip_nil()) {
    if (!in_.skip('(')) return in_.fail("ID without a list");
    while (!close_list(in_)) {
      std::string name;
      if (!read_text(in_, name)) return false;
      in_.skip_spaces();
      piece value;
      if (in_.peek() != ')' && !in_.read(value)) return false;
      found.fields.emplace_back(std::move(name), std::nullopt);
      if (!value.is_nil()) found.fields.back().second.emplace(value.text);
    }
  }
  return at_end(out, std::move(found));
}

std::optional<bool> body_reader::read(std::string_view name, response& out) {
  const auto is = [&](std::string_view wanted) { return ascii::iequals(name, wanted); };
  if (is("SEARCH")) return read_numbers(false, out);
  if (is("ESEARCH")) return read_search_data(out);
  if (is("LIST")) return read_list_entry(list_entry::origin_type::list, out);
  if (is("LSUB")) return read_list_entry(list_entry::origin_type::lsub, out);
  if (is("XLIST")) return read_list_entry(list_entry::origin_type::xlist, out);
  if (is("STATUS")) return read_mailbox_status(out);
  if (is("FLAGS")) {
    flags_response found;
    return read_flags(in_, found.flags) && at_end(out, std::move(found));
  }
  if (is("CAPABILITY")) {
    std::vector<std::string> words;
    return read_words(words) && at_end(out, capability_response{capabilities::from(words)});
  }
  if (is("ENABLED")) {
    enabled_response found;
    if (!read_words(found.capabilities)) return false;
    for (std::string& one : found.capabilities) one = ascii::upper(one);
    return at_end(out, std::move(found));
  }
  if (is("SORT")) return read_numbers(true, out);
  if (is("THREAD")) return read_threads(out);
  if (is("VANISHED")) return read_vanished(out);
  if (is("NAMESPACE")) return read_name_spaces(out);
  if (is("QUOTA")) return read_quota(out);
  if (is("QUOTAROOT")) return read_quota_roots(out);
  if (is("ACL")) return read_access_list(out);
  if (is("LISTRIGHTS")) return read_available_rights(out);
  if (is("MYRIGHTS")) return read_own_rights(out);
  if (is("METADATA")) return read_metadata(out);
  if (is("ID")) return read_identity(out);
  return std::nullopt;
}

std::optional<bool> body_reader::read_numbered(std::string_view name, std::uint32_t number, response& out) {
  const auto is = [&](std::string_view wanted) { return ascii::iequals(name, wanted); };
  if (is("FETCH") || is("UIDFETCH")) {
    auto& found = out.emplace<message_data>();
    if (is("FETCH")) {
      found.sequence = number;
    } else {
      found.uid = number;
    }
    return read_message_data(in_, found);
  }
  if (is("EXISTS")) return at_end(out, exists_response{number});
  if (is("RECENT")) return at_end(out, recent_response{number});
  if (is("EXPUNGE")) return at_end(out, expunge_response{number});
  return std::nullopt;
}

bool has_open_quote(std::string_view text) noexcept {
  for (std::size_t at = 0; (at = text.find('"', at)) != npos; ++at) {
    at = end_of_quoted(text, at);
    if (at == npos) return true;
  }
  return false;
}

// A response that has no type, or is not of the grammar of its name.
std::optional<failure> read_unknown(const response_text& from, std::string_view name,
                                    std::optional<std::uint32_t> number, std::string_view rest,
                                    std::size_t rest_at, const lexer& failed, const lexer_limits& limits,
                                    response& out) {
  if (failed.over_limit()) return failure(tidewire::errc::limit_exceeded, failed.why());
  const auto malformed = [](const char* why) {
    return failure(make_error_code(errc::malformed_response), why);
  };
  // The next line may be what the quote would have ended with.
  if (failed.why() != nullptr && has_open_quote(from.text)) return malformed("a quote that is not closed");
  // What is behind a literal was not understood: its length may be a lie, and what follows anything.
  if (failed.why() != nullptr && from.has_literals) return malformed(failed.why());
  unknown_response found;
  found.name = ascii::upper(name);
  found.number = number;
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
    ++rest_at;
  }
  found.text = rest;
  if (failed.why() != nullptr) found.problem = failed.why();
  lexer in(from.text, limits, from.streamed);
  in.go_to(rest_at);
  for (in.skip_spaces(); !in.at_end(); in.skip_spaces()) {
    token one;
    if (!in.read(one)) break;
    found.tokens.push_back(std::move(one));
  }
  if (in.over_limit()) return failure(tidewire::errc::limit_exceeded, in.why());
  if (in.why() != nullptr && from.has_literals) return malformed(in.why());
  out = std::move(found);
  return std::nullopt;
}

std::optional<failure> read_untagged(const response_text& from, name_form names, const lexer_limits& limits,
                                     response& out) {
  lexer in(from.text, limits, from.streamed);
  in.go_to(1);
  in.skip_spaces();
  std::string_view name = in.word();
  if (const auto kind = status_of(name)) {
    out = read_status({}, *kind, in.rest());
    return std::nullopt;
  }
  body_reader reader(in, names);
  std::optional<std::uint32_t> number;
  std::optional<bool> read;
  std::size_t rest_at = in.place();
  if (!name.empty() && ascii::is_digit(name.front())) {
    number = ascii::parse_unsigned<std::uint32_t>(name);
    in.skip_spaces();
    name = in.word();
    rest_at = in.place();
    if (number) {
      read = reader.read_numbered(name, *number, out);
    } else {
      read = in.fail("a number that is none, or too large");
    }
  } else if (name.empty()) {
    read = in.fail("a response without a name");
  } else {
    read = reader.read(name, out);
  }
  if (read && *read) return std::nullopt;
  if (read) (void)in.fail("something that is not of the grammar of its name");  // unless it was said better
  return read_unknown(from, name, number, from.text.substr(rest_at), rest_at, in, limits, out);
}

}  // namespace

std::optional<failure> parse_response_text(const response_text& from, name_form names,
                                           const lexer_limits& limits, response& out) {
  std::string_view text = from.text;
  if (text.starts_with('*') && (text.size() == 1 || text[1] == ' '))
    return read_untagged(from, names, limits, out);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with(' ')) text.remove_prefix(1);
    out = continuation{std::string(text)};
    return std::nullopt;
  }
  if (text.empty()) {
    unknown_response empty;
    empty.problem = "an empty line";
    out = std::move(empty);
    return std::nullopt;
  }
  const std::string_view tag = take_word(text);
  const auto kind = status_of(take_word(text));
  if (!is_tag(tag) || !kind) {
    return failure(make_error_code(errc::malformed_response), "a line that is no response");
  }
  out = read_status(tag, *kind, text);
  return std::nullopt;
}

heading heading_of(std::string_view line) noexcept {
  if (line.size() < 2 || line[0] != '*' || line[1] != ' ') return {shape::text};
  std::string_view rest = line.substr(2);
  const std::string_view word = take_word(rest);
  if (status_of(word)) return {shape::text};
  const auto number = ascii::parse_unsigned<std::uint32_t>(word);
  if (!number) return {};
  const std::string_view name = take_word(rest);
  if (!ascii::iequals(name, "FETCH") && !ascii::iequals(name, "UIDFETCH")) return {};
  const std::size_t list = rest.find_first_not_of(' ');
  if (list == npos || rest[list] != '(') return {};
  return {shape::fetch, *number, line.size() - rest.size() + list + 1};
}

}  // namespace tidewire::imap::detail
