// Before everything: Asio includes the headers of the system in their order, and starts Winsock.
#include "platform_windows.hpp"

#include <tidewire/base/error.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/transport.hpp>

#include <asio/detail/socket_types.hpp>
#include <asio/detail/winsock_init.hpp>
#include <mstcpip.h>
// after Winsock
#include <iphlpapi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>

#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail::platform {
namespace {

constexpr std::size_t most_vectors = 64;

std::error_code last_error() noexcept {
  return system_code(::WSAGetLastError());
}

SOCKET raw(native_socket s) noexcept {
  return static_cast<SOCKET>(s);
}

attempt failed_attempt() noexcept {
  const int error = ::WSAGetLastError();
  if (error == WSAEWOULDBLOCK) return {0, 0, true};
  return {0, error};
}

ULONG clamped(std::size_t size) noexcept {
  return static_cast<ULONG>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

namespace {

struct winsock_error {
  int number;
  std::errc condition;
  const char* text;
};

constexpr winsock_error winsock_errors[] = {
    {WSAEACCES, std::errc::permission_denied, "Permission denied"},
    {WSAEADDRINUSE, std::errc::address_in_use, "Address already in use"},
    {WSAEADDRNOTAVAIL, std::errc::address_not_available, "Cannot assign requested address"},
    {WSAEAFNOSUPPORT, std::errc::address_family_not_supported, "Address family not supported by protocol"},
    {WSAEALREADY, std::errc::connection_already_in_progress, "Operation already in progress"},
    {WSAECONNABORTED, std::errc::connection_aborted, "Software caused connection abort"},
    {WSAECONNREFUSED, std::errc::connection_refused, "Connection refused"},
    {WSAECONNRESET, std::errc::connection_reset, "Connection reset by peer"},
    {WSAEDESTADDRREQ, std::errc::destination_address_required, "Destination address required"},
    {WSAEFAULT, std::errc::bad_address, "Bad address"},
    {WSAEHOSTUNREACH, std::errc::host_unreachable, "No route to host"},
    {WSAEINVAL, std::errc::invalid_argument, "Invalid argument"},
    {WSAEISCONN, std::errc::already_connected, "Transport endpoint is already connected"},
    {WSAEMFILE, std::errc::too_many_files_open, "Too many open files"},
    {WSAEMSGSIZE, std::errc::message_size, "Message too long"},
    {WSAENETDOWN, std::errc::network_down, "Network is down"},
    {WSAENETRESET, std::errc::network_reset, "Network dropped connection on reset"},
    {WSAENETUNREACH, std::errc::network_unreachable, "Network is unreachable"},
    {WSAENOBUFS, std::errc::no_buffer_space, "No buffer space available"},
    {WSAENOPROTOOPT, std::errc::no_protocol_option, "Protocol not available"},
    {WSAENOTCONN, std::errc::not_connected, "Transport endpoint is not connected"},
    {WSAEOPNOTSUPP, std::errc::operation_not_supported, "Operation not supported"},
    {WSAESHUTDOWN, std::errc::broken_pipe, "Broken pipe"},
    {WSAETIMEDOUT, std::errc::timed_out, "Connection timed out"},
};

const winsock_error* find_winsock_error(int number) noexcept {
  const auto* const found = std::find_if(std::begin(winsock_errors), std::end(winsock_errors),
                                         [&](const winsock_error& e) { return e.number == number; });
  return found != std::end(winsock_errors) ? found : nullptr;
}

// Neither the standard library of MinGW nor that of Visual C++ knows all numbers of Winsock.
class winsock_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "winsock"; }
  [[nodiscard]] std::string message(int value) const override {
    const winsock_error* const known = find_winsock_error(value);
    return known != nullptr ? known->text : std::system_category().message(value);
  }
  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    const winsock_error* const known = find_winsock_error(value);
    return known != nullptr ? std::make_error_condition(known->condition)
                            : std::system_category().default_error_condition(value);
  }
};

}  // namespace

std::error_code system_code(int error) noexcept {
  if (error == WSAENOTSOCK) return errc::closed;  // there is no other way to come to it
  static const winsock_category category;
  return std::error_code(error, category);
}

