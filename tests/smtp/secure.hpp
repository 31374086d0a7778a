// A session of our client with our server.
#pragma once

#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "support/secure.hpp"

namespace tidewire::smtp {

using tidewire::testing::authority;
using tidewire::testing::localhost;
using tidewire::testing::trusting;

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
