// What a server tells of any message is what a client can read: envelopes and structures are tokens of the
// grammar, and each part that the structure has can be fetched.

#include <tidewire/imap/described_message.hpp>
#include <tidewire/imap/response_reader.hpp>
#include <tidewire/mime/parser.hpp>

#include <string>
#include <string_view>
#include <variant>

#include "fuzz_support.hpp"

using namespace tidewire;
using tidewire::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const mime::parsed_message message = mime::parse_in_place(source, {.max_depth = 20, .max_parts = 200});
  std::string wire = "* 1 FETCH (ENVELOPE ";
  imap::append_envelope(wire, message.root());
  wire += " BODYSTRUCTURE ";
  imap::append_body_structure(wire, message.root());
  wire += " BODY ";
  imap::append_body_structure(wire, message.root(), false);
  wire += ")\r\n";
  const auto parsed = imap::parse_response(wire);
  require(parsed.has_value());
  const auto* told = std::get_if<imap::message_data>(&*parsed);
  require(told != nullptr && told->envelope && told->structure);
  for (const imap::body_part* part : told->structure->leaves()) {
    require(!part->section.empty());
    const auto bytes = imap::section_bytes(message.root(), imap::section(part->section));
    require(bytes && bytes->size() == part->size);
    require(imap::section_bytes(message.root(), imap::section::binary(part->section)).has_value());
  }
  require(imap::section_bytes(message.root(), imap::section::whole()) == source);
  const auto header = imap::section_bytes(message.root(), imap::section::header());
  const auto text = imap::section_bytes(message.root(), imap::section::text());
  require(header && text && *header + *text == source);
  (void)imap::section_bytes(message.root(), imap::section::header_fields({"subject"}));
  (void)imap::section_bytes(message.root(), imap::section::header_fields_not({"subject"}));
  return 0;
}
