#include <tidewire/base/date.hpp>

#include <gtest/gtest.h>

#include <clocale>
#include <string>

#include "support/exact.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::exact_block;

using parser = result<date_time> (*)(std::string_view);

result<date_time> parse_http_without_clock(std::string_view text) {
  return date::parse_http(text);
}

date_time moment(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0,
                 std::chrono::minutes offset = 0min) {
  const auto local = sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
                     std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  return {.time = local - offset, .offset = offset};
}
date_time without_offset(date_time when) {
  when.offset_known = false;
  return when;
}

void expect_parsed(parser parse, std::string_view text, const date_time& expected) {
  const exact_block copy(text);
  const auto found = parse(copy.text());
  ASSERT_TRUE(found) << text << ": " << found.error().message();
  EXPECT_EQ(found->time, expected.time) << text << ": " << date::format_iso8601(*found);
  EXPECT_EQ(found->fraction, expected.fraction) << text;
  EXPECT_EQ(found->offset, expected.offset) << text;
  EXPECT_EQ(found->offset_known, expected.offset_known) << text;
}

void expect_refused(parser parse, std::string_view text, std::string_view detail = {}) {
  const exact_block copy(text);
  const auto found = parse(copy.text());
  ASSERT_FALSE(found) << text;
  EXPECT_EQ(found.error(), condition::protocol);
  if (!detail.empty()) {
    EXPECT_EQ(found.error().detail(), "date, " + std::string(detail)) << text;
  }
}

// No truncation of a text is accepted, nor the text with one more character.
void expect_whole_only(parser parse, std::string_view text) {
  for (std::size_t size = 0; size < text.size(); ++size) expect_refused(parse, text.substr(0, size));
  for (const char more : {'x', '0', ':'}) expect_refused(parse, std::string(text) + more);
}

TEST(DateRfc5322, ReadsTheExamplesOfTheRfc) {
  const parser parse = date::parse_rfc5322;
  expect_parsed(parse, "Fri, 21 Nov 1997 09:55:06 -0600", moment(1997, 11, 21, 9, 55, 6, -6h));
  expect_parsed(parse, "Tue, 1 Jul 2003 10:52:37 +0200", moment(2003, 7, 1, 10, 52, 37, 2h));
  expect_parsed(parse, "Thu, 13 Feb 1969 23:32:54 -0330", moment(1969, 2, 13, 23, 32, 54, -210min));
  // Appendix A.5 and A.6.2.
  expect_parsed(parse,
                "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
                "(Newfoundland Time)",
                moment(1969, 2, 13, 23, 32, 0, -210min));
  expect_parsed(parse, "21 Nov 97 09:55:06 GMT", moment(1997, 11, 21, 9, 55, 6));
  expect_parsed(parse, "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
                moment(1997, 11, 21, 9, 55, 6, -6h));
}

TEST(DateRfc5322, TheDayOfTheWeekAndTheSecondsMayBeMissing) {
  expect_parsed(date::parse_rfc5322, "21 Nov 1997 09:55 -0600", moment(1997, 11, 21, 9, 55, 0, -6h));
  expect_parsed(date::parse_rfc5322, "Sat, 21 Nov 1997 09:55 -0600", moment(1997, 11, 21, 9, 55, 0, -6h));
}

