#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/command.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire::imap {
namespace {

struct named_item {
  status_item item;
  std::string_view name;
};
constexpr std::array<named_item, 11> status_items{{{status_item::messages, "MESSAGES"},
                                                   {status_item::recent, "RECENT"},
                                                   {status_item::uid_next, "UIDNEXT"},
                                                   {status_item::uid_validity, "UIDVALIDITY"},
                                                   {status_item::unseen, "UNSEEN"},
                                                   {status_item::deleted, "DELETED"},
                                                   {status_item::size, "SIZE"},
                                                   {status_item::highest_modseq, "HIGHESTMODSEQ"},
                                                   {status_item::append_limit, "APPENDLIMIT"},
                                                   {status_item::mailbox_id, "MAILBOXID"},
                                                   {status_item::deleted_storage, "DELETED-STORAGE"}}};

constexpr std::array<std::string_view, 10> sort_fields{
    "ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO", "RELEVANCY"};

// RFC 2971 section 3.3.
constexpr std::size_t max_id_fields = 30;
constexpr std::size_t max_id_field = 30;
constexpr std::size_t max_id_value = 1024;

command numbered(std::string_view name, numbered_by by) {
  return command(by == numbered_by::uid ? "UID " + std::string(name) : std::string(name));
}

void add_status_items(command& to, status_item items) {
  to.open();
  for (const named_item& one : status_items) {
    if (includes(items, one.item)) to.atom(one.name);
  }
  to.close();
}

void add_words(command& to, const std::vector<std::string>& words) {
  for (const std::string& one : words) to.atom(one);
}

void add_return(command& to, const search_return& answer) {
  if (!answer.any()) return;
  to.atom("RETURN").open();
  if (answer.min) to.atom("MIN");
  if (answer.max) to.atom("MAX");
  if (answer.all) to.atom("ALL");
  if (answer.count) to.atom("COUNT");
  if (answer.save) to.atom("SAVE");
  if (answer.relevancy) to.atom("RELEVANCY");
  if (answer.update) to.atom("UPDATE");
  if (answer.context) to.atom("CONTEXT");
  if (answer.partial_first != 0) {
    to.atom("PARTIAL").atom(std::to_string(answer.partial_first) + ':' + std::to_string(answer.partial_last));
  }
  to.close();
}

// What STORE does, and to which messages it does it.
command store_of(const sequence_set& messages, store_action action, std::string_view item,
                 const store_options& options, numbered_by by) {
  command out = numbered("STORE", by);
  out.set(messages);
  if (options.unchanged_since) out.open().atom("UNCHANGEDSINCE").number(*options.unchanged_since).close();
  std::string name = action == store_action::add ? "+" : action == store_action::remove ? "-" : "";
  name += item;
  if (options.silent) name += ".SILENT";
  out.atom(name);
  return out;
}

}  // namespace

list_request& list_request::pattern(std::string text) {
  patterns_.push_back(std::move(text));
  return *this;
}

list_request& list_request::reference(std::string name) {
  reference_ = std::move(name);
  return *this;
}

list_request& list_request::select(std::string option) {
  select_.push_back(std::move(option));
  return *this;
}

list_request& list_request::returns(std::string option) {
  return_.push_back(std::move(option));
  return *this;
}

append_message::append_message(std::string content) {
  parts_.push_back({part::kind_type::text, 0, std::move(content)});
}

append_message append_message::streamed(std::uint64_t size) {
  append_message out;
  out.parts_.push_back({part::kind_type::source, size, {}});
  return out;
}

append_message append_message::catenated() {
  append_message out;
  out.catenated_ = true;
  return out;
}

append_message& append_message::flags(imap::flags what) {
  flags_ = std::move(what);
  return *this;
}

append_message& append_message::internal_date(const date_time& when) {
  date_ = when;
  return *this;
}

append_message& append_message::binary() {
  binary_ = true;
  return *this;
}

append_message& append_message::url(std::string_view where) {
  parts_.push_back({part::kind_type::url, 0, std::string(where)});
  return *this;
}

