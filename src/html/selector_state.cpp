#include "selector_state.hpp"

#include <tidewire/base/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>

#include "scan.hpp"

namespace tidewire::html::detail {

using namespace names;

namespace {

bool has(const document_store& store, const node_record& element, name_id name) noexcept {
  return store.has_attr(element, name);
}

bool type_is(const document_store& store, const node_record& element,
             std::initializer_list<std::string_view> types) {
  const std::string_view type = store.attr_value(element, type_);
  return std::any_of(types.begin(), types.end(),
                     [&](std::string_view each) { return ascii::iequals(type, each); });
}

bool type_is_text_like(const document_store& store, const node_record& element) {
  // No type, an empty one and an unknown one are "text".
  return !type_is(
      store, element,
      {"hidden", "checkbox", "radio", "file", "submit", "image", "reset", "button", "range", "color"});
}

}  // namespace

bool is_link(const document_store& store, const node_record& element) noexcept {
  return element.where() == space::html && (element.name() == a_ || element.name() == area_) &&
         has(store, element, href_);
}

bool is_checked(const document_store& store, std::uint32_t node) noexcept {
  const node_record& element = store[node];
  if (element.is_html(option_)) return has(store, element, selected_);
  return element.is_html(input_) && type_is(store, element, {"checkbox", "radio"}) &&
         has(store, element, checked_);
}

bool can_be_disabled(const node_record& element) noexcept {
  if (element.where() != space::html) return false;
  switch (element.name()) {
    case button_:
    case input_:
    case select_:
    case textarea_:
    case optgroup_:
    case option_:
    case fieldset_: return true;
    default: return false;
  }
}

bool can_be_required(const document_store& store, const node_record& element) noexcept {
  if (element.is_html(select_) || element.is_html(textarea_)) return true;
  return element.is_html(input_) &&
         !type_is(store, element, {"hidden", "range", "color", "submit", "image", "reset", "button"});
}

bool is_text_control(const document_store& store, const node_record& element) noexcept {
  if (element.is_html(textarea_)) return true;
  return element.is_html(input_) && type_is_text_like(store, element);
}

bool shows_placeholder(const document_store& store, std::uint32_t node) {
  const node_record& element = store[node];
  if (store.attr_value(element, placeholder_).empty()) return false;
  if (element.is_html(textarea_)) {
    for (std::uint32_t child = store.first_child(node); child != 0; child = store[child].next) {
      const std::string_view text = store.text(store[child]);
      if (!store[child].is_text() || text.empty() || text == "\n") continue;
      return false;
    }
    return true;
  }
  if (!element.is_html(input_)) return false;
  const std::string_view type = store.attr_value(element, type_);
  if (!type.empty() &&
      !type_is(store, element, {"text", "search", "url", "tel", "email", "password", "number"}))
    return false;
  return store.attr_value(element, value_).empty();
}

namespace {

std::optional<std::int64_t> digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t length = 0;
  std::int64_t value = 0;
  while (length < text.size() && length < most && ascii::is_digit(text[length]))
    value = value * 10 + (text[length++] - '0');
  if (length < least) return std::nullopt;
  text.remove_prefix(length);
  return value;
}
bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool is_leap(std::int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}
std::int64_t days_in(std::int64_t year, std::int64_t month) {
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}
// Days since 0000-03-01 of the proleptic Gregorian calendar.
std::int64_t day_number(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t shifted = month <= 2 ? month + 9 : month - 3;
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + day - 1;
}

// The values of the input types that have a range (2.3.5, 4.10.5.1), each on a scale of its own.
std::optional<double> read_month(std::string_view text) {
  const auto year = digits(text, 4, 9);
  if (!year || *year == 0 || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2, 2);
  if (!month || *month < 1 || *month > 12 || !text.empty()) return std::nullopt;
  return static_cast<double>(*year * 12 + *month);
}
std::optional<double> read_date(std::string_view text) {
  const auto year = digits(text, 4, 9);
  if (!year || *year == 0 || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, '-')) return std::nullopt;
  const auto day = digits(text, 2, 2);
  if (!day || *day < 1 || *day > days_in(*year, *month) || !text.empty()) return std::nullopt;
  return static_cast<double>(day_number(*year, *month, *day));
}
std::optional<double> read_week(std::string_view text) {
  const auto year = digits(text, 4, 9);
  if (!year || *year == 0 || !take(text, '-') || !take(text, 'W')) return std::nullopt;
  const auto week = digits(text, 2, 2);
  if (!week || !text.empty()) return std::nullopt;
  // Week 1 has the year's first Thursday; 0000-03-01 was a Wednesday.
  const std::int64_t first = day_number(*year, 1, 1);
  const std::int64_t weekday = ((first + 2) % 7 + 7) % 7;  // Monday is 0
  const std::int64_t weeks = weekday == 3 || (weekday == 2 && is_leap(*year)) ? 53 : 52;
  if (*week < 1 || *week > weeks) return std::nullopt;
  return static_cast<double>(*year * 53 + *week);
}
std::optional<double> read_time(std::string_view text) {
  const auto hour = digits(text, 2, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  double seconds = 0;
  if (take(text, ':')) {
    const auto second = digits(text, 2, 2);
    if (!second || *second > 59) return std::nullopt;
    seconds = static_cast<double>(*second);
    if (take(text, '.')) {
      const std::size_t length = text.size();
      const auto fraction = digits(text, 1, 3);
      if (!fraction) return std::nullopt;
      seconds += static_cast<double>(*fraction) / std::pow(10.0, static_cast<double>(length - text.size()));
    }
  }
  if (!text.empty()) return std::nullopt;
  return static_cast<double>(*hour * 3600 + *minute * 60) + seconds;
}
std::optional<double> read_datetime(std::string_view text) {
  const std::size_t split = text.find_first_of("T ");
  if (split == std::string_view::npos) return std::nullopt;
  const auto date = read_date(text.substr(0, split));
  const auto time = read_time(text.substr(split + 1));
  if (!date || !time) return std::nullopt;
  return *date * 86400 + *time;
}
std::optional<double> read_number(std::string_view text) {
  if (text.empty() || text.starts_with('+')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

int range_state(const document_store& store, const node_record& element) {
  if (!element.is_html(input_)) return 0;
  using reader = std::optional<double> (*)(std::string_view);
  static constexpr std::pair<std::string_view, reader> readers[] = {{"date", read_date},
                                                                    {"month", read_month},
                                                                    {"week", read_week},
                                                                    {"time", read_time},
                                                                    {"datetime-local", read_datetime},
                                                                    {"number", read_number},
                                                                    {"range", read_number}};
  const std::string_view type = store.attr_value(element, type_);
  for (const auto& [name, read] : readers) {
    if (!ascii::iequals(type, name)) continue;
    if (name == "range") return 1;  // its value is brought into its range
    constexpr double unbounded = std::numeric_limits<double>::infinity();
    const auto bound = [&](const std::optional<attr_record>& given, double none) {
      return given ? read(store.value(*given)).value_or(none) : none;
    };
    const double least = bound(store.find_attr(element, min_), -unbounded);
    const double most = bound(store.find_attr(element, max_), unbounded);
    if (least == -unbounded && most == unbounded) return 0;
    const auto value = read(store.attr_value(element, value_));
    if (!value) return 1;
    // 4.10.5.3.7: of times, a range may reach over midnight.
    if (name == "time" && least > most) return *value >= least || *value <= most ? 1 : -1;
    return *value < least || *value > most ? -1 : 1;
  }
  return 0;
}

bool language_matches(std::string_view tag, std::string_view range) noexcept {
  const auto next = [](std::string_view& rest) {
    const std::size_t dash = rest.find('-');
    const std::string_view part = rest.substr(0, dash);
    rest = dash == std::string_view::npos ? std::string_view() : rest.substr(dash + 1);
    return part;
  };
  if (range.empty()) return tag.empty();
  if (tag.empty()) return false;
  std::string_view wanted = next(range);
  std::string_view have = next(tag);
  if (wanted != "*" && !ascii::iequals(wanted, have)) return false;
  while (!range.empty()) {
    wanted = next(range);
    if (wanted == "*" || wanted.empty()) continue;
    for (;;) {
      if (tag.empty()) return false;
      have = next(tag);
      if (ascii::iequals(wanted, have)) break;
      if (have.size() == 1) return false;
    }
  }
  return true;
}

namespace {

struct direction_start {
  std::uint32_t first;
  std::uint8_t direction;
};
constexpr direction_start directions[] = {
#include "bidi.inc"
};

}  // namespace

int strong_direction(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const utf8_step step = read_utf8(at, end);
    const unsigned length = std::max(step.length, 1U);
    const char32_t point = utf8_code_point(at, length);
    at += length;
    const auto after =
        std::upper_bound(std::begin(directions), std::end(directions), point,
                         [](char32_t value, const direction_start& range) { return value < range.first; });
    if (after != std::begin(directions) && std::prev(after)->direction != 0)
      return std::prev(after)->direction;
  }
  return 0;
}

}  // namespace tidewire::html::detail
