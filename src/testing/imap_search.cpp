// SEARCH (RFC 9051 section 6.4.4, RFC 4731, RFC 5182) and SORT (RFC 5256) of an imap_server.
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/words.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "imap_connection.hpp"

namespace tidewire::testing::detail {
namespace {

using tokens = std::vector<imap::token>;

constexpr std::size_t deepest = 50;  // keys in keys

std::chrono::local_days day_of(const date_time& when) {
  return std::chrono::floor<std::chrono::days>(when.local());
}

std::optional<std::chrono::local_days> day_from(const std::string& text) {
  const auto parsed = date::parse_imap(text + " 00:00:00 +0000");
  if (!parsed) return std::nullopt;
  return day_of(*parsed);
}

bool has_text(std::string_view text, std::string_view wanted) {
  return ascii::ifind(text, wanted) != npos;
}

// A message as it is looked at; none, while the keys are only read.
struct looked_at {
  const kept_message* message = nullptr;
  std::uint32_t number = 0;
  std::uint32_t last_number = 0;
  std::uint32_t last_uid = 0;
  std::optional<mime::parsed_message> parsed{};

  mime::part root() {
    if (!parsed) parsed = mime::parse_in_place(*message->content);
    return parsed->root();
  }
};

// Evaluates the keys of one search. They are walked anew for each message.
class search_keys {
 public:
  search_keys(const tokens& keys, const std::vector<std::uint32_t>& saved) : keys_(keys), saved_(saved) {}

  // Are they keys at all?
  bool are_valid() {
    looked_at nothing;
    (void)all(keys_, nothing, 0);
    return valid_;
  }
  bool match(looked_at& one) { return all(keys_, one, 0); }
  [[nodiscard]] bool uses_modseq() const noexcept { return uses_modseq_; }

 private:
  bool all(const tokens& keys, looked_at& one, std::size_t depth) {
    if (keys.empty() || depth > deepest) return fail();
    bool found = true;
    for (std::size_t at = 0; at < keys.size() && valid_;) found = key(keys, at, one, depth) && found;
    return found;
  }

  bool fail() noexcept {
    valid_ = false;
    return false;
  }
  const std::string& argument(const tokens& keys, std::size_t& at) {
    static const std::string none;
    if (at >= keys.size() || keys[at].is_list() || keys[at].is_nil()) {
      fail();
      return none;
    }
    return keys[at++].text();
  }
  std::uint64_t number(const tokens& keys, std::size_t& at) {
    const auto value = ascii::parse_unsigned<std::uint64_t>(argument(keys, at));
    if (!value) fail();
    return value.value_or(0);
  }

  // One key from `at` on.
  bool key(const tokens& keys, std::size_t& at, looked_at& one, std::size_t depth) {
    if (at >= keys.size() || depth > deepest) return fail();
    const imap::token& first = keys[at++];
    if (first.is_list()) return all(first.items(), one, depth + 1);
    if (first.is_atom("NOT")) {
      const bool found = key(keys, at, one, depth + 1);
      return !found;
    }
    if (first.is_atom("OR")) {
      const bool left = key(keys, at, one, depth + 1);
      const bool right = key(keys, at, one, depth + 1);
      return left || right;
    }
    if (first.is_atom("ALL") || first.is_atom("OLD")) return true;
    if (first.is_atom("RECENT") || first.is_atom("NEW")) return false;
    if (const auto flag = by_flag(first, keys, at)) {
      return one.message != nullptr && one.message->flags.contains(flag->first) == flag->second;
    }
    if (const auto set = imap::sequence_set::parse(first.text())) return by_set(*set, one, false);
    if (first.is_atom("UID")) {
      const auto set = imap::sequence_set::parse(argument(keys, at));
      return set ? by_set(*set, one, true) : fail();
    }
    return by_date(first, keys, at, one) || by_number(first, keys, at, one) || by_text(first, keys, at, one);
  }