append_message& append_message::text(std::string_view content) {
  parts_.push_back({part::kind_type::text, 0, std::string(content)});
  return *this;
}

append_message& append_message::text_source(std::uint64_t size) {
  parts_.push_back({part::kind_type::source, size, {}});
  return *this;
}

void append_message::append_to(command& to) const {
  if (!flags_.empty()) to.set(flags_);
  if (date_) to.string(date::format_imap(*date_));
  const auto add_bytes = [&](const part& one) {
    if (one.kind == part::kind_type::source) {
      to.source(one.size, binary_);
    } else {
      to.literal(one.text, binary_);
    }
  };
  if (!catenated_) {
    if (parts_.size() != 1) to.refuse("parts of a message that is not put together from parts");
    add_bytes(parts_.front());
    return;
  }
  if (parts_.empty()) to.refuse("a message that is put together from nothing");
  to.atom("CATENATE").open();
  for (const part& one : parts_) {
    if (one.kind == part::kind_type::url) {
      to.atom("URL").astring(one.text);
    } else {
      to.atom("TEXT");
      add_bytes(one);
    }
  }
  to.close();
}

notify_group notify_group::of(std::vector<std::string> mailboxes, bool subtree) {
  notify_group out(subtree ? "SUBTREE" : "MAILBOXES");
  out.mailboxes_ = std::move(mailboxes);
  return out;
}

notify_group& notify_group::messages(fetch_request of_new) {
  std::vector<token> arrivals{token::atom("MessageNew")};
  if (!of_new.empty()) arrivals.push_back(token::list(of_new.items()));
  events_.push_back(std::move(arrivals));
  return event("MessageExpunge");
}

notify_group& notify_group::event(std::string name) {
  events_.push_back({token::atom(std::move(name))});
  return *this;
}

void notify_group::append_to(command& to) const {
  to.open().atom(filter_);
  if (!mailboxes_.empty()) {
    to.open();
    for (const std::string& one : mailboxes_) to.mailbox(one);
    to.close();
  }
  if (events_.empty()) {
    to.atom("NONE");
  } else {
    to.open();
    for (const std::vector<token>& one : events_) to.tokens(one);
    to.close();
  }
  to.close();
}

