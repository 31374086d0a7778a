/// @file
/// `serve`: a server around a handler of one connection, the same in one loop, many threads or many
/// processes.
#pragma once

#include <tidewire/core/address.hpp>
#include <tidewire/core/detail/remote_wait.hpp>
#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/mailbox.hpp>
#include <tidewire/core/observer.hpp>
#include <tidewire/core/process_pool.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/run_on.hpp>
#include <tidewire/core/runtime.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/when.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tidewire {

/// Where the handlers of a server run. A connection stays where it is handled.
enum class serve_mode : unsigned char {
  one_loop,   ///< In the loop of the task that serves.
  threads,    ///< In that loop and in others, each with a thread of its own.
  processes,  ///< In worker processes, each with one loop, under a master that replaces those that end.
};

/// What went wrong with a connection, or with accepting one, as `serve_options::on_error` is told.
struct connection_error {
  std::string_view operation;        ///< What was being done: "read from", "accept on"; or "handle".
  std::string_view peer;             ///< With whom: "127.0.0.1:4711"; of "accept on", where it listens.
  std::string_view cause;            ///< Why it failed, as one line.
  std::error_code code;              ///< To compare with a `condition`; none if what was thrown has no code.
  const std::exception_ptr& thrown;  ///< What the handler threw, or null.
};

/// How `serve` serves.
struct serve_options {
  /// Where the handlers run. Default: in one loop.
  serve_mode mode = serve_mode::one_loop;
  /// Loops of `threads`, or `processes`; 0 (the default): one for each core that this process may use.
  std::size_t workers = 0;
  /// Connections that are handled at the same time, in all loops; in each of `processes`. What comes beyond
  /// waits in the backlog of the system, but for one connection that each loop holds. 0: no limit. Default:
  /// 10,000.
  std::size_t max_connections = 10'000;
  /// The same for the connections of one IPv4 address, or one IPv6 network of 64 bits; what comes beyond is
  /// closed at once. 0 (the default): no limit. Connections without an address are not counted.
  std::size_t max_per_address = 0;
  /// How long each read and write of a handler may wait unless it says otherwise by `stream::set_timeout`.
  /// Default: 5 min.
  duration idle_timeout = default_io_timeout;
  /// How long a handler may take in all, after which it is canceled. Default: no limit.
  duration connection_timeout = no_timeout;
  /// How long handlers may go on after the server was told to stop, before they are canceled. Default: 30 s.
  duration drain_timeout = std::chrono::seconds(30);
  /// Told of each handler that failed, and of each failure to accept. Called in the loop (thread, process)
  /// where it happens; must not throw. A handler that is canceled because the server ends is not told of.
  void (*on_error)(const connection_error& what) = nullptr;
  /// Told of the span "server.connection" (peer), the counters "server.accepted", "server.refused" and
  /// "server.failed", and the events "server.listening", "server.draining", "server.cut" (connections),
  /// "server.refused", "server.failed" and "server.accept_failed" (operation, peer, cause). Not owned; must
  /// outlive the server. Null (the default): whom the loop tells.
  observer* told = nullptr;
  /// How the workers of `serve_mode::processes` are kept running.
  process_options supervision{};
};

/// What accepts connections: `tcp::listener`, a Unix listener, or one of your own.
template <class L>
concept stream_listener = std::movable<L> && requires(L& listener, const L& asked) {
  { listener.accept() } -> awaitable;
  listener.close();
  { asked.socket_name() } -> std::convertible_to<std::string>;
  requires std::derived_from<awaited_t<decltype(listener.accept())>, stream>;
};

/// The streams that a listener gives.
template <stream_listener L>
using accepted_stream_t = awaited_t<decltype(std::declval<L&>().accept())>;

/// The server as its handlers see it, on the loop they run on. Lives as long as they do. For the loop's
/// thread.
class serving {
 public:
  serving() = default;
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;

