// Mutual TLS: the server takes only clients that its authority knows, and knows them by their certificates.
//
//   tls_mutual
//
// Prints what the server says to Ada, and what becomes of a client without a certificate:
//
//   hello, ada@example.org
//   refused: the peer ended TLS with an alert: it requires a client certificate, and we sent none (116)
#include <tidewire/core.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

#include <cstdio>
#include <string>

namespace tw = tidewire;

tw::task<> greet(tw::tcp::listener& listener, const tw::tls::server_context& context) {
  for (;;) {
    tw::stream plain = co_await listener.accept();
    auto client = co_await tw::as_result(tw::tls::accept(std::move(plain), context));
    if (!client) continue;
    tw::tls::stream secure = std::move(client.value());
    const auto who = secure.peer_certificate();
    co_await secure.write("hello, ", who->email_addresses().front(), "\n");
    co_await secure.finish();
  }
}

tw::task<std::string> visit(std::uint16_t port, const tw::tls::client_context& context) {
  tw::tls::client_options options;
  options.context = &context;
  tw::tls::stream server = co_await tw::tls::connect("127.0.0.1", port, options);
  std::string greeting = co_await server.read_line();
  co_await server.finish();
  co_return greeting;
}

tw::task<> visit_twice(std::uint16_t port, const tw::crypto::authority& ca) {
  const tw::tls::trust_store roots = tw::tls::trust_store().add(ca.own_certificate());
  tw::tls::client_context ada;
  ada.trust(roots).identity(
      ca.issue({"ada@example.org"}, {.purpose = tw::crypto::certificate_purpose::client}));
  const std::string greeting = co_await visit(port, ada);
  std::puts(greeting.c_str());

  tw::tls::client_context nobody;
  nobody.trust(roots);
  // In TLS 1.3 the client hears of it when it first reads.
  const auto refused = co_await tw::as_result(visit(port, nobody));
  std::printf("refused: %s\n", refused.code().message().c_str());
}

tw::task<> both() {
  const tw::crypto::authority ca;
  tw::tls::server_context context(ca.issue({"127.0.0.1"}));
  context.client_certificates(tw::tls::trust_store().add(ca.own_certificate()));
  tw::tcp::listener listener = tw::tcp::listen(tw::endpoint(tw::ip_address::loopback_v4(), 0));
  co_await tw::when_any(visit_twice(listener.local_endpoint().port(), ca), greet(listener, context));
}

int main() {
  tw::run(both());
}
