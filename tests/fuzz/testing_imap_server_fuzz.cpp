// An imap_server that is told anything answers with responses that our client can read, and goes on.

#include <tidewire/core/clock.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/imap/response_reader.hpp>
#include <tidewire/testing/imap_server.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using tidewire::fuzz::require;

constexpr std::string_view message =
    "Subject: =?utf-8?Q?caf=C3=A9?=\r\nFrom: Ada <a@x>, g: b@y;\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: "
    "message/rfc822\r\n\r\n"
    "Subject: in\r\n\r\ntwo\r\n--b--\r\n";

task<std::string> converse(testing::imap_server& server, std::string_view said) {
  stream peer = server.connect();
  const auto talk = [&]() -> task<> {
    co_await peer.write(said);
    co_await peer.shutdown();
  };
  const auto spoken = co_await as_result(talk());
  std::string heard;
  for (;;) {
    const auto came = co_await as_result(peer.fill());
    heard += as_text(peer.buffered());
    peer.consume(peer.buffered().size());
    if (!came || *came == 0) break;
  }
  co_return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  fuzz::input in(data, size);
  testing::imap_server_options options;
  options.tls = testing::tls_mode::none;
  options.preauthenticated = "ada";
  options.max_message = 1000;
  if (in.choose(2) == 1) options.without = "QRESYNC";
  testing::imap_server server(options);
  server.deliver("ada", message, {.flags = "\\Seen $Work"});
  server.deliver("ada", "\r\nno header\r\n");
  server.deliver("ada", "Subject: third\r\n\r\n");
  const std::string said = "a SELECT INBOX\r\n" + std::string(in.rest());
  virtual_clock time;
  const auto body = [&] { return converse(server, said); };
  const std::string heard = server.run(body, {.clock = &time});
  imap::response_reader reader;
  byte_view rest = as_bytes(heard);
  while (!rest.empty()) {
    const auto step = reader.read(rest);
    if (!step) {
      // Our client gives no tag with a bracket, and takes an answer with one for a breach.
      const std::string_view tag = as_text(rest).substr(0, as_text(rest).find(' '));
      require(tag.find(']') != std::string_view::npos);
      break;
    }
    rest = rest.subspan(step->consumed);
    if (step->event == imap::reader_event::complete) (void)reader.take();
  }
  return 0;
}