// What it has, TransmitFile, completes instead of being tried.
attempt try_send_file(native_socket, const file_part&) noexcept {
  return {0, WSAEOPNOTSUPP};
}

std::error_code get_connection_info(native_socket s, tcp::connection_info& info) noexcept {
#ifdef SIO_TCP_INFO  // Windows 10
  DWORD version = 0;
  TCP_INFO_v0 got{};
  DWORD size = 0;
  if (::WSAIoctl(raw(s), SIO_TCP_INFO, &version, sizeof(version), &got, sizeof(got), &size, nullptr,
                 nullptr) != 0) {
    const int error = ::WSAGetLastError();
    return error == WSAEOPNOTSUPP || error == WSAEINVAL ? make_error_code(errc::unsupported)
                                                        : system_code(error);
  }
  info.round_trip = std::chrono::microseconds(got.RttUs);
  info.segment_size = got.Mss;
  info.congestion_window = got.Cwnd;
  info.unacknowledged = got.BytesInFlight;
  if (got.Mss != 0) info.retransmitted = (got.BytesRetrans + got.Mss - 1) / got.Mss;
  return {};
#else
  static_cast<void>(s);
  static_cast<void>(info);
  return errc::unsupported;
#endif
}

std::chrono::steady_clock::time_point coarse_now() noexcept {
  return std::chrono::steady_clock::now();
}

attempt try_receive(native_socket from, byte_span into) noexcept {
  WSABUF buffer{clamped(into.size()), reinterpret_cast<char*>(into.data())};
  DWORD got = 0;
  DWORD flags = 0;
  if (::WSARecv(raw(from), &buffer, 1, &got, &flags, nullptr, nullptr) != 0) return failed_attempt();
  return {got};
}

attempt try_send(native_socket to, std::span<const byte_view> buffers, std::size_t skip) noexcept {
  std::array<WSABUF, most_vectors> vectors;
  DWORD count = 0;
  std::size_t all = 0;
  bool more = false;
  for (const byte_view& buffer : buffers) {
    if (skip >= buffer.size()) {
      skip -= buffer.size();
      continue;
    }
    if (count == vectors.size()) {
      more = true;
      break;
    }
    const std::size_t rest = buffer.size() - skip;
    // WSASend does not write through buf.
    vectors[count++] = {clamped(rest),
                        const_cast<char*>(reinterpret_cast<const char*>(buffer.data())) + skip};
    all += clamped(rest);
    skip = 0;
    if (clamped(rest) < rest) {
      more = true;
      break;
    }
  }
  if (all == 0) return {0, 0, false, true};
  DWORD sent = 0;
  if (::WSASend(raw(to), vectors.data(), count, &sent, 0, nullptr, nullptr) != 0) return failed_attempt();
  return {sent, 0, false, sent == all, more};
}

// A datagram that is cut is told by an error, and the answer of a host without such a port by a reset.
datagram_attempt try_receive_from(native_socket s, byte_span into, native_address& sender) noexcept {
  WSABUF buffer{clamped(into.size()), reinterpret_cast<char*>(into.data())};
  DWORD size = 0;
  DWORD flags = 0;
  sender.size = sizeof(sender.storage);
  auto* const address = reinterpret_cast<sockaddr*>(&sender.storage);
  datagram_attempt got;
  if (::WSARecvFrom(raw(s), &buffer, 1, &size, &flags, address, &sender.size, nullptr, nullptr) != 0) {
    static_cast<attempt&>(got) = failed_attempt();
    if (got.error == WSAECONNRESET) got.error = WSAECONNREFUSED;
    if (got.error != WSAEMSGSIZE) return got;
    got.error = 0;
    got.bytes = into.size();
    got.full_size = got.bytes + 1;
    return got;
  }
  got.bytes = got.full_size = size;
  return got;
}

