/// @file
/// Many messages over a few connections: `with_pool`.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/smtp/export.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace tidewire::smtp {

/// How a pool works.
struct pool_options {
  /// Connections at the most, each opened when there is work for it. At least 1. Default: 4.
  std::size_t connections = 4;
  /// Messages that go over one connection; 0: any number. Default: 100, as servers have their limits.
  std::size_t messages_per_connection = 100;
  /// How old a connection may get. Default: 10 min.
  duration max_age = std::chrono::minutes(10);
  /// How long a connection waits for another message until it is quit. Default: 15 s.
  duration max_idle = std::chrono::seconds(15);
  /// Messages that may wait; one more is refused by `condition::limit_exceeded`. Default: 10,000.
  std::size_t queue_limit = 10'000;
  /// How often a message is tried in all that cannot have been accepted by anybody, because no connection was
  /// to be had, or it broke before the message was sent. Default: 4.
  std::size_t attempts = 4;
  /// The pause after a connection could not be opened; it doubles with each further time, up to a minute.
  /// Default: 1 s.
  duration pause = std::chrono::seconds(1);
  /// Messages in each `per` for all connections together; 0 (the default): as fast as it goes. The next
  /// envelope then does not ride along with the message before.
  std::uint64_t rate = 0;
  /// The span that `rate` is for. Default: 1 s.
  duration per = std::chrono::seconds(1);
};

/// What a pool did so far.
struct pool_statistics {
  std::size_t opened = 0;   ///< Connections that were opened.
  std::size_t open = 0;     ///< Those that are open.
  std::size_t waiting = 0;  ///< Messages that wait.
  std::size_t done = 0;     ///< Messages whose fate is known, or known to be unknown.
  std::size_t retried = 0;  ///< Times that a message was tried again.
};

/// Opens a session, signed in and ready: what a pool makes its connections with. Errors that are not
/// `condition::transient` fail all messages that wait: nobody hammers a server with a wrong password.
using session_opener = std::function<task<client>()>;

namespace detail {
class pool_state;
}

/// Sends messages of any number of tasks over the connections of one `with_pool`. For the loop's thread.
/// Valid until its `with_pool` ends.
class TIDEWIRE_SMTP_API pool {
 public:
  /// For `with_pool`.
  pool(session_opener open, const pool_options& options);
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  ~pool();

  /// Sends a message as `client::send` does, when its turn comes. Many tasks may be in here at once.
  ///
  /// Tried again, on another connection, is only what cannot have been accepted by anybody: not what was
  /// refused, and never what may have been accepted.
  /// @param mail    Kept until it is done.
  /// @param content The same.
  /// @param options `timeout` counts from now on, the time in the queue included.
  /// @par Errors As `client::send`; `condition::limit_exceeded` if too many wait; what `open` threw, as
  /// `send_error`.
  /// @par Cancellation A message that was not begun is taken back. One that was is sent on all the same; it
  /// is said to be of unknown outcome.
  [[nodiscard]] task<send_report> send(envelope mail, std::string content, send_options options = {});
  /// The same with a message that is made while it is sent. Kept until it is done.
  [[nodiscard]] task<send_report> send(envelope mail, std::unique_ptr<message_source> content,
                                       send_options options = {});

  /// The same with a message of `tidewire::mime`, to whom its headers say, encoded so that every server takes
  /// it.
  [[nodiscard]] task<send_report> send(const mime::message& message, send_options options = {});

  [[nodiscard]] pool_statistics statistics() const noexcept;

  /// For `with_pool`: connections are children of this group.
  void attach(task_group& group) noexcept;
  /// For `with_pool`: waits until every message is done and every connection quit.
  [[nodiscard]] task<> finish();

 private:
  std::unique_ptr<detail::pool_state> state_;
};

namespace detail {

template <class F>
task<> run_pool(session_opener open, pool_options options, F body) {
  pool messages(std::move(open), options);
  const auto run = [&](task_group& group) -> task<> {
    messages.attach(group);
    co_await body(messages);
    co_await messages.finish();
  };
  co_await with_group(run);
}

}  // namespace detail

/// Runs `body`, a function that takes a `pool&` and returns a `task<>`; then sends what is left, says
/// good-bye on each connection, and ends.
///
/// @code
/// const auto open = [&]() -> task<smtp::client> { return smtp::open(connection(), options); };
/// const auto body = [&](smtp::pool& pool) -> task<> { ... co_await pool.send(mail, text) ... };
/// co_await smtp::with_pool(open, {.connections = 10}, body);
/// @endcode
/// @param open    Called for each connection. Kept until the end.
/// @param options Copied.
/// @param body    Kept until the end. Tasks that it starts send at once if it starts them in a group of its
/// own.
/// @par Errors What `body` threw; messages that are under way are then broken off.
/// @par Cancellation Cancels `body`; messages that are under way are broken off.
template <class F>
requires std::same_as<std::invoke_result_t<F&, pool&>, task<>>
[[nodiscard]] task<> with_pool(session_opener open, pool_options options, F body) {
  return detail::run_pool(std::move(open), options, std::move(body));
}

}  // namespace tidewire::smtp
