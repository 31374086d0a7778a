/// @file
/// UDP: sockets that send and receive datagrams one by one or in batches, to one peer, to many, by broadcast
/// and by multicast.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/core/detail/datagram.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/resolver.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::udp {

class batch;

/// What came of one datagram.
struct received {
  std::size_t size = 0;       ///< Bytes in the buffer. 0 is an empty datagram.
  std::size_t full_size = 0;  ///< Bytes of the datagram; one more than `size` where the system only tells
                              ///< that it was longer.
  endpoint from;              ///< Who sent it. On a socket of IPv6 an IPv4 sender is mapped (`unmapped`).

  /// Was it longer than the buffer? The rest is lost.
  [[nodiscard]] constexpr bool truncated() const noexcept { return full_size > size; }
};

namespace detail {

struct batch_slots;

/// What `recv_from` returns.
class TIDEWIRE_CORE_API receive_operation final
    : public tidewire::detail::leaf<receive_operation, tidewire::detail::datagram_receive> {
 public:
  using leaf::leaf;
  [[nodiscard]] received await_resume() const {
    require_success();
    return {size_, full_size_, from_};
  }

 private:
  void came_from(const tidewire::detail::native_address& sender) noexcept override;
  endpoint from_;
};

/// What `send` and `send_to` return.
class TIDEWIRE_CORE_API send_operation final
    : public tidewire::detail::leaf<send_operation, tidewire::detail::datagram_send> {
 public:
  using leaf::leaf;
  send_operation(tidewire::detail::datagram_io* by, byte_view bytes, const endpoint& to) noexcept
      : leaf(by, bytes), to_(to) {}
  void await_resume() const { require_success(); }

 private:
  bool destination(tidewire::detail::native_address& to) const noexcept override;
  std::optional<endpoint> to_;
};

/// What `recv_many` returns.
class TIDEWIRE_CORE_API receive_many_operation final
    : public tidewire::detail::leaf<receive_many_operation, tidewire::detail::datagram_wait> {
 public:
  receive_many_operation(tidewire::detail::datagram_io* from, batch& into) noexcept
      : leaf(from, way::in), into_(&into) {}
  std::size_t await_resume() const;

 private:
  tidewire::detail::datagram_try attempt() noexcept override;
  batch* into_;
};

/// What `send_many` returns.
class TIDEWIRE_CORE_API send_many_operation final
    : public tidewire::detail::leaf<send_many_operation, tidewire::detail::datagram_wait> {
 public:
  send_many_operation(tidewire::detail::datagram_io* by, batch& from, std::size_t first) noexcept
      : leaf(by, way::out), from_(&from), first_(first) {}
  bool start(tidewire::detail::promise_base& p);
  void await_resume() const;

 private:
  tidewire::detail::datagram_try attempt() noexcept override;
  batch* from_;
  std::size_t first_;
};

}  // namespace detail

/// One datagram of a batch; it borrows from it.
struct datagram {
  byte_span bytes;            ///< What came, or is to be sent.
  std::size_t full_size = 0;  ///< As in `received`.
  endpoint peer;              ///< Who sent it, or is to get it; 0.0.0.0:0 for the connected peer.

  /// Was it longer than `batch::datagram_size`? The rest is lost.
  [[nodiscard]] constexpr bool truncated() const noexcept { return full_size > bytes.size(); }
};

/// How `batch` is made.
struct batch_options {
  /// Datagrams that it holds at most, 1 to 1024. Default: 32.
  std::size_t capacity = 32;
  /// Bytes of each at most, 1 to 65,535; what comes longer is cut. Default: 2048, more than an Ethernet
  /// frame.
  std::size_t datagram_size = 2048;
  /// The first `recv_many` into it turns UDP_GRO on where the system has it (Linux 5.0 and later): datagrams
  /// of one sender and size then come through the system in one piece, and are cut apart here. It stays on
  /// for the life of the socket, whichever batch it is shown next, and takes 1 MiB of address space, of which
  /// only what datagrams fill becomes memory. Whoever reads by `native_handle` has to cut them apart himself.
  /// Default: true.
  bool coalesced = true;
};

/// Datagrams that are received or sent together, by one call of the system where it has such a one
/// (recvmmsg, sendmmsg), and the memory that they are in: all of it is got when a batch is made, and used
/// again.
///
/// @code
/// udp::batch batch;
/// for (;;) {
///   co_await socket.recv_many(batch);
///   for (const udp::datagram& each : batch) take(each.peer, each.bytes);
/// }
/// @endcode
///
/// Moves. Not while an operation is using it. Distinct: safe in distinct threads.
class TIDEWIRE_CORE_API batch {
 public:
  /// Options out of their range are brought into it.
  explicit batch(batch_options options = {});
  batch(batch&& other) noexcept;
  batch& operator=(batch&& other) noexcept;
  ~batch();