attempt try_send_to(native_socket s, byte_view datagram, const native_address* to) noexcept {
  // WSASendTo does not write through buf.
  WSABUF buffer{clamped(datagram.size()), const_cast<char*>(reinterpret_cast<const char*>(datagram.data()))};
  DWORD sent = 0;
  if (::WSASendTo(raw(s), &buffer, 1, &sent, 0, to != nullptr ? to->get() : nullptr,
                  to != nullptr ? to->size : 0, nullptr, nullptr) != 0) {
    return failed_attempt();
  }
  return {sent};
}

void ignore_refusals(native_socket s) noexcept {
  constexpr DWORD udp_connection_reset = IOC_IN | IOC_VENDOR | 12;  // SIO_UDP_CONNRESET
  BOOL on = FALSE;
  DWORD size = 0;
  ::WSAIoctl(raw(s), udp_connection_reset, &on, sizeof(on), nullptr, 0, &size, nullptr, nullptr);
}

std::vector<std::byte> rights_of(std::span<const native_socket>) {
  return {};
}

incoming_rights::incoming_rights(std::size_t) {}

attempt try_receive_rights(native_socket, byte_span, incoming_rights&) noexcept {
  return {0, WSAEOPNOTSUPP};
}

attempt try_send_rights(native_socket, std::span<const byte_view>, std::size_t, byte_span) noexcept {
  return {0, WSAEOPNOTSUPP};
}

std::error_code open_unix_pair(int, std::array<native_socket, 2>&) noexcept {
  return errc::unsupported;
}

std::error_code identify_peer(native_socket, peer_identity&) noexcept {
  return errc::unsupported;
}

std::error_code set_file_mode(native_socket, unsigned) noexcept {
  return errc::unsupported;
}

file_identity identify_file(const char* path, std::error_code& failed) noexcept {
  // The file of a socket is a reparse point, which leads nowhere.
  const HANDLE file =
      ::CreateFileA(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                    FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, nullptr);
  BY_HANDLE_FILE_INFORMATION found{};
  if (file == INVALID_HANDLE_VALUE || ::GetFileInformationByHandle(file, &found) == 0) {
    failed = std::error_code(static_cast<int>(::GetLastError()), std::system_category());
  } else {
    failed = std::error_code();
  }
  if (file != INVALID_HANDLE_VALUE) ::CloseHandle(file);
  return {found.dwVolumeSerialNumber, std::uint64_t{found.nFileIndexHigh} << 32 | found.nFileIndexLow};
}

unsigned find_interface(std::string_view device, std::error_code& failed) noexcept {
  failed = std::error_code();
  if (device.empty()) return 0;
  const auto wanted = ip_address::parse(device);
  if (!wanted) {
    const unsigned index = ::if_nametoindex(std::string(device).c_str());
    if (index == 0) failed = std::make_error_code(std::errc::no_such_device);
    return index;
  }
  constexpr ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
  std::vector<std::byte> room(16 * 1024);
  ULONG size = 0;
  ULONG error = ERROR_BUFFER_OVERFLOW;
  for (int i = 0; i < 4 && error == ERROR_BUFFER_OVERFLOW; ++i) {
    if (size > room.size()) room.resize(size);
    size = static_cast<ULONG>(room.size());
    error = ::GetAdaptersAddresses(AF_UNSPEC, flags, nullptr,
                                   reinterpret_cast<IP_ADAPTER_ADDRESSES*>(room.data()), &size);
  }
  if (error != ERROR_SUCCESS) {
    failed = std::error_code(static_cast<int>(error), std::system_category());
    return 0;
  }
  for (const auto* each = reinterpret_cast<const IP_ADAPTER_ADDRESSES*>(room.data()); each != nullptr;
       each = each->Next) {
    for (const auto* own = each->FirstUnicastAddress; own != nullptr; own = own->Next) {
      const auto found = from_sockaddr(own->Address.lpSockaddr, own->Address.iSockaddrLength);
      if (found && found->address() == *wanted) return wanted->is_v6() ? each->Ipv6IfIndex : each->IfIndex;
    }
  }
  failed = std::make_error_code(std::errc::no_such_device);
  return 0;
}

