// Percent-encoding: what is encoded comes back, what decodes strictly decodes alike, and in place too.

#include <tidewire/base/percent.hpp>

#include <string>
#include <vector>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidewire;
  using fuzz::require;
  static constexpr percent::encode_set sets[] = {
      percent::c0_control,      percent::fragment,     percent::query,
      percent::special_query,   percent::path,         percent::userinfo,
      percent::component,       percent::form,         percent::rfc3986_component,
      percent::rfc3986_segment, percent::rfc3986_path, percent::rfc3986_query,
  };
  fuzz::input input(data, size);
  const percent::encode_set& set = sets[input.choose(std::size(sets))];
  const std::string_view text = input.rest();

  const std::string encoded = percent::encode(text, set);
  require(encoded.size() == percent::encoded_size(text, set));
  for (const char c : encoded) require(c == '%' || !set.contains(c));
  if (set.contains('%')) require(percent::decode_strict(encoded).value() == text);
  require(percent::decode_form(percent::encode_form(text)) == text);

  const std::string decoded = percent::decode(text);
  std::vector<char> place(text.begin(), text.end());
  place.resize(percent::decode_in_place(place));
  require(std::string_view(place.data(), place.size()) == decoded);
  if (const auto strict = percent::decode_strict(text)) {
    require(*strict == decoded);
    require(percent::decode(percent::encode(*strict)) == *strict);
  } else {
    require(text.find('%') != std::string_view::npos);
  }
  return 0;
}
