// The charset decoders: the result is UTF-8, and does not depend on how the input is cut.
#include <tidewire/base/charset.hpp>
#include <tidewire/base/utf8.hpp>

#include <iterator>
#include <string>
#include <string_view>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidewire;
  using fuzz::require;
  static constexpr std::string_view labels[] = {
      "utf-8", "utf-16le", "utf-16be",    "windows-1252", "koi8-u",    "gbk",         "gb18030",
      "big5",  "euc-jp",   "iso-2022-jp", "euc-kr",       "shift_jis", "replacement", "x-user-defined"};
  fuzz::input input(data, size);
  const charset from = *charset::for_label(labels[input.choose(std::size(labels))]);
  const std::size_t cut = input.choose(8) + 1;
  const std::string_view bytes = input.rest();
  const std::string whole = decode(from, bytes);
  for (const char *at = whole.data(), *const end = at + whole.size(); at != end;) {
    const utf8_step step = read_utf8(at, end);
    require(step.length != 0);
    at += step.length;
  }
  charset_decoder decoder(from);
  std::string pieces;
  for (std::size_t at = 0; at < bytes.size(); at += cut) decoder.decode(bytes.substr(at, cut), false, pieces);
  decoder.decode({}, true, pieces);
  require(pieces == whole);
  (void)charset::for_label(bytes);
  (void)byte_order_mark(bytes);
  return 0;
}
