#include <tidewire/core/serve.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace tidewire {
namespace detail {
namespace {

// Whoever has an IPv6 address has 2^64 of them: the network is what can be counted.
ip_address counted_as(const ip_address& from) {
  const ip_address plain = from.unmapped();
  if (plain.is_v4()) return plain;
  std::array<std::byte, 16> network{};
  std::ranges::copy(plain.bytes().first(8), network.begin());
  return ip_address::from_v6(std::span<const std::byte, 16>(network));
}

}  // namespace

admission::admission(std::size_t limit, std::size_t limit_per_address) noexcept
    : limit_(limit), limit_per_address_(limit_per_address) {}

admission::~admission() = default;

bool admission::enter(const ip_address& from) {
  const std::lock_guard guard(lock_);
  std::size_t& count = of_address_[from];
  if (count >= limit_per_address_) return false;
  ++count;
  return true;
}

void admission::leave(const ip_address& from) noexcept {
  const std::lock_guard guard(lock_);
  const auto found = of_address_.find(from);
  if (--found->second == 0) of_address_.erase(found);
}

bool admission::try_take() noexcept {
  if (limit_ == 0) return true;
  const std::lock_guard guard(lock_);
  if (taken_ >= limit_) return false;
  ++taken_;
  return true;
}

slot_operation admission::take() noexcept {
  return slot_operation(*this);
}

// A place that somebody waits for goes to them, without ever being free.
void admission::put_back() noexcept {
  if (limit_ == 0) return;
  const std::lock_guard guard(lock_);
  if (waiting_.empty()) {
    --taken_;
  } else {
    waiting_.first->end(remote_wait::outcome::done);
  }
}

bool slot_operation::start(promise_base& p) {
  if (p.owner->canceled()) {
    set_outcome(outcome::canceled);
    return false;
  }
  const std::lock_guard guard(from_->lock_);
  if (from_->taken_ < from_->limit_) {
    ++from_->taken_;
    return done_at_once(p);
  }
  return wait_in(from_->waiting_, from_->lock_, p);
}

bool admission_ticket::enter(admission& of, const ip_address& from) {
  const ip_address counted = counted_as(from);
  if (!of.enter(counted)) return false;
  of_ = &of;
  from_ = counted;
  counted_ = true;
  return true;
}

void admission_ticket::give_back() noexcept {
  if (counted_) of_->leave(from_);
  if (placed_) of_->put_back();
}

server_state::server_state(const serve_options& chosen, observer* observer, std::size_t loops,
                           void (*ready)(void*), void* with)
    : options(chosen),
      told(observer),
      room(chosen.max_connections, chosen.max_per_address),
      not_listening_(loops),
      ready_(ready),
      ready_with_(with) {}

void server_state::listening(executor here, const std::string& where) {
  if (not_listening_.fetch_sub(1, std::memory_order_relaxed) != 1) return;
  if (told != nullptr) {
    const attribute what("where", where);
    told->happened(here.now(), severity::info, "server.listening", {&what, 1});
  }
  if (ready_ != nullptr) ready_(ready_with_);
}

void server_state::refused(executor here, const ip_address& from) const {
  if (told == nullptr) return;
  told->counted("server.refused", 1);
  const std::string peer = from.to_string();
  const attribute what("peer", peer);
  told->happened(here.now(), severity::warning, "server.refused", {&what, 1});
}

void server_state::draining(executor here, std::size_t connections) const noexcept {
  if (told == nullptr) return;
  const attribute what("connections", connections);
  told->happened(here.now(), severity::info, "server.draining", {&what, 1});
}

void server_state::cut(executor here, std::size_t connections) const noexcept {
  if (told == nullptr) return;
  const attribute what("connections", connections);
  told->happened(here.now(), severity::warning, "server.cut", {&what, 1});
}

void server_state::handler_failed(executor here, const std::exception_ptr& thrown,
                                  std::string_view peer) const {
  if (told != nullptr) told->counted("server.failed", 1);
  if (told == nullptr && options.on_error == nullptr) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const error& e) {
    const failure& why = e.failure();
    const bool said = !why.operation().empty();
    // What a handler did with somebody else is not what it did with its peer.
    const std::string cause = why.message();
    report(here, "server.failed",
           {said ? why.operation() : std::string_view("handle"), peer, cause, why.code(), thrown});
  } catch (const std::system_error& e) {
    report(here, "server.failed", {"handle", peer, e.what(), e.code(), thrown});
  } catch (const std::exception& e) {
    report(here, "server.failed", {"handle", peer, e.what(), {}, thrown});
  } catch (...) {
    report(here, "server.failed", {"handle", peer, "what was thrown is no std::exception", {}, thrown});
  }
}

void server_state::accept_failed(executor here, const failure& why) const {
  if (told == nullptr && options.on_error == nullptr) return;
  const std::string cause = why.message();
  report(here, "server.accept_failed", {why.operation(), why.peer(), cause, why.code(), nullptr});
}

void server_state::report(executor here, std::string_view event, const connection_error& what) const {
  if (options.on_error != nullptr) options.on_error(what);
  if (told == nullptr) return;
  const std::array all = {attribute("operation", what.operation), attribute("peer", what.peer),
                          attribute("cause", what.cause)};
  told->happened(here.now(), severity::warning, event, all);
}

bool can_accept_again(const std::error_code& failed) noexcept {
  return failed != errc::closed && failed != errc::misuse && failed != std::errc::bad_file_descriptor &&
         failed != std::errc::invalid_argument && failed != std::errc::not_a_socket &&
         failed != std::errc::operation_not_supported;
}

std::optional<failure> failure_in(const std::exception_ptr& thrown) {
  try {
    return to_failure(thrown);
  } catch (...) {
    return std::nullopt;
  }
}

// The port is this listener's alone until now, so that a second server on it was refused. Linux asks for
// SO_REUSEPORT only when others bind.
std::optional<tcp::listener> sibling_of(tcp::listener& first) {
#ifdef __linux__
  try {
    if (!first.options().reuse_port) first.set(option::reuse_port(true));
    tcp::listen_options options = first.options();
    options.reuse_port = true;
    return tcp::listen(first.local_endpoint(), options);
  } catch (const error&) {
    return std::nullopt;
  }
#else
  static_cast<void>(first);
  return std::nullopt;
#endif
}

void throw_serve_canceled() {
  throw error(failure(errc::canceled).during("serve"));
}

void throw_no_processes_here() {
  throw error(failure(errc::misuse)
                  .during("serve")
                  .because("processes have to start before any loop does: give the server to run"));
}

void run_server(task<> server, run_options options) {
  try {
    tidewire::run(std::move(server), options);
  } catch (const error& e) {
    if (e.code() != condition::canceled) throw;
  }
}

}  // namespace detail
}  // namespace tidewire
