/// @file
/// Certificates for tests of protocols over TLS.
#pragma once

#include <tidewire/crypto/authority.hpp>
#include <tidewire/tls.hpp>

namespace tidewire::testing {

/// One authority for all tests: keys take time to make.
inline const crypto::authority& authority() {
  static const crypto::authority made;
  return made;
}

/// Trusts that authority alone.
inline tls::client_context trusting() {
  tls::trust_store roots;
  roots.add(authority().own_certificate());
  tls::client_context context;
  context.trust(roots);
  return context;
}

/// Of a server with its certificate for "localhost".
inline const tls::server_context& localhost() {
  static const tls::server_context made(authority().issue({"localhost"}));
  return made;
}

}  // namespace tidewire::testing
