/// @file
/// `udp::server`: peers of one UDP socket as conversations, each with a task of its own.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/detail/wait_queue.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/udp.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace tidewire::udp {

namespace detail {

class conversation_state;
class server_core;

/// What `conversation::receive` returns.
class TIDEWIRE_CORE_API conversation_receive final
    : public tidewire::detail::leaf<conversation_receive, tidewire::detail::queued_wait> {
 public:
  conversation_receive(conversation_state& of, byte_span into) noexcept : of_(&of), into_(into) {}

  bool start(tidewire::detail::promise_base& p);
  [[nodiscard]] std::optional<received> await_resume() const;

 private:
  friend class conversation_state;
  void take(byte_view datagram, std::size_t full_size) noexcept;

  conversation_state* of_;
  byte_span into_;
  received got_;
};

}  // namespace detail

/// How `server` serves.
struct server_options {
  /// A conversation in which nothing came for so long is over. Default: a minute. To a few milliseconds.
  duration idle = std::chrono::minutes(1);
  /// Conversations at a time, at most; datagrams of further peers are dropped. At least 1. Default: 1024.
  std::size_t max_conversations = 1024;
  /// Datagrams of a conversation that wait to be received, at most; further ones are dropped. At least 1.
  /// Default: 32.
  std::size_t max_queued = 32;
  /// Bytes of a datagram, as in `batch_options`. Default: 2048. The product of the last three is the memory
  /// that peers can make a server take: 64 MiB by default.
  std::size_t datagram_size = 2048;
};

/// What a server has counted.
struct server_statistics {
  std::uint64_t received = 0;       ///< Datagrams that came.
  std::uint64_t truncated = 0;      ///< Of them, those that were cut.
  std::uint64_t dropped = 0;        ///< Of them, those for which the queue of their conversation was full.
  std::uint64_t refused = 0;        ///< Of them, those for which there were conversations enough.
  std::uint64_t conversations = 0;  ///< Conversations begun.
  std::uint64_t expired = 0;        ///< Of them, those that ended because nothing came.
  std::uint64_t failed = 0;         ///< Of them, those whose handler threw.
};

/// One peer of a `server`, in its handler. It may be kept and shared beyond that. For the loop's thread only.
class TIDEWIRE_CORE_API conversation {
 public:
  /// For the library.
  explicit conversation(std::shared_ptr<detail::conversation_state> state) noexcept
      : state_(std::move(state)) {}

  /// Who it is with.
  [[nodiscard]] const endpoint& peer() const noexcept;
  /// Waits for the next datagram of the peer; empty when the conversation is over: nothing came for
  /// `server_options::idle`, the server stops, or the handler has ended. What came before is given first.
  /// @param buffer Alive until the operation ends. What does not fit is lost, and told. Not moved: neither is
  /// the conversation, meanwhile.
  /// @par Errors `condition::canceled`, `misuse` (another loop).
  /// @par Cancellation No datagram is lost. One that was handed over is returned though the task is canceled.
  [[nodiscard]] detail::conversation_receive receive(byte_span buffer) noexcept {
    return detail::conversation_receive(*state_, buffer);
  }
  /// @copydoc receive(byte_span)
  [[nodiscard]] detail::conversation_receive receive(std::span<char> buffer) noexcept {
    return receive(std::as_writable_bytes(buffer));
  }
  /// Sends a datagram to the peer; as `socket::send_to`.
  template <tidewire::detail::writable_bytes Buffer>
  [[nodiscard]] detail::send_operation send(const Buffer& datagram) noexcept {
    return socket_of().send_to(datagram, peer());
  }
  /// Datagrams of this peer that were dropped, because the handler was behind.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Is it over? There may be datagrams to receive yet.
  [[nodiscard]] bool over() const noexcept;

 private:
  [[nodiscard]] socket& socket_of() const noexcept;
  std::shared_ptr<detail::conversation_state> state_;
};

/// Serves many peers by one socket: the first datagram of a peer begins a conversation, in which a task of
/// its own, the handler's, receives what that peer sends.
///
/// @code
/// task<> echo(udp::conversation peer) {
///   std::array<char, 2048> buffer;
///   while (auto got = co_await peer.receive(buffer)) co_await peer.send(std::span(buffer).first(got->size));
/// }
/// udp::server server(udp::bind(7777));
/// co_await server.run(echo);
/// @endcode
///
/// Peers are told apart by their endpoint, which anybody can forge: an answer must not be larger than the
/// question before the peer has shown that it gets what is sent to it (RFC 8085, section 6). Memory is
/// bounded by the options. In steady state nothing is allocated for a datagram.
///
/// For one loop, on its thread. Destroying it while `run` lasts is not allowed.
class TIDEWIRE_CORE_API server {
 public:
  /// What serves a peer.
  using handler = std::function<task<>(conversation)>;

  explicit server(socket at, server_options options = {});
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// Serves until it is stopped or canceled. A conversation ends with its handler: what its peer sends after
  /// that begins a new one. A handler that throws ends its conversation and no other.
  /// @param serve Copied; called for each conversation, on the loop of this task. Name a lambda that captures
  /// more than references before, as GCC 12 destroys those in a `co_await` twice.
  /// @par Completes when `stop` was called and every handler has ended.
  /// @par Errors What the socket gives; `errc::closed` if it was closed; `condition::misuse` if it runs
  /// already.
  /// @par Cancellation Cancels the handlers, and waits for them.
  [[nodiscard]] task<> run(handler serve);
  /// Receives no more: conversations are over as soon as what waits in them has been received, and `run` ends
  /// when the handlers have. Twice is once.
  void stop() noexcept;
  /// Told whenever a handler threw, but for being canceled.
  void on_failure(std::function<void(const endpoint& peer, const std::exception_ptr& thrown)> tell);

  /// Conversations now, with those that are over and whose handlers have not ended.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] const server_statistics& statistics() const noexcept;
  /// The socket, for options, memberships and its endpoint; not to be received on.
  [[nodiscard]] socket& at() noexcept;

 private:
  task<> serve_until_stopped(handler serve);
  std::shared_ptr<detail::server_core> core_;
};

}  // namespace tidewire::udp
