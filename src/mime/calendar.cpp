#include <tidewire/base/bytes.hpp>
#include <tidewire/base/date.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/base/words.hpp>
#include <tidewire/mime/calendar.hpp>
#include <tidewire/mime/charset.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::mime {

namespace {

// Components in components: what is deeper is no calendar.
constexpr std::size_t max_depth = 10;
// A year of weeks, a million: longer durations are none.
constexpr std::uint32_t longest_count = 1'000'000;

constexpr bool is_name(char c) noexcept {
  return ascii::is_alnum(c) || c == '-' || c == '_';
}

// RFC 5545 section 3.1: a line break and one blank after it are no part of the line. A character may have
// been cut there, so this comes before any charset.
std::string unfold_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t feed = text.find('\n', at);
    std::string_view line = text.substr(at, feed == std::string_view::npos ? feed : feed - at);
    at = feed == std::string_view::npos ? text.size() : feed + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += line;
    if (at < text.size() && ascii::is_blank(text[at])) {
      ++at;
    } else {
      out += '\n';
    }
  }
  return out;
}

// RFC 6868: what a parameter cannot hold as it is.
std::string decode_carets(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escape = text[i] == '^' && (next == 'n' || next == '^' || next == '\'');
    if (escape) ++i;
    out += !escape ? text[i] : next == 'n' ? '\n' : next == '^' ? '^' : '"';
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      out += c == 'n' || c == 'N' ? '\n' : c;
    } else {
      out += text[i];
    }
  }
  return out;
}

// `name;parameter=value,"value":value`. Nothing if it is none.
std::optional<calendar_property> read_property(std::string_view line) {
  std::size_t at = 0;
  const auto word = [&] {
    const std::size_t begin = at;
    while (at < line.size() && is_name(line[at])) ++at;
    return line.substr(begin, at - begin);
  };
  const auto take = [&](char wanted) {
    const bool there = at < line.size() && line[at] == wanted;
    if (there) ++at;
    return there;
  };
  calendar_property made;
  made.name = ascii::upper(word());
  if (made.name.empty()) return std::nullopt;
  while (take(';')) {
    const std::string_view name = word();
    if (name.empty() || !take('=')) return std::nullopt;
    for (bool first = true; first || take(','); first = false) {
      const bool quoted = take('"');
      const std::size_t begin = at;
      while (at < line.size() &&
             (quoted ? line[at] != '"' : line[at] != ',' && line[at] != ';' && line[at] != ':'))
        ++at;
      const std::string_view value = line.substr(begin, at - begin);
      if (quoted && !take('"')) return std::nullopt;
      if (first && !made.parameters.find(name) && made.parameters.size() < max_calendar_parameters)
        made.parameters.set(name, decode_carets(value));
    }
  }
  if (!take(':')) return std::nullopt;
  made.value = line.substr(at);
  return made;
}

// `mailto:ada@example.org`
std::string read_address(std::string_view uri) {
  constexpr std::string_view scheme = "mailto:";
  uri = ascii::trim(uri);
  std::string address = ascii::istarts_with(uri, scheme)
                            ? percent::decode(uri.substr(scheme.size(), uri.find('?') - scheme.size()))
                            : std::string(uri);
  // No address has those, and whoever writes it into a header would be glad not to have got them.
  if (std::ranges::any_of(address, ascii::is_control) || !is_utf8(address)) address.clear();
  return address;
}

participation read_status(std::string_view value) noexcept {
  static constexpr std::pair<std::string_view, participation> known[] = {
      {"NEEDS-ACTION", participation::needs_action}, {"ACCEPTED", participation::accepted},
      {"DECLINED", participation::declined},         {"TENTATIVE", participation::tentative},
      {"DELEGATED", participation::delegated},       {"COMPLETED", participation::completed},
      {"IN-PROCESS", participation::in_process}};
  if (value.empty()) return participation::needs_action;
  for (const auto& [name, status] : known)
    if (ascii::iequals(name, value)) return status;
  return participation::unknown;
}

participant_role read_role(std::string_view value) noexcept {
  static constexpr std::pair<std::string_view, participant_role> known[] = {
      {"REQ-PARTICIPANT", participant_role::required},
      {"CHAIR", participant_role::chair},
      {"OPT-PARTICIPANT", participant_role::optional},
      {"NON-PARTICIPANT", participant_role::none}};
  if (value.empty()) return participant_role::required;
  for (const auto& [name, role] : known)
    if (ascii::iequals(name, value)) return role;
  return participant_role::unknown;
}

