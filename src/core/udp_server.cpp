#include <tidewire/core/detail/ring.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/udp_server.hpp>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tidewire::udp {
namespace detail {

using tidewire::detail::queued_wait;

/// What a server and its conversations share.
class server_core {
 public:
  server_core(socket bound, const server_options& wanted)
      : at(std::move(bound)),
        options(wanted),
        incoming({.capacity = 64, .datagram_size = wanted.datagram_size}) {
    options.max_conversations = std::max<std::size_t>(options.max_conversations, 1);
    options.max_queued = std::max<std::size_t>(options.max_queued, 1);
    options.idle = tidewire::detail::bounded(options.idle);
  }

  /// A block of `incoming.datagram_size()` bytes.
  [[nodiscard]] std::unique_ptr<std::byte[]> take_block() {
    if (free_.empty()) return std::make_unique_for_overwrite<std::byte[]>(incoming.datagram_size());
    std::unique_ptr<std::byte[]> block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give_back(std::unique_ptr<std::byte[]> block) noexcept {
    constexpr std::size_t most_kept = 256;
    if (free_.size() == most_kept) return;
    try {
      free_.push_back(std::move(block));
    } catch (const std::bad_alloc&) {  // then it is not kept
      static_cast<void>(block);
    }
  }

  /// Gives a datagram to its conversation, which is begun for it if need be.
  void dispatch(const datagram& came, task_group& handlers, const server::handler& serve);
  /// Receives until it is canceled.
  task<> receive(task_group& handlers, const server::handler& serve);
  task<> converse(std::shared_ptr<conversation_state> with, const server::handler& serve);
  void end_all() noexcept;

  socket at;
  server_options options;
  batch incoming;
  server_statistics statistics;
  std::function<void(const endpoint&, const std::exception_ptr&)> on_failure;
  std::unordered_map<endpoint, std::shared_ptr<conversation_state>> conversations;
  std::weak_ptr<server_core> self;
  tidewire::detail::loop* home = nullptr;
  task_group* receiving = nullptr;  // while it runs
  std::size_t handlers_running = 0;
  bool running = false;
  bool stopped = false;

 private:
  std::vector<std::unique_ptr<std::byte[]>> free_;
};

class conversation_state final : private tidewire::detail::timer {
 public:
  conversation_state(std::shared_ptr<server_core> of, const endpoint& with)
      : server_(std::move(of)), peer_(with), queue_(server_->options.max_queued) {}
  conversation_state(const conversation_state&) = delete;
  conversation_state& operator=(const conversation_state&) = delete;
  ~conversation_state() { end(); }

  [[nodiscard]] const endpoint& peer() const noexcept { return peer_; }
  [[nodiscard]] server_core& server() const noexcept { return *server_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] bool over() const noexcept { return over_; }

  void begin() {
    latest_ = server_->home->coarse_now();
    server_->home->arm(*this, latest_ + server_->options.idle);
  }

  /// Hands a datagram to who waits for one, or holds it.
  void put(const datagram& came) {
    latest_ = server_->home->coarse_now();
    if (!waiting.empty()) {
      auto& first = static_cast<conversation_receive&>(*waiting.front());
      first.take(came.bytes, came.full_size);
      first.end(queued_wait::outcome::done);
      return;
    }
    if (queue_.full()) {
      ++dropped_;
      ++server_->statistics.dropped;
      return;
    }
    held_datagram held{server_->take_block(), came.bytes.size(), came.full_size};
    if (held.size != 0) std::memcpy(held.bytes.get(), came.bytes.data(), held.size);
    queue_.push(std::move(held));
  }
  /// Gives the oldest that is held; false if there is none.
  bool take(conversation_receive& into) noexcept {
    if (queue_.empty()) return false;
    held_datagram held = queue_.pop();
    into.take(byte_view(held.bytes.get(), held.size), held.full_size);
    server_->give_back(std::move(held.bytes));
    return true;
  }

  /// No more comes: the server begins a new one with what this peer sends next.
  void end() noexcept {
    if (std::exchange(over_, true)) return;
    if (armed()) server_->home->disarm(*this);
    waiting.end_all(queued_wait::outcome::closed);
  }
  void forget() noexcept {
    const auto found = server_->conversations.find(peer_);
    if (found != server_->conversations.end() && found->second.get() == this) {
      server_->conversations.erase(found);
    }
  }

  tidewire::detail::wait_queue waiting;

 private:
  struct held_datagram {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
    std::size_t full_size;
  };

  // The time of the latest datagram moves at each, the timer only when it comes due.
  void fired() noexcept override {
    const auto until = latest_ + server_->options.idle;
    if (server_->home->now() < until) {
      server_->home->arm(*this, until);
      return;
    }
    ++server_->statistics.expired;
    end();
    forget();  // the handler has it still
  }

