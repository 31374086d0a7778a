#include "server_core.hpp"

#include <tidewire/core/executor.hpp>
#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/timeout.hpp>

#include <algorithm>
#include <future>
#include <utility>

namespace tidewire::testing::detail {
namespace {

constexpr std::size_t most_connections = 1000;

crypto::identity identity_of(const crypto::authority& authority, certificate_kind kind) {
  switch (kind) {
    case certificate_kind::good: break;
    case certificate_kind::wrong_host: return authority.issue({"wrong.example"});
    case certificate_kind::expired: return authority.issue_expired({"localhost", "127.0.0.1", "::1"});
    case certificate_kind::not_yet_valid:
      return authority.issue_not_yet_valid({"localhost", "127.0.0.1", "::1"});
    case certificate_kind::self_signed:
      return crypto::authority::self_signed({"localhost", "127.0.0.1", "::1"});
    case certificate_kind::unknown_authority:
      return crypto::authority().issue({"localhost", "127.0.0.1", "::1"});
  }
  return authority.issue({"localhost", "127.0.0.1", "::1"});
}

}  // namespace

void connection::reset(stream& peer) const {
  if (!in_memory_ && peer.is_open()) {
    const option::linger at_once(std::chrono::seconds(0));
    (void)tidewire::detail::set_socket_option(socket_, at_once.to_system());
  }
  peer.close();
}

server_core::server_core(const core_options& options)
    : authority_(options.authority != nullptr ? *options.authority : crypto::authority()),
      protection_(options.tls),
      listener_(tcp::listen(endpoint(ip_address::loopback_v4(), 0))),
      where_(listener_.local_endpoint()) {
  if (protection_ == tls_mode::none) return;
  tls_.emplace(identity_of(authority_, options.certificate));
  if (options.client_certificates) {
    tls::trust_store clients;
    clients.add(authority_.own_certificate());
    tls_->client_certificates(clients);
  }
}

server_core::~server_core() = default;

std::size_t server_core::next_connection(std::string_view how) {
  const std::lock_guard guard(lock_);
  log_.push_back({++connections_, speaker::note, std::string(how)});
  return connections_;
}

task<> server_core::serve_one(stream peer, native_socket socket, bool in_memory) {
  connection on(next_connection(in_memory ? "connected in memory" : "connected"), socket, in_memory);
  const auto ended = co_await as_result(serve(std::move(peer), on));
  note(on.number(), speaker::note, ended ? "over" : "over: " + ended.error().message());
  changed();
}

task<> server_core::accept_all(task_group& group) {
  for (;;) {
    co_await group.wait_below(most_connections);
    tcp::stream peer = co_await listener_.accept();
    const native_socket socket = peer.native_handle();
    group.spawn(serve_one(std::move(peer), socket, false));
  }
}

stream server_core::connect() {
  if (thread_.joinable() || group_ == nullptr) {
    throw error(errc::misuse, "connections in memory are for the loop that serves, while it does");
  }
  auto ends = memory_stream_pair();
  group_->spawn(serve_one(std::move(ends.second), {}, true));
  return std::move(ends.first);
}

void server_core::start(local_server& server) {
  if (thread_.joinable() || group_ != nullptr) throw error(errc::misuse, "it serves already");
  std::promise<void> begun;
  thread_ = std::thread([this, &server, &begun] {
    mailbox<int> orders(1);
    stopper_ = orders.sender();
    begun.set_value();
    const auto until_stopped = [&]() -> task<> { (void)co_await orders.receive(); };
    try {
      server.run(until_stopped, {.handle_signals = false});
    } catch (...) {
      thrown_ = std::current_exception();
    }
  });
  begun.get_future().wait();
}

void server_core::stop() {
  if (!thread_.joinable()) return;
  (void)stopper_->try_post(0);
  thread_.join();
  stopper_.reset();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void server_core::note(std::size_t connection, speaker from, std::string_view text) {
  const std::lock_guard guard(lock_);
  log_.push_back({connection, from, std::string(text)});
}

std::vector<planned_fault> server_core::faults_at(const connection&, unsigned stage,
                                                  std::string_view recipient) {
  const std::lock_guard guard(lock_);
  return book_.reached(stage, recipient);
}

void server_core::fire(const connection& on, const planned_fault& fault) {
  const std::lock_guard guard(lock_);
  book_.fired(fault.id);
  log_.push_back({on.number(), speaker::note, "fault: " + fault.name});
}

void server_core::add_fault(planned_fault fault, std::string_view stage) {
  const std::lock_guard guard(lock_);
  book_.add(std::move(fault), stage);
}

void server_core::changed() {
  const std::lock_guard guard(lock_);
  std::erase_if(waiting_, [](const mailbox_sender<int>& one) { return one.closed(); });
  for (const mailbox_sender<int>& one : waiting_) (void)one.try_post(0);
}

void server_core::watch(mailbox_sender<int> whom) {
  const std::lock_guard guard(lock_);
  waiting_.push_back(std::move(whom));
}

task<> server_core::wait_until(std::function<bool()> done, duration within,
                               std::function<std::string()> missing) {
  mailbox<int> news(1);
  watch(news.sender());
  const auto wait = [&]() -> task<> {
    for (;;) {
      {
        const std::lock_guard guard(lock_);
        if (done()) co_return;
      }
      (void)co_await news.receive();
    }
  };
  const auto outcome = co_await as_result(with_timeout(within, wait()));
  if (outcome) co_return;
  failure why = outcome.error();
  const std::lock_guard guard(lock_);
  throw error(why.because(missing()));
}

serving_scope::serving_scope(server_core& core, task_group& group) : core_(core), group_(group) {
  if (core_.group_ != nullptr) throw error(errc::misuse, "it serves already");
  core_.group_ = &group;
}

serving_scope::~serving_scope() {
  core_.group_ = nullptr;
  group_.cancel();
}

}  // namespace tidewire::testing::detail