  /// How many datagrams it holds.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t capacity() const noexcept;
  /// Bytes of each at most.
  [[nodiscard]] std::size_t datagram_size() const noexcept;
  /// The datagram at `index`, which is less than `size()`. It holds until the batch is used again.
  [[nodiscard]] datagram operator[](std::size_t index) const noexcept;

  /// Copies a datagram in, to be sent to `to` by `send_many`: false, and nothing happens, if the batch is
  /// full or `bytes` are more than `datagram_size`.
  [[nodiscard]] bool append(byte_view bytes, const endpoint& to);
  /// The same, for the connected peer.
  [[nodiscard]] bool append(byte_view bytes);
  /// Holds none.
  void clear() noexcept;
  /// After `send_many` failed: the index of the first that was not sent.
  [[nodiscard]] std::size_t sent() const noexcept;

  class iterator {
   public:
    using value_type = datagram;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    iterator(const batch& of, std::size_t index) noexcept : of_(&of), index_(index) {}
    [[nodiscard]] datagram operator*() const noexcept { return (*of_)[index_]; }
    iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++index_;
      return before;
    }
    [[nodiscard]] friend bool operator==(const iterator&, const iterator&) noexcept = default;

   private:
    const batch* of_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] iterator end() const noexcept { return {*this, size()}; }

 private:
  friend class detail::receive_many_operation;
  friend class detail::send_many_operation;
  std::unique_ptr<detail::batch_slots> slots_;
};

/// How `bind` binds.
struct bind_options {
  /// An IPv6 socket on the unspecified address takes IPv4, too.
  bool dual_stack = true;
  /// SO_REUSEADDR: several sockets on one endpoint, each of which gets every multicast and broadcast. What is
  /// sent to one host goes to one of them, which one is up to the system. (On macOS SO_REUSEPORT, too.)
  bool shared = false;
  /// SO_REUSEPORT: several sockets on one endpoint, among which Linux and FreeBSD share out the senders.
  bool reuse_port = false;
  /// Options of the socket.
  socket_option_list options{};
};

/// How `connect` connects.
struct connect_options {
  /// Where to send from. Default: as the system chooses.
  std::optional<endpoint> local{};
  /// Options of the socket.
  socket_option_list options{};
  /// Of a host by name: which addresses are tried, and in which order.
  address_preference prefer = address_preference::system;
  /// Of a host by name: how long its look-up may take. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
  /// Of a host by name: who resolves it. Not owned. Default: the resolver of the loop.
  const tidewire::resolver* resolver = nullptr;
};

/// Which membership `join` and `leave` mean.
struct membership {
  /// The interface: by name ("eth0"), or by one of its addresses ("192.0.2.7", "::1"). Default: as the system
  /// chooses.
  std::string_view device{};
  /// Only what this host sends (source-specific multicast, RFC 4607). Default: whatever is sent.
  std::optional<ip_address> source{};
};

