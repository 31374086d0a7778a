/// @file
/// `connection_pool`: connections that are lent, given back, and kept while they are good.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/observer.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/when.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tidewire {

/// How a `connection_pool` keeps its connections.
struct pool_options {
  /// Connections of one key, lent or kept; at least 1 (0 counts as 1). Default: 8.
  std::size_t max_per_key = 8;
  /// Connections of all keys; one that is kept is closed for the sake of another key. At least 1. Default:
  /// 64.
  std::size_t max_in_all = 64;
  /// How long a connection is kept that nobody wants. Default: 60 s.
  duration idle_timeout = std::chrono::seconds(60);
  /// A connection that is older is not lent again. Default: 10 min; `no_timeout`: any age.
  duration max_age = std::chrono::minutes(10);
  /// How long `acquire` waits for a connection when there are too many. What it takes to connect is not a
  /// part of it. Default: 30 s.
  duration wait_timeout = std::chrono::seconds(30);
  /// A connection that was kept for so long is probed before it is lent, if the pool has a probe. Default:
  /// 5 s.
  duration probe_after = std::chrono::seconds(5);
  /// Told of the counters "pool.connected", "pool.reused", "pool.expired" (idle too long, too old, or in the
  /// way), "pool.failed" (to connect), "pool.lost" (the peer ended it while it was kept, or a probe failed)
  /// and "pool.dropped" (not given back). Not owned; must outlive the pool. Null (the default): nobody.
  observer* told = nullptr;
};

namespace detail {

[[noreturn]] TIDEWIRE_CORE_API void throw_pool_closed();
[[noreturn]] TIDEWIRE_CORE_API void throw_pool_is_full(duration waited);

/// Waits until a stream that nobody uses is good for nothing any more: a peer has nothing to say to a
/// connection that is kept, except that it ends.
TIDEWIRE_CORE_API task<> watch_idle_stream(stream& kept);

/// What a pool, its leases and the tasks that keep connections share. For one loop.
template <class Connection, class Key>
class connection_pool_state : public std::enable_shared_from_this<connection_pool_state<Connection, Key>> {
 public:
  using connect_function = std::function<task<Connection>(const Key&)>;
  using probe_function = std::function<task<bool>(Connection&)>;
  using watch_function = std::function<task<>(Connection&)>;

  connection_pool_state(task_group& group, connect_function connect, const pool_options& chosen)
      : options(chosen), keepers_(&group), connect_(std::move(connect)) {
    options.max_per_key = std::max<std::size_t>(options.max_per_key, 1);
    options.max_in_all = std::max<std::size_t>(options.max_in_all, 1);
    if constexpr (std::derived_from<Connection, stream>) watch = watch_idle_stream;
  }

  /// A connection, and since when there is it.
  struct item {
    Connection connection;
    time_point made;
    time_point kept_since{};
  };

  pool_options options;
  probe_function probe;
  watch_function watch;