  // The name of a flag, and whether it has to be set.
  std::optional<std::pair<std::string, bool>> by_flag(const imap::token& first, const tokens& keys,
                                                      std::size_t& at) {
    constexpr auto names =
        std::to_array<std::string_view>({"ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN"});
    for (const std::string_view name : names) {
      if (first.is_atom(name)) return std::pair('\\' + std::string(name), true);
      if (first.is_atom("UN" + std::string(name))) return std::pair('\\' + std::string(name), false);
    }
    if (first.is_atom("KEYWORD")) return std::pair(argument(keys, at), true);
    if (first.is_atom("UNKEYWORD")) return std::pair(argument(keys, at), false);
    return std::nullopt;
  }

  bool by_set(const imap::sequence_set& set, const looked_at& one, bool by_uid) {
    if (one.message == nullptr) return false;
    if (set.is_saved()) return std::ranges::find(saved_, one.message->uid) != saved_.end();
    return by_uid ? set.contains(one.message->uid, one.last_uid) : set.contains(one.number, one.last_number);
  }

  bool by_date(const imap::token& first, const tokens& keys, std::size_t& at, looked_at& one) {
    struct named {
      std::string_view name;
      bool sent;
      int order;  // of the message to the day: before, on, since
    };
    constexpr auto all_keys = std::to_array<named>({{"BEFORE", false, -1},
                                                    {"ON", false, 0},
                                                    {"SINCE", false, 1},
                                                    {"SENTBEFORE", true, -1},
                                                    {"SENTON", true, 0},
                                                    {"SENTSINCE", true, 1}});
    for (const named& which : all_keys) {
      if (!first.is_atom(which.name)) continue;
      known_ = true;
      const auto wanted = day_from(argument(keys, at));
      if (!wanted) return fail();
      if (one.message == nullptr) return false;
      std::optional<date_time> when = one.message->internal_date;
      if (which.sent) {
        (void)one.root();
        when = one.parsed->date();
      }
      if (!when) return false;
      const auto day = day_of(*when);
      return which.order < 0 ? day < *wanted : which.order > 0 ? day >= *wanted : day == *wanted;
    }
    known_ = false;
    return false;
  }

  bool by_number(const imap::token& first, const tokens& keys, std::size_t& at, const looked_at& one) {
    if (known_ || !valid_) return false;
    known_ = true;
    const bool larger = first.is_atom("LARGER");
    if (larger || first.is_atom("SMALLER")) {
      const std::uint64_t wanted = number(keys, at);
      if (one.message == nullptr) return false;
      return larger ? one.message->content->size() > wanted : one.message->content->size() < wanted;
    }
    const bool older = first.is_atom("OLDER");
    if (older || first.is_atom("YOUNGER")) {
      const std::uint64_t wanted = number(keys, at);
      if (one.message == nullptr) return false;
      const auto age = date::from(std::chrono::system_clock::now()).time - one.message->internal_date.time;
      const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(age.count(), 0));
      return older ? seconds >= wanted : seconds <= wanted;
    }
    if (first.is_atom("MODSEQ")) {
      uses_modseq_ = true;
      // An entry and its type may stand before the number (RFC 7162 section 3.1.5).
      if (at + 2 < keys.size() && keys[at].kind() == imap::token::kind_type::string) at += 2;
      const std::uint64_t wanted = number(keys, at);
      return one.message != nullptr && one.message->modseq >= wanted;
    }
    known_ = false;
    return false;
  }

  bool by_text(const imap::token& first, const tokens& keys, std::size_t& at, looked_at& one) {
    if (std::exchange(known_, false) || !valid_) return false;
    constexpr auto fields = std::to_array<std::string_view>({"FROM", "TO", "CC", "BCC", "SUBJECT"});
    for (const std::string_view name : fields) {
      if (!first.is_atom(name)) continue;
      const std::string& wanted = argument(keys, at);
      return one.message != nullptr && has_text(one.root().header_text(name), wanted);
    }
    if (first.is_atom("HEADER")) {
      const std::string& name = argument(keys, at);
      const std::string& wanted = argument(keys, at);
      if (one.message == nullptr || !one.root().header(name)) return false;
      return has_text(one.root().header_text(name), wanted);
    }
    const bool body = first.is_atom("BODY");
    if (!body && !first.is_atom("TEXT")) return fail();
    const std::string& wanted = argument(keys, at);
    if (one.message == nullptr) return false;
    if (!body && has_text(one.root().raw_header(), wanted)) return true;
    (void)one.root();
    return std::ranges::any_of(one.parsed->parts(), [&](const mime::part& part) {
      return part.kind() == mime::part_kind::leaf && part.content_type().type == "text" &&
             has_text(part.text(), wanted);
    });
  }

