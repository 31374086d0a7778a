// A program that uses tidewire::smtp: a message from a client to a server, both in memory.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <cstdio>

namespace tw = tidewire;
namespace smtp = tidewire::smtp;

tw::task<std::size_t> exchange() {
  auto ends = tw::memory_stream_pair();
  smtp::session_handler accepting;
  std::size_t accepted = 0;
  const auto near = [&]() -> tw::task<> {
    smtp::client_options options;
    options.security = smtp::security::plaintext_dangerous;
    smtp::client session = co_await smtp::open(std::move(ends.first), options);
    smtp::envelope mail("robot@example.org");
    mail.to("ada@example.org");
    const smtp::send_report report = co_await session.send(mail, "Subject: tides\n\nhigh\n");
    accepted = report.count(smtp::delivery::accepted);
    co_await session.quit();
  };
  const auto far = [&]() -> tw::task<> { co_await smtp::serve_session(std::move(ends.second), accepting); };
  co_await tw::when_all(near(), far());
  co_return accepted;
}

int main() {
  const std::size_t accepted = tw::run(exchange());
  std::printf("%zu accepted\n", accepted);
  return accepted == 1 ? 0 : 1;
}