calendar_person read_person(const calendar_property& from) {
  const parameter_list& said = from.parameters;
  calendar_person who;
  who.address = read_address(from.value);
  who.name = said.get("cn");
  who.status = read_status(said.get("partstat"));
  who.role = read_role(said.get("role"));
  who.rsvp = ascii::iequals(said.get("rsvp"), "TRUE");
  who.kind = ascii::upper(said.get("cutype"));
  who.sent_by = read_address(said.get("sent-by"));
  who.delegated_to = read_address(said.get("delegated-to"));
  return who;
}

// RFC 5545 sections 3.3.4 and 3.3.5: `19970714`, `19970714T133000`, `19970714T173000Z`.
std::optional<calendar_time> read_time(const calendar_property& from) {
  const std::string_view value = ascii::trim(from.value);
  const bool date = value.size() == 8;
  const bool utc = value.size() == 16 && ascii::to_upper(value.back()) == 'Z';
  if (!date && !utc && value.size() != 15) return std::nullopt;
  for (std::size_t i = 0; i < std::min<std::size_t>(value.size(), 15); ++i)
    if (i == 8 ? ascii::to_upper(value[i]) != 'T' : !ascii::is_digit(value[i])) return std::nullopt;
  const auto when = date::parse_iso8601(ascii::upper(value));
  if (!when) return std::nullopt;
  return calendar_time{when->local(), date, utc,
                       utc ? std::string() : std::string(from.parameters.get("tzid"))};
}

