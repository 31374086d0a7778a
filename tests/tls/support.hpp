/// @file
/// What the tests of TLS share: an authority, a server and a client that trusts it, and handshakes in memory.
#pragma once

#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/when.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire::tls::testing {

/// Runs `t` in virtual time: what waits for ever ends by its time-out at once.
template <class T>
T in_virtual_time(task<T> t) {
  virtual_clock time;
  return run(std::move(t), {.clock = &time});
}

/// One authority for all tests: keys take time to make.
inline const crypto::authority& authority() {
  static const crypto::authority made;
  return made;
}

inline const crypto::identity& localhost() {
  static const crypto::identity made = authority().issue({"localhost", "127.0.0.1"});
  return made;
}

inline trust_store trusted() {
  trust_store roots;
  roots.add(authority().own_certificate());
  return roots;
}

inline client_context trusting_client() {
  client_context context;
  context.trust(trusted());
  return context;
}

/// Both ends of a connection.
struct pair_of_streams {
  stream client;
  stream server;
};

/// Both outcomes of a handshake.
struct handshake {
  result<stream> client = tidewire::errc::misuse;
  result<stream> server = tidewire::errc::misuse;

  /// Both ends, or what failed.
  [[nodiscard]] pair_of_streams both() && { return {std::move(client).value(), std::move(server).value()}; }
};

/// How `shake_hands` does.
struct handshake_options {
  std::string_view host = "localhost";
  std::string_view alpn{};
  bool require_alpn = false;
  std::size_t capacity = 64 * 1024;
};

/// A handshake in memory between a client and a server.
inline task<handshake> shake_hands(const client_context& of_client, const server_context& of_server,
                                   handshake_options options = {}) {
  auto [near, far] = memory_stream_pair({.capacity = options.capacity});
  const auto connecting = [&](tidewire::stream plain) -> task<result<stream>> {
    client_options how;
    how.context = &of_client;
    how.alpn = options.alpn;
    how.require_alpn = options.require_alpn;
    co_return co_await as_result(start_tls(std::move(plain), options.host, how));
  };
  const auto accepting = [&](tidewire::stream plain) -> task<result<stream>> {
    co_return co_await as_result(accept(std::move(plain), of_server));
  };
  auto [client, server] = co_await when_all(connecting(std::move(near)), accepting(std::move(far)));
  handshake ended;
  ended.client = std::move(client);
  ended.server = std::move(server);
  co_return ended;
}

}  // namespace tidewire::tls::testing