TEST(DateRfc5322, ShortYearsAreThoseOfSection43) {
  expect_parsed(date::parse_rfc5322, "1 Jan 00 00:00 +0000", moment(2000, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 49 00:00 +0000", moment(2049, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 50 00:00 +0000", moment(1950, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 99 00:00 +0000", moment(1999, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 100 00:00 +0000", moment(2000, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 124 00:00 +0000", moment(2024, 1, 1));
  expect_parsed(date::parse_rfc5322, "1 Jan 0099 00:00 +0000", moment(99, 1, 1));
  expect_refused(date::parse_rfc5322, "1 Jan 9 00:00 +0000", "offset 6: expected a year");
  expect_refused(date::parse_rfc5322, "1 Jan 12024 00:00 +0000", "offset 10: expected a year up to 9999");
}

TEST(DateRfc5322, NamedZonesAreThoseOfSection43AndOthersAreUnknown) {
  const auto zone = [](std::string_view name) { return "1 Jan 2024 12:00:00 " + std::string(name); };
  const std::pair<std::string_view, std::chrono::minutes> known[] = {
      {"GMT", 0h},  {"UT", 0h},   {"UTC", 0h},  {"Z", 0h},    {"EST", -5h}, {"EDT", -4h}, {"CST", -6h},
      {"CDT", -5h}, {"MST", -7h}, {"MDT", -6h}, {"PST", -8h}, {"PDT", -7h}, {"est", -5h}};
  for (const auto& [name, offset] : known) {
    expect_parsed(date::parse_rfc5322, zone(name), moment(2024, 1, 1, 12, 0, 0, offset));
  }
  for (const std::string_view name : {"A", "M", "y", "CET", "NZDT", "-0000", "", " (what?)"}) {
    expect_parsed(date::parse_rfc5322, zone(name), without_offset(moment(2024, 1, 1, 12)));
  }
  expect_parsed(date::parse_rfc5322, zone("+0000"), moment(2024, 1, 1, 12));
  expect_parsed(date::parse_rfc5322, zone("+2359"), moment(2024, 1, 1, 12, 0, 0, 1439min));
  expect_parsed(date::parse_rfc5322, zone("-2359"), moment(2024, 1, 1, 12, 0, 0, -1439min));
  expect_parsed(date::parse_rfc5322, zone("-0001"), moment(2024, 1, 1, 12, 0, 0, -1min));
  expect_parsed(date::parse_rfc5322, zone("+01:30"), moment(2024, 1, 1, 12, 0, 0, 90min));
  for (const std::string_view name :
       {"+24", "+2400", "+0060", "+1", "+", "GMT+1", "+0000 x", "0000", "+00000"}) {
    expect_refused(date::parse_rfc5322, zone(name));
  }
}

TEST(DateRfc5322, CommentsMayStandBetweenTokensButNotTooDeep) {
  expect_parsed(date::parse_rfc5322,
                "(a)Fri(b(c)\\)),(d)21(e)Nov(f)1997(g)09(h):(i)55(j):(k)06(l)-0600(m)(n) ",
                moment(1997, 11, 21, 9, 55, 6, -6h));
  const std::string base = "1 Jan 2024 12:00:00 +0000 ";
  const auto nested = [&](std::size_t depth) {
    return base + std::string(depth, '(') + std::string(depth, ')');
  };
  expect_parsed(date::parse_rfc5322, nested(32), moment(2024, 1, 1, 12));
  expect_refused(date::parse_rfc5322, nested(33), "offset 58: expected comments less deep");
  expect_refused(date::parse_rfc5322, base + "(open", "offset 31: expected the end of a comment");
  expect_refused(date::parse_rfc5322, base + "(\\)", "offset 29: expected the end of a comment");
  expect_refused(date::parse_rfc5322, base + ")", "offset 26: expected the end");
  expect_parsed(date::parse_rfc5322, base + "(" + std::string(100'000, 'x') + ")", moment(2024, 1, 1, 12));
}

TEST(DateRfc5322, WhatReceivedMailHasBesidesIsAccepted) {
  const date_time expected = moment(2024, 2, 6, 7, 8, 9, 1h);
  for (const std::string_view text :
       {"Tuesday, 06 February 2024 07:08:09 +0100", "tue 6 feb 2024 7:08:09 +0100",
        "TUE,6 FEB 2024 07:08:09+0100", "Tue, 6-Feb-2024 07:08:09 +01:00",
        "Wed, 06 Feb 2024 07:08:09 +0100 (CET)"}) {
    expect_parsed(date::parse_rfc5322, text, expected);
  }
  expect_parsed(date::parse_rfc5322, "6 Sept 2024 7:08", without_offset(moment(2024, 9, 6, 7, 8)));
}

TEST(DateRfc5322, RefusesWhatIsNoDate) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "offset 0: expected a day of the month"},
      {"Fun, 21 Nov 1997 09:55:06 -0600", "offset 0: expected a day of the week"},
      {"Fr, 21 Nov 1997 09:55:06 -0600", "offset 0: expected a day of the week"},
      {"Fri, 0 Nov 1997 09:55:06 -0600", "offset 5: expected a day of the month"},
      {"Fri, 32 Nov 1997 09:55:06 -0600", "offset 5: expected a day of the month"},
      {"Fri, 31 Nov 1997 09:55:06 -0600", "offset 0: expected a day that is in the calendar"},
      {"29 Feb 1900 00:00 +0000", "offset 0: expected a day that is in the calendar"},
      {"21 Nev 1997 09:55:06 -0600", "offset 3: expected a month"},
      {"21 N 1997 09:55:06 -0600", "offset 3: expected a month"},
      {"21 Novo 1997 09:55:06 -0600", "offset 3: expected a month"},
      {"21 Nov 1997 24:00:00 -0600", "offset 12: expected an hour"},
      {"21 Nov 1997 09:60:06 -0600", "offset 15: expected a minute"},
      {"21 Nov 1997 09:5:06 -0600", "offset 15: expected a minute"},
      {"21 Nov 1997 09:55:61 -0600", "offset 18: expected a second"},
      {"21 Nov 1997 09.55 -0600", "offset 14: expected ':'"},
      {"21 Nov 1997", "offset 11: expected an hour"},
      {"21 Nov 1997 09:55:06 -0600 and more", "offset 27: expected the end"},
      {"2024-01-01T00:00:00Z", "offset 2: expected a month"},
  };
  for (const auto& [text, detail] : cases) expect_refused(date::parse_rfc5322, text, detail);
  expect_parsed(date::parse_rfc5322, "29 Feb 2000 00:00 +0000", moment(2000, 2, 29));
}

TEST(DateRfc5322, ALeapSecondIsTheSecondAfterIt) {
  expect_parsed(date::parse_rfc5322, "Sat, 31 Dec 2016 23:59:60 +0000", moment(2017, 1, 1));
  expect_refused(date::parse_rfc5322, "31 Dec 9999 23:59:60 +0000", "offset 0: expected a year up to 9999");
}

TEST(DateRfc5322, WritesTheFormOfSection33) {
  EXPECT_EQ(date::format_rfc5322(moment(1997, 11, 21, 9, 55, 6, -6h)), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(date::format_rfc5322(moment(2003, 7, 1, 10, 52, 37, 2h)), "Tue, 01 Jul 2003 10:52:37 +0200");
  EXPECT_EQ(date::format_rfc5322(moment(1969, 2, 13, 23, 32, 54, -210min)),
            "Thu, 13 Feb 1969 23:32:54 -0330");
  EXPECT_EQ(date::format_rfc5322(without_offset(moment(2024, 1, 1))), "Mon, 01 Jan 2024 00:00:00 -0000");
}

TEST(DateHttp, ReadsTheThreeFormsOfRfc9110) {
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    expect_parsed(parse_http_without_clock, text, moment(1994, 11, 6, 8, 49, 37));
    expect_whole_only(parse_http_without_clock, text);
  }
  expect_parsed(parse_http_without_clock, "Wed Nov 16 08:49:37 1994", moment(1994, 11, 16, 8, 49, 37));
  expect_parsed(parse_http_without_clock, "Sat, 31 Dec 2016 23:59:60 GMT", moment(2017, 1, 1));
}

TEST(DateHttp, AYearOfTwoDigitsIsNotMoreThanFiftyYearsAhead) {
  const auto year = [](std::string_view digits, std::optional<sys_seconds> now) {
    const std::string text = "Sunday, 06-Nov-" + std::string(digits) + " 08:49:37 GMT";
    return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(
                                                            date::parse_http(text, now).value().time))
                                .year());
  };
  const sys_seconds in_2024 = moment(2024, 6, 1).time;
  EXPECT_EQ(year("94", in_2024), 1994);
  EXPECT_EQ(year("24", in_2024), 2024);
  EXPECT_EQ(year("74", in_2024), 2074);
  EXPECT_EQ(year("75", in_2024), 1975);
  EXPECT_EQ(year("00", in_2024), 2000);
  EXPECT_EQ(year("10", moment(2070, 1, 1).time), 2110);
  EXPECT_EQ(year("21", moment(2070, 1, 1).time), 2021);
  EXPECT_EQ(year("69", std::nullopt), 2069);
  EXPECT_EQ(year("70", std::nullopt), 1970);
}

TEST(DateHttp, RefusesOtherForms) {
  for (const std::string_view text :
       {"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
        "Sun, 06-Nov-1994 08:49:37 GMT", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT"}) {
    expect_refused(parse_http_without_clock, text);
  }
}

TEST(DateHttp, WritesImfFixdateInUtc) {
  EXPECT_EQ(date::format_http(moment(1994, 11, 6, 8, 49, 37)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date::format_http(moment(1994, 11, 6, 2, 49, 37, -6h)), "Sun, 06 Nov 1994 08:49:37 GMT");
  exact_block room(29);
  date::format_http(moment(2024, 2, 29, 23, 59, 59), std::span<char, 29>(room.chars()));
  EXPECT_EQ(room.text(), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(DateImap, ReadsAndWritesInternalDates) {
  const date_time july = moment(1996, 7, 17, 2, 44, 25, -7h);
  expect_parsed(date::parse_imap, "17-Jul-1996 02:44:25 -0700", july);
  expect_whole_only(date::parse_imap, "17-Jul-1996 02:44:25 -0700");
  EXPECT_EQ(date::format_imap(july), "17-Jul-1996 02:44:25 -0700");
  const date_time february = moment(1994, 2, 1);
  for (const std::string_view text :
       {" 1-Feb-1994 00:00:00 +0000", "01-Feb-1994 00:00:00 +0000", "1-feb-1994 00:00:00 +0000"}) {
    expect_parsed(date::parse_imap, text, february);
  }
  EXPECT_EQ(date::format_imap(february), " 1-Feb-1994 00:00:00 +0000");
  EXPECT_EQ(date::format_imap_date(february), "1-Feb-1994");
  EXPECT_EQ(date::format_imap_date(july), "17-Jul-1996");
  for (const std::string_view text :
       {"", "\"17-Jul-1996 02:44:25 -0700\"", "17 Jul 1996 02:44:25 -0700", "17-Jul-96 02:44:25 -0700",
        "17-Jul-1996 02:44:25 GMT", "17-Jul-1996 02:44 -0700", "  7-Jul-1996 02:44:25 -0700",
        "17-Jul-1996 02:44:25 -2400", "31-Jun-1996 02:44:25 -0700"}) {
    expect_refused(date::parse_imap, text);
  }
}

TEST(DateIso8601, ReadsTheExamplesOfRfc3339) {
  for (const parser parse : {date::parse_iso8601, date::parse_rfc3339}) {
    date_time fraction = moment(1985, 4, 12, 23, 20, 50);
    fraction.fraction = 520ms;
    expect_parsed(parse, "1985-04-12T23:20:50.52Z", fraction);
    expect_parsed(parse, "1996-12-19T16:39:57-08:00", moment(1996, 12, 19, 16, 39, 57, -8h));
    expect_parsed(parse, "1990-12-31T23:59:60Z", moment(1991, 1, 1));
    expect_parsed(parse, "1990-12-31T15:59:60-08:00", moment(1990, 12, 31, 16, 0, 0, -8h));
    fraction = moment(1937, 1, 1, 12, 0, 27, 20min);
    fraction.fraction = 870ms;
    expect_parsed(parse, "1937-01-01t12:00:27.87+00:20", fraction);
    expect_parsed(parse, "2024-01-01T00:00:00-00:00", without_offset(moment(2024, 1, 1)));
  }
  expect_whole_only(date::parse_rfc3339, "1996-12-19T16:39:57-08:00");
  expect_whole_only(date::parse_rfc3339, "1985-04-12T23:20:50Z");
}

TEST(DateIso8601, FractionsAreCutAtTheNanosecond) {
  const auto fraction = [](std::string_view digits) {
    return date::parse_iso8601("2024-01-01T00:00:00." + std::string(digits) + "Z").value().fraction.count();
  };
  EXPECT_EQ(fraction("1"), 100'000'000);
  EXPECT_EQ(fraction("000000001"), 1);
  EXPECT_EQ(fraction("0000000019"), 1);
  EXPECT_EQ(fraction("999999999999999999999999999"), 999'999'999);
  EXPECT_EQ(date::parse_iso8601("2024-01-01T00:00:00,5Z").value().fraction, 500ms);
  expect_refused(date::parse_iso8601, "2024-01-01T00:00:00.Z", "offset 20: expected a fraction of a second");
  expect_refused(date::parse_rfc3339, "2024-01-01T00:00:00,5Z");
}

TEST(DateIso8601, PartsMayBeLeftOutOrWrittenShort) {
  const date_time day = without_offset(moment(2024, 2, 1));
  expect_parsed(date::parse_iso8601, "2024-02-01", day);
  expect_parsed(date::parse_iso8601, "20240201", day);
  expect_parsed(date::parse_iso8601, "2024-02", day);
  expect_parsed(date::parse_iso8601, "2024", without_offset(moment(2024, 1, 1)));
  expect_parsed(date::parse_iso8601, "2024-02-01T12:34Z", moment(2024, 2, 1, 12, 34));
  expect_parsed(date::parse_iso8601, "2024-02-01 12:34:56", without_offset(moment(2024, 2, 1, 12, 34, 56)));
  expect_parsed(date::parse_iso8601, "20240201T123456Z", moment(2024, 2, 1, 12, 34, 56));
  expect_parsed(date::parse_iso8601, "20240201T1234+0130", moment(2024, 2, 1, 12, 34, 0, 90min));
  expect_parsed(date::parse_iso8601, "2024-02-01T12:34+02", moment(2024, 2, 1, 12, 34, 0, 2h));
  expect_parsed(date::parse_iso8601, "2024-02-01T24:00:00Z", moment(2024, 2, 2));
  for (const std::string_view text : {"",
                                      "202",
                                      "2024-",
                                      "2024-1-1",
                                      "2024-02-",
                                      "202402",
                                      "2024-0201",
                                      "2024-02-01T",
                                      "2024-02-01T12",
                                      "2024-02-01Z",
                                      "2024-02-01T12:34:",
                                      "2024-02-01T24:00:01Z",
                                      "2024-02-01T24:01Z",
                                      "2024-02-01T25:00Z",
                                      "2024-02-01T12:60Z",
                                      "2024-02-01T12:34:61Z",
                                      "2024-02-30",
                                      "2024-13-01",
                                      "2024-00-01",
                                      "2024-02-00",
                                      "-2024-02-01",
                                      "+002024-02-01",
                                      "2024-W05-4",
                                      "2024-032x",
                                      "2024-02-01T12:34+",
                                      "2024-02-01T12:34+2",
                                      "2024-02-01T12:34+24:00",
                                      "2024-02-01T12:34+02:",
                                      "2024-02-01T12:34+02:60",
                                      "2024-02-01T12:34ZZ",
                                      "2024-02T12:34Z",
                                      "2024-02-01  12:34"}) {
    expect_refused(date::parse_iso8601, text);
  }
  for (const std::string_view text :
       {"2024-02-01", "2024-02-01T12:34Z", "2024-02-01 12:34:56Z", "20240201T123456Z", "2024-02-01T12:34:56",
        "2024-02-01T12:34:56+0100", "2024-02-01T24:00:00Z"}) {
    expect_refused(date::parse_rfc3339, text);
  }
}

TEST(DateIso8601, WritesWhatRfc3339Reads) {
  date_time when = moment(1997, 11, 21, 9, 55, 6, -6h);
  EXPECT_EQ(date::format_iso8601(when), "1997-11-21T09:55:06-06:00");
  EXPECT_EQ(date::format_iso8601(when, 3), "1997-11-21T09:55:06.000-06:00");
  when.offset = 0h;
  EXPECT_EQ(date::format_iso8601(when), "1997-11-21T15:55:06Z");
  when.fraction = 250ms;
  EXPECT_EQ(date::format_iso8601(when), "1997-11-21T15:55:06.250Z");
  EXPECT_EQ(date::format_iso8601(when, 0), "1997-11-21T15:55:06Z");
  EXPECT_EQ(date::format_iso8601(when, 1), "1997-11-21T15:55:06.2Z") << "cut, not rounded";
  when.fraction = 1us;
  EXPECT_EQ(date::format_iso8601(when), "1997-11-21T15:55:06.000001Z");
  when.fraction = 1ns;
  EXPECT_EQ(date::format_iso8601(when), "1997-11-21T15:55:06.000000001Z");
  EXPECT_EQ(date::format_iso8601(when, 99), "1997-11-21T15:55:06.000000001Z");
  EXPECT_EQ(date::format_iso8601(without_offset(moment(2024, 1, 1))), "2024-01-01T00:00:00Z");
}

TEST(DateAsn1, ReadsAndWritesBothTimesOfRfc5280) {
  expect_parsed(date::parse_asn1, "910506234540Z", moment(1991, 5, 6, 23, 45, 40));
  expect_parsed(date::parse_asn1, "500101000000Z", moment(1950, 1, 1));
  expect_parsed(date::parse_asn1, "491231235959Z", moment(2049, 12, 31, 23, 59, 59));
  expect_parsed(date::parse_asn1, "20500101000000Z", moment(2050, 1, 1));
  expect_parsed(date::parse_asn1, "99991231235959Z", moment(9999, 12, 31, 23, 59, 59));
  expect_whole_only(date::parse_asn1, "910506234540Z");
  expect_whole_only(date::parse_asn1, "20500101000000Z");
  expect_refused(date::parse_asn1, "9105062345Z");
  expect_refused(date::parse_asn1, "910506234540+0000");
  expect_refused(date::parse_asn1, "20500101000000.5Z");
  expect_refused(date::parse_asn1, "910532234540Z");
  for (const std::string_view text : {"910506234540Z", "500101000000Z", "491231235959Z", "20500101000000Z",
                                      "19491231235959Z", "99991231235959Z"}) {
    EXPECT_EQ(date::format_asn1(date::parse_asn1(text).value()), text);
  }
}

TEST(Date, EveryDayOfTwoCenturiesComesBackInEveryForm) {
  const sys_days last = std::chrono::year(2101) / 1 / 1;
  for (sys_days day = std::chrono::year(1899) / 1 / 1; day < last; day += std::chrono::days(1)) {
    const date_time when{.time = day + 86399s, .offset = 90min};
    const date_time utc{.time = when.time};
    ASSERT_EQ(date::parse_rfc5322(date::format_rfc5322(when)).value(), when);
    ASSERT_EQ(date::parse_imap(date::format_imap(when)).value(), when);
    ASSERT_EQ(date::parse_rfc3339(date::format_iso8601(when)).value(), when);
    ASSERT_EQ(date::parse_iso8601(date::format_iso8601(when)).value(), when);
    ASSERT_EQ(date::parse_http(date::format_http(when)).value(), utc);
    ASSERT_EQ(date::parse_asn1(date::format_asn1(when)).value(), utc);
  }
}

TEST(Date, MomentsThatCannotBeWrittenAreBroughtToTheNearest) {
  for (const auto offset :
       {-1439min, 0min, 1439min, std::chrono::minutes::max(), std::chrono::minutes::min()}) {
    const date_time first{.time = sys_seconds::min(), .offset = offset};
    const date_time last{
        .time = sys_seconds::max(), .fraction = std::chrono::nanoseconds::max(), .offset = offset};
    EXPECT_EQ(date::format_iso8601(first).substr(0, 19), "0000-01-01T00:00:00");
    EXPECT_EQ(date::format_iso8601(last, 0).substr(0, 19), "9999-12-31T23:59:59");
    EXPECT_EQ(date::format_http(first), "Sat, 01 Jan 0000 00:00:00 GMT");
    EXPECT_EQ(date::format_http(last), "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(date::format_rfc5322(last).substr(0, 25), "Fri, 31 Dec 9999 23:59:59");
    EXPECT_EQ(date::format_imap(first).substr(0, 20), " 1-Jan-0000 00:00:00");
    EXPECT_EQ(date::format_asn1(first), "00000101000000Z");
  }
}

TEST(Date, IsMadeFromTheSystemClock) {
  const date_time before_1970 = date::from(std::chrono::system_clock::time_point(-1ms), 1h);
  EXPECT_EQ(before_1970.time, sys_seconds(-1s));
  EXPECT_EQ(before_1970.fraction, 999ms);
  EXPECT_EQ(date::format_iso8601(before_1970), "1970-01-01T00:59:59.999+01:00");
  EXPECT_EQ(date::from(std::chrono::system_clock::time_point(), 100h).offset, 1439min);
}

TEST(Date, LocalTimeIsWhatAClockOnTheWallShowed) {
  EXPECT_EQ(moment(1997, 11, 21, 9, 55, 6, -6h).local().time_since_epoch(),
            moment(1997, 11, 21, 9, 55, 6).time.time_since_epoch());
}

TEST(Date, TheLocaleDoesNotMatter) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", ""}) std::setlocale(LC_ALL, name);
  const std::string text = "Wed, 01 May 2024 00:00:00 GMT";
  EXPECT_EQ(date::format_http(date::parse_http(text).value()), text);
  std::setlocale(LC_ALL, before.c_str());
}

}  // namespace
}  // namespace tidewire
