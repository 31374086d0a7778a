#include "address_name.hpp"

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <cstddef>

#ifdef _WIN32
#include <afunix.h>
#else
#include <sys/un.h>
#endif

namespace tidewire::detail {

std::string name_of(const native_address& address) {
  if (address.storage.ss_family != AF_UNIX || address.size == 0) {
    const auto at = from_sockaddr(address.get(), address.size);
    return at ? at->to_string() : std::string();
  }
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  const auto size = static_cast<std::size_t>(address.size);
  if (size <= start) return "unix:(unnamed)";
  std::string name(reinterpret_cast<const char*>(&address.storage) + start, size - start);
  if (name[0] != '\0') name.resize(std::min(name.find('\0'), name.size()));
  for (char& each : name) {  // so that it can be shown; an abstract name begins with a zero
    if (each == '\0') each = '@';
    if (ascii::is_control(each)) each = '?';
  }
  return "unix:" + name;
}

}  // namespace tidewire::detail
