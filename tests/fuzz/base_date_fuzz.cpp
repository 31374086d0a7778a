// Dates: what one form reads, each form writes so that it reads the same again.

#include <tidewire/base/date.hpp>

#include <string>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using fuzz::require;

void check(const result<date_time>& parsed) {
  if (!parsed) {
    require(parsed.code() == errc::malformed && !parsed.error().detail().empty());
    return;
  }
  const date_time& when = *parsed;
  require(when.fraction.count() >= 0 && when.fraction.count() < 1'000'000'000);
  require(when.offset_known || when.offset.count() == 0);
  date_time known = when;
  known.offset_known = true;
  require(date::parse_rfc3339(date::format_iso8601(when, 9)).value() == known);
  require(date::parse_iso8601(date::format_iso8601(when)).value() == known);
  date_time whole = when;
  whole.fraction = {};
  require(date::parse_rfc5322(date::format_rfc5322(when)).value() == whole);
  whole.offset_known = true;
  require(date::parse_imap(date::format_imap(when)).value() == whole);
  // The year in UTC may be one that cannot be written.
  const std::string http = date::format_http(when);
  require(date::format_http(date::parse_http(http).value()) == http);
  const std::string asn1 = date::format_asn1(when);
  require(date::format_asn1(date::parse_asn1(asn1).value()) == asn1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(date::parse_rfc5322(text));
  check(date::parse_http(text));
  check(date::parse_http(text, std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000))));
  check(date::parse_imap(text));
  check(date::parse_iso8601(text));
  check(date::parse_asn1(text));
  const auto strict = date::parse_rfc3339(text);
  check(strict);
  if (strict) require(date::parse_iso8601(text).value() == *strict);
  return 0;
}
