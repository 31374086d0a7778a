// The commands of an imap_server that are about mailboxes, and APPEND.
#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "imap_connection.hpp"

namespace tidewire::testing::detail {
namespace {

constexpr std::string_view system_flags = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

// RFC 9051 section 6.3.9: `*` is anything, `%` anything but "/".
bool matches(std::string_view pattern, std::string_view name) {
  // Where to go on after the last wildcard, if what follows it does not fit.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t retry_p = npos;
  std::size_t retry_n = 0;
  std::size_t star_p = npos;
  std::size_t star_n = 0;
  for (;;) {
    if (p < pattern.size() && pattern[p] == '*') {
      star_p = ++p;
      star_n = n;
      retry_p = npos;
    } else if (p < pattern.size() && pattern[p] == '%') {
      retry_p = ++p;
      retry_n = n;
    } else if (p == pattern.size() && n == name.size()) {
      return true;
    } else if (p < pattern.size() && n < name.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (retry_p != npos && retry_n < name.size() && name[retry_n] != '/') {
      p = retry_p;
      n = ++retry_n;
    } else if (star_p != npos && star_n < name.size()) {
      p = star_p;
      n = ++star_n;
      retry_p = npos;
    } else {
      return false;
    }
  }
}

bool is_among(const std::vector<imap::token>& options, std::string_view wanted) {
  return std::ranges::any_of(options, [&](const imap::token& one) { return one.is_atom(wanted); });
}

}  // namespace

std::string imap_connection::name_from(const imap::token& text) const {
  return canonical(utf8_ ? text.text() : imap::decode_mailbox_name(text.text()));
}

std::string imap_connection::name_to(std::string_view name) const {
  std::string wire;
  const auto encoded = utf8_ ? result<std::string>(std::string(name)) : imap::encode_mailbox_name(name);
  imap::append_string(wire, encoded ? std::string_view(*encoded) : name, utf8_);
  return wire;
}

mail_store::mailbox imap_connection::mailbox_named(const imap::token& text, std::string_view code) {
  mail_store::mailbox found = core_.store().find(user_, name_from(text));
  if (found == nullptr) no("no such mailbox", code);
  return found;
}

void imap_connection::select(bool read_only) {
  if (args().empty()) return bad("which mailbox?");
  const bool closes = selected_ != nullptr;
  selected_.reset();
  view_.clear();
  saved_.clear();
  session_.select(false);
  if (closes && (qresync_ || rev2_)) session_.untagged("OK [CLOSED] the one before is closed");
  const mail_store::mailbox box = mailbox_named(args()[0], "NONEXISTENT");
  if (box == nullptr) return;
  const bool has_parameters = args().size() > 1 && args()[1].is_list();
  const arguments parameters = has_parameters ? args()[1].items() : arguments();
  const auto state = std::ranges::find_if(parameters, [](const auto& one) { return one.is_atom("QRESYNC"); });
  if (state != parameters.end() && (!qresync_ || std::next(state) == parameters.end())) {
    return bad("QRESYNC was not enabled");
  }
  if (has_parameters) use_condstore();

  selected_ = box;
  read_only_ = read_only;
  for (const kept_message& one : box->messages()) view_.push_back({one.uid, one.modseq});
  session_.untagged("FLAGS (" + std::string(system_flags) + ")");
  session_.untagged(read_only
                        ? std::string("OK [PERMANENTFLAGS ()] nothing can be changed")
                        : "OK [PERMANENTFLAGS (" + std::string(system_flags) + " \\*)] these, and others");
  session_.untagged(std::to_string(view_.size()) + " EXISTS");
  if (!rev2_) {
    session_.untagged("0 RECENT");
    const auto& all = box->messages();
    const auto unseen = std::ranges::find_if(all, [](const kept_message& one) { return !one.flags.seen(); });
    if (unseen != all.end()) {
      session_.untagged("OK [UNSEEN " + std::to_string(unseen - all.begin() + 1) + "] the first");
    }
  }
  session_.untagged("OK [UIDVALIDITY " + std::to_string(box->uid_validity()) + "] of the UIDs");
  session_.untagged("OK [UIDNEXT " + std::to_string(box->uid_next()) + "] the next UID");
  if (session_.offers("CONDSTORE")) {
    session_.untagged("OK [HIGHESTMODSEQ " + std::to_string(box->highest_modseq()) + "] of all");
  }
  if (rev2_) session_.untagged("LIST () \"/\" " + name_to(box->name()));
  session_.select(true);
  if (state != parameters.end()) resynchronise(*std::next(state));
  ok("selected", read_only ? "READ-ONLY" : "READ-WRITE");
}

// RFC 7162 section 3.2.5: what changed since the state that the client has.
void imap_connection::resynchronise(const imap::token& state) {
  const arguments& parts = state.items();
  const auto validity = parts.empty() ? std::nullopt : parts[0].to_number();
  const auto modseq = parts.size() < 2 ? std::nullopt : parts[1].to_number();
  if (!validity || !modseq || *validity != selected_->uid_validity()) return;
  std::vector<std::uint32_t> gone = selected_->gone_since(*modseq);
  if (parts.size() > 2) {
    const auto known = imap::sequence_set::parse(parts[2].text());
    if (known) std::erase_if(gone, [&](std::uint32_t uid) { return !known->contains(uid); });
  }
  if (!gone.empty()) {
    session_.untagged("VANISHED (EARLIER) " + imap::sequence_set::of(gone).to_string());
  }
  for (std::size_t i = 0; i < view_.size(); ++i) {
    if (view_[i].modseq > *modseq) tell_flags(i, true);
  }
}

void imap_connection::unselect(bool expunge_first) {
  if (expunge_first && !read_only_) {
    std::vector<std::uint32_t> deleted;
    for (const kept_message& one : selected_->messages()) {
      if (one.flags.deleted()) deleted.push_back(one.uid);
    }
    for (const std::uint32_t uid : deleted) selected_->expunge(uid);
  }
  selected_.reset();
  view_.clear();
  session_.select(false);
}

void imap_connection::create() {
  if (args().empty()) return bad("which mailbox?");
  std::string use;
  if (args().size() > 1 && args()[1].items().size() == 2 && args()[1].items()[1].items().size() == 1) {
    const imap::token& named = args()[1].items()[1].items()[0];
    if (named.kind() != imap::token::kind_type::atom) return bad("a use is a word");
    use = named.text();
  }
  if (core_.store().create(user_, name_from(args()[0]), use) == nullptr) {
    return no("it is there already, or it is no name", "ALREADYEXISTS");
  }
}

void imap_connection::remove() {
  if (args().empty()) return bad("which mailbox?");
  const mail_store::mailbox box = mailbox_named(args()[0], "NONEXISTENT");
  if (box == nullptr) return;
  if (box->name() == "INBOX") return no("the inbox stays", "CANNOT");
  core_.store().of(user_).erase(box->name());
  if (selected_ == box) unselect(false);
  box->remove();
}

void imap_connection::rename() {
  if (args().size() != 2) return bad("two names are needed");
  const mail_store::mailbox box = mailbox_named(args()[0], "NONEXISTENT");
  if (box == nullptr) return;
  const std::string from = box->name();
  const std::string to = name_from(args()[1]);
  if (from == "INBOX") return no("the inbox stays", "CANNOT");
  if (core_.store().find(user_, to) != nullptr) return no("it is there already", "ALREADYEXISTS");
  // What is below it goes along.
  mail_store::mailboxes& all = core_.store().of(user_);
  std::vector<mail_store::mailbox> moved;
  for (const auto& [name, one] : all) {
    if (name == from || name.starts_with(from + '/')) moved.push_back(one);
  }
  for (const mail_store::mailbox& one : moved) {
    all.erase(one->name());
    one->rename(to + one->name().substr(from.size()));
    all[one->name()] = one;
  }
}

void imap_connection::subscribe(bool is) {
  if (args().empty()) return bad("which mailbox?");
  const mail_store::mailbox box = mailbox_named(args()[0], "NONEXISTENT");
  if (box != nullptr) box->subscribe(is);
}

void imap_connection::list(bool only_subscribed) {
  arguments all = args();
  arguments selection;
  if (!all.empty() && all[0].is_list()) {
    selection = all[0].items();
    all.erase(all.begin());
  }
  if (all.size() < 2) return bad("a reference and a pattern are needed");
  const std::string reference = name_from(all[0]);
  std::vector<std::string> patterns;
  const arguments given = all[1].is_list() ? all[1].items() : arguments{all[1]};
  for (const imap::token& one : given) {
    patterns.push_back(reference + (utf8_ ? one.text() : imap::decode_mailbox_name(one.text())));
  }
  arguments returned;
  if (all.size() > 3 && all[2].is_atom("RETURN")) returned = all[3].items();
  // RFC 9051 section 6.3.9: no pattern asks for the delimiter.
  if (patterns.size() == 1 && given[0].text().empty()) {
    session_.untagged("LIST (\\Noselect) \"/\" \"\"");
    return;
  }
  const bool subscribed = only_subscribed || is_among(selection, "SUBSCRIBED");
  const bool special = is_among(selection, "SPECIAL-USE");
  std::optional<arguments> status_items;
  for (std::size_t i = 0; i + 1 < returned.size(); ++i) {
    if (returned[i].is_atom("STATUS")) status_items = returned[i + 1].items();
  }
  for (const auto& [name, box] : core_.store().of(user_)) {
    if (subscribed && !box->is_subscribed()) continue;
    if (special && box->special_use().empty()) continue;
    const bool wanted = std::ranges::any_of(patterns, [&](const std::string& one) {
      return matches(one, name) || (imap::is_inbox(one) && name == "INBOX");
    });
    if (!wanted) continue;
    if (only_subscribed) {
      session_.untagged("LSUB () \"/\" " + name_to(name));
    } else {
      list_one(*box, subscribed || is_among(returned, "SUBSCRIBED"), status_items);
    }
  }
}

void imap_connection::list_one(const mailbox_store& box, bool with_subscribed,
                               const std::optional<arguments>& status) {
  const mail_store::mailboxes& all = core_.store().of(user_);
  const auto next = all.lower_bound(box.name() + '/');
  const bool has_children = next != all.end() && next->first.starts_with(box.name() + '/');
  std::string attributes = has_children ? "\\HasChildren" : "\\HasNoChildren";
  if (with_subscribed && box.is_subscribed()) attributes += " \\Subscribed";
  if (!box.special_use().empty()) attributes += ' ' + box.special_use();
  session_.untagged("LIST (" + attributes + ") \"/\" " + name_to(box.name()));
  if (status) session_.untagged("STATUS " + name_to(box.name()) + ' ' + status_of(box, *status));
}

std::string imap_connection::status_of(const mailbox_store& box, const arguments& items) {
  const auto& messages = box.messages();
  std::string out = "(";
  for (const imap::token& item : items) {
    std::uint64_t value = 0;
    if (item.is_atom("MESSAGES")) {
      value = messages.size();
    } else if (item.is_atom("RECENT")) {
      value = 0;
    } else if (item.is_atom("UIDNEXT")) {
      value = box.uid_next();
    } else if (item.is_atom("UIDVALIDITY")) {
      value = box.uid_validity();
    } else if (item.is_atom("UNSEEN")) {
      for (const kept_message& one : messages) value += one.flags.seen() ? 0 : 1;
    } else if (item.is_atom("DELETED")) {
      for (const kept_message& one : messages) value += one.flags.deleted() ? 1 : 0;
    } else if (item.is_atom("SIZE")) {
      for (const kept_message& one : messages) value += one.content->size();
    } else if (item.is_atom("HIGHESTMODSEQ")) {
      value = box.highest_modseq();
      use_condstore();
    } else {
      continue;
    }
    out.append(out.size() > 1 ? " " : "").append(item.text()).append(" ").append(std::to_string(value));
  }
  return out + ')';
}

void imap_connection::status() {
  if (args().size() != 2 || !args()[1].is_list()) return bad("a mailbox and a list are needed");
  const mail_store::mailbox box = mailbox_named(args()[0], "NONEXISTENT");
  if (box == nullptr) return;
  session_.untagged("STATUS " + name_to(box->name()) + ' ' + status_of(*box, args()[1].items()));
}

void imap_connection::enable() {
  if (selected_ != nullptr) return bad("ENABLE comes before a mailbox is selected");
  std::string enabled = "ENABLED";
  for (const imap::token& one : args()) {
    if (!session_.offers(one.text())) continue;
    if (one.is_atom("CONDSTORE")) {
      condstore_ = true;
    } else if (one.is_atom("QRESYNC")) {
      condstore_ = qresync_ = true;
    } else if (one.is_atom("UTF8=ACCEPT")) {
      utf8_ = true;
    } else if (one.is_atom("IMAP4rev2")) {
      rev2_ = utf8_ = true;
    } else {
      continue;
    }
    enabled += ' ' + one.text();
  }
  session_.untagged(enabled);
}

void imap_connection::identify() {
  session_.untagged("ID (\"name\" \"tidewire\")");
}

void imap_connection::append() {
  if (args().size() < 2) return bad("a mailbox and a message are needed");
  const mail_store::mailbox box = mailbox_named(args()[0], "TRYCREATE");
  if (box == nullptr) return;
  struct arriving {
    imap::flags flags;
    date_time date;
    std::shared_ptr<const std::string> content;
  };
  std::vector<arriving> all;
  for (std::size_t i = 1; i < args().size();) {
    arriving& one = all.emplace_back();
    one.date = date::from(std::chrono::system_clock::now());
    if (args()[i].is_list()) {
      for (const imap::token& flag : args()[i].items()) {
        if (flag.kind() != imap::token::kind_type::atom) return bad("flags are words");
        one.flags.add(flag.text());
      }
      ++i;
    }
    // A date is a string as the message is, with another one, or flags, behind it.
    if (i + 1 < args().size() && args()[i].kind() == imap::token::kind_type::string &&
        !args()[i + 1].is_list()) {
      if (const auto when = date::parse_imap(args()[i].text())) {
        one.date = *when;
        ++i;
      }
    }
    if (i >= args().size() || args()[i].is_list() || args()[i].is_nil()) return bad("no message");
    one.content = std::make_shared<const std::string>(args()[i].text());
    ++i;
  }
  if (all.size() > 1 && !session_.offers("MULTIAPPEND")) return bad("one message at a time");
  std::vector<std::uint32_t> uids;
  for (arriving& one : all) {
    uids.push_back(box->append(std::move(one.content), std::move(one.flags), one.date).uid);
  }
  report_changes(true);
  if (!session_.offers("UIDPLUS")) return ok("appended");
  ok("appended",
     "APPENDUID " + std::to_string(box->uid_validity()) + ' ' + imap::sequence_set::of(uids).to_string());
}

}  // namespace tidewire::testing::detail