  std::shared_ptr<server_core> server_;
  endpoint peer_;
  tidewire::detail::ring<held_datagram> queue_;
  time_point latest_{};
  std::uint64_t dropped_ = 0;
  bool over_ = false;
};

bool conversation_receive::start(tidewire::detail::promise_base& p) {
  if (!may_start(p, of_->waiting)) return false;
  if (of_->take(*this)) return done_at_once(p);
  if (of_->over()) {
    set_outcome(outcome::closed);
    return false;
  }
  return wait_in(of_->waiting, p);
}

std::optional<received> conversation_receive::await_resume() const {
  if (how() == outcome::closed) return std::nullopt;
  require_done("receive in a conversation");
  return got_;
}

void conversation_receive::take(byte_view datagram, std::size_t full_size) noexcept {
  got_ = {std::min(into_.size(), datagram.size()), full_size, of_->peer()};
  if (got_.size != 0) std::memcpy(into_.data(), datagram.data(), got_.size);
}

void server_core::dispatch(const datagram& came, task_group& handlers, const server::handler& serve) {
  ++statistics.received;
  if (came.truncated()) ++statistics.truncated;
  auto found = conversations.find(came.peer);
  if (found == conversations.end()) {
    if (handlers_running >= options.max_conversations) {
      ++statistics.refused;
      return;
    }
    auto begun = std::make_shared<conversation_state>(self.lock(), came.peer);
    begun->begin();
    found = conversations.emplace(came.peer, begun).first;
    ++statistics.conversations;
    ++handlers_running;
    handlers.spawn(converse(std::move(begun), serve));
  }
  found->second->put(came);
}

task<> server_core::receive(task_group& handlers, const server::handler& serve) {
  for (;;) {
    co_await at.recv_many(incoming);
    for (const datagram& each : incoming) dispatch(each, handlers, serve);
  }
}

task<> server_core::converse(std::shared_ptr<conversation_state> with, const server::handler& serve) {
  struct ending {
    ~ending() {
      state->end();
      state->forget();
      --state->server().handlers_running;
    }
    conversation_state* state;
  } const at_end{with.get()};
  std::exception_ptr thrown;
  try {
    task<> handling = serve(conversation(with));
    co_await std::move(handling);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown) co_return;
  if (tidewire::detail::satisfies(thrown, condition::canceled)) {
    if (co_await is_canceled()) std::rethrow_exception(thrown);
  }
  ++statistics.failed;
  if (on_failure) on_failure(with->peer(), thrown);
}

void server_core::end_all() noexcept {
  auto ended = std::move(conversations);
  conversations.clear();
  for (const auto& each : ended) each.second->end();
}

}  // namespace detail

const endpoint& conversation::peer() const noexcept {
  return state_->peer();
}

std::uint64_t conversation::dropped() const noexcept {
  return state_->dropped();
}

bool conversation::over() const noexcept {
  return state_->over();
}

socket& conversation::socket_of() const noexcept {
  return state_->server().at;
}

server::server(socket at, server_options options)
    : core_(std::make_shared<detail::server_core>(std::move(at), options)) {
  core_->self = core_;
}

server::~server() {
  core_->at.close();  // a conversation that was kept may have the rest
}

task<> server::run(handler serve) {
  return serve_until_stopped(std::move(serve));
}

task<> server::serve_until_stopped(handler serve) {
  detail::server_core& core = *core_;
  if (core.running) {
    throw error(failure(errc::misuse, "the server runs already").during("serve").with(core.at.socket_name()));
  }
  struct running {
    explicit running(detail::server_core& of) noexcept : core(of) { core.running = true; }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() {
      core.running = false;
      core.receiving = nullptr;
      core.end_all();
    }
    detail::server_core& core;
  } const while_running(core);
  const executor here = co_await this_executor();
  core.home = &here.loop();
  const auto receive = [&](task_group& handlers) -> task<> {
    const auto until_stopped = [&](task_group& receiving) -> task<> {
      core.receiving = &receiving;
      if (!core.stopped) receiving.spawn(core.receive(handlers, serve));
      co_return;
    };
    co_await with_group(until_stopped);
    core.receiving = nullptr;
    core.end_all();
  };
  co_await with_group(receive);
}

void server::stop() noexcept {
  core_->stopped = true;
  if (core_->receiving != nullptr) core_->receiving->cancel();
}

void server::on_failure(std::function<void(const endpoint& peer, const std::exception_ptr& thrown)> tell) {
  core_->on_failure = std::move(tell);
}

std::size_t server::size() const noexcept {
  return core_->handlers_running;
}

const server_statistics& server::statistics() const noexcept {
  return core_->statistics;
}

socket& server::at() noexcept {
  return core_->at;
}

}  // namespace tidewire::udp