  [[nodiscard]] std::size_t idle() const noexcept { return kept_.size(); }
  [[nodiscard]] std::size_t in_all() const noexcept { return in_all_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  task<item> acquire(Key key) {
    const executor here = co_await this_executor();
    for (;;) {
      if (closed_) throw_pool_closed();
      std::optional<item> got;
      if (const auto found = newest_of(key); found != kept_.end()) {
        got = co_await take_kept(found);
      } else if (has_room(key)) {
        reserve(key);
        co_return co_await make(key, here);
      } else {
        got = co_await wait_for_one(key);
        if (!got) co_return co_await make(key, here);  // with the place of one that ended
      }
      if (!got) continue;
      bool good = false;
      try {
        good = co_await is_good(*got, here);
      } catch (...) {
        release(key, "pool.lost");
        throw;
      }
      if (good) {
        count("pool.reused");
        co_return std::move(*got);
      }
      got.reset();
      release(key, "pool.lost");
    }
  }

  /// A connection comes back, in order.
  void give_back(const Key& key, item&& returned, time_point now) {
    if (closed_ || keepers_->canceled() || now - returned.made >= options.max_age) {
      drop(std::move(returned));
      return release(key, "pool.expired");
    }
    returned.kept_since = now;
    const auto next = std::ranges::find_if(
        waiting_, [&](const waiter* each) { return each->key == key && !each->granted.is_set(); });
    if (next != waiting_.end()) {
      (*next)->given.emplace(std::move(returned));
      (*next)->granted.set();
      return;
    }
    kept_.emplace_back(key, std::move(returned));
    try {
      keepers_->spawn(keep(this->shared_from_this(), std::prev(kept_.end())));
    } catch (...) {
      kept_.pop_back();
      release(key, "pool.dropped");
      throw;
    }
  }

  /// A connection of that key is gone: somebody else may make one.
  void release(const Key& key, std::string_view why) noexcept {
    count(why);
    --in_all_;
    if (const auto found = of_key_.find(key); --found->second == 0) of_key_.erase(found);
    for (waiter* each : waiting_) {
      if (each->granted.is_set() || !has_room(each->key)) continue;
      try {
        reserve(each->key);
      } catch (...) {
        return;  // no memory to count it: it waits on
      }
      each->granted.set();
      return;
    }
  }

  void close() noexcept {
    closed_ = true;
    for (kept& each : kept_) each.wanted.set();
    for (waiter* each : waiting_) {
      if (!each->granted.is_set()) each->refused = true;
      each->granted.set();
    }
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  /// A connection that nobody uses. The task that keeps it owns its place in the list.
  struct kept {
    kept(Key of, item&& what) : key(std::move(of)), thing(std::move(what)) {}
    Key key;
    item thing;
    event wanted;
    bool taken = false;
    bool lost = false;
    event let_go;  // once nobody reads from it
  };
  using kept_place = typename std::list<kept>::iterator;

  struct waiter {
    const Key& key;
    event granted{};  // a connection, or a place for one, or that there will be none
    std::optional<item> given{};
    bool refused = false;
  };

  static void drop(item&& unwanted) noexcept { [[maybe_unused]] const item dropped(std::move(unwanted)); }
  void count(std::string_view what) const noexcept {
    if (options.told != nullptr) options.told->counted(what, 1);
  }

  [[nodiscard]] kept_place newest_of(const Key& key) noexcept {
    for (auto each = kept_.end(); each != kept_.begin();) {
      --each;
      if (each->key == key && !each->taken && !each->wanted.is_set()) return each;
    }
    return kept_.end();
  }
  [[nodiscard]] bool has_room(const Key& key) {
    const auto found = of_key_.find(key);
    if (found != of_key_.end() && found->second >= options.max_per_key) return false;
    if (in_all_ < options.max_in_all) return true;
    // The one that nobody wanted for the longest time makes room, soon.
    for (kept& each : kept_) {
      if (each.taken || each.wanted.is_set()) continue;
      each.wanted.set();
      break;
    }
    return false;
  }
  void reserve(const Key& key) {
    ++of_key_[key];
    ++in_all_;
  }

  task<item> make(const Key& key, executor here) {
    struct place_of {
      connection_pool_state& pool;
      const Key& key;
      bool filled = false;
      ~place_of() {
        if (!filled) pool.release(key, "pool.failed");
      }
    } reserved{*this, key};
    Connection fresh = co_await connect_(key);
    reserved.filled = true;
    count("pool.connected");
    co_return item{std::move(fresh), here.now()};
  }

  /// Empty if it was lost before it could be had.
  task<std::optional<item>> take_kept(kept_place from) {
    from->taken = true;
    from->wanted.set();
    const auto alive = this->shared_from_this();
    std::optional<item> got;
    co_await shield(from->let_go.wait());  // at once: what reads from it is canceled
    if (!from->lost) got.emplace(std::move(from->thing));
    const Key key = std::move(from->key);
    kept_.erase(from);
    if (!got) release(key, "pool.lost");
    co_return got;
  }

  /// Empty: a place was reserved instead.
  task<std::optional<item>> wait_for_one(const Key& key) {
    waiter self{key};
    const auto place = waiting_.insert(waiting_.end(), &self);
    struct leaving {
      std::list<waiter*>& line;
      typename std::list<waiter*>::iterator place;
      ~leaving() { line.erase(place); }
    } const at_last{waiting_, place};
    const auto waited = co_await as_result(with_timeout(options.wait_timeout, self.granted.wait()));
    // What was granted in the same moment as the wait was given up is not lost.
    if (self.refused) throw_pool_closed();
    if (self.granted.is_set()) co_return std::move(self.given);
    if (waited.error() == condition::timeout) throw_pool_is_full(options.wait_timeout);
    throw error(waited.error());
  }

  task<bool> is_good(item& candidate, executor here) {
    if (here.now() - candidate.made >= options.max_age) co_return false;
    if (!probe || candidate.kept_since == time_point()) co_return true;
    if (here.now() - candidate.kept_since < options.probe_after) co_return true;
    const auto answered = co_await as_result(probe(candidate.connection));
    co_return answered && *answered;
  }

  /// Keeps a connection until somebody wants it, or nobody can.
  static task<> keep(std::shared_ptr<connection_pool_state> pool, kept_place at) {
    const auto end_of_it = [](connection_pool_state& of, kept& what) -> task<> {
      if (of.watch) {
        co_await of.watch(what.thing.connection);
      } else {
        co_await sleep_for(bounded(no_timeout));
      }
    };
    const duration left =
        std::min(pool->options.idle_timeout, pool->options.max_age - (at->thing.kept_since - at->thing.made));
    const auto first =
        co_await as_result(when_any(end_of_it(*pool, *at), at->wanted.wait(), sleep_for(bounded(left))));
    const bool ended_by_itself = !at->wanted.is_set();
    at->lost = !first || first->index() == 0;
    if (at->taken) {  // whoever takes it removes it
      at->let_go.set();
      co_return;
    }
    const Key key = std::move(at->key);
    pool->kept_.erase(at);
    pool->release(key, ended_by_itself && first && first->index() == 0 ? "pool.lost" : "pool.expired");
  }

  task_group* keepers_;
  connect_function connect_;
  std::list<kept> kept_;  // the latest at the end
  std::list<waiter*> waiting_;
  std::map<Key, std::size_t> of_key_;
  std::size_t in_all_ = 0;
  bool closed_ = false;
};

}  // namespace detail

template <class Connection, class Key>
class connection_pool;

/// A connection that was lent by a pool. Destroyed, it is closed and gone, for who knows in which state an
/// error left it: say `give_back()` when it is as it was. Moves. Outlives its pool. For the loop's thread.
template <class Connection, class Key = std::string>
class pool_lease {
 public:
  pool_lease(pool_lease&& other) noexcept = default;
  pool_lease& operator=(pool_lease&& other) noexcept {
    pool_lease(std::move(other)).swap(*this);
    return *this;
  }
  ~pool_lease() {
    if (pool_ == nullptr) return;
    item_.reset();
    pool_->release(key_, "pool.dropped");
  }

