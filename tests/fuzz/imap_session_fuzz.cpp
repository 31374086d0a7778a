// The server's half of IMAP: whatever a client sends, in any split, gets the same answers, and whoever
// decides is told the same commands.

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/session.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::imap;
using tidewire::fuzz::require;

struct outcome {
  std::string said;
  std::string told;
  bool operator==(const outcome&) const = default;
};

outcome serve(const session_options& options, std::string_view wire, std::size_t step) {
  outcome out;
  session server(options);
  server.greet("ready");
  std::string buffered;
  while (!wire.empty()) {
    buffered += wire.substr(0, step);
    wire.remove_prefix(std::min(step, wire.size()));
    for (;;) {
      const session_event event = server.next(as_bytes(buffered));
      require(server.taken() <= buffered.size());
      buffered.erase(0, server.taken());
      if (event == session_event::more) break;
      out.told += '\n' + std::to_string(static_cast<int>(event)) + ' ' + server.shown();
      switch (event) {
        case session_event::more: break;
        case session_event::command:
          for (const token& one : server.command().arguments) out.told += ' ' + one.to_string();
          if (server.command().name == "SELECT") server.select(true);
          if (server.command().name == "NOOP") {
            server.no("no");
          } else {
            server.ok("done");
          }
          break;
        case session_event::login:
          require(server.command().arguments.size() == 2);
          server.signed_in();
          break;
        case session_event::authenticate: server.challenge(""); break;
        case session_event::auth_response: server.signed_in(); break;
        case session_event::starttls:
          server.ok("begin");
          server.tls_started();
          break;
        case session_event::idle: server.begin_idle(); break;
        case session_event::idle_done: server.ok("done"); break;
        case session_event::logout:
        case session_event::closed: out.said = server.output(); return out;
      }
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
  options.capabilities = in.choose(2) == 1 ? "IMAP4rev1 IMAP4rev2" : "IMAP4rev1 IDLE";
  options.mechanisms = "PLAIN";
  options.starttls = in.choose(2) == 1;
  options.sign_in_needs_tls = false;
  options.limits = {.line = 100, .literal = 10, .message = 20, .command = 150, .literals = 3};
  options.max_errors = 5;
  const std::string_view wire = in.rest();
  const outcome whole = serve(options, wire, std::max<std::size_t>(wire.size(), 1));
  require(serve(options, wire, step) == whole);
  return 0;
}
