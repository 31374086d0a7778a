// The selector parser: whatever it is given it compiles or refuses, with a place within the text; what it
// compiles can be used.
#include <tidewire/html.hpp>

#include <string_view>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace html = tidewire::html;
  static const html::document page = html::parse(
      "<!DOCTYPE html><html lang=en><body><div id=a class='b c'><p dir=auto>x<b>y</b></p><form><input "
      "type=number min=1 value=2>"
      "<select><option>1</select></form></div><svg><a xlink:href=x></a></svg><ul><li>1<li>2</ul>");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t place = 0;
  const auto compiled = html::selector::compile(text, {}, &place);
  if (!compiled) {
    tidewire::fuzz::require(place <= text.size() && !compiled.error().detail().empty());
    return 0;
  }
  const auto found = compiled->select(page);
  for (const html::node& each : found) tidewire::fuzz::require(compiled->matches(each));
  (void)compiled->extract(page);
  return 0;
}
