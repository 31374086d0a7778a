/// @file
/// Dates in every form of the wire: mail (RFC 5322), HTTP (RFC 9110), IMAP (RFC 9051), ISO 8601 with RFC 3339
/// and W3C-DTF, and ASN.1 as certificates have it (RFC 5280). No locale, no time zone data, no clock.
///
/// @code
/// auto sent = date::parse_rfc5322("Fri, 21 Nov 1997 09:55:06 -0600");    // result<date_time>
/// date::format_iso8601(*sent);                                          // "1997-11-21T09:55:06-06:00"
/// date::format_http(date::from(std::chrono::system_clock::now()));      // "Sun, 06 Nov 1994 08:49:37 GMT"
/// @endcode
#pragma once

#include <tidewire/base/export.hpp>
#include <tidewire/base/result.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire {

/// A moment, and the local time it was told in. A plain value.
struct date_time {
  /// The moment in UTC, leap seconds not counted: a second 60 is the second after it.
  std::chrono::sys_seconds time{};
  /// What comes after the second: 0 to 999,999,999.
  std::chrono::nanoseconds fraction{0};
  /// Local time minus UTC: -23:59 to +23:59.
  std::chrono::minutes offset{0};
  /// False if the text told the moment but not the local time: `-0000` in mail, no zone at all. `offset` is 0
  /// then.
  bool offset_known = true;

  /// What a clock on the wall showed there.
  [[nodiscard]] std::chrono::local_seconds local() const noexcept {
    return std::chrono::local_seconds(time.time_since_epoch() + offset);
  }
  [[nodiscard]] friend bool operator==(const date_time&, const date_time&) noexcept = default;
};

/// Parsers of dates return `errc::malformed` for what is no date of their form; the detail says what was
/// expected, at which offset. Days are checked against their month, and the year is 0 to 9999. A day of the
/// week must be one, but need not be the right one. A second may be 60 anywhere. All of them take time in
/// proportion to the text.
///
/// Formatters bring what is before the year 0 or after 9999 to the nearest moment they can write.
namespace date {

/// That moment of the system's clock, as a clock `offset` east of Greenwich shows it.
[[nodiscard]] TIDEWIRE_BASE_API date_time
from(std::chrono::system_clock::time_point time,
     std::chrono::minutes offset = std::chrono::minutes(0)) noexcept;

/// Reads the date-time of RFC 5322 section 3.3 with all that section 4.3 tells receivers to accept: comments
/// and folds between tokens (nested 32 deep at most), years of two and three digits, `GMT`, `EST` and the
/// like; other letters are zones that nobody knows. Received mail has more, which is accepted too: no zone,
/// one digit for the hour, names in full, `+01:00`, no comma after the day of the week, dashes within the
/// date.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_rfc5322(std::string_view text);
/// Writes the date-time of RFC 5322 section 3.3: `Fri, 21 Nov 1997 09:55:06 -0600`; `-0000` if the offset is
/// not known.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_rfc5322(const date_time& when);

/// Reads the HTTP-date of RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, or one of the two obsolete
/// forms.
/// @param now For the year of two digits in `Sunday, 06-Nov-94 08:49:37 GMT`: what would be more than 50
/// years after
///            `now` is in the past. Without it such a year is one of 1970 to 2069.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_http(
    std::string_view text, std::optional<std::chrono::sys_seconds> now = std::nullopt);
/// Writes the IMF-fixdate of RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_http(const date_time& when);
/// As `format_http`, into memory of the caller: 29 characters.
TIDEWIRE_BASE_API void format_http(const date_time& when, std::span<char, 29> out) noexcept;

/// Reads the date-time of RFC 9051 section 9 (INTERNALDATE, APPEND), without its quotes: `17-Jul-1996
/// 02:44:25 -0700`. The day may have one digit, with or without a space before it.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_imap(std::string_view text);
/// Writes the date-time of RFC 9051 section 9, without its quotes: `17-Jul-1996 02:44:25 -0700`, ` 1-Feb-1994
/// ...`.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_imap(const date_time& when);
/// Writes the date of RFC 9051 section 9 (SEARCH), without quotes: `1-Feb-1994`: the day that the local time
/// has.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_imap_date(const date_time& when);

/// Reads ISO 8601: `1997-11-21T09:55:06.25-06:00` or `19971121T095506Z`. Also, as W3C-DTF and the files of
/// many programs have it: a space for `T`, no seconds, no minutes in the offset, no zone (taken for UTC,
/// offset not known), a date alone, a year and month, a year. Digits of a fraction beyond nine are cut off.
/// `24:00:00` is the end of the day. Weeks, ordinal days and signed years are not read.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_iso8601(std::string_view text);
/// Reads the date-time of RFC 3339 section 5.6, and nothing else.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_rfc3339(std::string_view text);
/// Writes the date-time of RFC 3339 section 5.6, which is ISO 8601: `1997-11-21T09:55:06-06:00`; `Z` where
/// the offset is 0 or not known.
/// @param fraction_digits 0 to 9 digits after the second; -1 for as many as are needed in steps of three:
/// none, 3, 6, 9.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_iso8601(const date_time& when, int fraction_digits = -1);

/// Reads a UTCTime (`YYMMDDhhmmssZ`, a year of 1950 to 2049) or a GeneralizedTime (`YYYYMMDDhhmmssZ`), as RFC
/// 5280 section 4.1.2.5 has them in certificates; told apart by their length.
[[nodiscard]] TIDEWIRE_BASE_API result<date_time> parse_asn1(std::string_view text);
/// Writes a UTCTime (13 characters) for the years 1950 to 2049, a GeneralizedTime (15) for others, as RFC
/// 5280 section 4.1.2.5 wants it.
[[nodiscard]] TIDEWIRE_BASE_API std::string format_asn1(const date_time& when);

}  // namespace date
}  // namespace tidewire