  /// Was the server told to stop? A protocol that could go on with another request says good-bye instead.
  [[nodiscard]] bool draining() const noexcept { return draining_.is_set(); }
  /// Waits until the server is told to stop: `co_await when_any(next_request(), server.drain())`.
  /// @par Errors condition::canceled
  [[nodiscard]] detail::event_operation drain() noexcept { return draining_.wait(); }
  /// Connections that are handled on this loop.
  [[nodiscard]] std::size_t connections() const noexcept {
    return connections_ != nullptr ? connections_->size() : 0;
  }

 protected:
  ~serving() = default;
  event draining_;
  task_group* connections_ = nullptr;
};

/// What handles a connection: a function from a stream, or from a stream and the server, to a task. It is
/// called once for each connection. Every loop has a copy of it.
template <class H, class Stream>
concept connection_handler =
    std::copy_constructible<H> &&
    (requires(H& handle, Stream peer) {
      { handle(std::move(peer)) } -> std::same_as<task<>>;
    } || requires(H& handle, Stream peer, serving& server) {
      { handle(std::move(peer), server) } -> std::same_as<task<>>;
    });

namespace detail {

class slot_operation;
class admission_ticket;

/// How many connections there are, of all and of each address. Shared by the loops of a server, which lock it
/// when a connection comes or goes, and never between.
class TIDEWIRE_CORE_API admission {
 public:
  admission(std::size_t limit, std::size_t limit_per_address) noexcept;
  ~admission();

  /// Counts one more of that address, unless these are too many.
  [[nodiscard]] bool enter(const ip_address& from);
  /// Takes a place for a connection, if one is free.
  [[nodiscard]] bool try_take() noexcept;
  /// Waits for one.
  [[nodiscard]] slot_operation take() noexcept;

 private:
  friend class slot_operation;
  friend class admission_ticket;
  void leave(const ip_address& from) noexcept;
  void put_back() noexcept;

  const std::size_t limit_;
  const std::size_t limit_per_address_;
  std::mutex lock_;
  std::size_t taken_ = 0;
  remote_line waiting_;
  std::unordered_map<ip_address, std::size_t> of_address_;
};

class TIDEWIRE_CORE_API slot_operation final : public leaf<slot_operation, remote_wait> {
 public:
  explicit slot_operation(admission& from) noexcept : from_(&from) {}
  slot_operation(slot_operation&&) noexcept = default;
  ~slot_operation() { leave(); }

  bool start(promise_base& p);
  void await_resume() const { require_done("wait for room for a connection"); }

 private:
  admission* from_;
};

/// What a connection holds of an `admission`, and gives back when it ends.
class TIDEWIRE_CORE_API admission_ticket {
 public:
  admission_ticket() = default;
  admission_ticket(admission_ticket&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)),
        from_(other.from_),
        counted_(other.counted_),
        placed_(other.placed_) {}
  admission_ticket& operator=(admission_ticket&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(from_, other.from_);
    std::swap(counted_, other.counted_);
    std::swap(placed_, other.placed_);
    return *this;
  }
  ~admission_ticket() {
    if (of_ != nullptr) give_back();
  }

  /// Counts the address it came from; false if these are too many.
  [[nodiscard]] bool enter(admission& of, const ip_address& from);
  /// From now on it holds a place that was taken.
  void hold_place(admission& of) noexcept {
    of_ = &of;
    placed_ = true;
  }

 private:
  void give_back() noexcept;

  admission* of_ = nullptr;
  ip_address from_;
  bool counted_ = false;
  bool placed_ = false;
};

/// What the loops of one server share: how it serves, and whom it tells.
class TIDEWIRE_CORE_API server_state {
 public:
  /// `ready` is called once all of the loops that accept do so; may be null.
  server_state(const serve_options& chosen, observer* observer, std::size_t loops, void (*ready)(void*),
               void* with);

  const serve_options options;
  observer* const told;
  admission room;

  void listening(executor here, const std::string& where);
  void accepted() const noexcept {
    if (told != nullptr) told->counted("server.accepted", 1);
  }
  void refused(executor here, const ip_address& from) const;
  void draining(executor here, std::size_t connections) const noexcept;
  void cut(executor here, std::size_t connections) const noexcept;
  /// A handler threw.
  void handler_failed(executor here, const std::exception_ptr& thrown, std::string_view peer) const;
  void accept_failed(executor here, const failure& why) const;

