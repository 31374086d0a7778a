/// @file
/// Invitations and answers to them (text/calendar: RFC 5545, RFC 5546, RFC 6047), as mail brings them.
/// `message::calendar` writes them.
///
/// @code
/// if (auto invitation = mime::read_calendar(mail); invitation && invitation->method == "REQUEST")
///   for (auto& event : invitation->components) offer(event.summary, event.start, event.organizer);
/// @endcode
#pragma once

#include <tidewire/mime/parsed_message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// Bytes of a calendar that are read: 1 MiB. The rest is passed over.
inline constexpr std::size_t max_calendar_size = std::size_t{1} << 20;
/// Events and the like of one calendar: 1,000. Further ones are passed over.
inline constexpr std::size_t max_calendar_components = 1'000;
/// Properties in all: 20,000. The calendar ends there.
inline constexpr std::size_t max_calendar_properties = 20'000;
/// Parameters of one property: 64. Further ones are passed over.
inline constexpr std::size_t max_calendar_parameters = 64;

/// A moment of a calendar. Without a zone it is that time wherever one is.
struct TIDEWIRE_MIME_API calendar_time {
  std::chrono::local_seconds local{};  ///< What a clock there shows; midnight if it is a day.
  bool is_date = false;                ///< A whole day (VALUE=DATE).
  bool is_utc = false;                 ///< In UTC.
  std::string zone;                    ///< TZID: the name of a zone, often "Europe/Vienna"; empty if none.

  /// The moment, if it is told in UTC.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> utc() const noexcept;
  friend bool operator==(const calendar_time&, const calendar_time&) = default;
};

/// What a component of a calendar is.
enum class calendar_kind : std::uint8_t { event, todo, journal, free_busy };
/// What somebody says to an invitation (PARTSTAT).
enum class participation : std::uint8_t {
  needs_action,  ///< Nothing yet.
  accepted,
  declined,
  tentative,
  delegated,
  completed,
  in_process,
  unknown,  ///< A word that RFC 5545 does not have.
};
/// What somebody is in it (ROLE).
enum class participant_role : std::uint8_t { required, chair, optional, none, unknown };

/// The organiser, or somebody who is invited.
struct calendar_person {
  std::string
      address;       ///< Without `mailto:`, decoded; another kind of URI as it is. Whatever the sender wrote.
  std::string name;  ///< CN
  participation status = participation::needs_action;
  participant_role role = participant_role::required;
  bool rsvp = false;         ///< An answer is wanted.
  std::string kind;          ///< CUTYPE in upper case: "INDIVIDUAL", "ROOM"; empty if not said.
  std::string sent_by;       ///< SENT-BY, as `address`.
  std::string delegated_to;  ///< DELEGATED-TO: the first.

  friend bool operator==(const calendar_person&, const calendar_person&) = default;
};

/// A property: `NAME;PARAMETER=value:value`.
struct TIDEWIRE_MIME_API calendar_property {
  std::string name;           ///< In upper case.
  parameter_list parameters;  ///< Of each its first value, decoded (RFC 6868).
  std::string value;          ///< As it stands: text has its escapes.

  /// `value` as text: its escapes decoded (RFC 5545 section 3.3.11).
  [[nodiscard]] std::string text() const;
};

/// An event, a task, an entry of a journal, or times that are taken.
struct calendar_component {
  calendar_kind kind{};
  std::string uid;             ///< What it is told apart by, through all its changes.
  std::uint32_t sequence = 0;  ///< Which version of it: a higher one replaces it.
  std::string summary;         ///< Its title.
  std::string description;
  std::string location;
  std::string status;  ///< "CONFIRMED", "CANCELLED", in upper case; empty if not said.
  std::optional<calendar_time> start;
  /// When it ends, or is due: as it says, or by its duration.
  std::optional<calendar_time> end;
  std::optional<calendar_time> recurrence_id;  ///< Which one of a series, by its original start.
  std::optional<calendar_time> stamp;          ///< When it was written (DTSTAMP).
  std::string rule;                            ///< RRULE, as it stands; empty if it is no series.
  std::optional<calendar_person> organizer;
  std::vector<calendar_person> attendees;
  std::vector<calendar_property> properties;  ///< All of them, but for those of what is within it.
};

/// A calendar.
struct calendar {
  std::string method;   ///< METHOD in upper case: "REQUEST", "REPLY", "CANCEL", "COUNTER"; empty if none.
  std::string product;  ///< PRODID: which program wrote it.
  std::vector<calendar_component> components;  ///< Not VTIMEZONE, and what is not known.
  /// False if something was not of the grammar, was too much, or METHOD is not what the Content-Type says
  /// (RFC 6047 section 2.4).
  bool well_formed = true;
  part source;  ///< The part that it was read from; null if it was read from a text.
};

/// Reads a calendar: the first VCALENDAR of a text in UTF-8. Never fails: what is no property, or no time, is
/// left out, and `well_formed` is false. Lines may end with LF alone.
[[nodiscard]] TIDEWIRE_MIME_API calendar parse_calendar(std::string_view text);

/// The first calendar of a message: a part text/calendar or application/ics, whether it is a form of the text
/// or a file. Nothing if there is none.
[[nodiscard]] TIDEWIRE_MIME_API std::optional<calendar> read_calendar(const parsed_message& mail);
/// `source` would point into a message that is gone.
std::optional<calendar> read_calendar(parsed_message&&) = delete;

}  // namespace tidewire::mime
