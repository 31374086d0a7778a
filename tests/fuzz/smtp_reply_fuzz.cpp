// Replies: any split gives the same ones, and what was read is written so that it is read again.

#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/capabilities.hpp>
#include <tidewire/smtp/reply.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::smtp;
using tidewire::fuzz::require;

struct outcome {
  std::vector<reply> replies;
  std::error_code end;
  bool within = false;
  bool operator==(const outcome&) const = default;
};

outcome parse(std::string_view wire, std::size_t step, reply_limits limits) {
  outcome out;
  reply_parser parser(limits);
  while (!wire.empty()) {
    const std::string piece(wire.substr(0, step));
    const auto taken = parser.feed(as_bytes(piece));
    if (!taken) {
      out.end = taken.code();
      return out;
    }
    require(*taken == piece.size() || parser.complete());
    wire.remove_prefix(*taken);
    if (parser.complete()) out.replies.push_back(parser.take());
  }
  out.within = parser.within();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  const std::size_t step = 1 + in.choose(8);
  const reply_limits limits{.line = 16 + in.choose(64), .lines = 1 + in.choose(8), .total = 200};
  const outcome whole = parse(in.rest(), std::max<std::size_t>(in.rest().size(), 1), limits);
  require(parse(in.rest(), step, limits) == whole);
  for (const reply& one : whole.replies) {
    (void)one.to_failure().message();
    (void)capabilities::parse(one);
    std::string wire;
    one.append_to(wire);
    const outcome again = parse(wire, wire.size(), {});
    require(again.replies.size() == 1 && !again.end && !again.within);
    require(again.replies[0].code == one.code);
  }
  return 0;
}
