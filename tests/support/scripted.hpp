/// @file
/// The other end of a session, by a script: what it expects and what it says.
#pragma once

#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::testing {

/// A turn of a script: the bytes that must come first, and then what is said.
struct turn {
  std::string expected;
  std::string said;
};

/// Plays a script to its end, in one write each turn, then waits for the other side to close. What comes that
/// was not expected ends it, and fails the test.
inline task<> play(stream& peer, const std::vector<turn>& script) {
  peer.set_timeout(no_timeout);  // it is the other side that may lose its patience
  for (const turn& one : script) {
    if (!one.expected.empty()) {
      std::string got;
      while (got.size() < one.expected.size()) {
        const auto buffered = as_text(peer.buffered());
        const std::size_t wanted = one.expected.size() - got.size();
        got += buffered.substr(0, wanted);
        peer.consume(std::min(buffered.size(), wanted));
        if (got.size() == one.expected.size()) break;
        if (!std::string_view(one.expected).starts_with(got)) break;
        const std::size_t came = co_await peer.fill();
        if (came == 0) break;
      }
      EXPECT_EQ(got, one.expected);
      if (got != one.expected) {
        peer.close();
        co_return;
      }
    }
    if (one.said == "(close)") {
      peer.close();
      co_return;
    }
    if (!one.said.empty()) co_await peer.write(one.said);
  }
  std::string rest(as_text(peer.buffered()));
  peer.consume(rest.size());
  for (;;) {
    const auto came = co_await as_result(peer.fill());
    if (!came || *came == 0) break;
    rest += as_text(peer.buffered());
    peer.consume(rest.size());
  }
  EXPECT_EQ(rest, "") << "behind the end of the script";
}

/// Runs `body(client's end)` against the script.
template <class Body>
void against(const std::vector<turn>& script, Body body) {
  virtual_clock time;
  const auto both = [&]() -> task<> {
    auto ends = memory_stream_pair();
    const auto near = [&]() -> task<> { co_await body(std::move(ends.first)); };
    const auto far = [&]() -> task<> { co_await play(ends.second, script); };
    co_await when_all(near(), far());
  };
  run(both(), {.clock = &time});
}

}  // namespace tidewire::testing