std::error_code set_membership(native_socket s, bool join, unsigned index, const native_address& group,
                               const native_address* source) noexcept {
  const int level = group.storage.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  GROUP_SOURCE_REQ request{};
  request.gsr_interface = index;
  request.gsr_group = group.storage;
  if (source != nullptr) {
    request.gsr_source = source->storage;
    const int name = join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP;
    const auto* const bytes = reinterpret_cast<const char*>(&request);
    return ::setsockopt(raw(s), level, name, bytes, sizeof(request)) == 0 ? std::error_code() : last_error();
  }
  const GROUP_REQ any{request.gsr_interface, request.gsr_group};
  const auto* const bytes = reinterpret_cast<const char*>(&any);
  const int name = join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
  return ::setsockopt(raw(s), level, name, bytes, sizeof(any)) == 0 ? std::error_code() : last_error();
}

std::error_code set_multicast_interface(native_socket s, bool v6, unsigned index,
                                        const native_address* own) noexcept {
  if (v6) return set_option(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
  // An address; one of 0.0.0.0/8 is the index of an interface.
  u_long which = ::htonl(index);
  if (own != nullptr) {
    std::memcpy(&which, reinterpret_cast<const char*>(&own->storage) + offsetof(sockaddr_in, sin_addr),
                sizeof(which));
  }
  return set_option(s, IPPROTO_IP, IP_MULTICAST_IF, static_cast<int>(which));
}

attempt try_connect(native_socket s, const native_address& to) noexcept {
  if (::connect(raw(s), to.get(), to.size) == 0) return {};
  return failed_attempt();
}

std::error_code connect_outcome(native_socket s) noexcept {
  int failed = 0;
  if (const std::error_code code = get_option(s, SOL_SOCKET, SO_ERROR, failed)) return code;
  return failed == 0 ? std::error_code() : system_code(failed);
}

accepted try_accept(native_socket listener, native_address& peer) noexcept {
  for (;;) {
    peer.size = sizeof(peer.storage);
    const SOCKET s = ::accept(raw(listener), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size);
    if (s != INVALID_SOCKET) {
      static_cast<void>(prepare(static_cast<native_socket>(s)));
      return {static_cast<native_socket>(s), {}, false};
    }
    const int error = ::WSAGetLastError();
    // A connection that broke off before it was accepted is none.
    if (error == WSAECONNRESET || error == WSAECONNABORTED) continue;
    if (error == WSAEWOULDBLOCK) return {no_socket, {}, true};
    return {no_socket, system_code(error), false};
  }
}

native_socket open_socket(int family, int type, std::error_code& failed) noexcept {
  const SOCKET s = ::WSASocketW(family, type, 0, nullptr, 0, WSA_FLAG_OVERLAPPED);
  const auto made = static_cast<native_socket>(s);
  failed = s == INVALID_SOCKET ? last_error() : prepare(made);
  if (!failed) return made;
  if (s != INVALID_SOCKET) ::closesocket(s);
  return no_socket;
}

std::error_code prepare(native_socket s) noexcept {
  u_long on = 1;
  ::SetHandleInformation(reinterpret_cast<HANDLE>(raw(s)), HANDLE_FLAG_INHERIT, 0);
  return ::ioctlsocket(raw(s), FIONBIO, &on) == 0 ? std::error_code() : last_error();
}

std::error_code bind(native_socket s, const native_address& to) noexcept {
  return ::bind(raw(s), to.get(), to.size) == 0 ? std::error_code() : last_error();
}

std::error_code listen(native_socket s, int backlog) noexcept {
  return ::listen(raw(s), backlog) == 0 ? std::error_code() : last_error();
}

native_address local_address(native_socket s, std::error_code& failed) noexcept {
  native_address address;
  address.size = sizeof(address.storage);
  const int done = ::getsockname(raw(s), reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  failed = done == 0 ? std::error_code() : last_error();
  return address;
}

native_address remote_address(native_socket s, std::error_code& failed) noexcept {
  native_address address;
  address.size = sizeof(address.storage);
  const int done = ::getpeername(raw(s), reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  failed = done == 0 ? std::error_code() : last_error();
  return address;
}

std::error_code set_option(native_socket s, int level, int name, int value) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(&value);
  return ::setsockopt(raw(s), level, name, bytes, sizeof(value)) == 0 ? std::error_code() : last_error();
}

// Some switches are one byte here.
std::error_code get_option(native_socket s, int level, int name, int& value) noexcept {
  int size = sizeof(value);
  value = 0;
  return ::getsockopt(raw(s), level, name, reinterpret_cast<char*>(&value), &size) == 0 ? std::error_code()
                                                                                        : last_error();
}

option_place place_of(option_id id, bool v6) noexcept {
  switch (id) {
    case option_id::no_delay: return {IPPROTO_TCP, TCP_NODELAY, true};
    case option_id::keep_alive: return {SOL_SOCKET, SO_KEEPALIVE, true};
    case option_id::reuse_address: return {SOL_SOCKET, SO_REUSEADDR, true};
    case option_id::receive_buffer: return {SOL_SOCKET, SO_RCVBUF, true};
    case option_id::send_buffer: return {SOL_SOCKET, SO_SNDBUF, true};
    case option_id::hop_limit:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_UNICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_TTL, true};
    case option_id::v6_only: return {IPPROTO_IPV6, IPV6_V6ONLY, true};
    case option_id::broadcast: return {SOL_SOCKET, SO_BROADCAST, true};
    case option_id::multicast_loop:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_LOOP, true};
    case option_id::multicast_hops:
      return v6 ? option_place{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, true}
                : option_place{IPPROTO_IP, IP_MULTICAST_TTL, true};
    // Programs may set these only through the system's quality-of-service interface, or not at all.
    case option_id::traffic_class:
    case option_id::dscp:
    case option_id::reuse_port:
    case option_id::quick_ack:
    case option_id::not_sent_low_water:
    case option_id::user_timeout:
    case option_id::fast_open:
    case option_id::fast_open_connect:
    case option_id::mark:
    case option_id::linger:
    case option_id::bind_to_device: break;
  }
  return {};
}

