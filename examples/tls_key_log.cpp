// Writes the keys of a connection, so that Wireshark can read what was captured of it: give the file to
// Preferences, Protocols, TLS, (Pre)-Master-Secret log filename.
//
//   tls_key_log FILE
//   tls_key_log FILE HOST PORT     of a connection to a server that the system trusts
//
// Whoever has the file can read the connection. Prints how many lines it has got, 5 for TLS 1.3.
#include <tidewire/core.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace tw = tidewire;

tw::task<> in_memory(tw::tls::client_context& context) {
  const tw::crypto::authority ca;
  const tw::tls::server_context of_server(ca.issue({"localhost"}));
  context.trust(tw::tls::trust_store().add(ca.own_certificate()));
  tw::tls::client_options options;
  options.context = &context;
  auto [near, far] = tw::memory_stream_pair();
  auto [client, server] = co_await tw::when_all(tw::tls::start_tls(std::move(near), "localhost", options),
                                                tw::tls::accept(std::move(far), of_server));
  co_await client.write("secret\n");
  co_await server.read_line();
}

tw::task<> over_the_network(const tw::tls::client_context& context, std::string host, std::uint16_t port) {
  tw::tls::client_options options;
  options.context = &context;
  tw::tls::stream server = co_await tw::tls::connect(host, port, options);
  co_await server.finish();
}

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) {
    std::fputs("usage: tls_key_log FILE [HOST PORT]\n", stderr);
    return 2;
  }
  try {
    tw::tls::client_context context;
    context.key_log_file(argv[1]);
    if (argc == 2) {
      tw::run(in_memory(context));
    } else {
      tw::run(over_the_network(context, argv[2], static_cast<std::uint16_t>(std::atoi(argv[3]))));
    }
    std::ifstream log(argv[1]);
    int lines = 0;
    for (std::string line; std::getline(log, line);) ++lines;
    std::printf("%d lines\n", lines);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return 1;
  }
}
