// The XML reader: what it accepts it writes so that it accepts it again, as the same tree.
#include <tidewire/html.hpp>

#include <string>
#include <string_view>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace html = tidewire::html;
  using tidewire::fuzz::require;
  html::xml_options options;
  options.max_nodes = 20'000;
  options.max_expansion = 10'000;
  const auto tree = html::parse_xml({reinterpret_cast<const char*>(data), size}, options);
  if (!tree) {
    require(!tree.error().message().empty());
    return 0;
  }
  // The doctype is written without its identifiers and entities, which by then are replaced.
  const std::string written = tree->html();
  options = {};
  const auto again = html::parse_xml(written, options);
  require(again.has_value());
  require(again->html() == written);
  require(again->text() == tree->text());
  return 0;
}
