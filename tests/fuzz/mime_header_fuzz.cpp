// Header values: whatever they are, the answers are UTF-8 without line breaks, and what is written is read
// back.
#include <tidewire/mime.hpp>

#include <string>

#include "fuzz_support.hpp"

using tidewire::fuzz::require;
namespace mime = tidewire::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(mime::unfold(text).find_first_of("\r\n") == std::string::npos);
  require(mime::is_utf8(mime::decode_unstructured(text)));
  for (const std::string& id : mime::parse_message_ids(text)) require(!id.empty());
  if (const auto type = mime::parse_content_type(text)) {
    require(!type->type.empty() && !type->subtype.empty());
    require(type->parameters.size() <= mime::max_parameters);
    for (const mime::parameter& one : type->parameters) require(mime::is_utf8(one.value));
  }
  (void)mime::parse_content_disposition(text);
  (void)mime::parse_transfer_encoding(text);
  require(mime::is_utf8(mime::unflow(mime::decode_charset("utf-7", text).text)));

  // A text that may be a subject is one after its way there and back, and so is the name of a file.
  const bool line =
      mime::is_utf8(text) && text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
  if (!line) return 0;
  mime::message mail({1, 2}, {});
  mail.from("a@b.c").subject(text).attach(text, "x");
  for (const bool utf8 : {false, true}) {
    const mime::parsed_message back = mime::parse(mail.str({.utf8 = utf8}));
    require(back.subject() == text);
    require(back.attachments().at(0).filename() == text);
  }
  return 0;
}
