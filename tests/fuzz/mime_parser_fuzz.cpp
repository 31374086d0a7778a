// Messages: any split gives the same message, parts lie within each other, and every question has an answer.
#include <tidewire/mime.hpp>

#include <algorithm>
#include <string>

#include "fuzz_support.hpp"

using tidewire::fuzz::require;
namespace mime = tidewire::mime;

namespace {

std::string shape_of(const mime::parsed_message& mail) {
  std::string text;
  for (const mime::part& part : mail.parts()) {
    text += std::to_string(part.offset()) + ' ' + std::to_string(part.raw_header().size()) + ' ' +
            std::to_string(part.body_offset()) + ' ' + std::to_string(part.raw_body().size()) + ' ' +
            std::to_string(static_cast<int>(part.kind())) + ' ' + std::to_string(part.parent().index()) +
            '\n';
    for (const mime::header_field& field : part.headers())
      text += std::to_string(field.offset) + std::string(field.name) + '|' + std::string(field.value) + '\n';
  }
  return text + std::to_string(mail.defect_count());
}

void ask(const mime::parsed_message& mail) {
  for (const mime::part& part : mail.parts()) {
    const mime::part parent = part.parent();
    if (parent) {
      require(part.offset() >= parent.body_offset());
      require(part.offset() + part.raw().size() <= parent.body_offset() + parent.raw_body().size());
    }
    require(part.body_offset() + part.raw_body().size() <= mail.source().size());
    for (const mime::header_field& field : part.headers()) require(mime::is_utf8(field.text()));
    require(mime::is_utf8(part.text(true)));
    require(mime::is_utf8(part.filename()));
    const std::string name = part.safe_filename();
    require(!name.empty() && name.find_first_of("/\\") == std::string::npos && name.front() != '.');
    std::string pieces;
    part.decode([&](std::string_view bytes) { pieces += bytes; });
    require(pieces == part.decode());
    (void)part.content_type();
    (void)part.disposition();
    (void)part.embedded_message();
  }
  (void)mail.check();
  (void)mail.date();
  (void)mail.references();
  // Each leaf is shown or attached.
  const auto text = mail.text_body();
  const auto html = mail.html_body();
  const auto files = mail.attachments();
  require(mime::is_utf8(mail.text()) && mime::is_utf8(mail.html()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  mime::parse_options options;
  if (input.choose(4) == 3) {
    options.max_depth = 1 + input.choose(4);
    options.max_parts = 1 + input.choose(8);
    options.max_headers = input.choose(8);
    options.max_header_bytes = input.choose(256);
  }
  const std::size_t step = 1 + input.choose(64);
  const std::string_view text = input.rest();

  const mime::parsed_message whole = mime::parse_in_place(text, options);
  mime::parser parser(options);
  for (std::size_t at = 0; at < text.size(); at += step) parser.feed(text.substr(at, step));
  const mime::parsed_message pieces = parser.finish();
  require(pieces.source() == text);
  require(shape_of(pieces) == shape_of(whole));
  ask(whole);
  if (const auto strict = mime::parse_strict(std::string(text), options)) require(strict->defects().empty());
  return 0;
}