 private:
  void report(executor here, std::string_view event, const connection_error& what) const;

  std::atomic<std::size_t> not_listening_;
  void (*const ready_)(void*);
  void* const ready_with_;
};

/// Can accepting go on after this error? It cannot if the listener is not one any more.
[[nodiscard]] TIDEWIRE_CORE_API bool can_accept_again(const std::error_code& failed) noexcept;
/// What `thrown` is in the eyes of an observer; null if it is none of our errors.
[[nodiscard]] TIDEWIRE_CORE_API std::optional<failure> failure_in(const std::exception_ptr& thrown);

/// Whom a stream leads to, kept as cheaply as it can be, for when the handler has the stream.
template <class Stream>
[[nodiscard]] auto label_of(const Stream& peer) {
  if constexpr (requires {
                  { peer.remote_endpoint() } -> std::same_as<endpoint>;
                }) {
    return peer.remote_endpoint();
  } else {
    return peer.peer_name();
  }
}
[[nodiscard]] inline std::string text_of(const endpoint& label) {
  return label.to_string();
}
[[nodiscard]] inline const std::string& text_of(const std::string& label) noexcept {
  return label;
}

/// A connection on its way to the loop that will handle it.
template <class Stream>
struct arrival {
  Stream peer;
  admission_ticket ticket;
};

/// One loop of a server. Everything but `load` belongs to its thread.
template <class Stream, class Handler>
class server_loop final : public serving {
 public:
  server_loop(server_state& server, Handler& handler, executor here) noexcept
      : server_(server), handler_(handler), here_(here) {}

  /// Accepts until it is canceled, or the listener fails; then lets the handlers end. `deliver` takes each
  /// connection that was admitted, and answers a task if it has to wait.
  template <class Listener, class Deliver>
  task<> accept_from(Listener& from, Deliver deliver) {
    co_await when_all(shield(hold_connections()), accept_all(from, deliver));
  }
  /// Handles what another loop accepts, until it accepts no more; then lets the handlers end.
  task<> receive_from(mailbox<arrival<Stream>>& from) {
    co_await when_all(shield(hold_connections()), shield(receive_all(from)));
  }

  /// Handles a connection here.
  void handle(arrival<Stream>&& one) {
    connections_->spawn(handle_one(std::move(one.peer), std::move(one.ticket)));
  }

 private:
  /// Whatever way accepting ends: from then on the server drains.
  class accepting {
   public:
    explicit accepting(server_loop& at) noexcept : at_(at) {}
    accepting(const accepting&) = delete;
    accepting& operator=(const accepting&) = delete;
    ~accepting() {
      at_.begin_to_drain();
      at_.accepted_all_.set();
    }

   private:
    server_loop& at_;
  };

  void begin_to_drain() noexcept {
    if (draining()) return;
    const time_point now = here_.now();
    const duration limit = bounded(server_.options.drain_timeout);
    drain_until_ = now + limit;
    server_.draining(here_, connections());
    draining_.set();
  }

  task<> hold_connections() {
    co_await with_group([this](task_group& group) -> task<> {
      connections_ = &group;
      opened_.set();
      co_await accepted_all_.wait();
      const auto ended = co_await as_result(with_deadline(drain_until_, group.wait_below(1)));
      if (ended) co_return;
      cutting_ = true;
      server_.cut(here_, group.size());
      group.cancel();
    });
    connections_ = nullptr;
  }

