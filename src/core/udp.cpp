#include <tidewire/core/executor.hpp>
#include <tidewire/core/udp.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "adopted_socket.hpp"
#include "datagram_io.hpp"
#include "datagram_slot.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::udp {

namespace platform = tidewire::detail::platform;
using tidewire::detail::datagram_io;
using tidewire::detail::datagram_try;
using tidewire::detail::native_address;

namespace {

[[nodiscard]] endpoint endpoint_of(const native_address& address) noexcept {
  const auto found = tidewire::detail::from_sockaddr(address.get(), address.size);
  return found ? *found : endpoint();
}

}  // namespace

namespace detail {

struct batch_slots {
  explicit batch_slots(const batch_options& options)
      : datagram_size(std::clamp<std::size_t>(options.datagram_size, 1, 65'535)),
        coalesced(options.coalesced),
        slots(std::clamp<std::size_t>(options.capacity, 1, 1024)),
        memory(std::make_unique_for_overwrite<std::byte[]>(datagram_size * slots.size())) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      slots[i].room = byte_span(memory.get() + i * datagram_size, datagram_size);
    }
  }

  std::size_t datagram_size;
  bool coalesced;
  std::size_t size = 0;
  std::size_t sent = 0;
  std::vector<platform::datagram_slot> slots;
  std::unique_ptr<std::byte[]> memory;
};

void receive_operation::came_from(const native_address& sender) noexcept {
  from_ = endpoint_of(sender);
}

bool send_operation::destination(native_address& to) const noexcept {
  if (to_) to = tidewire::detail::to_sockaddr(*to_);
  return to_.has_value();
}

datagram_try receive_many_operation::attempt() noexcept {
  batch_slots& slots = *into_->slots_;
  slots.size = 0;
  if (slots.coalesced) socket().coalesce();
  const platform::batch_attempt got = socket().receive_many(slots.slots);
  if (got.would_block) return datagram_try::blocked;
  if (got.error != 0) fail(got.code());
  slots.size = got.count;
  return got.drained ? datagram_try::drained : datagram_try::done;
}

std::size_t receive_many_operation::await_resume() const {
  if (failed()) raise(nullptr, 0, 0);
  return into_->size();
}

bool send_many_operation::start(tidewire::detail::promise_base& p) {
  from_->slots_->sent = std::min(first_, from_->size());
  return datagram_wait::start(p);
}

datagram_try send_many_operation::attempt() noexcept {
  batch_slots& slots = *from_->slots_;
  const auto all = std::span(slots.slots).first(slots.size);
  for (platform::datagram_slot& each : all.subspan(slots.sent)) socket().fit(each.peer);
  while (slots.sent < slots.size) {
    const platform::batch_attempt sent = platform::try_send_many(socket().native(), all.subspan(slots.sent));
    slots.sent += sent.count;
    if (sent.would_block) return datagram_try::blocked;
    if (sent.error != 0) {
      fail(sent.code());
      break;
    }
  }
  return datagram_try::done;
}

void send_many_operation::await_resume() const {
  if (!failed()) return;
  const batch_slots& slots = *from_->slots_;
  const native_address* const to = slots.sent < slots.size ? &slots.slots[slots.sent].peer : nullptr;
  raise(to != nullptr && to->size != 0 ? to : nullptr, slots.sent, slots.size);
}

}  // namespace detail

batch::batch(batch_options options) : slots_(std::make_unique<detail::batch_slots>(options)) {}
batch::batch(batch&& other) noexcept = default;
batch& batch::operator=(batch&& other) noexcept = default;
batch::~batch() = default;

std::size_t batch::size() const noexcept {
  return slots_->size;
}

std::size_t batch::capacity() const noexcept {
  return slots_->slots.size();
}

std::size_t batch::datagram_size() const noexcept {
  return slots_->datagram_size;
}

datagram batch::operator[](std::size_t index) const noexcept {
  const platform::datagram_slot& slot = slots_->slots[index];
  return {slot.room.first(slot.size), slot.full_size, endpoint_of(slot.peer)};
}

bool batch::append(byte_view bytes, const endpoint& to) {
  if (!append(bytes)) return false;
  slots_->slots[slots_->size - 1].peer = tidewire::detail::to_sockaddr(to);
  return true;
}

bool batch::append(byte_view bytes) {
  if (size() == capacity() || bytes.size() > datagram_size()) return false;
  platform::datagram_slot& slot = slots_->slots[slots_->size++];
  if (!bytes.empty()) std::memcpy(slot.room.data(), bytes.data(), bytes.size());
  slot.size = slot.full_size = bytes.size();
  slot.peer.size = 0;
  return true;
}

void batch::clear() noexcept {
  slots_->size = 0;
}

std::size_t batch::sent() const noexcept {
  return slots_->sent;
}

void socket::set_membership(bool join, const ip_address& group, const membership& which) {
  const auto check = [&](std::error_code code, const std::string& with) {
    if (code) throw error(failure(code).during(join ? "join" : "leave").with(with));
  };
  const std::string name = group.to_string();
  check(is_open() ? std::error_code() : make_error_code(errc::closed), name);
  if (!group.is_multicast() || (which.source && which.source->is_v4() != group.is_v4())) {
    failure why(errc::misuse,
                group.is_multicast() ? "the source is of the other family" : "that is no multicast address");
    throw error(why.during(join ? "join" : "leave").with(name));
  }
  std::error_code failed;
  const unsigned index = platform::find_interface(which.device, failed);
  check(failed, name + " on " + std::string(which.device));
  const native_address group_address = tidewire::detail::to_sockaddr(endpoint(group, 0));
  native_address source;
  if (which.source) source = tidewire::detail::to_sockaddr(endpoint(*which.source, 0));
  check(platform::set_membership(io_->native(), join, index, group_address, which.source ? &source : nullptr),
        name);
}

