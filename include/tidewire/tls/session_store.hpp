/// @file
/// Where clients keep sessions, so that the next connection to the same server needs no full handshake.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/tls/export.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace tidewire::tls {

/// Keeps sessions of a client under the name of the server. Derive from it to keep them elsewhere (a file, a
/// process beside); `session_cache` keeps them in memory. Called by several threads if its context is used by
/// several. Contexts may share one if they trust the same authorities.
class TIDEWIRE_TLS_API session_store {
 public:
  session_store() = default;
  session_store(const session_store&) = delete;
  session_store& operator=(const session_store&) = delete;
  virtual ~session_store();

  /// Keeps a session. It holds keys: whoever has it can read what is sent under it.
  /// @param server  The name that was verified, and what else must be the same. Opaque.
  virtual void put(std::string_view server, secret session) = 0;
  /// Gives a session and forgets it (RFC 8446 appendix C.4: one that is used twice links the connections).
  [[nodiscard]] virtual std::optional<secret> take(std::string_view server) = 0;
};

/// How much a `session_cache` keeps.
struct session_cache_options {
  /// Servers; beyond, the one that was used longest ago is forgotten. Default: 256.
  std::size_t servers = 256;
  /// Sessions of one server, which is how many connections can be resumed at the same time. Default: 4.
  std::size_t sessions_of_each = 4;
};

/// Sessions in memory. Any thread.
class TIDEWIRE_TLS_API session_cache final : public session_store {
 public:
  explicit session_cache(session_cache_options options = {});
  ~session_cache() override;

  void put(std::string_view server, secret session) override;
  [[nodiscard]] std::optional<secret> take(std::string_view server) override;
  /// How many sessions are kept.
  [[nodiscard]] std::size_t size() const;
  /// Forgets all.
  void clear();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace tidewire::tls