  template <class Listener, class Deliver>
  task<> accept_all(Listener& from, Deliver& deliver) {
    const accepting until_then(*this);
    co_await shield(opened_.wait());
    server_.listening(here_, from.socket_name());
    std::optional<error> fatal;
    duration pause = first_pause;
    for (;;) {
      std::optional<failure> why;
      try {
        Stream peer = co_await from.accept();
        pause = first_pause;
        arrival<Stream> one{std::move(peer), {}};
        if (!enter(one)) continue;
        if (server_.room.try_take()) {
          one.ticket.hold_place(server_.room);
        } else if (!co_await wait_for_room(one.ticket)) {
          continue;
        }
        server_.accepted();
        if (auto waits = deliver(std::move(one))) co_await std::move(*waits);
        continue;
      } catch (const error& e) {
        why = e.failure();
      } catch (const std::bad_alloc&) {
        why = failure(std::make_error_code(std::errc::not_enough_memory))
                  .during("accept on")
                  .with(from.socket_name());
      }
      if (*why == condition::canceled) break;
      server_.accept_failed(here_, *why);
      if (!can_accept_again(why->code())) {
        fatal.emplace(*why);
        break;
      }
      // What came stays in the backlog. The end of a connection gives back what there is too little of.
      freed_.reset();
      (void)co_await as_result(with_timeout(pause, freed_.wait()));
      pause = std::min(2 * pause, longest_pause);
    }
    if (!fatal) co_await shield(take_backlog(from, deliver));
    from.close();  // before anybody can see that the server drains
    if (fatal) throw error(*fatal);
  }

  /// Those who connected before the server stopped are served.
  template <class Listener, class Deliver>
  task<> take_backlog(Listener& from, Deliver& deliver) {
    for (int taken = 0; taken < most_of_a_backlog; ++taken) {
      try {
        auto first = co_await when_any(from.accept(), nothing());
        if (first.index() != 0) co_return;
        arrival<Stream> one{std::get<0>(std::move(first)), {}};
        if (!enter(one)) continue;
        if (!server_.room.try_take()) co_return;
        one.ticket.hold_place(server_.room);
        server_.accepted();
        if (auto waits = deliver(std::move(one))) co_await std::move(*waits);
      } catch (const error&) {
        co_return;
      }
    }
  }

  /// What has ended before an accept that has to wait.
  static task<> nothing() { co_return; }

  /// Counts a connection of its address; false if these are too many.
  [[nodiscard]] bool enter(arrival<Stream>& one) {
    if constexpr (requires {
                    { one.peer.remote_endpoint() } -> std::same_as<endpoint>;
                  }) {
      if (server_.options.max_per_address == 0) return true;
      const ip_address from = one.peer.remote_endpoint().address();
      if (one.ticket.enter(server_.room, from)) return true;
      server_.refused(here_, from);
      return false;
    } else {
      return true;
    }
  }

  /// False if the server ended before there was room.
  task<bool> wait_for_room(admission_ticket& ticket) {
    auto waited = co_await as_result(server_.room.take());
    if (!waited) {
      begin_to_drain();
      waited = co_await as_result(shield(with_deadline(drain_until_, server_.room.take())));
    }
    if (waited) ticket.hold_place(server_.room);
    co_return waited.has_value();
  }

  task<> receive_all(mailbox<arrival<Stream>>& from) {
    const accepting until_then(*this);
    struct closes {
      mailbox<arrival<Stream>>& box;
      ~closes() { box.close(); }
    } const at_last{from};
    co_await opened_.wait();
    while (auto one = co_await from.receive()) handle(std::move(*one));
  }

  task<> handle_one(Stream peer, [[maybe_unused]] admission_ticket ticket) {
    const auto label = label_of(peer);
    std::optional<trace_span> watched;
    if (server_.told != nullptr) {
      const std::string text = text_of(label);
      watched.emplace(server_.told, here_, "server.connection",
                      std::initializer_list<attribute>{{"peer", text}});
    }
    if (server_.options.idle_timeout != default_io_timeout) peer.set_timeout(server_.options.idle_timeout);
    std::exception_ptr thrown;
    try {
      if (server_.options.connection_timeout == no_timeout) {
        co_await call(std::move(peer));
      } else {
        co_await with_timeout(server_.options.connection_timeout, call(std::move(peer)));
      }
    } catch (...) {
      thrown = std::current_exception();
    }
    freed_.set();
    if (!thrown) co_return;
    const std::optional<failure> why = failure_in(thrown);
    if (watched && why) watched->failed(*why);
    if (cutting_ && why && *why == condition::canceled) co_return;
    server_.handler_failed(here_, thrown, text_of(label));
  }

  [[nodiscard]] task<> call(Stream&& peer) {
    if constexpr (requires(Stream one) { handler_(std::move(one), static_cast<serving&>(*this)); }) {
      return handler_(std::move(peer), static_cast<serving&>(*this));
    } else {
      return handler_(std::move(peer));
    }
  }

