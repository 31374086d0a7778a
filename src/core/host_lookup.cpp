#include "host_lookup.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "sockaddr.hpp"

#ifndef _WIN32
#include <netdb.h>
#endif

namespace tidewire::detail {
namespace {

// `system_error`: errno as the look-up left it.
failure why_not(int code, int system_error) {
  switch (code) {
    case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
      return errc::host_not_found;
    case EAI_AGAIN: return failure(errc::resolver_failed, "the name servers gave no answer");
    case EAI_FAIL: return failure(errc::resolver_failed, "the name servers refused to answer");
    case EAI_MEMORY: return std::make_error_code(std::errc::not_enough_memory);
#ifdef EAI_SYSTEM
    case EAI_SYSTEM: return std::error_code(system_error, std::system_category());
#endif
    default: break;
  }
  static_cast<void>(system_error);
  return failure(errc::resolver_failed, "getaddrinfo failed with " + std::to_string(code));
}

}  // namespace

result<std::vector<ip_address>> look_up_host(const std::string& host, bool numeric) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once for each type
  if (numeric) hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found)) return why_not(code, errno);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<ip_address> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const auto at = from_sockaddr(each->ai_addr, static_cast<socklen_t>(each->ai_addrlen));
    if (!at || std::find(addresses.begin(), addresses.end(), at->address()) != addresses.end()) continue;
    addresses.push_back(at->address());
  }
  if (addresses.empty()) return errc::host_not_found;
  return addresses;
}

}  // namespace tidewire::detail