namespace commands {

command capability() {
  return command("CAPABILITY");
}
command noop() {
  return command("NOOP");
}
command logout() {
  return command("LOGOUT");
}
command starttls() {
  return command("STARTTLS");
}
command check() {
  return command("CHECK");
}
command close() {
  return command("CLOSE");
}
command unselect() {
  return command("UNSELECT");
}
command expunge() {
  return command("EXPUNGE");
}
command idle() {
  return command("IDLE");
}
command name_space() {
  return command("NAMESPACE");
}
command unauthenticate() {
  return command("UNAUTHENTICATE");
}

command login(std::string_view user, const secret& password) {
  return command("LOGIN").astring(user).password(password);
}

command authenticate(std::string_view mechanism) {
  return command("AUTHENTICATE").atom(mechanism);
}

command authenticate(std::string_view mechanism, const secret& initial_response) {
  return authenticate(mechanism).secret_atom(initial_response);
}

command enable(std::span<const std::string> names) {
  command out("ENABLE");
  if (names.empty()) out.refuse("nothing to enable");
  for (const std::string& one : names) out.atom(one);
  return out;
}

command compress() {
  return command("COMPRESS").atom("DEFLATE");
}

command id(const identity& ours) {
  command out("ID");
  if (ours.fields.empty()) return out.atom("NIL");
  if (ours.fields.size() > max_id_fields) out.refuse("more than 30 fields");
  out.open();
  for (const auto& [name, value] : ours.fields) {
    if (name.size() > max_id_field || (value && value->size() > max_id_value)) {
      out.refuse("a field that is too long");
    }
    out.string(name).nstring(value);
  }
  return out.close();
}

command select(std::string_view mailbox, bool read_only, bool condstore) {
  command out(read_only ? "EXAMINE" : "SELECT");
  out.mailbox(mailbox);
  if (condstore) out.open().atom("CONDSTORE").close();
  return out;
}

command select(std::string_view mailbox, bool read_only, const qresync_state& known) {
  command out = select(mailbox, read_only);
  out.open().atom("QRESYNC").open().number(known.uid_validity()).number(known.modseq());
  if (!known.known_uids().empty()) out.set(known.known_uids());
  return out.close().close();
}

command create(std::string_view mailbox, mailbox_attribute use) {
  command out("CREATE");
  out.mailbox(mailbox);
  if (use == mailbox_attribute::none) return out;
  return out.open().atom("USE").open().atom(name_of(use)).close().close();
}

command remove(std::string_view mailbox) {
  return command("DELETE").mailbox(mailbox);
}

command rename(std::string_view mailbox, std::string_view to) {
  return command("RENAME").mailbox(mailbox).mailbox(to);
}

command subscribe(std::string_view mailbox) {
  return command("SUBSCRIBE").mailbox(mailbox);
}
command unsubscribe(std::string_view mailbox) {
  return command("UNSUBSCRIBE").mailbox(mailbox);
}

command list(const list_request& what) {
  command out("LIST");
  if (!what.selected().empty()) {
    out.open();
    add_words(out, what.selected());
    out.close();
  }
  out.mailbox(what.reference());
  if (what.patterns().size() > 1) {
    out.open();
    for (const std::string& one : what.patterns()) out.pattern(one);
    out.close();
  } else {
    out.pattern(what.patterns().empty() ? std::string_view("*") : std::string_view(what.patterns().front()));
  }
  if (what.returned().empty() && what.status() == status_item::none) return out;
  out.atom("RETURN").open();
  add_words(out, what.returned());
  if (what.status() != status_item::none) {
    out.atom("STATUS");
    add_status_items(out, what.status());
  }
  return out.close();
}

command lsub(std::string_view reference, std::string_view pattern) {
  return command("LSUB").mailbox(reference).pattern(pattern);
}

command xlist(std::string_view reference, std::string_view pattern) {
  return command("XLIST").mailbox(reference).pattern(pattern);
}

command status(std::string_view mailbox, status_item items) {
  command out("STATUS");
  if (items == status_item::none) out.refuse("nothing is asked for");
  out.mailbox(mailbox);
  add_status_items(out, items);
  return out;
}

command append(std::string_view mailbox, std::span<const append_message> messages) {
  command out("APPEND");
  if (messages.empty()) out.refuse("no message");
  out.mailbox(mailbox);
  for (const append_message& one : messages) one.append_to(out);
  return out;
}

command append(std::string_view mailbox, const append_message& message) {
  return append(mailbox, std::span(&message, 1));
}

command replace(std::uint32_t message, std::string_view mailbox, const append_message& by, numbered_by how) {
  command out = numbered("REPLACE", how);
  out.number(message).mailbox(mailbox);
  by.append_to(out);
  return out;
}

command uid_expunge(const sequence_set& uids) {
  return command("UID EXPUNGE").set(uids);
}

command fetch(const sequence_set& messages, const fetch_request& what, numbered_by by) {
  command out = numbered("FETCH", by);
  if (what.empty()) out.refuse("nothing is asked for");
  out.set(messages).open().tokens(what.items()).close();
  if (!what.modifiers().empty()) out.open().tokens(what.modifiers()).close();
  return out;
}

command store(const sequence_set& messages, store_action action, const flags& what,
              const store_options& options, numbered_by by) {
  return store_of(messages, action, "FLAGS", options, by).set(what);
}

command store_gmail_labels(const sequence_set& messages, store_action action,
                           std::span<const std::string> labels, const store_options& options,
                           numbered_by by) {
  command out = store_of(messages, action, "X-GM-LABELS", options, by);
  out.open();
  for (const std::string& one : labels) {
    if (one.starts_with('\\') && is_atom(std::string_view(one).substr(1))) {
      out.atom(one);
    } else {
      out.mailbox(one);
    }
  }
  return out.close();
}

command copy(const sequence_set& messages, std::string_view mailbox, numbered_by by) {
  return numbered("COPY", by).set(messages).mailbox(mailbox);
}

command move(const sequence_set& messages, std::string_view mailbox, numbered_by by) {
  return numbered("MOVE", by).set(messages).mailbox(mailbox);
}

command search(const search_key& what, const search_return& answer, numbered_by by) {
  command out = numbered("SEARCH", by);
  add_return(out, answer);
  if (what.needs_charset()) out.search_charset();
  return out.tokens(what.tokens());
}

command sort(std::span<const sort_key> order, const search_key& what, const search_return& answer,
             numbered_by by) {
  command out = numbered("SORT", by);
  if (order.empty()) out.refuse("nothing to order by");
  add_return(out, answer);
  out.open();
  for (const sort_key& one : order) {
    if (one.descending) out.atom("REVERSE");
    out.atom(sort_fields[static_cast<std::size_t>(one.field)]);
  }
  out.close().atom(what.needs_charset() ? "UTF-8" : "US-ASCII");
  return out.tokens(what.tokens());
}

command thread(std::string_view algorithm, const search_key& what, numbered_by by) {
  command out = numbered("THREAD", by);
  out.atom(algorithm).atom(what.needs_charset() ? "UTF-8" : "US-ASCII");
  return out.tokens(what.tokens());
}

command cancel_update(std::span<const std::string> tags) {
  command out("CANCELUPDATE");
  if (tags.empty()) out.refuse("no searches");
  for (const std::string& one : tags) out.string(one);
  return out;
}

command get_quota(std::string_view root) {
  return command("GETQUOTA").astring(root);
}
command get_quota_root(std::string_view mailbox) {
  return command("GETQUOTAROOT").mailbox(mailbox);
}

command set_quota(const quota& what) {
  command out("SETQUOTA");
  out.astring(what.root).open();
  for (const quota_resource& one : what.resources) out.atom(one.name).number(one.limit);
  return out.close();
}

command get_acl(std::string_view mailbox) {
  return command("GETACL").mailbox(mailbox);
}

command set_acl(std::string_view mailbox, std::string_view identifier, std::string_view rights) {
  return command("SETACL").mailbox(mailbox).astring(identifier).astring(rights);
}

command delete_acl(std::string_view mailbox, std::string_view identifier) {
  return command("DELETEACL").mailbox(mailbox).astring(identifier);
}

command list_rights(std::string_view mailbox, std::string_view identifier) {
  return command("LISTRIGHTS").mailbox(mailbox).astring(identifier);
}

command my_rights(std::string_view mailbox) {
  return command("MYRIGHTS").mailbox(mailbox);
}

command get_metadata(std::string_view mailbox, std::span<const std::string> entries, int depth,
                     std::uint64_t max_size) {
  command out("GETMETADATA");
  if (entries.empty()) out.refuse("no entries");
  if (depth != 0 || max_size != 0) {
    out.open();
    if (max_size != 0) out.atom("MAXSIZE").number(max_size);
    if (depth != 0) out.atom("DEPTH").atom(depth == 1 ? "1" : "infinity");
    out.close();
  }
  out.mailbox(mailbox).open();
  for (const std::string& one : entries) out.astring(one);
  return out.close();
}

command set_metadata(std::string_view mailbox, std::span<const metadata_entry> entries) {
  command out("SETMETADATA");
  if (entries.empty()) out.refuse("no entries");
  out.mailbox(mailbox).open();
  for (const metadata_entry& one : entries) {
    out.astring(one.name);
    if (one.value && one.value->find('\0') != npos) {
      out.literal(*one.value, true);
    } else {
      out.nstring(one.value);
    }
  }
  return out.close();
}

command notify(std::span<const notify_group> groups, bool status) {
  command out("NOTIFY");
  if (groups.empty()) return out.atom("NONE");
  out.atom("SET");
  if (status) out.atom("STATUS");
  for (const notify_group& one : groups) one.append_to(out);
  return out;
}

}  // namespace commands
}  // namespace tidewire::imap