  static constexpr duration first_pause = std::chrono::milliseconds(10);
  static constexpr duration longest_pause = std::chrono::seconds(1);
  static constexpr int most_of_a_backlog = 4096;

  server_state& server_;
  Handler& handler_;
  executor here_;
  event opened_;
  event accepted_all_;
  event freed_;
  time_point drain_until_{};
  bool cutting_ = false;
};

/// Another listener at the same place, between which and the first the system shares out connections; none
/// where it does not.
template <stream_listener L>
[[nodiscard]] std::optional<L> sibling_of(L&) {
  return std::nullopt;
}
[[nodiscard]] TIDEWIRE_CORE_API std::optional<tcp::listener> sibling_of(tcp::listener& first);

/// As many listeners as asked for, the first among them, or that one alone.
template <class Listener>
[[nodiscard]] std::vector<Listener> listeners_for(Listener first, std::size_t count) {
  std::vector<Listener> all;
  all.reserve(count);
  all.push_back(std::move(first));
  while (all.size() < count) {
    std::optional<Listener> next = sibling_of(all.front());
    if (!next) {
      all.erase(all.begin() + 1, all.end());
      break;
    }
    all.push_back(std::move(*next));
  }
  return all;
}

template <class Listener, class Handler>
task<> serve_on_this_loop(server_state& server, Listener& listener, Handler handler) {
  const executor here = co_await this_executor();
  using loop_type = server_loop<accepted_stream_t<Listener>, Handler>;
  loop_type at(server, handler, here);
  const auto keep = [&at](arrival<accepted_stream_t<Listener>>&& one) -> std::optional<task<>> {
    at.handle(std::move(one));
    return std::nullopt;
  };
  co_await at.accept_from(listener, keep);
}

/// Where one loop accepts for all: the others, and how much each of them has to do.
template <class Stream>
struct outlet {
  static constexpr std::size_t on_their_way = 256;
  mailbox<arrival<Stream>> box{on_their_way};
  std::atomic<std::size_t> load = 0;
};

/// A handler that counts the connections of its loop, for the one that shares them out.
template <class Stream, class Handler>
class counting_handler {
 public:
  counting_handler(Handler handler, std::atomic<std::size_t>& load)
      : handler_(std::move(handler)), load_(&load) {}
  [[nodiscard]] task<> operator()(Stream peer, serving& server) { return count(std::move(peer), server); }

 private:
  task<> count(Stream peer, serving& server) {
    struct leaving {
      std::atomic<std::size_t>& load;
      ~leaving() { load.fetch_sub(1, std::memory_order_relaxed); }
    } const at_last{*load_};
    if constexpr (requires { handler_(std::move(peer), server); }) {
      co_await handler_(std::move(peer), server);
    } else {
      co_await handler_(std::move(peer));
    }
  }

  Handler handler_;
  std::atomic<std::size_t>* load_;
};

template <class Stream, class Handler>
task<> serve_what_comes(server_state& server, outlet<Stream>& from, Handler handler) {
  using counting = counting_handler<Stream, Handler>;
  const executor here = co_await this_executor();
  counting counted(std::move(handler), from.load);
  server_loop<Stream, counting> at(server, counted, here);
  co_await at.receive_from(from.box);
}

template <class Listener, class Handler>
task<> accept_for_all(server_state& server, Listener& listener,
                      std::vector<std::unique_ptr<outlet<accepted_stream_t<Listener>>>>& outlets,
                      Handler handler) {
  using stream_type = accepted_stream_t<Listener>;
  using counting = counting_handler<stream_type, Handler>;
  struct closes {
    std::vector<std::unique_ptr<outlet<stream_type>>>& all;
    ~closes() {
      for (auto& each : all) each->box.close();
    }
  } const at_last{outlets};
  const executor here = co_await this_executor();
  std::atomic<std::size_t> own_load = 0;
  counting counted(std::move(handler), own_load);
  server_loop<stream_type, counting> at(server, counted, here);
  const auto give = [&](arrival<stream_type>&& one) -> std::optional<task<>> {
    outlet<stream_type>* least = nullptr;
    std::size_t load = own_load.load(std::memory_order_relaxed);
    for (const auto& each : outlets) {
      const std::size_t other = each->load.load(std::memory_order_relaxed);
      if (other < load) {
        load = other;
        least = each.get();
      }
    }
    if (least == nullptr) {
      own_load.fetch_add(1, std::memory_order_relaxed);
      at.handle(std::move(one));
      return std::nullopt;
    }
    least->load.fetch_add(1, std::memory_order_relaxed);
    const auto sender = least->box.sender();
    if (sender.try_post(std::move(one))) return std::nullopt;
    return as_task(shield(sender.post(std::move(one))));
  };
  co_await at.accept_from(listener, give);
}

