/// @file
/// `mail_host`: an SMTP server and an IMAP server of one test host, with the same users: what is sent to them
/// by the one is in their inbox on the other.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/crypto/authority.hpp>
#include <tidewire/testing/export.hpp>
#include <tidewire/testing/imap_server.hpp>
#include <tidewire/testing/smtp_server.hpp>
#include <tidewire/tls/context.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tidewire::testing {

/// Two servers and the users that they have in common.
///
/// @code
/// testing::mail_host host;
/// host.add_user("ada", "ada@example.org", "secret");
/// host.run([&] { return send_and_see_it_come(host.smtp().port(), host.imap().port(), host.client_tls()); });
/// @endcode
///
/// A message to an address that is nobody's is kept by the SMTP server, and goes nowhere.
class TIDEWIRE_TESTING_API mail_host {
 public:
  /// `authority` of either is not looked at: both have that of the host.
  explicit mail_host(const smtp_server_options& smtp = {}, const imap_server_options& imap = {});
  mail_host(const mail_host&) = delete;
  mail_host& operator=(const mail_host&) = delete;
  ~mail_host();

  /// Adds a user with an address; he signs in by `name`.
  void add_user(std::string_view name, std::string_view address, const secret& password);

  [[nodiscard]] smtp_server& smtp() noexcept;
  [[nodiscard]] imap_server& imap() noexcept;
  /// The authority of both.
  [[nodiscard]] const crypto::authority& authority() const noexcept;
  /// A new context for clients that trust it, and no other.
  [[nodiscard]] tls::client_context client_tls() const;

  /// Serves both beside `body`, as `local_server::serve_while`.
  template <std::invocable F>
  [[nodiscard]] std::invoke_result_t<F&> serve_while(F body) {
    const auto with_imap = [this, &body] { return imap().serve_while([&body] { return body(); }); };
    co_return co_await smtp().serve_while(with_imap);
  }
  /// The same for a program that is in no task.
  template <std::invocable F>
  auto run(F body, run_options options = {}) {
    return tidewire::run(serve_while(std::move(body)), options);
  }

  /// Serves each on a thread of its own, as `local_server::start` and `stop`.
  void start();
  void stop();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace tidewire::testing
