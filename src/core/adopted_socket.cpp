#include "adopted_socket.hpp"

#include <tidewire/base/error.hpp>

namespace tidewire::detail {

void require_kind(native_socket s, int type, bool listens, socket_family family, const char* operation) {
  std::error_code code;
  int found = 0;
  const native_address local = platform::local_address(s, code);
  if (!code) code = platform::get_option(s, SOL_SOCKET, SO_TYPE, found);
  if (code) throw error(failure(code).during(operation));
  const bool local_family = local.storage.ss_family == AF_UNIX;
  const bool internet = local.storage.ss_family == AF_INET || local.storage.ss_family == AF_INET6;
  int listening = 0;
#ifdef SO_ACCEPTCONN
  if (type == SOCK_STREAM && platform::get_option(s, SOL_SOCKET, SO_ACCEPTCONN, listening)) {
    listening = listens ? 1 : 0;  // a system that does not tell
  }
#endif
  if (found != type || (listening != 0) != listens ||
      !(family == socket_family::local ? local_family : internet)) {
    throw error(failure(errc::misuse, "it is a socket of another kind").during(operation));
  }
  if (const std::error_code failed = platform::prepare(s)) throw error(failure(failed).during(operation));
}

native_address require_connection(native_socket s, socket_family family, const char* operation) {
  require_kind(s, SOCK_STREAM, false, family, operation);
  std::error_code code;
  const native_address remote = platform::remote_address(s, code);
  if (code) throw error(failure(code).during(operation));
  return remote;
}

}  // namespace tidewire::detail
