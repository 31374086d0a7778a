// A program that uses tidewire::imap: a client, and a server in memory that says three lines.
#include <tidewire/core.hpp>
#include <tidewire/imap.hpp>

#include <cstdio>

namespace tw = tidewire;
namespace imap = tidewire::imap;

tw::task<std::uint32_t> exchange() {
  auto ends = tw::memory_stream_pair();
  std::uint32_t messages = 0;
  const auto near = [&]() -> tw::task<> {
    imap::client_options options;
    options.security = imap::security::plaintext_dangerous;
    imap::client session = co_await imap::open(std::move(ends.first), options);
    const imap::mailbox_info box = co_await session.select("INBOX");
    messages = box.exists;
  };
  const auto far = [&]() -> tw::task<> {
    co_await ends.second.write("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n");
    (void)co_await ends.second.read_line();
    co_await ends.second.write("* 3 EXISTS\r\na1 OK selected\r\n");
  };
  co_await tw::when_all(near(), far());
  co_return messages;
}

int main() {
  const std::uint32_t messages = tw::run(exchange());
  std::printf("%u messages\n", messages);
  return messages == 3 && imap::can_compress() ? 0 : 1;
}
