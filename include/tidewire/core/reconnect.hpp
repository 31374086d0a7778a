/// @file
/// `reconnecting`: one connection that is made again whenever it is lost.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/mutex.hpp>
#include <tidewire/core/observer.hpp>
#include <tidewire/core/pool.hpp>
#include <tidewire/core/retry.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/when.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tidewire {

/// How a `reconnecting` connection is kept.
struct reconnect_options {
  /// One attempt to connect may take so long. Default: 30 s.
  duration connect_timeout = std::chrono::seconds(30);
  /// The first pause between attempts is at most this long. Each is at most twice as long as the one before,
  /// and takes a share of that by chance, so that many clients do not come back at once. Default: 100 ms.
  duration first_delay = std::chrono::milliseconds(100);
  /// No pause is longer. Default: 30 s.
  duration longest_delay = std::chrono::seconds(30);
  /// A connection that held so long was well: the pauses begin anew. Default: 10 s.
  duration healthy_after = std::chrono::seconds(10);
  /// A connection that was not used for so long is checked, if there is a check. Default: 30 s.
  duration check_after = std::chrono::seconds(30);
  /// A check may take so long. Default: 5 s.
  duration check_timeout = std::chrono::seconds(5);
  /// Is it worth another attempt to connect? Null (the default): what satisfies `condition::transient` is.
  bool (*worth)(const failure& why) = nullptr;
  /// Numbers in [0, 1) for the pauses; null (the default): by chance. For tests.
  double (*random)() = nullptr;
  /// Told of the events "reconnect.connected", "reconnect.failed" and "reconnect.lost" (cause). Not owned;
  /// must outlive the client. Null (the default): nobody.
  observer* told = nullptr;
};

namespace detail {

[[noreturn]] TIDEWIRE_CORE_API void throw_reconnecting_ended();
TIDEWIRE_CORE_API void tell_of_connection(const reconnect_options& options, executor here,
                                          std::string_view event, const failure* why);
[[nodiscard]] TIDEWIRE_CORE_API retry_options schedule_of(const reconnect_options& options) noexcept;

}  // namespace detail

/// A connection for a client that talks to one server all the time. `run` keeps it: connects, checks it while
/// nobody uses it, and connects again, after growing pauses, when it is lost. `use` does an exchange on it,
/// and waits while there is none.
///
/// @code
/// reconnecting<tcp::stream> server([] { return tcp::connect("example.org", 7); });
/// group.spawn(server.run());
/// auto answer = co_await server.use([](tcp::stream& peer) -> task<std::string> {
///   co_await peer.write("hello\n");
///   co_return co_await peer.read_line();
/// });
/// @endcode
///
/// @tparam Connection A stream, which is watched while nobody uses it, so that its end is noticed at once; or
/// whatever else can be moved.
///
/// For one loop, on its thread. It must outlive its `run` and every `use`.
template <class Connection>
class reconnecting {
 public:
  /// @param connect Makes the connection.
  explicit reconnecting(std::function<task<Connection>()> connect, reconnect_options options = {})
      : options_(options), connect_(std::move(connect)) {}
  reconnecting(const reconnecting&) = delete;
  reconnecting& operator=(const reconnecting&) = delete;

  /// Sets what asks the server, while nobody uses the connection, whether it is still there, and throws if
  /// not.
  void set_check(std::function<task<>(Connection&)> check) { check_ = std::move(check); }

  /// Keeps the connection. One at a time.
  /// @par Completes when
  /// connecting fails in a way that `reconnect_options::worth` gives up, or by cancellation. Each `use` that
  /// waits gets `errc::closed` then.
  /// @par Errors What the last attempt to connect threw; `condition::canceled`.
  /// @par Cancellation A `use` that is under way is not disturbed.
  [[nodiscard]] task<> run() {
    struct ending {
      reconnecting& of;
      ~ending() {
        of.ended_ = true;
        of.up_.set();
      }
    } const at_last{*this};
    ended_ = false;
    up_.reset();
    const executor here = co_await this_executor();
    std::optional<detail::retry_schedule> pauses;
    for (;;) {
      if (!pauses) pauses.emplace(detail::schedule_of(options_), here.now());
      std::optional<failure> why;
      const time_point began = here.now();
      try {
        connection_.emplace(co_await with_timeout(options_.connect_timeout, connect_()));
        detail::tell_of_connection(options_, here, "reconnect.connected", nullptr);
        ++connects_;
      } catch (const error& e) {
        why = e.failure();
      }
      if (!why) {
        why = co_await until_lost();
        if (here.now() - began >= options_.healthy_after)
          pauses.emplace(detail::schedule_of(options_), here.now());
        detail::tell_of_connection(options_, here, "reconnect.lost", &*why);
        why =
            failure(std::make_error_code(std::errc::connection_reset));  // worth another attempt in any case
      } else {
        detail::tell_of_connection(options_, here, "reconnect.failed", &*why);
      }
      const duration pause = pauses->next(*why, here.now());
      if (pause < duration::zero()) throw error(*why);
      co_await sleep_for(pause);
    }
  }

