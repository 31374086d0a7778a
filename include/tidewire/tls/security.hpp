/// @file
/// How the connection of a protocol is protected that knows STARTTLS: mail and others.
#pragma once

namespace tidewire::tls {

/// How a connection is protected.
enum class security {
  /// STARTTLS after the greeting; a server that does not offer it is left.
  starttls,
  /// TLS from the first byte.
  implicit,
  /// STARTTLS if it is offered, else plain text. Whoever sits in between can have it be plain text.
  opportunistic,
  /// Plain text, for tests and for the same host.
  plaintext_dangerous,
};

}  // namespace tidewire::tls
