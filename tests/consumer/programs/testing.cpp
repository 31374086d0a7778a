// A program that uses tidewire::testing: a server of which a fault is expected.
#include <tidewire/smtp.hpp>
#include <tidewire/testing.hpp>

#include <cstdio>

namespace tw = tidewire;
using namespace tidewire::testing;

int main() {
  smtp_server server({.tls = tls_mode::none});
  server.add_fault({.at = smtp_stage::rcpt, .text = "450 4.2.0 later"});
  const auto client = [&]() -> tw::task<std::size_t> {
    const tw::smtp::client_options plain{.security = tw::smtp::security::plaintext_dangerous};
    tw::smtp::client session = co_await tw::smtp::open(server.connect(), plain);
    tw::smtp::envelope mail("robot@example.org");
    mail.to("ada@example.org");
    const tw::smtp::send_options options{.return_report = true};
    const auto first = co_await session.send(mail, "Subject: tides\n\nhigh\n", options);
    const auto second = co_await session.send(mail, "Subject: tides\n\nhigh\n", options);
    co_return first.count(tw::smtp::delivery::refused) + second.count(tw::smtp::delivery::accepted);
  };
  const std::size_t as_expected = server.run(client);
  std::printf("%zu of 2 as expected, %zu kept\n", as_expected, server.messages().size());
  return as_expected == 2 && server.messages().size() == 1 ? 0 : 1;
}
