// Responses: any split gives the same ones and the same streamed bodies, and nothing beyond a limit is kept.

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/response_reader.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::imap;
using tidewire::fuzz::require;

struct outcome {
  std::vector<response> responses;
  std::string bodies;
  std::error_code end;
  bool within = false;
};

outcome parse(std::string_view wire, std::size_t size, const reader_options& options) {
  outcome out;
  response_reader reader(options);
  std::uint64_t body_left = 0;
  bool in_body = false;
  while (!wire.empty()) {
    const std::string piece(wire.substr(0, size));
    wire.remove_prefix(piece.size());
    std::string_view rest = piece;
    for (;;) {
      const auto step = reader.read(as_bytes(rest));
      if (!step) {
        out.end = step.code();
        return out;
      }
      require(step->consumed <= rest.size());
      rest.remove_prefix(step->consumed);
      switch (step->event) {
        case reader_event::complete: out.responses.push_back(reader.take()); break;
        case reader_event::body_begin:
          in_body = true;
          body_left = reader.body().size;
          require(body_left > options.inline_body);
          out.bodies += '<' + reader.body().section.to_string() + '>';
          break;
        case reader_event::body_data:
          require(in_body && !step->data.empty() && step->data.size() <= body_left);
          body_left -= step->data.size();
          out.bodies += as_text(step->data);
          break;
        case reader_event::body_end:
          require(in_body && body_left == 0);
          in_body = false;
          break;
        case reader_event::none: require(rest.empty()); break;
      }
      if (step->event == reader_event::none) break;
    }
  }
  out.within = reader.within();
  return out;
}

// What people do with a response reads all of it.
void look_at(const response& one) {
  if (const auto* status = std::get_if<status_response>(&one)) (void)status->to_failure().message();
  if (const auto* unknown = std::get_if<unknown_response>(&one))
    (void)token::list(unknown->tokens).to_string();
  if (const auto* data = std::get_if<message_data>(&one)) {
    for (const section_data& section : data->sections) (void)data->body(section.section);
    if (data->structure) {
      for (const body_part* leaf : data->structure->leaves()) {
        (void)leaf->is_attachment();
        require(leaf->section.empty() || data->structure->find(leaf->section) != nullptr);
      }
    }
  }
  if (const auto* threads = std::get_if<thread_forest>(&one)) {
    for (std::size_t i = 0; i < threads->nodes.size(); ++i) {
      require(threads->nodes[i].parent == npos || threads->nodes[i].parent < i);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  const std::size_t step = 1 + in.choose(16);
  reader_options options;
  options.line = 64 + 16 * in.choose(256);
  options.literal = in.choose(64);
  options.total = 8192;
  options.nesting = 1 + in.choose(16);
  options.items = 16 + 8 * in.choose(256);
  options.inline_body = in.choose(32);
  const outcome whole = parse(in.rest(), std::max<std::size_t>(in.rest().size(), 1), options);
  const outcome pieces = parse(in.rest(), step, options);
  require(whole.responses == pieces.responses && whole.bodies == pieces.bodies && whole.end == pieces.end &&
          whole.within == pieces.within);
  for (const response& one : whole.responses) look_at(one);
  return 0;
}
