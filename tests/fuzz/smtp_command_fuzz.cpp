// Commands: what is read is written so that the same is read again, and never as more than one line.

#include <tidewire/smtp/command.hpp>

#include <string>
#include <string_view>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::smtp;
using tidewire::fuzz::require;

command read_line(const std::string& wire) {
  require(wire.ends_with("\r\n") && wire.find_first_of("\r\n") == wire.size() - 2);
  const auto read = parse_command(std::string_view(wire).substr(0, wire.size() - 2));
  require(read.has_value());
  return *read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(reinterpret_cast<const char*>(data), size);
  const auto first = parse_command(line);
  if (!first) return 0;
  std::string wire;
  switch (first->what) {
    case verb::mail: {
      require(append_mail(wire, first->path, first->mail).has_value());
      const command again = read_line(wire);
      require(again.path == first->path && again.mail.size == first->mail.size);
      require(again.mail.envelope_id == first->mail.envelope_id && again.mail.auth == first->mail.auth);
      require(again.mail.body == first->mail.body && again.mail.others.size() == first->mail.others.size());
      break;
    }
    case verb::rcpt: {
      require(append_rcpt(wire, first->path, first->rcpt).has_value());
      const command again = read_line(wire);
      require(again.path == first->path && again.rcpt.notify == first->rcpt.notify);
      require(again.rcpt.original_recipient == first->rcpt.original_recipient);
      require(again.rcpt.others.size() == first->rcpt.others.size());
      break;
    }
    case verb::bdat: {
      append_bdat(wire, first->chunk_size, first->last_chunk);
      const command again = read_line(wire);
      require(again.chunk_size == first->chunk_size && again.last_chunk == first->last_chunk);
      break;
    }
    case verb::helo:
    case verb::ehlo:
    case verb::lhlo:
      if (append_hello(wire, first->what, first->argument)) {
        const command again = read_line(wire);
        require(again.what == first->what && again.argument == first->argument);
      }
      break;
    default: require(append_line(wire, line).has_value()); break;
  }
  return 0;
}