  const tokens& keys_;
  const std::vector<std::uint32_t>& saved_;
  bool valid_ = true;
  bool known_ = false;  // the key of the moment was one of those asked for already
  bool uses_modseq_ = false;
};

// RFC 5256 section 2.1, as far as replies and forwards go.
std::string base_subject(std::string text) {
  for (;;) {
    const std::size_t begin = text.find_first_not_of(" \t");
    text.erase(0, std::min(begin, text.size()));
    std::size_t prefix = 0;
    for (const std::string_view one : {"re:", "fwd:", "fw:"}) {
      if (ascii::istarts_with(text, one)) prefix = one.size();
    }
    if (prefix == 0) break;
    text.erase(0, prefix);
  }
  while (!text.empty() && ascii::is_blank(text.back())) text.pop_back();
  return ascii::lower(text);
}

// What SORT compares by one criterion: a number, or a text.
using sort_value_type = std::pair<std::int64_t, std::string>;
sort_value_type sort_value(std::string_view by, const kept_message& message) {
  if (by == "ARRIVAL") return {message.internal_date.time.time_since_epoch().count(), {}};
  if (by == "SIZE") return {static_cast<std::int64_t>(message.content->size()), {}};
  const mime::parsed_message parsed = mime::parse_in_place(*message.content);
  if (by == "DATE") {
    const date_time when = parsed.date().value_or(message.internal_date);
    return {when.time.time_since_epoch().count(), {}};
  }
  if (by == "SUBJECT") return {0, base_subject(parsed.subject())};
  const std::vector<mime::mailbox> people = parsed.addresses(by);
  return {0, people.empty() ? std::string() : ascii::lower(people.front().local_part())};
}

bool is_sort_key(const imap::token& one) {
  constexpr auto all =
      std::to_array<std::string_view>({"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO"});
  return std::ranges::any_of(all, [&](std::string_view name) { return one.is_atom(name); });
}

struct criterion {
  std::string key;  // in upper case
  bool reverse;
};

std::vector<criterion> criteria_of(const tokens& order) {
  std::vector<criterion> out;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].is_atom("REVERSE")) continue;
    out.push_back({ascii::upper(order[i].text()), i > 0 && order[i - 1].is_atom("REVERSE")});
  }
  return out;
}

// A message that is sorted, with its values by each criterion: they are made once, as that parses it.
struct candidate {
  std::size_t place;
  std::vector<sort_value_type> values;
};

// What is equal by all criteria is in the order of its numbers (RFC 5256 section 3).
void sort(std::vector<candidate>& candidates, const std::vector<criterion>& criteria) {
  std::ranges::sort(candidates, [&](const candidate& a, const candidate& b) {
    for (std::size_t i = 0; i < criteria.size(); ++i) {
      if (a.values[i] != b.values[i]) return (a.values[i] < b.values[i]) != criteria[i].reverse;
    }
    return a.place < b.place;
  });
}

std::string join(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (const std::uint32_t one : numbers) out += ' ' + std::to_string(one);
  return out;
}

}  // namespace