template <class Listener, class Handler>
task<> serve_on_threads(server_state& server, std::vector<Listener>& listeners, std::size_t count,
                        Handler handler) {
  using stream_type = accepted_stream_t<Listener>;
  runtime others({.loops = count - 1});
  std::vector<std::unique_ptr<outlet<stream_type>>> outlets;
  const bool shared_out = listeners.size() == count;
  for (std::size_t i = 1; i < count && !shared_out; ++i) {
    outlets.push_back(std::make_unique<outlet<stream_type>>());
  }
  // Those who are given connections end with the one that accepts, and not before.
  const auto on_loop = [&](std::size_t index) -> task<> {
    const executor there = others[index - 1];
    if (shared_out) return as_task(run_on(there, serve_on_this_loop(server, listeners[index], handler)));
    return as_task(shield(run_on(there, serve_what_comes(server, *outlets[index - 1], handler))));
  };
  co_await with_group([&](task_group& group) -> task<> {
    for (std::size_t i = 1; i < count; ++i) group.spawn(on_loop(i));
    if (shared_out) {
      co_await serve_on_this_loop(server, listeners.front(), handler);
    } else {
      co_await accept_for_all(server, listeners.front(), outlets, handler);
    }
  });
}

[[noreturn]] TIDEWIRE_CORE_API void throw_serve_canceled();
[[noreturn]] TIDEWIRE_CORE_API void throw_no_processes_here();
/// Runs a server's task as a program: an order to stop that it followed is success.
TIDEWIRE_CORE_API void run_server(task<> server, run_options options);

/// The observer of a server in a loop.
[[nodiscard]] inline observer* observer_for(const serve_options& options, executor here) noexcept {
  return options.told != nullptr ? options.told : observer_of(here);
}

template <class Listener, class Handler>
task<> serve_task(Listener listener, Handler handler, serve_options options) {
  const executor here = co_await this_executor();
  if (options.mode == serve_mode::processes) throw_no_processes_here();
  const std::size_t count = options.mode == serve_mode::one_loop ? 1
                            : options.workers != 0               ? options.workers
                                                                 : usable_cores();
  std::vector<Listener> listeners = listeners_for(std::move(listener), count);
  server_state server(options, observer_for(options, here), listeners.size(), nullptr, nullptr);
  if (count == 1) {
    co_await serve_on_this_loop(server, listeners.front(), std::move(handler));
  } else {
    co_await serve_on_threads(server, listeners, count, std::move(handler));
  }
  if (co_await is_canceled()) throw_serve_canceled();
}

template <class Listener, class Handler>
task<> serve_in_worker(Listener& listener, Handler handler, serve_options options, worker_process& worker) {
  const executor here = co_await this_executor();
  const auto ready = [](void* of) { static_cast<worker_process*>(of)->ready(); };
  server_state server(options, observer_for(options, here), 1, ready, &worker);
  co_await serve_on_this_loop(server, listener, std::move(handler));
  if (co_await is_canceled()) throw_serve_canceled();
}