// RFC 5545 section 3.3.6: `P15DT5H0M20S`, `-P7W`.
std::optional<std::chrono::seconds> read_duration(std::string_view value) {
  value = ascii::trim(value);
  const bool negative = value.starts_with('-');
  if (negative || value.starts_with('+')) value.remove_prefix(1);
  if (!value.starts_with('P')) return std::nullopt;
  value.remove_prefix(1);
  static constexpr std::string_view units = "WDTHMS";
  static constexpr std::int64_t seconds[] = {604'800, 86'400, 0, 3'600, 60, 1};
  std::int64_t total = 0;
  std::size_t next = 0;  // units come in this order
  bool any = false;
  while (!value.empty()) {
    std::size_t digits = 0;
    while (digits < value.size() && ascii::is_digit(value[digits])) ++digits;
    if (digits == value.size()) return std::nullopt;
    const std::size_t unit = units.find(value[digits], next);
    if (unit == std::string_view::npos || (units[unit] == 'T') != (digits == 0)) return std::nullopt;
    if (unit > 2 && next <= 2) return std::nullopt;  // hours without their T
    if (digits > 0) {
      const auto count = ascii::parse_unsigned<std::uint32_t>(value.substr(0, digits));
      if (!count || *count > longest_count) return std::nullopt;
      total += *count * seconds[unit];
      any = true;
    }
    next = unit + 1;
    value.remove_prefix(digits + 1);
  }
  if (!any) return std::nullopt;
  return std::chrono::seconds(negative ? -total : total);
}

std::optional<calendar_kind> read_kind(std::string_view name) noexcept {
  if (name == "VEVENT") return calendar_kind::event;
  if (name == "VTODO") return calendar_kind::todo;
  if (name == "VJOURNAL") return calendar_kind::journal;
  if (name == "VFREEBUSY") return calendar_kind::free_busy;
  return std::nullopt;
}

// Reads lines that are unfolded.
class calendar_reader {
 public:
  calendar run(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::size_t properties = 0;
    while (!text.empty() && !ended_) {
      const std::size_t feed = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, feed);
      text.remove_prefix(std::min(feed + 1, text.size()));
      if (ascii::trim(line).empty()) continue;
      if (++properties > max_calendar_properties) break;
      auto property = read_property(line);
      if (property) {
        take(std::move(*property));
      } else if (!open_.empty()) {
        out_.well_formed = false;
      }
    }
    if (!ended_) out_.well_formed = false;
    if (current_) finish_component();
    return std::move(out_);
  }

 private:
  void take(calendar_property property) {
    const bool begin = property.name == "BEGIN";
    if (open_.empty()) {
      // Whatever stands before a calendar.
      if (begin && ascii::upper(ascii::trim(property.value)) == "VCALENDAR") open_.push_back("VCALENDAR");
      return;
    }
    if (begin) return enter(ascii::upper(ascii::trim(property.value)));
    if (property.name == "END") return leave(ascii::upper(ascii::trim(property.value)));
    if (open_.size() == 1) return take_own(property);
    if (open_.size() == 2 && current_) take_property(std::move(property));
  }

  void enter(std::string name) {
    if (open_.size() == max_depth) {
      ended_ = true;
      out_.well_formed = false;
      return;
    }
    open_.push_back(std::move(name));
    if (open_.size() != 2) return;
    const auto kind = read_kind(open_.back());
    if (!kind) return;
    if (out_.components.size() == max_calendar_components) {
      out_.well_formed = false;
      return;
    }
    current_.emplace();
    current_->kind = *kind;
  }

  void leave(std::string_view name) {
    if (open_.back() != name) {
      // An END that nothing began, or that of what is around: all within ends.
      out_.well_formed = false;
      if (std::ranges::find(open_, name) == open_.end()) return;
      while (open_.back() != name) close();
    }
    close();
  }
  void close() {
    if (open_.size() == 2 && current_) finish_component();
    open_.pop_back();
    ended_ = open_.empty();
  }

  void take_own(const calendar_property& property) {
    if (property.name == "METHOD") out_.method = ascii::upper(ascii::trim(property.value));
    if (property.name == "PRODID") out_.product = property.text();
  }

  void take_property(calendar_property property) {
    calendar_component& into = *current_;
    const std::string& name = property.name;
    if (name == "UID") into.uid = property.text();
    if (name == "SUMMARY") into.summary = property.text();
    if (name == "DESCRIPTION") into.description = property.text();
    if (name == "LOCATION") into.location = property.text();
    if (name == "STATUS") into.status = ascii::upper(ascii::trim(property.value));
    if (name == "RRULE") into.rule = property.value;
    if (name == "ORGANIZER") into.organizer = read_person(property);
    if (name == "ATTENDEE") into.attendees.push_back(read_person(property));
    if (name == "DTSTART") take_time(property, into.start);
    if (name == "DTEND" || name == "DUE") take_time(property, into.end);
    if (name == "RECURRENCE-ID") take_time(property, into.recurrence_id);
    if (name == "DTSTAMP") take_time(property, into.stamp);
    if (name == "SEQUENCE") {
      const auto number = ascii::parse_unsigned<std::uint32_t>(ascii::trim(property.value));
      if (!number) out_.well_formed = false;
      into.sequence = number.value_or(0);
    }
    if (name == "DURATION") {
      duration_ = read_duration(property.value);
      if (!duration_) out_.well_formed = false;
    }
    into.properties.push_back(std::move(property));
  }

  void take_time(const calendar_property& property, std::optional<calendar_time>& into) {
    into = read_time(property);
    if (!into) out_.well_formed = false;
  }

  void finish_component() {
    const auto lasts = std::exchange(duration_, std::nullopt);
    if (lasts && current_->start && !current_->end) {
      current_->end = current_->start;
      current_->end->local += *lasts;
      if (lasts->count() % 86'400 != 0) current_->end->is_date = false;
    }
    out_.components.push_back(std::move(*current_));
    current_.reset();
  }

  calendar out_;
  std::vector<std::string> open_;  // what has begun and has not ended
  std::optional<calendar_component> current_;
  std::optional<std::chrono::seconds> duration_;  // of that one
  bool ended_ = false;
};

}  // namespace

std::optional<std::chrono::sys_seconds> calendar_time::utc() const noexcept {
  if (!is_utc) return std::nullopt;
  return std::chrono::sys_seconds(local.time_since_epoch());
}

std::string calendar_property::text() const {
  return unescape(value);
}

calendar parse_calendar(std::string_view text) {
  calendar made = calendar_reader().run(unfold_lines(text.substr(0, max_calendar_size)));
  if (text.size() > max_calendar_size) made.well_formed = false;
  return made;
}

std::optional<calendar> read_calendar(const parsed_message& mail) {
  for (std::size_t i = 0; i < mail.part_count(); ++i) {
    const part source = mail.part_at(i);
    const content_type type = source.content_type();
    if (!type.is("text", "calendar") && !type.is("application", "ics")) continue;
    const std::string bytes = source.decode();
    const decoded_text text =
        decode_charset(type.charset(), unfold_lines(std::string_view(bytes).substr(0, max_calendar_size)));
    calendar made = calendar_reader().run(text.text);
    if (bytes.size() > max_calendar_size || !text.well_formed) made.well_formed = false;
    const std::string_view method = type.parameters.get("method");
    if (!method.empty() && !ascii::iequals(method, made.method)) made.well_formed = false;
    made.source = source;
    return made;
  }
  return std::nullopt;
}

}  // namespace tidewire::mime