/// A UDP socket. It is bound from its creation on, on no loop yet: the first operation takes it to the loop
/// of its task; when that loop has ended, so does the next.
///
/// **Who may do what when.** One task may receive, and others may send meanwhile: those who have to wait
/// until the system takes more stand in line. A second receive while one waits is refused with
/// `condition::misuse`, and so is use from another loop.
///
/// **Time.** Datagrams get lost, and nobody tells: a receive waits until one comes. Bound it by
/// `with_timeout`. Nothing is allocated for a datagram.
///
/// **After an error or a cancellation** the socket is as it was, and can be used. It can be destroyed at any
/// time; whoever waits then gets `errc::closed`.
///
/// Errors are of the class `error`; they name the operation and the peer. Moves; not thread-safe.
class TIDEWIRE_CORE_API socket : public tidewire::detail::datagram_handle,
                                 public tidewire::detail::socket_options_of<socket> {
 public:
  /// Waits for a datagram.
  /// @param buffer Not empty; alive until the operation ends. What does not fit is lost, and told.
  /// @par Errors `condition::canceled`, `misuse`; what the system gives. On a connected socket that is
  /// `std::errc::connection_refused` when the peer's host told (by ICMP) that nobody took an earlier
  /// datagram: the socket stays good.
  /// @par Cancellation No datagram is lost.
  [[nodiscard]] detail::receive_operation recv_from(byte_span buffer) noexcept {
    return detail::receive_operation(io_, buffer);
  }
  /// @copydoc recv_from(byte_span)
  [[nodiscard]] detail::receive_operation recv_from(std::span<char> buffer) noexcept {
    return recv_from(std::as_writable_bytes(buffer));
  }
  /// Waits for a datagram, and takes as many as have come and `into` has room for, in their order. Those that
  /// it has none for come with the next call, of this or of `recv_from`.
  /// @param into Emptied first; alive until the operation ends.
  /// @return How many: at least one.
  /// @par Errors As `recv_from`.
  /// @par Cancellation No datagram is lost.
  [[nodiscard]] detail::receive_many_operation recv_many(batch& into) noexcept {
    return detail::receive_many_operation(io_, into);
  }

  /// Sends a datagram. It waits only while the system takes no more.
  /// @param datagram Text or bytes; alive until the operation ends (a temporary in the same `co_await` is).
  /// 65,507 bytes at most, by IPv6 65,527; beyond some 1,200 it may be fragmented on its way.
  /// @par Errors What the system gives: too long (`std::errc::message_size`), unreachable, not permitted (a
  /// broadcast without `option::broadcast`), ...; `condition::canceled`, `misuse`. Sent is not arrived.
  /// @par Cancellation It was not sent.
  template <tidewire::detail::writable_bytes Buffer>
  [[nodiscard]] detail::send_operation send_to(const Buffer& datagram, const endpoint& to) noexcept {
    return detail::send_operation(io_, tidewire::detail::view_of(datagram), to);
  }
  /// The same, to the connected peer. `std::errc::connection_refused` tells of an earlier datagram: this one
  /// was not sent then.
  template <tidewire::detail::writable_bytes Buffer>
  [[nodiscard]] detail::send_operation send(const Buffer& datagram) noexcept {
    return detail::send_operation(io_, tidewire::detail::view_of(datagram));
  }
  /// Sends all datagrams of a batch from index `first` on, in their order.
  /// @param from Not changed; alive until the operation ends.
  /// @par Errors As `send_to`, for the first that could not be sent: `batch::sent` tells which, and the call
  /// can be made again from there, or behind.
  /// @par Cancellation Those before `batch::sent` were sent.
  [[nodiscard]] detail::send_many_operation send_many(batch& from, std::size_t first = 0) noexcept {
    return detail::send_many_operation(io_, from, first);
  }

  /// Gets what is sent to a multicast group from now on, on the port the socket is bound to.
  /// @par Errors Throws `error`: no such interface, no group, joined already, too many groups.
  void join(const ip_address& group, const membership& which = {});
  /// Ends what `join` began, with the same arguments.
  void leave(const ip_address& group, const membership& which = {});
  /// Where multicasts leave from: an interface as in `membership::device`; an IPv4 address is their sender,
  /// too, of a socket that is bound to none. Empty: as the system chooses.
  void set_multicast_device(std::string_view device);

  /// Our end. Throws `error` once closed.
  [[nodiscard]] endpoint local_endpoint() const;
  /// The peer's end, on a connected socket.
  [[nodiscard]] std::optional<endpoint> remote_endpoint() const;

 private:
  friend TIDEWIRE_CORE_API socket bind(const endpoint& at, bind_options options);
  friend TIDEWIRE_CORE_API socket connect(const endpoint& to, connect_options options);
  friend TIDEWIRE_CORE_API socket adopt(native_socket owned);
  using datagram_handle::datagram_handle;
  void set_membership(bool join, const ip_address& group, const membership& which);
};

/// Makes a socket at an endpoint, which gets what is sent there; port 0 lets the system choose.
/// @par Errors Throws `error` that names the endpoint: in use, not permitted, no such address.
[[nodiscard]] TIDEWIRE_CORE_API socket bind(const endpoint& at, bind_options options = {});
/// The same at every address of this host, IPv6 and IPv4.
[[nodiscard]] TIDEWIRE_CORE_API socket bind(std::uint16_t port, bind_options options = {});
/// Makes a socket that sends to one peer, and gets what that peer sends, and no other. Nothing goes over the
/// network for it, so it does not show whether there is a peer.
/// @par Errors Throws `error` that names the peer: unreachable, no such address here.
[[nodiscard]] TIDEWIRE_CORE_API socket connect(const endpoint& to, connect_options options = {});
/// The same to a host by its name: to the first of its addresses that this host has a route to. Whether it
/// answers there is not tried.
/// @param host A name or an address, as `resolver` takes it. Copied.
/// @par Errors What `resolve` throws, and what the first address gave if none will do; `condition::timeout`,
/// `canceled`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_CORE_API task<socket> connect(std::string_view host, std::uint16_t port,
                                                     connect_options options = {});
/// Takes over a UDP socket of the system, that another program passed on for example
/// (`unix_socket::stream::receive_descriptors`). From now on it does not block, and is not inherited by child
/// processes.
/// @par Errors Throws `error` (`condition::misuse`) if it is none; it is not taken over then.
[[nodiscard]] TIDEWIRE_CORE_API socket adopt(native_socket owned);

}  // namespace tidewire::udp
