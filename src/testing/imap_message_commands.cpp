// The commands of an imap_server that are about messages.
#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/described_message.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <utility>

#include "imap_connection.hpp"

namespace tidewire::testing::detail {
namespace {

using kind_type = fetch_item::kind_type;

std::optional<fetch_item> plain_item(const imap::token& item) {
  struct named {
    std::string_view name;
    kind_type kind;
  };
  constexpr named all[] = {{"FLAGS", kind_type::flags},
                           {"UID", kind_type::uid},
                           {"ENVELOPE", kind_type::envelope},
                           {"BODY", kind_type::body},
                           {"BODYSTRUCTURE", kind_type::body_structure},
                           {"INTERNALDATE", kind_type::internal_date},
                           {"RFC822.SIZE", kind_type::size},
                           {"MODSEQ", kind_type::modseq}};
  for (const named& one : all) {
    if (item.is_atom(one.name)) return fetch_item{one.kind};
  }
  return std::nullopt;
}

// `BODY.PEEK[1.TEXT]<0.100>`, `BINARY.SIZE[2]`, `RFC822`.
std::optional<fetch_item> section_item(std::string name) {
  fetch_item out{kind_type::section};
  out.peek = false;
  const std::size_t bracket = name.find('[');
  if (bracket == std::string::npos) {
    const auto parsed = imap::section::parse(name);
    if (!parsed) return std::nullopt;
    out.section = *parsed;
    out.peek = parsed->item() == imap::section::item_type::rfc822_header;
    return out;
  }
  const std::string_view before = std::string_view(name).substr(0, bracket);
  if (ascii::iends_with(before, ".PEEK")) {
    out.peek = true;
    name.erase(bracket - 5, 5);
  } else if (ascii::iequals(before, "BINARY.SIZE")) {
    out.kind = kind_type::binary_size;
    out.peek = true;
    name.erase(bracket - 5, 5);
  }
  const std::size_t end = name.rfind(']');
  if (end == std::string::npos) return std::nullopt;
  std::string_view partial = std::string_view(name).substr(end + 1);
  if (!partial.empty()) {
    if (!partial.starts_with('<') || !partial.ends_with('>')) return std::nullopt;
    partial = partial.substr(1, partial.size() - 2);
    const std::size_t dot = std::min(partial.find('.'), partial.size());
    const auto origin = ascii::parse_unsigned<std::uint64_t>(partial.substr(0, dot));
    const auto count =
        ascii::parse_unsigned<std::uint64_t>(partial.substr(std::min(dot + 1, partial.size())));
    if (!origin || !count || *count == 0) return std::nullopt;
    out.is_partial = true;
    out.origin = *origin;
    out.count = *count;
  }
  const auto parsed = imap::section::parse(std::string_view(name).substr(0, end + 1));
  if (!parsed) return std::nullopt;
  out.section = *parsed;
  return out;
}

std::optional<std::vector<fetch_item>> items_of(const imap::token& asked) {
  std::vector<fetch_item> out;
  const auto add = [&](std::initializer_list<kind_type> kinds) {
    for (const kind_type one : kinds) out.push_back(fetch_item{one});
  };
  if (asked.is_atom("FAST") || asked.is_atom("ALL") || asked.is_atom("FULL")) {
    add({kind_type::flags, kind_type::internal_date, kind_type::size});
    if (!asked.is_atom("FAST")) add({kind_type::envelope});
    if (asked.is_atom("FULL")) add({kind_type::body});
    return out;
  }
  const std::vector<imap::token> single{asked};
  for (const imap::token& one : asked.is_list() ? asked.items() : single) {
    auto item = plain_item(one);
    if (!item && one.kind() == imap::token::kind_type::atom) item = section_item(one.text());
    if (!item) return std::nullopt;
    out.push_back(std::move(*item));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool has(const std::vector<fetch_item>& items, kind_type kind) {
  return std::ranges::any_of(items, [&](const fetch_item& one) { return one.kind == kind; });
}

void append_section(std::string& wire, const fetch_item& item, const mime::part& message) {
  auto bytes = imap::section_bytes(message, item.section);
  if (item.kind == kind_type::binary_size) {
    wire += "BINARY.SIZE[" + item.section.part() + "] " + std::to_string(bytes ? bytes->size() : 0);
    return;
  }
  wire += item.section.to_string();
  if (item.is_partial) {
    wire += '<' + std::to_string(item.origin) + '>';
    if (bytes) {
      const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(item.origin, bytes->size()));
      *bytes =
          bytes->substr(begin, static_cast<std::size_t>(std::min<std::uint64_t>(item.count, bytes->size())));
    }
  }
  wire += ' ';
  if (!bytes) {
    wire += "NIL";
    return;
  }
  const bool binary = item.section.item() == imap::section::item_type::binary;
  if (binary && bytes->find('\0') != std::string::npos) wire += '~';
  wire += '{' + std::to_string(bytes->size()) + "}\r\n";
  wire += *bytes;
}

}  // namespace

std::optional<std::vector<std::size_t>> imap_connection::chosen(const imap::token& set, bool by_uid) {
  const auto wanted = imap::sequence_set::parse(set.text());
  if (!wanted || wanted->empty()) {
    bad("that is no set of messages");
    return std::nullopt;
  }
  std::vector<std::size_t> places;
  if (wanted->is_saved()) {
    for (std::size_t i = 0; i < view_.size(); ++i) {
      if (std::ranges::find(saved_, view_[i].uid) != saved_.end()) places.push_back(i);
    }
    return places;
  }
  const auto count = static_cast<std::uint32_t>(view_.size());
  if (!by_uid) {
    const bool beyond = std::ranges::any_of(wanted->ranges(), [&](const imap::sequence_set::range& one) {
      return one.first > count || one.last > count || (count == 0 && one.first == imap::sequence_set::star);
    });
    if (beyond) {
      bad("there is no message of that number");
      return std::nullopt;
    }
  }
  if (view_.empty()) return places;
  const std::uint32_t largest = by_uid ? view_.back().uid : count;
  for (std::size_t i = 0; i < view_.size(); ++i) {
    const std::uint32_t number = by_uid ? view_[i].uid : static_cast<std::uint32_t>(i + 1);
    if (wanted->contains(number, largest)) places.push_back(i);
  }
  return places;
}

void imap_connection::tell_flags(std::size_t place, bool with_uid, bool with_flags) {
  std::vector<fetch_item> items;
  if (with_uid) items.push_back(fetch_item{kind_type::uid});
  if (with_flags) items.push_back(fetch_item{kind_type::flags});
  if (condstore_) items.push_back(fetch_item{kind_type::modseq});
  if (!items.empty()) session_.untagged(fetch_response(place, items));
}

std::string imap_connection::fetch_response(std::size_t place, const std::vector<fetch_item>& items) {
  const kept_message* const message = selected_->find(view_[place].uid);
  std::string wire = std::to_string(place + 1) + " FETCH (";
  if (message == nullptr) return wire + "UID " + std::to_string(view_[place].uid) + ')';
  view_[place].modseq = message->modseq;
  std::optional<mime::parsed_message> parsed;
  const auto root = [&] {
    if (!parsed) parsed = mime::parse_in_place(*message->content);
    return parsed->root();
  };
  bool first = true;
  for (const fetch_item& item : items) {
    if (!std::exchange(first, false)) wire += ' ';
    switch (item.kind) {
      case kind_type::flags: wire += "FLAGS (" + message->flags.to_string() + ')'; break;
      case kind_type::uid: wire += "UID " + std::to_string(message->uid); break;
      case kind_type::internal_date:
        wire += "INTERNALDATE \"" + date::format_imap(message->internal_date) + '"';
        break;
      case kind_type::size: wire += "RFC822.SIZE " + std::to_string(message->content->size()); break;
      case kind_type::modseq: wire += "MODSEQ (" + std::to_string(message->modseq) + ')'; break;
      case kind_type::envelope:
        wire += "ENVELOPE ";
        imap::append_envelope(wire, root());
        break;
      case kind_type::body:
      case kind_type::body_structure: {
        const bool extended = item.kind == kind_type::body_structure;
        wire += extended ? "BODYSTRUCTURE " : "BODY ";
        imap::append_body_structure(wire, root(), extended);
        break;
      }
      case kind_type::section:
      case kind_type::binary_size: append_section(wire, item, root()); break;
    }
  }
  return wire + ')';
}

void imap_connection::fetch(bool by_uid) {
  if (args().size() < 2) return bad("a set and what to fetch are needed");
  auto items = items_of(args()[1]);
  if (!items) return bad("something to fetch that is not known here");
  std::uint64_t changed_since = 0;
  bool vanished = false;
  if (args().size() > 2) {
    const arguments& modifiers = args()[2].items();
    for (std::size_t i = 0; i < modifiers.size(); ++i) {
      if (modifiers[i].is_atom("VANISHED")) vanished = true;
      if (!modifiers[i].is_atom("CHANGEDSINCE") || i + 1 >= modifiers.size()) continue;
      changed_since = modifiers[i + 1].to_number().value_or(0);
      use_condstore();
      if (!has(*items, kind_type::modseq)) items->push_back(fetch_item{kind_type::modseq});
    }
  }
  if (vanished && (!qresync_ || !by_uid)) return bad("VANISHED needs QRESYNC and UIDs");
  if (has(*items, kind_type::modseq)) use_condstore();
  if (by_uid && !has(*items, kind_type::uid)) items->insert(items->begin(), fetch_item{kind_type::uid});
  const auto places = chosen(args()[0], by_uid);
  if (!places) return;
  if (vanished) {
    const auto wanted = imap::sequence_set::parse(args()[0].text());
    std::vector<std::uint32_t> gone = selected_->gone_since(changed_since);
    std::erase_if(gone, [&](std::uint32_t uid) { return !wanted->contains(uid, selected_->uid_next()); });
    if (!gone.empty()) {
      session_.untagged("VANISHED (EARLIER) " + imap::sequence_set::of(gone).to_string());
    }
  }
  const bool sets_seen = !read_only_ && std::ranges::any_of(*items, [](const fetch_item& one) {
    return one.kind == kind_type::section && !one.peek;
  });
  for (const std::size_t place : *places) {
    kept_message* const message = selected_->find(view_[place].uid);
    if (message == nullptr || message->modseq <= changed_since) continue;
    std::vector<fetch_item> told = *items;
    if (sets_seen && !message->flags.seen()) {
      imap::flags flags = message->flags;
      selected_->set_flags(*message, flags.add(imap::flag::seen));
      if (!has(told, kind_type::flags)) told.push_back(fetch_item{kind_type::flags});
    }
    session_.untagged(fetch_response(place, told));
  }
}

void imap_connection::store(bool by_uid) {
  arguments all = args();
  std::optional<std::uint64_t> unchanged_since;
  if (all.size() > 1 && all[1].is_list()) {
    const arguments& modifiers = all[1].items();
    if (modifiers.size() != 2 || !modifiers[0].is_atom("UNCHANGEDSINCE")) return bad("an unknown modifier");
    unchanged_since = modifiers[1].to_number();
    if (!unchanged_since) return bad("a mod-sequence is a number");
    use_condstore();
    all.erase(all.begin() + 1);
  }
  if (all.size() < 3) return bad("a set, what to do and flags are needed");
  std::string_view action = all[1].text();
  const char sign = action.starts_with('+') ? '+' : action.starts_with('-') ? '-' : '=';
  if (sign != '=') action.remove_prefix(1);
  const bool silent = ascii::iequals(action, "FLAGS.SILENT");
  if (!silent && !ascii::iequals(action, "FLAGS")) return bad("FLAGS are what can be stored");
  arguments names = all[2].is_list() ? all[2].items() : arguments(all.begin() + 2, all.end());
  const bool all_flags = std::ranges::all_of(
      names, [](const imap::token& one) { return one.kind() == imap::token::kind_type::atom; });
  if (!all_flags) return bad("flags are words");
  if (read_only_) return no("the mailbox is read-only", "READ-ONLY");
  const auto places = chosen(all[0], by_uid);
  if (!places) return;
  std::vector<std::uint32_t> modified;
  for (const std::size_t place : *places) {
    kept_message* const message = selected_->find(view_[place].uid);
    if (message == nullptr) continue;
    if (unchanged_since && message->modseq > *unchanged_since) {
      modified.push_back(by_uid ? message->uid : static_cast<std::uint32_t>(place + 1));
      continue;
    }
    imap::flags flags = sign == '=' ? imap::flags() : message->flags;
    for (const imap::token& name : names) {
      if (sign == '-') {
        flags.remove(name.text());
      } else {
        flags.add(name.text());
      }
    }
    selected_->set_flags(*message, std::move(flags));
    view_[place].modseq = message->modseq;
    if (!silent || condstore_) tell_flags(place, by_uid, !silent);
  }
  if (modified.empty()) return;
  report_changes(false);
  ok("not all of them", "MODIFIED " + imap::sequence_set::of(modified).to_string());
}

void imap_connection::copy(bool by_uid, bool then_remove) {
  if (args().size() != 2) return bad("a set and a mailbox are needed");
  const mail_store::mailbox to = mailbox_named(args()[1], "TRYCREATE");
  if (to == nullptr) return;
  if (then_remove && read_only_) return no("the mailbox is read-only", "READ-ONLY");
  const auto places = chosen(args()[0], by_uid);
  if (!places) return;
  std::vector<std::uint32_t> from_uids;
  std::vector<std::uint32_t> to_uids;
  for (const std::size_t place : *places) {
    const kept_message* const found = selected_->find(view_[place].uid);
    if (found == nullptr) continue;
    const kept_message message = *found;
    from_uids.push_back(message.uid);
    to_uids.push_back(to->append(message.content, message.flags, message.internal_date).uid);
    if (then_remove) selected_->expunge(message.uid);
  }
  std::string code;
  if (session_.offers("UIDPLUS") && !from_uids.empty()) {
    code = "COPYUID " + std::to_string(to->uid_validity()) + ' ' +
           imap::sequence_set::of(from_uids).to_string() + ' ' + imap::sequence_set::of(to_uids).to_string();
  }
  // RFC 6851 section 4.3: a MOVE tells of the copies before it tells that the messages are gone.
  if (then_remove && !code.empty()) session_.untagged("OK [" + std::exchange(code, {}) + "] moved");
  report_changes(true);
  ok("done", code);
}

void imap_connection::expunge(const imap::token* uids) {
  if (read_only_) return no("the mailbox is read-only", "READ-ONLY");
  std::vector<std::size_t> places;
  if (uids != nullptr) {
    const auto named = chosen(*uids, true);
    if (!named) return;
    places = *named;
  } else {
    for (std::size_t i = 0; i < view_.size(); ++i) places.push_back(i);
  }
  for (const std::size_t place : places) {
    const kept_message* const message = selected_->find(view_[place].uid);
    if (message != nullptr && message->flags.deleted()) selected_->expunge(view_[place].uid);
  }
  report_changes(true);
  ok("done", condstore_ ? "HIGHESTMODSEQ " + std::to_string(selected_->highest_modseq()) : std::string());
}

}  // namespace tidewire::testing::detail
