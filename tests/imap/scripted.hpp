// Sessions of IMAP against a script.
#pragma once

#include <tidewire/core.hpp>
#include <tidewire/imap.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/scripted.hpp"

namespace tidewire::imap {

using tidewire::testing::against;
using tidewire::testing::play;
using tidewire::testing::turn;

inline client_options plain() {
  client_options options;
  options.security = security::plaintext_dangerous;
  return options;
}

// The greeting of a server that has these capabilities, and lets us in at once.
inline turn lets_in(std::string_view capabilities) {
  return {"", "* PREAUTH [CAPABILITY IMAP4rev1 " + std::string(capabilities) + "] hello\r\n"};
}

// Runs `body(client)` against a server that lets us in and then keeps to the script.
inline void signed_in(std::string_view capabilities, std::vector<turn> script,
                      const std::function<task<>(client&)>& body) {
  script.insert(script.begin(), lets_in(capabilities));
  against(script, [&](stream peer) -> task<> {
    client imap = co_await open(std::move(peer), plain());
    co_await body(imap);
  });
}

// The same with a mailbox selected, of three messages.
inline void selected(std::string_view capabilities, std::vector<turn> script,
                     const std::function<task<>(client&)>& body) {
  script.insert(script.begin(), {"a1 SELECT INBOX\r\n",
                                 "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n* OK [UIDNEXT 13] \r\n"
                                 "a1 OK [READ-WRITE] done\r\n"});
  signed_in(capabilities, std::move(script), [&](client& imap) -> task<> {
    (void)co_await imap.select("INBOX");
    co_await body(imap);
  });
}

// What an operation came to: its error, or "" if it succeeded.
template <class T>
std::string message_of(const result<T>& outcome) {
  return outcome ? std::string() : outcome.error().message();
}

}  // namespace tidewire::imap
