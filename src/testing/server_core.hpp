// What is behind a server for tests: its socket, its certificate, its log, its faults, and who waits for it.
#pragma once

#include <tidewire/core/mailbox.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/testing/local_server.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fault_book.hpp"

namespace tidewire::testing::detail {

struct core_options {
  tls_mode tls = tls_mode::starttls;
  certificate_kind certificate = certificate_kind::good;
  bool client_certificates = false;
  const crypto::authority* authority = nullptr;
};

// One connection, as its faults and its log need it.
class connection {
 public:
  connection(std::size_t number, native_socket socket, bool in_memory) noexcept
      : number_(number), socket_(socket), in_memory_(in_memory) {}

  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  // Closes without a word.
  void cut(stream& peer) const { peer.close(); }
  // Closes so that the peer gets a reset, where there is a socket.
  void reset(stream& peer) const;

 private:
  std::size_t number_;
  native_socket socket_;
  bool in_memory_;
};

class server_core {
 public:
  explicit server_core(const core_options& options);
  server_core(const server_core&) = delete;
  server_core& operator=(const server_core&) = delete;
  virtual ~server_core();

  // Speaks the protocol on one connection, to its end.
  virtual task<> serve(stream peer, connection& on) = 0;

  task<> accept_all(task_group& group);
  stream connect();
  void start(local_server& server);
  void stop();

  void note(std::size_t connection, speaker from, std::string_view text);
  // What happens at a stage that was reached now.
  std::vector<planned_fault> faults_at(const connection& on, unsigned stage, std::string_view recipient);
  // It happens.
  void fire(const connection& on, const planned_fault& fault);
  void add_fault(planned_fault fault, std::string_view stage);

  // Wakes those who wait for something to come true. To be called without the lock.
  void changed();
  // Tells `whom`, too, of each change, as long as it is open.
  void watch(mailbox_sender<int> whom);
  // Waits until `done()`, which is called with the lock held.
  task<> wait_until(std::function<bool()> done, duration within, std::function<std::string()> missing);

  [[nodiscard]] const endpoint& where() const noexcept { return where_; }
  [[nodiscard]] const crypto::authority& authority() const noexcept { return authority_; }
  // Null without TLS.
  [[nodiscard]] const tls::server_context* tls() const noexcept { return tls_ ? &*tls_ : nullptr; }
  [[nodiscard]] tls_mode protection() const noexcept { return protection_; }
  [[nodiscard]] std::mutex& lock() const noexcept { return lock_; }
  [[nodiscard]] fault_book& book() noexcept { return book_; }
  [[nodiscard]] const std::vector<log_entry>& entries() const noexcept { return log_; }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_; }
  void allow_unfired() noexcept { unfired_allowed_ = true; }
  [[nodiscard]] bool unfired_allowed() const noexcept { return unfired_allowed_; }

 private:
  friend class serving_scope;
  task<> serve_one(stream peer, native_socket socket, bool in_memory);
  std::size_t next_connection(std::string_view how);

  crypto::authority authority_;
  tls_mode protection_;
  std::optional<tls::server_context> tls_;
  tcp::listener listener_;
  endpoint where_;
  task_group* group_ = nullptr;  // of the sessions, while it serves

  mutable std::mutex lock_;  // what follows
  fault_book book_;
  std::vector<log_entry> log_;
  std::vector<mailbox_sender<int>> waiting_;
  std::size_t connections_ = 0;
  bool unfired_allowed_ = false;

  std::thread thread_;
  std::optional<mailbox_sender<int>> stopper_;
  std::exception_ptr thrown_;  // by what the thread did
};

}  // namespace tidewire::testing::detail