void imap_connection::search(bool by_uid, bool sorted) {
  tokens keys = args();
  const auto drop = [&](std::size_t count) {
    keys.erase(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count));
  };
  bool returns = false;
  tokens wanted;
  if (keys.size() > 1 && keys[0].is_atom("RETURN") && keys[1].is_list()) {
    returns = true;
    wanted = keys[1].items();
    drop(2);
  }
  tokens order;
  if (sorted) {
    if (keys.size() < 3 || !keys[0].is_list()) return bad("an order, a charset and keys are needed");
    order = keys[0].items();
    const bool known = std::ranges::all_of(
        order, [](const imap::token& one) { return is_sort_key(one) || one.is_atom("REVERSE"); });
    if (!known || order.empty() || order.back().is_atom("REVERSE")) return bad("an unknown order");
    if (!ascii::iequals(keys[1].text(), "UTF-8") && !ascii::iequals(keys[1].text(), "US-ASCII")) {
      return no("an unknown charset", "BADCHARSET (UTF-8 US-ASCII)");
    }
    drop(2);
  } else if (keys.size() > 1 && keys[0].is_atom("CHARSET")) {
    if (!ascii::iequals(keys[1].text(), "UTF-8") && !ascii::iequals(keys[1].text(), "US-ASCII")) {
      return no("an unknown charset", "BADCHARSET (UTF-8 US-ASCII)");
    }
    drop(2);
  }
  search_keys look(keys, saved_);
  if (!look.are_valid()) return bad("a search that is not known here");

  std::vector<std::size_t> places;
  std::uint64_t modseq = 0;
  for (std::size_t i = 0; i < view_.size(); ++i) {
    looked_at one;
    one.message = selected_->find(view_[i].uid);
    if (one.message == nullptr) continue;
    one.number = static_cast<std::uint32_t>(i + 1);
    one.last_number = static_cast<std::uint32_t>(view_.size());
    one.last_uid = view_.back().uid;
    if (!look.match(one)) continue;
    places.push_back(i);
    modseq = std::max(modseq, one.message->modseq);
  }
  if (sorted) {
    const std::vector<criterion> criteria = criteria_of(order);
    std::vector<candidate> candidates;
    for (const std::size_t place : places) {
      candidate& one = candidates.emplace_back(candidate{place, {}});
      for (const criterion& each : criteria) {
        one.values.push_back(sort_value(each.key, *selected_->find(view_[place].uid)));
      }
    }
    sort(candidates, criteria);
    std::ranges::transform(candidates, places.begin(), &candidate::place);
  }
  std::vector<std::uint32_t> numbers;
  for (const std::size_t place : places) {
    numbers.push_back(by_uid ? view_[place].uid : static_cast<std::uint32_t>(place + 1));
  }
  if (look.uses_modseq()) use_condstore();
  if (!returns && !(rev2_ && !sorted)) {
    std::string line = (sorted ? "SORT" : "SEARCH") + join(numbers);
    if (look.uses_modseq() && !numbers.empty()) line += " (MODSEQ " + std::to_string(modseq) + ')';
    return session_.untagged(line);
  }
  const auto asked = [&](std::string_view what) {
    return std::ranges::any_of(wanted, [&](const imap::token& one) { return one.is_atom(what); });
  };
  if (asked("SAVE")) {
    saved_.clear();
    for (const std::size_t place : places) saved_.push_back(view_[place].uid);
    if (wanted.size() == 1) return;
  }
  std::string line = "ESEARCH (TAG \"" + session_.command().tag + "\")";
  if (by_uid) line += " UID";
  if (!numbers.empty()) {
    if (asked("MIN")) line += " MIN " + std::to_string(std::ranges::min(numbers));
    if (asked("MAX")) line += " MAX " + std::to_string(std::ranges::max(numbers));
    if (asked("ALL") || wanted.empty()) line += " ALL " + imap::sequence_set::of(numbers).to_string();
  }
  if (asked("COUNT")) line += " COUNT " + std::to_string(numbers.size());
  if (look.uses_modseq() && !numbers.empty()) {
    // RFC 7162 section 3.1.10: of those that are told, where it is the first or the last alone.
    const auto of = [&](std::size_t place) { return selected_->find(view_[place].uid)->modseq; };
    const bool ends_alone = !wanted.empty() && !asked("ALL") && !asked("COUNT");
    if (ends_alone && asked("MIN") != asked("MAX"))
      modseq = of(asked("MIN") ? places.front() : places.back());
    if (ends_alone && asked("MIN") && asked("MAX")) modseq = std::max(of(places.front()), of(places.back()));
    line += " MODSEQ " + std::to_string(modseq);
  }
  session_.untagged(line);
}

}  // namespace tidewire::testing::detail