/// What `serve` returns: a server, to be given to `run` or awaited, once.
template <stream_listener Listener, connection_handler<accepted_stream_t<Listener>> Handler>
class [[nodiscard("a server does nothing until it is given to run or awaited")]] serve_operation final
    : public native_awaitable {
 public:
  serve_operation(Listener listener, Handler handler, const serve_options& options)
      : listener_(std::move(listener)), handler_(std::move(handler)), options_(options) {}
  serve_operation(serve_operation&&) = default;

  /// The server as a task: for a group, or a combinator.
  [[nodiscard]] operator task<>() && {  // NOLINT: it is one, not yet started
    return serve_task(std::move(listener_), std::move(handler_), options_);
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <std::derived_from<promise_base> P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    running_.emplace(static_cast<serve_operation&&>(*this));
    task_awaiter<void>(*running_).await_suspend(waiter);
  }
  void await_resume() const { task_awaiter<void>(*running_).await_resume(); }

  /// For `run`.
  int run(run_options options) && {
    if (options_.mode != serve_mode::processes) {
      run_server(static_cast<serve_operation&&>(*this), options);
      return 0;
    }
    const std::size_t count = options_.workers != 0 ? options_.workers : usable_cores();
    std::vector<Listener> listeners = listeners_for(std::move(listener_), count);
    process_options supervision = options_.supervision;
    supervision.workers = count;
    if (supervision.told == nullptr) supervision.told = options_.told;
    return run_processes(
        [&](worker_process& worker) {
          Listener& own = listeners.size() == count ? listeners[worker.slot()] : listeners.front();
          run_server(serve_in_worker(own, handler_, options_, worker), options);
          return 0;
        },
        supervision);
  }

 private:
  Listener listener_;
  Handler handler_;
  serve_options options_;
  std::optional<task<>> running_;
};

}  // namespace detail

/// Serves the connections of a listener: `int main() { return run(serve(tcp::listen(7777), echo)); }`
///
/// Each connection gets a call of `handler`, a task in the loop that it stays on. The handler is copied for
/// every loop, and runs there beside the others; what several loops share by it must be safe for threads.
/// What a handler throws ends that connection, is told to `serve_options::on_error`, and nothing else. Loops
/// share connections out by the system where it does that (TCP on Linux, by SO_REUSEPORT); else one loop
/// accepts and gives each connection to the loop that has the fewest. No lock is taken between the first and
/// the last byte of a connection.
///
/// **Stopping.** A server that is canceled (by SIGTERM or SIGINT if it was given to `run`) takes those who
/// connected before, accepts nobody else, and lets the handlers end (they can ask: see `serving`). Those who
/// have not after `serve_options::drain_timeout` are canceled, and waited for.
///
/// **No descriptors or memory left.** Accepting pauses, 10 ms to 1 s or until a connection ends, and goes on;
/// whoever connects meanwhile waits in the backlog of the listener.
///
/// @param listener Taken over; closed when the server stops.
/// @param handler  `task<> (Stream)` or `task<> (Stream, serving&)`.
/// @par Completes when
/// the listener fails, or by cancellation. Every handler has ended then.
/// @par Errors
/// What a listener gives that is not one any more. `condition::canceled`: it was told to stop, and did.
/// `condition::misuse`: `serve_mode::processes` in a task; that has to start before any loop is made, by
/// `run`.
/// @par Cancellation Drains, as above: the task goes on when that is over.
template <stream_listener Listener, class Handler>
requires connection_handler<std::decay_t<Handler>, accepted_stream_t<Listener>>
[[nodiscard]] detail::serve_operation<Listener, std::decay_t<Handler>> serve(Listener listener,
                                                                             Handler&& handler,
                                                                             serve_options options = {}) {
  return {std::move(listener), std::forward<Handler>(handler), options};
}

/// Runs a server as a program, in any `serve_mode`. SIGINT and SIGTERM stop it, which is no error; a second
/// signal ends the program at once.
///
/// With `serve_mode::processes` this process becomes the master (see `run_processes`): it must have neither
/// threads nor loops yet. Each worker serves in a loop of its own, with limits of its own; SIGHUP replaces
/// them one by one, and loses no connection: the master holds the listeners. `errc::unsupported` on Windows.
/// @return 0 when it was told to stop, and did.
/// @par Errors What `serve` throws, but for being canceled.
template <class Listener, class Handler>
int run(detail::serve_operation<Listener, Handler>&& served, run_options options = {}) {
  return std::move(served).run(options);
}

}  // namespace tidewire