  /// Does an exchange: waits until there is a connection that nobody else uses, and gives what `exchange`
  /// gives. Those who wait are served in order.
  /// @param exchange A function of the connection that gives a task; kept until the end.
  /// @par Errors What the exchange throws, after which the connection is made anew, since nobody knows where
  /// it stands; the exchange is not repeated. `errc::closed`: `run` has ended. There is no deadline: see
  /// `with_timeout`.
  /// @par Cancellation Cancels the exchange; the connection is made anew.
  template <class F>
  requires(detail::is_task<std::invoke_result_t<F&, Connection&>>)
  [[nodiscard]] std::invoke_result_t<F&, Connection&> use(F exchange) {
    const auto held = co_await lock_when_up();
    try {
      co_return co_await exchange(*connection_);
    } catch (...) {
      lost_ = true;
      thrown_ = std::current_exception();
      throw;
    }
  }

  /// Is there a connection?
  [[nodiscard]] bool connected() const noexcept { return connection_.has_value() && !lost_; }
  /// How many times it was made.
  [[nodiscard]] std::size_t connects() const noexcept { return connects_; }

 private:
  /// Counts those who want the connection, so that `run` lets go of it.
  class wanting {
   public:
    explicit wanting(reconnecting& of) noexcept : of_(of) {
      ++of_.wanted_by_;
      of_.wanted_.set();
    }
    wanting(const wanting&) = delete;
    wanting& operator=(const wanting&) = delete;
    ~wanting() {
      if (--of_.wanted_by_ == 0) of_.wanted_.reset();
    }

   private:
    reconnecting& of_;
  };

  task<mutex_guard> lock_when_up() {
    for (;;) {
      co_await up_.wait();
      if (ended_) detail::throw_reconnecting_ended();
      const wanting waits(*this);
      mutex_guard held = co_await lock_.lock();
      if (connected() && !ended_) co_return std::move(held);
    }
  }

  /// Watches the connection while nobody uses it. Gives why it was lost.
  task<failure> until_lost() {
    lost_ = false;
    thrown_ = nullptr;
    up_.set();
    std::optional<failure> why;
    while (!why) {
      const mutex_guard held = co_await lock_.lock();  // behind those who want it
      if (lost_) {
        why = cause_of(thrown_);
        break;
      }
      const auto first = co_await as_result(
          when_any(watch(), wanted_.wait(), sleep_for(detail::bounded(options_.check_after))));
      if (!first) throw error(first.error());
      if (first->index() == 0) {
        why = failure(errc::end_of_stream, "the peer ended it while nobody used it");
      } else if (first->index() == 2 && check_) {
        const auto checked = co_await as_result(with_timeout(options_.check_timeout, check_(*connection_)));
        if (!checked) why = checked.error();
      }
    }
    lost_ = true;
    up_.reset();
    const mutex_guard held = co_await shield(as_task(lock_.lock()));
    connection_.reset();
    co_return *why;
  }
  task<> watch() {
    if constexpr (std::derived_from<Connection, stream>) {
      co_await detail::watch_idle_stream(*connection_);
    } else {
      co_await sleep_for(detail::bounded(no_timeout));
    }
  }
  static failure cause_of(const std::exception_ptr& thrown) {
    try {
      return detail::to_failure(thrown);
    } catch (...) {
      return failure(errc::closed, "an exchange threw an exception");
    }
  }

  reconnect_options options_;
  std::function<task<Connection>()> connect_;
  std::function<task<>(Connection&)> check_;
  std::optional<Connection> connection_;
  mutex lock_;  // who holds it has the connection
  event up_;
  event wanted_;
  std::size_t wanted_by_ = 0;
  std::size_t connects_ = 0;
  std::exception_ptr thrown_;
  bool lost_ = false;
  bool ended_ = false;
};

}  // namespace tidewire
