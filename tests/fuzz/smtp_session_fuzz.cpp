// The server's half: whatever a client sends, in any split, gets the same replies, and the same message comes
// out.

#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/session.hpp>

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
  std::string said;
  std::string told;
  bool operator==(const outcome&) const = default;
};

// Whoever decides: refuses what has an "n" in its local part.
reply verdict(const command& what) {
  const bool no = what.path.local_part().find('n') != std::string_view::npos;
  return no ? reply{550, enhanced_code{5, 7, 1}, "no"} : reply{250, {}, "ok"};
}

outcome serve(const session_options& options, std::string_view wire, std::size_t step) {
  outcome out;
  session server(options);
  server.greet({220, {}, "ready"});
  std::string buffered;
  std::string message;  // how much of one that is discarded was told before depends on the split
  while (!wire.empty()) {
    buffered += wire.substr(0, step);
    wire.remove_prefix(std::min(step, wire.size()));
    for (;;) {
      const session_event event = server.next(as_bytes(buffered));
      require(server.taken() <= buffered.size());
      message += as_text(server.body());
      if (event != session_event::more && event != session_event::body) {
        out.told += '\n' + std::to_string(static_cast<int>(event));
      }
      buffered.erase(0, server.taken());
      switch (event) {
        case session_event::more: break;
        case session_event::quit:
        case session_event::closed: out.said = server.output(); return out;
        case session_event::data:
          message.clear();
          server.respond({354, {}, "go"});
          continue;
        case session_event::message: {
          out.told += ' ' + message;
          const std::vector<reply> answers(server.recipients().size(), reply{250, {}, "taken"});
          server.respond(answers);
          continue;
        }
        case session_event::auth: server.respond({334, {}, ""}); continue;
        case session_event::auth_response: server.respond({235, {}, "ok"}); continue;
        case session_event::starttls:
          server.respond({220, {}, "go"});
          server.tls_started();
          continue;
        case session_event::body:
        case session_event::discarded: continue;
        case session_event::hello:
        case session_event::mail:
        case session_event::rcpt:
        case session_event::verify: server.respond(verdict(server.last_command())); continue;
      }
      break;
    }
  }
  out.said = server.output();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  const std::size_t step = 1 + in.choose(9);
  session_options options;
  options.protocol = in.choose(2) == 1 ? dialect::lmtp : dialect::smtp;
  options.starttls = in.choose(2) == 1;
  options.auth = "PLAIN";
  options.auth_needs_tls = false;
  options.max_size = 40;
  options.max_recipients = 2;
  options.max_line = 100;
  options.max_errors = 5;
  const std::string_view wire = in.rest();
  const outcome whole = serve(options, wire, std::max<std::size_t>(wire.size(), 1));
  require(serve(options, wire, step) == whole);
  return 0;
}
