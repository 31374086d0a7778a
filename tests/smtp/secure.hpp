// Certificates for sessions over TLS, and a session of our client with our server.
#pragma once

#include <tidewire/core.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/smtp.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace tidewire::smtp {

// One authority for all tests: keys take time to make.
inline const crypto::authority& authority() {
  static const crypto::authority made;
  return made;
}

inline tls::client_context trusting() {
  tls::trust_store roots;
  roots.add(authority().own_certificate());
  tls::client_context context;
  context.trust(roots);
  return context;
}

inline const tls::server_context& localhost() {
  static const tls::server_context made(authority().issue({"localhost"}));
  return made;
}

// Runs `body(client's end)` against our server in memory; gives how the server ended.
inline result<void> with_server(session_handler& handler, const server_options& options,
                                const std::function<task<>(stream)>& body) {
  result<void> ended;
  virtual_clock time;
  const auto both = [&]() -> task<> {
    auto ends = memory_stream_pair();
    const auto near = [&]() -> task<> { co_await body(std::move(ends.first)); };
    const auto far = [&]() -> task<> {
      ended = co_await as_result(serve_session(std::move(ends.second), handler, options));
    };
    co_await when_all(near(), far());
  };
  run(both(), {.clock = &time});
  return ended;
}

}  // namespace tidewire::smtp