void socket::join(const ip_address& group, const membership& which) {
  set_membership(true, group, which);
}

void socket::leave(const ip_address& group, const membership& which) {
  set_membership(false, group, which);
}

void socket::set_multicast_device(std::string_view device) {
  const auto check = [&](std::error_code code) {
    if (code) throw error(failure(code).during("send multicasts from").with(device));
  };
  check(is_open() ? std::error_code() : make_error_code(errc::closed));
  std::error_code failed;
  const unsigned index = platform::find_interface(device, failed);
  check(failed);
  native_address own;
  const auto given = ip_address::parse(device);
  const bool by_v4_address = given && given->is_v4();
  if (by_v4_address) own = tidewire::detail::to_sockaddr(endpoint(*given, 0));
  const auto set = [&](bool v6) {
    return platform::set_multicast_interface(io_->native(), v6, index, by_v4_address ? &own : nullptr);
  };
  const bool v6 = io_->local().storage.ss_family == AF_INET6;
  check(set(v6));
  // A socket of both families sends each kind by itself; one of IPv6 only refuses this.
  if (v6) static_cast<void>(set(false));
}

endpoint socket::local_endpoint() const {
  if (!is_open())
    throw error(failure(errc::closed).during("ask for the local endpoint of").with(socket_name()));
  return endpoint_of(io_->local());
}

std::optional<endpoint> socket::remote_endpoint() const {
  if (!is_open() || !io_->is_connected()) return std::nullopt;
  return endpoint_of(io_->remote());
}

namespace {

/// Opens a socket and sets what has to be set before it is bound.
datagram_io* open(bool v6, const socket_option_list& options, const char* operation, const std::string& with,
                  std::error_code& code) {
  const platform::native_socket native = platform::open_socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, code);
  if (code) throw error(failure(code).during(operation).with(with));
  auto* const io = new datagram_io(native);
  for (const auto& option : options.values()) {
    if (const auto set = tidewire::detail::set_socket_option(native, option); !set) {
      io->release();
      throw error(failure(set.error()).with(with));
    }
  }
  return io;
}

}  // namespace

socket bind(const endpoint& at, bind_options options) {
  const std::string name = at.to_string();
  const auto check = [&](std::error_code code) {
    if (code) throw error(failure(code).during("bind to").with(name));
  };
  const bool v6 = at.address().is_v6();
  std::error_code code;
  socket made(open(v6, options.options, "bind to", name, code));
  const platform::native_socket native = made.io_->native();
  if (v6) check(platform::set_option(native, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1));
  if (options.shared) {
    check(platform::set_option(native, SOL_SOCKET, SO_REUSEADDR, 1));
#ifdef __APPLE__  // wants both
    options.reuse_port = true;
#endif
  }
  if (options.reuse_port) {
#ifdef SO_REUSEPORT
    check(platform::set_option(native, SOL_SOCKET, SO_REUSEPORT, 1));
#else
    check(errc::unsupported);
#endif
  }
  platform::ignore_refusals(native);
  check(platform::bind(native, tidewire::detail::to_sockaddr(at)));
  made.io_->learn_ends();
  return made;
}

socket bind(std::uint16_t port, bind_options options) {
  try {
    return bind(endpoint(ip_address::any_v6(), port), options);
  } catch (const error& e) {
    // A host without IPv6.
    if (e.code() != std::errc::address_family_not_supported && e.code() != std::errc::address_not_available)
      throw;
    return bind(endpoint(ip_address::any_v4(), port), options);
  }
}

socket connect(const endpoint& to, connect_options options) {
  const std::string name = to.to_string();
  const auto check = [&](std::error_code code) {
    if (code) throw error(failure(code).during("connect to").with(name));
  };
  std::error_code code;
  socket made(open(to.address().is_v6(), options.options, "connect to", name, code));
  const platform::native_socket native = made.io_->native();
  if (options.local) {
    code = platform::bind(native, tidewire::detail::to_sockaddr(*options.local));
    if (code) {
      throw error(failure(code, "from " + options.local->to_string()).during("connect to").with(name));
    }
  }
  check(platform::try_connect(native, tidewire::detail::to_sockaddr(to)).code());
  made.io_->learn_ends();
  return made;
}

namespace {

task<socket> connect_by_name(std::string host, std::uint16_t port, connect_options options) {
  resolve_options asking{.prefer = options.prefer, .timeout = options.timeout};
  if (options.local) {
    asking.prefer =
        options.local->address().is_v6() ? address_preference::v6_only : address_preference::v4_only;
  }
  task<std::vector<ip_address>> looking =
      options.resolver != nullptr ? options.resolver->resolve(host, asking) : resolve(host, asking);
  const std::vector<ip_address> addresses = co_await std::move(looking);
  // Nothing below waits, nor does the look-up of what is known.
  if (co_await is_canceled()) throw error(failure(errc::canceled).during("connect to").with(host));
  std::exception_ptr first;
  for (const ip_address& each : addresses) {
    try {
      co_return connect(endpoint(each, port), options);
    } catch (const error&) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
  throw error(failure(errc::host_not_found).during("connect to").with(host));
}

}  // namespace

task<socket> connect(std::string_view host, std::uint16_t port, connect_options options) {
  return connect_by_name(std::string(host), port, options);
}

socket adopt(native_socket owned) {
  tidewire::detail::require_kind(owned, SOCK_DGRAM, false, tidewire::detail::socket_family::internet,
                                 "adopt a UDP socket");
  socket made(new datagram_io(owned));
  made.io_->learn_ends();
  return made;
}

}  // namespace tidewire::udp
