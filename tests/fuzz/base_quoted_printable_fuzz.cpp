// Quoted-printable: any split gives the same, strict and tolerant agree, what is encoded is well-formed and
// comes back.

#include <tidewire/base/quoted_printable.hpp>

#include <algorithm>
#include <string>

#include "fuzz_support.hpp"

namespace {

namespace qp = tidewire::quoted_printable;
using tidewire::fuzz::require;

struct outcome {
  std::string bytes;
  std::string error;
  std::uint64_t defects = 0;
  bool operator==(const outcome&) const = default;
};

outcome decode(std::string_view first, std::string_view second, bool strict) {
  qp::decoder decoder(strict);
  outcome what;
  for (const std::string_view piece : {first, second}) {
    if (const auto done = decoder.update(piece, what.bytes); !done) return {"", done.error().message(), 1};
  }
  if (const auto done = decoder.finish(what.bytes); !done) return {"", done.error().message(), 1};
  what.defects = decoder.defects();
  return what;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  const std::size_t flags = input.choose(4);
  const qp::format how{
      .binary = (flags & 1) != 0, .guard_line_start = (flags & 2) != 0, .line_length = input.choose(80)};
  const std::size_t where = input.choose(256);
  const std::string_view text = input.rest();
  const std::size_t split = std::min(where, text.size());

  const outcome whole = decode(text, "", false);
  require(whole.error.empty() && whole.bytes.size() <= text.size());
  require(decode(text.substr(0, split), text.substr(split), false) == whole);
  const outcome strict = decode(text, "", true);
  require(decode(text.substr(0, split), text.substr(split), true) == strict);
  require(strict.error.empty() == (whole.defects == 0));
  if (strict.error.empty()) require(strict.bytes == whole.bytes);

  const std::string encoded = qp::encode(text, how);
  qp::encoder encoder(how);
  std::string pieces;
  encoder.update(text.substr(0, split), pieces);
  encoder.update(text.substr(split), pieces);
  encoder.finish(pieces);
  require(pieces == encoded);
  const auto back = qp::decode_strict(encoded);
  require(back.has_value());
  if (how.binary) {
    require(*back == text);
  } else {
    // Line breaks become CR LF; encoding that once more changes nothing.
    require(qp::encode(*back, how) == encoded);
  }
  return 0;
}
