#include <tidewire/mime/calendar.hpp>
#include <tidewire/mime/message.hpp>
#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/exact.hpp"

namespace tidewire::mime {
namespace {

using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::year;

constexpr local_days july(unsigned day) {
  return local_days(year(1997) / 7 / std::chrono::day(day));
}

std::string event(std::string_view lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" + std::string(lines) +
         "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}
calendar_component only(std::string_view lines) {
  calendar read = parse_calendar(event(lines));
  EXPECT_TRUE(read.well_formed) << lines;
  EXPECT_EQ(read.components.size(), 1U);
  return read.components.empty() ? calendar_component() : std::move(read.components.front());
}
bool well_formed(std::string_view lines) {
  return parse_calendar(event(lines)).well_formed;
}

// After RFC 5546 section 4.2.1.
constexpr std::string_view request =
    "BEGIN:VCALENDAR\r\n"
    "PRODID:-//Example/ExampleCalendarClient//EN\r\n"
    "METHOD:REQUEST\r\n"
    "VERSION:2.0\r\n"
    "BEGIN:VTIMEZONE\r\n"
    "TZID:America/New_York\r\n"
    "BEGIN:STANDARD\r\n"
    "DTSTART:19971026T020000\r\n"
    "END:STANDARD\r\n"
    "END:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\n"
    "ORGANIZER;CN=\"Ada; of the tides\":mailto:a@example.com\r\n"
    "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN=BIG A:Mailto:a@example.com\r\n"
    "ATTENDEE;RSVP=TRUE;ROLE=REQ-PARTICIPANT;CUTYPE=individual:mailto:b@exam\r\n"
    " ple.com\r\n"
    "ATTENDEE;RSVP=FALSE;CUTYPE=ROOM;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE:conf_big%2B1@example.com\r\n"
    "DTSTAMP:19970611T190000Z\r\n"
    "DTSTART;TZID=America/New_York:19970701T130000\r\n"
    "DTEND:19970701T200000Z\r\n"
    "SUMMARY:Con\r\n"
    "\tference\\, in\\nGr\xC3\xBC\xC3\r\n"
    " \x9F\x65n\r\n"
    "UID:calsrv.example.com-873970198738777@example.com\r\n"
    "SEQUENCE:7\r\n"
    "STATUS:confirmed\r\n"
    "BEGIN:VALARM\r\n"
    "SUMMARY:not this\r\n"
    "END:VALARM\r\n"
    "END:VEVENT\r\n"
    "END:VCALENDAR\r\n";

TEST(MimeCalendar, ReadsAnInvitation) {
  const calendar read = parse_calendar(request);
  EXPECT_TRUE(read.well_formed);
  EXPECT_EQ(read.method, "REQUEST");
  EXPECT_EQ(read.product, "-//Example/ExampleCalendarClient//EN");
  ASSERT_EQ(read.components.size(), 1U);
  const calendar_component& one = read.components[0];
  EXPECT_EQ(one.kind, calendar_kind::event);
  EXPECT_EQ(one.uid, "calsrv.example.com-873970198738777@example.com");
  EXPECT_EQ(one.sequence, 7U);
  EXPECT_EQ(one.status, "CONFIRMED");
  EXPECT_EQ(one.summary, "Conference, in\nGr\xC3\xBC\xC3\x9F\x65n") << "a character was cut by a fold";
  EXPECT_EQ(one.start, (calendar_time{july(1) + 13h, false, false, "America/New_York"}));
  EXPECT_EQ(one.end, (calendar_time{july(1) + 20h, false, true, ""}));
  EXPECT_EQ(one.end->utc(), std::chrono::sys_days(year(1997) / 7 / 1) + 20h);
  EXPECT_FALSE(one.start->utc());
  ASSERT_TRUE(one.organizer);
  EXPECT_EQ(one.organizer->address, "a@example.com");
  EXPECT_EQ(one.organizer->name, "Ada; of the tides");
  ASSERT_EQ(one.attendees.size(), 3U);
  EXPECT_EQ(one.attendees[0].status, participation::accepted);
  EXPECT_EQ(one.attendees[0].role, participant_role::chair);
  EXPECT_EQ(one.attendees[0].address, "a@example.com");
  EXPECT_EQ(one.attendees[1].address, "b@example.com");
  EXPECT_EQ(one.attendees[1].status, participation::needs_action);
  EXPECT_EQ(one.attendees[1].kind, "INDIVIDUAL");
  EXPECT_TRUE(one.attendees[1].rsvp);
  EXPECT_EQ(one.attendees[2].address, "conf_big%2B1@example.com") << "no mailto: URI";
  EXPECT_EQ(one.attendees[2].status, participation::tentative);
  EXPECT_EQ(one.attendees[2].role, participant_role::optional);
  EXPECT_EQ(one.properties.size(), 11U);
  EXPECT_EQ(one.properties[0].name, "ORGANIZER");
}

TEST(MimeCalendar, ReadsAnAnswerToOneOfASeries) {
  const calendar_component one = only(
      "UID:1\r\nRECURRENCE-ID;VALUE=DATE:19970714\r\nRRULE:FREQ=DAILY\r\n"
      "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:c@example.com\",\"mailto:d@example.com\";"
      "SENT-BY=\"mailto:s@example.com\":mailto:b@example.com");
  EXPECT_EQ(one.recurrence_id, (calendar_time{july(14), true, false, ""}));
  EXPECT_EQ(one.rule, "FREQ=DAILY");
  ASSERT_EQ(one.attendees.size(), 1U);
  EXPECT_EQ(one.attendees[0].status, participation::delegated);
  EXPECT_EQ(one.attendees[0].delegated_to, "c@example.com");
  EXPECT_EQ(one.attendees[0].sent_by, "s@example.com");
}

TEST(MimeCalendar, KnowsEachWordOfRfc5545) {
  const auto status = [](const std::string& word) {
    return only("ATTENDEE;PARTSTAT=" + word + ":mailto:a@b.c").attendees.at(0).status;
  };
  EXPECT_EQ(status("needs-action"), participation::needs_action);
  EXPECT_EQ(status("Accepted"), participation::accepted);
  EXPECT_EQ(status("DECLINED"), participation::declined);
  EXPECT_EQ(status("TENTATIVE"), participation::tentative);
  EXPECT_EQ(status("COMPLETED"), participation::completed);
  EXPECT_EQ(status("IN-PROCESS"), participation::in_process);
  EXPECT_EQ(status("X-MAYBE"), participation::unknown);
  EXPECT_EQ(only("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:a@b.c").attendees[0].role, participant_role::none);
  EXPECT_EQ(only("ATTENDEE;ROLE=X-GUEST:mailto:a@b.c").attendees[0].role, participant_role::unknown);
  const calendar kinds = parse_calendar(
      "BEGIN:VCALENDAR\nBEGIN:VTODO\nDUE:19970714\nEND:VTODO\nBEGIN:VJOURNAL\nEND:VJOURNAL\n"
      "BEGIN:VFREEBUSY\nEND:VFREEBUSY\nBEGIN:X-OTHER\nSUMMARY:x\nEND:X-OTHER\nEND:VCALENDAR\n");
  EXPECT_TRUE(kinds.well_formed);
  ASSERT_EQ(kinds.components.size(), 3U);
  EXPECT_EQ(kinds.components[0].kind, calendar_kind::todo);
  EXPECT_EQ(kinds.components[0].end, (calendar_time{july(14), true, false, ""}));
  EXPECT_EQ(kinds.components[1].kind, calendar_kind::journal);
  EXPECT_EQ(kinds.components[2].kind, calendar_kind::free_busy);
}

TEST(MimeCalendar, EndsByADurationWhereNoEndIsSaid) {
  const auto lasting = [](const std::string& duration) {
    const calendar_component one = only("DURATION:" + duration + "\r\nDTSTART:19970714T120000Z");
    return one.end->local - one.start->local;
  };
  EXPECT_EQ(lasting("PT1H"), 1h);
  EXPECT_EQ(lasting("P15DT5H0M20S"), 15 * 24h + 5h + 20s);
  EXPECT_EQ(lasting("P7W"), 49 * 24h);
  EXPECT_EQ(lasting("-PT15M"), -15min);
  EXPECT_EQ(lasting("+PT1H30M"), 90min);
  EXPECT_TRUE(only("DTSTART;VALUE=DATE:19970714\r\nDURATION:P2D").end->is_date);
  for (const std::string_view bad : {"", "P", "PT", "1H", "P1H", "PT1D", "P1DT1", "PT1M1H", "PH", "P1X",
                                     "PT1000001S", "PT99999999999S", "P1D1D"})
    EXPECT_FALSE(well_formed("DTSTART:19970714T120000Z\r\nDURATION:" + std::string(bad))) << bad;
  EXPECT_EQ(only("DTSTART:19970714T120000Z\r\nDTEND:19970714T130000Z\r\nDURATION:PT5H").end->local,
            july(14) + 13h);
}

TEST(MimeCalendar, LeavesOutWhatIsNoTime) {
  for (const std::string_view bad :
       {"", "1997", "19970732", "19971314T000000", "19970714T250000", "19970714 130000",
        "19970714T130000+0100", "1997-07-14", "19970714T1300", "19970714T130000ZZ"}) {
    const calendar read = parse_calendar(event("DTSTART:" + std::string(bad)));
    EXPECT_FALSE(read.well_formed) << bad;
    EXPECT_FALSE(read.components.at(0).start) << bad;
  }
  EXPECT_FALSE(well_formed("SEQUENCE:-1"));
  EXPECT_FALSE(well_formed("SEQUENCE:4294967296"));
}

TEST(MimeCalendar, DecodesTextsAndParameters) {
  const calendar_component one = only(
      "DESCRIPTION;LANGUAGE=en;ALTREP=\"cid:a,b\":a\\\\b\\;c\\Nd\\\r\nLOCATION;X=1;X=2:x:y;z\r\n"
      "ORGANIZER;CN=^'Ada^' ^^ ^n ^x:mailto:a%40b@example.org?subject=x");
  EXPECT_EQ(one.description, "a\\b;c\nd\\");
  EXPECT_EQ(one.location, "x:y;z");
  EXPECT_EQ(one.properties[0].parameters.get("altrep"), "cid:a,b");
  EXPECT_EQ(one.properties[1].parameters.get("x"), "1");
  EXPECT_EQ(one.organizer->name, "\"Ada\" ^ \n ^x");
  EXPECT_EQ(one.organizer->address, "a@b@example.org");
}

TEST(MimeCalendar, GivesNoAddressThatWouldBreakAHeader) {
  EXPECT_EQ(only("ORGANIZER:mailto:a@b.c%0D%0ABcc:%20d@e.f").organizer->address, "");
  EXPECT_EQ(only("ATTENDEE;SENT-BY=\"mailto:%00\":mailto:%FF").attendees[0].address, "");
}

TEST(MimeCalendar, MakesTheBestOfWhatIsNotOfTheGrammar) {
  const calendar read = parse_calendar(
      "rubbish\nBEGIN:OTHER\n\xEF\xBB\xBF\nbegin:vcalendar\nno property\nMETHOD:reply\n;:x\n"
      "BEGIN:VEVENT\nUID:1\nA;B:x\nA;B=\"open:x\nA\nBEGIN:VALARM\nEND:VEVENT\nEND:NOTHING\nEND:"
      "VCALENDAR\nUID:2\n");
  EXPECT_FALSE(read.well_formed);
  EXPECT_EQ(read.method, "REPLY");
  ASSERT_EQ(read.components.size(), 1U);
  EXPECT_EQ(read.components[0].uid, "1");
  EXPECT_EQ(read.components[0].properties.size(), 1U);
  const calendar cut = parse_calendar("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:3");
  EXPECT_FALSE(cut.well_formed);
  EXPECT_EQ(cut.components.at(0).uid, "3");
  EXPECT_FALSE(parse_calendar("").well_formed);
  EXPECT_EQ(parse_calendar("\xEF\xBB\xBF" + std::string(request)).components.size(), 1U);
  std::string unix_text(request);
  std::erase(unix_text, '\r');
  EXPECT_EQ(parse_calendar(unix_text).components.at(0).summary,
            parse_calendar(request).components[0].summary);
}

TEST(MimeCalendar, StopsAtEachOfItsLimits) {
  std::string many = "BEGIN:VCALENDAR\n";
  for (std::size_t i = 0; i <= max_calendar_components; ++i) many += "BEGIN:VEVENT\nEND:VEVENT\n";
  many += "END:VCALENDAR\n";
  calendar read = parse_calendar(many);
  EXPECT_EQ(read.components.size(), max_calendar_components);
  EXPECT_FALSE(read.well_formed);

  std::string properties;
  for (std::size_t i = 0; i < max_calendar_properties - 5; ++i) properties += "X:y\n";
  EXPECT_TRUE(well_formed(properties));
  EXPECT_FALSE(well_formed(properties + "X:y\n"));

  std::string parameters = "X";
  for (std::size_t i = 0; i <= max_calendar_parameters; ++i) parameters += ";A" + std::to_string(i) + "=1";
  EXPECT_EQ(only(parameters + ":y").properties.at(0).parameters.size(), max_calendar_parameters);

  EXPECT_FALSE(well_formed("X:" + std::string(max_calendar_size, 'y')));
  EXPECT_TRUE(well_formed("X:" + std::string(max_calendar_size / 2, 'y')));

  std::string deep = "BEGIN:VCALENDAR\n";
  for (int i = 0; i < 100'000; ++i) deep += "BEGIN:A\n";
  EXPECT_FALSE(parse_calendar(deep).well_formed);
}

TEST(MimeCalendar, EndsAtEachTruncationWithoutHarm) {
  for (std::size_t end = 0; end < request.size(); ++end) {
    const tidewire::testing::exact_block copy(request.substr(0, end));
    const calendar read = parse_calendar(copy.text());
    EXPECT_LE(read.components.size(), 1U);
    // But for the line break at the end, nothing of it is optional.
    EXPECT_EQ(read.well_formed, end + 2 >= request.size()) << end;
  }
}

TEST(MimeCalendar, FindsTheInvitationThatMessageWrote) {
  std::string text(request);
  text.erase(text.find("\r\n \x9F"), 3);
  message mail({1, 2}, {});
  mail.from("a@example.com").to("b@example.com").text("Come!").calendar("REQUEST", text);
  for (const bool eight_bit : {false, true}) {
    const parsed_message back = parse(mail.str({.eight_bit = eight_bit}));
    const auto read = read_calendar(back);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->well_formed);
    EXPECT_EQ(read->source.content_type().parameters.get("method"), "REQUEST");
    EXPECT_EQ(read->components.at(0).summary, "Conference, in\nGr\xC3\xBC\xC3\x9F\x65n");
    EXPECT_EQ(back.text(), "Come!");
  }
  const parsed_message none = parse("Subject: x\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
  EXPECT_FALSE(read_calendar(none));
}

TEST(MimeCalendar, ReadsFilesAndOtherCharsets) {
  const parsed_message mail = parse(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
      "Content-Type: application/ics; charset=iso-8859-1; method=CANCEL\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n"
      "\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:caf=E9\r\nEND:VEVENT\r\nEND:"
      "VCALENDAR\r\n--b--\r\n");
  const auto read = read_calendar(mail);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->components.at(0).summary, "caf\xC3\xA9");
  EXPECT_FALSE(read->well_formed) << "the methods differ: RFC 6047 section 2.4";
  EXPECT_EQ(read->source.index(), 2U);
}

}  // namespace
}  // namespace tidewire::mime
