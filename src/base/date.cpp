#include <tidewire/base/bytes.hpp>
#include <tidewire/base/date.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace tidewire::date {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};

constexpr int deepest_comment = 32;
constexpr chrono::minutes largest_offset{23 * 60 + 59};

// The number of the name that `word` begins: three letters of it at least. -1 if there is none.
template <std::size_t N>
int find_name(const std::array<std::string_view, N>& names, std::string_view word) {
  if (word.size() < 3) return -1;
  const auto found = std::ranges::find_if(names, [&](auto name) { return ascii::istarts_with(name, word); });
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// Local times that have a year of four digits.
constexpr chrono::sys_seconds earliest = chrono::sys_days(chrono::year(0) / 1 / 1);
constexpr chrono::sys_seconds latest = chrono::sys_days(chrono::year(10000) / 1 / 1) - chrono::seconds(1);

struct fields {
  int year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  chrono::minutes offset{0};
  bool offset_known = true;
};

// Goes through a text. The first thing that is not as expected is remembered; from then on nothing is found.
class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ok() const { return expected_ == nullptr; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  void fail(const char* expected) { fail_at(at_, expected); }

  bool accept(char c) {
    if (!ok() || at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // One of several characters; NUL if none of them comes.
  char accept_any(std::string_view characters) {
    if (!ok() || at_end() || characters.find(text_[at_]) == std::string_view::npos) return '\0';
    return text_[at_++];
  }
  void expect(std::string_view wanted, const char* expected) {
    if (!ok()) return;
    if (!text_.substr(at_).starts_with(wanted)) return fail(expected);
    at_ += wanted.size();
  }
  void expect_end() {
    if (ok() && !at_end()) fail("the end");
  }

  // The digits that come, `least` to `most` of them (nine at most).
  std::string_view digits(std::size_t least, std::size_t most, const char* expected) {
    const std::size_t begin = at_;
    if (!ok()) return {};
    while (at_ < text_.size() && at_ - begin < most && ascii::is_digit(text_[at_])) ++at_;
    if (at_ - begin < least) fail_at(begin, expected);
    return text_.substr(begin, at_ - begin);
  }
  int number(std::size_t least, std::size_t most, const char* expected) {
    int value = 0;
    for (const char c : digits(least, most, expected)) value = value * 10 + (c - '0');
    return value;
  }
  // Digits that are a number of `lowest` to `highest`.
  int number_in(std::size_t least, std::size_t most, int lowest, int highest, const char* expected) {
    const std::size_t begin = at_;
    const int value = number(least, most, expected);
    if (ok() && (value < lowest || value > highest)) fail_at(begin, expected);
    return value;
  }
  std::string_view letters() {
    const std::size_t begin = at_;
    while (ok() && at_ < text_.size() && ascii::is_alpha(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // The number, from 0, of the name that comes.
  template <std::size_t N>
  int name(const std::array<std::string_view, N>& names, const char* expected) {
    const std::size_t begin = at_;
    const int index = find_name(names, letters());
    if (ok() && index < 0) fail_at(begin, expected);
    return index;
  }

  // Comments and folding white space, RFC 5322 section 3.2.2; folds need not be right.
  void skip_cfws() {
    int depth = 0;
    for (; ok() && at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(') {
        if (++depth > deepest_comment) fail("comments less deep");
      } else if (depth > 0 && c == ')') {
        --depth;
      } else if (depth > 0 && c == '\\' && at_ + 1 < text_.size()) {
        ++at_;
      } else if (depth == 0 && !ascii::is_space(c)) {
        return;
      }
    }
    if (depth > 0) fail("the end of a comment");
  }

  [[nodiscard]] result<date_time> finish(const fields& found) {
    expect_end();
    const auto day = chrono::year(found.year) / found.month / found.day;
    if (!day.ok()) fail_at(0, "a day that is in the calendar");
    if (!ok()) return why();
    const chrono::sys_seconds local = chrono::sys_days(day) + chrono::hours(found.hour) +
                                      chrono::minutes(found.minute) + chrono::seconds(found.second);
    if (local > latest) {
      fail_at(0, "a year up to 9999");
      return why();
    }
    return date_time{.time = local - found.offset,
                     .fraction = chrono::nanoseconds(found.nanosecond),
                     .offset = found.offset,
                     .offset_known = found.offset_known};
  }

 private:
  [[nodiscard]] failure why() const {
    return failure(errc::malformed, "date, offset " + std::to_string(failed_at_) + ": expected " + expected_);
  }
  void fail_at(std::size_t at, const char* expected) {
    if (!ok()) return;
    failed_at_ = at;
    expected_ = expected;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t failed_at_ = 0;
  const char* expected_ = nullptr;
};

int month(scanner& in) {
  return in.name(months, "a month") + 1;
}
int hour(scanner& in, std::size_t least = 2) {
  return in.number_in(least, 2, 0, 23, "an hour");
}
int minute(scanner& in) {
  return in.number_in(2, 2, 0, 59, "a minute");
}
int second(scanner& in) {
  return in.number_in(2, 2, 0, 60, "a second");
}

// hh:mm:ss
void time_of_day(scanner& in, fields& out) {
  out.hour = hour(in);
  in.expect(":", "':'");
  out.minute = minute(in);
  in.expect(":", "':'");
  out.second = second(in);
}

void set_offset(fields& out, char sign, int hours, int minutes) {
  out.offset = chrono::hours(hours) + chrono::minutes(minutes);
  if (sign == '-') out.offset = -out.offset;
}

// RFC 5322 section 4.3. What the letters of the military meant cannot be known, since RFC 822 had them wrong.
void named_zone(std::string_view name, fields& out) {
  struct zone {
    std::string_view name;
    int hours;
  };
  static constexpr zone zones[] = {{"UT", 0},   {"GMT", 0},  {"UTC", 0},  {"EST", -5},
                                   {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7},
                                   {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
  const auto found = std::ranges::find_if(
      zones, [&](const zone& candidate) { return ascii::iequals(candidate.name, name); });
  if (found != std::end(zones)) {
    out.offset = chrono::hours(found->hours);
  } else {
    out.offset_known = ascii::iequals(name, "Z");
  }
}

void mail_zone(scanner& in, fields& out) {
  if (const char sign = in.accept_any("+-"); sign != '\0') {
    const int hours = in.number_in(2, 2, 0, 23, "the hours of an offset");
    in.accept(':');
    const int minutes = in.number_in(2, 2, 0, 59, "the minutes of an offset");
    set_offset(out, sign, hours, minutes);
    out.offset_known = sign == '+' || hours != 0 || minutes != 0;
  } else if (ascii::is_alpha(in.peek())) {
    named_zone(in.letters(), out);
  } else {
    out.offset_known = false;
  }
}

// The year that two digits mean where 70 is the first of the last century: POSIX.
int posix_year(int two_digits) {
  return two_digits + (two_digits < 70 ? 2000 : 1900);
}

// RFC 9110 section 5.6.7, of rfc850-date.
int year_of_two_digits(int digits, std::optional<chrono::sys_seconds> now) {
  if (!now) return posix_year(digits);
  const chrono::year_month_day today(chrono::floor<chrono::days>(*now));
  const int last = static_cast<int>(today.year()) + 50;
  const int year = last - last % 100 + digits;
  return year > last ? year - 100 : year;
}

// A moment broken down as it is shown at an offset.
struct shown {
  shown(const date_time& when, chrono::minutes at_offset)
      : offset(std::clamp(at_offset, -largest_offset, largest_offset)) {
    const chrono::sys_seconds time = std::clamp(when.time, earliest - offset, latest - offset);
    const chrono::sys_seconds local = time + offset;
    const auto days = chrono::floor<chrono::days>(local);
    const chrono::year_month_day date(days);
    const chrono::hh_mm_ss of_day(local - days);
    year = static_cast<int>(date.year());
    month = static_cast<unsigned>(date.month());
    day = static_cast<unsigned>(date.day());
    weekday = chrono::weekday(days).c_encoding();
    hour = static_cast<int>(of_day.hours().count());
    minute = static_cast<int>(of_day.minutes().count());
    second = static_cast<int>(of_day.seconds().count());
  }
  explicit shown(const date_time& when) : shown(when, when.offset) {}

  chrono::minutes offset;
  int year;
  unsigned month;
  unsigned day;
  unsigned weekday;
  int hour;
  int minute;
  int second;
};

// Writes into memory that is large enough.
class writer {
 public:
  explicit writer(char* out) : out_(out) {}

  writer& text(std::string_view text) {
    out_ = std::ranges::copy(text, out_).out;
    return *this;
  }
  template <class T>
  writer& number(T value, int width) {
    for (int i = width - 1; i >= 0; --i, value /= 10) out_[i] = static_cast<char>('0' + value % 10);
    out_ += width;
    return *this;
  }
  writer& month(const shown& when) { return text(months[when.month - 1].substr(0, 3)); }
  writer& weekday(const shown& when) { return text(weekdays[when.weekday].substr(0, 3)); }
  writer& time(const shown& when) {
    return number(when.hour, 2).text(":").number(when.minute, 2).text(":").number(when.second, 2);
  }
  writer& offset(chrono::minutes offset, std::string_view separator) {
    const auto minutes = std::abs(offset.count());
    return text(offset < chrono::minutes(0) ? "-" : "+")
        .number(minutes / 60, 2)
        .text(separator)
        .number(minutes % 60, 2);
  }
  [[nodiscard]] std::string string_from(const char* begin) const {
    return {begin, static_cast<std::size_t>(out_ - begin)};
  }

 private:
  char* out_;
};

constexpr std::size_t longest_text = 40;

}  // namespace

date_time from(chrono::system_clock::time_point time, chrono::minutes offset) noexcept {
  const auto seconds = chrono::floor<chrono::seconds>(time);
  return {.time = seconds,
          .fraction = time - seconds,
          .offset = std::clamp(offset, -largest_offset, largest_offset)};
}

result<date_time> parse_rfc5322(std::string_view text) {
  scanner in(text);
  fields found;
  in.skip_cfws();
  if (ascii::is_alpha(in.peek())) {
    in.name(weekdays, "a day of the week");
    in.skip_cfws();
    in.accept(',');
    in.skip_cfws();
  }
  const auto separator = [&] {
    in.skip_cfws();
    if (in.accept('-')) in.skip_cfws();
  };
  found.day = in.number_in(1, 2, 1, 31, "a day of the month");
  separator();
  found.month = month(in);
  separator();
  const std::string_view year = in.digits(2, 4, "a year");
  for (const char c : year) found.year = found.year * 10 + (c - '0');
  if (ascii::is_digit(in.peek())) in.fail("a year up to 9999");
  if (year.size() == 2) found.year += found.year < 50 ? 2000 : 1900;
  if (year.size() == 3) found.year += 1900;
  in.skip_cfws();
  found.hour = hour(in, 1);
  in.skip_cfws();
  in.expect(":", "':'");
  in.skip_cfws();
  found.minute = minute(in);
  in.skip_cfws();
  if (in.accept(':')) {
    in.skip_cfws();
    found.second = second(in);
    in.skip_cfws();
  }
  mail_zone(in, found);
  in.skip_cfws();
  return in.finish(found);
}

std::string format_rfc5322(const date_time& when) {
  const shown local(when);
  char text[longest_text];
  writer out(text);
  out.weekday(local).text(", ").number(local.day, 2).text(" ").month(local).text(" ").number(local.year, 4);
  out.text(" ").time(local).text(" ");
  return (when.offset_known ? out.offset(local.offset, "") : out.text("-0000")).string_from(text);
}

result<date_time> parse_http(std::string_view text, std::optional<chrono::sys_seconds> now) {
  scanner in(text);
  fields found;
  in.name(weekdays, "a day of the week");
  if (in.accept(',')) {
    in.expect(" ", "a space");
    found.day = in.number_in(2, 2, 1, 31, "a day of the month");
    if (in.accept('-')) {  // rfc850-date
      found.month = month(in);
      in.expect("-", "'-'");
      found.year = year_of_two_digits(in.number(2, 2, "a year of two digits"), now);
    } else {
      in.expect(" ", "a space");
      found.month = month(in);
      in.expect(" ", "a space");
      found.year = in.number(4, 4, "a year");
    }
    in.expect(" ", "a space");
    time_of_day(in, found);
    in.expect(" GMT", "' GMT'");
  } else {  // asctime-date
    in.expect(" ", "a space");
    found.month = month(in);
    in.expect(" ", "a space");
    const bool one_digit = in.accept(' ');
    found.day = in.number_in(one_digit ? 1 : 2, one_digit ? 1 : 2, 1, 31, "a day of the month");
    in.expect(" ", "a space");
    time_of_day(in, found);
    in.expect(" ", "a space");
    found.year = in.number(4, 4, "a year");
  }
  return in.finish(found);
}

void format_http(const date_time& when, std::span<char, 29> text) noexcept {
  const shown utc(when, chrono::minutes(0));
  writer out(text.data());
  out.weekday(utc).text(", ").number(utc.day, 2).text(" ").month(utc).text(" ").number(utc.year, 4);
  out.text(" ").time(utc).text(" GMT");
}

std::string format_http(const date_time& when) {
  char text[29];
  format_http(when, text);
  return {text, sizeof text};
}

result<date_time> parse_imap(std::string_view text) {
  scanner in(text);
  fields found;
  in.accept(' ');
  found.day = in.number_in(1, 2, 1, 31, "a day of the month");
  in.expect("-", "'-'");
  found.month = month(in);
  in.expect("-", "'-'");
  found.year = in.number(4, 4, "a year");
  in.expect(" ", "a space");
  time_of_day(in, found);
  in.expect(" ", "a space");
  const char sign = in.accept_any("+-");
  if (sign == '\0') in.fail("an offset");
  const int hours = in.number_in(2, 2, 0, 23, "the hours of an offset");
  set_offset(found, sign, hours, in.number_in(2, 2, 0, 59, "the minutes of an offset"));
  return in.finish(found);
}

std::string format_imap(const date_time& when) {
  const shown local(when);
  char text[longest_text];
  writer out(text);
  if (local.day < 10) out.text(" ");
  out.number(local.day, local.day < 10 ? 1 : 2).text("-").month(local).text("-").number(local.year, 4);
  return out.text(" ").time(local).text(" ").offset(local.offset, "").string_from(text);
}

std::string format_imap_date(const date_time& when) {
  const shown local(when);
  char text[longest_text];
  writer out(text);
  out.number(local.day, local.day < 10 ? 1 : 2).text("-").month(local).text("-").number(local.year, 4);
  return out.string_from(text);
}

namespace {

// .25 or ,25: the digits that a nanosecond has room for.
void iso_fraction(scanner& in, fields& out) {
  const std::string_view digits = in.digits(1, 9, "a fraction of a second");
  for (std::size_t i = 0; i < 9; ++i)
    out.nanosecond = out.nanosecond * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  while (in.accept_any("0123456789") != '\0') {
  }
}

// hh:mm, hhmm, hh:mm:ss, hhmmss, with a fraction of the second.
void iso_time(scanner& in, fields& out) {
  out.hour = in.number_in(2, 2, 0, 24, "an hour");
  const bool extended = in.accept(':');
  out.minute = minute(in);
  if (extended ? in.accept(':') : ascii::is_digit(in.peek())) {
    out.second = second(in);
    if (in.accept_any(".,") != '\0') iso_fraction(in, out);
  }
  if (out.hour == 24 && (out.minute != 0 || out.second != 0 || out.nanosecond != 0))
    in.fail("an hour below 24");
}

void iso_zone(scanner& in, fields& out) {
  if (in.accept_any("Zz") != '\0') return;
  const char sign = in.accept_any("+-");
  if (sign == '\0') {
    out.offset_known = false;
    return;
  }
  const int hours = in.number_in(2, 2, 0, 23, "the hours of an offset");
  const bool separated = in.accept(':');
  const bool more = separated || ascii::is_digit(in.peek());
  set_offset(out, sign, hours, more ? in.number_in(2, 2, 0, 59, "the minutes of an offset") : 0);
  if (sign == '-' && out.offset == chrono::minutes(0)) out.offset_known = false;
}

}  // namespace

result<date_time> parse_iso8601(std::string_view text) {
  scanner in(text);
  fields found;
  found.year = in.number(4, 4, "a year");
  bool has_day = false;
  if (in.accept('-')) {
    found.month = in.number_in(2, 2, 1, 12, "a month");
    if (in.accept('-')) {
      found.day = in.number_in(2, 2, 1, 31, "a day of the month");
      has_day = true;
    }
  } else if (!in.at_end()) {
    found.month = in.number_in(2, 2, 1, 12, "a month");
    found.day = in.number_in(2, 2, 1, 31, "a day of the month");
    has_day = true;
  }
  if (has_day && in.accept_any("Tt ") != '\0') {
    iso_time(in, found);
    iso_zone(in, found);
  } else {
    found.offset_known = false;
  }
  return in.finish(found);
}

result<date_time> parse_rfc3339(std::string_view text) {
  scanner in(text);
  fields found;
  found.year = in.number(4, 4, "a year");
  in.expect("-", "'-'");
  found.month = in.number_in(2, 2, 1, 12, "a month");
  in.expect("-", "'-'");
  found.day = in.number_in(2, 2, 1, 31, "a day of the month");
  if (in.accept_any("Tt") == '\0') in.fail("'T'");
  time_of_day(in, found);
  if (in.accept('.')) iso_fraction(in, found);
  if (in.accept_any("Zz") == '\0') {
    const char sign = in.accept_any("+-");
    if (sign == '\0') in.fail("'Z' or an offset");
    const int hours = in.number_in(2, 2, 0, 23, "the hours of an offset");
    in.expect(":", "':'");
    set_offset(found, sign, hours, in.number_in(2, 2, 0, 59, "the minutes of an offset"));
    found.offset_known = sign == '+' || found.offset != chrono::minutes(0);  // RFC 3339 section 4.3
  }
  return in.finish(found);
}

std::string format_iso8601(const date_time& when, int fraction_digits) {
  const shown local(when);
  const auto nanoseconds = std::clamp<std::int64_t>(when.fraction.count(), 0, 999'999'999);
  int digits = std::min(fraction_digits, 9);
  if (digits < 0) {
    digits = nanoseconds == 0 ? 0 : nanoseconds % 1'000'000 == 0 ? 3 : nanoseconds % 1'000 == 0 ? 6 : 9;
  }
  char text[longest_text];
  writer out(text);
  out.number(local.year, 4)
      .text("-")
      .number(local.month, 2)
      .text("-")
      .number(local.day, 2)
      .text("T")
      .time(local);
  if (digits > 0) {
    std::int64_t value = nanoseconds;
    for (int i = digits; i < 9; ++i) value /= 10;
    out.text(".").number(value, digits);
  }
  const bool utc = !when.offset_known || local.offset == chrono::minutes(0);
  return (utc ? out.text("Z") : out.offset(local.offset, ":")).string_from(text);
}

result<date_time> parse_asn1(std::string_view text) {
  scanner in(text);
  fields found;
  if (text.size() == std::string_view("YYMMDDhhmmssZ").size()) {
    const int digits = in.number(2, 2, "a year of two digits");
    found.year = digits + (digits < 50 ? 2000 : 1900);
  } else {
    found.year = in.number(4, 4, "a year");
  }
  found.month = in.number_in(2, 2, 1, 12, "a month");
  found.day = in.number_in(2, 2, 1, 31, "a day of the month");
  found.hour = hour(in);
  found.minute = minute(in);
  found.second = second(in);
  in.expect("Z", "'Z'");
  return in.finish(found);
}

std::string format_asn1(const date_time& when) {
  const shown utc(when, chrono::minutes(0));
  char text[longest_text];
  writer out(text);
  const bool utc_time = utc.year >= 1950 && utc.year <= 2049;
  out.number(utc.year, utc_time ? 2 : 4).number(utc.month, 2).number(utc.day, 2);
  return out.number(utc.hour, 2).number(utc.minute, 2).number(utc.second, 2).text("Z").string_from(text);
}

}  // namespace tidewire::date
