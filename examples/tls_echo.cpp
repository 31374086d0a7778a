// A TLS echo server and its client: the server sends back each line; the client says three, and is answered.
//
//   tls_echo                                   both, with an authority made for this run
//   tls_echo server PORT CHAIN.pem KEY.pem     the server, for ever
//   tls_echo client HOST PORT [ROOTS.pem]      the client; without a file it trusts whom the system trusts
//
// Prints, without arguments:
//
//   one
//   two
//   three
#include <tidewire/core.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tw = tidewire;

tw::task<> echo(tw::stream plain, const tw::tls::server_context& context) {
  tw::tls::stream client = co_await tw::tls::accept(std::move(plain), context);
  while (const auto line = co_await client.next_line()) co_await client.write(*line, "\n");
  co_await client.finish();
}

// One client that fails, a scanner that speaks no TLS for one, is no reason to end.
tw::task<> echo_and_report(tw::stream plain, const tw::tls::server_context& context) {
  const auto outcome = co_await tw::as_result(echo(std::move(plain), context));
  if (!outcome) std::fprintf(stderr, "%s\n", outcome.error().message().c_str());
}

tw::task<> serve(tw::tcp::listener& listener, const tw::tls::server_context& context) {
  const auto accept_all = [&](tw::task_group& clients) -> tw::task<> {
    for (;;) {
      tw::stream plain = co_await listener.accept();
      clients.spawn(echo_and_report(std::move(plain), context));
    }
  };
  co_await tw::with_group(accept_all);
}

tw::task<> ask(std::string_view host, std::uint16_t port, const tw::tls::client_context& context) {
  tw::tls::client_options options;
  options.context = &context;
  tw::tls::stream server = co_await tw::tls::connect(host, port, options);
  for (const std::string_view word : {"one", "two", "three"}) {
    co_await server.write(word, "\n");
    const std::string answer = co_await server.read_line();
    std::puts(answer.c_str());
  }
  co_await server.finish();
}

tw::task<> both() {
  const tw::crypto::authority ca;
  const tw::tls::server_context of_server(ca.issue({"localhost", "127.0.0.1"}));
  tw::tls::client_context of_client;
  of_client.trust(tw::tls::trust_store().add(ca.own_certificate()));

  tw::tcp::listener listener = tw::tcp::listen(tw::endpoint(tw::ip_address::loopback_v4(), 0));
  const std::uint16_t port = listener.local_endpoint().port();
  // The client ends, and the server is canceled by that.
  co_await tw::when_any(ask("127.0.0.1", port, of_client), serve(listener, of_server));
}

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  try {
    if (role == "server" && argc == 5) {
      const tw::tls::server_context context(tw::tls::load_identity(argv[3], argv[4]));
      tw::tcp::listener listener = tw::tcp::listen(static_cast<std::uint16_t>(std::atoi(argv[2])));
      tw::run(serve(listener, context));
    } else if (role == "client" && (argc == 4 || argc == 5)) {
      tw::tls::client_context context;
      if (argc == 5) context.trust(tw::tls::trust_store::from_file(argv[4]));
      tw::run(ask(argv[2], static_cast<std::uint16_t>(std::atoi(argv[3])), context));
    } else if (argc == 1) {
      tw::run(both());
    } else {
      std::fputs("usage: tls_echo [server PORT CHAIN.pem KEY.pem | client HOST PORT [ROOTS.pem]]\n", stderr);
      return 2;
    }
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return 1;
  }
}
