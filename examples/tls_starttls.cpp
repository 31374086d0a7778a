// STARTTLS by hand, as SMTP has it (RFC 3207): a conversation begins in plaintext and goes on in TLS.
//
//   tls_starttls
//
// Prints what the client reads; then, of a server, or somebody between, that says more than it should before
// TLS:
//
//   220 ready
//   250 STARTTLS
//   220 go ahead
//   -- TLS 1.3 from here on --
//   250 hello, whoever you are
//   220 ready
//   250 STARTTLS
//   220 go ahead
//   plaintext came before TLS began
#include <tidewire/core.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace tw = tidewire;

tw::task<std::string> command(tw::stream& server, std::string_view line) {
  co_await server.write(line, "\r\n");
  std::string reply = co_await server.read_line();
  std::puts(reply.c_str());
  co_return reply;
}

tw::task<> client(tw::stream plain, const tw::tls::client_context& context) {
  const std::string greeting = co_await plain.read_line();
  std::puts(greeting.c_str());
  co_await command(plain, "EHLO client.example");
  co_await command(plain, "STARTTLS");
  tw::tls::client_options options;
  options.context = &context;
  // The plain stream is given away: nothing that was said before counts any more, and nothing can be left in
  // it.
  tw::tls::stream secure = co_await tw::tls::start_tls(std::move(plain), "mail.example.org", options);
  std::puts("-- TLS 1.3 from here on --");
  co_await command(secure, "EHLO client.example");
  co_await secure.finish();
}

tw::task<> server(tw::stream plain, const tw::tls::server_context& context, std::string_view go_ahead) {
  co_await plain.write("220 ready\r\n");
  co_await plain.read_line();
  co_await plain.write("250 STARTTLS\r\n");
  co_await plain.read_line();
  co_await plain.write(go_ahead);
  tw::tls::stream secure = co_await tw::tls::start_tls(std::move(plain), context);
  co_await secure.read_line();
  co_await secure.write("250 hello, whoever you are\r\n");
  co_await secure.finish();
}

tw::task<> both() {
  const tw::crypto::authority ca;
  const tw::tls::server_context of_server(ca.issue({"mail.example.org"}));
  tw::tls::client_context of_client;
  of_client.trust(tw::tls::trust_store().add(ca.own_certificate()));

  auto [near, far] = tw::memory_stream_pair();
  co_await tw::when_all(client(std::move(near), of_client),
                        server(std::move(far), of_server, "220 go ahead\r\n"));

  auto [other_near, other_far] = tw::memory_stream_pair();
  const auto injected = co_await tw::as_result(
      tw::when_all(client(std::move(other_near), of_client),
                   server(std::move(other_far), of_server, "220 go ahead\r\n250 injected\r\n")));
  std::puts(injected.code().message().c_str());
}

int main() {
  tw::run(both());
}
