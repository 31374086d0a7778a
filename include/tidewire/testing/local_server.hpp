/// @file
/// What the servers for tests have in common: how they run, where they listen, their certificate, their log
/// and their faults.
#pragma once

#include <tidewire/core/address.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/testing/export.hpp>
#include <tidewire/testing/fault.hpp>
#include <tidewire/tls/context.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tidewire::testing {

/// How a server protects its connections.
enum class tls_mode : unsigned char {
  none,      ///< Plain text.
  starttls,  ///< Plain text, and STARTTLS is offered.
  implicit,  ///< TLS from the first byte.
};

/// Which certificate a server shows.
enum class certificate_kind : unsigned char {
  good,               ///< For localhost, 127.0.0.1 and ::1, of the server's authority.
  wrong_host,         ///< For wrong.example.
  expired,            ///< Until yesterday.
  not_yet_valid,      ///< From tomorrow.
  self_signed,        ///< Of nobody.
  unknown_authority,  ///< Of another authority of the same name.
};

/// Who said a line.
enum class speaker : unsigned char {
  client,  ///< The client.
  server,  ///< The server: what it would have said, but for a fault.
  note,    ///< Nobody: a connection came or went, a fault fired, an error ended a session.
};

/// A line of a log.
struct log_entry {
  std::size_t connection = 0;    ///< The connections are numbered from 1.
  speaker from = speaker::note;  ///< Who said it.
  std::string text{};            ///< Without its end; secrets are "***".
};

namespace detail {
class server_core;

/// A server as long as its connections have a group.
class TIDEWIRE_TESTING_API serving_scope {
 public:
  serving_scope(server_core& core, task_group& group);
  serving_scope(const serving_scope&) = delete;
  serving_scope& operator=(const serving_scope&) = delete;
  ~serving_scope();

 private:
  server_core& core_;
  task_group& group_;
};
}  // namespace detail

/// A server for tests, inside the program that tests. It listens on 127.0.0.1, on a port that the system
/// chooses, from its creation on, and serves in one of two ways:
///
/// - `run(body)`, `serve_while(body)`: beside `body`, on its loop, as long as that lasts. There, `connect()`
///   gives a connection in memory, which works with a `virtual_clock` as well.
/// - `start()` and `stop()`: on a thread of its own, for code that blocks, whatever library it uses.
///
/// Faults that never fired would let a test pass that tests nothing. So `run`, `serve_while` and `stop` throw
/// `condition::misuse` at their end, naming them, unless `allow_unfired_faults` was called.
///
/// Faults, the log and what servers keep may be looked at and added to from any thread, while it serves.
class TIDEWIRE_TESTING_API local_server {
 public:
  local_server(const local_server&) = delete;
  local_server& operator=(const local_server&) = delete;
  virtual ~local_server();

  /// Where it listens.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// @copydoc port
  [[nodiscard]] const endpoint& where() const noexcept;
  /// The authority that its certificate is of.
  [[nodiscard]] const crypto::authority& authority() const noexcept;
  /// A new context for clients that trust this authority, and no other.
  [[nodiscard]] tls::client_context client_tls() const;

  /// Serves beside `body`, a function that returns a task, and ends with it; sessions are cut then. Gives
  /// what the body gave.
  /// @par Errors What the body throws; `condition::misuse` if it serves already, or a fault never fired.
  /// @par Cancellation Cancels the body, and cuts the sessions.
  template <std::invocable F>
  [[nodiscard]] std::invoke_result_t<F&> serve_while(F body) {
    using value = typename std::invoke_result_t<F&>::value_type;
    const auto beside = [this, &body](task_group& sessions) -> task<value> {
      const detail::serving_scope scope(*core_, sessions);
      sessions.spawn(accept_all(sessions));
      co_return co_await body();
    };
    if constexpr (std::is_void_v<value>) {
      co_await with_group(beside);
      require_faults_fired();
    } else {
      value given = co_await with_group(beside);
      require_faults_fired();
      co_return given;
    }
  }
  /// The same for a program that is in no task: a loop of its own runs both.
  template <std::invocable F>
  auto run(F body, run_options options = {}) {
    return tidewire::run(serve_while(std::move(body)), options);
  }

  /// Serves on a thread of its own from now on.
  /// @par Errors Throws what the system gives; `condition::misuse` if it serves already.
  void start();
  /// Ends that: sessions are cut, and the thread has ended. Twice is once; the destructor does it as well.
  /// @par Errors Throws what ended the serving before; `condition::misuse` if a fault never fired.
  void stop();

  /// A connection in memory: the client's end. For the loop that serves, while it does.
  /// @par Errors Throws `condition::misuse` if it does not serve here.
  [[nodiscard]] stream connect();

  /// The faults that were added, with how often they fired.
  [[nodiscard]] std::vector<fault_report> faults() const;
  /// How often faults fired, all together.
  [[nodiscard]] std::size_t faults_fired() const;
  /// The texts of the faults that never fired; a fault that is to happen three times and did so twice is
  /// among them.
  [[nodiscard]] std::vector<std::string> unfired_faults() const;
  /// Throws `condition::misuse` if there are such faults, naming them, unless they are allowed.
  void require_faults_fired() const;
  /// Faults need not fire.
  void allow_unfired_faults() noexcept;
  /// Forgets all faults.
  void clear_faults();

  /// All that was said, in its order.
  [[nodiscard]] std::vector<log_entry> log() const;
  /// What clients said, a line each.
  [[nodiscard]] std::vector<std::string> requests() const;
  /// All of the log as text, for messages of tests: "#1 C: EHLO localhost".
  [[nodiscard]] std::string transcript() const;
  /// How many connections there were.
  [[nodiscard]] std::size_t connection_count() const;

 protected:
  /// For servers: takes over the core, which knows how to serve.
  explicit local_server(std::unique_ptr<detail::server_core> core);
  [[nodiscard]] detail::server_core& core() const noexcept { return *core_; }

 private:
  [[nodiscard]] task<> accept_all(task_group& sessions);

  std::unique_ptr<detail::server_core> core_;
};

}  // namespace tidewire::testing