// Since Windows 10 1709; the headers of MinGW may not name them.
std::array<option_place, 3> keep_alive_places() noexcept {
  constexpr int keep_idle = 3;
  constexpr int keep_interval = 17;
  constexpr int keep_count = 16;
  return {
      {{IPPROTO_TCP, keep_idle, true}, {IPPROTO_TCP, keep_interval, true}, {IPPROTO_TCP, keep_count, true}}};
}

std::error_code set_linger(native_socket s, bool on, int seconds) noexcept {
  const ::linger value{static_cast<u_short>(on ? 1 : 0),
                       static_cast<u_short>(std::clamp(seconds, 0, 65'535))};
  const auto* const bytes = reinterpret_cast<const char*>(&value);
  return ::setsockopt(raw(s), SOL_SOCKET, SO_LINGER, bytes, sizeof(value)) == 0 ? std::error_code()
                                                                                : last_error();
}

std::error_code get_linger(native_socket s, bool& on, int& seconds) noexcept {
  ::linger value{};
  int size = sizeof(value);
  if (::getsockopt(raw(s), SOL_SOCKET, SO_LINGER, reinterpret_cast<char*>(&value), &size) != 0) {
    return last_error();
  }
  on = value.l_onoff != 0;
  seconds = value.l_linger;
  return {};
}

std::error_code bind_to_device(native_socket, bool, const char*) noexcept {
  return errc::unsupported;
}

std::error_code get_bound_device(native_socket, bool, std::span<char, 16>) noexcept {
  return errc::unsupported;
}

bool is_v6(native_socket s) noexcept {
  WSAPROTOCOL_INFOW info;
  int size = sizeof(info);
  return ::getsockopt(raw(s), SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info), &size) == 0 &&
         info.iAddressFamily == AF_INET6;
}

std::error_code shutdown_write(native_socket s) noexcept {
  return ::shutdown(raw(s), SD_SEND) == 0 ? std::error_code() : last_error();
}

void close(native_socket s) noexcept {
  ::closesocket(raw(s));
}

std::thread start_quiet_thread(void (*body)(void*), void* argument) {
  return std::thread(body, argument);
}

}  // namespace tidewire::detail::platform