  [[nodiscard]] Connection& operator*() noexcept { return item_->connection; }
  [[nodiscard]] Connection* operator->() noexcept { return &item_->connection; }

  /// Gives it back, to be lent again: it must be where the next exchange can begin. The lease is empty then.
  /// May throw `std::bad_alloc`; the connection is gone then.
  void give_back() {
    const auto pool = std::exchange(pool_, nullptr);
    if (pool == nullptr) return;
    pool->give_back(key_, std::move(*item_), where_.now());
    item_.reset();
  }
  /// Does it hold a connection?
  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }

 private:
  friend class connection_pool<Connection, Key>;
  using state = detail::connection_pool_state<Connection, Key>;
  pool_lease(std::shared_ptr<state> pool, Key key, typename state::item item, executor where)
      : pool_(std::move(pool)), key_(std::move(key)), item_(std::move(item)), where_(where) {}
  void swap(pool_lease& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(key_, other.key_);
    std::swap(item_, other.item_);
    std::swap(where_, other.where_);
  }

  std::shared_ptr<state> pool_;
  Key key_;
  std::optional<typename state::item> item_;
  executor where_;
};

/// Connections that are lent, given back and kept, those of each key by themselves:
///
/// @code
/// connection_pool<tcp::stream> pool(group, [](const std::string& host) { return tcp::connect(host, 7); });
/// auto peer = co_await pool.acquire("example.org");
/// co_await peer->write("hello\n");
/// co_await peer->read_line();
/// peer.give_back();               // without this, as after an error, it is closed
/// @endcode
///
/// The one that was given back last is lent first. While a connection is kept, a read waits on it: a peer
/// that closes it, or says something unasked, is noticed at once, and the connection is never lent again.
/// Those who wait for a connection are served in order.
///
/// @tparam Connection A stream, or whatever can be moved without throwing (see `set_watch`).
/// @tparam Key What tells connections apart; copied, and ordered by `<`.
///
/// For one loop, on its thread. Destroying it closes it.
template <class Connection, class Key = std::string>
class connection_pool {
  using state = detail::connection_pool_state<Connection, Key>;

 public:
  using lease = pool_lease<Connection, Key>;

  /// @param group Has the tasks that keep connections as children; must outlive the pool. When it is
  /// canceled,
  ///        nothing is kept any more.
  /// @param connect Makes a connection of a key. Its errors are those of `acquire`.
  connection_pool(task_group& group, typename state::connect_function connect, pool_options options = {})
      : state_(std::make_shared<state>(group, std::move(connect), options)) {}
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;
  ~connection_pool() { close(); }

  /// Sets what asks a connection that was kept whether it is still good, and answers false, or throws, if
  /// not. See `pool_options::probe_after`.
  void set_probe(typename state::probe_function probe) { state_->probe = std::move(probe); }
  /// Sets what waits until a connection that is kept is good for nothing; it is canceled when the connection
  /// is lent. For a stream it is set already: a read.
  void set_watch(typename state::watch_function watch) { state_->watch = std::move(watch); }

  /// Lends a connection: one that was kept, else a new one; waits if there are too many.
  /// @par Errors What connecting throws. `errc::timed_out`: none was free within `wait_timeout`.
  /// `errc::closed`. `condition::canceled`.
  /// @par Cancellation Nothing is lost: a connection that was about to be lent goes to somebody else, or is
  /// closed.
  [[nodiscard]] task<lease> acquire(Key key) { return lend(state_, std::move(key)); }

  /// Lends no more, and closes what is kept; those who wait get `errc::closed`. What is lent stays so, and is
  /// closed when it is given back. Twice is once.
  void close() noexcept { state_->close(); }

  /// Connections that are kept.
  [[nodiscard]] std::size_t idle() const noexcept { return state_->idle(); }
  /// Connections that are kept or lent, or being made.
  [[nodiscard]] std::size_t size() const noexcept { return state_->in_all(); }
  /// Tasks that wait for one.
  [[nodiscard]] std::size_t waiting() const noexcept { return state_->waiting(); }

 private:
  static task<lease> lend(std::shared_ptr<state> from, Key key) {
    const executor here = co_await this_executor();
    typename state::item got = co_await from->acquire(key);
    co_return lease(std::move(from), std::move(key), std::move(got), here);
  }

  std::shared_ptr<state> state_;
};

}  // namespace tidewire
