// Dot-stuffing: the same in any split; no message gets out of its end, and all of it comes back.

#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/data.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::smtp;
using tidewire::fuzz::require;

struct decoded {
  std::string message;
  std::string rest;
  bool ended = false;
  bool bare = false;
  bool operator==(const decoded&) const = default;
};

decoded decode(std::string_view wire, std::size_t step) {
  decoded out;
  data_decoder decoder;
  std::string buffered;
  while (!wire.empty()) {
    buffered += wire.substr(0, step);
    wire.remove_prefix(std::min(step, wire.size()));
    while (!out.ended && !buffered.empty()) {
      const data_piece got = decoder.next(as_bytes(buffered));
      out.message += as_text(got.body);
      out.ended = got.end;
      require(got.taken > 0 || buffered.size() < 3);
      buffered.erase(0, got.taken);
      if (got.taken == 0) break;
    }
  }
  out.rest = buffered;
  out.bare = decoder.saw_bare_line_end();
  return out;
}

std::string encode(std::string_view message, std::size_t step) {
  std::string wire;
  data_encoder encoder;
  while (!message.empty()) {
    const std::string piece(message.substr(0, step));
    require(encoder.update(as_bytes(piece), wire).has_value());
    message.remove_prefix(piece.size());
  }
  require(encoder.finish(wire).has_value());
  return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  const std::size_t step = 1 + in.choose(9);
  const std::string_view text = in.rest();
  const std::size_t all = std::max<std::size_t>(text.size(), 1);

  const std::string wire = encode(text, all);
  require(encode(text, step) == wire);
  const decoded back = decode(wire + "rest", wire.size() + 4);
  require(back.ended && !back.bare && back.rest == "rest");
  require(decode(wire + "rest", step) == back);
  require(encode(back.message, step) == wire);

  require(decode(text, step) == decode(text, all));
  return 0;
}
