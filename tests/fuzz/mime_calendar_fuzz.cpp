// Calendars: whatever they are, the answers keep to the limits, and no address could break a header.
#include <tidewire/mime/calendar.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <string>

#include "fuzz_support.hpp"

using tidewire::fuzz::require;
namespace mime = tidewire::mime;

namespace {

void look_at(const mime::calendar& read) {
  require(read.components.size() <= mime::max_calendar_components);
  for (const mime::calendar_component& one : read.components) {
    require(one.properties.size() <= mime::max_calendar_properties);
    require(one.attendees.size() <= one.properties.size());
    for (const mime::calendar_person& who : one.attendees)
      require(who.address.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    for (const mime::calendar_property& property : one.properties) {
      require(!property.name.empty() && property.parameters.size() <= mime::max_calendar_parameters);
      require(property.text().size() <= property.value.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at(mime::parse_calendar(text));
  const mime::parsed_message mail =
      mime::parse("Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" + std::string(text));
  const auto read = mime::read_calendar(mail);
  require(read.has_value());
  look_at(*read);
  return 0;
}
